"""Reading days: starts, events, ends with reasons, terms, the extraction."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from made_up import build, instrument_value, text

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training.cohort import Cohort, read_cohort

EXTRACTED = date(2025, 1, 1)


def outcome(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "label": text(name), "event": text(name), "horizon_days": [365, 730],
        "estimand": "by_horizon_or_end_of_term", "clock": text("Day of it"), "discretion": False,
        "reporting_lag_days": 100, "target": True, "competing": ["completion", "death"],
        "censoring": ["transfer"], "not_failures": ["mistaken"], **more,
    }  # fmt: skip


STARTED = {
    "start_column": "from", "term_end_column": "until", "end_date_column": "left",
    "end_reason_column": "why",
}  # fmt: skip


@pytest.fixture(scope="module")
def dated() -> Instrument:
    value = instrument_value()
    value["outcomes"] += [
        outcome("arrest", columns={**STARTED, "event_dates": {"arrest_on": "arrest"}}),
        outcome(
            "failure", components=["arrest", "warning", "absence", "recall"],
            columns={**STARTED, "end_reasons": {"recalled": "recall", "搬走": "transfer"}},
            not_failures=["mistaken", "short"],
        ),
        outcome("warning", columns={"event_dates": {"warning_on": "warning"}}, discretion=True),
        outcome("absence", columns={"event_dates": {"short_on": "short", "long_on": "long"}}),
        outcome("recall"),
        outcome("split", components=["arrest", "recall"], columns=STARTED),
        outcome("nowhere", columns=STARTED),
        outcome(
            "own_clock",
            columns={**STARTED, "event_dates": {"arrest_on": "arrest"},
                     "extraction_column": "seen_to"},
        ),
    ]  # fmt: skip
    return build(value)


def read(instrument: Instrument, name: str = "failure", *, more: int = 0, **cells: str) -> Cohort:
    """Read one described row, and some people about whom nothing is wrong."""
    blank = dict.fromkeys(
        ("arrest_on", "warning_on", "short_on", "long_on", "left", "why", "until", "seen_to"), ""
    )
    rows = [{**blank, "from": "2022-01-01", **cells}] + [{**blank, "from": "2022-01-01"}] * more
    frame = pd.DataFrame(rows).assign(age="old", priors="1")
    given = None if name == "own_clock" else EXTRACTED
    return read_cohort(frame, instrument, name, extracted_on=given)


def label(cohort: Cohort) -> int:
    assert (cohort.rejects, cohort.unlabelled) == ((), ())
    return int(cohort.outcome[0])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, 0),
        ({"warning_on": "2022-12-31"}, 1),
        ({"warning_on": "2023年1月1日"}, 1),
        ({"warning_on": "2023/1/2"}, 0),
        ({"long_on": "2022-05-01"}, 1),
        # a grade that the composite lists as no failure
        ({"short_on": "2022-05-01"}, 0),
        # an end that is a component is the event, on its day
        ({"left": "2022-05-01", "why": "recalled"}, 1),
        ({"left": "2022-05-01", "why": "recall"}, 1),
        ({"left": "2023-05-01", "why": "recalled"}, 0),
        ({"left": "2022-05-01", "why": "death"}, 0),
        ({"left": "2022-05-01", "why": "death", "arrest_on": "2022-05-01"}, 1),
        ({"until": "2022-03-01", "arrest_on": "2022-03-02"}, 0),
        ({"until": "2022-03-01", "arrest_on": "2022-03-01"}, 1),
    ],
)
def test_labels_from_days(dated: Instrument, cells: dict[str, str], expected: int) -> None:
    assert label(read(dated, **cells)) == expected


def test_events_by_discretion_are_counted(dated: Instrument) -> None:
    assert read(dated, warning_on="2022-05-01").by_discretion == 1
    # something objective happened as well, by the same horizon
    both = {"warning_on": "2022-05-01", "arrest_on": "2022-11-01"}
    assert read(dated, **both).by_discretion == 0
    assert read(dated, **{**both, "arrest_on": "2023-11-01"}).by_discretion == 1
    assert read(dated, warning_on="2022-05-01", left="2022-06-01", why="recall").by_discretion == 0


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"from": ""}, "column [from] is empty"),
        ({"from": "2023-09-25"}, "followed for 464 days; 365 to the horizon and 100 of reporting"),
        ({"from": "2023-09-25", "arrest_on": "2023-10-01"}, "followed for 464 days; 365 to the"),
        ({"from": "2024-06-01", "until": "2024-12-01"}, "183 to the end of the term and 100 of"),
        ({"left": "2022-05-01", "why": "gone"}, "follow-up ended for [gone], which the outcome"),
        ({"left": "2022-05-01"}, "follow-up ended for a reason that is not told"),
        ({"why": "death"}, "follow-up ended on a day that is not known"),
    ],
)
def test_rows_without_a_label_say_why(
    dated: Instrument, cells: dict[str, str], reason: str
) -> None:
    cohort = read(dated, more=30, **cells)
    assert cohort.people == 30
    ((row, found),) = cohort.unlabelled
    assert row == 1
    assert reason in found


def test_a_term_that_is_over_counts_when_it_is_over(dated: Instrument) -> None:
    """A short term is ripe before the horizon would be."""
    cells = {"from": "2024-06-01", "until": "2024-09-01"}
    assert label(read(dated, **cells)) == 0
    assert label(read(dated, **cells, arrest_on="2024-08-01")) == 1


@pytest.mark.parametrize(
    ("cells", "item", "message"),
    [
        ({"arrest_on": "soon"}, "arrest_on", "not a day such as 2026-03-31"),
        ({"arrest_on": "2021-12-01"}, "arrest_on", "not after the start of follow-up"),
        ({"arrest_on": "2022-01-01"}, "arrest_on", "not after the start of follow-up"),
        ({"arrest_on": "2025-01-02"}, "arrest_on", "later than the extraction on 2025-01-01"),
        ({"left": "2021-12-31", "why": "death"}, "left", "not after the start of follow-up"),
        ({"left": "2025-02-01", "why": "death"}, "left", "later than the extraction"),
        ({"until": "2022-01-01"}, "until", "the term is over at the start"),
        ({"from": "2025-02-01"}, "from", "later than the extraction"),
    ],
)
def test_impossible_days_set_a_row_aside(
    dated: Instrument, cells: dict[str, str], item: str, message: str
) -> None:
    cohort = read(dated, more=3, **cells)
    assert cohort.people == 3
    (reject,) = cohort.rejects
    assert (reject.row, reject.item) == (1, item)
    assert message in reject.message


def test_bad_days_and_bad_answers_of_a_row_are_told_together(dated: Instrument) -> None:
    frame = pd.DataFrame(
        [{"from": "2022-01-01", "arrest_on": "soon", "left": "", "why": "", "until": "",
          "age": "ancient"}]
    )  # fmt: skip
    cohort = read_cohort(frame, dated, "arrest", extracted_on=EXTRACTED)
    assert [reject.item for reject in cohort.rejects] == ["age", "arrest_on"]


def test_the_extraction_may_stand_in_the_file(dated: Instrument) -> None:
    assert label(read(dated, "own_clock", seen_to="2024-01-01")) == 0
    early = read(dated, "own_clock", seen_to="2022-06-01")
    assert "followed for 151 days" in early.unlabelled[0][1]
    none = read(dated, "own_clock")
    assert none.unlabelled == ((1, "column [seen_to] is empty"),)


def test_people_who_moved_are_weighted_for(dated: Instrument) -> None:
    rows = [
        {"from": "2022-01-01", "arrest_on": "2022-09-01" if n % 4 == 0 else "",
         "left": "2022-06-01" if n % 4 == 1 else "", "why": "transfer" if n % 4 == 1 else "",
         "until": "", "age": ("young", "old")[n % 2], "priors": str(n % 5)}
        for n in range(400)
    ]  # fmt: skip
    cohort = read_cohort(pd.DataFrame(rows), dated, "arrest", extracted_on=EXTRACTED)
    follow_up = cohort.follow_up
    assert follow_up is not None
    assert (cohort.people, cohort.events, follow_up.censored) == (300, 100, {"transfer": 100})
    assert any("effective sample size" in line for line in follow_up.words())
    # all who moved were old: the old who stayed stand for them
    old = [answer == "old" for answer in cohort.column("age")]
    assert cohort.weight[old].mean() > 1.4 * cohort.weight[[not one for one in old]].mean()


def test_too_many_lost_at_an_unknown_time_are_refused(dated: Instrument) -> None:
    assert read(dated, more=19, why="death").people == 19
    with pytest.raises(TrainingError, match="1 of 19 people were lost sight of"):
        read(dated, more=18, why="death")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("warning", "does not say where a file holds the start of follow-up"),
        ("split", r"where a file holds the days of \[recall\], a part of \[split\]"),
        ("nowhere", r"names no column with days of \[nowhere\]"),
        ("own_clock", r"no column \[seen_to\]"),
    ],
)
def test_what_cannot_be_read_says_so(dated: Instrument, name: str, wrong: str) -> None:
    frame = pd.DataFrame([dict.fromkeys(("from", "until", "left", "why", "arrest_on", "age"), "")])
    given = None if name == "own_clock" else EXTRACTED
    with pytest.raises(TrainingError, match=wrong):
        read_cohort(frame, dated, name, extracted_on=given)


def test_days_need_the_day_of_the_extraction(dated: Instrument, people: pd.DataFrame) -> None:
    with pytest.raises(TrainingError, match="up to which day"):
        read_cohort(pd.DataFrame([{"from": ""}]), dated, "arrest")
    with pytest.raises(TrainingError, match="does not stand in the file by days"):
        read_cohort(people, dated, "event_1y", extracted_on=EXTRACTED)
