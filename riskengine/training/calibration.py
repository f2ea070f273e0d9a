"""Sigmoid calibration: two numbers, affine in log-odds, so that they fold into every cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import calibration_line
from riskengine.training.penalised import fit
from riskengine.training.tables import Floats, Tables

_FLAT = 1e-9
"""A prior that says nothing; only so that the weighted line is the same arithmetic as the rest."""


@dataclass(frozen=True)
class Sigmoid:
    """``log-odds = intercept + slope * score``, with a slope above zero."""

    slope: float
    intercept: float

    @classmethod
    def fitted(
        cls, scores: Floats, outcome: NDArray[np.int64], weight: Floats | None = None
    ) -> Sigmoid:
        """Fit on scores of people whom the procedure had not seen.

        Parameters
        ----------
        weight
            Weight of every person; all alike where it is left out.

        Raises
        ------
        TrainingError
            Where higher scores do not go with more events: such a model would be turned round.
        """
        if weight is None:
            slope, intercept = calibration_line(scores, outcome)
        else:
            design = np.column_stack([scores, np.ones(len(scores))])
            flat = np.full(2, _FLAT)
            slope, intercept = map(
                float, fit(design, outcome, mean=np.zeros(2), precision=flat, weight=weight).mean
            )
        if not slope > 0:
            raise TrainingError(
                f"out of fold, a higher score goes with fewer events (slope {slope:.3f}); "
                f"nothing was learned that could be used"
            )
        return cls(slope=slope, intercept=intercept)

    def of(self, scores: Floats) -> Floats:
        """Give calibrated log-odds of scores."""
        calibrated: Floats = self.intercept + self.slope * scores
        return calibrated

    def fold(self, tables: Tables) -> Tables:
        """Give tables whose score is calibrated."""
        return tables.affine(self.slope, self.intercept)
