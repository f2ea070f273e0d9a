"""The contacts of a tier as dated items, checked against the person's work and life."""

from __future__ import annotations

from riskengine.schedule.calendar import PersonCalendar, read_calendar
from riskengine.schedule.document import ContactSchedule
from riskengine.schedule.icalendar import to_icalendar
from riskengine.schedule.make import contact_schedule

__all__ = [
    "ContactSchedule",
    "PersonCalendar",
    "contact_schedule",
    "read_calendar",
    "to_icalendar",
]
