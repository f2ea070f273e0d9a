"""Making the final tables keep their word: more of a risk never lowers the score.

The learner cannot promise it (it leaves constrained items out of every pair), so the tables are
moved, as little as possible, until every step of every enforced item holds at its worst partner
answers: the step in the item's own table plus the smallest step in each of its pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import ScoredItem, States
from riskengine.training.tables import Floats, Pair, Tables, centred

MARGIN = 1e-6
"""Least step, in log-odds. Calibration and rounding to 2^-40 take far less than this away."""
_FLOOR = 1e-5  # weight of a cell in which nobody stands: it may move, but not for nothing
_TOLERANCE = 1e-9


def worst_steps(tables: Tables, items: Sequence[ScoredItem], column: int) -> Floats:
    """Change of the score over every step of one item, at its worst partner answers.

    Counted in the direction that the item must take; shape (known states - 1,).
    """
    item = items[column]
    steps: Floats = item.sign * np.diff(tables.mains[column][: item.known])
    for pair, table in tables.pairs.items():
        if column in pair:
            partner = items[pair[1 - pair.index(column)]]
            cells = table if pair[0] == column else table.T
            change = item.sign * np.diff(cells[: item.known, : partner.live], axis=0)
            steps = steps + change.min(axis=1)
    return steps


def holds(tables: Tables, items: Sequence[ScoredItem], least: float = 0.0) -> bool:
    """Whether every enforced item keeps its direction at any partner answers."""
    return all(
        (worst_steps(tables, items, column) >= least).all()
        for column, item in enumerate(items)
        if item.sign and item.known > 1
    )


def projected(
    tables: Tables, items: Sequence[ScoredItem], states: States, weights: Sequence[Floats]
) -> Tables:
    """Move tables to the nearest ones in which every enforced item keeps its direction.

    Nearest in the sum of squares over the cells of tables and pairs together, each weighted by
    the share of the reference population that stands in it. The result is centred again, which
    changes no step.

    Raises
    ------
    TrainingError
        Where the solver does not come to an end.
    """
    if holds(tables, items, MARGIN / 2):
        return tables
    layout = _Layout(tables, items)
    moved = layout.tables(_solve(layout, states))
    result = centred(moved, items, weights)
    if not holds(result, items, MARGIN / 2):
        raise TrainingError("the projection left a step in the wrong direction")
    return result


class _Layout:
    """Places of the cells that may move in one long vector, and the constraints on them."""

    def __init__(self, tables: Tables, items: Sequence[ScoredItem]) -> None:
        self.items, self.before = items, tables
        enforced = [c for c, item in enumerate(items) if item.sign and item.known > 1]
        self.mains: dict[int, NDArray[np.int64]] = {}
        self.pairs: dict[Pair, NDArray[np.int64]] = {}
        self.size = 0
        for column in enforced:
            self.mains[column] = self._take((items[column].known,))
        for first, second in tables.pairs:
            if first in self.mains or second in self.mains:
                self.pairs[first, second] = self._take((items[first].live, items[second].live))
        self.cells = self.size
        self.rows: list[NDArray[np.int64]] = []
        self.columns: list[NDArray[np.int64]] = []
        self.values: list[Floats] = []
        self.bounds: list[Floats] = []
        self.count = 0
        for column in enforced:
            self._constrain(column)

    def _take(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        size = int(np.prod(shape))
        places = np.arange(self.size, self.size + size).reshape(shape)
        self.size += size
        return places

    def _constrain(self, column: int) -> None:
        """Own step plus the least step of every pair (``least`` below) is at least the margin."""
        item = self.items[column]
        own = self.mains[column]
        total = [(own[1:], item.sign), (own[:-1], -item.sign)]
        for pair, places in self.pairs.items():
            if column not in pair:
                continue
            cells = places if pair[0] == column else places.T
            cells = cells[: item.known]
            least = self._take((item.known - 1,))
            total.append((least, 1))
            self._at_least(
                [
                    (cells[1:], item.sign),
                    (cells[:-1], -item.sign),
                    (np.repeat(least[:, None], cells.shape[1], axis=1), -1),
                ],
                0.0,
            )
        self._at_least(total, MARGIN)

    def _at_least(self, parts: Sequence[tuple[NDArray[np.int64], int]], bound: float) -> None:
        """Demand that the signed sum of places, entry by entry, is at least a bound."""
        size = parts[0][0].size
        rows = np.arange(self.count, self.count + size)
        for places, sign in parts:
            self.rows.append(rows)
            self.columns.append(places.ravel())
            self.values.append(np.full(size, float(sign)))
        self.bounds.append(np.full(size, bound))
        self.count += size

    def start(self) -> Floats:
        """Give the cells as they are."""
        values = np.zeros(self.cells)
        for column, places in self.mains.items():
            values[places] = self.before.mains[column][: places.size]
        for pair, places in self.pairs.items():
            rows, columns = places.shape
            values[places] = self.before.pairs[pair][:rows, :columns]
        return values

    def weights(self, states: States) -> Floats:
        """Give the share of people in every cell."""
        values = np.zeros(self.cells)
        for column, places in self.mains.items():
            counts = np.bincount(states[:, column], minlength=places.size)
            values[places] = counts[: places.size]
        for (first, second), places in self.pairs.items():
            rows, columns = places.shape
            inside = (states[:, first] < rows) & (states[:, second] < columns)
            flat = states[inside, first] * columns + states[inside, second]
            values[places] = np.bincount(flat, minlength=places.size).reshape(places.shape)
        return values / len(states) + _FLOOR

    def tables(self, values: Floats) -> Tables:
        """Give the tables with moved cells."""
        mains = [table.copy() for table in self.before.mains]
        pairs = {pair: table.copy() for pair, table in self.before.pairs.items()}
        for column, places in self.mains.items():
            mains[column][: places.size] = values[places]
        for pair, places in self.pairs.items():
            rows, columns = places.shape
            pairs[pair][:rows, :columns] = values[places]
        return Tables(self.before.intercept, tuple(mains), pairs)


def _solve(layout: _Layout, states: States) -> Floats:
    import clarabel
    from scipy import sparse

    start, weights = layout.start(), layout.weights(states)
    free = layout.size - layout.cells
    quadratic = sparse.diags(np.concatenate([weights, np.zeros(free)]), format="csc")
    linear = np.concatenate([-weights * start, np.zeros(free)])
    # clarabel wants A x + s = b with s >= 0
    matrix = -sparse.csc_matrix(
        (
            np.concatenate(layout.values),
            (np.concatenate(layout.rows), np.concatenate(layout.columns)),
        ),
        shape=(layout.count, layout.size),
    )
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = _TOLERANCE
    solution = clarabel.DefaultSolver(
        sparse.csc_matrix(quadratic),
        linear,
        matrix,
        -np.concatenate(layout.bounds),
        [clarabel.NonnegativeConeT(layout.count)],
        settings,
    ).solve()
    if "Solved" not in str(solution.status):
        raise TrainingError(f"the projection did not come to an end: {solution.status}")
    return np.array(solution.x)[: layout.cells]
