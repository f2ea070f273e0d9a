"""Figures by group and within strata: at every cut, with gaps to the largest group.

Nothing is ever measured at a risk of one half. A group that is too small, or from which a small
one could be worked out, is hidden altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation import figures
from riskengine.evaluation.cells import Sums
from riskengine.evaluation.document import (
    CutFigures,
    Difference,
    Figure,
    FigureName,
    GroupCell,
    Groups,
    Multiplicity,
    WhyNot,
)
from riskengine.evaluation.intervals import interval, stand_out
from riskengine.evaluation.logistic import Smoother
from riskengine.evaluation.measuring import Measured, Score, Task
from riskengine.evaluation.overall import CutAt
from riskengine.evaluation.people import Grouping, People
from riskengine.evaluation.suppression import hidden
from riskengine.evaluation.words import joined, percent, text
from riskengine.evaluation.writing_figures import difference, drawn, figure
from riskengine.text import Text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST_EVENTS = 10
"""Events, and people without, that a group needs for a rate among them, an AUC or an intercept."""
FEWEST_FOR_SLOPE = 20
FEWEST_FOR_CURVE = 50
"""The same for a calibration slope, and for a calibration curve and the ICI."""
FEWEST_BESIDE = 10
"""People on one side of a cut for a predictive value."""

_ALWAYS: tuple[FigureName, ...] = ("event_share",)
_OF_PROBABILITY: tuple[FigureName, ...] = ("mean_risk", "brier", "log_score")
_WITH_EVENTS: tuple[FigureName, ...] = ("auc",)
_CALIBRATION: tuple[FigureName, ...] = ("observed_expected", "calibration_in_the_large")
_SLOPE: tuple[FigureName, ...] = ("calibration_slope",)
_CURVE: tuple[FigureName, ...] = ("ici",)

AT_CUT: tuple[FigureName, ...] = (
    "share_flagged",
    "false_positive_rate",
    "false_negative_rate",
    "ppv",
    "npv",
)
GAPS: tuple[FigureName, ...] = ("auc", "observed_expected", "calibration_in_the_large")
GAPS_AT_CUT: tuple[FigureName, ...] = (
    "share_flagged",
    "false_positive_rate",
    "false_negative_rate",
    "ppv",
)


@dataclass(frozen=True)
class Division:
    """One grouping, among everybody or within the levels of a stratum.

    Attributes
    ----------
    by
        Groups, or stratum times group; position = stratum x number of groups + group.
    """

    grouping: Grouping
    stratum: Grouping | None
    by: Grouping

    @classmethod
    def of(cls, grouping: Grouping, stratum: Grouping | None = None) -> Division:
        """Groups within every level of a stratum."""
        if stratum is None:
            return cls(grouping, None, grouping)
        width = len(grouping.levels)
        names = [(s, g) for s in range(len(stratum.levels)) for g in range(width)]
        return cls(
            grouping,
            stratum,
            replace(
                grouping,
                levels=tuple(f"{stratum.levels[s]}/{grouping.levels[g]}" for s, g in names),
                labels=tuple(grouping.labels[g] for _, g in names),
                of=stratum.of * width + grouping.of,
            ),
        )


def group_task(
    people: People, division: Division, cuts: Sequence[CutAt], smoother: Smoother | None
) -> Task:
    """What is measured of every group; fits only where there are events enough."""
    size, events = _counts(people, division.by)
    fewer = np.minimum(events, size - events)
    within = division.stratum is not None

    def compute(sums: Sums) -> Mapping[Hashable, Floats]:
        at = sums.cells.positions
        found: dict[Hashable, Floats] = {
            "event_share": figures.event_share(sums),
            "auc": figures.auc(sums),
        }
        for cut in cuts:
            rates = figures.at_cut(sums, cut.score)
            found |= {(cut.id, name): rates[name] for name in AT_CUT}
            if cut.risk is not None and 0 < cut.risk < 1:
                benefit = figures.net_benefit_at(sums, cut.score, cut.risk)
                found[cut.id, "net_benefit"] = benefit
        if people.risk is not None:
            found["mean_risk"] = figures.mean_risk(sums)
            found["brier"] = figures.brier(sums)
            found["log_score"] = figures.log_score(sums)
            found["observed_expected"] = figures.observed_expected(sums)
            enough = fewer[at] >= FEWEST_EVENTS
            found["calibration_in_the_large"] = _among(
                sums, enough, figures.calibration_in_the_large
            )
            if not within:
                assert smoother is not None
                enough = fewer[at] >= FEWEST_FOR_SLOPE
                found["calibration_slope"] = _among(sums, enough, figures.calibration_slope)
                enough = fewer[at] >= FEWEST_FOR_CURVE
                found["ici"] = _among(
                    sums, enough, lambda some: figures.calibration_errors(some, smoother)[0]
                )
        return found

    return Task(Score.of(people), compute, division.by, tuple(float(cut.score) for cut in cuts))


def _among(sums: Sums, enough: NDArray[np.bool_], of: Callable[[Sums], Floats]) -> Floats:
    """A figure of some groups only; the others have none."""
    found = np.full(sums.both.shape[:2], np.nan)
    if enough.any():
        found[:, enough] = of(sums.only(enough))
    return found


def _counts(people: People, by: Grouping) -> tuple[Integers, Integers]:
    size = np.bincount(by.of, minlength=len(by.levels))
    events = np.bincount(by.of[people.outcome == 1], minlength=len(by.levels))
    return size, events


@dataclass(frozen=True)
class _Counts:
    """What decides whether a figure of a group can be shown."""

    size: int
    events: int
    calibrated: bool

    def reason(self, name: FigureName) -> WhyNot | None:
        """Why an overall figure of the group is not measured; nothing where it is."""
        fewer = min(self.events, self.size - self.events)
        probability = (*_OF_PROBABILITY, *_CALIBRATION, *_SLOPE, *_CURVE)
        if name in probability and not self.calibrated:
            return "no_probability"
        needed = {
            **dict.fromkeys((*_WITH_EVENTS, *_CALIBRATION), FEWEST_EVENTS),
            **dict.fromkeys(_SLOPE, FEWEST_FOR_SLOPE),
            **dict.fromkeys(_CURVE, FEWEST_FOR_CURVE),
        }
        return "few_events" if fewer < needed.get(name, 0) else None

    def reason_at_cut(self, name: FigureName, flagged: int) -> WhyNot | None:
        """The same for a figure at a cut."""
        if name == "false_negative_rate" and self.events < FEWEST_EVENTS:
            return "few_events"
        if name == "false_positive_rate" and self.size - self.events < FEWEST_EVENTS:
            return "few_people"
        beside = {"ppv": flagged, "npv": self.size - flagged}.get(name)
        return "few_people" if beside is not None and beside < FEWEST_BESIDE else None


def groups_of(
    people: People,
    division: Division,
    found: Measured,
    cuts: Sequence[CutAt],
    *,
    level: float,
    smallest: int,
    operating: str | None,
) -> list[Groups]:
    """Write the groups of one division: one table, or one a stratum."""
    width = len(division.grouping.levels)
    size, events = _counts(people, division.by)
    strata = 1 if division.stratum is None else len(division.stratum.levels)
    table = size.reshape(strata, width)
    secret = hidden(table if division.stratum is not None else table[0], smallest)
    secret = secret.reshape(strata, width)
    flagged = {
        cut.id: np.bincount(division.by.of[people.score >= cut.score], minlength=len(size))
        for cut in cuts
    }
    counts = [
        _Counts(int(n), int(e), people.risk is not None) for n, e in zip(size, events, strict=True)
    ]
    written = []
    for stratum in range(strata):
        shown = [g for g in range(width) if table[stratum, g] and not secret[stratum, g]]
        if division.stratum is not None and len(shown) < 2:
            # within a stratum groups are only there to be compared
            continue
        reference = max(shown, key=lambda g: table[stratum, g]) if shown else None
        cells = []
        for group in range(width):
            at = stratum * width + group
            name, label = division.grouping.levels[group], division.grouping.labels[group]
            if secret[stratum, group]:
                cells.append(GroupCell(group=name, label=label, suppressed=True))
            elif size[at]:
                cells.append(
                    _cell(
                        (name, label),
                        at,
                        None if reference in (None, group) else stratum * width + reference,
                        found,
                        cuts,
                        counts,
                        flagged,
                        level,
                        within=division.stratum is not None,
                    )
                )
        one = Groups(
            item=division.grouping.id,
            label=division.grouping.label,
            column=division.grouping.column,
            reference=None if reference is None else division.grouping.levels[reference],
            within=None
            if division.stratum is None
            else (division.stratum.id, division.stratum.levels[stratum]),
            within_label=None
            if division.stratum is None
            else joined_label(division.stratum, stratum),
            cells=tuple(cells),
        )
        if division.stratum is None and operating is not None:
            words = _trade_off(people, division.grouping, one, cuts, operating)
            one = one.model_copy(update={"trade_off": words})
        written.append(one)
    return written


def joined_label(stratum: Grouping, position: int) -> Text:
    """Name of a stratum's level with the name of the stratum."""
    name, label = stratum.label, stratum.labels[position]
    return Text(zh=f"{name.zh}：{label.zh}", en=f"{name.en}: {label.en}")


