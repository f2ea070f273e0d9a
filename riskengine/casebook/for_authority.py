"""What a reviewing authority gets: its questions answered one by one, with the events behind them.

The questions are those of the Criminal Procedure Rules for procuratorates, arts. 642-644, as far
as a record of tiers can answer them (what it does not hold it says), and those of the Community
Corrections Law, arts. 9-10, 28, 34 and 62.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.cases import person_of
from riskengine.casebook.chain import content_of, place_of
from riskengine.casebook.checks import standing
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import say
from riskengine.casebook.facts import read_facts
from riskengine.casebook.lookups import the_case
from riskengine.casebook.projection import record
from riskengine.casebook.reads import reads_of
from riskengine.casebook.replay import replay
from riskengine.casebook.schema import Event, TaskRow
from riskengine.casebook.times import day_of, stamp
from riskengine.errors import Language
from riskengine.policy.tiers import Tier

FORMAT = "riskengine/casebook-for-authority/1"


@dataclass(frozen=True)
class Entry:
    """An event of the case with its facts and, where it can be read, its content."""

    event: Event
    facts: f.Facts
    content: dict[str, Any] | None

    @property
    def place(self) -> str:
        """How answers refer to it."""
        return place_of(self.event.chain, self.event.seq)


@dataclass(frozen=True)
class Answer:
    """An answer: ``yes``, ``no``, ``partly``, ``none`` (it did not arise) or ``not_kept``."""

    answer: str
    counts: dict[str, int]
    events: tuple[str, ...]


Case = list[Entry]
Today = date


def authority_pack(
    tx: Transaction, actor: Actor, case: str, *, at: datetime, lang: Language
) -> dict[str, Any]:
    """Make the pack of one case, and keep that it was made."""
    require(actor, Role.REVIEWER, Role.ADMINISTRATOR)
    row = the_case(tx, actor, case)
    rows = tx.session.scalars(
        select(Event)
        .where((Event.case == row.id) | (Event.subject == row.subject))
        .order_by(Event.placed, Event.chain, Event.seq)
    ).all()
    entries = [Entry(one, read_facts(one.kind, one.facts), content_of(tx, one)) for one in rows]
    today = day_of(stamp(at))
    overdue = tx.session.scalars(
        select(TaskRow.kind).where(
            TaskRow.case == row.id, TaskRow.state == "open", TaskRow.due_on < today
        )
    ).all()
    answers = {name: ask(entries, today) for name, ask in QUESTIONS.items()}
    checked = standing(tx, at=at)
    decided = [one.facts.id for one in entries if isinstance(one.facts, f.Decided)]
    pack = {
        "format": FORMAT,
        "lang": lang,
        "case": row.id,
        "person": person_of(tx, row),
        "district": row.district,
        "made_at": stamp(at),
        "made_by": actor.id,
        "chain": {
            "sound": checked.sound,
            "events": checked.events,
            "whole_at": checked.whole_at,
            "whole_events": checked.whole_events,
            "findings": [one.text(lang) for one in checked.findings],
        },
        "questions": [
            {
                "id": name,
                "question": say(f"ask_{name}", lang),
                "answer": found.answer,
                "words": say(f"answer_{name}_{found.answer}", lang, **found.counts),
                "events": list(found.events),
            }
            for name, found in answers.items()
        ],
        "overdue": sorted(overdue),
        "replays": {name: replay(tx, actor, name).text(lang) for name in decided},
        "reads": [
            {"at": one.at, "by": one.actor, "what": one.what}
            for one in reads_of(tx, actor, row.id)
        ],
        "events": [
            {
                "place": one.place,
                "kind": one.event.kind,
                "at": one.event.at,
                "by": one.event.actor,
                "facts": f.plain(one.facts),
                "content": one.content,
                "hash": one.event.hash,
            }
            for one in entries
        ],
    }
    record(
        tx,
        f.Exported(pack="for_authority"),
        {},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
        for_chain=True,
    )
    return pack


def _of(case: Case, *kinds: type[f.Facts]) -> list[Entry]:
    return [one for one in case if isinstance(one.facts, kinds)]


def _places(entries: list[Entry]) -> tuple[str, ...]:
    return tuple(one.place for one in entries)


def _share(good: int, every: int) -> str:
    if not every:
        return "none"
    return "yes" if good == every else ("no" if not good else "partly")


def _informed(case: Case, today: Today) -> Answer:
    decided = [one.facts.id for one in _of(case, f.Decided) if isinstance(one.facts, f.Decided)]
    read = _of(case, f.NoticeRead)
    told = {one.facts.decision for one in read if isinstance(one.facts, f.NoticeRead)}
    good = sum(name in told for name in decided)
    return Answer(_share(good, len(decided)), {"good": good, "all": len(decided)}, _places(read))


def _two_people(case: Case, today: Today) -> Answer:
    asked = {
        one.facts.id
        for one in _of(case, f.Proposed)
        if isinstance(one.facts, f.Proposed) and one.facts.approval
    }
    decided = [
        one
        for one in _of(case, f.Decided)
        if isinstance(one.facts, f.Decided)
        and (one.facts.proposal in asked if one.facts.proposal else _on_paper(one.facts))
    ]
    good = sum(
        one.facts.proposed_by != one.facts.decided_by
        for one in decided
        if isinstance(one.facts, f.Decided)
    )
    return Answer(
        _share(good, len(decided)), {"good": good, "all": len(decided)}, _places(decided)
    )


def _on_paper(facts: f.Decided) -> bool:
    """Whether a decision that was entered from paper needed another person."""
    up = facts.before is not None and facts.tier.rank > facts.before.rank
    return facts.tier is Tier.STRICT or facts.direction == "up" or up


def _own_view(case: Case, today: Today) -> Answer:
    shown = _of(case, f.Revealed)
    viewed = {
        one.facts.assessment for one in _of(case, f.OwnView) if isinstance(one.facts, f.OwnView)
    }
    corrected = {
        one.facts.id
        for one in _of(case, f.AssessmentCorrected)
        if isinstance(one.facts, f.AssessmentCorrected)
    }
    first = [
        one
        for one in shown
        if isinstance(one.facts, f.Revealed) and one.facts.assessment not in corrected
    ]
    good = sum(
        one.facts.assessment in viewed for one in first if isinstance(one.facts, f.Revealed)
    )
    return Answer(_share(good, len(first)), {"good": good, "all": len(first)}, _places(first))


def _overrides(case: Case, today: Today) -> Answer:
    found = [
        one
        for one in _of(case, f.Decided)
        if isinstance(one.facts, f.Decided) and one.facts.how == "override"
    ]
    up = sum(one.facts.direction == "up" for one in found if isinstance(one.facts, f.Decided))
    return Answer("yes" if found else "none", {"up": up, "down": len(found) - up}, _places(found))


def _occurred(case: Case, *kinds: str) -> list[Entry]:
    return [
        one
        for one in _of(case, f.Occurred)
        if isinstance(one.facts, f.Occurred) and one.facts.what in kinds
    ]


def _out_of_supervision(case: Case, today: Today) -> Answer:
    found = _occurred(case, "lost_contact", "unapproved_leave")
    return Answer("yes" if found else "none", {"all": len(found)}, _places(found))


def _sanctions(case: Case, today: Today) -> Answer:
    found = _occurred(case, "admonition", "warning", "public_security_penalty")
    good = sum(one.facts.documented for one in found if isinstance(one.facts, f.Occurred))
    return Answer(_share(good, len(found)), {"good": good, "all": len(found)}, _places(found))


def _reviews(case: Case, today: Today) -> Answer:
    asked = _of(case, f.ReviewRequested)
    answered = {
        one.facts.review: one.facts.on
        for one in _of(case, f.ReviewAnswered)
        if isinstance(one.facts, f.ReviewAnswered)
    }
    good = sum(
        answered.get(one.facts.id, today) <= one.facts.due_on
        for one in asked
        if isinstance(one.facts, f.ReviewRequested)
    )
    both = [*asked, *_of(case, f.ReviewAnswered)]
    return Answer(_share(good, len(asked)), {"good": good, "all": len(asked)}, _places(both))


def _corrections(case: Case, today: Today) -> Answer:
    found = _of(case, f.AssessmentCorrected)
    return Answer("yes" if found else "none", {"all": len(found)}, _places(found))


def _alerts(case: Case, today: Today) -> Answer:
    opened = _of(case, f.AlertOpened)
    closed = {
        one.facts.id: one.facts.on
        for one in _of(case, f.AlertClosed)
        if isinstance(one.facts, f.AlertClosed)
    }
    good = sum(
        closed.get(one.facts.id) == one.facts.on
        for one in opened
        if isinstance(one.facts, f.AlertOpened)
    )
    both = [*opened, *_of(case, f.AlertClosed)]
    return Answer(_share(good, len(opened)), {"good": good, "all": len(opened)}, _places(both))


def _not_kept(case: Case, today: Today) -> Answer:
    return Answer("not_kept", {}, ())


QUESTIONS: dict[str, Callable[[Case, Today], Answer]] = {
    "informed": _informed,
    "two_people": _two_people,
    "own_view": _own_view,
    "overrides": _overrides,
    "out_of_supervision": _out_of_supervision,
    "sanctions": _sanctions,
    "reviews": _reviews,
    "corrections": _corrections,
    "alerts": _alerts,
    "leave": _not_kept,
    "treatment": _not_kept,
    "revocation": _not_kept,
}
"""Question to the function that answers it from the events alone."""
