"""The same from a pandas DataFrame, whatever its column types; pandas itself is not imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from riskengine.instrument.assessment import Kind
from riskengine.instrument.model import Instrument
from riskengine.intake.lines import Line, Opened
from riskengine.intake.read import Assessments

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 1_000


def assessments_from_frame(
    frame: pd.DataFrame,
    instrument: Instrument,
    *,
    assessed_on: date | None = None,
    kind: Kind | None = None,
) -> Assessments:
    """Read the rows of a DataFrame as `riskengine.intake.read.read_assessments` reads a file.

    Parameters
    ----------
    frame
        A row an assessment; native columns and codes, or the instrument's own. A named index
        counts as a column. Missing values of every kind (None, NaN, NaT, NA) are blank cells.
    instrument, assessed_on, kind
        As in `read_assessments`.

    Returns
    -------
    Assessments
        An iterator of rows, numbered from 1 in the order of the frame.

    Notes
    -----
    A code such as ``01`` that pandas made the number 1 is taken for ``01`` only where the item's
    codes leave no other reading; read such columns as text.
    """
    named = {name for name in frame.index.names if name is not None}
    if named and not named & set(frame.columns):
        frame = frame.reset_index()

    def lines() -> Iterator[Line]:
        for start in range(0, len(frame), _BATCH):
            part = frame.iloc[start : start + _BATCH]
            # by position, since names may repeat; tolist gives Python's own values
            columns = [part.iloc[:, index].tolist() for index in range(part.shape[1])]
            for offset, cells in enumerate(zip(*columns, strict=True), start=1):
                yield Line(start + offset, cells)

    return Assessments(
        Opened("DataFrame", tuple(frame.columns), lines()),
        instrument,
        assessed_on=assessed_on,
        kind=kind,
    )
