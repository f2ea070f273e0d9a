"""A province in one command: its own model, one for every district, and what each borrowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.instrument.model import Instrument
from riskengine.training.cohort_files import open_table
from riskengine.training.district_models import (
    PROVINCE,
    Districts,
    by_district,
    membership,
    write_districts,
)
from riskengine.training.pipeline import Trained, train
from riskengine.training.progress import Report, silent
from riskengine.training.settings import Settings

if TYPE_CHECKING:
    import pandas as pd


def train_province(
    instrument: Instrument,
    outcome: str,
    source: Path | str | pd.DataFrame,
    out: Path,
    settings: Settings,
    *,
    districts: str,
    no_district: Sequence[str] = (),
    assessments: Path | str | None = None,
    by: str = "riskengine train",
    now: datetime | None = None,
    report: Report = silent,
) -> tuple[Trained, Districts]:
    """Learn a province's scorecard and its districts', and write a folder for each.

    The districts are pooled on scores of models that had not seen the person.

    Parameters
    ----------
    out
        Holds ``province``, a folder for every district, and the reports ``districts.en.md`` and
        ``districts.zh.md``.
    districts
        A column of the file, or the id of an item, that tells districts apart.
    no_district
        Names there that are no district, such as people without supervision.
    assessments, by, now
        See `riskengine.training.pipeline.train`.

    Raises
    ------
    TrainingError
        As `riskengine.training.pipeline.learn`, or where districts cannot be told apart.
    """
    # a wrong name is said now, and not after an hour of training
    membership(open_table(source)[0], (), instrument, districts)
    when = now or datetime.now(UTC)
    trained = train(
        instrument,
        outcome,
        source,
        out / PROVINCE,
        settings,
        assessments=assessments,
        by=by,
        now=when,
        report=report,
    )
    done = report("districts", 1)
    pooled = by_district(
        trained.document,
        instrument,
        trained.cohort,
        trained.score,
        source,
        districts,
        leave_out=no_district,
        seed=settings.seed,
    )
    write_districts(out, pooled, by=by, now=when, environment={"threads": str(settings.threads)})
    done()
    return trained, pooled
