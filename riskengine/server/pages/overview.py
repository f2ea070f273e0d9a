"""The reviewer's desk: overrides, signs of rubber-stamping, replay, the state of the chain."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import func, select

from riskengine.casebook.actors import Role
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import the_case, the_decision
from riskengine.casebook.reads import log_read
from riskengine.casebook.replay import replay
from riskengine.casebook.schema import DecisionRow, Event
from riskengine.casebook.suspending import lift, suspend
from riskengine.casebook.times import day_of, moment
from riskengine.casebook.verify import verify
from riskengine.policy.tiers import Tier
from riskengine.server.pages import figures
from riskengine.server.pages.approving import recommended_words
from riskengine.server.pages.figures import FEWEST, QUICK_SECONDS, by, share, summed
from riskengine.server.pages.people import names, person
from riskengine.server.pages.viewer import AtDesk, Desk, PageRoute, Posted, told
from riskengine.server.pages.ways import go

router = APIRouter(route_class=PageRoute, include_in_schema=False)

USUAL_DAYS = 180
MOST_LISTED = 50
_DAY = Annotated[str, Query(max_length=20)]
_SEES_ALL = (Role.REVIEWER, Role.APPROVER, Role.ANALYST, Role.ADMINISTRATOR)


@router.get("/overview")
def overview(
    desk: AtDesk,
    since: _DAY = "",
    until: _DAY = "",
    office: Annotated[str, Query(max_length=64)] = "",
    reason: Annotated[str, Query(max_length=64)] = "",
    direction: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """Show how decisions were made; of persons, an officer sees the own figures alone."""
    return _overview(desk, since, until, office, reason, direction, [])


def _day(text: str, usual: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return usual


def _overview(
    desk: Desk,
    since: str,
    until: str,
    office: str,
    reason: str,
    direction: str,
    said: list[str],
    checked: Any = None,
    status: int = 200,
) -> Response:
    first = _day(since, desk.today - timedelta(days=USUAL_DAYS))
    last = _day(until, desk.today)
    sees_all = desk.may(*_SEES_ALL)
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="overview", at=desk.at)
        here = (
            DecisionRow.district == desk.district,
            DecisionRow.decided_on >= first,
            DecisionRow.decided_on <= last,
        )
        mine = figures.decisions(tx, *here, DecisionRow.proposed_by == desk.official.id)
        found = figures.decisions(tx, *here) if sees_all else []
        listed = [
            row
            for row in found
            if row.kind == "override"
            and (not office or row.office == office)
            and (not reason or row.reason == reason)
            and (direction not in ("up", "down") or row.direction == direction)
        ]
        lines = (
            _lines(desk, tx, listed[:MOST_LISTED])
            if desk.may(Role.REVIEWER, Role.APPROVER)
            else []
        )
        chain = _chain(desk, tx)
    labels = {one.id: one.label[desk.lang] for one in desk.casebook.rules.override_reasons}
    overrides = [row for row in found if row.kind == "override"]
    return desk.page(
        "overview.html.j2",
        status,
        title=desk.say("overview"),
        said=said,
        first=first,
        last=last,
        sees_all=sees_all,
        own=summed("", mine) if desk.may(Role.OFFICER) else None,
        total=summed(desk.say("whole_district"), found),
        offices=by(found, lambda row: row.office),
        reasons=[(labels.get(name, name), up, down) for name, up, down in _by_reason(overrides)],
        listed=lines,
        cut=len(listed) > MOST_LISTED,
        all_offices=sorted({row.office for row in found}),
        all_reasons=sorted(labels.items(), key=lambda pair: pair[1]),
        chosen={"office": office, "reason": reason, "direction": direction},
        share=share,
        fewest=FEWEST,
        quick_seconds=QUICK_SECONDS,
        chain=chain,
        checked=checked,
        may_check=desk.may(Role.REVIEWER, Role.ADMINISTRATOR),
        may_suspend=desk.may(Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR),
    )


def _by_reason(rows: list[DecisionRow]) -> list[tuple[str, int, int]]:
    """Overrides by reason, upward and downward; counts, since they name nobody's share."""
    found: dict[str, list[int]] = {}
    for row in rows:
        counts = found.setdefault(row.reason or "—", [0, 0])
        counts[row.direction != "up"] += 1
    ordered = sorted(found.items(), key=lambda pair: -sum(pair[1]))
    return [(name, up, down) for name, (up, down) in ordered]


def _lines(desk: Desk, tx: Transaction, rows: list[DecisionRow]) -> list[dict[str, Any]]:
    labels = {one.id: one.label[desk.lang] for one in desk.casebook.rules.override_reasons}
    return [
        {
            "id": row.id,
            "person": person(desk, tx, the_case(tx, desk.official, row.case)),
            "on": desk.day(row.decided_on),
            "office": row.office,
            "recommended": recommended_words(desk, row.recommended),
            "tier": Tier(row.tier).label[desk.lang],
            "direction": row.direction,
            "reason": labels.get(row.reason or "", row.reason or ""),
        }
        for row in rows
    ]


def _chain(desk: Desk, tx: Transaction) -> list[dict[str, Any]]:
    """The chains of the district: how long each is, and when it last grew."""
    rows = tx.session.execute(
        select(Event.chain, func.max(Event.seq), func.max(Event.at))
        .where(Event.district == desk.district)
        .group_by(Event.chain)
        .order_by(Event.chain)
    ).all()
    return [{"name": name, "events": n, "last": desk.day(day_of(at))} for name, n, at in rows]


@router.post("/overview/check")
def check_chain(desk: AtDesk) -> Response:
    """Check the whole record now: every link, hash, key and guard."""
    desk.require(Role.REVIEWER, Role.ADMINISTRATOR)
    with desk.reading() as tx:
        found = verify(tx)
    said = {
        "sound": found.sound,
        "events": found.events,
        "chains": found.chains,
        "erased": found.erased,
        "findings": [one.text(desk.lang) for one in found.findings[:MOST_LISTED]],
    }
    return _overview(desk, "", "", "", "", "", [], said)


@router.post("/overview/suspension")
def change_suspension(desk: AtDesk, form: Posted) -> Response:
    """Hide the scores of the district, or show them again; both with a reason."""
    ending = form.text("act") == "lift"
    try:
        with desk.writing() as tx:
            (lift if ending else suspend)(
                tx, desk.official, reason=form.text("reason"), at=desk.at
            )
    except CasebookError as error:
        return _overview(desk, "", "", "", "", "", told(error, desk.lang), status=422)
    return go("/overview", done="lifted" if ending else "suspended")


@router.get("/decisions/{decision}/replay")
def replay_page(desk: AtDesk, decision: str) -> Response:
    """Compute again what was shown then, and compare every stored number."""
    desk.require(Role.REVIEWER, Role.APPROVER, Role.ANALYST)
    with desk.reading() as tx:
        row = the_decision(tx, desk.official, decision)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="replay", at=desk.at)
        found = replay(tx, desk.official, decision)
        who = person(desk, tx, case)
    named = names(desk, [row.proposed_by, row.decided_by])
    stored = found.stored
    return desk.page(
        "replay.html.j2",
        title=desk.say("replay_of", person=who),
        row=row,
        person=who,
        found=found,
        text=found.text(desk.lang),
        named=named,
        stored=None if stored is None else stored.provenance,
        computed_on=None if stored is None else desk.day(stored.on),
        tier=Tier(row.tier).label[desk.lang],
        recommended=recommended_words(desk, row.recommended),
        recorded=moment(row.recorded_at),
    )
