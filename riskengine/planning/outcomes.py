"""People of the past and what became of them, for costs and guarantees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError, UseError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.text import Text

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LOST = -1
"""Stands where an outcome would: the person was lost sight of before the horizon."""


@dataclass(frozen=True)
class Past:
    """People whose horizon has passed.

    Attributes
    ----------
    event
        1, 0, or `LOST`; shape (people,).
    weight
        By how many people those followed to the end count (mean one), 0 for those lost.
    weighted
        Whether they stand for those lost sight of. Otherwise all count alike and ``why`` says
        for what reason.
    left_out
        Rows that could not be read, or whose horizon has not passed.
    by_discretion
        Events that rest on an officer's discretion alone, where the file tells.
    """

    source: str
    sha256: str
    outcome: str
    label: Text
    horizon_days: int
    assessments: tuple[Assessment, ...]
    event: Integers
    weight: Floats
    weighted: bool
    why: str
    left_out: int
    by_discretion: int | None

    @property
    def events(self) -> int:
        """How many had the event."""
        return int((self.event == 1).sum())

    @property
    def lost(self) -> int:
        """How many were lost sight of."""
        return int((self.event == LOST).sum())


def read_past(
    source: Path | pd.DataFrame,
    instrument: Instrument,
    outcome: str,
    *,
    horizon_days: int | None = None,
    extracted_on: date | None = None,
) -> Past:
    """Read a cohort with outcomes: who had the event, who did not, who was lost sight of.

    Parameters
    ----------
    source, outcome, horizon_days, extracted_on
        As in `riskengine.training.cohort.read_cohort`. One row a person.

    Raises
    ------
    TrainingError
        Where file or outcome cannot be used.
    UseError
        Where a person stands there twice: those are not independent.
    """
    from riskengine.intake.frames import assessments_from_frame
    from riskengine.intake.read import read_assessments
    from riskengine.training.cohort import read_cohort
    from riskengine.training.cohort_files import open_table
    from riskengine.training.courses import check_horizon, read_courses
    from riskengine.training.follow_up import Seen

    definition = instrument.outcomes_by_id.get(outcome)
    if definition is None:
        raise TrainingError(
            f"instrument [{instrument.id}] has no outcome [{outcome}]; "
            f"it has {', '.join(instrument.outcomes_by_id)}"
        )
    horizon = check_horizon(definition, horizon_days)
    frame, name, digest = open_table(source)
    seen = read_courses(frame, instrument, definition, name, extracted_on).seen_by(horizon)
    rows = (
        read_assessments(source, instrument)
        if isinstance(source, Path)
        else assessments_from_frame(source, instrument)
    )
    people: dict[int, Assessment] = {
        row.number: row.assessment for row in rows if row.assessment is not None
    }
    kept = [
        (number, people[number], one)
        for number, one in enumerate(seen, start=1)
        if isinstance(one, Seen) and number in people
    ]
    ids = [assessment.person for _, assessment, _ in kept]
    if len(set(ids)) != len(ids):
        raise UseError(
            f"{name}: some people stand in it more than once; for costs and guarantees everybody "
            "counts once"
        )
    event = np.array(
        [LOST if one.label is None else one.label for _, _, one in kept], dtype=np.int64
    )
    weight = (event != LOST).astype(np.float64)
    why, weighted, by_discretion = "", True, None
    try:
        cohort = read_cohort(
            source, instrument, outcome, horizon_days=horizon, extracted_on=extracted_on
        )
    except TrainingError as error:
        weighted, why = False, str(error)
    else:
        by_discretion = cohort.by_discretion
        if cohort.at is not None:
            by_row = dict(zip(cohort.at.tolist(), cohort.weight.tolist(), strict=True))
            weight = np.array([by_row.get(number, 0.0) for number, _, _ in kept])
    return Past(
        source=name,
        sha256=digest,
        outcome=outcome,
        label=definition.label,
        horizon_days=horizon,
        assessments=tuple(assessment for _, assessment, _ in kept),
        event=event,
        weight=weight,
        weighted=weighted,
        why=why,
        left_out=len(frame) - len(kept),
        by_discretion=by_discretion,
    )
