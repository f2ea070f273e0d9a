"""Finding what an act is about. A stranger from another district finds nothing."""

from __future__ import annotations

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

LONGEST_TEXT = 20_000
"""Characters; a longer one belongs on file as a document."""


def the_case(tx: Transaction, actor: Actor, case: str) -> CaseRow:
    """A case of the actor's district."""
    found = tx.session.get(CaseRow, case)
    if found is None or found.district != actor.district:
        raise refusal("no_such_case", id=case)
    return found


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
    found = tx.session.get(AssessmentRow, assessment)
    if found is None or found.district != actor.district:
        raise refusal("no_such_assessment", id=assessment)
    return found


def newest_assessment(tx: Transaction, actor: Actor, assessment: str) -> AssessmentRow:
    """A signed assessment that was not corrected since."""
    found = the_assessment(tx, actor, assessment)
    if found.corrected_by is not None:
        raise refusal("corrected", id=assessment, by=found.corrected_by)
    return found


def the_proposal(tx: Transaction, actor: Actor, proposal: str) -> ProposalRow:
    """A proposal of the actor's district."""
    found = tx.session.get(ProposalRow, proposal)
    if found is None or found.district != actor.district:
        raise refusal("no_such_proposal", id=proposal)
    return found


def the_decision(tx: Transaction, actor: Actor, decision: str) -> DecisionRow:
    """A decision of the actor's district."""
    found = tx.session.get(DecisionRow, decision)
    if found is None or found.district != actor.district:
        raise refusal("no_such_decision", id=decision)
    return found


def the_review(tx: Transaction, actor: Actor, review: str) -> ReviewRow:
    """A request for review of the actor's district."""
    found = tx.session.get(ReviewRow, review)
    if found is None or found.district != actor.district:
        raise refusal("no_such_review", id=review)
    return found


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
