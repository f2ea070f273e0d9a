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

from riskengine.instrument.conditions import Comparison, Condition, NotKnownCode, comparisons
from riskengine.instrument.items import (
    LEVELLED,
    NUMERIC,
    DerivedItem,
    Domain,
    Identifier,
    Item,
    Version,
)
from riskengine.instrument.outcomes import Outcome
from riskengine.text import FROZEN, Text


class CrossRule(BaseModel):
    """A combination of answers that cannot be right; ``when`` true means a data error."""

    model_config = FROZEN

    id: Identifier
    when: Condition
    items: tuple[Identifier, ...] = Field(min_length=1)
    message: Text
    legal_basis: tuple[str, ...] = ()


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
            raise ValueError(
                f"{place}: derived item [{test.item}] compares with numbers only; accepted: "
                "at_least, at_most or known"
            )
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
            raise ValueError(
                f"{place}: item [{item.id}] has no answer [{value}]; accepted: {accepted}"
            )
    if test.contains is not None and item.type != "multiple":
        raise ValueError(
            f"{place}: [contains] is for items of type multiple; accepted: is, in, at_least, "
            "at_most or known"
        )
    for bound in bounds:
        if item.type == "ordinal":
            if bound not in item.level_ids:
                raise ValueError(
                    f"{place}: item [{item.id}] has no level [{bound}]; accepted: "
                    + ", ".join(item.level_ids)
                )
        elif item.type in NUMERIC:
            if isinstance(bound, str):
                raise ValueError(
                    f"{place}: item [{item.id}] is a number, not [{bound}]; accepted: a number "
                    f"from {item.minimum:g} to {item.maximum:g}"
                )
        elif item.type != "date":
            raise ValueError(
                f"{place}: item [{item.id}] of type {item.type} has no order; accepted: is, in or "
                "known"
            )
    other = test.more_than_item
    if other is not None and (
        other not in instrument.by_id
        or (instrument.by_id[other].type in NUMERIC) != (item.type in NUMERIC)
        or item.type not in NUMERIC | {"date"}
    ):
        raise ValueError(
            f"{place}: [{item.id}] and [{other}] cannot be compared; accepted: two numbers or two "
            "days"
        )
