"""Accuracy on Georgia parole, re-arrest within one and three years: nested cross-validation.

    python benchmarks/accuracy.py --data FOLDER

Five outer folds, the same for all; every figure comes from people in the fold that was held out.
What a variant chooses, it chooses by inner folds among the people it was shown: logistic
regression its penalty, gradient boosting one of two settings, ours which parts are stacked,
their weights and their pairs. The list of candidates was written down before the outer folds were
scored.

Year 1 is scored as the US forecasting challenge was: the mean of the Brier scores of men and of
women. All is calibrated as in training, by a sigmoid on the out-of-fold scores of the other folds.

With ``--checkpoints FOLDER`` fits are kept there (tables, no rows of people) and taken up again by
the next run; clear it when the code of a learner changes.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

import common  # noqa: E402
import plots  # noqa: E402

from riskengine.evaluation.metrics import (  # noqa: E402
    auc,
    bootstrap_interval,
    brier,
    calibration_line,
    mean_group_brier,
    sigmoid,
)
from riskengine.store.lookup import find_instrument  # noqa: E402
from riskengine.training.axes import (  # noqa: E402
    ScoredItem,
    States,
    candidates,
    encode,
    with_reference,
)
from riskengine.training.cohort import read_cohort  # noqa: E402
from riskengine.training.folds import folds_of  # noqa: E402
from riskengine.training.learner import Fitted, Learner, Observed  # noqa: E402
from riskengine.training.procedure import OutOfFold, Procedure, cross_fit  # noqa: E402
from riskengine.training.recipes import INNER_FOLDS, full, quick  # noqa: E402
from riskengine.training.stacking import Stacked  # noqa: E402
from riskengine.training.tables import Floats, Pair  # noqa: E402

FOLDS, SEED, DRAWS = 5, 20, 1000
PAIRS, BAGS = 100, 14
Integers = NDArray[np.int64]


# --- People -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class People:
    """The training half: items with and without the protected ones, and three nested outcomes."""

    every: tuple[ScoredItem, ...]
    states: States
    fewer: tuple[ScoredItem, ...]
    fewer_states: States
    outcomes: tuple[Integers, Integers, Integers]
    sexes: NDArray[np.object_]
    folds: Integers


def read(path: Path) -> People:
    """Read people with what became of them within one, two and three years."""
    instrument = find_instrument("georgia_parole")
    cohort = read_cohort(path, instrument, "rearrest_1y")
    one = cohort.outcome
    three = read_cohort(path, instrument, "rearrest_3y").outcome
    # the second round holds those not arrested in the first year, in the order of the file
    two = one.copy()
    two[one == 0] = read_cohort(path, instrument, "rearrest_2y_round").outcome
    if not ((one <= two) & (two <= three)).all():
        raise SystemExit("the three outcomes are not nested; rows do not match")

    def prepared(*, protected: bool) -> tuple[tuple[ScoredItem, ...], States]:
        items = candidates(instrument, cohort, include_protected=protected)
        states = encode(cohort, items)
        return with_reference(items, states), states

    every, states = prepared(protected=True)
    fewer, fewer_states = prepared(protected=False)
    return People(
        every, states, fewer, fewer_states, (one, two, three),
        np.array(cohort.column("sex"), dtype=object), folds_of(one, FOLDS, SEED),
    )  # fmt: skip


# --- Ours ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Remembered:
    """A learner whose tables are kept in a folder, by everything that they follow from."""

    learner: Learner
    folder: Path

    @property
    def name(self) -> str:
        return self.learner.name

    def options(self) -> dict[str, bool | int | float | str]:
        return self.learner.options()

    def cheaper(self) -> Remembered:
        return Remembered(self.learner.cheaper(), self.folder)

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: Integers,
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
    ) -> Fitted:
        import joblib

        key = joblib.hash(
            (
                self.name, self.options(), [(i.id, i.known, i.live, i.ordered) for i in items],
                np.ascontiguousarray(states), np.ascontiguousarray(outcome), weight, seed, pairs,
            )
        )  # fmt: skip
        path = self.folder / f"{key}.joblib"
        if path.is_file():
            tables = joblib.load(path)
        else:
            tables = self.learner.fit(
                items, states, outcome, seed=seed, weight=weight, pairs=pairs
            ).tables
            part = path.with_suffix(f".{os.getpid()}")
            joblib.dump(tables, part)
            part.replace(path)
        return Fitted(tables, lambda of: sigmoid(tables.score(of)))


def stacks(folder: Path | None) -> tuple[Stacked, Stacked]:
    """The full and the quick stack over three horizons, as the package has them."""

    def kept(learner: Learner | None) -> Learner | None:
        return learner if folder is None or learner is None else Remembered(learner, folder)

    def remembered(one: Stacked) -> Stacked:
        return replace(
            one,
            parts=tuple(
                replace(part, learner=kept(part.learner), within=kept(part.within))
                for part in one.parts
            ),
        )

    return remembered(full(3, pairs=PAIRS, bags=BAGS)), remembered(quick(3, pairs=PAIRS))


# --- The others ---------------------------------------------------------------------------------


def out_of_fold(people: People, fit: Callable[[NDArray[np.bool_]], Floats]) -> Floats:
    """Give log-odds of everybody by ``fit(held)``, which gives those of the people held out."""
    found = np.empty(len(people.folds))
    for fold in range(FOLDS):
        held = people.folds == fold
        found[held] = fit(held)
    return found


def logistic(people: People, outcome: Integers, *, tuned: bool) -> Floats:
    """Logistic regression on one column for every level, unknown among them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    def fit(held: NDArray[np.bool_]) -> Floats:
        model = make_pipeline(
            OneHotEncoder(drop="first", handle_unknown="ignore"), LogisticRegression(max_iter=2000)
        )
        if tuned:
            model = GridSearchCV(
                model,
                {"logisticregression__C": np.logspace(-3, 1, 9)},
                scoring="neg_log_loss",
                cv=StratifiedKFold(5, shuffle=True, random_state=SEED),
            )
        model.fit(people.states[~held], outcome[~held])
        scores: Floats = model.decision_function(people.states[held])
        return scores

    return out_of_fold(people, fit)


