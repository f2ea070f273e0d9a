"""Measuring scores by group: exact figures, and their draws from the same people."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError
from riskengine.evaluation.cells import MOST_SCORES, Cells, Sums, everybody, marks, resampled
from riskengine.evaluation.people import Grouping, People, Scored

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Compute = Callable[[Sums], Mapping[Hashable, Floats]]
"""Gives figures by name, each of shape (draws, groups)."""


@dataclass(frozen=True)
class Score:
    """One score of some people.

    Attributes
    ----------
    rank
        Shape (people,): a higher one means more risk.
    log_odds, risk
        Shape (people,): ``None`` where the score is no probability.
    cut
        Flagged are people from this score on: the operating tier, where one is named.
    """

    rank: Floats | Integers
    log_odds: Floats | None = None
    risk: Floats | None = None
    cut: float | None = None

    @classmethod
    def of(cls, scored: People | Scored, cut: float | None = None) -> Score:
        """A scorecard's score; the cut in its score units."""
        calibrated = scored.risk is not None
        return cls(scored.score, scored.log_odds if calibrated else None, scored.risk, cut)

    @property
    def is_probability(self) -> bool:
        """Whether risks can be compared with what happened."""
        return self.risk is not None

    def first_score(self, risk: float) -> float:
        """Lowest score of anybody whose risk is at least so much; beyond all where nobody's is."""
        assert self.risk is not None
        reached = self.rank[self.risk >= risk]
        return float(reached.min()) if len(reached) else float(np.max(self.rank)) + 1.0


@dataclass(frozen=True)
class Task:
    """What is to be measured: one score by one grouping.

    Attributes
    ----------
    cuts
        Scores below and above which people must stay apart in the draws.
    """

    score: Score
    compute: Compute
    grouping: Grouping | None = None
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True)
class Measured:
    """Figures by name.

    Attributes
    ----------
    value
        Shape (groups,): exact.
    draws
        Shape (draws, groups).
    """

    value: Mapping[Hashable, Floats]
    draws: Mapping[Hashable, Floats]


def measure(
    tasks: Sequence[Task], outcome: Integers, weight: Floats, *, draws: int, seed: int
) -> list[Measured]:
    """Measure several scores by several groupings, all on the same draws.

    Where more than `riskengine.evaluation.cells.MOST_SCORES` different scores were given, the
    draws take neighbouring ones together (never across a cut), and are moved by the difference
    that this makes to the figure of everybody once. An end of an interval is off by a hundredth of
    the standard error or so, less than what another seed would change.

    Raises
    ------
    UseError
        Where scores or groupings are not of these people.
    """
    people = len(outcome)
    for task in tasks:
        if len(task.score.rank) != people or (
            task.grouping is not None and len(task.grouping.of) != people
        ):
            raise UseError(
                f"[{people}] outcomes and [{len(task.score.rank)}] scores; accepted: the same "
                "people in the same order"
            )
    exact = [_exact(task, outcome, weight) for task in tasks]
    laid = [_laid_out(task, outcome) for task in tasks]
    parts: list[dict[Hashable, list[Floats]]] = [{} for _ in tasks]
    for draw in resampled(weight, draws, seed):
        for task, cells, part in zip(tasks, laid, parts, strict=True):
            for name, values in task.compute(cells.sums(draw)).items():
                part.setdefault(name, []).append(values)
    found = []
    for task, cells, value, part in zip(tasks, laid, exact, parts, strict=True):
        once = task.compute(cells.sums(everybody(weight)))
        moved = {}
        for name, blocks in part.items():
            shift = value[name] - once[name][0]
            moved[name] = np.concatenate(blocks) + np.where(np.isfinite(shift), shift, 0.0)
        found.append(Measured(value, moved))
    return found


def _laid_out(task: Task, outcome: Integers) -> Cells:
    score = task.score
    cuts = task.cuts if score.cut is None else (*task.cuts, score.cut)
    at = marks(score.rank, score.log_odds, score.risk, most=MOST_SCORES, cuts=cuts)
    if task.grouping is None:
        return Cells(at, outcome, drawn=True)
    grouping = task.grouping
    return Cells(at, outcome, level=grouping.of, levels=len(grouping.levels), drawn=True)


def _exact(task: Task, outcome: Integers, weight: Floats) -> dict[Hashable, Floats]:
    """Figures with every score by itself, a group at a time."""
    score, grouping = task.score, task.grouping
    levels = 1 if grouping is None else len(grouping.levels)
    found: dict[Hashable, Floats] = {}
    for level in range(levels):
        here = slice(None) if grouping is None else np.flatnonzero(grouping.of == level)
        rank = score.rank[here]
        if not len(rank):
            continue
        at = marks(
            rank,
            None if score.log_odds is None else score.log_odds[here],
            None if score.risk is None else score.risk[here],
        )
        sums = Cells(at, outcome[here], first=level).sums(everybody(weight[here]))
        for name, values in task.compute(sums).items():
            found.setdefault(name, np.full(levels, np.nan))[level] = values[0, 0]
    return found
