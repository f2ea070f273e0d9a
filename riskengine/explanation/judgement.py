"""Law, rules and doubt put together: which tier, or both, or none and why.

One person goes through `judge`. A frame has its rules applied at once and settles every person by
the same `stability_of` and `defensible`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

STOPS: dict[str, Status] = {
    "refuse": "out_of_scope",
    "separate_profile": "separate_profile",
    "hold": "incomplete",
}
"""What stops the engine, the strongest first, and the status that follows."""


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
    for consequence in STOPS:
        for finding in findings:
            if finding.consequence == consequence:
                return LegalView(findings, finding)
    return LegalView(findings)


def stopped(legal: LegalView) -> Judgement:
    """The judgement where the law stops the engine: neither score nor tier."""
    assert legal.stop is not None
    return Judgement(STOPS[legal.stop.consequence], legal.findings, legal.stop, None, None, ())


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
    stability = stability_of(
        scorecard, policy, score, model_variance=model_variance, rerating=rerating
    )

    def at(band: Tier) -> Tier:
        other = policy.cut_offs.score_in(band)
        return rule_on(
            policy, assessment, score=other, on=on, history=history, events=events, holds=holds
        ).tier

    tiers = defensible(policy, ruling.tier, ruling.binding.id, stability, at)
    status: Status = "either" if len(tiers) == 2 else "recommended"
    return Judgement(status, legal.findings, None, ruling, stability, tiers)


def stability_of(
    scorecard: Scorecard,
    policy: Policy,
    score: int,
    *,
    model_variance: float,
    rerating: Rerating,
) -> BandStability | None:
    """How stable the band of a score is, where the scorecard states its uncertainty."""
    if not has_uncertainty(scorecard):
        return None
    return band_stability(
        score,
        policy.cut_offs,
        model_variance=model_variance,
        rerating=rerating,
        log_odds_per_unit=scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS,
        whole_points=scorecard.document.form == "points",
    )


def defensible(
    policy: Policy,
    tier: Tier,
    binding: str,
    stability: BandStability | None,
    at: Callable[[Tier], Tier],
) -> tuple[Tier, ...]:
    """The tier of a ruling, or two with the less restrictive first.

    A rule is a rule; only where the score alone decides can it be too unsure to decide. The
    neighbour is defensible only if the rules would let it stand.

    Parameters
    ----------
    binding
        Name of the rule that the tier rests on.
    at
        The tier that the rules give to a score in a band.
    """
    if (
        stability is None
        or binding != BAND_RULE
        or stability.value >= policy.document.either_tier_below
    ):
        return (tier,)
    neighbour = at(stability.runner_up)
    if neighbour is tier:
        return (tier,)
    first, second = sorted((tier, neighbour), key=lambda one: one.rank)
    return (first, second)
