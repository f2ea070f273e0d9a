"""Whatever stands in a text of a recommendation, the page has the same shape."""

from __future__ import annotations

import pytest

from riskengine.explanation.document import Explanation
from riskengine.reports.html import explanation_page
from tests.reports.made_up import CALIBRATED, RESEARCH, STOPPED, explained, with_texts
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


READERS = ["officer", "reviewer", "person"]


def page(value: dict, reader: str = "officer") -> str:
    one = Explanation.model_validate(value, strict=False)
    title = value["recommendation"]["headline"]
    return explanation_page([one, one], lang="en", reader=reader, title=title)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_any_text_stays_text(attack, kind, reader):
    if (kind, reader) == ("research", "person"):
        pytest.skip("nobody is told of a score of research mode")
    harmless = explained(**KINDS[kind])
    hostile = with_texts(harmless, lambda text: text + attack)
    calm = with_texts(harmless, lambda text: text + "x")
    found = read(page(hostile, reader))
    assert found.shape() == read(page(calm, reader)).shape()
    assert attack.strip() in found.one("head").one("title").text
    assert "49" not in found.one("head").one("title").text


@pytest.mark.parametrize("reader", READERS)
def test_direction_marks_cannot_turn_a_line_around(reader):
    marks = "\u202e\u2066\u200f\u061c\u202a\u2069\u200e"
    hostile = page(with_texts(explained(), lambda text: f"{marks}{text}{marks}"), reader)
    assert not set(marks) & set(hostile)


def test_letters_of_a_right_to_left_script_are_kept_and_isolated():
    hebrew = read(page(with_texts(explained(), lambda text: f"{text}אבג")))
    answers = hebrew.all("td", "answer")
    assert any("אבג" in cell.text for cell in answers)
    assert all(cell.all("bdi") for cell in answers if "אבג" in cell.text)


@pytest.mark.parametrize("reader", READERS)
def test_a_very_long_word_changes_nothing_but_the_text(reader):
    long = with_texts(explained(), lambda text: text + "汉" * 10_000)
    calm = with_texts(explained(), lambda text: text + "x")
    found, there = (
        [(tag, names) for tag, names in read(page(one, reader)).shape()] for one in (long, calm)
    )
    assert found == there
