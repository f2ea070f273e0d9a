"""What one question is: its answers, what more of it means, and what it may be used for."""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.conditions import NOT_KNOWN, Condition
from riskengine.text import FROZEN, Text

FUNCTION_ARGUMENTS: dict[str, frozenset[str]] = {
    "copas_rate": frozenset({"n", "age_at_conviction", "age_at_first"}),
    "age_at": frozenset({"birth", "on"}),
    "months_between": frozenset({"start", "end"}),
    "count_within": frozenset({"dates", "on", "days"}),
    "ratio": frozenset({"part", "whole"}),
}
"""Arguments of the functions in `riskengine.instrument.derived`."""

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+.<>= -]{1,48}$")]
Version = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]

ItemType = Literal[
    "nominal", "ordinal", "boolean", "integer", "number", "date", "dates", "multiple", "text"
]
Use = Literal["scored", "rule", "need", "audit"]
Direction = Literal["risk", "protective", "free"]
Disclosure = Literal["open", "confidential", "third_party"]
Phase = Literal["intake", "reassessment", "both"]

LEVELLED: frozenset[str] = frozenset({"nominal", "ordinal", "multiple"})
NUMERIC: frozenset[str] = frozenset({"integer", "number"})
SCORABLE: frozenset[str] = frozenset({"nominal", "ordinal", "boolean", "integer", "number"})


class Level(BaseModel):
    """One answer option, with an anchor in plain words where a person rates it."""

    model_config = FROZEN

    id: Code
    label: Text
    anchor: Text | None = None


class Domain(BaseModel):
    """A group of items that is shown together."""

    model_config = FROZEN

    id: Identifier
    label: Text


class Native(BaseModel):
    """How an agency's own files name and code an item.

    Attributes
    ----------
    columns
        Column names that mean this item, beside its id and its two labels.
    codes
        Native code to level id, number (as text) or not-known code.
    """

    model_config = FROZEN

    columns: tuple[str, ...] = ()
    codes: dict[str, str] = {}


class Proxy(BaseModel):
    """Why an item that gives away a protected attribute may stay, and what keeps it harmless."""

    model_config = FROZEN

    attribute: Identifier
    reason: Text


class Item(BaseModel):
    """One question.

    Attributes
    ----------
    direction, enforce
        What more of it means; with ``enforce`` the final tables are guaranteed to agree.
    use
        ``scored`` may enter a model; ``rule`` feeds policy; ``need`` leads to assistance;
        ``audit`` is only for group reports. What is not ``scored`` never enters a model.
    rated
        ``rated`` by a person (raters disagree) or ``recorded`` from a file.
    bands
        Lower edges of the bands into which a number is cut when it is scored.
    unknown_cell
        ``zero``: an unanswered item moves no score. ``learned``: a benchmark may learn from it.
    """

    model_config = FROZEN

    id: Identifier
    label: Text
    question: Text | None = None
    help: Text | None = None
    type: ItemType
    domain: Identifier
    levels: tuple[Level, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    unit: Text | None = None
    bands: tuple[int | float, ...] = ()
    max_length: int | None = Field(default=None, ge=1, le=10_000)
    dynamic: bool = False
    direction: Direction = "free"
    enforce: bool = False
    use: tuple[Use, ...] = Field(min_length=1)
    rated: Literal["rated", "recorded"] = "recorded"
    disclosure: Disclosure = "open"
    protected: bool = False
    proxy: Proxy | None = None
    unknown_cell: Literal["zero", "learned"] = "zero"
    phase: Phase = "both"
    quick: bool = False
    known_at: Literal["assessment", "release", "supervision", "outcome"] = "assessment"
    applicable: Condition | None = None
    legal_basis: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    native: Native = Native()

    @cached_property
    def level_ids(self) -> tuple[str, ...]:
        """Ids of the levels in their declared order."""
        return tuple(level.id for level in self.levels)

    def level(self, level_id: str) -> Level:
        """Return one level."""
        return self.levels[self.level_ids.index(level_id)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        def fail(what: str) -> None:
            raise ValueError(f"item [{self.id}]: {what}")

        if (self.type in LEVELLED) != bool(self.levels):
            fail(f"levels are for {sorted(LEVELLED)} and needed there")
        if len(set(self.level_ids)) != len(self.level_ids):
            fail("two levels share an id")
        for level_id in self.level_ids:
            if level_id in NOT_KNOWN:
                fail(f"level id [{level_id}] is reserved for an answer that is not known")
        if self.type in NUMERIC and (self.minimum is None or self.maximum is None):
            fail("a number needs [minimum] and [maximum]")
        if self.type not in NUMERIC and (self.minimum is not None or self.maximum is not None):
            fail("[minimum] and [maximum] are for numbers")
        if self.minimum is not None and self.maximum is not None:
            if self.minimum >= self.maximum:
                fail("[minimum] must lie below [maximum]")
            edges = (self.minimum, *self.bands)
            if list(edges) != sorted(set(edges)) or edges[-1] > self.maximum:
                fail("[bands] must rise, above [minimum] and up to [maximum]")
        if self.bands and self.type not in NUMERIC:
            fail("[bands] are for numbers")
        if (self.type == "text") != (self.max_length is not None):
            fail("[max_length] is for text and needed there")
        if "scored" in self.use and self.type not in SCORABLE:
            fail(f"type [{self.type}] cannot be scored")
        if self.enforce and (self.direction == "free" or self.type == "nominal"):
            fail("[enforce] needs a direction and ordered answers")
        if self.protected and "scored" in self.use and "audit" not in self.use:
            fail("a protected item is audited; only a published or benchmark model may score it")
        return self


class DerivedItem(BaseModel):
    """An item computed from others by one of a closed set of functions.

    It is one player and one line of explanation, and unknown as soon as a source is.
    """

    model_config = FROZEN

    id: Identifier
    label: Text
    domain: Identifier
    function: Literal["copas_rate", "age_at", "months_between", "count_within", "ratio"]
    function_version: Literal[1] = 1
    arguments: dict[str, str | int]
    minimum: float
    maximum: float
    unit: Text | None = None
    bands: tuple[int | float, ...] = ()
    dynamic: bool = False
    direction: Direction = "free"
    enforce: bool = False
    use: tuple[Use, ...] = Field(min_length=1)
    basis: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Items that it is computed from."""
        return tuple(name for name in self.arguments.values() if isinstance(name, str))

    @model_validator(mode="after")
    def _check(self) -> Self:
        def fail(what: str) -> None:
            raise ValueError(f"derived item [{self.id}]: {what}")

        if set(self.arguments) != FUNCTION_ARGUMENTS[self.function]:
            expected = ", ".join(sorted(FUNCTION_ARGUMENTS[self.function]))
            fail(f"[{self.function}] takes the arguments {expected}")
        if self.minimum >= self.maximum:
            fail("[minimum] must lie below [maximum]")
        edges = (self.minimum, *self.bands)
        if list(edges) != sorted(set(edges)) or edges[-1] > self.maximum:
            fail("[bands] must rise, above [minimum] and up to [maximum]")
        if self.enforce and self.direction == "free":
            fail("[enforce] needs a direction")
        return self
