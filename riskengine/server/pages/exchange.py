"""Exchange bundles by file, and the contradictions that a person has to settle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from starlette.datastructures import UploadFile

from riskengine.casebook.actors import Role
from riskengine.casebook.bundles import make_bundle, take_in
from riskengine.casebook.conflicts import conflicts_in, settle
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError, refusal
from riskengine.casebook.lookups import the_case
from riskengine.casebook.nodes import NODE_FILE, Card, Node, peers, read_node
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import AssessmentRow, CaseRow, ConflictRow, DecisionRow
from riskengine.casebook.times import day_of
from riskengine.policy.tiers import Tier
from riskengine.server.pages.approving import reason_label, recommended_words
from riskengine.server.pages.content import written_in
from riskengine.server.pages.people import names, person
from riskengine.server.pages.sheets import knows
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go
from riskengine.server.problems import refuse

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def _node(desk: Desk) -> tuple[Node | None, dict[str, Card]]:
    """Give this node and those it trusts; none where the keys belong to another district."""
    folder = Path(desk.here.settings.casebook_keys)
    if not (folder / NODE_FILE).is_file():
        return None, {}
    node = read_node(folder)
    if node.name.partition("/")[0] != desk.district:
        return None, {}
    return node, peers(folder)


def _may_make(desk: Desk, node: Node) -> bool:
    """A county's bundle holds keys of every office: its administrator makes it."""
    return desk.may(Role.ADMINISTRATOR) or ("/" in node.name and desk.may(Role.OFFICER))


@router.get("/exchange")
def exchange_page(desk: AtDesk) -> Response:
    """Show what can be exchanged with whom."""
    return _exchange(desk, [])


def _exchange(desk: Desk, said: list[str], status: int = 200, taken: Any = None) -> Response:
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    node, known = _node(desk)
    return desk.page(
        "exchange.html.j2",
        status,
        title=desk.say("exchange"),
        said=said,
        node=node,
        others=sorted(name for name in known if node is None or name != node.name),
        may_make=node is not None and _may_make(desk, node),
        most=desk.here.settings.limits.body_bytes // 1024,
        taken=taken,
    )


@router.post("/exchange/bundle")
def make(desk: AtDesk, form: Posted) -> Response:
    """Answer with a bundle for another node, as a file."""
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    node, known = _node(desk)
    if node is None or not _may_make(desk, node):
        raise refuse(403, "needs_role", roles=Role.ADMINISTRATOR.label[desk.lang])
    to = form.text("to")
    if to not in known or to == node.name:
        return _exchange(desk, [desk.say("exchange_choose")], 422)
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="bundle", at=desk.at)
        data = make_bundle(tx, node, known[to], at=desk.at, everything=form.has("everything"))
    # the name is made of the day alone: it says nothing and leads nowhere
    name = f"riskengine-{desk.today.isoformat()}.bundle.json"
    return Response(
        data,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post("/exchange/taken")
def take(desk: AtDesk, form: Posted) -> Response:
    """Take a bundle in, wholly or not at all; the name of the file is never used."""
    desk.require(Role.OFFICER, Role.ADMINISTRATOR)
    node, known = _node(desk)
    upload = form.data.get("bundle")
    if node is None:
        return _exchange(desk, [desk.say("exchange_no_node")], 422)
    if not isinstance(upload, UploadFile) or not (data := upload.file.read()):
        return _exchange(desk, [desk.say("exchange_no_file")], 422)
    try:
        with desk.writing() as tx:
            found = take_in(tx, desk.official, node, data, trusted=known, at=desk.at)
            taken = {
                "sender": found.sender,
                "new": found.new,
                "known": found.known,
                "conflicts": len(found.conflicts),
            }
    except CasebookError as error:
        return _exchange(desk, [*told(error, desk.lang), desk.say("exchange_untouched")], 422)
    return _exchange(desk, [], taken=taken)


@router.get("/conflicts")
def conflicts_page(desk: AtDesk) -> Response:
    """List contradictions that nobody has settled."""
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="conflicts", at=desk.at)
        lines = [
            {"id": row.id, "kind": row.kind, "n": len(row.refs), "person": _person(desk, tx, row)}
            for row in conflicts_in(tx, desk.official)
        ]
    return desk.page("conflicts.html.j2", title=desk.say("conflicts"), lines=lines)


