"""The casebook over the API: what officers, approvers and reviewers do, and what is due.

Who may do what is decided by the casebook itself. Every action takes an ``Idempotency-Key`` and
answers with a receipt: ids of what was recorded, nothing about the person.
"""

# No `from __future__ import annotations` here: the dependencies of a handler that is made inside a
# function could not be found by name.

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from riskengine.casebook.alerts import close_alert
from riskengine.casebook.assessing import correct, enter_assessment, sign, sign_draft
from riskengine.casebook.cases import close_case, hand_over, open_case, put_on_file
from riskengine.casebook.database import Transaction
from riskengine.casebook.deciding import (
    decide,
    look_first,
    propose,
    propose_without_score,
    send_back,
    withdraw,
)
from riskengine.casebook.drafts import drop_draft, save_draft, start_draft
from riskengine.casebook.notices import record_comment, record_notice
from riskengine.casebook.paper import enter_decision
from riskengine.casebook.revealing import record_own_view
from riskengine.casebook.reviews import answer_review, assign_review, request_review
from riskengine.casebook.suspending import lift, suspend
from riskengine.server.access import Here, needs_scope
from riskengine.server.accounts.actor import Actor, Scope
from riskengine.server.api import shapes
from riskengine.server.api.answers import BODY, SIGNED, problems
from riskengine.server.api.desks import District, Id
from riskengine.server.bodies import JsonBody
from riskengine.server.desk import Desk, find_member, open_desk
from riskengine.server.idempotency import Key, asked, once
from riskengine.server.texts import language

router = APIRouter(prefix="/v1", tags=["casebook"])

Receipt = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """One action of the casebook under way.

    Attributes
    ----------
    id
        Id in the address.
    """

    desk: Desk
    tx: Transaction
    id: str
    request: Request

    @property
    def given(self) -> dict[str, Any]:
        """What every function of the casebook that needs a time takes."""
        return {"at": self.desk.at}

    @property
    def engine(self) -> dict[str, Any]:
        """What every function that computes or checks answers takes."""
        return {"at": self.desk.at, "engine": self.desk.engine}


Doing = Callable[[Act, Any], Receipt]


def _action(path: str, shape: type[BaseModel], scope: Scope) -> Callable[[Doing], Doing]:
    """Give an address to an action."""

    def register(doing: Doing) -> Doing:
        def handle(
            request: Request,
            here: Here,
            actor: Annotated[Actor, Depends(needs_scope(scope))],
            body: JsonBody,
            id: str,
            district: str | None,
            key: str | None,
        ) -> Response:
            wanted = body.shaped(shape)
            desk = open_desk(here, actor, district)

            def act() -> str:
                with desk.writing() as tx:
                    receipt = doing(Act(desk, tx, id, request), wanted)
                return json.dumps(receipt, ensure_ascii=False)

            one = asked(request, actor.id, key, body.sha256)
            receipt, again = once(here, one, on=desk.today, act=act)
            headers = {"Idempotent-Replayed": "true"} if again else {}
            return Response(receipt, 201, headers, media_type="application/json")

        if "{id}" in path:

            def endpoint(
                request: Request,
                here: Here,
                actor: Annotated[Actor, Depends(needs_scope(scope))],
                body: JsonBody,
                id: Id,
                district: District = None,
                idempotency_key: Key = None,
            ) -> Response:
                return handle(request, here, actor, body, id, district, idempotency_key)
        else:

            def endpoint(  # type: ignore[misc]
                request: Request,
                here: Here,
                actor: Annotated[Actor, Depends(needs_scope(scope))],
                body: JsonBody,
                district: District = None,
                idempotency_key: Key = None,
            ) -> Response:
                return handle(request, here, actor, body, "", district, idempotency_key)

        router.add_api_route(
            path,
            endpoint,
            methods=["POST"],
            status_code=201,
            name=doing.__name__.strip("_"),
            operation_id=doing.__name__.strip("_"),
            summary=(doing.__doc__ or "").strip().splitlines()[0],
            response_model=shapes.Receipt,
            responses=problems(404, 409, *SIGNED, *BODY),
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"$ref": f"#/components/schemas/{shape.__name__}"}
                        }
                    },
                }
            },
        )
        return doing

    return register


@_action("/cases", shapes.OpenCase, "casebook:write")
def open_a_case(act: Act, body: shapes.OpenCase) -> Receipt:
    """Open a case."""
    given = dict(body)
    return {"case": open_case(act.tx, act.desk.member, **given, **act.given)}


