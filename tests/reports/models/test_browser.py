"""The pages in a real browser: nothing overflows, and axe-core finds nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from riskengine.evaluation.challenger import ChallengerExplanation
from riskengine.reports.models.challenger import write_challenger_page
from riskengine.reports.models.page import write_model_page
from riskengine.store.lookup import find_model, find_policy
from tests.reports.browser import axe_source, broken_rules, open_browser

WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    policy, _ = find_policy("cn_default")
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 3, size=(200, 2)).astype(float)
    found = ChallengerExplanation(
        "Classifier", ("a", "b"), answers - 1, 0.0, answers, "exact", 100, 0, 1e-6, 0.0, None, ()
    )
    written = []
    for lang in ("zh", "en"):
        model = find_model("cn_serious_noncompliance")
        for name, rules in (("cn_serious_noncompliance", policy), ("georgia_parole_3y", None)):
            model = find_model(name)
            path = folder / f"{name}.{lang}.html"
            written.append(write_model_page(path, model, lang=lang, policy=rules))
        path = folder / f"challenger.{lang}.html"
        written.append(write_challenger_page(path, found, lang=lang, title="t"))
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
            grid = page.evaluate("getComputedStyle(document.querySelector('.cards')).display")
            assert grid == "grid"  # the style sheet was let through
            assert asked == [path.as_uri()]
            page.close()


def test_axe_finds_nothing(pages, browser):
    axe_source()
    for path in pages:
        context = browser.new_context(bypass_csp=True)
        page = context.new_page()
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert broken_rules(page) == [], (path.name, width)
        context.close()
