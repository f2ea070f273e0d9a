"""Who belongs to which office, and at which tier by whose decision: the office's register.

A small file with the columns ``person``, ``office``, ``tier``, ``since``; tier and day are blank
where nothing was decided yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskengine.errors import IntakeError, shown
from riskengine.planning.hours import read_table
from riskengine.policy.ruling import PastTier
from riskengine.policy.tiers import Tier

COLUMNS = ("person", "office", "tier", "since")


@dataclass(frozen=True)
class Registered:
    """One line of the register."""

    office: str
    past: PastTier | None


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
        found[row["person"]] = Registered(row["office"], _past(place, row))
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
    try:
        since = date.fromisoformat(row["since"])
    except ValueError as error:
        raise IntakeError(
            f"{place}: [since] {shown(row['since'])}; accepted: YYYY-MM-DD"
        ) from error
    return PastTier(tier, since)