def _person(desk: Desk, tx: Transaction, row: ConflictRow) -> str:
    case = tx.session.get(CaseRow, row.case)
    return "" if case is None else person(desk, tx, case)


@router.get("/conflicts/{conflict}")
def conflict_page(desk: AtDesk, conflict: str) -> Response:
    """Show the contradicting entries side by side."""
    return _conflict(desk, conflict, [], Given())


def _conflict(
    desk: Desk, conflict: str, said: list[str], given: Given, status: int = 200
) -> Response:
    with desk.reading() as tx:
        row = tx.session.get(ConflictRow, conflict)
        if row is None or row.district != desk.district:
            raise refusal("no_such_conflict", id=conflict)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="conflict", at=desk.at)
        versions = [_version(desk, tx, row, ref) for ref in row.refs]
        who = person(desk, tx, case)
    return desk.page(
        "conflict.html.j2",
        status,
        title=desk.say(f"conflict_{row.kind}"),
        said=said,
        given=given,
        row=row,
        case=case,
        person=who,
        versions=versions,
        labels=list(dict.fromkeys(label for one in versions for label in one["lines"])),
        may_settle=row.holds is None and desk.may(Role.APPROVER, Role.REVIEWER),
        least=desk.casebook.rules.least_characters,
    )


def _version(desk: Desk, tx: Transaction, row: ConflictRow, ref: str) -> dict[str, Any]:
    """One of the contradicting entries: a link, and its lines by their labels."""
    say, day = desk.say, desk.day
    lines: dict[str, str] = {}
    if row.kind == "decisions" and (decision := tx.session.get(DecisionRow, ref)) is not None:
        named = names(desk, [decision.decided_by, decision.proposed_by])
        content = written_in(tx, decision)
        lines = {
            say("decided_tier"): Tier(decision.tier).label[desk.lang],
            say("decided_on"): day(decision.decided_on),
            say("decided_by"): named[decision.decided_by],
            say("proposed_by"): named[decision.proposed_by],
            say("recommended_tier"): recommended_words(desk, decision.recommended)
            or say("no_score_used"),
            say("how"): say(f"how_{decision.kind}"),
            say("override_reason"): reason_label(desk, decision),
            say("grounds_title"): content.get("grounds") or say("erased_text"),
            say("next_review"): day(decision.review_on),
        }
        return {"id": ref, "link": f"/decisions/{ref}", "lines": lines}
    if row.kind == "corrections" and (one := tx.session.get(AssessmentRow, ref)) is not None:
        content = written_in(tx, one)
        lines = {
            say("head_assessed_on"): day(one.assessed_on),
            say("conflict_signed"): f"{names(desk, [one.signed_by])[one.signed_by]} · "
            f"{day(day_of(one.signed_at))}",
            say("correction_reason"): content.get("reason") or "",
        }
        case = tx.session.get(CaseRow, row.case)
        if case is not None and knows(desk, tx, case, one):
            lines |= _answers(desk, content)
        return {"id": ref, "link": f"/assessments/{ref}", "lines": lines}
    case = tx.session.get(CaseRow, ref)
    if case is not None and case.district == desk.district:
        lines = {
            say("office"): case.office,
            say("officer"): names(desk, [case.officer])[case.officer],
            say("tier"): "" if case.tier is None else Tier(case.tier).label[desk.lang],
        }
    return {"id": ref, "link": f"/cases/{ref}", "lines": lines}


def _answers(desk: Desk, content: dict[str, Any]) -> dict[str, str]:
    """Answers that a correction changed, in words."""
    from riskengine.server.pages.questions import shown_answer

    instrument, found = desk.engine.instrument, {}
    for one in content.get("differences", ()):
        item = instrument.by_id.get(one["item"])
        if item is not None:
            found[item.label[desk.lang]] = shown_answer(
                instrument, item.id, one["after"], desk.lang, desk.say
            )
    return found


@router.post("/conflicts/{conflict}")
def settle_posted(desk: AtDesk, conflict: str, form: Posted) -> Response:
    """Say which entry holds, and why."""
    desk.require(Role.APPROVER, Role.REVIEWER)
    try:
        with desk.writing() as tx:
            settle(
                tx, desk.official, conflict, holds=form.text("holds"),
                grounds=form.text("grounds"), at=desk.at,
            )  # fmt: skip
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _conflict(desk, conflict, told(error, desk.lang), form.plain(), 422)
    return go("/conflicts", done="settled")
