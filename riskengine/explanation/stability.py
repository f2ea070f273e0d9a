"""How sure the band is, and which of two bands is as defensible."""

from __future__ import annotations

import math
from dataclasses import dataclass

from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier


@dataclass(frozen=True)
class BandStability:
    """Probability of every band under the stated error of the score.

    Attributes
    ----------
    value
        Probability of the band that the score lies in.
    runner_up
        The likelier neighbouring band.
    model_share
        Share of the variance that comes from the model, the rest from ratings.
    """

    value: float
    runner_up: Tier
    model_share: float


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def band_stability(
    score: int,
    cut_offs: CutOffs,
    *,
    model_variance: float,
    rating_variance: float,
    log_odds_per_unit: float,
    whole_points: bool,
) -> BandStability:
    """Probability of the bands, taking the error as normal.

    Parameters
    ----------
    score
        Score in units.
    model_variance, rating_variance
        In squared log-odds.
    log_odds_per_unit
        Log-odds of one score unit.
    whole_points
        Points are whole numbers, so a cut-off lies half a point below its first score.
    """
    variance = model_variance + rating_variance
    half = 0.5 if whole_points else 0.0
    deviation = math.sqrt(variance) / log_odds_per_unit

    def below(cut: int) -> float:
        distance = cut - half - score
        if deviation == 0:
            return 1.0 if distance > 0 else 0.0
        return _normal_cdf(distance / deviation)

    relaxed = below(cut_offs.relaxed_below)
    strict = 1 - below(cut_offs.strict_from)
    chances = {
        Tier.RELAXED: relaxed,
        Tier.ORDINARY: max(0.0, 1 - relaxed - strict),
        Tier.STRICT: strict,
    }
    band = cut_offs.band(score)
    value = chances[band]
    neighbours = [tier for tier in Tier if abs(tier.rank - band.rank) == 1]
    runner_up = max(neighbours, key=lambda tier: (chances[tier], -tier.rank))
    return BandStability(value, runner_up, model_variance / variance if variance else 1.0)
