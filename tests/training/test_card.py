"""The card: from the document alone, the same facts in both languages."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import parse_scorecard
from riskengine.training.card import card
from riskengine.training.pipeline import learn
from riskengine.training.settings import Settings
from riskengine.training.writing import model_bytes


@pytest.fixture(scope="module")
def document(small: Instrument, people: pd.DataFrame) -> ScorecardDocument:
    trained = learn(small, "event_1y", people, Settings(learner="light", compare=True))
    return parse_scorecard(model_bytes(trained.document), source="model.json")


def test_it_states_people_events_data_figures_and_prices(document: ScorecardDocument) -> None:
    text = card(document, "en")
    assert "| People | 1,500 |" in text
    assert f"| Events | {document.training.events} (" in text
    assert f"`{document.training.data_sha256}`" in text
    for metric in document.evaluation:
        form = "{:+.5f}" if metric.name.startswith("price_") else "{:.4f}"
        assert form.format(metric.value) in text, metric.name
    assert "What keeping directions costs" in text
    assert "What leaving protected items out costs" in text
    assert "gang → sex, AUC 1.00" in text
    assert "was not measured: there is no interval" in text


def test_what_it_is_not_for_stands_in_both(document: ScorecardDocument) -> None:
    assert len(document.not_for) >= 3
    for text in document.not_for:
        assert f"- {text.en}" in card(document, "en")
        assert f"- {text.zh}" in card(document, "zh")


def test_both_languages_tell_the_same_numbers(document: ScorecardDocument) -> None:
    def numbers(text: str) -> list[str]:
        body = "".join(line for line in text.splitlines(keepends=True) if line.startswith("|"))
        return re.findall(r"[-+]?\d[\d,]*\.?\d*", body)

    assert numbers(card(document, "zh")) == numbers(card(document, "en"))


def test_no_placeholder_is_left(document: ScorecardDocument) -> None:
    for lang in ("zh", "en"):
        assert not re.search(r"\{[a-z_]*\}|None", card(document, lang))
