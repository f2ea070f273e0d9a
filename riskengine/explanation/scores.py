"""The score, the risk and the doubt about them, in numbers and in words."""

from __future__ import annotations

import numpy as np

from riskengine.explanation.factors import NANO, risk_text
from riskengine.explanation.stability import BandStability
from riskengine.explanation.texts import Texts
from riskengine.policy.tiers import Tier
from riskengine.recommendation import RiskView, ScoreView, Stability, TierView, Validation
from riskengine.scorecard.compiled import probability
from riskengine.scorecard.document import ScorecardDocument, Uncertainty
from riskengine.scorecard.uncertainty import half_width

FEWEST_NAMED = 100
MOST_NAMED = 100_000


def tier_view(tier: Tier, say: Texts) -> TierView:
    """A tier with its name."""
    return TierView(tier=tier, label=tier.label[say.lang])


def score_view(
    document: ScorecardDocument, score: int, log_odds: float, band: Tier | None, say: Texts
) -> ScoreView:
    """The score with its position in the reference population."""
    quantiles = document.reference.score_quantiles
    below = int(np.searchsorted(quantiles, score, side="left"))
    return ScoreView(
        value=score,
        intercept=document.intercept,
        form=document.form,
        scale=document.scale,
        log_odds=round(log_odds, 6),
        band=None if band is None else tier_view(band, say),
        position=round(100 * below / len(quantiles), 1),
        reference=document.reference.label[say.lang],
    )


def risk_view(
    document: ScorecardDocument, risk: float, log_odds: float, variance: float, say: Texts
) -> RiskView:
    """A calibrated risk with its interval, and the same in whole people.

    Parameters
    ----------
    variance
        Of the log-odds; where it is zero nothing is known about the error and no interval given.
    """
    assert document.calibration is not None
    low = high = level = None
    if variance > 0:
        level = document.uncertainty.level
        reach = half_width(level) * variance**0.5
        ends = probability(np.array([log_odds - reach, log_odds + reach]))
        low, high = (risk_text(float(end)) for end in ends)
    whole, events = in_whole_people(risk)
    return RiskView(
        probability=risk_text(risk),
        low=low,
        high=high,
        level=level,
        words=say(
            "risk_words",
            population=document.calibration.population[say.lang],
            whole=whole,
            events=events,
            others=whole - events,
        ),
    )


def in_whole_people(risk: float) -> tuple[int, int]:
    """The smallest denominator with whole people on both sides, and those with the event."""
    nanos = round(risk * NANO)
    whole = FEWEST_NAMED
    while min(nanos, NANO - nanos) * whole < NANO and whole < MOST_NAMED:
        whole *= 10
    return whole, round(risk * whole)


def stability_view(
    found: BandStability, uncertainty: Uncertainty, *, either_below: float, say: Texts
) -> Stability:
    """How sure the band is, and whether model or ratings are the greater doubt."""
    percent = min(99, round(100 * found.value))
    words = say(
        "stability_low" if found.value < either_below else "stability_high", percent=percent
    )
    gap = "" if say.lang == "zh" else " "
    if found.model_share >= 0.5:
        words += gap + say("dominated_by_model")
    else:
        origin = "assumed" if uncertainty.rater_kappa_assumed else "measured"
        words += gap + say(
            "dominated_by_rating",
            kappa=f"{uncertainty.rater_kappa:g}",
            assumed=say(f"kappa_{origin}"),
        )
    return Stability(
        value=round(found.value, 4), model_share=round(found.model_share, 4), words=words
    )


def validation_view(document: ScorecardDocument, say: Texts) -> Validation:
    """What is known about the accuracy of the score."""
    population = "" if document.calibration is None else document.calibration.population[say.lang]
    return Validation(
        level=document.validation,
        words=say(f"validation_{document.validation}", population=population),
    )
