"""Small charts as inline SVG: no script, no font, no colour that carries meaning by itself.

A chart is made of numbers only, so nothing that a person typed can reach it. Every bar stands in
a table beside its figure, its sign and its word; screen readers are given those instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from riskengine.reports.inert import inert

WIDTH = 160
HEIGHT = 14
_EDGE = 3

HATCH_ID = "lowers"
"""Pattern of the bars that lower a score; `definitions` declares it once a page."""


def _said(text: str) -> Markup:
    """Words in a drawing: they pass the template by, so they are made harmless here."""
    return escape(inert(text))


def definitions() -> Markup:
    """Give what the bars refer to. It goes to the top of a page, once."""
    # display:none would switch the pattern off in some browsers, so the element has no size
    return Markup(
        '<svg width="0" height="0" class="defs" aria-hidden="true" focusable="false"><defs>'
        f'<pattern id="{HATCH_ID}" width="4" height="4" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="4" height="4" class="hatch-ground"/>'
        '<line x1="0" y1="0" x2="0" y2="4" class="hatch-line"/></pattern></defs></svg>'
    )


@dataclass(frozen=True)
class Axis:
    """A common axis for the bars of one table, with room on either side of zero.

    Attributes
    ----------
    low, high
        Ends of the axis, below and above zero.
    """

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float], *, least: float) -> Axis:
        """Axis that holds all values and reaches at least so far from zero either way.

        Without ``least`` a sheet of small contributions would look as dramatic as one of large.
        """
        found = list(values)
        return cls(min(-least, *found, -least), max(least, *found, least))

    def x(self, value: float) -> float:
        """Horizontal place of a value."""
        inner = WIDTH - 2 * _EDGE
        return round(_EDGE + inner * (value - self.low) / (self.high - self.low), 2)


def contribution_bar(value: float, axis: Axis) -> Markup:
    """Draw one bar from zero: to the right and filled where it raises, left and hatched else.

    Parameters
    ----------
    value
        Contribution, in any unit.
    axis
        The axis of the whole table.
    """
    zero, end = axis.x(0.0), axis.x(value)
    left, width = min(zero, end), round(abs(end - zero), 2)
    bar = ""
    if value:
        kind = "raises" if value > 0 else "lowers"
        fill = f' fill="url(#{HATCH_ID})"' if value < 0 else ""
        bar = (
            f'<rect class="bar {kind}" x="{left}" y="2.5" width="{width}" '
            f'height="{HEIGHT - 5}"{fill}/>'
        )
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" '
        f'focusable="false">{bar}'
        f'<line class="zero" x1="{zero}" y1="0" x2="{zero}" y2="{HEIGHT}"/></svg>'
    )


def position_strip(share: float, description: str) -> Markup:
    """Draw a position within the reference population.

    Parameters
    ----------
    share
        Share of the reference population with a lower score, in per cent.
    description
        What a screen reader says instead.
    """
    inner = WIDTH - 2 * _EDGE
    place = round(_EDGE + inner * min(100.0, max(0.0, share)) / 100, 2)
    ticks = "".join(
        f'<line class="tick" x1="{_EDGE + inner * part / 4}" y1="8" '
        f'x2="{_EDGE + inner * part / 4}" y2="13"/>'
        for part in range(5)
    )
    return Markup(
        f'<svg class="strip" viewBox="0 0 {WIDTH} 14" role="img" '
        f'aria-label="{_said(description)}"><title>{_said(description)}</title>'
        f'<rect class="ground" x="{_EDGE}" y="9" width="{inner}" height="3"/>'
        f'<rect class="below" x="{_EDGE}" y="9" width="{round(place - _EDGE, 2)}" height="3"/>'
        f"{ticks}"
        f'<path class="mark" d="M{place} 8.5 l-3.5 -6.5 h7 z"/></svg>'
    )


_STEP = 20
_NUMBERS = 26
_FIGURE = 320


def waterfall(
    start: float,
    changes: Sequence[float],
    *,
    least: float,
    name: str,
    title: str,
    description: str,
) -> Markup:
    """Draw how one sum grows from its start, a numbered step a row.

    Steps to the right are filled and point to the right, steps to the left are hatched and point
    to the left, so that no colour is needed to tell them apart. The numbers lead to the table
    that stands beside the figure.

    Parameters
    ----------
    start, changes
        Where it begins, and what is added, in order.
    least
        Shortest axis, so that small changes look small.
    name
        Unique within the page; title and description are tied to the figure by it.
    title, description
        What a screen reader says: the title, and the whole content of the figure in words.
    """
    levels = [start]
    for change in changes:
        levels.append(levels[-1] + change)
    low, high = min(levels), max(levels)
    spare = max(0.0, least - (high - low)) / 2
    low, high = low - spare, high + spare
    inner = _FIGURE - _NUMBERS - 2 * _EDGE

    def x(value: float) -> float:
        return round(_NUMBERS + _EDGE + inner * (value - low) / (high - low), 2)

    drawn = []
    for row, change in enumerate(changes):
        top, before, after = row * _STEP, x(levels[row]), x(levels[row + 1])
        middle = top + _STEP / 2
        drawn.append(
            f'<text class="step" x="{_NUMBERS - 8}" y="{middle + 4}" text-anchor="end">'
            f"{row + 1}</text>"
        )
        if change:
            kind = "raises" if change > 0 else "lowers"
            fill = f' fill="url(#{HATCH_ID})"' if change < 0 else ""
            # the arrow takes at most half of the bar, so that a short one is an arrow all over
            tip = min(6.0, abs(after - before))
            neck = round(after - tip if change > 0 else after + tip, 2)
            drawn.append(
                f'<path class="bar {kind}"{fill} d="M{before} {top + 4} H{neck} '
                f'L{after} {middle} L{neck} {top + _STEP - 4} H{before} Z"/>'
            )
        drawn.append(
            f'<line class="thread" x1="{after}" y1="{middle}" x2="{after}" y2="{middle + _STEP}"/>'
        )
    height = (len(changes) + 1) * _STEP
    begin, end = x(start), x(levels[-1])
    return Markup(
        f'<svg class="waterfall" viewBox="0 0 {_FIGURE} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{_said(title)}</title>'
        f'<desc id="{name}-description">{_said(description)}</desc>'
        f'<line class="zero" x1="{begin}" y1="0" x2="{begin}" y2="{height}"/>'
        f"{''.join(drawn)}"
        f'<path class="mark" d="M{end} {height - 12} l-5 10 h10 z"/></svg>'
    )
