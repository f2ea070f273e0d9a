from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskengine.evaluation.metrics import auc, calibration_line
from riskengine.instrument.answers import is_known
from riskengine.instrument.derived import count_within
from riskengine.instrument.model import Instrument
from riskengine.synthetic import DEFAULT, Province, make_province
from riskengine.synthetic.outcomes import Standing, hazards, true_risk
from riskengine.synthetic.parameters import Number
from riskengine.synthetic.reassessment import landmarks, reassess, reassessments, truth_at
from riskengine.synthetic.supervision import TIERS, practised
from riskengine.training.history import months_later, on_record

MONTHS = (3, 6, 9, 12, 18)
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def small() -> Province:
    return make_province(2, 600, seed=31)


@pytest.fixture(scope="module")
def at(small: Province) -> pd.DataFrame:
    return landmarks(small, MONTHS)


@pytest.fixture(scope="module")
def answers(small: Province, at: pd.DataFrame) -> pd.DataFrame:
    return reassess(small, at)


def with_events(province: Province, events: pd.DataFrame) -> Province:
    return replace(province, events=events)


def test_every_reassessment_is_a_valid_one(small: Province, answers: pd.DataFrame) -> None:
    """The instrument's own check: types, levels, what applies, and no contradiction."""
    checked = reassessments(small, answers)
    assert len(checked) == len(answers) > 2_000
    assert {one.kind for one in checked} == {"reassessment"}
    stages = {one.answers["correction_stage"] for one in checked}
    assert stages == {"middle", "pre_release"}
    early = reassessments(small, reassess(small, landmarks(small, (1,))))
    assert "entry" in {one.answers["correction_stage"] for one in early}


def test_nobody_is_reassessed_who_has_left(small: Province, at: pd.DataFrame) -> None:
    ends = small.events[small.events["is_end"]].set_index("person")["left_on"]
    assert (at["person"].map(ends).isna() | (at["person"].map(ends) > at["on"])).all()
    # somebody in custody has left although the ruling is still to come
    revoked = small.events[small.events["is_end"] & (small.events["kind"] == "revocation")]
    waiting = revoked[revoked["left_on"] < revoked["date"]]
    assert len(waiting) >= 5
    gone = at.merge(waiting[["person", "left_on"]], on="person")
    assert (gone["on"] < gone["left_on"]).all()
    # and everybody else is there: a month later, all but those who left
    start = small.people.set_index("person")["assessed_on"]
    third = pd.Series(
        months_later(start.to_numpy().astype("datetime64[D]"), 3).astype("datetime64[s]"),
        index=start.index,
    )
    here = {p for p in start.index if p not in ends.index or ends[p] > third[p]}
    assert here == set(at.loc[at["month"] == 3, "person"])


def test_an_event_recorded_a_day_later_is_not_known(small: Province) -> None:
    """One day across the landmark: on record that day it counts, a day later nothing moves."""
    first = small.events[
        small.events["kind"].eq("warning") & (small.events["recorded_on"] > small.events["date"])
    ].drop_duplicates("person")
    assert len(first) > 10
    other = small.events.drop(index=first.index)
    for shift, counts in ((0 * DAY, 1), (-DAY, 0)):
        on = pd.DataFrame(
            {"person": first["person"].to_numpy(),
             "on": (first["recorded_on"] + shift).to_numpy()}
        )  # fmt: skip
        seen = reassess(small, on)
        unseen = reassess(with_events(small, other), on)
        assert (seen["warnings_n"] - unseen["warnings_n"] == counts).all()
        if not counts:
            pd.testing.assert_frame_equal(seen, unseen)
        else:
            assert (seen["last_appraisal"] != "good").sum() > 0


def test_nothing_recorded_later_enters(
    small: Province, at: pd.DataFrame, answers: pd.DataFrame
) -> None:
    """Whatever comes after a landmark may be taken away, or made up."""
    month = at["month"] == 6
    on = at[month].set_index("person")["on"]
    events = small.events
    day = events["person"].map(on)
    past = events[events["is_end"] | day.isna() | (events["recorded_on"] <= day)]
    assert len(past) < len(events) - 20
    more = events.assign(
        date=day.fillna(events["date"]) + DAY, recorded_on=day.fillna(events["date"]) + DAY
    )[~events["is_end"] & day.notna()]
    for other in (past, pd.concat([past, more], ignore_index=True)):
        again = reassess(with_events(small, other), at[month].reset_index(drop=True))
        pd.testing.assert_frame_equal(again, answers[month].reset_index(drop=True))


