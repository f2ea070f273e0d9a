"""Scoring a Spark DataFrame with the engine as it is: Arrow batches in, Arrow batches out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from riskengine.batch.records import PROBLEM, begun, scored_records
from riskengine.batch.table import Reader
from riskengine.engine import Engine
from riskengine.errors import Language

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


def score(
    frame: DataFrame,
    model: str,
    policy: str | None,
    on: date,
    *,
    research: bool = False,
    explain: bool = False,
    keep: Sequence[str] = (),
    lang: Language = "zh",
) -> DataFrame:
    """Recommend for every row of a Spark DataFrame, with what one person would be told.

    Parameters
    ----------
    frame
        Native or instrument columns, a person a row, with a column for the person: rows of a
        cluster have no number that a rejected one could be found by.
    model, policy, research
        As for `Engine.load`; they must be installed on every worker.
    on
        Day of the recommendation, and of assessments where no column says.
    explain, keep, lang
        As for `riskengine.batch.records.score_arrow`.

    Returns
    -------
    DataFrame
        A row for every row, as `riskengine.batch.records.score_arrow` gives it.

    Raises
    ------
    UseError
        Where no column holds the person, or a column to keep is not there.
    """
    # before a cluster is asked for anything
    names = tuple(frame.columns)
    _, results = begun(
        _engine(model, policy, research), "Spark", names, on, explain=explain, keep=keep,
        why="rows of a cluster have no number",
    )  # fmt: skip
    kept = ", ".join(f"`{field.name}` {field.dataType.simpleString()}"
                     for field in (frame.schema[name] for name in keep))  # fmt: skip
    own = ", ".join(
        f"`{field.name}` {'long' if str(field.type) == 'int64' else 'string'}" for field in results
    )
    problem = ", ".join(f"{name}: string" for name in PROBLEM)
    schema = f"{kept}{', ' if keep else ''}{own}, rejects array<struct<{problem}>>"

    def batches(found: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        loaded = _engine(model, policy, research)
        reader = Reader("Spark", names, loaded.instrument, assessed_on=on)
        for batch in found:
            yield scored_records(loaded, reader, batch, on, explain=explain, keep=keep, lang=lang)

    return frame.mapInArrow(batches, schema)


# a worker that Spark keeps reads its model once
@lru_cache(maxsize=2)
def _engine(model: str, policy: str | None, research: bool) -> Engine:
    return Engine.load(model, None if research else policy, research=research)
