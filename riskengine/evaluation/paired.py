"""Two scores on the same people: differences with intervals from the same draws.

People are drawn once and both scores are measured on them, so that what makes people easy or hard
to forecast cancels out. Every difference is first minus second.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError
from riskengine.evaluation import figures
from riskengine.evaluation.cells import Sums
from riskengine.evaluation.document import FigureName
from riskengine.evaluation.intervals import LEVEL, Interval, interval
from riskengine.evaluation.measuring import Measured, Score, Task, measure
from riskengine.evaluation.people import Grouping

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DRAWS", "GroupPairs", "Pair", "Paired", "Score", "compare"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DRAWS = 2000
"""Draws where nothing else is asked."""

AT_CUT: tuple[FigureName, ...] = (
    "share_flagged",
    "sensitivity",
    "specificity",
    "ppv",
    "false_positive_rate",
    "false_negative_rate",
)
"""Rates at the operating tier."""


@dataclass(frozen=True)
class Pair:
    """One figure of both scores, and their difference.

    Attributes
    ----------
    threshold
        Risk at which a net benefit is taken.
    """

    name: FigureName
    first: Interval
    second: Interval
    difference: Interval
    threshold: float | None = None


@dataclass(frozen=True)
class GroupPairs:
    """The same among the people of one group."""

    item: str
    level: str
    people: int
    events: int
    pairs: tuple[Pair, ...]

    def pair(self, name: FigureName, threshold: float | None = None) -> Pair:
        """Give one figure's pair."""
        return _find(self.pairs, name, threshold)


@dataclass(frozen=True)
class Paired:
    """Two scores compared.

    Attributes
    ----------
    pairs
        AUC; Brier and log score, observed to expected and calibration in the large where both are
        probabilities; rates at the operating tier where both have one; net benefit at every
        threshold, flagging whose risk is at least it.
    groups
        The same by group, for all groups whatever their size: who shows them hides small ones.
    """

    people: int
    events: int
    draws: int
    seed: int
    level: float
    probabilities: bool
    pairs: tuple[Pair, ...]
    groups: tuple[GroupPairs, ...] = ()

    def pair(self, name: FigureName, threshold: float | None = None) -> Pair:
        """Give one figure's pair."""
        return _find(self.pairs, name, threshold)

    def frame(self) -> pd.DataFrame:
        """A row a figure and group; overall where the item is empty."""
        import pandas as pd

        rows = [_row("", "", self.people, self.events, pair) for pair in self.pairs]
        for one in self.groups:
            rows += [_row(one.item, one.level, one.people, one.events, p) for p in one.pairs]
        return pd.DataFrame(rows)


def _find(pairs: Sequence[Pair], name: FigureName, threshold: float | None) -> Pair:
    for one in pairs:
        if one.name == name and one.threshold == threshold:
            return one
    at = "" if threshold is None else f" at [{threshold}]"
    raise KeyError(f"[{name}]{at} was not compared")


def _row(item: str, level: str, people: int, events: int, pair: Pair) -> dict[str, object]:
    return {
        "item": item,
        "group": level,
        "people": people,
        "events": events,
        "figure": pair.name,
        "threshold": pair.threshold,
        "first": pair.first.value,
        "second": pair.second.value,
        "difference": pair.difference.value,
        "low": pair.difference.low,
        "high": pair.difference.high,
        "p": pair.difference.p,
    }


def compare(
    first: Score,
    second: Score,
    outcome: Integers,
    weight: Floats | None = None,
    *,
    seed: int,
    thresholds: Sequence[float] = (),
    groups: Mapping[str, Grouping] | None = None,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Paired:
    """Compare two scores of the same people.

    Parameters
    ----------
    outcome, weight
        Shape (people,); all count alike where there is no weight.
    seed
        Of the draws: the same seed and people give the same intervals.
    thresholds
        Risks at which net benefit is taken; both scores have to be probabilities then.
    groups
        Groupings within which the same is compared.

    Raises
    ------
    UseError
        Where the scores are of different people, or net benefit is asked of a score that is no
        probability.
    """
    both = first.is_probability and second.is_probability
    if thresholds and not both:
        raise UseError("net benefit at a risk needs two scores that are probabilities")
    if any(not 0 < one < 1 for one in thresholds):
        raise UseError(f"thresholds {list(thresholds)}: accepted are risks between 0 and 1")
    counts = np.ones(len(outcome)) if weight is None else weight
    named = list((groups or {}).items())
    divisions = [None, *(grouping for _, grouping in named)]
    cut = first.cut is not None and second.cut is not None
    tasks = [
        task_of(one, division, thresholds, probabilities=both, at_cut=cut)
        for division in divisions
        for one in (first, second)
    ]
    found = measure(tasks, outcome, counts, draws=draws, seed=seed)
    by_division = list(zip(found[::2], found[1::2], strict=True))
    events = int(outcome.sum())
    return Paired(
        people=len(outcome),
        events=events,
        draws=draws,
        seed=seed,
        level=level,
        probabilities=both,
        pairs=pairs_of(*by_division[0], 0, level=level),
        groups=tuple(
            GroupPairs(
                item=item,
                level=name,
                people=int((division.of == position).sum()),
                events=int(outcome[division.of == position].sum()),
                pairs=pairs_of(*sides, position, level=level),
            )
            for (item, division), sides in zip(named, by_division[1:], strict=True)
            for position, name in enumerate(division.levels)
        ),
    )


def task_of(
    score: Score,
    grouping: Grouping | None,
    thresholds: Sequence[float],
    *,
    probabilities: bool,
    at_cut: bool,
) -> Task:
    """What of one score is compared with another's; names are (figure, threshold)."""
    wanted = np.asarray(thresholds, dtype=np.float64)

    def compute(sums: Sums) -> Mapping[Hashable, Floats]:
        values: dict[FigureName, Floats] = {"auc": figures.auc(sums)}
        if probabilities:
            values["brier"] = figures.brier(sums)
            values["log_score"] = figures.log_score(sums)
            values["observed_expected"] = figures.observed_expected(sums)
            values["calibration_in_the_large"] = figures.calibration_in_the_large(sums)
        if at_cut:
            assert score.cut is not None
            rates = figures.at_cut(sums, score.cut)
            values |= {name: rates[name] for name in AT_CUT}
        keyed: dict[Hashable, Floats] = {(name, None): one for name, one in values.items()}
        if len(wanted):
            benefit = figures.net_benefit(sums, wanted)
            for at, threshold in enumerate(wanted.tolist()):
                keyed["net_benefit", threshold] = benefit[..., at]
        return keyed

    cuts = tuple(score.first_score(one) for one in thresholds)
    return Task(score, compute, grouping, cuts)


def pairs_of(
    first: Measured, second: Measured, position: int, *, level: float
) -> tuple[Pair, ...]:
    """Compare what was measured of both, in one group."""
    found = []
    for key in first.value:
        assert isinstance(key, tuple)
        a, b = float(first.value[key][position]), float(second.value[key][position])
        none = np.zeros((0, position + 1))
        one, two = (side.draws.get(key, none)[:, position] for side in (first, second))
        found.append(
            Pair(
                name=key[0],
                first=interval(a, one, level=level),
                second=interval(b, two, level=level),
                difference=interval(a - b, one - two, level=level),
                threshold=key[1],
            )
        )
    return tuple(found)
