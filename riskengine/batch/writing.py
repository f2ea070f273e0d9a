"""Writing result rows to CSV, Excel, Parquet or JSONL. A file appears whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from riskengine.batch.score import Cell
from riskengine.errors import UseError
from riskengine.intake.lines import need
from riskengine.intake.rejects import FIELDS, safe_cell

EXCEL_ROWS = 1_048_575
_PARQUET_CHUNK = 50_000

Rows = Iterable[Mapping[str, Cell]]


def write_rows(path: Path, columns: Sequence[str], rows: Rows) -> int:
    """Write rows in the format that the file's ending names; return how many there were.

    Raises
    ------
    UseError
        Where the ending is none of .csv, .xlsx, .parquet, .jsonl.
    """
    writers = {".csv": _csv, ".jsonl": _jsonl, ".xlsx": _xlsx, ".parquet": _parquet}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise UseError(f"[{path.name}]: results are written as {', '.join(writers)}")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        count = writer(partial, columns, rows)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _csv(path: Path, columns: Sequence[str], rows: Rows) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(columns)
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the count
            out.writerow([safe_cell(row[column]) for column in columns])
    return count


def _jsonl(path: Path, columns: Sequence[str], rows: Rows) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for count, row in enumerate(rows, start=1):  # noqa: B007
            stream.write(json.dumps(dict(row), ensure_ascii=False) + "\n")
    return count


def _xlsx(path: Path, columns: Sequence[str], rows: Rows) -> int:
    openpyxl = need("openpyxl", path.name)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("scores")
    sheet.append(list(columns))
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > EXCEL_ROWS:
            raise UseError(f"[{path.name}]: an Excel sheet holds {EXCEL_ROWS} rows; write Parquet")
        sheet.append([safe_cell(row[column]) for column in columns])
    with path.open("wb") as stream:
        book.save(stream)
    return count


def _parquet(path: Path, columns: Sequence[str], rows: Rows) -> int:
    pa = need("pyarrow", path.name)
    pq = need("pyarrow.parquet", path.name)
    schema = pa.schema(
        [
            (
                name,
                pa.int64() if name == "score" or name.startswith("contribution_") else pa.string(),
            )
            for name in columns
        ]
    )
    count = 0
    with pq.ParquetWriter(path, schema) as out:
        chunk: list[Mapping[str, Cell]] = []
        for count, row in enumerate(rows, start=1):  # noqa: B007
            chunk.append(row)
            if len(chunk) == _PARQUET_CHUNK:
                out.write_table(pa.Table.from_pylist(chunk, schema=schema))
                chunk = []
        out.write_table(pa.Table.from_pylist(chunk, schema=schema))
    return count


def write_batch(path: Path, batch: Any) -> None:
    """Write one Arrow record batch as Parquet; the file appears whole or not at all."""
    pa = need("pyarrow", path.name)
    pq = need("pyarrow.parquet", path.name)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        pq.write_table(pa.Table.from_batches([batch]), partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def join_parts(path: Path, parts: Sequence[Path], columns: Sequence[str], *, within: Path) -> None:
    """Put parts together, in order, in bounded memory; the file appears whole or not at all.

    Parameters
    ----------
    parts
        Written by `write_rows`, `write_batch` or `RejectWriter`; for a workbook as JSONL.
    within
        Folder on the same disk for what is not finished, so that a kill leaves nothing elsewhere.
    """
    suffix = path.suffix.lower()
    partial = within / f"whole{suffix}"
    if suffix == ".xlsx" or not parts:
        rows = (row for part in parts for row in _read_jsonl(part))
        write_rows(partial, FIELDS if path.name.endswith(".rejects.csv") else columns, rows)
        partial.replace(path)
        return
    try:
        if suffix == ".parquet":
            _join_parquet(partial, parts)
        else:
            with partial.open("wb") as out:
                for number, part in enumerate(parts):
                    with part.open("rb") as stream:
                        if number and suffix == ".csv":
                            stream.readline()  # the header stands once
                        shutil.copyfileobj(stream, out)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read_jsonl(path: Path) -> Iterator[Mapping[str, Cell]]:
    with path.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _join_parquet(path: Path, parts: Sequence[Path]) -> None:
    pq = need("pyarrow.parquet", path.name)
    with pq.ParquetWriter(path, pq.read_schema(parts[0])) as out:
        for part in parts:
            out.write_table(pq.read_table(part))
