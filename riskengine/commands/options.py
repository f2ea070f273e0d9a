"""Options that several groups of commands share."""

from __future__ import annotations

from enum import StrEnum

from riskengine.errors import Language


class Lang(StrEnum):
    """Language of what is printed."""

    zh = "zh"
    en = "en"

    @property
    def code(self) -> Language:
        """The language as the library names it."""
        return "zh" if self is Lang.zh else "en"
