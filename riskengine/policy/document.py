"""The shape of a policy, format ``riskengine/policy/1``: local rules as data.

A policy belongs to one jurisdiction but cannot choose it, and cannot switch off a statutory
constraint: there is no key for that.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from datetime import date
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.conditions import Condition
from riskengine.instrument.items import Identifier, Version
from riskengine.policy.tiers import Tier
from riskengine.text import FROZEN, Text

Share = Annotated[str, Field(pattern=r"^(0|1)(\.[0-9]{1,6})?$|^[1-9][0-9]?/[1-9][0-9]{0,2}$")]


class Citation(BaseModel):
    """Where a rule comes from, and whether a named person has checked the text."""

    model_config = FROZEN
    text: Text
    verified: bool
    note: Text | None = None


class Period(BaseModel):
    """A stretch of time: the lesser of days and a share of the person's term."""

    model_config = FROZEN
    days: int = Field(ge=1, le=3660)
    share_of_term: Share | None = None

    def length(self, term_days: int | None) -> int:
        """Days that it lasts for a term; by days alone where the term is not known."""
        if self.share_of_term is None or term_days is None:
            return self.days
        return min(self.days, int(term_days * Fraction(self.share_of_term)))


class Contact(BaseModel):
    """One kind of contact: so many times in so many days."""

    model_config = FROZEN
    kind: Identifier
    label: Text
    times: int = Field(ge=1, le=31)
    per_days: int = Field(ge=1, le=366)


class TierTerms(BaseModel):
    """What a tier asks of the person and of the office."""

    model_config = FROZEN
    contacts: tuple[Contact, ...]
    officer_minutes_per_month: int = Field(ge=0)
    review: Period
    minimum_stay: Period | None = None


class ReferenceShareBands(BaseModel):
    """Bands as shares of the scorecard's reference population, resolved to fixed cut-offs."""

    model_config = FROZEN
    kind: Literal["reference_share"]
    strict: Share
    relaxed: Share


class PointBands(BaseModel):
    """Bands as fixed scores of one named scorecard version."""

    model_config = FROZEN
    kind: Literal["points"]
    scorecard: str
    strict_from: int
    relaxed_below: int

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.relaxed_below >= self.strict_from:
            raise ValueError("[relaxed_below] must lie below [strict_from]: no ordinary band")
        return self


class ProbabilityBands(BaseModel):
    """Bands as risks; only for calibrated scorecards."""

    model_config = FROZEN
    kind: Literal["probability"]
    strict_from: Share
    relaxed_below: Share


Bands = Annotated[ReferenceShareBands | PointBands | ProbabilityBands, Field(discriminator="kind")]


class Effect(BaseModel):
    """What a rule does when its condition is true.

    ``floor``: at least this tier. ``cap``: at most. ``set``: exactly. ``caution``: a sentence for
    the officer. ``schedule``: contacts beside those of the tier.
    """

    model_config = FROZEN
    kind: Literal["floor", "cap", "set", "caution", "schedule"]
    tier: Tier | None = None
    contacts: tuple[Contact, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.kind in ("floor", "cap", "set")) != (self.tier is not None):
            raise ValueError("[tier] is for floor, cap and set, and needed there")
        if (self.kind == "schedule") != bool(self.contacts):
            raise ValueError("[contacts] are for schedule, and needed there")
        return self


class Rule(BaseModel):
    """One local rule."""

    model_config = FROZEN
    id: Identifier
    title: Text
    when: Condition
    effect: Effect
    reason: Text
    reports: tuple[Identifier, ...] = ()
    citation: Citation
    valid_from: date | None = None
    valid_to: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether the rule is in force on a day; the last day counts."""
        return _within(on, self.valid_from, self.valid_to)


def _within(on: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= on) and (last is None or on <= last)


class InitialPeriod(BaseModel):
    """A first stretch at a fixed tier, whatever the score says."""

    model_config = FROZEN
    tier: Tier
    period: Period
    reason: Text
    citation: Citation


class Steps(BaseModel):
    """How far a tier may move at once; the minimum stay of each tier goes with it."""

    model_config = FROZEN
    down: Literal[1, 2] = 1
    citation: Citation
    reason: Text


class Roles(BaseModel):
    """Who proposes and who approves."""

    model_config = FROZEN
    proposes: Text
    approves: Text


class Adoption(BaseModel):
    """Who adopted a drafted policy, when and why, and the hash of the draft."""

    model_config = FROZEN
    by: str = Field(min_length=1)
    on: date
    reason: str = Field(min_length=1)
    draft_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PolicyDocument(BaseModel):
    """A complete policy."""

    model_config = FROZEN

    format: Literal["riskengine/policy/1"]
    id: Identifier
    version: Version
    title: Text
    description: Text
    purpose: Literal["operational", "template", "historical", "benchmark"]
    jurisdiction: str
    instrument: Identifier
    valid_from: date | None = None
    valid_to: date | None = None
    adopted_by: str | None = None
    adoption: Adoption | None = None
    bands: Bands
    band_citation: Citation
    either_tier_below: Annotated[float, Field(ge=0.5, le=1)] = 0.8
    initial_period: InitialPeriod | None = None
    steps: Steps | None = None
    tiers: dict[Tier, TierTerms]
    rules: tuple[Rule, ...] = ()
    roles: Roles
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def in_force(self, on: date) -> bool:
        """Whether the policy is in force on a day; the last day counts."""
        return _within(on, self.valid_from, self.valid_to)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if set(self.tiers) != set(Tier):
            raise ValueError("[tiers] needs strict, ordinary and relaxed")
        ids = [rule.id for rule in self.rules]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"rule [{twice[0]}] is declared twice")
        if self.steps is None and any(t.minimum_stay for t in self.tiers.values()):
            raise ValueError("[minimum_stay] needs [steps], which says why and by what rule")
        if self.purpose == "operational" and not self.adopted_by:
            raise ValueError("an operational policy names in [adopted_by] who adopted it")
        return self
