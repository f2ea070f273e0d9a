"""Names of the states of an axis: levels, bands of a number, codes of what is not known."""

from __future__ import annotations

from riskengine.explanation.texts import Texts
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import DerivedItem, Item
from riskengine.reports.bands import band_name
from riskengine.scorecard.document import Axis


def state_labels(axis: Axis, item: Item | DerivedItem, say: Texts) -> tuple[str, ...]:
    """Name every state of an axis, in its order.

    Returns
    -------
    tuple
        Known states first, then one name for each group of not-known codes.
    """
    if axis.groups:
        known = [say.listed(_level(item, level, say) for level in group) for group in axis.groups]
    else:
        known = [band_label(axis.cuts, at, item, say) for at in range(len(axis.cuts) + 1)]
    return (*known, *(_codes(group, say) for group in axis.not_known))


def band_label(
    cuts: tuple[int | float, ...], at: int, item: Item | DerivedItem, say: Texts
) -> str:
    """Name one band of a number: the first lies below the first edge, an edge belongs above."""
    low: float | None = item.minimum if at == 0 else cuts[at - 1]
    high = None if at == len(cuts) else cuts[at]
    whole = isinstance(item, Item) and item.type == "integer"
    alone = whole and low is not None and high is not None and high - low == 1
    if not cuts or (at == 0 and low != 0 and not alone):
        # what the least possible number is says nothing about the first band
        low = None
    return band_name(low, high, whole=whole)[say.lang]


def _level(item: Item | DerivedItem, level: str, say: Texts) -> str:
    if isinstance(item, Item) and item.levels:
        return item.level(level).label[say.lang]
    return say("yes" if level == "true" else "no")


def _codes(codes: tuple[str, ...], say: Texts) -> str:
    if set(codes) == set(NOT_KNOWN):
        return say("not_known_any")
    return say.listed(say(f"code_{code}") for code in codes)
