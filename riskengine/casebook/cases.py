"""Cases: opening, handing over, closing, and what was put on file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook import keys, sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.chain import content_of
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import live_case, the_case, written
from riskengine.casebook.projection import record
from riskengine.casebook.schema import CaseRow, DecisionRow, Event, OccurrenceRow
from riskengine.casebook.times import day_of, stamp
from riskengine.errors import AssessmentError
from riskengine.instrument.assessment import check_person
from riskengine.policy.alerts import AlertTask
from riskengine.policy.history import EventKind, PastEvent, PastTier
from riskengine.policy.record import RecordDocument
from riskengine.policy.tiers import Tier


def open_case(
    tx: Transaction,
    actor: Actor,
    *,
    person: str,
    office: str,
    at: datetime,
    officer: str | None = None,
    file_block: Mapping[str, Any] | None = None,
    past: RecordDocument | None = None,
) -> str:
    """Open a case and return its id.

    Parameters
    ----------
    person
        The agency's internal id; never a name or an identity number. It is kept sealed.
    officer
        Who is in charge; the actor if not given.
    file_block
        Answers that the agency's system already holds, to begin an assessment with.
    past
        Tiers and events from before this record began.

    Raises
    ------
    AssessmentError
        Where the id is not an internal one.
    Refused
        Where the person already has an open case in this district.
    """
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    wrong = check_person(person)
    if wrong is not None:
        raise AssessmentError([wrong])
    subject = keys.find_subject(tx, actor.district, person)
    if subject is None:
        subject = keys.new_subject(tx, actor.district, person)
    else:
        still_open = tx.session.scalar(
            select(CaseRow.id).where(CaseRow.subject == subject, CaseRow.closed_on.is_(None))
        )
        if still_open is not None:
            raise refusal("person_known", case=still_open)
    case = sealing.new_id("c")
    key = keys.the_key(tx, subject)
    label = base64.b64encode(sealing.encrypt(key, person.encode(), f"label:{case}")).decode()
    record(
        tx,
        f.CaseOpened(office=office, officer=officer or actor.id, label=label),
        {
            "person": person,
            "file_block": dict(file_block or {}),
            "past": None if past is None else past.model_dump(mode="json"),
        },
        actor=actor.id,
        at=at,
        case=case,
        subject=subject,
    )
    return case


def hand_over(
    tx: Transaction, actor: Actor, case: str, *, officer: str, office: str, at: datetime
) -> None:
    """Put another officer or office in charge."""
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    row = live_case(tx, actor, case)
    record(
        tx,
        f.CaseHanded(office=office, officer=officer),
        {},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )


def close_case(
    tx: Transaction, actor: Actor, case: str, *, on: date, why: str, at: datetime
) -> None:
    """Close a case: supervision ended, or the person moved to another district."""
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    row = live_case(tx, actor, case)
    record(
        tx,
        f.CaseClosed(on=on),
        {"why": written(tx, why, "why")},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )


def put_on_file(
    tx: Transaction,
    actor: Actor,
    case: str,
    *,
    what: EventKind,
    on: date,
    at: datetime,
    document: str | None = None,
) -> str:
    """Put a sanction or another dated event on file; return its id.

    Parameters
    ----------
    document
        Number of the written decision or report; without one the event is not documented.
    """
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    row = live_case(tx, actor, case)
    if on > day_of(stamp(at)):
        raise refusal("in_future", day=on.isoformat())
    name = sealing.new_id("o")
    record(
        tx,
        f.Occurred(id=name, what=what, on=on, documented=bool(document and document.strip())),
        {"document": document},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    return name


def find_case(tx: Transaction, actor: Actor, person: str) -> CaseRow | None:
    """The newest case of a person in the actor's district, or ``None``."""
    subject = keys.find_subject(tx, actor.district, person)
    if subject is None:
        return None
    return tx.session.scalar(
        select(CaseRow)
        .where(CaseRow.subject == subject, CaseRow.district == actor.district)
        .order_by(CaseRow.opened_at.desc())
        .limit(1)
    )


def person_of(tx: Transaction, case: CaseRow) -> str | None:
    """The agency's person id; ``None`` once it was erased."""
    return _label(case, keys.find_key(tx, case.subject))


def persons_of(tx: Transaction, cases: Sequence[CaseRow]) -> dict[str, str | None]:
    """The agency's person id of each case, as `person_of` gives it, in one question."""
    found = keys.find_keys(tx, (case.subject for case in cases))
    return {case.id: _label(case, found.get(case.subject)) for case in cases}


def _label(case: CaseRow, key: bytes | None) -> str | None:
    if key is None:
        return None
    return sealing.decrypt(key, base64.b64decode(case.label), f"label:{case.id}").decode()


