"""Charts of an evaluation as inline SVG: numbers and fixed marks, no meaning in colour alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from riskengine.evaluation.document import CalibrationPlot, DecisionCurve, ScoreSpread
from riskengine.reports.chart import HATCH_ID
from riskengine.reports.inert import inert
from riskengine.reports.models.charts import Mark, round_step

DASHES = {"model": "", "all": "7 4", "none": "1 4", "incumbent": "10 3 2 3", "against": "3 3"}
"""Dash of every line of a decision curve; a line is known by it and by the legend."""


@dataclass(frozen=True)
class Plane:
    """A drawing area with a linear scale either way."""

    left: float
    right: float
    top: float
    bottom: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def x(self, value: float) -> float:
        """Horizontal place."""
        low, high = self.x_range
        return round(self.left + (self.right - self.left) * (value - low) / (high - low), 1)

    def y(self, value: float) -> float:
        """Vertical place; what lies outside is drawn at the edge."""
        low, high = self.y_range
        inside = min(max(value, low), high)
        return round(self.bottom - (self.bottom - self.top) * (inside - low) / (high - low), 1)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round figures between two ends."""
    step = round_step((high - low) / about)
    first = -int(-low / step // 1)
    return [round(at * step, 10) for at in range(first, int(high / step + 1e-9) + 1)]


def percent(value: float) -> str:
    """Write a share on an axis."""
    return f"{100 * value:.6g}%"


def calibration_chart(plot: CalibrationPlot, description: str, words: tuple[str, str]) -> Markup:
    """Draw observed against predicted risk with bins, curve, band and a histogram below.

    Parameters
    ----------
    words
        Names of the horizontal and the vertical axis.
    """
    width, height = 420, 452
    tops = [one.predicted for one in plot.bins] + [one.predicted for one in plot.curve]
    tops += [one.observed.high or one.observed.value or 0 for one in plot.bins]
    tops += [one.high or one.observed for one in plot.curve]
    top = min(1.0, 1.04 * max(tops, default=1.0))
    plane = Plane(52, width - 10, 10, 348, (0, top), (0, top))
    marks = _grid(plane, percent, x_grid=True)
    marks += f'<path class="ideal" d="M{plane.x(0)} {plane.y(0)}L{plane.x(top)} {plane.y(top)}"/>'
    banded = [one for one in plot.curve if one.low is not None and one.high is not None]
    if banded:
        up = [f"{plane.x(p.predicted)} {plane.y(p.high or 0)}" for p in banded]
        down = [f"{plane.x(p.predicted)} {plane.y(p.low or 0)}" for p in reversed(banded)]
        marks += f'<path class="band" d="M{"L".join(up + down)}Z"/>'
    if plot.curve:
        points = [f"{plane.x(one.predicted)} {plane.y(one.observed)}" for one in plot.curve]
        marks += f'<path class="line" d="M{"L".join(points)}"/>'
    for one in plot.bins:
        seen = one.observed
        if seen.value is None:
            continue
        x = plane.x(one.predicted)
        if seen.low is not None and seen.high is not None:
            marks += f'<path class="whisker" d="M{x} {plane.y(seen.low)}V{plane.y(seen.high)}"/>'
        marks += f'<circle class="dot" cx="{x}" cy="{plane.y(seen.value)}" r="4"/>'
    marks += _histogram(plane, plot.edges, plot.with_event, plot.without_event, 404, 24)
    marks += _axis_names(plane, words, 444)
    return _framed("calibration", width, height, description, marks)


def spread_chart(
    spread: ScoreSpread,
    cuts: Sequence[Mark],
    axis: Sequence[tuple[float, str]],
    description: str,
    words: tuple[str, str],
) -> Markup:
    """Draw scores of people with the outcome above a line and without it below.

    Parameters
    ----------
    cuts, axis
        In score units, with their words.
    words
        Names of the upper and the lower half.
    """
    width, height, middle = 760, 232, 118
    low, high = spread.edges[0], spread.edges[-1]
    if low == high:
        low, high = low - 1, high + 1
    plane = Plane(10, width - 10, 0, height, (low, high), (0, 1))
    marks = _histogram(plane, spread.edges, spread.with_event, spread.without_event, middle, 80)
    marks += (
        f'<text x="12" y="{middle - 84}">{_said(words[0])}</text>'
        f'<text x="12" y="{middle + 90}">{_said(words[1])}</text>'
    )
    for value, label in axis:
        x = plane.x(value)
        anchor = "start" if x < 30 else "end" if x > width - 30 else "middle"
        marks += (
            f'<path class="tick" d="M{x} 204v5"/>'
            f'<text x="{x}" y="222" text-anchor="{anchor}">{_said(label)}</text>'
        )
    for at, mark in enumerate(cuts):
        x, y = plane.x(mark.at), 12 + 15 * (at % 2)
        anchor, by = ("end", -5) if x > 0.72 * width else ("start", 5)
        marks += (
            f'<path class="cut" d="M{x} {y - 9}V204"/>'
            f'<text class="cut-label" x="{x + by}" y="{y}" text-anchor="{anchor}">'
            f"{_said(mark.label)}</text>"
        )
    return _framed("spread", width, height, description, marks)


def decision_chart(
    curve: DecisionCurve, cuts: Sequence[Mark], description: str, words: tuple[str, str]
) -> Markup:
    """Draw net benefit over thresholds, every strategy with its own dash."""
    width, height = 640, 344
    values = [
        value
        for one in curve.strategies
        for value in (*one.net_benefit, *one.high)
        if one.id != "all"
    ]
    top = max(max(values, default=0.0), 0.001) * 1.06
    # how far flagging everybody falls below zero is of no interest
    bottom = max(min(values, default=0.0) * 1.06, -0.25 * top)
    plane = Plane(
        56, width - 12, 10, 290, (curve.thresholds[0], curve.thresholds[-1]), (bottom, top)
    )
    marks = _grid(plane, lambda value: f"{value:.6g}".replace("-", "\N{MINUS SIGN}"))
    for value in ticks(*plane.x_range, about=8):
        x = plane.x(value)
        marks += (
            f'<path class="tick" d="M{x} {plane.bottom}v4"/>'
            f'<text x="{x}" y="{plane.bottom + 17}" text-anchor="middle">{percent(value)}</text>'
        )
    for mark in cuts:
        x = plane.x(mark.at)
        anchor, by = ("end", -5) if x > 0.7 * width else ("start", 5)
        marks += (
            f'<path class="cut" d="M{x} {plane.top}V{plane.bottom}"/>'
            f'<text class="cut-label" x="{x + by}" y="{plane.top + 11}" text-anchor="{anchor}">'
            f"{_said(mark.label)}</text>"
        )
    for one in curve.strategies:
        if one.low and one.id == "model":
            up = [_at(plane, t, v) for t, v in zip(curve.thresholds, one.high, strict=True)]
            down = [_at(plane, t, v) for t, v in zip(curve.thresholds, one.low, strict=True)]
            marks += f'<path class="band" d="M{"L".join(up + down[::-1])}Z"/>'
    for one in reversed(curve.strategies):
        # once a line has left the picture it is not drawn along its edge
        kept = [
            _at(plane, t, v)
            for t, v in zip(curve.thresholds, one.net_benefit, strict=True)
            if v >= bottom
        ]
        if kept:
            marks += _line(one.id, "L".join(kept))
    marks += _axis_names(plane, words, 336)
    return _framed("decision", width, height, description, marks)


def line_sample(strategy: str) -> Markup:
    """Draw the line of one strategy for the legend."""
    return Markup(
        '<svg class="sample" viewBox="0 0 44 10" aria-hidden="true" focusable="false">'
        f"{_line(strategy, '1 5L43 5')}</svg>"
    )


def _line(strategy: str, points: str) -> str:
    dash = f' stroke-dasharray="{DASHES[strategy]}"' if DASHES[strategy] else ""
    return f'<path class="line line-{strategy}"{dash} d="M{points}"/>'


@dataclass(frozen=True)
class ForestRow:
    """One group in a forest plot: a value with its interval a panel, or nothing.

    Attributes
    ----------
    note
        Said instead of everything where the group is hidden.
    """

    label: str
    cells: tuple[tuple[float, float, float] | None, ...]
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """One figure of a forest plot on a scale common to all plots of a page."""

    label: str
    low: float
    high: float
    everybody: float | None
    shares: bool


def forest_chart(rows: Sequence[ForestRow], panels: Sequence[Panel], description: str) -> Markup:
    """Draw figures of groups, a row a group and a panel a figure."""
    label_width, gap, step, head = 150, 20, 22, 36
    width = 760
    room = (width - label_width - gap * len(panels)) / max(1, len(panels))
    height = head + step * len(rows) + 8
    marks = ""
    bottom = head + step * len(rows)
    for at, panel in enumerate(panels):
        left = label_width + gap + at * (room + gap)
        plane = Plane(left, left + room - 6, 0, 1, (panel.low, panel.high), (0, 1))
        marks += f'<text class="panel" x="{left}" y="11">{_said(panel.label)}</text>'
        for value in ticks(panel.low, panel.high, about=3):
            x = plane.x(value)
            words = percent(value) if panel.shares else f"{value:.6g}"
            marks += (
                f'<path class="grid" d="M{x} {head - 8}V{bottom}"/>'
                f'<text x="{x}" y="{head - 12}" text-anchor="middle">{words}</text>'
            )
        if panel.everybody is not None:
            x = plane.x(min(max(panel.everybody, panel.low), panel.high))
            marks += f'<path class="everybody" d="M{x} {head - 8}V{bottom}"/>'
        for number, row in enumerate(rows):
            cell = row.cells[at] if row.cells else None
            if cell is not None:
                marks += _whiskered(plane, cell, head + step * number + step / 2)
    for number, row in enumerate(rows):
        y = head + step * number + step / 2
        marks += f'<text class="row" x="0" y="{y + 4}">{_said(_short(row.label))}</text>'
        if row.note:
            marks += f'<text class="note" x="{label_width + gap}" y="{y + 4}">'
            marks += f"{_said(row.note)}</text>"
    return _framed("forest", width, height, description, marks)


def _short(label: str) -> str:
    """Cut a label to the room that there is; the table holds all of it."""
    room, kept = 25.0, ""
    for character in label:
        room -= 1.9 if ord(character) > 0x2E7F else 1
        if room < 1:
            return f"{kept}…"
        kept += character
    return kept


def _whiskered(plane: Plane, cell: tuple[float, float, float], y: float) -> str:
    low, high = plane.x_range
    value, *ends = (min(max(one, low), high) for one in cell)
    x = plane.x(value)
    return (
        f'<path class="whisker" d="M{plane.x(ends[0])} {y}H{plane.x(ends[1])}"/>'
        f'<rect class="point" x="{x - 4}" y="{y - 4}" width="8" height="8"/>'
    )


KINDS = ("hits", "vain", "missed", "clear")


def icon_array(counts: dict[str, int], description: str) -> Markup:
    """Draw people as marks: filled and hatched where flagged, ringed where missed.

    Parameters
    ----------
    counts
        People of each of `KINDS`; at most 1,000 in all.
    """
    total = sum(counts.values())
    columns = 20 if total <= 200 else 40
    size = 760 / columns
    rows = -(-total // columns)
    marks, at = "", 0
    for kind in KINDS:
        for _ in range(counts[kind]):
            x, y = (at % columns + 0.5) * size, (at // columns + 0.5) * size
            marks += _icon(kind, x, y, size * 0.36)
            at += 1
    return _framed("icons", 760, round(rows * size), description, marks)


def icon_sample(kind: str) -> Markup:
    """Draw one mark for the legend."""
    return Markup(
        '<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">'
        f"{_icon(kind, 10, 10, 8)}</svg>"
    )


def _icon(kind: str, x: float, y: float, radius: float) -> str:
    fill = f' fill="url(#{HATCH_ID})"' if kind == "vain" else ""
    circle = f'<circle class="icon-{kind}"{fill} cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
    if kind == "missed":
        r = radius * 0.42
        circle += f'<circle class="icon-core" cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}"/>'
    return circle


# --- Parts --------------------------------------------------------------------------------------


def _said(text: str) -> Markup:
    """Words in a drawing: they pass the template by, so they are made harmless here."""
    return escape(inert(text))


def _framed(kind: str, width: float, height: float, description: str, marks: str) -> Markup:
    said = _said(description)
    return Markup(
        f'<svg class="plot {kind}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{said}"><title>{said}</title>{marks}</svg>'
    )


def _at(plane: Plane, x: float, y: float) -> str:
    return f"{plane.x(x)} {plane.y(y)}"


def _grid(plane: Plane, word: Callable[[float], str], *, x_grid: bool = False) -> str:
    marks = ""
    for value in ticks(*plane.y_range):
        y = plane.y(value)
        kind = "grid" if value else "zero"
        marks += (
            f'<path class="{kind}" d="M{plane.left} {y}H{plane.right}"/>'
            f'<text x="{plane.left - 6}" y="{y + 3.5}" text-anchor="end">{word(value)}</text>'
        )
    if x_grid:
        for value in ticks(*plane.x_range):
            x = plane.x(value)
            marks += (
                f'<path class="grid" d="M{x} {plane.top}V{plane.bottom}"/>'
                f'<text x="{x}" y="{plane.bottom + 16}" text-anchor="middle">{word(value)}</text>'
            )
    return marks


def _axis_names(plane: Plane, words: tuple[str, str], y: float) -> str:
    middle = (plane.left + plane.right) / 2
    high = (plane.top + plane.bottom) / 2
    return (
        f'<text class="axis" x="{middle}" y="{y}" text-anchor="middle">{_said(words[0])}</text>'
        f'<text class="axis" x="12" y="{high}" text-anchor="middle" '
        f'transform="rotate(-90 12 {high})">{_said(words[1])}</text>'
    )


def _histogram(
    plane: Plane,
    edges: Sequence[float],
    above: Sequence[float],
    below: Sequence[float],
    middle: float,
    room: float,
) -> str:
    """Draw two histograms back to back; the area of a bar is its weight, as widths differ."""
    widths = [max(high - low, 1e-12) for low, high in zip(edges, edges[1:], strict=False)]
    densities = [[w / width for w, width in zip(side, widths, strict=True)]
                 for side in (above, below)]  # fmt: skip
    # either half has its own scale: the outcome is rare, and its shape is what is looked at
    marks = ""
    for side, kind, sign in zip(densities, ("with", "without"), (-1, 1), strict=True):
        most = max(side, default=0.0)
        for low, high, density in zip(edges, edges[1:], side, strict=False):
            if not density:
                continue
            size = round(room * density / most, 1)
            x, end = plane.x(max(low, plane.x_range[0])), plane.x(min(high, plane.x_range[1]))
            y = middle - size if sign < 0 else middle
            fill = f' fill="url(#{HATCH_ID})"' if kind == "with" else ""
            marks += (
                f'<rect class="{kind}"{fill} x="{x}" y="{round(y, 1)}" '
                f'width="{round(max(end - x - 0.6, 0.4), 1)}" height="{size}"/>'
            )
    return f'{marks}<path class="zero" d="M{plane.left} {middle}H{plane.right}"/>'
