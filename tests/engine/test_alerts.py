"""Safety alerts: a task for a named official the same day, which holds a tier and raises none."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

from riskengine import AlertTask, Engine, PastTier, Tier, UseError
from riskengine.authoring.yaml_source import read_yaml
from tests.support.cases import FILE_BLOCK

ON = date(2026, 6, 1)
STRICT, ORDINARY, RELAXED = Tier.STRICT, Tier.ORDINARY, Tier.RELAXED
LOW = {
    "age_at_start": 40,
    "prior_convictions_n": 0,
    "drug_use": "none",
    "employment_status": "stable",
    "antisocial_companions": "0",
}
DANGERS = {
    "domestic_violence": ({"harm_to_others_now": ["current_domestic_violence"]}, {}),
    "domestic_violence by its own question": (
        {"domestic_violence": "current_perpetrator"}, {"domestic_violence": "past_perpetrator"}),
    "threat": ({"harm_to_others_now": ["threat_to_named_person"]}, {"harm_to_others_now": []}),
    "no_contact_breach": (
        {"harm_to_others_now": ["no_contact_breach"]}, {"harm_to_others_now": []}),
    "self_harm with a plan": ({"self_harm_flag": "2"}, {"self_harm_flag": "1"}),
    "self_harm with an act": ({"self_harm_flag": "3"}, {"self_harm_flag": "0"}),
}  # fmt: skip
HISTORY = {
    tier: [PastTier(tier, date(2025, 12, 1))] for tier in Tier
}  # long ago: no minimum stay is left


def ask(engine: Engine, change=None, *, day: date = ON, on: date | None = None, lang="zh", **more):
    assessment = engine.assessment(
        {
            "person": "T-1",
            "kind": "reassessment",
            "assessed_on": day.isoformat(),
            "answers": {**FILE_BLOCK, **LOW, **(change or {})},
        }
    )
    return engine.recommend(assessment, on=on or day, lang=lang, **more)


def tiers(found) -> list[Tier]:
    return [view.tier for view in found.tiers]


def task(alert: str = "threat", opened: date = ON, **closing) -> AlertTask:
    return AlertTask(alert=alert, opened_on=opened, official="S-0417", **closing)


def closed(alert: str = "threat", opened: date = ON, on: date = ON) -> AlertTask:
    return task(
        alert, opened, closed_on=on, closed_by="S-0417", closing="已见面核实，受害人已离开"
    )


THREAT = {"harm_to_others_now": ["threat_to_named_person"]}
FILE = Path(__file__).parents[1] / "cases" / "law" / "alerts.yaml"
CASES = read_yaml(FILE).value["cases"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_it_is_decided_as_written(engine, case, lang):
    assert set(case) <= {"case", "tier_before", "change", "task", "then"}
    before, kept = case.get("tier_before", "ordinary"), case.get("task")
    tasks = []
    if kept is not None:
        opened = date.fromisoformat(kept["opened"])
        done = kept.get("closed")
        tasks = [
            task(kept["alert"], opened)
            if done is None
            else closed(kept["alert"], opened, date.fromisoformat(done))
        ]
    found = ask(
        engine,
        case.get("change"),
        lang=lang,
        history=() if before == "none" else HISTORY[Tier(before)],
        alerts=tasks,
    )
    then = case["then"]
    assert tiers(found) == [then["tier"]]
    assert found.binding_rule.id == then.get("because", "score_band")
    assert {alert.id for alert in found.alerts if alert.state == "open"} == set(then["open"])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", DANGERS)
class TestBothSides:
    def test_it_opens_a_task_for_the_same_day(self, engine, name, lang):
        there, near = DANGERS[name]
        found = ask(engine, there, lang=lang)
        (alert,) = found.alerts
        assert alert.id == name.split()[0]
        assert (alert.state, alert.opened_on, alert.due_on) == ("open", ON, ON)
        assert alert.official is None
        assert ("指定" in alert.words) if lang == "zh" else ("name an official" in alert.words)
        assert alert.disclosure in ("confidential", "third_party")
        assert ask(engine, near, lang=lang).alerts == ()

    def test_it_moves_neither_score_nor_tier(self, engine, name, lang):
        there, near = DANGERS[name]
        quiet = {item: near.get(item, "not_asked") for item in there}
        if "harm_to_others_now" in there:
            quiet["harm_to_others_now"] = []
        for past in (None, RELAXED):
            history = HISTORY[past] if past else ()
            with_it = ask(engine, there, lang=lang, history=history)
            without = ask(engine, quiet, lang=lang, history=history)
            assert with_it.alerts
            assert with_it.score == without.score
            assert with_it.tiers == without.tiers
            assert with_it.rules == without.rules

    def test_it_blocks_a_step_down(self, engine, name, lang):
        there, near = DANGERS[name]
        assert tiers(ask(engine, near, lang=lang, history=HISTORY[ORDINARY])) == [RELAXED]
        for past in (STRICT, ORDINARY):
            held = ask(engine, there, lang=lang, history=HISTORY[past])
            assert tiers(held) == [past]
            assert held.binding_rule.id == "open_alert"
            assert held.alerts[0].label in held.binding_rule.reason
            assert held.binding_rule.citation
            assert any(held.binding_rule.reason in why for why in held.why_not_lower)


def test_a_tier_that_stays_or_goes_up_is_not_touched(engine):
    for past in (RELAXED, ORDINARY):
        up = ask(engine, {**THREAT, "warnings_n": 1}, history=HISTORY[past])
        assert (tiers(up), up.binding_rule.id) == ([STRICT], "warned_or_penalised")
    stays = ask(engine, THREAT, history=HISTORY[RELAXED])
    assert (tiers(stays), stays.binding_rule.id) == ([RELAXED], "score_band")


def test_the_lower_of_two_defensible_tiers_is_no_step_down_either(engine, cn):
    """Where the score allows ordinary or relaxed, an open alert leaves ordinary alone."""
    seen = 0
    items = ("antisocial_companions", "employment_status", "drug_use")
    for levels in product(*(cn.by_id[item].level_ids for item in items)):
        change = dict(zip(items, levels, strict=True))
        free = ask(engine, change, history=HISTORY[ORDINARY])
        held = ask(engine, {**change, **THREAT}, history=HISTORY[ORDINARY])
        assert RELAXED not in tiers(held)
        assert held.status == "recommended" or tiers(held) == [ORDINARY, STRICT]
        seen += tiers(free) == [RELAXED, ORDINARY]
    assert seen


def test_the_range_over_missing_answers_is_held_as_well(engine):
    change = {"drug_use": "unknown"}
    free = ask(engine, change, history=HISTORY[ORDINARY])
    held = ask(engine, {**change, **THREAT}, history=HISTORY[ORDINARY])
    assert free.missing.tier_low is RELAXED
    assert held.missing.tier_low is ORDINARY


class TestClosing:
    def test_in_writing_by_the_official_it_lets_the_tier_go_down(self, engine):
        open_ = ask(engine, THREAT, history=HISTORY[ORDINARY], alerts=[task()])
        assert tiers(open_) == [ORDINARY]
        assert open_.alerts[0].official == "S-0417"
        assert "S-0417" in open_.alerts[0].words
        done = ask(engine, THREAT, history=HISTORY[ORDINARY], alerts=[closed()])
        assert tiers(done) == [RELAXED]
        (alert,) = done.alerts
        assert (alert.state, alert.closed_on, alert.closed_by) == ("closed", ON, "S-0417")
        assert alert.closing in alert.words

    @pytest.mark.parametrize(
        ("closing", "words"),
        [
            ({"closed_on": ON}, r"closed without \[closed_on\], \[closed_by\] and \[closing\]"),
            ({"closed_on": ON, "closed_by": "S-0417"}, "in writing"),
            ({"closed_on": ON, "closed_by": "S-0417", "closing": "  "}, "in writing"),
            ({"closed_by": "S-0417", "closing": "done"}, "in writing"),
            (
                {"closed_on": ON, "closed_by": "S-0001", "closing": "done"},
                r"closed by \[S-0001\]; only the official in charge closes it: \[S-0417\]",
            ),
            (
                {"closed_on": date(2026, 5, 31), "closed_by": "S-0417", "closing": "done"},
                "before it was opened",
            ),
        ],
    )
    def test_anything_less_is_refused(self, closing, words):
        with pytest.raises(UseError, match=words):
            task(**closing)

    def test_somebody_is_in_charge_by_name(self):
        with pytest.raises(UseError, match=r"\[official\] is empty"):
            AlertTask(alert="threat", opened_on=ON, official=" ")

    def test_a_task_of_no_alert_is_refused(self, engine):
        with pytest.raises(UseError, match=r"no alert \[noise\]; accepted: domestic_violence, "):
            ask(engine, THREAT, alerts=[task("noise")])

    def test_a_closing_says_nothing_before_its_day(self, engine):
        later = ON + timedelta(days=3)
        done = closed(on=later)
        for on, state, tier in (
            (later - timedelta(days=1), "open", ORDINARY),
            (later, "closed", RELAXED),
        ):
            found = ask(engine, THREAT, on=on, history=HISTORY[ORDINARY], alerts=[done])
            assert (found.alerts[0].state, tiers(found)) == (state, [tier])
            assert found.alerts[0].due_on == ON, "it was due on the day of the assessment"

    def test_another_alert_stays_open(self, engine):
        both = {"harm_to_others_now": ["threat_to_named_person"], "self_harm_flag": "3"}
        found = ask(engine, both, history=HISTORY[ORDINARY], alerts=[closed()])
        assert {a.id: a.state for a in found.alerts} == {"threat": "closed", "self_harm": "open"}
        assert tiers(found) == [ORDINARY]
        assert "威胁特定的人" not in found.binding_rule.reason

    def test_an_older_task_goes_on_whatever_is_answered_now(self, engine):
        old = task(opened=date(2026, 3, 1))
        quiet = {"harm_to_others_now": []}
        found = ask(engine, quiet, history=HISTORY[ORDINARY], alerts=[old])
        assert tiers(found) == [ORDINARY]
        (alert,) = found.alerts
        assert (alert.id, alert.items, alert.opened_on) == ("threat", (), date(2026, 3, 1))
        assert alert.disclosure == "third_party", "its answers are not at hand"
        done = closed(opened=date(2026, 3, 1), on=date(2026, 3, 2))
        found = ask(engine, quiet, history=HISTORY[ORDINARY], alerts=[done])
        assert (tiers(found), found.alerts) == ([RELAXED], ())

    def test_a_danger_that_is_seen_again_opens_a_new_task(self, engine):
        done = closed(opened=date(2026, 3, 1), on=date(2026, 3, 2))
        found = ask(engine, THREAT, history=HISTORY[ORDINARY], alerts=[done])
        assert tiers(found) == [ORDINARY]
        assert (found.alerts[0].state, found.alerts[0].opened_on) == ("open", ON)

    def test_a_task_of_the_future_does_not_exist_yet(self, engine):
        found = ask(engine, {}, history=HISTORY[ORDINARY], alerts=[task(opened=date(2026, 6, 2))])
        assert (tiers(found), found.alerts) == ([RELAXED], ())


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"offence_type": "unknown"}, "incomplete"),
        ({"is_minor_profile": True, "birth_date": "2009-01-01", "age_at_start": 16}, "separate"),
        ({"notice_given_date": "unknown"}, "incomplete"),
    ],
)
def test_where_the_law_stops_everything_else_the_alert_still_stands(engine, change, status):
    found = ask(engine, {**change, **THREAT})
    assert found.status.startswith(status)
    assert [alert.id for alert in found.alerts] == ["threat"]


def test_an_agency_can_name_who_is_in_charge(agency, monkeypatch):
    monkeypatch.setenv("RISKENGINE_HOME", str(agency))
    path = agency / "installation.json"
    path.write_text('{"jurisdiction": "cn", "alert_official": "S-0001"}')
    try:
        found = ask(Engine.load("made_up_cn"), THREAT)
        named = ask(Engine.load("made_up_cn"), THREAT, alerts=[task()])
    finally:
        path.unlink()
    assert found.alerts[0].official == "S-0001"
    assert named.alerts[0].official == "S-0417"


def test_a_recommendation_that_was_kept_before_tasks_had_days_is_still_read(engine):
    from riskengine import Recommendation

    kept = json.loads(ask(engine, THREAT).model_dump_json())
    for key in ("state", "opened_on", "due_on", "official", "closed_on", "closed_by", "closing",
                "words"):  # fmt: skip
        del kept["alerts"][0][key]
    del kept["provenance"]["law_verifications"]
    read = Recommendation.model_validate_json(json.dumps(kept))
    assert read.alerts[0].state == "open"
