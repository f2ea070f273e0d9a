"""My caseload, the due list, and opening a case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import ColumnElement, func, select

from riskengine.casebook.actors import Role
from riskengine.casebook.cases import find_case, open_case
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import CaseRow, TaskRow
from riskengine.errors import AssessmentError
from riskengine.policy.tiers import Tier
from riskengine.server.pages.people import names, persons
from riskengine.server.pages.rounds import NOTHING, Round, rounds
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go, with_query

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PER_PAGE = 50
MOST_PRINTED = 500
MOST_COUNTED = 5_000
"""A longer list is for nobody to page through; counting it would take longer than showing it."""
OFFICES_SECONDS = 60
WITHIN = (7, 14, 30, 90)
_LONG = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Filters:
    """What a reader asked to see; anything that is not offered counts as not asked."""

    who: str
    due: str
    tier: str
    office: str
    alerts: str

    def query(self) -> dict[str, str]:
        """The filters as an address carries them."""
        return {
            "who": self.who, "due": self.due, "tier": self.tier, "office": self.office,
            "alerts": self.alerts,
        }  # fmt: skip

    def conditions(self, desk: Desk) -> list[ColumnElement[bool]]:
        """The filters as the database gets them: always as bound values."""
        found: list[ColumnElement[bool]] = [
            CaseRow.district == desk.district,
            CaseRow.closed_on.is_(None),
            CaseRow.erased_on.is_(None),
        ]
        if self.who == "mine":
            found.append(CaseRow.officer == desk.official.id)
        if self.due == "overdue":
            found.append(CaseRow.review_on < desk.today)
        elif self.due == "new":
            found.append(CaseRow.tier.is_(None))
        elif self.due:
            found.append(CaseRow.review_on <= desk.today + timedelta(days=int(self.due)))
        if self.tier:
            found.append(CaseRow.tier == self.tier)
        if self.office:
            found.append(CaseRow.office == self.office)
        if self.alerts:
            found.append(CaseRow.open_alerts > 0)
        return found


def _filters(desk: Desk, who: str, due: str, tier: str, office: str, alerts: str) -> Filters:
    usual = "mine" if desk.may(Role.OFFICER) else "all"
    return Filters(
        who=who if who in ("mine", "all") else usual,
        due=due if due in ("overdue", "new", *map(str, WITHIN)) else "",
        tier=tier if tier in [one.value for one in Tier] else "",
        office=office,
        alerts="open" if alerts == "open" else "",
    )


@dataclass(frozen=True)
class Line:
    """One person in a list."""

    case: str
    person: str
    office: str
    officer: str
    tier: str
    since: str
    review_on: str
    days: int | None
    alerts: int
    round: Round
    disputed: bool

    @property
    def overdue(self) -> bool:
        """Whether the review should have been before today."""
        return self.days is not None and self.days < 0


def _lines(desk: Desk, tx: Transaction, found: list[CaseRow]) -> list[Line]:
    where = rounds(tx, [row.id for row in found])
    named = names(desk, [row.officer for row in found])
    who = persons(desk, tx, found)
    return [
        Line(
            case=row.id,
            person=who[row.id],
            office=row.office,
            officer=named[row.officer],
            tier="" if row.tier is None else Tier(row.tier).label[desk.lang],
            since=desk.day(row.tier_since),
            review_on=desk.day(row.review_on),
            days=None if row.review_on is None else (row.review_on - desk.today).days,
            alerts=row.open_alerts,
            round=where.get(row.id, NOTHING),
            disputed=bool(row.disputed),
        )
        for row in found
    ]


def _sorted(desk: Desk, filters: Filters) -> Any:
    # who was never decided on comes first, then who is due first
    order = CaseRow.review_on.asc().nulls_first(), CaseRow.id
    return select(CaseRow).where(*filters.conditions(desk)).order_by(*order)


def _counted(desk: Desk, tx: Transaction, filters: Filters) -> int:
    """Count the people of a list, up to `MOST_COUNTED` and one more."""
    some = select(CaseRow.id).where(*filters.conditions(desk)).limit(MOST_COUNTED + 1).subquery()
    return int(tx.session.scalar(select(func.count()).select_from(some)) or 0)


_known_offices: dict[tuple[int, str], tuple[float, list[str]]] = {}


def _offices(desk: Desk, tx: Transaction) -> list[str]:
    """Offices to choose from; a new one stands in the list within a minute."""
    key, now = (id(desk.casebook), desk.district), desk.at.timestamp()
    kept = _known_offices.get(key)
    if kept is not None and abs(now - kept[0]) < OFFICES_SECONDS:
        return kept[1]
    wanted = (
        select(CaseRow.office)
        .where(CaseRow.district == desk.district)
        .distinct()
        .order_by(CaseRow.office)
        .limit(200)
    )
    found = list(tx.session.scalars(wanted))
    _known_offices[key] = (now, found)
    return found


@router.get("/caseload")
def caseload(
    desk: AtDesk,
    who: _LONG = "",
    due: _LONG = "",
    tier: _LONG = "",
    office: _LONG = "",
    alerts: _LONG = "",
    person_id: Annotated[str, Query(alias="person", max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """List the people of a caseload, a row each."""
    filters = _filters(desk, who, due, tier, office, alerts)
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="caseload", at=desk.at)
        if person_id.strip():
            found = find_case(tx, desk.official, person_id.strip())
            if found is not None:
                return go(f"/cases/{found.id}")
        total = _counted(desk, tx, filters)
        rows = tx.session.scalars(
            _sorted(desk, filters).offset((page - 1) * PER_PAGE).limit(PER_PAGE)
        ).all()
        lines = _lines(desk, tx, list(rows))
        offices = _offices(desk, tx)
        waiting = _waiting(desk, tx)
    pages = max(1, -(-min(total, MOST_COUNTED) // PER_PAGE))
    return desk.page(
        "caseload.html.j2",
        title=desk.say("caseload"),
        filters=filters,
        lines=lines,
        total=total,
        most=MOST_COUNTED,
        page=page,
        pages=pages,
        before=_page(filters, page - 1) if page > 1 else "",
        after=_page(filters, page + 1) if page < pages else "",
        due_list=with_query("/due", filters.query()),
        offices=offices,
        tiers=[(one.value, one.label[desk.lang]) for one in Tier],
        within=WITHIN,
        missed=person_id.strip(),
        waiting=waiting,
        everybody=with_query("/caseload", {"who": "all"}),
    )


def _page(filters: Filters, number: int) -> str:
    return with_query("/caseload", {**filters.query(), "page": str(number)})


def _waiting(desk: Desk, tx: Transaction) -> list[tuple[str, int]]:
    """Open tasks of the reader, by kind."""
    rows = tx.session.execute(
        select(TaskRow.kind, func.count())
        .where(
            TaskRow.district == desk.district,
            TaskRow.state == "open",
            TaskRow.person == desk.official.id,
            TaskRow.due_on <= desk.today + timedelta(days=7),
        )
        .group_by(TaskRow.kind)
        .order_by(TaskRow.kind)
    ).all()
    return [(kind, count) for kind, count in rows]


@router.get("/due")
def due_list(
    desk: AtDesk,
    who: _LONG = "",
    due: _LONG = "30",
    tier: _LONG = "",
    office: _LONG = "",
    alerts: _LONG = "",
) -> Response:
    """List who is due, for printing: a row a person with room for a note."""
    filters = _filters(desk, who, due or "30", tier, office, alerts)
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="due_list", at=desk.at)
        rows = tx.session.scalars(_sorted(desk, filters).limit(MOST_PRINTED + 1)).all()
        lines = _lines(desk, tx, list(rows[:MOST_PRINTED]))
    return desk.page(
        "due.html.j2",
        title=desk.say("due_list"),
        filters=filters,
        lines=lines,
        cut=MOST_PRINTED if len(rows) > MOST_PRINTED else 0,
        printed_on=desk.day(desk.today),
        back=with_query("/caseload", filters.query()),
    )


@router.get("/cases/new")
def new_case(desk: AtDesk) -> Response:
    """Show the form for opening a case."""
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    return _new_case(desk, Given(), [])


def _new_case(desk: Desk, given: Given, said: list[str], status: int = 200) -> Response:
    with desk.reading() as tx:
        offices = _offices(desk, tx)
    return desk.page(
        "new_case.html.j2", status, title=desk.say("new_case"), given=given, said=said,
        offices=offices,
    )  # fmt: skip


@router.post("/cases")
def open_new_case(desk: AtDesk, form: Posted) -> Response:
    """Open a case."""
    office = form.text("office")
    fields: dict[str, Any] = {"person": form.text("person"), "office": office}
    if re.fullmatch(r"[A-Za-z0-9_.:@/-]{1,64}", office) is None:
        return _new_case(desk, form.plain(), [desk.say("office_form")], 422)
    try:
        with desk.writing() as tx:
            case = open_case(tx, desk.official, at=desk.at, **fields)
    except (CasebookError, AssessmentError) as error:
        return _new_case(desk, form.plain(), told(error, desk.lang), 422)
    return go(f"/cases/{case}", done="opened")


def due_in(day: date | None, today: date) -> int | None:
    """Days until a day."""
    return None if day is None else (day - today).days
