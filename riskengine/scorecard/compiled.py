"""A scorecard made ready to score: contiguous integer tables, and nothing that can be changed.

The table that scores is the table that explains, prints and exports; one person is a batch of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import (
    LOG_ODDS_BITS,
    LinearTerm,
    ScorecardDocument,
    TableTerm,
)
from riskengine.scorecard.encoding import StateOf, answer_of, axis_encoder

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

PROBABILITY_DECIMALS = 9
FEW = 64
"""Up to so many people one large step is faster than a step a table."""
_BLOCK = 8192
_EXACT = 1 << 62


@dataclass(frozen=True)
class Encoded:
    """Answers of ``n`` people, ready to be looked up.

    Attributes
    ----------
    states
        Shape (n, axes): the state on every axis.
    numbers
        Shape (n, linear terms): the value of every linear term's item, NaN where not known.
    """

    states: Integers
    numbers: Floats


def grid(document: ScorecardDocument, term: TableTerm) -> Integers:
    """Cells of a table, a dimension for each of its axes."""
    shape = [document.axes_by_id[axis].states for axis in term.axes]
    return np.array(term.cells, dtype=np.int64).reshape(shape)


@dataclass(frozen=True)
class Scorecard:
    """A checked scorecard with its tables laid out flat.

    Use `riskengine.scorecard.load.compile_scorecard`, which checks it against its instrument.
    """

    document: ScorecardDocument
    instrument: Instrument

    @cached_property
    def tables(self) -> tuple[TableTerm, ...]:
        """Table terms in the order of the document."""
        return tuple(term for term in self.document.terms if isinstance(term, TableTerm))

    @cached_property
    def linears(self) -> tuple[LinearTerm, ...]:
        """Linear terms in the order of the document."""
        return tuple(term for term in self.document.terms if isinstance(term, LinearTerm))

    @cached_property
    def encoders(self) -> tuple[tuple[str, StateOf], ...]:
        """Item and state function of every axis."""
        return tuple(
            (axis.item, axis_encoder(axis, self.instrument.every_item[axis.item]))
            for axis in self.document.axes
        )

    @cached_property
    def _layout(self) -> tuple[Integers, Integers, Integers, Integers, Integers]:
        """First axis, its stride, second axis, its stride, and offset of every table.

        A single table repeats its axis with stride zero, so that all tables are looked up alike.
        """
        position = {axis.id: i for i, axis in enumerate(self.document.axes)}
        rows = []
        offset = 0
        for term in self.tables:
            first = position[term.axes[0]]
            if len(term.axes) == 2:
                second = position[term.axes[1]]
                rows.append((first, self.document.axes[second].states, second, 1, offset))
            else:
                rows.append((first, 1, first, 0, offset))
            offset += len(term.cells)
        layout = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
        return tuple(np.ascontiguousarray(row) for row in layout)  # type: ignore[return-value]

    @cached_property
    def cells(self) -> Integers:
        """All table cells, one after the other."""
        return np.array([cell for term in self.tables for cell in term.cells], dtype=np.int64)

    def encode(self, people: Iterable[Mapping[str, object]]) -> Encoded:
        """Encode complete answers (known values, derived items, not-known codes)."""
        states = []
        numbers = []
        for answers in people:
            states.append([encode(answer_of(answers, item)) for item, encode in self.encoders])
            numbers.append(
                [
                    float("nan") if isinstance(value := answer_of(answers, t.item), str) else value
                    for t in self.linears
                ]
            )
        n = len(states)
        return Encoded(
            states=np.array(states, dtype=np.int64).reshape(n, len(self.encoders)),
            numbers=np.array(numbers, dtype=np.float64).reshape(n, len(self.linears)),
        )

    def table_index(self, states: Integers, tables: Sequence[int] | None = None) -> Integers:
        """Position in `cells` of every person's cell in every table, or some; (n, tables)."""
        layout = self._layout
        if tables is not None:
            layout = tuple(part[list(tables)] for part in layout)  # type: ignore[assignment]
        first, stride, second, stride_2, offset = layout
        return states[:, first] * stride + states[:, second] * stride_2 + offset

    def linear_parts(self, numbers: Floats) -> Integers:
        """Contribution of every linear term in score units; shape (n, linear terms)."""
        parts = np.empty(numbers.shape, dtype=np.int64)
        for column, term in enumerate(self.linears):
            low, high = term.valid
            value = np.clip(numbers[:, column], low, high)
            value = np.where(np.isnan(value), term.reference_mean, value)
            parts[:, column] = np.rint(term.slope * value).astype(np.int64)
        return parts

    def term_parts(self, encoded: Encoded) -> Integers:
        """Contribution of every term, table terms first; shape (n, tables + linear terms)."""
        if len(encoded.states) > FEW:
            return self._many_parts(encoded)
        parts: Integers = self.cells[self.table_index(encoded.states)]
        if self.linears:
            parts = np.concatenate([parts, self.linear_parts(encoded.numbers)], axis=1)
        return parts

    def _many_parts(self, encoded: Encoded) -> Integers:
        """The same table by table: every column is one run of memory, and blocks stay in cache."""
        n, tables = len(encoded.states), len(self.tables)
        found = np.empty((tables + len(self.linears), n), dtype=np.int64)
        cells = np.split(self.cells, self._layout[4][1:]) if tables else []
        index = np.empty(min(n, _BLOCK), dtype=np.int64)
        for start in range(0, n, _BLOCK):
            rows = slice(start, min(start + _BLOCK, n))
            states = np.ascontiguousarray(encoded.states[rows].T)
            at = index[: states.shape[1]]
            layout = zip(*(part.tolist() for part in self._layout[:4]), strict=True)
            for table, (first, stride, second, stride_2) in enumerate(layout):
                if stride_2:
                    np.multiply(states[first], stride, out=at)
                    np.add(at, states[second], out=at)
                # states lie within their axis; "clip" only spares a copy that "raise" makes
                place = at if stride_2 else states[first]
                np.take(cells[table], place, out=found[table, rows], mode="clip")
        if self.linears:
            found[tables:] = self.linear_parts(encoded.numbers).T
        return found.T

    def scores(self, parts: Integers) -> Integers:
        """Score of every person: the intercept and the contributions of the terms."""
        scores: Integers = parts.sum(axis=1) + self.document.intercept
        return scores

    @property
    def term_ids(self) -> tuple[str, ...]:
        """Names of the columns of `term_parts`."""
        return (*(term.id for term in self.tables), *(term.id for term in self.linears))

    def log_odds(self, scores: Integers) -> Floats:
        """Log-odds of scores."""
        scale = self.document.log_odds
        widest = max(abs(int(scores.min(initial=0))), abs(int(scores.max(initial=0))))
        if abs(scale.offset) + abs(scale.unit) * widest < _EXACT:
            # rounded once, as the division of Python's integers is
            exact: Floats = (scale.offset + scale.unit * scores) / 2**LOG_ODDS_BITS
            return exact
        units = scale.offset + scale.unit * scores.astype(object)
        return np.array([int(u) / 2**LOG_ODDS_BITS for u in units], dtype=np.float64)

    def probabilities(self, scores: Integers) -> Floats:
        """Risks of scores, rounded to nine decimals. Only a calibrated scale has them."""
        if self.document.scale != "calibrated":
            raise ValueError("a relative scale has no probability")
        return probability(self.log_odds(scores))


def probability(log_odds: Floats) -> Floats:
    """Logistic function, rounded to nine decimals."""
    return np.round(1.0 / (1.0 + np.exp(-log_odds)), PROBABILITY_DECIMALS)
