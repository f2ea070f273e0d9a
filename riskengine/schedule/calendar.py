"""What a person declares about days, format ``riskengine/calendar/1``.

It holds spans of days and what kind of thing fills them: no names, no addresses, no diagnosis, no
employer. Whatever is not declared is not known, and is never taken for free time.
"""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.documents import load_document
from riskengine.instrument.items import Identifier
from riskengine.text import FROZEN

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Place = Literal["office", "home", "remote", "paper"]
"""Where a contact takes place; ``paper`` is a written report, sent or handed in."""

BusyKind = Literal[
    "work", "school", "exam", "harvest", "away", "treatment", "pregnancy", "care", "other"
]

SPARES: dict[BusyKind, tuple[Place, ...]] = {
    "work": ("office", "home"),
    "school": ("office", "home"),
    "exam": ("office", "home"),
    # staff can come to the village at harvest time; the person cannot leave the field for a day
    "harvest": ("office",),
    "away": ("office", "home"),
    "treatment": ("office",),
    "pregnancy": ("office",),
    "care": ("office",),
    "other": ("office", "home"),
}
"""What every kind of day rules out. A call and a written report are possible on any of them."""


class Span(BaseModel):
    """Days from one to another, both counted."""

    model_config = FROZEN
    first: date
    last: date

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.last < self.first:
            raise ValueError("[last] lies before [first]")
        return self

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


class Busy(Span):
    """Days on which the person is needed elsewhere.

    Attributes
    ----------
    weekdays
        Only on these days of the week; on all where it is left out.
    """

    id: Identifier
    kind: BusyKind
    weekdays: tuple[Weekday, ...] = WEEKDAYS

    def rules_out(self, day: date, place: Place) -> bool:
        """Whether it stands in the way of a contact at a place on a day."""
        if place not in SPARES[self.kind] or not self.holds(day):
            return False
        return WEEKDAYS[day.weekday()] in self.weekdays


class PersonCalendar(BaseModel):
    """A person's declared days, and the days on which the office receives people.

    Attributes
    ----------
    person
        Internal id, as in the assessment.
    declared_on
        When the person was asked.
    declared
        What was asked about; what is not listed was not asked, so that nothing is known of it.
    permits
        Approved regular activity in other counties (Law, art. 27).
    """

    model_config = FROZEN
    format: Literal["riskengine/calendar/1"]
    person: str
    declared_on: date
    declared: tuple[Literal["work", "school", "season", "health", "permit"], ...] = ()
    office_days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS[:5]
    closed: tuple[Span, ...] = ()
    busy: tuple[Busy, ...] = ()
    permits: tuple[Span, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        ids = [entry.id for entry in self.busy]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"[busy] has two entries named [{twice[0]}]")
        return self

    def open_on(self, day: date) -> bool:
        """Whether the office receives people on a day."""
        if WEEKDAYS[day.weekday()] not in self.office_days:
            return False
        return not any(span.holds(day) for span in self.closed)

    def in_the_way(self, day: date, place: Place) -> tuple[Busy, ...]:
        """Entries that rule out a contact at a place on a day."""
        return tuple(entry for entry in self.busy if entry.rules_out(day, place))


def read_calendar(data: bytes, *, source: str) -> PersonCalendar:
    """Check a declared calendar in strict JSON.

    Raises
    ------
    ArtefactError
        Naming the source, the place in the document and what is wrong.
    """
    return load_document(PersonCalendar, data, source=source)
