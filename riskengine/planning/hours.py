"""Officers' hours by office, as a small file: ``office``, ``officers``, ``hours_per_month``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskengine.errors import IntakeError, shown

COLUMNS = ("office", "officers", "hours_per_month")


@dataclass(frozen=True)
class OfficeHours:
    """What one office has.

    Attributes
    ----------
    hours_per_month
        Of all its officers together, for community corrections alone.
    """

    office: str
    officers: int
    hours_per_month: float


def read_hours(path: Path) -> Mapping[str, OfficeHours]:
    """Read the hours of every office.

    Raises
    ------
    IntakeError
        Naming file, row, column, value and what is accepted.
    """
    found: dict[str, OfficeHours] = {}
    for number, row in enumerate(read_table(path, COLUMNS), start=1):
        office = row["office"]
        if not office or office in found:
            why = "named twice" if office else "empty"
            raise IntakeError(f"{path.name}: row {number}: [office] {shown(office)} is {why}")
        found[office] = OfficeHours(
            office,
            int(number_in(path, number, row, "officers", whole=True)),
            number_in(path, number, row, "hours_per_month"),
        )
    if not found:
        raise IntakeError(f"{path.name}: no office")
    return found


def read_table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Read a small CSV file in UTF-8 or GB18030 with stated columns; others are refused."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntakeError(f"{path}: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise IntakeError(f"{path.name}: neither UTF-8 nor GB18030") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise IntakeError(f"{path.name}: line {reader.line_num}: {error}") from error
    header = tuple(name.strip() for name in reader.fieldnames or ())
    if sorted(header) != sorted(columns):
        raise IntakeError(
            f"{path.name}: columns {', '.join(map(shown, header)) or 'none'}; accepted: "
            + ", ".join(columns)
        )
    plain = []
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise IntakeError(f"{path.name}: row {number}: not {len(columns)} cells")
        plain.append({str(key).strip(): str(cell).strip() for key, cell in row.items()})
    return plain


def number_in(
    path: Path, row: int, cells: Mapping[str, str], column: str, *, whole: bool = False
) -> float:
    """Read a number of zero or more from a cell."""
    cell = cells[column]
    try:
        value = int(cell) if whole else float(cell)
    except ValueError:
        value = -1
    if not 0 <= value < 1e6:
        accepted = "a whole number" if whole else "a number"
        raise IntakeError(
            f"{path.name}: row {row}: [{column}] {shown(cell)}; accepted: {accepted} from 0 on"
        )
    return value
