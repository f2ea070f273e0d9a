"""Read tables from events.

Every event is applied to the read tables in the transaction that appends it. The same functions
make the tables anew from the events (`riskengine.casebook.rebuild`), and both must agree. Only
open facts are used: an erasure changes no row but the one that says so.

Events of one person that stand in several chains are applied by their place in time, which lies
after everything that their author knew. So the outcome depends on the set of events alone, which
is what lets nodes exchange them in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from riskengine.casebook import facts as f
from riskengine.casebook.chain import append
from riskengine.casebook.database import Transaction
from riskengine.casebook.facts import read_facts
from riskengine.casebook.schema import (
    OF_A_CASE,
    AssessmentRow,
    CaseRow,
    ConflictRow,
    DecisionRow,
    Event,
    OccurrenceRow,
    ProposalRow,
    RatingRow,
    ReviewRow,
    SuspensionRow,
    TaskRow,
)
from riskengine.casebook.times import day_of

_OTHER_CHAINS = (
    select(Event.seq)
    .where(
        or_(
            and_(Event.chain == bindparam("district"), Event.chain != bindparam("own")),
            and_(Event.chain > bindparam("above"), Event.chain < bindparam("last")),
            and_(Event.chain > bindparam("first"), Event.chain < bindparam("own")),
        )
    )
    .limit(1)
)


def record(
    tx: Transaction,
    facts: f.Facts,
    content: Mapping[str, Any],
    *,
    actor: str,
    at: datetime,
    case: str | None = None,
    subject: str | None = None,
    for_chain: bool = False,
) -> Event:
    """Append an event and bring the read tables up to date; see `chain.append`."""
    event = append(
        tx, facts, content, actor=actor, at=at, case=case, subject=subject, for_chain=for_chain
    )
    tx.session.flush()
    if subject is not None and _stands_in_other_chains(tx.session, subject, event):
        rebuild_subject(tx.session, subject)
    else:
        project(tx.session, event, facts)
    tx.session.flush()
    return event


def project(session: Session, event: Event, facts: f.Facts) -> None:
    """Apply one event to the read tables."""
    _APPLY[type(facts)](session, event, facts)


def rebuild_subject(session: Session, subject: str) -> None:
    """Make the read tables of one person anew from all events of that person."""
    session.flush()
    cases = list(session.scalars(select(CaseRow.id).where(CaseRow.subject == subject)))
    for table in OF_A_CASE:
        session.execute(delete(table).where(table.__table__.c.case.in_(cases)))
    session.execute(delete(CaseRow).where(CaseRow.subject == subject))
    session.expire_all()
    events = session.scalars(
        select(Event)
        .where(Event.subject == subject)
        .order_by(Event.placed, Event.chain, Event.seq)
    ).all()
    for event in events:
        project(session, event, read_facts(event.kind, event.facts))
    own = set(session.scalars(select(CaseRow.id).where(CaseRow.subject == subject)))
    met_again = select(Event).where(
        Event.kind == f.SamePerson.kind, Event.district.in_({event.district for event in events})
    )
    for event in session.scalars(met_again):
        met = read_facts(event.kind, event.facts)
        if isinstance(met, f.SamePerson) and not own.isdisjoint(met.cases):
            project(session, event, met)
    session.flush()


def _stands_in_other_chains(session: Session, subject: str, event: Event) -> bool:
    own, district = event.chain, event.district
    # almost always there is no other chain, which the primary key tells at once
    places = {
        "district": district,
        "own": own,
        "first": f"{district}/",
        "above": max(own, f"{district}/"),
        "last": f"{district}0",
    }
    if session.scalar(_OTHER_CHAINS, places) is None:
        return False
    elsewhere = select(Event.seq).where(Event.subject == subject, Event.chain != own).limit(1)
    return session.scalar(elsewhere) is not None


def _case_opened(session: Session, event: Event, facts: f.CaseOpened) -> None:
    session.add(
        CaseRow(
            id=event.case,
            district=event.district,
            subject=event.subject,
            office=facts.office,
            officer=facts.officer,
            opened_at=event.at,
            label=facts.label,
            open_alerts=0,
            disputed=0,
        )
    )


def _case_handed(session: Session, event: Event, facts: f.CaseHanded) -> None:
    case = _case(session, event)
    case.office, case.officer = facts.office, facts.officer
    for task in _tasks(session, case.id, "review_due", "read_notice"):
        task.person = facts.officer


def _case_closed(session: Session, event: Event, facts: f.CaseClosed) -> None:
    case = _case(session, event)
    case.closed_on = facts.on
    # what is owed to the person, and what is dangerous, does not end with the case
    for task in _tasks(session, case.id, "review_due", "look_first"):
        _close(task, "cancelled", facts.on, event.actor)


def _occurred(session: Session, event: Event, facts: f.Occurred) -> None:
    session.add(
        OccurrenceRow(
            id=facts.id,
            case=event.case,
            district=event.district,
            kind=facts.what,
            on=facts.on,
            documented=facts.documented,
        )
    )


def _signed(session: Session, event: Event, facts: f.AssessmentSigned) -> None:
    session.add(
        AssessmentRow(
            **_head(event, facts),
            entered_by=None if facts.signed_by == event.actor else event.actor,
            own_view_asked=facts.own_view_asked,
        )
    )


def _head(event: Event, facts: f.AssessmentSigned | f.AssessmentCorrected) -> dict[str, Any]:
    return {
        "id": facts.id,
        "case": event.case,
        "district": event.district,
        "instrument": facts.instrument,
        "kind": facts.assessment_kind,
        "form": facts.form,
        "assessed_on": facts.assessed_on,
        "signed_at": event.at,
        "signed_by": facts.signed_by,
        "chain": event.chain,
        "seq": event.seq,
    }


def _corrected(session: Session, event: Event, facts: f.AssessmentCorrected) -> None:
    old = session.get_one(AssessmentRow, facts.corrects)
    session.add(
        AssessmentRow(
            **_head(event, facts),
            corrects=old.id,
            # the own view was given before the reveal; afterwards it could not be one
            own_view_asked=old.own_view_asked,
            own_tier=old.own_tier,
            own_view_at=old.own_view_at,
            own_view_by=old.own_view_by,
        )
    )
    session.flush()
    if old.corrected_by is None:
        old.corrected_by = facts.id
    refs = list(
        session.scalars(
            select(AssessmentRow.id)
            .where(AssessmentRow.corrects == old.id)
            .order_by(AssessmentRow.id)
        )
    )
    if len(refs) > 1:
        _conflict(session, event, "corrections", old.id, refs)


def _own_view(session: Session, event: Event, facts: f.OwnView) -> None:
    row = session.get_one(AssessmentRow, facts.assessment)
    if row.own_tier is None:
        row.own_tier, row.own_view_at, row.own_view_by = facts.tier, event.at, event.actor


def _revealed(session: Session, event: Event, facts: f.Revealed) -> None:
    row = session.get_one(AssessmentRow, facts.assessment)
    if row.revealed_at is None:
        row.revealed_at, row.revealed_by = event.at, event.actor
        row.status, row.recommended = facts.status, joined(facts.tiers)
        row.recommended_review_on = facts.review_on
        row.strict_until, row.binding_rule = facts.strict_until, facts.binding_rule
        row.on_documented_event = facts.on_documented_event
        row.revealed_chain, row.revealed_seq = event.chain, event.seq


def _proposed(session: Session, event: Event, facts: f.Proposed) -> None:
    case = _case(session, event)
    session.add(
        ProposalRow(
            id=facts.id,
            case=case.id,
            district=event.district,
            office=case.office,
            assessment=facts.assessment,
            tier=facts.tier,
            kind=facts.how,
            direction=facts.direction,
            reason=facts.reason,
            base=facts.base,
            before=facts.before,
            recommended=joined(facts.recommended) or None,
            own_tier=facts.own_tier,
            seconds=facts.seconds,
            review_on=facts.review_on,
            approval=",".join(facts.approval),
            proposed_by=event.actor,
            proposed_at=event.at,
            state="with_reviewer" if facts.look_first else "open",
            chain=event.chain,
            seq=event.seq,
        )
    )
    if facts.look_first:
        _open(session, event, "look_first", facts.id, day_of(event.at), day_of(event.at), None)


def _looked_first(session: Session, event: Event, facts: f.LookedFirst) -> None:
    proposal = session.get_one(ProposalRow, facts.proposal)
    if proposal.state == "with_reviewer":
        proposal.state = "open"
    _close_one(session, event, "look_first", facts.proposal, day_of(event.at))


def _settled(session: Session, event: Event, facts: f.Settled) -> None:
    proposal = session.get_one(ProposalRow, facts.proposal)
    if proposal.state in ("open", "with_reviewer"):
        proposal.state, proposal.settled_by, proposal.settled_at = facts.how, event.actor, event.at
    _close_one(session, event, "look_first", facts.proposal, day_of(event.at))


def _decided(session: Session, event: Event, facts: f.Decided) -> None:
    case = _case(session, event)
    session.add(
        DecisionRow(
            id=facts.id,
            case=case.id,
            district=event.district,
            office=case.office,
            assessment=facts.assessment,
            proposal=facts.proposal,
            base=facts.base,
            tier=facts.tier,
            before=facts.before,
            kind=facts.how,
            direction=facts.direction,
            reason=facts.reason,
            recommended=joined(facts.recommended) or None,
            own_tier=facts.own_tier,
            proposed_by=facts.proposed_by,
            decided_by=facts.decided_by,
            entered_by=facts.entered_by,
            decided_on=facts.decided_on,
            recorded_at=event.at,
            review_on=facts.review_on,
            seconds=facts.seconds,
            agrees=None if facts.own_tier is None else facts.own_tier == facts.tier,
            disputed=False,
            chain=event.chain,
            seq=event.seq,
        )
    )
    if facts.proposal is not None:
        proposal = session.get_one(ProposalRow, facts.proposal)
        proposal.state, proposal.settled_by, proposal.settled_at = (
            "decided",
            facts.decided_by,
            event.at,
        )
    session.flush()
    rivals = [row for row in _decisions(session, case.id) if row.base == facts.base]
    if len(rivals) > 1:
        for row in rivals:
            row.disputed = True
        _conflict(session, event, "decisions", facts.base or "first", [r.id for r in rivals])
    _open(
        session,
        event,
        "read_notice",
        facts.id,
        facts.decided_on,
        facts.notice_due_on,
        case.officer,
    )
    _what_holds(session, event, case)


def _what_holds(session: Session, event: Event, case: CaseRow) -> None:
    """Follow the decisions from the first, each on the one before, as far as nobody disputes."""
    session.flush()
    by_base: dict[str | None, list[DecisionRow]] = {}
    for row in _decisions(session, case.id):
        by_base.setdefault(row.base, []).append(row)
    settled = {
        conflict.id: conflict.holds
        for conflict in session.scalars(select(ConflictRow).where(ConflictRow.case == case.id))
    }
    held: list[DecisionRow] = []
    while True:
        base = held[-1].id if held else None
        after = by_base.get(base, [])
        if len(after) > 1:
            chosen = settled.get(conflict_id("decisions", case.id, base or "first"))
            after = [row for row in after if row.id == chosen]
        if not after:
            break
        held.append(after[0])
    for task in _tasks(session, case.id, "review_due"):
        _close(task, "done", day_of(event.at), event.actor)
    if not held:
        case.tier = case.tier_since = case.decided_on = case.decision = case.review_on = None
        return
    last = held[-1]
    first = len(held) - 1
    while first and held[first - 1].tier == last.tier:
        first -= 1
    case.tier, case.tier_since = last.tier, held[first].decided_on
    case.decided_on, case.decision, case.review_on = last.decided_on, last.id, last.review_on
    if last.review_on is not None and case.closed_on is None:
        _open(session, event, "review_due", last.id, last.decided_on, last.review_on, case.officer)


def _alert_opened(session: Session, event: Event, facts: f.AlertOpened) -> None:
    _open(session, event, "alert", facts.id, facts.on, facts.on, facts.official)
    _case(session, event).open_alerts += 1


def _alert_closed(session: Session, event: Event, facts: f.AlertClosed) -> None:
    if _close_one(session, event, "alert", facts.id, facts.on):
        _case(session, event).open_alerts -= 1


def _review_requested(session: Session, event: Event, facts: f.ReviewRequested) -> None:
    case = _case(session, event)
    session.add(
        ReviewRow(
            id=facts.id,
            case=case.id,
            district=event.district,
            decision=facts.decision,
            channel=facts.channel,
            received_on=facts.received_on,
            received_by=event.actor,
            due_on=facts.due_on,
            state="received",
        )
    )
    if case.request_on is None or case.request_on < facts.received_on:
        case.request_on = facts.received_on
    _open(session, event, "answer_review", facts.id, facts.received_on, facts.due_on, None)


def _review_assigned(session: Session, event: Event, facts: f.ReviewAssigned) -> None:
    review = session.get_one(ReviewRow, facts.review)
    if review.state != "answered":
        review.state, review.handler = "assigned", facts.handler
    for task in _tasks(session, review.case, "answer_review"):
        if task.ref == review.id:
            task.person = facts.handler


def _review_answered(session: Session, event: Event, facts: f.ReviewAnswered) -> None:
    review = session.get_one(ReviewRow, facts.review)
    if review.state != "answered":
        review.state, review.outcome, review.answered_on = "answered", facts.outcome, facts.on
    _close_one(session, event, "answer_review", facts.review, facts.on)


def _notice_read(session: Session, event: Event, facts: f.NoticeRead) -> None:
    _close_one(session, event, "read_notice", facts.decision, facts.on)


def _rating_asked(session: Session, event: Event, facts: f.RatingAsked) -> None:
    session.add(
        RatingRow(
            id=facts.id,
            case=event.case,
            district=event.district,
            assessment=facts.assessment,
            asked_on=facts.on,
        )
    )


def _rated(session: Session, event: Event, facts: f.Rated) -> None:
    rating = session.get_one(RatingRow, facts.id)
    if rating.rated_on is None:
        rating.rated_on, rating.chain, rating.seq = facts.on, event.chain, event.seq


def _suspended(session: Session, event: Event, facts: f.Suspended) -> None:
    session.add(
        SuspensionRow(id=facts.id, district=event.district, since=event.at, by=event.actor)
    )


def _lifted(session: Session, event: Event, facts: f.Lifted) -> None:
    row = session.get_one(SuspensionRow, facts.id)
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by = event.at, event.actor


def _erased(session: Session, event: Event, facts: f.Erased) -> None:
    for case in session.scalars(select(CaseRow).where(CaseRow.subject == facts.subject)):
        case.erased_on, case.erasure_ground = facts.on, facts.ground
        for task in _tasks(session, case.id):
            _close(task, "cancelled", facts.on, event.actor)


def _conflict_settled(session: Session, event: Event, facts: f.ConflictSettled) -> None:
    row = session.get(ConflictRow, facts.conflict)
    if row is None:
        return
    if row.holds is None:
        row.holds, row.settled_by = facts.holds, event.actor
    session.flush()
    case = _case(session, event)
    if row.kind == "corrections":
        for part in row.refs:
            session.get_one(AssessmentRow, part).corrected_by = (
                None if part == row.holds else row.holds
            )
    _count_disputes(session, case)
    if row.kind == "decisions":
        _what_holds(session, event, case)


def _same_person(session: Session, event: Event, facts: f.SamePerson) -> None:
    first, second = sorted(facts.cases)
    case = session.get(CaseRow, first)
    if case is None or session.get(CaseRow, second) is None:
        return
    name = conflict_id("openings", first, second)
    if session.get(ConflictRow, name) is not None:
        return
    row = ConflictRow(
        id=name, case=first, district=event.district, kind="openings", refs=[first, second]
    )
    session.add(row)
    session.flush()
    settled = select(Event).where(Event.kind == f.ConflictSettled.kind, Event.case == first)
    for later in session.scalars(settled.order_by(Event.placed, Event.chain, Event.seq)):
        said = read_facts(later.kind, later.facts)
        if isinstance(said, f.ConflictSettled) and said.conflict == name and row.holds is None:
            row.holds, row.settled_by = said.holds, later.actor
    _count_disputes(session, case)


def _nothing(session: Session, event: Event, facts: f.Facts) -> None:
    """The event stands in the record and in no read table."""


def conflict_id(kind: str, case: str, about: str) -> str:
    """Name of a conflict: the same on every node that sees it."""
    return f"{kind}:{case}:{about}"


def joined(tiers: Sequence[str]) -> str:
    """Recommended tiers in one column."""
    return ",".join(tiers)


def parted(tiers: str | None) -> tuple[str, ...]:
    """Recommended tiers out of one column."""
    return tuple(tiers.split(",")) if tiers else ()


def _conflict(session: Session, event: Event, kind: str, about: str, refs: list[str]) -> None:
    case = _case(session, event)
    name = conflict_id(kind, case.id, about)
    row = session.get(ConflictRow, name)
    if row is None:
        row = ConflictRow(
            id=name, case=case.id, district=event.district, kind=kind, refs=sorted(refs)
        )
        session.add(row)
    else:
        row.refs = sorted(refs)
    session.flush()
    _count_disputes(session, case)


def _count_disputes(session: Session, case: CaseRow) -> None:
    session.flush()
    rows = session.scalars(select(ConflictRow).where(ConflictRow.case == case.id))
    case.disputed = sum(row.holds is None for row in rows)


def _case(session: Session, event: Event) -> CaseRow:
    return session.get_one(CaseRow, event.case)


def _decisions(session: Session, case: str) -> list[DecisionRow]:
    return list(
        session.scalars(
            select(DecisionRow).where(DecisionRow.case == case).order_by(DecisionRow.id)
        )
    )


def _tasks(session: Session, case: str, *kinds: str) -> list[TaskRow]:
    session.flush()
    wanted = select(TaskRow).where(TaskRow.case == case, TaskRow.state == "open")
    if kinds:
        wanted = wanted.where(TaskRow.kind.in_(kinds))
    return list(session.scalars(wanted.order_by(TaskRow.id)))


def _open(
    session: Session,
    event: Event,
    kind: str,
    ref: str,
    opened_on: date,
    due_on: date,
    person: str | None,
) -> None:
    name = f"{kind}:{ref}"
    task = session.get(TaskRow, name)
    if task is None:
        task = TaskRow(id=name, case=event.case, district=event.district, kind=kind, ref=ref)
        session.add(task)
    task.opened_on, task.due_on, task.person = opened_on, due_on, person
    task.state, task.closed_on, task.closed_by = "open", None, None
    session.flush()


def _close(task: TaskRow, state: str, on: date, by: str) -> None:
    task.state, task.closed_on, task.closed_by = state, on, by


def _close_one(session: Session, event: Event, kind: str, ref: str, on: date) -> bool:
    task = session.get(TaskRow, f"{kind}:{ref}")
    if task is None or task.state != "open":
        return False
    _close(task, "done", on, event.actor)
    return True


_APPLY: dict[type[f.Facts], Callable[[Session, Event, Any], None]] = {
    f.CaseOpened: _case_opened,
    f.CaseHanded: _case_handed,
    f.CaseClosed: _case_closed,
    f.Occurred: _occurred,
    f.AssessmentSigned: _signed,
    f.AssessmentCorrected: _corrected,
    f.OwnView: _own_view,
    f.Revealed: _revealed,
    f.Proposed: _proposed,
    f.LookedFirst: _looked_first,
    f.Settled: _settled,
    f.Decided: _decided,
    f.AlertOpened: _alert_opened,
    f.AlertClosed: _alert_closed,
    f.ReviewRequested: _review_requested,
    f.ReviewAssigned: _review_assigned,
    f.ReviewAnswered: _review_answered,
    f.FileUpdated: _nothing,
    f.Commented: _nothing,
    f.NoticeRead: _notice_read,
    f.WhatIf: _nothing,
    f.Withheld: _nothing,
    f.Exported: _nothing,
    f.RatingAsked: _rating_asked,
    f.Rated: _rated,
    f.Suspended: _suspended,
    f.Lifted: _lifted,
    f.Erased: _erased,
    f.ConflictSettled: _conflict_settled,
    f.SamePerson: _same_person,
    f.Imported: _nothing,
}
