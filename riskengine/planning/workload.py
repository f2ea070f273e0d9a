"""Hours needed by office against hours there are. A shortage is said; it moves no tier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from riskengine.planning.hours import OfficeHours
from riskengine.planning.people import Caseload, Person
from riskengine.policy.document import PolicyDocument
from riskengine.policy.tiers import Tier


@dataclass(frozen=True)
class OfficeLoad:
    """One office, hours a month.

    Attributes
    ----------
    without_tier
        People for whom there is no tier (incomplete, other profile, term over, or stale and not
        in the register): their hours are not in the sums.
    low, needed, high
        By the less restrictive of two defensible tiers; by score and rules; by the more
        restrictive one.
    steady
        As ``needed``, once initial periods are over.
    available
        ``None`` where the file of hours does not name the office.
    """

    office: str
    officers: int | None
    people: int
    without_tier: int
    low: float
    needed: float
    high: float
    steady: float
    available: float | None

    @property
    def short(self) -> float:
        """Hours a month that are missing; 0 where there are enough or nothing is known."""
        return 0.0 if self.available is None else max(0.0, self.needed - self.available)


def tier_on_the_day(person: Person, on: date) -> Tier | None:
    """The tier by which a person takes officers' time.

    A stale assessment says nothing, so that the tier in force goes on.
    """
    if person.over(on):
        return None
    if person.stale(on):
        return None if person.past is None else person.past.tier
    return person.ruled


def by_office(load: Caseload, hours: Mapping[str, OfficeHours]) -> tuple[OfficeLoad, ...]:
    """Add up minutes by office; offices without people or without hours are listed as well."""
    document = load.policy.document
    people: dict[str, list[Person]] = defaultdict(list)
    for person in load.people:
        people[person.office].append(person)
    return tuple(
        _office(name, people.get(name, []), hours.get(name), document, load.on)
        for name in sorted({*people, *hours})
    )


def _office(
    name: str,
    people: list[Person],
    has: OfficeHours | None,
    document: PolicyDocument,
    on: date,
) -> OfficeLoad:
    low = needed = high = steady = 0
    without = 0
    for person in people:
        tier = tier_on_the_day(person, on)
        if tier is None:
            without += 1
            continue
        # of two defensible tiers a named person takes one
        ends = (tier, tier) if person.stale(on) else (person.tiers[0], person.tiers[-1])
        later = tier
        if not person.stale(on) and person.steady is not None and person.band is not None:
            later = Tier.at(person.steady[person.band])
        low += _minutes(document, ends[0])
        needed += _minutes(document, tier)
        high += _minutes(document, ends[1])
        steady += _minutes(document, later)
    return OfficeLoad(
        office=name,
        officers=None if has is None else has.officers,
        people=len(people),
        without_tier=without,
        low=low / 60,
        needed=needed / 60,
        high=high / 60,
        steady=steady / 60,
        available=None if has is None else has.hours_per_month,
    )


def _minutes(document: PolicyDocument, tier: Tier) -> int:
    return document.tiers[tier].officer_minutes_per_month
