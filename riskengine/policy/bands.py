"""From a score to a band: cut-offs are fixed scores, whatever the day's caseload."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from riskengine.errors import PolicyError
from riskengine.policy.document import (
    Bands,
    PointBands,
    PointRangeBands,
    ProbabilityBands,
    ReferenceShareBands,
)
from riskengine.policy.tiers import Tier
from riskengine.scorecard.document import LOG_ODDS_BITS, ScorecardDocument


@dataclass(frozen=True)
class CutOffs:
    """Scores at which the bands begin: relaxed below the first, strict from the second on."""

    relaxed_below: int
    strict_from: int

    def band(self, score: int) -> Tier:
        """Band of one score."""
        if score >= self.strict_from:
            return Tier.STRICT
        return Tier.RELAXED if score < self.relaxed_below else Tier.ORDINARY

    def score_in(self, band: Tier) -> int:
        """A score that lies in a band."""
        edges = {Tier.RELAXED: self.relaxed_below - 1, Tier.ORDINARY: self.relaxed_below}
        return edges.get(band, self.strict_from)


def resolve(bands: Bands, scorecard: ScorecardDocument, *, policy: str) -> CutOffs:
    """Turn a policy's bands into fixed scores of a scorecard.

    Raises
    ------
    PolicyError
        Where the bands cannot be those of this scorecard, or leave no ordinary band.
    """
    name = f"{scorecard.id}@{scorecard.version}"
    match bands:
        case PointBands() | PointRangeBands():
            if bands.scorecard != name:
                raise PolicyError(
                    f"policy [{policy}]: its cut-offs were fixed for scorecard "
                    f"[{bands.scorecard}], not [{name}]"
                )
            cuts = fixed_cuts(bands)
        case ProbabilityBands():
            if scorecard.scale != "calibrated":
                raise PolicyError(
                    f"policy [{policy}]: probability cut-offs need a calibrated scorecard, and "
                    f"[{name}] is relative"
                )
            cuts = CutOffs(
                _score_at(scorecard, bands.relaxed_below), _score_at(scorecard, bands.strict_from)
            )
        case ReferenceShareBands():
            cuts = _by_share(scorecard, Fraction(bands.relaxed), Fraction(bands.strict))
    if cuts.relaxed_below >= cuts.strict_from:
        raise PolicyError(
            f"policy [{policy}]: on scorecard [{name}] the bands leave no ordinary tier "
            f"(relaxed below [{cuts.relaxed_below}], strict from [{cuts.strict_from}])"
        )
    return cuts


def fixed_cuts(bands: PointBands | PointRangeBands) -> CutOffs:
    """Cut-offs of bands that are fixed scores; ranges were checked to touch one another."""
    if isinstance(bands, PointBands):
        return CutOffs(bands.relaxed_below, bands.strict_from)
    edges = {one.tier: one.from_ for one in bands.ranges}
    ordinary, strict = edges[Tier.ORDINARY], edges[Tier.STRICT]
    assert ordinary is not None and strict is not None  # `checks` refuses open ends inside
    return CutOffs(ordinary, strict)


def _score_at(scorecard: ScorecardDocument, share: str) -> int:
    """Smallest score whose risk is at least a probability."""
    risk = float(Fraction(share))
    if not 0 < risk < 1:
        raise PolicyError(f"a probability cut-off lies between 0 and 1, not [{share}]")
    log_odds = math.log(risk / (1 - risk)) * 2**LOG_ODDS_BITS
    scale = scorecard.log_odds
    return int(math.ceil((log_odds - scale.offset) / scale.unit))


def _by_share(scorecard: ScorecardDocument, relaxed: Fraction, strict: Fraction) -> CutOffs:
    """Cut-offs that hold at most the stated shares of the reference population.

    Where many share a score the shares come out smaller than stated, never larger.
    """
    scores = scorecard.reference.score_quantiles
    n = len(scores)
    rises = [i for i in range(1, n) if scores[i - 1] < scores[i]]
    # whole numbers: at most so many of the n quantiles may lie at or above, or below, a cut-off
    most_strict, most_relaxed = (int(share * n) for share in (strict, relaxed))
    strict_from = next((scores[i] for i in rises if n - i <= most_strict), scores[-1] + 1)
    relaxed_below = max((scores[i] for i in rises if i <= most_relaxed), default=scores[0])
    return CutOffs(relaxed_below, strict_from)
