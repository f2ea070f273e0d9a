"""From files to one run of the monitor, and from the run to files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from riskengine.errors import UseError
from riskengine.evaluation.people import People, people_of
from riskengine.instrument.model import Instrument
from riskengine.intake.read import read_assessments
from riskengine.monitoring.conditions import StopConditions, read_stop_conditions
from riskengine.monitoring.counting import assessed_of
from riskengine.monitoring.document import Monitoring
from riskengine.monitoring.overrides import Moves, blank, moves_of
from riskengine.monitoring.thresholds import Thresholds, find_thresholds
from riskengine.monitoring.watch import Watched, monitor
from riskengine.monitoring.words import said
from riskengine.store.lookup import LoadedModel
from riskengine.training.cohort_files import Source, open_table, open_whole

if TYPE_CHECKING:
    import pandas as pd

    from riskengine.training.cohort import Cohort


@dataclass(frozen=True)
class Inputs:
    """Files of a run; only ``recent`` is needed.

    Attributes
    ----------
    recent, reference
        Assessments with their days, as `riskengine.intake` reads them.
    decisions
        CSV or Parquet; see `overrides.moves_of`.
    outcomes, reference_outcomes
        Cohorts as `riskengine train` reads them.
    validated_on
        Day of the last validation, such as that of the live model's evaluation.
    stop_conditions
        JSON of format ``riskengine/stop-conditions/1``.
    """

    recent: Path
    reference: Path | None = None
    decisions: Path | None = None
    outcomes: Path | None = None
    reference_outcomes: Path | None = None
    validated_on: date | None = None
    stop_conditions: Path | None = None


def run_monitor(
    model: LoadedModel,
    inputs: Inputs,
    *,
    on: date,
    thresholds: Thresholds | None = None,
    conditions: StopConditions | None = None,
) -> Monitoring:
    """Read the files and run the monitor for a day.

    Parameters
    ----------
    conditions
        Stop conditions where no file of them is named: those that the registry has on file.

    Raises
    ------
    RiskEngineError
        Naming the file and what is wrong with it.
    """
    scorecard = model.scorecard
    recent, days, rejected = _answers(inputs.recent, scorecard.instrument)
    before: list[Mapping[str, object]] = []
    earlier: list[date] = []
    label = None
    if inputs.reference is not None:
        before, earlier, _ = _answers(inputs.reference, scorecard.instrument)
        label = said("reference_counted", people=len(before), source=inputs.reference.name)
    everybody = assessed_of(scorecard, [*before, *recent], [*earlier, *days])
    at = np.arange(len(everybody))
    stops = conditions
    if inputs.stop_conditions is not None:
        if not inputs.stop_conditions.is_file():
            raise UseError(f"{inputs.stop_conditions.name}: no such file")
        stops = read_stop_conditions(
            inputs.stop_conditions.read_bytes(), source=inputs.stop_conditions.name
        )
        if not stops.of(model.name):
            raise UseError(
                f"{inputs.stop_conditions.name}: stop conditions of model [{stops.model}]; "
                f"accepted: [{model.name}]"
            )
    watched = Watched(
        recent=everybody.take(at[len(before) :]),
        reference=everybody.take(at[: len(before)]) if inputs.reference is not None else None,
        reference_label=label,
        moves=None if inputs.decisions is None else read_moves(inputs.decisions),
        matured=_matured(inputs.outcomes, model, on),
        reference_matured=_matured(inputs.reference_outcomes, model, on),
        validated_on=inputs.validated_on,
        stop_conditions=stops,
        rejected=rejected,
    )
    return monitor(
        scorecard,
        watched,
        on=on,
        thresholds=thresholds or find_thresholds(),
        model_sha256=model.sha256,
    )


def _answers(
    path: Path, instrument: Instrument
) -> tuple[list[Mapping[str, object]], list[date], int]:
    if not path.is_file():
        raise UseError(f"{path.name}: no such file")
    found: list[Mapping[str, object]] = []
    days: list[date] = []
    rejected = 0
    for row in read_assessments(path, instrument):
        if row.assessment is None:
            rejected += 1
            continue
        found.append(row.assessment.complete)
        days.append(row.assessment.assessed_on)
    if not found:
        raise UseError(f"{path.name}: no row holds an assessment that can be used")
    return found, days, rejected


def _matured(path: Path | None, model: LoadedModel, on: date) -> People | None:
    return None if path is None else people_of(_cohort(path, model, on), model.scorecard)


def _cohort(source: Source, model: LoadedModel, on: date) -> Cohort:
    """People whose horizon and reporting lag have passed by the day, weighted as in training."""
    from riskengine.training.cohort import read_cohort

    document = model.scorecard.document
    return read_cohort(
        source,
        model.scorecard.instrument,
        document.outcome,
        horizon_days=document.horizon_days,
        extracted_on=on,
    )


def read_moves(path: Path) -> Moves:
    """Read a file of decisions: CSV or Parquet; see `overrides.moves_of`.

    Raises
    ------
    RiskEngineError
        Where there is no such file, or with row, column and value.
    """
    return moves_of(open_table(path)[0])


def read_joined(decisions: Path, outcomes: Path, model: LoadedModel, *, on: date) -> Moves:
    """Read decisions, and a cohort with their outcomes, joined by the id of the decision.

    Only rows of the cohort whose horizon and reporting lag have passed by the day count, with the
    weights that training gives to those followed to the end.

    Parameters
    ----------
    outcomes
        A cohort as `riskengine train` reads it, with a column ``decision``: the ``id`` of a row of
        the decisions. Its follow-up starts where the instrument says.

    Raises
    ------
    UseError
        Where a column is missing, an id stands twice, or no id of the cohort is among the
        decisions.
    """
    rows = open_whole(outcomes)
    frame, cohort = open_table(decisions)[0], _cohort(rows, model, on)
    if "event" in frame.columns:
        raise UseError(f"{decisions.name}: column [event] and a file of outcomes; one of them")
    ids = _ids(frame, "id", decisions.name)
    named = _ids(rows.frame, "decision", outcomes.name)
    assert cohort.at is not None
    place = {name: at for at, name in enumerate(ids) if name}
    event, weight = np.full(len(ids), np.nan), np.ones(len(ids))
    if not any(name in place for name in named):
        raise UseError(
            f"{outcomes.name}: no value of [decision] is an [id] of {decisions.name}; the ids are "
            f"drawn anew whenever decisions are written"
        )
    for row, happened, counts in zip(
        cohort.at.tolist(), cohort.outcome.tolist(), cohort.weight.tolist(), strict=True
    ):
        at = place.get(named[row - 1])
        if at is not None:
            event[at], weight[at] = happened, counts
    return replace(moves_of(frame), event=event, weight=weight)


def _ids(frame: pd.DataFrame, column: str, source: str) -> list[str]:
    if column not in frame.columns:
        raise UseError(
            f"{source}: no column [{column}], by which outcomes and decisions are joined"
        )
    found = ["" if blank(value) else str(value) for value in frame[column]]
    held = [name for name in found if name]
    twice = next((name for name, count in Counter(held).items() if count > 1), None)
    if twice is not None:
        row = found.index(twice, found.index(twice) + 1) + 1
        raise UseError(f"{source}: row {row}, column [{column}] [{twice}] stands twice")
    return found


def write_monitoring(found: Monitoring, out: Path) -> list[Path]:
    """Write JSON, a table of signals, and a page in each language."""
    from riskengine.monitoring.tables import signals_frame
    from riskengine.reports.monitoring.page import monitoring_page

    out.mkdir(parents=True, exist_ok=True)
    document, table = out / "monitoring.json", out / "signals.csv"
    document.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n")
    signals_frame(found).to_csv(table, index=False, encoding="utf-8", lineterminator="\n")
    written = [document, table]
    for lang in ("zh", "en"):
        page = out / f"monitoring.{lang}.html"
        page.write_text(monitoring_page(found, lang=lang), encoding="utf-8", newline="\n")
        written.append(page)
    return written
