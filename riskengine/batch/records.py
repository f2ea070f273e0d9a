"""Arrow tables in, Arrow tables out: what Spark, Dask and Ray hand over and take back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from riskengine.batch.arrow import cells_of, record_batch, results_schema
from riskengine.batch.score import BATCH, score_cells
from riskengine.batch.table import Reader
from riskengine.engine import Engine
from riskengine.errors import Language, UseError
from riskengine.intake.rejects import FIELDS, reject

if TYPE_CHECKING:
    import pyarrow as pa

PROBLEM = tuple(name for name in FIELDS if name not in ("row", "person"))
"""What a line of rejects says of a problem; rows of a cluster have no number."""


def score_arrow(
    engine: Engine,
    table: pa.Table,
    *,
    on: date,
    explain: bool = False,
    keep: Sequence[str] = (),
    lang: Language = "zh",
) -> pa.Table:
    """Recommend for every row of an Arrow table, each result in the place of its row.

    Parameters
    ----------
    table
        Native or instrument columns, a person a row, with a column for the person.
    on
        Day of the recommendation, and of assessments where no column says.
    explain
        Add one column a term with its contribution.
    keep
        Columns that are handed on unchanged, such as a key: an id that is refused is not repeated.
    lang
        Language of the rejects' messages.

    Returns
    -------
    pyarrow.Table
        A row for every row: the columns of ``keep``, those of
        `riskengine.batch.score.score_rows`, and ``rejects``. A row that could not be used has its
        problems there (``item``, ``value``, ``code``, ``accepted``, ``message``) and nothing else
        but its id, where that is one; a row that was used has null.

    Raises
    ------
    UseError
        Where no column holds the person, or a column to keep is not there.
    """
    import pyarrow as pa

    names = tuple(table.column_names)
    reader, results = begun(
        engine, "Arrow", names, on, explain=explain, keep=keep,
        why="a rejected row could not be found again",
    )  # fmt: skip
    schema = pa.schema([*(table.schema.field(name) for name in keep), *results, _rejects_field()])
    batches = [
        scored_records(engine, reader, batch, on, explain=explain, keep=keep, lang=lang)
        for batch in table.to_batches(BATCH)
    ]
    return pa.Table.from_batches(batches, schema=schema)


def begun(
    engine: Engine,
    source: str,
    names: tuple[str, ...],
    on: date,
    *,
    explain: bool,
    keep: Sequence[str],
    why: str,
) -> tuple[Reader, pa.Schema]:
    """Check what is asked for before any row is read; give a reader and the results' columns.

    Parameters
    ----------
    source
        Where the rows come from, for errors.
    why
        Why a column for the person is needed there.
    """
    engine.check_in_force(on)
    reader = Reader(source, names, engine.instrument, assessed_on=on)
    if reader.plan.person is None:
        raise UseError(f"no column for the person: {why}")
    results = results_schema(engine.scorecard.term_ids, explain)
    for name in keep:
        if name not in names or name in (*results.names, "rejects"):
            raise UseError(f"[{name}] cannot be kept: it is no column, or one of the results'")
    return reader, results


def scored_records(
    engine: Engine,
    reader: Reader,
    batch: pa.RecordBatch,
    on: date,
    *,
    explain: bool,
    keep: Sequence[str],
    lang: Language,
) -> pa.RecordBatch:
    """Score one batch; rows that cannot be used keep their places, see `score_arrow`."""
    import pyarrow as pa

    n = batch.num_rows
    scored, refused = score_cells(
        engine, reader, cells_of(batch.columns, reader), np.arange(n), on
    )
    good = record_batch(scored, explain)
    if refused:
        mine = np.ones(n, dtype=np.bool_)
        mine[[row.number for row in refused]] = False
        place = np.cumsum(mine) - 1
        at = pa.array(place, mask=~mine)
        columns = {name: good.column(name).take(at) for name in good.schema.names}
        persons = columns["id"].to_pylist()
        problems: list[list[dict[str, object]] | None] = [None] * n
        for row in refused:
            persons[row.number] = row.person
            lines = (reject(row, problem, lang) for problem in row.problems)
            problems[row.number] = [{name: line[name] for name in PROBLEM} for line in lines]
        columns["id"] = pa.array(persons, pa.string())
    else:
        columns = dict(zip(good.schema.names, good.columns, strict=True))
        problems = [None] * n
    rejects = _rejects_field()
    columns["rejects"] = pa.array(problems, rejects.type)
    kept = {name: batch.column(batch.schema.names.index(name)) for name in keep}
    fields = [*(batch.schema.field(name) for name in keep), *good.schema, rejects]
    return pa.RecordBatch.from_arrays(
        [*kept.values(), *columns.values()], schema=pa.schema(fields)
    )


def _rejects_field() -> Any:
    import pyarrow as pa

    return pa.field("rejects", pa.list_(pa.struct([(name, pa.string()) for name in PROBLEM])))
