"""How far a score could be off: model error from the factor, rating error from raters' agreement.

First cut: the two are taken as independent and normal, an error in one rated item as independent
of the others, and of an item that stands in several tables each table is taken by itself.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from riskengine.scorecard.compiled import Encoded, Floats, Scorecard, grid
from riskengine.scorecard.document import FACTOR_BITS, LOG_ODDS_BITS


def has_uncertainty(scorecard: Scorecard) -> bool:
    """Whether anything is known about the error of this scorecard."""
    stated = scorecard.document.uncertainty
    return stated.rank > 0 or stated.rater_kappa is not None


@lru_cache(maxsize=64)
def _factor(scorecard: Scorecard) -> Floats:
    """Factor of every cell in log-odds; shape (rank, cells)."""
    rank = scorecard.document.uncertainty.rank
    blocks = [
        np.array(term.factor, dtype=np.float64)
        if term.factor
        else np.zeros((rank, len(term.cells)))
        for term in scorecard.tables
    ]
    factor: Floats = np.concatenate(blocks, axis=1) / 2**FACTOR_BITS
    return factor


@lru_cache(maxsize=64)
def _rating_variance(scorecard: Scorecard) -> Floats:
    """Variance that rating error adds to every cell, in squared log-odds.

    With agreement kappa a rating is taken to be right with that probability and otherwise drawn
    from the reference population's known answers.
    """
    document = scorecard.document
    kappa = document.uncertainty.rater_kappa
    rated = frozenset(document.uncertainty.rated_items)
    unit = document.log_odds.unit / 2**LOG_ODDS_BITS
    blocks = []
    for term in scorecard.tables:
        axes = [document.axes_by_id[axis] for axis in term.axes]
        cells = grid(document, term) * unit
        total = np.zeros_like(cells)
        for dimension, axis in enumerate(axes):
            if kappa is None or axis.item not in rated:
                continue
            known = axis.known_states
            values = np.moveaxis(cells, dimension, 0)
            weights = np.array(axis.reference[:known], dtype=np.float64)
            if weights.sum() == 0:
                continue
            weights /= weights.sum()
            drawn = values[:known]
            change = drawn[:, None] - values[None, :known]
            shape = (known, *([1] * (change.ndim - 1)))
            first = (1 - kappa) * (change * weights.reshape(shape)).sum(axis=0)
            second = (1 - kappa) * (change**2 * weights.reshape(shape)).sum(axis=0)
            np.moveaxis(total, dimension, 0)[:known] += second - first**2
        blocks.append(total.ravel())
    return np.concatenate(blocks)


def variances(scorecard: Scorecard, encoded: Encoded) -> tuple[Floats, Floats]:
    """Model variance and rating variance of every person's log-odds, each of shape (n,)."""
    index = scorecard.table_index(encoded.states)
    rating = _rating_variance(scorecard)[index].sum(axis=1)
    rank = scorecard.document.uncertainty.rank
    if not rank:
        return np.zeros(len(index)), rating
    moves = _factor(scorecard)[:, index].sum(axis=2)
    if scorecard.document.scale == "calibrated":
        intercept = np.array(scorecard.document.uncertainty.intercept_factor, dtype=np.float64)
        if len(intercept):
            moves = moves + (intercept / 2**FACTOR_BITS)[:, None]
    return (moves**2).sum(axis=0), rating


@lru_cache(maxsize=8)
def half_width(level: float) -> float:
    """Standard deviations on each side of an interval of a given level."""
    # imported here because it brings decimal and random along, and most calls need no interval
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + level) / 2)
