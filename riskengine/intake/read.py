"""From the rows of a file to assessments, row by row: none stops the others, none is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from riskengine.errors import AssessmentError, IntakeError, Problem, shown
from riskengine.instrument.assessment import Assessment, Kind, check_person
from riskengine.instrument.model import Instrument
from riskengine.intake.files import open_file
from riskengine.intake.lines import Line, Opened, faulty
from riskengine.intake.native import (
    ColumnPlan,
    NativeMap,
    column_names,
    fold,
    is_blank,
    iso_date,
    opaque_id,
)

_SHOWN_COLUMNS = 8
_KEPT_PLANS = 1_000
_DIGITS = re.compile(r"[0-9]{6,}[Xx]?")
_NO_COLUMNS = ColumnPlan(None, None, MappingProxyType({}), (), ())
_ONE_NAME = ("每个项目只出现一次", "each item once")


@dataclass(frozen=True)
class Row:
    """One data row: an assessment, or the problems that kept it from being one.

    Attributes
    ----------
    number
        As a person counts in the file: the first row after the header is 1.
    person
        The person's id; ``None`` where it is not acceptable, so that it is never repeated.
    assessment
        The checked assessment, or ``None``.
    problems
        Everything that is wrong; empty where there is an assessment.
    """

    number: int
    person: str | None
    assessment: Assessment | None
    problems: tuple[Problem, ...] = ()


def read_assessments(
    path: str | Path,
    instrument: Instrument,
    *,
    assessed_on: date | None = None,
    kind: Kind | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Assessments:
    """Read a file of assessments.

    Parameters
    ----------
    path
        CSV, Excel, Parquet, JSON or JSONL; see `riskengine.intake.files`.
    instrument
        The instrument that was answered; it names columns and codes.
    assessed_on
        The day of the assessment, for rows that do not state their own.
    kind
        ``intake`` or ``reassessment``, for rows that do not state their own.
    sheet, encoding
        See `riskengine.intake.files.open_file`.

    Returns
    -------
    Assessments
        An iterator of `Row`, with the plan of its columns.

    Raises
    ------
    IntakeError
        Where the file cannot be read at all. What is wrong with one row stands in that `Row`.

    Examples
    --------
    >>> rows = read_assessments("intake.csv", instrument)  # doctest: +SKIP
    >>> print(*rows.plan.notes("en"))  # doctest: +SKIP
    >>> accepted = [row.assessment for row in rows if row.assessment]  # doctest: +SKIP
    """
    opened = open_file(path, sheet=sheet, encoding=encoding)
    return Assessments(opened, instrument, assessed_on=assessed_on, kind=kind)


class Assessments(Iterator[Row]):
    """The rows of one file, read as they are asked for.

    Attributes
    ----------
    plan
        Which column is what, and what is not read. For JSON, whose records name their own
        columns, it is complete once every row was read.
    """

    def __init__(
        self,
        opened: Opened,
        instrument: Instrument,
        *,
        assessed_on: date | None = None,
        kind: Kind | None = None,
        native: NativeMap | None = None,
    ) -> None:
        self.plan = _NO_COLUMNS
        self._opened = opened
        self._instrument = instrument
        self._assessed_on = assessed_on
        self._kind = kind
        self._native = native or NativeMap(instrument, excel_epoch=opened.excel_epoch)
        self._plans: dict[tuple[str, ...], ColumnPlan] = {}
        self._rows: Iterator[Row] = (
            (self._from_record(line) for line in opened.lines)
            if opened.header is None
            else self._from_table(opened.header)
        )

    def __next__(self) -> Row:
        """Read one row."""
        return next(self._rows)

    def _from_table(self, header: Sequence[object]) -> Iterator[Row]:
        """Settle the columns now, and read the rows when they are asked for."""
        name = self._opened.name
        try:
            plan = self._native.columns(header)
        except IntakeError as error:
            raise IntakeError(f"{name}: {error}") from error
        columns = column_names(header)
        if not plan.items:
            # a first row that is no header may hold a person's numbers
            some = ", ".join(shown(_DIGITS.sub("…", one)) for one in columns[:_SHOWN_COLUMNS])
            raise IntakeError(
                f"{name}: no column is an item of {self._instrument.id}; found {some}; the first "
                f"row must hold the column names"
            )
        if plan.assessed_on is None and self._assessed_on is None:
            accepted = ", ".join(map(shown, (*self._instrument.files.date_columns, "assessed_on")))
            raise IntakeError(
                f"{name}: no column for the day of the assessment; accepted: {accepted}, or one "
                f"day stated for the whole file"
            )
        self.plan = plan
        place = {column: index for index, column in reversed([*enumerate(columns)])}
        readers = [
            (item, place[column], self._native.reader(item)) for item, column in plan.items.items()
        ]

        def cell_of(column: str | None) -> Callable[[Sequence[object]], object]:
            if column is None:
                return lambda cells: None
            index = place[column]
            return lambda cells: cells[index]

        return self._rows_of(plan, readers, cell_of)

    def _rows_of(
        self,
        plan: ColumnPlan,
        readers: list[tuple[str, int, Callable[[object], object]]],
        cell_of: Callable[[str | None], Callable[[Sequence[object]], object]],
    ) -> Iterator[Row]:
        heads = {name: cell_of(column) for name, column in _heads(plan).items()}
        for line in self._opened.lines:
            cells = line.cells
            if cells is None or isinstance(cells, Mapping):
                yield _rejected(line)
                continue
            raw = self._head({name: cell(cells) for name, cell in heads.items()}, plan, line)
            raw["answers"] = {item: read(cells[index]) for item, index, read in readers}
            yield self._checked(line.number, raw)

    def _from_record(self, line: Line) -> Row:
        """Read a JSON object: a whole assessment, or a flat one with native columns."""
        record = line.cells
        if not isinstance(record, Mapping):
            return _rejected(line)
        answers = record.get("answers")
        document = isinstance(answers, Mapping) and "answers" not in self._instrument.by_id
        cells = answers if document else record
        assert isinstance(cells, Mapping)
        try:
            plan = self._plan_of(tuple(cells), document=document)
        except IntakeError as error:
            return _rejected(faulty(line.number, "columns", error, _ONE_NAME))
        read = {
            item: self._native.value(item, cells[column]) for item, column in plan.items.items()
        }
        if not document:
            head = {
                name: None if column is None else cells[column]
                for name, column in _heads(plan).items()
            }
            return self._checked(line.number, {**self._head(head, plan, line), "answers": read})
        # An assessment in the engine's own form says exactly what it means: what it holds beside
        # the instrument's items is an error in it, and not a column that may be passed over.
        blocked = {entry.id: cells[column] for column, entry in plan.blocked}
        unknown = {key: cells[key] for key in cells if key in plan.unknown}
        heads = {key: cells[column] for key, column in _heads(plan).items() if column is not None}
        whole = {**record, "answers": {**read, **blocked, **unknown, **heads}}
        whole["assessed_on"] = self._day(record.get("assessed_on"))
        if self._kind is not None:
            whole.setdefault("kind", self._kind)
        return self._checked(line.number, whole)

    def _plan_of(self, columns: tuple[str, ...], *, document: bool) -> ColumnPlan:
        """Give the plan of one record's names, and add it to the plan of the file."""
        plan = self._plans.get(columns)
        if plan is None:
            plan = self._native.columns(columns)
            if len(self._plans) < _KEPT_PLANS:
                self._plans[columns] = plan
            so_far = self.plan
            self.plan = replace(
                so_far,
                **{
                    head: getattr(so_far, head) or getattr(plan, head)
                    for head in ("person", "assessed_on", "kind", "form", "assessment_id")
                },
                items=MappingProxyType({**plan.items, **so_far.items}),
                unknown=tuple(dict.fromkeys((*so_far.unknown, *plan.unknown))),
                blocked=tuple(dict((*so_far.blocked, *plan.blocked)).items()),
            )
        return plan

    def _head(
        self, cells: Mapping[str, object], plan: ColumnPlan, line: Line
    ) -> dict[str, object]:
        """Read everything but the answers."""
        raw: dict[str, object] = {"assessed_on": self._day(cells["assessed_on"])}
        raw["person"] = f"row-{line.number}" if plan.person is None else opaque_id(cells["person"])
        if not is_blank(cells["assessment_id"]):
            raw["id"] = opaque_id(cells["assessment_id"])
        for name, default in (("kind", self._kind), ("form", None)):
            cell = cells[name]
            if not is_blank(cell):
                raw[name] = fold(cell) if isinstance(cell, str) else cell
            elif default is not None:
                raw[name] = default
        return raw

    def _day(self, cell: object) -> object:
        if is_blank(cell):
            return None if self._assessed_on is None else self._assessed_on.isoformat()
        return iso_date(cell, self._opened.excel_epoch) or cell

    def _checked(self, number: int, raw: Mapping[str, object]) -> Row:
        given = raw.get("person")
        person = given if isinstance(given, str) and check_person(given) is None else None
        try:
            assessment = Assessment.from_dict(raw, self._instrument)
        except AssessmentError as error:
            return Row(number, person, None, error.problems)
        return Row(number, person, assessment)


def _heads(plan: ColumnPlan) -> dict[str, str | None]:
    return {
        "person": plan.person,
        "assessed_on": plan.assessed_on,
        "kind": plan.kind,
        "form": plan.form,
        "assessment_id": plan.assessment_id,
    }


def _rejected(line: Line) -> Row:
    problems = () if line.fault is None else (line.fault,)
    return Row(line.number, None, None, problems)
