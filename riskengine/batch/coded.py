"""Answers of many people as codes: each distinct value stands once, a person holds its number.

What a value means is worked out once, by the very function that one person goes through, and
handed to everybody who has it. Nothing here knows what an answer is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.answers import is_known
from riskengine.instrument.conditions import (
    All,
    Any,
    Comparison,
    Condition,
    Not,
    compile_condition,
)
from riskengine.instrument.derived import FUNCTIONS
from riskengine.instrument.items import DerivedItem
from riskengine.instrument.model import Instrument

Codes = NDArray[np.int32]
Rows = NDArray[np.intp]
Truths = NDArray[np.uint8]
"""0 false, 1 not known, 2 true, so that *all* is the least and *any* the greatest."""

ABSENT = None
"""The value of an item that was not asked, or of a derived item that cannot be computed."""
_MOST_DENSE = 1 << 22
_EPOCH = date(1970, 1, 1).toordinal()
_LOOSE = (float, tuple, datetime)
"""Types whose values may be equal and not the same."""


@dataclass(frozen=True)
class Coded:
    """One column.

    Attributes
    ----------
    codes
        Shape (n,): positions in ``values``.
    values
        Distinct values; `ABSENT` stands for no value.
    """

    codes: Codes
    values: Sequence[object]

    def take(self, rows: Rows) -> Coded:
        """The same column for some of the people."""
        return Coded(self.codes[rows], self.values)

    def per_row(self, table: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Hand what holds of every distinct value to everybody."""
        found: NDArray[np.bool_] = np.take(table, self.codes)
        return found

    @cached_property
    def days(self) -> NDArray[np.datetime64] | None:
        """Distinct values as days, not a day where not known; nothing where they are no days."""
        kinds = set(map(type, self.values))
        if date not in kinds or not kinds <= {date, str, type(None)}:
            return None
        values: Iterable[object] = self.values
        if str in kinds:
            if any(is_known(v) for v in self.values if v.__class__ is str):
                return None
            values = (None if v.__class__ is str else v for v in self.values)
        return np.array([*values], dtype="datetime64[D]")

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Whether each distinct value is a known answer."""
        if self.days is not None:
            return ~np.isnat(self.days)
        return np.array([v is not ABSENT and is_known(v) for v in self.values], dtype=np.bool_)

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Distinct values as numbers, days as their ordinals; NaN where not known."""
        if self.days is not None:
            return np.where(self.known, self.days.astype(np.int64) + _EPOCH, np.nan)
        return np.array(
            [
                float("nan")
                if not known
                else float(value.toordinal() if isinstance(value, date) else value)  # type: ignore[arg-type]
                for value, known in zip(self.values, self.known.tolist(), strict=True)
            ],
            dtype=np.float64,
        )

    def at(self, row: int) -> object:
        """Value of one person."""
        return self.values[self.codes[row]]


def code(values: Iterable[object]) -> Coded:
    """Number the distinct values of a column of Python objects; ``1`` and ``True`` are two."""
    numbers: dict[object, int] = {}
    distinct: list[object] = []
    codes: list[int] = []
    for value in values:
        key: object = (value.__class__, value)
        if isinstance(value, _LOOSE):
            # -0.0 equals 0.0, (1,) equals (True,) and noon here midnight there, yet they are shown
            # and read in different ways; and no NaN equals any
            plain = isinstance(value, float) and value and value == value
            if not plain:
                key = (value.__class__, repr(value))
        try:
            number = numbers.get(key, -1)
        except TypeError:  # a list or an object: it stands for itself
            key, number = None, -1
        if number < 0:
            number = len(distinct)
            distinct.append(value)
            if key is not None:
                numbers[key] = number
        codes.append(number)
    return Coded(np.array(codes, dtype=np.int32), distinct)


def constant(value: object, n: int) -> Coded:
    """One value for everybody."""
    return Coded(np.zeros(n, dtype=np.int32), [value])


def combined(columns: Sequence[Coded], n: int) -> tuple[Rows, NDArray[np.intp]]:
    """Number the distinct combinations of several columns.

    Returns
    -------
    first, numbers
        A person who has each combination, and the combination of every person.
    """
    key = np.zeros(n, dtype=np.int64)
    size = 1
    for column in columns:
        width = max(len(column.values), 1)
        if size * width >= 1 << 62:
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max(initial=0)) + 1
        key = key * width + column.codes
        size *= width
    if size <= _MOST_DENSE:
        seat = np.full(size, -1, dtype=np.intp)
        seat[key[::-1]] = np.arange(n - 1, -1, -1)
        used = np.flatnonzero(seat >= 0)
        order = np.empty(size, dtype=np.intp)
        order[used] = np.arange(len(used))
        return seat[used], order[key]
    _, first, numbers = np.unique(key, return_index=True, return_inverse=True)
    return first, numbers.astype(np.intp)


