"""Reading the casebook over the API: cases, assessments, recommendations, what is due, the chain.

Every look at a case is logged before anything is shown. Whatever lies in another district does not
exist here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import ColumnElement, select

from riskengine.canonical import canonical_json
from riskengine.casebook.actors import Role, require
from riskengine.casebook.assessing import correction_of, signed_answers
from riskengine.casebook.cases import Past, find_case, person_of
from riskengine.casebook.database import Transaction
from riskengine.casebook.drafts import drafts_of, read_draft
from riskengine.casebook.errors import refusal
from riskengine.casebook.for_authority import authority_pack
from riskengine.casebook.for_person import person_pack
from riskengine.casebook.lookups import suspension, the_assessment, the_case
from riskengine.casebook.reads import reads_of
from riskengine.casebook.replay import replay
from riskengine.casebook.revealing import check_not_suspended, reveal, shown, what_if
from riskengine.casebook.schema import (
    AssessmentRow,
    CaseRow,
    DecisionRow,
    Draft,
    ProposalRow,
    ReviewRow,
    TaskRow,
)
from riskengine.casebook.verify import verify
from riskengine.errors import Language
from riskengine.explanation.disclosure import for_referral
from riskengine.explanation.document import Explanation
from riskengine.instrument.assessment import Assessment
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Need, Recommendation
from riskengine.server.access import Here, needs_scope
from riskengine.server.accounts.actor import Actor
from riskengine.server.api import shapes
from riskengine.server.api.answers import BODY, SIGNED, problems
from riskengine.server.bodies import JsonBody
from riskengine.server.desk import Desk, open_desk, without_answers, without_confidences
from riskengine.server.pagination import Cursor, Limit, cursor_of, read_cursor
from riskengine.server.problems import refuse
from riskengine.server.texts import language

router = APIRouter(prefix="/v1", tags=["casebook"])

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:@-]{1,80}$", examples=["c-5f0e"])]
Code = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_.:@-]{1,64}$")]


def _desk(
    here: Here,
    actor: Annotated[Actor, Depends(needs_scope("casebook:read"))],
    district: Annotated[str | None, Query(max_length=64)] = None,
) -> Desk:
    desk = open_desk(here, actor, district)
    # accounts and figures are other people's business than people's cases
    require(desk.member, Role.OFFICER, Role.APPROVER, Role.REVIEWER)
    return desk


def _deciding(
    here: Here,
    actor: Annotated[Actor, Depends(needs_scope("casebook:decide"))],
    district: Annotated[str | None, Query(max_length=64)] = None,
) -> Desk:
    return open_desk(here, actor, district)


AtDesk = Annotated[Desk, Depends(_desk)]
Deciding = Annotated[Desk, Depends(_deciding)]


class CaseLine(BaseModel):
    """One case of a list."""

    case: str
    person: str | None
    office: str
    officer: str
    tier: Tier | None
    tier_since: date | None
    review_on: date | None
    open_alerts: int
    disputed: bool
    closed_on: date | None
    erased_on: date | None


class CaseList(BaseModel):
    """A page of cases."""

    entries: list[CaseLine]
    next: str | None


class AssessmentLine(BaseModel):
    """One signed assessment of a case; its tiers only once they were shown."""

    assessment: str
    kind: str
    form: str
    assessed_on: date
    signed_by: str
    corrects: str | None
    corrected_by: str | None
    own_view_asked: bool
    own_tier: Tier | None
    shown: bool
    status: str | None
    recommended: list[Tier]


class ProposalLine(BaseModel):
    """One proposal."""

    proposal: str
    case: str
    assessment: str | None
    tier: Tier
    before: Tier | None
    kind: str
    direction: str | None
    reason: str | None
    recommended: list[Tier]
    approval: list[str]
    proposed_by: str
    state: str
    review_on: date


class DecisionLine(BaseModel):
    """One decision of a named person."""

    decision: str
    proposal: str | None
    assessment: str | None
    tier: Tier
    before: Tier | None
    kind: str
    direction: str | None
    reason: str | None
    recommended: list[Tier]
    proposed_by: str
    decided_by: str
    entered_by: str | None
    decided_on: date
    review_on: date
    disputed: bool


class ReviewLine(BaseModel):
    """One request for review."""

    review: str
    case: str
    decision: str | None
    channel: str
    received_on: date
    due_on: date
    handler: str | None
    state: str
    outcome: str | None


class CaseView(CaseLine):
    """One case with everything that was recorded in it."""

    drafts: list[str]
    assessments: list[AssessmentLine]
    proposals: list[ProposalLine]
    decisions: list[DecisionLine]
    reviews: list[ReviewLine]


class AssessmentView(AssessmentLine):
    """One signed assessment with its answers.

    ``withheld`` names items whose answers are for those alone who need to know them.
    """

    case: str
    answers: dict[str, Any]
    withheld: list[str]
    reason: str | None
    differences: list[dict[str, Any]]


class DraftView(BaseModel):
    """A draft as it was saved last."""

    draft: str
    case: str
    assessment: dict[str, Any]


class Due(BaseModel):
    """Something that is due."""

    task: str
    kind: str
    case: str
    about: str
    person_in_charge: str | None
    opened_on: date
    due_on: date
    overdue_days: int


class DueList(BaseModel):
    """A page of what is due, the earliest first."""

    entries: list[Due]
    next: str | None


class ProposalList(BaseModel):
    """A page of proposals."""

    entries: list[ProposalLine]
    next: str | None


class ReadLine(BaseModel):
    """Somebody looked at a case."""

    at: str
    actor: str
    what: str


class ReadList(BaseModel):
    """Who looked at a case, the newest first."""

    entries: list[ReadLine]


class SuspensionView(BaseModel):
    """Whether scores are hidden in the district."""

    suspended: bool
    since: str | None
    by: str | None


class ReplayView(BaseModel):
    """What computing again what was shown found."""

    state: Literal["same", "differs", "not_computable", "erased", "no_score"]
    words: str
    compared: int
    differing: list[str]
    reworded: list[str]


class ReferralView(BaseModel):
    """Needs with what may help."""

    needs: list[Need]


class ChainView(BaseModel):
    """What a check of the whole record found."""

    sound: bool
    events: int
    chains: int
    erased: int
    findings: list[str]


def _case_line(tx: Transaction, row: CaseRow) -> dict[str, Any]:
    return {
        "case": row.id,
        "person": person_of(tx, row),
        "office": row.office,
        "officer": row.officer,
        "tier": row.tier,
        "tier_since": row.tier_since,
        "review_on": row.review_on,
        "open_alerts": row.open_alerts,
        "disputed": bool(row.disputed),
        "closed_on": row.closed_on,
        "erased_on": row.erased_on,
    }


def _tiers(joined: str | None) -> list[str]:
    return [tier for tier in (joined or "").split(",") if tier]


def _assessment_line(row: AssessmentRow) -> dict[str, Any]:
    return {
        "assessment": row.id,
        "kind": row.kind,
        "form": row.form,
        "assessed_on": row.assessed_on,
        "signed_by": row.signed_by,
        "corrects": row.corrects,
        "corrected_by": row.corrected_by,
        "own_view_asked": row.own_view_asked,
        "own_tier": row.own_tier,
        "shown": row.revealed_at is not None,
        "status": row.status,
        "recommended": _tiers(row.recommended),
    }


def _proposal_line(row: ProposalRow) -> dict[str, Any]:
    return {
        "proposal": row.id,
        "case": row.case,
        "assessment": row.assessment,
        "tier": row.tier,
        "before": row.before,
        "kind": row.kind,
        "direction": row.direction,
        "reason": row.reason,
        "recommended": _tiers(row.recommended),
        "approval": _tiers(row.approval),
        "proposed_by": row.proposed_by,
        "state": row.state,
        "review_on": row.review_on,
    }


def _decision_line(row: DecisionRow) -> dict[str, Any]:
    same = ("proposal", "assessment", "tier", "before", "kind", "direction", "reason",
            "proposed_by", "decided_by", "entered_by", "decided_on", "review_on",
            "disputed")  # fmt: skip
    found = {name: getattr(row, name) for name in same}
    return {"decision": row.id, "recommended": _tiers(row.recommended), **found}


def _review_line(row: ReviewRow) -> dict[str, Any]:
    same = ("case", "decision", "channel", "received_on", "due_on", "handler", "state",
            "outcome")  # fmt: skip
    return {"review": row.id, **{name: getattr(row, name) for name in same}}


def _answer(shape: type[BaseModel], value: dict[str, Any]) -> Response:
    return Response(shape.model_validate(value).model_dump_json(), media_type="application/json")


def _paged(rows: Sequence[Any], limit: int, key: Any) -> tuple[Sequence[Any], str | None]:
    cut = rows[:limit]
    return cut, cursor_of(key(cut[-1])) if len(rows) > limit else None


@router.get("/cases", response_model=CaseList, responses=problems(404, 422, *SIGNED))
def list_cases(
    desk: AtDesk,
    officer: Code = None,
    office: Code = None,
    tier: Tier | None = None,
    person: Annotated[str | None, Query(max_length=64)] = None,
    closed: bool = False,
    review_until: date | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Cases of the district; of one person, officer, office or tier where that is asked for."""
    desk.look_at_list("cases")
    wanted: list[ColumnElement[bool]] = [CaseRow.district == desk.district]
    if not closed:
        wanted.append(CaseRow.closed_on.is_(None))
    if officer is not None:
        wanted.append(CaseRow.officer == officer)
    if office is not None:
        wanted.append(CaseRow.office == office)
    if tier is not None:
        wanted.append(CaseRow.tier == tier.value)
    if review_until is not None:
        wanted.append(CaseRow.review_on <= review_until)
    after = read_cursor(cursor)
    if after is not None:
        wanted.append(CaseRow.id > after)
    with desk.reading() as tx:
        if person is not None:
            one = find_case(tx, desk.member, person)
            wanted.append(CaseRow.id == (one.id if one is not None else ""))
        rows = tx.session.scalars(
            select(CaseRow).where(*wanted).order_by(CaseRow.id).limit(limit + 1)
        ).all()
        cut, following = _paged(rows, limit, lambda row: row.id)
        entries = [_case_line(tx, row) for row in cut]
    return _answer(CaseList, {"entries": entries, "next": following})


