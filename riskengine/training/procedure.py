"""The whole procedure by which tables are learned, so that all of it is cross-validated.

Draws for answers that are not known, learner, centring, projection: whatever is done to the final
model is done in every fold, and only then are people scored whom it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import ScoredItem, States
from riskengine.training.calibration import Sigmoid
from riskengine.training.learner import Learner
from riskengine.training.monotone import projected
from riskengine.training.tables import Floats, Pair, Tables, centred, marginals, with_draws

Step = Callable[[], None]


@dataclass(frozen=True)
class Learned:
    """Tables before calibration.

    Attributes
    ----------
    free
        Centred, as the learner would have them.
    tables
        With every enforced direction kept.
    """

    free: Tables
    tables: Tables


@dataclass(frozen=True)
class Procedure:
    """A learner on some items, with the restraint that is asked of its tables.

    Attributes
    ----------
    enforce
        Whether the directions of enforced items are imposed.
    """

    items: tuple[ScoredItem, ...]
    learner: Learner
    seed: int
    enforce: bool = True

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
    ) -> Learned:
        """Learn tables from people.

        Parameters
        ----------
        reference
            The population that zero stands for; the people themselves where it is left out.
        """
        seed = self.seed if seed is None else seed
        population = states if reference is None else reference
        weights = marginals(self.items, population)
        live = with_draws(states, self.items, weights, seed)
        fitted = (learner or self.learner).fit(
            self.items, live, outcome, seed=seed, weight=weight, pairs=pairs
        )
        free = centred(fitted.tables, self.items, weights)
        kept = projected(free, self.items, population, weights) if self.enforce else free
        return Learned(free=free, tables=kept)


@dataclass(frozen=True)
class OutOfFold:
    """Scores of people by models that had not seen them, and the folds that were used.

    Attributes
    ----------
    free, kept
        Shape (people,): uncalibrated scores before and after the projection.
    folds
        Shape (people,): the fold in which each person was held out.
    """

    free: Floats
    kept: Floats
    folds: NDArray[np.int64]

    def calibrated(self, scores: Floats, outcome: NDArray[np.int64]) -> Floats:
        """Give log-odds calibrated without the fold's own outcomes: what is measured with."""
        result = np.empty_like(scores)
        for fold in np.unique(self.folds):
            held = self.folds == fold
            result[held] = Sigmoid.fitted(scores[~held], outcome[~held]).of(scores[held])
        return result


def folds_of(outcome: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal people into folds with equal shares of events, by a seed."""
    rng = np.random.default_rng(seed)
    dealt = np.empty(len(outcome), dtype=np.int64)
    start = 0
    for value in (1, 0):
        people = rng.permutation(np.flatnonzero(outcome == value))
        dealt[people] = (start + np.arange(len(people))) % folds
        start += len(people)
    return dealt


def cross_fit(
    procedure: Procedure,
    states: States,
    outcome: NDArray[np.int64],
    folds: NDArray[np.int64],
    step: Step = lambda: None,
) -> OutOfFold:
    """Score everybody by the whole procedure, learned on the other folds."""
    free, kept = np.empty(len(outcome)), np.empty(len(outcome))
    for fold in np.unique(folds):
        held = folds == fold
        learned = procedure.learn(states[~held], outcome[~held])
        free[held] = learned.free.score(states[held])
        kept[held] = learned.tables.score(states[held])
        step()
    return OutOfFold(free=free, kept=kept, folds=folds)
