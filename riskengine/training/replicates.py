"""How far the tables would move with other people: bootstrap refits of the procedure.

A replicate draws people with replacement (as whole weights, so that nobody stands on both sides of
the learner's own validation split), learns again with the pairs of the final model, centres on the
same reference population and imposes the same directions. It is averaged over fewer bags than the
final model, which makes it swing more, never less; the slope of the calibration is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import States
from riskengine.training.calibration import Sigmoid
from riskengine.training.procedure import Procedure, Step
from riskengine.training.tables import Floats, Tables

MOST_RANKS = 32
KEPT_VARIANCE = 0.9
"""Share of the people's variance that the factor's rows carry before they are scaled up."""
_MOST_PEOPLE = 4000


@dataclass(frozen=True)
class Spread:
    """What the replicates say.

    Attributes
    ----------
    replicates
        How many refits there were.
    kept
        Share of the people's mean variance that the rows carried before scaling.
    intercept
        Shape (rank,): entries of the factor's rows for the intercept.
    factors, errors
        For every table of `Tables.parts`, rows of the factor (rank, cells) and the standard
        deviation of every cell.
    people
        Mean standard deviation of a person's log-odds, over the reference population.
    """

    replicates: int
    kept: float
    intercept: Floats
    factors: tuple[Floats, ...]
    errors: tuple[Floats, ...]
    people: float

    @property
    def rank(self) -> int:
        """Number of rows of the factor."""
        return len(self.intercept)


def replicate(
    procedure: Procedure,
    tables: Tables,
    sigmoid: Sigmoid,
    states: States,
    outcome: NDArray[np.int64],
    replicates: int,
    step: Step = lambda: None,
) -> Spread:
    """Learn again on bootstrap samples and sum up how the tables moved."""
    learner = procedure.learner.cheaper()
    found = []
    for number in range(replicates):
        rng = np.random.default_rng([procedure.seed, number])
        counts = np.bincount(rng.integers(0, len(states), size=len(states)), minlength=len(states))
        drawn = counts > 0
        learned = procedure.learn(
            states[drawn],
            outcome[drawn],
            learner=learner,
            weight=counts[drawn].astype(np.float64),
            pairs=list(tables.pairs),
            reference=states,
            seed=procedure.seed + 1 + number,
        )
        found.append(sigmoid.fold(learned.tables))
        step()
    sample = states[:: max(1, len(states) // _MOST_PEOPLE)]
    return summed_up(found, sample)


def summed_up(found: Sequence[Tables], people: States) -> Spread:
    """Give a factor of low rank for tables that are replicates of one model.

    The rows are the directions in which the scores of people vary most. They are scaled so that
    the mean variance over people is the whole one, and not only the part that the rows carry.
    """
    size = np.sqrt(len(found) - 1.0)
    moved = [_moved(cells) / size for cells in zip(*(one.parts() for one in found), strict=True)]
    intercept = _moved([np.array([one.intercept]) for one in found]) / size
    scores = _moved([one.score(people) for one in found]) / size
    variance, directions = np.linalg.eigh(scores @ scores.T)
    variance, directions = variance[::-1].clip(min=0.0), directions[:, ::-1]
    share = np.cumsum(variance) / variance.sum()
    rank = min(int(np.searchsorted(share, KEPT_VARIANCE)) + 1, MOST_RANKS, len(found))
    rows = directions[:, :rank].T
    # an eigenvector has no sign of its own
    rows = rows * np.sign(rows[np.arange(rank), np.abs(rows).argmax(axis=1)])[:, None]
    rows = rows / np.sqrt(share[rank - 1])
    return Spread(
        replicates=len(found),
        kept=float(share[rank - 1]),
        intercept=(rows @ intercept)[:, 0],
        factors=tuple(rows @ part for part in moved),
        errors=tuple(np.sqrt((part**2).sum(axis=0)) for part in moved),
        people=float(np.sqrt((scores**2).sum(axis=0)).mean()),
    )


def _moved(values: Sequence[Floats]) -> Floats:
    """Differences from the mean of the replicates; shape (replicates, entries)."""
    stacked = np.stack(values)
    moved: Floats = stacked - stacked.mean(axis=0)
    return moved
