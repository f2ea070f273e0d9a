"""Many assessments as columns of codes, from native columns or from checked assessments."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import numpy as np
from numpy.typing import NDArray

from riskengine.batch.coded import ABSENT, Coded, code, constant, derived, truths
from riskengine.errors import Problem
from riskengine.instrument.answers import checker_of, parse_iso_date
from riskengine.instrument.assessment import Assessment, check_person
from riskengine.instrument.model import Instrument
from riskengine.intake.lines import Line, Opened
from riskengine.intake.native import (
    ColumnPlan,
    NativeMap,
    column_names,
    fold,
    is_blank,
    iso_date,
    opaque_id,
)
from riskengine.intake.read import Assessments, Row

_KINDS = ("intake", "reassessment")
_FORMS = ("full", "quick")
_LETTERS = (string.ascii_letters).encode()
_PLAIN = _LETTERS + string.digits.encode() + b"._:-"
_LONGEST_ID = 64
_MOST_KEPT = 50_000
"""Texts kept of an item: the days of a century are 36,525."""
_LONGEST_KEPT = 100
_UNSEEN = object()


@dataclass(frozen=True)
class Table:
    """Checked assessments of ``n`` people.

    Attributes
    ----------
    persons
        Ids in the order of the input.
    columns
        By item, derived items beside the answers.
    """

    instrument: Instrument
    persons: Sequence[str]
    assessed_on: Coded
    kinds: Coded
    columns: Mapping[str, Coded]

    @property
    def n(self) -> int:
        """How many people."""
        return len(self.persons)


def with_derived_columns(
    instrument: Instrument, columns: Mapping[str, Coded], n: int
) -> dict[str, Coded]:
    """Answers and, beside them, every derived item."""
    full = dict(columns)
    for item in instrument.derived:
        full[item.id] = derived(item, columns, n)
    return full


def table_of(instrument: Instrument, people: Sequence[Assessment]) -> Table:
    """Lay checked assessments out as columns."""
    asked = [i for i in instrument.by_id if any(i in person.answers for person in people)]
    columns = {i: code(person.answers.get(i, ABSENT) for person in people) for i in asked}
    return Table(
        instrument=instrument,
        persons=[person.person for person in people],
        assessed_on=code(person.assessed_on for person in people),
        kinds=code(person.kind for person in people),
        columns=with_derived_columns(instrument, columns, len(people)),
    )


@dataclass(frozen=True)
class Read:
    """What came of some rows: those that can be used, and the others with their problems."""

    table: Table
    rejected: tuple[Row, ...]


class Reader:
    """Reads rows of one file or frame, a batch of native columns at a time.

    Parameters
    ----------
    name
        The file, for errors.
    header
        Its column names.
    assessed_on
        The day of the assessment, for rows that do not state their own.
    """

    def __init__(
        self,
        name: str,
        header: Sequence[object],
        instrument: Instrument,
        *,
        assessed_on: date | None,
        excel_epoch: date | None = None,
    ) -> None:
        self._name, self._header = name, tuple(header)
        self._instrument, self._day, self._epoch = instrument, assessed_on, excel_epoch
        self._kept: dict[str, dict[str, object]] = {}
        self._native = NativeMap(instrument, excel_epoch=excel_epoch)
        self.plan: ColumnPlan = self._one_by_one([]).plan
        self.names = tuple(column_names(header))
        """Its columns as `ColumnPlan` names them."""
        self._place = {column: index for index, column in reversed([*enumerate(self.names)])}

    def _one_by_one(self, lines: Sequence[Line]) -> Assessments:
        opened = Opened(self._name, self._header, iter(lines), self._epoch)
        return Assessments(opened, self._instrument, assessed_on=self._day, native=self._native)

    def read(self, cells: Sequence[Coded], numbers: NDArray[np.int64], on: date) -> Read:
        """Read a batch.

        Parameters
        ----------
        cells
            Every column of the file, native cells as they stand.
        numbers
            Row of every person, as one counts in the file.
        on
            Day of the recommendation; a later assessment is rejected.
        """
        n = len(numbers)
        good = np.ones(n, dtype=np.bool_)
        persons = self._persons(cells, numbers, good)
        heads = self._heads(cells, n)
        for column in heads.values():
            good &= column.per_row(
                np.array([v is not ABSENT for v in column.values], dtype=np.bool_)
            )
        late = np.array([isinstance(v, date) and v > on for v in heads["assessed_on"].values])
        good &= ~np.take(late, heads["assessed_on"].codes)
        checker = checker_of(self._instrument)
        columns: dict[str, Coded] = {}
        for item, name in self.plan.items.items():
            native = cells[self._place[name]]
            found = self._meanings(item, checker.parsers[item], native.values)
            if Problem in set(map(type, found)):
                refused = np.array([isinstance(value, Problem) for value in found], dtype=np.bool_)
                good &= ~np.take(refused, native.codes)
                found = [ABSENT if bad else v for v, bad in zip(found, refused, strict=True)]
            columns[item] = Coded(native.codes, found)
        full = with_derived_columns(self._instrument, columns, n)
        columns, ok = self._related(columns, full, n)
        good &= ok
        rejected = self._rejected(cells, numbers, ~good, on)
        kept = np.flatnonzero(good)
        if len(kept) < n:
            take = {item: column.take(kept) for item, column in columns.items()}
            full = {item: column.take(kept) for item, column in full.items()}
            persons = [persons[i] for i in kept.tolist()]
            heads = {name: column.take(kept) for name, column in heads.items()}
            columns = take
        derived_items = {item.id: full[item.id] for item in self._instrument.derived}
        table = Table(
            instrument=self._instrument,
            persons=persons,
            assessed_on=heads["assessed_on"],
            kinds=heads["kind"],
            columns={**columns, **derived_items},
        )
        return Read(table, rejected)

    def _meanings(
        self, item: str, parse: Callable[[object], object], cells: Sequence[object]
    ) -> list[object]:
        """What each distinct cell means, or its problem; texts seen before are not read again."""
        read, kept = self._native.reader(item), self._kept.setdefault(item, {})
        try:
            found = [kept.get(cell, _UNSEEN) for cell in cells]  # type: ignore[call-overload]
        except TypeError:  # lists and objects have no place in a dictionary
            found = [_UNSEEN] * len(cells)
        for number, cell in enumerate(cells):
            if found[number] is not _UNSEEN:
                continue
            found[number] = meaning = parse(read(cell))
            if isinstance(cell, str) and len(cell) <= _LONGEST_KEPT and len(kept) < _MOST_KEPT:
                kept[cell] = meaning
        return found

    def _related(
        self, columns: dict[str, Coded], full: Mapping[str, Coded], n: int
    ) -> tuple[dict[str, Coded], NDArray[np.bool_]]:
        """Questions that do not apply, and answers that contradict each other."""
        good = np.ones(n, dtype=np.bool_)
        changed = dict(columns)
        for item in self._instrument.items:
            if item.applicable is None:
                continue
            never = truths(item.applicable, full, self._instrument, n) == 0
            if not never.any():
                continue
            column = columns.get(item.id)
            if column is None:
                column = constant(ABSENT, n)
            good &= ~(never & column.per_row(column.known))
            codes = np.where(never, len(column.values), column.codes).astype(np.int32)
            changed[item.id] = Coded(codes, [*column.values, "not_applicable"])
        for rule in self._instrument.x_rules:
            good &= truths(rule.when, full, self._instrument, n) != 2
        return changed, good

    def _heads(self, cells: Sequence[Coded], n: int) -> dict[str, Coded]:
        """Day, kind, form and id; `ABSENT` where what stands there is refused."""

        def column(name: str | None) -> Coded:
            return constant(None, n) if name is None else cells[self._place[name]]

        def day(cell: object) -> date | None:
            if is_blank(cell):
                return self._day
            return parse_iso_date(iso_date(cell, self._epoch) or cell)

        def choice(cell: object, accepted: tuple[str, ...]) -> str | None:
            if is_blank(cell):
                return accepted[0]
            found = fold(cell) if isinstance(cell, str) else cell
            return str(found) if found in accepted else None

        def identity(cell: object) -> str | None:
            return "" if is_blank(cell) or check_person(opaque_id(cell)) is None else None

        days, kinds = column(self.plan.assessed_on), column(self.plan.kind)
        forms, ids = column(self.plan.form), column(self.plan.assessment_id)
        return {
            "assessed_on": Coded(days.codes, [day(cell) for cell in days.values]),
            "kind": Coded(kinds.codes, [choice(cell, _KINDS) for cell in kinds.values]),
            "form": Coded(forms.codes, [choice(cell, _FORMS) for cell in forms.values]),
            "id": Coded(ids.codes, [identity(cell) for cell in ids.values]),
        }

    def _persons(
        self, cells: Sequence[Coded], numbers: NDArray[np.int64], good: NDArray[np.bool_]
    ) -> list[str]:
        if self.plan.person is None:
            return [f"row-{number}" for number in numbers.tolist()]
        column = cells[self._place[self.plan.person]]
        values = list(column.values)
        if not _all_plain(values):
            refused = np.zeros(len(values), dtype=np.bool_)
            for number, cell in enumerate(values):
                values[number] = found = opaque_id(cell)
                refused[number] = not isinstance(found, str) or check_person(found) is not None
            good &= ~np.take(refused, column.codes)
            values = [str(value) for value in values]
        persons = cast("list[str]", values)
        if len(persons) == len(numbers) and (column.codes == np.arange(len(persons))).all():
            return persons
        return [persons[number] for number in column.codes.tolist()]

    def _rejected(
        self, cells: Sequence[Coded], numbers: NDArray[np.int64], bad: NDArray[np.bool_], on: date
    ) -> tuple[Row, ...]:
        """Hand the rows that cannot be used to the reading of one row, for its own words."""
        from riskengine.batch.score import usable

        rows = np.flatnonzero(bad).tolist()
        lines = [Line(int(numbers[row]), [column.at(row) for column in cells]) for row in rows]
        found = tuple(usable(row, on) for row in self._one_by_one(lines)) if lines else ()
        for row in found:
            if row.assessment is not None:
                raise AssertionError(f"{self._name}, row {row.number}: refused by columns alone")
        return found


def _all_plain(ids: Sequence[object]) -> bool:
    """Whether no id needs a second look, which is most often so and quickly seen.

    Those begin with a letter (an identity number begins with a digit) and go on with letters,
    digits and a few signs.
    """
    try:
        lines = "\n".join(ids).encode("ascii")  # type: ignore[arg-type]
    except (TypeError, UnicodeEncodeError):
        return False
    if not ids or lines.translate(None, _PLAIN) != b"\n" * (len(ids) - 1):
        return False
    characters = np.frombuffer(lines + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(characters == ord("\n"))
    starts = np.append(0, ends[:-1] + 1)
    lengths = ends - starts
    if lengths.min() < 1 or lengths.max() > _LONGEST_ID:
        return False
    return not characters[starts].tobytes().translate(None, _LETTERS)


def replaced(table: Table, columns: Mapping[str, Coded]) -> Table:
    """The same people with some columns changed, and what is derived from them."""
    merged = {**table.columns, **columns}
    for item in table.instrument.derived:
        if set(item.sources) & set(columns):
            merged[item.id] = derived(item, merged, table.n)
    return replace(table, columns=merged)
