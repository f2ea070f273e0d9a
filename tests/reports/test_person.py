"""What the person is given: short enough to be read aloud, whole, and without a label."""

from __future__ import annotations

import pytest

from riskengine.reports.html import explanation_page
from riskengine.reports.person import READ_ALOUD, spoken_length
from tests.reports.made_up import explanation
from tests.reports.reading import read

LANGS = ["zh", "en"]
LABELS = ("高危", "高风险", "危险分子", "high-risk", "high risk", "dangerous", "offender")
# people with few reasons and few needs; the busiest cases take longer
NORMAL = 0.75


def notice(one, lang):
    return read(explanation_page([one], lang=lang, reader="person")).one("article")


@pytest.mark.parametrize("lang", LANGS)
def test_three_quarters_of_people_are_told_within_two_minutes(explained_examples, lang):
    lengths = sorted(
        spoken_length(notice(one, lang).one(name="read").text, lang)
        for one in explained_examples[lang]
    )
    short = [length for length in lengths if length <= READ_ALOUD[lang]]
    assert len(short) >= NORMAL * len(lengths), lengths


@pytest.mark.parametrize(
    ("text", "lang", "length"), [("2026年3月2日复核。", "zh", 8), ("A B-c 3", "en", 3)]
)
def test_what_is_counted(text, lang, length):
    assert spoken_length(text, lang) == length


@pytest.mark.parametrize("lang", LANGS)
def test_nobody_is_labelled(explained_examples, lang):
    for one in explained_examples[lang]:
        text = notice(one, lang).text.lower()
        for label in (
            "高危",
            "高风险",
            "危险分子",
            "high-risk",
            "high risk",
            "dangerous",
            "offender",
        ):
            assert label not in text


def test_everything_of_the_notice_is_on_the_sheet():
    found = notice(explanation("en"), "en").text
    for words in (
        "Suggested: strict. Staff decide.",
        "A rule did this.",
        "Told about a. (can change)",
        "Also: Label of d, Label of e",
        "Told about age.",
        "Information is held, ask for review.",
        "Not answered yet: Drug use",
        "Companions. Reviewed by 1 April 2026.",
        "A job",
        "Ask for grounds.",
        "Not how serious.",
        "Signature",
        "Read aloud by",
        "In which language",
        "I have a comment",
    ):
        assert words in found
    assert "Told about d." not in found
