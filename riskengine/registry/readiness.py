"""What has to be on file before a model is used for the first time: users, stops, assessment."""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.instrument.items import Identifier
from riskengine.registry import entries
from riskengine.registry.gate import Readiness
from riskengine.registry.silent import span
from riskengine.store.lookup import LoadedModel
from riskengine.store.stages import ModelName, Stages, stages_here
from riskengine.text import FROZEN, Text

Name = Annotated[str, Field(min_length=1, max_length=64)]

USERS = "trained-users"
CONDITIONS = "stop-conditions"
IMPACT = "impact"
"""Kinds of files that a first promotion rests on."""


class TrainedUser(BaseModel):
    """Somebody who was taught to use the model."""

    model_config = FROZEN
    name: Name
    role: Name
    trained_on: date
    training: Annotated[str, Field(min_length=2, max_length=400)]


class TrainedUsers(BaseModel):
    """``riskengine/trained-users/1``: who may use a model because they were taught to."""

    model_config = FROZEN
    format: Literal["riskengine/trained-users/1"]
    users: tuple[TrainedUser, ...]

    def by(self, on: date) -> int:
        """How many different people had been trained by a day."""
        return len({user.name.casefold() for user in self.users if user.trained_on <= on})


class Measure(BaseModel):
    """A figure of the monitor, and where it means that use stops."""

    model_config = FROZEN
    figure: Identifier
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"measure [{self.figure}]: either [above] or [below]")
        return self

    def met(self, value: float) -> bool:
        """Whether a value of the figure means that use stops."""
        return value > self.above if self.above is not None else value < (self.below or 0.0)


class StopCondition(BaseModel):
    """Something on which use stops; a measurable one is looked at by ``riskengine monitor``."""

    model_config = FROZEN
    id: Identifier
    text: Text
    responsible: Name
    measure: Measure | None = None


class StopConditions(BaseModel):
    """``riskengine/stop-conditions/1``: when use of a model stops, and who sees to it."""

    model_config = FROZEN
    format: Literal["riskengine/stop-conditions/1"]
    model: ModelName
    conditions: tuple[StopCondition, ...]

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [one.id for one in self.conditions]
        if len(set(ids)) != len(ids):
            raise ValueError("[conditions]: an id stands twice")
        return self


def find_conditions(model: str, stages: Stages | None = None) -> StopConditions | None:
    """The stop conditions under which a model went live; ``None`` where it never had any."""
    known = stages or stages_here()
    data = None if known is None else entries.kept(model, CONDITIONS, known)
    return None if data is None else load_document(StopConditions, data, source=CONDITIONS)


def readiness(
    model: LoadedModel,
    *,
    on: date,
    impact: bytes | None = None,
    users: bytes | None = None,
    conditions: bytes | None = None,
) -> Readiness:
    """Look at everything that first use asks for.

    Raises
    ------
    ArtefactError
        Where a file is not of its format, or the stop conditions are another model's.
    """
    said = None if users is None else load_document(TrainedUsers, users, source=USERS)
    stops = None
    if conditions is not None:
        stops = load_document(StopConditions, conditions, source=CONDITIONS)
        if stops.model != model.name:
            raise ArtefactError(
                f"{CONDITIONS}: they are of model [{stops.model}], not of [{model.name}]"
            )
    silent = span(model.name)
    standing, left = _impact(model, impact)
    return Readiness(
        silent_days=silent.days,
        silent_people=silent.people,
        impact=standing,
        impact_open=left,
        trained_users=0 if said is None else said.by(on),
        stop_conditions=0 if stops is None else len(stops.conditions),
        measurable=0 if stops is None else sum(s.measure is not None for s in stops.conditions),
    )


def _impact(
    model: LoadedModel, data: bytes | None
) -> tuple[Literal["missing", "other_model", "open", "unsigned", "complete"], int]:
    """How an impact assessment stands, and how many of its questions are open."""
    if data is None:
        return "missing", 0
    from riskengine.reports.checklists.standing import impact_standing

    found = impact_standing(data)
    if (found.model, found.model_sha256) != (model.name, model.sha256):
        return "other_model", 0
    if found.open:
        return "open", len(found.open)
    return ("complete", 0) if found.complete else ("unsigned", 0)