def known_numbers(people: People) -> Floats:
    """States as numbers, what is not known as missing."""
    known = people.states.astype(np.float64)
    for column, item in enumerate(people.every):
        known[people.states[:, column] >= item.known, column] = np.nan
    return known


def gradient_boosting(people: People, outcome: Integers) -> Floats:
    """Histogram gradient boosting, not additive; one of two settings by inner folds."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    known = known_numbers(people)
    names = [not item.ordered for item in people.every]

    def fit(held: NDArray[np.bool_]) -> Floats:
        model = GridSearchCV(
            HistGradientBoostingClassifier(
                early_stopping=False, categorical_features=names, random_state=SEED
            ),
            [
                {"learning_rate": [0.05], "max_iter": [150], "max_depth": [4],
                 "min_samples_leaf": [40]},
                {"learning_rate": [0.05], "max_iter": [200], "max_depth": [2],
                 "min_samples_leaf": [40]},
            ],
            scoring="neg_log_loss",
            cv=StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=SEED),
        )  # fmt: skip
        model.fit(known[~held], outcome[~held])
        scores: Floats = model.decision_function(known[held])
        return scores

    return out_of_fold(people, fit)


def plain_boosting(people: People, outcome: Integers) -> Floats:
    """Explainable boosting as the package comes, with 40 pairs; unknown as missing."""
    from interpret.glassbox import ExplainableBoostingClassifier

    known = known_numbers(people)

    def fit(held: NDArray[np.bool_]) -> Floats:
        model = ExplainableBoostingClassifier(interactions=40, n_jobs=1, random_state=SEED)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Missing values detected")
            model.fit(known[~held], outcome[~held])
        scores: Floats = model.decision_function(known[held])
        return scores

    return out_of_fold(people, fit)


# --- Measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """One forecast: which outcome, and by which figures it is judged."""

    title: str
    outcome: Integers
    further: tuple[Integers, ...]
    figures: tuple[tuple[str, Callable[[Floats, Integers, NDArray[np.object_]], float]], ...]
    results: dict[str, Floats] = field(default_factory=dict)
    held: dict[str, tuple[Learner | None, ...]] = field(default_factory=dict)


def _average_brier(chance: Floats, outcome: Integers, sexes: NDArray[np.object_]) -> float:
    return mean_group_brier(chance, outcome, sexes)


def _brier(chance: Floats, outcome: Integers, _: NDArray[np.object_]) -> float:
    return brier(chance, outcome)


def _auc(chance: Floats, outcome: Integers, _: NDArray[np.object_]) -> float:
    return auc(chance, outcome)


AS_IT_COMES = "dummy-coded logistic, as the package comes"
LOGISTIC = "dummy-coded logistic, penalty by inner folds"
HGB = "histogram gradient boosting, by inner folds"
PLAIN = "plain explainable boosting, 40 pairs"
BEFORE = "boosting alone, 100 pairs (released before)"
FULL, FULL_KEPT = "ours, full stack", "ours, full stack, directions kept"
QUICK, QUICK_KEPT = "ours, quick stack", "ours, quick stack, directions kept"
PROTECTED_FREE = "ours, quick stack, protected-free"
ORDER = (
    AS_IT_COMES,
    LOGISTIC,
    HGB,
    PLAIN,
    BEFORE,
    FULL,
    FULL_KEPT,
    QUICK,
    QUICK_KEPT,
    PROTECTED_FREE,
)


def run(people: People, target: Target, arguments: Arguments) -> Target:
    """Give every variant's calibrated log-odds out of fold."""
    outcome, folds = target.outcome, people.folds
    remember = _memory(arguments.checkpoints)

    def calibrated(scores: Floats) -> Floats:
        return OutOfFold(free=scores, kept=scores, folds=folds).calibrated(scores, outcome)

    def note(name: str, scores: Floats) -> None:
        target.results[name] = calibrated(scores)
        print(f"{target.title}: {name}", flush=True)

    further = [Observed(one) for one in target.further]
    slow, fast = stacks(arguments.checkpoints)
    alone = Procedure(people.every, slow.parts[0].learner, SEED, enforce=False)
    note(BEFORE, cross_fit(alone, people.states, outcome, folds).free)

    def ours(learner: Stacked, items: tuple[ScoredItem, ...], states: States) -> OutOfFold:
        return cross_fit(
            Procedure(items, learner, SEED), states, outcome, folds,
            further=further, processes=arguments.processes,
        )  # fmt: skip

    for learner, free, kept in ((slow, FULL, FULL_KEPT), (fast, QUICK, QUICK_KEPT)):
        found = ours(learner, people.every, people.states)
        note(free, found.free)
        note(kept, found.kept)
        target.held[free] = found.held
    note(PROTECTED_FREE, ours(fast, people.fewer, people.fewer_states).kept)
    note(AS_IT_COMES, remember(logistic)(people, outcome, tuned=False))
    note(LOGISTIC, remember(logistic)(people, outcome, tuned=True))
    note(HGB, remember(gradient_boosting)(people, outcome))
    note(PLAIN, remember(plain_boosting)(people, outcome))
    return target


