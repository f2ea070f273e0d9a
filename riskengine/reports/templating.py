"""What every page is rendered with: one environment, and a style sheet named by its hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from riskengine.errors import Language
from riskengine.explanation.texts import Texts
from riskengine.reports.inert import inert

HTML_LANG: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
PAGES = "riskengine.reports"


@lru_cache(maxsize=4)
def environment(package: str = PAGES, finalize: Callable[[Any], Any] = inert) -> Environment:
    """Templates of a package; whatever is filled in is finalized, made inert, and escaped."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@lru_cache(maxsize=8)
def source(name: str, package: str = PAGES) -> str:
    """Text of a file that stands among the templates of a package."""
    found = environment(package)
    assert found.loader is not None
    return found.loader.get_source(found, name)[0]


@lru_cache(maxsize=8)
def source_hash(text: str) -> str:
    """Hash of an inline style sheet as a content-security policy names it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def frame(say: Texts, style: str) -> dict[str, Any]:
    """What every document carries: its words, its language and its one style sheet."""
    return {
        "say": say,
        "html_lang": HTML_LANG[say.lang],
        "style": Markup(style),
        "style_hash": source_hash(style),
    }
