"""Logistic regression with a normal prior around zero, some coefficients at least zero.

`riskengine.training.penalised` with a floor: the mode is found by Newton's method, and every
quadratic step is solved exactly under the floor. The optimum is unique, since the prior is proper.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import Floats, sigmoid

_MOST_STEPS = 100
_MOST_HALVINGS = 40
_CLOSE_ENOUGH = 1e-8


def bounded_fit(
    design: Floats,
    outcome: NDArray[np.int64],
    *,
    precision: Floats,
    floored: NDArray[np.bool_],
    weight: Floats | None = None,
    start: Floats | None = None,
) -> Floats:
    """Find the mode; shape (coefficients,).

    Parameters
    ----------
    design
        Shape (people, coefficients).
    outcome
        Shape (people,), 0 or 1.
    precision
        Of the prior around zero, a positive number a coefficient.
    floored
        Which coefficients may not fall below zero.
    weight
        How often everybody counts; once where it is left out.
    start
        Where to begin, at or above the floor; zero where it is left out.

    Raises
    ------
    TrainingError
        Where the mode is not found.
    """
    counts = np.ones(len(outcome)) if weight is None else weight
    beta = np.zeros(design.shape[1]) if start is None else start.astype(np.float64)

    def objective(eta: Floats, at: Floats) -> float:
        likelihood = counts @ (outcome * eta - np.logaddexp(0.0, eta))
        return float(likelihood - 0.5 * (precision * at) @ at)

    eta = design @ beta
    best = objective(eta, beta)
    for _ in range(_MOST_STEPS):
        chances = sigmoid(eta)
        gradient = design.T @ (counts * (outcome - chances)) - precision * beta
        curvature = (design.T * (counts * chances * (1.0 - chances))) @ design
        curvature[np.diag_indices_from(curvature)] += precision
        step = bounded_step(curvature, gradient, np.where(floored, -beta, -np.inf))
        size = 1.0
        for _ in range(_MOST_HALVINGS):
            moved = beta + size * step
            reached_eta = design @ moved
            reached = objective(reached_eta, moved)
            if reached >= best - 1e-12 * max(1.0, abs(best)):
                break
            size /= 2.0
        else:
            raise TrainingError("the regression does not converge")
        beta, eta, best = moved, reached_eta, max(best, reached)
        if float(np.abs(size * step).max(initial=0.0)) < _CLOSE_ENOUGH:
            return np.where(floored, np.maximum(beta, 0.0), beta)
    raise TrainingError("the regression does not converge")


def bounded_step(curvature: Floats, gradient: Floats, lowest: Floats) -> Floats:
    """Maximise ``gradient d - d curvature d / 2`` over steps ``d >= lowest``."""
    step: Floats = np.asarray(np.linalg.solve(curvature, gradient), dtype=np.float64)
    if (step >= lowest).all():
        return step
    from scipy.optimize import lsq_linear

    root = np.linalg.cholesky(curvature)
    found = lsq_linear(
        root.T,
        np.linalg.solve(root, gradient),
        bounds=(lowest, np.full(len(gradient), np.inf)),
        method="bvls",
        tol=1e-12,
    )
    kept: Floats = np.maximum(found.x, lowest)
    return kept
