"""The shape of a policy, format ``riskengine/policy/1``: local rules as data.

A policy belongs to one jurisdiction but cannot choose it, and cannot switch off a statutory
constraint: there is no key for that. Keys that came after the format was released are optional.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from riskengine.instrument.conditions import Condition
from riskengine.instrument.items import Identifier, Version
from riskengine.policy.history import EventKind
from riskengine.policy.tiers import Tier
from riskengine.text import FROZEN, Text

Share = Annotated[str, Field(pattern=r"^(0|1)(\.[0-9]{1,6})?$|^[1-9][0-9]?/[1-9][0-9]{0,2}$")]


Basis = Literal["statute", "local_rule", "published", "assumed"]
"""What a citation rests on; ``assumed`` is this project's proposal and nobody's rule."""

INITIAL_SHARE = "1/6"
STAY_SHARE = "1/6"
REVIEW_SHARE = "1/12"
"""Shares of the term that hold where a policy states none."""


class Citation(BaseModel):
    """Where a rule comes from, and whether a named person has checked the text.

    Attributes
    ----------
    basis, source
        What it rests on, and where the text was seen.
    """

    model_config = FROZEN
    text: Text
    verified: bool
    note: Text | None = None
    basis: Basis | None = None
    source: str | None = None


@lru_cache(maxsize=256)
def _fraction(share: str) -> Fraction:
    return Fraction(share)


class Period(BaseModel):
    """A stretch of time: the lesser of days and a share of the person's term.

    Attributes
    ----------
    share_of_term
        Where it is not stated, the default share of what the period is used for.
    fixed_by
        The verified local rule under which the days hold whatever the term is.
    """

    model_config = FROZEN
    days: int = Field(ge=1, le=3660)
    share_of_term: Share | None = None
    fixed_by: Citation | None = None

    def share(self, default: str) -> Fraction | None:
        """Share of the term that limits it, or ``None`` where a verified rule fixes the days."""
        if self.fixed_by is not None and self.fixed_by.verified and self.share_of_term is None:
            return None
        return _fraction(self.share_of_term or default)

    def length(self, term_days: int | None, default: str) -> int:
        """Days that it lasts for a term; by days alone where the term is not known."""
        share = self.share(default)
        if share is None or term_days is None:
            return self.days
        return min(self.days, term_days * share.numerator // share.denominator)


class Contact(BaseModel):
    """One kind of contact: so many times in so many days."""

    model_config = FROZEN
    kind: Identifier
    label: Text
    times: int = Field(ge=1, le=31)
    per_days: int = Field(ge=1, le=366)


class TierTerms(BaseModel):
    """What a tier asks of the person and of the office.

    Attributes
    ----------
    longest
        How long one decision for the strict tier can hold; then somebody decides anew.
    """

    model_config = FROZEN
    contacts: tuple[Contact, ...]
    officer_minutes_per_month: int = Field(ge=0)
    review: Period
    minimum_stay: Period | None = None
    longest: Period | None = None
    citation: Citation | None = None


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


class PointRange(BaseModel):
    """Scores of one tier, both ends included; an end that is not given is open."""

    model_config = FROZEN
    tier: Tier
    from_: int | None = Field(default=None, alias="from")
    to: int | None = None


class PointRangeBands(BaseModel):
    """Bands as they stand on paper: a range of points a tier, of one named scorecard version."""

    model_config = FROZEN
    kind: Literal["point_ranges"]
    scorecard: str
    ranges: tuple[PointRange, ...]


class ProbabilityBands(BaseModel):
    """Bands as risks; only for calibrated scorecards."""

    model_config = FROZEN
    kind: Literal["probability"]
    strict_from: Share
    relaxed_below: Share


Bands = Annotated[
    ReferenceShareBands | PointBands | PointRangeBands | ProbabilityBands,
    Field(discriminator="kind"),
]


class Effect(BaseModel):
    """What a rule does when its condition is true.

    ``floor``: at least this tier. ``cap``: at most. ``set``: exactly. ``caution``: a sentence for
    the officer. ``schedule``: contacts beside those of the tier.
    """

    model_config = FROZEN
    kind: Literal["floor", "cap", "set", "caution", "schedule"]
    tier: Tier | None = None
    contacts: tuple[Contact, ...] = ()


class Lasts(BaseModel):
    """How long a rule holds after the newest of some dated events.

    Where an event that the rule rests on has no date on file, the rule holds.
    """

    model_config = FROZEN
    since: tuple[EventKind, ...] = Field(min_length=1)
    period: Period


class Rule(BaseModel):
    """One local rule.

    Attributes
    ----------
    reports
        Items and facts that its reason tells.
    lasts
        When it runs out, counted from dated events.
    yields_to
        Rules that go before it where both would hold.
    """

    model_config = FROZEN
    id: Identifier
    title: Text
    when: Condition
    effect: Effect
    reason: Text
    reports: tuple[Identifier, ...] = ()
    citation: Citation
    lasts: Lasts | None = None
    yields_to: tuple[Identifier, ...] = ()
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


class StepCondition(BaseModel):
    """Something that must be true before a tier goes down; unknown is not true."""

    model_config = FROZEN
    id: Identifier
    title: Text
    when: Condition
    reason: Text
    reports: tuple[Identifier, ...] = ()
    citation: Citation


class Steps(BaseModel):
    """How far a tier may move at once; the minimum stay of each tier goes with it.

    Attributes
    ----------
    reason
        Why a tier goes down step by step.
    without_sanction_for
        Time without a sanction before a tier goes down.
    """

    model_config = FROZEN
    down: Literal[1, 2] = 1
    citation: Citation
    reason: Text
    without_sanction_for: Period | None = None
    conditions: tuple[StepCondition, ...] = ()


class Trigger(BaseModel):
    """An event that calls for a review before the next scheduled one."""

    model_config = FROZEN
    event: EventKind
    review_within_days: int = Field(ge=0, le=90)
    citation: Citation


class OutOfReach(BaseModel):
    """Terms within which nobody can reach the relaxed tier, with the rule that wants it so."""

    model_config = FROZEN
    terms_months: tuple[Literal[2, 3, 6, 12, 36], ...] = Field(min_length=1)
    reason: Text
    citation: Citation


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
    """A complete policy.

    This class is the shape alone. What must hold between its parts is checked, with the place of
    every mistake, by `riskengine.policy.checks`; `riskengine.policy.compiled.compile_policy` goes
    through these checks.

    Attributes
    ----------
    checked
        Hash of what was checked when the file was built; see `riskengine.policy.compiled.seal`.
    """

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
    triggers: tuple[Trigger, ...] = ()
    relaxed_out_of_reach: OutOfReach | None = None
    roles: Roles
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    checked: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    def in_force(self, on: date) -> bool:
        """Whether the policy is in force on a day; the last day counts."""
        return _within(on, self.valid_from, self.valid_to)
