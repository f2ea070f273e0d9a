"""Explainable boosting (`interpret-core`) on our own levels, and its exact export.

Items are encoded first, so that the estimator sees state numbers and nothing else: an ordered item
is a number with one cut between any two neighbouring levels, a nominal one a set of names. The
estimator therefore has nothing to bin; that it did not is checked.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import ScoredItem, States
from riskengine.training.learner import Fitted, Learner
from riskengine.training.tables import Floats, Pair, Tables

if TYPE_CHECKING:
    from interpret.glassbox import ExplainableBoostingClassifier


@dataclass(frozen=True)
class ExplainableBoosting:
    """Settings of the additive learner with pairs.

    Attributes
    ----------
    pairs
        How many pairs the estimator may choose.
    bags
        Outer bags that are averaged. They steady the tables; they are no bootstrap.
    smoothing, pair_smoothing
        Rounds of random cuts before greedy ones, for the items' own tables and for pairs.
    threads
        Processes; the result does not depend on it.
    """

    pairs: int = 40
    bags: int = 14
    smoothing: int = 500
    pair_smoothing: int = 100
    threads: int = 1

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        return "explainable_boosting"

    def options(self) -> dict[str, bool | int | float | str]:
        """Settings that are written into the model."""
        return {
            "pairs": self.pairs,
            "outer_bags": self.bags,
            "smoothing_rounds": self.smoothing,
            "interaction_smoothing_rounds": self.pair_smoothing,
            "missing": "separate",
        }

    def cheaper(self) -> ExplainableBoosting:
        """One bag instead of many."""
        return replace(self, bags=1)

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: NDArray[np.int64],
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
    ) -> Fitted:
        """Fit, export and check; see `riskengine.training.learner.Learner`."""
        from interpret.glassbox import ExplainableBoostingClassifier

        wanted: int | list[Pair] = self.pairs if pairs is None else list(pairs)
        if isinstance(wanted, int):
            wanted = min(wanted, len(items) * (len(items) - 1) // 2)
        estimator = ExplainableBoostingClassifier(
            feature_names=[item.id for item in items],
            feature_types=[_feature_type(item) for item in items],
            interactions=wanted or 0,
            outer_bags=self.bags,
            smoothing_rounds=self.smoothing,
            interaction_smoothing_rounds=self.pair_smoothing,
            missing="separate",
            n_jobs=self.threads,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # it warns that missing values are not drawn in its own charts
            warnings.filterwarnings("ignore", message="Missing values detected")
            estimator.fit(_matrix(items, states), outcome, sample_weight=weight)

        def predict(of: States) -> Floats:
            chances: Floats = estimator.predict_proba(_matrix(items, of))[:, 1]
            return chances

        return Fitted(_exported(estimator, items), predict).checked(states)


def threaded(learner: Learner, threads: int) -> Learner:
    """Let a single fit use several processes, where the learner can; the result is the same."""
    return (
        replace(learner, threads=threads) if isinstance(learner, ExplainableBoosting) else learner
    )


def _feature_type(item: ScoredItem) -> str | list[float]:
    return [state - 0.5 for state in range(1, item.known)] if item.ordered else "nominal"


def _matrix(items: Sequence[ScoredItem], states: States) -> Floats:
    """Known states as numbers, the learned not-known state as missing."""
    matrix = states.astype(np.float64)
    for column, item in enumerate(items):
        matrix[states[:, column] >= item.known, column] = np.nan
    return matrix


_MISSING, _UNSEEN = 0, -1


def _bins(estimator: ExplainableBoostingClassifier, item: ScoredItem, column: int, order: int
          ) -> list[int]:  # fmt: skip
    """Position in a term's scores of every state of an item, at one binning resolution."""
    resolutions: Any = estimator.bins_[column]
    bins = resolutions[min(order, len(resolutions)) - 1]
    known: list[int]
    if isinstance(bins, dict):
        # a level that nobody has keeps the bin for unseen values, which holds zero
        known = [bins.get(str(state), _UNSEEN) for state in range(item.known)]
        seen = [position for position in known if position != _UNSEEN]
    else:
        known = [1 + int(np.searchsorted(bins, state)) for state in range(item.known)]
        seen = known
    if len(set(seen)) != len(seen):
        raise TrainingError(f"the learner merged levels of item [{item.id}]; nothing was exported")
    return known + [_MISSING] * (item.axis.states - item.known)


def _exported(estimator: ExplainableBoostingClassifier, items: Sequence[ScoredItem]) -> Tables:
    """Read the tables out of a fitted estimator."""
    mains = [np.zeros(item.axis.states) for item in items]
    pairs: dict[Pair, Floats] = {}
    for features, scores in zip(estimator.term_features_, estimator.term_scores_, strict=True):
        cells = scores[np.ix_(*(_bins(estimator, items[f], f, len(features)) for f in features))]
        if len(features) == 1:
            mains[features[0]] = cells
        else:
            first, second = features
            # the order of a pair is ours: the smaller position first
            pairs[min(features), max(features)] = cells if first < second else cells.T
    return Tables(
        intercept=float(np.asarray(estimator.intercept_).ravel()[0]),
        mains=tuple(mains),
        pairs=dict(sorted(pairs.items())),
    )
