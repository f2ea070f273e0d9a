"""Logistic regression with a normal prior: the mode, and the normal that fits around it.

One small piece of arithmetic under everything that learns from few outcomes. The prior is
``beta ~ N(mean, precision^-1)``; the posterior is approximated at its mode (Laplace).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import Floats, sigmoid

_MOST_STEPS = 200
_MOST_HALVINGS = 40
_CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True)
class Posterior:
    """A normal approximation of what is known after seeing outcomes.

    Attributes
    ----------
    mean
        Mode, shape (coefficients,).
    covariance
        Shape (coefficients, coefficients).
    log_evidence
        Laplace approximation of the log marginal likelihood, up to a constant that does not depend
        on the prior. Only meaningful where the prior precision is of full rank.
    """

    mean: Floats
    covariance: Floats
    log_evidence: float

    def draws(self, number: int, seed: int) -> Floats:
        """Draw coefficients; shape (number, coefficients)."""
        rng = np.random.default_rng(seed)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(values.clip(min=0.0))
        drawn: Floats = self.mean + rng.standard_normal((number, len(self.mean))) @ root.T
        return drawn


def fit(
    design: Floats,
    outcome: NDArray[np.int64],
    *,
    mean: Floats,
    precision: Floats,
    offset: Floats | float = 0.0,
    weight: Floats | None = None,
    start: Floats | None = None,
) -> Posterior:
    """Find the posterior mode by Newton's method with step halving.

    Parameters
    ----------
    design
        Shape (people, coefficients).
    outcome
        Shape (people,), 0 or 1. Nobody at all is fine: the prior comes back.
    mean, precision
        Of the prior. ``precision`` is a vector (a diagonal) or a matrix.
    offset
        Log-odds that are given.
    weight
        How often everybody counts; once where it is left out.
    start
        Where to begin; the prior mean where it is left out.

    Raises
    ------
    TrainingError
        Where the mode is not found, which happens only with a prior that is flat somewhere.
    """
    prior = np.diag(precision) if precision.ndim == 1 else precision
    beta = mean.astype(np.float64) if start is None else start.astype(np.float64)
    counts = np.ones(len(outcome)) if weight is None else weight

    def objective(at: Floats) -> float:
        eta = offset + design @ at
        away = at - mean
        likelihood = counts @ (outcome * eta - np.logaddexp(0.0, eta))
        return float(likelihood - 0.5 * away @ prior @ away)

    best = objective(beta)
    for _ in range(_MOST_STEPS):
        chances = sigmoid(offset + design @ beta)
        gradient = design.T @ (counts * (outcome - chances)) - prior @ (beta - mean)
        curvature = (design.T * (counts * chances * (1.0 - chances))) @ design + prior
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError as error:
            raise TrainingError(
                "neither outcomes nor prior say anything about a coefficient"
            ) from error
        size = 1.0
        for _ in range(_MOST_HALVINGS):
            reached = objective(beta + size * step)
            if reached >= best - 1e-12 * max(1.0, abs(best)):
                break
            size /= 2.0
        else:
            raise TrainingError("the regression does not converge")
        beta, best = beta + size * step, max(best, reached)
        if float(np.abs(size * step).max(initial=0.0)) < _CLOSE_ENOUGH:
            break
    else:
        raise TrainingError("the regression does not converge: outcomes are separated")
    chances = sigmoid(offset + design @ beta)
    curvature = (design.T * (counts * chances * (1.0 - chances))) @ design + prior
    covariance = np.linalg.inv(curvature)
    _, of_prior = np.linalg.slogdet(prior)
    _, of_curvature = np.linalg.slogdet(curvature)
    return Posterior(
        mean=beta,
        covariance=(covariance + covariance.T) / 2.0,
        log_evidence=best + 0.5 * (of_prior - of_curvature),
    )
