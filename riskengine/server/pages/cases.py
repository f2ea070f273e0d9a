"""The page of one case: what holds, what is open, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from fastapi import APIRouter, Response
from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Role
from riskengine.casebook.alerts import close_alert
from riskengine.casebook.cases import put_on_file
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.facts import read_facts
from riskengine.casebook.lookups import live_case, the_case
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import (
    AssessmentRow,
    CaseRow,
    DecisionRow,
    Event,
    ReviewRow,
    TaskRow,
)
from riskengine.casebook.times import day_of
from riskengine.policy.history import EVENT_LABELS, EventKind
from riskengine.policy.tiers import Tier
from riskengine.server.pages.content import events_of, words_of
from riskengine.server.pages.people import names, person
from riskengine.server.pages.rounds import NOTHING, rounds
from riskengine.server.pages.viewer import AtDesk, Desk, PageRoute, Posted, told
from riskengine.server.pages.ways import go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

KINDS: tuple[str, ...] = get_args(EventKind)


@dataclass(frozen=True)
class Alert:
    """One safety alert with its task."""

    id: str
    label: str
    opened_on: str
    official: str
    mine: bool
    closed_on: str
    closing: str


@router.get("/cases/{case}")
def case_page(desk: AtDesk, case: str) -> Response:
    """Show one case."""
    return _case_page(desk, case, [])


def _case_page(desk: Desk, case: str, said: list[str], status: int = 200) -> Response:
    with desk.reading() as tx:
        row = the_case(tx, desk.official, case)
        log_read(tx, desk.official, row.id, what="case", at=desk.at)
        assessments = tx.session.scalars(
            select(AssessmentRow)
            .where(AssessmentRow.case == row.id)
            .order_by(AssessmentRow.signed_at.desc())
        ).all()
        decisions = tx.session.scalars(
            select(DecisionRow)
            .where(DecisionRow.case == row.id)
            .order_by(DecisionRow.recorded_at.desc())
        ).all()
        reviews = tx.session.scalars(
            select(ReviewRow)
            .where(ReviewRow.case == row.id)
            .order_by(ReviewRow.received_on.desc(), ReviewRow.id)
        ).all()
        unread = set(
            tx.session.scalars(
                select(TaskRow.ref).where(
                    TaskRow.case == row.id,
                    TaskRow.kind == "read_notice",
                    TaskRow.state == "open",
                )
            )
        )
        alerts = _alerts(desk, tx, row.id)
        comments = [
            (desk.day(facts.on), facts.about, words_of(tx, event).get("words", ""), event.actor)
            for event, facts in events_of(tx, row.id, f.Commented.kind)
            if isinstance(facts, f.Commented)
        ]
        occurred = [
            (
                desk.day(facts.on),
                EVENT_LABELS[facts.what][desk.lang],
                words_of(tx, event).get("document") or "",
            )
            for event, facts in events_of(tx, row.id, f.Occurred.kind)
            if isinstance(facts, f.Occurred)
        ]
        ground = "" if row.erased_on is None else _ground(tx, row)
        where = rounds(tx, [row.id]).get(row.id, NOTHING)
        who = person(desk, tx, row)
    named = names(
        desk,
        [row.officer, *(one.signed_by for one in assessments), *(c[3] for c in comments),
         *(one.decided_by for one in decisions)],
    )  # fmt: skip
    live = row.closed_on is None and row.erased_on is None
    labels = {one.id: one.label[desk.lang] for one in desk.casebook.rules.erasure}
    return desk.page(
        "case.html.j2",
        status,
        title=who,
        said=said,
        case=row,
        live=live,
        erased_ground=labels.get(ground, ground),
        person=who,
        officer=named[row.officer],
        tier="" if row.tier is None else Tier(row.tier).label[desk.lang],
        round=where,
        assessments=assessments,
        decisions=decisions,
        reviews=reviews,
        unread=unread,
        alerts=alerts,
        comments=comments,
        occurred=occurred,
        kinds=[(one, EVENT_LABELS[one][desk.lang]) for one in EVENT_LABELS],
        named=named,
        day_of=day_of,
        tier_label=lambda value: Tier(value).label[desk.lang],
    )


def _ground(tx: Transaction, case: CaseRow) -> str:
    """Ground of the erasure of a person's content."""
    event = tx.session.scalar(
        select(Event).where(Event.subject == case.subject, Event.kind == f.Erased.kind).limit(1)
    )
    facts = None if event is None else read_facts(event.kind, event.facts)
    return facts.ground if isinstance(facts, f.Erased) else ""


def _alerts(desk: Desk, tx: Any, case: str) -> list[Alert]:
    closed: dict[str, tuple[str, str]] = {}
    opened: list[tuple[f.AlertOpened, str]] = []
    for event, facts in events_of(tx, case, f.AlertOpened.kind, f.AlertClosed.kind):
        if isinstance(facts, f.AlertOpened):
            opened.append((facts, event.actor))
        elif isinstance(facts, f.AlertClosed):
            closed[facts.id] = (desk.day(facts.on), words_of(tx, event).get("closing", ""))
    named = names(desk, [one.official for one, _ in opened])
    law = desk.engine.law
    labels = {} if law is None else {one.id: one.label[desk.lang] for one in law.alerts}
    return [
        Alert(
            id=one.id,
            label=labels.get(one.alert, one.alert),
            opened_on=desk.day(one.on),
            official=named[one.official],
            mine=one.official == desk.official.id,
            closed_on=closed.get(one.id, ("", ""))[0],
            closing=closed.get(one.id, ("", ""))[1],
        )
        for one, _ in opened
    ]


@router.post("/cases/{case}/alerts/{alert}")
def close(desk: AtDesk, case: str, alert: str, form: Posted) -> Response:
    """Close a safety alert in writing."""
    try:
        with desk.writing() as tx:
            live_case(tx, desk.official, case)
            close_alert(tx, desk.official, alert, closing=form.text("closing"), at=desk.at)
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _case_page(desk, case, told(error, desk.lang), 422)
    return go(f"/cases/{case}", done="closed_alert")


@router.post("/cases/{case}/file")
def on_file(desk: AtDesk, case: str, form: Posted) -> Response:
    """Put a sanction or another event on file."""
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    kind, day = form.text("what"), form.day("on")
    if kind not in EVENT_LABELS or day is None:
        return _case_page(desk, case, [desk.say("day_and_kind")], 422)
    try:
        with desk.writing() as tx:
            put_on_file(
                tx, desk.official, case, what=kind,
                on=day, at=desk.at, document=form.text("document") or None,
            )  # fmt: skip
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _case_page(desk, case, told(error, desk.lang), 422)
    return go(f"/cases/{case}", done="on_file")
