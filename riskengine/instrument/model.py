"""What is asked: an instrument, its items, levels, derived items, outcomes and cross-field rules.

An instrument is data. This module declares its shape (format ``riskengine/instrument/1``) and
refuses one that contradicts itself; it computes nothing.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.conditions import NOT_KNOWN, Comparison, Condition, comparisons
from riskengine.text import FROZEN, Text

FORMAT = "riskengine/instrument/1"

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
NotKnownCode = Literal["not_asked", "refused", "not_applicable", "unknown"]

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


class CrossRule(BaseModel):
    """A combination of answers that cannot be right; ``when`` true means a data error."""

    model_config = FROZEN

    id: Identifier
    when: Condition
    items: tuple[Identifier, ...] = Field(min_length=1)
    message: Text
    legal_basis: tuple[str, ...] = ()


class OutcomeColumns(BaseModel):
    """Where a cohort file holds an outcome.

    Either ``event_column`` with the native values that mean an event, or ``time_column`` with the
    time to it (in ``time_unit``) and ``censored_column`` with the values that mean none was seen.
    ``risk_set`` keeps only the rows with the given values, for outcomes among survivors.
    """

    model_config = FROZEN

    event_column: str | None = None
    event_values: tuple[str, ...] = ()
    time_column: str | None = None
    time_unit: Literal["days", "months"] | None = None
    censored_column: str | None = None
    censored_values: tuple[str, ...] = ()
    risk_set: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_event = self.event_column is not None and bool(self.event_values)
        by_time = self.time_column is not None and self.time_unit is not None
        if by_event == by_time:
            raise ValueError(
                "give an event column with its values, or a time column with its unit"
            )
        return self


class Outcome(BaseModel):
    """An event that a score may be about.

    Attributes
    ----------
    estimand
        ``by_horizon``: the event within the horizon, everyone followed so long.
        ``by_horizon_or_end_of_term``: the event by the earlier of horizon and end of term.
    competing, censoring
        Ends of follow-up that preclude the event, and ends that merely stop observation.
    not_failures
        Recorded reasons that look like the event and are no failure of the person.
    discretion
        Whether an officer's discretion makes the event; such parts may never make up more than
        half of an operational target's events.
    reporting_lag_days
        How long after the horizon a label is trusted.
    looks_ahead
        Set where the outcome as posed cannot be forecast honestly from the columns offered.
    """

    model_config = FROZEN

    id: Identifier
    code: str | None = None
    label: Text
    event: Text
    horizon_days: tuple[int, ...] = Field(min_length=1)
    estimand: Literal["by_horizon", "by_horizon_or_end_of_term"]
    clock: Text
    competing: tuple[Identifier, ...] = ()
    censoring: tuple[Identifier, ...] = ()
    not_failures: tuple[Identifier, ...] = ()
    discretion: bool
    reporting_lag_days: int = Field(ge=0)
    components: tuple[Identifier, ...] = ()
    favourable: bool = False
    target: bool = False
    looks_ahead: Text | None = None
    columns: OutcomeColumns | None = None
    notes: Text | None = None


class Blocked(BaseModel):
    """Something that may never be an input, and the law or reason why."""

    model_config = FROZEN

    id: Identifier
    label: Text
    reason: Text
    columns: tuple[str, ...] = ()


class Files(BaseModel):
    """How native files speak of answers that are not known."""

    model_config = FROZEN

    blank: NotKnownCode = "not_asked"
    not_known: dict[str, NotKnownCode] = {}
    person_columns: tuple[str, ...] = ("person",)
    date_columns: tuple[str, ...] = ("assessed_on",)


class Instrument(BaseModel):
    """A complete instrument. See `riskengine.store.find_instrument` to get one by name."""

    model_config = FROZEN

    format: Literal["riskengine/instrument/1"]
    id: Identifier
    version: Version
    title: Text
    description: Text
    jurisdiction: Annotated[str, Field(pattern=r"^[a-z]{2}(_[a-z0-9]+)*$")]
    purpose: Literal["operational", "template", "historical", "benchmark"]
    sources: tuple[str, ...] = ()
    domains: tuple[Domain, ...] = Field(min_length=1)
    items: tuple[Item, ...] = Field(min_length=1)
    derived: tuple[DerivedItem, ...] = ()
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    x_rules: tuple[CrossRule, ...] = Field(default=(), alias="x-rules")
    blocked: tuple[Blocked, ...] = ()
    files: Files = Files()
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def __hash__(self) -> int:
        """Identity: what is compiled from an instrument is kept beside it."""
        return id(self)

    @cached_property
    def by_id(self) -> dict[str, Item]:
        """Items by id."""
        return {item.id: item for item in self.items}

    @cached_property
    def derived_by_id(self) -> dict[str, DerivedItem]:
        """Derived items by id."""
        return {item.id: item for item in self.derived}

    @cached_property
    def every_item(self) -> dict[str, Item | DerivedItem]:
        """Items and derived items by id."""
        return {**self.by_id, **self.derived_by_id}

    @cached_property
    def outcomes_by_id(self) -> dict[str, Outcome]:
        """Outcomes by id."""
        return {outcome.id: outcome for outcome in self.outcomes}

    @cached_property
    def ranks(self) -> dict[str, dict[str, int]]:
        """For each ordinal item, the position of each level."""
        return {
            item.id: {level_id: rank for rank, level_id in enumerate(item.level_ids)}
            for item in self.items
            if item.type == "ordinal"
        }

    @model_validator(mode="after")
    def _check(self) -> Self:
        def fail(what: str) -> None:
            raise ValueError(what)

        domains = [domain.id for domain in self.domains]
        askable: list[Item | DerivedItem] = [*self.items, *self.derived]
        names = [asked.id for asked in askable]
        for kind, ids in (
            ("domain", domains),
            ("item", names),
            ("outcome", [outcome.id for outcome in self.outcomes]),
            ("x-rule", [rule.id for rule in self.x_rules]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                fail(f"{kind} [{twice[0]}] is declared twice")
        for asked in askable:
            if asked.domain not in domains:
                fail(f"item [{asked.id}]: unknown domain [{asked.domain}]")
        for entry in self.derived:
            for source in entry.sources:
                if source not in self.by_id:
                    fail(f"derived item [{entry.id}]: unknown source [{source}]")
        guarded = {entry.id for entry in self.blocked}
        guarded |= {item.id for item in self.items if item.protected}
        for item in self.items:
            if item.proxy is not None and item.proxy.attribute not in guarded:
                fail(
                    f"item [{item.id}]: proxy of [{item.proxy.attribute}], which is neither "
                    "protected nor blocked"
                )
        for rule in self.x_rules:
            for name in rule.items:
                if name not in names:
                    fail(f"x-rule [{rule.id}]: unknown item [{name}]")
        if self.purpose in ("operational", "template"):
            self._check_operational(fail)
        for place, condition in self.conditions():
            for test in comparisons(condition):
                check_comparison(test, self, place)
        outcomes = set(self.outcomes_by_id)
        for outcome in self.outcomes:
            unknown = set(outcome.components) - outcomes
            if unknown:
                fail(f"outcome [{outcome.id}]: unknown component [{sorted(unknown)[0]}]")
        blocked = {entry.id for entry in self.blocked} & set(names)
        if blocked:
            fail(f"item [{sorted(blocked)[0]}] is on the block list")
        return self

    def _check_operational(self, fail: Callable[[str], None]) -> None:
        """What serves decisions about people holds nothing that only a benchmark may hold."""
        for item in self.items:
            if "scored" not in item.use:
                continue
            if item.protected:
                fail(f"item [{item.id}]: a protected item is never scored outside a benchmark")
            if item.unknown_cell == "learned":
                fail(f"item [{item.id}]: only a benchmark may learn from an unknown answer")
            if item.known_at in ("supervision", "outcome"):
                fail(f"item [{item.id}]: known only at {item.known_at}, so it looks ahead")
        for entry in self.derived:
            protected = [name for name in entry.sources if self.by_id[name].protected]
            if "scored" in entry.use and protected:
                fail(f"derived item [{entry.id}]: draws on protected item [{protected[0]}]")

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Every condition of the instrument with the name of its place."""
        for item in self.items:
            if item.applicable is not None:
                yield f"item [{item.id}] applicable", item.applicable
        for rule in self.x_rules:
            yield f"x-rule [{rule.id}]", rule.when


