"""Templates of the review pages. What a person wrote is text in them, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from riskengine.errors import Language
from riskengine.explanation.texts import Texts
from riskengine.reports.inert import inert
from riskengine.reports.templating import environment
from riskengine.server.pages.texts import desk_texts

PACKAGE = "riskengine.server.pages"
HEADERS = {"Referrer-Policy": "same-origin"}
"""Without a referrer a browser sends a form with ``Origin: null``, as if from nowhere."""


def inert_lines(value: Any) -> Any:
    """Make a text inert as on paper; here its line breaks and tabs stay."""
    if isinstance(value, str) and not isinstance(value, Markup) and not value.isprintable():
        value = value.replace("\r\n", "\n")
    return inert(value, kept="\n\t")


_FIXED = re.compile(r'\{\{ say\("(\w+)"\) \}\}')


class _Worded(PackageLoader):
    """Templates with the fixed sentences of one language set in: a list has thousands of them."""

    def __init__(self, say: Texts) -> None:
        super().__init__(PACKAGE)
        self.say = say

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool] | None]:
        """Text of a template; a sentence that could be read as a part of it is left out."""
        text, file, fresh = super().get_source(environment, template)

        def sentence(found: re.Match[str]) -> str:
            words = self.say(found[1])
            return found[0] if "{" in words else str(escape(inert_lines(words)))

        return _FIXED.sub(sentence, text), file, fresh


@cache
def _templates(lang: Language) -> Environment:
    return environment(PACKAGE, inert_lines).overlay(loader=_Worded(desk_texts(lang)))


def html(template: str, status: int = 200, *, lang: Language, **values: Any) -> HTMLResponse:
    """Answer with a page."""
    content = _templates(lang).get_template(template).render(lang=lang, **values)
    return HTMLResponse(content, status, headers=HEADERS)
