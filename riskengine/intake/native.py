"""From an agency's own columns and codes to answers that an instrument can check.

Nothing is guessed. A cell that cannot be read is handed on as it stands, so that the check of the
answer (`riskengine.instrument.answers.parse_answers`) reports it with the value; it never turns
into *unknown* on the way.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

import numpy as np

from riskengine.errors import InstrumentError, IntakeError, Language, shown
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import LEVELLED, NUMERIC, Item
from riskengine.instrument.model import Blocked, Instrument

EXCEL_EPOCH = date(1899, 12, 30)
"""Day zero of the serial numbers of most workbooks (some old ones count from 1904-01-01)."""

Read = Callable[[object], object]

# Cells kept for each item, and their length; free text and lists are not kept.
_CACHED = 10_000
_KEPT_LENGTH = 100
_LONGEST_NUMBER = 40
_TRUE = frozenset({"true", "是", "有", "yes"})
_FALSE = frozenset({"false", "否", "无", "no"})
_TRUTHS = {"true": True, "false": False}
# A label may hold a comma, so that the stronger marks divide first.
_PARTS = (re.compile(r"[;；\n]"), re.compile(r"[、,，]"))
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}(\.0*)?\Z")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\Z")
# The year comes first in every form: 03/04/2026 is March in one office and April in another.
_DATE = re.compile(
    r"(?:(?P<y>[0-9]{4})(?:"
    r"(?P<sep>[-/.])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})"
    r"| ?年 ?(?P<zm>[0-9]{1,2}) ?月 ?(?P<zd>[0-9]{1,2}) ?[日号]"
    r")|(?P<c>(?:18|19|20|21)[0-9]{6}))"
    r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)?\Z"
)
# Full-width forms only: full NFKC would read the 3² of a footnote as 32.
_HALF_WIDTH = {0x3000: " ", **{c: chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)}}


def fold(text: str) -> str:
    """Bring a name to the form in which names are compared.

    Full-width letters and digits become ordinary ones (NFKC), invisible characters go, white
    space is trimmed and made single, and upper and lower case are one.
    """
    plain = unicodedata.normalize("NFKC", text)
    visible = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(visible.split()).casefold()


@dataclass(frozen=True)
class ColumnPlan:
    """What will be read from a file, and what will not.

    Attributes
    ----------
    person, assessed_on, kind, form, assessment_id
        The columns that hold these, or ``None``.
    items
        Item id to the column that holds it.
    unknown
        Columns that the instrument does not know; they are not read.
    blocked
        Columns that may never be an input, each with the law or reason; they are not read.
    """

    person: str | None
    assessed_on: str | None
    items: Mapping[str, str]
    unknown: tuple[str, ...]
    blocked: tuple[tuple[str, Blocked], ...]
    kind: str | None = None
    form: str | None = None
    assessment_id: str | None = None

    def notes(self, lang: Language) -> tuple[str, ...]:
        """Say what is not read and why, a sentence each."""
        zh = lang == "zh"
        said = []
        if self.unknown:
            names = ", ".join(map(shown, self.unknown))
            said.append(
                f"未读取的列（量表中没有）：{names}"
                if zh
                else f"columns not read, as the instrument does not know them: {names}"
            )
        for column, entry in self.blocked:
            said.append(
                f"未读取的列 {shown(column)}（{entry.label.zh}），不得作为输入：{entry.reason.zh}"
                if zh
                else f"column {shown(column)} ({entry.label.en}) not read, as it may never be an "
                f"input: {entry.reason.en}"
            )
        if self.person is None:
            said.append(
                "没有人员编号列；各行编号为 row-1、row-2……"
                if zh
                else "no column for the person; rows are called row-1, row-2, and so on"
            )
        return tuple(said)


class NativeMap:
    """The crosswalk from an agency's columns and codes to one instrument.

    Parameters
    ----------
    instrument
        Declares columns, codes, and words for answers that are not known.
    excel_epoch
        Day zero of the serial dates of a workbook; ``None`` where the cells do not come from one,
        so that a bare number is no date.

    Raises
    ------
    InstrumentError
        Where the instrument maps one native code to two answers, or to none.
    """

    def __init__(self, instrument: Instrument, *, excel_epoch: date | None = None) -> None:
        self.instrument = instrument
        self._blocked = _blocked_names(instrument)
        self._items = _item_names(instrument)
        self._readers = {
            item.id: _reader(item, instrument, excel_epoch) for item in instrument.items
        }

    def columns(self, header: Sequence[object]) -> ColumnPlan:
        """Decide what each column of a file is.

        A blocked name is blocked whatever else it could be. Then come the columns that the
        instrument names for the person and the date, its items (id, native column, label), and
        the engine's own ``person``, ``assessed_on``, ``kind``, ``form``, ``id``. Where a file has
        an ``id`` and no column for the person, ``id`` is the person.

        Raises
        ------
        IntakeError
            Where two columns would be read into one place, or one column into two.
        """
        files = self.instrument.files
        declared = {
            **{fold(name): "person" for name in files.person_columns},
            **{fold(name): "assessed_on" for name in files.date_columns},
        }
        own = ("person", "assessed_on", "kind", "form", "id")
        heads: dict[str, str] = {}
        items: dict[str, str] = {}
        unknown: dict[str, None] = {}
        blocked: dict[str, Blocked] = {}

        def take(places: dict[str, str], place: str, column: str) -> None:
            if place in places:
                raise IntakeError(
                    f"columns {shown(places[place])} and {shown(column)} both hold [{place}]; "
                    f"keep one of them"
                )
            places[place] = column

        for column in column_names(header):
            name = fold(column)
            candidates = self._items.get(name, ())
            if name in self._blocked:
                blocked[column] = self._blocked[name]
            elif name in declared:
                take(heads, declared[name], column)
            elif len(candidates) > 1:
                raise IntakeError(
                    f"column {shown(column)} could be any of {', '.join(candidates)}; "
                    f"name it by the item's id"
                )
            elif candidates:
                take(items, candidates[0], column)
            elif name in own:
                take(heads, name, column)
            else:
                unknown[column] = None
        if "person" not in heads and "id" in heads:
            heads["person"] = heads.pop("id")
        return ColumnPlan(
            person=heads.get("person"),
            assessed_on=heads.get("assessed_on"),
            items=MappingProxyType({i: items[i] for i in self.instrument.by_id if i in items}),
            unknown=tuple(unknown),
            blocked=tuple(blocked.items()),
            kind=heads.get("kind"),
            form=heads.get("form"),
            assessment_id=heads.get("id"),
        )

    def value(self, item_id: str, cell: object) -> object:
        """Read one cell of one item.

        Parameters
        ----------
        item_id
            An item of the instrument.
        cell
            Text, number (NaN is blank), boolean, date, list, or ``None``.

        Returns
        -------
        object
            A level id, number, boolean, ISO date, list of those, or a not-known code; where the
            cell cannot be read, the cell as it stands, for the check to report.

        Notes
        -----
        The text ``1`` is never the code ``01``. A *number* 1, as a spreadsheet leaves it where
        ``01`` was typed, is ``01`` where the item has only codes of that one width.
        """
        return self._readers[item_id](cell)

    def reader(self, item_id: str) -> Read:
        """Give `value` for one item, for reading a whole column."""
        return self._readers[item_id]


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing: ``None``, NaN, NaT, NA, or white space."""
    if cell is None:
        return True
    if isinstance(cell, str):
        return not cell.strip().strip("\ufeff\u200b")
    if isinstance(cell, bool | int | list | tuple | dict):
        return False
    try:
        return bool(cell != cell)  # NaN and NaT differ from themselves
    except (TypeError, ValueError):
        return type(cell).__name__ == "NAType"


