"""Cut-offs by search: every pair of a grid that was fixed before any outcome was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.planning.costs import Costs, mean_cost
from riskengine.planning.guarantee import Guarantee, Promise, give_guarantee
from riskengine.planning.outcomes import LOST
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.scorecard.document import ScorecardDocument

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_CUTS = 201
FOLDS = 10
DRAWS = 1_000


def grid(scorecard: ScorecardDocument) -> tuple[int, ...]:
    """Candidate cut-offs of a scorecard: all points, or scores of its reference population.

    They depend on the scorecard alone, never on the caseload or on outcomes; a guarantee needs
    that.
    """
    scores = scorecard.reference.score_quantiles
    if scorecard.form == "points" and scores[-1] - scores[0] < MOST_CUTS:
        return tuple(range(scores[0], scores[-1] + 2))
    step = max(1, len(scores) // (MOST_CUTS - 1))
    return tuple(sorted({*scores[::step], scores[-1], scores[-1] + 1}))


def bands(scores: Integers, cuts: CutOffs) -> Integers:
    """Rank of the band of every score."""
    found: Integers = (scores >= cuts.relaxed_below).astype(np.int64) + (
        scores >= cuts.strict_from
    )
    return found


def ranks(scores: Integers, by_band: Integers, cuts: CutOffs) -> Integers:
    """Rank of everybody's tier under some cut-offs."""
    found: Integers = by_band[np.arange(len(scores)), bands(scores, cuts)]
    return found


@dataclass(frozen=True)
class Pairs:
    """A sum over people for every pair of cut-offs.

    Attributes
    ----------
    total
        Shape (cuts, cuts): relaxed below the one of the row, strict from the one of the column.
    """

    cuts: tuple[int, ...]
    total: Floats

    def at(self, cut_offs: CutOffs) -> float:
        """The sum for one pair of the grid."""
        row, column = map(self.cuts.index, (cut_offs.relaxed_below, cut_offs.strict_from))
        return float(self.total[row, column])


