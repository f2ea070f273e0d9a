"""What outcomes may add to the evidence: a trend and a shape for every item, and how far they go.

Every known answer gets ``trend x position + shape``. Positions are standardised over the reference
population, and shapes have mean square one there, so that one standard deviation says for every
item alike how many log-odds it moves people, whatever its levels. A shape is smooth along an
ordered item (a random walk without its straight part) and free for names.

The prior of a trend knows what the instrument declares of the item's direction: half a normal
distribution lies on the declared side, taken by its mean and variance. A direction is knowledge
that every published study of such items shares; how much it weighs is learned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from riskengine.training.axes import ScoredItem, States
from riskengine.training.tables import Floats

Kind = Literal["trend", "shape", "gap"]
"""What a coefficient is about: a straight line, what departs from it, an answer not known."""

HALF_NORMAL_MEAN = math.sqrt(2 / math.pi)
_HALF_NORMAL_VARIANCE = 1 - 2 / math.pi
_SMALLEST = 1e-9


@dataclass(frozen=True)
class Scales:
    """Prior standard deviations of trends and of shapes, in log-odds."""

    trend: float
    shape: float


@dataclass(frozen=True)
class Basis:
    """Columns by which one item may deviate.

    Attributes
    ----------
    columns
        Shape (states, columns); zero wherever an answer is not known and not learned.
    kinds
        One a column.
    direction
        1 or -1 where more of the item is declared to raise or lower the risk, else 0.
    """

    columns: Floats
    kinds: tuple[Kind, ...]
    direction: int


def basis_of(items: Sequence[ScoredItem]) -> tuple[Basis, ...]:
    """Lay out the columns of every item; the reference weights of its axis are the measure."""
    return tuple(_basis(item) for item in items)


def _basis(item: ScoredItem) -> Basis:
    weights = np.array(item.axis.reference[: item.known], dtype=np.float64)
    direction = {"risk": 1, "protective": -1, "free": 0}[item.item.direction]
    parts: list[Floats] = []
    kinds: list[Kind] = []
    if weights.sum() > 0:
        weights /= weights.sum()
        straight = item.ordered or item.known == 2
        constant = np.ones((item.known, 1))
        removed = constant
        if straight:
            position = np.arange(item.known, dtype=np.float64)
            position -= weights @ position
            spread = math.sqrt(float(weights @ position**2))
            if spread > _SMALLEST:
                parts.append(position[:, None] / spread)
                kinds.append("trend")
                removed = np.column_stack([constant, position])
        shape = _shape(weights, removed, ordered=item.ordered)
        parts.append(shape)
        kinds += ["shape"] * shape.shape[1]
    known = np.concatenate(parts, axis=1) if parts else np.zeros((item.known, 0))
    columns = np.zeros((item.axis.states, known.shape[1] + item.learned))
    columns[: item.known, : known.shape[1]] = known
    if item.learned:
        columns[item.known, -1] = 1.0
        kinds.append("gap")
    return Basis(columns=columns, kinds=tuple(kinds), direction=direction)


def _shape(weights: Floats, removed: Floats, *, ordered: bool) -> Floats:
    """Root of the shape's covariance, of mean square one over the population."""
    known = len(weights)
    steps = np.arange(known, dtype=np.float64)
    covariance = np.minimum.outer(steps, steps) if ordered else np.eye(known)
    measure = np.diag(weights)
    # a pseudo-inverse, since levels that nobody has may leave nothing to project on
    onto = removed @ np.linalg.pinv(removed.T @ measure @ removed) @ removed.T @ measure
    rest = np.eye(known) - onto
    covariance = rest @ covariance @ rest.T
    whole = float(weights @ np.diag(covariance))
    if whole < _SMALLEST:
        return np.zeros((known, 0))
    values, vectors = np.linalg.eigh(covariance / whole)
    kept = values > _SMALLEST
    # an eigenvector has no sign of its own
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(known)])
    root: Floats = (vectors[:, kept] * np.sqrt(values[kept]))[:, ::-1]
    return root


def design(bases: Sequence[Basis], states: States) -> Floats:
    """Columns of people; shape (people, columns of all items)."""
    if not bases:
        return np.zeros((len(states), 0))
    return np.concatenate(
        [basis.columns[states[:, column]] for column, basis in enumerate(bases)], axis=1
    )


def prior(bases: Sequence[Basis], scales: Scales) -> tuple[Floats, Floats]:
    """Mean and variance of every coefficient."""
    means, variances = [], []
    for basis in bases:
        for kind in basis.kinds:
            scale = scales.shape if kind == "shape" else scales.trend
            mean, variance = 0.0, scale**2
            if kind == "trend" and basis.direction:
                mean = basis.direction * HALF_NORMAL_MEAN * scale
                variance = _HALF_NORMAL_VARIANCE * scale**2
            means.append(mean)
            variances.append(variance)
    return np.array(means), np.array(variances)


def tables_of(bases: Sequence[Basis], coefficients: Floats) -> tuple[Floats, ...]:
    """Give one table an item from the coefficients of all columns."""
    found = []
    start = 0
    for basis in bases:
        end = start + basis.columns.shape[1]
        found.append(basis.columns @ coefficients[start:end])
        start = end
    return tuple(found)
