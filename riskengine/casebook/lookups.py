"""Finding what an act is about. A stranger from another district finds nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import select

from riskengine.casebook.actors import Actor
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal, sentences
from riskengine.casebook.schema import (
    AssessmentRow,
    CaseRow,
    DecisionRow,
    ProposalRow,
    ReviewRow,
    SuspensionRow,
    TaskRow,
)
from riskengine.casebook.times import day_of, stamp

LONGEST_TEXT = 20_000
"""Characters; a longer one belongs on file as a document."""


_Row = TypeVar("_Row", CaseRow, AssessmentRow, ProposalRow, DecisionRow, ReviewRow)


def _here(tx: Transaction, actor: Actor, kind: type[_Row], name: str, missing: str) -> _Row:
    """A row of the actor's district by its id; what is elsewhere does not exist."""
    found = tx.session.get(kind, name)
    if found is None or found.district != actor.district:
        raise refusal(missing, id=name)
    return found


def the_case(tx: Transaction, actor: Actor, case: str) -> CaseRow:
    """A case of the actor's district."""
    return _here(tx, actor, CaseRow, case, "no_such_case")


def kept_case(tx: Transaction, actor: Actor, case: str) -> CaseRow:
    """A case of the actor's district whose content was not erased, open or closed.

    What the person asks for, and what is still owed to the person, does not end with the case.
    """
    found = the_case(tx, actor, case)
    if found.erased_on is not None:
        raise refusal("erased", on=found.erased_on.isoformat(), ground=found.erasure_ground)
    return found


def live_case(tx: Transaction, actor: Actor, case: str) -> CaseRow:
    """A case that can be worked on: in the actor's district, open, not erased.

    Raises
    ------
    NotHere, Refused
        Where it is not, with the day on which it ended.
    """
    found = kept_case(tx, actor, case)
    if found.closed_on is not None:
        raise refusal("closed", on=found.closed_on.isoformat())
    return found


def undisputed_case(tx: Transaction, actor: Actor, case: str) -> CaseRow:
    """A live case in which no two entries contradict one another."""
    found = live_case(tx, actor, case)
    if found.disputed:
        raise refusal("disputed", case=case)
    return found


def the_assessment(tx: Transaction, actor: Actor, assessment: str) -> AssessmentRow:
    """A signed assessment of the actor's district."""
    return _here(tx, actor, AssessmentRow, assessment, "no_such_assessment")


def newest_assessment(tx: Transaction, actor: Actor, assessment: str) -> AssessmentRow:
    """A signed assessment that was not corrected since."""
    found = the_assessment(tx, actor, assessment)
    if found.corrected_by is not None:
        raise refusal("corrected", id=assessment, by=found.corrected_by)
    return found


def the_proposal(tx: Transaction, actor: Actor, proposal: str) -> ProposalRow:
    """A proposal of the actor's district."""
    return _here(tx, actor, ProposalRow, proposal, "no_such_proposal")


def the_decision(tx: Transaction, actor: Actor, decision: str) -> DecisionRow:
    """A decision of the actor's district."""
    return _here(tx, actor, DecisionRow, decision, "no_such_decision")


def the_review(tx: Transaction, actor: Actor, review: str) -> ReviewRow:
    """A request for review of the actor's district."""
    return _here(tx, actor, ReviewRow, review, "no_such_review")


def the_task(tx: Transaction, actor: Actor, kind: str, ref: str) -> TaskRow:
    """An open task of the actor's district."""
    found = tx.session.get(TaskRow, f"{kind}:{ref}")
    if found is None or found.district != actor.district or found.state != "open":
        raise refusal("no_such_task", id=ref)
    return found


def suspension(tx: Transaction, district: str) -> SuspensionRow | None:
    """The suspension of scores that holds in a district now, or ``None``."""
    return tx.session.scalar(
        select(SuspensionRow)
        .where(SuspensionRow.district == district, SuspensionRow.lifted_at.is_(None))
        .order_by(SuspensionRow.since)
        .limit(1)
    )


def day_given(given: date | None, *, first: date, at: datetime) -> date:
    """The day on which something was done: as it was given, else today.

    Raises
    ------
    Refused
        Where it lies before the first day on which it could be done, or after today.
    """
    today = day_of(stamp(at))
    day = given or today
    if not first <= day <= today:
        raise refusal(
            "wrong_day", day=day.isoformat(), first=first.isoformat(), last=today.isoformat()
        )
    return day


def written(tx: Transaction, text: str, what: str) -> str:
    """Refuse a text that says nothing; it is kept exactly as it was written.

    Raises
    ------
    Refused
        Where it has fewer visible characters than the rules ask for, or is longer than a book.
    """
    named = sentences()[f"field_{what}"]
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise refusal("not_text", what=named)
    if len("".join(text.split())) < tx.rules.least_characters:
        raise refusal("too_short", what=named, least=tx.rules.least_characters)
    if len(text) > LONGEST_TEXT:
        raise refusal("too_long", what=named, most=LONGEST_TEXT)
    return text
