"""The pages in a real browser: nothing overflows, axe-core finds nothing, one page is one page."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from riskengine.reports.checklists.facts import Known
from riskengine.reports.checklists.fill import fill
from riskengine.reports.checklists.pages import write_checklist
from riskengine.reports.evaluation.pages import write_evaluation_pages
from riskengine.store.lookup import find_model, find_policy
from tests.reports.browser import axe_source, broken_rules, open_browser
from tests.reports.evaluation.made_up import made_up

WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    policy, _ = find_policy("cn_default")
    known = Known(find_model("cn_serious_noncompliance"), policy=policy, on=date(2026, 3, 2))
    written = []
    for lang in ("zh", "en"):
        written += write_evaluation_pages(made_up(), folder, lang)
        path = folder / f"impact.{lang}.html"
        written.append(write_checklist(path, fill("impact", known), lang=lang))
    return written


@pytest.fixture(scope="module")
def browser():
    with open_browser() as found:
        yield found


def test_nothing_overflows_and_nothing_is_asked_of_a_network(pages, browser):
    for path in pages:
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
            styled = page.evaluate("getComputedStyle(document.querySelector('.head')).borderStyle")
            assert "double" in styled  # the style sheet was let through
            assert asked == [path.as_uri()]
            page.close()


def test_the_page_for_a_director_is_one_a4(pages, browser):
    for path in pages:
        if path.name.startswith("director"):
            page = browser.new_page()
            page.goto(path.as_uri())
            pdf = page.pdf(prefer_css_page_size=True)
            assert pdf.count(b"/Type /Page\n") == 1, path.name
            page.close()


def test_axe_finds_nothing(pages, browser):
    axe_source()
    # both languages have the same structure
    for path in (one for one in pages if one.name.endswith("zh.html")):
        for width in WIDTHS if path.name.startswith("report") else WIDTHS[1:]:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, bypass_csp=True
            )
            page = context.new_page()
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert broken_rules(page) == [], path.name
            context.close()
