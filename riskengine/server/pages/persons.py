"""A decision and the person it is about: notice, comments, requests for review, answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Role
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import (
    live_case,
    suspension,
    the_assessment,
    the_case,
    the_decision,
    the_review,
)
from riskengine.casebook.notices import record_comment, record_notice
from riskengine.casebook.reads import log_read
from riskengine.casebook.reviews import (
    answer_review,
    assign_review,
    involved,
    receipt_lines,
    request_review,
)
from riskengine.casebook.schema import AssessmentRow, CaseRow, DecisionRow, ReviewRow
from riskengine.casebook.times import day_of
from riskengine.explanation.texts import Texts
from riskengine.policy.tiers import Tier
from riskengine.reports.html import sheet_fragment
from riskengine.server.accounts.database import reading as reading_accounts
from riskengine.server.accounts.users import all_users
from riskengine.server.desk import find_member
from riskengine.server.pages.approving import reason_label, recommended_words
from riskengine.server.pages.content import events_of, words_of, written_in
from riskengine.server.pages.people import names, person, persons
from riskengine.server.pages.questions import shown_answer
from riskengine.server.pages.sheets import explained, knows, sheet
from riskengine.server.pages.viewer import AtDesk, Desk, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go
from riskengine.server.problems import refuse

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LANGUAGES = ("mandarin", "dialect", "minority_language", "sign_language", "other")
"""In which language a notice is read; as the instrument asks for it."""
MOST = 200


@router.get("/decisions/{decision}")
def decision_page(desk: AtDesk, decision: str) -> Response:
    """Show one decision."""
    return _decision(desk, decision, [], Given())


def _decision(
    desk: Desk, decision: str, said: list[str], given: Given, status: int = 200
) -> Response:
    with desk.reading() as tx:
        row = the_decision(tx, desk.official, decision)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="decision", at=desk.at)
        proposed = _proposed(tx, row)
        content = written_in(tx, row)
        read = _notices(desk, tx, row)
        who = person(desk, tx, case)
    named = names(
        desk, [row.proposed_by, row.decided_by, row.entered_by, *(one["by"] for one in read)]
    )
    return desk.page(
        "decision.html.j2",
        status,
        title=desk.say("decision_of", person=who),
        said=said,
        given=given,
        row=row,
        case=case,
        person=who,
        content=content,
        proposed=proposed,
        read=read,
        named=named,
        tier=Tier(row.tier).label[desk.lang],
        before="" if row.before is None else Tier(row.before).label[desk.lang],
        own_tier="" if row.own_tier is None else Tier(row.own_tier).label[desk.lang],
        recommended=recommended_words(desk, row.recommended),
        reason=reason_label(desk, row),
        entered_on=desk.day(day_of(row.recorded_at)) if row.entered_by else "",
        languages=LANGUAGES,
        may_record=case.closed_on is None
        and case.erased_on is None
        and desk.may(Role.OFFICER, Role.APPROVER, Role.ADMINISTRATOR),
    )


def _proposed(tx: Transaction, row: DecisionRow) -> dict[str, Any]:
    from riskengine.casebook.schema import ProposalRow

    found = None if row.proposal is None else tx.session.get(ProposalRow, row.proposal)
    return {} if found is None else written_in(tx, found)


def _notices(desk: Desk, tx: Transaction, row: DecisionRow) -> list[dict[str, Any]]:
    found = []
    for event, facts in events_of(tx, row.case, f.NoticeRead.kind):
        if isinstance(facts, f.NoticeRead) and facts.decision == row.id:
            content = words_of(tx, event)
            found.append(
                {
                    "on": desk.day(facts.on),
                    "by": facts.by,
                    "language": facts.language,
                    "aloud": facts.aloud,
                    "said": content.get("said") or "",
                    "interpreter": content.get("interpreter") or "",
                    "signed": bool(content.get("signed")),
                }
            )
    return found


@router.get("/decisions/{decision}/notice")
def notice_page(desk: AtDesk, decision: str) -> Response:
    """Show what the person is handed and read: for printing."""
    with desk.reading() as tx:
        row = the_decision(tx, desk.official, decision)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="notice", at=desk.at)
        who = person(desk, tx, case)
        shown_sheet = None
        held = suspension(tx, desk.district) is not None
        if row.assessment is not None and not held:
            assessment = the_assessment(tx, desk.official, row.assessment)
            if assessment.revealed_at is not None:
                _, found = explained(desk, tx, assessment)
                shown_sheet = None if found is None else sheet_fragment(found, "person")
        rules = tx.rules.review
    return desk.page(
        "notice.html.j2",
        title=desk.say("notice_of", person=who),
        row=row,
        person=who,
        tier=Tier(row.tier).label[desk.lang],
        sheet=shown_sheet,
        days=rules.answer_within_days,
        onward=[(one.label[desk.lang], one.citation.text[desk.lang]) for one in rules.onward],
        reason=reason_label(desk, row) if row.kind == "without_score" else "",
    )


@router.post("/decisions/{decision}/notice")
def notice_read(desk: AtDesk, decision: str, form: Posted) -> Response:
    """Record who gave the notice, in which language, and what the person said."""
    language = form.text("language")
    if language not in LANGUAGES:
        return _decision(desk, decision, [desk.say("choose_language")], form.plain(), 422)
    day = form.day("on")
    if form.text("on") and day is None:
        return _decision(desk, decision, [desk.say("not_a_day")], form.plain(), 422)
    try:
        with desk.writing() as tx:
            record_notice(
                tx,
                desk.official,
                decision,
                read_by=desk.official.id,
                language=language,
                aloud=form.has("aloud"),
                said=form.text("said")[:20_000],
                interpreter=form.text("interpreter")[:100] or None,
                signed=form.has("signed"),
                on=day,
                at=desk.at,
            )
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _decision(desk, decision, told(error, desk.lang), form.plain(), 422)
    return go(f"/decisions/{decision}", done="read")


@router.post("/cases/{case}/comments")
def comment(desk: AtDesk, case: str, form: Posted) -> Response:
    """Keep what the person said, as it was said."""
    words = form.text("words")[:20_000]
    with desk.writing() as tx:
        live_case(tx, desk.official, case)
        if words:
            record_comment(
                tx, desk.official, case, words=words, at=desk.at,
                assessment=form.text("assessment") or None,
            )  # fmt: skip
    return go(f"/cases/{case}", done="commented") if words else go(f"/cases/{case}")


@router.post("/cases/{case}/reviews")
def take_in(desk: AtDesk, case: str, form: Posted) -> Response:
    """Take in a request for review; nobody may turn it away."""
    channel = form.text("channel")
    day = form.day("received_on")
    with desk.writing() as tx:
        receipt = request_review(
            tx,
            desk.official,
            case,
            words=form.text("words")[:20_000],
            channel=channel if channel in ("paper", "helper", "county") else "paper",  # type: ignore[arg-type]
            helper=form.text("helper")[:100] or None,
            received_on=day,
            at=desk.at,
            lang=desk.lang,
        )
    return go(f"/reviews/{receipt.review}", done="requested")


@router.get("/reviews")
def review_queue(desk: AtDesk) -> Response:
    """List requests that wait for an answer, the most urgent first."""
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="reviews", at=desk.at)
        rows = tx.session.scalars(
            select(ReviewRow)
            .where(ReviewRow.district == desk.district, ReviewRow.state != "answered")
            .order_by(ReviewRow.due_on, ReviewRow.id)
            .limit(MOST)
        ).all()
        cases = {
            row.id: row
            for row in tx.session.scalars(
                select(CaseRow).where(CaseRow.id.in_([one.case for one in rows]))
            )
        }
        people = persons(desk, tx, list(cases.values()))
        lines = [
            {
                "row": row,
                "person": people[row.case],
                "received": desk.day(row.received_on),
                "due": desk.day(row.due_on),
                "late": row.due_on < desk.today,
                "mine": row.handler == desk.official.id,
            }
            for row in rows
        ]
    named = names(desk, [row.handler for row in rows])
    return desk.page("reviews.html.j2", title=desk.say("reviews"), lines=lines, named=named)


@router.get("/reviews/{review}")
def review_page(desk: AtDesk, review: str) -> Response:
    """Show one request with its receipt and answer."""
    return _review(desk, review, [], Given())


def _asked(tx: Transaction, row: ReviewRow) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked, and what was answered."""
    asked: dict[str, Any] = {}
    answered: dict[str, Any] = {}
    for event, facts in events_of(tx, row.case, f.ReviewRequested.kind, f.ReviewAnswered.kind):
        if isinstance(facts, f.ReviewRequested) and facts.id == row.id:
            asked = words_of(tx, event)
        elif isinstance(facts, f.ReviewAnswered) and facts.review == row.id:
            answered = words_of(tx, event)
    return asked, answered