@_action("/cases/{id}/handover", shapes.HandOver, "casebook:write")
def hand_a_case_over(act: Act, body: shapes.HandOver) -> Receipt:
    """Put another officer or office in charge."""
    find_member(act.desk.here, body.officer, act.desk.district)
    hand_over(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"case": act.id}


@_action("/cases/{id}/closing", shapes.CloseCase, "casebook:write")
def close_a_case(act: Act, body: shapes.CloseCase) -> Receipt:
    """Close a case: supervision ended, or the person moved to another district."""
    close_case(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"case": act.id}


@_action("/cases/{id}/events", shapes.Happened, "casebook:write")
def put_an_event_on_file(act: Act, body: shapes.Happened) -> Receipt:
    """Put a sanction or another dated event on file."""
    found = put_on_file(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"case": act.id, "event": found}


@_action("/cases/{id}/drafts", shapes.Draft, "casebook:write")
def begin_a_draft(act: Act, body: shapes.Draft) -> Receipt:
    """Begin an assessment; without content, with what is on file already."""
    if body.assessment is None:
        return {"draft": start_draft(act.tx, act.desk.member, act.id, **act.given)}
    found = save_draft(act.tx, act.desk.member, act.id, body.assessment, **act.given)
    return {"draft": found}


@_action("/cases/{id}/drafts/saving", shapes.SavedDraft, "casebook:write")
def save_a_draft(act: Act, body: shapes.SavedDraft) -> Receipt:
    """Keep a draft as it stands, unchecked."""
    found = save_draft(
        act.tx, act.desk.member, act.id, body.assessment, draft=body.draft, **act.given
    )
    return {"draft": found}


@_action("/drafts/{id}/dropping", shapes.Nothing, "casebook:write")
def drop_a_draft(act: Act, body: shapes.Nothing) -> Receipt:
    """Throw a draft away."""
    drop_draft(act.tx, act.desk.member, act.id)
    return {"draft": act.id}


@_action("/drafts/{id}/signature", shapes.SignDraft, "casebook:decide")
def sign_a_draft(act: Act, body: shapes.SignDraft) -> Receipt:
    """Sign a draft as it was saved last. It is locked before any tier is shown."""
    return {"assessment": sign_draft(act.tx, act.desk.member, act.id, **dict(body), **act.engine)}


@_action("/cases/{id}/assessments", shapes.Sign, "casebook:decide")
def sign_an_assessment(act: Act, body: shapes.Sign) -> Receipt:
    """Sign an assessment; with `signed_by`, enter one that somebody signed on paper."""
    given = {"alert_official": body.alert_official, **act.engine}
    member = act.desk.member
    if body.signed_by is None:
        return {"assessment": sign(act.tx, member, act.id, body.assessment, **given)}
    signed_by = find_member(act.desk.here, body.signed_by, act.desk.district).id
    found = enter_assessment(act.tx, member, act.id, body.assessment, signed_by=signed_by, **given)
    return {"assessment": found}


@_action("/assessments/{id}/own-view", shapes.OwnView, "casebook:decide")
def give_an_own_view(act: Act, body: shapes.OwnView) -> Receipt:
    """Record the officer's own tier and grounds, before any recommendation is shown."""
    record_own_view(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"assessment": act.id}


@_action("/assessments/{id}/corrections", shapes.Correct, "casebook:decide")
def correct_an_assessment(act: Act, body: shapes.Correct) -> Receipt:
    """Correct a signed assessment: a new one beside it, with reason and differences."""
    found = correct(
        act.tx,
        act.desk.member,
        act.id,
        body.assessment,
        reason=body.reason,
        review=body.review,
        **act.engine,
    )
    return {"assessment": found.assessment, "corrects": found.corrects}


@_action("/assessments/{id}/proposals", shapes.Propose, "casebook:decide")
def propose_a_tier(act: Act, body: shapes.Propose) -> Receipt:
    """Propose a tier after the recommendation was shown; a departure needs a reason."""
    return {"proposal": propose(act.tx, act.desk.member, act.id, **dict(body), **act.given)}


@_action("/cases/{id}/proposals", shapes.ProposeWithoutScore, "casebook:decide")
def propose_a_tier_without_score(act: Act, body: shapes.ProposeWithoutScore) -> Receipt:
    """Propose a tier without any score, on a ground of the local list."""
    found = propose_without_score(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"proposal": found}


