"""The model beside another score of the same people, for the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.document import (
    Comparison,
    Difference,
    Figure,
    FigureName,
    GroupComparison,
    NetBenefitDifference,
    WhyNot,
)
from riskengine.evaluation.groups import FEWEST_EVENTS
from riskengine.evaluation.logistic import fit
from riskengine.evaluation.measuring import Score
from riskengine.evaluation.overall import CutAt
from riskengine.evaluation.paired import GroupPairs, Pair, compare
from riskengine.evaluation.people import Grouping, People
from riskengine.evaluation.suppression import hidden
from riskengine.evaluation.writing_figures import difference, figure, rounded
from riskengine.text import Text

Floats = NDArray[np.float64]

_AMONG_EVENTS = ("sensitivity", "false_negative_rate")
_AMONG_OTHERS = ("specificity", "false_positive_rate")
_BOTH_NEEDED = ("auc", "calibration_in_the_large", "observed_expected")


@dataclass(frozen=True)
class Rival:
    """Another score of the same people.

    Attributes
    ----------
    known
        Shape (people,): who has it.
    score
        Of those who have it, in their order. Without a cut it is compared at the score that flags
        the same share of people.
    note
        What flatters or burdens it.
    """

    against: Literal["incumbent", "model"]
    label: Text
    name: str
    known: NDArray[np.bool_]
    score: Score
    sha256: str | None = None
    note: Text | None = None


def at_same_share(score: Score, weight: Floats, share: float) -> Score:
    """A score cut where it flags a share of people; with ties, the share nearest to it."""
    values, at = np.unique(score.rank, return_inverse=True)
    sizes = np.bincount(at, weights=weight, minlength=len(values))
    above = np.cumsum(sizes[::-1])[::-1] / sizes.sum()
    nearest = float(values[np.argmin(np.abs(above - share))])
    return Score(score.rank, score.log_odds, score.risk, nearest)


def calibrated_here(score: Score, people: People) -> Score | None:
    """A score made a probability by these people's own outcomes, which flatters it.

    Logistic regression on the score (Platt 1999), with the weights of the people.
    """
    rank = np.asarray(score.rank, dtype=np.float64)
    spread = float(rank.std())
    if not spread > 0:
        return None
    line = np.column_stack([(rank - rank.mean()) / spread, np.ones(len(rank))])
    weight, outcome = people.weight, people.outcome
    found = fit(line, weight * (1 - outcome), weight * outcome)
    if not np.isfinite(found).all() or not found[0] > 0:
        return None
    log_odds: Floats = line @ found
    return Score(score.rank, log_odds, 1.0 / (1.0 + np.exp(-log_odds)), score.cut)


def comparison(
    people: People,
    rival: Rival,
    cuts: Sequence[CutAt],
    operating: CutAt | None,
    *,
    draws: int,
    seed: int,
    level: float,
    smallest: int,
) -> Comparison:
    """Compare the model with another score, among those who have it.

    Parameters
    ----------
    operating
        The cut at which rates are compared.
    """
    here = people.take(rival.known)
    ours = Score.of(here, None if operating is None else operating.score)
    other = rival.score
    if operating is not None and other.cut is None:
        share = float(np.average(here.score >= operating.score, weights=here.weight))
        other = at_same_share(other, here.weight, share)
    both = ours.is_probability and other.is_probability
    risks = {cut.risk: cut.id for cut in cuts if cut.risk is not None and 0 < cut.risk < 1}
    thresholds = sorted(risks) if both else []
    found = compare(
        ours,
        other,
        here.outcome,
        here.weight,
        seed=seed,
        thresholds=thresholds,
        groups=here.groups,
        draws=draws,
        level=level,
    )
    first, second, differences, benefit = _written(found.pairs, risks, {})
    return Comparison(
        against=rival.against,
        label=rival.label,
        name=rival.name,
        sha256=rival.sha256,
        people=len(here),
        events=here.events,
        probabilities=both,
        first=first,
        second=second,
        differences=differences,
        net_benefit=benefit,
        groups=tuple(
            one
            for item, grouping in here.groups.items()
            for one in _groups(
                here, grouping, [g for g in found.groups if g.item == item], risks, smallest
            )
        ),
        note=rival.note,
    )


def _groups(
    people: People,
    grouping: Grouping,
    found: Sequence[GroupPairs],
    risks: Mapping[float, str],
    smallest: int,
) -> list[GroupComparison]:
    size = np.bincount(grouping.of, minlength=len(grouping.levels))
    secret = hidden(size, smallest)
    written = []
    for at, one in enumerate(found):
        name, label = grouping.levels[at], grouping.labels[at]
        if secret[at]:
            written.append(
                GroupComparison(item=grouping.id, group=name, label=label, suppressed=True)
            )
        elif size[at]:
            events = int(people.outcome[grouping.of == at].sum())
            others = int(size[at]) - events
            reasons: dict[str, WhyNot] = {}
            if events < FEWEST_EVENTS:
                reasons |= dict.fromkeys((*_AMONG_EVENTS, *_BOTH_NEEDED), "few_events")
            if others < FEWEST_EVENTS:
                reasons |= dict.fromkeys((*_AMONG_OTHERS, *_BOTH_NEEDED), "few_people")
            first, second, differences, benefit = _written(one.pairs, risks, reasons)
            written.append(
                GroupComparison(
                    item=grouping.id,
                    group=name,
                    label=label,
                    people=int(size[at]),
                    events=events,
                    first=first,
                    second=second,
                    differences=differences,
                    net_benefit=benefit,
                )
            )
    return written


def _written(
    pairs: Sequence[Pair], risks: Mapping[float, str], reasons: Mapping[str, WhyNot]
) -> tuple[
    tuple[Figure, ...],
    tuple[Figure, ...],
    tuple[Difference, ...],
    tuple[NetBenefitDifference, ...],
]:
    first: list[Figure] = []
    second: list[Figure] = []
    differences: list[Difference] = []
    benefit: list[NetBenefitDifference] = []
    for pair in pairs:
        name: FigureName = pair.name
        reason = reasons.get(name)
        if pair.threshold is not None:
            benefit.append(
                NetBenefitDifference(
                    threshold=rounded(pair.threshold),
                    cut=risks.get(pair.threshold),
                    difference=difference(name, pair.difference, "nobody"),
                )
            )
        elif reason is not None:
            first.append(Figure(name=name, why_not=reason))
            second.append(Figure(name=name, why_not=reason))
            differences.append(Difference(name=name, why_not=reason))
        else:
            first.append(figure(name, pair.first, "nobody"))
            second.append(figure(name, pair.second, "nobody"))
            differences.append(difference(name, pair.difference, "nobody"))
    return tuple(first), tuple(second), tuple(differences), tuple(benefit)
