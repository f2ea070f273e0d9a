"""Entering what was assessed and decided on paper, with its own days and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from riskengine.casebook.actors import Role
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import live_case
from riskengine.casebook.paper import enter_decision
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import AssessmentRow, DecisionRow
from riskengine.policy.tiers import Tier
from riskengine.server.desk import find_member
from riskengine.server.pages.assessing import start_draft
from riskengine.server.pages.people import person, staff
from riskengine.server.pages.questions import Draft
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_RECOMMENDED = 2
"""A recommendation names one tier, or two that can both be defended."""


@router.get("/cases/{case}/paper")
def paper_page(
    desk: AtDesk, case: str, assessment: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Show the forms for an assessment and for a decision that were made on paper."""
    return _paper(desk, case, [], Given(assessment=assessment))


def _paper(
    desk: Desk,
    case: str,
    said: list[str],
    given: Given,
    status: int = 200,
    ticked: Sequence[str] = (),
) -> Response:
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    with desk.reading() as tx:
        row = live_case(tx, desk.official, case)
        log_read(tx, desk.official, row.id, what="paper", at=desk.at)
        who = person(desk, tx, row)
        decided = select(DecisionRow.assessment).where(
            DecisionRow.case == row.id, DecisionRow.assessment.is_not(None)
        )
        assessments = tx.session.scalars(
            select(AssessmentRow)
            .where(
                AssessmentRow.case == row.id,
                AssessmentRow.corrected_by.is_(None),
                AssessmentRow.id.not_in(decided),
            )
            .order_by(AssessmentRow.signed_at.desc())
        ).all()
    here = staff(desk)
    rules = desk.casebook.rules
    return desk.page(
        "paper.html.j2",
        status,
        title=desk.say("paper_title"),
        said=said,
        given=given,
        ticked=ticked,
        case=row,
        person=who,
        assessments=assessments,
        signers=[one for one in here if "officer" in one.roles],
        deciders=[one for one in here if {"officer", "approver"} & set(one.roles)],
        named={one.id: one.name for one in here},
        tiers=[(one, one.label[desk.lang]) for one in Tier],
        reasons=rules.override_reasons,
        grounds=rules.without_score,
        least=rules.least_characters,
    )


@router.post("/cases/{case}/paper/assessment")
def begin_paper_assessment(desk: AtDesk, case: str, form: Posted) -> Response:
    """Begin to enter an assessment from paper: a draft that carries its day and who signed it."""
    desk.require(Role.OFFICER)
    day, signer = form.day("assessed_on"), form.text("signed_by")
    if day is None or day > desk.today:
        return _paper(desk, case, [desk.say("paper_day")], form.plain(), 422)
    if signer not in [one.id for one in staff(desk) if "officer" in one.roles]:
        return _paper(desk, case, [desk.say("paper_signer")], form.plain(), 422)
    draft = Draft(
        kind="reassessment" if form.text("kind") == "reassessment" else "intake",
        form="quick" if form.text("form") == "quick" else "full",
        assessed_on=day.isoformat(),
        signed_by=signer,
    )
    return go(f"/drafts/{start_draft(desk, case, draft)}")


@router.post("/cases/{case}/paper/decision")
def enter(desk: AtDesk, case: str, form: Posted) -> Response:
    """Enter a decision that was made on paper."""
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    given, ticked = _given(desk, form), form.texts("recommended")
    if isinstance(given, list):
        return _paper(desk, case, given, form.plain(), 422, ticked)
    for user in {given["proposed_by"], given["decided_by"]}:
        find_member(desk.here, user, desk.district)
    try:
        with desk.writing() as tx:
            made = enter_decision(tx, desk.official, case, **given, at=desk.at)
    except CasebookError as error:
        if error.code == "no_such_case":
            raise
        return _paper(desk, case, told(error, desk.lang), form.plain(), 422, ticked)
    return go(f"/decisions/{made}", done="entered")


def _given(desk: Desk, form: Posted) -> dict[str, Any] | list[str]:
    """What the form says, or what is wrong with it."""
    tiers = {one.value: one for one in Tier}
    wrong = []
    decided_on, review_on = form.day("decided_on"), form.day("review_on")
    if decided_on is None or review_on is None:
        wrong.append(desk.say("paper_days"))
    if form.text("tier") not in tiers:
        wrong.append(desk.say("choose_tier"))
    recommended = [tiers[one] for one in dict.fromkeys(form.texts("recommended")) if one in tiers]
    if len(recommended) > MOST_RECOMMENDED:
        wrong.append(desk.say("paper_recommended_most"))
    known = {one.id for one in staff(desk) if {"officer", "approver"} & set(one.roles)}
    if form.text("proposed_by") not in known or form.text("decided_by") not in known:
        wrong.append(desk.say("paper_people"))
    if wrong:
        return wrong
    return {
        "tier": tiers[form.text("tier")],
        "decided_on": decided_on,
        "review_on": review_on,
        "proposed_by": form.text("proposed_by"),
        "decided_by": form.text("decided_by"),
        "grounds": form.text("grounds"),
        "recommended": tuple(recommended),
        "own_tier": tiers.get(form.text("own_tier")),
        "reason": form.text("reason") or None,
        "explanation": form.text("explanation") or None,
        "assessment": form.text("assessment") or None,
    }
