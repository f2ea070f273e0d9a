"""A contact schedule, format ``riskengine/schedule/1``."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from riskengine.errors import Language
from riskengine.policy.tiers import Tier
from riskengine.schedule.calendar import Place
from riskengine.text import FROZEN

FORMAT = "riskengine/schedule/1"

ItemStatus = Literal["planned", "moved", "joined", "conflict"]


class ScheduleItem(BaseModel):
    """One contact.

    Attributes
    ----------
    uid
        Stays the same when the date moves: it names the contact, not the day.
    window_first, window_last
        Days within which the contact is due; it may be moved between them.
    planned_for
        The day in the middle of the window on which the office is open.
    status
        ``planned``: on that day. ``moved``: on another day of its window, for a declared reason.
        ``joined``: put on the day of another contact to spare a way. ``conflict``: no day of its
        window is free; a person settles it before the contact.
    remarks
        Ids of the remarks that explain it.
    """

    model_config = FROZEN
    uid: str
    kind: str
    label: str
    place: Place
    window_first: date
    window_last: date
    planned_for: date
    date: date
    status: ItemStatus
    remarks: tuple[str, ...] = ()


class LaterContact(BaseModel):
    """A contact whose window lies beyond this schedule: the next one begins with it."""

    model_config = FROZEN
    kind: str
    label: str
    window_first: date
    window_last: date


class Remark(BaseModel):
    """Something a person must know or settle, with the article it rests on."""

    model_config = FROZEN
    id: str
    text: str
    citation: str
    verified: bool
    items: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


class ContactSchedule(BaseModel):
    """The contacts of one person at one tier, from a day to the next review or end of term.

    Attributes
    ----------
    decided
        Whether a named person decided the tier. Otherwise it is a draft for a recommended tier.
    since
        The day the tier took effect. Windows are counted from it, so that schedules that follow
        one another at the same tier neither lose a contact nor ask for one twice.
    first, until
        The schedule begins on the one and ends with the other. The day of the review belongs to
        the next schedule, the last day of the term to this one.
    """

    model_config = FROZEN
    format: Literal["riskengine/schedule/1"]
    lang: Language
    person: str
    assessment: str | None
    tier: Tier
    tier_label: str
    decided: bool
    since: date
    first: date
    until: date
    ends_with: Literal["review", "end_of_term"]
    items: tuple[ScheduleItem, ...]
    later: tuple[LaterContact, ...]
    remarks: tuple[Remark, ...]
    office_days: tuple[date, ...]
    travel_minutes: int | None
    policy: str
    jurisdiction: str
