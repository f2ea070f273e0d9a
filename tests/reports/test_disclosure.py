"""A spouse told of violence: nothing for the person or for a referral gives it away."""

from __future__ import annotations

import json

import pytest

from riskengine import Engine
from riskengine.instrument.model import Instrument
from riskengine.reports.html import explanation_page, page_texts, referral_page, write_document
from riskengine.reports.referral import ReferralList, write_referral_csv
from tests.reports.browser import browser_path, pdf_text
from tests.reports.conftest import DAY, EXAMPLES

SECRET = {"domestic_violence", "harm_to_others_now", "family_relationship"}
LANGS = ["zh", "en"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def raw() -> dict:
    (file,) = [file for file in EXAMPLES if "told_in_confidence" in file.name]
    return json.loads(file.read_text(encoding="utf-8"))


def telling(instrument: Instrument, explanation, lang: str) -> set[str]:
    """Whatever would give the informant away: labels, ids, answers, alerts and their tasks."""
    words = set(SECRET)
    for name in SECRET:
        item = instrument.by_id[name]
        words.add(item.label[lang])
        words |= {level.label[lang] for level in item.levels if len(level.label[lang]) > 6}
    for alert in explanation.recommendation.alerts:
        words |= {alert.label, alert.task}
    words |= {"家庭暴力", "家暴", "配偶", "妻子", "violence", "spouse", "wife", "S-0417"}
    return words


def outputs(explanation, lang: str, tmp_path) -> dict[str, str]:
    """Everything that leaves the office."""
    referrals = ReferralList()
    referrals.add(explanation)
    say = page_texts(lang)
    pages = {
        "person": explanation_page([explanation], lang=lang, reader="person"),
        "referral": referral_page(referrals, lang=lang),
    }
    write_referral_csv(tmp_path / "list.csv", referrals.rows(), say)
    found = {**pages, "csv": (tmp_path / "list.csv").read_text(encoding="utf-8")}
    if browser_path() is not None:
        for name, page in pages.items():
            file = write_document(tmp_path / f"{name}.pdf", page)
            found[f"{name} pdf"] = pdf_text(file)
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_no_output_for_others_tells_what_the_spouse_said(engine, raw, lang, tmp_path):
    explanation = engine.explain(engine.assessment(raw), on=DAY, lang=lang)
    words = telling(engine.instrument, explanation, lang)
    assert {one.item for one in explanation.withheld} >= SECRET
    for name, text in outputs(explanation, lang, tmp_path).items():
        joined = "".join(text.split())
        assert [w for w in words if w in text or "".join(w.split()) in joined] == [], name


@pytest.mark.parametrize("lang", LANGS)
def test_the_reviewer_sees_it_so_the_search_would_find_it(engine, raw, lang):
    explanation = engine.explain(engine.assessment(raw), on=DAY, lang=lang)
    words = telling(engine.instrument, explanation, lang)
    page = explanation_page([explanation], lang=lang, reader="reviewer")
    assert {engine.instrument.by_id[name].label[lang] for name in SECRET} <= {
        word for word in words if word in page
    }
    assert explanation.withheld[0].ground in page


@pytest.mark.parametrize("lang", LANGS)
def test_a_referral_names_nobody(engine, raw, lang, tmp_path):
    explanation = engine.explain(engine.assessment(raw), on=DAY, lang=lang)
    found = outputs(explanation, lang, tmp_path)
    for name in ("referral", "csv"):
        assert "EX-09" not in found[name]
        for tier in explanation.recommendation.tiers:
            assert tier.label not in found[name]
    assert "EX-09" in found["person"]
