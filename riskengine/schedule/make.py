"""From a tier to dated contacts, up to the next review or the end of the term."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING

from riskengine.errors import Language, UseError
from riskengine.instrument.assessment import Assessment
from riskengine.policy.document import Contact
from riskengine.policy.facts import END_ITEM
from riskengine.policy.history import PastTier
from riskengine.policy.ruling import review_on, rule_on
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation
from riskengine.schedule.calendar import PersonCalendar
from riskengine.schedule.citations import citations
from riskengine.schedule.document import FORMAT, ContactSchedule, LaterContact, ScheduleItem
from riskengine.schedule.placing import Due, Placed, place_all
from riskengine.schedule.proportion import LONG_WAY, remarks
from riskengine.schedule.windows import next_window, windows
from riskengine.text import Text

if TYPE_CHECKING:
    from riskengine.engine import Engine


def contact_schedule(
    engine: Engine,
    assessment: Assessment,
    *,
    on: date,
    decided: PastTier | None = None,
    calendar: PersonCalendar | None = None,
    lang: Language = "zh",
) -> ContactSchedule:
    """Give the contacts of a tier as dated items.

    The same input gives the same dates. What is declared in the calendar moves a contact within
    its window; where that is not possible it keeps its day and carries a remark with the article
    (Law, arts. 34 and 27). No contact is left out in silence.

    Parameters
    ----------
    on
        The first day of the schedule.
    decided
        The tier that a named person decided, and the day it took effect. Without it the schedule
        is a draft for the recommended tier, counted from ``on``.
    calendar
        What the person declared. Without it nothing is known of the person's days, which the
        schedule says.

    Raises
    ------
    UseError
        Where there is no single tier, the term is over, or the calendar is another person's.
    """
    if engine.policy is None:
        raise UseError("research mode has no tier and no contacts")
    history = () if decided is None else (decided,)
    found = engine.recommend(assessment, on=on, history=history, lang=lang)
    tier, since = _tier(found, decided, on)
    cite = citations(engine.policy.document.jurisdiction)
    if calendar is None:
        calendar = PersonCalendar(
            format="riskengine/calendar/1", person=assessment.person, declared_on=on
        )
    if calendar.person != assessment.person:
        raise UseError(
            f"the calendar is that of [{calendar.person}], the assessment that of "
            f"[{assessment.person}]"
        )
    end = assessment.known.get(END_ITEM)
    if isinstance(end, date) and end < on:
        raise UseError(f"the term ended on [{end.isoformat()}]: there is nothing to schedule")
    until = review_on(engine.policy, assessment, tier, on=on)
    ends_with_term = isinstance(end, date) and until == end
    before = until + timedelta(days=1) if ends_with_term else until

    contacts = _contacts(engine, found, assessment, tier, on, history)
    last = end if isinstance(end, date) else date.max
    dues = [
        (number, Due(contact, one, max(one.first, on), min(one.last, last)))
        for number, contact in enumerate(contacts)
        for one in windows(contact, since, on, before)
    ]
    minutes = assessment.known.get("travel_minutes_to_office")
    travel = minutes if isinstance(minutes, int) else None
    placed = place_all(
        [due for _, due in dues],
        calendar,
        before=before,
        join=travel is not None and travel >= LONG_WAY,
    )
    later, without_date = _later(contacts, since, before, last, ends_with_term)
    named = [
        (_uid(assessment.person, since, due, number), one)
        for (number, due), one in zip(dues, placed, strict=True)
    ]
    notes = remarks(
        assessment,
        calendar,
        named,
        first=on,
        until=until,
        without_date=without_date,
        cite=cite,
        lang=lang,
    )
    about: dict[str, list[str]] = {}
    for note in notes:
        for uid in note.items:
            about.setdefault(uid, []).append(note.id)
    items = sorted(
        (_item(uid, one, tuple(about.get(uid, ())), lang) for uid, one in named),
        key=lambda item: (item.date, item.kind, item.window_first, item.uid),
    )
    return ContactSchedule(
        format=FORMAT,
        lang=lang,
        person=assessment.person,
        assessment=assessment.id,
        tier=tier,
        tier_label=tier.label[lang],
        decided=decided is not None,
        since=since,
        first=on,
        until=until,
        ends_with="end_of_term" if ends_with_term else "review",
        items=tuple(items),
        later=tuple(
            LaterContact(
                kind=contact.kind,
                label=contact.label[lang],
                window_first=window_first,
                window_last=window_last,
            )
            for contact, window_first, window_last in later
        ),
        remarks=tuple(notes),
        office_days=tuple(sorted({i.date for i in items if i.place == "office"})),
        travel_minutes=travel,
        policy=str(found.provenance.policy),
        jurisdiction=engine.policy.document.jurisdiction,
    )


def _tier(found: Recommendation, decided: PastTier | None, on: date) -> tuple[Tier, date]:
    """The tier of the schedule and the day it took effect."""
    if decided is not None:
        if decided.decided_on > on:
            raise UseError(
                f"the tier takes effect on [{decided.decided_on.isoformat()}], after the first "
                f"day of the schedule [{on.isoformat()}]"
            )
        return decided.tier, decided.decided_on
    if len(found.tiers) == 1:
        return found.tiers[0].tier, on
    why = (
        "two tiers are defensible: a named person decides first"
        if found.tiers
        else f"there is no tier ({found.status})"
    )
    raise UseError(f"[{found.person}]: {why}; state the tier that was decided")


def _contacts(
    engine: Engine,
    found: Recommendation,
    assessment: Assessment,
    tier: Tier,
    on: date,
    history: tuple[PastTier, ...],
) -> tuple[Contact, ...]:
    """Contacts of the tier and, where there is a score, those that rules add at any tier."""
    assert engine.policy is not None
    own = engine.policy.terms(tier).contacts
    if found.score is None:
        return own
    ruling = rule_on(engine.policy, assessment, score=found.score.value, on=on, history=history)
    return (*own, *ruling.extra_contacts)


def _later(
    contacts: tuple[Contact, ...], since: date, before: date, last: date, ends_with_term: bool
) -> tuple[list[tuple[Contact, date, date]], list[Text]]:
    """Say when each contact is due after the schedule, or that the term ends before."""
    later: list[tuple[Contact, date, date]] = []
    without: list[Text] = []
    for contact in contacts:
        following = next_window(contact, since, before)
        if ends_with_term or following.middle > last:
            without.append(contact.label)
        else:
            later.append((contact, following.first, min(following.last, last)))
    return later, without


def _uid(person: str, since: date, due: Due, number: int) -> str:
    """Name a contact: the same in every export, and nothing can be read from it."""
    parts = (person, since.isoformat(), due.contact.kind, str(number), str(due.window.number))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _item(uid: str, one: Placed, about: tuple[str, ...], lang: Language) -> ScheduleItem:
    due = one.due
    return ScheduleItem(
        uid=uid,
        kind=due.contact.kind,
        label=due.contact.label[lang],
        place=due.place,
        window_first=due.earliest,
        window_last=due.latest,
        planned_for=one.planned_for,
        date=one.on,
        status=one.status,
        remarks=about,
    )
