"""Figures for notebooks, by matplotlib; the pages of a report draw their own.

matplotlib is imported inside the functions: only analysts have it.
"""

from __future__ import annotations

from typing import Any

from riskengine.errors import Language, UseError
from riskengine.evaluation.document import Evaluation, FigureName
from riskengine.evaluation.words import figure_label

_HEADS = {
    "predicted": {"zh": "预测风险", "en": "predicted risk"},
    "observed": {"zh": "实际发生率", "en": "observed share"},
    "threshold": {"zh": "风险阈值", "en": "threshold"},
    "net_benefit": {"zh": "净获益", "en": "net benefit"},
}


def calibration_figure(found: Evaluation, *, lang: Language = "en") -> Any:
    """Observed against predicted risk: bins with intervals, smooth curve with its band.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UseError
        Where the model gives no probability, or matplotlib is not installed.
    """
    plot = found.calibration
    if plot is None:
        raise UseError(f"model [{found.model.id}] gives no probability: nothing to calibrate")
    figure, axes = _axes()
    x = [one.predicted for one in plot.curve]
    axes.plot(x, [one.observed for one in plot.curve], color="C0")
    axes.fill_between(
        x,
        [one.observed if one.low is None else one.low for one in plot.curve],
        [one.observed if one.high is None else one.high for one in plot.curve],
        color="C0",
        alpha=0.2,
    )
    for one in plot.bins:
        seen = one.observed
        if seen.value is not None:
            axes.plot([one.predicted], [seen.value], "o", color="black")
            if seen.low is not None:
                axes.plot([one.predicted] * 2, [seen.low, seen.high], color="black")
    top = max([*x, *(one.predicted for one in plot.bins)], default=1.0)
    axes.plot([0, top], [0, top], linestyle="--", color="grey")
    axes.set_xlabel(_HEADS["predicted"][lang])
    axes.set_ylabel(_HEADS["observed"][lang])
    return figure


def decision_figure(found: Evaluation, *, lang: Language = "en") -> Any:
    """Net benefit of every strategy over thresholds; see `calibration_figure`."""
    curve = found.decision_curve
    if curve is None:
        raise UseError(f"model [{found.model.id}] gives no probability: no decision curve")
    figure, axes = _axes()
    for one in curve.strategies:
        axes.plot(curve.thresholds, one.net_benefit, label=one.label[lang])
        if one.low:
            axes.fill_between(curve.thresholds, one.low, one.high, alpha=0.15)
    best = max(max(one.net_benefit) for one in curve.strategies)
    axes.set_ylim(bottom=-0.25 * max(best, 0.01))
    axes.set_xlabel(_HEADS["threshold"][lang])
    axes.set_ylabel(_HEADS["net_benefit"][lang])
    axes.legend()
    return figure


def group_figure(
    found: Evaluation,
    item: str,
    name: FigureName,
    *,
    cut: str | None = None,
    lang: Language = "en",
) -> Any:
    """One figure of every group that is shown, with intervals.

    Parameters
    ----------
    cut
        Id of a cut for a rate at it; without it an overall figure of the groups.
    """
    table = next((t for t in found.groups if t.item == item and t.within is None), None)
    if table is None:
        raise UseError(f"no groups by [{item}] were evaluated")
    figure, axes = _axes()
    labels: list[str] = []
    for cell in table.cells:
        figures = cell.figures
        if cut is not None:
            figures = next((one.figures for one in cell.at if one.cut == cut), ())
        one = next((f for f in figures if f.name == name and f.value is not None), None)
        if one is None:
            continue
        axes.plot([one.value], [len(labels)], "o", color="black")
        if one.low is not None:
            axes.plot([one.low, one.high], [len(labels)] * 2, color="black")
        labels.append(cell.label[lang])
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel(figure_label(name)[lang])
    return figure


def _axes() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UseError("this needs matplotlib: pip install 'riskengine[explain]'") from error
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    return figure, figure.add_subplot()
