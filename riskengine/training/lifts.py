"""Groups of columns that add more than they should because they know the length of follow-up.

A count or a rate over the follow-up knows when the event came, since it stops there. With times
this is seen directly: such columns tell early events from late ones better than any risk factor
can (`riskengine.training.timing`). Without times only its shadow is seen: where a count or a rate
is zero or missing, there are more events.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import auc
from riskengine.training.axes import ScoredItem, States
from riskengine.training.quick import Quick
from riskengine.training.telling import told_by_one
from riskengine.training.timing import Halves, halves, implied_timing
from riskengine.training.together import Group

LIFT = 0.04
"""Out-of-fold AUC that a group of columns may add to the rest before its timing is asked for."""
MARGIN = 0.10
"""How far the AUC for early against late may lie above what proportional hazards imply. Real
hazards are not proportional: parole against discharge, where technical returns come early, reaches
.09 in Iowa."""
SURE = 3.29
"""Standard errors to either end of an interval of 99.9 %."""
_LITTLE = 0.002
"""AUC that a column may take with it when it is dropped from a group as idle."""
_ROUGHLY = 0.75
"""Part of the lift that the approximation must show before the rest is fitted anew."""


@dataclass(frozen=True)
class Lift:
    """A group of columns that adds more than it should.

    Attributes
    ----------
    items
        The columns, the most telling first.
    others
        How many other columns there are.
    rest, whole
        Out-of-fold AUC for the event without the group and with it.
    timed
        People with the event whose time is known.
    timing
        AUC of the group for early against late among them; ``None`` without times.
    implied
        The AUC that proportional hazards imply for columns that rank people as these do.
    """

    items: tuple[str, ...]
    others: int
    rest: float
    whole: float
    timed: int = 0
    timing: float | None = None
    implied: float = 0.5

    @property
    def added(self) -> float:
        """How much the group adds."""
        return self.whole - self.rest

    def words(self) -> str:
        """Say what was found and why it is a leak."""
        lifts = (
            f"items {_names(self.items)} lift the out-of-fold AUC of the other {self.others} "
            f"items from {self.rest:.3f} to {self.whole:.3f} (+{self.added:.3f})"
        )
        if self.timing is None:
            return (
                f"{lifts}, and people for whom they hold a zero or no answer have more events than"
                " the others, as where counting stops once the event comes. The cohort does not "
                "say when events came, so that this cannot be settled: give the time of the event,"
                " or the year in which it came."
            )
        return (
            f"{lifts}, and among {self.timed:,} people with the event they tell who had it early "
            f"from who had it late with AUC {self.timing:.3f}; risk factors that rank people as "
            f"these do reach about {self.implied:.3f}. So they know how long people were followed,"
            " which nobody knows at the assessment."
        )


def _names(items: Sequence[str]) -> str:
    return ", ".join(f"[{item}]" for item in items)


def lifted_by_follow_up(
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    together: Sequence[Group],
    quick: Quick,
    *,
    times: NDArray[np.float64] | None,
    seed: int,
) -> Lift | None:
    """Find the group whose lift the length of follow-up explains best.

    Parameters
    ----------
    together
        Groups of columns that may have been measured over the same time.
    quick
        Fitted on all columns.
    times
        As in `riskengine.training.leaks.check_leaks`.
    """
    split = halves(times, outcome)
    if split is None:
        silent = _bearing(_silent(items, states, outcome), outcome, quick)
        return _lift(items, states, outcome, silent, quick, seed)
    knowing = _knowing(states, outcome, split, seed)
    found: list[tuple[float, Group]] = []
    for group in dict.fromkeys([knowing, *together]):
        if _lift(items, states, outcome, group, quick, seed) is not None:
            clock = Clock.fitted(states, outcome, group, split, seed)
            found += [(clock.excess(), group)] * clock.ticks()
    # the most telling first; what a group holds by the way is dropped, and the rest must suffice
    for _, group in sorted(found, key=lambda one: (-one[0], sorted(one[1]))):
        core = Clock.fitted(states, outcome, group, split, seed).core() | knowing
        lift = _lift(items, states, outcome, core, quick, seed)
        if lift is None:
            continue
        clock = Clock.fitted(states, outcome, core, split, seed)
        if clock.ticks():
            return replace(
                lift,
                items=tuple(items[n].id for n in clock.most_telling_first()),
                timed=len(split.people),
                timing=clock.timing(),
                implied=clock.implied(),
            )
    return None


def _lift(
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    group: Group,
    quick: Quick,
    seed: int,
) -> Lift | None:
    """Give what a group adds to the rest, where that is more than it may."""
    rest = [n for n in range(len(items)) if n not in group]
    if not group or not rest:
        return None
    whole = auc(quick.scores(), outcome)
    if whole - auc(quick.scores(group), outcome) <= _ROUGHLY * LIFT:
        return None
    without = auc(Quick.fitted(states[:, rest], outcome, seed).scores(), outcome)
    if whole - without <= LIFT:
        return None
    names = tuple(items[n].id for n in sorted(group))
    return Lift(items=names, others=len(rest), rest=without, whole=whole)


# --- With times ----------------------------------------------------------------------------------


def _knowing(states: States, outcome: NDArray[np.int64], split: Halves, seed: int) -> Group:
    """Columns that alone tell early from late better than proportional hazards imply."""
    sure = SURE * split.chance_error()
    share = float(outcome.mean())
    found = set()
    for column in range(states.shape[1]):
        timing = told_by_one(states[split.people, column], split.early, seed)
        if timing - sure <= 0.5:
            continue
        ranks = told_by_one(states[:, column], outcome, seed)
        if timing - sure > implied_timing(ranks, share, split.share):
            found.add(column)
    return frozenset(found)


@dataclass(frozen=True)
class Clock:
    """What a group of columns says about the event, and about when it came.

    Attributes
    ----------
    columns
        Places of the columns among all.
    ranks, tells
        The columns as predictors of the event, and of early against late.
    """

    columns: tuple[int, ...]
    outcome: NDArray[np.int64]
    split: Halves
    ranks: Quick
    tells: Quick

    @classmethod
    def fitted(
        cls, states: States, outcome: NDArray[np.int64], group: Group, split: Halves, seed: int
    ) -> Clock:
        """Fit both on a group of columns."""
        columns = tuple(sorted(group))
        of_group = states[:, columns]
        return cls(
            columns,
            outcome,
            split,
            Quick.fitted(of_group, outcome, seed),
            Quick.fitted(of_group[split.people], split.early, seed),
        )

    def timing(self, without: Collection[int] = ()) -> float:
        """AUC for early against late."""
        return auc(self.tells.scores(without), self.split.early)

    def implied(self, without: Collection[int] = ()) -> float:
        """AUC that proportional hazards imply."""
        ranks = auc(self.ranks.scores(without), self.outcome)
        return implied_timing(ranks, float(self.outcome.mean()), self.split.share)

    def excess(self, without: Collection[int] = ()) -> float:
        """How far the one lies above the other."""
        return self.timing(without) - self.implied(without)

    def ticks(self) -> bool:
        """Whether it tells more than risk factors can, and not by chance."""
        enough = max(MARGIN, SURE * self.split.chance_error())
        return self.timing() > 0.5 + enough and self.excess() > enough

    def core(self) -> Group:
        """Drop, one after another, the columns without which it tells no less."""
        dropped: list[int] = []
        best = self.excess()
        for place in reversed(self._order()):
            if len(dropped) + 1 == len(self.columns):
                break
            reached = self.excess([*dropped, place])
            if reached >= best - _LITTLE:
                dropped.append(place)
                best = max(best, reached)
        return frozenset(n for at, n in enumerate(self.columns) if at not in dropped)

    def most_telling_first(self) -> list[int]:
        """Columns in the order of their own AUC for early against late."""
        return [self.columns[place] for place in self._order()]

    def _order(self) -> list[int]:
        places = range(len(self.columns))
        alone = [self.timing(set(places) - {place}) for place in places]
        return sorted(places, key=lambda place: (-alone[place], place))


# --- Without times -------------------------------------------------------------------------------


def _silent(items: Sequence[ScoredItem], states: States, outcome: NDArray[np.int64]) -> Group:
    """Columns that hold a zero or no answer where there are more events.

    Only counts and rates have a zero; of the others only the gaps are looked at.
    """
    found = set()
    for column, item in enumerate(items):
        silent = states[:, column] >= item.known
        if _starts_at_zero(item):
            silent |= states[:, column] == 0
        if _more_events(outcome, silent):
            found.add(column)
    return frozenset(found)


def _bearing(group: Group, outcome: NDArray[np.int64], quick: Quick) -> Group:
    """Drop, one after another, the columns that bear nothing of what the group adds."""

    def rest(columns: Group) -> float:
        return auc(quick.scores(columns), outcome)

    for column in sorted(group, key=lambda n: (-rest(frozenset({n})), n)):
        fewer = group - {column}
        if fewer and rest(fewer) <= rest(group) + _LITTLE:
            group = fewer
    return group


def _starts_at_zero(item: ScoredItem) -> bool:
    """Whether the first state of a number is zero and little else."""
    return bool(item.axis.cuts) and item.item.minimum == 0 and item.axis.cuts[0] <= 1


def _more_events(outcome: NDArray[np.int64], silent: NDArray[np.bool_]) -> bool:
    """Whether the share of events is higher among some people, and not by chance."""
    some, others = int(silent.sum()), int((~silent).sum())
    if not some or not others:
        return False
    share = float(outcome.mean())
    difference = float(outcome[silent].mean() - outcome[~silent].mean())
    return difference > SURE * float(np.sqrt(share * (1.0 - share) * (1 / some + 1 / others)))
