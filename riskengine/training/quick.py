"""A quick additive learner, for questions about columns rather than about people.

Every item becomes one number, the log-odds of the event in its state; a penalised logistic
regression weighs these numbers. A column is dropped without fitting again: with a quadratic
log-likelihood, holding coefficients at zero moves the others by their covariances. All that is
asked of it is how well people are ranked out of fold with some columns and without.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import Floats
from riskengine.training.axes import States
from riskengine.training.penalised import Posterior, fit
from riskengine.training.procedure import folds_of

_FOLDS = 5
_AVERAGE_PEOPLE = 20.0
"""Average people who stand in every state beside the real ones, so that a rare one says little."""
_PRECISION = 1.0
_FLAT = 1e-6


@dataclass(frozen=True)
class _Fold:
    held: NDArray[np.bool_]
    design: Floats
    posterior: Posterior


@dataclass(frozen=True)
class Quick:
    """The learner fitted on every fold's others."""

    people: int
    folds: tuple[_Fold, ...]

    @classmethod
    def fitted(cls, states: States, outcome: NDArray[np.int64], seed: int) -> Quick:
        """Fit.

        Parameters
        ----------
        states
            Shape (people, columns), at least one column.
        outcome
            Shape (people,), 0 or 1, at least one of each in every fold.
        """
        dealt = folds_of(outcome, _FOLDS, seed)
        sizes = states.max(axis=0) + 1
        precision = np.full(states.shape[1] + 1, _PRECISION)
        precision[0] = _FLAT
        folds = []
        for fold in range(_FOLDS):
            held = dealt == fold
            values = log_odds_of_states(states[~held], outcome[~held], sizes)
            posterior = fit(
                _design(states[~held], values),
                outcome[~held],
                mean=np.zeros(len(precision)),
                precision=precision,
            )
            folds.append(_Fold(held, _design(states[held], values), posterior))
        return cls(len(outcome), tuple(folds))

    def scores(self, without: Collection[int] = ()) -> Floats:
        """Give everybody's log-odds out of fold, shape (people,), with columns left out."""
        dropped = np.array(sorted(without), dtype=np.int64) + 1
        scores = np.empty(self.people)
        for fold in self.folds:
            weights = fold.posterior.mean.copy()
            if len(dropped):
                covariance = fold.posterior.covariance
                among = covariance[np.ix_(dropped, dropped)]
                weights -= covariance[:, dropped] @ np.linalg.solve(among, weights[dropped])
                weights[dropped] = 0.0
            scores[fold.held] = fold.design @ weights
        return scores


def log_odds_of_states(
    states: States, outcome: NDArray[np.int64], sizes: NDArray[np.int64]
) -> list[Floats]:
    """Give the event's log-odds in every state of every column, against everybody's."""
    share = float(outcome.mean())
    values = []
    for column, size in enumerate(sizes):
        people = np.bincount(states[:, column], minlength=size)
        events = np.bincount(states[:, column], weights=outcome, minlength=size)
        odds = (events + _AVERAGE_PEOPLE * share) / (
            people - events + _AVERAGE_PEOPLE * (1.0 - share)
        )
        values.append(np.log(odds) - np.log(share / (1.0 - share)))
    return values


def as_numbers(states: States, values: list[Floats]) -> Floats:
    """Put the number of its state in the place of every state; shape of ``states``."""
    return np.column_stack([value[states[:, n]] for n, value in enumerate(values)])


def _design(states: States, values: list[Floats]) -> Floats:
    return np.column_stack([np.ones(len(states)), as_numbers(states, values)])
