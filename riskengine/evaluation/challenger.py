"""Another person's scikit-learn classifier explained by shap, with shap's known traps guarded.

shap gives wrong values in silence for some models (measured with shap 0.51 and scikit-learn 1.9):
boosted trees with ``categorical_features``, the interventional method on deep trees, and
probabilities of trees. So an explainer is chosen by what the model is, and for every person the
parts are added up and compared with the model's own output; values that do not add up are never
returned. What is explained is always the log-odds.

scikit-learn and shap are imported inside the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError, shown
from riskengine.evaluation.shap_values import AdditivityError, import_shap
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.scorecard.views import item_denominator, item_parts

Floats = NDArray[np.float64]
Explainer = Literal["tree_path_dependent", "exact", "permutation"]

TOLERANCE = 1e-6
"""Largest difference allowed, in log-odds, between a person's parts and the model's output."""
MOST_EXACT = 10
"""Up to so many items all coalitions are enumerated; beyond that permutations are drawn."""
_PERMUTATIONS = 10
_FEWEST_BACKGROUND = 20


@dataclass(frozen=True)
class ChallengerExplanation:
    """What a challenger's items add, person by person.

    Attributes
    ----------
    model
        Name of its class, and of what it wraps.
    values
        Shape (people, items), in log-odds. Base value plus the row sum is the model's output.
    data
        Shape (people, items): the answers, NaN where missing.
    background
        People that stand for "not known"; 0 where the branches of the trees do.
    largest_gap
        Largest difference found between a row sum and the model's output.
    sampling_gap
        Mean absolute difference between two independent drawings; ``None`` where nothing was
        drawn.
    notes
        Why this explainer was chosen, in Chinese and English.
    """

    model: str
    names: tuple[str, ...]
    values: Floats
    base_value: float
    data: Floats
    explainer: Explainer
    background: int
    seed: int
    tolerance: float
    largest_gap: float
    sampling_gap: float | None
    notes: tuple[Mapping[str, str], ...]

    @property
    def importance(self) -> Floats:
        """Mean absolute value of every item, in log-odds."""
        mean: Floats = np.abs(self.values).mean(axis=0)
        return mean

    def to_shap(self) -> Any:
        """Give the same as a ``shap.Explanation``, for shap's own plots."""
        return import_shap().Explanation(
            values=self.values,
            base_values=np.full(len(self.values), self.base_value),
            data=self.data,
            feature_names=list(self.names),
        )


@dataclass(frozen=True)
class _Method:
    """How a model is explained: the tree to read, and the affine step from it to log-odds."""

    tree: Any | None
    slope: float
    offset: float
    note: Mapping[str, str]


