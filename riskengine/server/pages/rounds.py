"""Where the round of a case stands: draft, own view, decision, approval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import AssessmentRow, DecisionRow, Draft, ProposalRow


@dataclass(frozen=True)
class Round:
    """Where a round stands, and the page on which it goes on.

    Attributes
    ----------
    state
        ``none``, ``draft``, ``own_view``, ``to_see``, ``to_decide``, ``at_approver``,
        ``with_reviewer``.
    """

    state: str
    link: str = ""


NOTHING = Round("none")


def rounds(tx: Transaction, cases: Iterable[str]) -> dict[str, Round]:
    """Where the rounds of some cases stand; a few questions to the record for all of them."""
    wanted = list(cases)
    found: dict[str, Round] = {}
    if not wanted:
        return found
    for draft in tx.session.execute(
        select(Draft.case, Draft.id).where(Draft.case.in_(wanted)).order_by(Draft.saved_at)
    ):
        found[draft.case] = Round("draft", f"/drafts/{draft.id}")
    decided = select(DecisionRow.assessment).where(
        DecisionRow.case.in_(wanted), DecisionRow.assessment.is_not(None)
    )
    for row in tx.session.scalars(
        select(AssessmentRow)
        .where(
            AssessmentRow.case.in_(wanted),
            AssessmentRow.corrected_by.is_(None),
            AssessmentRow.id.not_in(decided),
        )
        .order_by(AssessmentRow.signed_at)
    ):
        found[row.case] = Round(_waiting_for(row), f"/assessments/{row.id}")
    for proposal in tx.session.scalars(
        select(ProposalRow)
        .where(ProposalRow.case.in_(wanted), ProposalRow.state.in_(("open", "with_reviewer")))
        .order_by(ProposalRow.proposed_at)
    ):
        state = "with_reviewer" if proposal.state == "with_reviewer" else "at_approver"
        found[proposal.case] = Round(state, f"/proposals/{proposal.id}")
    return found


def _waiting_for(row: AssessmentRow) -> str:
    if row.own_view_asked and row.own_tier is None and row.revealed_at is None:
        return "own_view"
    return "to_see" if row.revealed_at is None else "to_decide"