@router.get("/cases/{id}", response_model=CaseView, responses=problems(404, 422, *SIGNED))
def read_case(desk: AtDesk, id: Id) -> Response:
    """One case with its assessments, proposals, decisions and requests for review."""
    desk.look(id, "case")
    with desk.reading() as tx:
        row = the_case(tx, desk.member, id)
        open_ = row.closed_on is None and row.erased_on is None

        def every(table: Any, describe: Any) -> list[dict[str, Any]]:
            found = tx.session.scalars(
                select(table).where(table.case == id).order_by(table.id)
            ).all()
            return [describe(one) for one in found]

        value = {
            **_case_line(tx, row),
            "drafts": [one.id for one in drafts_of(tx, desk.member, id)] if open_ else [],
            "assessments": every(AssessmentRow, _assessment_line),
            "proposals": every(ProposalRow, _proposal_line),
            "decisions": every(DecisionRow, _decision_line),
            "reviews": every(ReviewRow, _review_line),
        }
    return _answer(CaseView, value)


@router.get("/cases/{id}/reads", response_model=ReadList, responses=problems(404, 422, *SIGNED))
def read_reads(desk: AtDesk, id: Id) -> Response:
    """Who looked at a case, and when."""
    desk.look(id, "reads")
    with desk.reading() as tx:
        found = reads_of(tx, desk.member, id)
    entries = [{"at": one.at, "actor": one.actor, "what": one.what} for one in found]
    return _answer(ReadList, {"entries": entries})


