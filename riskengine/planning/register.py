"""Who belongs to which office, and at which tier by whose decision: the office's register.

A small file with the columns ``person``, ``office``, ``tier``, ``since`` and ``reviewed``. Tier
and days are blank where nothing was decided yet; ``reviewed`` is blank where the tier was not
looked at since it took effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskengine.errors import IntakeError, shown
from riskengine.planning.hours import read_table
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier

COLUMNS = ("person", "office", "tier", "since", "reviewed")


@dataclass(frozen=True)
class Registered:
    """One line of the register.

    Attributes
    ----------
    past
        The tier in force, and the day from which it has been the same.
    reviewed
        Day of the last review of it.
    """

    office: str
    past: PastTier | None
    reviewed: date | None = None


def read_register(path: Path) -> Mapping[str, Registered]:
    """Read the register.

    Raises
    ------
    IntakeError
        Naming file, row, column, value and what is accepted.
    """
    found: dict[str, Registered] = {}
    for number, row in enumerate(read_table(path, COLUMNS), start=1):
        place = f"{path.name}: row {number}"
        if not row["person"] or row["person"] in found:
            # the value may be an identity number, so that it is not repeated
            raise IntakeError(f"{place}: [person] is empty or stands there twice")
        if not row["office"]:
            raise IntakeError(f"{place}: [office] is empty")
        past = _past(place, row)
        reviewed = None if past is None else past.decided_on
        if row["reviewed"]:
            reviewed = _day(place, row, "reviewed")
            if past is None or reviewed < past.decided_on:
                raise IntakeError(
                    f"{place}: [reviewed] {shown(row['reviewed'])} needs a tier, and a day not "
                    "before [since]"
                )
        found[row["person"]] = Registered(row["office"], past, reviewed)
    return found


def _past(place: str, row: Mapping[str, str]) -> PastTier | None:
    if not row["tier"] and not row["since"]:
        return None
    try:
        tier = Tier(row["tier"])
    except ValueError as error:
        accepted = ", ".join(one.value for one in Tier)
        raise IntakeError(
            f"{place}: [tier] {shown(row['tier'])}; accepted: {accepted}, or blank with [since]"
        ) from error
    return PastTier(tier, _day(place, row, "since"))


def _day(place: str, row: Mapping[str, str], column: str) -> date:
    try:
        return date.fromisoformat(row[column])
    except ValueError as error:
        raise IntakeError(
            f"{place}: [{column}] {shown(row[column])}; accepted: YYYY-MM-DD"
        ) from error
