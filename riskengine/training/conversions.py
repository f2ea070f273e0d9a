"""From a published effect to log-odds with a standard error.

- Odds ratio: its logarithm. The standard error is the width of the 95 % interval on that scale.
- Standardised mean difference d: ``d pi / sqrt(3)``.
- Correlation r with a yes-or-no outcome: ``d = r / sqrt(q (1 - q) (1 - r^2))`` with the study's
  share q of people with the outcome. Where q is not given the rules say what it is taken for and
  by how much the variance grows (.5, doubled).
- For one standard deviation of a scale the log-odds are d itself: where a scale is normal with one
  spread among people with and without the outcome and its means lie d apart, the log-odds of the
  outcome are linear in it with slope d. ``pi / sqrt(3)`` is for an item that is there or not.

Sources of the formulas: Hasselblad and Hedges 1995 (d and the odds ratio); the point-biserial
correlation solved for d; linear discriminant analysis (slope d).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from riskengine.training.evidence import Effect
from riskengine.training.evidence_rules import EvidenceRules

_REACH = NormalDist().inv_cdf(0.975)
_D_TO_LOG_ODDS = math.pi / math.sqrt(3)


@dataclass(frozen=True)
class LogOddsEffect:
    """An effect in log-odds with its standard error, before anything is said about transport."""

    value: float
    standard_error: float


def to_log_odds(effect: Effect, rules: EvidenceRules) -> LogOddsEffect:
    """Convert one published effect."""
    if effect.measure == "odds_ratio":
        error = effect.standard_error
        if effect.interval is not None:
            low, high = (math.log(end) for end in effect.interval)
            return LogOddsEffect(math.log(effect.value), (high - low) / (2 * _REACH))
        assert error is not None
        # on the scale of the ratio itself, so by the delta method
        return LogOddsEffect(math.log(effect.value), error / effect.value)
    value, error = effect.value, _plain_error(effect)
    if effect.measure == "log_odds":
        return LogOddsEffect(value, error)
    if effect.measure == "correlation":
        unknown = rules.unknown_prevalence
        q = effect.prevalence if effect.prevalence is not None else unknown.prevalence
        left = 1 - value * value
        spread = math.sqrt(q * (1 - q))
        error /= spread * left**1.5
        if effect.prevalence is None:
            error *= math.sqrt(unknown.variance_factor)
        value /= spread * math.sqrt(left)
    stretch = 1.0 if effect.standardised else _D_TO_LOG_ODDS
    return LogOddsEffect(value * stretch, error * stretch)


def _plain_error(effect: Effect) -> float:
    if effect.interval is not None:
        low, high = effect.interval
        return (high - low) / (2 * _REACH)
    assert effect.standard_error is not None
    return effect.standard_error


def transport_variance(effect: Effect, tau: float) -> float:
    """Variance from place to place: once always, and once more for every reason to widen."""
    return tau * tau * (1 + len(effect.widened))
