"""How good predictions are: accuracy, ranking, calibration.

Every figure takes weights, such as those of people who stand for others that were lost sight of
(`riskengine.training.censoring`). Left out, all count alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MOST_STEPS = 100
_CLOSE_ENOUGH = 1e-12


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds."""
    chances: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return chances


def brier(probability: Floats, outcome: NDArray[np.int64], weight: Floats | None = None) -> float:
    """Mean squared difference between probability and outcome; smaller is better."""
    squares = (probability - outcome) ** 2
    return float(np.mean(squares) if weight is None else np.average(squares, weights=weight))


def mean_group_brier(
    probability: Floats,
    outcome: NDArray[np.int64],
    group: Sequence[object] | NDArray[np.object_],
    weight: Floats | None = None,
) -> float:
    """Mean of the groups' Brier scores, each group counting alike whatever its size.

    With groups of men and women this is the score of the US forecasting challenge.
    """
    groups = np.asarray(group, dtype=object)
    members = [groups == name for name in sorted(set(groups.tolist()), key=str)]
    return float(
        np.mean(
            [
                brier(probability[one], outcome[one], None if weight is None else weight[one])
                for one in members
            ]
        )
    )


def auc(score: Floats, outcome: NDArray[np.int64], weight: Floats | None = None) -> float:
    """Chance that somebody with the event has the higher score; ties count half.

    Raises
    ------
    ValueError
        Where everybody, or nobody, had the event.
    """
    values, at = np.unique(score, return_inverse=True)
    size = len(values)
    if weight is None:
        events = np.bincount(at, weights=outcome, minlength=size)
        others = np.bincount(at, minlength=size) - events
    else:
        events = np.bincount(at, weights=weight * outcome, minlength=size)
        # not the difference of two sums, which would leave dust where there is nobody
        others = np.bincount(at, weights=weight * (1 - outcome), minlength=size)
    pairs = float(events.sum() * others.sum())
    if not pairs:
        raise ValueError("everybody had the same outcome: nobody can be ranked above another")
    below = np.cumsum(others) - others
    return float((events * (below + others / 2.0)).sum()) / pairs


def calibration_line(
    log_odds: Floats, outcome: NDArray[np.int64], weight: Floats | None = None
) -> tuple[float, float]:
    """Slope and intercept of the outcome's logistic regression on predicted log-odds.

    A well calibrated prediction has slope 1 and intercept 0. Maximum likelihood by Newton's
    method, with no penalty.

    Raises
    ------
    ValueError
        Where scores do not vary, or separate the outcomes completely.
    """
    middle, spread = float(np.mean(log_odds)), float(np.std(log_odds))
    if not spread > 0:
        raise ValueError("all scores are equal: there is no slope")
    design = np.column_stack([(log_odds - middle) / spread, np.ones(len(log_odds))])
    counts = np.ones(len(log_odds)) if weight is None else weight
    line = np.zeros(2)
    for _ in range(_MOST_STEPS):
        chances = sigmoid(design @ line)
        gradient = design.T @ (counts * (outcome - chances))
        curvature = (design * (counts * chances * (1.0 - chances))[:, None]).T @ design
        step = np.linalg.solve(curvature, gradient)
        line = line + step
        if float(np.abs(step).max()) < _CLOSE_ENOUGH:
            slope = float(line[0]) / spread
            return slope, float(line[1]) - slope * middle
    raise ValueError("scores separate the outcomes: there is no finite slope")


def bootstrap_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    people: int,
    *,
    seed: int,
    draws: int = 400,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of a statistic over people drawn with replacement.

    Parameters
    ----------
    statistic
        Gives the figure for positions of people. For a paired difference let it compute both
        sides from the same positions.
    people
        How many there are to draw from.
    """
    rng = np.random.default_rng(seed)
    found = [statistic(rng.integers(0, people, size=people)) for _ in range(draws)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
