"""Landmark cohorts: nothing from ahead, comparable exposure, people kept together."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import auc, bootstrap_interval, brier
from riskengine.instrument.derived import count_within
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument
from riskengine.synthetic import DEFAULT, Province, make_province
from riskengine.synthetic.reassessment import landmarks, reassess
from riskengine.training.guards import check_outcome
from riskengine.training.history import (
    ITEMS,
    RATE_DAYS,
    WINDOW_DAYS,
    history,
    landmarks_at,
    under_supervision,
    whole_months,
    with_history,
)
from riskengine.training.landmarks import (
    LandmarkCohort,
    folds_by_person,
    interval_by_person,
    landmark_cohort,
)

OUTCOME = "serious_noncompliance_12m"
LATER = date(2040, 1, 1)
START = pd.Timestamp("2022-01-01")
LANDMARK = pd.Timestamp("2022-07-01")  # six calendar months on, day 181
DAY = pd.Timedelta(days=1)

Event = tuple[str, str, pd.Timestamp]


@dataclass(frozen=True)
class Records:
    """An office's records, written by hand."""

    instrument: Instrument
    people: pd.DataFrame
    events: pd.DataFrame
    followed_until: pd.Series


def records(
    *happened: tuple[str, str, str, pd.Timestamp],
    people: int = 1,
    delay: int = 0,
    custody: int = 0,
    until: pd.Timestamp = START + 3000 * DAY,
) -> Records:
    """Give records of people p0, p1, ...; an event is (person, kind, detail, date)."""
    ends = {"completion", "death", "transfer", "revocation"}
    frame = pd.DataFrame(happened, columns=["person", "kind", "detail", "date"])
    frame["date"] = pd.to_datetime(frame["date"])
    frame["recorded_on"] = frame["date"] + delay * DAY
    frame["is_end"] = frame["kind"].isin(ends)
    frame["left_on"] = (frame["date"] - custody * DAY).where(frame["is_end"])
    who = [f"p{n}" for n in range(people)]
    intake = pd.DataFrame({"person": who, "assessed_on": START, "sex": "1", "age_at_start": 30})
    return Records(
        find_instrument("cn_community_corrections"), intake, frame,
        pd.Series([until] * people),
    )  # fmt: skip


def stacked(of: Records | Province, **changes: object) -> LandmarkCohort:
    how = {"outcome": OUTCOME, "at_months": (6,), "horizon_days": 180, "as_of": LATER}
    return landmark_cohort(of, **{**how, **changes})  # type: ignore[arg-type]


def answer(of: Records, item: str, on: pd.Timestamp = LANDMARK) -> object:
    at = pd.DataFrame({"person": ["p0"], "on": [on]})
    return history(of, at, of.instrument.outcomes_by_id[OUTCOME])[item].iat[0]


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(2, 500, seed=12)


# --- The record on a day ------------------------------------------------------------------------


def test_the_derived_items_agree_with_the_landmark() -> None:
    cohort = stacked(records(("p0", "warning", "", LANDMARK - 40 * DAY)))
    (answers,) = cohort.cohort.answers
    assert answers["supervised_months"] == 6
    assert answers["clean_months"] == 1
    assert answers["serious_180d"] == 1
    assert answers["minor_180d"] == 0
    assert answers["serious_rate"] == pytest.approx(1 / (181 / 365.25), abs=1e-4)
    assert cohort.on.astype(str).tolist() == ["2022-07-01"]


@pytest.mark.parametrize(
    ("recorded", "seen"), [(0, True), (-1, True), (1, False)], ids=["on it", "before", "after"]
)
def test_an_event_recorded_after_the_landmark_does_not_exist(recorded: int, seen: bool) -> None:
    """Shifted by one day across the landmark it changes every answer, or none."""
    empty = records()
    one = records(("p0", "warning", "", LANDMARK - 20 * DAY), delay=20 + recorded)
    changed = [item.id for item in ITEMS if answer(one, item.id) != answer(empty, item.id)]
    assert changed == (["clean_since", "serious_n", "serious_180d"] if seen else [])


def test_an_event_of_the_next_day_is_the_outcome_and_no_answer() -> None:
    for shift, known, label in ((0, 1, 0), (1, 0, 1), (180, 0, 1), (181, 0, 0)):
        cohort = stacked(records(("p0", "warning", "", LANDMARK + shift * DAY)))
        assert cohort.cohort.answers[0]["serious_n"] == known
        assert cohort.cohort.outcome.tolist() == [label]


def test_an_event_that_happened_but_was_recorded_late_is_neither_known_nor_ahead() -> None:
    cohort = stacked(records(("p0", "warning", "", LANDMARK - DAY), delay=30))
    assert cohort.cohort.answers[0]["serious_n"] == 0
    assert cohort.cohort.outcome.tolist() == [0]


def test_counts_are_those_of_the_released_function() -> None:
    days = [LANDMARK - n * DAY for n in (0, 1, 100, 179, 180, 181)]
    some = records(*(("p0", "warning", "", day) for day in days), ("p0", "admonition", "", START))
    on = LANDMARK.date()
    dates = tuple(day.date() for day in days)
    assert answer(some, "serious_180d") == count_within(dates=dates, on=on, days=180) == 4
    assert answer(some, "serious_n") == 6
    assert answer(some, "minor_n") == 1


