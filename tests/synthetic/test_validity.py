from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from riskengine.instrument.answers import is_known
from riskengine.instrument.conditions import compile_condition
from riskengine.instrument.model import Instrument
from riskengine.synthetic import Province, assessments, cohort, make_province

CODES = {"not_asked", "not_applicable", "unknown", "refused"}


def test_every_row_is_a_valid_assessment(province: Province) -> None:
    rows = range(0, len(province.people), 40)
    checked = assessments(province, rows)
    assert len(checked) == 500
    assert [one.person for one in checked] == province.people["person"].iloc[rows].tolist()
    # what the check keeps is what the file holds: nothing was silently ruled out
    for place, one in zip(rows, checked, strict=True):
        for item in one.answers:
            assert is_known(one.answers[item]) == (
                not isinstance(province.people[item].iat[place], str)
                or province.people[item].iat[place] not in CODES
            )


def test_no_answer_contradicts_another(province: Province, cn: Instrument) -> None:
    rules = [(rule.id, compile_condition(rule.when, cn.ranks)) for rule in cn.x_rules]
    assert rules
    for one in assessments(province, range(0, len(province.people), 5)):
        broken = [name for name, contradicts in rules if contradicts(one.known) is True]
        assert broken == []


def test_all_statuses_and_rare_answers_occur(province: Province) -> None:
    people = province.people
    assert set(people["legal_status"]) == {"01", "02", "03", "04"}
    assert {"illness", "pregnant", "care"} <= set(people["temp_exec_ground"])
    assert people["recidivist"].map(lambda answer: answer is True).any()
    assert people["prohibition_types"].map(lambda answer: isinstance(answer, list)).any()


def test_the_quick_form_is_complete_for_everybody(province: Province, cn: Instrument) -> None:
    quick = [item.id for item in cn.items if item.quick]
    for item in quick:
        codes = province.people[item].map(lambda a: isinstance(a, str) and a in CODES)
        if item == "intake_lateness":
            codes &= province.people["legal_status"] != "04"
        assert not codes.any(), item
    short = province.people[province.people["form"] == "quick"]
    others = [item.id for item in cn.items if not item.quick and item.id in short.columns]
    left_out = short[others].isin(["not_asked", "not_applicable"])
    assert left_out.to_numpy().all()
    assert 0.1 < len(short) / len(province.people) < 0.4


def test_nothing_blocked_is_made_up(province: Province, cn: Instrument) -> None:
    blocked = {column for entry in cn.blocked for column in (entry.id, *entry.columns)}
    assert not blocked & set(province.people.columns)


