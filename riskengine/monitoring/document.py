"""The shape of ``monitoring.json``, format ``riskengine/monitoring/1``.

A run says what changed, by how much, and what that would justify. It changes nothing itself.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.items import Identifier, Version
from riskengine.scorecard.document import Sha256
from riskengine.text import FROZEN, Text

FORMAT = "riskengine/monitoring/1"

Kind = Literal[
    "intake",
    "unknown",
    "score",
    "override",
    "group_share",
    "group_score",
    "calibration",
    "validation",
]
State = Literal["quiet", "alarm", "too_few", "not_measured"]
"""``too_few``: fewer people or events than a judgement needs. ``not_measured``: what it needs was
not given."""
Verdict = Literal["quiet", "alarm", "stop", "too_little"]
FigureId = Literal[
    "observed_expected",
    "calibration_slope",
    "event_share",
    "override_share",
    "override_up_share",
    "override_down_share",
    "largest_intake_shift",
    "largest_unknown_rise",
    "score_high_share",
    "largest_group_shift",
    "validation_age_days",
    "alarms",
]
"""Figures that a stop condition may name."""
Action = Literal[
    "keep",
    "collect",
    "check_coding",
    "fix_intake_form",
    "pooled_intercept",
    "recalibrate",
    "revalidate",
    "audit_groups",
    "hear_officers",
]

EXIT_CODES: dict[Verdict, int] = {"quiet": 0, "alarm": 3, "stop": 4, "too_little": 5}
"""What `riskengine monitor` ends with; 2 is an error, as of every command."""


class Signal(BaseModel):
    """One thing that is watched.

    Attributes
    ----------
    id
        ``intake.employment_status`` and so on: the same from run to run.
    value, reference
        Of the window and of the reference, in the unit of the kind (shares, a ratio, days).
    low, high
        Exact 95 % interval of ``value``.
    count, people
        So many of so many in the window.
    effect, floor
        How far from the reference, and how far it has to be for an alarm.
    p, q
        Exact two-sided p-value, and the same adjusted for all signals of the run.
    psi
        Only where window and reference are large enough; never a ground for an alarm.
    hidden
        Too few people to print numbers: the state alone is told.
    """

    model_config = FROZEN

    id: str
    kind: Kind
    label: Text
    level: str | None = None
    state: State
    text: Text
    value: float | None = None
    reference: float | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None
    people: int | None = None
    effect: float | None = None
    floor: float | None = None
    p: float | None = None
    q: float | None = None
    psi: float | None = None
    hidden: bool = False

    @model_validator(mode="after")
    def _hidden_is_empty(self) -> Self:
        told = (self.value, self.low, self.count, self.effect, self.p, self.q, self.psi)
        if self.hidden and any(one is not None for one in told):
            raise ValueError(f"signal [{self.id}]: a hidden signal tells no numbers")
        return self


class Window(BaseModel):
    """The people looked at."""

    model_config = FROZEN
    first: date
    last: date
    people: int = Field(ge=0)
    after: int = Field(default=0, ge=0)
    rejected: int = Field(default=0, ge=0)


class Reference(BaseModel):
    """What they are compared with.

    ``illustrative``: made up, not counted, so that a difference from it is no change.
    """

    model_config = FROZEN
    kind: Literal["stated", "counted"]
    label: Text
    people: int | None = None
    illustrative: bool


class Proposal(BaseModel):
    """What the signals would justify. A named person decides; nothing is done by itself."""

    model_config = FROZEN
    action: Action
    text: Text
    because: tuple[str, ...]
    automatic: Literal[False] = False


class StopResult(BaseModel):
    """A stop condition of the live model, as this run finds it.

    ``figure`` is a `FigureId`, or one that only another version of the monitor has.
    """

    model_config = FROZEN
    id: str
    text: Text
    responsible: str
    state: Literal["met", "not_met", "cannot_tell", "for_a_person"]
    figure: Identifier | None = None
    value: float | None = None


class UsedThresholds(BaseModel):
    """Which thresholds were used, by content."""

    model_config = FROZEN
    id: Identifier
    version: Version
    sha256: Sha256


class Monitoring(BaseModel):
    """One run."""

    model_config = FROZEN

    format: Literal["riskengine/monitoring/1"] = "riskengine/monitoring/1"
    model: Identifier
    version: Version
    model_sha256: str
    title: Text
    on: date
    window: Window
    reference: Reference
    thresholds: UsedThresholds
    procedure: str
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1)]
    tested: int = Field(ge=0)
    verdict: Verdict
    signals: tuple[Signal, ...]
    figures: dict[FigureId, float]
    proposals: tuple[Proposal, ...]
    stop_conditions: tuple[StopResult, ...] = ()
    notices: tuple[Text, ...] = ()

    @property
    def exit_code(self) -> int:
        """What a scheduled command ends with."""
        return EXIT_CODES[self.verdict]

    @property
    def alarms(self) -> tuple[Signal, ...]:
        """Signals that stand out and are large enough."""
        return tuple(one for one in self.signals if one.state == "alarm")
