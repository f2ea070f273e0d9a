"""How well a score does on everybody: ranking, accuracy, calibration, cuts, decision curve."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from riskengine.evaluation import figures
from riskengine.evaluation.cells import Sums
from riskengine.evaluation.document import (
    CalibrationBin,
    CalibrationPlot,
    CurvePoint,
    Cut,
    CutKind,
    DecisionCurve,
    Figure,
    FigureName,
    ScoreSpread,
    Strategy,
    WhyNot,
)
from riskengine.evaluation.intervals import Interval
from riskengine.evaluation.logistic import Smoother, weighted_quantiles
from riskengine.evaluation.measuring import Measured, Score, Task
from riskengine.evaluation.people import People
from riskengine.evaluation.words import text
from riskengine.evaluation.writing_figures import drawn, figure, rounded
from riskengine.text import Text

Floats = NDArray[np.float64]

RANKING: tuple[FigureName, ...] = ("event_share", "auc")
PROBABILITY: tuple[FigureName, ...] = (
    "mean_risk",
    "brier",
    "brier_reference",
    "brier_skill",
    "log_score",
    "observed_expected",
    "calibration_in_the_large",
    "calibration_slope",
    "ici",
    "e50",
    "e90",
)
AT_CUT: tuple[FigureName, ...] = (
    "share_flagged",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "lift",
    "false_positive_rate",
    "false_negative_rate",
)

_TENTHS = 10
_CURVE_POINTS = 41
_THRESHOLDS = 50
_HISTOGRAM = 40
_SPREAD_QUANTILES = 200


@dataclass(frozen=True)
class CutAt:
    """A line in the score.

    Attributes
    ----------
    score
        Flagged are people from this score on.
    risk
        The risk there, of a calibrated scale.
    """

    id: str
    kind: CutKind
    label: Text
    score: int
    risk: float | None


@dataclass(frozen=True)
class Layout:
    """Where things are taken: fixed on everybody once, so that draws do not move it."""

    cuts: tuple[CutAt, ...]
    smoother: Smoother | None
    bin_edges: Floats
    curve_at: Floats


def top_cut(people: People, share: float) -> int:
    """Lowest score that flags at most a share of the people; beyond all where ties forbid it."""
    values, at = np.unique(people.score, return_inverse=True)
    weight = np.bincount(at, weights=people.weight, minlength=len(values))
    above = np.cumsum(weight[::-1])[::-1] / weight.sum()
    fits = np.flatnonzero(above <= share * (1 + 1e-12))
    return int(values[fits[0]]) if len(fits) else int(values[-1]) + 1


def layout(people: People, cuts: Sequence[CutAt], smallest: int) -> Layout:
    """Fix knots, bins and the places of the curve.

    Parameters
    ----------
    smallest
        Fewest people in a bin.
    """
    none = np.zeros(0)
    if people.risk is None:
        return Layout(tuple(cuts), None, none, none)
    smoother = Smoother(people.log_odds, people.weight)
    parts = max(1, min(_TENTHS, len(people) // smallest))
    shares = tuple(np.linspace(0, 1, parts + 1)[1:-1].tolist())
    score = people.score.astype(np.float64)
    edges = np.unique(weighted_quantiles(score, people.weight, shares)) if shares else none
    edges = _without_small(score, edges, smallest)
    low, high = weighted_quantiles(people.log_odds, people.weight, (0.005, 0.995))
    curve_at = np.linspace(low, high, _CURVE_POINTS) if high > low else none
    return Layout(tuple(cuts), smoother, edges, curve_at)


def _without_small(values: Floats, edges: Floats, smallest: int) -> Floats:
    """Leave out inner edges until nothing between two holds fewer people than are shown."""
    kept = list(edges)
    while kept:
        sizes = np.bincount(np.searchsorted(kept, values, side="right"), minlength=len(kept) + 1)
        at = int(np.argmin(sizes))
        if sizes[at] >= smallest:
            break
        # join it to the smaller of its neighbours
        left = at > 0 and (at == len(kept) or sizes[at - 1] <= sizes[at + 1])
        del kept[at - 1 if left else at]
    return np.array(kept)


def overall_task(people: People, plan: Layout) -> Task:
    """What is measured of everybody."""
    calibrated = people.risk is not None

    def compute(sums: Sums) -> Mapping[Hashable, Floats]:
        found: dict[Hashable, Floats] = {
            "event_share": figures.event_share(sums),
            "auc": figures.auc(sums),
        }
        for cut in plan.cuts:
            for name, values in figures.at_cut(sums, cut.score).items():
                found[cut.id, name] = values
            if cut.risk is not None and 0 < cut.risk < 1:
                found[cut.id, "net_benefit"] = figures.net_benefit_at(sums, cut.score, cut.risk)
        if calibrated:
            found |= _calibration(sums, plan)
        return found

    cuts = (*(float(cut.score) for cut in plan.cuts), *plan.bin_edges.tolist())
    return Task(Score.of(people), compute, None, cuts)


def _calibration(sums: Sums, plan: Layout) -> dict[Hashable, Floats]:
    assert plan.smoother is not None
    ici, e50, e90, line = figures.calibration_errors(sums, plan.smoother)
    found: dict[Hashable, Floats] = {
        "mean_risk": figures.mean_risk(sums),
        "brier": figures.brier(sums),
        "brier_reference": figures.brier_reference(sums),
        "brier_skill": figures.brier_skill(sums),
        "log_score": figures.log_score(sums),
        "observed_expected": figures.observed_expected(sums),
        "calibration_in_the_large": figures.calibration_in_the_large(sums),
        "calibration_slope": figures.calibration_slope(sums),
        "ici": ici,
        "e50": e50,
        "e90": e90,
    }
    if len(plan.curve_at):
        curve = expit(line @ plan.smoother.design(plan.curve_at).T)
        for at in range(len(plan.curve_at)):
            found["curve", at] = curve[..., at]
    marks = sums.cells.marks
    bins = np.searchsorted(plan.bin_edges, marks.score, side="right")
    assert marks.risk is not None
    for number in range(len(plan.bin_edges) + 1):
        inside = (bins == number).astype(np.float64)
        weight = sums.both @ inside
        found["bin", number, "weight"] = weight
        found["bin", number, "predicted"] = figures.ratio(
            sums.both @ (inside * marks.risk), weight
        )
        found["bin", number, "observed"] = figures.ratio(sums.events @ inside, weight)
    return found


def reason_for(name: FigureName, people: People) -> WhyNot:
    """Why an overall figure can be missing."""
    events = people.events
    if name in PROBABILITY and people.risk is None:
        return "no_probability"
    if events == 0:
        return "no_events"
    if events == len(people):
        return "only_events"
    if name in ("calibration_slope", "ici", "e50", "e90"):
        return "no_spread" if len(np.unique(people.log_odds)) < 2 else "separated"
    return "nobody"


def overall_figures(people: People, found: Measured, level: float) -> tuple[Figure, ...]:
    """Figures of everybody; those of probabilities with the reason where there are none."""
    return tuple(
        figure(name, drawn(found, name, 0, level), reason_for(name, people))
        for name in (*RANKING, *PROBABILITY)
    )


def cuts_of(people: People, plan: Layout, found: Measured, level: float) -> tuple[Cut, ...]:
    """Every cut with its figures."""
    listed = []
    for cut in plan.cuts:
        names = AT_CUT if people.risk is None else (*AT_CUT, "net_benefit")
        listed.append(
            Cut(
                id=cut.id,
                kind=cut.kind,
                label=cut.label,
                score=cut.score,
                risk=None if cut.risk is None else rounded(cut.risk),
                figures=tuple(
                    figure(name, drawn(found, (cut.id, name), 0, level), reason_for(name, people))
                    for name in names
                ),
            )
        )
    return tuple(listed)


def calibration_plot(
    people: People, plan: Layout, found: Measured, level: float, smallest: int
) -> CalibrationPlot | None:
    """Bins, smooth curve and histogram of a calibrated model."""
    if people.risk is None:
        return None
    of = np.searchsorted(plan.bin_edges, people.score, side="right")
    bins = tuple(
        CalibrationBin(
            people=int((of == number).sum()),
            weight=rounded(found.value["bin", number, "weight"][0]),
            predicted=rounded(found.value["bin", number, "predicted"][0]),
            observed=figure(
                "event_share", drawn(found, ("bin", number, "observed"), 0, level), "nobody"
            ),
        )
        for number in range(len(plan.bin_edges) + 1)
    )
    points = []
    for at, predicted in enumerate(expit(plan.curve_at).tolist()):
        one = drawn(found, ("curve", at), 0, level)
        if np.isfinite(one.value):
            known = np.isfinite(one.low)
            points.append(
                CurvePoint(
                    predicted=rounded(predicted),
                    observed=rounded(one.value),
                    low=rounded(one.low) if known else None,
                    high=rounded(one.high) if known else None,
                )
            )
    edges, without, events = _histogram(people.risk, people, 0.0, smallest)
    return CalibrationPlot(
        bins=bins, curve=tuple(points), edges=edges, without_event=without, with_event=events
    )


def spread_of(people: People, smallest: int) -> ScoreSpread:
    """How scores are spread."""
    shares = tuple(np.linspace(0, 1, _SPREAD_QUANTILES + 1).tolist())
    score = people.score.astype(np.float64)
    quantiles = weighted_quantiles(score, people.weight, shares).astype(np.int64)
    edges, without, events = _histogram(score, people, float(score.min()), smallest)
    return ScoreSpread(
        quantiles=tuple(quantiles.tolist()),
        edges=edges,
        without_event=without,
        with_event=events,
    )


def _histogram(
    values: Floats, people: People, low: float, smallest: int
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    high = float(values.max())
    edges = np.linspace(low, high if high > low else low + 1.0, _HISTOGRAM + 1)
    inner = _without_small(values, edges[1:-1], smallest)
    edges = np.concatenate([edges[:1], inner, edges[-1:]])
    counts = [
        np.histogram(values[here], bins=edges, weights=people.weight[here])[0]
        for here in (people.outcome == 0, people.outcome == 1)
    ]
    return (
        tuple(map(rounded, edges.tolist())),
        tuple(map(rounded, counts[0].tolist())),
        tuple(map(rounded, counts[1].tolist())),
    )


# --- Decision curve -----------------------------------------------------------------------------


StrategyId = Literal["model", "all", "none", "incumbent", "against"]


@dataclass(frozen=True)
class Line:
    """A score whose net benefit is drawn."""

    id: StrategyId
    label: Text
    score: Score
    note: Text | None = None


def thresholds_of(people: People, cuts: Sequence[CutAt]) -> Floats:
    """Thresholds where decisions can lie: the middle 98 % of risks, and every cut."""
    assert people.risk is not None
    low, high = logit(
        np.clip(weighted_quantiles(people.risk, people.weight, (0.01, 0.99)), 1e-4, 0.99)
    )
    at = expit(np.linspace(low - 0.25, high + 0.25, _THRESHOLDS))
    risks = [cut.risk for cut in cuts if cut.risk is not None and 0 < cut.risk < 1]
    return np.unique(np.round(np.concatenate([at, risks]), 6))


def curve_task(line: Line, thresholds: Floats) -> Task:
    """Net benefit of one score at all thresholds, and of flagging everybody."""

    def compute(sums: Sums) -> Mapping[Hashable, Floats]:
        benefit = figures.net_benefit(sums, thresholds)
        found: dict[Hashable, Floats] = {at: benefit[..., at] for at in range(len(thresholds))}
        everybody = figures.net_benefit_of_all(sums, thresholds)
        found |= {("all", at): everybody[..., at] for at in range(len(thresholds))}
        return found

    cuts = tuple(line.score.first_score(one) for one in thresholds.tolist())
    return Task(line.score, compute, None, cuts)


def decision_curve(
    people: int, lines: Sequence[Line], found: Sequence[Measured], thresholds: Floats, level: float
) -> DecisionCurve:
    """Put the lines together: each score, everybody, nobody."""
    strategies = []
    places = range(len(thresholds))
    for line, one in zip(lines, found, strict=True):
        strategies.append(
            _strategy(line.id, line.label, [drawn(one, at, 0, level) for at in places], line.note)
        )
    everybody = [drawn(found[0], ("all", at), 0, level) for at in places]
    strategies.append(_strategy("all", text("strategy_all"), everybody, None))
    strategies.append(
        Strategy(
            id="none",
            label=text("strategy_none"),
            net_benefit=tuple(0.0 for _ in places),
        )
    )
    return DecisionCurve(
        people=people,
        thresholds=tuple(map(rounded, thresholds.tolist())),
        strategies=tuple(strategies),
    )


def _strategy(id_: StrategyId, label: Text, at: Sequence[Interval], note: Text | None) -> Strategy:
    values = [one.value for one in at]
    lows = [one.low for one in at]
    highs = [one.high for one in at]
    known = bool(np.isfinite(lows).all())
    return Strategy(
        id=id_,
        label=label,
        net_benefit=tuple(map(rounded, values)),
        low=tuple(map(rounded, lows)) if known else (),
        high=tuple(map(rounded, highs)) if known else (),
        note=note,
    )