@router.get("/drafts/{id}", response_model=DraftView, responses=problems(404, 422, *SIGNED))
def read_one_draft(desk: AtDesk, id: Id) -> Response:
    """A draft, for whoever may know everything in it."""
    with desk.reading() as tx:
        raw = read_draft(tx, desk.member, id)
        row = tx.session.get_one(Draft, id)
        case = the_case(tx, desk.member, row.case)
        if row.author != desk.member.id and not desk.needs_to_know(tx, case):
            raise refusal("no_such_draft", id=id)
    desk.look(row.case, "draft")
    return _answer(DraftView, {"draft": id, "case": row.case, "assessment": raw})


def _case_of(desk: Desk, assessment: str) -> str:
    with desk.reading() as tx:
        return the_assessment(tx, desk.member, assessment).case


@router.get(
    "/assessments/{id}", response_model=AssessmentView, responses=problems(404, 409, 422, *SIGNED)
)
def read_assessment(desk: AtDesk, id: Id) -> Response:
    """A signed assessment; a correction with its reason and differences."""
    desk.look(_case_of(desk, id), "assessment")
    instrument = desk.engine.instrument
    with desk.reading() as tx:
        row = the_assessment(tx, desk.member, id)
        case = the_case(tx, desk.member, row.case)
        signed = signed_answers(tx, desk.member, id)
        knows = desk.needs_to_know(tx, case)
        told, withheld = (signed, []) if knows else without_answers(signed, instrument)
        correction = correction_of(tx, desk.member, id)
        differing = () if correction is None else correction.differences
        value = {
            **_assessment_line(row),
            "case": row.case,
            "answers": told["answers"],
            "withheld": withheld,
            "reason": None if correction is None else correction.reason,
            "differences": [
                {"item": one.item, "before": one.before, "after": one.after}
                for one in differing
                if knows or one.item.removeprefix("sources.") not in withheld
            ],
        }
    return _answer(AssessmentView, value)


