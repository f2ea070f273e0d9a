"""What every page is rendered with: one environment, and a style sheet named by its hash."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from riskengine.errors import Language
from riskengine.reports.inert import inert

HTML_LANG: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
PAGES = "riskengine.reports"


@lru_cache(maxsize=4)
def environment(package: str = PAGES) -> Environment:
    """Templates of a package; whatever is filled in is escaped and made inert."""
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=inert,
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