def explain_challenger(
    model: Any,
    reference: Any,
    people: Any,
    *,
    seed: int,
    names: Sequence[str] | None = None,
    perturbation: Literal["path_dependent", "interventional"] = "path_dependent",
    output: str = "log_odds",
    background: int = 100,
    tolerance: float = TOLERANCE,
) -> ChallengerExplanation:
    """Explain a fitted binary classifier of scikit-learn.

    Parameters
    ----------
    model
        Fitted, with two classes; the second one is the event.
    reference
        Answers of the people it is measured against, shape (people, items): a data frame or an
        array of numbers.
    people
        Answers of the people to explain, in the same columns.
    seed
        Of the choice of background people, and of permutations.
    names
        Names of the items; the columns of a data frame without.
    perturbation
        ``path_dependent``: where trees can be read exactly, by the branches that training people
        took. ``interventional``: against the reference people, as the scorecard's item view is;
        never by TreeExplainer, whose values for deep trees are wrong.
    output
        ``log_odds`` only; parts of a probability by trees do not add up.
    background
        How many of the reference people are used, where they are.
    tolerance
        Largest additivity error allowed, in log-odds.

    Raises
    ------
    UseError
        Where model, answers or options cannot be explained, saying what is accepted.
    AdditivityError
        Where the parts of some person do not add up to the model's output.

    Examples
    --------
    >>> explain_challenger(fitted, train, test, seed=0).importance  # doctest: +SKIP
    """
    if output != "log_odds":
        raise UseError(
            f"output {shown(output)}: only [log_odds] is explained; parts of a tree model's "
            "probability do not add up to it"
        )
    if background < _FEWEST_BACKGROUND:
        raise UseError(f"a background of [{background}] is too small; accepted: 20 or more")
    columns = _names(people, names)
    rows, others = _numbers(people, columns, "people"), _numbers(reference, columns, "reference")
    if not len(rows) or not len(others):
        raise UseError("there is nobody to explain, or nobody to compare with")
    _check_classes(model)
    function = _log_odds_function(model, people)
    output_of_people = function(rows)
    method = _method(model)
    explainer: Explainer
    sampling: float | None = None
    used = 0
    if method.tree is not None and perturbation == "path_dependent":
        explainer = "tree_path_dependent"
        base, values = _by_trees(method, rows)
    else:
        drawn = np.random.default_rng(seed).permutation(len(others))[:background]
        sample = others[drawn]
        used = len(sample)
        if len(columns) <= MOST_EXACT:
            explainer = "exact"
            base, values = _exact(function, sample, rows)
        else:
            explainer = "permutation"
            base, values, sampling = _permuted(function, sample, rows, seed)
    gaps = np.abs(base + values.sum(axis=1) - output_of_people)
    worst = int(np.argmax(np.where(np.isnan(gaps), np.inf, gaps)))
    if not gaps[worst] <= tolerance:
        raise AdditivityError(
            f"person [{worst + 1}]: the parts differ from the model's log-odds by "
            f"[{gaps[worst]:.1e}], and [{tolerance:.0e}] is allowed; explainer [{explainer}]"
        )
    return ChallengerExplanation(
        model=_described(model),
        names=columns,
        values=values,
        base_value=base,
        data=rows,
        explainer=explainer,
        background=used,
        seed=seed,
        tolerance=tolerance,
        largest_gap=float(gaps[worst]),
        sampling_gap=sampling,
        notes=(method.note,) if explainer == "tree_path_dependent" else (*_why(method), _AGAINST),
    )


# --- What is given ------------------------------------------------------------------------------


def _names(people: Any, names: Sequence[str] | None) -> tuple[str, ...]:
    width = np.shape(people)[1] if len(np.shape(people)) == 2 else None
    if width is None:
        raise UseError("answers need two dimensions: a row a person, a column an item")
    if names is None:
        columns = getattr(people, "columns", None)
        if columns is None:
            raise UseError("an array has no names of items: give [names]")
        names = [str(column) for column in columns]
    if len(names) != width:
        raise UseError(f"[{len(names)}] names for [{width}] columns")
    return tuple(names)


def _numbers(frame: Any, names: tuple[str, ...], what: str) -> Floats:
    """Answers as numbers; text and categories are refused, naming the column."""
    columns = getattr(frame, "columns", None)
    if columns is not None:
        if tuple(map(str, columns)) != names:
            raise UseError(f"columns of [{what}]: accepted are the same ones in the same order")
        for position, name in enumerate(names):
            _check_column(frame.iloc[:, position], name)
        frame = frame.to_numpy()
    array = np.asarray(frame)
    if array.ndim != 2 or array.shape[1] != len(names):
        raise UseError(f"[{what}] has shape {array.shape}; accepted: (people, {len(names)})")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UseError(f"[{what}] holds text; accepted: {_ACCEPTED}") from error


_ACCEPTED = "numbers only, such as positions of levels or 0/1 columns a level, blank for missing"


def _check_column(column: Any, name: str) -> None:
    kind = str(column.dtype)
    if kind == "category" or column.dtype.kind not in "biufO":
        raise UseError(f"column [{name}] is of type [{kind}]; accepted: {_ACCEPTED}")
    if column.dtype.kind == "O":
        for value in column:
            if isinstance(value, str):
                raise UseError(f"column [{name}] holds {shown(value)}; accepted: {_ACCEPTED}")


