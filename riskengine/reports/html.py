"""Recommendations as one self-contained HTML file: an index, then a sheet of A4 for each person.

The file runs nothing and fetches nothing. A content-security policy in its head forbids both and
allows exactly one style sheet, by its hash, so even markup that slipped through would stay inert.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from riskengine.errors import Language, NotFoundError, UseError
from riskengine.explanation.texts import TextCatalogue, Texts, texts_in
from riskengine.recommendation import Recommendation
from riskengine.reports.chart import definitions
from riskengine.reports.sheet import Sheet
from riskengine.store.lookup import find_catalogue

_HTML_LANG: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
# Control and format characters: among them the marks that turn the direction of what follows.
# Private-use and unassigned ones stay, since rare characters of names are found there.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_REPLACEMENT = "·"


def recommendation_page(
    recommendations: Sequence[Recommendation], *, lang: Language, title: str | None = None
) -> str:
    """Give one HTML document with a sheet for every recommendation.

    Parameters
    ----------
    recommendations
        In the order in which they are to stand; all in the language of the page.
    lang
        Language of the page.
    title
        Title of the document; a general one where none is given.

    Returns
    -------
    str
        The document. The same recommendations give the same text: it carries no time of making.

    Raises
    ------
    UseError
        Where a recommendation is in another language: its sentences were written by the engine.

    Examples
    --------
    >>> page = recommendation_page([recommendation], lang="zh")  # doctest: +SKIP
    """
    for number, recommendation in enumerate(recommendations, start=1):
        if recommendation.lang != lang:
            raise UseError(
                f"recommendation [{number}] is in [{recommendation.lang}] and the page in "
                f"[{lang}]; ask the engine for it in that language"
            )
    say = page_texts(lang)
    environment = _environment()
    style = _style()
    return environment.get_template("page.html.j2").render(
        title=say("page_title") if title is None else title,
        html_lang=_HTML_LANG[lang],
        say=say,
        sheets=[Sheet(recommendation, say) for recommendation in recommendations],
        research=any(recommendation.research for recommendation in recommendations),
        style=Markup(style),
        style_hash=_source_hash(style),
        chart_definitions=definitions(),
    )


def write_page(
    path: str | Path,
    recommendations: Sequence[Recommendation],
    *,
    lang: Language,
    title: str | None = None,
) -> Path:
    """Write `recommendation_page` to a file in UTF-8; folders on the way are made.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path)
    page = recommendation_page(recommendations, lang=lang, title=title)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf-8", newline="\n")
    return target


def inert(value: Any) -> Any:
    """Take out of a text what could change how its neighbours read.

    Escaping keeps markup from acting; this keeps direction marks, zero-width and control
    characters from doing so. Each is replaced by a visible point.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(
        _REPLACEMENT if unicodedata.category(character) in _INVISIBLE else character
        for character in value
    )


def page_texts(lang: Language) -> Texts:
    """Words of the pages in one language.

    Raises
    ------
    NotFoundError
        Where they were not built.
    """
    raw = find_catalogue("texts", "pages")
    if raw is None:
        raise NotFoundError("the texts of the pages are missing: run `riskengine schema build`")
    return texts_in(TextCatalogue.model_validate(raw, strict=False), lang)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("riskengine.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=inert,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@lru_cache(maxsize=1)
def _style() -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), "page.css")[0]


def _source_hash(text: str) -> str:
    """Hash of an inline style sheet as a content-security policy names it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
