"""What is not known: how far the score could move over the valid answers to unanswered items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from riskengine.instrument.answers import is_known
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Encoded, Integers, Scorecard, grid


@dataclass(frozen=True)
class OpenItem:
    """One scored item without an answer and the change of score that its answer could bring."""

    item: str
    code: str
    low: int
    high: int


@dataclass(frozen=True)
class OpenRange:
    """Lowest and highest score that remain possible; an outer bound where not ``exact``."""

    items: tuple[OpenItem, ...]
    low: int
    high: int
    exact: bool


def open_range(
    scorecard: Scorecard, assessment: Assessment, encoded: Encoded, score: int
) -> OpenRange:
    """Bound the score over every valid completion of the unanswered items.

    Each table is taken at its lowest and highest cell over the open items. That is exact as long
    as every open item stands in one table only; otherwise it is an outer bound, and says so.

    An item that does not apply by a rule of the instrument is not open; one that was merely
    marked so is.
    """
    document = scorecard.document
    answers = assessment.complete
    open_items: dict[str, str] = {}
    for item in document.items:
        answer = answers.get(item, "not_asked")
        if not is_known(answer) and not _ruled_out(assessment.instrument, item, answer):
            open_items[item] = str(answer)
    if not open_items:
        return OpenRange((), score, score, True)
    axes = document.axes_by_id
    position = {axis.id: i for i, axis in enumerate(document.axes)}
    states = encoded.states[0]
    low = high = score
    moves = {item: [0, 0] for item in open_items}
    appearances = dict.fromkeys(open_items, 0)
    for term, cells in zip(scorecard.tables, _grids(scorecard), strict=True):
        here = tuple(int(states[position[axis]]) for axis in term.axes)
        index: list[int | slice] = list(here)
        touched = []
        for dimension, axis_id in enumerate(term.axes):
            if axes[axis_id].item in open_items:
                index[dimension] = slice(0, axes[axis_id].known_states)
                touched.append(axes[axis_id].item)
        if not touched:
            continue
        now = int(cells[here])
        reachable = cells[tuple(index)]
        low += int(reachable.min()) - now
        high += int(reachable.max()) - now
        for item in touched:
            moves[item][0] += int(reachable.min()) - now
            moves[item][1] += int(reachable.max()) - now
            appearances[item] += len(touched)
    for term_position, linear in enumerate(scorecard.linears):
        if linear.item not in open_items:
            continue
        now = int(scorecard.linear_parts(encoded.numbers)[0, term_position])
        ends = sorted(int(np.rint(linear.slope * end)) - now for end in linear.valid)
        low += ends[0]
        high += ends[1]
        moves[linear.item][0] += ends[0]
        moves[linear.item][1] += ends[1]
        # a derived number is tied to its sources, so its whole range may not be reachable
        appearances[linear.item] += 2
    return OpenRange(
        items=tuple(
            OpenItem(item, code, moves[item][0], moves[item][1])
            for item, code in open_items.items()
        ),
        low=low,
        high=high,
        exact=all(count == 1 for count in appearances.values()),
    )


def _ruled_out(instrument: Instrument, item: str, answer: object) -> bool:
    if answer != "not_applicable" or item in instrument.derived_by_id:
        return False
    return instrument.by_id[item].applicable is not None


@lru_cache(maxsize=64)
def _grids(scorecard: Scorecard) -> tuple[Integers, ...]:
    return tuple(grid(scorecard.document, term) for term in scorecard.tables)


def next_question(found: OpenRange, label: Callable[[str], str]) -> str | None:
    """The open item whose answer could move the score furthest, if any could move it."""
    widest = max(found.items, key=lambda o: o.high - o.low, default=None)
    if widest is None or widest.high == widest.low:
        return None
    return label(widest.item)
