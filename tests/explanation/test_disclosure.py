"""A spouse informed about violence: the person and the referral must never come to know it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest

from riskengine import Engine, PastTier, Tier
from riskengine.explanation.disclosure import (
    closed_items,
    for_person,
    for_referral,
    open_part,
    person_copy,
    withheld_log,
)
from riskengine.instrument.assessment import AnswerSource
from riskengine.instrument.model import Instrument
from riskengine.reports.explained import explained
from tests.support.cases import ON, case

LANGS = ("zh", "en")
TOLD = {
    "domestic_violence": "current_perpetrator",
    "harm_to_others_now": ["current_domestic_violence"],
}
OTHERS = {
    "age_at_start": 40, "employment_status": "seeking", "drug_use": "none", "family_support": "2",
    "prior_convictions_n": 0,
}  # fmt: skip
BY_SPOUSE = AnswerSource("family", ON, "S-1", "third_party")

GIVES_AWAY = (
    "domestic_violence", "harm_to_others", "third_party", "confidential", "violence_done",
    "safety_of_others", "beaten", "S-1",
    "家庭暴力", "家暴", "施暴", "暴力", "殴打", "配偶", "家属", "妇女联合会",
    "安全与化解", "他人现实危险",
    "violence", "Harmed others", "Danger to others", "spouse", "beatings", "federation",
    "Safety and settlement", "protection",
)  # fmt: skip


def told_by_the_spouse(cn, **answers):
    found = case(cn, **OTHERS, **TOLD, **answers)
    return replace(found, sources=MappingProxyType(dict.fromkeys(TOLD, BY_SPOUSE)))


def outputs(engine, assessment) -> dict[str, str]:
    """Everything that is made for the person, or goes with a referral."""
    found = {"copy": json.dumps(person_copy(assessment), ensure_ascii=False)}
    for lang in LANGS:
        explanation = engine.explain(assessment, on=ON, lang=lang)
        found[f"notice {lang}"] = for_person(explanation).model_dump_json()
        found[f"referral {lang}"] = json.dumps(
            [need.model_dump() for need in for_referral(explanation)], ensure_ascii=False
        )
        found[f"lines {lang}"] = "\n".join(explained(explanation, "person"))
        found[f"looked for, {lang}"] = json.dumps(
            explanation.open_view.model_dump(exclude={"closed"}), ensure_ascii=False
        )
    return found


@pytest.mark.parametrize("which", ["shipped", "district"])
def test_no_output_for_the_person_gives_the_spouse_away(cn, which, request):
    engine = Engine.load() if which == "shipped" else request.getfixturevalue("district")
    assessment = told_by_the_spouse(cn)
    officer = engine.explain(assessment, on=ON).model_dump_json()
    assert "家庭暴力" in officer and "非暴力相处" in officer, "the officer is told"
    for name, text in outputs(engine, assessment).items():
        found = [word for word in GIVES_AWAY if word.lower() in text.lower()]
        assert found == [], name


def test_it_is_held_and_a_review_can_be_asked_for(district, cn):
    notice = for_person(district.explain(told_by_the_spouse(cn), on=ON, lang="en"))
    assert "held in confidence" in notice.held and "review" in notice.held
    assert "held in confidence" in notice.what_rules_did, "the spouse's rule binds, unnamed"


def test_a_rule_that_binds_on_open_answers_is_told(district, cn):
    found = district.explain(told_by_the_spouse(cn, warnings_n=1), on=ON, lang="zh")
    notice = for_person(found)
    assert "警告" in notice.what_rules_did
    assert "殴打" not in notice.what_rules_did


def test_an_open_alert_from_a_confidential_answer_is_not_the_persons_reason(cn):
    """It holds the tier; the person's notice says only that information is held."""
    engine = Engine.load()
    history = [PastTier(Tier.STRICT, date(2025, 12, 1))]
    answers = {**OTHERS, "age_at_start": 60}
    found = engine.explain(case(cn, **answers, self_harm_flag="3"), on=ON, history=history)
    assert found.recommendation.binding_rule.id == "open_alert"
    assert "自伤" in found.recommendation.binding_rule.reason, "the officer is told"
    notice = for_person(found)
    assert "自伤" not in notice.model_dump_json() and "安全事项" not in notice.model_dump_json()
    assert "依法保密" in notice.what_rules_did


def test_what_was_withheld_is_logged_with_its_ground_and_without_the_answer(cn):
    found = Engine.load().explain(told_by_the_spouse(cn, distress="3"), on=ON, lang="zh")
    lines = [json.loads(line) for line in withheld_log(found)]
    assert {line["item"]: line["disclosure"] for line in lines} == {
        "domestic_violence": "third_party",
        "harm_to_others_now": "third_party",
        "distress": "confidential",
    }
    for line in lines:
        assert line["ground"] and "法》" in line["citation"]
        assert line["readers"] == ["person", "referral", "export"]
        assert line["person"] == "T-1" and line["on"] == ON.isoformat()
    assert "current_perpetrator" not in json.dumps(lines)


