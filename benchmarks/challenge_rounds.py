"""Rounds 2 and 3 of the US forecasting challenge, as they were posed.

    python benchmarks/challenge_rounds.py

Round 2 is an arrest in the second year among people not arrested in the first; round 3 an arrest
in the third year among people not arrested in the first two. Each is learned on its own risk set,
once from what was known at release and once with the supervision columns that the challenge
offered. Those columns are measured over the whole parole episode or until the arrest: whoever uses
them looks ahead, so these rows compare methods and nothing more.

The product refuses such columns and such outcomes. This benchmark asks for them openly: it makes
its own copy of the instrument, in which the supervision items are taken for known as the challenge
took them, and passes the guard of look-ahead outcomes by name.

Settings were fixed beforehand: 50 pairs, 8 bags, the smoothing of the shipped learner, and the
cuts of `CUTS`. The smoothing was once chosen on round 2 without the supervision columns (see
``accuracy``), so that one row of ours is slightly favoured; the others are not.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import GEORGIA, REPORTS, arguments, cohort_file, table, write_report
from numpy.typing import NDArray
from plots import dot_plot

from riskengine.evaluation.metrics import auc, bootstrap_interval, mean_group_brier, sigmoid
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument
from riskengine.training.axes import States, candidates, encode, with_reference
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.guards import check_outcome
from riskengine.training.procedure import OutOfFold, Procedure, cross_fit, folds_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FOLDS, SEED, DRAWS = 5, 20, 1_000
PAIRS, BAGS = 50, 8
SMOOTHING = (500, 100)
ROUNDS = {2: "rearrest_2y_round", 3: "rearrest_3y_round"}

LOGISTIC, OURS, RAW = (
    "dummy logistic", f"explainable boosting, {PAIRS} pairs", "gradient boosting, raw columns",
)  # fmt: skip
SHORT = {LOGISTIC: "logistic", OURS: "ours", RAW: "raw boosting"}

# Round figures that cut the supervision rates into bands; nothing was tuned.
_SHARES = (0.001, 0.05, 0.1, 0.2, 0.4)
CUTS: dict[str, tuple[float, ...]] = {
    "avg_days_per_drugtest": (10, 15, 20, 30, 45, 60, 90, 180),
    "drugtests_thc_positive": _SHARES,
    "drugtests_cocaine_positive": _SHARES,
    "drugtests_meth_positive": _SHARES,
    "drugtests_other_positive": _SHARES,
    "percent_days_employed": (0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0),
    "jobs_per_year": (0.001, 0.5, 1.0, 1.5, 2.0, 3.0),
}

# Official test rows, for orientation only: team results, and off-the-shelf runs on the same rows.
PUBLISHED = (
    ("best published, large team", ".1369", ".1305"),
    ("best published, small team", ".1450", ".1358"),
    ("dummy logistic, off the shelf", ".1487", ".1358"),
    ("CatBoost, off the shelf", ".1442", ".1355"),
    ("tabular foundation model, off the shelf", ".1416", ".1339"),
)


@dataclass(frozen=True)
class Result:
    """Out-of-fold log-odds of one variant."""

    looks_ahead: bool
    learner: str
    log_odds: Floats
    items: int
    seconds: float


@dataclass(frozen=True)
class Round:
    """One round: its people, and what every variant said of them."""

    number: int
    outcome: Integers
    sexes: NDArray[np.object_]
    results: tuple[Result, ...]

    def score(self, log_odds: Floats, at: Integers | None = None) -> float:
        """Average Brier score of the sexes, as the challenge scored it."""
        rows = np.arange(len(self.outcome)) if at is None else at
        return mean_group_brier(sigmoid(log_odds[rows]), self.outcome[rows], self.sexes[rows])

    def difference(self, one: Result, other: Result) -> tuple[float, float, float]:
        """Average Brier of one minus another's, paired, with its interval."""

        def paired(at: Integers) -> float:
            return self.score(one.log_odds, at) - self.score(other.log_odds, at)

        count = len(self.outcome)
        low, high = bootstrap_interval(paired, count, seed=SEED, draws=DRAWS)
        return paired(np.arange(count)), low, high


