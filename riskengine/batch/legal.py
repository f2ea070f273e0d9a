"""The law over many people: each constraint asked once for each combination that it looks at.

The functions are those that one person goes through. They are handed answers that remember what
was looked at, so that nothing has to be known about any constraint, of whatever jurisdiction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import SimpleNamespace
from typing import cast

import numpy as np

from riskengine.batch.coded import ABSENT, Coded, Codes, Recorded, Rows, same_for
from riskengine.batch.table import Table, replaced
from riskengine.explanation.judgement import STOPS
from riskengine.instrument.assessment import Assessment
from riskengine.policy.statutory import Case, Constraint, StatutorySet
from riskengine.recommendation import Status

_DAY = "assessed on"
_KIND = "kind of assessment"
Stop = tuple[str, Status]


class _Looked(SimpleNamespace):
    """One person of a table in the place of an assessment; what is not here fails loudly."""

    def __init__(
        self,
        table: Table,
        columns: Mapping[str, Coded],
        answers: Mapping[str, Coded],
        row: int,
    ) -> None:
        super().__init__(instrument=table.instrument, sources={})
        self._columns, self._row = columns, row
        self.known = Recorded(columns, row, known_only=True)
        self.answers = Recorded(answers, row, known_only=False)
        self.heads: dict[str, None] = {}

    @property
    def assessed_on(self) -> object:
        self.heads[_DAY] = None
        return self._columns[_DAY].at(self._row)

    @property
    def kind(self) -> object:
        self.heads[_KIND] = None
        return self._columns[_KIND].at(self._row)

    @property
    def looked_at(self) -> Iterable[str]:
        return (*self.known.read, *self.answers.read, *self.heads)


def _ask(table: Table, rows: Rows | None, on: date, question: Callable[[Case], object]) -> Coded:
    """Ask a question about the case of everybody, or of some."""
    columns = {**table.columns, _DAY: table.assessed_on, _KIND: table.kinds}
    n = table.n
    if rows is not None:
        columns = {name: column.take(rows) for name, column in columns.items()}
        n = len(rows)
    answers = {i: column for i, column in columns.items() if i in table.instrument.by_id}

    def of(row: int) -> tuple[object, Iterable[str]]:
        person = _Looked(table, columns, answers, row)
        answer = question(Case(cast(Assessment, person), on))
        return answer, person.looked_at

    return same_for(of, columns, n)


def _regimes(
    law: StatutorySet, table: Table
) -> list[tuple[tuple[Constraint, ...], date, Rows | None]]:
    """People whose assessments fall under the same constraints, with one of their days."""
    found: dict[tuple[tuple[int, ...], tuple[bool, ...]], list[int]] = {}
    used = np.unique(table.assessed_on.codes).tolist()
    for number in used:
        day = cast(date, table.assessed_on.values[number])
        constraints = law.in_force(day)
        categories = [category for one in constraints for category in one.sealed]
        valid = tuple(_valid(category, day) for category in categories)
        found.setdefault((tuple(map(id, constraints)), valid), []).append(number)
    regimes = []
    for numbers in found.values():
        day = cast(date, table.assessed_on.values[numbers[0]])
        whole = len(found) == 1
        rows = None if whole else np.flatnonzero(np.isin(table.assessed_on.codes, numbers))
        regimes.append((law.in_force(day), day, rows))
    return regimes


def _valid(category: object, day: date) -> bool:
    first, last = category.valid_from, category.valid_to  # type: ignore[attr-defined]
    return bool(first <= day and (last is None or day <= last))


def admitted(law: StatutorySet, table: Table, on: date) -> Table:
    """Everybody without what is sealed; see `StatutorySet.admit`."""
    changed: dict[str, Coded] = {}
    for constraints, day, rows in _regimes(law, table):
        for constraint in constraints:
            for category in constraint.sealed:
                if not _valid(category, day) or category.item not in table.instrument.by_id:
                    continue
                found = _ask(table, rows, on, lambda case, c=category: law.as_none(c, case))  # type: ignore[misc]
                stands = np.array([value is not None for value in found.values], dtype=np.bool_)
                who = np.flatnonzero(np.take(stands, found.codes))
                if not len(who):
                    continue
                before = changed.get(category.item, table.columns.get(category.item))
                if before is None:
                    before = Coded(np.zeros(table.n, dtype=np.int32), [ABSENT])
                codes = before.codes.copy()
                at = who if rows is None else rows[who]
                codes[at] = found.codes[who] + len(before.values)
                changed[category.item] = Coded(codes, [*before.values, *found.values])
    return replaced(table, changed) if changed else table


def stops(law: StatutorySet, table: Table, on: date) -> tuple[Codes, list[Stop]]:
    """What stops the engine: for everybody a position among the stops, -1 where nothing does."""
    number = np.full(table.n, -1, dtype=np.int32)
    kinds: list[Stop] = []
    for constraints, _, rows in _regimes(law, table):
        for consequence, status in reversed(STOPS.items()):
            for constraint in reversed(constraints):
                check = constraint.check
                if check is None or constraint.consequence != consequence:
                    continue
                if not constraint.citation.verified:
                    continue
                found = _ask(table, rows, on, check)
                fires = np.array([value is not None for value in found.values], dtype=np.bool_)
                who = np.flatnonzero(np.take(fires, found.codes))
                number[who if rows is None else rows[who]] = len(kinds)
                kinds.append((constraint.id, status))
    return number, kinds


def alerts(law: StatutorySet, table: Table, on: date) -> Coded:
    """Safety alerts that the answers raise, joined by ``|``; `ABSENT` where there are none."""
    return _ask(table, None, on, lambda case: "|".join(law.raised(case)) or ABSENT)
