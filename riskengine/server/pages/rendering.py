"""Templates of the review pages. What a person wrote is text in them, and nothing else."""

from __future__ import annotations

from typing import Any

from fastapi.responses import HTMLResponse
from markupsafe import Markup

from riskengine.reports.inert import inert
from riskengine.reports.templating import environment

PACKAGE = "riskengine.server.pages"
HEADERS = {"Referrer-Policy": "same-origin"}
"""Without a referrer a browser sends a form with ``Origin: null``, as if from nowhere."""


def inert_lines(value: Any) -> Any:
    """Make a text inert as on paper; here its line breaks and tabs stay."""
    if isinstance(value, str) and not isinstance(value, Markup):
        value = value.replace("\r\n", "\n")
    return inert(value, kept="\n\t")


def html(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Answer with a page."""
    content = environment(PACKAGE, inert_lines).get_template(template).render(**values)
    return HTMLResponse(content, status, headers=HEADERS)
