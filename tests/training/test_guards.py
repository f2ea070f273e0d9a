"""The guards: what may not be learned is refused, with the item and what to do instead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from made_up import build, instrument_value, made_up, text

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training.axes import candidates, encode
from riskengine.training.cohort import read_cohort
from riskengine.training.guards import (
    GivenAway,
    check_discretion,
    check_events,
    check_leaks,
    check_outcome,
    check_proxies,
)


def proxies(value: dict[str, Any], people: pd.DataFrame) -> tuple[GivenAway, ...]:
    instrument = build(value)
    cohort = read_cohort(people, instrument, "event_1y")
    items = candidates(instrument, cohort, include_protected=False)
    return check_proxies(instrument, cohort, items, encode(cohort, items), seed=0)


def test_a_gap_that_is_the_sex_stays_only_where_the_instrument_says_why(
    people: pd.DataFrame,
) -> None:
    value = instrument_value()
    (found,) = proxies(value, people)
    assert (found.item, found.attribute, found.by_gaps) == ("gang", "sex", True)
    assert found.auc == 1.0
    del value["items"][3]["proxy"]
    with pytest.raises(TrainingError, match=r"item \[gang\] \(whether it is known at all\)"):
        proxies(value, people)


def test_a_proxy_for_another_attribute_is_no_reason(people: pd.DataFrame) -> None:
    value = instrument_value()
    value["blocked"] = [{"id": "race", "label": text("Race"), "reason": text("Protected.")}]
    value["items"][3]["proxy"]["attribute"] = "race"
    with pytest.raises(TrainingError, match=r"tells \[sex\] with AUC 1.00"):
        proxies(value, people)


def test_an_answer_that_is_the_sex_is_found_too(people: pd.DataFrame) -> None:
    told = people.copy()
    rng = np.random.default_rng(0)
    truthful = rng.random(len(told)) < 0.97
    told["work"] = np.where((told["sex"] == "female") == truthful, "full", "none")
    with pytest.raises(TrainingError, match=r"item \[work\] \(the answer\) tells \[sex\]"):
        proxies(instrument_value(), told)


def test_an_item_that_is_the_outcome_is_a_leak_whatever_it_declares(
    small: Instrument, people: pd.DataFrame
) -> None:
    told = people.copy()
    told["work"] = np.where(told["Event"] == "1", "none", "full")
    cohort = read_cohort(told, small, "event_1y")
    items = candidates(small, cohort, include_protected=False)
    with pytest.raises(TrainingError, match=r"item \[work\].*recorded afterwards"):
        check_leaks(items, encode(cohort, items), cohort.outcome, seed=0)
    honest = read_cohort(people, small, "event_1y")
    check_leaks(items, encode(honest, items), honest.outcome, seed=0)


def test_gaps_that_are_filled_in_for_those_with_the_event_are_a_leak(
    small: Instrument, people: pd.DataFrame
) -> None:
    told = people.copy()
    told["work"] = np.where(told["Event"] == "1", told["work"], "")
    cohort = read_cohort(told, small, "event_1y")
    items = candidates(small, cohort, include_protected=False)
    with pytest.raises(TrainingError, match=r"whether it is known at all.*outcome"):
        check_leaks(items, encode(cohort, items), cohort.outcome, seed=0)


def test_too_few_events_are_refused_with_what_to_do_instead(small: Instrument) -> None:
    cohort = read_cohort(made_up(150), small, "event_1y")
    assert cohort.events < 100
    with pytest.raises(TrainingError, match="built from published evidence instead"):
        check_events(cohort, small.outcomes_by_id["event_1y"])


def test_an_outcome_that_looks_ahead_must_be_asked_for(small: Instrument) -> None:
    outcome = small.outcomes_by_id["second_year"]
    with pytest.raises(TrainingError, match="cannot be foretold honestly"):
        check_outcome(small, outcome, include_protected=False, allow_look_ahead=False)
    check_outcome(small, outcome, include_protected=False, allow_look_ahead=True)


@pytest.fixture(scope="module")
def operational() -> Instrument:
    """The same instrument for real use: sex is audited, and no gap is learned from."""
    value = instrument_value() | {"purpose": "operational"}
    value["items"][2]["unknown_cell"] = "zero"
    value["items"][5]["use"] = ["audit"]
    value["outcomes"][0]["target"] = False
    return build(value)


def test_protected_items_and_look_ahead_are_for_benchmarks_only(operational: Instrument) -> None:
    ahead, target = (operational.outcomes_by_id[o] for o in ("second_year", "timed"))
    with pytest.raises(TrainingError, match="never its predictors"):
        check_outcome(operational, target, include_protected=True, allow_look_ahead=False)
    with pytest.raises(TrainingError, match="looks ahead"):
        check_outcome(operational, ahead, include_protected=False, allow_look_ahead=True)


def test_an_operational_model_is_about_a_declared_target(operational: Instrument) -> None:
    outcome = operational.outcomes_by_id["event_1y"]
    with pytest.raises(TrainingError, match="targets are timed"):
        check_outcome(operational, outcome, include_protected=False, allow_look_ahead=False)


class TestDiscretion:
    """At most half of an operational target's events may rest on officers' discretion alone."""

    def instrument(self, *, with_parts: bool = True) -> Instrument:
        value = instrument_value()
        value["purpose"] = "template"
        value["items"] = [item for item in value["items"] if item["id"] in ("priors", "work")]
        (whole, *_) = value["outcomes"]
        parts = [
            {
                **whole,
                "id": name,
                "target": False,
                "discretion": by_officer,
                "columns": {"event_column": name, "event_values": ["1"]} if with_parts else None,
            }
            for name, by_officer in (("warned", True), ("convicted", False))
        ]
        whole = {**whole, "components": ["warned", "convicted"], "discretion": True}
        value["outcomes"] = [whole, *parts]
        return build(value)

    def people(self, *, warned_only: int, convicted: int) -> pd.DataFrame:
        quiet = 300
        return pd.DataFrame(
            {
                "priors": "1",
                "work": "some",
                "Event": ["1"] * (warned_only + convicted) + ["0"] * quiet,
                "warned": ["1"] * (warned_only + convicted) + ["0"] * quiet,
                "convicted": ["0"] * warned_only + ["1"] * convicted + ["0"] * quiet,
            },
            index=range(warned_only + convicted + quiet),
        )

    @pytest.mark.parametrize(("warned_only", "refused"), [(0, False), (100, False), (101, True)])
    def test_the_edge(self, warned_only: int, refused: bool) -> None:
        instrument = self.instrument()
        people = self.people(warned_only=warned_only, convicted=100)
        cohort = read_cohort(people, instrument, "event_1y")
        assert cohort.by_discretion == warned_only
        outcome = instrument.outcomes_by_id["event_1y"]
        if refused:
            with pytest.raises(TrainingError, match="officer's discretion alone"):
                check_discretion(instrument, cohort, outcome)
        else:
            check_discretion(instrument, cohort, outcome)

    def test_parts_that_cannot_be_told_apart_are_refused(self) -> None:
        instrument = self.instrument(with_parts=False)
        people = self.people(warned_only=0, convicted=100)
        cohort = read_cohort(people, instrument, "event_1y")
        assert cohort.by_discretion is None
        with pytest.raises(TrainingError, match="made of parts"):
            check_discretion(instrument, cohort, instrument.outcomes_by_id["event_1y"])
