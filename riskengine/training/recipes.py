"""Stacks that are ready to use, with candidates that were written down before they were measured.

`quick` is what ships: it trains within the time that an analyst waits. `full` has explainable
boosting as well and takes about ten times as long; ``benchmarks/accuracy.py`` says what it gains.
"""

from __future__ import annotations

from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.learner import Learner
from riskengine.training.shrunken import ShrunkenTables
from riskengine.training.stacking import Candidate, Part, Stacked

INNER_FOLDS = 3
_INNER_BAGS = 4


def quick(horizons: int = 1, *, pairs: int = 100) -> Stacked:
    """Shrunken tables with pairs or without, and penalised dummies.

    Parameters
    ----------
    horizons
        How many outcomes are stacked: the one that is forecast and the further ones.
    pairs
        Most pairs of each part.
    """
    parts = (
        *_over(horizons, ShrunkenTables(pairs=pairs)),
        *_over(horizons, ShrunkenTables(pairs=0)),
        Part(ShrunkenTables(pairs=0, ordered=False)),
    )
    with_pairs, without = tuple(range(horizons)), tuple(range(horizons, 2 * horizons))
    stacked = (
        Candidate(f"shrunken{_title(horizons)}", with_pairs),
        Candidate(f"shrunken without pairs{_title(horizons)}", without),
        Candidate(f"shrunken{_title(horizons)}, and dummies", (*with_pairs, 2 * horizons)),
    )
    alone = (Candidate("shrunken", (0,)),) if horizons > 1 else ()
    return Stacked(parts=parts, candidates=alone + stacked, folds=INNER_FOLDS)


def full(horizons: int = 1, *, pairs: int = 100, bags: int = 14) -> Stacked:
    """Explainable boosting and shrunken tables, and penalised dummies.

    Parameters
    ----------
    horizons, pairs
        See `quick`.
    bags
        Outer bags of the boosting; in the inner folds it has four.
    """
    boosting = ExplainableBoosting(pairs=pairs, bags=bags)
    within = ExplainableBoosting(pairs=pairs, bags=min(bags, _INNER_BAGS))
    parts = (
        *_over(horizons, boosting, within),
        *_over(horizons, ShrunkenTables(pairs=pairs)),
        Part(ShrunkenTables(pairs=0, ordered=False)),
    )
    first, second = tuple(range(horizons)), tuple(range(horizons, 2 * horizons))
    stacked = (
        Candidate(f"boosting{_title(horizons)}", first),
        Candidate(f"shrunken{_title(horizons)}", second),
        Candidate(f"both{_title(horizons)}", (*first, *second)),
        Candidate(f"both{_title(horizons)}, and dummies", (*first, *second, 2 * horizons)),
    )
    alone = (Candidate("boosting", (0,)),) if horizons > 1 else ()
    return Stacked(parts=parts, candidates=alone + stacked, folds=INNER_FOLDS)


def _over(horizons: int, learner: Learner, within: Learner | None = None) -> tuple[Part, ...]:
    return tuple(Part(learner, horizon, within) for horizon in range(horizons))


def _title(horizons: int) -> str:
    return f", {horizons} horizons" if horizons > 1 else ""
