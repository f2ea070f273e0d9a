"""Small plots written by hand as SVG: no library, the same bytes from the same numbers.

Series are told apart by the shape of their marks and the dashes of their lines as well as by
colour; every plot carries a title and, in words, the numbers that it shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

Point = tuple[float, float, float | None, float | None]
"""x, y, and the ends of the interval of y; ends are None where there is no interval."""
Row = tuple[str, float, float | None, float | None]
"""Label, value, and the ends of its interval."""

_WIDTH = 760
_FONT = "font-family='Noto Sans, DejaVu Sans, Arial, sans-serif'"
_INK, _FAINT, _REFERENCE = "#222222", "#dddddd", "#555555"
# colours that people with any colour vision tell apart (Okabe and Ito), darkest first
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4488", "#8a6d00", "#000000", "#56b4e9")
_DASHES = ("none", "7 4", "2 3", "9 3 2 3", "none", "5 5", "1 4")
_LETTER = 7.6
"""About the width of a letter at the size of labels."""


def _circle(x: float, y: float) -> str:
    return f"<circle cx='{x:.2f}' cy='{y:.2f}' r='5'/>"


def _polygon(*corners: tuple[float, float]) -> Callable[[float, float], str]:
    def draw(x: float, y: float) -> str:
        points = " ".join(f"{x + dx:.2f},{y + dy:.2f}" for dx, dy in corners)
        return f"<polygon points='{points}'/>"

    return draw


_MARKS = (
    _circle,
    _polygon((-4.7, -4.7), (4.7, -4.7), (4.7, 4.7), (-4.7, 4.7)),
    _polygon((0, -6), (5.6, 4.4), (-5.6, 4.4)),
    _polygon((0, -6.4), (6.4, 0), (0, 6.4), (-6.4, 0)),
    _polygon((0, 6), (5.6, -4.4), (-5.6, -4.4)),
    _polygon((-6, -2), (-2, -2), (-2, -6), (2, -6), (2, -2), (6, -2),
             (6, 2), (2, 2), (2, 6), (-2, 6), (-2, 2), (-6, 2)),
    _polygon((-6, 0), (0, -3), (6, 0), (0, 3)),
)  # fmt: skip


@dataclass(frozen=True)
class _Scale:
    """From a number to a place on the page."""

    place: Callable[[float], float]
    ticks: tuple[float, ...]


def _linear(values: Sequence[float], start: float, end: float) -> _Scale:
    """Ticks of 1, 2 or 5 times a power of ten, with all values inside."""
    low, high = min(values), max(values)
    if low == high:
        low, high = low - (abs(low) or 1.0) * 0.1, high + (abs(high) or 1.0) * 0.1
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(n * step, 12) for n in range(first, last + 1))
    width = ticks[-1] - ticks[0]
    return _Scale(lambda value: start + (value - ticks[0]) / width * (end - start), ticks)


def _logarithmic(values: Sequence[float], start: float, end: float) -> _Scale:
    """Ticks at the values themselves; zero stands one step before the smallest other."""
    found = sorted(set(values))
    if found[0] < 0:
        raise ValueError(f"{found[0]} has no place on a logarithmic axis")
    positive = [value for value in found if value > 0]
    gap = math.log(positive[1] / positive[0]) if len(positive) > 1 else 1.0
    zero = math.log(positive[0]) - gap
    low = zero if found[0] == 0 else math.log(positive[0])
    width = (math.log(positive[-1]) - low) or 1.0

    def place(value: float) -> float:
        at = math.log(value) if value > 0 else zero
        return start + (at - low) / width * (end - start)

    return _Scale(place, tuple(found))


def _number(value: float) -> str:
    """Short, and never -0."""
    return f"{value:,.6g}" if value else "0"


def _said(label: str, y: float, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f" ({low:.4g} to {high:.4g})"
    return f"{label}: {y:.4g}{ends}"


def _text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 14) -> str:
    return (
        f"<text x='{x:.2f}' y='{y:.2f}' text-anchor='{anchor}' font-size='{size}'>"
        f"{escape(words)}</text>"
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.0, dash: str = "none"
) -> str:
    return (
        f"<line x1='{x1:.2f}' y1='{y1:.2f}' x2='{x2:.2f}' y2='{y2:.2f}' stroke='{colour}' "
        f"stroke-width='{width:g}' stroke-dasharray='{dash}'/>"
    )


def _marked(series: int, x: float, y: float) -> str:
    """The mark of a series, by number; shapes and colours run round at the same length."""
    at = series % len(_MARKS)
    return f"<g fill='{_COLOURS[at]}'>{_MARKS[at](x, y)}</g>"


def _interval(series: int, x1: float, y1: float, x2: float, y2: float) -> str:
    colour = _COLOURS[series % len(_COLOURS)]
    if x1 == x2:
        caps = [_line(x1 - 4, y, x1 + 4, y, colour, 1.5) for y in (y1, y2)]
    else:
        caps = [_line(x, y1 - 4, x, y1 + 4, colour, 1.5) for x in (x1, x2)]
    return "".join([_line(x1, y1, x2, y2, colour, 1.5), *caps])


def _write(path: Path, title: str, description: str, height: float, parts: Sequence[str]) -> None:
    document = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height:.0f}' "
        f"width='{_WIDTH}' height='{height:.0f}' role='img' aria-labelledby='title desc' {_FONT} "
        f"fill='{_INK}'>",
        f"<title id='title'>{escape(title)}</title>",
        f"<desc id='desc'>{escape(description)}</desc>",
        f"<rect width='{_WIDTH}' height='{height:.0f}' fill='#ffffff'/>",
        _text(_WIDTH / 2, 28, title, size=17),
        *parts,
        "</svg>",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(document) + "\n", encoding="utf-8", newline="\n")


def line_plot(
    path: Path,
    *,
    title: str,
    x_label: str,
    y_label: str,
    series: Mapping[str, Sequence[Point]],
    log_x: bool = False,
    reference: float | None = None,
) -> None:
    """Write lines over a number, with intervals.

    Parameters
    ----------
    series
        For every name in the legend, its points from left to right.
    log_x
        Lay x out by its logarithm, with a tick at every x that occurs. Zero is allowed and stands
        one step before the smallest other.
    reference
        Where to draw a dashed level, such as a goal.

    Raises
    ------
    ValueError
        Where there is no point.
    """
    points = [point for line in series.values() for point in line]
    if not points:
        raise ValueError("nothing to plot")
    left, right, top, bottom = 84.0, _WIDTH - 24.0, 48.0, 388.0
    xs = [x for x, *_ in points]
    ys = [value for _, *rest in points for value in rest if value is not None]
    across = (_logarithmic if log_x else _linear)(xs, left + 12, right - 12)
    up = _linear(ys if reference is None else [*ys, reference], bottom, top)
    parts = []
    for tick in up.ticks:
        parts.append(_line(left, up.place(tick), right, up.place(tick), _FAINT))
        parts.append(_text(left - 8, up.place(tick) + 5, _number(tick), anchor="end", size=13))
    for tick in across.ticks:
        parts.append(_line(across.place(tick), bottom, across.place(tick), bottom + 5, _INK))
        parts.append(_text(across.place(tick), bottom + 21, _number(tick), size=13))
    parts.append(_line(left, bottom, right, bottom, _INK))
    parts.append(_text((left + right) / 2, bottom + 44, x_label))
    middle = (top + bottom) / 2
    parts.append(f"<g transform='rotate(-90 20 {middle:.2f})'>{_text(20, middle, y_label)}</g>")
    if reference is not None:
        level = up.place(reference)
        parts.append(_line(left, level, right, level, _REFERENCE, 1.5, "4 4"))
    for number, line in enumerate(series.values()):
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        # lines at the same x stand a little apart, so that no interval hides another
        aside = (number - (len(series) - 1) / 2) * 3.0
        placed = [(across.place(x) + aside, up.place(y)) for x, y, *_ in line]
        along = " ".join(f"{x:.2f},{y:.2f}" for x, y in placed)
        parts.append(
            f"<polyline points='{along}' fill='none' stroke='{colour}' stroke-width='2' "
            f"stroke-dasharray='{dash}'/>"
        )
        for (x, y), (_, _, low, high) in zip(placed, line, strict=True):
            if low is not None and high is not None:
                parts.append(_interval(number, x, up.place(low), x, up.place(high)))
            parts.append(_marked(number, x, y))
    x, y = left, bottom + 74.0
    for number, name in enumerate(series):
        wide = 46 + _LETTER * len(name)
        if x > left and x + wide > right:
            x, y = left, y + 24
        dash = _DASHES[number % len(_DASHES)]
        parts.append(_line(x, y, x + 30, y, _COLOURS[number % len(_COLOURS)], 2, dash))
        parts.append(_marked(number, x + 15, y))
        parts.append(_text(x + 37, y + 5, name, anchor="start"))
        x += wide + 18
    said = "; ".join(
        f"{name}: "
        + ", ".join(_said(f"at {_number(x)}", y_, low, high) for x, y_, low, high in line)
        for name, line in series.items()
    )
    level_said = "" if reference is None else f" Dashed level: {_number(reference)}."
    description = f"{y_label} over {x_label}. {said}.{level_said}"
    _write(path, title, description, y + 24, parts)


def dot_plot(
    path: Path,
    *,
    title: str,
    x_label: str,
    rows: Sequence[Row],
    reference: float | None = None,
) -> None:
    """Write one value a row, with intervals; rows are told apart by their labels.

    Parameters
    ----------
    reference
        Where to draw a dashed upright, such as a goal or no difference.

    Raises
    ------
    ValueError
        Where there is no row.
    """
    if not rows:
        raise ValueError("nothing to plot")
    left = min(28 + _LETTER * max(len(label) for label, *_ in rows), _WIDTH * 0.55)
    right, top, each = _WIDTH - 84.0, 52.0, 30.0
    bottom = top + each * len(rows)
    values = [value for _, *rest in rows for value in rest if value is not None]
    across = _linear(values if reference is None else [*values, reference], left, right)
    parts = []
    for tick in across.ticks:
        parts.append(_line(across.place(tick), top, across.place(tick), bottom, _FAINT))
        parts.append(_text(across.place(tick), bottom + 21, _number(tick), size=13))
    parts.append(_line(left, bottom, right, bottom, _INK))
    parts.append(_text((left + right) / 2, bottom + 46, x_label))
    if reference is not None:
        at = across.place(reference)
        parts.append(_line(at, top - 4, at, bottom, _REFERENCE, 1.5, "4 4"))
    for number, (label, value, low, high) in enumerate(rows):
        y = top + each * (number + 0.5)
        parts.append(_text(left - 12, y + 5, label, anchor="end"))
        if low is not None and high is not None:
            parts.append(_interval(0, across.place(low), y, across.place(high), y))
        parts.append(_marked(0, across.place(value), y))
        parts.append(_text(right + 10, y + 5, f"{value:.4g}", anchor="start", size=13))
    said = "; ".join(_said(label, value, low, high) for label, value, low, high in rows)
    level = "" if reference is None else f" Dashed upright: {_number(reference)}."
    _write(path, title, f"{x_label}. {said}.{level}", bottom + 64, parts)