def check_comparison(test: Comparison, instrument: Instrument, place: str) -> None:
    """Refuse a comparison that no answer of the instrument could ever meet.

    Raises
    ------
    ValueError
        Naming the place, the item, the value and what is accepted.
    """
    if test.item is None:
        raise ValueError(f"{place}: [fact] is for policies; use [item]")
    if test.item in instrument.derived_by_id:
        if (
            isinstance(test.at_least, str)
            or isinstance(test.at_most, str)
            or not ({"at_least", "at_most", "known"} & set(test.operators()))
        ):
            raise ValueError(f"{place}: derived item [{test.item}] compares with numbers only")
        return
    item = instrument.by_id.get(test.item)
    if item is None:
        raise ValueError(f"{place}: unknown item [{test.item}]")
    values: list[object] = []
    if test.is_ is not None:
        values = [test.is_]
    elif test.in_ is not None:
        values = list(test.in_)
    elif test.contains is not None:
        values = [test.contains]
    bounds = [b for b in (test.at_least, test.at_most) if b is not None]
    for value in values:
        known = (
            value in item.level_ids
            if item.type in LEVELLED
            else isinstance(value, bool)
            if item.type == "boolean"
            else isinstance(value, int | float)
            if item.type in NUMERIC
            else True
        )
        if not known:
            accepted = ", ".join(item.level_ids) or item.type
            raise ValueError(f"{place}: item [{item.id}] has no answer [{value}]: {accepted}")
    if test.contains is not None and item.type != "multiple":
        raise ValueError(f"{place}: [contains] is for items of type multiple")
    for bound in bounds:
        if item.type == "ordinal":
            if bound not in item.level_ids:
                raise ValueError(f"{place}: item [{item.id}] has no level [{bound}]")
        elif item.type in NUMERIC:
            if isinstance(bound, str):
                raise ValueError(f"{place}: item [{item.id}] is a number, not [{bound}]")
        elif item.type != "date":
            raise ValueError(f"{place}: item [{item.id}] of type {item.type} has no order")
    other = test.more_than_item
    if other is not None and (
        other not in instrument.by_id
        or (instrument.by_id[other].type in NUMERIC) != (item.type in NUMERIC)
        or item.type not in NUMERIC | {"date"}
    ):
        raise ValueError(f"{place}: [{item.id}] and [{other}] cannot be compared")
