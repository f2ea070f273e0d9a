"""The additive learner on top of the Bayesian update, where it earns its place.

From 500 events a learner from data alone may be mixed in: the average of two additive models in
log-odds is additive. How much of it is found out of fold; it is taken only where the repeated
cross-validated log score gains more than a standard error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.training.tables import Floats

ADDITIVE_FROM = 500
"""Events from which the additive learner may be tried."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""Parts of the mixture that the additive learner may get."""


@dataclass(frozen=True)
class Rival:
    """Scores of everybody by both models, neither of which had seen them; shape (people,)."""

    update: Floats
    additive: Floats
    folds: NDArray[np.int64]


@dataclass(frozen=True)
class OnTop:
    """What mixing the additive learner in would gain.

    Attributes
    ----------
    share
        Part of the additive learner in the mixture; 0 where it is not taken.
    gain, standard_error
        Mean gain of the log score a person, on people not learned from.
    """

    share: float
    gain: float
    standard_error: float


def earned(
    repeats: Sequence[Rival], outcome: NDArray[np.int64], weight: Floats | None = None
) -> OnTop:
    """Say whether the additive learner earns a share, and which.

    The share that a fold is judged with is chosen on the other folds, so that the gain is that of
    the whole choice.

    Parameters
    ----------
    repeats
        One a repetition of the cross-validation, each with folds of its own.
    """
    counts = np.ones(len(outcome)) if weight is None else weight
    gains, totals = np.zeros(len(outcome)), np.zeros(len(SHARES))
    for rival in repeats:
        own = _log_score(rival.update, outcome)
        mixtures = np.stack(
            [
                _log_score((1 - share) * rival.update + share * rival.additive, outcome)
                for share in SHARES
            ]
        )
        totals += mixtures @ counts
        for fold in np.unique(rival.folds):
            held = rival.folds == fold
            chosen = int((mixtures[:, ~held] @ counts[~held]).argmax())
            gains[held] += (mixtures[chosen, held] - own[held]) / len(repeats)
    whole = float(counts.sum())
    gain = float(counts @ gains) / whole
    error = float(np.sqrt(counts**2 @ (gains - gain) ** 2)) / whole
    share = SHARES[int(totals.argmax())] if gain > error else 0.0
    return OnTop(share=share, gain=gain, standard_error=error)


def _log_score(log_odds: Floats, outcome: NDArray[np.int64]) -> Floats:
    scores: Floats = outcome * log_odds - np.logaddexp(0.0, log_odds)
    return scores
