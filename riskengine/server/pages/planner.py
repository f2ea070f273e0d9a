"""Two policies tried on the district's people: a simulation that decides nothing."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import func, select
from starlette.datastructures import UploadFile

from riskengine.casebook.actors import Role
from riskengine.casebook.chain import content_of, event_at
from riskengine.casebook.database import Transaction
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import AssessmentRow, CaseRow
from riskengine.errors import RiskEngineError
from riskengine.instrument.assessment import Assessment
from riskengine.planning.compare import compare, comparison_report
from riskengine.planning.draft import policy_or_draft
from riskengine.planning.hours import OfficeHours
from riskengine.planning.register import Registered
from riskengine.policy.document import PolicyDocument
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from riskengine.server.pages.rules import prose
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted
from riskengine.store.lookup import find_policy, policy_names

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_PEOPLE = 2000
"""People that one request tries; beyond it the command does."""
MOST_OFFICES = 60
MOST_HOURS = 100_000.0
_one_at_a_time = threading.Lock()


def _newest(desk: Desk) -> Any:
    """Newest assessment that stands, of every open case in the district."""
    ranked = (
        select(
            AssessmentRow.id,
            func.row_number()
            .over(
                partition_by=AssessmentRow.case,
                order_by=(AssessmentRow.assessed_on.desc(), AssessmentRow.signed_at.desc()),
            )
            .label("place"),
        )
        .join(CaseRow, CaseRow.id == AssessmentRow.case)
        .where(
            AssessmentRow.district == desk.district,
            AssessmentRow.corrected_by.is_(None),
            CaseRow.closed_on.is_(None),
            CaseRow.erased_on.is_(None),
        )
        .subquery()
    )
    return select(ranked.c.id).where(ranked.c.place == 1)


@router.get("/rules/compare")
def planner_page(desk: AtDesk) -> Response:
    """Show what can be compared."""
    return _planner(desk, [], Given())


def _planner(
    desk: Desk, said: list[str], given: Given, status: int = 200, report: str = ""
) -> Response:
    desk.require(Role.ANALYST, Role.ADMINISTRATOR)
    with desk.reading() as tx:
        people = tx.session.scalar(select(func.count()).select_from(_newest(desk).subquery())) or 0
        offices = _offices(desk, tx)
    return desk.page(
        "planner.html.j2",
        status,
        title=desk.say("compare_policies"),
        said=said,
        given=given,
        names=_comparable(desk),
        present=desk.engine.provenance.policy or "",
        offices=offices,
        people=people,
        most=MOST_PEOPLE,
        report=prose(report) if report else None,
    )


def _comparable(desk: Desk) -> list[str]:
    """Policies in force today that are written for the district's instrument."""
    found = {name: find_policy(name)[0] for name in policy_names()}
    instrument = desk.engine.instrument.id
    return [
        name
        for name, policy in found.items()
        if policy.instrument == instrument and policy.in_force(desk.today)
    ]


def _offices(desk: Desk, tx: Transaction) -> list[str]:
    found = tx.session.scalars(
        select(CaseRow.office)
        .where(
            CaseRow.district == desk.district,
            CaseRow.closed_on.is_(None),
            CaseRow.erased_on.is_(None),
        )
        .distinct()
        .order_by(CaseRow.office)
        .limit(MOST_OFFICES)
    )
    return list(found)


def _caseload(desk: Desk, tx: Transaction) -> tuple[list[Assessment], dict[str, Registered]]:
    """Everybody's newest assessment under the case's random id: the plan needs no person."""
    log_read(tx, desk.official, None, what="planner", at=desk.at)
    people, register = [], {}
    rows = tx.session.execute(
        select(AssessmentRow, CaseRow)
        .join(CaseRow, CaseRow.id == AssessmentRow.case)
        .where(AssessmentRow.id.in_(_newest(desk)))
        .order_by(AssessmentRow.id)
    )
    name = f"{desk.engine.instrument.id}@{desk.engine.instrument.version}"
    for row, case in rows:
        content = content_of(tx, event_at(tx, row.chain, row.seq))
        if content is None or content["assessment"]["instrument"] != name:
            continue
        people.append(desk.engine.assessment({**content["assessment"], "person": row.case}))
        register[row.case] = Registered(case.office, _past(case), case.decided_on)
    return people, register


def _past(case: CaseRow) -> PastTier | None:
    """Give the tier in force and the day from which it has been the same."""
    if case.tier is None or case.tier_since is None:
        return None
    return PastTier(Tier(case.tier), case.tier_since)


@router.post("/rules/compare")
def compare_posted(desk: AtDesk, form: Posted) -> Response:
    """Compare; one at a time, so that nobody's decision waits for a plan."""
    desk.require(Role.ANALYST, Role.ADMINISTRATOR)
    given = form.plain()
    names = _comparable(desk)
    if form.text("first") not in names or form.text("second") not in names:
        return _planner(desk, [desk.say("compare_wrong")], given, 422)
    hours = _hours(desk, form)
    if hours is None:
        return _planner(desk, [desk.say("compare_hours_wrong")], given, 422)
    if not _one_at_a_time.acquire(blocking=False):
        return _planner(desk, [desk.say("compare_busy")], given, 503)
    try:
        with desk.reading() as tx:
            count = tx.session.scalar(select(func.count()).select_from(_newest(desk).subquery()))
            if (count or 0) > MOST_PEOPLE:
                said = desk.say("compare_too_many", people=count, n=MOST_PEOPLE)
                return _planner(desk, [said], given, 422)
            people, register = _caseload(desk, tx)
        if not people:
            return _planner(desk, [desk.say("compare_nobody")], given, 422)
        found = compare(
            desk.engine,
            find_policy(form.text("first"))[0],
            _second(form),
            people,
            on=desk.today,
            hours=hours,
            register=register,
        )
    except RiskEngineError as error:
        return _planner(desk, [str(error)], given, 422)
    finally:
        _one_at_a_time.release()
    return _planner(desk, [], given, report=comparison_report(found, desk.lang))


def _second(form: Posted) -> PolicyDocument:
    upload = form.data.get("draft")
    if isinstance(upload, UploadFile) and (data := upload.file.read()):
        # the name of an uploaded file is never used, not even in a message
        return policy_or_draft(data, source="draft")
    return find_policy(form.text("second"))[0]


def _hours(desk: Desk, form: Posted) -> dict[str, OfficeHours] | None:
    """Hours of the offices of the district; ``None`` where one is no such number."""
    with desk.reading() as tx:
        offices = _offices(desk, tx)
    found = {}
    for office in offices:
        text = form.text(f"hours.{office}")
        if not text:
            continue
        try:
            hours = float(text)
        except ValueError:
            return None
        if not 0 <= hours <= MOST_HOURS:
            return None
        found[office] = OfficeHours(office, 1, hours)
    return found
