"""What the gate measures: a candidate and what is in use, on the same people.

Almost every figure here is a mean over people of a paired difference, so that its interval follows
from that mean and its standard error: no draws and no seed, and an auditor gets the same numbers
with a spreadsheet. Error rates come from counts, with half a person added to every cell, so that
ten people without a difference do not pass for certainty (Agresti and Min 2005, Statistics in
Medicine 24, 729-740). Calibration has the sandwich error of its logistic regression. Follow-up
weights go into all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError
from riskengine.evaluation.document import Kind
from riskengine.evaluation.logistic import intercept
from riskengine.evaluation.metrics import auc, calibration_line, sigmoid
from riskengine.evaluation.paired import Score, compare
from riskengine.evaluation.people import Grouping
from riskengine.text import Text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bools = NDArray[np.bool_]

_DRAWS = 1000


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """One of two scores, as the gate looks at it.

    Attributes
    ----------
    rank
        Shape (people,): higher means more risk; ``None`` for tiers as practised.
    log_odds, risk
        Shape (people,): of a calibrated score; ``None`` otherwise.
    flagged
        Shape (people,): who is in the strict band by the cut-offs of its policy.
    """

    rank: Floats | Integers | None
    log_odds: Floats | None
    risk: Floats | None
    flagged: Bools


@dataclass(frozen=True)
class GroupValidation:
    """Figures of one group; differences are candidate minus what is in use.

    Attributes
    ----------
    reference
        Variance of the outcome in this group: what a Brier skill is measured by.
    """

    item: str
    item_label: Text
    group: str
    label: Text
    people: int
    events: int
    reference: float
    event_share: float
    calibration: Estimate | None = None
    brier: Estimate | None = None
    net_benefit: Estimate | None = None
    false_positive_rate: Estimate | None = None
    false_negative_rate: Estimate | None = None


@dataclass(frozen=True)
class Validation:
    """How a candidate did beside what is in use, on people with outcomes.

    Attributes
    ----------
    threshold
        Risk at which net benefit is taken: the candidate's at its strict cut. For a relative score
        the share of people with the event, at which nothing is gained by flagging everybody.
    against
        Whether there was anything to compare with, and whether it gave probabilities.
    """

    kind: Kind
    people: int
    events: int
    level: float
    event_share: float
    reference: float
    threshold: float
    calibrated: bool
    against: Literal["nothing", "practice", "relative", "calibrated"]
    auc: float | None
    ranking: Estimate | None = None
    brier: Estimate | None = None
    net_benefit: Estimate | None = None
    calibration: Estimate | None = None
    slope: Estimate | None = None
    groups: tuple[GroupValidation, ...] = ()


def measure(
    candidate: Judged,
    against: Judged | None,
    outcome: Integers,
    weight: Floats | None = None,
    *,
    kind: Kind,
    threshold: float | None,
    groups: Mapping[str, Grouping] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Validation:
    """Measure a candidate beside what is in use.

    Parameters
    ----------
    against
        The live model or tiers as practised; ``None`` where there is nothing.
    outcome, weight
        Shape (people,).
    threshold
        The candidate's risk at its strict cut; ``None`` for a relative score.
    seed
        Of the draws behind the difference in ranking; nothing else draws.

    Raises
    ------
    UseError
        Where the two are of different people, or there is nobody.
    """
    people = len(outcome)
    if not people or len(candidate.flagged) != people:
        raise UseError(f"[{len(candidate.flagged)}] scores and outcomes of [{people}] people")
    if against is not None and len(against.flagged) != people:
        raise UseError("the candidate and what is in use must be measured on the same people")
    counts = np.ones(people) if weight is None else weight
    events = int(outcome.sum())
    share = float(np.average(outcome, weights=counts))
    calibrated = candidate.risk is not None
    if calibrated != (threshold is not None):
        raise UseError("a calibrated score needs the risk at its cut, a relative one has none")
    at = share if threshold is None else threshold
    mixed = 0 < events < people
    ranked = candidate.rank is not None and mixed
    ranking = None
    if ranked and against is not None and against.rank is not None and not calibrated:
        assert candidate.rank is not None
        pair = compare(
            Score(rank=candidate.rank), Score(rank=against.rank), outcome, counts,
            seed=seed, draws=_DRAWS, level=level,
        ).pair("auc").difference  # fmt: skip
        ranking = Estimate(pair.value, pair.low, pair.high)
    whole = _Differences(candidate, against, outcome, counts, at, level)
    everyone = np.ones(people, dtype=np.bool_)
    slope = None
    if calibrated and mixed:
        assert candidate.log_odds is not None
        slope = calibration_slope(candidate.log_odds, outcome, counts, level)
    named = "nothing"
    if against is not None:
        named = "practice" if against.rank is None else "relative"
        if against.risk is not None:
            named = "calibrated"
    return Validation(
        kind=kind,
        people=people,
        events=events,
        level=level,
        event_share=share,
        reference=share * (1.0 - share),
        threshold=at,
        calibrated=calibrated,
        against=named,  # type: ignore[arg-type]
        auc=auc(np.asarray(candidate.rank, dtype=float), outcome, counts) if ranked else None,
        ranking=ranking,
        brier=whole.brier(everyone),
        net_benefit=whole.net_benefit(everyone),
        calibration=whole.calibration(everyone),
        slope=slope,
        groups=tuple(_groups(whole, groups or {}, outcome, counts)),
    )


def _groups(
    whole: _Differences, groups: Mapping[str, Grouping], outcome: Integers, counts: Floats
) -> Iterator[GroupValidation]:
    for item, division in groups.items():
        for position, name in enumerate(division.levels):
            here = division.of == position
            if not here.any():
                continue
            share = float(np.average(outcome[here], weights=counts[here]))
            yield GroupValidation(
                item=item,
                item_label=division.label,
                group=name,
                label=division.labels[position],
                people=int(here.sum()),
                events=int(outcome[here].sum()),
                reference=share * (1.0 - share),
                event_share=share,
                calibration=whole.calibration(here),
                brier=whole.brier(here),
                net_benefit=whole.net_benefit(here),
                false_positive_rate=whole.rate(here & (outcome == 0), sign=1),
                false_negative_rate=whole.rate(here & (outcome == 1), sign=-1),
            )


@dataclass(frozen=True)
class _Differences:
    """Paired differences of two scores among some of the people."""

    candidate: Judged
    against: Judged | None
    outcome: Integers
    weight: Floats
    threshold: float
    level: float

    @property
    def _reach(self) -> float:
        return NormalDist().inv_cdf((1.0 + self.level) / 2.0)

    def brier(self, here: Bools) -> Estimate | None:
        """Brier score of the candidate minus that of the other; above zero is worse."""
        if self.against is None or self.against.risk is None or self.candidate.risk is None:
            return None
        squares = (self.candidate.risk - self.outcome) ** 2
        return self._mean(squares - (self.against.risk - self.outcome) ** 2, here)

    def net_benefit(self, here: Bools) -> Estimate | None:
        """Net benefit of the candidate minus that of the other; below zero is worse."""
        if self.against is None or not 0 < self.threshold < 1:
            return None
        moved = self.candidate.flagged.astype(float) - self.against.flagged
        odds = self.threshold / (1.0 - self.threshold)
        return self._mean(moved * np.where(self.outcome == 1, 1.0, -odds), here)

    def rate(self, here: Bools, *, sign: int) -> Estimate | None:
        """Share flagged (sign 1) or not flagged (sign -1) by the candidate minus by the other.

        Weights are scaled to the effective number of people before half a person is added to each
        of the four cells.
        """
        if self.against is None or not here.any():
            return None
        weight = self.weight[here]
        weight = weight * (weight.sum() / (weight @ weight))
        one, other = self.candidate.flagged[here], self.against.flagged[here]
        total = float(weight.sum())
        more, fewer = float(weight[one & ~other].sum()), float(weight[~one & other].sum())
        value = (more - fewer) / total
        size, a, b = total + 2.0, more + 0.5, fewer + 0.5
        middle = (a - b) / size
        error = np.sqrt((a + b) - (a - b) ** 2 / size) / size
        low, high = middle - self._reach * error, middle + self._reach * error
        # a difference of shares lies between -1 and 1, and the interval holds what was seen
        low, high = max(-1.0, min(low, value)), min(1.0, max(high, value))
        ends = (low, high) if sign > 0 else (-high, -low)
        return Estimate(sign * value, float(ends[0]), float(ends[1]))

    def calibration(self, here: Bools) -> Estimate | None:
        """Calibration in the large of the candidate, in log-odds; 0 is ideal."""
        if self.candidate.log_odds is None:
            return None
        return calibration_in_the_large(
            self.candidate.log_odds[here], self.outcome[here], self.weight[here], self.level
        )

    def _mean(self, values: Floats, here: Bools) -> Estimate:
        chosen, weight = values[here], self.weight[here]
        total = float(weight.sum())
        mean = float(chosen @ weight) / total
        error = float(np.sqrt(((weight * (chosen - mean)) ** 2).sum())) / total
        return Estimate(mean, mean - self._reach * error, mean + self._reach * error)


def calibration_in_the_large(
    log_odds: Floats, outcome: Integers, weight: Floats, level: float
) -> Estimate | None:
    """Intercept of the logistic regression with the log-odds as offset; nothing without both."""
    if not 0 < outcome.sum() < len(outcome):
        return None
    shift = intercept(log_odds, outcome, weight)
    chances = sigmoid(log_odds + shift)
    curvature = float(weight @ (chances * (1.0 - chances)))
    error = float(np.sqrt(((weight * (outcome - chances)) ** 2).sum())) / curvature
    reach = NormalDist().inv_cdf((1.0 + level) / 2.0) * error
    return Estimate(shift, shift - reach, shift + reach)


def calibration_slope(
    log_odds: Floats, outcome: Integers, weight: Floats, level: float
) -> Estimate | None:
    """Slope of the logistic regression on the log-odds; nothing where there is none."""
    try:
        slope, intercept = calibration_line(log_odds, outcome, weight)
    except (ValueError, np.linalg.LinAlgError):
        return None
    chances = sigmoid(slope * log_odds + intercept)
    design = np.column_stack([log_odds, np.ones(len(log_odds))])
    bread = np.linalg.inv(design.T @ (design * (weight * chances * (1.0 - chances))[:, None]))
    parts = design * (weight * (outcome - chances))[:, None]
    covariance = bread @ (parts.T @ parts) @ bread
    reach = NormalDist().inv_cdf((1.0 + level) / 2.0) * float(np.sqrt(covariance[0, 0]))
    return Estimate(slope, slope - reach, slope + reach)
