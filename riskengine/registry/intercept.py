"""A pooled update of the intercept: all that may go live where the gate cannot tell.

The level of a district is learned together with all districts of its pool (see
`riskengine.training.districts`); with a handful of events of its own it stays close to the pool's.
Nothing else moves: ranking, tables and what is explained remain those of the live model.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError, shown
from riskengine.evaluation.people import score_answers
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import compile_scorecard
from riskengine.store.lookup import LoadedModel
from riskengine.training.cohort import read_cohort
from riskengine.training.cohort_files import Source, open_whole
from riskengine.training.district_models import membership, recalibrated, recomputed_goldens
from riskengine.training.districts import Scales, pool
from riskengine.training.shift import Line

Floats = NDArray[np.float64]

_SLOPE_HELD = Scales(slope=1e-6, slopes=1e-6)
POOLED = "pooled_intercept"
"""Key in the training options of a model that is such an update."""
POOL_DATA = "pool_data_sha256"
"""Key of the hash of the file that its level was learned from."""


def pooled_intercept(
    live: ScorecardDocument,
    instrument: Instrument,
    log_odds: Floats,
    outcome: NDArray[np.int64],
    district: Sequence[str],
    of: str,
    *,
    version: str,
    weight: Floats | None = None,
) -> ScorecardDocument:
    """Move the intercept of a live model by what all districts say together.

    Parameters
    ----------
    live
        The live model of the district, or of the pool.
    log_odds
        Shape (people,): of the live model.
    outcome, district
        Shape (people,).
    of
        The district that the update is for.
    version
        Of the updated model.

    Raises
    ------
    TrainingError
        Where there is no second district to learn from.
    """
    if len(set(district)) < 2:
        raise TrainingError("a pooled intercept needs at least two districts")
    found = pool(log_odds, outcome, district, weight=weight, names=(of,), scales=_SLOPE_HELD)
    here = next((one for one in found.districts if one.name == of), None)
    if here is None:
        raise TrainingError(f"district {shown(of)} is not in the pool")
    line = Line(
        centre=here.line.centre,
        level=here.line.level,
        slope=1.0,
        covariance=np.array([[here.line.covariance[0, 0], 0.0], [0.0, 0.0]]),
    )
    moved = recalibrated(live, line)
    options = {
        **live.training.options,
        POOLED: True,
        "pool_districts": len(found.districts),
        "pool_events": found.events,
        "pool_people": found.people,
        "district": of,
        "district_shift": round(here.line.level, 6),
    }
    moved = moved.model_copy(
        update={
            "version": version,
            "training": live.training.model_copy(update={"options": options}),
        }
    )
    moved = moved.model_copy(update={"golden": recomputed_goldens(moved, instrument)})
    compile_scorecard(moved, instrument)
    return moved


def intercept_from_file(
    live: LoadedModel,
    source: Source,
    by: str,
    of: str,
    *,
    version: str,
    extracted_on: date | None = None,
) -> ScorecardDocument:
    """Move the intercept of a live model by a cohort's file.

    Everybody with an outcome and a district counts, with the weights that training gives to those
    followed to the end.

    Parameters
    ----------
    source
        As for `riskengine.training.cohort.read_cohort`.
    by
        Column, or id of an item, that holds the district.
    of, version
        See `pooled_intercept`.

    Raises
    ------
    TrainingError
        Where the file cannot be used, or has no second district.
    """
    card = live.scorecard
    document, instrument = card.document, card.instrument
    table = open_whole(source)
    cohort = read_cohort(
        table,
        instrument,
        document.outcome,
        horizon_days=document.horizon_days,
        extracted_on=extracted_on,
    )
    if cohort.at is None or not cohort.people:
        raise TrainingError(f"{cohort.source}: nobody in it has the outcome or its absence")
    names = membership(table.frame, (cohort.at - 1).tolist(), instrument, by).names
    if of not in names:
        there = ", ".join(sorted({name for name in names if name is not None}))
        raise TrainingError(f"{cohort.source}: nobody of district {shown(of)}; it has {there}")
    inside = np.array([name is not None for name in names], dtype=np.bool_)
    weight = None if cohort.censoring_weight is None else cohort.counts
    moved = pooled_intercept(
        document,
        instrument,
        score_answers(card, cohort.answers).log_odds[inside],
        cohort.outcome[inside],
        [name for name in names if name is not None],
        of,
        version=version,
        weight=None if weight is None else weight[inside],
    )
    # which rows the level was learned from can be seen by whoever judges it on others
    options = {**moved.training.options, POOL_DATA: cohort.data_sha256}
    training = moved.training.model_copy(update={"options": options})
    return moved.model_copy(update={"training": training})


def is_pooled_intercept(candidate: ScorecardDocument, live: ScorecardDocument) -> bool:
    """Whether a candidate is the live model with another intercept, learned over districts.

    Tables, axes and what a point is worth are compared cell by cell; the candidate's own word is
    not enough.
    """
    options = candidate.training.options
    districts = options.get("pool_districts")
    if options.get(POOLED) is not True or not isinstance(districts, int) or districts < 2:
        return False
    if candidate.id != live.id or candidate.log_odds.unit != live.log_odds.unit:
        return False
    if candidate.form == "points" and candidate.intercept != live.intercept:
        return False
    same = ("instrument", "outcome", "horizon_days", "estimand", "form", "axes")
    if any(getattr(candidate, name) != getattr(live, name) for name in same):
        return False
    plain = {"factor": (), "standard_errors": ()}
    ours = [t.model_copy(update=plain) if t.kind == "table" else t for t in candidate.terms]
    theirs = [t.model_copy(update=plain) if t.kind == "table" else t for t in live.terms]
    return ours == theirs
