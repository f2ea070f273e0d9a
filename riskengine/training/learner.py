"""What every learner must give: additive tables that are exactly its own estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import ScoredItem, States
from riskengine.training.tables import Floats, Pair, Tables

EXACT = 1e-9
"""Largest difference of a probability between exported tables and the estimator."""


@dataclass(frozen=True)
class Observed:
    """What happened to people by one horizon.

    Attributes
    ----------
    outcome
        Shape (people,): 1 where the event was seen, 0 where it was not.
    weight
        Shape (people,): how much everybody counts, all alike where it is left out. Somebody whose
        outcome is not known at this horizon has weight zero, and any outcome.
    """

    outcome: NDArray[np.int64]
    weight: Floats | None = None

    def of(self, people: NDArray[np.bool_] | NDArray[np.int64]) -> Observed:
        """Give the same for some of the people."""
        weight = None if self.weight is None else self.weight[people]
        return Observed(self.outcome[people], weight)

    def times(self, counts: Floats) -> Observed:
        """Give the same with everybody counted so many times as much."""
        return Observed(self.outcome, counts if self.weight is None else self.weight * counts)

    def counted(self) -> NDArray[np.bool_] | None:
        """Tell who counts at all; ``None`` where everybody does."""
        if self.weight is None or (self.weight > 0).all():
            return None
        found: NDArray[np.bool_] = self.weight > 0
        return found


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator and its tables.

    Attributes
    ----------
    tables
        Exported tables, before centring, projection and calibration.
    predict
        The estimator's own probability of the event, for states without zero cells.
    held
        The learner with all that it chose held, for bootstrap refits; ``None`` where it chooses
        nothing but pairs.
    """

    tables: Tables
    predict: Callable[[States], Floats]
    held: Learner | None = None

    def difference(self, states: States) -> float:
        """Largest difference of a probability between the tables and the estimator."""
        exported = 1.0 / (1.0 + np.exp(-self.tables.score(states)))
        return float(np.abs(exported - self.predict(states)).max())

    def checked(self, states: States) -> Fitted:
        """Give the same, or refuse tables that are not the estimator.

        Raises
        ------
        TrainingError
            With the difference that was found.
        """
        difference = self.difference(states)
        if not difference < EXACT:
            raise TrainingError(
                f"exported tables differ from the estimator by {difference:.1e} in probability; "
                f"at most {EXACT:.0e} is accepted"
            )
        return self


class Learner(Protocol):
    """A way to learn additive tables."""

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        ...

    def options(self) -> dict[str, bool | int | float | str]:
        """Settings that are written into the model."""
        ...

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: NDArray[np.int64],
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
    ) -> Fitted:
        """Fit, export and check.

        Parameters
        ----------
        states
            Live states only (`riskengine.training.tables.with_draws`).
        weight
            Weight of every person; all alike where it is left out.
        pairs
            The pairs to use; where it is left out the learner chooses.
        """
        ...

    def cheaper(self) -> Learner:
        """Give a faster variant for bootstrap refits."""
        ...
