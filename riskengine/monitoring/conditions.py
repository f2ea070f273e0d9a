"""Stop conditions of a model: the one shape, its reader, and what a run finds of each.

Format ``riskengine/stop-conditions/1``. The registry keeps the file under which a model went live,
and `riskengine monitor` evaluates it. A condition without a measure is for the person responsible;
one whose figure could not be had cannot be told, which is not the same as not met.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, Field, field_validator, model_validator

from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.instrument.items import Identifier
from riskengine.monitoring.document import FigureId, StopResult
from riskengine.text import FROZEN, Text

FIGURES: tuple[str, ...] = get_args(FigureId)
"""Figures of a run that a condition may name."""
FORMER_NAMES = {"override_rate": "override_share"}
"""Figures under the names that files written earlier have."""

Name = Annotated[str, Field(min_length=1, max_length=64)]


class Measure(BaseModel):
    """When a figure of the monitor meets the condition: above or below a number."""

    model_config = FROZEN
    figure: Identifier
    above: float | None = None
    below: float | None = None

    @field_validator("figure")
    @classmethod
    def _present_name(cls, figure: str) -> str:
        return FORMER_NAMES.get(figure, figure)

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError(f"measure of [{self.figure}]: give [above] or [below], one of them")
        return self

    def met(self, value: float) -> bool:
        """Whether a value meets it."""
        return value > self.above if self.above is not None else value < (self.below or 0.0)


class StopCondition(BaseModel):
    """Something on which use of the model stops, and who sees to it."""

    model_config = FROZEN
    id: Name
    text: Text
    responsible: Name
    measure: Measure | None = None

    @property
    def measurable(self) -> bool:
        """Whether a run of the monitor can say that it is met."""
        return self.measure is not None and self.measure.figure in FIGURES


class StopConditions(BaseModel):
    """``riskengine/stop-conditions/1``: all conditions of a model.

    Attributes
    ----------
    model
        Name and version; the name alone means every version.
    """

    model_config = FROZEN
    format: Literal["riskengine/stop-conditions/1"]
    model: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(@[0-9]+(\.[0-9]+){0,3})?$")]
    conditions: tuple[StopCondition, ...]

    def of(self, model: str) -> bool:
        """Whether they are those of a model, given by name and version."""
        return self.model in (model, model.partition("@")[0])


def read_stop_conditions(
    data: bytes, *, source: str = "stop-conditions.json", on_file: bool = False
) -> StopConditions:
    """Read a file of conditions.

    Parameters
    ----------
    on_file
        Whether it was taken in earlier. What has been taken in is read as it stands: a figure that
        this version of the monitor does not have then "cannot be told". A file that comes in now
        is refused for it.

    Raises
    ------
    ArtefactError
        With the place in the file and what is wrong.
    """
    found = load_document(StopConditions, data, source=source)
    if on_file:
        return found
    if not found.conditions:
        raise ArtefactError(f"{source}: no condition in [conditions]; at least one is needed")
    ids = Counter(one.id for one in found.conditions)
    twice = next((name for name, count in ids.items() if count > 1), None)
    if twice is not None:
        raise ArtefactError(f"{source}: condition [{twice}] stands twice")
    for one in found.conditions:
        if one.measure is not None and not one.measurable:
            raise ArtefactError(
                f"{source}: condition [{one.id}]: figure [{one.measure.figure}]; "
                f"accepted: {', '.join(FIGURES)}"
            )
    return found


def evaluated(
    conditions: StopConditions | None,
    figures: Mapping[FigureId, float],
    secret: Collection[str] = (),
) -> tuple[StopResult, ...]:
    """Say of every condition whether it is met.

    Parameters
    ----------
    secret
        Figures about so few people that their value is not told; whether they meet it is.
    """
    found = []
    values: Mapping[str, float] = {str(name): value for name, value in figures.items()}
    for one in conditions.conditions if conditions else ():
        state: Literal["met", "not_met", "cannot_tell", "for_a_person"]
        value = None
        if one.measure is None:
            state = "for_a_person"
        elif one.measure.figure not in values:
            state = "cannot_tell"
        else:
            value = values[one.measure.figure]
            state = "met" if one.measure.met(value) else "not_met"
        found.append(
            StopResult(
                id=one.id,
                text=one.text,
                responsible=one.responsible,
                state=state,
                figure=one.measure.figure if one.measure else None,
                value=None if one.measure and one.measure.figure in secret else value,
            )
        )
    return tuple(found)