def test_a_derived_item_is_as_closed_as_its_sources(cn):
    found = case(cn, **OTHERS)
    assert "age_started" not in closed_items(found)
    sourced = replace(found, sources=MappingProxyType({"birth_date": BY_SPOUSE}))
    assert {"birth_date", "age_started"} <= set(closed_items(sourced))


def test_a_derived_item_of_a_closed_item_is_always_closed(cn):
    raw = json.loads(cn.model_dump_json(by_alias=True))
    for item in raw["items"]:
        if item["id"] == "birth_date":
            item["disclosure"] = "confidential"
    stricter = Instrument.model_validate_json(json.dumps(raw))
    found = replace(case(cn, **OTHERS), instrument=stricter)
    assert {"birth_date", "age_started"} <= set(closed_items(found))


def test_an_open_item_told_in_confidence_is_closed_for_this_person(cn):
    engine = Engine.load()
    found = case(cn, **OTHERS, antisocial_companions="3", alcohol_problem="3")
    sourced = replace(found, sources=MappingProxyType({"antisocial_companions": BY_SPOUSE}))
    for lang, label in (("zh", "不良交往"), ("en", "Companions")):
        open_notice = for_person(engine.explain(found, on=ON, lang=lang))
        closed_notice = for_person(engine.explain(sourced, on=ON, lang=lang))
        assert label in open_notice.model_dump_json()
        assert label not in closed_notice.model_dump_json()
        assert all(
            need.id != "companions"
            for need in for_referral(engine.explain(sourced, on=ON, lang=lang))
        )


def test_a_referral_carries_no_identity_answer_or_tier(cn):
    found = Engine.load().explain(case(cn, **OTHERS, residence_stability="none"), on=ON, lang="en")
    text = json.dumps([need.model_dump() for need in for_referral(found)])
    assert "Public rental housing" in text
    for word in ("T-1", "residence_stability", "No place to live", "strict", "ordinary",
                 "relaxed", "true", "dangerous"):  # fmt: skip
        assert word not in text


# ---------------------------------------------------------------- what comparing could tell

RESULT = {"headline", "review_on", "how_sure", "what_rules_did"}
"""What follows from the result: the tier itself, its review, and the rule that it rests on."""


OPEN = (
    "employment_status", "drug_use", "family_support", "financial_strain", "residence_stability",
    "antisocial_companions",
)  # fmt: skip
CLOSED = ("domestic_violence", "distress", "mental_disorder", "self_harm_flag")


def rule_told(said: str) -> str:
    """Rule and reason; which tier the score alone would have given is a result."""
    return said.split("没有这条规则")[0].split("Without this rule")[0]


def drawn(cn, rng, items) -> dict[str, object]:
    return {i: rng.choice([*cn.by_id[i].level_ids, "unknown", "refused"]) for i in items}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("seed", range(25))
def test_comparing_with_the_notice_had_nobody_asked_tells_nothing(district, lang, seed):
    """Whatever was said in confidence, only the result and the neutral sentence differ."""
    rng = random.Random(seed)
    cn = district.instrument
    answers = {
        **drawn(cn, rng, OPEN),
        "age_at_start": rng.randint(18, 80),
        "warnings_n": rng.randint(0, 1),
    }
    closed = drawn(cn, rng, CLOSED)
    asked = case(district.instrument, **answers, **closed)
    unasked = case(district.instrument, **answers)
    with_it = for_person(district.explain(asked, on=ON, lang=lang)).model_dump()
    without = for_person(district.explain(unasked, on=ON, lang=lang)).model_dump()
    assert without.pop("held") is None
    assert with_it.pop("held")
    differ = {key for key in with_it if with_it[key] != without[key]}
    assert differ <= RESULT
    if with_it["headline"] == without["headline"]:
        assert differ <= {"what_rules_did"}
        neutral = {"zh": "依法保密", "en": "held in confidence"}[lang]
        first, second = (rule_told(one["what_rules_did"]) for one in (with_it, without))
        assert first == second or neutral in first
    referred = [
        [need.model_dump() for need in for_referral(district.explain(one, on=ON, lang=lang))]
        for one in (asked, unasked)
    ]
    assert referred[0] == referred[1]
    assert person_copy(asked) == person_copy(unasked)


def test_the_open_part_of_an_open_assessment_is_itself(cn):
    found = case(cn, **OTHERS)
    assert open_part(found, closed_items(found)) is found
