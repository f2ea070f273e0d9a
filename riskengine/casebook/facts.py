"""What stays readable of an event after its content was erased: codes, tiers, days, ids.

No field here takes a sentence. Read tables are made from these and nothing else, so that an erased
person's decisions still count in the statistics and the read tables can be rebuilt.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import.

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from riskengine.casebook.errors import refusal
from riskengine.policy.history import EventKind
from riskengine.policy.tiers import Tier

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@/-]{1,64}$")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S[^\r\n\t]*$")]
"""Name of an office; offices have names and no codes in most places."""
Direction = Literal["up", "down"]
ProposalKind = Literal["accept", "either", "override", "without_score"]
Channel = Literal["paper", "helper", "county"]
Outcome = Literal["upheld", "changed", "corrected"]


class Facts(BaseModel):
    """Base of all facts; ``kind`` names the event."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]


class CaseOpened(Facts):
    """A case was opened; ``label`` is the agency's person id, sealed with the person's key."""

    kind = "case_opened"
    office: Name
    officer: Code
    label: str


class CaseHanded(Facts):
    """Another officer or office has the case now."""

    kind = "case_handed"
    office: Name
    officer: Code


class CaseClosed(Facts):
    """Supervision ended or the case moved away."""

    kind = "case_closed"
    on: date


class FileUpdated(Facts):
    """The case system's file block was read anew."""

    kind = "file_updated"
    items: int


class Occurred(Facts):
    """A sanction or another dated event was put on file; ``documented`` with its document."""

    kind = "occurred"
    id: Code
    what: EventKind
    on: date
    documented: bool


class AssessmentSigned(Facts):
    """An assessment was signed and locked."""

    kind = "assessment_signed"
    id: Code
    instrument: Code
    assessed_on: date
    assessment_kind: Code
    form: Code
    signed_by: Code
    own_view_asked: bool
    own_view_share: float
    own_view_seed: int
    rules: Code


class AssessmentCorrected(Facts):
    """A correction: a new signed assessment beside the old one, which stays as it was.

    ``before`` and ``after`` are the recommended tiers, where a recommendation was revealed.
    """

    kind = "assessment_corrected"
    id: Code
    corrects: Code
    instrument: Code
    assessed_on: date
    assessment_kind: Code
    form: Code
    signed_by: Code
    items: tuple[Code, ...]
    review: Code | None = None


class OwnView(Facts):
    """The officer's own tier, before the recommendation was shown."""

    kind = "own_view"
    assessment: Code
    tier: Tier


class Revealed(Facts):
    """A recommendation was shown.

    ``on_documented_event``: the binding rule fired on an event that is on file with its document.
    """

    kind = "revealed"
    assessment: Code
    status: Code
    tiers: tuple[Tier, ...]
    model: Code
    policy: Code | None
    review_on: date | None
    strict_until: date | None
    binding_rule: Code | None
    on_documented_event: bool


class Proposed(Facts):
    """An officer proposed a tier."""

    kind = "proposed"
    id: Code
    assessment: Code | None
    tier: Tier
    how: ProposalKind
    direction: Direction | None
    reason: Code | None
    base: Code | None
    before: Tier | None
    recommended: tuple[Tier, ...]
    own_tier: Tier | None
    approval: tuple[Code, ...]
    look_first: bool
    seconds: int | None
    review_on: date


class LookedFirst(Facts):
    """The reviewer saw a step up that followed a request for review."""

    kind = "looked_first"
    proposal: Code


class Settled(Facts):
    """A proposal was returned by the approver or reviewer, or withdrawn by its author."""

    kind = "proposal_settled"
    proposal: Code
    how: Literal["returned", "withdrawn"]


class Decided(Facts):
    """A named person decided."""

    kind = "decided"
    id: Code
    proposal: Code | None
    assessment: Code | None
    tier: Tier
    before: Tier | None
    base: Code | None
    how: ProposalKind
    direction: Direction | None
    reason: Code | None
    recommended: tuple[Tier, ...]
    own_tier: Tier | None
    proposed_by: Code
    decided_by: Code
    entered_by: Code | None
    decided_on: date
    review_on: date
    notice_due_on: date
    seconds: int | None


