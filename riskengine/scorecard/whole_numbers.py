"""A linear term over a whole number, as runs of numbers that get the same whole part.

A product that is rounded by a database or by hand may be rounded otherwise. Where every number
that can be answered is a whole one, the rounded products can be listed instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskengine.instrument.items import Item
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LinearTerm

MOST_NUMBERS = 10_000


@dataclass(frozen=True)
class Run:
    """Whole numbers from ``low`` to ``high``, both included, that get the same part."""

    low: int
    high: int
    part: int


def can_be_listed(scorecard: Scorecard, term: LinearTerm) -> bool:
    """Whether the item takes whole numbers alone, and not too many."""
    item = scorecard.instrument.every_item[term.item]
    return (
        isinstance(item, Item)
        and item.type == "integer"
        and item.minimum is not None
        and item.maximum is not None
        and item.maximum - item.minimum < MOST_NUMBERS
    )


def listed(scorecard: Scorecard, term: LinearTerm) -> tuple[tuple[Run, ...], int]:
    """The parts of all numbers of an item, and the part where its answer is not known."""
    item = scorecard.instrument.every_item[term.item]
    assert item.minimum is not None and item.maximum is not None
    values = list(range(int(item.minimum), int(item.maximum) + 1))
    numbers = np.full((len(values) + 1, len(scorecard.linears)), np.nan)
    column = scorecard.linears.index(term)
    numbers[:-1, column] = values
    parts = [int(part) for part in scorecard.linear_parts(numbers)[:, column]]
    runs: list[Run] = []
    for value, part in zip(values, parts, strict=False):
        if runs and runs[-1].part == part:
            runs[-1] = Run(runs[-1].low, value, part)
        else:
            runs.append(Run(value, value, part))
    return tuple(runs), parts[-1]
