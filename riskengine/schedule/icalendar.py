"""A schedule as an iCalendar file (RFC 5545) for the office's or the person's own calendar.

No more goes into it than a date needs: what the contact is called, its window, and for the office
the internal id. Tier, reasons and remarks stay in the JSON; a telephone is looked at by others.
"""

from __future__ import annotations

import re
from typing import Literal

from riskengine.errors import Language
from riskengine.schedule.document import ContactSchedule, ScheduleItem

Audience = Literal["office", "person"]

MAX_OCTETS = 75
_NEW_LINE = re.compile(r"\r\n|[\r\n\u0085\u2028\u2029\v\f]")
# RFC 5545 allows no control character but the tab in a text
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")

_WORDS: dict[str, dict[Language, str]] = {
    "window": {"zh": "期限：{first} 至 {last}", "en": "Window: {first} to {last}"},
    "draft": {"zh": "草案，尚未决定", "en": "Draft, not decided"},
    "conflict": {"zh": "请先商定日期或者方式", "en": "Agree on day or manner beforehand"},
}


def to_icalendar(schedule: ContactSchedule, *, audience: Audience = "office") -> str:
    """Write a schedule as one iCalendar object.

    Parameters
    ----------
    audience
        ``office``: the summary ends with the person's internal id. ``person``: it does not.

    Returns
    -------
    str
        Lines end in CRLF and are at most 75 octets of UTF-8 long. Equal schedules give equal
        bytes: the time stamp is the schedule's first day. A later schedule of the same contacts
        carries a higher sequence number, so that calendars replace the old date.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//riskengine//contact schedule 1//ZH",
        "CALSCALE:GREGORIAN",
    ]
    for item in schedule.items:
        lines += _event(schedule, item, audience)
    lines.append("END:VCALENDAR")
    return "".join(fold(line) + "\r\n" for line in lines)


def _event(schedule: ContactSchedule, item: ScheduleItem, audience: Audience) -> list[str]:
    lang = schedule.lang
    summary = item.label
    if audience == "office":
        summary = f"{summary} · {schedule.person}"
    said = [
        _WORDS["window"][lang].format(
            first=item.window_first.isoformat(), last=item.window_last.isoformat()
        )
    ]
    if item.status == "conflict":
        said.append(_WORDS["conflict"][lang])
    if not schedule.decided:
        said.append(_WORDS["draft"][lang])
    return [
        "BEGIN:VEVENT",
        f"UID:{item.uid}@riskengine",
        f"DTSTAMP:{schedule.first:%Y%m%d}T000000Z",
        f"DTSTART;VALUE=DATE:{item.date:%Y%m%d}",
        f"SEQUENCE:{(schedule.first - schedule.since).days}",
        f"SUMMARY:{escape(summary)}",
        f"DESCRIPTION:{escape(chr(10).join(said))}",
        f"STATUS:{'CONFIRMED' if schedule.decided else 'TENTATIVE'}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escape(text: str) -> str:
    """Escape a text value (RFC 5545, 3.3.11): nothing in it can end a line or a property."""
    whole = _NEW_LINE.sub("\n", text)
    whole = whole.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    # a lone surrogate has no place in UTF-8
    whole = _CONTROL.sub("", whole.encode("utf-8", "replace").decode("utf-8"))
    return whole.replace("\n", "\\n")


def fold(line: str) -> str:
    """Fold a content line (RFC 5545, 3.1) without cutting through a character."""
    parts: list[str] = []
    current, octets = "", 0
    for character in line:
        size = len(character.encode("utf-8"))
        if octets + size > MAX_OCTETS:
            parts.append(current)
            # the space at the start of a continued line counts
            current, octets = " ", 1
        current += character
        octets += size
    parts.append(current)
    return "\r\n".join(parts)