class AlertOpened(Facts):
    """A safety alert became a task of a named official."""

    kind = "alert_opened"
    id: Code
    alert: Code
    assessment: Code
    official: Code
    on: date


class AlertClosed(Facts):
    """The official in charge closed an alert in writing."""

    kind = "alert_closed"
    id: Code
    on: date


class ReviewRequested(Facts):
    """The person asked for a review."""

    kind = "review_requested"
    id: Code
    decision: Code | None
    channel: Channel
    received_on: date
    due_on: date


class ReviewAssigned(Facts):
    """A handler was named who neither proposed nor decided."""

    kind = "review_assigned"
    review: Code
    handler: Code


class ReviewAnswered(Facts):
    """The written answer was given."""

    kind = "review_answered"
    review: Code
    outcome: Outcome
    on: date


class Commented(Facts):
    """The person said something about an assessment or a decision, and it was kept."""

    kind = "commented"
    about: Code | None
    on: date


class NoticeRead(Facts):
    """A decision was made known to the person."""

    kind = "notice_read"
    decision: Code
    on: date
    by: Code
    language: Code
    aloud: bool


class WhatIf(Facts):
    """Somebody tried other answers, after the decision."""

    kind = "what_if"
    assessment: Code


class Withheld(Facts):
    """Answers were kept from an output; which ones and why stands in the sealed content."""

    kind = "withheld"
    output: Code
    count: int


class Exported(Facts):
    """A pack was handed out."""

    kind = "exported"
    pack: Code


class RatingAsked(Facts):
    """A second, blind rating of an assessment was asked for."""

    kind = "rating_asked"
    id: Code
    assessment: Code
    on: date


class Rated(Facts):
    """The second rating was given."""

    kind = "rated"
    id: Code
    assessment: Code
    on: date


class Suspended(Facts):
    """Scores of the district are hidden from now on."""

    kind = "suspended"
    id: Code


class Lifted(Facts):
    """The suspension ended."""

    kind = "lifted"
    id: Code


class Erased(Facts):
    """A person's key was destroyed; sealed with the chain's key, since the person's is gone."""

    kind = "erased"
    subject: Code
    ground: Code
    on: date
    confirmed_by: Code | None = None


class ConflictSettled(Facts):
    """A person said which of two contradicting entries holds."""

    kind = "conflict_settled"
    conflict: str = Field(max_length=200)
    holds: Code


class SamePerson(Facts):
    """Two nodes opened a case of one person; found when their entries met."""

    kind = "same_person"
    cases: tuple[Code, Code]


class Imported(Facts):
    """A bundle of another node was taken in.

    ``heads`` is what the sender had, and so what this node has now; ``without_key`` names the keys
    that did not come along.
    """

    kind = "imported"
    sender: Code
    heads: dict[str, int]
    events: int
    without_key: tuple[str, ...]


KINDS: dict[str, type[Facts]] = {
    shape.kind: shape
    for shape in (
        *(CaseOpened, CaseHanded, CaseClosed, Occurred, AssessmentSigned, AssessmentCorrected),
        *(OwnView, Revealed, Proposed, LookedFirst, Settled, Decided, AlertOpened, AlertClosed),
        *(ReviewRequested, ReviewAssigned, ReviewAnswered, Commented, NoticeRead, WhatIf),
        *(Withheld, Exported, RatingAsked, Rated, Suspended, Lifted, Erased, ConflictSettled),
        *(FileUpdated, SamePerson, Imported),
    )
}
"""Every kind of event and the shape of its facts."""


def read_facts(kind: str, written: str) -> Facts:
    """Read the facts of an event.

    Raises
    ------
    Broken
        Where the kind is not known or the facts have another shape.
    """
    shape = KINDS.get(kind)
    if shape is None:
        raise refusal("tampered", place=kind)
    try:
        return shape.model_validate_json(written)
    except ValueError as error:
        raise refusal("tampered", place=kind) from error


def plain(facts: Facts) -> dict[str, Any]:
    """Facts as JSON values."""
    return facts.model_dump(mode="json")
