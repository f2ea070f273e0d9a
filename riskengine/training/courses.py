"""From a cohort file's columns to what became of every person.

Three forms, as the instrument declares them: a column that names the event, a time with a
censoring mark, or days. A day that cannot be read, or that stands in an impossible order, sets its
row aside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from riskengine.errors import TrainingError, shown
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome, OutcomeColumns
from riskengine.intake.native import is_blank, iso_date
from riskengine.training.follow_up import (
    EVENT,
    LOST,
    Course,
    Ending,
    Seen,
    Unit,
    Unlabelled,
    in_units,
    seen_by,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Reject:
    """One thing for which a row was set aside.

    Attributes
    ----------
    row
        Number of the row in the file; the first row below the header is 1.
    item, value, message
        What was wrong, as the instrument's own check says it; of a day, its column.
    """

    row: int
    item: str
    value: str
    message: str


Row = Course | Seen | Unlabelled | tuple[Reject, ...] | None
"""A course; what was seen where the file holds no times; why there is no label; what is wrong
with the row; or ``None`` outside the risk set."""


@dataclass(frozen=True)
class Courses:
    """What became of every row of a file, for one outcome.

    Attributes
    ----------
    rows
        One entry a row.
    unit
        Of all times; ``None`` where the file holds none.
    parts
        Whether the file tells events by discretion from others.
    """

    outcome: Outcome
    rows: tuple[Row, ...]
    unit: Unit | None
    parts: bool

    def seen_by(self, horizon_days: int) -> list[Seen | Unlabelled | tuple[Reject, ...] | None]:
        """Say of every row what is known by a horizon."""
        horizon = in_units(horizon_days, self.unit or "days")
        # it matters to days alone: times without them do not tell how long ago they were
        lag = float(self.outcome.reporting_lag_days)
        to_term = self.outcome.estimand == "by_horizon_or_end_of_term"
        return [
            seen_by(row, horizon, lag=lag, to_term=to_term) if isinstance(row, Course) else row
            for row in self.rows
        ]


def check_horizon(outcome: Outcome, horizon_days: int | None) -> int:
    """Give the horizon asked for, or the outcome's first.

    Raises
    ------
    TrainingError
        Where the outcome does not have it.
    """
    horizon = outcome.horizon_days[0] if horizon_days is None else horizon_days
    if horizon not in outcome.horizon_days:
        raise TrainingError(
            f"outcome [{outcome.id}] has no horizon of {horizon} days; "
            f"it has {', '.join(map(str, outcome.horizon_days))}"
        )
    return horizon


def read_courses(
    frame: pd.DataFrame,
    instrument: Instrument,
    outcome: Outcome,
    name: str,
    extracted_on: date | None = None,
) -> Courses:
    """Read what became of every row.

    Parameters
    ----------
    name
        Of the file, for messages.
    extracted_on
        The day up to which the file shows what happened; for days, where no column says it.

    Raises
    ------
    TrainingError
        Where the file cannot tell the outcome at all.
    """
    columns = outcome.columns
    if columns is None:
        raise TrainingError(f"the instrument does not say where a file holds [{outcome.id}]")
    if extracted_on is not None and not columns.by_dates:
        raise TrainingError(
            f"outcome [{outcome.id}] does not stand in the file by days; the day of the "
            f"extraction says nothing about it"
        )
    inside = _risk_set(columns, outcome, frame, name)
    if columns.by_dates:
        dated = _Dates(frame, instrument, outcome, columns, name, extracted_on)
        rows = [dated.course(row) if inside[row] else None for row in range(len(frame))]
        return Courses(outcome, tuple(rows), "days", parts=True)
    one = _by_time if columns.time_column else _by_event
    read = one(columns, outcome, frame, name)
    firm = _firm(instrument, outcome, frame, name)
    return Courses(
        outcome,
        tuple(
            _with_firm(read(row), None if firm is None else firm[row]) if inside[row] else None
            for row in range(len(frame))
        ),
        columns.time_unit if columns.time_column else None,
        parts=firm is not None,
    )


def joined(parts: Sequence[Courses]) -> Courses:
    """Join the blocks of one file; rejects keep the numbers that they have."""
    rows = tuple(row for part in parts for row in part.rows)
    return replace(parts[0], rows=rows)


# --- Columns ------------------------------------------------------------------------------------


def _text(cell: object) -> str:
    """Give a cell as it would stand in a CSV file."""
    if is_blank(cell):
        return ""
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _cells(frame: pd.DataFrame, column: str, outcome: Outcome, name: str) -> list[object]:
    if column not in frame.columns:
        raise TrainingError(f"{name}: no column {shown(column)} for outcome [{outcome.id}]")
    cells: list[object] = frame[column].tolist()
    return cells


def _texts(frame: pd.DataFrame, column: str, outcome: Outcome, name: str) -> list[str]:
    return [_text(cell) for cell in _cells(frame, column, outcome, name)]


def _risk_set(
    columns: OutcomeColumns, outcome: Outcome, frame: pd.DataFrame, name: str
) -> list[bool]:
    texts = {column: _texts(frame, column, outcome, name) for column in columns.risk_set}
    return [
        all(texts[column][row] in wanted for column, wanted in columns.risk_set.items())
        for row in range(len(frame))
    ]


# --- Events and times ---------------------------------------------------------------------------


def _by_event(
    columns: OutcomeColumns, outcome: Outcome, frame: pd.DataFrame, name: str
) -> Callable[[int], Row]:
    assert columns.event_column is not None
    cells = _texts(frame, columns.event_column, outcome, name)

    def seen(row: int) -> Row:
        if not cells[row]:
            return Unlabelled(f"column {shown(columns.event_column)} is empty")
        return Seen(int(cells[row] in columns.event_values), None, EVENT)

    return seen


def _by_time(
    columns: OutcomeColumns, outcome: Outcome, frame: pd.DataFrame, name: str
) -> Callable[[int], Row]:
    assert columns.time_column is not None
    times = _texts(frame, columns.time_column, outcome, name)
    ends = columns.censored_column and _texts(frame, columns.censored_column, outcome, name)

    def course(row: int) -> Row:
        try:
            time = float(times[row])
        except ValueError:
            time = math.nan
        if not (math.isfinite(time) and time >= 0):
            return Unlabelled(f"column {shown(columns.time_column)} is empty or no number")
        if ends and ends[row] in columns.censored_values:
            return Course(end=time, ending="censoring", reason=LOST)
        return Course(event=time)

    return course


def _firm(
    instrument: Instrument, outcome: Outcome, frame: pd.DataFrame, name: str
) -> list[bool] | None:
    """For every row, whether some part of the outcome came about that is nobody's discretion.

    ``None`` where the parts cannot be told apart in this file.
    """
    if not outcome.components:
        return [not outcome.discretion] * len(frame)
    parts = [instrument.outcomes_by_id[part] for part in outcome.components]
    try:
        firm = [
            read_courses(frame, instrument, part, name).seen_by(part.horizon_days[0])
            for part in parts
            if not part.discretion
        ]
    except TrainingError:
        return None
    return [
        any(isinstance(one := seen[row], Seen) and one.label == 1 for seen in firm)
        for row in range(len(frame))
    ]


def _with_firm(row: Row, firm: bool | None) -> Row:
    if isinstance(row, Seen):
        return replace(row, firm=firm)
    if isinstance(row, Course) and firm:
        return replace(row, firm=row.event)
    return row


# --- Days ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Dated:
    """A column of days on which an event may have come.

    Attributes
    ----------
    firm
        Whether the event is nobody's discretion.
    """

    column: str
    firm: bool


class _Dates:
    """Reads courses from days."""

    def __init__(
        self,
        frame: pd.DataFrame,
        instrument: Instrument,
        outcome: Outcome,
        columns: OutcomeColumns,
        name: str,
        extracted_on: date | None,
    ) -> None:
        if columns.start_column is None:
            raise TrainingError(
                f"the instrument does not say where a file holds the start of follow-up for "
                f"[{outcome.id}]; it is read as a part of a composite outcome"
            )
        if extracted_on is None and columns.extraction_column is None:
            raise TrainingError(
                f"{name}: up to which day does it show what happened? Without the day of its "
                f"extraction nobody can tell who was followed long enough (extracted_on)"
            )
        self._outcome = outcome
        self._columns = columns
        self._extracted_on = extracted_on
        self._start = columns.start_column
        self._firm_ends = _firm_ends(instrument, outcome)
        self._events = _event_columns(instrument, outcome, columns)
        if not self._events and not self._event_reasons() & set(columns.end_reasons.values()):
            raise TrainingError(
                f"the instrument names no column with days of [{outcome.id}] and no end that "
                f"is its event"
            )
        days = [self._start, columns.end_date_column, columns.term_end_column]
        days += [one.column for one in self._events]
        if extracted_on is None:
            days.append(columns.extraction_column)
        self._cells = {
            column: _cells(frame, column, outcome, name) for column in filter(None, days)
        }
        reasons = columns.end_reason_column
        self._reasons = _texts(frame, reasons, outcome, name) if reasons else None

    def _event_reasons(self) -> set[str]:
        return {self._outcome.id, *self._outcome.components}

    def course(self, row: int) -> Row:
        """Read one row."""
        if is_blank(self._cells[self._start][row]):
            return Unlabelled(f"column {shown(self._start)} is empty")
        days, problems = self._days(row)
        if problems:
            return problems
        start = days[self._start]

        def since(day: date | None) -> float | None:
            return None if day is None else float((day - start).days)

        reach = self._reach(days)
        if reach is None:
            return Unlabelled(f"column {shown(self._columns.extraction_column)} is empty")
        end_column, term_column = self._columns.end_date_column, self._columns.term_end_column
        end = days.get(end_column) if end_column else None
        told = self._reasons[row] if self._reasons is not None else ""
        if (end is None) != (not told):
            what = "on a day that is not known" if end is None else "for a reason that is not told"
            return Unlabelled(f"follow-up ended {what}", lost=True)
        reason = self._columns.end_reasons.get(told, told)
        events = [(days[one.column], one.firm) for one in self._events if one.column in days]
        if end is not None and reason in self._event_reasons():
            events.append((end, reason in self._firm_ends))
        return Course(
            event=since(min((day for day, _ in events), default=None)),
            firm=since(min((day for day, firm in events if firm), default=None)),
            end=since(end),
            ending=self._ending(reason) if end is not None else None,
            reason=reason,
            term=since(days.get(term_column)) if term_column else None,
            reach=since(reach),
        )

    def _reach(self, days: Mapping[str, date]) -> date | None:
        if self._extracted_on is not None:
            return self._extracted_on
        column = self._columns.extraction_column
        return None if column is None else days.get(column)

    def _ending(self, reason: str) -> Ending:
        outcome = self._outcome
        if reason in outcome.competing:
            return "competing"
        if reason in outcome.censoring or reason in outcome.not_failures:
            return "censoring"
        # an end that is the event itself stops nothing before it
        return "competing" if reason in self._event_reasons() else "unlisted"

    def _days(self, row: int) -> tuple[dict[str, date], tuple[Reject, ...]]:
        """Read the days of a row and check their order."""
        days: dict[str, date] = {}
        problems: list[Reject] = []

        def refuse(column: str, message: str) -> None:
            value = shown(_text(self._cells[column][row]))
            problems.append(Reject(row + 1, column, value, f"{shown(column)} {value}: {message}"))

        for column, cells in self._cells.items():
            if is_blank(cells[row]):
                continue
            written = iso_date(cells[row])
            if written is None:
                refuse(column, "not a day such as 2026-03-31")
            else:
                days[column] = date.fromisoformat(written)
        if problems:
            return days, tuple(problems)
        start, reach = days[self._start], self._reach(days)
        happened = [one.column for one in self._events]
        if self._columns.end_date_column:
            happened.append(self._columns.end_date_column)
        for column in happened:
            day = days.get(column)
            if day is None:
                continue
            # what is known on the day of the assessment is no forecast; an end may fall on it
            early = day < start or (day == start and column != self._columns.end_date_column)
            if early:
                refuse(column, f"not after the start of follow-up on {start.isoformat()}")
            if reach is not None and day > reach:
                refuse(column, f"later than the extraction on {reach.isoformat()}")
        term = self._columns.term_end_column
        if term in days and days[term] <= start:
            refuse(term, f"the term is over at the start of follow-up on {start.isoformat()}")
        if reach is not None and start > reach:
            refuse(self._start, f"later than the extraction on {reach.isoformat()}")
        return days, tuple(problems)


def _event_columns(
    instrument: Instrument, outcome: Outcome, columns: OutcomeColumns
) -> tuple[_Dated, ...]:
    """Give the columns that count, of the outcome and of its components.

    Raises
    ------
    TrainingError
        Where a component would be left out in silence.
    """
    found = _counting(outcome, outcome, columns.event_dates)
    for name in outcome.components:
        part = instrument.outcomes_by_id[name]
        dates = part.columns.event_dates if part.columns else {}
        counting = _counting(part, outcome, dates)
        if not counting and name not in columns.end_reasons.values():
            raise TrainingError(
                f"the instrument does not say where a file holds the days of [{name}], "
                f"a part of [{outcome.id}]"
            )
        found += counting
    return tuple(found)


def _counting(part: Outcome, whole: Outcome, dates: Mapping[str, str]) -> list[_Dated]:
    innocent: Sequence[str] = (*part.not_failures, *whole.not_failures)
    return [
        _Dated(column, firm=not part.discretion)
        for column, what in dates.items()
        if what not in innocent
    ]


def _firm_ends(instrument: Instrument, outcome: Outcome) -> frozenset[str]:
    """Reasons of an end that are the event and nobody's discretion."""
    every = (outcome, *(instrument.outcomes_by_id[part] for part in outcome.components))
    return frozenset(one.id for one in every if not one.discretion)
