"""The three supervision tiers, from the least to the most restrictive."""

from __future__ import annotations

from enum import StrEnum

from riskengine.text import Text


class Tier(StrEnum):
    """A supervision tier; `rank` orders them."""

    RELAXED = "relaxed"
    ORDINARY = "ordinary"
    STRICT = "strict"

    @property
    def rank(self) -> int:
        """0 for relaxed, 1 for ordinary, 2 for strict."""
        return _ORDER.index(self)

    @classmethod
    def at(cls, rank: int) -> Tier:
        """The tier of a rank."""
        return _ORDER[rank]

    @property
    def label(self) -> Text:
        """Its name in Chinese and English."""
        return _LABELS[self]


_ORDER = (Tier.RELAXED, Tier.ORDINARY, Tier.STRICT)
_LABELS = {
    Tier.RELAXED: Text(zh="宽管", en="relaxed"),
    Tier.ORDINARY: Text(zh="普管", en="ordinary"),
    Tier.STRICT: Text(zh="严管", en="strict"),
}
