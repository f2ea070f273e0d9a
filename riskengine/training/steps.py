"""A third learner: penalised steps, the regression behind the points form on every item.

No pairs and one number to set, which the marginal likelihood chooses: how far the two ends of an
item lie apart before anything is seen. Directions are kept in the fit itself, so that nothing is
left for the projection to move. It learns much from few people and little that other people would
not confirm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import sigmoid
from riskengine.training.axes import ScoredItem, States
from riskengine.training.bounded import bounded_fit
from riskengine.training.learner import Fitted
from riskengine.training.points_coding import columns_of
from riskengine.training.points_selection import likeliest_spread
from riskengine.training.tables import Floats, Pair, Tables, marginals


@dataclass(frozen=True)
class PenalisedSteps:
    """The learner; it has no settings."""

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        return "penalised_steps"

    def options(self) -> dict[str, bool | int | float | str]:
        """Settings that are written into the model."""
        return {"prior": "normal", "prior_spread": "marginal likelihood"}

    def cheaper(self) -> PenalisedSteps:
        """It is cheap already."""
        return self

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
        """Fit, export and check; see `riskengine.training.learner.Learner`.

        Pairs are not used, and nothing is random.
        """
        counts = np.ones(len(outcome)) if weight is None else weight
        columns = columns_of(items, marginals(items, states), learned=True)
        design = columns.design(states)
        spread = likeliest_spread(columns, design, outcome, counts)
        beta = bounded_fit(
            design,
            outcome,
            precision=columns.precision(spread),
            floored=columns.floored,
            weight=counts,
        )
        tables = Tables(
            intercept=float(beta[0]),
            mains=tuple(columns.table(column, beta) for column in range(len(items))),
            pairs={},
        )

        def predict(of: States) -> Floats:
            return sigmoid(columns.design(of) @ beta)

        return Fitted(tables, predict).checked(states)
