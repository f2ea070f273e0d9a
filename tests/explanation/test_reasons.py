"""Reasons add up to the score in every view, and say what they say in plain words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine import Engine, PastTier, Tier
from riskengine.explanation.disclosure import for_person
from riskengine.explanation.document import Explanation
from riskengine.explanation.sums import apportioned
from riskengine.intake.read import read_assessments
from riskengine.synthetic import assessments, make_province
from tests.support.cases import ON, case

PEOPLE = 1_000
ANSWERS = {
    "age_at_start": 40, "prior_convictions_n": 0, "drug_use": "none",
    "employment_status": "stable", "antisocial_companions": "0",
}  # fmt: skip


def every_reason(found: Explanation):
    return [reason for domain in found.reasons.domains for reason in domain.reasons]


def check_sums(found: Explanation) -> None:
    """Baseline and reasons give the score: in units, points, log-odds and points of risk."""
    why, score = found.reasons, found.recommendation.score
    reasons = every_reason(found)
    assert len({reason.item for reason in reasons}) == len(reasons)
    total = why.baseline + sum(reason.contribution for reason in reasons)
    assert total == why.denominator * score.value
    assert sum(domain.contribution for domain in why.domains) == total - why.baseline
    log_odds = Decimal(str(why.baseline_log_odds)) + sum(
        Decimal(str(reason.log_odds)) for reason in reasons
    )
    assert log_odds == Decimal(str(score.log_odds))
    if score.form == "points":
        points = Decimal(why.baseline_points) + sum(Decimal(one.points) for one in reasons)
        assert points == score.value
        for one in reasons:
            exact = Fraction(one.contribution, why.denominator)
            assert abs(Fraction(one.points) - exact) < Fraction(1, 10**9)
    else:
        assert why.baseline_points is None
    if found.recommendation.risk is None:
        assert why.baseline_risk is None
    else:
        risk = Decimal(why.baseline_risk) + sum(
            Decimal(reason.percentage_points) for reason in reasons
        )
        assert risk == Decimal(found.recommendation.risk.probability)
    terms = sum(factor.contribution for factor in found.recommendation.factors)
    assert found.recommendation.score.intercept + terms == score.value


def test_sums_are_exact_for_a_thousand_made_up_people():
    engine = Engine.load()
    people = assessments(make_province(4, PEOPLE // 4, seed=5))
    assert len(people) == PEOPLE
    scored = 0
    for assessment in people:
        found = engine.explain(assessment, on=assessment.assessed_on, lang="en")
        if found.reasons is not None:
            check_sums(found)
            scored += 1
    assert scored > PEOPLE / 2


@pytest.mark.real_data
@pytest.mark.parametrize("model", ["georgia_parole_1y", "georgia_parole_3y"])
def test_sums_are_exact_for_a_thousand_people_of_georgia(georgia_file, georgia, model):
    engine = Engine.load(model, None, research=True)
    rows = read_assessments(georgia_file, georgia, assessed_on=date(2015, 1, 1))
    for _, row in zip(range(PEOPLE), rows, strict=False):
        found = engine.explain(row.assessment, on=date(2015, 1, 1), lang="en")
        check_sums(found)
        assert found.how_sure.frequency, "a calibrated model speaks of whole people"


@given(
    st.lists(st.integers(-(2**52), 2**52), max_size=30),
    st.fractions(min_value=Fraction(1, 2**45), max_value=1000),
)
def test_shares_add_up_and_are_off_by_less_than_one(parts, scale):
    shares = apportioned(parts, scale)
    assert sum(shares) == round(scale * sum(parts))
    assert all(abs(share - part * scale) < 1 for share, part in zip(shares, parts, strict=True))


# ---------------------------------------------------------------- words


def test_an_explanation_is_json_both_ways(cn):
    found = Engine.load().explain(case(cn, **ANSWERS), on=ON)
    assert Explanation.model_validate_json(found.model_dump_json()) == found


def test_it_holds_the_very_recommendation(cn):
    engine = Engine.load()
    for lang in ("zh", "en"):
        found = engine.explain(case(cn, **ANSWERS, warnings_n=1), on=ON, lang=lang)
        assert found.recommendation == engine.recommend(
            case(cn, **ANSWERS, warnings_n=1), on=ON, lang=lang
        )


def test_reasons_are_grouped_and_static_and_changeable_are_told_apart(cn):
    found = Engine.load().explain(
        case(cn, **{**ANSWERS, "employment_status": "not_seeking", "prior_convictions_n": 4}),
        on=ON,
        lang="en",
    )
    by_item = {reason.item: reason for reason in every_reason(found)}
    work, record = by_item["employment_status"], by_item["prior_convictions_n"]
    assert (work.domain, work.direction, work.changeable) == (
        "education_employment", "raises", True,
    )  # fmt: skip
    assert (record.domain, record.direction, record.changeable) == (
        "criminal_history", "raises", False,
    )  # fmt: skip
    assert "can change" in work.words and "past" in record.words
    sizes = [abs(domain.contribution) for domain in found.reasons.domains]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("code", ["unknown", "refused", "not_asked"])
def test_an_open_question_is_neither_good_nor_bad(cn, code):
    answers = dict(ANSWERS)
    answers["drug_use"] = code
    if code == "not_asked":
        answers.pop("drug_use")
    found = Engine.load().explain(case(cn, **answers), on=ON, lang="en")
    reason = {one.item: one for one in every_reason(found)}["drug_use"]
    assert reason.direction == "none"
    assert "may rise or fall" in reason.words
    assert "neither for nor against" in reason.told
    notice = for_person(found)
    assert "Drug use" in notice.not_answered
    assert "Drug use" not in [one.label for one in (*notice.raises, *notice.lowers)]


def test_the_score_is_told_apart_from_the_first_weeks(cn):
    """Relaxed by the score, strict for the first weeks, and the day on which that ends."""
    young = case(cn, kind="intake", **{**ANSWERS, "age_at_start": 61, "start_date": "2026-05-20"})
    found = Engine.load().explain(young, on=ON, lang="zh")
    assert found.recommendation.binding_rule.id == "initial_period"
    assert "严管" not in found.reasons.score_said
    assert "严管" in found.reasons.rules_did
    day = found.recommendation.takes_effect_on
    assert f"{day.year}年{day.month}月{day.day}日" in found.reasons.rules_did
    assert found.recommendation.without_initial_period.label in found.reasons.rules_did
    assert found.recommendation.binding_rule.citation in found.reasons.rules_did


def test_without_a_rule_the_others_still_hold(cn):
    """A warning and a failed appraisal: without the one, the other makes it strict as well."""
    both = case(cn, **ANSWERS, warnings_n=1, last_appraisal="fail")
    found = Engine.load().explain(both, on=ON, lang="en")
    assert "it would be strict as well" in found.reasons.rules_did
    one = Engine.load().explain(case(cn, **ANSWERS, warnings_n=1), on=ON, lang="en")
    band = one.recommendation.score.band.label
    assert f"Without this rule: {band}" in one.reasons.rules_did


def test_without_the_last_keeper_a_tier_goes_down_one_step(cn):
    """Strict, held by its minimum stay: without it one step down, not two."""
    found = Engine.load().explain(
        case(cn, **{**ANSWERS, "age_at_start": 61}),
        on=ON,
        history=[PastTier(Tier.STRICT, date(2026, 5, 20))],
        lang="en",
    )
    assert found.recommendation.binding_rule.id == "minimum_stay"
    assert found.recommendation.score.band.tier is Tier.RELAXED
    assert "Without this rule: ordinary" in found.reasons.rules_did


def test_where_rules_had_no_say_nothing_is_said_of_them(cn):
    found = Engine.load().explain(case(cn, **ANSWERS), on=ON)
    assert found.recommendation.binding_rule.id == "score_band"
    assert found.reasons.rules_did == ""


def test_where_the_law_stops_there_are_no_reasons_and_the_stop_is_told(cn):
    found = Engine.load().explain(case(cn, without=("last_appraisal",), **ANSWERS), on=ON)
    assert found.reasons is None and found.how_sure is None
    assert found.changes.state == "no_tier"
    notice = for_person(found)
    assert "考核" in notice.what_rules_did and notice.rights
