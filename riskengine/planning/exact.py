"""Exact binomial tails and limits, without approximation."""

from __future__ import annotations

import math

_HALVINGS = 60
_NEGLIGIBLE = 1e-18


def at_least(successes: int, trials: int, chance: float) -> float:
    """Chance of so many successes or more in independent trials.

    Raises
    ------
    ValueError
        Where counts or chance cannot be.
    """
    if not 0 <= successes <= trials or not 0.0 <= chance <= 1.0:
        raise ValueError(f"no binomial tail for [{successes}] of [{trials}] at [{chance}]")
    if successes == 0 or chance == 1.0:
        return 1.0
    if chance == 0.0:
        return 0.0
    # the shorter way round the mode, so that nothing is lost in a difference of near-equals
    if successes > trials * chance:
        return min(1.0, _sum_up(successes, trials, chance))
    return max(0.0, 1.0 - _sum_up(trials - successes + 1, trials, 1.0 - chance))


def _sum_up(first: int, trials: int, chance: float) -> float:
    """Sum the binomial from one count to the end; terms fall where it begins above the mean."""
    log_term = (
        math.lgamma(trials + 1)
        - math.lgamma(first + 1)
        - math.lgamma(trials - first + 1)
        + first * math.log(chance)
        + (trials - first) * math.log1p(-chance)
    )
    term = math.exp(log_term)
    total, odds = term, chance / (1.0 - chance)
    for count in range(first, trials):
        term *= (trials - count) / (count + 1) * odds
        total += term
        if term < _NEGLIGIBLE * total:
            break
    return total


def lower_limit(successes: int, trials: int, confidence: float) -> float:
    """One-sided lower limit of a share (Clopper and Pearson 1934); 0 where nothing was seen."""
    if successes == 0 or trials == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if at_least(successes, trials, middle) <= 1.0 - confidence:
            low = middle
        else:
            high = middle
    return low


def share_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Two-sided limits of a share (Clopper and Pearson 1934).

    References
    ----------
    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case
    of the binomial, Biometrika 26, 404-413.
    """
    one_side = (1.0 + confidence) / 2
    return (
        lower_limit(successes, trials, one_side),
        1.0 - lower_limit(trials - successes, trials, one_side),
    )
