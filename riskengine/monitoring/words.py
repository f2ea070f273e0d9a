"""Sentences of the monitor in both languages at once."""

from __future__ import annotations

from riskengine.instrument.items import LEVELLED, DerivedItem, Item
from riskengine.reports.bands import band_names
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


def state_labels(axis: Axis, item: Item | DerivedItem) -> tuple[Text, ...]:
    """Known states of an axis in the words of the instrument."""
    if not axis.groups:
        return band_names(axis.cuts)
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
