"""Reviews that a person asks for: on paper, through a helper, or directly with the county."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal, say
from riskengine.casebook.lookups import day_given, kept_case, the_decision, the_review, written
from riskengine.casebook.projection import record
from riskengine.casebook.schema import DecisionRow, ProposalRow
from riskengine.casebook.times import day_of, stamp
from riskengine.errors import Language


@dataclass(frozen=True)
class Receipt:
    """What the person is handed when asking for a review.

    Attributes
    ----------
    lines
        Sentences to print: what was received, until when it is answered, and where to go next.
    """

    review: str
    received_on: date
    due_on: date
    lines: tuple[str, ...]


def request_review(
    tx: Transaction,
    actor: Actor,
    case: str,
    *,
    words: str,
    channel: f.Channel,
    at: datetime,
    decision: str | None = None,
    received_on: date | None = None,
    helper: str | None = None,
    lang: Language = "zh",
) -> Receipt:
    """Record that the person asked for a review; return the receipt.

    Any member of staff takes it in; nobody may refuse it, and no number of words is asked for.

    Parameters
    ----------
    words
        What the person says, as it was said.
    channel
        ``paper``, ``helper`` (said for the person by somebody else), or ``county`` (directly with
        the county agency).
    received_on
        Day on which it was received, where it is entered later.
    helper
        Who helped, if anybody.
    """
    require(actor, *Role)
    row = kept_case(tx, actor, case)
    if decision is not None and the_decision(tx, actor, decision).case != row.id:
        raise refusal("no_such_decision", id=decision)
    today = day_of(stamp(at))
    received = received_on or today
    if received > today:
        raise refusal("in_future", day=received.isoformat())
    due = received + timedelta(days=tx.rules.review.answer_within_days)
    name = sealing.new_id("r")
    record(
        tx,
        f.ReviewRequested(
            id=name,
            decision=decision or row.decision,
            channel=channel,
            received_on=received,
            due_on=due,
        ),
        {"words": words, "helper": helper},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    return Receipt(name, received, due, receipt_lines(tx, received, due, lang))


def receipt_lines(tx: Transaction, received: date, due: date, lang: Language) -> tuple[str, ...]:
    """Sentences of a receipt."""
    onward = [
        say(
            "receipt_onward",
            lang,
            body=entry.label[lang],
            citation=entry.citation.text[lang],
        )
        for entry in tx.rules.review.onward
    ]
    return (
        say("receipt_received", lang, day=received.isoformat()),
        say("receipt_due", lang, day=due.isoformat()),
        say("receipt_handler", lang),
        say("receipt_protected", lang, days=tx.rules.review.protected_days),
        *onward,
    )


def involved(tx: Transaction, case: str) -> frozenset[str]:
    """Everybody who proposed or decided anything in a case."""
    rows = tx.session.execute(
        select(DecisionRow.proposed_by, DecisionRow.decided_by).where(DecisionRow.case == case)
    )
    people = {person for row in rows for person in row}
    people |= set(
        tx.session.scalars(select(ProposalRow.proposed_by).where(ProposalRow.case == case))
    )
    return frozenset(people)


def assign_review(
    tx: Transaction, actor: Actor, review: str, *, handler: Actor, at: datetime
) -> None:
    """Name who handles a review: a reviewer who neither proposed nor decided in the case."""
    require(actor, Role.REVIEWER, Role.ADMINISTRATOR, Role.APPROVER)
    row = the_review(tx, actor, review)
    case = kept_case(tx, actor, row.case)
    if row.state == "answered":
        raise refusal("review_answered", id=row.id)
    _check_handler(tx, handler, row.case, actor.district)
    record(
        tx,
        f.ReviewAssigned(review=row.id, handler=handler.id),
        {},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )


def _check_handler(tx: Transaction, handler: Actor, case: str, district: str) -> None:
    require(handler, Role.REVIEWER)
    if handler.district != district:
        raise refusal("other_district", actor=handler.id)
    if handler.id in involved(tx, case):
        raise refusal("handler_involved", actor=handler.id)


def answer_review(
    tx: Transaction,
    actor: Actor,
    review: str,
    *,
    outcome: f.Outcome,
    answer: str,
    at: datetime,
    answered_on: date | None = None,
) -> None:
    """Give the written answer. Only the handler may, and only while still uninvolved.

    Parameters
    ----------
    outcome
        ``upheld``, ``changed`` (a new proposal follows) or ``corrected`` (an answer was wrong).
    answer
        The answer as the person gets it.
    """
    row = the_review(tx, actor, review)
    case = kept_case(tx, actor, row.case)
    if row.state == "answered":
        raise refusal("review_answered", id=row.id)
    if row.handler is None or actor.id != row.handler:
        raise refusal("not_handler", actor=actor.id, handler=row.handler or "")
    _check_handler(tx, actor, row.case, actor.district)
    day = day_given(answered_on, first=row.received_on, at=at)
    record(
        tx,
        f.ReviewAnswered(review=row.id, outcome=outcome, on=day),
        {"answer": written(tx, answer, "answer")},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )
