"""Charts of a model as inline SVG: numbers and fixed marks, no meaning in colour alone.

All shapes of a model stand on one scale, so that what moves little looks small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from riskengine.reports.chart import HATCH_ID
from riskengine.reports.models.shapes import Shape, State

_ROW_WIDTH, _ROW_HEIGHT = 150, 20
_WIDTH, _HEIGHT = 380, 214
_LEFT, _RIGHT = 40, 8
_TOP, _BOTTOM = 10, 150
_DENSITY_TOP, _DENSITY_BOTTOM = 162, 190
_APART = 46
"""Width of the room for what is not known, to the right of the answers."""


@dataclass(frozen=True)
class Scale:
    """A common vertical or horizontal scale with zero in it.

    Attributes
    ----------
    step
        Distance between its ticks.
    """

    low: float
    high: float
    step: float

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale:
        """Scale that holds all values, with ticks at round figures."""
        found = [0.0, *values]
        low, high = min(found), max(found)
        if low == high:
            low, high = -1.0, 1.0
        step = round_step((high - low) / 6)
        return cls(step * (low // step), -step * (-high // step), step)

    def ticks(self) -> list[float]:
        """Places of the ticks."""
        count = round((self.high - self.low) / self.step)
        return [round(self.low + at * self.step, 10) for at in range(count + 1)]

    def share(self, value: float) -> float:
        """Place of a value between 0 and 1."""
        return (value - self.low) / (self.high - self.low)


def round_step(least: float) -> float:
    """Smallest of 1, 2, 5 times a power of ten that is at least so much."""
    power = 10.0 ** _exponent(least)
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))


def _exponent(value: float) -> int:
    exponent = 0
    while 10.0**exponent > value:
        exponent -= 1
    while 10.0 ** (exponent + 1) <= value:
        exponent += 1
    return exponent


def scale_of(shapes: Sequence[Shape]) -> Scale:
    """One scale for all shapes of a model, whiskers included."""
    return Scale.over(end for s in shapes for state in s.states for end in (state.low, state.high))


def tick(value: float) -> str:
    """Write a tick."""
    return f"{value:+g}".replace("-", "\N{MINUS SIGN}") if value else "0"


def row_chart(state: State, mean: float, scale: Scale) -> Markup:
    """Draw one answer: a bar from zero, its whisker, and the mean of the reference population."""

    def x(value: float) -> float:
        return round(4 + (_ROW_WIDTH - 8) * scale.share(value), 1)

    zero, end = x(0.0), x(state.worth)
    middle = _ROW_HEIGHT / 2
    bar = ""
    if state.worth:
        kind = "raises" if state.worth > 0 else "lowers"
        fill = f' fill="url(#{HATCH_ID})"' if state.worth < 0 else ""
        bar = (
            f'<rect class="{kind}" x="{min(zero, end)}" y="5" '
            f'width="{round(abs(end - zero), 1)}" height="{_ROW_HEIGHT - 10}"{fill}/>'
        )
    whisker = ""
    if state.low < state.high:
        low, high = x(state.low), x(state.high)
        whisker = f'<path class="whisker" d="M{low} {middle}H{high}M{low} 6.5v7M{high} 6.5v7"/>'
    return Markup(
        f'<svg class="row-chart" viewBox="0 0 {_ROW_WIDTH} {_ROW_HEIGHT}" aria-hidden="true" '
        f'focusable="false"><path class="mean" d="M{x(mean)} 0V{_ROW_HEIGHT}"/>{bar}'
        f'<path class="zero" d="M{zero} 0V{_ROW_HEIGHT}"/>{whisker}</svg>'
    )


def row_axis(scale: Scale) -> Markup:
    """Draw the axis above the rows of a table."""
    marks = ""
    ticks = scale.ticks()
    for value in ticks:
        x = round(4 + (_ROW_WIDTH - 8) * scale.share(value), 1)
        marks += f'<path class="tick" d="M{x} 14v5"/>'
        # room for three figures: both ends and zero
        if value in (ticks[0], 0, ticks[-1]):
            anchor = "start" if x < 12 else "end" if x > _ROW_WIDTH - 12 else "middle"
            marks += f'<text x="{x}" y="11" text-anchor="{anchor}">{tick(value)}</text>'
    return Markup(
        f'<svg class="row-chart" viewBox="0 0 {_ROW_WIDTH} {_ROW_HEIGHT}" aria-hidden="true" '
        f'focusable="false">{marks}</svg>'
    )


def step_chart(shape: Shape, scale: Scale, description: str, apart: str) -> Markup:
    """Draw what the bands of a number add as steps, with how many people are in each below.

    Parameters
    ----------
    description
        What a screen reader says instead; the table beside it holds every figure.
    apart
        Word over the states that stand for what is not known, which stand apart.
    """
    known, others = shape.known, shape.not_known
    room = _WIDTH - _LEFT - _RIGHT - (_APART if others else 0)
    width = room / len(known)
    most = max(state.share or 0.0 for state in shape.states) or 1.0
    marks = _grid(scale)
    mean = _y(shape.mean, scale)
    marks += f'<path class="mean" d="M{_LEFT} {mean}H{_WIDTH - _RIGHT}"/>'
    path = ""
    for at, state in enumerate(known):
        left, right = _LEFT + at * width, _LEFT + (at + 1) * width
        y = _y(state.worth, scale)
        path += f"{'M' if not at else 'L'}{left:.1f} {y}H{right:.1f}"
        marks += _whisker(state, (left + right) / 2, scale)
        marks += _density(state, left + 1, width - 2, most)
    marks += f'<path class="step" d="{path}"/>'
    marks += _edges(shape.edges, width)
    if others:
        slot = (_APART - 10) / len(others)
        first = _WIDTH - _RIGHT - _APART + 10
        for at, state in enumerate(others):
            x = first + at * slot + slot / 2
            y = _y(state.worth, scale)
            marks += _whisker(state, x, scale)
            marks += f'<circle class="apart" cx="{x:.1f}" cy="{y}" r="3.5"/>'
            marks += _density(state, x - slot / 2 + 1, slot - 2, most)
        marks += (
            f'<path class="divider" d="M{first - 5:.1f} {_TOP}V{_DENSITY_BOTTOM}"/>'
            f'<text x="{first + (_APART - 10) / 2:.1f}" y="{_DENSITY_BOTTOM + 13}" '
            f'text-anchor="middle">{escape(apart)}</text>'
        )
    return _framed(marks, description)


def line_chart(shape: Shape, scale: Scale, description: str) -> Markup:
    """Draw a straight line over the range in which it holds, with the reference mean on it."""
    first, *_, last = shape.states
    room = _WIDTH - _LEFT - _RIGHT
    rise = last.worth - first.worth
    along = (shape.mean - first.worth) / rise if rise else 0.5
    x = round(_LEFT + room * along, 1)
    y = _y(shape.mean, scale)
    marks = _grid(scale)
    marks += (
        f'<path class="step" d="M{_LEFT} {_y(first.worth, scale)}'
        f'L{_WIDTH - _RIGHT} {_y(last.worth, scale)}"/>'
        f'<path class="mean" d="M{x} {_TOP}V{_BOTTOM}M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
        f'<text x="{_LEFT}" y="{_BOTTOM + 16}">{escape(shape.edges[0])}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_BOTTOM + 16}" text-anchor="end">'
        f"{escape(shape.edges[1])}</text>"
    )
    return _framed(marks, description, height=_BOTTOM + 22)


def _framed(marks: str, description: str, *, height: int = _HEIGHT) -> Markup:
    said = escape(description)
    return Markup(
        f'<svg class="shape" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{said}">'
        f"<title>{said}</title>{marks}</svg>"
    )


def _y(value: float, scale: Scale) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * scale.share(value), 1)


def _grid(scale: Scale) -> str:
    marks = ""
    for value in scale.ticks():
        y = _y(value, scale)
        kind = "grid" if value else "zero"
        marks += (
            f'<path class="{kind}" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
            f'<text x="{_LEFT - 5}" y="{y + 3.5}" text-anchor="end">{tick(value)}</text>'
        )
    return marks


def _whisker(state: State, x: float, scale: Scale) -> str:
    if not state.low < state.high:
        return ""
    low, high = _y(state.low, scale), _y(state.high, scale)
    return (
        f'<path class="whisker" d="M{x:.1f} {low}V{high}M{x - 3:.1f} {low}h6'
        f'M{x - 3:.1f} {high}h6"/>'
    )


def _density(state: State, x: float, width: float, most: float) -> str:
    if not state.share:
        return ""
    height = (_DENSITY_BOTTOM - _DENSITY_TOP) * state.share / most
    return (
        f'<rect class="people" x="{x:.1f}" y="{_DENSITY_BOTTOM - height:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}"/>'
    )


def _edges(edges: Sequence[str], width: float) -> str:
    """Write as many edges as there is room for, the last one always."""
    longest = max((len(edge) for edge in edges), default=1)
    every = max(1, -(-round(longest * 6.5 + 4) // max(1, round(width))))
    marks = f'<path class="zero" d="M{_LEFT} {_DENSITY_BOTTOM}h{width * (len(edges) + 1):.1f}"/>'
    for at, edge in enumerate(edges, start=1):
        x = _LEFT + at * width
        marks += f'<path class="tick" d="M{x:.1f} {_DENSITY_BOTTOM}v3"/>'
        if (len(edges) - at) % every == 0:
            marks += (
                f'<text x="{x:.1f}" y="{_DENSITY_BOTTOM + 13}" text-anchor="middle">'
                f"{escape(edge)}</text>"
            )
    return marks


def range_chart(low: float, high: float, scale: Scale) -> Markup:
    """Draw the range of an item in the index: below zero hatched, above filled."""

    def x(value: float) -> float:
        return round(4 + (_ROW_WIDTH - 8) * scale.share(value), 1)

    zero = x(0.0)
    bars = ""
    if low < 0:
        end = x(min(high, 0.0))
        bars += (
            f'<rect class="lowers" x="{x(low)}" y="5" width="{round(end - x(low), 1)}" '
            f'height="10" fill="url(#{HATCH_ID})"/>'
        )
    if high > 0:
        start = x(max(low, 0.0))
        bars += (
            f'<rect class="raises" x="{start}" y="5" width="{round(x(high) - start, 1)}" '
            'height="10"/>'
        )
    return Markup(
        f'<svg class="row-chart" viewBox="0 0 {_ROW_WIDTH} {_ROW_HEIGHT}" aria-hidden="true" '
        f'focusable="false">{bars}<path class="zero" d="M{zero} 0V{_ROW_HEIGHT}"/></svg>'
    )


@dataclass(frozen=True)
class Mark:
    """A cut-off on the distribution of scores."""

    at: float
    label: str


def distribution_chart(
    counts: Sequence[float],
    ends: tuple[float, float],
    marks: Sequence[Mark],
    ticks: Sequence[tuple[float, str]],
    description: str,
) -> Markup:
    """Draw how scores are spread over the reference population.

    Parameters
    ----------
    counts
        Share of people in equal bins between the two ends.
    marks
        Cut-offs, each with the name of the band that begins there.
    """
    width, base = 760, 190
    left, right = 10, width - 10
    most = max(counts)

    def x(value: float) -> float:
        return round(left + (right - left) * (value - ends[0]) / (ends[1] - ends[0]), 1)

    step = (right - left) / len(counts)
    drawn = "".join(
        f'<rect class="people" x="{left + at * step + 0.5:.1f}" '
        f'y="{base - 130 * share / most:.1f}" width="{step - 1:.1f}" '
        f'height="{130 * share / most:.1f}"/>'
        for at, share in enumerate(counts)
        if share
    )
    drawn += f'<path class="zero" d="M{left} {base}H{right}"/>'
    for value, label in ticks:
        drawn += (
            f'<path class="tick" d="M{x(value)} {base}v4"/><text x="{x(value)}" y="{base + 18}" '
            f'text-anchor="middle">{escape(label)}</text>'
        )
    for at, mark in enumerate(marks):
        y = 18 + 20 * (at % 2)
        drawn += (
            f'<path class="cut" d="M{x(mark.at)} {y - 12}V{base}"/>'
            f'<text class="cut-label" x="{x(mark.at) + 5}" y="{y}">{escape(mark.label)}</text>'
        )
    said = escape(description)
    return Markup(
        f'<svg class="distribution" viewBox="0 0 {width} 214" role="img" aria-label="{said}">'
        f"<title>{said}</title>{drawn}</svg>"
    )
