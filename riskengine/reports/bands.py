"""What a band of a number is called, on every page and in every table."""

from __future__ import annotations

from riskengine.reports.words import text_of
from riskengine.text import Text

CATALOGUE = "bands"


def band_name(low: float | None, high: float | None, *, whole: bool = False) -> Text:
    """Name a band in both languages.

    Parameters
    ----------
    low, high
        Its edges: the lower one lies within, the upper one above it; ``None`` where it has none.
    whole
        Whether only whole numbers occur, so that a band has a last one.
    """
    if low is None and high is None:
        return text_of(CATALOGUE, "any")
    if low is None:
        return text_of(CATALOGUE, "below", high=written(high))
    if high is None:
        return text_of(CATALOGUE, "from", low=written(low))
    if not whole:
        return text_of(CATALOGUE, "under", low=written(low), high=written(high))
    if high - low == 1:
        return Text(zh=written(low), en=written(low))
    return text_of(CATALOGUE, "between", low=written(low), last=written(high - 1))


def band_names(edges: tuple[float, ...]) -> tuple[Text, ...]:
    """Name the bands that rising edges cut all numbers into."""
    ends = (None, *edges, None)
    return tuple(band_name(*pair) for pair in zip(ends[:-1], ends[1:], strict=True))


def written(number: float | None) -> str:
    """Write an edge without needless decimals."""
    return f"{number:g}".replace("-", "\N{MINUS SIGN}")
