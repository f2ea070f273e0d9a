"""Shapes of a checklist, of one that was filled, and of the answers that people give.

A checklist (``riskengine/checklist/1``) is data under ``data_schema/checklists``. Filling it
gives ``riskengine/checklist-filled/1``. The answers of people come from
``riskengine/checklist-answers/1`` and are merged into it with who gave them and when.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from riskengine.canonical import content_hash
from riskengine.instrument.items import Identifier, Version
from riskengine.reports.checklists.names import FactName, Who
from riskengine.scorecard.document import Sha256
from riskengine.text import FROZEN, Text

Kind = Literal["tripod", "probast", "impact"]
KINDS: dict[Kind, str] = {"tripod": "tripod_ai", "probast": "probast_ai", "impact": "impact"}
"""Kind of checklist to the shipped one."""

Choice = Literal["Y", "PY", "PN", "N", "NI", "NA"]
"""Yes, probably yes, probably no, no, no information, not applicable."""

Name = Annotated[str, Field(min_length=2, max_length=80, pattern=r"\S.*\S")]


def _day(value: object) -> object:
    """Take a date as JSON and YAML write it; in a frozen strict shape only Python dates pass."""
    return date.fromisoformat(value) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_day)]


# --- The checklist ------------------------------------------------------------------------------


class Source(BaseModel):
    """Where the items come from."""

    model_config = FROZEN
    id: Identifier
    citation: str = Field(min_length=10)
    note: Text


class Section(BaseModel):
    """A heading."""

    model_config = FROZEN
    id: Identifier
    label: Text


class SignaturePlace(BaseModel):
    """Who has to sign."""

    model_config = FROZEN
    id: Identifier
    label: Text


class ChecklistItem(BaseModel):
    """One item.

    Attributes
    ----------
    number
        Number in its source.
    sources
        Source id to the place in it, where the checklist joins several.
    facts
        Known facts that belong to it.
    left, who
        What no file can tell, and who would know. Without it the facts are the whole answer.
    """

    model_config = FROZEN
    id: Identifier
    number: str
    section: Identifier
    sources: dict[Identifier, str] = {}
    label: Text
    facts: tuple[FactName, ...] = ()
    left: Text | None = None
    who: Who = "analyst"


class Checklist(BaseModel):
    """A complete checklist."""

    model_config = FROZEN
    format: Literal["riskengine/checklist/1"]
    id: Identifier
    version: Version
    kind: Kind
    title: Text
    about: Text
    sources: tuple[Source, ...] = Field(min_length=1)
    choices: tuple[Choice, ...] = ()
    sections: tuple[Section, ...] = Field(min_length=1)
    signatures: tuple[SignaturePlace, ...] = ()
    items: tuple[ChecklistItem, ...] = Field(min_length=1)
    source_sha256: Sha256

    @property
    def name(self) -> str:
        """Name and version."""
        return f"{self.id}@{self.version}"

    @property
    def judged(self) -> bool:
        """Whether every item is a judgement, which facts never make."""
        return bool(self.choices)

    def asks_a_person(self, item: ChecklistItem) -> bool:
        """Whether a person has to answer, whatever is known."""
        return self.judged or item.left is not None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, ids in (
            ("item", [one.id for one in self.items]),
            ("section", [one.id for one in self.sections]),
            ("source", [one.id for one in self.sources]),
            ("signature", [one.id for one in self.signatures]),
        ):
            if twice := sorted({i for i in ids if ids.count(i) > 1}):
                raise ValueError(f"{what} [{twice[0]}] stands twice")
        sections = {one.id for one in self.sections}
        sources = {one.id for one in self.sources}
        for item in self.items:
            if item.section not in sections:
                raise ValueError(f"item [{item.id}]: unknown section [{item.section}]")
            if unknown := sorted(set(item.sources) - sources):
                raise ValueError(f"item [{item.id}]: unknown source [{unknown[0]}]")
            if not item.facts and not self.asks_a_person(item):
                raise ValueError(f"item [{item.id}]: neither facts nor anything left to a person")
        return self


# --- Answers of people --------------------------------------------------------------------------


class Answer(BaseModel):
    """What a named person answered.

    Attributes
    ----------
    choice
        The judgement, for checklists that ask for one.
    """

    model_config = FROZEN
    item: Identifier
    choice: Choice | None = None
    text: str = Field(min_length=2, max_length=8000)
    by: Name
    role: Name
    on: Day


class Signature(BaseModel):
    """A signature under exactly one content."""

    model_config = FROZEN
    place: Identifier
    by: Name
    on: Day
    content_sha256: Sha256


class Answers(BaseModel):
    """A file of answers to one checklist about one model."""

    model_config = FROZEN
    format: Literal["riskengine/checklist-answers/1"]
    checklist: str
    model: str
    model_sha256: Sha256
    answers: tuple[Answer, ...] = ()
    signatures: tuple[Signature, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        for what, ids in (
            ("answer to item", [one.item for one in self.answers]),
            ("signature", [one.place for one in self.signatures]),
        ):
            if twice := sorted({i for i in ids if ids.count(i) > 1}):
                raise ValueError(f"{what} [{twice[0]}] stands twice; accepted: one each")
        return self


# --- The filled checklist -----------------------------------------------------------------------

State = Literal["filled", "partly", "open", "answered"]
"""``filled``: the facts are the whole answer. ``partly``: facts, and something left to a person.
``open``: nothing is known. ``answered``: a named person answered."""


class StatedFact(BaseModel):
    """A fact that is known, in words."""

    model_config = FROZEN
    fact: FactName
    says: tuple[Text, ...] = Field(min_length=1)


class FilledItem(BaseModel):
    """One item with what is known and what somebody answered.

    Attributes
    ----------
    missing
        Facts of the item that are not known.
    """

    model_config = FROZEN
    id: Identifier
    known: tuple[StatedFact, ...] = ()
    missing: tuple[FactName, ...] = ()
    asks_a_person: bool
    answer: Answer | None = None

    @property
    def needs_answer(self) -> bool:
        """Whether a person has to answer: what is left to one, or what is not known."""
        return self.asks_a_person or bool(self.missing)

    @property
    def state(self) -> State:
        """How far it is."""
        if self.answer is not None:
            return "answered"
        if not self.needs_answer:
            return "filled"
        return "partly" if self.known else "open"


class Basis(BaseModel):
    """A file that facts were taken from."""

    model_config = FROZEN
    what: Literal["model", "evaluation", "policy", "law", "installation", "casebook"]
    name: str
    sha256: Sha256 | None = None


class FilledChecklist(BaseModel):
    """A filled checklist."""

    model_config = FROZEN
    format: Literal["riskengine/checklist-filled/1"]
    kind: Kind
    checklist: str
    checklist_sha256: Sha256
    model: str
    model_sha256: Sha256
    model_title: Text
    basis: tuple[Basis, ...]
    items: tuple[FilledItem, ...] = Field(min_length=1)
    signatures: tuple[Signature, ...] = ()

    def content(self) -> dict[str, Any]:
        """Everything but the signatures, which are given under it."""
        return self.model_dump(mode="json", exclude={"signatures"})

    @property
    def content_sha256(self) -> str:
        """What a signature names; any change to facts or answers changes it."""
        return content_hash(self.content())


CHOICES: tuple[Choice, ...] = get_args(Choice)
