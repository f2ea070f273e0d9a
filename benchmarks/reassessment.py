"""Reassessment on a made-up province: does risk fall with clean time as the truth does?

    python benchmarks/reassessment.py

People are reassessed at landmarks after intake; what is predicted is serious non-compliance on
record within 180 days of each. The truth is known, given all that has happened to a person by
then. Beside the landmark model stand the intake answers alone, fitted to the same rows, and
models that count violations over the whole episode, as the supervision columns of the US
challenge do: what they promise, and what is left on the day.

It needs no data. Nobody in the province exists, and almost every number behind it is illustrative.
All settings were fixed beforehand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from common import REPORTS, arguments, table, write_report
from numpy.typing import NDArray
from plots import line_plot

from riskengine.evaluation.metrics import auc, brier, calibration_line, sigmoid
from riskengine.instrument.items import DerivedItem, Item
from riskengine.scorecard.encoding import axis_encoder
from riskengine.synthetic import DEFAULT, Parameters, Province, make_province
from riskengine.synthetic.parameters import Number
from riskengine.synthetic.reassessment import landmarks, reassess, truth_at
from riskengine.text import Text
from riskengine.training.axes import (
    ScoredItem,
    States,
    candidates,
    encode,
    scored_item,
    with_reference,
)
from riskengine.training.calibration import Sigmoid
from riskengine.training.history import (
    DERIVED,
    ITEMS,
    YEAR_DAYS,
    count,
    history,
    on_record,
    whole_months,
)
from riskengine.training.landmarks import (
    LandmarkCohort,
    folds_by_person,
    interval_by_person,
    landmark_cohort,
)
from riskengine.training.light import LightBoosting
from riskengine.training.penalised import fit
from riskengine.training.procedure import Procedure

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

OUTCOME, HORIZON, MONTHS = "serious_noncompliance_12m", 180, (3, 6, 9, 12, 18)
DISTRICTS, PEOPLE, SEED, FOLDS, DRAWS = 20, 1_000, 31, 5, 400
AS_OF = date(2040, 1, 1)  # long after everything was recorded
PRIOR_SD = 0.5
BANDS = (0, 3, 6, 9, 12, 18)
RECORD = {item.id for item in ITEMS} | {item.id for item in DERIVED}


# --- Who and what -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Landmark rows of a province, with the hidden truth beside them."""

    landmarks: LandmarkCohort
    at: pd.DataFrame
    intake: LandmarkCohort
    risk: Floats
    clean: Integers

    @property
    def outcome(self) -> Integers:
        """Whether the event came."""
        return self.landmarks.cohort.outcome


def rows_of(province: Province, months: Sequence[int]) -> Rows:
    """Reassess a province, and read both what an officer sees and what is true."""

    def stacked(answers: pd.DataFrame | None) -> LandmarkCohort:
        return landmark_cohort(
            province, outcome=OUTCOME, at_months=months, horizon_days=HORIZON, as_of=AS_OF,
            answers=answers,
        )  # fmt: skip

    again = stacked(reassess(province, landmarks(province, months)))
    intake = stacked(None)
    if not np.array_equal(again.person, intake.person):
        raise SystemExit("the intake and the reassessments do not hold the same rows")
    at = pd.DataFrame(
        {"person": again.person, "month": again.month, "on": again.on.astype("datetime64[s]")}
    )
    return Rows(
        landmarks=again,
        at=at,
        intake=intake,
        risk=truth_at(province, at, HORIZON)["risk"].to_numpy(),
        clean=np.array(again.cohort.column("clean_months"), dtype=np.int64),
    )


@dataclass(frozen=True)
class Inputs:
    """Items and states to learn from, and the states to be scored on where these differ."""

    items: tuple[ScoredItem, ...]
    states: States
    on_the_day: States | None = None


def inputs(source: LandmarkCohort, *, record: bool) -> Inputs:
    """Give scored items of a cohort, with or without those of the record."""
    chosen = candidates(source.instrument, source.cohort, include_protected=False)
    items = tuple(item for item in chosen if record or item.id not in RECORD)
    states = encode(source.cohort, items)
    return Inputs(with_reference(items, states), states)


