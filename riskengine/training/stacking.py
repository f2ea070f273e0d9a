"""Several additive models in one: horizons and learners stacked in log-odds.

A forecast of the first year learns something from who had the event in the second, and two
learners err differently. A weighted sum of additive models in log-odds is additive again, so the
stack is one set of tables like any other. The weights, and which parts are in it at all, come from
predictions out of fold *inside* the people that it is shown: cross-validating a stack is therefore
nested cross-validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.training.axes import ScoredItem, States
from riskengine.training.folds import folds_of
from riskengine.training.learner import Fitted, Learner, Observed
from riskengine.training.tables import Floats, Pair, merge

_SPREAD = 0.25
"""Standard deviation of the prior of a weight around an equal share. The parts agree so closely
that outcomes alone would hand everything to one of them by chance."""


@dataclass(frozen=True)
class Part:
    """One learner on one horizon.

    Attributes
    ----------
    learner
        What is fitted for the tables.
    horizon
        0 for the outcome that is forecast, 1 and above for the further ones, in their order.
    within
        The variant whose predictions out of fold set the weights; the learner itself where it is
        left out. A variant with fewer bags saves time.
    """

    learner: Learner
    horizon: int = 0
    within: Learner | None = None

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        return f"{self.learner.name}@{self.horizon}"


@dataclass(frozen=True)
class Candidate:
    """A set of parts, by their positions, that may become the stack."""

    name: str
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Held:
    """What a stack has chosen.

    Attributes
    ----------
    candidate, weights
        The parts that are in it, and how much of each.
    losses
        Mean log loss out of fold of every candidate, in their order: what was chosen by.
    pairs
        The pairs of each of these parts.
    """

    candidate: Candidate
    weights: tuple[float, ...]
    losses: tuple[float, ...]
    pairs: tuple[tuple[Pair, ...], ...] = ()


@dataclass(frozen=True)
class Stacked:
    """Settings of a stack; itself a learner.

    Attributes
    ----------
    parts
        All parts that any candidate uses.
    candidates
        What is chosen among, by log score out of fold, the first winning a tie. With a single
        candidate only the weights are learned.
    folds
        Folds inside the people that are shown.
    held
        What was chosen, where it is held: for bootstrap refits.
    """

    parts: tuple[Part, ...]
    candidates: tuple[Candidate, ...]
    folds: int = 3
    held: Held | None = None

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        return "stacked"

    def options(self) -> dict[str, bool | int | float | str]:
        """Settings that are written into the model."""
        found: dict[str, bool | int | float | str] = {
            "candidates": "; ".join(
                f"{one.name}: {', '.join(self.parts[p].name for p in one.parts)}"
                for one in self.candidates
            ),
            "inner_folds": self.folds,
        }
        for part in self.parts:
            found |= {f"{part.name}.{key}": v for key, v in part.learner.options().items()}
        return found

    def cheaper(self) -> Stacked:
        """Cheaper parts."""
        return replace(
            self,
            parts=tuple(replace(p, learner=p.learner.cheaper(), within=None) for p in self.parts),
        )

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: NDArray[np.int64],
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
        further: Sequence[Observed] = (),
        groups: NDArray[np.int64] | None = None,
    ) -> Fitted:
        """Choose, weigh and merge; see `riskengine.training.learner.Learner`.

        Parameters
        ----------
        further
            What happened to the same people by other horizons.

        Raises
        ------
        TrainingError
            Where a part asks for a horizon that is not there.
        """
        horizons = (Observed(outcome, weight), *further)
        for part in self.parts:
            if part.horizon >= len(horizons):
                raise TrainingError(
                    f"part [{part.name}] asks for horizon {part.horizon} of {len(horizons)}; "
                    f"the further outcomes must be given"
                )
        if self.held:
            choice, wanted = self.held, list[Sequence[Pair] | None](self.held.pairs)
        else:
            choice = self.choose(items, states, horizons, seed=seed, pairs=pairs, groups=groups)
            wanted = [pairs] * len(choice.candidate.parts)
        fitted = [
            _fit(self.parts[p].learner, items, states, horizons[self.parts[p].horizon], seed, own)
            for p, own in zip(choice.candidate.parts, wanted, strict=True)
        ]
        weights = np.array(choice.weights)
        tables = merge([one.tables for one in fitted], weights)

        def predict(of: States) -> Floats:
            scores = np.column_stack([_log_odds(one.predict(of)) for one in fitted])
            return sigmoid(scores @ weights)

        parts = list(self.parts)
        for p, one in zip(choice.candidate.parts, fitted, strict=True):
            parts[p] = replace(parts[p], learner=one.held or parts[p].learner)
        choice = replace(choice, pairs=tuple(tuple(one.tables.pairs) for one in fitted))
        held = replace(self, parts=tuple(parts), held=choice)
        return Fitted(tables, predict, held=held).checked(states)

    def choose(
        self,
        items: Sequence[ScoredItem],
        states: States,
        horizons: Sequence[Observed],
        *,
        seed: int,
        pairs: Sequence[Pair] | None = None,
        groups: NDArray[np.int64] | None = None,
    ) -> Held:
        """Choose the candidate with the best log score out of fold, and weigh its parts."""
        # dealt by the whole history, so that folds do not depend on which horizon is forecast
        history = np.sum([one.outcome for one in horizons], axis=0)
        folds = folds_of(history, self.folds, seed, groups)
        scores = np.empty((len(states), len(self.parts)))
        for fold in range(self.folds):
            rest, out = folds != fold, folds == fold
            for position, part in enumerate(self.parts):
                found = _fit(
                    part.within or part.learner,
                    items,
                    states[rest],
                    horizons[part.horizon].of(rest),
                    seed,
                    pairs,
                )
                scores[out, position] = found.tables.score(states[out])
        target = horizons[0]
        losses = [
            _loss_out_of_fold(scores[:, list(one.parts)], target, folds) for one in self.candidates
        ]
        best = self.candidates[int(np.argmin(losses))]
        _, weights = stack_weights(scores[:, list(best.parts)], target)
        return Held(best, tuple(weights.tolist()), tuple(losses))


def stack_weights(scores: Floats, target: Observed) -> tuple[float, Floats]:
    """Weigh log-odds out of fold: logistic regression with weights that are not negative.

    A normal prior holds the weights near equal shares. The intercept is free; a calibration that
    follows makes it irrelevant, so only the weights are merged.

    Parameters
    ----------
    scores
        Shape (people, parts).

    Returns
    -------
    tuple
        Intercept, and weights of shape (parts,).
    """
    from scipy.optimize import minimize

    parts = scores.shape[1]
    counts = np.ones(len(scores)) if target.weight is None else target.weight
    design = np.column_stack([np.ones(len(scores)), scores])
    share = np.concatenate([[0.0], np.full(parts, 1.0 / parts)])
    prior = np.concatenate([[0.0], np.full(parts, _SPREAD**-2)])

    def objective(at: Floats) -> tuple[float, Floats]:
        eta = design @ at
        away = at - share
        loss = counts @ (np.logaddexp(0.0, eta) - target.outcome * eta)
        gradient = design.T @ (counts * (sigmoid(eta) - target.outcome)) + prior * away
        return float(loss + 0.5 * prior @ away**2) / len(scores), gradient / len(scores)

    found = minimize(
        objective,
        share,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), *[(0.0, None)] * parts],
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
    )
    if not found.x[1:].any():
        raise TrainingError(
            "out of fold, no part of the stack says anything about the outcome; "
            "nothing was learned that could be used"
        )
    return float(found.x[0]), found.x[1:]


def _loss_out_of_fold(scores: Floats, target: Observed, folds: NDArray[np.int64]) -> float:
    """Mean log score of a candidate whose weights come from the other folds."""
    counts = np.ones(len(scores)) if target.weight is None else target.weight
    total = 0.0
    for fold in np.unique(folds):
        rest, out = folds != fold, folds == fold
        intercept, weights = stack_weights(scores[rest], target.of(rest))
        eta = intercept + scores[out] @ weights
        total += float(counts[out] @ (np.logaddexp(0.0, eta) - target.outcome[out] * eta))
    return total / float(counts.sum())


def _fit(
    learner: Learner,
    items: Sequence[ScoredItem],
    states: States,
    seen: Observed,
    seed: int,
    pairs: Sequence[Pair] | None,
) -> Fitted:
    """Fit on the people who count at this horizon."""
    counted = seen.counted()
    if counted is not None:
        states, seen = states[counted], seen.of(counted)
    return learner.fit(items, states, seen.outcome, seed=seed, weight=seen.weight, pairs=pairs)


def _log_odds(probability: Floats) -> Floats:
    found: Floats = np.log(probability) - np.log1p(-probability)
    return found
