"""What the tables of a scorecard look like, in the unit that is shown: points or log-odds.

Nothing is estimated here. A typical effect is the mean distance of a table's cells from its mean
in the reference population, each cell counted by its share of that population.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from riskengine.explanation.texts import Texts
from riskengine.reports.bands import written
from riskengine.reports.figures import ScoreUnit
from riskengine.reports.models.states import state_labels
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import (
    LOG_ODDS_BITS,
    REFERENCE_TOTAL,
    Axis,
    LinearTerm,
    TableTerm,
)


@dataclass(frozen=True)
class State:
    """One state of a table: what it adds, how sure that is, and how many people are in it.

    Attributes
    ----------
    error
        Standard error, or ``None`` where nothing is known about it.
    share
        Share of the reference population; ``None`` where only its mean is known.
    reach
        Ends of the whisker, where it is a range of people's values and no error.
    """

    label: str
    worth: float
    error: float | None
    share: float | None
    known: bool
    reach: tuple[float, float] | None = None

    @property
    def low(self) -> float:
        """Lower end of the whisker."""
        return self.reach[0] if self.reach else self.worth - (self.error or 0.0)

    @property
    def high(self) -> float:
        """Upper end of the whisker."""
        return self.reach[1] if self.reach else self.worth + (self.error or 0.0)


@dataclass(frozen=True)
class Shape:
    """What one item adds by itself.

    Attributes
    ----------
    kind
        ``steps`` over the bands of a number, ``levels`` of an answer, or a ``line``.
    edges
        Names of the edges between the bands, or of the ends of a line.
    mean
        Mean over the reference population.
    typical
        Mean distance from it; ``None`` for a line, of which only the mean is stored.
    """

    term: str
    item: str
    kind: str
    states: tuple[State, ...]
    edges: tuple[str, ...]
    mean: float
    typical: float | None
    evidence: tuple[str, ...]

    @property
    def known(self) -> tuple[State, ...]:
        """States that stand for an answer."""
        return tuple(state for state in self.states if state.known)

    @property
    def not_known(self) -> tuple[State, ...]:
        """States that stand for an answer that is not known."""
        return tuple(state for state in self.states if not state.known)

    @property
    def low(self) -> float:
        """Lowest value of an answer."""
        return min((state.worth for state in self.known), default=self.mean)

    @property
    def high(self) -> float:
        """Highest value of an answer."""
        return max((state.worth for state in self.known), default=self.mean)


@dataclass(frozen=True)
class PairCell:
    """One cell of a pair; ``step`` from -4 to 4 is how darkly it is shaded."""

    worth: float
    share: float
    step: int


@dataclass(frozen=True)
class Pair:
    """What two answers together add beyond what each adds by itself.

    Rows and columns of what is not known are left out where they are zero throughout.
    """

    term: str
    items: tuple[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[PairCell, ...], ...]
    typical: float
    largest_error: float | None

    @property
    def low(self) -> float:
        """Lowest cell in which the reference population has somebody."""
        return min(cell.worth for row in self.cells for cell in row if cell.share > 0)

    @property
    def high(self) -> float:
        """Highest cell in which the reference population has somebody."""
        return max(cell.worth for row in self.cells for cell in row if cell.share > 0)


_PRINTED_ZERO = 0.005
"""What is smaller is printed as zero, and a zero has no shade."""

SHADES = 4
"""Steps of shading on either side of zero."""


def amounts(scorecard: Scorecard) -> tuple[ScoreUnit, float]:
    """The unit that is shown, and how many log-odds make one of it."""
    in_points = scorecard.document.form == "points"
    per_unit = scorecard.document.log_odds.unit / 2**LOG_ODDS_BITS if in_points else 1.0
    return ScoreUnit(in_points=in_points), per_unit


def shapes(scorecard: Scorecard, say: Texts) -> list[Shape]:
    """Shape of every single table and every line; what moves people most comes first."""
    found = [
        _table_shape(scorecard, term, say) for term in scorecard.tables if len(term.axes) == 1
    ]
    found.sort(key=lambda shape: -(shape.typical or 0.0))
    return [*(_line_shape(scorecard, term) for term in scorecard.linears), *found]


def pairs(scorecard: Scorecard, say: Texts) -> list[Pair]:
    """Every pair as a grid; what moves people most comes first."""
    terms = [term for term in scorecard.tables if len(term.axes) == 2]
    unit, _ = amounts(scorecard)
    largest = max((abs(unit.amount(cell)) for term in terms for cell in term.cells), default=0.0)
    found = [_pair(scorecard, term, largest, say) for term in terms]
    return sorted(found, key=lambda pair: -pair.typical)


def _typical(worths: Sequence[float], shares: Sequence[float]) -> tuple[float, float]:
    """Mean of a table, and mean distance from it."""
    mean = sum(w * s for w, s in zip(worths, shares, strict=True))
    return mean, sum(abs(w - mean) * s for w, s in zip(worths, shares, strict=True))


def _errors(term: TableTerm, per_unit: float) -> list[float | None]:
    if not term.standard_errors:
        return [None] * len(term.cells)
    return [error / per_unit for error in term.standard_errors]


def _labels(scorecard: Scorecard, axis: Axis, say: Texts) -> tuple[str, ...]:
    return state_labels(axis, scorecard.instrument.every_item[axis.item], say)


def _table_shape(scorecard: Scorecard, term: TableTerm, say: Texts) -> Shape:
    unit, per_unit = amounts(scorecard)
    axis = scorecard.document.axes_by_id[term.axes[0]]
    worths = [unit.amount(cell) for cell in term.cells]
    shares = [weight / REFERENCE_TOTAL for weight in axis.reference]
    mean, typical = _typical(worths, shares)
    states = tuple(
        State(label, worth, error, share, known=at < axis.known_states)
        for at, (label, worth, error, share) in enumerate(
            zip(
                _labels(scorecard, axis, say), worths, _errors(term, per_unit), shares, strict=True
            )
        )
    )
    return Shape(
        term=term.id,
        item=axis.item,
        kind="levels" if axis.groups else "steps",
        states=states,
        edges=tuple(written(cut) for cut in axis.cuts),
        mean=mean,
        typical=typical,
        evidence=term.evidence,
    )


def _line_shape(scorecard: Scorecard, term: LinearTerm) -> Shape:
    unit, per_unit = amounts(scorecard)
    low, high = term.valid
    error = None if term.standard_error is None else term.standard_error / per_unit
    places = sorted({low, term.reference_mean, high})
    return Shape(
        term=term.id,
        item=term.item,
        kind="line",
        states=tuple(
            State(
                written(round(place, 3)),
                unit.amount(round(term.slope * place)),
                None if error is None else abs(error * (place - term.reference_mean)),
                None,
                known=True,
            )
            for place in places
        ),
        edges=(written(low), written(high)),
        mean=unit.amount(round(term.slope * term.reference_mean)),
        typical=None,
        evidence=term.evidence,
    )


def _pair(scorecard: Scorecard, term: TableTerm, largest: float, say: Texts) -> Pair:
    unit, per_unit = amounts(scorecard)
    first, second = (scorecard.document.axes_by_id[axis] for axis in term.axes)
    worths = [unit.amount(cell) for cell in term.cells]
    shares = [weight / REFERENCE_TOTAL for weight in term.reference]
    cells = [
        PairCell(worth, share, _step(worth, largest))
        for worth, share in zip(worths, shares, strict=True)
    ]
    width = second.states
    grid = [cells[at : at + width] for at in range(0, len(cells), width)]
    errors = [error for error in _errors(term, per_unit) if error is not None]
    rows = [at for at in range(first.states) if at < first.known_states or _used(grid[at])]
    columns = [
        at
        for at in range(second.states)
        if at < second.known_states or _used([row[at] for row in grid])
    ]
    row_labels, column_labels = (_labels(scorecard, axis, say) for axis in (first, second))
    return Pair(
        term=term.id,
        items=(first.item, second.item),
        rows=tuple(row_labels[at] for at in rows),
        columns=tuple(column_labels[at] for at in columns),
        cells=tuple(tuple(grid[row][column] for column in columns) for row in rows),
        typical=_typical(worths, shares)[1],
        largest_error=max(errors, default=None),
    )


def _used(cells: Sequence[PairCell]) -> bool:
    """Whether a row or column of what is not known says anything."""
    return any(cell.worth or cell.share for cell in cells)


def _step(worth: float, largest: float) -> int:
    """How darkly a cell is shaded, on one scale for all pairs of a model.

    The scale is that of square roots: most pairs are small beside the largest.
    """
    if not largest or abs(worth) < _PRINTED_ZERO:
        return 0
    step = max(1, int(round(SHADES * math.sqrt(abs(worth) / largest))))
    return step if worth > 0 else -step