def unsafe(province: Province, rows: Rows, base: Inputs, *, every: bool) -> Inputs:
    """Add counts over the whole episode, and the same columns as they stand on the day.

    Parameters
    ----------
    every
        Count every violation on record; otherwise those that are no part of the outcome.
    """
    events = province.events
    ends = events[events["is_end"]].set_index("person")["left_on"]
    start = rows.at["person"].map(province.people.set_index("person")["assessed_on"])
    last = pd.Series(province.followed_until.to_numpy(), index=province.people["person"])
    end = rows.at["person"].map(ends).fillna(rows.at["person"].map(last))
    whole = rows.at.assign(on=pd.Timestamp(AS_OF))
    columns = []
    for at, until in ((whole, end), (rows.at, rows.at["on"])):
        known = on_record(province, at)
        if not every:
            minor = known["kind"].eq("admonition") | known["detail"].eq("absent_up_to_10_days")
            known = known[minor]
        number = count(known, len(at))
        years = (until - start).dt.days.to_numpy() / YEAR_DAYS
        columns.append((number, number / years))
    added = (_column("episode_count", (1, 2, 3, 5)), _column("episode_rate", (0.01, 0.5, 1, 2)))
    posed, day = (
        np.column_stack(
            [
                [axis_encoder(item.axis, item.item)(float(value)) for value in values]
                for item, values in zip(added, both, strict=True)
            ]
        )
        for both in columns
    )
    items, states = (*base.items, *added), np.hstack([base.states, posed])
    return Inputs(with_reference(items, states), states, np.hstack([base.states, day]))


def _column(name: str, bands: tuple[int | float, ...]) -> ScoredItem:
    asked: Item | DerivedItem = Item(
        id=name, label=Text(zh=name, en=name), type="number", domain="compliance", minimum=0,
        maximum=10_000, bands=bands, use=("scored",),
    )  # fmt: skip
    return scored_item(asked)


# --- Models -------------------------------------------------------------------------------------

Score = Callable[[States], Floats]
Learn = Callable[[Inputs, States, Integers], Score]


def logistic(source: Inputs, states: States, outcome: Integers) -> Score:
    """Penalised logistic regression; an answer that is not known is worth an average one."""
    shares = [
        np.bincount(states[:, n], minlength=item.axis.states)[: item.known]
        for n, item in enumerate(source.items)
    ]

    def design(of: States) -> Floats:
        parts = [np.ones((len(of), 1))]
        for n, item in enumerate(source.items):
            known = of[:, n] < item.known
            levels = (of[:, n, None] == np.arange(item.known)).astype(float)
            parts.append((levels - shares[n] / max(int(shares[n].sum()), 1)) * known[:, None])
        return np.hstack(parts)

    matrix = design(states)
    precision = np.full(matrix.shape[1], PRIOR_SD**-2)
    precision[0] = 1e-2
    found = fit(matrix, outcome, mean=np.zeros(matrix.shape[1]), precision=precision).mean
    return lambda of: np.asarray(design(of) @ found)


def boosting(source: Inputs, states: States, outcome: Integers) -> Score:
    """Fit the light additive learner through the whole procedure."""
    procedure = Procedure(source.items, LightBoosting(), SEED, enforce=False)
    return procedure.learn(states, outcome).free.score


@dataclass(frozen=True)
class Predicted:
    """Calibrated log-odds of every row by models that had not seen the person."""

    name: str
    log_odds: Floats

    @property
    def chance(self) -> Floats:
        """Probabilities."""
        return sigmoid(self.log_odds)


def predict(source: Inputs, rows: Rows, learn: Learn) -> tuple[Floats, Floats]:
    """Score everybody out of fold, calibrated on the other folds: as posed, and on the day."""
    outcome = rows.outcome
    folds = folds_by_person(rows.landmarks.person, outcome, FOLDS, SEED)
    day = source.states if source.on_the_day is None else source.on_the_day
    posed, on_day = np.empty(len(outcome)), np.empty(len(outcome))
    for fold in range(FOLDS):
        held = folds == fold
        score = learn(source, source.states[~held], outcome[~held])
        posed[held], on_day[held] = score(source.states[held]), score(day[held])
    calibrated = np.empty((2, len(outcome)))
    for fold in range(FOLDS):
        held = folds == fold
        # both by the same line, as it would be before use: from columns like those learned from
        line = Sigmoid.fitted(posed[~held], outcome[~held])
        calibrated[0, held], calibrated[1, held] = line.of(posed[held]), line.of(on_day[held])
    return calibrated[0], calibrated[1]


def run(province: Province, months: Sequence[int]) -> tuple[Rows, list[Predicted]]:
    """Predict with every variant; the intake answers first, the landmark model second."""
    rows = rows_of(province, months)
    intake, full = inputs(rows.intake, record=False), inputs(rows.landmarks, record=True)
    rated = inputs(rows.landmarks, record=False)
    found = [
        Predicted("intake answers, fitted to the same rows", predict(intake, rows, logistic)[0]),
        Predicted("**landmark model**, logistic", predict(full, rows, logistic)[0]),
        Predicted("landmark model, light boosting", predict(full, rows, boosting)[0]),
        Predicted("rated again, without the record", predict(rated, rows, logistic)[0]),
    ]
    for every, what in ((True, "every violation"), (False, "minor ones alone")):
        posed, day = predict(unsafe(province, rows, rated, every=every), rows, logistic)
        found.append(Predicted(f"**unsafe**, whole episode, {what}: as posed", posed))
        found.append(Predicted(f"the same, {what}: on the day", day))
    return rows, found


