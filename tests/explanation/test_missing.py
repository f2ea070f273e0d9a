"""What is not known: ranges over valid completions, against trying every one of them."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine import Engine
from riskengine.errors import AssessmentError
from riskengine.explanation.missing import open_range
from riskengine.instrument.assessment import Assessment
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import find_instrument
from riskengine.synthetic import assessments, make_province
from tests.support import brute
from tests.support.scorecards import make_document, random_answer

ON = date(2026, 3, 2)


@pytest.fixture(scope="module")
def slow() -> brute.Slow:
    return brute.Slow(Engine.load())


@pytest.fixture(scope="module")
def people() -> list[Assessment]:
    return assessments(make_province(2, 50, seed=41))


@pytest.fixture
def raw(people) -> dict:
    """Somebody with every answer that scorecard and rules look at, and a relaxed score."""
    found = people[0].to_dict()
    found["answers"] |= {
        "age_at_start": 48, "birth_date": "1974-02-11", "start_date": "2022-04-18",
        "prior_convictions_n": 0, "recidivist": False, "prior_custody": False,
        "prior_supervision_failure": False, "employment_status": "stable", "drug_use": "none",
        "antisocial_companions": "0", "alcohol_problem": "0", "impulsivity_anger": "0",
        "offence_type": "fraud_telecom", "admonitions_n": 0, "warnings_n": 0,
        "ps_penalties_n": 0, "last_appraisal": "pass", "special_category": "none",
        "self_harm_flag": "0", "harm_to_others_now": [], "domestic_violence": "none",
        "months_worked_12m": 12, "work_season": "all_year", "work_attitude": "0",
    }  # fmt: skip
    return found | {"assessed_on": "2022-04-22"}


def recommended(engine: Engine, raw: dict, on: date, **without: str):
    answers = {**raw["answers"], **without}
    return engine.recommend(engine.assessment({**raw, "answers": answers}), on=on)


def test_a_hundred_people_equal_all_their_completions(slow, people):
    rng, tally = random.Random(42), brute.Tally()
    for assessment in people:
        raw, on, history = brute.cn_person(assessment, rng)
        raw, items = brute.blanked(slow, raw, brute.CN_POOL, rng, 60)
        brute.check_range(slow, raw, items, on, history, tally)
    assert tally.wrong == []
    assert tally.compared > 80
    assert tally.exact == tally.compared
    assert tally.settling > 5


@pytest.mark.real_data
def test_georgia_people_equal_all_their_completions(georgia_file):
    from riskengine.intake.read import read_assessments

    engine = Engine.load("georgia_parole_3y", research=True)
    pool, rng, tally = tuple(engine.scorecard.document.items), random.Random(43), brute.Tally()
    slow = brute.Slow(engine)
    rows = read_assessments(georgia_file, engine.instrument, assessed_on=date(2015, 1, 1))
    for row, _ in zip(rows, range(100), strict=False):
        raw, items = brute.blanked(slow, row.assessment.to_dict(), pool, rng, 40)
        brute.check_range(slow, raw, items, date(2015, 1, 1), [], tally)
    assert tally.wrong == []
    assert tally.exact == tally.compared == 100


def test_nothing_is_open_where_everything_is_answered(slow, raw):
    assert recommended(slow.engine, raw, date(2022, 9, 1)).missing is None


def test_a_question_that_only_a_rule_reads_opens_the_tier(slow, raw):
    """A warning would make it strict: the score stands still, the tier does not."""
    found = recommended(slow.engine, raw, date(2022, 9, 1), warnings_n="refused")
    assert found.tiers[0].tier is Tier.RELAXED
    missing = found.missing
    assert missing.score_low == missing.score_high == found.score.value
    assert (missing.tier_low, missing.tier_high) == (Tier.RELAXED, Tier.STRICT)
    assert missing.exact
    assert (missing.next_item, missing.settles) == ("warnings_n", True)
    assert [(one.item, one.code, one.low, one.high) for one in missing.items] == [
        ("warnings_n", "refused", 0, 0)
    ]


def test_an_answer_that_the_instrument_would_refuse_is_not_possible(slow, raw):
    """Without an earlier conviction nobody can be recidivist, so somebody who is has one."""
    answers = {**raw["answers"], "recidivist": True, "legal_status": "01", "sentence_months": 6}
    answers |= {"prior_convictions_n": "unknown"}
    found = recommended(slow.engine, {**raw, "answers": answers}, date(2022, 9, 1)).missing
    free = recommended(slow.engine, raw, date(2022, 9, 1), prior_convictions_n="unknown").missing
    assert found.exact
    assert free.exact
    assert found.score_low > free.score_low
    assert found.score_high == free.score_high


def test_an_age_with_which_the_law_would_stop_is_left_out(slow, raw):
    """Only an adult gets a score, so an open age is that of an adult."""
    engine = slow.engine
    # no day of birth, so that nothing but the law tells an adult from a minor
    for item in ("birth_date", "age_first_offence"):
        del raw["answers"][item]
    found = recommended(engine, raw, date(2022, 9, 1), age_at_start="unknown")
    assert found.status == "recommended" or found.status == "either"
    found = found.missing
    assert found.exact
    ages, stopped = [], 0
    for age in range(12, 91):
        completed = {**raw, "answers": {**raw["answers"], "age_at_start": age}}
        try:
            outcome = slow.outcome(engine.assessment(completed), date(2022, 9, 1), [])
        except AssessmentError:
            continue
        if outcome is not None:
            ages.append(outcome.score)
        stopped += outcome is None
    assert stopped == 6, "from 12 to 17"
    assert (found.score_low, found.score_high) == (min(ages), max(ages))


def test_a_table_that_tells_minors_apart_is_not_read_for_them(slow, cn, raw):
    """A made-up table gives nine to minors and nothing to adults: nine is never possible."""
    document = json.loads(make_document(cn, items=["age_at_start"]).model_dump_json(by_alias=True))
    axis, term = document["axes"][0], document["terms"][0]
    axis |= {"cuts": [18], "reference": [2**29, 2**29, 0]}
    term |= {"cells": [9, 0, 0], "standard_errors": [], "factor": []}
    document |= {"intercept": 0, "golden": [{"answers": {}, "score": 0}]}
    card = Scorecard(ScorecardDocument.model_validate_json(json.dumps(document)), cn)
    for item in ("birth_date", "is_minor_profile"):
        del raw["answers"][item]
    raw["answers"] |= {"age_at_start": "unknown", "age_first_offence": 12}
    assessment = Assessment.from_dict(raw, cn)
    ends = []
    for law in (None, slow.engine.law):
        found = open_range(card, assessment, card.encode([assessment.complete]), 0, on=ON, law=law)
        ends.append((found.low, found.high))
    assert ends == [(0, 9), (0, 0)]


def test_days_are_too_many_so_the_range_is_a_bound_and_says_so(slow, raw):
    found = recommended(slow.engine, raw, date(2022, 9, 1), start_date="unknown").missing
    assert not found.exact
    assert (found.tier_low, found.tier_high) == (Tier.RELAXED, Tier.STRICT)
    assert (found.next_item, found.settles) == ("start_date", True)


def test_an_open_question_about_a_danger_counts_where_a_tier_could_go_down(slow, raw):
    """A danger moves no tier, but bars a step down; without an earlier tier it bars nothing."""
    engine, on = slow.engine, date(2022, 12, 1)
    answers = {**raw["answers"], "self_harm_flag": "unknown"}
    assessment = engine.assessment({**raw, "answers": answers})
    assert engine.recommend(assessment, on=on).missing is None
    before = [PastTier(Tier.ORDINARY, date(2022, 6, 1))]
    found = engine.recommend(assessment, on=on, history=before).missing
    assert (found.tier_low, found.tier_high) == (Tier.RELAXED, Tier.ORDINARY)
    assert found.settles


def test_two_open_questions_in_one_table_are_taken_together(georgia):
    """With every question open in pairs, a table at a time would only bound the range."""
    card = Scorecard(make_document(georgia, seed=5, pairs=40), georgia)
    items = [i for i in card.document.items if len(brute_answers(georgia, i)) < 5][:5]
    rng = random.Random(6)
    raw = {i: random_answer(georgia.by_id[i], rng, unknown=0) for i in card.document.items}
    held = dict.fromkeys(items, "unknown")
    found = ranged(card, {**raw, **held})
    scores = [
        scored(card, {**raw, **dict(zip(items, chosen, strict=True))})
        for chosen in product(*(brute_answers(georgia, item) for item in items))
    ]
    assert found.exact
    assert (found.low, found.high) == (min(scores), max(scores))
    apart = sum(one.high for one in found.items) - sum(one.low for one in found.items)
    assert found.high - found.low < apart, "else the questions did not hang together"


def test_beyond_a_million_joint_answers_there_is_a_bound(georgia):
    card = Scorecard(make_document(georgia, seed=5, pairs=100), georgia)
    rng = random.Random(7)
    found = ranged(card, dict.fromkeys(card.document.items, "not_asked"))
    assert not found.exact
    for _ in range(50):
        whole = {i: random_answer(georgia.by_id[i], rng, unknown=0) for i in card.document.items}
        assert found.low <= scored(card, whole) <= found.high


CN = find_instrument("cn_community_corrections")
CARDS = [
    Scorecard(make_document(CN, seed=1, form="points"), CN),
    Scorecard(make_document(CN, seed=2, pairs=12), CN),
]
PEOPLE = [one.to_dict() for one in assessments(make_province(2, 10, seed=44))]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(CARDS),
    st.sampled_from(PEOPLE),
    st.randoms(use_true_random=False),
    st.integers(1, 12),
)
def test_no_valid_completion_lies_outside_the_range(card, raw, rng, n):
    """Whatever is taken out: what was there is one completion, and others are drawn."""
    items = rng.sample(card.document.items, n)
    held = {item: rng.choice(brute.CODES) for item in items}
    try:
        without = Assessment.from_dict({**raw, "answers": {**raw["answers"], **held}}, CN)
    except AssessmentError:
        return
    found = ranged(card, without)
    tried = [raw["answers"]]
    for _ in range(8):
        drawn = {item: random_answer(CN.by_id[item], rng, unknown=0) for item in items}
        tried.append({**raw["answers"], **drawn})
    for answers in tried:
        try:
            completed = Assessment.from_dict({**raw, "answers": answers}, CN)
        except AssessmentError:
            continue
        if any(completed.answers.get(one.item, "") in brute.CODES for one in found.items):
            continue  # it was open from the start
        score = scored(card, completed)
        assert found.low <= score <= found.high, (items, answers)


def brute_answers(instrument, item: str) -> list[object]:
    one = instrument.by_id[item]
    if one.type == "boolean":
        return [True, False]
    if one.type == "integer":
        return list(range(int(one.minimum), int(one.maximum) + 1))
    return list(one.level_ids)


def made(card: Scorecard, answers) -> Assessment:
    if isinstance(answers, Assessment):
        return answers
    raw = {"person": "T-1", "assessed_on": ON.isoformat(), "answers": dict(answers)}
    return Assessment.from_dict(raw, card.instrument)


def scored(card: Scorecard, answers) -> int:
    encoded = card.encode([made(card, answers).complete])
    return int(card.scores(card.term_parts(encoded))[0])


def ranged(card: Scorecard, answers):
    assessment = made(card, answers)
    encoded = card.encode([assessment.complete])
    return open_range(
        card, assessment, encoded, scored(card, assessment), on=ON + timedelta(days=1)
    )
