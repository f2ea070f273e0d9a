"""Made-up people with known truth, and what a document says about the model that scored them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from scipy.special import expit

from riskengine.evaluation.document import EvaluatedCohort, EvaluatedModel, EvaluatedPolicy
from riskengine.evaluation.evaluate import Bands
from riskengine.evaluation.kinds import Standing
from riskengine.evaluation.people import People, column_grouping
from riskengine.policy.bands import CutOffs
from riskengine.scorecard.document import InstrumentReference
from riskengine.text import Text

ON = date(2026, 1, 1)
TEMPORAL = Standing("temporal", "stated", ())
SAID = Text(zh="编造的人", en="made-up people")


def people(
    size: int,
    seed: int,
    *,
    calibrated: bool = True,
    too_high: float = 0.0,
    groups: Mapping[str, Sequence[str]] | None = None,
    weight: np.ndarray | None = None,
) -> People:
    """Scores in tenths of log-odds; risks are true, or too high by some log-odds."""
    rng = np.random.default_rng(seed)
    score = np.round(rng.normal(-10, 10, size)).astype(np.int64)
    log_odds = score / 10
    outcome = (rng.random(size) < expit(log_odds - too_high)).astype(np.int64)
    return People(
        score=score,
        log_odds=log_odds,
        risk=expit(log_odds) if calibrated else None,
        outcome=outcome,
        weight=np.ones(size) if weight is None else weight,
        horizon_days=365,
        groups={name: column_grouping(name, of) for name, of in (groups or {}).items()},
    )


def model(*, calibrated: bool = True) -> EvaluatedModel:
    return EvaluatedModel(
        id="made_up",
        version="1.0.0",
        sha256="0" * 64,
        title=SAID,
        instrument=InstrumentReference(id="made_up", version="1.0.0", sha256="1" * 64),
        outcome="event",
        outcome_label=Text(zh="事件", en="event"),
        horizon_days=365,
        scale="calibrated" if calibrated else "relative",
        form="points",
        purpose="benchmark",
        validation="calibrated_here",
        trained_on=SAID,
        training_people=1000,
        training_events=300,
        training_sha256="2" * 64,
    )


def cohort(of: People, **changed: object) -> EvaluatedCohort:
    told: dict[str, object] = {
        "source": "made.csv",
        "sha256": "3" * 64,
        "population": SAID,
        "rows": len(of),
        "people": len(of),
        "events": of.events,
        "effective": of.effective,
        "weighted": False,
        "rejected": 0,
        "unlabelled": 0,
        "outside": 0,
    }
    return EvaluatedCohort(**{**told, **changed})  # type: ignore[arg-type]


BANDS = Bands(
    EvaluatedPolicy(
        id="made_up", version="1.0.0", sha256="4" * 64, title=SAID, relaxed_below=-15,
        strict_from=-3,
    ),
    CutOffs(relaxed_below=-15, strict_from=-3),
)  # fmt: skip
