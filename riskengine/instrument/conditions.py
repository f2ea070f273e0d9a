"""The closed condition language of instruments and policies, in three-valued logic.

A condition is data, never an expression. It is true, false, or *not known* (``None``) where an
answer that it needs is missing: an unknown answer never makes a rule fire and never makes one
pass as met.

    {"item": "warnings_n", "at_least": 1}
    {"all": [{"item": "legal_status", "in": ["02", "03"]}, {"item": "recidivist", "is": true}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from riskengine.text import FROZEN

Scalar = bool | int | float | str
Truth = bool | None

NotKnownCode = Literal["not_asked", "refused", "not_applicable", "unknown"]
NOT_KNOWN: tuple[NotKnownCode, ...] = get_args(NotKnownCode)


class Comparison(BaseModel):
    """A test of one item's answer, or of one fact that the engine computes (policies only).

    Exactly one operator is given. ``at_least`` and ``at_most`` compare numbers, dates, and the
    levels of an ordinal item in their declared order. ``known: true`` holds where there is an
    answer, so it is never itself unknown.
    """

    model_config = FROZEN

    item: str | None = None
    fact: str | None = None
    is_: Scalar | None = Field(default=None, alias="is")
    in_: tuple[str, ...] | None = Field(default=None, alias="in", min_length=1)
    at_least: int | float | str | None = None
    at_most: int | float | str | None = None
    contains: str | None = None
    known: bool | None = None
    more_than_item: str | None = None

    @model_validator(mode="after")
    def _one_subject_one_operator(self) -> Comparison:
        if (self.item is None) == (self.fact is None):
            raise ValueError("give exactly one of [item] and [fact]")
        if len(self.operators()) != 1:
            raise ValueError(
                "give exactly one of [is], [in], [at_least], [at_most], [contains], [known], "
                "[more_than_item]"
            )
        return self

    @property
    def subject(self) -> str:
        """The item or fact that is tested."""
        return self.item if self.item is not None else self.fact  # type: ignore[return-value]

    def operators(self) -> list[str]:
        """Names of the operators that are given."""
        return [
            name
            for name in (
                "is_",
                "in_",
                "at_least",
                "at_most",
                "contains",
                "known",
                "more_than_item",
            )
            if getattr(self, name) is not None
        ]


class All(BaseModel):
    """True where every part is true."""

    model_config = FROZEN
    all: tuple[Condition, ...] = Field(min_length=1)


class Any(BaseModel):
    """True where at least one part is true."""

    model_config = FROZEN
    any: tuple[Condition, ...] = Field(min_length=1)


class Not(BaseModel):
    """True where the part is false."""

    model_config = FROZEN
    not_: Condition = Field(alias="not")


def _kind(value: object) -> str:
    if isinstance(value, All | Any | Not | Comparison):
        return type(value).__name__.lower()
    if isinstance(value, Mapping):
        for key in ("all", "any", "not"):
            if key in value:
                return key
    return "comparison"


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[Any, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Comparison, Tag("comparison")],
    Discriminator(_kind),
]

All.model_rebuild()
Any.model_rebuild()
Not.model_rebuild()


def comparisons(condition: All | Any | Not | Comparison) -> Iterator[Comparison]:
    """Walk the comparisons of a condition, left to right."""
    match condition:
        case Comparison():
            yield condition
        case All(all=parts) | Any(any=parts):
            for part in parts:
                yield from comparisons(part)
        case Not(not_=part):
            yield from comparisons(part)


Place = tuple[str | int, ...]


def located(
    condition: All | Any | Not | Comparison, place: Place = ()
) -> Iterator[tuple[Place, Comparison]]:
    """Walk the comparisons of a condition with their places in the file that holds it."""
    match condition:
        case Comparison():
            yield place, condition
        case All(all=parts):
            for i, part in enumerate(parts):
                yield from located(part, (*place, "all", i))
        case Any(any=parts):
            for i, part in enumerate(parts):
                yield from located(part, (*place, "any", i))
        case Not(not_=part):
            yield from located(part, (*place, "not"))


Predicate = Callable[[Mapping[str, object]], Truth]
"""A compiled condition: answers by item (not-known codes left out), facts under their names."""


def compile_condition(
    condition: All | Any | Not | Comparison, ranks: Mapping[str, Mapping[str, int]]
) -> Predicate:
    """Turn a condition into a function of the known answers.

    Parameters
    ----------
    condition
        The parsed condition.
    ranks
        For each ordinal item, the position of each of its levels.

    Returns
    -------
    callable
        Takes a mapping from item or fact to a known answer; gives true, false, or ``None``.
    """
    match condition:
        case Comparison():
            return _compile_comparison(condition, ranks)
        case All(all=parts):
            tests = [compile_condition(part, ranks) for part in parts]
            return lambda known: _all(test(known) for test in tests)
        case Any(any=parts):
            tests = [compile_condition(part, ranks) for part in parts]
            return lambda known: _any(test(known) for test in tests)
        case Not(not_=part):
            test = compile_condition(part, ranks)
            return lambda known: None if (truth := test(known)) is None else not truth


def _all(truths: Iterator[Truth]) -> Truth:
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def _any(truths: Iterator[Truth]) -> Truth:
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


def _compile_comparison(test: Comparison, ranks: Mapping[str, Mapping[str, int]]) -> Predicate:
    subject = test.subject
    rank = ranks.get(subject)

    def ordered(bound: int | float | str) -> tuple[object, Callable[[object], object]]:
        if rank is not None:
            return rank[str(bound)], lambda answer: rank[str(answer)]
        if isinstance(bound, str):
            return date.fromisoformat(bound), lambda answer: answer
        return bound, lambda answer: answer

    if test.known is not None:
        wanted = test.known
        return lambda known: (subject in known) is wanted
    if test.is_ is not None:
        value = test.is_
        return _answered(subject, lambda answer: answer == value)
    if test.in_ is not None:
        values = frozenset(test.in_)
        return _answered(subject, lambda answer: answer in values)
    if test.contains is not None:
        member = test.contains
        return _answered(subject, lambda answer: member in answer)  # type: ignore[operator]
    if test.at_least is not None:
        low, of = ordered(test.at_least)
        return _answered(subject, lambda answer: of(answer) >= low)  # type: ignore[operator]
    if test.at_most is not None:
        high, of = ordered(test.at_most)
        return _answered(subject, lambda answer: of(answer) <= high)  # type: ignore[operator]
    other = test.more_than_item
    assert other is not None  # Comparison holds exactly one operator

    def more_than(known: Mapping[str, object]) -> Truth:
        left, right = known.get(subject), known.get(other)
        if left is None or right is None:
            return None
        return bool(left > right)  # type: ignore[operator]

    return more_than


def _answered(subject: str, test: Callable[[object], object]) -> Predicate:
    def predicate(known: Mapping[str, object]) -> Truth:
        answer = known.get(subject)
        return None if answer is None else bool(test(answer))

    return predicate
