"""Reading a cohort: people with their answers and what became of them.

A row that cannot be used never stops the reading and is never lost: it stands in `Cohort.rejects`
with its row, item and value, or in `Cohort.unlabelled` with the reason. Items that are known only
after the assessment are not read at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError, shown
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.intake.native import ColumnPlan, NativeMap, is_blank
from riskengine.training.answer_table import AnswerTable, coded, table_of
from riskengine.training.cohort_files import WOOLDRIDGE, Source, open_blocks
from riskengine.training.courses import (
    Courses,
    Reject,
    check_horizon,
    joined,
    read_courses,
)
from riskengine.training.follow_up import (
    DAYS_OF_A_YEAR,
    END_OF_TERM,
    EVENT,
    HORIZON,
    MONTHS_OF_A_YEAR,
    Course,
    Seen,
    Unlabelled,
    median_follow_up,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AHEAD",
    "WOOLDRIDGE",
    "Cohort",
    "FollowUp",
    "Horizons",
    "Reject",
    "horizons_of",
    "read_cohort",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

AHEAD = ("supervision", "outcome")
"""Values of ``known_at`` that lie after the moment at which a score is made."""

MOST_LOST = 0.05
"""Largest share of people who may be lost sight of at a time, or for a reason, that is not known.
Above it their absence could bend the outcome, and nothing could make up for it."""


@dataclass(frozen=True)
class FollowUp:
    """How a cohort was followed up to the horizon.

    Attributes
    ----------
    labelled
        People with the event, or known to be without it.
    censored
        People whose observation stopped before, by reason.
    competing
        People whose follow-up ended in a way that precludes the event, by reason.
    not_yet
        People for whom horizon or term and the reporting lag have not passed.
    effective
        Effective sample size, ``sum(w)^2 / sum(w^2)``: so many people followed to the end would
        say about as much.
    truncated
        Share of the labelled whose weight was cut at the bound.
    largest
        For how many people the one counts who counts most, after the cut.
    stands_for
        Sum of the weights over labelled and censored people; about one where all are represented.
    median_days
        Median time for which people could have been followed (reverse Kaplan-Meier), in days;
        ``None`` where the file holds no times, or where less than half would have been lost.
    """

    labelled: int
    censored: Mapping[str, int]
    competing: Mapping[str, int]
    not_yet: int
    effective: float
    truncated: float
    largest: float
    stands_for: float
    median_days: float | None

    def words(self) -> list[str]:
        """Say it in a few lines."""

        def listed(counts: Mapping[str, int]) -> str:
            each = ", ".join(f"{reason} {count}" for reason, count in counts.items())
            return f"{sum(counts.values())} ({each})" if counts else "0"

        lines = [
            f"{self.labelled} people followed to the end; ended without the event before: "
            f"{listed(self.competing)}; observation stopped before: {listed(self.censored)}; "
            f"not followed long enough yet: {self.not_yet}"
        ]
        if self.censored:
            lines.append(
                f"weighted for those who were not followed to the end: effective sample size "
                f"{self.effective:.0f}; largest weight {self.largest:.2f}, "
                f"{self.truncated:.1%} of the weights cut; the weights stand for "
                f"{self.stands_for:.1%} of the people"
            )
        if self.median_days is not None:
            lines.append(f"median follow-up {self.median_days:.0f} days")
        return lines


@dataclass(frozen=True)
class Cohort:
    """People whose outcome is known.

    Attributes
    ----------
    source
        Name of the file or table, without its folder.
    data_sha256
        Hash of the file's bytes; of the canonical CSV where there is no file.
    rows
        Rows read, whatever became of them.
    answers
        For every person, complete answers: known values, derived items, not-known codes.
    outcome
        Shape (people,): 1 where the event was seen, 0 where it was not.
    rejects
        Rows with an answer or a day that is not accepted.
    unlabelled
        Rows with no outcome, each with the reason.
    outside
        Rows that do not belong to the outcome's risk set.
    unread
        Columns that the instrument does not know or blocks, and items that look ahead.
    present
        Items that the file has a column for and that were read.
    by_discretion
        How many events rest on nothing but an officer's discretion; ``None`` where the file does
        not tell the parts of a composite outcome apart.
    at
        Shape (people,): number of everybody's row, the first below the header being 1.
    censoring_weight
        Shape (people,), mean one: how much everybody counts, so that those followed to the end
        stand for those lost sight of; ``None`` where nobody was, and all count alike.
    follow_up
        How people were followed.
    event_times
        Shape (people,): when the event came, in the file's unit, ``nan`` for the others; ``None``
        where the file holds no times.
    """

    source: str
    data_sha256: str
    rows: int
    answers: Sequence[Mapping[str, object]]
    outcome: Integers
    rejects: tuple[Reject, ...]
    unlabelled: tuple[tuple[int, str], ...]
    outside: int
    unread: tuple[str, ...]
    present: frozenset[str]
    by_discretion: int | None = None
    at: Integers | None = None
    censoring_weight: Floats | None = None
    follow_up: FollowUp | None = None
    event_times: Floats | None = None

    @property
    def people(self) -> int:
        """How many people can be learned from."""
        return len(self.answers)

    @cached_property
    def events(self) -> int:
        """How many of them had the event."""
        return int(self.outcome.sum())

    @cached_property
    def weight(self) -> Floats:
        """How much everybody counts; shape (people,), mean one."""
        return np.ones(self.people) if self.censoring_weight is None else self.censoring_weight

    @cached_property
    def counts(self) -> Floats:
        """The same, summing to the effective sample size.

        For a posterior, whose width follows from how many people it has seen.
        """
        weight = self.weight
        return weight * (weight.sum() / (weight @ weight)) if self.people else weight

    def column(self, item: str) -> list[object]:
        """Every person's answer to one item."""
        answers, codes = coded(self.answers, item)
        return [answers[code] for code in codes.tolist()]