def _shown(desk: Desk, tx: Transaction, case: str, found: Recommendation) -> Response:
    if not desk.needs_to_know(tx, the_case(tx, desk.member, case)):
        found = without_confidences(found, desk.engine.instrument)
    return Response(
        found.model_dump_json(),
        media_type="application/json",
        headers={"Content-Language": found.lang},
    )


@router.post(
    "/assessments/{id}/recommendation",
    response_model=Recommendation,
    responses=problems(404, 409, *SIGNED, *BODY),
)
def show_recommendation(request: Request, desk: Deciding, id: Id) -> Response:
    """Show the recommendation, after the own view; the same one whenever it is asked again."""
    desk.look(_case_of(desk, id), "recommendation")
    with desk.writing() as tx:
        found = reveal(tx, desk.member, id, engine=desk.engine, at=desk.at, lang=language(request))
        return _shown(desk, tx, the_assessment(tx, desk.member, id).case, found)


def _explained(desk: Desk, id: str, what: str, lang: Language) -> Explanation:
    """Explain what was shown, from what it was computed from then."""
    desk.look(_case_of(desk, id), what)
    with desk.reading() as tx:
        check_not_suspended(tx, desk.district)
        kept = shown(tx, desk.member, id)
        row = the_assessment(tx, desk.member, id)
        if not desk.needs_to_know(tx, the_case(tx, desk.member, row.case)):
            raise refuse(403, "needs_to_know")
        signed = signed_answers(tx, desk.member, id)
    stored = kept.recommendation
    engine = desk.engine
    if stored.provenance.model_copy(update={"engine": ""}) != engine.provenance.model_copy(
        update={"engine": "", "statutory_set": stored.provenance.statutory_set,
                "law_verifications": stored.provenance.law_verifications}
    ):  # fmt: skip
        raise refuse(409, "other_versions")
    past = Past.of_json(stored.person, kept.past)
    return engine.explain(
        Assessment.from_dict(signed, engine.instrument),
        on=stored.on,
        history=past.history,
        events=past.events,
        alerts=past.alerts,
        lang=lang,
    )