def opening(tx: Transaction, case: str) -> dict[str, Any]:
    """Content of the opening: person, file block and past; empty once it was erased."""
    event = tx.session.scalar(
        select(Event).where(Event.case == case, Event.kind == f.CaseOpened.kind)
    )
    if event is None:
        raise refusal("no_such_case", id=case)
    return content_of(tx, event) or {}


def update_file(
    tx: Transaction, actor: Actor, case: str, block: Mapping[str, Any], *, at: datetime
) -> None:
    """Keep a newer file block of the agency's system; signed assessments stay as they are."""
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    row = live_case(tx, actor, case)
    record(
        tx,
        f.FileUpdated(items=len(block)),
        {"file_block": dict(block)},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )


def file_block(tx: Transaction, case: str) -> dict[str, Any]:
    """Answers that the agency's system holds, as they were read last."""
    newest = tx.session.scalar(
        select(Event)
        .where(Event.case == case, Event.kind == f.FileUpdated.kind)
        .order_by(Event.placed.desc(), Event.chain.desc(), Event.seq.desc())
        .limit(1)
    )
    content = opening(tx, case) if newest is None else content_of(tx, newest) or {}
    found: dict[str, Any] = content.get("file_block", {})
    return found


@dataclass(frozen=True)
class Past:
    """What the engine is handed beside an assessment."""

    history: tuple[PastTier, ...]
    events: tuple[PastEvent, ...] | None
    alerts: tuple[AlertTask, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values, for replay."""
        return {
            "history": [
                {"tier": one.tier.value, "decided_on": one.decided_on.isoformat()}
                for one in self.history
            ],
            "events": None
            if self.events is None
            else [{"kind": one.kind, "on": one.on.isoformat()} for one in self.events],
            "alerts": [
                {
                    "alert": one.alert,
                    "opened_on": one.opened_on.isoformat(),
                    "official": one.official,
                    "closed_on": None if one.closed_on is None else one.closed_on.isoformat(),
                    "closed_by": one.closed_by,
                    "closing": one.closing,
                }
                for one in self.alerts
            ],
        }

    @classmethod
    def of_json(cls, person: str, raw: Mapping[str, Any]) -> Past:
        """Read what `as_json` wrote."""
        found = RecordDocument.model_validate(
            {"format": "riskengine/record/1", "person": person, **raw}, strict=False
        )
        return cls(found.past(), found.happened(), found.tasks())


def past_of(tx: Transaction, actor: Actor, case: str) -> Past:
    """What is on record of a case, as `riskengine.Engine.recommend` takes it."""
    row = the_case(tx, actor, case)
    before = opening(tx, row.id).get("past")
    earlier = None if before is None else RecordDocument.model_validate(before, strict=False)
    decisions: Sequence[DecisionRow] = tx.session.scalars(
        select(DecisionRow)
        .where(DecisionRow.case == row.id, DecisionRow.disputed.is_(False))
        .order_by(DecisionRow.decided_on, DecisionRow.recorded_at)
    ).all()
    occurrences = tx.session.scalars(
        select(OccurrenceRow)
        .where(OccurrenceRow.case == row.id)
        .order_by(OccurrenceRow.on, OccurrenceRow.id)
    )
    since = [PastEvent(cast(EventKind, one.kind), one.on) for one in occurrences]
    until = () if earlier is None else earlier.happened()
    return Past(
        history=(
            *(() if earlier is None else earlier.past()),
            *(PastTier(Tier(one.tier), one.decided_on) for one in decisions),
        ),
        # events that nobody handed over are not the same as none on record
        events=None if until is None and not since else (*(until or ()), *since),
        alerts=(*(() if earlier is None else earlier.tasks()), *_tasks(tx, row.id)),
    )


def _tasks(tx: Transaction, case: str) -> list[AlertTask]:
    opened: dict[str, dict[str, Any]] = {}
    for event in tx.session.scalars(
        select(Event)
        .where(Event.case == case, Event.kind.in_((f.AlertOpened.kind, f.AlertClosed.kind)))
        .order_by(Event.placed, Event.chain, Event.seq)
    ):
        facts = f.read_facts(event.kind, event.facts)
        if isinstance(facts, f.AlertOpened):
            opened[facts.id] = {
                "alert": facts.alert,
                "opened_on": facts.on,
                "official": facts.official,
            }
        elif isinstance(facts, f.AlertClosed) and "closed_on" not in opened[facts.id]:
            content = content_of(tx, event) or {}
            opened[facts.id] |= {
                "closed_on": facts.on,
                "closed_by": event.actor,
                "closing": content.get("closing"),
            }
    return [AlertTask(**task) for task in opened.values()]
