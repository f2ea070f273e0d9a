"""Stop conditions of the live model, evaluated on the figures of a run.

Format ``riskengine/stop-conditions/1``. A condition without a measure is for the person
responsible; one whose figure could not be had cannot be told, which is not the same as not met.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.documents import load_document
from riskengine.monitoring.document import FigureId, StopResult
from riskengine.text import FROZEN, Text


class Measure(BaseModel):
    """When a figure of the monitor meets the condition: above or below a number."""

    model_config = FROZEN
    figure: FigureId
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"measure of [{self.figure}]: give [above] or [below], one of them")
        return self

    def met(self, value: float) -> bool:
        """Whether a value meets it."""
        return value > self.above if self.above is not None else value < (self.below or 0.0)


class Condition(BaseModel):
    """One condition on which use of the model stops."""

    model_config = FROZEN
    id: str
    text: Text
    responsible: str
    measure: Measure | None = None


class StopConditions(BaseModel):
    """All of a model."""

    model_config = FROZEN
    format: Literal["riskengine/stop-conditions/1"]
    model: str
    conditions: tuple[Condition, ...] = Field(min_length=1)


def read_stop_conditions(data: bytes, *, source: str = "stop-conditions.json") -> StopConditions:
    """Read a file of conditions.

    Raises
    ------
    ArtefactError
        With the place in the file and what is wrong.
    """
    return load_document(StopConditions, data, source=source)


def evaluated(
    conditions: StopConditions | None, figures: Mapping[FigureId, float]
) -> tuple[StopResult, ...]:
    """Say of every condition whether it is met."""
    found = []
    for one in conditions.conditions if conditions else ():
        state: Literal["met", "not_met", "cannot_tell", "for_a_person"]
        value = None
        if one.measure is None:
            state = "for_a_person"
        elif one.measure.figure not in figures:
            state = "cannot_tell"
        else:
            value = figures[one.measure.figure]
            state = "met" if one.measure.met(value) else "not_met"
        found.append(
            StopResult(
                id=one.id,
                text=one.text,
                responsible=one.responsible,
                state=state,
                figure=one.measure.figure if one.measure else None,
                value=value,
            )
        )
    return tuple(found)
