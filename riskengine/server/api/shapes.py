"""Bodies of the casebook's actions, and what they answer with."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from riskengine.casebook.facts import Channel, Outcome
from riskengine.policy.history import EventKind
from riskengine.policy.record import RecordDocument
from riskengine.policy.tiers import Tier

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@-]{1,64}$")]
Words = Annotated[str, Field(max_length=20_000)]
# the record refuses an empty sentence itself, in the words of whoever has to write one
Grounds = Annotated[
    str,
    Field(
        max_length=20_000,
        description="A sentence: at least as many visible characters as the rules of the casebook "
        "ask for (6 where they say nothing).",
        json_schema_extra={"pattern": r"\S"},
        examples=["Talks and visits agree, and the family helps."],
    ),
]
Answers = Annotated[
    dict[str, Any], Field(description="As `/v1/schemas/{instrument}` describes it.")
]


class Shape(BaseModel):
    """Base of all bodies: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Receipt(BaseModel):
    """What was recorded, by id; only the ids that concern the action are there."""

    model_config = ConfigDict(extra="forbid")
    case: str | None = None
    event: str | None = None
    draft: str | None = None
    assessment: str | None = None
    corrects: str | None = None
    proposal: str | None = None
    decision: str | None = None
    review: str | None = None
    alert: str | None = None
    suspension: str | None = None
    district: str | None = None
    received_on: date | None = None
    due_on: date | None = None
    lines: list[str] | None = Field(
        default=None, description="Of a request for review: the receipt for the person."
    )


class Nothing(Shape):
    """An empty object."""


class OpenCase(Shape):
    """A new case."""

    person: str = Field(
        max_length=64,
        description="An internal id; never a name or an identity number.",
        json_schema_extra={"pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"},
        examples=["A-0017"],
    )
    office: Code
    officer: Code | None = None
    file_block: dict[str, Any] | None = None
    past: RecordDocument | None = None


class HandOver(Shape):
    """Who is in charge from now on."""

    officer: Code
    office: Code


class CloseCase(Shape):
    """The end of a case."""

    on: date
    why: Grounds


class Happened(Shape):
    """A sanction or another dated event; ``document`` is the number of what proves it."""

    what: EventKind
    on: date
    document: str | None = Field(default=None, max_length=200)


class Draft(Shape):
    """A draft to begin."""

    assessment: Answers | None = None


class SavedDraft(Shape):
    """A draft as it stands now."""

    draft: Code
    assessment: Answers


class SignDraft(Shape):
    """The signature under a draft."""

    case: Code
    alert_official: Code | None = None


class Sign(Shape):
    """A whole assessment with its signature."""

    assessment: Answers
    alert_official: Code | None = None
    signed_by: Code | None = Field(
        default=None, description="Who signed on paper, where it is entered later."
    )


class OwnView(Shape):
    """The officer's own tier with a sentence of grounds."""

    tier: Tier
    grounds: Grounds


class Reveal(Shape):
    """An empty object."""


class WhatIf(Shape):
    """Other answers to try."""

    answers: dict[str, Any]


class Correct(Shape):
    """The whole assessment as it should have been, and why."""

    assessment: Answers
    reason: Grounds
    review: Code | None = None


class Propose(Shape):
    """A proposed tier with the officer's own grounds."""

    tier: Tier
    grounds: Grounds
    reason: Code | None = Field(default=None, description="For an override: a code of the list.")
    explanation: Words | None = None
    review_on: date | None = None


class ProposeWithoutScore(Shape):
    """A proposed tier without any score."""

    tier: Tier
    ground: Code
    grounds: Grounds
    review_on: date
    assessment: Code | None = None


class PaperDecision(Shape):
    """A decision that was made on paper."""

    tier: Tier
    decided_on: date
    proposed_by: Code
    decided_by: Code
    grounds: Grounds
    review_on: date
    recommended: tuple[Tier, ...] = ()
    own_tier: Tier | None = None
    reason: Code | None = None
    explanation: Words | None = None
    assessment: Code | None = None


class Decide(Shape):
    """Grounds of whoever decides."""

    grounds: Grounds


class Why(Shape):
    """A reason in words."""

    why: Grounds


class Notice(Shape):
    """How a decision was made known."""

    read_by: Code
    language: Code
    aloud: bool
    said: Words
    on: date | None = None
    interpreter: str | None = Field(default=None, max_length=200)
    signed: bool = True


class Comment(Shape):
    """What the person said."""

    words: Words
    assessment: Code | None = None
    on: date | None = None


class AskReview(Shape):
    """A request for review, as the person made it."""

    words: Words
    channel: Channel
    decision: Code | None = None
    received_on: date | None = None
    helper: str | None = Field(default=None, max_length=200)


class Handler(Shape):
    """Who handles a review."""

    handler: Code


class AnswerReview(Shape):
    """The written answer."""

    outcome: Outcome
    answer: Grounds
    answered_on: date | None = None


class CloseAlert(Shape):
    """What was found and done."""

    closing: Grounds
    on: date | None = None


class Suspend(Shape):
    """Why scores are hidden, or shown again."""

    reason: Grounds


BODIES: tuple[type[Shape], ...] = (
    *(Nothing, OpenCase, HandOver, CloseCase, Happened, Draft, SavedDraft, SignDraft, Sign),
    *(OwnView, Reveal, WhatIf, Correct, Propose, ProposeWithoutScore, Decide, Why, Notice),
    *(PaperDecision, Comment, AskReview, Handler, AnswerReview, CloseAlert, Suspend),
)
"""All bodies."""
