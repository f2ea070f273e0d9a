"""Days: periods by the lesser of two, reviews that are due, strict that ends, and the way down."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from riskengine.policy.bands import CutOffs
from riskengine.policy.calendar import earliest, review_state, strict_ends_on
from riskengine.policy.compiled import assemble
from riskengine.policy.document import Citation, Period
from riskengine.policy.history import PastEvent, PastTier, dated, standing
from riskengine.policy.progress import progress
from riskengine.policy.reach import best_course
from riskengine.policy.ruling import rule_on
from riskengine.policy.tiers import Tier
from riskengine.text import Text
from tests.support.cases import ON, case
from tests.support.policies import default, read

RELAXED, ORDINARY, STRICT = Tier.RELAXED, Tier.ORDINARY, Tier.STRICT
SAID = Text(zh="甲", en="a")


@pytest.fixture(scope="module")
def policy(cn):
    return assemble(read(default()), cn, CutOffs(relaxed_below=3, strict_from=8))


class TestPeriods:
    @pytest.mark.parametrize(
        ("share", "term", "days"),
        [
            ("1/6", 360, 60),
            ("1/6", 366, 60),
            ("1/6", 359, 59),
            ("0.1", 300, 30),
            (None, 120, 20),
            ("1/6", None, 60),
            ("1", 30, 30),
        ],
    )
    def test_the_lesser_of_days_and_share(self, share, term, days):
        assert Period(days=60, share_of_term=share).length(term, "1/6") == days

    @pytest.mark.parametrize(("verified", "days"), [(True, 60), (False, 20)])
    def test_days_hold_whatever_the_term_only_by_a_checked_rule(self, verified, days):
        by = Citation(text=SAID, verified=verified)
        assert Period(days=60, fixed_by=by).length(120, "1/6") == days

    def test_the_defaults_are_a_sixth_and_a_twelfth(self, cn):
        raw = default()
        for terms in raw["tiers"].values():
            terms["review"].pop("share_of_term")
            terms.get("minimum_stay", {}).pop("share_of_term", None)
        raw["initial_period"]["period"].pop("share_of_term")
        bare = assemble(read(raw), cn, CutOffs(3, 8))
        assert (bare.initial_days(120), bare.stay_days(STRICT, 120)) == (20, 20)
        assert bare.review_days(STRICT, 120) == 10


class TestStanding:
    def test_the_last_of_one_day_holds(self):
        day = date(2026, 1, 1)
        history = [PastTier(STRICT, day), PastTier(ORDINARY, day)]
        assert standing(history, on=ON).current is ORDINARY

    def test_later_decisions_are_left_out(self):
        history = [PastTier(STRICT, date(2026, 7, 1))]
        assert standing(history, on=ON).current is None

    def test_events_that_nobody_handed_over_are_not_no_events(self):
        assert not dated(None, on=ON).known
        assert dated([], on=ON).known


class TestReviews:
    def test_nobody_knows_when_nothing_was_decided(self, policy, cn):
        state = review_state(policy, case(cn), on=ON, history=[])
        assert (state.due_on, state.overdue_days) == (None, 0)

    @pytest.mark.parametrize(
        ("kind", "on", "due"),
        [
            ("admonition", date(2026, 5, 20), date(2026, 5, 30)),
            ("warning", date(2026, 5, 20), date(2026, 5, 25)),
            ("lost_contact", date(2026, 5, 31), date(2026, 6, 1)),
            ("commendation", date(2026, 5, 20), date(2026, 6, 19)),
        ],
    )
    def test_an_event_calls_for_a_review(self, policy, cn, kind, on, due):
        history = [PastTier(ORDINARY, date(2026, 5, 1))]
        state = review_state(
            policy, case(cn), on=ON, history=history, events=[PastEvent(kind, on)]
        )
        assert (state.due_on, state.because) == (due, kind)
        assert state.overdue_days == max(0, (ON - due).days)

    def test_an_event_before_the_decision_was_known_when_it_was_made(self, policy, cn):
        history = [PastTier(ORDINARY, date(2026, 5, 1))]
        event = PastEvent("warning", date(2026, 5, 1))
        state = review_state(policy, case(cn), on=ON, history=history, events=[event])
        assert state.because == "scheduled"

    def test_strict_ends_even_where_its_review_is_further_off(self, cn):
        raw = default()
        raw["tiers"]["strict"]["review"] = {"days": 300, "share_of_term": "1"}
        raw["tiers"]["strict"]["longest"] = {"days": 20, "share_of_term": "1"}
        policy = assemble(read(raw), cn, CutOffs(3, 8))
        history = [PastTier(STRICT, date(2026, 5, 2))]
        state = review_state(policy, case(cn), on=ON, history=history)
        assert (state.due_on, state.because) == (date(2026, 5, 22), "strict_ends")
        assert state.overdue_days == 10


def test_strict_always_ends(policy, cn):
    assert strict_ends_on(policy, case(cn), on=ON) == date(2026, 8, 30)
    assert strict_ends_on(policy, case(cn, end_date="2026-06-10"), on=ON) == date(2026, 6, 10)
    raw = default()
    del raw["tiers"]["strict"]["longest"]
    silent = assemble(read(raw), cn, CutOffs(3, 8))
    assert strict_ends_on(silent, case(cn), on=ON) == date(2026, 8, 30)


@pytest.mark.parametrize("score", [0, 5])
@pytest.mark.parametrize("months", [2, 4, 9, 24])
def test_the_foreseen_day_is_the_day_on_which_the_tier_comes(policy, cn, months, score):
    """What `earliest` foretells is what happens, and nothing comes a day before."""
    start = date(2026, 1, 1)
    end = start + timedelta(days=round(months * 30.4))
    person = case(cn, start_date=start.isoformat(), end_date=end.isoformat())
    history: list[PastTier] = []
    foretold = None
    for day in range((end - start).days):
        on = start + timedelta(days=day)
        ruling = rule_on(policy, person, score=score, on=on, history=history, events=())
        if not history or ruling.tier is not history[-1].tier:
            if history:
                assert on == foretold
            history.append(PastTier(ruling.tier, on))
        ahead = progress(policy, ruling, score)
        if ahead is not None and ahead.earliest is not None:
            foretold = ahead.earliest
    assert history[-1].tier is (RELAXED if score == 0 else ORDINARY)


def test_the_tier_after_the_initial_period_takes_effect_step_by_step(policy, cn):
    person = case(cn, start_date="2026-05-20", end_date="2028-05-19")
    ruling = rule_on(policy, person, score=0, on=ON)
    assert ruling.without_initial_period is RELAXED
    # 90 days at strict, the 60 of the initial period among them, and 90 at ordinary
    assert earliest(policy, ruling, RELAXED) == date(2026, 11, 16)


def test_the_best_course_of_a_policy_without_steps(cn):
    raw = default()
    del raw["steps"]
    for terms in raw["tiers"].values():
        terms.pop("minimum_stay", None)
    course = best_course(read(raw), cn, 12)
    assert [(move.tier, move.day) for move in course] == [(STRICT, 0), (RELAXED, 60)]
