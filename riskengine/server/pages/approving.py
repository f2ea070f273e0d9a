"""The approver's queue, one proposal, and the page of a decision."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select

from riskengine.casebook.actors import Role
from riskengine.casebook.database import Transaction
from riskengine.casebook.deciding import decide, look_first, send_back, withdraw
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import suspension, the_assessment, the_case, the_proposal
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import CaseRow, ProposalRow
from riskengine.casebook.times import day_of
from riskengine.policy.tiers import Tier
from riskengine.server.pages.content import written_in
from riskengine.server.pages.people import names, person, persons
from riskengine.server.pages.sheets import sheet
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST = 200


@router.get("/approvals")
def queue(desk: AtDesk) -> Response:
    """List proposals that wait; own ones are shown and cannot be approved."""
    desk.require(Role.APPROVER, Role.REVIEWER, Role.OFFICER)
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="approvals", at=desk.at)
        wanted = [
            ProposalRow.district == desk.district,
            ProposalRow.state.in_(("open", "with_reviewer")),
        ]
        if not desk.may(Role.APPROVER, Role.REVIEWER):
            wanted.append(ProposalRow.proposed_by == desk.official.id)
        rows = tx.session.scalars(
            select(ProposalRow).where(*wanted).order_by(ProposalRow.proposed_at).limit(MOST)
        ).all()
        cases = {
            row.id: row
            for row in tx.session.scalars(
                select(CaseRow).where(CaseRow.id.in_([one.case for one in rows]))
            )
        }
        people = persons(desk, tx, list(cases.values()))
    named = names(desk, [row.proposed_by for row in rows])
    lines = [
        {
            "row": row,
            "person": people[row.case],
            "by": named[row.proposed_by],
            "on": desk.day(day_of(row.proposed_at)),
            "own": row.proposed_by == desk.official.id,
            "tier": Tier(row.tier).label[desk.lang],
            "before": "" if row.before is None else Tier(row.before).label[desk.lang],
            "recommended": recommended_words(desk, row.recommended),
        }
        for row in rows
    ]
    return desk.page("approvals.html.j2", title=desk.say("approvals"), lines=lines)


def recommended_words(desk: Desk, recommended: str | None) -> str:
    """Recommended tiers in words; empty without any."""
    tiers = [] if not recommended else recommended.split(",")
    return desk.say("or").join(Tier(one).label[desk.lang] for one in tiers)


@router.get("/proposals/{proposal}")
def proposal_page(desk: AtDesk, proposal: str) -> Response:
    """Show one proposal with everything an approver needs."""
    return _proposal(desk, proposal, [], Given())


def _proposal(
    desk: Desk, proposal: str, said: list[str], given: Given, status: int = 200
) -> Response:
    with desk.reading() as tx:
        row = the_proposal(tx, desk.official, proposal)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="proposal", at=desk.at)
        content = written_in(tx, row)
        found = _sheet(desk, tx, row)
        who = person(desk, tx, case)
    named = names(desk, [row.proposed_by, row.settled_by])
    return desk.page(
        "proposal.html.j2",
        status,
        title=desk.say("proposal_of", person=who),
        said=said,
        given=given,
        row=row,
        person=who,
        content=content,
        sheet=found,
        named=named,
        proposed_on=desk.day(day_of(row.proposed_at)),
        tier=Tier(row.tier).label[desk.lang],
        before="" if row.before is None else Tier(row.before).label[desk.lang],
        own_tier="" if row.own_tier is None else Tier(row.own_tier).label[desk.lang],
        recommended=recommended_words(desk, row.recommended),
        reason=reason_label(desk, row),
        approval=row.approval.split(",") if row.approval else [],
        own=row.proposed_by == desk.official.id,
        can_approve=_can_approve(desk, row),
        can_look=row.state == "with_reviewer"
        and desk.may(Role.REVIEWER)
        and row.proposed_by != desk.official.id,
        least=desk.casebook.rules.least_characters,
    )


def _can_approve(desk: Desk, row: ProposalRow) -> bool:
    return row.state == "open" and desk.may(Role.APPROVER) and row.proposed_by != desk.official.id


def _sheet(desk: Desk, tx: Transaction, row: ProposalRow) -> Any:
    if row.assessment is None or suspension(tx, desk.district) is not None:
        return None
    assessment = the_assessment(tx, desk.official, row.assessment)
    return None if assessment.revealed_at is None else sheet(desk, tx, assessment)


def reason_label(desk: Desk, row: Any) -> str:
    """Reason of an override, or ground of a decision without a score, in words."""
    rules = desk.casebook.rules
    entries: tuple[Any, ...] = (*rules.override_reasons, *rules.without_score)
    return next(
        (one.label[desk.lang] for one in entries if one.id == row.reason), row.reason or ""
    )


@router.post("/proposals/{proposal}/{act}")
def act_on(desk: AtDesk, proposal: str, act: str, form: Posted) -> Response:
    """Approve, return, withdraw, or let a step up go on after a look."""
    words, at, me = form.text("grounds"), desk.at, desk.official
    try:
        with desk.writing() as tx:
            row = the_proposal(tx, me, proposal)
            match act:
                case "approve":
                    made = decide(tx, me, proposal, grounds=words, at=at)
                    way = go(f"/decisions/{made}", done="decided")
                case "return":
                    send_back(tx, me, proposal, why=words, at=at)
                    way = go("/approvals", done="returned")
                case "withdraw":
                    withdraw(tx, me, proposal, why=words, at=at)
                    way = go(f"/cases/{row.case}", done="withdrawn")
                case "look":
                    look_first(tx, me, proposal, grounds=words, at=at)
                    way = go(f"/proposals/{proposal}", done="looked")
                case _:
                    from riskengine.server.problems import refuse

                    raise refuse(404, "no_such_address")
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _proposal(desk, proposal, told(error, desk.lang), form.plain(), 422)
    return way
