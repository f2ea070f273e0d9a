"""Templates of the review pages. What a person wrote is text in them, and nothing else."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from riskengine.errors import Language

HTML_LANG: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
_REPLACEMENT = "·"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_KEPT = "\n\t"
HEADERS = {"Referrer-Policy": "same-origin"}
"""Without a referrer a browser sends a form with ``Origin: null``, as if from nowhere."""


def inert(value: Any) -> Any:
    """Take out of a text what could change how its neighbours read; line breaks stay.

    Escaping keeps markup from acting; this keeps direction marks, zero-width and control
    characters from doing so. Each is replaced by a visible point.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(
        _REPLACEMENT
        if unicodedata.category(letter) in _INVISIBLE and letter not in _KEPT
        else letter
        for letter in value.replace("\r\n", "\n")
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of the pages."""
    return Environment(
        loader=PackageLoader("riskengine.server.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def html(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Answer with a page."""
    content = environment().get_template(template).render(**values)
    return HTMLResponse(content, status, headers=HEADERS)
