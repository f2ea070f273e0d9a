"""Model error of many people at once: the factor of the replicates in few, wide tables.

A scorecard keeps a factor for every cell of every table, in whole numbers of 2^-20 log-odds. What
a person's score may move by is the sum over the tables, one number for each rank. Tables that
share axes are added up beforehand into one table over all of those axes, so that a person looks up
a few dozen rows instead of one for each term. Sums of whole numbers are exact in any order, so the
result is the same to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from riskengine.scorecard.compiled import Floats, Integers, Scorecard
from riskengine.scorecard.document import FACTOR_BITS

MOST_CELLS = 2048
"""Cells of a joined table; with its ranks it stays in the second level of cache."""
_BLOCK = 2048
_SINGLE = 1 << 24
"""Whole numbers below this, and their sums, are exact in 32-bit floating point."""


@dataclass(frozen=True)
class JoinedFactor:
    """Factor of a scorecard over groups of axes.

    Attributes
    ----------
    groups
        Axes of each joined table with their strides, the last one 1, and its rows: shape
        (cells, rank).
    start
        Shape (rank,): the factor of the intercept.
    """

    groups: tuple[tuple[tuple[tuple[int, int], ...], NDArray[np.floating]], ...]
    start: NDArray[np.floating]

    def variance(self, states: Integers) -> Floats:
        """Variance of everybody's log-odds; shape (n,)."""
        n = len(states)
        found = np.empty(n)
        for first in range(0, n, _BLOCK):
            block = np.ascontiguousarray(states[first : first + _BLOCK].T)
            moves = np.tile(self.start, (block.shape[1], 1))
            rows = np.empty_like(moves)
            index, part = np.empty_like(block[0]), np.empty_like(block[0])
            for axes, table in self.groups:
                np.copyto(index, block[axes[-1][0]])
                for axis, stride in axes[:-1]:
                    np.multiply(block[axis], stride, out=part)
                    np.add(index, part, out=index)
                np.take(table, index, axis=0, out=rows, mode="clip")
                moves += rows
            exact = moves.astype(np.float64)
            found[first : first + _BLOCK] = np.einsum("ij,ij->i", exact, exact)
        return found / 4.0**FACTOR_BITS


def groups_of(tables: list[tuple[int, ...]], sizes: list[int], most: int) -> list[list[int]]:
    """Join tables into groups whose axes have few joint states; every table is in one group.

    Parameters
    ----------
    tables
        Axes of each table.
    sizes
        States of each axis.
    most
        Joint states of a group, unless one table alone has more.
    """
    left = dict.fromkeys(range(len(tables)))
    groups = []
    while left:
        seed = max(left, key=lambda table: (len(tables[table]), -table))
        axes = set(tables[seed])
        while True:
            size = int(np.prod([sizes[axis] for axis in axes]))
            gains = {
                axis: sum(axis in tables[t] and set(tables[t]) <= axes | {axis} for t in left)
                for axis in range(len(sizes))
                if axis not in axes and size * sizes[axis] <= most
            }
            best = max(gains, key=lambda axis: (gains[axis] / sizes[axis], -axis), default=None)
            if best is None or not gains[best]:
                break
            axes.add(best)
        group = [table for table in left if set(tables[table]) <= axes]
        for table in group:
            del left[table]
        groups.append(group)
    return groups


@lru_cache(maxsize=8)
def factor_of(scorecard: Scorecard) -> JoinedFactor:
    """Join the factors of a scorecard; kept beside it."""
    document = scorecard.document
    rank = document.uncertainty.rank
    position = {axis.id: number for number, axis in enumerate(document.axes)}
    sizes = [axis.states for axis in document.axes]
    terms = [term for term in scorecard.tables if term.factor]
    axes_of = [tuple(position[axis] for axis in term.axes) for term in terms]
    start = np.zeros(rank)
    if document.scale == "calibrated" and document.uncertainty.intercept_factor:
        start = np.array(document.uncertainty.intercept_factor, dtype=np.float64)
    largest = np.abs(start) + sum(
        (np.abs(np.array(term.factor, dtype=np.float64)).max(axis=1) for term in terms),
        start=np.zeros(rank),
    )
    kind = np.float32 if largest.max(initial=0.0) < _SINGLE else np.float64
    groups = []
    for group in groups_of(axes_of, sizes, MOST_CELLS):
        axes = sorted({axis for table in group for axis in axes_of[table]})
        shape = [sizes[axis] for axis in axes]
        joined = np.zeros((*shape, rank))
        for table in group:
            own = axes_of[table]
            cells = np.array(terms[table].factor, dtype=np.float64).T
            cells = cells.reshape(*(sizes[axis] for axis in own), rank)
            order = sorted(range(len(own)), key=lambda at: own[at])
            cells = cells.transpose(*order, len(own))
            joined += cells.reshape(*(sizes[a] if a in own else 1 for a in axes), rank)
        strides = [int(np.prod(shape[at + 1 :], dtype=np.int64)) for at in range(len(axes))]
        rows: NDArray[np.floating] = np.ascontiguousarray(joined.reshape(-1, rank).astype(kind))
        groups.append((tuple(zip(axes, strides, strict=True)), rows))
    return JoinedFactor(tuple(groups), start.astype(kind))