def _cell(
    named: tuple[str, Text],
    at: int,
    reference: int | None,
    found: Measured,
    cuts: Sequence[CutAt],
    counts: Sequence[_Counts],
    flagged: Mapping[str, Integers],
    level: float,
    *,
    within: bool,
) -> GroupCell:
    own = counts[at]
    names = (*_ALWAYS, *_OF_PROBABILITY, *_WITH_EVENTS, *_CALIBRATION)
    if not within:
        names = (*names, *_SLOPE, *_CURVE)

    def one(name: FigureName) -> Figure:
        reason = own.reason(name)
        if reason is not None:
            return Figure(name=name, why_not=reason)
        return figure(name, drawn(found, name, at, level), "separated")

    def gap(name: FigureName, key: Hashable, reasons: Sequence[WhyNot | None]) -> Difference:
        reason = next((r for r in reasons if r is not None), None)
        if reason is not None:
            return Difference(name=name, why_not=reason)
        assert reference is not None
        value, draws = found.value[key], found.draws.get(key)
        apart = interval(
            float(value[at] - value[reference]),
            np.zeros(0) if draws is None else draws[:, at] - draws[:, reference],
            level=level,
        )
        return difference(name, apart, "separated")

    at_cuts = []
    for cut in cuts:
        chosen = flagged[cut.id]
        with_benefit = cut.risk is not None and 0 < cut.risk < 1
        listed: tuple[FigureName, ...] = (*AT_CUT, "net_benefit") if with_benefit else AT_CUT
        rates = []
        for name in listed:
            reason = own.reason_at_cut(name, int(chosen[at]))
            rates.append(
                Figure(name=name, why_not=reason)
                if reason is not None
                else figure(name, drawn(found, (cut.id, name), at, level), "nobody")
            )
        gaps: list[Difference] = []
        if reference is not None:
            gaps = [
                gap(
                    name,
                    (cut.id, name),
                    [counts[g].reason_at_cut(name, int(chosen[g])) for g in (at, reference)],
                )
                for name in GAPS_AT_CUT
            ]
        at_cuts.append(CutFigures(cut=cut.id, figures=tuple(rates), gaps=tuple(gaps)))
    return GroupCell(
        group=named[0],
        label=named[1],
        people=own.size,
        events=own.events,
        figures=tuple(one(name) for name in names),
        gaps=()
        if reference is None
        else tuple(gap(n, n, [counts[g].reason(n) for g in (at, reference)]) for n in GAPS),
        at=tuple(at_cuts),
    )


