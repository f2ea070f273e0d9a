"""From answers to the states of a scorecard's axes. One code path for one person and for many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence

from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import DerivedItem, Item
from riskengine.scorecard.document import Axis

StateOf = Callable[[object], int]
"""Gives the state of an answer (a known value or one of the four not-known codes)."""


def axis_encoder(axis: Axis, item: Item | DerivedItem) -> StateOf:
    """Compile an axis into a function from an answer to its state."""
    not_known: dict[str, int] = {
        code: axis.known_states + position
        for position, codes in enumerate(axis.not_known)
        for code in codes
    }
    if axis.groups:
        levels: dict[object, int] = {}
        levels.update(not_known)
        boolean = isinstance(item, Item) and item.type == "boolean"
        for state, group in enumerate(axis.groups):
            for level in group:
                levels[level == "true" if boolean else level] = state
        return levels.__getitem__
    cuts: Sequence[float] = axis.cuts

    def number(answer: object) -> int:
        if isinstance(answer, int | float):
            return bisect_right(cuts, answer)
        return not_known[str(answer)]

    return number


def answer_of(answers: Mapping[str, object], item: str) -> object:
    """The answer to an item; what is absent was not asked, or could not be derived."""
    return answers.get(item, NOT_KNOWN[0])
