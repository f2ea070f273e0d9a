"""Bands, rules, the initial period and steps: which tier comes out, and what it rests on."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import compile_policy
from riskengine.policy.history import PastTier
from riskengine.policy.ruling import review_on, rule_on
from riskengine.policy.tiers import Tier
from riskengine.store.lookup import find_policy
from tests.support.cases import ON, case

RELAXED, ORDINARY, STRICT = Tier.RELAXED, Tier.ORDINARY, Tier.STRICT


@pytest.fixture(scope="module")
def policy(cn):
    document, _ = find_policy("cn_default")
    return compile_policy(document, cn, CutOffs(relaxed_below=3, strict_from=8))


def rule(policy, assessment, *, score: int, on: date = ON, history=()):
    return rule_on(policy, assessment, score=score, on=on, history=history)


@pytest.mark.parametrize(
    ("score", "tier"),
    [(-5, RELAXED), (2, RELAXED), (3, ORDINARY), (7, ORDINARY), (8, STRICT), (40, STRICT)],
)
def test_the_band_alone(policy, cn, score, tier):
    ruling = rule(policy, case(cn), score=score)
    assert (ruling.band, ruling.tier, ruling.binding.id) == (tier, tier, "score_band")
    assert ruling.binding.citation.text.zh


@pytest.mark.parametrize(
    ("answers", "tier", "binding"),
    [
        ({"warnings_n": 1}, STRICT, "warned_or_penalised"),
        ({"ps_penalties_n": 1}, STRICT, "warned_or_penalised"),
        ({"admonitions_n": 1}, RELAXED, "score_band"),
        ({"admonitions_n": 2}, STRICT, "repeated_admonition"),
        ({"last_appraisal": "fail"}, STRICT, "failed_appraisal"),
        ({"special_category": "organised_crime"}, ORDINARY, "organised_or_terror"),
        ({"special_category": "none"}, RELAXED, "score_band"),
    ],
)
def test_rules_raise(policy, cn, answers, tier, binding):
    ruling = rule(policy, case(cn, **answers), score=0)
    assert (ruling.band, ruling.tier, ruling.binding.id) == (RELAXED, tier, binding)
    assert ruling.binding.reason.zh
    assert ruling.binding.citation.text.en


def test_a_rule_that_asks_for_less_than_the_band_does_not_bind(policy, cn):
    ruling = rule(policy, case(cn, special_category="organised_crime"), score=20)
    assert (ruling.tier, ruling.binding.id) == (STRICT, "score_band")
    assert "organised_or_terror" in {applied.id for applied in ruling.applied}


def test_a_floor_as_high_as_the_band_binds(policy, cn):
    ruling = rule(policy, case(cn, warnings_n=1, admonitions_n=2), score=20)
    assert (ruling.band, ruling.tier, ruling.binding.id) == (STRICT, STRICT, "warned_or_penalised")


def test_an_unknown_answer_never_fires_a_rule_and_is_listed(policy, cn):
    ruling = rule(policy, case(cn, warnings_n="unknown"), score=0)
    assert ruling.tier is RELAXED
    assert "warned_or_penalised" in [rule.id for rule in ruling.unchecked]


def test_one_known_half_of_an_any_is_enough(policy, cn):
    ruling = rule(policy, case(cn, warnings_n="unknown", ps_penalties_n=1), score=0)
    assert ruling.binding.id == "warned_or_penalised"
    assert "warned_or_penalised" not in [rule.id for rule in ruling.unchecked]


class TestInitialPeriod:
    """60 days or a sixth of the term, whichever is less."""

    @pytest.mark.parametrize(
        ("start", "end", "on", "binds", "until"),
        [
            ("2026-05-01", "2028-04-30", date(2026, 6, 1), True, date(2026, 6, 30)),
            ("2026-05-01", "2028-04-30", date(2026, 6, 29), True, date(2026, 6, 30)),
            ("2026-05-01", "2028-04-30", date(2026, 6, 30), False, None),
            # 121 days: a sixth is 20 days
            ("2026-05-13", "2026-09-11", date(2026, 6, 1), True, date(2026, 6, 2)),
            ("2026-05-13", "2026-09-11", date(2026, 6, 2), False, None),
        ],
    )
    def test_edges(self, policy, cn, start, end, on, binds, until):
        assessment = case(cn, start_date=start, end_date=end)
        ruling = rule(policy, assessment, score=0, on=on)
        assert ruling.initial_period_until == until
        if binds:
            assert (ruling.tier, ruling.binding.id) == (STRICT, "initial_period")
            assert ruling.without_initial_period is RELAXED
        else:
            assert (ruling.tier, ruling.binding.id) == (RELAXED, "score_band")
            assert ruling.without_initial_period is None

    def test_it_does_not_bind_where_the_tier_is_strict_anyway(self, policy, cn):
        assessment = case(cn, start_date="2026-05-20", warnings_n=1)
        ruling = rule(policy, assessment, score=0)
        assert ruling.binding.id == "warned_or_penalised"
        assert ruling.without_initial_period is None


class TestSteps:
    def test_one_step_down_at_a_time(self, policy, cn):
        history = [PastTier(STRICT, date(2026, 1, 1))]
        ruling = rule(policy, case(cn), score=0, history=history)
        assert (ruling.tier, ruling.binding.id) == (ORDINARY, "one_step_down")

    @pytest.mark.parametrize(
        ("decided", "tier", "binding"),
        [
            # 90 days, or a sixth of 729: 121; the lesser holds
            (date(2026, 3, 4), STRICT, "minimum_stay"),
            (date(2026, 3, 3), ORDINARY, "one_step_down"),
        ],
    )
    def test_the_minimum_stay(self, policy, cn, decided, tier, binding):
        ruling = rule(policy, case(cn), score=0, history=[PastTier(STRICT, decided)])
        assert (ruling.tier, ruling.binding.id) == (tier, binding)

    def test_the_minimum_stay_of_a_short_term_is_a_share_of_it(self, policy, cn):
        short = case(cn, start_date="2026-03-01", end_date="2026-07-01")  # 122 days: 20
        for decided, tier in ((date(2026, 5, 13), STRICT), (date(2026, 5, 12), ORDINARY)):
            ruling = rule(policy, short, score=0, history=[PastTier(STRICT, decided)])
            assert ruling.tier is tier

    def test_the_newest_decision_counts(self, policy, cn):
        history = [PastTier(ORDINARY, date(2026, 2, 1)), PastTier(STRICT, date(2026, 1, 1))]
        assert rule(policy, case(cn), score=0, history=history).tier is RELAXED

    def test_up_any_number_of_steps(self, policy, cn):
        history = [PastTier(RELAXED, date(2026, 3, 1))]
        ruling = rule(policy, case(cn, warnings_n=1), score=0, history=history)
        assert ruling.tier is STRICT


def test_review_is_the_lesser_of_days_and_share_and_never_after_the_end(policy, cn):
    long_term = case(cn, start_date="2025-12-01", end_date="2027-11-30")
    assert review_on(policy, long_term, RELAXED, on=ON) == date(2026, 7, 31)  # 729 / 12 = 60 days
    assert review_on(policy, long_term, STRICT, on=ON) == date(2026, 7, 1)
    ending = case(cn, end_date="2026-06-05")
    assert review_on(policy, ending, RELAXED, on=ON) == date(2026, 6, 5)