# --- Calibration against equal errors ------------------------------------------------------------


def _trade_off(
    people: People, grouping: Grouping, table: Groups, cuts: Sequence[CutAt], operating: str
) -> Text | None:
    """Say what equal errors would ask, for the group whose false-positive rate is furthest off."""
    cut = next(one for one in cuts if one.id == operating)
    shown = {cell.group: cell for cell in table.cells if not cell.suppressed}
    rates = {name: {f.name: f.value for f in _at(cell, operating)} for name, cell in shown.items()}

    def whole(name: str) -> bool:
        needed = ("false_positive_rate", "false_negative_rate")
        return all(rates[name][one] is not None for one in needed)  # type: ignore[index]

    reference = table.reference
    others = [name for name in shown if name != reference and whole(name)]
    if reference is None or not whole(reference) or not others:
        return None
    base = rates[reference]
    wrongly: FigureName = "false_positive_rate"

    def away(name: str) -> float:
        return abs(float(rates[name][wrongly] or 0) - float(base[wrongly] or 0))

    group = max(others, key=away)
    label = {name: cell.label for name, cell in shown.items()}
    middle = [_other_cut(people, grouping, group, label[group], cut, float(base[wrongly] or 0))]
    per_100 = {name: _observed(shown[name]) for name in (group, reference)}
    if all(value is not None for value in per_100.values()):
        middle.append(
            text(
                "trade_off_calibrated",
                group=label[group],
                reference=label[reference],
                oe_group=f"{100 * (per_100[group] or 0):.0f}",
                oe_reference=f"{100 * (per_100[reference] or 0):.0f}",
            )
        )
    return text(
        "trade_off",
        item=table.label,
        group=label[group],
        reference=label[reference],
        cut=cut.label,
        fpr_group=percent(rates[group]["false_positive_rate"] or 0),
        fpr_reference=percent(base["false_positive_rate"] or 0),
        fnr_group=percent(rates[group]["false_negative_rate"] or 0),
        fnr_reference=percent(base["false_negative_rate"] or 0),
        share_group=percent(_share(shown[group])),
        share_reference=percent(_share(shown[reference])),
        middle=_spaced(joined(*middle)),
    )


