"""How sure the tier is, over the people of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from riskengine.evaluation.document import Stability, TierStability
from riskengine.evaluation.suppression import SMALLEST
from riskengine.evaluation.writing_figures import rounded
from riskengine.explanation.stability import band_stability
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.scorecard.uncertainty import another_rating, has_uncertainty, model_variance

MOST_PEOPLE = 1000
"""So many people stand for all; each takes the engine's whole distribution of ratings."""


def stability_of(
    scorecard: Scorecard,
    answers: Sequence[Mapping[str, object]],
    cut_offs: CutOffs,
    *,
    bound: float,
    seed: int,
    most: int = MOST_PEOPLE,
    smallest: int = SMALLEST,
) -> Stability | None:
    """Mean chance of the same band, had another person rated and another model been learned.

    Parameters
    ----------
    bound
        Below which the policy calls either tier defensible.
    seed
        Of the choice of people, where there are more than ``most``.
    smallest
        Fewest people of a tier that is shown.

    Returns
    -------
    Stability or None
        Nothing where the scorecard states no uncertainty.
    """
    if not has_uncertainty(scorecard) or not answers:
        return None
    chosen = np.arange(len(answers))
    if len(answers) > most:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(answers))[:most])
    encoded = scorecard.encode(answers[at] for at in chosen.tolist())
    scores = scorecard.scores(scorecard.term_parts(encoded))
    variance = model_variance(scorecard, encoded)
    found = [
        band_stability(
            int(score),
            cut_offs,
            model_variance=float(of_model),
            rerating=another_rating(scorecard, states),
            log_odds_per_unit=scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS,
            whole_points=scorecard.document.form == "points",
        )
        for score, of_model, states in zip(
            scores.tolist(), variance.tolist(), encoded.states, strict=True
        )
    ]
    value = np.array([one.value for one in found])
    bands = np.array([cut_offs.band(score).rank for score in scores.tolist()])
    tiers = []
    for tier in Tier:
        here = value[bands == tier.rank]
        if len(here) >= smallest:
            tiers.append(
                TierStability(
                    tier=tier.value,
                    people=len(here),
                    mean=rounded(here.mean()),
                    either=rounded((here < bound).mean()),
                )
            )
    return Stability(
        people=len(found),
        bound=bound,
        mean=rounded(value.mean()),
        either=rounded((value < bound).mean()),
        model_share=rounded(float(np.mean([one.model_share for one in found]))),
        tiers=tuple(tiers),
    )
