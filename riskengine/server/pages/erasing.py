"""Erasing the content of a person: what goes, what stays, on which ground, and who confirms."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select

from riskengine.casebook.actors import Role
from riskengine.casebook.erasing import erase, scrub
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import the_case
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import AssessmentRow, CaseRow, DecisionRow
from riskengine.server.access import client_address
from riskengine.server.accounts.signing_in import confirmed
from riskengine.server.pages.people import Colleague, person, staff
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go
from riskengine.server.problems import Refusal

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_CONFIRM = (Role.ADMINISTRATOR, Role.REVIEWER, Role.APPROVER)


@router.get("/cases/{case}/erasure")
def erasure_page(desk: AtDesk, case: str) -> Response:
    """Say what erasing does, before anybody does it."""
    return _erasure(desk, case, [], Given())


def _erasure(desk: Desk, case: str, said: list[str], given: Given, status: int = 200) -> Response:
    desk.require(Role.ADMINISTRATOR)
    with desk.reading() as tx:
        row = the_case(tx, desk.official, case)
        log_read(tx, desk.official, row.id, what="erasure", at=desk.at)
        who = person(desk, tx, row)
        cases = tx.session.scalars(select(CaseRow.id).where(CaseRow.subject == row.subject)).all()
        counts = [
            tx.session.scalar(select(func.count()).where(table.case.in_(cases)))
            for table in (AssessmentRow, DecisionRow)
        ]
    rules = desk.casebook.rules
    return desk.page(
        "erasure.html.j2",
        status,
        title=desk.say("erasure"),
        said=said,
        given=given,
        case=row,
        person=who,
        cases=len(cases),
        assessments=counts[0],
        decisions=counts[1],
        grounds=rules.erasure,
        second=rules.erasure_second_person,
        others=_confirmers(desk),
        least=rules.least_characters,
    )


def _confirmers(desk: Desk) -> list[Colleague]:
    """Who may confirm: another person with one of the roles."""
    roles = {role.value for role in _CONFIRM}
    return [one for one in staff(desk) if one.id != desk.official.id and roles & set(one.roles)]


@router.post("/cases/{case}/erasure")
def erase_posted(request: Request, desk: AtDesk, case: str, form: Posted) -> Response:
    """Destroy the key, once it was confirmed."""
    desk.require(Role.ADMINISTRATOR)
    # a stranger's case is not here, whatever the form says
    with desk.reading() as tx:
        the_case(tx, desk.official, case)
    given = Given({n: v for n, v in form.plain().items() if n != "second_password"})
    if not form.has("understood"):
        return _erasure(desk, case, [desk.say("erasure_confirm_first")], given, 422)
    second = None
    if desk.casebook.rules.erasure_second_person:
        second = form.text("second")
        try:
            confirmed(
                desk.here.accounts,
                second,
                str(form.data.get("second_password", "")),
                address=client_address(request),
                now=desk.here.now(),
                rules=desk.here.settings.sessions,
            )
        except Refusal:
            return _erasure(desk, case, [desk.say("erasure_not_confirmed")], given, 422)
        if second not in {one.id for one in _confirmers(desk)}:
            return _erasure(desk, case, [desk.say("erasure_not_confirmed")], given, 422)
    try:
        with desk.writing() as tx:
            erase(
                tx, desk.official, case, ground=form.text("ground"), words=form.text("words"),
                at=desk.at, confirmed_by=second,
            )  # fmt: skip
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _erasure(desk, case, told(error, desk.lang), given, 422)
    scrub(desk.casebook)
    return go(f"/cases/{case}", done="erased")
