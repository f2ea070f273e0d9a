"""What happened earlier: tiers that named persons decided, and events with their days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from riskengine.policy.tiers import Tier
from riskengine.text import Text

EventKind = Literal[
    "admonition",
    "warning",
    "public_security_penalty",
    "lost_contact",
    "unapproved_leave",
    "arrest",
    "job_lost",
    "home_lost",
    "family_crisis",
    "pregnancy",
    "illness",
    "commendation",
]
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
SANCTIONS: tuple[EventKind, ...] = ("admonition", "warning", "public_security_penalty")
COUNTED: dict[EventKind, str] = {
    "admonition": "admonitions_n",
    "warning": "warnings_n",
    "public_security_penalty": "ps_penalties_n",
    "commendation": "commendations_n",
}
"""Items that count what an event dates."""

EVENT_LABELS: dict[EventKind, Text] = {
    "admonition": Text(zh="训诫", en="admonition"),
    "warning": Text(zh="警告", en="warning"),
    "public_security_penalty": Text(zh="治安管理处罚", en="public-security penalty"),
    "lost_contact": Text(zh="失去联系", en="lost contact"),
    "unapproved_leave": Text(zh="未经批准外出", en="unapproved leave"),
    "arrest": Text(zh="被采取强制措施", en="arrest or detention"),
    "job_lost": Text(zh="失业", en="loss of job"),
    "home_lost": Text(zh="失去住所", en="loss of home"),
    "family_crisis": Text(zh="家庭重大变故", en="family crisis"),
    "pregnancy": Text(zh="怀孕", en="pregnancy"),
    "illness": Text(zh="患病", en="illness"),
    "commendation": Text(zh="表扬", en="commendation"),
}


@dataclass(frozen=True)
class PastTier:
    """A tier that a named person decided earlier."""

    tier: Tier
    decided_on: date


@dataclass(frozen=True)
class PastEvent:
    """Something that happened on a day."""

    kind: EventKind
    on: date


@dataclass(frozen=True)
class Standing:
    """Where a person stands by what was decided up to a day.

    Attributes
    ----------
    current
        The tier decided last, or ``None`` where no decision is known.
    since
        First day of the present stay at it; the initial period counts.
    decided_on
        Day of the last decision.
    """

    current: Tier | None = None
    since: date | None = None
    decided_on: date | None = None


NOWHERE = Standing()


def standing(
    history: Sequence[PastTier], *, on: date, initial: tuple[Tier, date, date] | None = None
) -> Standing:
    """Read the present tier and the first day of the stay at it from earlier decisions.

    Decisions after ``on`` were not yet made and are left out, so that a later file replays an
    earlier day. Of several decisions on one day the last in the list holds.

    Parameters
    ----------
    initial
        Tier of the initial period, its first day and the first day after it. A first stay at that
        tier that was decided before the period was over is counted from the first day.
    """
    if not history:
        return NOWHERE
    past = sorted((one for one in history if one.decided_on <= on), key=lambda o: o.decided_on)
    if not past:
        return NOWHERE
    current = past[-1].tier
    first = len(past) - 1
    while first and past[first - 1].tier is current:
        first -= 1
    since = past[first].decided_on
    if initial is not None and first == 0:
        tier, start, until = initial
        if current is tier and since <= until:
            since = min(since, start)
    return Standing(current, since, past[-1].decided_on)


@dataclass(frozen=True)
class Dated:
    """Events up to a day, by kind: the newest day and how many.

    Attributes
    ----------
    known
        Whether anybody handed over the events; without them nothing is known about their days.
    """

    known: bool
    newest: dict[EventKind, date]
    count: dict[EventKind, int]

    def latest(self, kinds: Iterable[EventKind]) -> date | None:
        """Newest day of an event of these kinds."""
        return max((self.newest[kind] for kind in kinds if kind in self.newest), default=None)


UNDATED = Dated(False, {}, {})


def dated(events: Sequence[PastEvent] | None, *, on: date) -> Dated:
    """Sum events up to a day by kind; ``None`` where nobody handed any over."""
    if events is None:
        return UNDATED
    newest: dict[EventKind, date] = {}
    count: dict[EventKind, int] = {}
    for event in events:
        if event.on <= on:
            count[event.kind] = count.get(event.kind, 0) + 1
            if event.kind not in newest or newest[event.kind] < event.on:
                newest[event.kind] = event.on
    return Dated(True, newest, count)