@dataclass(frozen=True)
class Horizons:
    """Labels of one outcome at several horizons, for the same people.

    Attributes
    ----------
    days
        The horizons.
    cohorts
        One a horizon.
    answers, at
        Everybody who has a label at one of them at least, and the number of the row.
    outcome
        Shape (people, horizons): 1 or 0; 0 where there is no label.
    weight
        Shape (people, horizons): zero where there is no label.
    """

    days: tuple[int, ...]
    cohorts: tuple[Cohort, ...]
    answers: tuple[Mapping[str, object], ...]
    at: Integers
    outcome: Integers
    weight: Floats


def read_cohort(
    source: Source,
    instrument: Instrument,
    outcome: str,
    *,
    horizon_days: int | None = None,
    extracted_on: date | None = None,
) -> Cohort:
    """Read a cohort through the instrument's crosswalk.

    Parameters
    ----------
    source
        A CSV (also ``.gz``) or Parquet file, a data frame, `WOOLDRIDGE`, or a table that is open
        already.
    outcome
        Id of the outcome; the instrument says in which columns it stands.
    horizon_days
        One of the outcome's horizons; the first where it is left out.
    extracted_on
        The day up to which the file shows what happened, for outcomes by dates.

    Raises
    ------
    TrainingError
        Where the file, the outcome or its columns cannot be used at all, or where too few people
        were followed to the end to stand for the others.
    """
    definition = _outcome(instrument, outcome)
    horizon = check_horizon(definition, horizon_days)
    return _Reading(source, instrument, definition, extracted_on).by(horizon)