def iso_date(cell: object, excel_epoch: date | None = None) -> str | None:
    """Read a date as offices write it; ``None`` where it is no date or not a clear one.

    Accepted are 2026-03-31, 2026/3/31, 2026.3.31, 2026年3月31日 and 20260331, each with or
    without a time of day, a date from a spreadsheet, and with ``excel_epoch`` a serial number.
    """
    if isinstance(cell, datetime):
        # with a time zone the calendar day depends on where one stands
        return cell.date().isoformat() if cell.tzinfo is None else None
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        # serials up to 60 fall around the 29 February 1900 that never was
        if excel_epoch is not None and 60 < cell < 2_900_000:
            return (excel_epoch + timedelta(days=int(cell))).isoformat()
        cell = _number_text(cell)
    if not isinstance(cell, str) or len(cell) > _LONGEST_NUMBER:
        return None
    match = _DATE.match(cell.translate(_HALF_WIDTH).strip())
    if match is None:
        return None
    if compact := match["c"]:
        parts = (compact[:4], compact[4:6], compact[6:])
    else:
        parts = (match["y"], match["m"] or match["zm"], match["d"] or match["zd"])
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        return None


def column_names(header: Sequence[object]) -> list[str]:
    """Give columns as text; those without a name are numbered, empty ones at the end left out."""
    names = ["" if is_blank(name) else str(name) for name in header]
    while names and not names[-1]:
        names.pop()
    return [name or f"column {number} (no name)" for number, name in enumerate(names, start=1)]


def _blocked_names(instrument: Instrument) -> dict[str, Blocked]:
    return {
        fold(name): entry
        for entry in instrument.blocked
        for name in (entry.id, entry.label.zh, entry.label.en, *entry.columns)
    }


