"""How sure the band is, and which of two bands is as defensible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Floats, Integers
from riskengine.scorecard.ratings import Rerating

_TABLED = 8.0
_STEPS = 400


@dataclass(frozen=True)
class BandStability:
    """Probability of every band, had another rater rated and another model scored.

    Attributes
    ----------
    value
        Probability of the band that the score lies in.
    runner_up
        The likelier neighbouring band.
    model_share
        Share of the mean squared change that comes from the model, the rest from ratings.
    """

    value: float
    runner_up: Tier
    model_share: float


@lru_cache(maxsize=1)
def _normal_table() -> tuple[Floats, Floats]:
    """Normal distribution function at equal steps, and its rise in each of them."""
    z = np.linspace(-_TABLED, _TABLED, int(2 * _TABLED * _STEPS) + 1)
    table = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in z.tolist()])
    return table, np.append(np.diff(table), 0.0)


def _normal(z: Floats) -> Floats:
    """Normal distribution function, read off its table; off by less than 1e-6."""
    table, rise = _normal_table()
    place = np.minimum(np.maximum((z + _TABLED) * _STEPS, 0.0), len(table) - 1.0)
    step = place.astype(np.int32)
    found: Floats = table.take(step, mode="clip")
    found += rise.take(step, mode="clip") * (place - step)
    return found


def band_stability(
    score: int,
    cut_offs: CutOffs,
    *,
    model_variance: float,
    rerating: Rerating,
    log_odds_per_unit: float,
    whole_points: bool,
) -> BandStability:
    """Probability of the bands under another rating and another model.

    The rating is taken as it is distributed, the model error as normal and independent of it.

    Parameters
    ----------
    score
        Score in units.
    model_variance
        In squared log-odds.
    rerating
        How another rating would move the score.
    log_odds_per_unit
        Log-odds of one score unit.
    whole_points
        Points are whole numbers, so a cut-off lies half a point below its first score.
    """
    half = 0.5 if whole_points else 0.0
    deviation = math.sqrt(model_variance)

    def below(cut: int) -> float:
        distance = (cut - half - score) * log_odds_per_unit - rerating.change
        reached = distance > 0 if deviation == 0 else _normal(distance / deviation)
        return float((rerating.chance * reached).sum())

    # as `band_chances` says of many; here without the cost of many
    relaxed = below(cut_offs.relaxed_below)
    strict = 1 - below(cut_offs.strict_from)
    chances = {
        Tier.RELAXED: relaxed,
        Tier.ORDINARY: max(0.0, 1 - relaxed - strict),
        Tier.STRICT: strict,
    }
    band = cut_offs.band(score)
    value = min(1.0, max(0.0, chances[band]))
    neighbours = [tier for tier in Tier if abs(tier.rank - band.rank) == 1]
    runner_up = max(neighbours, key=lambda tier: (chances[tier], -tier.rank))
    whole = model_variance + rerating.mean_square
    return BandStability(value, runner_up, model_variance / whole if whole else 1.0)


def band_chances(
    scores: Integers,
    cut_offs: CutOffs,
    *,
    model_variance: Floats,
    change: Floats,
    chance: Floats,
    log_odds_per_unit: float,
    whole_points: bool,
) -> tuple[Floats, Floats, Floats]:
    """Probability of the relaxed, the ordinary and the strict band, for many people.

    Parameters
    ----------
    scores, model_variance
        Shape (n,).
    change, chance
        Shape (n, m) or (1, m): how another rating would move each score.

    Returns
    -------
    relaxed, ordinary, strict
        Each of shape (n,). What a person gets does not depend on who else is asked about.
    """
    half = 0.5 if whole_points else 0.0
    deviation = np.sqrt(model_variance)[:, None]

    def below(cut: int) -> Floats:
        distance = ((cut - half - scores) * log_odds_per_unit)[:, None] - change
        with np.errstate(divide="ignore", invalid="ignore"):
            reached = _normal(distance / deviation)
        if not deviation.all():
            reached = np.where(deviation == 0, distance > 0, reached)
        found: Floats = (chance * reached).sum(axis=1)
        return found

    relaxed = below(cut_offs.relaxed_below)
    strict = 1 - below(cut_offs.strict_from)
    return relaxed, np.maximum(0.0, 1 - relaxed - strict), strict
