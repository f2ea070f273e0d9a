"""`Engine.recommend_frame`: a data frame in, a frame of results and a frame of rejects out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from riskengine.batch.coded import Coded, code
from riskengine.batch.score import BATCH, Scored, score_cells
from riskengine.batch.table import Reader
from riskengine.errors import Language, UseError
from riskengine.intake.read import Row
from riskengine.intake.rejects import FIELDS, reject

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from riskengine.engine import Engine

Batches = Iterator[tuple[Scored, tuple[Row, ...]]]


def recommend_frame(
    engine: Engine, frame: Any, *, on: date, explain: bool, lang: Language
) -> tuple[Any, Any]:
    """See `Engine.recommend_frame`."""
    if hasattr(frame, "iloc"):
        found = _tables(engine, scored_frame(engine, frame, on=on), explain, lang)
        results, rejects = (_pandas(table) for table in found)
        return results, rejects
    if not hasattr(frame, "__arrow_c_stream__"):
        raise UseError(f"a data frame is wanted, of pandas, Polars or Arrow; found {type(frame)}")
    import pyarrow as pa

    table = pa.table(frame)
    found = _tables(engine, scored_arrow(engine, table, on=on), explain, lang)
    # a frame of Polars is built from Arrow as it was turned into it
    results, rejects = found if isinstance(frame, pa.Table) else map(type(frame), found)
    return results, rejects


def _tables(
    engine: Engine, batches: Batches, explain: bool, lang: Language
) -> tuple[pa.Table, pa.Table]:
    """Results and rejects as Arrow tables."""
    from riskengine.batch.arrow import record_batch, results_schema
    from riskengine.intake.lines import need

    pa = need("pyarrow", "DataFrame")
    results, bad = [], list[Row]()
    for scored, rejected in batches:
        results.append(record_batch(scored, explain))
        bad += rejected
    schema = results_schema(engine.scorecard.term_ids, explain)
    fields = pa.schema([(name, pa.int64() if name == "row" else pa.string()) for name in FIELDS])
    lines = [reject(row, problem, lang) for row in bad for problem in row.problems]
    return (
        pa.Table.from_batches(results, schema=schema),
        pa.Table.from_pylist(lines, schema=fields),
    )


def _pandas(table: pa.Table) -> pd.DataFrame:
    """Give a table as a frame; whole numbers stay whole where some rows have none."""
    import pandas as pd
    import pyarrow as pa

    found: pd.DataFrame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return found


def scored_frame(engine: Engine, frame: pd.DataFrame, *, on: date, batch: int = BATCH) -> Batches:
    """Score a frame a batch at a time; see `riskengine.intake.frames` for what it may hold."""
    named = {name for name in frame.index.names if name is not None}
    if named and not named & set(frame.columns):
        frame = frame.reset_index()
    parts = (frame.iloc[start : start + batch] for start in range(0, len(frame), batch))
    # by position, since names may repeat
    cells = ([coded_column(part.iloc[:, i]) for i in range(part.shape[1])] for part in parts)
    reader = Reader("DataFrame", tuple(frame.columns), engine.instrument, assessed_on=on)
    yield from _scored(engine, reader, cells, len(frame), on, batch)


def scored_arrow(engine: Engine, table: pa.Table, *, on: date, batch: int = BATCH) -> Batches:
    """Score an Arrow table a batch at a time."""
    from riskengine.batch.arrow import cells_of

    reader = Reader("table", tuple(table.column_names), engine.instrument, assessed_on=on)
    parts = (table.slice(start, batch).combine_chunks() for start in range(0, len(table), batch))
    cells = (
        cells_of([_one_array(part.column(i)) for i in range(part.num_columns)], reader)
        for part in parts
    )
    yield from _scored(engine, reader, cells, len(table), on, batch)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    """Give a combined column as one array; dictionaries of several chunks become one."""
    found = column.combine_chunks()
    return found.chunk(0) if hasattr(found, "chunk") else found


def _scored(
    engine: Engine, reader: Reader, cells: Iterator[list[Coded]], n: int, on: date, batch: int
) -> Batches:
    engine.check_in_force(on)
    for start, part in zip(range(0, n, batch), cells, strict=True):
        numbers = np.arange(start + 1, min(start + batch, n) + 1)
        yield score_cells(engine, reader, part, numbers, on)


def coded_column(column: pd.Series[Any]) -> Coded:
    """Give a column as codes of the Python values that `tolist` gives.

    Columns in which equal values are the same are numbered as a whole; others cell by cell.
    """
    from pandas.api import types

    kind = column.dtype
    if types.is_object_dtype(kind):
        alike = types.infer_dtype(column, skipna=True) == "string"
    elif types.is_float_dtype(kind):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        alike = not bool(np.signbit(numbers[numbers == 0]).any())
    else:
        alike = (
            isinstance(kind, _categorical())
            or types.is_bool_dtype(kind)
            or types.is_integer_dtype(kind)
            or types.is_string_dtype(kind)
        )
    if not alike:
        return code(column.tolist())
    codes, values = column.factorize(use_na_sentinel=True)
    # all that is missing is blank, whatever stands for it
    codes = np.where(codes < 0, len(values), codes)
    return Coded(codes.astype(np.int32), [*values.tolist(), None])


def _categorical() -> type:
    import pandas as pd

    return pd.CategoricalDtype