@_action("/proposals/{id}/decision", shapes.Decide, "casebook:decide")
def decide_a_proposal(act: Act, body: shapes.Decide) -> Receipt:
    """Decide a proposal. Where approval is needed, another person does."""
    return {"decision": decide(act.tx, act.desk.member, act.id, **dict(body), **act.given)}


@_action("/cases/{id}/decisions", shapes.PaperDecision, "casebook:decide")
def enter_a_paper_decision(act: Act, body: shapes.PaperDecision) -> Receipt:
    """Enter a decision made on paper; the record says who entered it, and when."""
    for user in {body.proposed_by, body.decided_by}:
        find_member(act.desk.here, user, act.desk.district)
    found = enter_decision(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"decision": found}


@_action("/proposals/{id}/return", shapes.Why, "casebook:decide")
def return_a_proposal(act: Act, body: shapes.Why) -> Receipt:
    """Send a proposal back, saying why."""
    send_back(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"proposal": act.id}


@_action("/proposals/{id}/withdrawal", shapes.Why, "casebook:decide")
def withdraw_a_proposal(act: Act, body: shapes.Why) -> Receipt:
    """Take an own proposal back, saying why."""
    withdraw(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"proposal": act.id}


@_action("/proposals/{id}/first-look", shapes.Decide, "casebook:decide")
def look_at_a_step_up_first(act: Act, body: shapes.Decide) -> Receipt:
    """The reviewer lets a step up that followed a request for review go on to be decided."""
    look_first(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"proposal": act.id}


@_action("/decisions/{id}/notice", shapes.Notice, "casebook:write")
def record_a_notice(act: Act, body: shapes.Notice) -> Receipt:
    """Record who told the person, in which language, and what the person said."""
    record_notice(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"decision": act.id}


@_action("/cases/{id}/comments", shapes.Comment, "casebook:write")
def keep_a_comment(act: Act, body: shapes.Comment) -> Receipt:
    """Keep what the person said, as it was said. It is no input of any score."""
    record_comment(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"case": act.id}


@_action("/cases/{id}/reviews", shapes.AskReview, "casebook:write")
def take_a_request_for_review_in(act: Act, body: shapes.AskReview) -> Receipt:
    """Take in the person's request for review; the receipt is for the person."""
    found = request_review(
        act.tx, act.desk.member, act.id, **dict(body), lang=language(act.request), **act.given
    )
    return {
        "review": found.review,
        "received_on": found.received_on.isoformat(),
        "due_on": found.due_on.isoformat(),
        "lines": list(found.lines),
    }


@_action("/reviews/{id}/handler", shapes.Handler, "casebook:decide")
def name_a_handler(act: Act, body: shapes.Handler) -> Receipt:
    """Name a reviewer who neither proposed nor decided anything in the case."""
    handler = find_member(act.desk.here, body.handler, act.desk.district)
    assign_review(act.tx, act.desk.member, act.id, handler=handler, **act.given)
    return {"review": act.id}


@_action("/reviews/{id}/answer", shapes.AnswerReview, "casebook:decide")
def answer_a_review(act: Act, body: shapes.AnswerReview) -> Receipt:
    """Give the written answer, as the person gets it."""
    answer_review(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"review": act.id}


@_action("/alerts/{id}/closing", shapes.CloseAlert, "casebook:decide")
def close_an_alert(act: Act, body: shapes.CloseAlert) -> Receipt:
    """Close a safety alert in writing; only the official in charge of it."""
    close_alert(act.tx, act.desk.member, act.id, **dict(body), **act.given)
    return {"alert": act.id}


@_action("/suspension", shapes.Suspend, "casebook:decide")
def suspend_scores(act: Act, body: shapes.Suspend) -> Receipt:
    """Hide the scores of the district from the next request on."""
    return {"suspension": suspend(act.tx, act.desk.member, **dict(body), **act.given)}


@_action("/suspension/lifting", shapes.Suspend, "casebook:decide")
def show_scores_again(act: Act, body: shapes.Suspend) -> Receipt:
    """Show scores again."""
    lift(act.tx, act.desk.member, **dict(body), **act.given)
    return {"district": act.desk.district}


SHAPES = cast(tuple[type[BaseModel], ...], shapes.BODIES)
"""Shapes of bodies, for the description of the API."""
