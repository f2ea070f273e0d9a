"""How answers stand in a regression: steps, names, and nothing.

An ordered item is a flight of steps, a column for every step from one answer to the next, so that
a direction is a sign of coefficients and a prior pulls neighbours together; a nominal item has a
column an answer. Columns are centred on the known answers, and an answer that is not known is a
row of zeros: it is *fitted* as worth exactly what an average answer is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import ScoredItem, States
from riskengine.training.tables import Floats


@dataclass(frozen=True)
class Coding:
    """Columns of one item.

    Attributes
    ----------
    rows
        Shape (states, columns): what every state stands for; zero where not known.
    known
        Number of states that stand for an answer; they come first.
    floored
        Shape (columns,): which coefficients may not fall below zero, since the item's direction is
        enforced.
    stiffness
        Shape (columns,): precision of the coefficients for a prior standard deviation of 1 between
        the two ends of the item: the more steps, the smaller each.
    """

    rows: Floats
    known: int
    floored: NDArray[np.bool_]
    stiffness: Floats

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.rows.shape[1])


def coding(item: ScoredItem, weights: Floats, *, learned: bool = False) -> Coding:
    """Lay out one item.

    Parameters
    ----------
    weights
        Shape (states,): distribution of the known answers; it sums to 1.
    learned
        Whether an unknown answer has a column of its own, where the item's may be learned.
    """
    rows = np.zeros((item.axis.states, item.known - 1 if item.ordered else item.known))
    answers = np.arange(item.known)[:, None]
    if item.ordered:
        rows[: item.known] = answers > np.arange(item.known - 1)
        rows *= -1.0 if item.sign < 0 else 1.0
        stiffness = item.known - 1.0
    else:
        rows[: item.known] = np.eye(item.known)
        stiffness = 2.0
    rows[: item.known] -= weights[: item.known] @ rows[: item.known]
    size = rows.shape[1]
    own = np.eye(item.axis.states)[:, item.known : item.live if learned else item.known]
    floored = bool(item.sign) and item.ordered
    return Coding(
        rows=np.hstack([rows, own]),
        known=item.known,
        floored=np.array([floored] * size + [False] * own.shape[1], dtype=np.bool_),
        stiffness=np.array([stiffness] * size + [1.0] * own.shape[1]),
    )


@dataclass(frozen=True)
class Columns:
    """Columns of all items side by side, after one for the intercept.

    Attributes
    ----------
    places
        For every item, its columns.
    stiffness, floored
        Shape (columns,): of the coefficients; the intercept is next to free.
    """

    codings: tuple[Coding, ...]
    places: tuple[NDArray[np.int64], ...]
    stiffness: Floats
    floored: NDArray[np.bool_]

    def design(self, states: States) -> Floats:
        """Give the columns of people; shape (people, columns)."""
        parts = [np.ones((len(states), 1))]
        parts += [one.rows[states[:, column]] for column, one in enumerate(self.codings)]
        return np.hstack(parts)

    def of(self, chosen: Sequence[int]) -> NDArray[np.int64]:
        """Positions of the intercept and of the columns of some items."""
        return np.concatenate([np.zeros(1, dtype=np.int64), *(self.places[c] for c in chosen)])

    def precision(self, spread: float) -> Floats:
        """Prior precision, where two ends of an item differ by ``spread`` (standard deviation)."""
        precision: Floats = self.stiffness / spread**2
        precision[0] = _OF_INTERCEPT
        return precision

    def table(self, item: int, coefficients: Floats) -> Floats:
        """Log-odds of every state of one item; shape (states,)."""
        found: Floats = self.codings[item].rows @ coefficients[self.places[item]]
        return found


_OF_INTERCEPT = 1e-4


def columns_of(
    items: Sequence[ScoredItem], weights: Sequence[Floats], *, learned: bool = False
) -> Columns:
    """Lay out all items, each by its distribution of known answers; see `coding`."""
    codings = tuple(
        coding(item, w, learned=learned) for item, w in zip(items, weights, strict=True)
    )
    places, start = [], 1
    for one in codings:
        places.append(np.arange(start, start + one.columns))
        start += one.columns
    stiffness, floored = np.ones(start), np.zeros(start, dtype=np.bool_)
    for one, place in zip(codings, places, strict=True):
        stiffness[place], floored[place] = one.stiffness, one.floored
    return Columns(codings, tuple(places), stiffness, floored)
