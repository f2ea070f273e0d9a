"""Intervals and tests from bootstrap draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import false_discovery_control

Floats = NDArray[np.float64]

LEVEL = 0.95
MOST_FAILED = 0.05
"""Where a figure cannot be had in more than this share of the draws, it has no interval."""
FALSE_DISCOVERY_RATE = 0.05


@dataclass(frozen=True)
class Interval:
    """A figure, its percentile interval and its standard error; ``nan`` where there is none."""

    value: float
    low: float
    high: float
    error: float

    @property
    def p(self) -> float:
        """Two-sided p-value of the value being zero, by the normal approximation."""
        if not self.error > 0:
            return float("nan")
        return float(2.0 * ndtr(-abs(self.value) / self.error))


def interval(value: float, draws: Floats, *, level: float = LEVEL) -> Interval:
    """Percentile interval of a figure from its draws (Efron and Tibshirani 1993, chapter 13)."""
    known = draws[np.isfinite(draws)]
    if not np.isfinite(value) or len(known) < max(2.0, (1.0 - MOST_FAILED) * len(draws)):
        return Interval(float(value), *[float("nan")] * 3)
    low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(value), float(low), float(high), float(np.std(known, ddof=1)))


def stand_out(p_values: Floats) -> NDArray[np.bool_]:
    """Which differences stay when the false discovery rate of all is kept at 5 %.

    Benjamini and Hochberg (1995), J R Statist Soc B 57, 289-300.
    """
    known = np.isfinite(p_values)
    found = np.zeros(len(p_values), dtype=bool)
    if known.any():
        found[known] = false_discovery_control(p_values[known]) <= FALSE_DISCOVERY_RATE
    return found