def _review(desk: Desk, review: str, said: list[str], given: Given, status: int = 200) -> Response:
    with desk.reading() as tx:
        row = the_review(tx, desk.official, review)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="review", at=desk.at)
        asked, answered = _asked(tx, row)
        who = person(desk, tx, case)
        busy = involved(tx, row.case)
        newest = tx.session.scalar(
            select(AssessmentRow.id)
            .where(AssessmentRow.case == case.id, AssessmentRow.corrected_by.is_(None))
            .order_by(AssessmentRow.signed_at.desc())
            .limit(1)
        )
    may_assign = desk.may(Role.REVIEWER, Role.ADMINISTRATOR, Role.APPROVER)
    named = names(desk, [row.handler, row.received_by])
    return desk.page(
        "review.html.j2",
        status,
        title=desk.say("review_of", person=who),
        said=said,
        given=given,
        row=row,
        case=case,
        person=who,
        asked=asked,
        answered=answered,
        named=named,
        handlers=_handlers(desk, busy) if may_assign and row.state != "answered" else [],
        may_assign=may_assign and row.state != "answered",
        may_answer=row.state != "answered" and row.handler == desk.official.id,
        newest=newest,
        least=desk.casebook.rules.least_characters,
        outcomes=("upheld", "changed", "corrected"),
    )


