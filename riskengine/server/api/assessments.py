"""One signed assessment over the API: its answers, and what was recommended for it and why."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from riskengine.casebook.assessing import correction_of, signed_answers
from riskengine.casebook.cases import Past
from riskengine.casebook.database import Transaction
from riskengine.casebook.lookups import the_assessment, the_case
from riskengine.casebook.revealing import check_not_suspended, reveal, shown, what_if
from riskengine.errors import Language
from riskengine.explanation.disclosure import for_referral
from riskengine.explanation.document import Explanation
from riskengine.instrument.assessment import Assessment
from riskengine.recommendation import Recommendation
from riskengine.server.api import shapes
from riskengine.server.api.answers import BODY, SIGNED, problems
from riskengine.server.api.desks import AtDesk, Deciding, Id, case_of
from riskengine.server.api.views import AssessmentView, ReferralView, answered, assessment_line
from riskengine.server.bodies import JsonBody
from riskengine.server.desk import Desk, without_answers, without_confidences
from riskengine.server.problems import refuse
from riskengine.server.texts import language

router = APIRouter(prefix="/v1", tags=["casebook"])


@router.get(
    "/assessments/{id}", response_model=AssessmentView, responses=problems(404, 409, 422, *SIGNED)
)
def read_assessment(desk: AtDesk, id: Id) -> Response:
    """A signed assessment; a correction with its reason and differences."""
    desk.look(case_of(desk, id), "assessment")
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
            **assessment_line(row),
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
    return answered(AssessmentView, value)


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
    desk.look(case_of(desk, id), "recommendation")
    with desk.writing() as tx:
        found = reveal(tx, desk.member, id, engine=desk.engine, at=desk.at, lang=language(request))
        return _shown(desk, tx, the_assessment(tx, desk.member, id).case, found)


def _explained(desk: Desk, id: str, what: str, lang: Language) -> Explanation:
    """Explain what was shown, from what it was computed from then."""
    desk.look(case_of(desk, id), what)
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
    return answered(ReferralView, {"needs": [n.model_dump() for n in for_referral(found)]})


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
    desk.look(case_of(desk, id), "what_if")
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