def as_posed(instrument: Instrument) -> Instrument:
    """Give a benchmark's copy of the instrument that takes the supervision columns for known."""

    def posed(item: Item) -> Item:
        if item.known_at != "supervision":
            return item
        return item.model_copy(
            update={
                "known_at": "release",
                "use": ("scored",),
                "bands": CUTS.get(item.id, item.bands),
                "unknown_cell": "learned",
            }
        )

    value = instrument.model_dump(mode="json", by_alias=True, exclude_none=True)
    value["id"] = f"{instrument.id}_as_posed"
    value["items"] = [
        posed(item).model_dump(mode="json", by_alias=True, exclude_none=True)
        for item in instrument.items
    ]
    return Instrument.model_validate_json(json.dumps(value))


def logistic(states: States, outcome: Integers, folds: Integers) -> Floats:
    """Logistic regression on one column for every level, unknown among them."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    found = np.empty(len(outcome))
    for fold in range(FOLDS):
        held = folds == fold
        model = make_pipeline(
            OneHotEncoder(drop="first", handle_unknown="ignore"), LogisticRegression(max_iter=2000)
        )
        model.fit(states[~held], outcome[~held])
        found[held] = model.decision_function(states[held])
    return found


def raw_boosting(source: Path, cohort: Cohort, outcome_id: str) -> Floats:
    """Histogram boosting on the file's own columns: does our coding lose anything?

    It sees the rates as they stand in the file, uncut.
    """
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier

    frame = pd.read_csv(source)
    definition = find_instrument("georgia_parole").outcomes_by_id[outcome_id]
    assert definition.columns is not None
    for column, wanted in definition.columns.risk_set.items():
        frame = frame[frame[column].astype(str).str.lower().isin(wanted)]
    labels = frame[str(definition.columns.event_column)].astype(np.int64).to_numpy()
    if not np.array_equal(labels, cohort.outcome):
        raise SystemExit("the raw file and the cohort do not hold the same people")
    frame = frame.drop(columns=["ID", "Race", *(c for c in frame if c.startswith("Recidivism"))])
    text = [c for c in frame if not pd.api.types.is_float_dtype(frame[c])]
    matrix = pd.get_dummies(frame, columns=text, dtype=float).to_numpy()
    folds = folds_of(cohort.outcome, FOLDS, SEED)
    found = np.empty(cohort.people)
    for fold in range(FOLDS):
        held = folds == fold
        model = HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=200, early_stopping=False, random_state=SEED
        )
        model.fit(matrix[~held], cohort.outcome[~held])
        found[held] = model.decision_function(matrix[held])
    return found


def variants(instrument: Instrument, cohort: Cohort, *, looks_ahead: bool) -> list[Result]:
    """Predict everybody out of fold, by logistic regression and by our procedure."""
    items = candidates(instrument, cohort, include_protected=True)
    states = encode(cohort, items)
    folds = folds_of(cohort.outcome, FOLDS, SEED)
    learner = ExplainableBoosting(
        pairs=PAIRS, bags=BAGS, smoothing=SMOOTHING[0], pair_smoothing=SMOOTHING[1]
    )
    procedure = Procedure(with_reference(items, states), learner, SEED, enforce=False)

    def ours() -> Floats:
        free = cross_fit(procedure, states, cohort.outcome, folds).free
        return OutOfFold(free, free, folds).calibrated(free, cohort.outcome)

    def run(name: str, predict: Callable[[], Floats]) -> Result:
        started = time.monotonic()
        log_odds = predict()
        seconds = time.monotonic() - started
        print(f"{cohort.people} people, looks ahead {looks_ahead}, {name}: {seconds:.0f} s")
        return Result(looks_ahead, name, log_odds, len(items), seconds)

    return [
        run(LOGISTIC, lambda: logistic(states, cohort.outcome, folds)),
        run(OURS, ours),
    ]


def run_round(number: int, source: Path) -> Round:
    """Measure one round, with and without the supervision columns."""
    honest = find_instrument("georgia_parole")
    found: list[Result] = []
    outcome: Integers | None = None
    for instrument in (honest, as_posed(honest)):
        definition = instrument.outcomes_by_id[ROUNDS[number]]
        check_outcome(instrument, definition, include_protected=True, allow_look_ahead=True)
        cohort = read_cohort(source, instrument, definition.id)
        if outcome is not None and not np.array_equal(outcome, cohort.outcome):
            raise SystemExit("the two variants do not hold the same people")
        outcome = cohort.outcome
        found += variants(instrument, cohort, looks_ahead=instrument is not honest)
    started = time.monotonic()
    ahead = found[-1].items
    raw = raw_boosting(source, cohort, ROUNDS[number])
    found.append(Result(True, RAW, raw, ahead, time.monotonic() - started))
    sexes = np.array(cohort.column("sex"), dtype=object)
    return Round(number, cohort.outcome, sexes, tuple(found))


def report_of(rounds: list[Round]) -> str:
    """Write the body of the report."""
    parts = [
        "Round 2: an arrest in the second year among people not arrested in the first. Round 3: "
        "in the third year among people not arrested in the first two. Each is learned on its own "
        "risk set of the challenge's training half.",
        "",
        "**Rows marked looks ahead are posed with hindsight.** The supervision columns are "
        "measured over the whole parole episode or until the arrest, so such a row uses what "
        "nobody could know at the start of the year, and its gain is not attainable. The product "
        "refuses these columns; this benchmark takes them on its own copy of the instrument.",
        "",
        f"{FOLDS}-fold cross-validation, the same folds for all of a round (seed {SEED}). "
        "*Average Brier* is the mean of the Brier scores of men and of women; smaller is better. "
        f"Intervals: 95 %, {DRAWS:,} paired bootstrap draws of people. Sex and area are used, "
        "race is not. Ours is without monotone restraint, calibrated on the other folds.",
    ]
    for one in rounds:
        base = one.results[0]
        rows = []
        for result in one.results:
            gap = ("–", "–")
            if result is not base:
                value, low, high = one.difference(result, base)
                gap = (f"{value:+.5f}", f"{low:+.5f} – {high:+.5f}")
            rows.append(
                (
                    "**looks ahead**" if result.looks_ahead else "known at release",
                    result.learner, str(result.items), f"{one.score(result.log_odds):.5f}",
                    *gap, f"{auc(result.log_odds, one.outcome):.4f}", f"{result.seconds:.0f}",
                )
            )  # fmt: skip
        parts += [
            "",
            f"## Round {one.number}: {len(one.outcome):,} people, {int(one.outcome.sum()):,} "
            "events",
            "",
            table(
                ("Columns", "Learner", "Items", "Average Brier", "Against the first row",
                 "95 % interval", "AUC", "Seconds, beside other work"),
                rows,
            ),
        ]  # fmt: skip
        parts.append("")
        honest, ahead = one.results[1], one.results[3]
        for name, first, second in (
            ("Ours minus logistic, known at release", honest, one.results[0]),
            ("Ours minus logistic, looks ahead", ahead, one.results[2]),
            ("Supervision columns in ours: looks ahead minus known at release", ahead, honest),
        ):
            value, low, high = one.difference(first, second)
            parts += [f"- {name}: {value:+.5f} ({low:+.5f} – {high:+.5f})."]
    parts += [
        "",
        "## Published, on other rows",
        "",
        "Average Brier on the official test half, with the supervision columns. Other people than "
        "above: redrawing a split moves these scores by about .002, so they are for orientation.",
        "",
        table(("", "Round 2", "Round 3"), list(PUBLISHED)),
        "",
        "In round 3 the two sets of figures lie together. In round 2 all published ones lie far "
        "below ours, by more than any new split explains. Our coding is not the reason: gradient "
        "boosting on the file's raw columns, the last row of each table, is no better. From the "
        "training half we cannot tell what is; we read round 2 by its paired differences only.",
        "",
        "The number of pairs and bags and the cuts of the supervision rates were fixed "
        "beforehand. The learner's smoothing was once chosen on round 2 without supervision "
        "columns, which slightly favours that one row. A blank in jobs a year means that nobody "
        "with it was arrested later; as posed, it is learned from, and it is part of the "
        "hindsight.",
    ]
    return "\n".join(parts)


def main() -> int:
    """Run both rounds and write the report."""
    options = arguments(__doc__).parse_args()
    source = cohort_file(options.data, GEORGIA)
    rounds = [run_round(number, source) for number in ROUNDS]
    rows = []
    for one in rounds:
        for result in one.results:

            def score(at: Integers, one: Round = one, result: Result = result) -> float:
                return one.score(result.log_odds, at)

            ends = bootstrap_interval(score, len(one.outcome), seed=SEED, draws=DRAWS)
            when = "looks ahead" if result.looks_ahead else "at release"
            label = f"round {one.number}, {when}, {SHORT[result.learner]}"
            rows.append((label, one.score(result.log_odds), *ends))
    title = "Challenge rounds 2 and 3 as posed: those that look ahead are marked"
    dot_plot(
        REPORTS / "challenge_rounds.svg",
        title=title,
        x_label="Average Brier of men and women, five-fold, smaller is better",
        rows=rows,
    )
    write_report(
        "challenge_rounds", title, report_of(rounds), "python benchmarks/challenge_rounds.py"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
