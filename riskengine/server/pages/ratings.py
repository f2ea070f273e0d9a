"""Second ratings, given blind, and how well raters agree; nothing here is about any one rater."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import func, select

from riskengine.casebook.actors import Role
from riskengine.casebook.assessing import signed_answers
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import the_case
from riskengine.casebook.rating import FEWEST, agreement, ask_ratings, blind_form, rate
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import AssessmentRow, CaseRow, RatingRow
from riskengine.errors import AssessmentError
from riskengine.instrument.model import Instrument
from riskengine.server.desk import confidential
from riskengine.server.pages.people import person
from riskengine.server.pages.questions import (
    Draft,
    Question,
    check,
    questions,
    shown_answer,
    take,
)
from riskengine.server.pages.viewer import AtDesk, Desk, Form, Given, PageRoute, Posted, told
from riskengine.server.pages.ways import go
from riskengine.store.lookup import find_instrument

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST = 200
DRAWS = 400
"""Bootstrap samples of a page; the command and the API take more."""
_RATERS = (Role.OFFICER, Role.REVIEWER, Role.APPROVER)
_ASKERS = (Role.REVIEWER, Role.ANALYST, Role.ADMINISTRATOR)


@router.get("/ratings")
def ratings_page(desk: AtDesk) -> Response:
    """List second ratings that this reader may give."""
    return _ratings(desk, [], Given())


def _ratings(desk: Desk, said: list[str], given: Given, status: int = 200) -> Response:
    me = desk.official.id
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="ratings", at=desk.at)
        open_here = (RatingRow.district == desk.district, RatingRow.rated_on.is_(None))
        rows = tx.session.execute(
            select(RatingRow, AssessmentRow, CaseRow)
            .join(AssessmentRow, AssessmentRow.id == RatingRow.assessment)
            .join(CaseRow, CaseRow.id == RatingRow.case)
            .where(*open_here, CaseRow.closed_on.is_(None), CaseRow.erased_on.is_(None))
            .order_by(RatingRow.asked_on, RatingRow.id)
            .limit(MOST)
        ).all()
        lines = [
            {
                "id": row.id,
                "person": person(desk, tx, case),
                "office": case.office,
                "assessed": desk.day(first.assessed_on),
                "asked": desk.day(row.asked_on),
            }
            for row, first, case in rows
            if desk.may(*_RATERS)
            and me not in (first.signed_by, first.entered_by, first.own_view_by, first.revealed_by)
        ]
        done = tx.session.scalar(
            select(func.count())
            .select_from(RatingRow)
            .where(RatingRow.district == desk.district, RatingRow.rated_on.is_not(None))
        )
    return desk.page(
        "ratings.html.j2",
        status,
        title=desk.say("ratings"),
        said=said,
        given=given,
        lines=lines,
        waiting=len(rows),
        finished=done,
        may_ask=desk.may(*_ASKERS),
        may_see=desk.may(Role.ANALYST, Role.REVIEWER),
        since=given["since"] or (desk.today - timedelta(days=180)).isoformat(),
    )


@router.post("/ratings")
def ask(desk: AtDesk, form: Posted) -> Response:
    """Draw assessments for a second rating."""
    desk.require(*_ASKERS)
    share, since, seed = form.text("share"), form.day("since"), form.text("seed")
    whole = share.isascii() and share.isdecimal() and 1 <= int(share[:4]) <= 100
    if not whole or since is None or not (seed.isascii() and seed.isdecimal() and len(seed) < 10):
        return _ratings(desk, [desk.say("rating_ask_wrong")], form.plain(), 422)
    with desk.writing() as tx:
        made = ask_ratings(
            tx, desk.official, share=int(share) / 100, seed=int(seed), since=since, at=desk.at
        )
    return go("/ratings", done="ratings_asked" if made else "no_ratings_asked")


class _Only(Form):
    """A form of which only some questions count: nobody rates what is on record."""

    def __init__(self, form: Form, items: frozenset[str]) -> None:
        super().__init__(form.data)
        self.items = items

    def has(self, name: str) -> bool:
        """Whether a field was sent that counts."""
        return name.removeprefix("shown.") in self.items and super().has(name)


@dataclass(frozen=True)
class _Blind:
    """What a second rater works with."""

    instrument: Instrument
    draft: Draft
    to_rate: frozenset[str]
    hidden: frozenset[str]
    person: str


def _blind(desk: Desk, tx: Transaction, rating: str) -> _Blind:
    found = blind_form(tx, desk.official, rating)
    row = tx.session.get(RatingRow, rating)
    assert row is not None
    first = signed_answers(tx, desk.official, row.assessment)
    instrument = find_instrument(found["instrument"])
    case = the_case(tx, desk.official, row.case)
    log_read(tx, desk.official, case.id, what="rating", at=desk.at)
    draft = Draft(
        answers=dict(found["answers"]), kind=found["kind"], assessed_on=found["assessed_on"]
    )
    return _Blind(
        instrument,
        draft,
        frozenset(found["to_rate"]),
        confidential(instrument, first.get("sources", {})),
        person(desk, tx, case),
    )


@router.get("/ratings/agreement")
def agreement_page(desk: AtDesk) -> Response:
    """Show how well raters agree, item by item and over all raters together."""
    desk.require(Role.ANALYST, Role.REVIEWER)
    instrument = desk.engine.instrument
    with desk.reading() as tx:
        log_read(tx, desk.official, None, what="agreement", at=desk.at)
        found = agreement(tx, desk.official, instrument, seed=0, draws=DRAWS)
    lines = [
        {**one, "label": instrument.by_id[one["item"]].label[desk.lang]} for one in found["items"]
    ]
    return desk.page(
        "agreement.html.j2",
        title=desk.say("agreement"),
        lines=[one for one in lines if one["pairs"] >= FEWEST],
        few=[one for one in lines if one["pairs"] < FEWEST],
        found=found,
        fewest=FEWEST,
        percent=round(found["level"] * 100),
    )


@router.get("/ratings/{rating}")
def rating_page(desk: AtDesk, rating: str) -> Response:
    """Show the questions to rate, without any answer of the first rater."""
    desk.require(*_RATERS)
    with desk.reading() as tx:
        blind = _blind(desk, tx, rating)
    return _rating(desk, rating, blind, [])


def _rating(
    desk: Desk, rating: str, blind: _Blind, said: list[str], status: int = 200
) -> Response:
    instrument, lang = blind.instrument, desk.lang
    checked = check(instrument, blind.draft)
    groups: list[tuple[str, list[Question]]] = []
    for domain in instrument.domains:
        here = [
            one
            for one in questions(instrument, blind.draft, checked, domain.id, lang, desk.say)
            if one.id in blind.to_rate
        ]
        if here:
            groups.append((domain.label[lang], here))
    recorded = [
        (item.label[lang], shown_answer(instrument, item.id, answer, lang, desk.say))
        for item in instrument.items
        if (answer := blind.draft.answers.get(item.id)) is not None
        and item.id not in blind.to_rate
        and item.id not in blind.hidden
    ]
    return desk.page(
        "rating.html.j2",
        status,
        title=desk.say("rating_title"),
        said=said,
        rating=rating,
        person=blind.person,
        day=desk.day(date.fromisoformat(str(blind.draft.assessed_on))),
        groups=groups,
        recorded=recorded,
    )


@router.post("/ratings/{rating}")
def give(desk: AtDesk, rating: str, form: Posted) -> Response:
    """Keep a second rating; a question that was left out is said, not filled in."""
    desk.require(*_RATERS)
    with desk.reading() as tx:
        blind = _blind(desk, tx, rating)
    for domain in blind.instrument.domains:
        take(blind.instrument, blind.draft, domain.id, _Only(form, blind.to_rate), by="")
    given: dict[str, Any] = {
        item: answer for item, answer in blind.draft.answers.items() if item in blind.to_rate
    }
    if missing := len(blind.to_rate) - len(given):
        return _rating(desk, rating, blind, [desk.say("rating_open", n=missing)], 422)
    try:
        with desk.writing() as tx:
            rate(tx, desk.official, rating, given, at=desk.at)
    except (AssessmentError, CasebookError) as error:
        if isinstance(error, CasebookError) and error.code.startswith("no_such_"):
            raise
        return _rating(desk, rating, blind, told(error, desk.lang), 422)
    return go("/ratings", done="rated")
