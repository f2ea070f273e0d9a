"""The profiles that ship: what they rest on is plain, and every rule has an example."""

from __future__ import annotations

import pytest

from riskengine import Assessment, Engine, UseError
from riskengine.policy.checks import faults
from riskengine.policy.citations import citations
from riskengine.policy.compiled import assemble, seal
from riskengine.policy.examples import CUTS, example_of
from riskengine.policy.history import EVENT_KINDS
from riskengine.policy.ruling import rule_on
from riskengine.policy.tiers import Tier
from riskengine.reports.policies.diff import policy_diff
from riskengine.reports.policies.page import policy_page
from riskengine.store.lookup import find_instrument, find_policy, policy_names
from tests.engine.test_quick_form import ON, answer

PROFILES = [name.partition("@")[0] for name in policy_names()]
IN_USE = ["cn_county_1m", "cn_default", "cn_province_2m"]
NEVER = {"cn_sichuan_2014": "historical", "us_georgia_levels": "benchmark"}


def opened(name: str):
    document, _ = find_policy(name)
    return document, find_instrument(document.instrument)


def test_five_profiles_ship():
    assert sorted(PROFILES) == sorted([*IN_USE, *NEVER])


@pytest.mark.parametrize("name", PROFILES)
def test_it_is_sound_and_bears_the_seal_of_its_check(name):
    document, instrument = opened(name)
    assert faults(document, instrument) == []
    assert document.checked == seal(document, instrument)


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_sourced_and_what_is_assumed_is_told_of_every_part(name):
    document, _ = opened(name)
    cited = list(citations(document))
    places = {place for place, _ in cited}
    assert {("tiers", tier.value, "citation") for tier in Tier} <= places
    for place, citation in cited:
        assert citation.basis is not None, place
        # a text that was read may be called checked; what is assumed or second-hand may not
        assert citation.verified is (citation.basis == "statute"), place
        if citation.basis == "local_rule" and name != "cn_default":
            assert citation.source, place
        if citation.basis == "assumed":
            said = citation.text.zh + (citation.note.zh if citation.note else "")
            assert "假定" in said or "建议" in said, place


@pytest.mark.parametrize("name", IN_USE)
def test_no_days_hold_by_themselves_and_every_event_calls_for_a_review(name):
    document, _ = opened(name)
    periods = [document.initial_period.period, document.steps.without_sanction_for]
    for terms in document.tiers.values():
        periods += [terms.review, terms.minimum_stay, terms.longest]
    periods += [rule.lasts.period for rule in document.rules if rule.lasts]
    assert all(period.share_of_term for period in periods if period is not None)
    assert {trigger.event for trigger in document.triggers} == set(EVENT_KINDS)


@pytest.mark.parametrize("name", PROFILES)
def test_every_rule_has_an_example_that_fires_it(name):
    document, instrument = opened(name)
    policy = assemble(document, instrument, CUTS)
    for rule in document.rules:
        example = example_of(policy, rule)
        assert example is not None, rule.id
        # run again from what the example tells, through the rules themselves
        ids = {one.id for one in (*example.ruling.applied, *example.ruling.warnings)}
        assert rule.id in ids
        if rule.effect.kind == "floor":
            assert example.ruling.tier.rank >= rule.effect.tier.rank


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PROFILES)
def test_the_page_holds_every_rule_with_citation_and_example(name, lang):
    document, instrument = opened(name)
    page = policy_page(document, instrument, lang)
    assert "无法构造" not in page
    assert "no example could be made" not in page
    for rule in document.rules:
        assert f"(`{rule.id}`)" in page
        assert rule.citation.text[lang] in page
        assert rule.reason[lang] in page
    word = {"zh": "**例**：", "en": "**Example**: "}[lang]
    assert page.count(word) == len(document.rules)
    other = {"zh": "en", "en": "zh"}[lang]
    assert document.title[other] not in page


def test_a_page_of_a_rule_that_was_changed_shows_the_change(cn):
    from tests.support.policies import default, read

    raw = default()
    raw["rules"][1]["when"] = {"item": "admonitions_n", "at_least": 4}
    page = policy_page(read(raw), cn, "en")
    assert "“Admonitions” is “4” or more" in page
    assert "Admonitions: 4; " in page


def test_an_example_that_does_not_fire_its_rule_is_passed_over(cn):
    """With one admonition this rule yields to the other; an example has to have two."""
    from tests.support.policies import default, read, rule

    raw = default()
    raw["rules"] = [
        rule("some", {"item": "admonitions_n", "at_least": 1},
             {"kind": "floor", "tier": "strict"}, yields_to=["few"]),
        rule("few", {"item": "admonitions_n", "at_most": 1}, {"kind": "caution"}),
    ]  # fmt: skip
    policy = assemble(read(raw), cn, CUTS)
    example = example_of(policy, policy.document.rules[0])
    assert example.told == {"admonitions_n": 2}


@pytest.mark.parametrize("name", NEVER)
def test_a_historical_or_research_profile_never_serves_a_recommendation(name):
    with pytest.raises(UseError, match=f"is a {NEVER[name]} policy"):
        Engine.load(policy=name)


@pytest.mark.parametrize("kind", ["intake", "reassessment"])
@pytest.mark.parametrize("name", IN_USE)
def test_the_quick_form_yields_a_tier_under_every_profile(cn, name, kind):
    quick = {item.id: answer(item) for item in cn.items if item.quick}
    if kind == "intake":
        quick["last_appraisal"] = "none_yet"
    engine = Engine.load(policy=name)
    assessment = engine.assessment(
        {"person": "Q-1", "kind": kind, "form": "quick", "assessed_on": "2026-06-01",
         "answers": quick}
    )  # fmt: skip
    found = engine.recommend(assessment, on=ON)
    assert found.tiers
    assert found.binding_rule.citation
    assert found.provenance.policy == f"{name}@1.0.0"


@pytest.mark.parametrize("kind", ["intake", "reassessment"])
def test_the_quick_form_yields_a_tier_under_the_historical_profile(cn, kind):
    """The engine refuses it for any person; its rules alone still give a tier."""
    quick = {item.id: answer(item) for item in cn.items if item.quick}
    raw = {"person": "Q-1", "kind": kind, "form": "quick", "assessed_on": "2026-06-01",
           "answers": quick}  # fmt: skip
    document, instrument = opened("cn_sichuan_2014")
    policy = assemble(document, instrument, CUTS)
    for score in (0, 5, 9):
        ruling = rule_on(policy, Assessment.from_dict(raw, cn), score=score, on=ON)
        assert ruling.tier is not None
        assert ruling.binding.citation.text.zh


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_policy_does_not_differ_from_itself(lang):
    document, instrument = opened("cn_default")
    said = policy_diff(document, document, instrument, lang)
    assert {"zh": "没有差别。", "en": "Nothing differs."}[lang] in said
    assert "→" not in said


def test_a_difference_says_what_and_for_whom():
    document, instrument = opened("cn_default")
    other, _ = opened("cn_county_1m")
    said = policy_diff(document, other, instrument, "en").splitlines()
    assert (
        "- **Rule “One admonition”**: none → “Admonitions” is “1” or more – at least ordinary"
        in said
    )
    assert "- **Admonitions: 1; score in the relaxed band**: relaxed → ordinary" in said
    assert "- **Latest appraisal: Fail; score in the relaxed band**: strict → ordinary" in said
    assert any(
        line.startswith("- **Without sanction") and line.endswith("from day 180 → from day 60")
        for line in said
    )
