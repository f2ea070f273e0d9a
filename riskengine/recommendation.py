"""What the engine returns: a recommendation with its reasons, never a decision.

Format ``riskengine/recommendation/1``; ``Recommendation.model_dump_json()`` and
``model_validate_json()`` are each other's inverse.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from riskengine.errors import Language
from riskengine.policy.tiers import Tier
from riskengine.text import FROZEN

FORMAT = "riskengine/recommendation/1"

Status = Literal[
    "recommended", "either", "incomplete", "out_of_scope", "separate_profile", "score_only"
]
Nanos = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{9}$")]
"""A decimal with nine places, as text: the same on every machine."""


class TierView(BaseModel):
    """A tier and its name."""

    model_config = FROZEN
    tier: Tier
    label: str


class ScoreView(BaseModel):
    """The score itself.

    Attributes
    ----------
    value
        Integer score: points, or 2^-40 log-odds.
    position
        Share of the reference population with a lower score, in per cent.
    """

    model_config = FROZEN
    value: int
    intercept: int
    form: Literal["points", "full"]
    scale: Literal["relative", "calibrated"]
    log_odds: float
    band: TierView | None
    position: float
    reference: str


class RiskView(BaseModel):
    """A calibrated risk with its interval, and the same in whole people."""

    model_config = FROZEN
    probability: Nanos
    low: Nanos | None
    high: Nanos | None
    level: float | None
    words: str


class AnswerView(BaseModel):
    """One answer as it was given."""

    model_config = FROZEN
    item: str
    label: str
    answer: str
    known: bool
    changeable: bool
    disclosure: Literal["open", "confidential", "third_party"]
    source: str | None = None
    on: date | None = None
    by: str | None = None


class Factor(BaseModel):
    """What one term of the scorecard adds to this score."""

    model_config = FROZEN
    term: str
    answers: tuple[AnswerView, ...]
    contribution: int
    log_odds: float
    changeable: bool


class ItemShare(BaseModel):
    """What one item adds against the reference population (exact Shapley value).

    ``contribution`` is in item-view units; see `ItemView.denominator`.
    """

    model_config = FROZEN
    item: str
    label: str
    contribution: int
    percentage_points: Nanos | None


class ItemView(BaseModel):
    """The item view, for reviewers and analysts: baseline plus contributions is the score.

    Everything is in units of which ``denominator`` make one unit of the score.
    """

    model_config = FROZEN
    denominator: int
    baseline: int
    baseline_risk: Nanos | None
    items: tuple[ItemShare, ...]


class RuleView(BaseModel):
    """A rule or constraint that had a say, with its citation."""

    model_config = FROZEN
    id: str
    title: str
    effect: Literal["band", "floor", "cap", "set", "refuse", "hold", "separate_profile"]
    tier: Tier | None
    binding: bool
    reason: str
    citation: str
    verified: bool
    reports: dict[str, str] = {}


class TowardView(BaseModel):
    """One condition of the next lower tier.

    Attributes
    ----------
    state
        ``nearly``: time alone fulfils it before the next review, or the score is close.
    met_on
        Day on which time alone fulfils it.
    distance
        How far the score lies above the cut-off, where it is in points.
    """

    model_config = FROZEN
    id: str
    title: str
    state: Literal["met", "nearly", "not_met", "not_known"]
    words: str
    met_on: date | None
    distance: int | None
    citation: str
    verified: bool


class WhyNotYet(BaseModel):
    """The next lower tier, every condition of it, and the first day on which it could hold.

    ``earliest`` is empty where something else than time is missing.
    """

    model_config = FROZEN
    tier: TierView
    words: str
    earliest: date | None
    conditions: tuple[TowardView, ...]


class ReviewView(BaseModel):
    """What called for this review, and whether it is late. Nobody is moved by a late review.

    Attributes
    ----------
    due_on
        Day by which the last decision was to be reviewed.
    because
        ``scheduled``, ``strict_ends``, or the event that called for it earlier.
    """

    model_config = FROZEN
    due_on: date
    overdue_days: int
    because: str
    words: str


class UncheckedRule(BaseModel):
    """A rule that could not be checked, because an answer that it needs is missing."""

    model_config = FROZEN
    id: str
    title: str


class Stability(BaseModel):
    """How likely the band would stay the same if model and ratings were drawn again."""

    model_config = FROZEN
    value: float
    model_share: float
    words: str


class MissingAnswer(BaseModel):
    """A question without an answer that could move score or tier, and how far the score."""

    model_config = FROZEN
    item: str
    label: str
    code: Literal["not_asked", "refused", "not_applicable", "unknown"]
    low: int
    high: int


class MissingRange(BaseModel):
    """Scores and tiers that are possible over all valid answers to what was not answered.

    Valid is what the instrument accepts together and the law lets a score stand with.

    Attributes
    ----------
    exact
        False where the range is an outer bound.
    next_question, next_item
        The question whose answer, whatever it is, leaves the fewest tiers and then the narrowest
        range of scores; its label and its name.
    settles
        Whether every answer to it leaves one tier, where more than one is possible now.
    """

    model_config = FROZEN
    items: tuple[MissingAnswer, ...]
    score_low: int
    score_high: int
    tier_low: Tier | None
    tier_high: Tier | None
    exact: bool
    next_question: str | None
    next_item: str | None = None
    settles: bool = False


class Alert(BaseModel):
    """A danger that a named official deals with on the same day. It moves no tier.

    Attributes
    ----------
    items
        Answers that raise it now; none where an older task is still open.
    disclosure
        The strictest class of the answers behind it.
    state
        While it is ``open``, no tier goes down.
    opened_on, due_on
        The task is due on the day on which it was opened.
    official
        In charge of it; ``None`` where nobody was named yet.
    words
        How the task stands, in a sentence.
    """

    model_config = FROZEN
    id: str
    label: str
    task: str
    items: tuple[str, ...]
    disclosure: Literal["open", "confidential", "third_party"]
    state: Literal["open", "closed"] = "open"
    opened_on: date | None = None
    due_on: date | None = None
    official: str | None = None
    closed_on: date | None = None
    closed_by: str | None = None
    closing: str | None = None
    words: str = ""


Provider = Literal[
    "justice_office", "village_committee", "volunteers", "social_worker", "family",
    "employment_service", "training_provider", "school", "civil_affairs", "housing_service",
    "counsellor", "health_service", "addiction_service", "legal_aid", "mediator",
    "womens_federation",
]  # fmt: skip


class Offer(BaseModel):
    """One thing that may help, and which kind of provider gives it."""

    model_config = FROZEN
    words: str
    provider: Provider | None
    provider_label: str | None


class Need(BaseModel):
    """A need, whatever the tier, and what may help.

    Attributes
    ----------
    assistance
        Words of the offers.
    severe
        Help comes sooner. It changes nothing else.
    first_step
        What a member of staff does first.
    """

    model_config = FROZEN
    id: str
    label: str
    assistance: tuple[str, ...]
    items: tuple[str, ...]
    severe: bool = False
    first_step: str = ""
    offers: tuple[Offer, ...] = ()


class ContactView(BaseModel):
    """One kind of contact of the recommended tier."""

    model_config = FROZEN
    kind: str
    label: str
    times: int
    per_days: int


class Caution(BaseModel):
    """A sentence that belongs beside the recommendation."""

    model_config = FROZEN
    id: str
    text: str
    citation: str | None = None
    verified: bool | None = None


class OutcomeView(BaseModel):
    """What the score is about."""

    model_config = FROZEN
    id: str
    label: str
    horizon_days: int
    about: str


class Validation(BaseModel):
    """What is known about the score's accuracy for these people."""

    model_config = FROZEN
    level: str
    words: str


