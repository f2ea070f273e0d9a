"""Law, rules and doubt put together: which tier, or both, or none and why.

One person and a whole frame go through this same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from riskengine.explanation.stability import BandStability, band_stability
from riskengine.instrument.assessment import Assessment
from riskengine.policy.compiled import BAND_RULE, Policy
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Hold, Ruling, rule_on
from riskengine.policy.statutory import Case, Finding, StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Status
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.scorecard.ratings import Rerating
from riskengine.scorecard.uncertainty import has_uncertainty

_STOPS: dict[str, Status] = {
    "refuse": "out_of_scope",
    "separate_profile": "separate_profile",
    "hold": "incomplete",
}


@dataclass(frozen=True)
class Judgement:
    """What comes of one assessment.

    Attributes
    ----------
    stop
        The finding that stands in the way of any tier.
    tiers
        One tier, or two defensible ones with the less restrictive first, or none.
    """

    status: Status
    findings: tuple[Finding, ...]
    stop: Finding | None
    ruling: Ruling | None
    stability: BandStability | None
    tiers: tuple[Tier, ...]


@dataclass(frozen=True)
class LegalView:
    """What the law finds in a case, and the first finding that stops everything else."""

    findings: tuple[Finding, ...] = ()
    stop: Finding | None = None


def legal_view(law: StatutorySet | None, assessment: Assessment, on: date) -> LegalView:
    """Ask the statutory set before anything is computed."""
    if law is None:
        return LegalView()
    findings = law.findings(Case(assessment, on))
    for consequence in _STOPS:
        for finding in findings:
            if finding.consequence == consequence:
                return LegalView(findings, finding)
    return LegalView(findings)


def stopped(legal: LegalView) -> Judgement:
    """The judgement where the law stops the engine: neither score nor tier."""
    assert legal.stop is not None
    return Judgement(_STOPS[legal.stop.consequence], legal.findings, legal.stop, None, None, ())


def judge(
    *,
    scorecard: Scorecard,
    policy: Policy | None,
    legal: LegalView,
    assessment: Assessment,
    score: int,
    model_variance: float,
    rerating: Rerating,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
    holds: Sequence[Hold] = (),
) -> Judgement:
    """Put score, rules and doubt together, where the law did not stop the engine.

    Parameters
    ----------
    score, model_variance, rerating
        Of this assessment, from `Scorecard.scores` and `riskengine.scorecard.uncertainty`.
    holds
        What bars a step down from the present tier, and raises none.
    """
    if policy is None:
        return Judgement("score_only", legal.findings, None, None, None, ())
    ruling = rule_on(
        policy, assessment, score=score, on=on, history=history, events=events, holds=holds
    )
    stability = None
    if has_uncertainty(scorecard):
        stability = band_stability(
            score,
            policy.cut_offs,
            model_variance=model_variance,
            rerating=rerating,
            log_odds_per_unit=scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS,
            whole_points=scorecard.document.form == "points",
        )
    # a rule is a rule; only where the score alone decides can it be too unsure to decide
    if (
        stability is not None
        and ruling.binding.id == BAND_RULE
        and stability.value < policy.document.either_tier_below
    ):
        # the neighbour is defensible only if the rules would let it stand
        neighbour = rule_on(
            policy,
            assessment,
            score=policy.cut_offs.score_in(stability.runner_up),
            on=on,
            history=history,
            events=events,
            holds=holds,
        ).tier
        if neighbour is not ruling.tier:
            both = sorted((ruling.tier, neighbour), key=lambda tier: tier.rank)
            return Judgement("either", legal.findings, None, ruling, stability, tuple(both))
    return Judgement("recommended", legal.findings, None, ruling, stability, (ruling.tier,))
