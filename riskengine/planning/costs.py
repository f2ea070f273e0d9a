"""What a miss and needless strictness cost, as stated by those who answer for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError
from riskengine.policy.document import PolicyDocument
from riskengine.policy.tiers import Tier

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Costs:
    """Stated costs, in any one unit.

    Attributes
    ----------
    miss
        Of a person at the relaxed tier who later has the event.
    needless
        Of a person at the strict tier who does not.
    ordinary_of_miss
        Share of ``miss`` that remains where that person was at the ordinary tier.
    ordinary_of_needless
        Share of ``needless`` that the ordinary tier costs a person without the event.
    """

    miss: float
    needless: float
    ordinary_of_miss: float
    ordinary_of_needless: float

    def __post_init__(self) -> None:
        if not (self.miss > 0 and self.needless > 0):
            raise UseError(
                f"both costs must be above 0, not [{self.miss:g}] and [{self.needless:g}]"
            )
        shares = (self.ordinary_of_miss, self.ordinary_of_needless)
        if not all(0.0 < share < 1.0 for share in shares):
            raise UseError(f"shares of the ordinary tier lie between 0 and 1, not [{shares}]")
        if sum(shares) >= 1.0:
            raise UseError(
                "with these costs nobody should be at the ordinary tier: the shares of the "
                f"ordinary tier [{shares[0]:g}] and [{shares[1]:g}] must sum to less than 1"
            )

    @property
    def table(self) -> Floats:
        """Cost by outcome (no, yes) and rank of the tier (relaxed, ordinary, strict)."""
        return np.array(
            [
                [0.0, self.needless * self.ordinary_of_needless, self.needless],
                [self.miss, self.miss * self.ordinary_of_miss, 0.0],
            ]
        )

    def odds(self, tier: Tier) -> float:
        """Odds of the event from which a tier costs less than the one below it.

        People needlessly at the tier who weigh as much as one caught; the weight of net benefit
        (Vickers and Elkin 2006, Decision curve analysis, Medical Decision Making 26, 565-574).
        """
        table = self.table
        rank = tier.rank
        return float((table[0, rank] - table[0, rank - 1]) / (table[1, rank - 1] - table[1, rank]))


def stated(
    policy: PolicyDocument,
    *,
    miss: float,
    needless: float,
    ordinary_of_miss: float = 0.5,
    ordinary_of_needless: float | None = None,
) -> Costs:
    """Complete stated costs from a policy.

    Parameters
    ----------
    ordinary_of_needless
        Where it is not stated: what the ordinary tier takes in officer time beyond the relaxed
        one, as a share of what the strict tier takes beyond it.
    """
    if ordinary_of_needless is None:
        minutes = {tier: policy.tiers[tier].officer_minutes_per_month for tier in Tier}
        whole = minutes[Tier.STRICT] - minutes[Tier.RELAXED]
        part = minutes[Tier.ORDINARY] - minutes[Tier.RELAXED]
        if not 0 < part < whole:
            raise UseError(
                "the officer minutes of the tiers do not rise from relaxed to strict: state the "
                "share that needless ordinary supervision costs"
            )
        ordinary_of_needless = part / whole
    return Costs(miss, needless, ordinary_of_miss, ordinary_of_needless)


def mean_cost(costs: Costs, ranks: Integers, event: Integers, weight: Floats) -> float:
    """Mean cost a person."""
    return float(np.average(costs.table[event, ranks], weights=weight))


def net_benefit(
    costs: Costs, tier: Tier, at_tier: NDArray[np.bool_], event: Integers, weight: Floats
) -> float:
    """Net benefit a person of putting some at a tier or above, in events caught.

    Events caught, less the needless ones at the odds that the stated costs say. Zero is nobody at
    the tier.
    """
    share = weight / weight.sum()
    caught = float(share[at_tier & (event == 1)].sum())
    needless = float(share[at_tier & (event == 0)].sum())
    return caught - needless * costs.odds(tier)
