"""Local rules of the record: who is asked for an own view, who approves, which reasons there are.

Format ``riskengine/casebook-rules/1``. What the law or the design fixes has no key here: a rule
file can ask for more approvals, never for fewer, and for fewer own views only down to a fifth.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import.

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from riskengine.canonical import content_hash
from riskengine.errors import NotFoundError
from riskengine.instrument.items import Identifier, Version
from riskengine.policy.document import Citation
from riskengine.store.lookup import find_catalogue
from riskengine.text import FROZEN, Text

LEAST_SHARE = 0.2
"""Nobody may ask fewer than a fifth of the officers' first views: agreement would go unseen."""
PROTECTED_DAYS = 90
"""After a request for review a step up goes to the reviewer first for at least so many days."""

Direction = Literal["up", "down"]
Also = Literal["override", "either", "without_score", "relaxed", "every_change"]


class OverrideReason(BaseModel):
    """One reason of the local list; ``direction`` is empty where it may go either way."""

    model_config = FROZEN
    id: Identifier
    label: Text
    direction: Direction | None = None


class Ground(BaseModel):
    """A ground with its name in both languages."""

    model_config = FROZEN
    id: Identifier
    label: Text
    citation: Citation | None = None


class OwnView(BaseModel):
    """How often the officer records an own view before the recommendation is shown."""

    model_config = FROZEN
    share: Annotated[float, Field(ge=LEAST_SHARE, le=1)] = 1.0
    seed: int = 0


class Approval(BaseModel):
    """Cases that need another person's approval beside those that always do."""

    model_config = FROZEN
    also: tuple[Also, ...] = ()


class Onward(BaseModel):
    """A body that the person can turn to next."""

    model_config = FROZEN
    id: Identifier
    label: Text
    citation: Citation


class ReviewRules(BaseModel):
    """Deadlines and routes of a review that a person asked for."""

    model_config = FROZEN
    answer_within_days: Annotated[int, Field(ge=1, le=60)]
    protected_days: Annotated[int, Field(ge=PROTECTED_DAYS, le=366)] = PROTECTED_DAYS
    citation: Citation
    onward: tuple[Onward, ...] = Field(min_length=1)


class CasebookRules(BaseModel):
    """A complete rule file of the record."""

    model_config = FROZEN
    format: Literal["riskengine/casebook-rules/1"]
    id: Identifier
    version: Version
    title: Text
    own_view: OwnView = OwnView()
    approval: Approval = Approval()
    least_characters: Annotated[int, Field(ge=2, le=200)] = 6
    notice_within_days: Annotated[int, Field(ge=1, le=60)] = 7
    review: ReviewRules
    override_reasons: tuple[OverrideReason, ...] = Field(min_length=1)
    without_score: tuple[Ground, ...] = Field(min_length=1)
    erasure: tuple[Ground, ...] = Field(min_length=1)
    erasure_second_person: bool = False
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _once(self) -> "CasebookRules":
        for what in ("override_reasons", "without_score", "erasure"):
            ids = [entry.id for entry in getattr(self, what)]
            if len(set(ids)) != len(ids):
                raise ValueError(f"[{what}]: an id stands twice; accepted: each id once")
        return self

    @property
    def name(self) -> str:
        """Name and version."""
        return f"{self.id}@{self.version}"

    @property
    def sha256(self) -> str:
        """Hash of the content."""
        told = self.model_dump(mode="json")
        if not self.erasure_second_person:
            # rules from before this could be asked for keep their hash
            del told["erasure_second_person"]
        return content_hash(told)


def find_rules(name: str = "default") -> CasebookRules:
    """Load the rules of the record; the newest version where none is named.

    Raises
    ------
    NotFoundError
        Where there are none of that name.
    """
    raw = find_catalogue("casebook", name)
    if raw is None:
        raise NotFoundError(f"no rules of the record [{name}]: run `riskengine schema build`")
    return CasebookRules.model_validate(raw, strict=False)