@router.get(
    "/assessments/{id}/explanation",
    response_model=Explanation,
    responses=problems(404, 409, *SIGNED),
)
def explain_shown(request: Request, desk: AtDesk, id: Id) -> Response:
    """Everything behind a recommendation that was shown: reasons, how sure, what would change."""
    found = _explained(desk, id, "explanation", language(request))
    return Response(found.model_dump_json(), media_type="application/json")


@router.get(
    "/assessments/{id}/referral",
    response_model=ReferralView,
    responses=problems(404, 409, *SIGNED),
)
def refer(request: Request, desk: AtDesk, id: Id) -> Response:
    """Needs and assistance for whoever helps: no identity, no answer, no tier."""
    found = _explained(desk, id, "referral", language(request))
    return _answer(ReferralView, {"needs": [n.model_dump() for n in for_referral(found)]})


@router.post(
    "/assessments/{id}/what-if",
    response_model=Recommendation,
    responses=problems(404, 409, *SIGNED, *BODY),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WhatIf"}}},
        }
    },
)
def try_other_answers(request: Request, desk: Deciding, body: JsonBody, id: Id) -> Response:
    """Try other answers, once the decision was made. It is kept that somebody did."""
    wanted = body.shaped(shapes.WhatIf)
    desk.look(_case_of(desk, id), "what_if")
    with desk.writing() as tx:
        found = what_if(
            tx,
            desk.member,
            id,
            wanted.answers,
            engine=desk.engine,
            at=desk.at,
            lang=language(request),
        )
        return _shown(desk, tx, the_assessment(tx, desk.member, id).case, found)


