"""One data row as it stands in a file, and the faults that a whole row can have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from types import ModuleType

from riskengine.errors import IntakeError, Problem, shown

# What a file may hold at most. Offices stay far below; a hostile file is stopped early.
MAX_COLUMNS = 2_000
MAX_LINE = 1 << 20
MAX_BYTES = 4 << 30

FAULTS: dict[str, tuple[str, str]] = {
    "cell_count": (
        "本行有 {value} 个单元格；应为：{accepted}，与表头一致",
        "this row has {value} cells; accepted: {accepted}, as many as the header",
    ),
    "not_csv": (
        "本行的引号有误；应为：{accepted}",
        "quotation marks are wrong in this row; accepted: {accepted}",
    ),
    "not_json": (
        "本行不是 JSON 对象：{value}；应为：{accepted}",
        "this row is no JSON object: {value}; accepted: {accepted}",
    ),
    "columns": (
        "本行的名称有误：{value}；应为：{accepted}",
        "names are wrong in this row: {value}; accepted: {accepted}",
    ),
    "row_too_long": (
        "本行过长；最多：{accepted}",
        "this row is too long; accepted: {accepted}",
    ),
}


@dataclass(frozen=True)
class Line:
    """One data row of a file.

    Attributes
    ----------
    number
        As a person counts: the first row after the header is 1, empty rows count.
    cells
        In the order of the header, or by name where the file names them in each row; ``None``
        where the row cannot be read.
    fault
        Why it cannot be read.
    """

    number: int
    cells: Sequence[object] | Mapping[str, object] | None
    fault: Problem | None = None


@dataclass(frozen=True)
class Opened:
    """A file that was opened: its header (``None`` for JSON), and its rows, read one by one."""

    name: str
    header: tuple[object, ...] | None
    lines: Iterator[Line]
    excel_epoch: date | None = None


def faulty(number: int, code: str, value: object, accepted: tuple[str, str]) -> Line:
    """Make the line of a row that cannot be read; ``accepted`` is in Chinese and English.

    The row itself is not repeated: it may hold a name, or a column that must not be read.
    """
    zh, en = FAULTS[code]
    said = "" if value == "" else shown(value)
    message = Problem(
        code=code,
        item="row",
        value=said,
        accepted=accepted[1],
        message={
            "zh": zh.format(value=said, accepted=accepted[0]),
            "en": en.format(value=said, accepted=accepted[1]),
        },
    )
    return Line(number=number, cells=None, fault=message)


def need(module: str, name: str) -> ModuleType:
    """Import a library that only some files need.

    Raises
    ------
    IntakeError
        Naming the file and the extra that brings the library.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise IntakeError(
            f"{name}: reading it needs {module}; install it with: pip install 'riskengine[files]'"
        ) from error
