"""How far the tables would move with other people: bootstrap refits of the procedure.

A replicate draws people with replacement (as whole weights, so that nobody stands on both sides of
the learner's own validation split), learns again with the pairs of the final model, centres on the
same reference population and imposes the same directions. It is averaged over fewer bags than the
final model, which makes it swing more, never less; the slope of the calibration is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import States
from riskengine.training.calibration import Sigmoid
from riskengine.training.learner import Learner, Observed
from riskengine.training.parallel import Step, each
from riskengine.training.procedure import Learned
from riskengine.training.stacking import Stacked
from riskengine.training.tables import Floats, Pair, Tables

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
        How many refits or draws there were.
    kept
        Share of the people's mean variance that the rows carried before scaling.
    intercept
        Shape (rank,): entries of the factor's rows for the intercept.
    factors, errors
        For every table of `Tables.parts`, rows of the factor (rank, cells) and the standard
        deviation of every cell.
    people
        Mean standard deviation of a person's log-odds, over the reference population.
    method
        Bootstrap refits of the procedure, or draws from a posterior.
    """

    replicates: int
    kept: float
    intercept: Floats
    factors: tuple[Floats, ...]
    errors: tuple[Floats, ...]
    people: float
    method: Literal["bootstrap", "posterior"] = "bootstrap"

    @property
    def rank(self) -> int:
        """Number of rows of the factor."""
        return len(self.intercept)


class Refits(Protocol):
    """A procedure that can be run again on other people, with what it had chosen."""

    @property
    def learner(self) -> Learner:
        """Its learner from data alone."""
        ...

    @property
    def seed(self) -> int:
        """Everything random follows from it."""
        ...

    def learn(
        self,
        states: States,
        outcome: NDArray[np.int64],
        *,
        learner: Learner | None = None,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
        reference: States | None = None,
        seed: int | None = None,
        further: Sequence[Observed] = (),
    ) -> Learned:
        """Learn tables; see `riskengine.training.procedure.Procedure.learn`."""
        ...


def replicate(
    procedure: Refits,
    tables: Tables,
    sigmoid: Sigmoid,
    states: States,
    outcome: NDArray[np.int64],
    replicates: int,
    step: Step = lambda: None,
    *,
    held: Learner | None = None,
    weight: Floats | None = None,
    further: Sequence[Observed] = (),
    groups: NDArray[np.int64] | None = None,
    processes: int = 1,
) -> Spread:
    """Learn again on bootstrap samples and sum up how the tables moved.

    Parameters
    ----------
    held
        `Learned.held` of the final model: the learner with what it had chosen. The pairs of
        ``tables`` are held in any case; a stack holds those of every part.
    weight, further
        See `Procedure.learn`.
    groups
        Rows with the same number are one person and are drawn together.
    processes
        Refits that are made at once; no result depends on it.
    """
    people = _People(states, Observed(outcome, weight), tuple(further), groups)
    learner = (held or procedure.learner).cheaper()
    pairs = None if isinstance(held, Stacked) else tuple(tables.pairs)
    do = partial(_refit, procedure, learner, pairs, people)
    found = [
        sigmoid.fold(one) for one in each(do, range(replicates), processes=processes, step=step)
    ]
    return summed_up(found, sample_of(states))


def sample_of(states: States) -> States:
    """Give people enough to say how much scores move."""
    return states[:: max(1, len(states) // _MOST_PEOPLE)]


@dataclass(frozen=True)
class _People:
    states: States
    seen: Observed
    further: tuple[Observed, ...]
    groups: NDArray[np.int64] | None


def _refit(
    procedure: Refits,
    learner: Learner,
    pairs: tuple[Pair, ...] | None,
    people: _People,
    number: int,
) -> Tables:
    """Learn on one bootstrap sample; what it draws depends on the number alone."""
    rng = np.random.default_rng([procedure.seed, number])
    counts = _drawn(rng, len(people.states), people.groups)
    drawn = counts > 0
    times = counts[drawn].astype(np.float64)
    seen = people.seen.of(drawn).times(times)
    return procedure.learn(
        people.states[drawn],
        seen.outcome,
        learner=learner,
        weight=seen.weight,
        pairs=pairs,
        reference=people.states,
        seed=procedure.seed + 1 + number,
        further=[one.of(drawn).times(times) for one in people.further],
    ).tables


def _drawn(
    rng: np.random.Generator, rows: int, groups: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """How often every row was drawn; rows of one person always alike."""
    if groups is None:
        return np.bincount(rng.integers(0, rows, size=rows), minlength=rows)
    persons, person = np.unique(groups, return_inverse=True)
    size = len(persons)
    return np.bincount(rng.integers(0, size, size=size), minlength=size)[person]


def summed_up(
    found: Sequence[Tables],
    people: States,
    method: Literal["bootstrap", "posterior"] = "bootstrap",
) -> Spread:
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
        method=method,
    )


def _moved(values: Sequence[Floats]) -> Floats:
    """Differences from the mean of the replicates; shape (replicates, entries)."""
    stacked = np.stack(values)
    moved: Floats = stacked - stacked.mean(axis=0)
    return moved
