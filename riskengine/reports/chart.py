"""Small charts as inline SVG: no script, no font, no colour that carries meaning by itself.

A chart is made of numbers only, so nothing that a person typed can reach it. Every bar stands in
a table beside its figure, its sign and its word; screen readers are given those instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 160
HEIGHT = 14
_EDGE = 3

HATCH_ID = "lowers"
"""Pattern of the bars that lower a score; `definitions` declares it once a page."""


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
        f'aria-label="{escape(description)}"><title>{escape(description)}</title>'
        f'<rect class="ground" x="{_EDGE}" y="9" width="{inner}" height="3"/>'
        f'<rect class="below" x="{_EDGE}" y="9" width="{round(place - _EDGE, 2)}" height="3"/>'
        f"{ticks}"
        f'<path class="mark" d="M{place} 8.5 l-3.5 -6.5 h7 z"/></svg>'
    )
