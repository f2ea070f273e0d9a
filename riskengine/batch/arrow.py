"""Arrow in and out: record batches of native columns to coded cells, results to a record batch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.batch.coded import Coded, code
from riskengine.batch.score import COLUMNS, Scored
from riskengine.batch.table import Reader
from riskengine.explanation.factors import NANO
from riskengine.intake.files import column_values
from riskengine.scorecard.compiled import PROBABILITY_DECIMALS

if TYPE_CHECKING:
    import pyarrow as pa


def coded_cells(column: pa.Array) -> Coded:
    """Give a column of native cells as codes; cells are the Python values of one-row reading."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_nested(kind) or pa.types.is_null(kind):
        return code(column_values(column))
    if not pa.types.is_dictionary(kind):
        try:
            column = column.dictionary_encode()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            return code(column_values(column))
    values = column_values(column.dictionary)
    # first wider: the number of no value may be one too many for a type of eight bits
    codes = column.indices.cast(pa.int32()).fill_null(len(values))
    return Coded(codes.to_numpy(), [*values, None])


def cells_of(columns: Sequence[pa.Array], reader: Reader) -> list[Coded]:
    """Give the columns of a batch as codes: those that are read, and for errors the others.

    Ids differ from row to row, so nothing is gained by looking for equal ones; of a column that is
    not read a cell is only made for a row that is rejected.
    """
    plan, names = reader.plan, reader.names
    read = {plan.assessed_on, plan.kind, plan.form, plan.assessment_id, *plan.items.values()}
    found = []
    # empty names at the end of a header are left out
    for column, name in zip_longest(columns, names):
        own = np.arange(len(column), dtype=np.int32)
        if name == plan.person:
            found.append(Coded(own, column_values(column)))
        elif name in read:
            found.append(coded_cells(column))
        else:
            found.append(Coded(own, _Cells(column)))
    return found


class _Cells(Sequence[object]):
    """Cells of an Arrow column, made one by one when somebody asks."""

    def __init__(self, column: pa.Array) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, row: Any) -> Any:
        return column_values(self._column.slice(int(row), 1))[0]


def results_schema(terms: tuple[str, ...], explain: bool) -> pa.Schema:
    """Columns of a file of results."""
    import pyarrow as pa

    whole = ("score", *(f"contribution_{term}" for term in terms)) if explain else ("score",)
    names = [*COLUMNS, *whole[1:]]
    return pa.schema([(name, pa.int64() if name in whole else pa.string()) for name in names])


def record_batch(scored: Scored, explain: bool) -> pa.RecordBatch:
    """Give results as Arrow: the columns of `riskengine.batch.score.score_rows`."""
    import pyarrow as pa

    empty = ~scored.scored
    # without a mask numbers are handed over as they lie
    mask = empty if empty.any() else None
    columns: dict[str, Any] = {
        "id": pa.array(scored.persons, pa.string()),
        "score": pa.array(scored.scores, mask=mask),
    }
    for name, values in (
        ("probability", scored.risk),
        ("probability_low", scored.low),
        ("probability_high", scored.high),
    ):
        columns[name] = _decimals(values, empty)
    for name, coded in (
        ("tier", scored.tier),
        ("status", scored.status),
        ("binding_rule", scored.binding),
        ("alerts", scored.alerts),
    ):
        columns[name] = pa.array(coded.values, pa.string()).take(pa.array(coded.codes))
    if explain:
        for place, term in enumerate(scored.terms):
            part = np.ascontiguousarray(scored.parts[:, place])
            columns[f"contribution_{term}"] = pa.array(part, mask=mask)
    schema = results_schema(scored.terms, explain)
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


def _decimals(values: NDArray[np.float64] | None, empty: NDArray[np.bool_]) -> Any:
    """Write risks as the text of nine decimals, as `riskengine.explanation.factors.risk_text`."""
    import pyarrow as pa

    n = len(empty)
    if values is None:
        return pa.nulls(n, pa.string())
    units = np.rint(np.where(empty, 0.0, values) * NANO).astype(np.int64)
    letters = np.empty((n, PROBABILITY_DECIMALS + 2), dtype=np.uint8)
    for place in range(PROBABILITY_DECIMALS + 1, 1, -1):
        units, letters[:, place] = np.divmod(units, 10)
    letters[:, 2:] += ord("0")
    letters[:, 0] = units + ord("0")  # a risk lies between 0 and 1
    letters[:, 1] = ord(".")
    ends = np.arange(n + 1, dtype=np.int32) * letters.shape[1]
    nulls = pa.py_buffer(np.packbits(~empty, bitorder="little")) if empty.any() else None
    text = pa.py_buffer(np.ascontiguousarray(letters))
    return pa.StringArray.from_buffers(n, pa.py_buffer(ends), text, nulls)
