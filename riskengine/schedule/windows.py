"""From "so many times in so many days" to windows of days, counted from one fixed day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from riskengine.policy.document import Contact


@dataclass(frozen=True)
class Window:
    """Days within which one contact is due.

    Attributes
    ----------
    number
        0 for the first one after the tier took effect.
    middle
        Decides to which schedule it belongs.
    """

    number: int
    first: date
    last: date

    @property
    def middle(self) -> date:
        """The day in its middle, the earlier of two."""
        return self.first + (self.last - self.first) // 2


def window(contact: Contact, since: date, number: int) -> Window:
    """Give one window; together they cover every day once."""
    begins = number * contact.per_days // contact.times
    ends = (number + 1) * contact.per_days // contact.times
    # more than one a day: the windows of that day are that day
    last = max(begins, ends - 1)
    return Window(number, since + timedelta(days=begins), since + timedelta(days=last))


def windows(contact: Contact, since: date, first: date, before: date) -> Iterator[Window]:
    """Windows whose middle lies from one day on and before another."""
    # the middle of window n lies within n and n+1 times the interval
    number = max(0, (first - since).days * contact.times // contact.per_days - 1)
    while (found := window(contact, since, number)).middle < before:
        if found.middle >= first:
            yield found
        number += 1


def next_window(contact: Contact, since: date, before: date) -> Window:
    """Give the first window whose middle lies on a day or after it."""
    number = max(0, (before - since).days * contact.times // contact.per_days - 1)
    while (found := window(contact, since, number)).middle < before:
        number += 1
    return found
