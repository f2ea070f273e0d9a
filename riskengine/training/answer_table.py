"""Complete answers of many people in little memory: each distinct answer is kept once.

To whoever reads it, the table is a sequence of one mapping a person. Underneath it is one whole
number a person and item, so that a few million people take hundreds of megabytes and not tens of
gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

NOT_THERE = -1
"""Code of an item that does not stand in a person's mapping."""

_BLOCK = 50_000

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class AnswerTable(Sequence[Mapping[str, object]]):
    """Answers of many people.

    Attributes
    ----------
    values
        The distinct answers to every item, in the order in which they were met.
    codes
        Shape (people,) an item: the place of everybody's answer among them, or `NOT_THERE`.
    people
        How many.
    """

    values: Mapping[str, tuple[object, ...]]
    codes: Mapping[str, Codes]
    people: int

    def __len__(self) -> int:
        return self.people

    @overload
    def __getitem__(self, at: int) -> Mapping[str, object]: ...

    @overload
    def __getitem__(self, at: slice) -> AnswerTable: ...

    def __getitem__(self, at: int | slice) -> Mapping[str, object] | AnswerTable:
        if isinstance(at, slice):
            return self.taken(np.arange(self.people)[at])
        place = range(self.people)[at]
        return {
            item: self.values[item][code]
            for item, codes in self.codes.items()
            if (code := int(codes[place])) != NOT_THERE
        }

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        for at in range(self.people):
            yield self[at]

    def taken(self, at: NDArray[np.int64]) -> AnswerTable:
        """Give some of the people, in the order asked for."""
        return AnswerTable(
            self.values, {item: codes[at] for item, codes in self.codes.items()}, len(at)
        )


def table_of(people: Iterable[Mapping[str, object]]) -> AnswerTable:
    """Build a table from mappings, one at a time; none of them is kept."""
    places: dict[str, dict[tuple[type, object], int]] = {}
    blocks: dict[str, list[Codes]] = {}
    block: dict[str, Codes] = {}
    count = 0
    for answers in people:
        at = count % _BLOCK
        if at == 0:
            block = {}
        for item, answer in answers.items():
            # 1, 1.0 and True are equal to Python, and three answers to an instrument
            known = places.setdefault(item, {})
            codes = block.get(item)
            if codes is None:
                codes = block[item] = np.full(_BLOCK, NOT_THERE, dtype=np.int32)
                before = blocks.setdefault(item, [])
                for _ in range(len(before), count // _BLOCK):
                    before.append(np.full(_BLOCK, NOT_THERE, dtype=np.int32))
                before.append(codes)
            codes[at] = known.setdefault((type(answer), answer), len(known))
        count += 1
    return AnswerTable(
        {item: tuple(answer for _, answer in known) for item, known in places.items()},
        {item: _joined(parts, count) for item, parts in blocks.items()},
        count,
    )


def coded(people: Sequence[Mapping[str, object]], item: str) -> tuple[list[object], Codes]:
    """Give the distinct answers to one item and everybody's place among them.

    An item that does not stand in a person's mapping was not asked.
    """
    table = people if isinstance(people, AnswerTable) else _one_item(people, item)
    codes = table.codes.get(item)
    if codes is None:
        return ["not_asked"], np.zeros(len(people), dtype=np.int32)
    # the last place, which is also what -1 points to
    return [*table.values[item], "not_asked"], codes


def _one_item(people: Sequence[Mapping[str, object]], item: str) -> AnswerTable:
    return table_of({item: answers[item]} if item in answers else {} for answers in people)


def _joined(parts: list[Codes], count: int) -> Codes:
    joined = np.concatenate(parts)
    if len(joined) >= count:
        return joined[:count].copy() if len(joined) > count else joined
    return np.concatenate([joined, np.full(count - len(joined), NOT_THERE, dtype=np.int32)])