# --- Report -------------------------------------------------------------------------------------


def difference(
    rows: Rows, one: Predicted, other: Predicted, figure: Callable[[Floats, Integers], float]
) -> tuple[float, float, float]:
    """Difference of a figure of two models, paired, with its interval by person."""

    def paired(at: Integers) -> float:
        return figure(one.chance[at], rows.outcome[at]) - figure(
            other.chance[at], rows.outcome[at]
        )

    low, high = interval_by_person(paired, rows.landmarks.person, seed=SEED, draws=DRAWS)
    return paired(np.arange(len(rows.outcome))), low, high


def models_table(rows: Rows, found: Sequence[Predicted]) -> str:
    """Say how good every model is, and how far from the truth."""
    base = found[0]
    lines: list[tuple[str, ...]] = []
    for model in found:
        cells: tuple[str, ...] = ("–", "–")
        if model is not base:
            cells = tuple(
                f"{value:+.{digits}f} ({low:+.{digits}f} – {high:+.{digits}f})"
                for figure, digits in ((auc, 4), (brier, 6))
                for value, low, high in [difference(rows, model, base, figure)]
            )
        away = float(np.sqrt(np.mean((model.chance - rows.risk) ** 2)))
        lines.append(
            (
                model.name, f"{auc(model.chance, rows.outcome):.4f}", cells[0],
                f"{brier(model.chance, rows.outcome):.6f}", cells[1],
                f"{calibration_line(model.log_odds, rows.outcome)[0]:.3f}", f"{away:.4f}",
            )
        )  # fmt: skip
    truth = np.log(rows.risk / (1 - rows.risk))
    lines.append(
        ("*the truth*", f"{auc(rows.risk, rows.outcome):.4f}", "–",
         f"{brier(rows.risk, rows.outcome):.6f}", "–",
         f"{calibration_line(truth, rows.outcome)[0]:.3f}", "0")
    )  # fmt: skip
    return table(
        ("Model", "AUC", "against intake", "Brier", "against intake", "Slope",
         "Root mean square distance from true risk"),
        lines,
    )  # fmt: skip


def band_of(clean: Integers) -> Integers:
    """Band of clean months, as its place in `BANDS`."""
    places: Integers = np.searchsorted(np.array(BANDS), clean, side="right") - 1
    return places


def band_name(place: int) -> str:
    """Name of a band."""
    last = place == len(BANDS) - 1
    return f"{BANDS[place]} or more" if last else f"{BANDS[place]}–{BANDS[place + 1] - 1}"


def by_band(rows: Rows, values: Floats) -> list[float]:
    """Mean in every band of clean time; not a number where nobody is in it."""
    places = band_of(rows.clean)
    totals = np.bincount(places, weights=values, minlength=len(BANDS))
    sizes = np.bincount(places, minlength=len(BANDS)).astype(float)
    return [float(t / n) if n else float("nan") for t, n in zip(totals, sizes, strict=True)]


def bands_table(rows: Rows, found: Sequence[Predicted]) -> str:
    """Compare predictions with the truth by clean time."""
    places = band_of(rows.clean)
    columns = [rows.risk, rows.outcome.astype(float), found[1].chance, found[2].chance,
               found[0].chance]  # fmt: skip
    means = [by_band(rows, column) for column in columns]
    lines = [
        (band_name(n), f"{int((places == n).sum()):,}",
         str(int(rows.outcome[places == n].sum())), *(f"{mean[n]:.4f}" for mean in means))
        for n in range(len(BANDS))
    ]  # fmt: skip
    return table(
        ("Clean months", "Rows", "Events", "True risk", "Observed", "Landmark, logistic",
         "Landmark, boosting", "Intake only"),
        lines,
    )  # fmt: skip


def worlds_table(months: Sequence[int], districts: int, people: int) -> str:
    """Show true risk by clean time on record, with and without the stated fall of hazards."""
    level = replace(DEFAULT, ends=replace(DEFAULT.ends, clean_floor=Number(1.0)))
    lines = []
    for name, parameters in (
        ("default: hazards fall with clean time, and people differ", DEFAULT),
        ("hazards do not fall: people differ, nothing else", level),
    ):
        lines.append((name, *_true_by_clean(districts, people, months, parameters)))
    return table(
        ("World, true risk by clean months", *(band_name(n) for n in range(len(BANDS)))), lines
    )