def _check_classes(model: Any) -> None:
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise UseError(f"[{type(model).__name__}] is not a fitted classifier")
    if len(classes) != 2:
        raise UseError(f"the model has [{len(classes)}] classes; accepted: two, the event second")


def _log_odds_function(model: Any, people: Any) -> Callable[[Floats], Floats]:
    """The model's own log-odds of an array of answers."""
    columns = getattr(people, "columns", None)

    def given(rows: Floats) -> Any:
        if columns is None:
            return rows
        import pandas as pd

        return pd.DataFrame(rows, columns=columns)

    decision = getattr(model, "decision_function", None)
    # of a vector machine it is a margin, and of a forest there is none
    if decision is not None and _margin_is_log_odds(model):
        return lambda rows: np.asarray(decision(given(rows)), dtype=np.float64)
    if not hasattr(model, "predict_proba"):
        raise UseError(f"[{type(model).__name__}] gives no probability, so it has no log-odds")

    def logit(rows: Floats) -> Floats:
        chance = np.asarray(model.predict_proba(given(rows)), dtype=np.float64)[:, 1]
        if not ((chance > 0) & (chance < 1)).all():
            raise UseError(
                f"[{type(model).__name__}] gives a probability of 0 or 1 to somebody, which has "
                "no log-odds; accepted: a model whose probabilities lie strictly in between"
            )
        log_odds: Floats = np.log(chance) - np.log1p(-chance)
        return log_odds

    return logit


def _margin_is_log_odds(model: Any) -> bool:
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    if isinstance(model, GradientBoostingClassifier):
        return bool(model.loss == "log_loss")
    return isinstance(model, HistGradientBoostingClassifier | LogisticRegression)


def _described(model: Any) -> str:
    inner = getattr(model, "estimator", None)
    name = type(model).__name__
    return name if inner is None else f"{name}({_described(inner)})"


# --- Which explainer ----------------------------------------------------------------------------

_TREES = {
    "zh": "提升树，没有类别型项目：按训练时各分支的人数逐一读出，精确。",
    "en": "Boosted trees without categorical features: read from the branches, exactly.",
}
_CATEGORICAL = {
    "zh": "模型使用了 categorical_features；shap 的树方法对它会无声地给出错误的值，故不用。",
    "en": "The model uses categorical_features, for which shap's tree method gives wrong values "
    "in silence; so it is not used.",
}
_SIGMOID = {
    "zh": "模型是一个 sigmoid 校准的提升树；校准在对数几率上是线性的，逐项折入，精确。",
    "en": "Boosted trees with one sigmoid calibration, which is affine in log-odds and folded "
    "into every part, exactly.",
}
_CALIBRATED = {
    "zh": "校准不是单一的 sigmoid（或基础模型不能逐一读出），不能折入各项；按整个模型的输出解释。",
    "en": "The calibration is not one sigmoid over trees that can be read, so it cannot be folded "
    "into the parts; the output of the whole model is explained.",
}
_OTHER = {
    "zh": "不是可以逐一读出的提升树；按整个模型的输出解释。",
    "en": "No boosted trees that could be read; the output of the whole model is explained.",
}
_AGAINST = {
    "zh": "与背景人群相比：未知的答案以背景人群的答案代替。",
    "en": "Against the background people: their answers stand in for what is not known.",
}


def _why(method: _Method) -> tuple[Mapping[str, str], ...]:
    """Why no trees were read; nothing where they could have been."""
    return () if method.tree is not None else (method.note,)


def _method(model: Any) -> _Method:
    from sklearn.calibration import CalibratedClassifierCV

    if isinstance(model, CalibratedClassifierCV):
        return _calibrated(model)
    note = _tree_note(model)
    return _Method(model if note is _TREES else None, 1.0, 0.0, note)