@dataclass(frozen=True)
class Arguments:
    data: Path
    checkpoints: Path | None
    processes: int


def _memory(folder: Path | None) -> Callable[..., Callable[..., Floats]]:
    from joblib import Memory

    return Memory(folder, verbose=0).cache  # type: ignore[no-any-return]


def compared(
    people: People, target: Target, name: str, base: str, figure: int
) -> tuple[float, float, float]:
    """Give the paired difference of a figure, with its 95 % interval."""
    of = target.figures[figure][1]
    one, other = sigmoid(target.results[name]), sigmoid(target.results[base])

    def difference(at: Integers) -> float:
        there, sexes = target.outcome[at], people.sexes[at]
        return of(one[at], there, sexes) - of(other[at], there, sexes)

    low, high = bootstrap_interval(difference, len(one), seed=SEED, draws=DRAWS)
    return difference(np.arange(len(one))), low, high


def _cell(found: tuple[float, float, float], digits: int = 5) -> str:
    value, low, high = (f"{number:+.{digits}f}" for number in found)
    return f"{value} ({low} to {high})"


def figures_table(people: People, target: Target) -> str:
    """Every variant against the tuned logistic regression."""
    (first, of_first), (second, of_second) = target.figures
    rows = []
    for name in ORDER:
        scores = target.results[name]
        chance = sigmoid(scores)
        differences = ["–", "–"]
        if name != LOGISTIC:
            differences = [_cell(compared(people, target, name, LOGISTIC, n)) for n in (0, 1)]
        rows.append(
            (
                f"**{name}**" if name.startswith("ours") else name,
                f"{of_first(chance, target.outcome, people.sexes):.5f}",
                differences[0],
                f"{of_second(chance, target.outcome, people.sexes):.5f}",
                differences[1],
                f"{brier(chance, target.outcome):.5f}",
                f"{calibration_line(scores, target.outcome)[0]:.3f}",
            )
        )
    head = ("Variant", first, "difference (95 % interval)", second, "difference (95 % interval)",
            "Brier", "slope")  # fmt: skip
    return common.table(head, rows)


PRICES = (
    ("full stack, against boosting alone", FULL, BEFORE),
    ("full stack, against gradient boosting", FULL, HGB),
    ("quick stack, against boosting alone", QUICK, BEFORE),
    ("quick stack, against gradient boosting", QUICK, HGB),
    ("quick stack, against the full one", QUICK, FULL),
    ("price of the directions, full stack", FULL_KEPT, FULL),
    ("price of the directions, quick stack", QUICK_KEPT, QUICK),
    ("price of leaving protected items out", PROTECTED_FREE, QUICK_KEPT),
    ("price of both", PROTECTED_FREE, QUICK),
)  # fmt: skip


def prices_table(people: People, target: Target) -> str:
    """What the parts of the procedure gain and cost."""
    rows = [
        (title, *(_cell(compared(people, target, one, other, n)) for n in (0, 1)))
        for title, one, other in PRICES
    ]
    return common.table(("", *(name for name, _ in target.figures)), rows)


