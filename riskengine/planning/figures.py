"""Small plots written by hand as SVG: no library, the same bytes from the same numbers.

Series are told apart by their dashes and marks as well as by colour; every plot carries a title
and, in words, the numbers that it shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]

_WIDTH, _LEFT, _RIGHT, _TOP = 720.0, 76.0, 696.0, 52.0
_FONT = (
    "font-family=\"'Noto Sans CJK SC', 'Noto Sans', 'Microsoft YaHei', 'DejaVu Sans', sans-serif\""
)
_INK, _FAINT, _REFERENCE = "#222222", "#dddddd", "#555555"
# colours that people with any colour vision tell apart (Okabe and Ito)
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4488")
_DASHES = ("none", "7 4", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Bar:
    """One office: what is needed before and under the draft, and what there is."""

    label: str
    before: float
    after: float
    there: float | None


def hours_plot(
    bars: Sequence[Bar], *, title: str, x_label: str, names: tuple[str, str, str]
) -> str:
    """Draw hours by office as bars, with a mark where the hours there are end.

    Parameters
    ----------
    names
        What the two bars and the mark are called.
    """
    if not bars:
        raise ValueError("nothing to plot")
    each, left = 46.0, 76.0 + 9.0 * max(_wide(bar.label) for bar in bars)
    left = min(left, _WIDTH * 0.45)
    bottom = _TOP + each * len(bars)
    most = max(value for bar in bars for value in (bar.before, bar.after, bar.there or 0.0))
    place, ticks = _scale(0.0, most, left, _RIGHT)
    parts = []
    for tick in ticks:
        parts.append(_line(place(tick), _TOP, place(tick), bottom, _FAINT))
        parts.append(_text(place(tick), bottom + 20, _number(tick), size=13))
    for number, bar in enumerate(bars):
        y = _TOP + each * number
        parts.append(_text(left - 10, y + 28, bar.label, anchor="end"))
        for row, value in enumerate((bar.before, bar.after)):
            fill = _COLOURS[row]
            opacity = "0.35" if row == 0 else "0.9"
            parts.append(
                f"<rect x='{left:.2f}' y='{y + 7 + row * 16:.2f}' "
                f"width='{place(value) - left:.2f}' height='13' fill='{fill}' "
                f"fill-opacity='{opacity}' stroke='{fill}'/>"
            )
        if bar.there is not None:
            x = place(bar.there)
            parts.append(_line(x, y + 3, x, y + 40, _INK, 3.0))
    parts.append(_line(left, bottom, _RIGHT, bottom, _INK))
    parts.append(_text((left + _RIGHT) / 2, bottom + 44, x_label))
    x, y = 24.0, bottom + 72
    for row, name in enumerate(names):
        if row < 2:
            opacity = "0.35" if row == 0 else "0.9"
            parts.append(
                f"<rect x='{x:.2f}' y='{y - 11:.2f}' width='24' height='13' "
                f"fill='{_COLOURS[row]}' fill-opacity='{opacity}' stroke='{_COLOURS[row]}'/>"
            )
        else:
            parts.append(_line(x + 12, y - 15, x + 12, y + 5, _INK, 3.0))
        parts.append(_text(x + 32, y, name, anchor="start"))
        x += 56 + 9.0 * _wide(name)
    said = "; ".join(
        f"{bar.label}: {bar.before:.0f}, {bar.after:.0f}"
        + ("" if bar.there is None else f", {bar.there:.0f}")
        for bar in bars
    )
    return _document(title, f"{' / '.join(names)}. {said}.", y + 22, parts)


def line_plot(
    series: Mapping[str, Sequence[Point]],
    *,
    title: str,
    x_label: str,
    y_label: str,
    upright: Mapping[str, float] | None = None,
    level: float | None = None,
) -> str:
    """Draw lines over a number.

    Parameters
    ----------
    upright
        Named places on the x axis, such as cut-offs.
    level
        Where to draw a dashed level, such as a promised share.
    """
    points = [point for line in series.values() for point in line]
    if not points:
        raise ValueError("nothing to plot")
    marks = dict(upright or {})
    bottom = 380.0
    xs = [x for x, _ in points] + list(marks.values())
    ys = [y for _, y in points] + ([] if level is None else [level])
    across, x_ticks = _scale(min(xs), max(xs), _LEFT + 8, _RIGHT - 8)
    up, y_ticks = _scale(min(ys), max(ys), bottom, _TOP)
    parts = []
    for tick in y_ticks:
        parts.append(_line(_LEFT, up(tick), _RIGHT, up(tick), _FAINT))
        parts.append(_text(_LEFT - 8, up(tick) + 5, _number(tick), anchor="end", size=13))
    for tick in x_ticks:
        parts.append(_line(across(tick), bottom, across(tick), bottom + 5, _INK))
        parts.append(_text(across(tick), bottom + 21, _number(tick), size=13))
    parts.append(_line(_LEFT, bottom, _RIGHT, bottom, _INK))
    parts.append(_text((_LEFT + _RIGHT) / 2, bottom + 44, x_label))
    middle = (_TOP + bottom) / 2
    parts.append(f"<g transform='rotate(-90 18 {middle:.2f})'>{_text(18, middle, y_label)}</g>")
    if level is not None:
        parts.append(_line(_LEFT, up(level), _RIGHT, up(level), _REFERENCE, 1.5, "4 4"))
    for number, (name, x) in enumerate(marks.items()):
        parts.append(_line(across(x), _TOP, across(x), bottom, _REFERENCE, 1.5, "1 3"))
        parts.append(_text(across(x) + 5, _TOP + 14 + 17 * number, name, anchor="start", size=12))
    for number, line in enumerate(series.values()):
        along = " ".join(f"{across(x):.2f},{up(y):.2f}" for x, y in line)
        parts.append(
            f"<polyline points='{along}' fill='none' stroke='{_COLOURS[number % 4]}' "
            f"stroke-width='2.5' stroke-dasharray='{_DASHES[number % 4]}'/>"
        )
    x, y = _LEFT, bottom + 74
    for number, name in enumerate(series):
        wide = 60 + 8.4 * _wide(name)
        if x > _LEFT and x + wide > _WIDTH:
            x, y = _LEFT, y + 24
        parts.append(
            _line(x, y - 5, x + 34, y - 5, _COLOURS[number % 4], 2.5, _DASHES[number % 4])
        )
        parts.append(_text(x + 42, y, name, anchor="start"))
        x += wide
    said = "; ".join(
        f"{name}: " + ", ".join(f"{x:.4g} → {y:.3g}" for x, y in line)
        for name, line in series.items()
    )
    return _document(title, f"{y_label} / {x_label}. {said}.", y + 22, parts)


def _scale(
    low: float, high: float, start: float, end: float
) -> tuple[Callable[[float], float], tuple[float, ...]]:
    """Ticks of 1, 2 or 5 times a power of ten, with all values inside."""
    if low == high:
        high = low + (abs(low) or 1.0)
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(n * step, 12) for n in range(first, last + 1))
    width = ticks[-1] - ticks[0]
    return (lambda value: start + (value - ticks[0]) / width * (end - start)), ticks


def _wide(words: str) -> float:
    """About how many letters wide; a Chinese character counts nearly two."""
    return sum(1.7 if ord(letter) > 0x2E7F else 1.0 for letter in words)


def _number(value: float) -> str:
    return f"{value:,.6g}" if value else "0"


def _text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 14) -> str:
    return (
        f"<text x='{x:.2f}' y='{y:.2f}' text-anchor='{anchor}' font-size='{size}'>"
        f"{_clean(words)}</text>"
    )


def _clean(words: str) -> str:
    """Escape, and drop what XML does not allow: a name of an office is typed by people."""
    return escape("".join(c for c in words if c.isprintable()))


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1.0, dash: str = "none"
) -> str:
    return (
        f"<line x1='{x1:.2f}' y1='{y1:.2f}' x2='{x2:.2f}' y2='{y2:.2f}' stroke='{colour}' "
        f"stroke-width='{width:g}' stroke-dasharray='{dash}'/>"
    )


def _document(title: str, description: str, height: float, parts: Sequence[str]) -> str:
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH:.0f} {height:.0f}' "
        f"width='{_WIDTH:.0f}' height='{height:.0f}' role='img' aria-labelledby='title desc' "
        f"{_FONT} fill='{_INK}'>"
    )
    return "\n".join(
        (
            head,
            f"<title id='title'>{_clean(title)}</title>",
            f"<desc id='desc'>{_clean(description)}</desc>",
            f"<rect width='{_WIDTH:.0f}' height='{height:.0f}' fill='#ffffff'/>",
            _text(_WIDTH / 2, 28, title, size=17),
            *parts,
            "</svg>\n",
        )
    )
