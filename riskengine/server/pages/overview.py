"""The reviewer's desk: overrides, signs of rubber-stamping, replay, the state of the chain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from riskengine.casebook.actors import Role
from riskengine.casebook.chain import chains, head
from riskengine.casebook.checks import keep_check, last_whole
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import the_case, the_decision
from riskengine.casebook.reads import log_read
from riskengine.casebook.replay import replay
from riskengine.casebook.schema import CaseRow, DecisionRow
from riskengine.casebook.suspending import lift, suspend
from riskengine.casebook.times import OFFICE_OFFSET, day_of, moment
from riskengine.casebook.verify import verify
from riskengine.policy.tiers import Tier
from riskengine.server.pages import figures
from riskengine.server.pages.approving import recommended_words
from riskengine.server.pages.figures import FEWEST, QUICK_SECONDS, share, summed
from riskengine.server.pages.people import names, person, persons
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
        mine = summed(tx, "", *here, DecisionRow.proposed_by == desk.official.id)
        found = _of_district(desk, tx, first, last, here) if sees_all else None
        listed: list[DecisionRow] = []
        if desk.may(Role.REVIEWER, Role.APPROVER):
            chosen = {"office": office, "reason": reason}
            if direction in ("up", "down"):
                chosen["direction"] = direction
            narrowed = [
                getattr(DecisionRow, name) == value for name, value in chosen.items() if value
            ]
            listed = figures.overrides(tx, *here, *narrowed, most=MOST_LISTED + 1)
        lines = _lines(desk, tx, listed[:MOST_LISTED])
        chain = _chain(desk, tx)
        whole = last_whole(tx)
    labels = {one.id: one.label[desk.lang] for one in desk.casebook.rules.override_reasons}
    return desk.page(
        "overview.html.j2",
        status,
        title=desk.say("overview"),
        said=said,
        first=first,
        last=last,
        sees_all=sees_all,
        own=mine if desk.may(Role.OFFICER) else None,
        total=None if found is None else found.total,
        counted_at=_time(found.counted_at) if found is not None and found.kept else "",
        offices=[] if found is None else found.offices,
        reasons=[]
        if found is None
        else [(labels.get(name, name), up, down) for name, up, down in found.reasons],
        listed=lines,
        cut=len(listed) > MOST_LISTED,
        all_offices=[] if found is None else [one.label for one in found.offices],
        all_reasons=sorted(labels.items(), key=lambda pair: pair[1]),
        chosen={"office": office, "reason": reason, "direction": direction},
        share=share,
        fewest=FEWEST,
        quick_seconds=QUICK_SECONDS,
        chain=chain,
        whole=None if whole is None else (whole.events, desk.day(day_of(whole.at))),
        checked=checked,
        may_check=desk.may(Role.REVIEWER, Role.ADMINISTRATOR),
        may_suspend=desk.may(Role.REVIEWER, Role.APPROVER, Role.ADMINISTRATOR),
    )


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC) + OFFICE_OFFSET:%H:%M:%S}"


def _lines(desk: Desk, tx: Transaction, rows: list[DecisionRow]) -> list[dict[str, Any]]:
    labels = {one.id: one.label[desk.lang] for one in desk.casebook.rules.override_reasons}
    cases = tx.session.scalars(select(CaseRow).where(CaseRow.id.in_([one.case for one in rows])))
    who = persons(desk, tx, list(cases))
    return [
        {
            "id": row.id,
            "person": who[row.case],
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
    found = []
    for name in chains(tx, desk.district):
        n, _, placed = head(tx, name)
        found.append({"name": name, "events": n, "last": desk.day(day_of(placed))})
    return found


def _of_district(
    desk: Desk, tx: Transaction, first: date, last: date, here: tuple[Any, ...]
) -> figures.Figures:
    key = (str(desk.casebook.engine.url), desk.district, first, last, desk.lang)
    label, now = desk.say("whole_district"), desk.at.timestamp()
    return figures.of_district(tx, key, label, *here, now=now)


@router.post("/overview/check")
def check_chain(desk: AtDesk) -> Response:
    """Check the whole record now: every link, hash, key and guard."""
    desk.require(Role.REVIEWER, Role.ADMINISTRATOR)
    with desk.reading() as tx:
        found = verify(tx)
    keep_check(desk.casebook, found, at=desk.at)
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
