"""What the person gets of the record: a copy of what may be told, and word of what is not in it.

Answers of class ``third_party`` or ``confidential`` are in no part of it. Sentences that staff
wrote are not in it either: nobody has read them for what they tell of an informant. Written
answers to the person are, and what the person said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.assessing import signed_answers
from riskengine.casebook.cases import person_of
from riskengine.casebook.chain import content_of
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal, say
from riskengine.casebook.facts import read_facts
from riskengine.casebook.lookups import kept_case
from riskengine.casebook.projection import record
from riskengine.casebook.replay import as_then, engine_of
from riskengine.casebook.revealing import shown
from riskengine.casebook.schema import AssessmentRow, CaseRow, DecisionRow, Event, ReviewRow
from riskengine.casebook.suspending import suspended
from riskengine.errors import Language
from riskengine.explanation.disclosure import closed_items, for_person, person_copy
from riskengine.instrument.assessment import Assessment
from riskengine.policy.tiers import Tier
from riskengine.store.lookup import find_instrument

FORMAT = "riskengine/casebook-for-person/1"
_STAFF_WORDS = (
    *(f.OwnView.kind, f.Proposed.kind, f.Decided.kind, f.Settled.kind, f.LookedFirst.kind),
    *(f.AlertClosed.kind, f.AssessmentCorrected.kind, f.ConflictSettled.kind, f.CaseClosed.kind),
)


def person_pack(
    tx: Transaction, actor: Actor, case: str, *, at: datetime, lang: Language
) -> dict[str, Any]:
    """Make the person's copy, and keep that it was made and what was withheld from it.

    While scores are suspended no notice of a score is in it; everything else is.
    """
    require(actor, Role.OFFICER, Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR)
    row = kept_case(tx, actor, case)
    person = person_of(tx, row)
    if person is None:
        raise refusal("erased_content", id=case)
    withheld: list[dict[str, str]] = []
    assessments = [
        _assessment(tx, actor, one, lang, withheld)
        for one in tx.session.scalars(
            select(AssessmentRow)
            .where(AssessmentRow.case == row.id)
            .order_by(AssessmentRow.signed_at, AssessmentRow.id)
        )
    ]
    staff = tx.session.scalars(
        select(Event.kind).where(Event.case == row.id, Event.kind.in_(_STAFF_WORDS))
    ).all()
    record(
        tx,
        f.Withheld(output="for_person", count=len(withheld) + len(staff)),
        {"answers": withheld, "staff_words": len(staff)},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    record(
        tx,
        f.Exported(pack="for_person"),
        {},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    told_of = [
        *([say("pack_answers_held", lang)] if withheld else []),
        *([say("pack_words_held", lang)] if staff else []),
    ]
    return {
        "format": FORMAT,
        "lang": lang,
        "person": person,
        "case": row.id,
        "tier": None if row.tier is None else Tier(row.tier).label[lang],
        "assessments": assessments,
        "decisions": _decisions(tx, row, lang),
        "told": _told(tx, row),
        "reviews": _reviews(tx, row),
        "said": _said(tx, row),
        "not_in_it": told_of,
        "onward": [
            say("receipt_onward", lang, body=one.label[lang], citation=one.citation.text[lang])
            for one in tx.rules.review.onward
        ],
    }


def _assessment(
    tx: Transaction,
    actor: Actor,
    row: AssessmentRow,
    lang: Language,
    withheld: list[dict[str, str]],
) -> dict[str, Any]:
    raw = signed_answers(tx, actor, row.id)
    assessment = Assessment.from_dict(raw, find_instrument(raw["instrument"]))
    withheld += [
        {"assessment": row.id, "item": item}
        for item in closed_items(assessment)
        if item in assessment.answers
    ]
    found: dict[str, Any] = {
        "id": row.id,
        "assessed_on": row.assessed_on.isoformat(),
        "corrects": row.corrects,
        "corrected_by": row.corrected_by,
        "answers": person_copy(assessment),
        "notice": None,
    }
    if row.revealed_at is not None and not suspended(tx, row.district):
        kept = shown(tx, actor, row.id)
        engine = engine_of(kept.recommendation.provenance)
        explained = engine.explain(assessment, **{**as_then(kept), "lang": lang})
        found["notice"] = for_person(explained).model_dump(mode="json")
    return found


def _decisions(tx: Transaction, row: CaseRow, lang: Language) -> list[dict[str, Any]]:
    labels = {entry.id: entry.label[lang] for entry in tx.rules.override_reasons}
    labels |= {entry.id: entry.label[lang] for entry in tx.rules.without_score}
    return [
        {
            "id": one.id,
            "tier": Tier(one.tier).label[lang],
            "decided_on": one.decided_on.isoformat(),
            "review_on": one.review_on.isoformat(),
            "decided_by": one.decided_by,
            "proposed_by": one.proposed_by,
            "how": say(f"how_{one.kind}", lang),
            "reason": None if one.reason is None else labels.get(one.reason, one.reason),
        }
        for one in tx.session.scalars(
            select(DecisionRow)
            .where(DecisionRow.case == row.id)
            .order_by(DecisionRow.decided_on, DecisionRow.recorded_at)
        )
    ]


def _events(tx: Transaction, row: CaseRow, *kinds: str) -> list[tuple[Event, Any, dict[str, Any]]]:
    events = tx.session.scalars(
        select(Event)
        .where(Event.case == row.id, Event.kind.in_(kinds))
        .order_by(Event.placed, Event.chain, Event.seq)
    )
    return [
        (event, read_facts(event.kind, event.facts), content_of(tx, event) or {})
        for event in events
    ]


def _told(tx: Transaction, row: CaseRow) -> list[dict[str, Any]]:
    return [
        {
            "decision": facts.decision,
            "on": facts.on.isoformat(),
            "by": facts.by,
            "language": facts.language,
            "aloud": facts.aloud,
            "said": content.get("said", ""),
        }
        for _, facts, content in _events(tx, row, f.NoticeRead.kind)
    ]


def _said(tx: Transaction, row: CaseRow) -> list[dict[str, Any]]:
    return [
        {"about": facts.about, "on": facts.on.isoformat(), "words": content.get("words", "")}
        for _, facts, content in _events(tx, row, f.Commented.kind)
    ]


def _reviews(tx: Transaction, row: CaseRow) -> list[dict[str, Any]]:
    words = {
        facts.id: content.get("words", "")
        for _, facts, content in _events(tx, row, f.ReviewRequested.kind)
    }
    answers = {
        facts.review: content.get("answer", "")
        for _, facts, content in _events(tx, row, f.ReviewAnswered.kind)
    }
    return [
        {
            "id": one.id,
            "received_on": one.received_on.isoformat(),
            "due_on": one.due_on.isoformat(),
            "words": words.get(one.id, ""),
            "state": one.state,
            "outcome": one.outcome,
            "answered_on": None if one.answered_on is None else one.answered_on.isoformat(),
            "answer": answers.get(one.id),
        }
        for one in tx.session.scalars(
            select(ReviewRow).where(ReviewRow.case == row.id).order_by(ReviewRow.received_on)
        )
    ]
