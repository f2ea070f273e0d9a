"""One recommendation from what another system sent; every refusal says what is accepted."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from riskengine.canonical import sha256
from riskengine.engine import Engine
from riskengine.errors import AssessmentError, Language, UseError
from riskengine.explanation.document import Explanation
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.problems import problem
from riskengine.policy.record import RecordDocument
from riskengine.recommendation import Recommendation
from riskengine.server.problems import refuse

_SHAPE = ConfigDict(extra="forbid", frozen=True)
_ON = "Day of the recommendation; today where none is given, and never later than today."


class Row(BaseModel):
    """An assessment, and what is on record of the person beside it."""

    model_config = _SHAPE
    assessment: dict[str, Any] = Field(
        description="As `/v1/schemas/{instrument}` describes it.",
    )
    record: RecordDocument | None = Field(
        default=None, description="Tiers decided earlier, dated events, tasks of safety alerts."
    )


class Asked(Row):
    """A request for one recommendation."""

    district: str | None = Field(default=None, max_length=64)
    on: date | None = Field(default=None, description=_ON)

    explain: bool = Field(
        default=False, description="Answer with `explanation`, which holds the recommendation."
    )


class AskedMany(BaseModel):
    """A request for many recommendations; each row is answered by itself."""

    model_config = _SHAPE
    district: str | None = Field(default=None, max_length=64)
    on: date | None = Field(default=None, description=_ON)
    rows: list[Any] = Field(min_length=1, description="Each an object as for one recommendation.")


def versions(engine: Engine) -> str:
    """Hash of everything that an answer depends on beside its input."""
    return sha256(engine.provenance.model_dump_json().encode())


def settled_day(on: date | None, today: date) -> date:
    """Day of a recommendation."""
    if on is None:
        return today
    if on > today:
        raise refuse(422, "later_than_today", day=today.isoformat())
    return on


def check_policy_day(engine: Engine, on: date) -> None:
    """Refuse a day on which the policy is not in force, in the reader's language."""
    try:
        engine.check_in_force(on)
    except UseError:
        raise refuse(
            422, "policy_not_in_force", policy=engine.provenance.policy, day=on.isoformat()
        ) from None


def checked(engine: Engine, raw: dict[str, Any], on: date) -> Assessment:
    """Check an assessment for a day.

    Raises
    ------
    AssessmentError
        With every problem at once.
    """
    found = engine.assessment(raw)
    if found.assessed_on > on:
        accepted = (f"不晚于{on.isoformat()}", f"not after {on.isoformat()}")
        said = found.assessed_on.isoformat()
        raise AssessmentError([problem("assessed_later", "assessed_on", said, accepted)])
    return found


def recommend(engine: Engine, row: Row, on: date, lang: Language) -> Recommendation:
    """Recommend for one row."""
    assessment = checked(engine, row.assessment, on)
    return engine.recommend(assessment, on=on, lang=lang, **_recorded(row, assessment))


def explain(engine: Engine, row: Row, on: date, lang: Language) -> Explanation:
    """Recommend for one row, with everything behind it."""
    assessment = checked(engine, row.assessment, on)
    return engine.explain(assessment, on=on, lang=lang, **_recorded(row, assessment))


def _recorded(row: Row, assessment: Assessment) -> dict[str, Any]:
    """What the person's record adds to the call; nothing without one."""
    record = row.record
    if record is None:
        return {}
    if record.person != assessment.person:
        raise refuse(422, "other_person")
    return {"history": record.past(), "events": record.happened(), "alerts": record.tasks()}
