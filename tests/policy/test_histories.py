"""Ten thousand random histories: they replay, go down step by step, and always rest on a rule."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from riskengine.policy.compiled import STEP_RULE
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import rule_on
from tests.support.histories import Course, draw, run
from tests.support.policies import person
from tests.support.policy_cases import compiled

PEOPLE, REVIEWS = 10_000, 12
STRICT, RELAXED = 2, 0
WITH_STEPS = ["cn_default", "cn_province_2m", "cn_county_1m", "cn_sichuan_2014"]


@pytest.fixture(scope="module", params=WITH_STEPS)
def course(request) -> Course:
    return draw(compiled(request.param), people=PEOPLE, reviews=REVIEWS, seed=20)


@pytest.fixture(scope="module")
def rulings(course):
    return run(course)


def test_a_second_run_gives_the_same(course, rulings):
    for first, again in zip(rulings, run(course), strict=True):
        assert np.array_equal(first.tier, again.tier)
        assert np.array_equal(first.binding, again.binding)


def test_nobody_goes_from_strict_to_relaxed_in_one_step(rulings):
    moves = [(a.tier - b.tier).max() for a, b in zip(rulings, rulings[1:], strict=False)]
    assert max(moves) == 1
    stepped = sum(
        int(((before.tier == STRICT) & (after.asked == RELAXED)).sum())
        for before, after in zip(rulings, rulings[1:], strict=False)
    )
    assert stepped > 1000, "many of them asked for more than one step"


def test_everybody_has_a_tier_that_rests_on_a_rule_with_a_citation(course, rulings):
    document = course.policy.document
    cited = {rule.id: rule.citation for rule in document.rules}
    cited |= {"score_band": document.band_citation}
    assert document.steps is not None
    cited |= dict.fromkeys(
        ("one_step_down", "minimum_stay", "time_without_sanction"), document.steps.citation
    )
    cited |= {step.id: step.citation for step in document.steps.conditions}
    if document.initial_period is not None:
        cited["initial_period"] = document.initial_period.citation
    bound = set()
    for ruling in rulings:
        assert set(np.unique(ruling.tier)) <= {0, 1, 2}
        bound |= {ruling.names[i] for i in np.unique(ruling.binding)}
    assert bound <= set(cited)
    assert all(cited[name].text.zh and cited[name].text.en for name in bound)
    assert {"score_band", STEP_RULE, "minimum_stay", "warned_or_penalised"} <= bound


def test_all_three_tiers_are_seen_and_people_move_both_ways(rulings):
    tiers = np.stack([ruling.tier for ruling in rulings])
    assert all((tiers == rank).mean() > 0.05 for rank in range(3))
    moves = np.diff(tiers.astype(int), axis=0)
    assert (moves > 0).any()
    assert (moves < 0).any()


def test_one_person_at_a_time_replays_the_same(cn, course, rulings):
    """The file of a hundred people, handed over whole, gives each day's recommendation again."""
    epoch = date(1970, 1, 1)

    def day(number: float) -> date:
        return epoch + timedelta(days=int(number))

    grades = cn.by_id["last_appraisal"].level_ids
    for i in range(100):
        whole = [
            PastTier(ruling.tier_of(i), day(course.days[r, i])) for r, ruling in enumerate(rulings)
        ]
        events = [
            PastEvent(kind, day(course.days[r, i]))
            for kind, happened in course.sanctions.items()
            for r in range(REVIEWS)
            if happened[r, i]
        ]
        for r, ruling in enumerate(rulings):
            on = day(course.days[r, i])
            answers = {
                "start_date": day(course.start[i]),
                "end_date": day(course.end[i]),
                "last_appraisal": grades[course.appraisals[r, i]],
                "special_category": "organised_crime" if course.special[i] else "none",
                "admonitions_n": int(course.sanctions["admonition"][: r + 1, i].sum()),
                "warnings_n": int(course.sanctions["warning"][: r + 1, i].sum()),
                "ps_penalties_n": int(
                    course.sanctions["public_security_penalty"][: r + 1, i].sum()
                ),
            }
            # what was decided on this very day is not yet decided when it is recommended
            history = [one for one in whole[:r] if one.decided_on <= on]
            one = rule_on(
                course.policy, person(cn, answers), score=int(course.scores[r, i]), on=on,
                history=history, events=events,
            )  # fmt: skip
            assert (one.tier, one.binding.id) == (ruling.tier_of(i), ruling.binding_of(i)), (i, r)
