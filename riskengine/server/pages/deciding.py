"""Own view first, then the recommendation; then a proposal, which may need another person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Role
from riskengine.casebook.assessing import correction_of, signed_answers
from riskengine.casebook.database import Transaction
from riskengine.casebook.deciding import decide, propose, propose_without_score
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import live_case, suspension, the_assessment
from riskengine.casebook.reads import log_read
from riskengine.casebook.revealing import record_own_view, reveal, what_if
from riskengine.casebook.schema import AssessmentRow, DecisionRow, ProposalRow
from riskengine.casebook.times import day_of
from riskengine.policy.tiers import Tier
from riskengine.server.desk import confidential
from riskengine.server.pages.content import events_of, words_of
from riskengine.server.pages.people import names, person
from riskengine.server.pages.questions import shown_answer
from riskengine.server.pages.sheets import knows, require_knowing, sheet
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/assessments/{assessment}")
def assessment_page(desk: AtDesk, assessment: str) -> Response:
    """Show where a signed assessment stands: own view, recommendation, decision."""
    return _assessment(desk, assessment, [], Given())


def _assessment(
    desk: Desk, assessment: str, said: list[str], given: Given, status: int = 200
) -> Response:
    with desk.reading() as tx:
        row = the_assessment(tx, desk.official, assessment)
        log_read(tx, desk.official, row.case, what="assessment", at=desk.at)
        case = live_or_ended(desk, tx, row.case)
        held = suspension(tx, desk.district) is not None
        decision = tx.session.scalar(
            select(DecisionRow.id).where(DecisionRow.assessment == row.id).limit(1)
        )
        proposal = tx.session.scalar(
            select(ProposalRow)
            .where(
                ProposalRow.assessment == row.id,
                ProposalRow.state.in_(("open", "with_reviewer")),
            )
            .limit(1)
        )
        found = None if row.revealed_at is None or held else sheet(desk, tx, row)
        own = _own_view(tx, row)
        change = correction_of(tx, desk.official, row.id)
        hidden: frozenset[str] = frozenset()
        if change is not None and not knows(desk, tx, case, row):
            raw = signed_answers(tx, desk.official, row.id)
            hidden = confidential(desk.engine.instrument, raw.get("sources", {}))
        who = person(desk, tx, case)
        past = None if case.tier is None else Tier(case.tier).label[desk.lang]
    named = names(desk, [row.signed_by, row.own_view_by, row.entered_by])
    return desk.page(
        "assessment.html.j2",
        status,
        title=desk.say("assessment_of", person=who),
        said=said,
        given=given,
        row=row,
        case=case,
        person=who,
        step=_step(row, held=held, decided=decision is not None, proposed=proposal is not None),
        sheet=found,
        own=own,
        decision=decision,
        proposal=proposal,
        change=None if change is None else _change(desk, change, hidden),
        present=past,
        named=named,
        signed_on=desk.day(day_of(row.signed_at)),
        tiers=[(one, one.label[desk.lang]) for one in Tier],
        recommended=[] if row.recommended is None else row.recommended.split(","),
        reasons=desk.casebook.rules.override_reasons,
        least=desk.casebook.rules.least_characters,
        may_answer=desk.may(Role.OFFICER) and row.corrected_by is None and case.closed_on is None,
    )


def live_or_ended(desk: Desk, tx: Transaction, case: str) -> Any:
    """The case of a page, also where it has ended."""
    from riskengine.casebook.lookups import the_case

    return the_case(tx, desk.official, case)


def _step(row: AssessmentRow, *, held: bool, decided: bool, proposed: bool) -> str:
    """What there is to do next on the page of an assessment."""
    if decided:
        return "decided"
    if row.corrected_by is not None:
        return "corrected"
    if proposed:
        return "proposed"
    if row.own_view_asked and row.own_tier is None and row.revealed_at is None:
        return "own_view"
    if held:
        return "suspended"
    if row.revealed_at is None:
        return "to_see"
    return "to_decide" if row.recommended else "no_tier"


def _own_view(tx: Transaction, row: AssessmentRow) -> dict[str, str] | None:
    for event, facts in events_of(tx, row.case, f.OwnView.kind):
        if isinstance(facts, f.OwnView) and facts.assessment == row.id:
            return {"tier": facts.tier, "grounds": words_of(tx, event).get("grounds", "")}
    return None


def _change(desk: Desk, change: Any, hidden: frozenset[str]) -> dict[str, Any]:
    """What a correction changed, as a page shows it."""
    instrument, lang = desk.engine.instrument, desk.lang
    lines = []
    for one in change.differences:
        item = instrument.by_id.get(one.item.removeprefix("sources."))
        label = one.item if item is None else item.label[lang]
        if item is not None and item.id in hidden:
            lines.append((label, desk.say("withheld_here"), desk.say("withheld_here")))
            continue
        if one.item.startswith("sources."):
            before, after = (_source(desk, side) for side in (one.before, one.after))
            label = desk.say("source_of", item=label)
        elif item is None:
            label = desk.say(f"head_{one.item}")
            before, after = (str(side) for side in (one.before, one.after))
            if one.item != "assessed_on":
                before, after = (desk.say(f"{one.item}_{side}") for side in (before, after))
        else:
            before, after = (
                shown_answer(instrument, one.item, side, lang, desk.say)
                for side in (one.before, one.after)
            )
        lines.append((label, before, after))
    return {
        "corrects": change.corrects,
        "reason": change.reason,
        "lines": lines,
        "before": desk.say("or").join(one.label[lang] for one in change.before),
        "after": desk.say("or").join(one.label[lang] for one in change.after),
        "same": change.before == change.after,
    }


def _source(desk: Desk, source: Any) -> str:
    if not source:
        return desk.say("no_source")
    told_by = desk.say(f"source_{source['source']}")
    return f"{told_by} {source.get('on', '')}".strip()


@router.post("/assessments/{assessment}/own-view")
def own_view(desk: AtDesk, assessment: str, form: Posted) -> Response:
    """Record the own view; only then is the recommendation shown."""
    tier = _tier(form.text("tier"))
    if tier is None:
        return _assessment(desk, assessment, [desk.say("choose_tier")], form.plain(), 422)
    try:
        with desk.writing() as tx:
            record_own_view(
                tx, desk.official, assessment, tier=tier, grounds=form.text("grounds"), at=desk.at
            )
            if suspension(tx, desk.district) is None:
                reveal(
                    tx, desk.official, assessment, engine=desk.engine, at=desk.at, lang=desk.lang
                )
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _assessment(desk, assessment, told(error, desk.lang), form.plain(), 422)
    return go(f"/assessments/{assessment}", done="own_view")


@router.post("/assessments/{assessment}/reveal")
def show_recommendation(desk: AtDesk, assessment: str) -> Response:
    """Show the recommendation where no own view was asked for."""
    with desk.writing() as tx:
        reveal(tx, desk.official, assessment, engine=desk.engine, at=desk.at, lang=desk.lang)
    return go(f"/assessments/{assessment}")


def _tier(text: str) -> Tier | None:
    return Tier(text) if text in [one.value for one in Tier] else None


@router.post("/assessments/{assessment}/proposal")
def propose_tier(desk: AtDesk, assessment: str, form: Posted) -> Response:
    """Propose a tier; where nobody else has to approve, that decides it."""
    tier = _tier(form.text("tier"))
    said = []
    if tier is None:
        said.append(desk.say("choose_tier"))
    if form.text("review_on") and form.day("review_on") is None:
        said.append(desk.say("not_a_day"))
    if said or tier is None:
        return _assessment(desk, assessment, said, form.plain(), 422)
    try:
        with desk.writing() as tx:
            proposal = propose(
                tx,
                desk.official,
                assessment,
                tier=tier,
                grounds=form.text("grounds"),
                reason=form.text("reason") or None,
                explanation=form.text("explanation") or None,
                review_on=form.day("review_on"),
                at=desk.at,
            )
            way = _decide_if_alone(desk, tx, proposal, form.text("grounds"))
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _assessment(desk, assessment, told(error, desk.lang), form.plain(), 422)
    return way


def _decide_if_alone(desk: Desk, tx: Transaction, proposal: str, grounds: str) -> Response:
    row = tx.session.get(ProposalRow, proposal)
    if row is not None and not row.approval and row.state == "open":
        made = decide(tx, desk.official, proposal, grounds=grounds, at=desk.at)
        return go(f"/decisions/{made}", done="decided")
    return go(f"/proposals/{proposal}", done="proposed")


@router.get("/cases/{case}/without-score")
def without_score_page(desk: AtDesk, case: str, assessment: str = "") -> Response:
    """Show the form for a decision without any score."""
    return _without_score(desk, case, [], Given(assessment=assessment))


def _without_score(
    desk: Desk, case: str, said: list[str], given: Given, status: int = 200
) -> Response:
    desk.require(Role.OFFICER)
    with desk.reading() as tx:
        row = live_case(tx, desk.official, case)
        log_read(tx, desk.official, row.id, what="case", at=desk.at)
        who = person(desk, tx, row)
    return desk.page(
        "without_score.html.j2",
        status,
        title=desk.say("without_score"),
        said=said,
        given=given,
        case=row,
        person=who,
        tiers=[(one, one.label[desk.lang]) for one in Tier],
        present=None if row.tier is None else Tier(row.tier).label[desk.lang],
        grounds=desk.casebook.rules.without_score,
        least=desk.casebook.rules.least_characters,
    )


@router.post("/cases/{case}/without-score")
def propose_without(desk: AtDesk, case: str, form: Posted) -> Response:
    """Propose a tier without a score."""
    tier, day = _tier(form.text("tier")), form.day("review_on")
    said = []
    if tier is None:
        said.append(desk.say("choose_tier"))
    if day is None:
        said.append(desk.say("not_a_day"))
    if tier is None or day is None:
        return _without_score(desk, case, said, form.plain(), 422)
    try:
        with desk.writing() as tx:
            proposal = propose_without_score(
                tx,
                desk.official,
                case,
                tier=tier,
                ground=form.text("ground"),
                grounds=form.text("grounds"),
                review_on=day,
                at=desk.at,
                assessment=form.text("assessment") or None,
            )
            way = _decide_if_alone(desk, tx, proposal, form.text("grounds"))
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _without_score(desk, case, told(error, desk.lang), form.plain(), 422)
    return way


@router.get("/assessments/{assessment}/what-if")
def what_if_page(desk: AtDesk, assessment: str) -> Response:
    """Show the form for trying other answers, once a decision was made."""
    return _what_if(desk, assessment, None, Given(), [])


def _what_if(
    desk: Desk,
    assessment: str,
    found: Any,
    given: Given,
    said: list[str],
    status: int = 200,
) -> Response:
    with desk.reading() as tx:
        row = the_assessment(tx, desk.official, assessment)
        case = live_or_ended(desk, tx, row.case)
        log_read(tx, desk.official, row.case, what="what_if", at=desk.at)
        require_knowing(desk, tx, case, row)
        raw = signed_answers(tx, desk.official, row.id)
        who = person(desk, tx, case)
        decided = tx.session.scalar(
            select(DecisionRow.id).where(DecisionRow.assessment == row.id).limit(1)
        )
    instrument, lang = desk.engine.instrument, desk.lang
    scored = set(desk.engine.scorecard.document.items)
    items = [
        {
            "id": item.id,
            "label": item.label[lang],
            "now": shown_answer(instrument, item.id, raw["answers"].get(item.id), lang, desk.say),
            "levels": [(level.id, level.label[lang]) for level in item.levels]
            if item.levels
            else [("true", desk.say("yes")), ("false", desk.say("no"))]
            if item.type == "boolean"
            else [],
            "chosen": given.get(f"a.{item.id}", ""),
            "minimum": item.minimum,
            "maximum": item.maximum,
        }
        for item in instrument.items
        if item.id in scored and item.dynamic
    ]
    return desk.page(
        "what_if.html.j2",
        status,
        title=desk.say("what_if"),
        said=said,
        row=row,
        person=who,
        items=items,
        decision=decided,
        found=found,
    )


@router.post("/assessments/{assessment}/what-if")
def try_what_if(desk: AtDesk, assessment: str, form: Posted) -> Response:
    """Try other answers; it is kept that somebody did."""
    from riskengine.errors import AssessmentError

    instrument = desk.engine.instrument
    answers: dict[str, Any] = {}
    for name, text in form.plain().items():
        item = instrument.by_id.get(name.removeprefix("a.")) if name.startswith("a.") else None
        if item is None or not text.strip():
            continue
        text = text.strip()
        if item.type == "boolean":
            answers[item.id] = {"true": True, "false": False}.get(text, text)
        elif item.type == "integer" and text.isdecimal() and len(text) < 9:
            answers[item.id] = int(text)
        else:
            answers[item.id] = text
    try:
        with desk.writing() as tx:
            found = what_if(
                tx, desk.official, assessment, answers, engine=desk.engine, at=desk.at,
                lang=desk.lang,
            )  # fmt: skip
    except (CasebookError, AssessmentError) as error:
        if isinstance(error, CasebookError) and error.code.startswith("no_such_"):
            raise
        return _what_if(desk, assessment, None, form.plain(), told(error, desk.lang), 422)
    return _what_if(desk, assessment, found, form.plain(), [])
