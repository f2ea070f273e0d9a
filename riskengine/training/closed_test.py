"""The closed testing procedure, for the reader: it is printed and selects nothing.

Tests whether the outcomes contradict the original score, then only its intercept, then its
intercept and slope, against a full refit (Vergouwe et al. 2017). It names the first that is not
rejected. On small samples it jumps: on Georgia it lost to the Bayesian update at every small
number of outcomes, which is why nothing here follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training import deviations, penalised
from riskengine.training.axes import ScoredItem, States
from riskengine.training.tables import Floats, Tables

Step = Literal["original", "intercept", "slope", "refit"]
STEPS: tuple[Step, ...] = ("original", "intercept", "slope", "refit")

LEVEL = 0.05
_ALMOST_FLAT = 1e-6


@dataclass(frozen=True)
class ClosedTest:
    """What the tests say.

    Attributes
    ----------
    verdict
        The first step that the outcomes do not contradict.
    p_values
        Of every step against the refit; ``None`` where no refit could be fitted.
    tables
        The model that the procedure would choose.
    """

    verdict: Step
    p_values: dict[Step, float] | None
    tables: Tables


def closed_test(
    evidence: Tables, items: Sequence[ScoredItem], states: States, outcome: NDArray[np.int64]
) -> ClosedTest:
    """Run the ladder of tests on a score whose intercept is the stated base rate's.

    A refit has a free straight line in every item that has an order, and free levels in the
    others; it needs more events and non-events than coefficients.
    """
    from scipy.stats import chi2

    score = evidence.score(states)
    moved = score - evidence.intercept
    ones = np.ones((len(states), 1))
    if min(outcome.sum(), len(outcome) - outcome.sum()) == 0:
        return ClosedTest("original", None, evidence)
    intercept = _free(ones, outcome, offset=score)
    slope = _free(np.column_stack([ones, moved]), outcome, offset=evidence.intercept)
    fits = {
        "original": (_log_likelihood(score, outcome), 0),
        "intercept": (_log_likelihood(score + intercept[0], outcome), 1),
        "slope": (
            _log_likelihood(evidence.intercept + slope[0] + slope[1] * moved, outcome),
            2,
        ),
    }
    models: dict[Step, Tables] = {
        "original": evidence,
        "intercept": evidence.affine(1.0, float(intercept[0])),
        "slope": evidence.affine(
            float(slope[1]), float(slope[0] + evidence.intercept * (1.0 - slope[1]))
        ),
    }
    refit = _refit(items, states, outcome)
    if refit is None:
        # without a refit the first two steps are tested against the third
        best, size = fits["slope"]
        last: Step = "slope"
    else:
        models["refit"], size = refit
        best, last = _log_likelihood(models["refit"].score(states), outcome), "refit"
    p_values: dict[Step, float] = {}
    verdict: Step = last
    for step in reversed([s for s in STEPS if s in fits and s != last]):
        reached, used = fits[step]
        p_values[step] = float(chi2.sf(max(0.0, 2 * (best - reached)), size - used))
    for step in STEPS:
        if step in p_values and p_values[step] > LEVEL:
            verdict = step
            break
    return ClosedTest(verdict, p_values if refit is not None else None, models[verdict])


def _free(columns: Floats, outcome: NDArray[np.int64], offset: Floats | float) -> Floats:
    size = columns.shape[1]
    found = penalised.fit(
        columns,
        outcome,
        mean=np.zeros(size),
        precision=np.full(size, _ALMOST_FLAT),
        offset=offset,
    )
    return found.mean


def _refit(
    items: Sequence[ScoredItem], states: States, outcome: NDArray[np.int64]
) -> tuple[Tables, int] | None:
    bases = []
    for basis in deviations.basis_of(items):
        straight = [k for k, kind in enumerate(basis.kinds) if kind != "shape"]
        free = list(range(len(basis.kinds))) if "trend" not in basis.kinds else straight
        bases.append(
            deviations.Basis(
                basis.columns[:, free], tuple(basis.kinds[k] for k in free), basis.direction
            )
        )
    columns = np.column_stack([np.ones(len(states)), deviations.design(bases, states)])
    size = columns.shape[1]
    if min(outcome.sum(), len(outcome) - outcome.sum()) <= size:
        return None
    try:
        coefficients = _free(columns, outcome, 0.0)
    except TrainingError:
        return None
    mains = deviations.tables_of(bases, coefficients[1:])
    return Tables(intercept=float(coefficients[0]), mains=mains, pairs={}), size


def _log_likelihood(log_odds: Floats, outcome: NDArray[np.int64]) -> float:
    return float((outcome * log_odds - np.logaddexp(0.0, log_odds)).sum())