def horizons_of(
    source: Path | str | pd.DataFrame,
    instrument: Instrument,
    outcome: str,
    *,
    horizons: Sequence[int] | None = None,
    extracted_on: date | None = None,
) -> Horizons:
    """Read several horizons of one outcome from one file.

    Parameters
    ----------
    horizons
        In days; all of the outcome's where it is left out.

    Raises
    ------
    TrainingError
        As `read_cohort`, for any of them.
    """
    definition = _outcome(instrument, outcome)
    days = tuple(check_horizon(definition, h) for h in horizons or definition.horizon_days)
    reading = _Reading(source, instrument, definition, extracted_on)
    cohorts = tuple(reading.by(horizon) for horizon in days)
    rows = [one.at for one in cohorts if one.at is not None]
    at = np.unique(np.concatenate(rows))
    outcomes = np.zeros((len(at), len(days)), dtype=np.int64)
    weight = np.zeros((len(at), len(days)))
    by_row: dict[int, Mapping[str, object]] = {}
    for column, (cohort, row) in enumerate(zip(cohorts, rows, strict=True)):
        places = np.searchsorted(at, row)
        outcomes[places, column] = cohort.outcome
        weight[places, column] = cohort.weight
        by_row.update(zip(row.tolist(), cohort.answers, strict=True))
    return Horizons(
        days=days,
        cohorts=cohorts,
        answers=tuple(by_row[row] for row in at.tolist()),
        at=at,
        outcome=outcomes,
        weight=weight,
    )


def _outcome(instrument: Instrument, outcome: str) -> Outcome:
    definition = instrument.outcomes_by_id.get(outcome)
    if definition is None:
        raise TrainingError(
            f"instrument [{instrument.id}] has no outcome {shown(outcome)}; "
            f"it has {', '.join(instrument.outcomes_by_id)}"
        )
    return definition


class _Reading:
    """One file, opened and read once, whatever horizons are asked of it.

    It is read block by block, and what is kept of a row is its course and its answers.
    """

    def __init__(
        self,
        source: Source,
        instrument: Instrument,
        outcome: Outcome,
        extracted_on: date | None,
    ) -> None:
        table = open_blocks(source)
        self.name, self.digest = table.name, table.sha256
        self.instrument = instrument
        native = NativeMap(instrument)
        plan = native.columns(table.columns)
        ahead = {item.id for item in instrument.items if item.known_at in AHEAD}
        wanted = {item: column for item, column in plan.items.items() if item not in ahead}
        self.present = frozenset(wanted)
        self.unread = _unread(plan, ahead)
        rejects: list[Reject] = []
        courses: list[Courses] = []
        at: list[int] = []

        def answered() -> Iterator[Mapping[str, object]]:
            first = 0
            for frame in table.blocks():
                here = read_courses(frame, instrument, outcome, self.name, extracted_on)
                courses.append(here)
                values = {item: _mapped(native, item, frame[col]) for item, col in wanted.items()}
                for row, course in enumerate(here.rows):
                    if course is None:
                        continue
                    raw = {item: column[row] for item, column in values.items()}
                    parsed, problems = parse_answers(instrument, raw)
                    number = first + row + 1
                    rejects.extend(Reject(number, p.item, p.value, p.text("en")) for p in problems)
                    if isinstance(course, tuple):
                        rejects.extend(replace(one, row=first + one.row) for one in course)
                    elif not problems:
                        at.append(first + row)
                        yield complete(instrument, parsed)
                first += len(frame)

        self.answers: AnswerTable = table_of(answered())
        self.at = np.array(at, dtype=np.int64)
        """Shape (people,): positions of the rows whose answers were read."""
        self.rejects = tuple(rejects)
        self.courses = joined(courses)
        self.rows = len(self.courses.rows)

    def by(self, horizon_days: int) -> Cohort:
        """Label everybody by a horizon, and weight those followed to the end."""
        found = self.courses.seen_by(horizon_days)
        here = [(place, row, found[row]) for place, row in enumerate(self.at.tolist())]
        seen = [(place, row, one) for place, row, one in here if isinstance(one, Seen)]
        without = [(row, one) for _, row, one in here if isinstance(one, Unlabelled)]
        _refuse_losses([one for _, one in without], len(seen), self.name)
        told = self.courses.parts
        places = np.array([place for place, _, _ in seen], dtype=np.int64)
        # everybody whose horizon has come, also those who were lost sight of before it
        ripe = Cohort(
            source=self.name,
            data_sha256=self.digest,
            rows=self.rows,
            answers=self.answers.taken(places),
            outcome=np.array([one.label or 0 for _, _, one in seen], dtype=np.int64),
            rejects=self.rejects,
            unlabelled=tuple((row + 1, one.reason) for row, one in without),
            outside=sum(row is None for row in self.courses.rows),
            unread=self.unread,
            present=self.present,
            by_discretion=(
                sum(one.label == 1 and not one.firm for _, _, one in seen) if told else None
            ),
            at=self.at[places] + 1,
            event_times=_event_times([one for _, _, one in seen]),
        )
        return self._followed(ripe, [one for _, _, one in seen], [one for _, one in without])

    def _followed(
        self, ripe: Cohort, seen: Sequence[Seen], without: Sequence[Unlabelled]
    ) -> Cohort:
        """Leave out those lost sight of, and let the others count for them."""
        known = np.array([one.label is not None for one in seen], dtype=bool)
        censored = Counter(one.why for one in seen if one.label is None)
        answered = (EVENT, HORIZON, END_OF_TERM)
        competing = Counter(
            one.why for one in seen if one.label is not None and one.why not in answered
        )
        courses = [row for row in self.courses.rows if isinstance(row, Course)]
        median = median_follow_up(courses)
        if median is not None and self.courses.unit == "months":
            median *= DAYS_OF_A_YEAR / MONTHS_OF_A_YEAR
        people = int(known.sum())
        follow_up = FollowUp(
            labelled=people,
            censored=dict(sorted(censored.items())),
            competing=dict(sorted(competing.items())),
            not_yet=sum(not one.lost for one in without) if courses else 0,
            effective=float(people),
            truncated=0.0,
            largest=1.0,
            stands_for=1.0,
            median_days=median,
        )
        if known.all():
            return replace(ripe, follow_up=follow_up)
        # the axes of a model know cohorts, so that this cannot stand at the top
        from riskengine.training.axes import candidates, encode
        from riskengine.training.censoring import weights_of

        assert self.courses.unit is not None
        items = candidates(self.instrument, ripe, include_protected=False)
        weights = weights_of(items, encode(ripe, items), seen, self.courses.unit, self.name)
        assert ripe.at is not None and isinstance(ripe.answers, AnswerTable)
        at, kept = ripe.at, np.flatnonzero(known)
        lost = [
            (row, f"follow-up stopped before the horizon ({one.why})")
            for row, one in zip(at.tolist(), seen, strict=True)
            if one.label is None
        ]
        return replace(
            ripe,
            answers=ripe.answers.taken(kept),
            outcome=ripe.outcome[kept],
            event_times=None if ripe.event_times is None else ripe.event_times[kept],
            unlabelled=tuple(sorted((*ripe.unlabelled, *lost))),
            at=at[kept],
            censoring_weight=weights.relative,
            follow_up=replace(
                follow_up,
                effective=weights.effective,
                truncated=weights.truncated,
                largest=weights.largest,
                stands_for=weights.stands_for,
            ),
        )


