"""Every catalogue of sentences: both languages, the same placeholders, nothing missing."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from riskengine.reports.words import words_of

BUILT = sorted((Path(__file__).parents[2] / "data_schema" / "built" / "texts").glob("*.json"))


@pytest.mark.parametrize("path", BUILT, ids=lambda path: path.stem)
def test_both_languages_say_everything_with_the_same_placeholders(path):
    texts = json.loads(path.read_text(encoding="utf-8"))["texts"]
    assert texts
    for key, text in texts.items():
        assert set(text) == {"zh", "en"}, key
        zh, en = (set(re.findall(r"\{(\w+)\}", text[lang])) for lang in ("zh", "en"))
        assert zh == en, key


def test_the_terminal_uses_every_word_that_it_has_and_has_every_word_that_it_uses():
    source = resources.files("riskengine.reports").joinpath("terminal.py")
    code = source.read_text(encoding="utf-8")
    asked = set(re.findall(r'say\(\s*"([a-z_]+)"', code))
    asked |= set(re.findall(r'"(rule\w*)"', code))
    assert asked == set(words_of("terminal", "en").sentences)
