"""Figures of an evaluation as a page writes them."""

from __future__ import annotations

from collections.abc import Iterable

from riskengine.errors import Language
from riskengine.evaluation.document import Difference, Figure, FigureName
from riskengine.evaluation.words import why_not
from riskengine.explanation.texts import Texts
from riskengine.reports.figures import minus

SHARES: frozenset[FigureName] = frozenset(
    (
        "event_share",
        "mean_risk",
        "share_flagged",
        "sensitivity",
        "specificity",
        "ppv",
        "npv",
        "false_positive_rate",
        "false_negative_rate",
    )
)
"""Figures that are shares and stand in per cent."""
_DECIMALS: dict[FigureName, int] = {
    "lift": 2,
    "contacts": 1,
    "events_per_100_contacts": 1,
    "observed_expected": 2,
    "calibration_slope": 2,
    "net_benefit": 4,
}


def number(name: FigureName, value: float, *, signed: bool = False) -> str:
    """Write one value of a figure.

    Examples
    --------
    >>> number("auc", 0.7376), number("ppv", 0.5), number("auc", -0.02, signed=True)
    ('0.738', '50.0%', '−0.020')
    """
    sign = "+" if signed else ""
    if name in SHARES:
        return f"{minus(f'{100 * value:{sign}.1f}')}%"
    return minus(f"{value:{sign}.{_DECIMALS.get(name, 3)}f}")


def written(figure: Figure | Difference | None, say: Texts) -> str:
    """Write a figure with its interval, or why there is none."""
    if figure is None:
        return "\N{EN DASH}"
    if figure.value is None:
        return why_not(figure.why_not)[say.lang] if figure.why_not else "\N{EN DASH}"
    signed = isinstance(figure, Difference)
    value = number(figure.name, figure.value, signed=signed)
    if figure.low is None or figure.high is None:
        return value
    return say(
        "interval",
        value=value,
        low=number(figure.name, figure.low, signed=signed),
        high=number(figure.name, figure.high, signed=signed),
    )


def find(figures: Iterable[Figure], name: FigureName) -> Figure | None:
    """Find a figure by name."""
    return next((one for one in figures if one.name == name), None)


def thousands(count: int | float) -> str:
    """Write a count."""
    return f"{count:,.0f}"


def stop(text: str, lang: Language) -> str:
    """Take the stop off a text that a sentence goes on after."""
    return text.rstrip("。.") if lang == "zh" else text.rstrip(".")
