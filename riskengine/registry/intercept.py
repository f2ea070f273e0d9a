"""A pooled update of the intercept: all that may go live where the gate cannot tell.

The level of a district is learned together with all districts of its pool (see
`riskengine.training.districts`); with a handful of events of its own it stays close to the pool's.
Nothing else moves: ranking, tables and what is explained remain those of the live model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError, shown
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import compile_scorecard
from riskengine.training.district_models import recalibrated, recomputed_goldens
from riskengine.training.districts import Scales, pool
from riskengine.training.shift import Line

Floats = NDArray[np.float64]

_SLOPE_HELD = Scales(slope=1e-6, slopes=1e-6)
POOLED = "pooled_intercept"
"""Key in the training options of a model that is such an update."""


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
