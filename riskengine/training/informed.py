"""The Bayesian update as a procedure, so that it is cross-validated and written like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import ScoredItem, States
from riskengine.training.learner import Learner, Observed
from riskengine.training.monotone import projected
from riskengine.training.procedure import Learned, Procedure
from riskengine.training.tables import Floats, Pair, Tables, centred, marginals, merge
from riskengine.training.update import DEFAULT, Priors, Start, Updated, update


@dataclass(frozen=True)
class Informed:
    """Learning that starts at published evidence.

    Attributes
    ----------
    start
        What is believed before any outcome.
    enforce
        Whether the directions of enforced items are imposed.
    population
        The reference population; the people themselves where it is left out.
    """

    items: tuple[ScoredItem, ...]
    start: Start
    seed: int
    priors: Priors = DEFAULT
    enforce: bool = True
    population: States | None = None

    def updated(
        self,
        states: States,
        outcome: NDArray[np.int64],
        *,
        weight: Floats | None = None,
        reference: States | None = None,
    ) -> Updated:
        """Update the evidence, with no direction imposed yet."""
        return update(
            self.start,
            self.items,
            states,
            outcome,
            weight=weight,
            reference=self.population if reference is None else reference,
            priors=self.priors,
        )

    def learn(
        self,
        states: States,
        outcome: NDArray[np.int64],
        *,
        learner: Learner | None = None,  # noqa: ARG002 - there is one way to update
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,  # noqa: ARG002 - its pairs are the evidence's
        reference: States | None = None,
        seed: int | None = None,  # noqa: ARG002 - nothing is random
        further: Sequence[Observed] = (),  # noqa: ARG002 - one horizon at a time
    ) -> Learned:
        """Learn tables from people; see `riskengine.training.procedure.Procedure.learn`."""
        found = self.updated(states, outcome, weight=weight, reference=reference)
        return Learned(free=found.tables, tables=self.kept(found.tables, states, reference))

    def kept(self, tables: Tables, states: States, reference: States | None = None) -> Tables:
        """Give the nearest tables that keep every enforced direction."""
        if not self.enforce:
            return tables
        population = self.population if reference is None else reference
        if population is None:
            population = states
        return projected(tables, self.items, population, marginals(self.items, population))


@dataclass(frozen=True)
class Mixture:
    """The Bayesian update with a share of the additive learner on top.

    Attributes
    ----------
    share
        Part of the additive learner, in log-odds.
    """

    update: Informed
    additive: Procedure
    share: float

    @property
    def items(self) -> tuple[ScoredItem, ...]:
        """Items of both."""
        return self.update.items

    @property
    def seed(self) -> int:
        """Seed of the additive learner."""
        return self.additive.seed

    @property
    def learner(self) -> Learner:
        """The additive learner."""
        return self.additive.learner

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
        """Learn tables from people; see `riskengine.training.procedure.Procedure.learn`."""
        # the union of pairs may hold the evidence's own, and the additive learner takes them too
        one = self.update.learn(states, outcome, weight=weight, reference=reference)
        other = self.additive.learn(
            states,
            outcome,
            learner=learner,
            weight=weight,
            pairs=pairs,
            reference=reference,
            seed=seed,
            further=further,
        )
        population = states if reference is None else reference
        weights = marginals(self.items, population)
        shares = (1.0 - self.share, self.share)
        free = centred(merge((one.free, other.free), shares), self.items, weights)
        # each part keeps its directions at any partner answers, and so does their average
        kept = centred(merge((one.tables, other.tables), shares), self.items, weights)
        return Learned(free=free, tables=kept, held=other.held)