def test_counts_are_those_of_the_released_function(
    small: Province, at: pd.DataFrame, answers: pd.DataFrame
) -> None:
    known = on_record(small, at)
    short = known[known["detail"] == "absent_up_to_10_days"]
    dates = short.groupby("row")["date"].apply(lambda days: tuple(days.dt.date))
    asked = answers[answers["unapproved_leave_90d"] != "not_asked"]
    assert (asked["unapproved_leave_90d"] > 0).sum() > 10
    for row, said in asked["unapproved_leave_90d"].items():
        on = at["on"].iat[row].date()
        assert said == count_within(dates=dates.get(row, ()), on=on, days=90)


def test_a_window_longer_than_the_observation_is_not_counted(small: Province) -> None:
    early = landmarks(small, (1, 2))
    full = reassess(small, early)
    full = full[full["form"] == "full"]
    assert len(full) > 500
    assert (full["unapproved_leave_90d"] == "not_asked").all()


def test_a_reassessment_depends_on_nobody_else(
    small: Province, at: pd.DataFrame, answers: pd.DataFrame
) -> None:
    some = at[(at["month"] == 9)].iloc[::7].reset_index(drop=True)
    alone = reassess(small, some)
    both = answers.merge(some[["person", "month"]], on=["person", "month"])
    pd.testing.assert_frame_equal(alone, both)
    again = reassess(make_province(2, 600, seed=31), some)
    pd.testing.assert_frame_equal(alone, again)
    other = reassess(make_province(3, 600, seed=31), some)
    pd.testing.assert_frame_equal(alone, other)


def test_rated_items_are_rated_again_and_recorded_ones_are_not(
    small: Province, at: pd.DataFrame, answers: pd.DataFrame, cn: Instrument
) -> None:
    intake = small.people.set_index("person").loc[answers["person"]].reset_index()
    truth = small.truth.set_index("person").loc[answers["person"]].reset_index()
    for item in ("supervision_attitude", "alcohol_problem", "antisocial_companions"):
        known = intake[item].map(is_known) & answers[item].map(is_known)
        moved = (intake[item] != answers[item])[known].mean()
        assert 0.02 < moved < 0.4
        right = [
            (frame[item] == truth[f"true_{item}"])[known].mean() for frame in (intake, answers)
        ]
        assert abs(right[0] - right[1]) < 0.03
    for item in ("early_conduct_problems", "prior_convictions_n", "drug_use", "sex", "end_date"):
        assert not cn.by_id[item].dynamic or cn.by_id[item].rated == "recorded"
        assert intake[item].equals(answers[item])
    # what could not be rated is not made up later
    silent = ~intake["work_attitude"].map(is_known)
    assert not answers.loc[silent, "work_attitude"].map(is_known).any()


def test_an_order_that_ran_out_is_not_in_force(small: Province, answers: pd.DataFrame) -> None:
    known = small.people["prohibition_end"].map(is_known)
    ordered = small.people[known & (small.people["prohibition_order"] == "in_force")]
    ends = pd.to_datetime(ordered.set_index("person")["prohibition_end"])
    rows = answers[answers["person"].isin(ordered["person"])]
    over = rows["person"].map(ends) <= rows["assessed_on"]
    assert 10 < over.sum() < len(rows)
    assert (rows["prohibition_order"].eq("none") == over).all()


def test_true_risk_from_intake_is_what_the_province_says(small: Province) -> None:
    """The same sum, started from a standing at intake and from the one of every person."""
    people, truth = small.people, small.truth
    for district in small.districts.itertuples():
        here = (people["district"] == district.district).to_numpy()
        hazard = hazards(
            truth.loc[here, "linear_predictor"].to_numpy(),
            (people.loc[here, "legal_status"] == "04").to_numpy(),
            small.parameters,
        )
        base = truth.loc[here, "base_tier"].map({t: n for n, t in enumerate(TIERS)}).to_numpy()
        term = (
            (pd.to_datetime(people["end_date"]) - people["assessed_on"]).dt.days[here].to_numpy()
        )
        how = practised(base, float(district.delivered), small.parameters)
        risk = true_risk(hazard, how, term, small.parameters)
        assert np.array_equal(risk, truth.loc[here, "risk_12m"])
        # a year's survival is that of its halves, told apart by a day in between
        half = Standing.at_intake(len(term))
        first = true_risk(hazard, how, term, small.parameters, standing=half, days=181)
        assert (first < risk + 1e-12).all()
        assert (first > 0.4 * risk).all()