@router.get("/tasks", response_model=DueList, responses=problems(404, 422, *SIGNED))
def list_due(
    desk: AtDesk,
    person_in_charge: Code = None,
    kind: Literal["review_due", "alert", "answer_review", "read_notice", "look_first"]
    | None = None,
    due_until: date | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """What is due in the district, the earliest first."""
    desk.look_at_list("tasks")
    wanted: list[ColumnElement[bool]] = [
        TaskRow.district == desk.district,
        TaskRow.state == "open",
    ]
    if person_in_charge is not None:
        wanted.append(TaskRow.person == person_in_charge)
    if kind is not None:
        wanted.append(TaskRow.kind == kind)
    if due_until is not None:
        wanted.append(TaskRow.due_on <= due_until)
    after = read_cursor(cursor)
    if after is not None:
        day, task = _place(after)
        wanted.append((TaskRow.due_on > day) | ((TaskRow.due_on == day) & (TaskRow.id > task)))
    with desk.reading() as tx:
        rows = tx.session.scalars(
            select(TaskRow).where(*wanted).order_by(TaskRow.due_on, TaskRow.id).limit(limit + 1)
        ).all()
    cut, following = _paged(rows, limit, lambda row: f"{row.due_on.isoformat()} {row.id}")
    today = desk.today
    entries = [
        {
            "task": row.id,
            "kind": row.kind,
            "case": row.case,
            "about": row.ref,
            "person_in_charge": row.person,
            "opened_on": row.opened_on,
            "due_on": row.due_on,
            "overdue_days": max(0, (today - row.due_on).days),
        }
        for row in cut
    ]
    return _answer(DueList, {"entries": entries, "next": following})


def _place(cursor: str) -> tuple[date, str]:
    day, _, task = cursor.partition(" ")
    try:
        return date.fromisoformat(day), task
    except ValueError:
        raise refuse(400, "bad_cursor") from None


@router.get("/proposals", response_model=ProposalList, responses=problems(404, 422, *SIGNED))
def list_proposals(
    desk: AtDesk,
    state: Literal["open", "with_reviewer", "returned", "withdrawn", "decided"] = "open",
    needs_approval: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Proposals of the district: the approver's queue, or the reviewer's."""
    desk.look_at_list("proposals")
    wanted: list[ColumnElement[bool]] = [
        ProposalRow.district == desk.district,
        ProposalRow.state == state,
    ]
    if needs_approval is not None:
        wanted.append(ProposalRow.approval != "" if needs_approval else ProposalRow.approval == "")
    after = read_cursor(cursor)
    if after is not None:
        wanted.append(ProposalRow.id > after)
    with desk.reading() as tx:
        rows = tx.session.scalars(
            select(ProposalRow).where(*wanted).order_by(ProposalRow.id).limit(limit + 1)
        ).all()
    cut, following = _paged(rows, limit, lambda row: row.id)
    return _answer(
        ProposalList, {"entries": [_proposal_line(row) for row in cut], "next": following}
    )


def _exporting(
    here: Here,
    actor: Annotated[Actor, Depends(needs_scope("casebook:export"))],
    district: Annotated[str | None, Query(max_length=64)] = None,
) -> Desk:
    return open_desk(here, actor, district)


Exporting = Annotated[Desk, Depends(_exporting)]
_PACKS: dict[str, Callable[..., dict[str, Any]]] = {
    "person": person_pack,
    "authority": authority_pack,
}


@router.post(
    "/cases/{id}/packs/{whose}",
    response_model=dict[str, Any],
    responses=problems(404, 409, *SIGNED, *BODY),
)
def make_pack(
    request: Request, desk: Exporting, id: Id, whose: Literal["person", "authority"]
) -> Response:
    """Everything of a case for the person, or for an authority that reviews it; it is logged."""
    desk.look(id, f"pack_{whose}")
    with desk.writing() as tx:
        found = _PACKS[whose](tx, desk.member, id, at=desk.at, lang=language(request))
    return Response(canonical_json(found), media_type="application/json")


@router.get(
    "/assessments/{id}/replay", response_model=ReplayView, responses=problems(404, 422, *SIGNED)
)
def replay_assessment(request: Request, desk: AtDesk, id: Id) -> Response:
    """Compute again what was shown for an assessment, and compare it; for reviewers."""
    require(desk.member, Role.REVIEWER)
    desk.look(_case_of(desk, id), "replay")
    with desk.reading() as tx:
        found = replay(tx, desk.member, id)
    value = {
        "state": found.state,
        "words": found.text(language(request)),
        "compared": found.compared,
        "differing": [path for path, _, _ in found.numbers],
        "reworded": list(found.words),
    }
    return _answer(ReplayView, value)


@router.get("/chain", response_model=ChainView, responses=problems(404, 422, *SIGNED))
def check_chain(request: Request, desk: AtDesk) -> Response:
    """Check the whole record: nothing changed, missing, or out of order; for reviewers."""
    require(desk.member, Role.REVIEWER)
    with desk.reading() as tx:
        found = verify(tx)
    value = {
        "sound": found.sound,
        "events": found.events,
        "chains": found.chains,
        "erased": found.erased,
        "findings": [one.text(language(request)) for one in found.findings[:200]],
    }
    return _answer(ChainView, value)


@router.get("/suspension", response_model=SuspensionView, responses=problems(404, 422, *SIGNED))
def read_suspension(desk: AtDesk) -> Response:
    """Whether scores are hidden in the district, and since when."""
    with desk.reading() as tx:
        found = suspension(tx, desk.district)
    return JSONResponse(
        {
            "suspended": found is not None,
            "since": None if found is None else found.since,
            "by": None if found is None else found.by,
        }
    )