class Provenance(BaseModel):
    """Everything that is needed to compute the same again, years later.

    ``statutory_set`` is the set in force on the day of the assessment; ``law_verifications`` the
    hash of the last entry in the agency's record of verified provisions, up to the day of the
    recommendation.
    """

    model_config = FROZEN
    engine: str
    instrument: str
    instrument_sha256: str
    model: str
    model_sha256: str
    policy: str | None
    policy_sha256: str | None
    jurisdiction: str
    statutory_set: str | None
    law_verifications: str | None = None


class Recommendation(BaseModel):
    """A recommendation for one assessment.

    Attributes
    ----------
    status
        ``recommended``: one tier. ``either``: two tiers are defensible. ``incomplete``,
        ``out_of_scope``, ``separate_profile``: no tier, and the rule says why. ``score_only``:
        research mode.
    tiers
        The recommended tier, or both defensible ones, the less restrictive first.
    without_initial_period, takes_effect_on
        The tier once the initial period is over, and the day from which it could hold.
    why_not_yet, review, strict_until
        What the next lower tier takes and when; what called for this review; the last day for
        which a decision for the strict tier can hold.
    asked_not_scored
        Answered questions that may be scored but have no evidence yet: exactly zero.
    """

    model_config = FROZEN

    format: Literal["riskengine/recommendation/1"]
    lang: Language
    status: Status
    headline: str
    person: str
    assessment: str | None
    assessed_on: date
    on: date
    research: bool
    outcome: OutcomeView
    tiers: tuple[TierView, ...]
    without_initial_period: TierView | None
    takes_effect_on: date | None
    score: ScoreView | None
    risk: RiskView | None
    factors: tuple[Factor, ...]
    item_view: ItemView | None
    asked_not_scored: tuple[str, ...]
    rules: tuple[RuleView, ...]
    why_not_lower: tuple[str, ...]
    why_not_yet: WhyNotYet | None = None
    review: ReviewView | None = None
    strict_until: date | None = None
    unchecked_rules: tuple[UncheckedRule, ...]
    stability: Stability | None
    missing: MissingRange | None
    alerts: tuple[Alert, ...]
    needs: tuple[Need, ...]
    review_on: date | None
    contacts: tuple[ContactView, ...]
    cautions: tuple[Caution, ...]
    validation: Validation
    provenance: Provenance

    @property
    def caution_ids(self) -> frozenset[str]:
        """Ids of all cautions."""
        return frozenset(caution.id for caution in self.cautions)

    @property
    def binding_rule(self) -> RuleView | None:
        """The rule that the tier (or its absence) rests on."""
        return next((rule for rule in self.rules if rule.binding), None)

    def to_shap(self, *, unit: Literal["points", "log_odds"] | None = None) -> Any:
        """Give the item view as a one-row ``shap.Explanation``, for shap's own plots.

        The values are exact and come from the recommendation; nothing is computed by shap. For
        many people use `riskengine.evaluation.shap_values.to_shap`.

        Parameters
        ----------
        unit
            ``points`` or ``log_odds``; the scorecard's own unit without.

        Raises
        ------
        UseError
            Where there is no score, the unit does not fit, or shap is not installed
            (``pip install 'riskengine[explain]'``).

        Examples
        --------
        >>> shap.plots.waterfall(recommendation.to_shap())  # doctest: +SKIP
        """
        # a door to the analysts' room, opened only when it is called
        from riskengine.evaluation.shap_values import one_to_shap

        return one_to_shap(self, unit=unit)
