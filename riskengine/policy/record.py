"""What is on record of one person beside an assessment, format ``riskengine/record/1``.

Tiers decided earlier, dated events, and the tasks of safety alerts, as an agency's system keeps
them. It belongs to one person and names no other.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import.

from datetime import date
from typing import Literal

from pydantic import BaseModel

from riskengine.documents import load_document
from riskengine.policy.alerts import AlertTask
from riskengine.policy.history import EventKind, PastEvent, PastTier
from riskengine.policy.tiers import Tier
from riskengine.text import FROZEN


class DecidedTier(BaseModel):
    """A tier that a named person decided."""

    model_config = FROZEN
    tier: Tier
    decided_on: date


class DatedEvent(BaseModel):
    """A sanction or another event, with its day."""

    model_config = FROZEN
    kind: EventKind
    on: date


class KeptTask(BaseModel):
    """The task that a safety alert opened; see `riskengine.policy.alerts.AlertTask`."""

    model_config = FROZEN
    alert: str
    opened_on: date
    official: str
    closed_on: date | None = None
    closed_by: str | None = None
    closing: str | None = None


class RecordDocument(BaseModel):
    """One person's record.

    Attributes
    ----------
    events
        ``None`` where the agency hands none over, which is not the same as none on record.
    """

    model_config = FROZEN
    format: Literal["riskengine/record/1"]
    person: str
    history: tuple[DecidedTier, ...] = ()
    events: tuple[DatedEvent, ...] | None = None
    alerts: tuple[KeptTask, ...] = ()

    def past(self) -> tuple[PastTier, ...]:
        """Tiers as `riskengine.Engine.recommend` takes them."""
        return tuple(PastTier(one.tier, one.decided_on) for one in self.history)

    def happened(self) -> tuple[PastEvent, ...] | None:
        """Events as `riskengine.Engine.recommend` takes them."""
        if self.events is None:
            return None
        return tuple(PastEvent(one.kind, one.on) for one in self.events)

    def tasks(self) -> tuple[AlertTask, ...]:
        """Tasks as `riskengine.Engine.recommend` takes them.

        Raises
        ------
        UseError
            Where a closing is incomplete, or by somebody else than the official in charge.
        """
        return tuple(AlertTask(**dict(one)) for one in self.alerts)


def read_record(data: bytes, *, source: str) -> RecordDocument:
    """Read a record strictly: unknown keys and impossible days are refused.

    Raises
    ------
    ArtefactError
        Naming the source, the place and what is accepted.
    """
    return load_document(RecordDocument, data, source=source)
