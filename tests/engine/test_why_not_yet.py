"""Why not yet, reviews and the end of strict, through the public API and in both languages."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date

import pytest

from riskengine import PastEvent, PastTier, Recommendation, Tier
from tests.engine.conftest import ITEMS
from tests.engine.test_recommend import ANSWERS
from tests.support.cases import ON, case
from tests.support.scorecards import random_answer

DECIDED = [PastTier(Tier.STRICT, date(2025, 12, 5))]


def conditions(found) -> dict[str, str]:
    return {one.id: one.state for one in found.why_not_yet.conditions}


def test_every_condition_is_told_also_those_that_are_met(engine, cn):
    person = case(cn, **ANSWERS, last_appraisal="fail")
    found = engine.recommend(person, on=ON, history=DECIDED, events=(), lang="en")
    assert found.why_not_yet.tier.tier is Tier.ORDINARY
    assert conditions(found) == {
        "score_band": "met",
        "warned_or_penalised": "met",
        "repeated_admonition": "met",
        "failed_appraisal": "not_met",
        "initial_period": "met",
        "minimum_stay": "met",
        "time_without_sanction": "met",
    }
    assert found.why_not_yet.earliest is None
    assert found.why_not_yet.words == "What is still missing for ordinary: Failed appraisal."
    assert all(one.citation and one.words for one in found.why_not_yet.conditions)


def test_a_day_where_time_alone_is_missing(engine, cn):
    on = date(2026, 2, 20)
    person = case(cn, **ANSWERS)
    early = replace(person, assessed_on=on)
    zh = engine.recommend(early, on=on, history=DECIDED, events=())
    assert (zh.tiers[0].tier, zh.binding_rule.id) == (Tier.STRICT, "minimum_stay")
    assert zh.why_not_yet.earliest == date(2026, 3, 1)
    assert "2026年3月1日" in zh.why_not_yet.words
    (stay,) = [one for one in zh.why_not_yet.conditions if one.id == "minimum_stay"]
    assert (stay.state, stay.met_on) == ("nearly", date(2026, 3, 1))
    assert stay.words == "严管最短期限：至2026年3月1日届满。"
    assert zh.strict_until == date(2026, 5, 21)


def test_a_sanction_with_its_day_says_when_it_no_longer_counts(engine, cn):
    person = case(cn, **ANSWERS, warnings_n=1)
    dated = engine.recommend(
        person, on=ON, history=DECIDED, events=[PastEvent("warning", date(2026, 5, 1))], lang="en"
    )
    assert dated.binding_rule.id == "warned_or_penalised"
    assert dated.why_not_yet.earliest == date(2026, 10, 28)
    undated = engine.recommend(person, on=ON, history=DECIDED, lang="en")
    assert undated.binding_rule.id == "warned_or_penalised"
    assert undated.why_not_yet.earliest is None


def test_the_score_says_how_far_it_is(engine, cn):
    cuts = engine.policy.cut_offs
    below = {Tier.ORDINARY: cuts.strict_from, Tier.RELAXED: cuts.relaxed_below}
    seen = set()
    rng = random.Random(3)
    for _ in range(300):
        answers = {n: random_answer(cn.by_id[n], rng) for n in ITEMS[1:]}
        found = engine.recommend(case(cn, **answers), on=ON, lang="en")
        if found.why_not_yet is None:
            continue
        band = found.why_not_yet.conditions[0]
        tier = found.why_not_yet.tier.tier
        assert band.distance == max(0, found.score.value - below[tier] + 1)
        assert (band.state == "met") is (band.distance == 0)
        assert band.distance == 0 or str(band.distance) in band.words
        # with a score so much lower the band would be the lower one
        assert engine.policy.cut_offs.band(found.score.value - band.distance).rank <= tier.rank
        seen.add(band.state)
    assert seen == {"nearly", "not_met"}


def test_nobody_is_below_relaxed(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS), on=ON)
    assert found.tiers[-1].tier is Tier.RELAXED or found.status == "either"
    assert found.why_not_yet is None
    assert found.strict_until is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_late_review_is_seen_and_moves_nobody(engine, cn, lang):
    history = [PastTier(Tier.RELAXED, date(2026, 2, 1))]
    late = engine.recommend(case(cn, **ANSWERS), on=ON, history=history, lang=lang)
    assert late.review.due_on == date(2026, 4, 2)
    assert late.review.overdue_days == 60
    assert "60" in late.review.words
    without = engine.recommend(case(cn, **ANSWERS), on=ON, lang=lang)
    assert without.review is None
    assert late.tiers == without.tiers


def test_an_event_is_named_with_its_day(engine, cn):
    history = [PastTier(Tier.RELAXED, date(2026, 5, 1))]
    events = [PastEvent("job_lost", date(2026, 5, 30))]
    found = engine.recommend(case(cn, **ANSWERS), on=ON, history=history, events=events, lang="en")
    assert found.review.because == "job_lost"
    assert "loss of job 2026-05-30" in found.review.words


def test_json_both_ways_and_older_ones_are_read(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS, warnings_n=1), on=ON, history=DECIDED)
    text = found.model_dump_json()
    assert Recommendation.model_validate_json(text) == found
    older = found.model_dump(mode="json")
    for key in ("why_not_yet", "review", "strict_until"):
        older.pop(key)
    read = Recommendation.model_validate_json(json.dumps(older))
    assert (read.why_not_yet, read.tiers) == (None, found.tiers)


def test_without_history_the_way_down_could_not_be_checked(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS), on=ON)
    assert "one_step_down" in {rule.id for rule in found.unchecked_rules}
    known = engine.recommend(
        case(cn, **ANSWERS), on=ON, history=[PastTier(Tier.RELAXED, date(2026, 5, 1))]
    )
    assert "one_step_down" not in {rule.id for rule in known.unchecked_rules}
