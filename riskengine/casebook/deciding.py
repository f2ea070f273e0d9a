"""Proposals, approvals and decisions: a named person decides, and the record says how.

Whatever an officer chooses needs own grounds, also where it is what was recommended. A choice
between two defensible tiers is a decision and no override. Another person approves every decision
for strict, every departure upward from the recommendation, and every step up from the present
tier; local rules can add cases and take none away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import (
    live_case,
    newest_assessment,
    the_proposal,
    undisputed_case,
    written,
)
from riskengine.casebook.projection import parted, record
from riskengine.casebook.schema import AssessmentRow, CaseRow, ProposalRow
from riskengine.casebook.times import day_of, seconds_between, stamp
from riskengine.policy.tiers import Tier

LONGEST_REVIEW_DAYS = 366
"""A decision without any day on which it is looked at again would be one for ever."""


@dataclass(frozen=True)
class Kind:
    """What a chosen tier is, against what was recommended."""

    how: f.ProposalKind
    direction: f.Direction | None


def kind_of(tier: Tier, recommended: tuple[Tier, ...]) -> Kind:
    """Tell accepting, choosing one of two, and overriding (up or down) apart."""
    if not recommended:
        return Kind("without_score", None)
    if tier in recommended:
        return Kind("accept" if len(recommended) == 1 else "either", None)
    highest = max(one.rank for one in recommended)
    return Kind("override", "up" if tier.rank > highest else "down")


def approval_grounds(
    tx: Transaction, tier: Tier, kind: Kind, *, present: Tier | None
) -> tuple[str, ...]:
    """Why another person has to approve; empty where nobody has to."""
    also = tx.rules.approval.also
    asked = {
        "strict": tier is Tier.STRICT,
        "above_recommendation": kind.direction == "up",
        "above_present": present is not None and tier.rank > present.rank,
        "override": "override" in also and kind.how == "override",
        "either": "either" in also and kind.how == "either",
        "without_score": "without_score" in also and kind.how == "without_score",
        "relaxed": "relaxed" in also and tier is Tier.RELAXED,
        "every_change": "every_change" in also and tier is not present,
    }
    return tuple(name for name, holds in asked.items() if holds)


def propose(
    tx: Transaction,
    actor: Actor,
    assessment: str,
    *,
    tier: Tier,
    grounds: str,
    at: datetime,
    reason: str | None = None,
    explanation: str | None = None,
    review_on: date | None = None,
) -> str:
    """Propose a tier after the recommendation was shown; return the proposal's id.

    Parameters
    ----------
    grounds
        The officer's own, also where the recommendation is accepted.
    reason, explanation
        For an override: a code of the local list, and what is meant in this case.
    review_on
        The day on which it is looked at again; as recommended if not given, and no later where
        the recommendation is accepted.

    Raises
    ------
    Refused
        Naming the rule that is not met.
    """
    require(actor, Role.OFFICER)
    row = newest_assessment(tx, actor, assessment)
    case = undisputed_case(tx, actor, row.case)
    if row.revealed_at is None:
        raise refusal("not_shown", id=row.id)
    recommended = tuple(Tier(one) for one in parted(row.recommended))
    if not recommended:
        raise refusal("no_tier", status=row.status)
    kind = kind_of(tier, recommended)
    content: dict[str, Any] = {"grounds": written(tx, grounds, "grounds")}
    if kind.how == "override":
        content["explanation"] = check_override(tx, kind, reason, explanation)
    elif reason is not None:
        raise refusal("no_override", tier=tier.value)
    return _propose(
        tx,
        actor,
        case,
        tier,
        kind,
        content,
        at=at,
        row=row,
        recommended=recommended,
        reason=reason,
        review_on=review_on or row.recommended_review_on,
    )


def propose_without_score(
    tx: Transaction,
    actor: Actor,
    case: str,
    *,
    tier: Tier,
    ground: str,
    grounds: str,
    review_on: date,
    at: datetime,
    assessment: str | None = None,
) -> str:
    """Propose a tier without any score, in the same record; return the proposal's id.

    Parameters
    ----------
    ground
        Code of the local list: a minor, temporary execution, insufficient basis, suspension,
        outage.
    assessment
        A signed assessment that it rests on, where there is one.
    """
    require(actor, Role.OFFICER)
    row = undisputed_case(tx, actor, case)
    accepted = [entry.id for entry in tx.rules.without_score]
    if ground not in accepted:
        raise refusal("unknown_ground", ground=ground, accepted=", ".join(accepted))
    signed = None if assessment is None else newest_assessment(tx, actor, assessment)
    if signed is not None and signed.case != row.id:
        raise refusal("no_such_assessment", id=assessment)
    if signed is not None and signed.recommended:
        raise refusal("has_tier", id=signed.id)
    return _propose(
        tx,
        actor,
        row,
        tier,
        Kind("without_score", None),
        {"grounds": written(tx, grounds, "grounds")},
        at=at,
        row=signed,
        recommended=(),
        reason=ground,
        review_on=review_on,
    )


def check_override(
    tx: Transaction, kind: Kind, reason: str | None, explanation: str | None
) -> str:
    """Check the reason of an override against the local list; return the explanation."""
    accepted = [
        entry.id
        for entry in tx.rules.override_reasons
        if entry.direction in (None, kind.direction)
    ]
    if reason is None:
        raise refusal("reason_missing", accepted=", ".join(accepted))
    if reason not in accepted:
        raise refusal("unknown_reason", reason=reason, accepted=", ".join(accepted))
    return written(tx, explanation or "", "explanation")


def _propose(
    tx: Transaction,
    actor: Actor,
    case: CaseRow,
    tier: Tier,
    kind: Kind,
    content: dict[str, Any],
    *,
    at: datetime,
    row: AssessmentRow | None,
    recommended: tuple[Tier, ...],
    reason: str | None,
    review_on: date | None,
) -> str:
    today = day_of(stamp(at))
    present = None if case.tier is None else Tier(case.tier)
    until = None if row is None else row.strict_until
    latest = None if row is None else row.recommended_review_on
    if kind.how == "accept" and review_on is not None and latest is not None:
        review_on = min(review_on, latest)  # sooner than the policy says, never later
    if tier is Tier.STRICT and until is not None and review_on is not None:
        review_on = min(review_on, until)
    check_review_day(review_on, today)
    assert review_on is not None
    name = sealing.new_id("q")
    shown_at = None if row is None else row.revealed_at
    record(
        tx,
        f.Proposed(
            id=name,
            assessment=None if row is None else row.id,
            tier=tier,
            how=kind.how,
            direction=kind.direction,
            reason=reason,
            base=case.decision,
            before=present,
            recommended=recommended,
            own_tier=None if row is None or row.own_tier is None else Tier(row.own_tier),
            approval=approval_grounds(tx, tier, kind, present=present),
            look_first=_look_first(tx, case, row, tier, present, recommended, today),
            seconds=None if shown_at is None else seconds_between(shown_at, stamp(at)),
            review_on=review_on,
        ),
        content,
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )
    return name


def check_review_day(review_on: date | None, today: date) -> None:
    """Refuse a decision that would never, or too late, be looked at again."""
    last = today + timedelta(days=LONGEST_REVIEW_DAYS)
    if review_on is None or not today < review_on <= last:
        raise refusal(
            "review_day",
            day="" if review_on is None else review_on.isoformat(),
            first=(today + timedelta(days=1)).isoformat(),
            last=last.isoformat(),
        )


def _look_first(
    tx: Transaction,
    case: CaseRow,
    row: AssessmentRow | None,
    tier: Tier,
    present: Tier | None,
    recommended: tuple[Tier, ...],
    today: date,
) -> bool:
    """Whether a step up follows a request for review so closely that it could be its price."""
    if present is None or tier.rank <= present.rank or case.request_on is None:
        return False
    if (today - case.request_on).days > tx.rules.review.protected_days:
        return False
    by_rule = row is not None and row.on_documented_event and tier in recommended
    return not by_rule


def look_first(
    tx: Transaction, actor: Actor, proposal: str, *, grounds: str, at: datetime
) -> None:
    """The reviewer lets a step up that followed a request for review go on to be decided."""
    require(actor, Role.REVIEWER)
    row = the_proposal(tx, actor, proposal)
    case = live_case(tx, actor, row.case)
    if row.state != "with_reviewer":
        raise refusal("proposal_state", id=row.id, state=row.state)
    if actor.id == row.proposed_by:
        raise refusal("own_proposal", actor=actor.id)
    record(
        tx,
        f.LookedFirst(proposal=row.id),
        {"grounds": written(tx, grounds, "grounds")},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )


def send_back(tx: Transaction, actor: Actor, proposal: str, *, why: str, at: datetime) -> None:
    """The approver or reviewer returns a proposal, saying why."""
    require(actor, Role.APPROVER, Role.REVIEWER)
    row = _unsettled(tx, actor, proposal)
    if actor.id == row.proposed_by:
        raise refusal("own_proposal", actor=actor.id)
    _settle(tx, actor, row, "returned", why, at)


def withdraw(tx: Transaction, actor: Actor, proposal: str, *, why: str, at: datetime) -> None:
    """The officer takes an own proposal back, saying why."""
    row = _unsettled(tx, actor, proposal)
    if actor.id != row.proposed_by:
        raise refusal("not_own_proposal", actor=actor.id)
    _settle(tx, actor, row, "withdrawn", why, at)


def _settle(
    tx: Transaction,
    actor: Actor,
    row: ProposalRow,
    how: Any,
    why: str,
    at: datetime,
) -> None:
    case = live_case(tx, actor, row.case)
    record(
        tx,
        f.Settled(proposal=row.id, how=how),
        {"why": written(tx, why, "why")},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )


def decide(tx: Transaction, actor: Actor, proposal: str, *, grounds: str, at: datetime) -> str:
    """Decide a proposal; return the decision's id.

    Where approval is asked for, the actor is an approver and not the one who proposed it.

    Raises
    ------
    Refused
        Where the actor may not, or the ground moved: another decision was made, or the assessment
        was corrected, after it was proposed.
    """
    row = _unsettled(tx, actor, proposal)
    case = undisputed_case(tx, actor, row.case)
    if row.state == "with_reviewer":
        raise refusal("reviewer_first", id=row.id)
    if row.approval:
        if actor.id == row.proposed_by:
            raise refusal("own_proposal", actor=actor.id)
        require(actor, Role.APPROVER)
    else:
        require(actor, Role.OFFICER, Role.APPROVER)
    if row.base != case.decision:
        raise refusal("stale", id=row.id)
    if row.assessment is not None:
        newest_assessment(tx, actor, row.assessment)
    today = day_of(stamp(at))
    check_review_day(row.review_on, today)
    name = sealing.new_id("n")
    record(
        tx,
        f.Decided(
            id=name,
            proposal=row.id,
            assessment=row.assessment,
            tier=Tier(row.tier),
            before=None if row.before is None else Tier(row.before),
            base=row.base,
            how=row.kind,
            direction=row.direction,
            reason=row.reason,
            recommended=tuple(Tier(one) for one in parted(row.recommended)),
            own_tier=None if row.own_tier is None else Tier(row.own_tier),
            proposed_by=row.proposed_by,
            decided_by=actor.id,
            entered_by=None,
            decided_on=today,
            review_on=row.review_on,
            notice_due_on=today + timedelta(days=tx.rules.notice_within_days),
            seconds=row.seconds,
        ),
        {"grounds": written(tx, grounds, "grounds")},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )
    return name


def _unsettled(tx: Transaction, actor: Actor, proposal: str) -> ProposalRow:
    row = the_proposal(tx, actor, proposal)
    if row.state not in ("open", "with_reviewer"):
        raise refusal("proposal_state", id=row.id, state=row.state)
    return row
