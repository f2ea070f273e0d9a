"""Which tier there would be without the rule that binds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from riskengine.instrument.assessment import Assessment
from riskengine.policy.calendar import earliest
from riskengine.policy.compiled import (
    BAND_RULE,
    INITIAL_RULE,
    SANCTION_RULE,
    STAY_RULE,
    STEP_RULE,
    Policy,
)
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Ruling, rule_on
from riskengine.policy.tiers import Tier

_BY_TIME = (STAY_RULE, SANCTION_RULE, STEP_RULE)


def without_binding(
    policy: Policy,
    assessment: Assessment,
    ruling: Ruling,
    *,
    score: int,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
) -> tuple[Tier, date | None]:
    """Tier without the binding rule, and the first day on which that could hold by time alone.

    A rule that bound another out of the way (``yields_to``) lets it in again, so the policy is
    applied anew without the one rule.
    """
    binding = ruling.binding
    if binding.id == INITIAL_RULE:
        after = ruling.without_initial_period
        assert after is not None
        return after, earliest(policy, ruling, after)
    if binding.id in (rule.rule.id for rule in policy.rules):
        left = replace(policy, rules=tuple(r for r in policy.rules if r.rule.id != binding.id))
        tier = rule_on(
            left,
            assessment,
            score=score,
            on=on,
            history=history,
            events=events,
            holds=ruling.holds,
        ).tier
        return tier, binding.until
    if binding.id == BAND_RULE:
        return ruling.tier, None
    return _without_keeping(policy, ruling), binding.until


def _without_keeping(policy: Policy, ruling: Ruling) -> Tier:
    """What keeps the present tier from going down is taken away; the other keepers stay."""
    binding, current = ruling.binding, ruling.situation.stands.current
    keepers = {*_BY_TIME, *(hold.id for hold in ruling.holds), *(s.step.id for s in policy.steps)}
    kept = [rule for rule in ruling.applied if rule.id in keepers and rule is not binding]
    if kept:
        return ruling.tier
    before = next((r.tier for r in ruling.applied if r.id == INITIAL_RULE), ruling.asked)
    if binding.id == STEP_RULE or policy.document.steps is None or current is None:
        return before
    lowest = max(0, current.rank - policy.document.steps.down)
    return Tier.at(max(before.rank, lowest))
