"""Taking out of a text what could change how its neighbours read."""

from __future__ import annotations

import unicodedata
from typing import Any

from markupsafe import Markup

# Control and format characters: among them the marks that turn the direction of what follows.
# Private-use and unassigned ones stay, since rare characters of names are found there.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_REPLACEMENT = "·"


def inert(value: Any, *, kept: str = "") -> Any:
    """Replace each invisible character by a visible point, but for those that are ``kept``.

    Escaping keeps markup from acting; this keeps direction marks, zero-width and control
    characters from doing so. What is markup already is left alone.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isprintable():  # no control, format or surrogate character is; nearly every text is
        return value
    return "".join(
        _REPLACEMENT
        if character not in kept and unicodedata.category(character) in _INVISIBLE
        else character
        for character in value
    )
