"""Exact limits of a share of weighted people."""

from __future__ import annotations

from scipy.special import betaincinv


def share_interval(
    successes: float, trials: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Two-sided limits of a share (Clopper and Pearson 1934).

    With weights: of the effective sample size and the share of it (Korn and Graubard 1998). They
    need not be whole numbers then, and `scipy.stats.binomtest` takes whole numbers only. For
    whole numbers `riskengine.planning.exact` gives the same without scipy, which an office that
    plans need not have.

    References
    ----------
    Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case
    of the binomial, Biometrika 26, 404-413. Korn and Graubard (1998), Confidence intervals for
    proportions with small expected number of positive counts estimated from survey data, Survey
    Methodology 24, 193-201.
    """
    successes = min(max(successes, 0.0), trials)
    tail = (1.0 - confidence) / 2

    def limit(count: float) -> float:
        if count <= 0 or trials <= 0:
            return 0.0
        return float(betaincinv(count, trials - count + 1, tail))

    return limit(successes), 1.0 - limit(trials - successes)
