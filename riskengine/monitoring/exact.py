"""Exact tests of counts, for many cells at once: no approximation, so small windows may be tested.

Two-sided p-values are twice the smaller tail, at most one (conservative).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, expit, ndtr
from scipy.stats import false_discovery_control, hypergeom

from riskengine.evaluation.logistic import intercept

Floats = NDArray[np.float64]
_MOST_EXACT = 5000
"""People up to whom the distribution of the number of events is computed exactly."""


def against_share(count: Any, people: Any, share: Any) -> Floats:
    """Binomial test of counts against known shares; shape of the arguments."""
    low = bdtr(count, people, share)
    below = np.asarray(count) - 1
    high = np.where(below < 0, 1.0, bdtrc(np.maximum(below, 0), people, share))
    return _doubled(low, high)


def against_people(count: Any, people: Any, reference_count: Any, reference: Any) -> Floats:
    """Fisher's test of counts against counts of other people; shape of the arguments."""
    total = np.asarray(people) + np.asarray(reference)
    with_it = np.asarray(count) + np.asarray(reference_count)
    low = hypergeom.cdf(count, total, with_it, people)
    high = hypergeom.sf(np.asarray(count) - 1, total, with_it, people)
    return _doubled(low, high)


def _doubled(low: Any, high: Any) -> Floats:
    found: Floats = np.clip(2.0 * np.minimum(low, high), 0.0, 1.0)
    return found


def adjusted(p_values: Floats, procedure: str) -> Floats:
    """Adjusted p-values of all signals of a run.

    Benjamini and Hochberg (1995), J R Statist Soc B 57, 289-300; Benjamini and Yekutieli (2001),
    Ann Statist 29, 1165-1188.
    """
    if not len(p_values):
        return p_values
    method = "bh" if procedure == "benjamini_hochberg" else "by"
    found: Floats = false_discovery_control(p_values, method=method)
    return found


def events_test(outcome: Floats, risk: Floats, weight: Floats) -> float:
    """Two-sided p-value of the number of events, given every person's risk.

    Exact (the number of events is Poisson-binomial) where all count alike; with follow-up weights,
    or for very many people, the normal score test.
    """
    alike = bool(np.ptp(weight) == 0) if len(weight) else True
    if alike and len(risk) <= _MOST_EXACT:
        chance = np.zeros(len(risk) + 1)
        chance[0] = 1.0
        for at, p in enumerate(risk.tolist()):
            chance[1 : at + 2] = chance[1 : at + 2] * (1.0 - p) + chance[: at + 1] * p
            chance[0] *= 1.0 - p
        seen = int(outcome.sum())
        return float(_doubled(chance[: seen + 1].sum(), chance[seen:].sum()))
    spread = float(np.sqrt((weight**2 * risk * (1.0 - risk)).sum()))
    z = abs(float((weight * (outcome - risk)).sum())) / spread
    return float(2.0 * ndtr(-z))


@dataclass(frozen=True)
class Slope:
    """A calibration slope, one step from 1, with its two-sided p-value and standard error."""

    value: float
    p: float
    error: float


def slope_test(outcome: Floats, log_odds: Floats, weight: Floats) -> Slope | None:
    """Score test of the calibration slope being one, the level being free.

    ``None`` where all have one score or one outcome.
    """
    share = float(np.average(outcome, weights=weight))
    if not 0.0 < share < 1.0 or np.ptp(log_odds) == 0:
        return None
    risk = expit(log_odds + intercept(log_odds, outcome, weight))
    spread = risk * (1.0 - risk)
    off = log_odds - float(np.average(log_odds, weights=weight * spread))
    told = float((weight * (outcome - risk) * off).sum())
    information = float((weight * spread * off**2).sum())
    deviation = float(np.sqrt((weight**2 * spread * off**2).sum()))
    return Slope(
        value=1.0 + told / information,
        p=float(2.0 * ndtr(-abs(told) / deviation)),
        error=deviation / information,
    )


def stability_index(shares: Floats, reference: Floats) -> float:
    """Population stability index; an empty cell counts as half a per mille."""
    now, before = np.maximum(shares, 5e-4), np.maximum(reference, 5e-4)
    return float(((now - before) * np.log(now / before)).sum())
