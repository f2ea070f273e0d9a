"""What a score may be about: events, how they are counted, and where a cohort holds them."""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.items import Identifier
from riskengine.text import FROZEN, Text


class OutcomeColumns(BaseModel):
    """Where a cohort file holds an outcome, in one of three forms.

    By event: ``event_column`` with the native values that mean an event. By time: ``time_column``
    with the time to it (in ``time_unit``) and ``censored_column`` with the values that mean none
    was seen. By dates: ``start_column`` and what follows it below. ``risk_set`` keeps only the
    rows with the given values, for outcomes among survivors.

    Attributes
    ----------
    start_column
        The day on which follow-up starts. A part of a composite outcome may leave it out: the
        composite says when follow-up starts and how it ends.
    event_dates
        Column of days to what it records: the outcome's own id, or a reason or grade of it; where
        that is among ``not_failures``, the column does not count. The earliest day counts. A
        composite outcome also counts the dates of its components.
    end_date_column, end_reason_column
        When and why follow-up ended, both blank where it goes on.
    end_reasons
        Native reason to reason: a competing or censoring one, one that is no failure (and
        censors), or the outcome or a component of it, which makes the end its event. A reason
        that is not listed stands for itself.
    term_end_column
        The planned end of the term, known at the start.
    extraction_column
        The day up to which the file shows what happened, where it differs between rows.
    """

    model_config = FROZEN

    event_column: str | None = None
    event_values: tuple[str, ...] = ()
    time_column: str | None = None
    time_unit: Literal["days", "months"] | None = None
    censored_column: str | None = None
    censored_values: tuple[str, ...] = ()
    risk_set: dict[str, tuple[str, ...]] = {}
    start_column: str | None = None
    event_dates: dict[str, Identifier] = {}
    end_date_column: str | None = None
    end_reason_column: str | None = None
    end_reasons: dict[str, Identifier] = {}
    term_end_column: str | None = None
    extraction_column: str | None = None

    @property
    def by_dates(self) -> bool:
        """Whether the file holds days."""
        return self.start_column is not None or bool(self.event_dates)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_event = self.event_column is not None and bool(self.event_values)
        by_time = self.time_column is not None and self.time_unit is not None
        if by_event + by_time + self.by_dates != 1:
            raise ValueError(
                "give an event column with its values, or a time column with its unit, or dates"
            )
        ends = (self.end_date_column, self.end_reason_column)
        if (ends[0] is None) != (ends[1] is None):
            raise ValueError("the day and the reason of an end go together")
        rest = (*ends, self.term_end_column, self.extraction_column)
        if self.start_column is None and any(column is not None for column in rest):
            raise ValueError("ends, term and extraction need the day of the start")
        return self


class Outcome(BaseModel):
    """An event that a score may be about.

    Attributes
    ----------
    estimand
        ``by_horizon``: the event within the horizon, everyone followed so long.
        ``by_horizon_or_end_of_term``: the event by the earlier of horizon and end of term.
    competing, censoring
        Ends of follow-up that preclude the event, and ends that merely stop observation. An end
        that is listed as censoring gives the risk as if that end did not exist (the net risk).
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

    @model_validator(mode="after")
    def _known_ends(self) -> Self:
        named = {self.id, *self.components, *self.competing, *self.censoring, *self.not_failures}
        for reason in self.columns.end_reasons.values() if self.columns else ():
            if reason not in named:
                raise ValueError(
                    f"outcome [{self.id}]: [{reason}] is none of its competing or censoring "
                    "reasons, not_failures, components"
                )
        return self