class Recorded(Mapping[str, object]):
    """Answers of one person that remember which of them were looked at."""

    def __init__(self, columns: Mapping[str, Coded], row: int, *, known_only: bool) -> None:
        self._columns, self._row, self._known_only = columns, row, known_only
        self.read: dict[str, None] = {}

    def __getitem__(self, item: str) -> object:
        column = self._columns.get(item)
        if column is None:
            raise KeyError(item)
        self.read[item] = None
        value = column.at(self._row)
        if value is ABSENT or (self._known_only and not is_known(value)):
            raise KeyError(item)
        return value

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (item for item in self._columns if item in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def same_for(
    function: Callable[[int], tuple[object, Iterable[str]]], columns: Mapping[str, Coded], n: int
) -> Coded:
    """Apply a function of one person to everybody, once for each combination that it looks at.

    Parameters
    ----------
    function
        Takes a person's row; gives a result and the names of the columns that it looked at. It
        must depend on nothing else.
    """
    if not n:
        return Coded(np.zeros(0, dtype=np.int32), [])
    asked: dict[str, None] = {}
    while True:
        first, numbers = combined([columns[name] for name in asked], n)
        results = []
        more: dict[str, None] = {}
        for row in first.tolist():
            result, looked_at = function(row)
            results.append(result)
            more.update((name, None) for name in looked_at if name not in asked)
        if not more:
            return Coded(numbers.astype(np.int32), results)
        asked.update(more)


def truths(
    condition: Condition, columns: Mapping[str, Coded], instrument: Instrument, n: int
) -> Truths:
    """Truth of a condition for everybody, as `compile_condition` gives it for one person."""
    match condition:
        case Not(not_=part):
            return np.uint8(2) - truths(part, columns, instrument, n)
        case All(all=parts) | Any(any=parts):
            join = np.minimum if isinstance(condition, All) else np.maximum
            found = truths(parts[0], columns, instrument, n)
            for part in parts[1:]:
                found = join(found, truths(part, columns, instrument, n))
            return found
        case Comparison():
            return _compared(condition, columns, instrument, n)


def _compared(
    test: Comparison, columns: Mapping[str, Coded], instrument: Instrument, n: int
) -> Truths:
    predicate = compile_condition(test, instrument.ranks)
    subject = columns.get(test.subject)
    if test.more_than_item is None:
        if subject is None:
            return np.full(n, _truth(predicate({})), dtype=np.uint8)
        table = np.array(
            [
                _truth(predicate({test.subject: value} if known else {}))
                for value, known in zip(subject.values, subject.known, strict=True)
            ],
            dtype=np.uint8,
        )
        return np.take(table, subject.codes)
    other = columns.get(test.more_than_item)
    if subject is None or other is None:
        return np.ones(n, dtype=np.uint8)
    left, right = (np.take(column.numbers, column.codes) for column in (subject, other))
    known = ~(np.isnan(left) | np.isnan(right))
    with np.errstate(invalid="ignore"):
        return np.where(known, (left > right).astype(np.uint8) << 1, 1).astype(np.uint8)


def _truth(truth: bool | None) -> int:
    return 1 if truth is None else 2 * truth


def derived(item: DerivedItem, columns: Mapping[str, Coded], n: int) -> Coded:
    """A derived item of everybody, as `riskengine.instrument.derived.derive` gives it for one."""
    sources = [columns.get(name) for name in item.sources]
    if any(column is None for column in sources):
        return constant(ABSENT, n)
    if item.function in ("age_at", "months_between") and len(sources) == 2:
        return _calendar(item, columns)
    named = {name: columns[name] for name in item.sources}
    first, numbers = combined(list(named.values()), n)
    known = {name: column.known for name, column in named.items()}
    results: list[object] = []
    for row in first.tolist():
        if not all(known[name][column.codes[row]] for name, column in named.items()):
            results.append(ABSENT)
            continue
        arguments = {
            name: named[source].at(row) if isinstance(source, str) else source
            for name, source in item.arguments.items()
        }
        try:
            function = FUNCTIONS[item.function, item.function_version]
            results.append(float(function(**arguments)))
        except (ValueError, ZeroDivisionError):
            results.append(ABSENT)
    return Coded(numbers.astype(np.int32), results)


def _calendar(item: DerivedItem, columns: Mapping[str, Coded]) -> Coded:
    """Completed years or months between two days: whole-number arithmetic on whole columns."""
    names = ("birth", "on") if item.function == "age_at" else ("start", "end")
    earlier, later = (_parts(columns[str(item.arguments[name])]) for name in names)
    known = (earlier[0] > 0) & (later[0] > 0)
    if item.function == "age_at":
        before = later[1] * 32 + later[2] < earlier[1] * 32 + earlier[2]
        whole = later[0] - earlier[0] - before
    else:
        whole = (later[0] - earlier[0]) * 12 + later[1] - earlier[1] - (later[2] < earlier[2])
    if not known.any():
        return constant(ABSENT, len(whole))
    low, high = int(whole[known].min()), int(whole[known].max())
    codes = np.where(known, whole - low + 1, 0).astype(np.int32)
    return Coded(codes, [ABSENT, *(float(value) for value in range(low, high + 1))])


def _parts(column: Coded) -> NDArray[np.int64]:
    """Year, month and day of everybody, shape (3, n); zero where not known."""
    if column.days is not None:
        months = column.days.astype("datetime64[M]")
        count = months.astype(np.int64)
        day = (column.days - months).astype(np.int64) + 1
        found = np.stack([count // 12 + 1970, count % 12 + 1, day])
        return np.where(column.known, found, 0)[:, column.codes]
    table = np.array(
        [
            (value.year, value.month, value.day) if isinstance(value, date) else (0, 0, 0)
            for value in column.values
        ],
        dtype=np.int64,
    ).reshape(-1, 3)
    return np.ascontiguousarray(table.T)[:, column.codes]
