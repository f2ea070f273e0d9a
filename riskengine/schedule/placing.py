"""Putting contacts on days: open office, nothing declared in the way, few ways to the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from riskengine.policy.document import Contact
from riskengine.schedule.calendar import Busy, PersonCalendar, Place
from riskengine.schedule.document import ItemStatus
from riskengine.schedule.windows import Window

PLACES: dict[str, Place] = {
    "phone_or_online": "remote",
    "phone": "remote",
    "online": "remote",
    "in_person": "office",
    "talk": "office",
    "written": "paper",
    "visit": "home",
}
"""Where the known kinds take place. Any other kind counts as a way to the office."""


def place_of(contact: Contact) -> Place:
    """Where a contact takes place."""
    return PLACES.get(contact.kind, "office")


@dataclass(frozen=True)
class Due:
    """A contact and one of its windows.

    Attributes
    ----------
    earliest, latest
        Days between which it can be put: its window without the days that are over, and without
        those after the end of the term.
    """

    contact: Contact
    window: Window
    earliest: date
    latest: date

    @property
    def place(self) -> Place:
        """Where it takes place."""
        return place_of(self.contact)


@dataclass(frozen=True)
class Placed:
    """A contact on its day.

    Attributes
    ----------
    in_the_way
        What was declared for the day that it was first planned for, where it had to move; or for
        the day on which it stands, where no day is free.
    open_day
        Whether the office is open on any day of its window.
    """

    due: Due
    planned_for: date
    on: date
    status: ItemStatus
    in_the_way: tuple[Busy, ...] = ()
    open_day: bool = True


def place_all(
    dues: Sequence[Due], calendar: PersonCalendar, *, before: date, join: bool
) -> list[Placed]:
    """Put every contact on a day of its window.

    Parameters
    ----------
    dues
        What is due, in any order.
    before
        The day of the review: days before it are better than later days of the same window.
    join
        Whether contacts at the office share a day where their windows allow it.

    Returns
    -------
    list
        One entry for every due contact, in the order given. None is ever left out.
    """
    # the most frequent first: they leave the least choice, and rarer ones can join them
    order = sorted(
        range(len(dues)),
        key=lambda n: (
            (dues[n].window.last - dues[n].window.first).days,
            dues[n].window.first,
            dues[n].contact.kind,
            n,
        ),
    )
    trips: set[date] = set()
    found: dict[int, Placed] = {}
    for number in order:
        due = dues[number]
        placed = _place(due, calendar, before, trips if join and due.place == "office" else set())
        if due.place == "office":
            trips.add(placed.on)
        found[number] = placed
    return [found[number] for number in range(len(dues))]


def _place(due: Due, calendar: PersonCalendar, before: date, trips: set[date]) -> Placed:
    days = [due.earliest + timedelta(days=n) for n in range((due.latest - due.earliest).days + 1)]
    middle = due.window.middle

    def nearest(choice: Sequence[date]) -> date:
        return min(choice, key=lambda day: (day >= before, abs((day - middle).days), day))

    opened = [day for day in days if calendar.open_on(day)]
    if not opened:
        return Placed(due, nearest(days), nearest(days), "conflict", open_day=False)
    planned = nearest(opened)
    free = [day for day in opened if not calendar.in_the_way(day, due.place)]
    if not free:
        return Placed(due, planned, planned, "conflict", calendar.in_the_way(planned, due.place))
    shared = [day for day in free if day in trips and day < before]
    day = nearest(shared or free)
    blocked = calendar.in_the_way(planned, due.place)
    if day == planned:
        return Placed(due, planned, day, "planned")
    return Placed(due, planned, day, "moved" if blocked else "joined", blocked)
