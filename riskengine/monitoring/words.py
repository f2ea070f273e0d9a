"""Sentences of the monitor in both languages at once."""

from __future__ import annotations

from riskengine.instrument.items import LEVELLED, DerivedItem, Item
from riskengine.reports.words import text_of
from riskengine.scorecard.document import Axis
from riskengine.text import Text

CATALOGUE = "monitoring"


def said(key: str, **values: object) -> Text:
    """Give a sentence; values that are texts are taken in its language."""
    return text_of(CATALOGUE, key, **values)


def per_cent(share: float) -> str:
    """A share as it is read."""
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %"


def band_label(low: float | None, high: float | None) -> Text:
    """A band of numbers in words."""
    if low is None and high is None:
        return said("band_any")
    if low is None:
        return said("band_below", high=f"{high:g}")
    if high is None:
        return said("band_from", low=f"{low:g}")
    return said("band_between", low=f"{low:g}", high=f"{high:g}")


def state_labels(axis: Axis, item: Item | DerivedItem) -> tuple[Text, ...]:
    """Known states of an axis in the words of the instrument."""
    if not axis.groups:
        edges = (None, *axis.cuts, None)
        return tuple(band_label(*pair) for pair in zip(edges[:-1], edges[1:], strict=True))
    if isinstance(item, Item) and item.type == "boolean":
        names = {"true": said("answer_yes"), "false": said("answer_no")}
    else:
        assert isinstance(item, Item) and item.type in LEVELLED
        names = {level.id: level.label for level in item.levels}
    return tuple(
        Text(
            zh="、".join(names[level].zh for level in group),
            en=", ".join(names[level].en for level in group),
        )
        for group in axis.groups
    )
