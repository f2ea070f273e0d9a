"""Model and rules in force: what is asked, what was learned, what the rules say, what it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape
from sqlalchemy import func, select

from riskengine.casebook.schema import CaseRow
from riskengine.policy.tiers import Tier
from riskengine.reports.models.page import model_page
from riskengine.reports.policies.page import policy_page
from riskengine.server.pages.viewer import AtDesk, PageRoute
from riskengine.store.lookup import find_model

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/rules")
def rules_page(desk: AtDesk) -> Response:
    """Name what is in force, with the hashes that a replay compares."""
    engine = desk.engine
    with desk.reading() as tx:
        rows = tx.session.execute(
            select(CaseRow.tier, func.count())
            .where(
                CaseRow.district == desk.district,
                CaseRow.closed_on.is_(None),
                CaseRow.erased_on.is_(None),
            )
            .group_by(CaseRow.tier)
        ).all()
    counts = {row[0]: row[1] for row in rows}
    policy = None if engine.policy is None else engine.policy.document
    document = engine.scorecard.document
    return desk.page(
        "rules.html.j2",
        title=desk.say("rules"),
        provenance=engine.provenance,
        model=document,
        policy=policy,
        instrument=engine.instrument,
        record_rules=desk.casebook.rules,
        counts=[(tier.label[desk.lang], counts.get(tier.value, 0)) for tier in Tier],
        undecided=counts.get(None, 0),
    )


@router.get("/rules/model")
def model_document(desk: AtDesk) -> Response:
    """Show the page of the model in force, as it is made for a file."""
    provenance = desk.engine.provenance
    policy = None if desk.engine.policy is None else desk.engine.policy.document
    return _document(model_page(find_model(provenance.model), lang=desk.lang, policy=policy))


def _document(page: str) -> Response:
    """Answer with a self-contained document under the policy that it names itself."""
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    headers = {}
    if found is not None:
        headers["Content-Security-Policy"] = f"{found[1]}; frame-ancestors 'none'"
    return HTMLResponse(page, headers=headers)


@router.get("/rules/policy")
def policy_document(desk: AtDesk) -> Response:
    """Show the policy in force, rule by rule with its citations."""
    engine = desk.engine
    text = (
        ""
        if engine.policy is None
        else policy_page(engine.policy.document, engine.instrument, desk.lang)
    )
    return desk.page("policy.html.j2", title=desk.say("policy"), text=prose(text))


def prose(text: str) -> Markup:
    """Turn the few marks of our own Markdown pages into HTML; everything else stays text."""
    return Markup("\n").join(_blocks(text.splitlines()))


def _blocks(lines: list[str]) -> Iterator[Markup]:
    place = 0
    while place < len(lines):
        line = lines[place]
        heading = re.match(r"(#{1,4}) (.+)", line)
        if heading:
            level = min(len(heading[1]) + 1, 4) if len(heading[1]) > 1 else 2
            yield Markup("<h{0}>{1}</h{0}>").format(level, _inline(heading[2]))
            place += 1
        elif line.startswith("|"):
            end = place
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield _table(lines[place:end])
            place = end
        elif re.match(r" *- ", line):
            end = place
            while end < len(lines) and re.match(r" *- ", lines[end]):
                end += 1
            yield _list(lines[place:end])
            place = end
        else:
            if line.strip():
                yield Markup("<p>{}</p>").format(_inline(line))
            place += 1


def _table(lines: list[str]) -> Markup:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    rows = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    head, *body = rows
    cells = Markup("").join(Markup('<th scope="col">{}</th>').format(_inline(c)) for c in head)
    out = [Markup("<thead><tr>{}</tr></thead>").format(cells)]
    for row in body:
        first, *rest = row
        line = Markup('<th scope="row">{}</th>').format(_inline(first))
        line += Markup("").join(Markup("<td>{}</td>").format(_inline(c)) for c in rest)
        out.append(Markup("<tr>{}</tr>").format(line))
    return Markup('<div class="scroll"><table>{}</table></div>').format(Markup("").join(out))


def _list(lines: list[str]) -> Markup:
    out = Markup("")
    for line in lines:
        deep = Markup(' class="deep"') if line.startswith("  ") else Markup("")
        out += Markup("<li{}>{}</li>").format(deep, _inline(line.lstrip(" ")[2:]))
    return Markup("<ul>{}</ul>").format(out)


def _inline(text: str) -> Markup:
    safe = str(escape(text))
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", safe))