def test_dates_are_in_order(province: Province) -> None:
    people = province.people
    start, end, birth = (
        pd.to_datetime(people[item]) for item in ("start_date", "end_date", "birth_date")
    )
    assert (birth < start).all()
    assert (start <= people["assessed_on"]).all()
    assert (people["assessed_on"] < end).all()
    years = start.dt.year - birth.dt.year
    before = (start.dt.month * 100 + start.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    assert ((years - before).to_numpy() == people["age_at_start"].to_numpy(dtype=int)).all()
    for frame in (province.events, province.conduct):
        since = frame["person"].map(people.set_index("person")["assessed_on"])
        assert (frame["date"] > since).all()
    assert (province.events["recorded_on"] >= province.events["date"]).all()


def test_nothing_happens_after_an_end(province: Province) -> None:
    events = province.events
    ends = events[events["is_end"]]
    assert not ends["person"].duplicated().any()
    assert set(ends["kind"]) == {"completion", "death", "transfer", "revocation"}
    last = ends.set_index("person")["date"]
    for frame, column in (
        (events, "date"),
        (province.conduct, "date"),
        (province.contacts, "month_start"),
    ):
        over = frame["person"].map(last)
        assert (over.isna() | (frame[column] <= over)).all()
    # what is left has been followed to the last month
    left = province.contacts[~province.contacts["person"].isin(last.index)]
    assert (left.groupby("person").size() == 36).all()


def test_the_term_ends_when_the_file_says(province: Province) -> None:
    end = pd.to_datetime(province.people.set_index("person")["end_date"])
    done = province.events[province.events["kind"] == "completion"].set_index("person")["date"]
    assert (done == end.reindex(done.index)).all()
    others = province.events[~province.events["is_end"]]
    assert (others["date"] <= others["person"].map(end)).all()


def test_a_reoffence_ends_in_revocation_for_it(province: Province) -> None:
    events = province.events
    offenders = events[events["kind"] == "reoffence"]["person"]
    ends = events[events["is_end"]].set_index("person").loc[offenders]
    assert len(offenders) > 50
    assert (ends["kind"] == "revocation").all()
    assert (ends["detail"] == "new_offence").all()


def test_districts_differ(province: Province) -> None:
    people, districts = province.people, province.districts.set_index("district")
    assert districts["log_hazard"].nunique() == districts["delivered"].nunique() == 20
    assert 0.15 < districts["log_hazard"].std() < 0.4
    types = people["district"].map(districts["type"])
    driving = (people["offence_type"] == "dangerous_driving").groupby(types).mean()
    resources = (people["offence_type"] == "environment_resources").groupby(types).mean()
    farming = (people["employment_status"] == "farming").groupby(types).mean()
    seasonal = (people["work_season"] == "seasonal").groupby(types).mean()
    for share in (driving, resources, farming, seasonal):
        assert share["rural"] > 1.4 * share["urban"]
    delivered = districts.groupby("type")["delivered"].mean()
    assert delivered["rural"] < delivered["urban"]


def test_a_cohort_sees_only_what_was_on_record(province: Province) -> None:
    early, late = date(2022, 1, 1), date(2040, 1, 1)
    before = cohort(province, "serious_noncompliance_12m", early)
    after = cohort(province, "serious_noncompliance_12m", late)
    assert len(before) < len(after) == len(province.people)
    assert (before["assessed_on"] < pd.Timestamp(early)).all()
    reach = (pd.Timestamp(early) - before["assessed_on"]).dt.days
    assert (before["time_days"] <= reach).all()
    same = after.set_index("person").loc[before["person"]]
    assert before["event"].sum() < same["event"].sum()
    # an event seen early is the same event later, or an earlier one that was recorded late
    seen = (before["event"] == 1).to_numpy()
    assert (same["time_days"].to_numpy()[seen] <= before["time_days"].to_numpy()[seen]).all()
    # where a follow-up of a year is ripe, waiting longer changes nothing within it
    ripe = cohort(province, "serious_noncompliance_12m", date(2023, 6, 1))
    settled = (ripe["settled_days"] >= 365).to_numpy()
    later = after.set_index("person").loc[ripe["person"]]
    assert settled.sum() > 5_000
    within = [
        ((frame["event"] == 1) & (frame["time_days"] <= 365)).to_numpy()[settled]
        for frame in (ripe, later)
    ]
    assert np.array_equal(*within)


def test_a_cohort_counts_failures_only(province: Province) -> None:
    late = date(2040, 1, 1)
    events = province.events
    away = cohort(province, "absconding", late)
    gone = set(away.loc[away["event"] == 1, "person"])
    assert gone == set(events.loc[events["kind"] == "absconding", "person"])
    serious = cohort(province, "serious_noncompliance_12m", late)
    failed = set(serious.loc[serious["event"] == 1, "person"])
    counted = events[
        events["kind"].isin(["reoffence", "warning", "public_security_penalty"])
        | ((events["kind"] == "absconding") & (events["detail"] != "absent_up_to_10_days"))
        | ((events["kind"] == "revocation") & (events["detail"] != "condition_ended"))
    ]
    assert failed == set(counted["person"])
    revoked = cohort(province, "revocation", late)
    ended = revoked[revoked["end"] == "condition_ended"]
    assert len(ended) > 10
    assert (ended["event"] == 0).all()
    assert (ended["legal_status"] == "04").all()
    assert set(serious["end"]) == {
        "event", "completion", "death", "transfer", "condition_ended", "administrative_end",
    }  # fmt: skip


def test_warnings_stay_under_half_of_the_target(province: Province) -> None:
    """Officers' discretion makes no more of an operational target than that."""
    target = cohort(province, "serious_noncompliance_12m", date(2040, 1, 1))
    warning = cohort(province, "warning", date(2040, 1, 1))
    failed = (target["event"] == 1) & (target["time_days"] <= 365)
    share = ((warning["time_days"] == target["time_days"]) & (warning["event"] == 1))[failed]
    assert 0.3 < share.mean() < 0.5


@pytest.mark.parametrize("outcome", ["serious_noncompliance_12m", "revocation", "completion"])
@pytest.mark.parametrize("year", [2020, 2022, 2040])
def test_a_cohort_of_one_or_of_nobody_stands(outcome: str, year: int) -> None:
    province = make_province(1, 1, seed=1)
    rows = cohort(province, outcome, date(year, 1, 1))
    assert len(rows) == (year > 2020 and province.people["assessed_on"].iat[0].year < year)
    assert rows["event"].dtype == rows["time_days"].dtype == np.int64
    assert (rows["time_days"] >= 0).all()


@pytest.mark.parametrize("outcome", ["nothing", "post_release_reoffence", "criminal_detention"])
def test_an_outcome_that_is_not_simulated_is_refused(outcome: str) -> None:
    province = make_province(1, 20, seed=1)
    with pytest.raises(ValueError, match=r"there are: absconding, admonition, completion"):
        cohort(province, outcome, date(2025, 1, 1))
