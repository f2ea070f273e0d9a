"""Which other answers a person could plausibly give, and from which day.

What an agency says of its instrument stands in ``data_schema/changes``. An item that is not named
there follows the instrument: a changeable item with ordered levels gets better by one level from
one scheduled review to the next; a yes-or-no item likewise; nothing else changes.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.errors import ArtefactError
from riskengine.instrument.items import Identifier, Item
from riskengine.instrument.model import Instrument
from riskengine.text import FROZEN

MOST_STEPS = 3
"""Levels that are looked ahead; more would be a promise about years."""


class Move(BaseModel):
    """From one level to another, not sooner than some days; the nearest stands first."""

    model_config = FROZEN
    from_: str = Field(alias="from")
    to: str
    after_days: int = Field(ge=0, le=3660)


class Lapse(BaseModel):
    """A number that time changes: to a value when its window has passed, or step by step."""

    model_config = FROZEN
    to: float | None = None
    step: float | None = None
    every_days: int = Field(ge=1, le=3660)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.to is None) == (self.step is None):
            raise ValueError("give exactly one of [to] and [step]")
        return self


class ItemChanges(BaseModel):
    """What one item's answer could become; exactly one of the keys beside ``item``.

    Attributes
    ----------
    every_days
        Ordered levels, with so many days from one to the next where reviews come sooner.
    """

    model_config = FROZEN
    item: Identifier
    never: Literal[True] | None = None
    every_days: int | None = Field(default=None, ge=1, le=3660)
    moves: tuple[Move, ...] | None = None
    lapses: Lapse | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [self.never, self.every_days, self.moves, self.lapses]
        if sum(one is not None for one in given) != 1:
            raise ValueError(
                f"changes of [{self.item}]: give exactly one of [never], [every_days], [moves], "
                "[lapses]"
            )
        return self


class ChangeCatalogue(BaseModel):
    """Shape of ``data_schema/changes``, format ``riskengine/changes/1``."""

    model_config = FROZEN
    format: Literal["riskengine/changes/1"]
    id: Identifier
    version: str
    instrument: Identifier
    items: tuple[ItemChanges, ...]
    source_sha256: str


@dataclass(frozen=True)
class Another:
    """Another answer to one item.

    Attributes
    ----------
    step
        How far it is on the way of its item; an answer further on is never the smaller change.
    earliest
        First day on which it could hold.
    """

    item: str
    answer: object
    step: int
    earliest: date


@dataclass(frozen=True)
class Plausible:
    """What the answers to an instrument's changeable items could become."""

    instrument: Instrument
    named: Mapping[str, ItemChanges] = field(default_factory=dict)

    def others(
        self, item_id: str, answer: object, *, on: date, assessed_on: date, review_days: int
    ) -> Iterator[Another]:
        """Other answers to one item, the nearest first.

        Parameters
        ----------
        on
            Day of the recommendation; a window that looks back is counted from ``assessed_on``.
        review_days
            Days from one scheduled review to the next; nothing is looked at before the first.
        """
        item = self.instrument.by_id[item_id]
        named = self.named.get(item_id)
        if not item.dynamic or (named is not None and named.never):
            return
        review = on + timedelta(days=review_days)
        if named is not None and named.moves is not None:
            ways = [move for move in named.moves if move.from_ == answer]
            for step, move in enumerate(ways, start=1):
                day = max(review, on + timedelta(days=move.after_days))
                yield Another(item_id, move.to, step, day)
            return
        if named is not None and named.lapses is not None:
            yield from _lapsed(item, answer, named.lapses, assessed_on, review)
            return
        every = review_days
        if named is not None and named.every_days is not None:
            every = max(every, named.every_days)
        for step, other in enumerate(_better(item, answer), start=1):
            yield Another(item_id, other, step, on + timedelta(days=step * every))


def _better(item: Item, answer: object) -> Iterator[object]:
    """Answers on the better side of one, the nearest first."""
    if item.direction == "free":
        return
    if item.type == "boolean":
        good = item.direction == "protective"
        if answer is not good:
            yield good
    elif item.type == "ordinal":
        levels = item.level_ids if item.direction == "protective" else item.level_ids[::-1]
        at = levels.index(str(answer))
        yield from levels[at + 1 : at + 1 + MOST_STEPS]


def _lapsed(
    item: Item, answer: object, lapse: Lapse, assessed_on: date, review: date
) -> Iterator[Another]:
    if not isinstance(answer, int | float) or isinstance(answer, bool):
        return
    assert item.minimum is not None and item.maximum is not None
    whole = item.type == "integer"
    if lapse.to is not None:
        if answer != lapse.to:
            day = max(review, assessed_on + timedelta(days=lapse.every_days))
            yield Another(item.id, int(lapse.to) if whole else lapse.to, 1, day)
        return
    assert lapse.step is not None
    for step in range(1, MOST_STEPS + 1):
        other = answer + step * lapse.step
        if not item.minimum <= other <= item.maximum:
            return
        day = max(review, assessed_on + timedelta(days=step * lapse.every_days))
        yield Another(item.id, int(other) if whole else other, step, day)


def compile_changes(catalogue: ChangeCatalogue, instrument: Instrument) -> Plausible:
    """Check a catalogue against its instrument.

    Raises
    ------
    ArtefactError
        Naming item, value and what is accepted.
    """
    place = f"changes [{catalogue.id}]"
    if catalogue.instrument != instrument.id:
        raise ArtefactError(
            f"{place}: for instrument [{catalogue.instrument}], not [{instrument.id}]"
        )
    for entry in catalogue.items:
        item = instrument.by_id.get(entry.item)
        if item is None:
            raise ArtefactError(f"{place}: unknown item [{entry.item}]")
        if not item.dynamic:
            raise ArtefactError(f"{place}: item [{entry.item}] is not changeable")
        for move in entry.moves or ():
            for level in (move.from_, move.to):
                if level not in item.level_ids:
                    raise ArtefactError(
                        f"{place}: item [{entry.item}] has no level [{level}]; accepted: "
                        + ", ".join(item.level_ids)
                    )
        if entry.lapses is not None and item.type not in ("integer", "number"):
            raise ArtefactError(f"{place}: item [{entry.item}] is no number, so it cannot lapse")
        if entry.every_days is not None and item.type not in ("ordinal", "boolean"):
            raise ArtefactError(f"{place}: item [{entry.item}] has no ordered levels")
    return Plausible(instrument, {entry.item: entry for entry in catalogue.items})
