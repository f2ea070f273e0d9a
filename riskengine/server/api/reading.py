"""Reading the casebook over the API: cases, drafts, what is due, proposals.

Every look at a case is logged before anything is shown. Whatever lies in another district does not
exist here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy import ColumnElement, select

from riskengine.casebook.cases import find_case, person_of, persons_of
from riskengine.casebook.drafts import drafts_of, read_draft
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import the_case
from riskengine.casebook.schema import (
    AssessmentRow,
    CaseRow,
    DecisionRow,
    Draft,
    ProposalRow,
    ReviewRow,
    TaskRow,
)
from riskengine.policy.tiers import Tier
from riskengine.server.api.answers import SIGNED, problems
from riskengine.server.api.desks import AtDesk, Code, Id
from riskengine.server.api.views import (
    CaseList,
    CaseView,
    DraftView,
    DueList,
    ProposalList,
    answered,
    assessment_line,
    case_line,
    decision_line,
    proposal_line,
    review_line,
)
from riskengine.server.days import Day
from riskengine.server.pagination import Cursor, Limit, cursor_of, read_cursor
from riskengine.server.problems import refuse

router = APIRouter(prefix="/v1", tags=["casebook"])


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
    review_until: Day | None = None,
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
        people = persons_of(tx, cut)
    entries = [case_line(row, people[row.id]) for row in cut]
    return answered(CaseList, {"entries": entries, "next": following})


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
            **case_line(row, person_of(tx, row)),
            "drafts": [one.id for one in drafts_of(tx, desk.member, id)] if open_ else [],
            "assessments": every(AssessmentRow, assessment_line),
            "proposals": every(ProposalRow, proposal_line),
            "decisions": every(DecisionRow, decision_line),
            "reviews": every(ReviewRow, review_line),
        }
    return answered(CaseView, value)


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
    return answered(DraftView, {"draft": id, "case": row.case, "assessment": raw})


@router.get("/tasks", response_model=DueList, responses=problems(404, 422, *SIGNED))
def list_due(
    desk: AtDesk,
    person_in_charge: Code = None,
    kind: Literal["review_due", "alert", "answer_review", "read_notice", "look_first"]
    | None = None,
    due_until: Day | None = None,
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
        # the first condition is what an index is entered by
        wanted.append(TaskRow.due_on >= day)
        wanted.append((TaskRow.due_on > day) | (TaskRow.id > task))
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
    return answered(DueList, {"entries": entries, "next": following})


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
    return answered(
        ProposalList, {"entries": [proposal_line(row) for row in cut], "next": following}
    )
