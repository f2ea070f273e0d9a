"""Times as the record writes them. Every time is handed in; there is no clock here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from riskengine.errors import UseError

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
OFFICE_OFFSET = timedelta(hours=8)
"""All of China keeps one time; a day in the record is a day there."""


def stamp(at: datetime) -> str:
    """Write a time in UTC, with microseconds.

    Raises
    ------
    UseError
        Where it has no time zone.
    """
    if at.tzinfo is None:
        raise UseError(f"time [{at.isoformat()}] has no time zone; accepted: an aware datetime")
    return at.astimezone(UTC).strftime(_FORM)


def moment(written: str) -> datetime:
    """Read a time that `stamp` wrote.

    Raises
    ------
    ValueError
        Where it is written in another way.
    """
    at = datetime.fromisoformat(written)
    if at.tzinfo is None or stamp(at) != written:
        raise ValueError(f"time [{written}] is not written as {_FORM}")
    return at


def day_of(written: str) -> date:
    """The day of a written time where the office is."""
    return (moment(written) + OFFICE_OFFSET).date()


def seconds_between(first: str, second: str) -> int:
    """Whole seconds from one written time to a later one; 0 where clocks ran back."""
    return max(0, int((moment(second) - moment(first)).total_seconds()))


def just_after(written: str) -> str:
    """The next time that can be written."""
    return stamp(moment(written) + timedelta(microseconds=1))
