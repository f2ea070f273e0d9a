"""The gate: each refusal for its own reason, a good model passes, a rare event cannot be told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from promotion_gate import Made

from riskengine.evaluation.paired import Score, compare
from riskengine.registry.gate import Evidence, Readiness, judge
from riskengine.registry.measuring import Judged, calibration_in_the_large, measure
from riskengine.registry.rules import ACCEPTED, GateRules, find_gate_rules

ON = date(2026, 3, 2)
CUT = 0.25


@pytest.fixture(scope="module")
def rules() -> GateRules:
    return find_gate_rules()


def asked(made: Made, candidate: Judged, live: Judged | None, /, **more: object) -> Evidence:
    validation = measure(
        candidate,
        live,
        made.outcome,
        kind="temporal",
        threshold=None if candidate.risk is None else CUT,
        groups=made.groups,
    )
    evidence = Evidence(
        on=ON,
        candidate="made_up@1.1.0",
        live="made_up@1.0.0",
        purpose="operational",
        calibrated=candidate.risk is not None,
        live_calibrated=live is not None and live.risk is not None,
        evaluation="there",
        evaluated_on=ON - timedelta(days=30),
        validation=validation,
    )
    return replace(evidence, **more)


@pytest.fixture(scope="module")
def made() -> Made:
    return Made(24000, seed=3)


@pytest.fixture(scope="module")
def live(made: Made) -> Judged:
    return made.score(1.0)


def test_a_better_model_passes(made: Made, live: Judged, rules: GateRules) -> None:
    report = judge(asked(made, made.score(0.85), live), rules)
    assert report.answer == "pass", report.lines("en")
    assert report.reasons == ()


def test_a_worse_model_is_refused_for_being_worse(
    made: Made, live: Judged, rules: GateRules
) -> None:
    report = judge(asked(made, made.score(1.8), live), rules)
    assert report.answer == "refuse"
    refused = {one.check for one in report.of("refuse")}
    assert "brier" in refused
    assert refused <= {"brier", "net_benefit", "group_brier", "group_net_benefit",
                       "group_false_negative", "group_false_positive"}  # fmt: skip


def test_better_for_all_and_miscalibrated_for_women(
    made: Made, live: Judged, rules: GateRules
) -> None:
    candidate = made.score(0.2, women=0.7)
    evidence = asked(made, candidate, live)
    assert evidence.validation is not None
    assert evidence.validation.brier is not None
    assert evidence.validation.brier.high < 0, "the case is one of a model that is better overall"
    report = judge(evidence, rules)
    assert report.answer == "refuse"
    refused = report.of("refuse")
    found = [dict(o.values)["group"].en for o in refused if o.check == "group_calibration"]
    assert found == ["female"]
    everybody = {one.check for one in refused if not one.check.startswith("group")}
    assert not everybody - {"calibration"}


def test_rare_events_cannot_be_told(rules: GateRules) -> None:
    rare = Made(6000, seed=5, base=-6.5)
    assert 0 < rare.outcome.sum() < 50
    report = judge(asked(rare, rare.score(0.5, cut=CUT), rare.score(0.9, cut=CUT)), rules)
    assert report.answer == "cannot_tell"
    assert report.reasons == ("events",)


def test_a_group_with_few_events_cannot_be_told(live: Judged, rules: GateRules) -> None:
    few = Made(9000, seed=8, women=0.05)
    few.outcome[few.female] = 0
    few.outcome[np.flatnonzero(few.female)[:9]] = 1
    report = judge(asked(few, few.score(1.0), few.score(1.0)), rules)
    assert "group_events" in report.reasons
    few_events = [one for one in report.findings if one.check == "group_events"]
    assert few_events
    # how many had the event in a group of few is not told
    told = [str(value) for one in few_events for value in dict(one.values).values()]
    assert "9" not in told
    assert not any(
        re.search(r"\b9\b", one.text(lang)) for one in few_events for lang in ("zh", "en")
    )


def test_a_wide_interval_is_no_permission(rules: GateRules) -> None:
    small = Made(700, seed=1)
    assert small.outcome.sum() >= 50
    report = judge(asked(small, small.score(0.9), small.score(1.0)), rules)
    assert report.answer == "cannot_tell"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"faults": ("model.json was edited",)}, "integrity"),
        ({"instruments": ("another version",)}, "instrument"),
        ({"leaks": ("item [x] tells the outcome",)}, "leak"),
        ({"purpose": "benchmark"}, "purpose"),
        ({"same_outcome": False}, "outcome"),
        ({"evaluated_on": ON - timedelta(days=400)}, "fresh"),
        ({"evaluated_on": ON + timedelta(days=1)}, "fresh"),
        ({"evaluation": "missing"}, "evaluation"),
        ({"evaluation": "other"}, "evaluation"),
        ({"unsigned": True}, "unsigned"),
    ],
)
def test_each_refusal_has_its_own_reason(
    made: Made, live: Judged, rules: GateRules, change: dict[str, object], reason: str
) -> None:
    report = judge(asked(made, made.score(0.85), live, **change), rules)
    assert report.answer == "refuse"
    assert report.reasons == (reason,)
    for lang in ("zh", "en"):
        assert all("{" not in line for line in report.lines(lang))


@pytest.mark.parametrize("kind", ["apparent", "not_stated"])
def test_training_rows_are_no_validation(
    made: Made, live: Judged, rules: GateRules, kind: str
) -> None:
    evidence = asked(made, made.score(0.85), live)
    assert evidence.validation is not None
    report = judge(replace(evidence, validation=replace(evidence.validation, kind=kind)), rules)
    assert report.reasons == ("apparent",)


def test_an_auc_too_good_to_be_true(made: Made, live: Judged, rules: GateRules) -> None:
    told = (made.outcome * 8.0 - 4.0) + 0.1 * made.true
    candidate = Judged(told, told, 1 / (1 + np.exp(-told)), told > 0)
    report = judge(asked(made, candidate, live), rules)
    assert "too_good" in {one.check for one in report.of("refuse")}


def test_overconfident_is_refused_by_slope_and_shift_by_level(
    made: Made, live: Judged, rules: GateRules
) -> None:
    good = made.score(0.3)
    assert good.log_odds is not None
    middle = float(good.log_odds.mean())
    steep = middle + 2.0 * (good.log_odds - middle)
    candidate = Judged(steep, steep, 1 / (1 + np.exp(-steep)), good.flagged)
    assert "slope" in {o.check for o in judge(asked(made, candidate, live), rules).of("refuse")}
    shifted = judge(asked(made, made.score(0.3, shift=0.6), live), rules)
    assert "calibration" in {one.check for one in shifted.of("refuse")}


def test_relative_scores_are_judged_by_rank_and_benefit(
    made: Made, live: Judged, rules: GateRules
) -> None:
    def relative(one: Judged) -> Judged:
        return Judged(one.rank, None, None, one.flagged)

    report = judge(asked(made, relative(made.score(0.85)), relative(live)), rules)
    checks = {one.check: one.ruling for one in report.findings}
    assert checks["calibration"] == "note"
    assert checks["ranking"] == "pass"
    assert checks["net_benefit"] == "pass"
    worse = judge(asked(made, relative(made.score(3.0)), relative(live)), rules)
    assert {"ranking"} <= {one.check for one in worse.of("refuse")}
    lost = judge(asked(made, relative(made.score(0.5)), live), rules)
    assert "loses_probability" in {one.check for one in lost.of("refuse")}


def test_first_use_needs_silence_assessment_users_and_stops(
    made: Made, live: Judged, rules: GateRules
) -> None:
    ready = Readiness(
        silent_days=95, silent_people=200, impact="complete",
        trained_users=3, stop_conditions=2, measurable=1,
    )  # fmt: skip
    first = asked(made, made.score(0.85), live, live=None, readiness=ready)
    assert judge(first, rules).answer == "pass"
    for change, reason in [
        ({"silent_days": 90}, "silent"),
        ({"silent_people": 29}, "silent"),
        ({"impact": "missing"}, "impact"),
        ({"impact": "open"}, "impact"),
        ({"impact": "unsigned"}, "impact"),
        ({"impact": "other_model"}, "impact"),
        ({"trained_users": 0}, "users"),
        ({"stop_conditions": 0, "measurable": 0}, "stop"),
        ({"measurable": 0}, "stop"),
    ]:
        report = judge(replace(first, readiness=replace(ready, **change)), rules)
        assert report.answer == "refuse"
        assert report.reasons == (reason,)
    alone = asked(made, made.score(0.85), None, live=None, readiness=ready)
    assert judge(alone, rules).reasons == ("comparison",)


def test_without_outcomes_nobody_can_tell(rules: GateRules) -> None:
    evidence = Evidence(
        on=ON, candidate="a@1", live="a@0", purpose="operational", calibrated=False
    )
    assert judge(evidence, rules).answer == "cannot_tell"


# --- The figures --------------------------------------------------------------------------------


def test_intervals_agree_with_the_bootstrap_of_the_evaluation(made: Made, live: Judged) -> None:
    candidate = made.score(0.85)
    mine = measure(
        candidate, live, made.outcome, kind="temporal", threshold=CUT, groups=made.groups
    )
    log_odds_cut = float(np.log(CUT / (1 - CUT)))
    drawn = compare(
        Score(candidate.rank, candidate.log_odds, candidate.risk, log_odds_cut),
        Score(live.rank, live.log_odds, live.risk, log_odds_cut),
        made.outcome, seed=1, thresholds=(CUT,), groups={"sex": made.groups["sex"]}, draws=400,
    )  # fmt: skip
    for estimate, pair in [
        (mine.brier, drawn.pair("brier")),
        (mine.net_benefit, drawn.pair("net_benefit", CUT)),
    ]:
        assert estimate is not None
        other = pair.difference
        assert estimate.value == pytest.approx(other.value, abs=1e-12)
        wide = estimate.high - estimate.low
        assert wide == pytest.approx(other.high - other.low, rel=0.15)
    women = next(g for g in mine.groups if g.group == "female")
    theirs = next(g for g in drawn.groups if g.level == "female")
    for name in ("false_positive_rate", "false_negative_rate"):
        pair = next(p for p in theirs.pairs if p.name == name)
        estimate = getattr(women, name)
        assert estimate.value == pytest.approx(pair.difference.value, abs=1e-12)
        wide = estimate.high - estimate.low
        assert wide == pytest.approx(pair.difference.high - pair.difference.low, rel=0.15)


def test_calibration_agrees_with_statsmodels(made: Made) -> None:
    import statsmodels.api as sm

    score = made.score(0.5, shift=0.1)
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 1.5, made.people)
    mine = calibration_in_the_large(score.log_odds, made.outcome, weight, 0.95)
    ones = np.ones((made.people, 1))
    fit = sm.GLM(
        made.outcome, ones, family=sm.families.Binomial(), offset=score.log_odds,
        var_weights=weight,
    ).fit(cov_type="HC0", tol=1e-12)  # fmt: skip
    low, high = fit.conf_int()[0]
    assert mine is not None
    assert mine.value == pytest.approx(fit.params[0], abs=1e-9)
    assert (mine.low, mine.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))
    whole = measure(score, None, made.outcome, weight, kind="temporal", threshold=CUT)
    line = sm.GLM(
        made.outcome, np.column_stack([score.log_odds, ones]), family=sm.families.Binomial(),
        var_weights=weight,
    ).fit(cov_type="HC0", tol=1e-12)  # fmt: skip
    assert whole.slope is not None
    assert whole.slope.value == pytest.approx(line.params[0], abs=1e-8)
    assert whole.slope.low == pytest.approx(line.conf_int()[0][0], abs=1e-6)


def test_no_difference_among_ten_people_is_no_certainty() -> None:
    same = np.zeros(10, dtype=bool)
    one = Judged(np.arange(10.0), None, None, same)
    outcome = np.array([1] * 5 + [0] * 5)
    of = np.zeros(10, dtype=np.int64)
    from promotion_gate import division

    found = measure(one, one, outcome, kind="temporal", threshold=None,
                    groups={"all": division("all", ("x",), of)})  # fmt: skip
    rate = found.groups[0].false_negative_rate
    assert rate is not None
    assert rate.value == 0.0
    assert rate.high > 0.2


# --- The thresholds -----------------------------------------------------------------------------


def test_every_threshold_has_a_reason_and_cannot_be_edited_away(rules: GateRules) -> None:
    assert set(rules.thresholds) == set(ACCEPTED)
    raw = rules.model_dump(mode="json")
    for name, value in [("least_events", 20), ("group_events", 5), ("silent_days", 30),
                        ("interval_level", 0.8)]:  # fmt: skip
        changed = {**raw, "thresholds": {**raw["thresholds"]}}
        changed["thresholds"][name] = {**raw["thresholds"][name], "value": value}
        with pytest.raises(ValueError, match=name):
            GateRules.model_validate(changed, strict=False)
