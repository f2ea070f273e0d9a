"""How far intervals from a factor of few rows are from those of all the replicates.

The factor that a scorecard keeps is looked up exactly, for one person and for many. What it leaves
out of the replicates is settled when a model is trained: rows that carry nine tenths of the
variance (or 32 rows), scaled up to all of it.
"""

from __future__ import annotations

import numpy as np
import pytest

from riskengine.training import replicates
from riskengine.training.tables import Tables

ITEMS, LEVELS, REPLICATES, PEOPLE = 24, 4, 100, 3000
PAIRS = [(a, a + 1) for a in range(0, ITEMS - 1)]


def made_up(seed: int) -> tuple[list[Tables], np.ndarray]:
    """Replicates whose cells move as those of refits do: cells with few people move most."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(LEVELS, 3.0), ITEMS)
    people = np.stack([rng.choice(LEVELS, PEOPLE, p=share) for share in shares], axis=1)
    spread = [0.03 / np.sqrt(share) for share in shares]
    joint = [0.01 / np.sqrt(np.outer(shares[a], shares[b])) for a, b in PAIRS]
    found = [
        Tables(
            intercept=rng.normal(0, 0.03),
            mains=tuple(rng.normal(0, one) for one in spread),
            pairs={pair: rng.normal(0, one) for pair, one in zip(PAIRS, joint, strict=True)},
        )
        for _ in range(REPLICATES)
    ]
    return found, people


def variances(spread: replicates.Spread, people: np.ndarray) -> np.ndarray:
    """As a scorecard works them out from its factor."""
    moves = np.tile(spread.intercept[:, None], len(people))
    mains, pairs = spread.factors[:ITEMS], spread.factors[ITEMS:]
    for column, rows in enumerate(mains):
        moves += rows[:, people[:, column]]
    for (a, b), rows in zip(PAIRS, pairs, strict=True):
        moves += rows[:, people[:, a] * LEVELS + people[:, b]]
    return (moves**2).sum(axis=0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_rows_are_the_replicates_and_few_rows_are_near(seed, monkeypatch):
    found, people = made_up(seed)
    scores = np.stack([one.score(people) for one in found])
    full = scores.var(axis=0, ddof=1)
    few = variances(replicates.summed_up(found, people), people)
    # on average nothing is lost; of one person's half width the largest error is stated here
    assert few.mean() == pytest.approx(full.mean(), rel=1e-9)
    error = np.sqrt(few / full) - 1
    assert np.abs(error).max() < 0.25 and np.abs(error).mean() < 0.04
    monkeypatch.setattr(replicates, "KEPT_VARIANCE", 1.0 - 1e-12)
    monkeypatch.setattr(replicates, "MOST_RANKS", REPLICATES)
    every = variances(replicates.summed_up(found, people), people)
    assert np.abs(every / full - 1).max() < 1e-8
