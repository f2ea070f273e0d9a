"""People of equal group and equal score taken together, so that a draw is a count a cell.

Every figure of an evaluation is a function of how much weight with and without the event stands
in each cell. Drawing people with replacement changes those weights and nothing else, so that
thousands of draws cost a count each, and all figures of a draw rest on the same people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_SCORES = 512
"""Up to so many different scores stand for themselves in the draws; more are taken together."""
MOST_FITTED = 128
"""The same where a curve is fitted in every draw."""

_PEOPLE_AT_ONCE = 1_000_000
_DRAWS_AT_ONCE = 256


@dataclass(frozen=True)
class Draw:
    """Some draws of people with replacement; the first axis is the draw.

    Attributes
    ----------
    weight
        Shape (draws, people): how often everybody was drawn, times what the person counts.
    """

    weight: Floats

    def totals(self, key: Integers, size: int) -> Floats:
        """Weight by key; shape (draws, size)."""
        found = np.empty((len(self.weight), size))
        for at, weight in enumerate(self.weight):
            found[at] = np.bincount(key, weights=weight, minlength=size)
        return found


def everybody(weight: Floats) -> Draw:
    """Everybody once: the figures themselves."""
    return Draw(weight[None, :])


def resampled(weight: Floats, draws: int, seed: int) -> Iterator[Draw]:
    """Draw as many people as there are, with replacement, a block of draws at a time.

    The weights go with the people; they are taken as given, and the draws do not show that
    follow-up weights were estimated.
    """
    people = len(weight)
    rng = np.random.default_rng(seed)
    block = max(1, min(_DRAWS_AT_ONCE, _PEOPLE_AT_ONCE // max(1, people)))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        found = np.empty((size, people))
        for at in range(size):
            # so many of each: counts of a multinomial distribution with equal chances
            found[at] = np.bincount(rng.integers(0, people, size=people), minlength=people)
        found *= weight
        yield Draw(found)


@dataclass(frozen=True)
class Marks:
    """Different scores, rising, and which of them everybody has.

    Attributes
    ----------
    of
        Shape (people,): position of everybody's score.
    score
        Shape (scores,): the lowest score taken together there, so that ``score >= cut`` tells who
        is flagged.
    log_odds, risk
        Shape (scores,): the mean over those taken together; ``None`` for what is no probability.
    """

    of: Integers
    score: Floats
    log_odds: Floats | None
    risk: Floats | None

    def __len__(self) -> int:
        return len(self.score)

    @cached_property
    def fitted(self) -> tuple[Integers, Floats]:
        """Where curves are fitted in draws: first score of every bin, and its mean log-odds."""
        assert self.log_odds is not None
        if len(self) <= MOST_FITTED:
            return np.arange(len(self)), self.log_odds
        size = np.bincount(self.of, minlength=len(self)).astype(np.float64)
        edges = np.linspace(self.log_odds[0], self.log_odds[-1], MOST_FITTED + 1)[1:-1]
        bins = np.searchsorted(edges, self.log_odds, side="right")
        _, starts = np.unique(bins, return_index=True)
        total = np.add.reduceat(size, starts)
        return starts, np.add.reduceat(size * self.log_odds, starts) / total


def marks(
    score: Floats | Integers,
    log_odds: Floats | None,
    risk: Floats | None,
    *,
    most: int | None = None,
    cuts: Sequence[float] = (),
) -> Marks:
    """Find the different scores of some people.

    Parameters
    ----------
    score
        Shape (people,); log-odds and risk, where there are any, rise with it.
    most
        Take neighbouring scores together where there are more than about so many.
    cuts
        Scores that are never taken together with lower ones.
    """
    values, of = np.unique(score, return_inverse=True)
    if most is not None and len(values) > most:
        edges = np.quantile(score, np.linspace(0, 1, most + 1)[1:-1], method="higher")
        edges = np.unique(np.concatenate([edges, np.asarray(cuts, dtype=np.float64)]))
        bins = np.searchsorted(edges, values, side="right")
        _, starts, place = np.unique(bins, return_index=True, return_inverse=True)
        values, of = values[starts], place[of]
    size = np.bincount(of, minlength=len(values))

    def mean(of_people: Floats | None) -> Floats | None:
        if of_people is None:
            return None
        if len(values) == len(of_people) or most is None:
            found = np.empty(len(values))
            found[of] = of_people
            return found
        return np.asarray(np.bincount(of, weights=of_people) / size, dtype=np.float64)

    return Marks(of.astype(np.int64), values.astype(np.float64), mean(log_odds), mean(risk))


class Cells:
    """People taken together by group and score.

    Parameters
    ----------
    outcome
        Shape (people,): 1 with the event, 0 without.
    level, levels
        Position of everybody's group, and how many there are; all in one where it is left out.
    drawn
        Whether it serves draws, in which curves are fitted on bins; otherwise on every score.
    first
        Position, in the grouping, of the first group here, where not all of them are.
    """

    def __init__(
        self,
        at: Marks,
        outcome: Integers,
        *,
        level: Integers | None = None,
        levels: int = 1,
        drawn: bool = False,
        first: int = 0,
    ) -> None:
        self.marks = at
        self.levels = levels
        self.positions: Integers = np.arange(first, first + levels)
        self.drawn = drawn
        place = at.of if level is None else level * len(at) + at.of
        self.key: Integers = 2 * place + outcome

    def sums(self, draw: Draw) -> Sums:
        """Weight with and without the event in every cell."""
        shape = (len(draw.weight), self.levels, len(self.marks), 2)
        found = draw.totals(self.key, shape[1] * shape[2] * 2).reshape(shape)
        return Sums(self, np.ascontiguousarray(found[..., 0]), np.ascontiguousarray(found[..., 1]))


@dataclass(frozen=True)
class Sums:
    """Weight without and with the event in every cell; shape (draws, groups, scores)."""

    cells: Cells
    without: Floats
    events: Floats

    @cached_property
    def both(self) -> Floats:
        """All weight."""
        both: Floats = self.without + self.events
        return both

    def only(self, groups: NDArray[np.bool_]) -> Sums:
        """The sums of some of the groups, by a mask."""
        return Sums(self.cells, self.without[:, groups], self.events[:, groups])

    @cached_property
    def fitted(self) -> tuple[Floats, Floats, Floats]:
        """Log-odds on which curves are fitted, and weight without and with the event there."""
        at = self.cells.marks
        assert at.log_odds is not None
        if not self.cells.drawn or len(at) <= MOST_FITTED:
            return at.log_odds, self.without, self.events
        starts, lines = at.fitted
        without, events = (
            np.add.reduceat(values, starts, axis=-1) for values in (self.without, self.events)
        )
        return lines, without, events
