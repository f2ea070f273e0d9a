"""Where a cohort holds an outcome: one form, whole, and only reasons that the outcome knows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from riskengine.instrument.outcomes import Outcome, OutcomeColumns

DATES = {"start_column": "from", "end_date_column": "left", "end_reason_column": "why"}


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({}, "event column"),
        ({"event_column": "e"}, "event column"),
        ({"event_column": "e", "event_values": ("1",), "start_column": "from"}, "or dates"),
        ({"start_column": "from", "end_date_column": "left"}, "go together"),
        ({"event_dates": {"on": "e"}, "term_end_column": "until"}, "need the day of the start"),
    ],
)
def test_half_a_form_is_refused(columns: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        OutcomeColumns(**columns)


def test_dates_alone_are_a_form() -> None:
    assert OutcomeColumns(event_dates={"warning_on": "warning"}).by_dates
    assert OutcomeColumns(**DATES).by_dates
    assert not OutcomeColumns(event_column="e", event_values=("1",)).by_dates


def test_what_is_not_given_leaves_no_trace() -> None:
    """Else the hash of every released instrument would change."""
    columns = OutcomeColumns(event_column="e", event_values=("1",))
    assert columns.model_dump(exclude_defaults=True) == {
        "event_column": "e",
        "event_values": ("1",),
    }


def test_an_end_must_mean_something_to_the_outcome() -> None:
    def build(reason: str) -> Outcome:
        words = {"zh": "事件", "en": "Event"}
        value = {
            "id": "failure", "label": words, "event": words, "horizon_days": (365,),
            "estimand": "by_horizon", "clock": words, "discretion": False,
            "reporting_lag_days": 0, "competing": ("death",), "censoring": ("transfer",),
            "not_failures": ("mistaken",), "components": ("recall",),
            "columns": {**DATES, "end_reasons": {"native": reason}},
        }  # fmt: skip
        return Outcome.model_validate(value)

    for reason in ("death", "transfer", "mistaken", "recall", "failure"):
        assert build(reason).columns is not None
    with pytest.raises(ValidationError, match=r"\[deth\] is none of its competing"):
        build("deth")