def _true_by_clean(
    districts: int, people: int, months: Sequence[int], parameters: Parameters
) -> list[str]:
    province = make_province(districts, people, seed=SEED, parameters=parameters)
    at = landmarks(province, months)
    risk = truth_at(province, at, HORIZON)["risk"].to_numpy()
    seen = history(province, at, province.instrument.outcomes_by_id[OUTCOME])
    since = seen["clean_since"].to_numpy().astype("datetime64[D]")
    places = band_of(whole_months(since, at["on"].to_numpy()))
    return [f"{risk[places == n].mean():.4f}" for n in range(len(BANDS))]


def report_of(rows: Rows, found: Sequence[Predicted], worlds: str) -> str:
    """Write the body of the report."""
    cohort = rows.landmarks.cohort
    means = {model.name: by_band(rows, model.chance) for model in found[:3]}
    truth = by_band(rows, rows.risk)
    worst = {
        name: max(abs(value / true - 1) for value, true in zip(mean, truth, strict=True))
        for name, mean in means.items()
    }
    month = ", ".join(str(m) for m in MONTHS)
    return "\n".join(
        [
            f"A made-up province of {DISTRICTS} districts with {PEOPLE:,} people each (seed "
            f"{SEED}). Landmarks at months {month} after intake: {cohort.people:,} rows of "
            f"{rows.landmarks.people:,} people still under supervision on the day, "
            f"{cohort.events:,} events within {HORIZON} days. {len(cohort.unlabelled):,} rows "
            "whose follow-up stopped early are left out. Answers on the day: recorded ones "
            "carried forward, rated ones rated again, counts from what was on record that day.",
            "",
            f"{FOLDS}-fold cross-validation with folds by person; all models are calibrated on "
            f"the other folds. Intervals: 95 %, {DRAWS} draws of people with all their rows. "
            "The logistic regression has a normal prior with a standard deviation of "
            f"{PRIOR_SD:g} on every level.",
            "",
            "## How good",
            "",
            models_table(rows, found),
            "",
            "*Unsafe* models count violations over the whole episode, which lies partly ahead, "
            "and divide by its length, which the event itself ends. *As posed* scores them on "
            "such columns: a figure that cannot be reached. *On the day* gives the same fitted "
            "models the same columns as they stand on the landmark day: what is left in use.",
            "",
            "## Does predicted risk fall with clean time?",
            "",
            bands_table(rows, found),
            "",
            "Largest distance of a band's mean from the truth, as a share of it: "
            + "; ".join(f"{name.replace('**', '')} {value:.1%}" for name, value in worst.items())
            + ". The truth falls for two reasons, both stated: hazards fall with clean time by a "
            "parameter of the province, and those who stay clean are others from the start.",
            "",
            worlds,
            "",
            "Nobody in the province exists and almost every number behind it is illustrative: "
            "this says that the method recovers what is true there, and nothing about any real "
            "place.",
        ]
    )


def main() -> int:
    """Run everything and write the report."""
    arguments(__doc__).parse_args()
    province = make_province(DISTRICTS, PEOPLE, seed=SEED)
    rows, found = run(province, MONTHS)
    truth, places = by_band(rows, rows.risk), band_of(rows.clean)
    lines: dict[str, list[tuple[float, float, float | None, float | None]]] = {}
    for name, values in (
        ("true risk", truth),
        ("landmark model", by_band(rows, found[1].chance)),
        ("intake answers alone", by_band(rows, found[0].chance)),
    ):
        lines[name] = [(float(BANDS[n]), values[n], None, None) for n in range(len(BANDS))]
    observed: list[tuple[float, float, float | None, float | None]] = []
    for n in range(len(BANDS)):
        inside = np.flatnonzero(places == n)

        def rate(at: Integers, inside: Integers = inside) -> float:
            return float(rows.outcome[inside[at]].mean())

        person = rows.landmarks.person[inside]
        ends = interval_by_person(rate, person, seed=SEED, draws=DRAWS)
        observed.append((float(BANDS[n]), rate(np.arange(len(inside))), *ends))
    lines["observed"] = observed
    title = "Reassessment on a made-up province: risk by clean time"
    line_plot(
        REPORTS / "reassessment.svg",
        title=title,
        x_label="Clean months on the landmark day, lower end of the band",
        y_label=f"Risk within {HORIZON} days",
        series=lines,
    )
    worlds = worlds_table(MONTHS, DISTRICTS, PEOPLE)
    write_report(
        "reassessment", title, report_of(rows, found, worlds), "python benchmarks/reassessment.py"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
