"""Writing the pages of an evaluation: the report, and the director's page."""

from __future__ import annotations

from pathlib import Path

from riskengine.errors import Language
from riskengine.evaluation.document import Evaluation
from riskengine.reports.chart import definitions
from riskengine.reports.evaluation.director import DirectorPage
from riskengine.reports.evaluation.report import ReportPage
from riskengine.reports.models.page import model_style
from riskengine.reports.templating import environment, frame, source
from riskengine.reports.words import words_of

CATALOGUE = "evaluation_pages"


def report_page(document: Evaluation, *, lang: Language) -> str:
    """Give the full report as one self-contained HTML document.

    Returns
    -------
    str
        The document. The same evaluation gives the same text.
    """
    say = words_of(CATALOGUE, lang)
    return _render("report", ReportPage(document, say), say("report_kind"))


def director_page(document: Evaluation, *, lang: Language) -> str:
    """Give the page for a director: one A4, in plain words."""
    say = words_of(CATALOGUE, lang)
    return _render("director", DirectorPage(document, say), say("director_kind"))


def _render(name: str, page: ReportPage | DirectorPage, kind: str) -> str:
    style = "\n".join(
        (model_style(), source("evaluation/evaluation.css"), source(f"evaluation/{name}.css"))
    )
    return (
        environment()
        .get_template(f"evaluation/{name}.html.j2")
        .render(
            page=page,
            title=f"{page.title} · {kind}",
            **frame(page.say, style),
            chart_definitions=definitions(),
        )
    )


def write_evaluation_pages(document: Evaluation, out: Path, lang: Language) -> list[Path]:
    """Write ``report.LANG.html`` and ``director.LANG.html`` into a folder, which is made.

    Returns
    -------
    list of Path
        Both files.
    """
    out.mkdir(parents=True, exist_ok=True)
    pages = {
        f"report.{lang}.html": report_page(document, lang=lang),
        f"director.{lang}.html": director_page(document, lang=lang),
    }
    written = []
    for name, page in pages.items():
        path = out / name
        path.write_text(page, encoding="utf-8", newline="\n")
        written.append(path)
    return written
