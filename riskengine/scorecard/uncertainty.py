"""How far a score could be off: by its model, and by the answers that went into it.

Two different questions are asked of a rating, and each has its place:

- **Would another rating and another model give the same tier?** That is what the stability of a
  tier states, since two raters can be compared and the truth cannot. It takes the distribution of
  the *same score* under another rating (`another_rating`), with its pull towards the population:
  an extreme rating is more likely too extreme than too mild.
- **What is the risk of somebody whose answers are truly these?** That is what an interval of risk
  claims to hold. The pull is in the tables already: they were learned from ratings, or published
  for ratings, so a cell is the mean of what the true answers behind that rating would be worth.
  What is left is the spread around that mean (`truth_variance`). The true answers are worth more
  than the cells by ``1 / sqrt(kappa)``, since rating error has flattened the cells by that much.

An answer that is not known is an answer of which nothing was learned: it could be any of the
population's. (A state that stands for not known and has a cell of its own was learned, and adds
nothing.) In an interval answers count as independent of one another, model error as independent
of both, and all of it together as normal.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from riskengine.scorecard.compiled import FEW, Encoded, Floats, Integers, Scorecard
from riskengine.scorecard.document import FACTOR_BITS, LOG_ODDS_BITS
from riskengine.scorecard.factor import factor_of
from riskengine.scorecard.ratings import Rerating, ratings_of

LEAST_IN_A_TENTH = 0.8
"""Share of the people in every tenth by true risk for whom an interval should hold."""
# worked out by the definition in `widening` for intervals of 90 % (a test does it again)
_WIDENING = (
    1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.028, 1.061, 1.091, 1.118, 1.142,
    1.164, 1.183, 1.2, 1.215, 1.227, 1.237, 1.244, 1.248, 1.249, 1.249,
)  # fmt: skip


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


def model_variance(scorecard: Scorecard, encoded: Encoded) -> Floats:
    """Variance of every person's log-odds over the models that could be right; shape (n,).

    Looked up exactly from the factor that the scorecard keeps, for many as for one. How far the
    factor itself is from the replicates that it sums up was settled in training: on made-up
    replicates that move cell by cell, the hardest case, half widths of single people differ by 3 %
    on average and by a fifth to a quarter at most, and not at all in the mean variance
    (``tests/batch/test_interval_factor.py``).
    """
    rank = scorecard.document.uncertainty.rank
    if not rank:
        return np.zeros(len(encoded.states))
    if len(encoded.states) > FEW:
        return factor_of(scorecard).variance(encoded.states)
    moves = _factor(scorecard)[:, scorecard.table_index(encoded.states)].sum(axis=2)
    if scorecard.document.scale == "calibrated":
        intercept = np.array(scorecard.document.uncertainty.intercept_factor, dtype=np.float64)
        if len(intercept):
            moves = moves + (intercept / 2**FACTOR_BITS)[:, None]
    variance: Floats = (moves**2).sum(axis=0)
    return variance


def truth_variance(scorecard: Scorecard, encoded: Encoded) -> Floats:
    """Variance of every person's log-odds over what the answers may truly be; shape (n,).

    Rated answers may be mistaken, and an answer that is not known could be any; see the notes of
    this module. Nothing is added where nothing is known about the error of the scorecard.
    """
    if not has_uncertainty(scorecard):
        return np.zeros(len(encoded.states))
    ratings = ratings_of(scorecard)
    if len(encoded.states) > FEW:
        return ratings.truth_variances(encoded.states)
    return np.array([ratings.truth_variance(row) for row in encoded.states.tolist()])


def variances(scorecard: Scorecard, encoded: Encoded) -> tuple[Floats, Floats]:
    """Variance from the model and variance from the answers; each of shape (n,).

    In squared log-odds. An interval of risk rests on both; see `interval_variance`.
    """
    return model_variance(scorecard, encoded), truth_variance(scorecard, encoded)


def interval_variance(
    scorecard: Scorecard, encoded: Encoded, model: Floats | None = None
) -> Floats:
    """Variance on which an interval of risk rests, widened as `widening` says; shape (n,).

    Parameters
    ----------
    model
        `model_variance`, where it is known already.
    """
    if model is None:
        model = model_variance(scorecard, encoded)
    whole = model + truth_variance(scorecard, encoded)
    between = _variance_between(scorecard)
    if not between or not whole.any():
        return whole
    widened: Floats = whole * widening(whole / (whole + between)) ** 2
    return widened


def widening(doubt: Floats) -> Floats:
    """How much wider an interval must be to hold for people at the ends of the true risks too.

    An interval around a shrunken forecast holds for nine in ten *on average*, and yet for fewer of
    those whose risk is truly highest or lowest: their forecasts are pulled to the middle. With
    normal forecasts and errors the share that it holds for in the outermost tenth follows from the
    doubt alone, and the factor is the least that lifts it to `LEAST_IN_A_TENTH`.

    Parameters
    ----------
    doubt
        Variance of the error as a share of the variance of true log-odds, between 0 and 1.
    """
    factor: Floats = np.interp(doubt, np.linspace(0.0, 1.0, len(_WIDENING)), _WIDENING)
    return factor


@lru_cache(maxsize=64)
def _variance_between(scorecard: Scorecard) -> float:
    """Variance of the log-odds between people of the reference population."""
    scores = np.array(scorecard.document.reference.score_quantiles, dtype=np.float64)
    return float((scores * (scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS)).var())


def another_rating(scorecard: Scorecard, states: Integers) -> Rerating:
    """How one person's score would move if another rater had rated; see `ratings`.

    Parameters
    ----------
    states
        Shape (axes,): the person's row of `Encoded.states`.
    """
    return ratings_of(scorecard).another(states.tolist())


@lru_cache(maxsize=8)
def half_width(level: float) -> float:
    """Standard deviations on each side of an interval of a given level."""
    # imported here because it brings decimal and random along, and most calls need no interval
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + level) / 2)
