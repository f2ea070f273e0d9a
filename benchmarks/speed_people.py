"""People for `benchmarks/speed.py`: native columns as an office's file holds them, any number.

Everybody is made up unless a folder of person-level data is named. Made-up people of the Chinese
instrument come from `riskengine.synthetic`; those of Georgia draw every answer from the reference
population of the shipped model. Real rows of Georgia are shuffled in four blocks of columns, so
that a million of them are a million different people and nobody in particular.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import common
import numpy as np

from riskengine.store.lookup import find_model

ON = date(2026, 6, 1)
BASE = 100_000
"""People who are made up; more are drawn from them by rows, or by blocks of columns."""
BLOCKS = 4
WRONG = 0.001
"""Share of rows in which one answer cannot be read."""
GEORGIA, CHINA = "georgia_parole_3y", "cn_serious_noncompliance"


@dataclass(frozen=True)
class People:
    """A base of people to draw from.

    Attributes
    ----------
    table
        An Arrow table of native columns, without the person.
    blocks
        Columns that are drawn together.
    scored
        The columns of the items that are scored.
    outcome
        Shape (rows,): what the peers are fitted on; made up where the people are.
    """

    table: Any
    blocks: tuple[tuple[str, ...], ...]
    scored: tuple[str, ...]
    outcome: np.ndarray
    source: str

    def batches(self, rows: int, seed: int, size: int = 50_000) -> Iterator[Any]:
        """Draw people, as Arrow tables of at most ``size`` rows."""
        import pyarrow as pa

        rng = np.random.default_rng(seed)
        have = self.table.num_rows
        for first in range(0, rows, size):
            count = min(size, rows - first)
            columns = {
                "person": pa.array([f"P{n:08d}" for n in range(first, first + count)]),
            }
            for block in self.blocks:
                drawn = (
                    rng.integers(0, have, count)
                    if rows > have or len(self.blocks) > 1
                    else (np.arange(first, first + count))
                )
                part = self.table.select(list(block)).take(pa.array(drawn))
                columns |= {name: part[name].combine_chunks() for name in block}
            spoilt = next(n for n in self.scored if pa.types.is_string(columns[n].type))
            wrong = pa.array(rng.random(count) < WRONG)
            column = columns[spoilt]
            columns[spoilt] = pa.compute.if_else(wrong, pa.scalar("?!"), column)
            yield pa.table(columns)


def china(seed: int = 7) -> People:
    """People of a made-up province."""
    import pyarrow as pa

    from riskengine.synthetic import make_province

    frame = make_province(4, BASE // 4, seed=seed).people
    items = find_model(CHINA).scorecard.instrument.by_id
    keep = [name for name in frame.columns if name in items]
    columns = {}
    for name in keep:
        values = frame[name].tolist()
        values = [";".join(v) or None if isinstance(v, list) else v for v in values]
        kinds = {type(v) for v in values if v is not None}
        if len(kinds) > 1:
            values = [None if v is None else str(v).lower() for v in values]
        columns[name] = pa.array(values, from_pandas=True)
    table = pa.table(columns)
    rng = np.random.default_rng(seed)
    scored = find_model(CHINA).scorecard.document.items
    return People(table, (tuple(keep),), scored, _outcome(table, rng), "made up")


def georgia(data: Path | None, seed: int = 7) -> People:
    """People released to parole in Georgia, from the data folder or made up."""
    import pyarrow as pa

    rng = np.random.default_rng(seed)
    card = find_model(GEORGIA).scorecard
    if data is not None and (data / common.GEORGIA).is_file():
        table, outcome = _real(data / common.GEORGIA, card)
        names = table.column_names
        blocks = tuple(tuple(names[k::BLOCKS]) for k in range(BLOCKS))
        return People(
            table, blocks, tuple(names), outcome, "drawn from real rows, in blocks of columns"
        )
    columns = {}
    axes = {axis.item: axis for axis in card.document.axes}
    for name in card.document.items:
        axis = axes[name]
        least = int(getattr(card.instrument.by_id[name], "minimum", None) or 0)
        levels = [group[0] for group in axis.groups] or [
            str(max(least, int(cut))) for cut in (least, *axis.cuts)
        ]
        weights = np.array(axis.reference[: len(levels)], dtype=float) + 1.0
        drawn = rng.choice(len(levels), size=BASE, p=weights / weights.sum())
        unknown = rng.random(BASE) < 0.02
        values = np.array(levels, dtype=object)[drawn]
        values[unknown] = None
        columns[name] = pa.array(values.tolist(), pa.string())
    table = pa.table(columns)
    names = table.column_names
    blocks = tuple(tuple(names[k::BLOCKS]) for k in range(BLOCKS))
    return People(table, blocks, tuple(names), _outcome(table, rng), "made up")


def _real(path: Path, card: Any) -> tuple[Any, np.ndarray]:
    import pandas as pd
    import pyarrow as pa

    from riskengine.intake.native import NativeMap

    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    plan = NativeMap(card.instrument).columns(tuple(frame.columns))
    columns = {plan.items[name]: frame[plan.items[name]] for name in card.document.items}
    outcome = (frame["Recidivism_Within_3years"].str.lower() == "true").to_numpy(np.int64)
    return pa.table({k: pa.array(v.tolist()) for k, v in columns.items()}), outcome


def _outcome(table: Any, rng: np.random.Generator) -> np.ndarray:
    """Events of a plain sum of some columns; enough for trees of full size."""
    effect = np.zeros(table.num_rows)
    for name in table.column_names[:: max(1, table.num_columns // 8)]:
        effect += (
            table[name]
            .combine_chunks()
            .dictionary_encode()
            .indices.fill_null(0)
            .to_numpy(zero_copy_only=False)
            % 7
            * 0.15
        )
    return (rng.random(len(effect)) < 1 / (1 + np.exp(1.0 - effect + effect.mean()))).astype(
        np.int64
    )