def over_pairs(scores: Integers, values: Floats, cuts: Sequence[int]) -> Pairs:
    """Sum people's values over every pair of cut-offs at once.

    Parameters
    ----------
    values
        Shape (people, 3): a person's value where the score lies in the relaxed, ordinary, strict
        band.
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    low = np.concatenate([[0.0], np.cumsum((values[:, 0] - values[:, 1])[order])])
    high = np.concatenate([[0.0], np.cumsum((values[:, 2] - values[:, 1])[order])])
    below = np.searchsorted(ranked, np.asarray(cuts), side="left")
    total = values[:, 1].sum() + low[below][:, None] + (high[-1] - high[below])[None, :]
    return Pairs(tuple(cuts), total)


def cheapest(pairs: Pairs, allowed: NDArray[np.bool_]) -> CutOffs | None:
    """The allowed pair with the smallest sum; of equal ones the least restrictive."""
    size = len(pairs.cuts)
    open_ = allowed & np.triu(np.ones((size, size), dtype=bool), k=1)
    if not open_.any():
        return None
    total = np.where(open_, pairs.total, np.inf)
    # sums in floating point: what differs by less than dust is equal
    near = total <= total.min() + 1e-9 * max(1.0, abs(float(total.min())))
    rows, columns = np.nonzero(near)
    last = max(range(len(rows)), key=lambda n: (rows[n], columns[n]))
    return CutOffs(pairs.cuts[rows[last]], pairs.cuts[columns[last]])


def guarantee(
    promise: Promise,
    scores: Integers,
    steady: Integers,
    event: Integers,
    cuts: Sequence[int],
) -> Guarantee:
    """Which cut-offs keep a promise; see `riskengine.planning.guarantee`.

    A cut-off for the ordinary tier is where the relaxed band ends, one for the strict tier where
    the strict band begins. Somebody whom a rule keeps at the tier whatever the score counts as
    caught.
    """
    rank = promise.tier.rank
    above, beneath = steady[:, rank] >= rank, steady[:, 0] >= rank
    caught, lost_below, below = [], [], []
    for cut in cuts:
        at = np.where(scores >= cut, above, beneath)
        caught.append(int((at & (event == 1)).sum()))
        lost_below.append(int((~at & (event == LOST)).sum()))
        below.append(int((~at).sum()))
    return give_guarantee(
        promise,
        cuts,
        caught,
        lost_below,
        below,
        events=int((event == 1).sum()),
        lost=int((event == LOST).sum()),
    )


def kept_by(found: Guarantee | None, cuts: Sequence[int]) -> NDArray[np.bool_]:
    """Pairs that a guarantee allows; all where none was asked for or none can be given."""
    allowed = np.ones((len(cuts), len(cuts)), dtype=bool)
    if found is None or not found.accepted:
        return allowed
    keeps = np.isin(np.asarray(cuts), found.accepted)
    return allowed & (keeps[:, None] if found.promise.tier is Tier.ORDINARY else keeps[None, :])


@dataclass(frozen=True)
class Expected:
    """What stated costs make of a pair of cut-offs, a person and horizon.

    Attributes
    ----------
    cost
        On the people by whom the cut-offs were chosen.
    honest
        The same for cut-offs chosen anew without the people they are tried on (ten folds).
    difference
        Cost less that of the cut-offs in force, with a 95 % bootstrap interval over people. The
        choice itself is not repeated in it.
    """

    cost: float
    honest: float
    difference: float
    low: float
    high: float


def cost_values(costs: Costs, steady: Integers, event: Integers, weight: Floats) -> Floats:
    """Weighted cost of everybody in each band; shape (people, 3)."""
    values: Floats = costs.table[event[:, None], steady] * weight[:, None]
    return values


def expected(
    costs: Costs,
    chosen: CutOffs,
    base: CutOffs,
    scores: Integers,
    steady: Integers,
    event: Integers,
    weight: Floats,
    *,
    cuts: Sequence[int],
    allowed: NDArray[np.bool_],
    seed: int,
) -> Expected:
    """Cost of the chosen cut-offs beside those in force; people who were lost are left out."""
    here = event != LOST
    scores, steady, event, weight = scores[here], steady[here], event[here], weight[here]
    new = costs.table[event, ranks(scores, steady, chosen)]
    old = costs.table[event, ranks(scores, steady, base)]
    rng = np.random.default_rng([seed, 1])
    count = len(scores)
    drawn = rng.multinomial(count, np.full(count, 1.0 / count), size=DRAWS) * weight
    differences = drawn @ (new - old) / drawn.sum(axis=1)
    low, high = np.quantile(differences, [0.025, 0.975])
    cost = mean_cost(costs, ranks(scores, steady, chosen), event, weight)
    return Expected(
        cost=cost,
        honest=_honest(costs, scores, steady, event, weight, cuts, allowed, seed),
        difference=cost - mean_cost(costs, ranks(scores, steady, base), event, weight),
        low=float(low),
        high=float(high),
    )


def _honest(
    costs: Costs,
    scores: Integers,
    steady: Integers,
    event: Integers,
    weight: Floats,
    cuts: Sequence[int],
    allowed: NDArray[np.bool_],
    seed: int,
) -> float:
    """Mean cost of people for whom the cut-offs were chosen without them."""
    fold = np.random.default_rng([seed, 2]).permutation(len(scores)) % FOLDS
    values = cost_values(costs, steady, event, weight)
    total = 0.0
    for number in range(FOLDS):
        inside = fold == number
        found = cheapest(over_pairs(scores[~inside], values[~inside], cuts), allowed)
        assert found is not None
        at = bands(scores[inside], found)
        total += float(values[inside][np.arange(int(inside.sum())), at].sum())
    return total / float(weight.sum())