def _item_names(instrument: Instrument) -> dict[str, tuple[str, ...]]:
    """Folded name to the items it could mean; an id beats a native column, that a label."""
    names: dict[str, tuple[str, ...]] = {}
    ranks: tuple[Callable[[Item], Iterable[str]], ...] = (
        lambda item: (item.id,),
        lambda item: item.native.columns,
        lambda item: (item.label.zh, item.label.en),
    )
    for of in ranks:
        found: dict[str, list[str]] = {}
        for item in instrument.items:
            for name in dict.fromkeys(map(fold, of(item))):
                found.setdefault(name, []).append(item.id)
        names = {**{name: tuple(ids) for name, ids in found.items()}, **names}
    return names


def _reader(item: Item, instrument: Instrument, excel_epoch: date | None) -> Read:
    """Give the reading of one item's cells; it keeps what was read before."""
    words = _Words(item, instrument)
    by_type: dict[str, Read] = {
        "nominal": words.level,
        "ordinal": words.level,
        "boolean": _boolean,
        "integer": _number_reader(item, whole=True),
        "number": _number_reader(item, whole=False),
        "date": lambda cell: iso_date(cell, excel_epoch),
        "multiple": _list_reader(words.level),
        "dates": _list_reader(lambda cell: iso_date(cell, excel_epoch)),
        "text": _text,
    }
    read_type = by_type[item.type]
    blank = instrument.files.blank

    def read(cell: object) -> object:
        cell = _plain(cell)
        declared = words.declared(cell)
        if declared is not None:
            return declared
        if is_blank(cell):
            return blank
        found = read_type(cell)
        return _as_given(cell, item) if found is None else found

    if item.type in {"text", "multiple", "dates"}:
        return read
    kept: dict[tuple[type, object], object] = {}

    def read_kept(cell: object) -> object:
        key = (cell.__class__, cell)
        try:
            return kept[key]
        except KeyError:
            value = read(cell)
            if len(kept) < _CACHED and not (isinstance(cell, str) and len(cell) > _KEPT_LENGTH):
                kept[key] = value
            return value
        except TypeError:  # a list or object where a single value belongs
            return read(cell)

    return read_kept


class _Words:
    """What the words and codes of one item mean."""

    def __init__(self, item: Item, instrument: Instrument) -> None:
        self._codes: dict[str, object] = {}
        for code, target in item.native.codes.items():
            name, value = fold(code), _target(item, code, target)
            if self._codes.setdefault(name, value) != value:
                raise InstrumentError(
                    f"item [{item.id}]: native code {shown(code)} means two things"
                )
        self._levels = _level_names(item)
        for name, level_id in self._levels.items():
            # a label may say something else than a code; a level's own id may not
            if name in self._codes and fold(level_id) == name and self._codes[name] != level_id:
                raise InstrumentError(
                    f"item [{item.id}]: {shown(name)} is a level and a native code for another"
                )
        self._not_known: dict[str, object] = {
            **{fold(word): code for word, code in instrument.files.not_known.items()},
            **{code: code for code in NOT_KNOWN},
        }
        groups = ([fold(level_id) for level_id in item.level_ids], list(self._codes))
        self._widths = {width for group in groups if (width := _code_width(group)) > 1}

    def declared(self, cell: object) -> object:
        """Give the meaning of a whole cell that the instrument declares, for this item or all."""
        text = "" if is_blank(cell) else _word(cell)
        if text is None:
            return None
        name = fold(text)
        if name in self._codes:
            found = self._codes[name]
            return list(found) if isinstance(found, list) else found
        return None if name in self._levels else self._not_known.get(name)

    def level(self, cell: object) -> object:
        """Give the level that a cell names by id, label or native code."""
        text = _word(cell)
        if text is None:
            return None
        name = fold(text)
        found = self._codes.get(name) or self._levels.get(name)
        if found is None and not isinstance(cell, str | bool):
            # a spreadsheet made the number 1 of a typed 01
            padded = [name.zfill(width) for width in self._widths]
            fitting = [self._codes.get(code) or self._levels.get(code) for code in padded]
            met = {level for level in fitting if isinstance(level, str)}
            found = met.pop() if len(met) == 1 else None
        return found


def _code_width(names: list[str]) -> int:
    """Give the one width of codes that are all digits, or 0."""
    widths = {len(name) if name.isascii() and name.isdigit() else 0 for name in names}
    return widths.pop() if len(widths) == 1 else 0


