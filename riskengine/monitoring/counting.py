"""People as the monitor counts them: states of items, scores, groups, and the day of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.people import Grouping, audit_items, grouping
from riskengine.monitoring.thresholds import Thresholds
from riskengine.scorecard.compiled import Scorecard

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Assessed:
    """Assessments, counted by a scorecard.

    Attributes
    ----------
    states
        Shape (people, axes): the state on every axis of the scorecard.
    numbers
        Shape (people, linear terms): value of every linear term's item, ``nan`` if not known.
    score
        Shape (people,): in score units.
    day
        Shape (people,): day of the assessment.
    groups
        Audited items: answers divide people, they never score.
    """

    states: Integers
    numbers: Floats
    score: Integers
    day: Days
    groups: Mapping[str, Grouping]

    def __len__(self) -> int:
        return len(self.score)

    def take(self, at: NDArray[Any]) -> Assessed:
        """Some of them, by positions or a mask."""
        return replace(
            self,
            states=self.states[at],
            numbers=self.numbers[at],
            score=self.score[at],
            day=self.day[at],
            groups={name: one.take(at) for name, one in self.groups.items()},
        )


def assessed_of(
    scorecard: Scorecard,
    answers: Sequence[Mapping[str, object]],
    days: Sequence[date],
    by: Sequence[str] | None = None,
) -> Assessed:
    """Count complete answers.

    Recent people and those of a reference are to be counted in one call, so that numbers are cut
    into the same bands.

    Parameters
    ----------
    by
        Items to group by; without it those that the instrument audits and somebody answered.
    """
    encoded = scorecard.encode(answers)
    if by is None:
        held = frozenset(item for one in answers for item in one)
        by = audit_items(scorecard.instrument, held)
    groups = {
        item: grouping(scorecard.instrument, item, [one.get(item, "not_asked") for one in answers])
        for item in by
    }
    return Assessed(
        states=encoded.states,
        numbers=encoded.numbers,
        score=scorecard.scores(scorecard.term_parts(encoded)),
        day=np.array(list(days), dtype="datetime64[D]"),
        groups=groups,
    )


@dataclass(frozen=True)
class Span:
    """Positions of the people of a window, its first day, and how many are dated after it."""

    at: Integers
    first: date
    after: int


def window_of(day: Days, on: date, thresholds: Thresholds) -> Span:
    """Choose the window that ends on a day: the last month, or longer where that has few people.

    It depends on the days of the assessments alone, never on answers.
    """
    end = np.datetime64(on, "D")
    within = day <= end
    counted = np.sort(day[within])[::-1]
    length = thresholds.window_days.value
    wanted = thresholds.window_people.value
    back = (
        int((end - counted[min(wanted, len(counted)) - 1]).astype(int)) + 1 if len(counted) else 0
    )
    length = min(max(length, back), thresholds.longest_window_days.value)
    first = on - timedelta(days=length - 1)
    at = np.flatnonzero(within & (day >= np.datetime64(first, "D")))
    return Span(at=at, first=first, after=int((~within).sum()))
