"""Decisions that were made on paper and are entered later, with their own day and names."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.deciding import (
    LONGEST_REVIEW_DAYS,
    approval_grounds,
    check_override,
    kind_of,
)
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import day_given, newest_assessment, undisputed_case, written
from riskengine.casebook.projection import record
from riskengine.policy.tiers import Tier


def enter_decision(
    tx: Transaction,
    actor: Actor,
    case: str,
    *,
    tier: Tier,
    decided_on: date,
    proposed_by: str,
    decided_by: str,
    grounds: str,
    review_on: date,
    at: datetime,
    recommended: tuple[Tier, ...] = (),
    own_tier: Tier | None = None,
    reason: str | None = None,
    explanation: str | None = None,
    assessment: str | None = None,
) -> str:
    """Enter a decision made on paper; return its id. The record says who entered it and when.

    What holds on the screen holds on paper: own grounds, a reason for departing from what the form
    recommended, and another person's approval where it is asked for.

    Parameters
    ----------
    recommended
        What the paper form recommended; empty where it was decided without a score, and ``reason``
        is then the code of the ground.
    own_tier
        The officer's own view, where the form has it.
    assessment
        The assessment entered from the same paper, if it was.
    """
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    row = undisputed_case(tx, actor, case)
    day_given(decided_on, first=row.decided_on or date.min, at=at)
    if not decided_on < review_on <= decided_on + timedelta(days=LONGEST_REVIEW_DAYS):
        raise refusal(
            "review_day",
            day=review_on.isoformat(),
            first=(decided_on + timedelta(days=1)).isoformat(),
            last=(decided_on + timedelta(days=LONGEST_REVIEW_DAYS)).isoformat(),
        )
    if assessment is not None and newest_assessment(tx, actor, assessment).case != row.id:
        raise refusal("no_such_assessment", id=assessment)
    kind = kind_of(tier, recommended)
    content = {"grounds": written(tx, grounds, "grounds")}
    if kind.how == "override":
        content["explanation"] = check_override(tx, kind, reason, explanation)
    elif kind.how == "without_score":
        accepted = [entry.id for entry in tx.rules.without_score]
        if reason not in accepted:
            raise refusal("unknown_ground", ground=reason, accepted=", ".join(accepted))
    elif reason is not None:
        raise refusal("no_override", tier=tier.value)
    present = None if row.tier is None else Tier(row.tier)
    if approval_grounds(tx, tier, kind, present=present) and proposed_by == decided_by:
        raise refusal("paper_approval", actor=decided_by)
    name = sealing.new_id("n")
    record(
        tx,
        f.Decided(
            id=name,
            proposal=None,
            assessment=assessment,
            tier=tier,
            before=present,
            base=row.decision,
            how=kind.how,
            direction=kind.direction,
            reason=reason,
            recommended=recommended,
            own_tier=own_tier,
            proposed_by=proposed_by,
            decided_by=decided_by,
            entered_by=actor.id,
            decided_on=decided_on,
            review_on=review_on,
            notice_due_on=decided_on + timedelta(days=tx.rules.notice_within_days),
            seconds=None,
        ),
        content,
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    return name
