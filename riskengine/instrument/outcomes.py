"""What a score may be about: events, how they are counted, and where a cohort holds them."""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.items import Identifier
from riskengine.text import FROZEN, Text


class OutcomeColumns(BaseModel):
    """Where a cohort file holds an outcome.

    Either ``event_column`` with the native values that mean an event, or ``time_column`` with the
    time to it (in ``time_unit``) and ``censored_column`` with the values that mean none was seen.
    ``risk_set`` keeps only the rows with the given values, for outcomes among survivors.
    """

    model_config = FROZEN

    event_column: str | None = None
    event_values: tuple[str, ...] = ()
    time_column: str | None = None
    time_unit: Literal["days", "months"] | None = None
    censored_column: str | None = None
    censored_values: tuple[str, ...] = ()
    risk_set: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_event = self.event_column is not None and bool(self.event_values)
        by_time = self.time_column is not None and self.time_unit is not None
        if by_event == by_time:
            raise ValueError(
                "give an event column with its values, or a time column with its unit"
            )
        return self


class Outcome(BaseModel):
    """An event that a score may be about.

    Attributes
    ----------
    estimand
        ``by_horizon``: the event within the horizon, everyone followed so long.
        ``by_horizon_or_end_of_term``: the event by the earlier of horizon and end of term.
    competing, censoring
        Ends of follow-up that preclude the event, and ends that merely stop observation.
    not_failures
        Recorded reasons that look like the event and are no failure of the person.
    discretion
        Whether an officer's discretion makes the event; such parts may never make up more than
        half of an operational target's events.
    reporting_lag_days
        How long after the horizon a label is trusted.
    looks_ahead
        Set where the outcome as posed cannot be forecast honestly from the columns offered.
    """

    model_config = FROZEN

    id: Identifier
    code: str | None = None
    label: Text
    event: Text
    horizon_days: tuple[int, ...] = Field(min_length=1)
    estimand: Literal["by_horizon", "by_horizon_or_end_of_term"]
    clock: Text
    competing: tuple[Identifier, ...] = ()
    censoring: tuple[Identifier, ...] = ()
    not_failures: tuple[Identifier, ...] = ()
    discretion: bool
    reporting_lag_days: int = Field(ge=0)
    components: tuple[Identifier, ...] = ()
    favourable: bool = False
    target: bool = False
    looks_ahead: Text | None = None
    columns: OutcomeColumns | None = None
    notes: Text | None = None