@pytest.mark.parametrize("day", [181, 182])
def test_a_month_that_began_before_the_day_counts_from_the_day(day: int) -> None:
    """Hazards that never change: the risk of a stretch is that of its length."""
    ends = replace(DEFAULT.ends, clean_floor=Number(1.0), death_per_year=Number(0.0))
    kinds = tuple(replace(k, found_anyway=1.0, found_per_contact=0.0) for k in DEFAULT.kinds)
    flat = replace(DEFAULT, ends=ends, kinds=kinds)
    hazard = hazards(np.zeros(3), np.zeros(3, dtype=bool), flat)
    how = practised(np.ones(3, dtype=np.int64), 1.0, flat)
    term = np.array([4_000, day + 100, day + 10])
    at = Standing(
        day=np.full(3, day), clean=np.array([6, 0, 2]), sanctioned=np.array([False, True, True]),
        reset=np.array([False, False, True]),
    )  # fmt: skip
    risk = true_risk(hazard, how, term, flat, standing=at, days=180)
    rate = sum(hazard.conduct[n, 0] for n, kind in enumerate(flat.kinds) if kind.serious)
    days = np.array([180, 100, 10])
    assert np.allclose(risk, -np.expm1(-rate * days / (365 / 12)), atol=1e-12)


@pytest.mark.parametrize("reset", [True, False])
def test_a_stretch_is_made_of_its_parts_and_a_record_puts_the_clock_back(reset: bool) -> None:
    """Ten days to the turn of month 12, then sixty: as one stretch, and as two."""
    ends = replace(DEFAULT.ends, death_per_year=Number(0.0))
    world = replace(DEFAULT, ends=ends)
    hazard = hazards(np.array([2.0]), np.zeros(1, dtype=bool), world)
    how = practised(np.ones(1, dtype=np.int64), 1.0, world)
    term = np.array([4_000])

    def risk(day: int, clean: int, sanctioned: bool, found: bool, days: int) -> float:
        at = Standing(
            np.array([day]), np.array([clean]), np.array([sanctioned]), np.array([found])
        )
        return float(true_risk(hazard, how, term, world, standing=at, days=days)[0])

    first = risk(355, 11, False, reset, 10)
    then = risk(365, 0 if reset else 12, reset, False, 60)
    whole = risk(355, 11, False, reset, 70)
    assert whole == pytest.approx(1 - (1 - first) * (1 - then), abs=1e-12)
    assert first == pytest.approx(risk(355, 11, False, not reset, 10), abs=1e-15)
    assert then != pytest.approx(risk(365, 12 if reset else 0, not reset, False, 60), rel=0.2)


def test_risk_on_a_landmark_is_calibrated_and_falls_with_clean_time(
    nobody_moves: Province,
) -> None:
    at = landmarks(nobody_moves, (9,))
    truth = truth_at(nobody_moves, at, 365)
    events = nobody_moves.events.merge(at, on="person")
    serious = ["reoffence", "warning", "public_security_penalty", "revocation"]
    counts = events["kind"].isin(serious)
    counts |= events["detail"].isin(["absent_11_to_30_days", "absent_over_a_month"])
    within = (events["date"] > events["on"]) & (events["date"] <= events["on"] + 365 * DAY)
    event = at["person"].isin(events.loc[counts & within, "person"]).to_numpy().astype(np.int64)
    risk, clean = truth["risk"].to_numpy(), truth["clean"].to_numpy()
    for group in [*np.array_split(np.argsort(risk), 10), clean < 3, (clean >= 3) & (clean < 9)]:
        error = np.sqrt((risk[group] * (1 - risk[group])).sum()) / len(risk[group])
        assert abs(event[group].mean() - risk[group].mean()) < 3.5 * error
    slope, _ = calibration_line(np.log(risk / (1 - risk)), event)
    assert abs(slope - 1.0) < 0.1
    assert auc(risk, event) > 0.7
    means = [risk[(clean >= low) & (clean < low + 3)].mean() for low in (0, 3, 6)]
    assert means[0] > 1.3 * means[2]
    assert means[0] > means[1] > means[2]


def test_risk_falls_with_clean_time_for_the_stated_reasons_and_no_other() -> None:
    """It falls among people who differ even where hazards do not; among equals it is flat."""
    level = replace(DEFAULT.ends, clean_floor=Number(1.0), district_sd=Number(0.0))
    alike = tuple(replace(kind, slope=0.0) for kind in DEFAULT.kinds)

    def ratio(**changes: object) -> float:
        province = make_province(3, 1_000, seed=8, parameters=replace(DEFAULT, **changes))  # type: ignore[arg-type]
        at = landmarks(province, (9,))
        truth = truth_at(province, at, 90)
        soon, long = truth["clean"] < 6, truth["clean"] >= 9
        assert soon.sum() > 40
        return float(truth["risk"][soon].mean() / truth["risk"][long].mean())

    # tiers that clean time does not move: what is found of conduct does not differ by it
    same = replace(
        DEFAULT.practice,
        strict_months_after_violation=Number(0.0),
        step_down_after_clean_months=Number(99.0),
    )
    assert ratio(practice=same) > ratio(practice=same, ends=level) > 1.15
    flat = replace(same, officer_sight=Number(0.0))
    assert abs(ratio(practice=flat, ends=level, kinds=alike) - 1.0) < 0.12
