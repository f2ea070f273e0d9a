"""Days: when a tier is reviewed and why, when strict ends, and when a lower tier is in reach.

Nobody is moved by a date. A day that has passed makes a review overdue, and shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from riskengine.instrument.assessment import Assessment
from riskengine.policy.compiled import Policy
from riskengine.policy.facts import term_days
from riskengine.policy.history import EventKind, PastEvent, PastTier
from riskengine.policy.ruling import (
    Ruling,
    Situation,
    review_on,
    sanction_state,
    situation,
    stay_until,
    within_term,
)
from riskengine.policy.tiers import Tier


def strict_ends_on(policy: Policy, assessment: Assessment, *, on: date) -> date:
    """Last day for which a decision for the strict tier can hold; then somebody decides anew."""
    end = on + timedelta(days=policy.longest_days(term_days(assessment)))
    return within_term(assessment, end, on)


@dataclass(frozen=True)
class ReviewState:
    """Whether the tier that was decided last is due for review on a day, and why.

    Attributes
    ----------
    due_on
        Day by which it was to be reviewed; ``None`` where no decision is known.
    overdue_days
        Days past it; 0 where it is not overdue.
    because
        ``scheduled``, ``strict_ends``, or the event that called for it earlier.
    events
        Events since the decision that call for a review, each with its day.
    """

    due_on: date | None
    overdue_days: int
    because: str
    events: tuple[PastEvent, ...]


def review_state(
    policy: Policy,
    assessment: Assessment,
    *,
    on: date,
    history: Sequence[PastTier],
    events: Sequence[PastEvent] | None = None,
) -> ReviewState:
    """Say when the last decision was to be reviewed, and whether that day has passed.

    The earliest of three days holds: the scheduled review, the end of a strict tier, and the day
    that a trigger sets after an event since the decision.
    """
    stands = situation(policy, assessment, on=on, history=history).stands
    if stands.current is None or stands.decided_on is None:
        return ReviewState(None, 0, "scheduled", ())
    decided = stands.decided_on
    days = {"scheduled": review_on(policy, assessment, stands.current, on=decided)}
    if stands.current is Tier.STRICT:
        days["strict_ends"] = strict_ends_on(policy, assessment, on=decided)
    within: dict[EventKind, int] = {
        trigger.event: trigger.review_within_days for trigger in policy.document.triggers
    }
    called = tuple(
        sorted(
            (e for e in events or () if e.kind in within and decided < e.on <= on),
            key=lambda e: (e.on, e.kind),
        )
    )
    for event in called:
        due = event.on + timedelta(days=within[event.kind])
        if event.kind not in days or due < days[event.kind]:
            days[event.kind] = due
    because = min(days, key=lambda name: days[name])
    return ReviewState(days[because], max(0, (on - days[because]).days), because, called)


def earliest(policy: Policy, ruling: Ruling, tier: Tier) -> date:
    """First day on which a tier could hold, if everything but time allowed it.

    The way down goes step by step; each tier is kept for its minimum stay, and a stay that has not
    begun begins on the day that the step before it can be made.
    """
    here = ruling.situation
    day = here.on
    if here.initial_until is not None and ruling.without_initial_period is not None:
        day = max(day, here.initial_until)
    steps = policy.document.steps
    if steps is None:
        return day
    current, left = _present_stay(policy, ruling)
    day = max(day, left)
    clean = sanction_state(policy, here)
    if clean.until is not None:
        day = max(day, clean.until)
    at = current.rank - steps.down
    while at > tier.rank:
        day += timedelta(days=policy.stay_days(Tier.at(at), here.term))
        at -= steps.down
    return day


def _present_stay(policy: Policy, ruling: Ruling) -> tuple[Tier, date]:
    """The tier from which the way down starts, and the first day on which it can be left."""
    here = ruling.situation
    stands = here.stands
    if stands.current is not None and stands.current.rank >= ruling.tier.rank:
        return stands.current, stay_until(policy, here, stands.current) or here.on
    # nothing decided yet, or a step up today: the stay begins today, or with the initial period
    begins = here.on
    initial = policy.document.initial_period
    if initial is not None and initial.tier is ruling.tier and _in_initial_period(here):
        begins = here.start or here.on
    return ruling.tier, begins + timedelta(days=policy.stay_days(ruling.tier, here.term))


def _in_initial_period(here: Situation) -> bool:
    return here.initial_until is not None and here.on < here.initial_until
