"""CSV as offices have it: three delimiters, quoted line breaks, and rows that are broken.

A row with wrong quotation marks is reported and reading goes on with the next line: an opening
mark that is never closed must not swallow the people below it.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TextIO

from riskengine.errors import IntakeError
from riskengine.intake.lines import MAX_COLUMNS, MAX_LINE, Line, faulty

DELIMITERS = (",", ";", "\t")
_MAX_LINES_A_CELL = 100
_QUOTES = (
    "引号成对，单元格内的引号写两次，单元格内换行不超过 100 行",
    "marks in pairs, doubled inside a cell, at most 100 line breaks in a cell",
)
_LENGTH = (f"{MAX_LINE} 个字符", f"{MAX_LINE} characters")


def read_csv(stream: TextIO, name: str) -> tuple[list[str], Iterator[Line]]:
    """Read a CSV stream.

    Parameters
    ----------
    stream
        Decoded text, opened with ``newline=""``.
    name
        The file, for errors.

    Returns
    -------
    header, lines
        The first row that is not empty, and the rows after it.

    Raises
    ------
    IntakeError
        Where there is no header that can be read.
    """
    texts = _Texts(stream)
    while (text := texts.take()) is not None and text and not text.strip(" \t\r\n,;"):
        pass
    if text is None:
        raise IntakeError(f"{name}: the first line is longer than {MAX_LINE} characters")
    if not text:
        raise IntakeError(f"{name}: no header; the first row must hold the column names")
    texts.back([text])
    delimiter = find_delimiter(text)
    records = _records(texts, delimiter)
    header = next(records)
    if isinstance(header, Line):
        raise IntakeError(f"{name}: quotation marks are wrong in the header")
    if len(header) > MAX_COLUMNS:
        raise IntakeError(f"{name}: more than {MAX_COLUMNS} columns")
    return header, _lines(records, len(header))


def find_delimiter(header: str) -> str:
    """Return the delimiter that stands most often outside quotation marks; comma on a tie."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


class _Texts:
    """Physical lines, of which some can be put back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str | None] = deque()

    def back(self, lines: Sequence[str | None]) -> None:
        self._waiting.extendleft(reversed(lines))

    def take(self) -> str | None:
        """Give the next line; empty at the end, ``None`` for a line that is too long."""
        if self._waiting:
            return self._waiting.popleft()
        line = self._stream.readline(MAX_LINE)
        if len(line) < MAX_LINE or line[-1] in "\r\n":
            return line
        while line and line[-1] not in "\r\n":
            line = self._stream.readline(MAX_LINE)
        return None


def _records(texts: _Texts, delimiter: str) -> Iterator[list[str] | Line]:
    """Give each record as its cells, or as a faulty line that still lacks its number."""
    record: list[str] = []
    while True:
        text = texts.take()
        if text:
            record.append(text)
            try:
                yield from list(csv.reader(record, delimiter=delimiter, strict=True))
            except csv.Error as error:
                still_open = str(error) == "unexpected end of data"
                small = len(record) <= _MAX_LINES_A_CELL and sum(map(len, record)) < MAX_LINE
                if still_open and small:
                    continue
            else:
                record = []
                continue
        elif not record:
            if text is None:
                yield faulty(0, "row_too_long", "", _LENGTH)
                continue
            return
        # the mark in the first line is never closed: report that line, read the others anew
        texts.back(record[1:] if text else [*record[1:], text])
        yield faulty(0, "not_csv", "", _QUOTES)
        record = []


def _lines(records: Iterator[list[str] | Line], width: int) -> Iterator[Line]:
    """Give the records numbered, empty ones left out, those that do not fit reported."""
    accepted = (f"{width} 个单元格", f"{width} cells")
    for number, cells in enumerate(records, start=1):
        if isinstance(cells, Line):
            yield replace(cells, number=number)
        elif len(cells) == width:
            if any(cell and not cell.isspace() for cell in cells):
                yield Line(number, cells)
        elif not any(map(str.strip, cells)):
            continue
        elif len(cells) > width and not any(map(str.strip, cells[width:])):
            yield Line(number, cells[:width])
        else:
            # a row cut short must not pass its missing answers off as questions not asked
            yield faulty(number, "cell_count", len(cells), accepted)
