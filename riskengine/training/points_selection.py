"""Which items a points form asks: one after the other, judged on people not seen.

Every candidate is tried by one Newton step from the current regression, fold by fold, and scored
on the people of the fold that was left out; the winner is then fitted in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.training.axes import States
from riskengine.training.bounded import bounded_fit, bounded_step
from riskengine.training.penalised import fit
from riskengine.training.points_coding import Columns
from riskengine.training.tables import Floats

Integers = NDArray[np.int64]

SPREADS = (0.125, 0.25, 0.5, 1.0, 2.0)
"""Prior standard deviations between the two ends of an item that are tried, in log-odds."""


@dataclass(frozen=True)
class People:
    """People laid out for regression on every candidate.

    Attributes
    ----------
    states
        Shape (people, candidates).
    design
        Shape (people, columns): the same as ``columns`` lays it out.
    counts
        Weight of every person.
    precision
        Shape (columns,): of the prior.
    """

    states: States
    design: Floats
    outcome: Integers
    counts: Floats
    columns: Columns
    precision: Floats

    def among(self, which: NDArray[np.bool_]) -> People:
        """Give some of the people."""
        return replace(
            self,
            states=self.states[which],
            design=self.design[which],
            outcome=self.outcome[which],
            counts=self.counts[which],
        )

    def fit(self, chosen: Sequence[int], start: Floats | None = None) -> Floats:
        """Coefficients of all columns; zero outside the chosen items."""
        at = self.columns.of(chosen)
        beta = np.zeros(self.design.shape[1])
        beta[at] = bounded_fit(
            self.design[:, at],
            self.outcome,
            precision=self.precision[at],
            floored=self.columns.floored[at],
            weight=self.counts,
            start=None if start is None else start[at],
        )
        return beta

    def log_scores(self, eta: Floats) -> Floats:
        """Log score of everybody; shape (people,)."""
        scores: Floats = self.outcome * eta - np.logaddexp(0.0, eta)
        return scores


@dataclass(frozen=True)
class Fold:
    """People whom a regression is shown, and people on whom it is judged."""

    shown: People
    held: People


@dataclass(frozen=True)
class Judged:
    """Held-out log scores of several forms on the same people, the simplest form first.

    Attributes
    ----------
    scores
        Shape (forms, people); larger is better.
    counts
        Weight of every person.
    """

    scores: Floats
    counts: Floats

    @property
    def means(self) -> Floats:
        """Mean log score of every form; shape (forms,)."""
        means: Floats = self.scores @ self.counts / self.counts.sum()
        return means

    @property
    def best(self) -> int:
        """Position of the best form."""
        return int(self.means.argmax())

    def behind(self, form: int) -> tuple[float, float]:
        """How far a form lies behind the best, and the standard error of that, paired."""
        shares = self.counts / self.counts.sum()
        lost = self.scores[self.best] - self.scores[form]
        mean = float(shares @ lost)
        return mean, float(np.sqrt(shares**2 @ (lost - mean) ** 2))

    def simplest(self) -> int:
        """Position of the first form that lies within a standard error of the best."""
        for form in range(self.best):
            mean, error = self.behind(form)
            if mean <= error:
                return form
        return self.best


@dataclass(frozen=True)
class Selection:
    """Items in the order in which they entered.

    Attributes
    ----------
    chosen
        Positions among the candidates.
    judged
        A form for every size, from one item up.
    coefficients
        For every size, the coefficients of every fold.
    """

    chosen: tuple[int, ...]
    judged: Judged
    coefficients: tuple[tuple[Floats, ...], ...]


def likeliest_spread(columns: Columns, design: Floats, outcome: Integers, counts: Floats) -> float:
    """Prior scale with the largest marginal likelihood of all candidates together.

    Directions are not imposed here: the normal approximation knows no floor.
    """
    nothing = np.zeros(design.shape[1])
    evidence = [
        fit(
            design, outcome, mean=nothing, precision=columns.precision(spread), weight=counts
        ).log_evidence
        for spread in SPREADS
    ]
    return SPREADS[int(np.argmax(evidence))]


def select(folds: Sequence[Fold], most_items: int) -> Selection:
    """Let items enter one at a time, up to a number.

    Raises
    ------
    TrainingError
        Where no item forecasts anything.
    """
    columns = folds[0].shown.columns
    counts = np.concatenate([fold.held.counts for fold in folds])
    betas = tuple(fold.shown.fit([]) for fold in folds)
    chosen: list[int] = []
    scores = [_held(folds, betas)]
    coefficients: list[tuple[Floats, ...]] = []
    left = [item for item, one in enumerate(columns.codings) if one.columns]
    while left and len(chosen) < most_items:
        tried = [_tried(f, b, chosen, left) for f, b in zip(folds, betas, strict=True)]
        promised = Judged(np.hstack(tried), counts)
        chosen.append(left.pop(promised.best))
        betas = tuple(f.shown.fit(chosen, start=b) for f, b in zip(folds, betas, strict=True))
        scores.append(_held(folds, betas))
        coefficients.append(betas)
    if Judged(np.array(scores), counts).best == 0:
        raise TrainingError(
            "no item forecasts the outcome of people whom the regression had not seen; "
            "there is no form to be learned from this cohort"
        )
    return Selection(tuple(chosen), Judged(np.array(scores[1:]), counts), tuple(coefficients))


def _held(folds: Sequence[Fold], betas: Sequence[Floats]) -> Floats:
    """Held-out log scores of all people, fold after fold."""
    return np.concatenate(
        [f.held.log_scores(f.held.design @ b) for f, b in zip(folds, betas, strict=True)]
    )


def _tried(fold: Fold, beta: Floats, chosen: Sequence[int], left: Sequence[int]) -> Floats:
    """Held-out log scores with every further item, by one Newton step from where we stand.

    The step is exact for the quadratic around the current fit: what the chosen items give up to
    the new one is taken from them. Shape (further items, held people).
    """
    shown, held, columns = fold.shown, fold.held, fold.shown.columns
    chances = sigmoid(shown.design @ beta)
    gradient = shown.design.T @ (shown.counts * (shown.outcome - chances))
    spread = shown.counts * chances * (1.0 - chances)
    curvature = (shown.design.T * spread) @ shown.design
    curvature[np.diag_indices_from(curvature)] += shown.precision
    at = columns.of(chosen)
    at = at[~columns.floored[at] | (beta[at] > 0)]  # a step that lies on its floor stays there
    given_up = np.linalg.solve(curvature[np.ix_(at, at)], curvature[at])
    alone = curvature - curvature[:, at] @ given_up
    held_eta = held.design @ beta
    scores = []
    for item in left:
        place = columns.places[item]
        lowest = np.where(columns.floored[place], 0.0, -np.inf)
        step = bounded_step(alone[np.ix_(place, place)], gradient[place], lowest)
        moved = held.design[:, place] @ step - held.design[:, at] @ (given_up[:, place] @ step)
        scores.append(held.log_scores(held_eta + moved))
    return np.array(scores)
