"""Reading a caseload from a file or a data frame: people, and the rows that cannot be used."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.batch.score import usable
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.intake.frames import assessments_from_frame
from riskengine.intake.read import Row, read_assessments

if TYPE_CHECKING:
    import pandas as pd


def read_people(
    source: Path | pd.DataFrame, instrument: Instrument, *, on: date
) -> tuple[list[Assessment], list[Row]]:
    """Read everybody's newest assessment.

    Parameters
    ----------
    source
        A file as `riskengine.intake.read.read_assessments` takes it, or a data frame.
    on
        Day of the plan; an assessment that is later is a row that cannot be used.

    Returns
    -------
    people
        The assessments.
    rejects
        Rows that cannot be used, each with what is wrong. Together the two hold every row.
    """
    rows = (
        read_assessments(source, instrument)
        if isinstance(source, Path)
        else assessments_from_frame(source, instrument)
    )
    checked = [usable(row, on) for row in rows]
    return (
        [row.assessment for row in checked if row.assessment is not None],
        [row for row in checked if row.assessment is None],
    )
