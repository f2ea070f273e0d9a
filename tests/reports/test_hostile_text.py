"""Whatever stands in a text of a recommendation, the page has the same shape."""

from __future__ import annotations

import pytest

from riskengine.recommendation import Recommendation
from riskengine.reports.html import recommendation_page
from tests.reports.made_up import CALIBRATED, RESEARCH, STOPPED, document, with_texts
from tests.reports.reading import read

ATTACKS = [
    "<script>alert(1)</script>",
    "</article></main><h1>x",
    '" onmouseover="alert(1)',
    "' style='display:none",
    "{{ 7 * 7 }}{% raw %}{x}%s",
    "<!-- ",
    "</style><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "]]>&lt;b&gt;&#0;",
]
KINDS = {"plain": {}, "calibrated": CALIBRATED, "stopped": STOPPED, "research": RESEARCH}


def page(value: dict) -> str:
    one = Recommendation.model_validate(value, strict=False)
    return recommendation_page([one, one], lang="en", title=value["headline"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_any_text_stays_text(attack, kind):
    harmless = document(**KINDS[kind])
    hostile = with_texts(harmless, lambda text: text + attack)
    calm = with_texts(harmless, lambda text: text + "x")
    found = read(page(hostile))
    assert found.shape() == read(page(calm)).shape()
    assert attack.strip() in found.one("head").one("title").text
    assert "49" not in found.one("head").one("title").text


def test_direction_marks_cannot_turn_a_line_around():
    marks = "\u202e\u2066\u200f\u061c\u202a\u2069\u200e"
    hostile = page(with_texts(document(), lambda text: f"{marks}{text}{marks}"))
    assert not set(marks) & set(hostile)
    # letters of a right-to-left script are kept, isolated from what stands beside them
    hebrew = read(page(with_texts(document(), lambda text: f"{text}אבג")))
    answers = hebrew.all("td", "answer")
    assert any("אבג" in cell.text for cell in answers)
    assert all(cell.all("bdi") for cell in answers if "אבג" in cell.text)


def test_a_very_long_word_changes_nothing_but_the_text():
    long = with_texts(document(), lambda text: text + "汉" * 3000)
    assert read(page(long)).shape() == read(page(document())).shape()
