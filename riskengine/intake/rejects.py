"""Rows that could not be used, written beside an output so that each can be put right."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from riskengine.errors import IntakeError, Language, Problem
from riskengine.intake.read import Row

FIELDS = ("row", "person", "item", "value", "code", "accepted", "message")

# A spreadsheet runs a cell that begins like this; the full-width forms count in Chinese ones.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def safe_cell(value: object) -> object:
    """Defuse a text that a spreadsheet would run as a formula.

    A leading apostrophe makes it plain text. Numbers stay numbers. Every CSV file that the engine
    writes passes its cells through here.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(...)")
    "'=HYPERLINK(...)"
    >>> safe_cell(-0.5)
    -0.5
    """
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def rejects_path(output: Path) -> Path:
    """Return where the rejects of an output go: ``scores.xlsx`` has ``scores.rejects.csv``."""
    return output.with_name(f"{output.stem}.rejects.csv")


class RejectWriter:
    """Writes one line for every problem of every rejected row.

    The file is written even where nothing is rejected, so that its absence never means anything
    and no older one stays beside a newer output.

    Parameters
    ----------
    path
        ``.csv`` (UTF-8 with a byte-order mark, as spreadsheets want it) or ``.jsonl``.
    lang
        Language of the messages.

    Attributes
    ----------
    rows
        Number of rows rejected so far.
    """

    def __init__(self, path: Path, *, lang: Language = "zh") -> None:
        if path.suffix not in (".csv", ".jsonl"):
            raise IntakeError(f"{path.name}: rejects are written as .csv or .jsonl")
        self.rows = 0
        self._path = path
        self._lang: Language = lang
        self._stream: TextIO | None = None

    def __enter__(self) -> Self:
        """Begin the file."""
        table = self._path.suffix == ".csv"
        self._stream = self._path.open("w", encoding="utf-8-sig" if table else "utf-8", newline="")
        if table:
            csv.writer(self._stream).writerow(FIELDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the file."""
        if self._stream is not None:
            self._stream.close()

    def write(self, row: Row) -> None:
        """Write the problems of a row; a row without any is left out."""
        assert self._stream is not None, "used outside its with block"
        self.rows += bool(row.problems)
        for problem in row.problems:
            fields = reject(row, problem, self._lang)
            if self._path.suffix == ".csv":
                csv.writer(self._stream).writerow([safe_cell(fields[name]) for name in FIELDS])
            else:
                self._stream.write(json.dumps(fields, ensure_ascii=False) + "\n")


def reject(row: Row, problem: Problem, lang: Language) -> dict[str, object]:
    """Give one problem of one row as the fields that are written."""
    return {
        "row": row.number,
        "person": row.person or "",
        "item": problem.item,
        "value": problem.value,
        "code": problem.code,
        "accepted": problem.accepted,
        "message": problem.text(lang),
    }
