"""Answering an assessment: a page a domain, saved with every step; then signing locks it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select

from riskengine.casebook.actors import Role
from riskengine.casebook.assessing import correct, enter_assessment, sign, signed_answers
from riskengine.casebook.cases import opening
from riskengine.casebook.database import Transaction
from riskengine.casebook.drafts import drop_draft, read_draft, save_draft
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import live_case, newest_assessment
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import AssessmentRow
from riskengine.casebook.schema import Draft as DraftRow
from riskengine.errors import AssessmentError, Problem
from riskengine.instrument.answers import parse_iso_date
from riskengine.server.pages.people import names, person
from riskengine.server.pages.questions import (
    SOURCES,
    Checked,
    Draft,
    asked,
    check,
    first_domain,
    next_domain,
    parts,
    questions,
    shown_answer,
    take,
)
from riskengine.server.pages.sheets import require_knowing
from riskengine.server.pages.viewer import AtDesk, Desk, PageRoute, Posted, told
from riskengine.server.pages.ways import go
from riskengine.server.problems import refuse

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/cases/{case}/drafts")
def begin(desk: AtDesk, case: str, form: Posted) -> Response:
    """Begin an assessment with what the file holds already."""
    draft = Draft(
        kind="reassessment" if form.text("kind") == "reassessment" else "intake",
        form="quick" if form.text("form") == "quick" else "full",
        assessed_on=desk.today.isoformat(),
    )
    return go(f"/drafts/{start_draft(desk, case, draft)}")


def start_draft(desk: Desk, case: str, draft: Draft) -> str:
    """Keep a new draft with what the file holds already; return its id."""
    with desk.writing() as tx:
        live_case(tx, desk.official, case)
        draft.answers = dict(opening(tx, case).get("file_block", {}))
        if draft.kind == "reassessment":
            _carry_over(desk, tx, case, draft)
        return save_draft(tx, desk.official, case, draft.raw(), at=desk.at)


def _carry_over(desk: Desk, tx: Transaction, case: str, draft: Draft) -> None:
    """Take over answers that cannot change; whatever can is asked again."""
    row = tx.session.scalar(
        select(AssessmentRow)
        .where(AssessmentRow.case == case, AssessmentRow.corrected_by.is_(None))
        .order_by(AssessmentRow.signed_at.desc())
        .limit(1)
    )
    if row is None:
        return
    before = signed_answers(tx, desk.official, row.id)
    for item in desk.engine.instrument.items:
        if not item.dynamic and item.rated == "recorded" and item.id in before["answers"]:
            draft.answers[item.id] = before["answers"][item.id]
            if item.id in before.get("sources", {}):
                draft.sources[item.id] = before["sources"][item.id]


def _open(desk: Desk, tx: Transaction, name: str) -> tuple[DraftRow, Draft]:
    raw = read_draft(tx, desk.official, name)
    row = tx.session.get(DraftRow, name)
    assert row is not None
    if row.author != desk.official.id:
        require_knowing(desk, tx, live_case(tx, desk.official, row.case))
    return row, Draft.of(raw)


@router.get("/drafts/{name}")
def resume(desk: AtDesk, name: str) -> Response:
    """Go on where a question is open."""
    with desk.reading() as tx:
        _, draft = _open(desk, tx, name)
    instrument = desk.engine.instrument
    found = parts(instrument, draft, check(instrument, draft), desk.lang)
    return go(f"/drafts/{name}/{first_domain(found)}")


@router.get("/drafts/{name}/sign")
def summary(desk: AtDesk, name: str) -> Response:
    """Show all answers before signing."""
    return _summary(desk, name, [])


@router.get("/drafts/{name}/{domain}")
def domain_page(desk: AtDesk, name: str, domain: str) -> Response:
    """Show the questions of one domain."""
    desk.require(Role.OFFICER)
    instrument = desk.engine.instrument
    with desk.reading() as tx:
        row, draft = _open(desk, tx, name)
        log_read(tx, desk.official, row.case, what="draft", at=desk.at)
        who = person(desk, tx, live_case(tx, desk.official, row.case))
    checked = check(instrument, draft)
    found = parts(instrument, draft, checked, desk.lang)
    if domain not in [part.id for part in found]:
        raise refuse(404, "no_such_address")
    here = questions(instrument, draft, checked, domain, desk.lang, desk.say)
    place = [part.id for part in found].index(domain)
    return desk.page(
        "domain.html.j2",
        title=found[place].label,
        row=row,
        draft=draft,
        person=who,
        parts=found,
        part=found[place],
        place=place + 1,
        questions=here,
        wrong=[one for one in here if one.problems],
        sources=SOURCES,
        before=found[place - 1].id if place else "",
        after=next_domain(found, domain) or "",
    )


@router.post("/drafts/{name}/{domain}")
def save_domain(desk: AtDesk, name: str, domain: str, form: Posted) -> Response:
    """Save the answers of one domain and go where the pressed button leads."""
    instrument = desk.engine.instrument
    with desk.writing() as tx:
        row, draft = _open(desk, tx, name)
        take(instrument, draft, domain, form, by=desk.official.id)
        save_draft(tx, desk.official, row.case, draft.raw(), at=desk.at, draft=name)
    checked = check(instrument, draft)
    found = parts(instrument, draft, checked, desk.lang)
    ids = [part.id for part in found]
    if domain not in ids:
        raise refuse(404, "no_such_address")
    wrong = any(part.id == domain and part.wrong for part in found)
    if wrong or form.has("stay"):
        return go(f"/drafts/{name}/{domain}", done="saved")
    if form.text("to") in ids:
        return go(f"/drafts/{name}/{form.text('to')}")
    if form.has("to_sign"):
        return go(f"/drafts/{name}/sign")
    return go(f"/drafts/{name}/{next_domain(found, domain) or 'sign'}")


def _summary(desk: Desk, name: str, problems: list[Problem | str], status: int = 200) -> Response:
    desk.require(Role.OFFICER)
    instrument = desk.engine.instrument
    with desk.reading() as tx:
        row, draft = _open(desk, tx, name)
        log_read(tx, desk.official, row.case, what="draft", at=desk.at)
        who = person(desk, tx, live_case(tx, desk.official, row.case))
        before = signed_answers(tx, desk.official, draft.corrects) if draft.corrects else None
    checked = check(instrument, draft)
    return desk.page(
        "summary.html.j2",
        status,
        title=desk.say("sign_assessment"),
        row=row,
        draft=draft,
        person=who,
        parts=parts(instrument, draft, checked, desk.lang),
        groups=_groups(desk, draft, checked),
        problems=_linked(desk, draft, problems or list(checked.problems)),
        can_sign=not checked.problems,
        before=before,
        signer=names(desk, [draft.signed_by]).get(draft.signed_by, ""),
    )


def _groups(
    desk: Desk, draft: Draft, checked: Checked
) -> list[tuple[Any, list[tuple[str, str, str]]]]:
    instrument, lang = desk.engine.instrument, desk.lang
    found = []
    for domain in instrument.domains:
        lines = []
        for item in asked(instrument, draft):
            if item.domain == domain.id:
                answer = draft.answers.get(item.id)
                if item.id in checked.ruled_out:
                    answer = "not_applicable"
                said = shown_answer(instrument, item.id, answer, lang, desk.say)
                source = draft.sources.get(item.id, {})
                where = desk.say(f"source_{source['source']}") if source else ""
                known = answer is not None and not (
                    isinstance(answer, str) and answer in ("unknown", "refused", "not_asked")
                )
                lines.append((item.label[lang], said, where, known))
        if lines:
            found.append((domain, lines))
    return found  # type: ignore[return-value]


def _linked(desk: Desk, draft: Draft, problems: list[Any]) -> list[tuple[str, str]]:
    """Sentences with the address of the question that each is about."""
    instrument = desk.engine.instrument
    found = []
    for one in problems:
        if isinstance(one, str):
            found.append((one, ""))
            continue
        item = one.item.split(", ")[0].removeprefix("sources.").split(".")[0]
        known = instrument.by_id.get(item)
        found.append((one.text(desk.lang), "" if known is None else f"{known.domain}#q-{item}"))
    return found


@router.post("/drafts/{name}/sign/save")
def sign_posted(desk: AtDesk, name: str, form: Posted) -> Response:
    """Sign: the assessment is locked, and no tier was shown before."""
    desk.require(Role.OFFICER)
    day = form.text("assessed_on")
    engine = desk.engine
    try:
        with desk.writing() as tx:
            row, draft = _open(desk, tx, name)
            draft.assessed_on = day if parse_iso_date(day) else draft.assessed_on
            draft.reason = form.text("reason") or draft.reason
            if not form.text("read"):
                raise _NotRead
            if draft.corrects:
                done = correct(
                    tx, desk.official, draft.corrects, draft.assessment(), reason=draft.reason,
                    engine=engine, at=desk.at, review=draft.review or None,
                )  # fmt: skip
                signed = done.assessment
            elif draft.signed_by:
                signed = enter_assessment(
                    tx, desk.official, row.case, draft.assessment(), signed_by=draft.signed_by,
                    engine=engine, at=desk.at,
                )  # fmt: skip
            else:
                signed = sign(
                    tx, desk.official, row.case, draft.assessment(), engine=engine, at=desk.at
                )
            drop_draft(tx, desk.official, name)
    except _NotRead:
        return _summary(desk, name, [desk.say("confirm_first")], 422)
    except AssessmentError as error:
        return _summary(desk, name, list(error.problems), 422)
    except CasebookError as error:
        return _summary(desk, name, list(told(error, desk.lang)), 422)
    if draft.signed_by and not draft.corrects:
        return go(f"/cases/{row.case}/paper", assessment=signed, done="paper_assessment")
    return go(f"/assessments/{signed}", done="corrected" if draft.corrects else "signed")


class _NotRead(Exception):
    """The box that the answers were read through was not ticked."""


@router.post("/drafts/{name}/drop/now")
def drop(desk: AtDesk, name: str) -> Response:
    """Throw a draft away."""
    desk.require(Role.OFFICER)
    with desk.writing() as tx:
        row, _ = _open(desk, tx, name)
        case = row.case
        drop_draft(tx, desk.official, name)
    return go(f"/cases/{case}", done="dropped")


@router.post("/assessments/{assessment}/correction")
def begin_correction(desk: AtDesk, assessment: str, form: Posted) -> Response:
    """Begin a correction: a draft that starts as the signed assessment stands."""
    desk.require(Role.OFFICER)
    with desk.writing() as tx:
        row = newest_assessment(tx, desk.official, assessment)
        require_knowing(desk, tx, live_case(tx, desk.official, row.case), row)
        raw = signed_answers(tx, desk.official, row.id)
        draft = Draft.of(raw)
        draft.corrects = row.id
        draft.reason = form.text("reason")
        draft.review = form.text("review")
        name = save_draft(tx, desk.official, row.case, draft.raw(), at=desk.at)
    return go(
        f"/drafts/{name}/sign"
        if not form.text("domain")
        else f"/drafts/{name}/{form.text('domain')}"
    )
