"""Replicates that also doubt what too few events could open.

What `riskengine.training.update` has not opened stays at the evidence: nothing was learned about
it. That makes a good forecast and a poor interval, for a closed door is not certainty. How far a
place may depart from the evidence is stated by the same priors that hold once the door is open;
here they move every replicate. The mean stays where it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from riskengine.training import deviations
from riskengine.training.deviations import Basis, Scales
from riskengine.training.tables import Tables
from riskengine.training.update import DEFAULT, Priors, Updated


def replicates(
    updated: Updated, number: int, seed: int, *, priors: Priors = DEFAULT
) -> list[Tables]:
    """Draw tables from the posterior of what was open and from the prior of what was not.

    Parameters
    ----------
    updated
        What was learned.
    number
        How many; at least 100 for an interval.
    priors
        Those of the update.

    Returns
    -------
    list of Tables
        Their mean is the posterior mean of what was open, up to chance. A deviation that has a
        declared direction is drawn on both sides, with the prior's mean square: the mean of the
        model does not lean to that side either.
    """
    rng = np.random.default_rng([seed, number])
    found = updated.draws(number, seed)
    if "slope" in updated.opened:
        return found
    bases = deviations.basis_of(updated.items)
    stretched = [_added(one, _stretch(updated, priors, rng)) for one in found]
    return [_added(one, _deviation(bases, priors, rng)) for one in stretched]


def _stretch(updated: Updated, priors: Priors, rng: np.random.Generator) -> Tables:
    """Draw how far the evidence may be stretched about the average person."""
    return updated.unknowns.start.affine(priors.slope_sd * float(rng.standard_normal()), 0.0)


def _deviation(bases: Sequence[Basis], priors: Priors, rng: np.random.Generator) -> Tables:
    """Draw the deviations of all items, with scales from their own prior."""
    grid = [(trend, shape) for trend in priors.trends for shape in priors.shapes]
    logs = [-0.5 * (trend**2 + shape**2) / priors.scale_sd**2 for trend, shape in grid]
    shares = np.exp(logs)
    trend, shape = grid[int(rng.choice(len(grid), p=shares / shares.sum()))]
    mean, variance = deviations.prior(bases, Scales(trend, shape))
    drawn = np.sqrt(variance + mean**2) * rng.standard_normal(len(mean))
    return Tables(intercept=0.0, mains=deviations.tables_of(bases, drawn), pairs={})


def _added(one: Tables, moved: Tables) -> Tables:
    """Add tables that are centred already; the intercept keeps its own draw."""
    return Tables(
        intercept=one.intercept,
        mains=tuple(a + b for a, b in zip(one.mains, moved.mains, strict=True)),
        pairs={
            pair: table + moved.pairs[pair] if pair in moved.pairs else table
            for pair, table in one.pairs.items()
        },
    )
