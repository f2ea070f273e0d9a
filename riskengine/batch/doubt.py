"""Which of many people have a band that is too unsure to decide, as `stability_of` says of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskengine.explanation.stability import band_chances
from riskengine.policy.compiled import Policy
from riskengine.policy.frame import bands_of
from riskengine.scorecard.compiled import Floats, Integers, Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.scorecard.ratings import ratings_of
from riskengine.scorecard.uncertainty import has_uncertainty

_BLOCK = 4096


def unsure_bands(
    scorecard: Scorecard,
    policy: Policy,
    scores: Integers,
    states: Integers,
    model_variance: Floats,
) -> tuple[NDArray[np.bool_], Integers]:
    """Of many people, whose band is too unsure to decide, and which band is next to it.

    Parameters
    ----------
    scores, states, model_variance
        Shapes (n,), (n, axes) and (n,).

    Returns
    -------
    unsure, neighbours
        Whether `riskengine.explanation.judgement.stability_of` falls short of what the policy
        asks, and the rank of the likelier neighbouring band; each of shape (n,).
    """
    n = len(scores)
    unsure = np.zeros(n, dtype=np.bool_)
    cuts = policy.cut_offs
    ranks = bands_of(policy, scores).astype(np.int64)
    neighbours = np.ones(n, dtype=np.int64)
    if not has_uncertainty(scorecard):
        return unsure, neighbours
    numbers, change, chance = ratings_of(scorecard).others(states)
    for start in range(0, n, _BLOCK):
        part = slice(start, start + _BLOCK)
        of = numbers[part]
        chances = band_chances(
            scores[part],
            cuts,
            model_variance=model_variance[part],
            change=change[of] if len(change) > 1 else change,
            chance=chance[of] if len(chance) > 1 else chance,
            log_odds_per_unit=scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS,
            whole_points=scorecard.document.form == "points",
        )
        value = np.choose(ranks[part], chances)
        unsure[part] = np.clip(value, 0.0, 1.0) < policy.document.either_tier_below
        ordinary = ranks[part] == 1
        neighbours[part] = np.where(ordinary, np.where(chances[2] > chances[0], 2, 0), 1)
    return unsure, neighbours