def _tree_note(model: Any) -> Mapping[str, str]:
    """Whether trees can be read exactly, and why not."""
    from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier

    if isinstance(model, HistGradientBoostingClassifier):
        categorical = model.is_categorical_
        return _CATEGORICAL if categorical is not None and categorical.any() else _TREES
    # another first guess than the default is no part of the trees
    if isinstance(model, GradientBoostingClassifier) and model.init is None:
        return _TREES if model.loss == "log_loss" else _OTHER
    return _OTHER


def _calibrated(model: Any) -> _Method:
    """Read a calibrated model by its trees where the calibration is one sigmoid of their output.

    The sigmoid of scikit-learn is ``1 / (1 + exp(a f + b))``, so its log-odds are ``-a f - b``.
    """
    if len(model.calibrated_classifiers_) != 1:
        return _Method(None, 1.0, 0.0, _CALIBRATED)
    (one,) = model.calibrated_classifiers_
    inner = getattr(one.estimator, "estimator", one.estimator)
    (sigmoid,) = one.calibrators[:1]
    slope, offset = getattr(sigmoid, "a_", None), getattr(sigmoid, "b_", None)
    if slope is None or offset is None or _tree_note(inner) is not _TREES:
        return _Method(None, 1.0, 0.0, _CALIBRATED)
    return _Method(inner, -float(slope), -float(offset), _SIGMOID)


# --- The explainers -----------------------------------------------------------------------------


def _by_trees(method: _Method, rows: Floats) -> tuple[float, Floats]:
    explainer = import_shap().TreeExplainer(
        method.tree, feature_perturbation="tree_path_dependent", model_output="raw"
    )
    # our own check follows; shap's own one passes over some of the faults
    values = np.asarray(explainer.shap_values(rows, check_additivity=False), dtype=np.float64)
    base = float(np.ravel(explainer.expected_value)[-1])
    return method.slope * base + method.offset, method.slope * values


def _masked(shap: Any, sample: Floats) -> Any:
    # by default shap takes a hundred of them without saying so
    return shap.maskers.Independent(sample, max_samples=len(sample))


def _exact(
    function: Callable[[Floats], Floats], sample: Floats, rows: Floats
) -> tuple[float, Floats]:
    shap = import_shap()
    found = shap.explainers.Exact(function, _masked(shap, sample))(rows, silent=True)
    return _parts(found)


def _permuted(
    function: Callable[[Floats], Floats], sample: Floats, rows: Floats, seed: int
) -> tuple[float, Floats, float]:
    """Draw permutations twice; the mean of both, and how far they lie apart."""
    shap = import_shap()
    evaluations = _PERMUTATIONS * (2 * rows.shape[1] + 1)
    halves = []
    for part in range(2):
        explainer = shap.explainers.Permutation(
            function, _masked(shap, sample), seed=2 * seed + part
        )
        halves.append(_parts(explainer(rows, max_evals=evaluations, silent=True)))
    (base, first), (_, second) = halves
    mean: Floats = (first + second) / 2
    return base, mean, float(np.abs(first - second).mean())


def _parts(found: Any) -> tuple[float, Floats]:
    base = np.ravel(np.asarray(found.base_values, dtype=np.float64))
    return float(base[0]), np.asarray(found.values, dtype=np.float64)


def scorecard_item_view(
    scorecard: Scorecard, people: Iterable[Mapping[str, object]]
) -> dict[str, Floats]:
    """Exact item view of a scorecard for the same people, in log-odds, to stand beside it.

    Parameters
    ----------
    people
        Complete answers of each person, such as `Assessment.complete`.

    Returns
    -------
    dict
        Item to an array of shape (people,).
    """
    _, parts = item_parts(scorecard, scorecard.encode(people))
    unit = scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS / item_denominator(scorecard)
    return {item: parts[:, at] * unit for at, item in enumerate(scorecard.document.items)}
