"""An additive model in the making: an intercept, a table an item, a table a pair; in log-odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import ScoredItem, States

Floats = NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Tables:
    """Additive tables over the states of the items.

    Attributes
    ----------
    intercept
        Log-odds before any table.
    mains
        One array an item, an entry a state.
    pairs
        For two items by position, the smaller first, an array (states, states).
    """

    intercept: float
    mains: tuple[Floats, ...]
    pairs: Mapping[Pair, Floats]

    def score(self, states: States) -> Floats:
        """Log-odds of people; shape (people,)."""
        total = np.full(len(states), self.intercept)
        for column, table in enumerate(self.mains):
            total += table[states[:, column]]
        for (first, second), table in self.pairs.items():
            total += table[states[:, first], states[:, second]]
        return total

    def affine(self, slope: float, offset: float) -> Tables:
        """Give the tables of ``offset + slope * score``: every cell takes its share."""
        return Tables(
            intercept=offset + slope * self.intercept,
            mains=tuple(slope * table for table in self.mains),
            pairs={pair: slope * table for pair, table in self.pairs.items()},
        )

    def parts(self) -> list[Floats]:
        """Give all tables flat, mains first, in the order in which they are exported."""
        return [*self.mains, *(table.ravel() for table in self.pairs.values())]


def merge(tables: Sequence[Tables], weights: Sequence[float] | Floats) -> Tables:
    """Give the one set of tables whose score is the weighted sum of several.

    A weighted sum of additive models in log-odds is additive: cells are summed, and a pair that
    only some of them know counts as zero in the others.

    Parameters
    ----------
    tables
        Over the same items; at least one.
    weights
        One for each; they need not sum to one.

    Raises
    ------
    TrainingError
        Where there is nothing to merge, or weights and tables differ in number or shape.
    """
    if not tables or len(tables) != len(weights):
        raise TrainingError(
            f"{len(tables)} sets of tables and {len(weights)} weights cannot be merged; "
            f"a weight is needed for each of at least one"
        )
    shapes = {tuple(len(table) for table in one.mains) for one in tables}
    if len(shapes) != 1:
        raise TrainingError("tables over different items or levels cannot be merged")
    pairs: dict[Pair, Floats] = {}
    for one, weight in zip(tables, weights, strict=True):
        for pair, cells in one.pairs.items():
            pairs[pair] = pairs.get(pair, 0.0) + weight * cells
    return Tables(
        intercept=float(sum(w * one.intercept for one, w in zip(tables, weights, strict=True))),
        mains=tuple(
            sum((w * cells for cells, w in zip(column, weights, strict=True)),
                np.zeros(len(column[0])))
            for column in zip(*(one.mains for one in tables), strict=True)
        ),
        pairs=dict(sorted(pairs.items())),
    )  # fmt: skip


def marginals(items: Sequence[ScoredItem], states: States) -> tuple[Floats, ...]:
    """Give the distribution of the known answers to every item; entries of other states are 0.

    A level that nobody has keeps weight zero. Where an item has no known answer at all, its
    levels count alike.
    """
    found = []
    for column, item in enumerate(items):
        counts = np.bincount(states[:, column], minlength=item.axis.states).astype(np.float64)
        counts[item.known :] = 0.0
        if not counts.any():
            counts[: item.known] = 1.0
        found.append(counts / counts.sum())
    return tuple(found)


def centred(tables: Tables, items: Sequence[ScoredItem], weights: Sequence[Floats]) -> Tables:
    """Rewrite tables so that zero is the average person; no score of live states changes.

    Every table averages to zero over the known answers of the reference population, a pair over
    either of its items. An answer that is not known and not learned therefore stands at exactly
    zero, in its own table and in every pair: it is worth what an average answer is worth.
    """
    intercept = tables.intercept
    mains = [table.copy() for table in tables.mains]
    pairs: dict[Pair, Floats] = {}
    for (first, second), table in tables.pairs.items():
        live = np.zeros_like(table)
        rows, columns = items[first].live, items[second].live
        live[:rows, :columns] = table[:rows, :columns]
        by_row = live @ weights[second]
        by_column = weights[first] @ live
        middle = float(weights[first] @ by_row)
        live[:rows, :columns] += middle - by_row[:rows, None] - by_column[None, :columns]
        mains[first][:rows] += by_row[:rows]
        mains[second][:columns] += by_column[:columns]
        intercept -= middle
        pairs[first, second] = live
    for column, item in enumerate(items):
        middle = float(weights[column] @ mains[column])
        mains[column][: item.live] -= middle
        mains[column][item.live :] = 0.0
        intercept += middle
    return Tables(intercept=intercept, mains=tuple(mains), pairs=pairs)


def with_draws(
    states: States, items: Sequence[ScoredItem], weights: Sequence[Floats], seed: int
) -> States:
    """Replace every answer that is not known and not learned by a draw from the known ones.

    This is how a zero cell is *fitted* and not merely written: to the learner a person whose
    answer is not known is an average person in that item, so the rest of the model is fitted
    around exactly the zero that will be scored. (Boosting knows no constraint on one cell, and a
    cell set to zero afterwards would leave the other items explaining what it took away.)
    """
    rng = np.random.default_rng(seed)
    filled = states.copy()
    for column, item in enumerate(items):
        silent = np.flatnonzero(states[:, column] >= item.live)
        if len(silent):
            drawn = rng.choice(item.known, size=len(silent), p=weights[column][: item.known])
            filled[silent, column] = drawn
    return filled
