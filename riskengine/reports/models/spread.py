"""How scores are spread over the reference population, and where the bands of a policy begin."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from riskengine.policy.bands import CutOffs, resolve
from riskengine.policy.document import PolicyDocument
from riskengine.policy.tiers import Tier
from riskengine.reports.models.charts import Scale
from riskengine.reports.models.shapes import amounts
from riskengine.scorecard.compiled import Scorecard

_MOST_WHOLE_BINS = 80
_BINS = 40
_TAIL = 0.005
"""Share of people at either end that is put into the outermost bin."""


@dataclass(frozen=True)
class Spread:
    """Shares of people in equal bins, in the unit that is shown."""

    counts: tuple[float, ...]
    ends: tuple[float, float]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class BandShare:
    """One band of a policy: the scores in it, and the share of the reference population."""

    tier: Tier
    low: float | None
    high: float | None
    share: float


def spread(scorecard: Scorecard) -> Spread:
    """Put the reference population's scores into bins: a point each, or forty equal ones."""
    unit, _ = amounts(scorecard)
    scores = [unit.amount(score) for score in scorecard.document.reference.score_quantiles]
    last = len(scores) - 1
    low, high = scores[round(_TAIL * last)], scores[round((1 - _TAIL) * last)]
    if unit.in_points and high - low <= _MOST_WHOLE_BINS:
        ends = (low - 0.5, high + 0.5)
        bins = round(high - low) + 1
    else:
        ends, bins = (low, high), _BINS
    if ends[0] == ends[1]:
        ends = (low - 1.0, low + 1.0)
    counts = [0] * bins
    for score in scores:
        at = int((score - ends[0]) / (ends[1] - ends[0]) * bins)
        counts[min(max(at, 0), bins - 1)] += 1
    ticks = tuple(
        (value, f"{value:g}".replace("-", "\N{MINUS SIGN}"))
        for value in Scale.over((ends[0], ends[1])).ticks()
        if ends[0] <= value <= ends[1]
    )
    return Spread(tuple(count / len(scores) for count in counts), ends, ticks)


def deciles(scorecard: Scorecard) -> list[float]:
    """Scores at 0, 10, ... 100 per cent of the reference population, in the unit shown."""
    unit, _ = amounts(scorecard)
    quantiles = scorecard.document.reference.score_quantiles
    last = len(quantiles) - 1
    return [unit.amount(quantiles[round(last * tenth / 10)]) for tenth in range(11)]


def band_shares(scorecard: Scorecard, policy: PolicyDocument) -> tuple[CutOffs, list[BandShare]]:
    """Cut-offs of a policy on this scorecard, and what share lies in each band.

    Raises
    ------
    PolicyError
        Where the policy's bands cannot be those of this scorecard.
    """
    unit, _ = amounts(scorecard)
    document = scorecard.document
    cuts = resolve(policy.bands, document, policy=policy.id)
    quantiles = document.reference.score_quantiles
    below = bisect_left(quantiles, cuts.relaxed_below) / len(quantiles)
    not_strict = bisect_left(quantiles, cuts.strict_from) / len(quantiles)
    low, high = unit.amount(cuts.relaxed_below), unit.amount(cuts.strict_from)
    return cuts, [
        BandShare(Tier.RELAXED, None, low, below),
        BandShare(Tier.ORDINARY, low, high, not_strict - below),
        BandShare(Tier.STRICT, high, None, 1 - not_strict),
    ]
