"""Logistic regression of many draws at once, and the smooth calibration curve.

scikit-learn and statsmodels fit one weighted sample at a time; a bootstrap of every group needs
thousands. Newton's method on counts is the same maximum likelihood without a penalty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import expit

Floats = NDArray[np.float64]

KNOTS = ((0.05, 0.35, 0.65, 0.95), (0.1, 0.5, 0.9))
"""Places of four knots and of three, as quantiles (Harrell 2015, table 2.3)."""

_MOST_STEPS = 60
_CLOSE_ENOUGH = 1e-9
_LONGEST = 5.0
_SINGULAR = 1e-10
_LARGEST = 50.0


def fit(
    design: Floats,
    without: Floats,
    events: Floats,
    *,
    offset: Floats | float = 0.0,
    start: Floats | None = None,
) -> Floats:
    """Fit by maximum likelihood, each leading position a sample of its own.

    Parameters
    ----------
    design
        Shape (cells, columns), the same for every sample.
    without, events
        Shape (..., cells): weight without and with the event.
    offset
        Shape (cells,): log-odds that are added as they are.
    start
        Shape (columns,): where to begin.

    Returns
    -------
    Floats
        Shape (..., columns); ``nan`` where there is no finite estimate.
    """
    shape, width = without.shape[:-1], design.shape[1]
    events, both = (values.reshape(-1, design.shape[0]) for values in (events, without + events))
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), width * width)
    line = np.zeros((len(both), width)) if start is None else np.tile(start, (len(both), 1))
    total = both.sum(axis=1)
    some = events.sum(axis=1)
    alive = (some > 0) & (some < total) & (total - some > 1e-12 * total)
    settled = np.zeros(len(both), dtype=bool)
    for number in range(_MOST_STEPS):
        active = np.flatnonzero(alive & ~settled)
        if not len(active):
            break
        chance = expit(line[active] @ design.T + offset)
        gradient = (events[active] - both[active] * chance) @ design
        curvature = ((both[active] * chance * (1.0 - chance)) @ products).reshape(-1, width, width)
        if number == 0:
            # a design that leaves something undetermined does so wherever one stands
            smallest = np.linalg.eigvalsh(curvature / total[active, None, None])[:, 0]
            singular = smallest < _SINGULAR
            alive[active[singular]] = False
            active, gradient, curvature = (
                each[~singular] for each in (active, gradient, curvature)
            )
        try:
            step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            # one of them has run away; they are told apart by their least eigenvalue
            smallest = np.linalg.eigvalsh(curvature / total[active, None, None])[:, 0]
            alive[active[smallest < _SINGULAR]] = False
            continue
        length = np.abs(step).max(axis=1, initial=0.0)
        # a first step from afar may be too long; near the end none is shortened
        line[active] += step * np.minimum(1.0, _LONGEST / np.maximum(length, 1e-300))[:, None]
        settled[active] = length < _CLOSE_ENOUGH
        alive[active[np.abs(line[active]).max(axis=1, initial=0.0) > _LARGEST]] = False
    line[~(alive & settled)] = np.nan
    return line.reshape(*shape, width)


def intercept(log_odds: Floats, outcome: NDArray[Any], weight: Floats) -> float:
    """What has to be added to log-odds so that as many events are predicted as were seen.

    ``nan`` where everybody, or nobody, had the event.
    """
    events = weight * outcome
    line = fit(np.ones((len(log_odds), 1)), weight - events, events, offset=log_odds)
    return float(line[0])


def weighted_quantiles(values: Floats, weight: Floats, shares: tuple[float, ...]) -> Floats:
    """Smallest values below or at which at least such shares of the weight lie."""
    order = np.argsort(values, kind="stable")
    running = np.cumsum(weight[order])
    wanted = np.asarray(shares) * running[-1]
    at = np.minimum(np.searchsorted(running, wanted * (1 - 1e-12)), len(values) - 1)
    found: Floats = values[order][at]
    return found


class Smoother:
    """Restricted (natural) cubic spline of log-odds, linear beyond its outer knots.

    Parameters
    ----------
    log_odds, weight
        Shape (people,): where the knots come from. Four knots at Harrell's quantiles; fewer where
        scores are too coarse for four different ones.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.5. Used for calibration
    curves in Van Calster et al. (2016), J Clin Epidemiol 74, 167-176.
    """

    def __init__(self, log_odds: Floats, weight: Floats) -> None:
        self.knots: Floats = np.zeros(0)
        for shares in KNOTS:
            knots = np.unique(weighted_quantiles(log_odds, weight, shares))
            if len(knots) == len(shares):
                self.knots = knots
                break

    def design(self, log_odds: Floats) -> Floats:
        """Columns of the spline at some log-odds, the constant among them."""
        if not len(self.knots):
            return np.column_stack([np.ones(len(log_odds)), log_odds])
        # the cardinal splines of the knots span the same curves and are well conditioned
        spline = CubicSpline(self.knots, np.eye(len(self.knots)), bc_type="natural")
        inside = np.clip(log_odds, self.knots[0], self.knots[-1])
        beyond = (log_odds - inside)[:, None]
        columns: Floats = spline(inside) + beyond * spline(inside, 1)
        return columns

    @property
    def identity(self) -> Floats:
        """Coefficients of the line on which observed equals predicted."""
        return self.knots if len(self.knots) else np.array([0.0, 1.0])