def _spaced(words: Text) -> Text:
    return Text(zh=words.zh, en=f"{words.en} ")


def _at(cell: GroupCell, cut: str) -> tuple[Figure, ...]:
    return next(one.figures for one in cell.at if one.cut == cut)


def _share(cell: GroupCell) -> float:
    return float(next(f.value for f in cell.figures if f.name == "event_share") or 0)


def _observed(cell: GroupCell) -> float | None:
    return next(f.value for f in cell.figures if f.name == "observed_expected")


def _other_cut(
    people: People, grouping: Grouping, group: str, label: Text, cut: CutAt, wanted: float
) -> Text:
    """Where a group's line would have to lie for the reference group's false-positive rate."""
    here = (grouping.of == grouping.levels.index(group)) & (people.outcome == 0)
    values, at = np.unique(people.score[here], return_inverse=True)
    weight = np.bincount(at, weights=people.weight[here], minlength=len(values))
    rate = np.cumsum(weight[::-1])[::-1] / weight.sum()
    nearest = int(values[np.argmin(np.abs(rate - wanted))])
    if people.risk is None or cut.risk is None:
        return text("trade_off_cut_score", group=label, score=cut.score, other=nearest)
    risk = float(people.risk[people.score == nearest][0])
    return text("trade_off_cut_risk", group=label, risk=percent(cut.risk), other=percent(risk))


# --- Many differences at once --------------------------------------------------------------------


def with_multiplicity(
    tables: Sequence[Groups], level: float
) -> tuple[tuple[Groups, ...], Multiplicity]:
    """Mark the gaps that still stand out when all of them are looked at together."""
    every = [gap for table in tables for gap in _gaps(table)]
    p_values = np.array([np.nan if gap.p is None else gap.p for gap in every])
    marks = iter(zip(stand_out(p_values), np.isfinite(p_values), strict=True))

    def marked(gaps: Sequence[Difference]) -> tuple[Difference, ...]:
        found = []
        for gap in gaps:
            stands, known = next(marks)
            found.append(gap.model_copy(update={"stands_out": bool(stands)}) if known else gap)
        return tuple(found)

    written = []
    for table in tables:
        cells = []
        for cell in table.cells:
            gaps = marked(cell.gaps)
            at = tuple(one.model_copy(update={"gaps": marked(one.gaps)}) for one in cell.at)
            cells.append(cell.model_copy(update={"gaps": gaps, "at": at}))
        written.append(table.model_copy(update={"cells": tuple(cells)}))
    looked_at = int(np.isfinite(p_values).sum())
    outside = sum(
        gap.low is not None and gap.high is not None and not gap.low <= 0 <= gap.high
        for gap in every
    )
    stand = sum(gap.stands_out is True for table in written for gap in _gaps(table))
    return tuple(written), Multiplicity(
        looked_at=looked_at,
        by_chance=round(looked_at * (1 - level), 1),
        outside=outside,
        stand_out=stand,
    )


def _gaps(table: Groups) -> list[Difference]:
    """All gaps of a table, in the order in which they are marked."""
    found: list[Difference] = []
    for cell in table.cells:
        found += cell.gaps
        for one in cell.at:
            found += one.gaps
    return found
