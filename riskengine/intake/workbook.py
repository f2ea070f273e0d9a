"""One sheet of an ``.xlsx`` workbook, row by row, stored values only."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from riskengine.errors import IntakeError, shown
from riskengine.intake.lines import MAX_COLUMNS, Line, Opened, faulty, need

_MAX_SIZE = 512 << 20  # uncompressed
_MAX_PARTS = 10_000
_MAX_ROWS = 1 << 20
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_NO_VALUE = "formula without a stored value"

Cells = tuple[object, ...]


def open_workbook(path: Path, name: str, sheet: str | None) -> Opened:
    """Open one sheet; the first row that is not empty is its header.

    Raises
    ------
    IntakeError
        Where the file is no workbook, is too large once unpacked, or has no such sheet.
    """
    calculated = _has_formulas(path, name)
    values = _load(path, name, formulas=False)
    chosen = _sheet(values, name, sheet)
    rows = _rows(values, chosen, name)
    if calculated:
        # A formula that was never calculated has no stored value and would read as an empty
        # cell; the formulas are looked at beside the values so that none passes as blank.
        formulas = _load(path, name, formulas=True)
        rows = _marked(rows, _rows(formulas, chosen, name))
    header = next((row for row in rows if any(cell is not None for cell in row)), ())
    while header and header[-1] is None:
        header = header[:-1]
    if not header:
        raise IntakeError(f"{name}: no header; the first row must hold the column names")
    if len(header) > MAX_COLUMNS:
        raise IntakeError(f"{name}: more than {MAX_COLUMNS} columns")
    return Opened(name, header, _lines(rows, len(header)), excel_epoch=_day(values.epoch))


def _has_formulas(path: Path, name: str) -> bool:
    """Check the size of the unpacked parts, and look whether any sheet has a formula."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > _MAX_SIZE or len(parts) > _MAX_PARTS:
                raise IntakeError(
                    f"{name}: a workbook of {size >> 20} MiB in {len(parts)} parts when unpacked; "
                    f"accepted: {_MAX_SIZE >> 20} MiB in {_MAX_PARTS} parts"
                )
            return any(
                _formula_in(archive, part)
                for part in parts
                if part.filename.startswith("xl/worksheets/")
            )
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise IntakeError(f"{name}: a damaged workbook: {shown(error)}") from error


def _formula_in(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 16):
            if _FORMULA.search(tail + chunk):
                return True
            tail = chunk[-32:]
    return False


def _load(path: Path, name: str, *, formulas: bool) -> Any:
    openpyxl = need("openpyxl", name)
    try:
        with warnings.catch_warnings():
            # workbooks written by programs lack a default style, which does not concern us
            warnings.simplefilter("ignore", UserWarning)
            return openpyxl.load_workbook(
                path, read_only=True, data_only=not formulas, keep_links=False
            )
    except Exception as error:  # openpyxl raises whatever a damaged part makes it raise
        raise IntakeError(f"{name}: a damaged workbook: {shown(error)}") from error


def _sheet(book: Any, name: str, sheet: str | None) -> str:
    names = [one.title for one in book.worksheets]
    if not names:
        raise IntakeError(f"{name}: the workbook has no sheet")
    if sheet is not None and sheet not in names:
        raise IntakeError(
            f"{name}: no sheet {shown(sheet)}; accepted: {', '.join(map(shown, names))}"
        )
    return sheet or str(names[0])


def _rows(book: Any, sheet: str, name: str) -> Iterator[Cells]:
    page = book[sheet]
    # many programs write a wrong extent of the sheet, which would cut rows off
    page.reset_dimensions()
    number = 0
    try:
        for row in page.iter_rows(values_only=True):
            number += 1
            if number > _MAX_ROWS:
                raise IntakeError(f"{name}: more than {_MAX_ROWS} rows")
            yield row
    except IntakeError:
        raise
    except Exception as error:
        raise IntakeError(f"{name}: damaged after row {number}: {shown(error)}") from error
    finally:
        book.close()


def _marked(values: Iterator[Cells], formulas: Iterator[Cells]) -> Iterator[Cells]:
    for row, behind in zip(values, formulas, strict=True):
        yield tuple(
            _NO_VALUE if value is None and formula is not None else value
            for value, formula in zip(row, behind, strict=True)
        )


def _lines(rows: Iterator[Cells], width: int) -> Iterator[Line]:
    accepted = (f"{width} 个单元格", f"{width} cells")
    for number, row in enumerate(rows, start=1):
        used = len(row)
        while used and row[used - 1] is None:
            used -= 1
        if used > width:
            yield faulty(number, "cell_count", used, accepted)
        elif used:
            yield Line(number, row[:width] + (None,) * (width - len(row)))


def _day(epoch: Any) -> date:
    return date(epoch.year, epoch.month, epoch.day)