def choices_table(held: Sequence[Learner | None]) -> str:
    """What the inner folds chose in every outer fold."""
    rows, names = [], ()
    for number, one in enumerate(held, 1):
        if not isinstance(one, Stacked) or one.held is None:
            raise SystemExit("a fold lost what it chose")
        choice, names = one.held, tuple(candidate.name for candidate in one.candidates)
        weights = ", ".join(f"{weight:.2f}" for weight in choice.weights)
        losses = [f"{loss:.5f}" for loss in choice.losses]
        rows.append((str(number), *losses, f"{choice.candidate.name} ({weights})"))
    return common.table(("Fold", *names, "chosen (weights)"), rows)


def main() -> int:
    """Run everything and write the report."""
    parser = common.arguments(__doc__)
    parser.add_argument("--checkpoints", type=Path, help="folder in which fits are kept")
    parser.add_argument("--processes", type=int, default=1, help="folds learned at once")
    parsed = parser.parse_args()
    arguments = Arguments(parsed.data, parsed.checkpoints, parsed.processes)
    if arguments.checkpoints:
        arguments.checkpoints.mkdir(parents=True, exist_ok=True)
    people = read(common.cohort_file(arguments.data, common.GEORGIA))
    one, two, three = people.outcomes
    targets = [
        run(people, target, arguments)
        for target in (
            Target("Re-arrest within one year", one, (two, three),
                   (("average Brier of the sexes", _average_brier), ("AUC", _auc))),
            Target("Re-arrest within three years", three, (two, one),
                   (("Brier", _brier), ("AUC", _auc))),
        )
    ]  # fmt: skip
    for name, target in zip(("accuracy_1y", "accuracy_3y"), targets, strict=True):
        plots.dot_plot(
            common.REPORTS / f"{name}.svg",
            rows=[
                (variant, *compared(people, target, variant, LOGISTIC, 0))
                for variant in ORDER
                if variant != LOGISTIC
            ],
            title=f"{target.title}, Georgia parole",
            x_label=f"{target.figures[0][0]}, difference from tuned logistic regression "
            "(below 0 is better)",
            reference=0.0,
        )
    common.write_report(
        "accuracy", "Accuracy: re-arrest after release to parole, Georgia", body(people, targets),
        "python benchmarks/accuracy.py --data FOLDER",
    )  # fmt: skip
    return 0


def body(people: People, targets: Sequence[Target]) -> str:
    """Write the page below its title."""
    one, _, three = people.outcomes
    parts = [
        f"{len(one):,} people of the challenge's training half, {int(one.sum()):,} with an event "
        f"within one year and {int(three.sum()):,} within three. Nested cross-validation: {FOLDS} "
        f"outer folds, the same for all (seed {SEED}); every figure is about people in the fold "
        "held out. Whatever is chosen is chosen by inner folds: the penalty of the logistic "
        "regression, one of two settings of gradient boosting, the parts, weights and pairs of "
        "ours. The list of candidates was written before the outer folds were scored. Brier "
        "scores: smaller is better. All variants are calibrated as in training, by a sigmoid on "
        "the out-of-fold scores of the other folds. Differences are paired on the same people, "
        f"with 95 % intervals from {DRAWS:,} bootstrap draws of people; the intervals do not hold "
        "the chance of the folds.",
        "*Ours* stacks additive models of the events within one, two and three years, in "
        "log-odds, and merges them into one set of tables. The *quick stack* is made of shrunken "
        "tables (penalised regression with variances learned by marginal likelihood) and what "
        f"goes with them; the *full stack* has explainable boosting ({PAIRS} pairs, {BAGS} bags, "
        "four in the inner folds) as well. *Directions kept*: projected so that more of "
        "a declared risk never lowers the score. *Protected-free*: that, and without sex, area "
        "and the gap in gang records, which is there for every woman and no man.",
    ]
    for name, target in zip(("accuracy_1y", "accuracy_3y"), targets, strict=True):
        parts += [
            f"## {target.title}",
            figures_table(people, target),
            f"![{target.title}: differences from tuned logistic regression]({name}.svg)",
            "What the parts gain and cost, one minus the other:",
            prices_table(people, target),
            "Mean log loss in the inner folds, by which the parts were chosen, full stack:",
            choices_table(target.held[FULL]),
            "and quick stack:",
            choices_table(target.held[QUICK]),
        ]
    parts.append(
        "What was known beforehand: 100 pairs and the area as names from earlier orientation, the "
        "boosting's smoothing and the shrunken tables' way with pairs from arrest in year 2, and "
        "in years 2 and 3, among people not arrested in year 1 (part of the three-year outcome of "
        "the same people). These are American arrest records of 2013-15. They compare methods and "
        "say nothing about accuracy anywhere else."
    )
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
