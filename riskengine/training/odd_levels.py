"""Levels and gaps whose people fare as nothing that is known at the assessment explains.

A code that was given only to those who completed, a box that was filled in only after the event:
their people have far too few or far too many events. What is expected of them is what the other
items predict, so that a level which merely keeps risky company is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import sigmoid
from riskengine.training.axes import ScoredItem, States
from riskengine.training.quick import Quick

FEWEST_IN_A_LEVEL = 100
"""Levels with fewer people are not looked at."""
FACTOR = 3.0
"""How many times the odds must lie beyond the near end of the interval."""
_FEWEST_BESIDE = 20
"""People without whom the level beside another shows nothing."""
OUTSIDE = 0.001
"""Chance with which a share may fall outside its interval, all levels together."""


@dataclass(frozen=True)
class OddLevel:
    """A level or a gap with far too few or far too many events.

    Attributes
    ----------
    state
        What the level is, in words.
    expected
        Share of events that the other items predict for its people.
    low, high
        Interval in which the share would lie by chance.
    """

    item: str
    state: str
    people: int
    events: int
    expected: float
    low: float
    high: float

    def words(self) -> str:
        """Say it in a sentence."""
        return (
            f"item [{self.item}], {self.state}: {self.events:,} of {self.people:,} people had the "
            f"event ({self.events / self.people:.1%}), where the other items lead one to expect "
            f"{self.expected:.1%} (interval {self.low:.1%} to {self.high:.1%})"
        )


def odd_levels(
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    alike: Sequence[Collection[int]],
    quick: Quick,
    seed: int,
) -> list[OddLevel]:
    """Find levels and gaps whose odds of the event lie far outside of what is expected.

    The interval holds the share that would be seen by chance: exact quantiles of the binomial
    with the expected share, 99.9 % for all levels together (Bonferroni). A level is odd where its
    odds are more than three times those of the upper end, or less than a third of those of the
    lower. Odds are compared, since a share of .58 has no room for three times as much. A level of
    an ordered item that continues what the level beside it shows is left alone, since the top of
    a strong factor is far from what the others predict.

    Parameters
    ----------
    alike
        For every item the items that say much the same; they are left out of what is expected.
    quick
        Fitted on all items.
    """
    levels = [level for n, item in enumerate(items) for level in _large(n, item, states[:, n])]
    outside = OUTSIDE / max(len(levels), 1)
    found = []
    for column in sorted({level.column for level in levels}):
        left_out = {column, *alike[column]}
        suspects = [
            (level, members)
            for level in levels
            if level.column == column
            and _odd(outcome, members := level.of(states), quick.scores(left_out), outside)
            and not _in_line(level, states[:, column], outcome, outside)
        ]
        if not suspects:
            continue
        # the columns were left out by an approximation; what is said aloud is fitted anew
        rest = [n for n in range(len(items)) if n not in left_out]
        scores = (
            Quick.fitted(states[:, rest], outcome, seed).scores()
            if rest
            else quick.scores(left_out)
        )
        for level, members in suspects:
            odd = _odd(outcome, members, scores, outside)
            if odd:
                found.append(OddLevel(items[column].id, level.words, *odd))
    return found


@dataclass(frozen=True)
class _Level:
    """Some states of one column, and the states next to it in the column's order."""

    column: int
    states: tuple[int, ...]
    words: str
    beside: tuple[int, ...] = ()

    def of(self, states: States) -> NDArray[np.bool_]:
        """Who is in it."""
        return np.isin(states[:, self.column], self.states)


def _large(column: int, item: ScoredItem, states: NDArray[np.int64]) -> Iterator[_Level]:
    """Levels and gaps of enough people, and the bare fact that an answer is known."""
    people = np.bincount(states, minlength=item.axis.states)
    orders = item.ordered and int((people[: item.known] >= _FEWEST_BESIDE).sum()) > 2
    for state in range(item.axis.states):
        if people[state] < FEWEST_IN_A_LEVEL:
            continue
        beside: tuple[int, ...] = ()
        if orders and state < item.known:
            peopled = [n for n in range(item.known) if people[n] >= _FEWEST_BESIDE]
            beside = (*[n for n in peopled if n < state][-1:],
                      *[n for n in peopled if n > state][:1])  # fmt: skip
        yield _Level(column, (state,), state_words(item, state), beside)
    if people[item.known :].any() and people[: item.known].sum() >= FEWEST_IN_A_LEVEL:
        yield _Level(column, tuple(range(item.known)), "any answer known")


def _in_line(
    level: _Level, states: NDArray[np.int64], outcome: NDArray[np.int64], outside: float
) -> bool:
    """Whether a level continues what the level beside it shows.

    The top of a strong factor lies far from what the other items predict, but not far from the
    step below it; a code that was given for another reason stands alone.
    """
    members = np.isin(states, level.states)
    people, events = int(members.sum()), int(outcome[members].sum())
    for state in level.beside:
        there = outcome[states == state]
        share = (float(there.sum()) + 0.5) / (len(there) + 1.0)
        if not _beyond(people, events, chance_interval(people, share, outside)):
            return True
    return False


def _odd(
    outcome: NDArray[np.int64],
    members: NDArray[np.bool_],
    scores: NDArray[np.float64],
    outside: float,
) -> tuple[int, int, float, float, float] | None:
    """People, events, expected share and interval of a level, where it is odd."""
    people, events = int(members.sum()), int(outcome[members].sum())
    expected = float(sigmoid(scores[members]).mean())
    fewest, most = chance_interval(people, expected, outside)
    if not _beyond(people, events, (fewest, most)):
        return None
    return people, events, expected, fewest / people, most / people


def _beyond(people: int, events: int, likely: tuple[int, int]) -> bool:
    """Whether the odds lie beyond an interval of events by more than the factor."""
    fewest, most = likely
    # half an event on either side, so that none at all is not infinitely few
    seen = (events + 0.5) / (people - events + 0.5)
    few = fewest / (people - fewest) if fewest < people else np.inf
    many = most / (people - most) if most < people else np.inf
    return bool(seen < few / FACTOR or seen > many * FACTOR)


def chance_interval(people: int, expected: float, outside: float) -> tuple[int, int]:
    """Fewest and most events that chance leaves likely.

    Parameters
    ----------
    outside
        Chance with which fewer or more are seen, at most half on either side.
    """
    from scipy.stats import binom

    fewest, most = binom.ppf([outside / 2.0, 1.0 - outside / 2.0], people, expected)
    return int(fewest), int(most)


def state_words(item: ScoredItem, state: int) -> str:
    """Name a state of an item in a few words."""
    if state >= item.known:
        return "answer not known"
    if item.axis.groups:
        return f"level {' or '.join(item.axis.groups[state])}"
    cuts = item.axis.cuts
    if state == 0:
        return f"below {cuts[0]:g}"
    if state == len(cuts):
        return f"{cuts[-1]:g} or more"
    return f"{cuts[state - 1]:g} to below {cuts[state]:g}"
