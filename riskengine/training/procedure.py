"""The whole procedure by which tables are learned, so that all of it is cross-validated.

Draws for answers that are not known, learner, centring, projection: whatever is done to the final
model is done in every fold, and only then are people scored whom it has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import ScoredItem, States
from riskengine.training.calibration import Sigmoid
from riskengine.training.folds import folds_of
from riskengine.training.learner import Learner, Observed
from riskengine.training.monotone import projected
from riskengine.training.parallel import Step, each
from riskengine.training.stacking import Stacked
from riskengine.training.tables import Floats, Pair, Tables, centred, marginals, with_draws

__all__ = ["Learned", "Learns", "OutOfFold", "Procedure", "Step", "cross_fit", "folds_of"]

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Learned:
    """Tables before calibration.

    Attributes
    ----------
    free
        Centred, as the learner would have them.
    tables
        With every enforced direction kept.
    held
        The learner with what it chose, where it chooses more than pairs; for bootstrap refits.
    """

    free: Tables
    tables: Tables
    held: Learner | None = None


class Learns(Protocol):
    """Anything that learns tables from people, the whole way."""

    def learn(self, states: States, outcome: Integers, *, weight: Floats | None = None) -> Learned:
        """Learn tables from people."""
        ...


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
        outcome: Integers,
        *,
        learner: Learner | None = None,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
        reference: States | None = None,
        seed: int | None = None,
        further: Sequence[Observed] = (),
        groups: Integers | None = None,
    ) -> Learned:
        """Learn tables from people.

        Parameters
        ----------
        weight
            Weight of every person, such as the inverse of the chance of still being followed up;
            all alike where it is left out. Nobody learns from people of weight zero, but they
            belong to the population.
        reference
            The population that zero stands for; the people themselves where it is left out.
        further
            What happened to the same people by other horizons, for a learner that stacks them.
        groups
            Shape (people,): rows with the same number are one person, whom a learner that deals
            its own folds never splits.
        """
        seed = self.seed if seed is None else seed
        learner = learner or self.learner
        population = states if reference is None else reference
        weights = marginals(self.items, population)
        live = with_draws(states, self.items, weights, seed)
        if isinstance(learner, Stacked):
            fitted = learner.fit(
                self.items, live, outcome, seed=seed, weight=weight, pairs=pairs,
                further=further, groups=groups,
            )  # fmt: skip
        else:
            seen = Observed(outcome, weight)
            counted = seen.counted()
            if counted is not None:
                live, seen = live[counted], seen.of(counted)
            fitted = learner.fit(
                self.items, live, seen.outcome, seed=seed, weight=seen.weight, pairs=pairs
            )
        free = centred(fitted.tables, self.items, weights)
        kept = projected(free, self.items, population, weights) if self.enforce else free
        return Learned(free=free, tables=kept, held=fitted.held)


@dataclass(frozen=True)
class OutOfFold:
    """Scores of people by models that had not seen them, and the folds that were used.

    Attributes
    ----------
    free, kept
        Shape (people,): uncalibrated scores before and after the projection.
    folds
        Shape (people,): the fold in which each person was held out.
    held
        `Learned.held` of every fold, in their order: what a learner chose there.
    """

    free: Floats
    kept: Floats
    folds: Integers
    held: tuple[Learner | None, ...] = ()

    def calibrated(
        self, scores: Floats, outcome: Integers, weight: Floats | None = None
    ) -> Floats:
        """Give log-odds calibrated without the fold's own outcomes: what is measured with."""
        result = np.empty_like(scores)
        seen = Observed(outcome, weight)
        for fold in np.unique(self.folds):
            held = self.folds == fold
            others = seen.of(~held)
            result[held] = Sigmoid.fitted(scores[~held], others.outcome, others.weight).of(
                scores[held]
            )
        return result


def cross_fit(
    procedure: Learns,
    states: States,
    outcome: Integers,
    folds: Integers,
    step: Step = lambda: None,
    *,
    weight: Floats | None = None,
    further: Sequence[Observed] = (),
    groups: Integers | None = None,
    processes: int = 1,
) -> OutOfFold:
    """Score everybody by the whole procedure, learned on the other folds.

    Parameters
    ----------
    folds
        From `riskengine.training.folds.folds_of`; with the same ``groups``, where there are any.
    weight, further, groups
        See `Procedure.learn`. Everybody held out is scored, whatever the weight.
    processes
        Folds that are learned at once; no result depends on it.

    Raises
    ------
    TrainingError
        Where further horizons or groups are given to something that cannot use them.
    """
    if (further or groups is not None) and not isinstance(procedure, Procedure):
        raise TrainingError(
            f"{type(procedure).__name__} uses neither further horizons nor groups; "
            f"only Procedure does"
        )
    free, kept = np.empty(len(outcome)), np.empty(len(outcome))
    people = _People(states, Observed(outcome, weight), tuple(further), groups)
    held = [folds == fold for fold in np.unique(folds)]
    found = each(partial(_fold, procedure, people), held, processes=processes, step=step)
    chosen = []
    for out, (before, after, choice) in zip(held, found, strict=True):
        free[out], kept[out] = before, after
        chosen.append(choice)
    return OutOfFold(free=free, kept=kept, folds=folds, held=tuple(chosen))


@dataclass(frozen=True)
class _People:
    states: States
    seen: Observed
    further: tuple[Observed, ...]
    groups: Integers | None


def _fold(
    procedure: Learns, people: _People, held: NDArray[np.bool_]
) -> tuple[Floats, Floats, Learner | None]:
    """Learn without some people and score them, before and after the projection."""
    rest = ~held
    states, seen = people.states[rest], people.seen.of(rest)
    if isinstance(procedure, Procedure):
        learned = procedure.learn(
            states,
            seen.outcome,
            weight=seen.weight,
            further=[one.of(rest) for one in people.further],
            groups=None if people.groups is None else people.groups[rest],
        )
    else:
        learned = procedure.learn(states, seen.outcome, weight=seen.weight)
    out = people.states[held]
    return learned.free.score(out), learned.tables.score(out), learned.held