def _handlers(desk: Desk, busy: frozenset[str]) -> list[tuple[str, str]]:
    """Reviewers of the district who neither proposed nor decided in the case."""
    with reading_accounts(desk.here.accounts) as session:
        return [
            (one.id, one.name)
            for one in all_users(session)
            if one.disabled_at is None
            and one.id not in busy
            and any(r.district == desk.district and r.role == "reviewer" for r in one.roles)
        ]


@router.post("/reviews/{review}/handler")
def assign(desk: AtDesk, review: str, form: Posted) -> Response:
    """Name who handles a request."""
    with desk.reading() as tx:
        the_review(tx, desk.official, review)
    handler = find_member(desk.here, form.text("handler"), desk.district)
    try:
        with desk.writing() as tx:
            assign_review(tx, desk.official, review, handler=handler, at=desk.at)
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _review(desk, review, told(error, desk.lang), form.plain(), 422)
    return go(f"/reviews/{review}", done="assigned")


@router.post("/reviews/{review}/answer")
def answer(desk: AtDesk, review: str, form: Posted) -> Response:
    """Give the written answer."""
    outcome = form.text("outcome")
    if outcome not in ("upheld", "changed", "corrected"):
        return _review(desk, review, [desk.say("choose_outcome")], form.plain(), 422)
    try:
        with desk.writing() as tx:
            answer_review(
                tx, desk.official, review, outcome=outcome,  # type: ignore[arg-type]
                answer=form.text("answer"), at=desk.at,
            )  # fmt: skip
    except CasebookError as error:
        if error.code.startswith("no_such_"):
            raise
        return _review(desk, review, told(error, desk.lang), form.plain(), 422)
    return go(f"/reviews/{review}", done="answered")


