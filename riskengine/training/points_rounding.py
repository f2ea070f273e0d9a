"""From log-odds to whole points, by one common unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import States
from riskengine.training.penalised import fit
from riskengine.training.points_coding import Columns
from riskengine.training.points_selection import Fold, Judged
from riskengine.training.tables import Floats

Integers = NDArray[np.int64]

MOST_RANGE = 50
"""Most points between the lowest and the highest score of a form."""
MOST_TOGETHER = 0.08
"""Largest share of people on one score, where it can be had: a cut-off then misses a wished share
of people by half of that at most."""
UNITS = (0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4)
"""Log-odds of one point, as far as they are tried."""


@dataclass(frozen=True)
class Rounding:
    """From coefficients to whole points of the chosen items.

    Attributes
    ----------
    weights
        For every candidate, the distribution of its known answers.
    inside
        Positions of the chosen items.
    """

    columns: Columns
    weights: Sequence[Floats]
    inside: Sequence[int]

    def cells(self, beta: Floats, unit: float) -> tuple[Integers, ...]:
        """Whole points of every state of every chosen item.

        Zero is the typical answer: of those that anybody gave, the one whose log-odds lie nearest
        to the average. An answer that is not known has the average's, so it is worth the same:
        nothing.
        """
        found = []
        for item in self.inside:
            table = self.columns.table(item, beta)
            away = np.where(self.weights[item] > 0, np.abs(table), np.inf)
            points = np.rint((table - table[int(away.argmin())]) / unit).astype(np.int64)
            points[self.columns.codings[item].known :] = 0
            found.append(points)
        return tuple(found)

    def largest_unit(self, folds: Sequence[Fold], betas: Sequence[Floats], beta: Floats) -> float:
        """Choose the unit with the fewest points that costs no more than a standard error.

        A unit is not used where one score would be shared by so many people that no cut-off could
        come near a wished share of them, as long as a smaller one keeps the form small.

        Parameters
        ----------
        betas, beta
            Coefficients of every fold, and of everybody.

        Raises
        ------
        TrainingError
            Where even the largest unit needs more points than a form may have.
        """
        units = self._usable(folds, beta)
        counts = np.concatenate([fold.held.counts for fold in folds])
        scores = [
            np.concatenate(
                [self._held(f, self.cells(b, unit)) for f, b in zip(folds, betas, strict=True)]
            )
            for unit in units
        ]
        return units[Judged(np.array(scores), counts).simplest()]

    def _usable(self, folds: Sequence[Fold], beta: Floats) -> list[float]:
        """Units, the largest first, of forms that are small and yet tell people apart."""
        small = [
            unit
            for unit in sorted(UNITS, reverse=True)
            if sum(int(np.ptp(points)) for points in self.cells(beta, unit)) <= MOST_RANGE
        ]
        if not small:
            raise TrainingError(
                f"points of {max(UNITS):g} log-odds still range over more than {MOST_RANGE}; "
                f"the outcomes are all but separated"
            )
        states = np.concatenate([fold.held.states for fold in folds])
        fine = [
            unit
            for unit in small
            if largest_share(added(self.cells(beta, unit), self.inside, states)) <= MOST_TOGETHER
        ]
        return fine or small[-1:]

    def _held(self, fold: Fold, cells: Sequence[Integers]) -> Floats:
        """Held-out log scores of points, calibrated on the people who were shown."""
        shown = added(cells, self.inside, fold.shown.states)
        slope, offset = line(shown, fold.shown.outcome, fold.shown.counts)
        held = added(cells, self.inside, fold.held.states).astype(np.float64)
        return fold.held.log_scores(offset + slope * held)


def added(cells: Sequence[Integers], columns: Sequence[int], states: States) -> Integers:
    """Add up the points of people; shape (people,).

    Parameters
    ----------
    cells, columns
        Points of every state of some items, and the columns of ``states`` where they stand.
    """
    total = np.zeros(len(states), dtype=np.int64)
    for column, points in zip(columns, cells, strict=True):
        total += points[states[:, column]]
    return total


def largest_share(points: Integers) -> float:
    """Share of people on the commonest score."""
    _, people = np.unique(points, return_counts=True)
    return float(people.max() / len(points))


def line(points: Integers, outcome: Integers, counts: Floats) -> tuple[float, float]:
    """Log-odds of one point and of none, by weighted logistic regression."""
    design = np.column_stack([points, np.ones(len(points))]).astype(np.float64)
    found = fit(design, outcome, mean=np.zeros(2), precision=np.full(2, 1e-6), weight=counts)
    return float(found.mean[0]), float(found.mean[1])
