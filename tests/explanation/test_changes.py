"""What would change it: every set runs, none smaller is left out, and nothing is promised."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from riskengine import Engine
from riskengine.errors import ArtefactError
from riskengine.explanation.plausible import ChangeCatalogue, Plausible, compile_changes
from riskengine.instrument.assessment import Assessment
from riskengine.policy.alerts import AlertTask
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from riskengine.synthetic import assessments, make_province
from tests.support import brute

ON = date(2026, 3, 2)
HEAD = {
    "format": "riskengine/changes/1",
    "id": "made_up",
    "version": "1.0.0",
    "instrument": "cn_community_corrections",
    "source_sha256": "0" * 64,
}


@pytest.fixture(scope="module")
def slow() -> brute.Slow:
    return brute.Slow(Engine.load())


@pytest.fixture(scope="module")
def people() -> list[Assessment]:
    return assessments(make_province(2, 50, seed=51))


def explained(engine: Engine, people, lang="en"):
    rng = random.Random(52)
    for assessment in people:
        _, on, history = brute.cn_person(assessment, rng)
        yield engine.explain(assessment, on=on, history=history, lang=lang)


def others(plausible: Plausible, item: str, answer: object):
    return [
        (one.answer, (one.earliest - ON).days)
        for one in plausible.others(item, answer, on=ON, assessed_on=ON, review_days=30)
    ]


def test_every_set_of_a_hundred_people_runs_and_none_smaller_is_left_out(slow, people):
    rng, tally = random.Random(53), brute.Changes()
    for i, assessment in enumerate(people):
        raw, on, history = brute.cn_person(assessment, rng)
        brute.check_changes(slow, raw, on, history, tally, smaller=i < 40)
    assert tally.wrong == []
    assert {"sets", "rule", "none", "lowest"} <= set(tally.states)
    assert tally.sets > 30
    assert tally.tried > 300


def test_nothing_is_promised(slow, people):
    """Conditions are looked at; factors are associations; a named person decides."""
    for lang, must, never in (
        ("zh", ("会看", "关联", "由负责人员决定"), ("将下调", "会下调", "就能", "即可下调")),
        ("en", ("looked at", "associations", "named person"), ("will be lowered", "will fall")),
    ):  # fmt: skip
        seen = set()
        for one in explained(slow.engine, people[:40], lang):
            words = one.changes.words
            seen.add(one.changes.state)
            assert words
            assert not any(word in words for word in never)
            if one.changes.state == "sets":
                assert all(word in words for word in must)
        assert "sets" in seen


def test_where_a_rule_binds_it_is_named_with_its_day(slow, people):
    found = 0
    for one in explained(slow.engine, people):
        binding = one.recommendation.binding_rule
        if binding is None or binding.id != "initial_period" or not one.changes.sets:
            continue
        found += 1
        assert binding.title in one.changes.words
        alone = [some for some in one.changes.sets if not some.changes]
        if alone:
            assert alone[0].earliest.isoformat() in one.changes.words
            assert one.changes.state == "rule"
    assert found


def test_what_has_happened_does_not_un_happen(slow):
    plausible = slow.engine._plausible
    for item in ("warnings_n", "admonitions_n", "ps_penalties_n", "domestic_violence"):
        answer = "current_perpetrator" if item == "domestic_violence" else 2
        assert others(plausible, item, answer) == []
    assert others(plausible, "self_harm_flag", "3") == [], "a danger is no condition"
    assert others(plausible, "prior_convictions_n", 3) == [], "not changeable at all"


def test_a_window_lapses_and_levels_go_one_review_at_a_time(slow):
    plausible = slow.engine._plausible
    assert others(plausible, "missed_reports_90d", 4) == [(0, 90)]
    assert others(plausible, "antisocial_companions", "3") == [("2", 30), ("1", 60), ("0", 90)]
    assert others(plausible, "family_support", "2") == [("3", 30)], "more of it is better"
    assert others(plausible, "alcohol_problem", "2") == [("1", 180), ("0", 360)]
    assert others(plausible, "employment_status", "seeking") == [("casual", 30), ("stable", 90)]
    assert others(plausible, "employment_status", "stable") == []


def test_an_instrument_without_a_catalogue_moves_level_by_level(georgia, cn):
    assert others(Plausible(cn), "antisocial_companions", "1") == [("0", 30)]
    assert others(Plausible(cn), "employment_status", "seeking") == [], "no order, no direction"


def test_an_open_alert_bars_every_set_until_it_is_closed(slow, people):
    """A danger is dealt with; it is no condition on the way to a lower tier."""
    engine = slow.engine
    barred = 0
    for assessment in people:
        on = assessment.assessed_on + timedelta(days=30)
        free = engine.explain(assessment, on=on).changes
        task = AlertTask(alert="self_harm", opened_on=assessment.assessed_on, official="o-1")
        held = engine.explain(assessment, on=on, alerts=[task])
        if free.state == "sets" and held.recommendation.tiers[0].tier is not Tier.RELAXED:
            barred += 1
            assert held.changes.sets == ()
    assert barred


def test_no_set_lies_beyond_the_end_of_the_term(slow, people):
    """With a month left, what takes three months is no condition of this person."""
    for assessment in people:
        end = assessment.known["end_date"]
        on = end - timedelta(days=30)
        history = [PastTier(Tier.STRICT, assessment.assessed_on)]
        for one in slow.engine.explain(assessment, on=on, history=history).changes.sets:
            assert one.earliest <= end


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ({"item": "nonsense", "never": True}, "unknown item [nonsense]"),
        ({"item": "prior_convictions_n", "never": True}, "not changeable"),
        (
            {"item": "employment_status", "moves": [{"from": "x", "to": "y", "after_days": 1}]},
            "no level [x]",
        ),
        ({"item": "drug_use", "lapses": {"to": 0, "every_days": 3}}, "no number"),
        ({"item": "warnings_n", "every_days": 3}, "no ordered levels"),
    ],
)
def test_a_catalogue_names_its_fault(cn, entry, what):
    catalogue = ChangeCatalogue.model_validate({**HEAD, "items": [entry]}, strict=False)
    with pytest.raises(ArtefactError, match=what.replace("[", r"\[")):
        compile_changes(catalogue, cn)