@router.get("/reviews/{review}/{letter}")
def letter_page(desk: AtDesk, review: str, letter: str) -> Response:
    """Show the receipt or the written answer, for printing."""
    if letter not in ("receipt", "letter"):
        raise refuse(404, "no_such_address")
    with desk.reading() as tx:
        row = the_review(tx, desk.official, review)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what=letter, at=desk.at)
        _, answered = _asked(tx, row)
        who = person(desk, tx, case)
        lines = receipt_lines(tx, row.received_on, row.due_on, desk.lang)
        onward = tx.rules.review.onward
    if letter == "letter" and row.state != "answered":
        raise refuse(404, "no_such_address")
    return desk.page(
        "letter.html.j2",
        title=desk.say("receipt" if letter == "receipt" else "written_answer"),
        letter=letter,
        row=row,
        person=who,
        answer=answered.get("answer", ""),
        lines=lines,
        onward=[(one.label[desk.lang], one.citation.text[desk.lang]) for one in onward],
        today=desk.day(desk.today),
    )


@router.get("/assessments/{assessment}/answers")
def answers_page(desk: AtDesk, assessment: str) -> Response:
    """Show every answer of a signed assessment with its source, to those who need to know it."""
    from riskengine.casebook.assessing import signed_answers
    from riskengine.server.desk import confidential

    with desk.reading() as tx:
        row = the_assessment(tx, desk.official, assessment)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="answers", at=desk.at)
        raw = signed_answers(tx, desk.official, row.id)
        who = person(desk, tx, case)
        all_of_it = knows(desk, tx, case, row)
    instrument = desk.engine.instrument
    hidden = frozenset() if all_of_it else confidential(instrument, raw.get("sources", {}))
    return desk.page(
        "answers.html.j2",
        title=desk.say("answers_of", person=who),
        row=row,
        person=who,
        groups=_groups(desk, raw, hidden),
        withheld=len(hidden & set(raw["answers"])),
    )


def _groups(
    desk: Desk, raw: dict[str, Any], hidden: frozenset[str]
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    instrument, lang, say = desk.engine.instrument, desk.lang, desk.say
    found = []
    for domain in instrument.domains:
        lines = []
        for item in instrument.items:
            if item.domain != domain.id or item.id not in raw["answers"]:
                continue
            if item.id in hidden:
                lines.append((item.label[lang], say("withheld_here"), ""))
                continue
            words = shown_answer(instrument, item.id, raw["answers"][item.id], lang, say)
            lines.append((item.label[lang], words, _source(raw, item.id, say)))
        if lines:
            found.append((domain.label[lang], lines))
    return found


def _source(raw: dict[str, Any], item: str, say: Texts) -> str:
    entry = raw.get("sources", {}).get(item)
    if not entry:
        return ""
    parts = [say(f"source_{entry['source']}"), entry.get("on", ""), entry.get("by", "")]
    return " · ".join(part for part in parts if part)


@router.get("/assessments/{assessment}/review-sheet")
def review_sheet(desk: AtDesk, assessment: str) -> Response:
    """Show everything behind a recommendation, to the last unit."""
    with desk.reading() as tx:
        row = the_assessment(tx, desk.official, assessment)
        case = the_case(tx, desk.official, row.case)
        log_read(tx, desk.official, case.id, what="review_sheet", at=desk.at)
        if row.revealed_at is None or suspension(tx, desk.district) is not None:
            raise refuse(404, "no_such_address")
        found = sheet(desk, tx, row, "reviewer")
        who = person(desk, tx, case)
    return desk.page(
        "review_sheet.html.j2", title=desk.say("review_sheet"), row=row, person=who, sheet=found
    )


def age(day: date, today: date) -> int:
    """Days since a day."""
    return (today - day).days