def test_short_exposure_gives_no_count_and_no_rate() -> None:
    some = records(("p0", "warning", "", START + 10 * DAY))
    for days, window, rate in (
        (RATE_DAYS - 1, "unknown", "unknown"),
        (RATE_DAYS, "unknown", round(RATE_DAYS / 365.25, 6)),
        (WINDOW_DAYS - 1, "unknown", round((WINDOW_DAYS - 1) / 365.25, 6)),
        (WINDOW_DAYS, 1, round(WINDOW_DAYS / 365.25, 6)),
    ):
        on = START + days * DAY
        assert answer(some, "serious_180d", on) == window
        assert answer(some, "years_observed", on) == rate
    with pytest.raises(TrainingError, match=r"\[p0\]: a landmark lies before the intake"):
        answer(some, "serious_n", START - DAY)


def test_answers_do_not_depend_on_follow_up_that_lies_ahead(province: Province) -> None:
    """Every event and end after the landmark may change; the answers of the day do not."""
    at = landmarks(province, (6, 12))
    outcome = province.instrument.outcomes_by_id[OUTCOME]
    before = history(province, at, outcome)
    first = at.groupby("person")["on"].min()
    events = province.events
    day = events["person"].map(first)
    late = events["recorded_on"] > day
    moved = events.assign(
        date=events["date"].where(~late, events["date"] + 400 * DAY),
        recorded_on=events["recorded_on"].where(~late, events["recorded_on"] + 400 * DAY),
        left_on=events["left_on"].where(~late, events["left_on"] + 400 * DAY),
    )
    rows = (at["month"] == 6).to_numpy()
    after = history(replace(province, events=moved), at[rows].reset_index(drop=True), outcome)
    pd.testing.assert_frame_equal(before[rows].reset_index(drop=True), after)
    assert late.sum() > 50


def test_history_belongs_to_a_benchmark_copy(cn: Instrument) -> None:
    copy = with_history(cn)
    assert copy.purpose == "benchmark" != cn.purpose
    assert copy.id != cn.id
    assert "clean_months" not in cn.derived_by_id
    assert {"warnings_n", "admonitions_n"}.isdisjoint(
        item.id for item in copy.items if "scored" in item.use
    )
    check_outcome(
        copy, copy.outcomes_by_id[OUTCOME], include_protected=False, allow_look_ahead=False
    )
    with pytest.raises(TrainingError, match="cannot hold a history"):
        with_history(copy)


# --- Landmarks and labels -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "detail", "label"),
    [
        ("completion", "", [0]),
        ("death", "", [0]),
        ("transfer", "", None),
        ("revocation", "condition_ended", None),
        ("revocation", "violation", [1]),
        ("absconding", "absent_up_to_10_days", [0]),
        ("absconding", "absent_11_to_30_days", [1]),
        ("admonition", "", [0]),
    ],
)
def test_how_follow_up_may_end(kind: str, detail: str, label: list[int] | None) -> None:
    some = records(("p0", kind, detail, LANDMARK + 50 * DAY), people=40)
    cohort = stacked(some)
    mine = cohort.cohort.outcome[cohort.person == "p0"].tolist()
    assert mine == (label or [])
    assert len(cohort.cohort.unlabelled) == (label is None)
    # after the horizon it does not matter
    later = stacked(records(("p0", kind, detail, LANDMARK + 181 * DAY), people=40))
    assert later.cohort.outcome.sum() == 0
    assert later.cohort.people == 40


def test_somebody_in_custody_is_not_reassessed() -> None:
    ruled = LANDMARK + 60 * DAY
    for custody, here in ((59, 1), (60, 0), (61, 0)):
        cohort = stacked(records(("p0", "revocation", "violation", ruled), custody=custody))
        assert cohort.cohort.people == here
        assert cohort.away == 1 - here


def test_nobody_counts_before_horizon_and_lag_have_passed() -> None:
    lag = find_instrument("cn_community_corrections").outcomes_by_id[OUTCOME].reporting_lag_days
    ripe = (LANDMARK + (180 + lag) * DAY).date()
    late = records(("p0", "warning", "", LANDMARK + 170 * DAY), delay=lag)
    assert stacked(late, as_of=ripe).cohort.outcome.tolist() == [1]
    early = stacked(late, as_of=(pd.Timestamp(ripe) - DAY).date())
    assert (early.cohort.people, early.unripe) == (0, 1)


def test_too_many_lost_are_refused() -> None:
    gone = [(f"p{n}", "transfer", "", LANDMARK + 9 * DAY) for n in range(3)]
    with pytest.raises(TrainingError, match="3 of 40 landmarks stopped before the horizon"):
        stacked(records(*gone, people=40))
    assert stacked(records(*gone[:2], people=40)).cohort.people == 38
    with pytest.raises(TrainingError, match="stopped before the horizon"):
        stacked(records(until=LANDMARK + 100 * DAY))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outcome": "nothing"}, r"has no outcome \[nothing\]; it has reoffence"),
        ({"horizon_days": 0}, "give at least 1"),
        ({"at_months": (0, 3)}, "whole numbers, each above zero"),
        ({"at_months": (3, 3)}, "different whole numbers"),
        ({"at_months": ()}, "different whole numbers"),
    ],
)
def test_what_cannot_be_used_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        stacked(records(), **changes)


