"""Explainable risk assessment and supervision-tier recommendation for community corrections.

An assessment goes in, an explained recommendation comes out, and a named person decides.

>>> from riskengine import Engine
>>> engine = Engine.load()                                   # doctest: +SKIP
>>> recommendation = engine.recommend(assessment, on=today)  # doctest: +SKIP
"""

from __future__ import annotations

__version__ = "0.1.0"

from riskengine.engine import Engine
from riskengine.errors import (
    ArtefactError,
    AssessmentError,
    InstrumentError,
    IntakeError,
    Language,
    NotFoundError,
    PolicyError,
    Problem,
    RiskEngineError,
    ScorecardError,
    TrainingError,
    UseError,
)
from riskengine.instrument.assessment import Assessment
from riskengine.policy.alerts import AlertTask
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation

__all__ = [
    "AlertTask",
    "ArtefactError",
    "Assessment",
    "AssessmentError",
    "Engine",
    "InstrumentError",
    "IntakeError",
    "Language",
    "NotFoundError",
    "PastEvent",
    "PastTier",
    "PolicyError",
    "Problem",
    "Recommendation",
    "RiskEngineError",
    "ScorecardError",
    "Tier",
    "TrainingError",
    "UseError",
    "__version__",
]