def _event_times(seen: Sequence[Seen]) -> Floats | None:
    """Say when events came, where the file knows."""
    times = [one.time if one.label == 1 else None for one in seen]
    if all(time is None for time in times):
        return None
    return np.array([np.nan if time is None else time for time in times])


def _refuse_losses(without: Collection[Unlabelled], seen: int, name: str) -> None:
    lost = sum(one.lost for one in without)
    if lost > MOST_LOST * (lost + seen):
        raise TrainingError(
            f"{name}: {lost} of {lost + seen} people were lost sight of, and when or why is not "
            f"known; leaving out more than {MOST_LOST:.0%} would bend the outcome. Record the day "
            f"and the reason of every end of follow-up, or choose a shorter horizon"
        )


def _unread(plan: ColumnPlan, ahead: set[str]) -> tuple[str, ...]:
    late = [column for item, column in plan.items.items() if item in ahead]
    return (*plan.unknown, *(column for column, _ in plan.blocked), *late)


def _mapped(native: NativeMap, item: str, column: pd.Series[Any]) -> list[object]:
    """Read one column; every distinct cell is read once."""
    read: dict[tuple[type, object], object] = {}
    values = []
    for cell in column.tolist():
        plain = tuple(cell) if isinstance(cell, list) else cell
        key = (type(cell), None if is_blank(cell) else plain)
        if key not in read:
            read[key] = native.value(item, cell)
        values.append(read[key])
    return values