def _level_names(item: Item) -> dict[str, str]:
    """Folded id or label to level id; a label that two levels share names neither."""
    labels: dict[str, set[str]] = {}
    for level in item.levels:
        for label in (level.label.zh, level.label.en):
            labels.setdefault(fold(label), set()).add(level.id)
    names = {name: ids.copy().pop() for name, ids in labels.items() if len(ids) == 1}
    names.update({fold(level_id): level_id for level_id in item.level_ids})
    return names


def _target(item: Item, code: str, target: str) -> object:
    """Give what a native code stands for, in the type of the item."""
    value: object = None
    if target in NOT_KNOWN:
        value = target
    elif item.type == "multiple":
        parts = [part.strip() for part in target.split(";") if part.strip()]
        value = parts if set(parts) <= set(item.level_ids) else None
    elif item.type in LEVELLED:
        value = target if target in item.level_ids else None
    elif item.type == "boolean":
        value = _TRUTHS.get(target)
    elif item.type in NUMERIC:
        value = _number_reader(item, whole=item.type == "integer")(target)
    elif item.type == "text":
        value = target
    if value is None:
        raise InstrumentError(
            f"item [{item.id}]: native code {shown(code)} stands for {shown(target)}, "
            f"which is no answer of this item"
        )
    return value


def opaque_id(cell: object) -> object:
    """Read a cell that holds an internal id; a whole number, as spreadsheets keep it, is text."""
    cell = _plain(cell)
    word = None if isinstance(cell, bool) else _word(cell)
    return cell if word is None else word.translate(_HALF_WIDTH).strip()


def _plain(cell: object) -> object:
    """Unwrap the scalars of numpy and the decimals of databases."""
    if isinstance(cell, str | int | float | date) or cell is None:
        return cell
    if isinstance(cell, Decimal):
        return int(cell) if cell.is_finite() and cell == cell.to_integral_value() else float(cell)
    if isinstance(cell, np.datetime64):
        return cell.astype("datetime64[us]").item()
    if isinstance(cell, np.generic):
        return cell.item()
    if isinstance(cell, np.ndarray) and cell.ndim == 1:
        return cell.tolist()
    return cell


def _word(cell: object) -> str | None:
    """Give a cell as the text that codes are compared with; lists and dates have none."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return _number_text(cell) if isinstance(cell, int | float) else None


def _number_text(number: int | float) -> str | None:
    """Give a number as it would be typed; none where nobody would type it."""
    if isinstance(number, int):
        return str(number) if number.bit_length() < 64 else None
    if not math.isfinite(number):
        return None
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(number)


def _as_given(cell: object, item: Item) -> object:
    """Hand on an unreadable cell; a number where a code belongs is given as its text."""
    if isinstance(cell, date):
        return cell.isoformat()
    if item.type in LEVELLED and not isinstance(cell, bool):
        text = _word(cell)
        return cell if text is None else text
    return cell


def _boolean(cell: object) -> object:
    if isinstance(cell, bool):
        return cell
    if not isinstance(cell, str):
        return None
    name = fold(cell)
    return True if name in _TRUE else False if name in _FALSE else None


def _number_reader(item: Item, *, whole: bool) -> Read:
    units = [] if item.unit is None else [fold(item.unit.zh), fold(item.unit.en)]
    pattern = _INTEGER if whole else _NUMBER

    def read(cell: object) -> object:
        if isinstance(cell, bool):
            return None
        if isinstance(cell, int | float):
            whole_float = isinstance(cell, float) and cell.is_integer()
            return int(cell) if whole and whole_float else cell
        if not isinstance(cell, str) or len(cell) > _LONGEST_NUMBER:
            return None
        text = cell.translate(_HALF_WIDTH).strip().casefold()
        for unit in units:
            text = text.removesuffix(unit).rstrip()
        if not pattern.match(text):
            return None
        return int(text.partition(".")[0]) if whole else float(text)

    return read


def _list_reader(read_one: Read) -> Read:
    def parts_of(text: str) -> list[object]:
        """Divide a text until every part can be read, or nothing is left to divide at."""
        parts = [text]
        for mark in _PARTS:
            divided = [
                [part] if read_one(part) is not None else mark.split(part) for part in parts
            ]
            parts = [part.strip() for some in divided for part in some if part.strip()]
        return list(parts)

    def read(cell: object) -> object:
        if isinstance(cell, str):
            parts = parts_of(cell)
        elif isinstance(cell, list | tuple):
            parts = list(cell)
        else:
            parts = [cell]
        values: list[object] = []
        for part in parts:
            found = read_one(_plain(part))
            if isinstance(found, list):  # a native code that stands for several levels
                values += found
            else:
                values.append(part if found is None else found)
        return values

    return read


def _text(cell: object) -> object:
    if isinstance(cell, str):
        return cell.strip()
    return None if isinstance(cell, bool) else _word(cell)