def test_answers_are_asked_for_everybody(province: Province) -> None:
    answers = reassess(province, landmarks(province, (6,)))
    with pytest.raises(TrainingError, match=r"has no answers then; give a row for everybody"):
        stacked(province, answers=answers.iloc[1:])


def test_a_bad_answer_is_kept_as_a_reject(province: Province) -> None:
    answers = reassess(province, landmarks(province, (6,)))
    answers.loc[0, "alcohol_problem"] = "9"
    cohort = stacked(province, answers=answers)
    (reject,) = cohort.cohort.rejects
    assert (reject.item, reject.row) == ("alcohol_problem", 1)
    assert cohort.cohort.people + len(cohort.cohort.unlabelled) + 1 == len(answers)


def test_landmarks_are_whole_calendar_months(province: Province) -> None:
    at = landmarks_at(province, (1, 6, 13))
    start = at["person"].map(province.people.set_index("person")["assessed_on"])
    months = whole_months(start.to_numpy(), at["on"].to_numpy())
    assert np.array_equal(months, at["month"])
    here = under_supervision(province, at)
    assert here[at["month"] == 1].mean() > here[at["month"] == 13].mean() > 0.2


# --- People, not rows ---------------------------------------------------------------------------


def test_all_rows_of_a_person_share_a_fold() -> None:
    rng = np.random.default_rng(3)
    person = rng.permutation(np.repeat([f"p{n}" for n in range(400)], 4)).astype(object)
    ever = rng.random(400) < 0.2
    outcome = np.array([int(ever[int(p[1:])]) for p in person]) * (rng.random(1600) < 0.5)
    folds = folds_by_person(person, outcome, 5, seed=1)
    by_person = pd.Series(folds).groupby(person)
    assert by_person.nunique().max() == 1
    assert set(by_person.size()) == {4}
    sizes = by_person.first().value_counts()
    assert sizes.max() - sizes.min() <= 2
    events = pd.Series(outcome).groupby(person).max().groupby(by_person.first()).sum()
    assert events.max() - events.min() <= 1
    assert np.array_equal(folds, folds_by_person(person, outcome, 5, seed=1))


def test_an_interval_by_person_does_not_shrink_when_rows_are_repeated() -> None:
    rng = np.random.default_rng(5)
    value = rng.normal(size=300)
    person = np.array([f"p{n}" for n in range(300)], dtype=object)

    def width(values: np.ndarray, interval: tuple[float, float]) -> float:  # type: ignore[type-arg]
        assert interval[0] < values.mean() < interval[1]
        return interval[1] - interval[0]

    once = width(
        value, interval_by_person(lambda at: float(value[at].mean()), person, seed=2, draws=300)
    )
    again, repeated = np.repeat(person, 9), np.repeat(value, 9)
    nine = width(
        repeated,
        interval_by_person(lambda at: float(repeated[at].mean()), again, seed=2, draws=300),
    )
    rows = width(
        repeated,
        bootstrap_interval(lambda at: float(repeated[at].mean()), 2700, seed=2, draws=300),
    )
    assert nine == pytest.approx(once)
    assert rows < 0.5 * once


# --- Does it work -------------------------------------------------------------------------------


def test_the_benchmark_in_small() -> None:
    """Risk falls with clean time as the truth does; counts over the episode only look good."""
    folder = str(Path(__file__).resolve().parents[2] / "benchmarks")
    sys.path.insert(0, folder)
    try:
        import reassessment
    finally:
        sys.path.remove(folder)
    # four times as many violations as usual, so that few people say enough
    often = tuple(replace(k, conduct_per_year=4 * k.conduct_per_year) for k in DEFAULT.kinds)
    province = make_province(2, 600, seed=4, parameters=replace(DEFAULT, kinds=often))
    rows = reassessment.rows_of(province, (6, 12))
    full = reassessment.inputs(rows.landmarks, record=True)
    posed, day = reassessment.predict(
        reassessment.unsafe(province, rows, full, every=True), rows, reassessment.logistic
    )
    safe, same = reassessment.predict(full, rows, reassessment.logistic)
    assert np.array_equal(safe, same)
    assert auc(posed, rows.outcome) > auc(safe, rows.outcome) + 0.1
    assert auc(day, rows.outcome) < auc(safe, rows.outcome)
    chance = {name: reassessment.sigmoid(score) for name, score in (("day", day), ("safe", safe))}
    assert brier(chance["day"], rows.outcome) > brier(chance["safe"], rows.outcome)
    recent = rows.clean < 6
    assert rows.risk[recent].mean() > 1.5 * rows.risk[~recent].mean()
    assert chance["safe"][recent].mean() > 1.2 * chance["safe"][~recent].mean()
