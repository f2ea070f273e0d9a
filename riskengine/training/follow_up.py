"""What is known of a person by a horizon: the event, its absence, or neither.

A course is what a file tells of one person from the start of follow-up on. By a horizon it is

- 1 where the event came by the earlier of horizon and end of term, while the person was followed;
- 0 where that time passed without it, or where an end came that precludes it (competing);
- unknown where observation merely stopped before (censoring).

An event on the very day on which observation ends was seen. Nobody counts, with the event or
without, before the horizon (or the end of the term) and the reporting lag have passed: early
events are on record before anything else, and alone they would make every recent person an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

DAYS_OF_A_YEAR = 365
MONTHS_OF_A_YEAR = 12

Unit = Literal["days", "months"]
Ending = Literal["competing", "censoring", "unlisted"]

EVENT, HORIZON, END_OF_TERM, LOST = "event", "horizon", "end_of_term", "lost_sight_of"
"""How a label came about, where no end of follow-up decided it; and an end without a reason."""


@dataclass(frozen=True, slots=True)
class Course:
    """One person's follow-up. Times count from its start, in the file's unit.

    Attributes
    ----------
    event
        When the first event came, or ``None``.
    firm
        When the first event came that is nobody's discretion, where the file tells.
    end, ending, reason
        When follow-up ended other than by the event, and what that means for the outcome.
    term
        When the term was planned to end, from what was known at the start.
    reach
        How far the file reaches for this person; ``None`` where it does not say.
    """

    event: float | None = None
    firm: float | None = None
    end: float | None = None
    ending: Ending | None = None
    reason: str = ""
    term: float | None = None
    reach: float | None = None


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Why a row has no label.

    Attributes
    ----------
    lost
        Whether the person was lost sight of at a time or for a reason that is not known, so that
        no weight can make up for it. Not being followed long enough yet is no such loss.
    """

    reason: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one person by a horizon.

    Attributes
    ----------
    label
        1 or 0, or ``None`` where observation stopped before (censored).
    time
        When the label was determined, or observation stopped; ``None`` where the file holds no
        times.
    why
        `EVENT`, `HORIZON`, `END_OF_TERM`, or the reason of the end.
    firm
        Whether an event came by then that is nobody's discretion, where the file tells.
    """

    label: int | None
    time: float | None
    why: str
    firm: bool | None = None


def in_units(days: int, unit: Unit) -> int:
    """Give a horizon in a file's unit; whole months, of which a year has twelve."""
    return days if unit == "days" else round(days * MONTHS_OF_A_YEAR / DAYS_OF_A_YEAR)


def seen_by(course: Course, horizon: float, *, lag: float, to_term: bool) -> Seen | Unlabelled:
    """Say what is known of a person by a horizon.

    Parameters
    ----------
    horizon, lag
        Horizon and reporting lag, in the unit of the course.
    to_term
        Whether the end of the term ends the question (``by_horizon_or_end_of_term``). A term that
        is over before the horizon answers it when it is over, and not before.
    """
    until, why = horizon, HORIZON
    if to_term and course.term is not None and course.term < horizon:
        until, why = course.term, END_OF_TERM
    if course.reach is not None and course.reach < until + lag:
        return Unlabelled(
            f"followed for {course.reach:g} days; {until:g} to the "
            f"{'end of the term' if why == END_OF_TERM else 'horizon'} and {lag:g} of reporting "
            f"lag have to pass"
        )
    event, end = course.event, course.end
    followed = until if end is None else min(end, until)
    firm = None if event is None else course.firm is not None and course.firm <= followed
    if event is not None and event <= followed:
        return Seen(1, event, EVENT, firm)
    if end is None or end >= until:
        return Seen(0, until, why)
    if course.ending == "unlisted":
        return Unlabelled(
            f"follow-up ended for [{course.reason}], which the outcome lists neither as competing "
            f"nor as censoring",
            lost=True,
        )
    return Seen(0 if course.ending == "competing" else None, end, course.reason)


def median_follow_up(courses: Sequence[Course]) -> float | None:
    """Median time for which people could have been followed (reverse Kaplan-Meier).

    Events and competing ends hide how long a person would have been followed; ends of observation
    show it. ``None`` where less than half would have been lost sight of by the last time seen.

    References
    ----------
    Schemper and Smith (1996), A note on quantifying follow-up in studies of failure time,
    Controlled Clinical Trials 17, 343-346.
    """
    times, stopped = [], []
    for course in courses:
        known = [t for t in (course.event, course.end, course.reach) if t is not None]
        if not known:
            continue
        last = min(known)
        hidden = last == course.event or (last == course.end and course.ending == "competing")
        times.append(last)
        stopped.append(not hidden)
    at, lost = np.array(times, dtype=np.float64), np.array(stopped, dtype=bool)
    left = 1.0
    for time in np.unique(at[lost]):
        # an event on the day on which observation ends came first
        here = lost & (at == time)
        left *= 1.0 - here.sum() / ((at > time).sum() + here.sum())
        if left <= 0.5:
            return float(time)
    return None
