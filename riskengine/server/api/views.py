"""What is read from the casebook over the API: its shapes, and how rows are told in them."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel

from riskengine.casebook.schema import (
    AssessmentRow,
    CaseRow,
    DecisionRow,
    ProposalRow,
    ReviewRow,
)
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Need


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
    """What is known of the record's soundness.

    All of it was checked at `whole_at`, when it held `whole_events`; what was added since was
    checked now.
    """

    sound: bool
    events: int
    chains: int
    erased: int
    findings: list[str]
    whole_at: str
    whole_events: int


def case_line(row: CaseRow, person: str | None) -> dict[str, Any]:
    """Describe a case as it stands in a list."""
    return {
        "case": row.id,
        "person": person,
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


def joined_tiers(joined: str | None) -> list[str]:
    """Tiers as they are kept in one column, as a list."""
    return [tier for tier in (joined or "").split(",") if tier]


def assessment_line(row: AssessmentRow) -> dict[str, Any]:
    """Describe a signed assessment."""
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
        "recommended": joined_tiers(row.recommended),
    }


def proposal_line(row: ProposalRow) -> dict[str, Any]:
    """Describe a proposal."""
    return {
        "proposal": row.id,
        "case": row.case,
        "assessment": row.assessment,
        "tier": row.tier,
        "before": row.before,
        "kind": row.kind,
        "direction": row.direction,
        "reason": row.reason,
        "recommended": joined_tiers(row.recommended),
        "approval": joined_tiers(row.approval),
        "proposed_by": row.proposed_by,
        "state": row.state,
        "review_on": row.review_on,
    }


def decision_line(row: DecisionRow) -> dict[str, Any]:
    """Describe a decision."""
    same = ("proposal", "assessment", "tier", "before", "kind", "direction", "reason",
            "proposed_by", "decided_by", "entered_by", "decided_on", "review_on",
            "disputed")  # fmt: skip
    found = {name: getattr(row, name) for name in same}
    return {"decision": row.id, "recommended": joined_tiers(row.recommended), **found}


def review_line(row: ReviewRow) -> dict[str, Any]:
    """Describe a request for review."""
    same = ("case", "decision", "channel", "received_on", "due_on", "handler", "state",
            "outcome")  # fmt: skip
    return {"review": row.id, **{name: getattr(row, name) for name in same}}


def answered(shape: type[BaseModel], value: dict[str, Any]) -> Response:
    """Answer with a shape."""
    return Response(shape.model_validate(value).model_dump_json(), media_type="application/json")
