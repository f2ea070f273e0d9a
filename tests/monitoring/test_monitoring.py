"""Signals of a run, judged together; what must never alarm and what must never be printed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, fisher_exact

from riskengine.errors import ArtefactError, UseError
from riskengine.evaluation.people import People
from riskengine.monitoring.calibration import calibration_signals
from riskengine.monitoring.conditions import read_stop_conditions
from riskengine.monitoring.counting import Assessed, assessed_of, window_of
from riskengine.monitoring.document import Monitoring, Signal
from riskengine.monitoring.exact import (
    adjusted,
    against_people,
    against_share,
    events_test,
)
from riskengine.monitoring.overrides import moves_of, override_outcomes
from riskengine.monitoring.thresholds import find_thresholds, read_thresholds
from riskengine.monitoring.watch import Watched, monitor
from riskengine.reports.monitoring.page import monitoring_page, overrides_page
from riskengine.store.lookup import find_model
from riskengine.synthetic import assessments, make_province
from riskengine.text import Text

ON = date(2026, 3, 31)
CARD = find_model("cn_serious_noncompliance").scorecard
WORK = [axis.id for axis in CARD.document.axes].index("employment_status")


@pytest.fixture(scope="module")
def people() -> Assessed:
    made = assessments(make_province(["rural"], 800, seed=5))
    counted = assessed_of(CARD, [a.complete for a in made], [ON] * len(made))
    days = np.array([ON - timedelta(days=n % 31) for n in range(800)], dtype="datetime64[D]")
    return replace(counted, day=days)


def run(people: Assessed, states: np.ndarray | None = None, **more: object) -> Monitoring:
    recent = people.take(np.arange(400, 800))
    if states is not None:
        recent = replace(recent, states=states)
    watched = Watched(recent, people.take(np.arange(400)), **more)  # type: ignore[arg-type]
    return monitor(CARD, watched, on=ON, thresholds=find_thresholds())


def test_exact_tests_agree_with_scipy_one_by_one() -> None:
    low = [binomtest(7, 50, 0.3, alternative=side).pvalue for side in ("less", "greater")]
    assert float(against_share(7, 50, 0.3)) == pytest.approx(2 * min(low), abs=1e-12)
    table = [[7, 43], [40, 60]]
    low = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert float(against_people(7, 50, 40, 100)) == pytest.approx(2 * min(low), abs=1e-12)
    assert float(against_share(0, 50, 0.0)) == 1.0
    risk, outcome = np.full(60, 0.3), np.r_[np.ones(25), np.zeros(35)]
    high = binomtest(25, 60, 0.3, alternative="greater").pvalue
    assert events_test(outcome, risk, np.ones(60)) == pytest.approx(2 * high, abs=1e-12)


def test_yekutieli_is_never_more_daring() -> None:
    p = np.array([0.001, 0.01, 0.2, 0.7])
    assert (adjusted(p, "benjamini_yekutieli") >= adjusted(p, "benjamini_hochberg")).all()


def test_people_like_the_reference_are_quiet(people: Assessed) -> None:
    found = run(people)
    assert found.verdict == "quiet" and found.exit_code == 0
    assert [one.action for one in found.proposals] == ["keep"]
    assert found.tested > 40


def test_a_shift_of_one_item_is_said_in_words(people: Assessed) -> None:
    states = people.states[400:].copy()
    states[:80, WORK] = 4
    found = run(people, states)
    (alarm,) = (one for one in found.alarms if one.id == "intake.employment_status")
    assert found.exit_code == 3
    assert "more people of" in alarm.text.en and "人中比按参照推算多约" in alarm.text.zh
    assert alarm.q is not None and alarm.p is not None and alarm.q >= alarm.p
    assert [one.action for one in found.proposals][:2] == ["check_coding", "collect"]


def test_missing_answers_ask_for_the_form_to_be_fixed(people: Assessed) -> None:
    states = people.states[400:].copy()
    states[:60, WORK] = CARD.document.axes[WORK].known_states
    found = run(people, states)
    assert "unknown.employment_status" in {one.id for one in found.alarms}
    assert found.proposals[0].action == "fix_intake_form"


def test_a_significant_but_trivial_shift_is_no_alarm(people: Assessed) -> None:
    many = people.take(np.repeat(np.arange(800), 25))
    states = many.states.copy()
    states[: len(states) // 25, WORK] = 4
    watched = Watched(replace(many, states=states), many)
    found = monitor(CARD, watched, on=ON, thresholds=find_thresholds())
    (one,) = (s for s in found.signals if s.id == "intake.employment_status")
    assert one.q is not None and one.q < 0.001
    assert one.effect is not None and abs(one.effect) < 0.07 and one.state == "quiet"
    assert one.psi is not None  # large enough for one, and it raises nothing


def test_no_psi_below_five_hundred_people(people: Assessed) -> None:
    assert all(one.psi is None for one in run(people).signals)


def test_thresholds_refuse_a_psi_of_small_windows(tmp_path: Path) -> None:
    text = Path("data_schema/monitoring/default.yaml").read_text(encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("psi_people:\n  value: 500", "psi_people:\n  value: 100"))
    with pytest.raises(ArtefactError, match="accepted: 500 or more"):
        read_thresholds(path)


def test_an_illustrative_reference_never_alarms(people: Assessed) -> None:
    states = people.states.copy()
    states[:, WORK] = 4
    watched = Watched(replace(people, states=states))
    found = monitor(CARD, watched, on=ON, thresholds=find_thresholds())
    assert found.verdict == "too_little" and found.exit_code == 5
    assert {one.state for one in found.signals} == {"not_measured"}


def test_few_people_are_not_judged(people: Assessed) -> None:
    watched = Watched(people.take(np.arange(20)), people.take(np.arange(400)))
    found = monitor(CARD, watched, on=ON, thresholds=find_thresholds())
    assert found.exit_code == 5


def test_small_cells_carry_no_number(people: Assessed) -> None:
    smallest = find_thresholds().smallest_cell.value
    found = run(people)
    assert any(one.hidden for one in found.signals)
    for one in found.signals:
        if one.count is not None and one.people is not None:
            held = (one.count, one.people - one.count)
            assert not any(0 < n < smallest for n in held), one.id
    with pytest.raises(ValueError, match="tells no numbers"):
        Signal(**{**found.signals[0].model_dump(), "hidden": True, "count": 3})


def test_a_small_group_is_not_given_away_by_the_others(people: Assessed) -> None:
    sex = people.groups["sex"]
    of = np.zeros(800, dtype=np.int64)
    of[-5:] = 1
    few = replace(people, groups={"sex": replace(sex, of=of)})
    shown = [one for one in run(few).signals if one.id.startswith("group_")]
    assert len(shown) == 3
    # five of 400 would be the window less the group that is large enough
    assert [one.people for one in shown] == [None] * 3
    assert not any("5 " in one.text.en or "395" in one.text.en for one in shown)
    of[::3] = 1
    enough = [one for one in run(few).signals if one.id.startswith("group_score.")]
    assert sorted(one.people for one in enough) == [136, 264]


def test_events_within_a_group_that_is_shown_are_told_on_both_pages() -> None:
    """The rule is about groups, and the same one for the monitor and for overrides."""
    one = calibration_signals(matured(0.02, 5 / 600), None, find_thresholds())[0].settled(1, 0.02)
    assert (one.count, one.people, one.hidden) == (5, 600, False)
    frame = decisions().assign(event="0")
    moved = np.flatnonzero(moves_of(frame).down)
    frame.loc[moved[:3], "event"] = "1"
    (row,) = (r for r in override_outcomes(moves_of(frame)).rows if r.by == "reason")
    assert row.events == 3 and row.people is not None and not row.hidden
    assert [r.hidden for r in override_outcomes(moves_of(frame), smallest=500).rows] == [True] * 4


def test_thresholds_never_show_fewer_than_ten(tmp_path: Path) -> None:
    text = Path("data_schema/monitoring/default.yaml").read_text(encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(text.replace("smallest_cell:\n  value: 10", "smallest_cell:\n  value: 9"))
    with pytest.raises(ArtefactError, match="accepted: 10 or more"):
        read_thresholds(path)


def test_the_window_reaches_back_for_people_and_never_past_half_a_year() -> None:
    thresholds = find_thresholds()
    day = np.array([np.datetime64(ON) - n for n in range(400)])
    span = window_of(day, ON, thresholds)
    assert len(span.at) == 186
    many = np.repeat(day, 10)
    assert window_of(many, ON, thresholds).first == ON - timedelta(days=30)
    assert window_of(day, ON - timedelta(days=10), thresholds).after == 10


def matured(risk: float, share: float, n: int = 600) -> People:
    outcome = (np.arange(n) < share * n).astype(int)
    log_odds = np.log(risk / (1 - risk)) + np.zeros(n)
    zero = np.zeros(n, dtype=np.int64)
    return People(zero, log_odds, np.full(n, risk), outcome, np.ones(n), 365)


def test_more_events_than_expected_propose_an_intercept(people: Assessed) -> None:
    found = run(people, matured=matured(0.2, 0.3))
    assert found.figures["observed_expected"] == pytest.approx(1.5)
    assert "pooled_intercept" in {one.action for one in found.proposals}
    assert run(people, matured=matured(0.2, 0.21)).verdict == "quiet"


def test_a_relative_model_needs_outcomes_of_the_reference() -> None:
    now = replace(matured(0.2, 0.4), risk=None)
    before = replace(matured(0.2, 0.2), risk=None)
    (one,) = calibration_signals(now, None, find_thresholds())
    assert one.signal.state == "not_measured"
    (one,) = calibration_signals(now, before, find_thresholds())
    assert one.large and one.signal.p is not None and one.signal.p < 1e-6


def test_age_and_stop_conditions_end_with_their_own_codes(people: Assessed) -> None:
    stale = run(people, validated_on=date(2023, 1, 1))
    assert stale.exit_code == 3 and stale.proposals[-1].action == "revalidate"

    def condition(above: float) -> bytes:
        text = {"zh": "验证太旧", "en": "validation too old"}
        measure = {"figure": "validation_age_days", "above": above}
        one = {"id": "old", "text": text, "responsible": "county", "measure": measure}
        by_hand = {**one, "id": "hand", "measure": None}
        other = {**one, "id": "other", "measure": {"figure": "event_share", "above": 0.1}}
        head = {"format": "riskengine/stop-conditions/1", "model": CARD.document.id}
        return json.dumps({**head, "conditions": [one, by_hand, other]}).encode()

    met = run(
        people,
        validated_on=date(2026, 1, 1),
        stop_conditions=read_stop_conditions(condition(30)),
    )
    assert met.exit_code == 4
    assert [one.state for one in met.stop_conditions] == ["met", "for_a_person", "cannot_tell"]
    with pytest.raises(ArtefactError):
        read_stop_conditions(condition(30).replace(b"event_share", b"no_such_figure"))


def decisions(rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    told = rng.choice(["relaxed", "ordinary", "strict"], rows)
    lower = {"relaxed": "relaxed", "ordinary": "relaxed", "strict": "ordinary"}
    moved = rng.random(rows) < 0.3
    decided = [lower[t] if m else t for t, m in zip(told, moved, strict=True)]
    return pd.DataFrame(
        {
            "decided_on": ["2026-01-05"] * rows,
            "recommended": told,
            "decided": decided,
            "reason": np.where(moved, "protective_support", ""),
            "event": rng.integers(0, 2, rows).astype(str),
        }
    )


def test_overrides_are_set_beside_people_with_the_same_recommendation() -> None:
    frame = decisions()
    found = override_outcomes(moves_of(frame))
    (row,) = (r for r in found.rows if r.by == "direction" and "strict" in r.what.en[:20])
    strict = frame[frame["recommended"] == "strict"]
    down = strict[strict["decided"] == "ordinary"]["event"].astype(int)
    kept = strict[strict["decided"] == "strict"]["event"].astype(int)
    assert (row.people, row.events) == (len(down), down.sum())
    assert (row.others, row.other_share) == (len(kept), pytest.approx(kept.mean()))
    assert "no proof" in found.caution.en and "不证明" in found.caution.zh
    assert not {"officer", "decided_by", "person", "case"} & set(found.frame().columns)


def test_a_small_group_takes_another_with_it() -> None:
    frame = decisions()
    moved = frame.index[frame["reason"] != ""]
    frame.loc[moved[:4], "reason"] = "new_information"
    found = override_outcomes(moves_of(frame))
    by_reason = [one for one in found.rows if one.by == "reason"]
    assert len(by_reason) == 2 and all(one.hidden and one.people is None for one in by_reason)


def test_decisions_name_the_row_that_is_wrong() -> None:
    frame = decisions(5)
    frame.loc[2, "recommended"] = "severe"
    with pytest.raises(UseError, match=r"row 3, column \[recommended\] \[severe\]; accepted"):
        moves_of(frame)
    both = decisions(5).assign(recommended="relaxed,ordinary", decided="ordinary")
    assert not moves_of(both).up.any() and moves_of(both).either.all()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_overrides_names_rules_and_draws_what_it_shows(lang: str) -> None:
    frame = decisions().assign(rule=np.resize(["score_band", "minimum_stay", "own"], 400))
    own = Text(zh="两次警告", en="two warnings")
    found = override_outcomes(moves_of(frame), rules={"own": own})
    page = overrides_page(found, lang=lang)  # type: ignore[arg-type]
    names = {"zh": ["评分区间", "最短期限", "两次警告"]}.get(
        lang, ["score band", "minimum stay", "two warnings"]
    )
    assert all(name in page for name in names)
    assert not any(name in page for name in ("score_band", "minimum_stay", ">own<"))
    shown = [one for one in found.rows if not one.hidden]
    assert page.count("<svg") == len(shown) > 0
    # narrow screens put the heading of a column before every number
    assert page.count("data-label=") == 4 * len(shown)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_hold_no_script_and_no_address(people: Assessed, lang: str) -> None:
    found = run(people)
    title = found.title.model_copy(update={"zh": "<b>x</b>", "en": "<b>x</b>"})
    page = monitoring_page(found.model_copy(update={"title": title}), lang=lang)  # type: ignore[arg-type]
    assert "<script" not in page and "http://" not in page and "https://" not in page
    assert "<b>x" not in page and "&lt;b&gt;x" in page and "<svg" in page
    other = overrides_page(override_outcomes(moves_of(decisions())), lang=lang)  # type: ignore[arg-type]
    assert "<script" not in other


def test_the_document_reads_back(people: Assessed) -> None:
    found = run(people)
    assert Monitoring.model_validate_json(found.model_dump_json()) == found


def monthly(people: Assessed, seed: int, planted: bool) -> list[set[str]]:
    """Alarms of ten independent months of 200 people against 400 others of one pool."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(10):
        recent = people.take(rng.integers(0, 800, 200))
        recent = replace(recent, day=np.full(200, np.datetime64(ON)))
        if planted:
            states = recent.states.copy()
            states[rng.random(200) < 0.25, WORK] = 4
            recent = replace(recent, states=states)
        watched = Watched(recent, people.take(rng.integers(0, 800, 400)))
        run_ = monitor(CARD, watched, on=ON, thresholds=find_thresholds())
        found.append({one.id for one in run_.alarms})
    return found


def test_no_drift_hardly_ever_alarms_and_a_planted_one_does(people: Assessed) -> None:
    # at 5 % a run, three or more of ten come once in ninety
    assert sum(map(bool, monthly(people, 11, planted=False))) <= 2
    assert sum("intake.employment_status" in ids for ids in monthly(people, 12, planted=True)) >= 8
