"""Files as offices have them, opened and read row by row.

==================  ==============================================================================
CSV (``.csv``,      UTF-8 with or without a byte-order mark, UTF-16 with one, GB18030; separated
``.tsv``, ``.txt``) by comma, semicolon or tab; also as ``.gz``
Excel (``.xlsx``)   one sheet, stored values only: a formula is never computed
Parquet             any columns; read in batches
JSON, JSONL         one assessment or a list; one a line, also as ``.gz``
==================  ==============================================================================

Memory stays bounded whatever the file holds, and the libraries for Excel and Parquet are imported
only where such a file is read.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from riskengine.canonical import MAX_BYTES as MAX_JSON
from riskengine.canonical import parse_json
from riskengine.errors import ArtefactError, IntakeError, shown
from riskengine.intake.csv_rows import read_csv
from riskengine.intake.encoding import find_encoding
from riskengine.intake.lines import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_LINE,
    Line,
    Opened,
    faulty,
    need,
)
from riskengine.intake.workbook import open_workbook

_BATCH = 1_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_OBJECT = ("一个 JSON 对象", "a JSON object")
_LENGTH = (f"{MAX_LINE} 字节", f"{MAX_LINE} bytes")

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".json", ".jsonl", ".ndjson")


def open_file(
    path: str | Path, *, sheet: str | None = None, encoding: str | None = None
) -> Opened:
    """Open a file of assessments.

    Parameters
    ----------
    path
        One of `SUFFIXES`; text files also with ``.gz`` after it.
    sheet
        Name of the sheet of a workbook; its first one by default.
    encoding
        Encoding of a CSV file, where it is known and carries no byte-order mark.

    Raises
    ------
    IntakeError
        Where the file cannot be read at all, naming it, the place, and what to do.
    """
    path = Path(path)
    name = path.name
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = suffixes[-2:-1][0] if zipped and len(suffixes) > 1 else "".join(suffixes[-1:])
    if not path.is_file():
        raise IntakeError(f"{name}: no such file")
    with path.open("rb") as stream:
        start = stream.read(8)
    _check_start(start, kind, name, zipped=zipped)

    def open_bytes() -> IO[bytes]:
        return cast("IO[bytes]", gzip.open(path, "rb")) if zipped else path.open("rb")

    match kind:
        case ".csv" | ".tsv" | ".txt":
            return _open_csv(open_bytes, name, encoding)
        case ".jsonl" | ".ndjson":
            return Opened(name, None, _guarded(_jsonl(open_bytes, name), name))
        case ".json" if not zipped:
            return Opened(name, None, _json(path, name))
        case ".xlsx" if not zipped:
            return open_workbook(path, name, sheet)
        case ".parquet" if not zipped:
            return _open_parquet(path, name)
    raise IntakeError(f"{name}: this kind of file is not read; accepted: {', '.join(SUFFIXES)}")


def _check_start(start: bytes, kind: str, name: str, *, zipped: bool) -> None:
    """Refuse a file that is not what its name says."""
    if not start:
        raise IntakeError(f"{name}: the file is empty")
    if start.startswith(_OLD_EXCEL):
        raise IntakeError(
            f"{name}: an old (.xls) or password-protected workbook; save it as .xlsx without one"
        )
    if zipped != start.startswith(b"\x1f\x8b"):
        raise IntakeError(f"{name}: the name and the content disagree about gzip")
    if start.startswith(b"PK\x03\x04") != (kind == ".xlsx") and not zipped:
        raise IntakeError(f"{name}: the name and the content disagree about .xlsx")


def _guarded(lines: Iterator[Line], name: str) -> Iterator[Line]:
    """Name the file and the row where a damaged file ends the reading."""
    number = 0
    try:
        for line in lines:
            number = line.number
            yield line
    except IntakeError:
        raise
    except (OSError, ValueError, EOFError, zlib.error) as error:
        # what readers of gzip and Parquet raise on damaged input
        raise IntakeError(f"{name}: damaged after row {number}: {shown(error)}") from error


def _open_csv(open_bytes: Callable[[], IO[bytes]], name: str, encoding: str | None) -> Opened:
    try:
        found = find_encoding(open_bytes, name, given=encoding, limit=MAX_BYTES)
    except (OSError, EOFError) as error:
        raise IntakeError(f"{name}: damaged: {shown(error)}") from error

    def rows() -> Iterator[Line]:
        with io.TextIOWrapper(open_bytes(), encoding=found, newline="") as stream:
            header, lines = read_csv(stream, name)
            yield Line(0, header)
            yield from lines

    return _begun(rows(), name)


def _begun(rows: Iterator[Line], name: str) -> Opened:
    """Take the header, which is row 0; from then on the rows themselves close the file."""
    header = next(rows).cells
    assert isinstance(header, list | tuple)
    return Opened(name, tuple(header), _guarded(rows, name))


def _jsonl(open_bytes: Callable[[], IO[bytes]], name: str) -> Iterator[Line]:
    with open_bytes() as stream:
        number = 0
        while line := stream.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = stream.readline(MAX_LINE)
                yield faulty(number, "row_too_long", "", _LENGTH)
            elif line.strip(b"\xef\xbb\xbf \t\r\n"):
                try:
                    value = parse_json(line, source=f"{name}, row {number}")
                except ArtefactError as error:
                    yield faulty(number, "not_json", error, _OBJECT)
                else:
                    yield _record(number, value)


def _json(path: Path, name: str) -> Iterator[Line]:
    if path.stat().st_size > MAX_JSON:
        raise IntakeError(f"{name}: larger than {MAX_JSON // 2**20} MiB; use JSONL")
    try:
        value = parse_json(path.read_bytes(), source=name)
    except ArtefactError as error:
        raise IntakeError(str(error)) from error
    records = value if isinstance(value, list) else [value]
    return (_record(number, record) for number, record in enumerate(records, start=1))


def _record(number: int, value: object) -> Line:
    if not isinstance(value, dict):
        return faulty(number, "not_json", type(value).__name__, _OBJECT)
    return Line(number, value)


def _open_parquet(path: Path, name: str) -> Opened:
    parquet = need("pyarrow.parquet", name)

    def rows() -> Iterator[Line]:
        # read ahead, every part of the file that was read stays in memory to the end
        with parquet.ParquetFile(path, pre_buffer=False) as table:
            header = tuple(table.schema_arrow.names)
            if len(header) > MAX_COLUMNS:
                raise IntakeError(f"{name}: more than {MAX_COLUMNS} columns")
            yield Line(0, header)
            number = 0
            for batch in table.iter_batches(batch_size=_BATCH):
                for cells in zip(*map(column_values, batch.columns), strict=True):
                    number += 1
                    yield Line(number, cells)

    try:
        return _begun(rows(), name)
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise IntakeError(f"{name}: a damaged Parquet file: {shown(error)}") from error


def column_values(column: Any) -> list[object]:
    """Give a column as Python values; nanoseconds, which Python's dates lack, are cut off."""
    if str(column.type).startswith("timestamp[ns"):
        column = column.cast(str(column.type).replace("[ns", "[us"), safe=False)
    values: list[object] = column.to_pylist()
    return values
