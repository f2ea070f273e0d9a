"""What has to be on file before a model is used for the first time: users, stops, assessment."""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.monitoring.conditions import Name, StopConditions, read_stop_conditions
from riskengine.registry import entries
from riskengine.registry.gate import Readiness
from riskengine.registry.silent import span
from riskengine.store.lookup import LoadedModel
from riskengine.store.stages import Stages, stages_here
from riskengine.text import FROZEN

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


def find_conditions(model: str, stages: Stages | None = None) -> StopConditions | None:
    """The stop conditions under which a model went live; ``None`` where it never had any.

    A model that took another's place without conditions of its own stands under those of the one
    that it replaced.
    """
    known = stages or stages_here()
    seen: set[str] = set()
    name: str | None = model
    while known is not None and name is not None and name not in seen:
        data = entries.kept(name, CONDITIONS, known)
        if data is not None:
            return read_stop_conditions(data, source=f"{name}: {CONDITIONS}", on_file=True)
        seen.add(name)
        name = next(
            (line.replaces for line in reversed(known.lines)
             if line.model == name and line.action in ("promote", "override")),
            None,
        )  # fmt: skip
    return None


def conditions_of(model: str, data: bytes) -> StopConditions:
    """Read the stop conditions with which a model is to go live.

    Raises
    ------
    ArtefactError
        Where the file is not of its format, names a figure that the monitor does not have, or is
        another model's.
    """
    found = read_stop_conditions(data, source=CONDITIONS)
    if found.model != model:
        raise ArtefactError(f"{CONDITIONS}: they are of model [{found.model}], not of [{model}]")
    return found


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
    stops = () if conditions is None else conditions_of(model.name, conditions).conditions
    silent = span(model.name)
    standing, left = _impact(model, impact)
    return Readiness(
        silent_days=silent.days,
        silent_people=silent.people,
        impact=standing,
        impact_open=left,
        trained_users=0 if said is None else said.by(on),
        stop_conditions=len(stops),
        measurable=sum(one.measurable for one in stops),
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
