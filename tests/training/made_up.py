"""A small instrument with every kind of item that training meets, and made-up people for it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from riskengine.instrument.model import Instrument


def text(words: str) -> dict[str, str]:
    """Give a text that reads the same in both languages."""
    return {"zh": words, "en": words}


def item(name: str, kind: str, **more: Any) -> dict[str, Any]:
    """Describe an item shortly."""
    levels = [{"id": level, "label": text(level)} for level in more.pop("levels", ())]
    return {
        "id": name,
        "label": text(name),
        "type": kind,
        "domain": "all",
        "use": ["scored"],
        "known_at": "release",
        **({"levels": levels} if levels else {}),
        **more,
    }


def instrument_value() -> dict[str, Any]:
    """Give a small benchmark instrument with every kind of item that training meets."""
    return {
        "format": "riskengine/instrument/1",
        "id": "small",
        "version": "1.0.0",
        "title": text("Small"),
        "description": text("For tests."),
        "jurisdiction": "us_test",
        "purpose": "benchmark",
        "domains": [{"id": "all", "label": text("All")}],
        "files": {"blank": "unknown", "person_columns": [], "date_columns": []},
        "items": [
            item("priors", "integer", minimum=0, maximum=9, bands=[1, 2, 4],
                 direction="risk", enforce=True, native={"codes": {"9 or more": "9"}}),
            item("age", "ordinal", levels=["young", "middle", "old"],
                 direction="protective", enforce=True),
            item("offence", "nominal", levels=["drug", "property", "violent", "other"],
                 unknown_cell="learned"),
            item("gang", "boolean", direction="risk", enforce=True, unknown_cell="zero",
                 proxy={"attribute": "sex", "reason": text("Recorded for men only.")}),
            item("work", "ordinal", levels=["none", "some", "full"]),
            item("sex", "nominal", levels=["male", "female"], use=["audit", "scored"],
                 protected=True),
            item("violations", "boolean", use=["audit"], known_at="supervision"),
        ],
        "outcomes": [
            {
                "id": "event_1y", "label": text("Event"), "event": text("Event"),
                "horizon_days": [365], "estimand": "by_horizon", "clock": text("Release"),
                "discretion": False, "reporting_lag_days": 0, "target": True,
                "columns": {"event_column": "Event", "event_values": ["1"]},
            },
            {
                "id": "second_year", "label": text("Second"), "event": text("Second"),
                "horizon_days": [365], "estimand": "by_horizon", "clock": text("A year on"),
                "discretion": False, "reporting_lag_days": 0,
                "looks_ahead": text("It cannot be foretold honestly."),
                "columns": {"event_column": "Event2", "event_values": ["1"],
                            "risk_set": {"Event": ["0"]}},
            },
            {
                "id": "timed", "label": text("Timed"), "event": text("Timed"),
                "horizon_days": [365, 730], "estimand": "by_horizon", "clock": text("Release"),
                "discretion": False, "reporting_lag_days": 0, "target": True,
                "columns": {"time_column": "Months", "time_unit": "months",
                            "censored_column": "Censored", "censored_values": ["1"]},
            },
        ],
        "source_sha256": "0" * 64,
    }  # fmt: skip


def build(value: dict[str, Any]) -> Instrument:
    """Build an instrument from its JSON value."""
    return Instrument.model_validate_json(json.dumps(value))


def made_up(people: int, seed: int = 0) -> pd.DataFrame:
    """Make up a cohort: priors and gang raise the chance of the event, age lowers it.

    Gang is blank for every woman; a tenth of the offences is blank, and those people fare worse.
    """
    rng = np.random.default_rng(seed)
    female = rng.random(people) < 0.3
    priors = np.minimum(rng.poisson(1.5, people), 9)
    age = rng.integers(0, 3, people)
    offence = rng.integers(0, 3, people)  # nobody has the level "other"
    gang = rng.random(people) < 0.2
    work = rng.integers(0, 3, people)
    blank = rng.random(people) < 0.1
    score = (
        -1.6 + 0.35 * priors - 0.5 * age + 0.8 * gang + 0.7 * blank + 0.4 * (offence == 1)
        - 0.8 * female + 0.4 * (work == 0) * (priors > 2)
    )  # fmt: skip
    event = rng.random(people) < 1 / (1 + np.exp(-score))
    return pd.DataFrame(
        {
            "priors": [str(p) if p < 9 else "9 or more" for p in priors],
            "age": np.array(["young", "middle", "old"])[age],
            "offence": np.where(blank, "", np.array(["drug", "property", "violent"])[offence]),
            "gang": np.where(female, "", np.where(gang, "true", "false")),
            "work": np.array(["none", "some", "full"])[work],
            "sex": np.where(female, "female", "male"),
            "violations": np.where(event, "true", "false"),
            "Event": event.astype(int).astype(str),
            "Event2": (rng.random(people) < 0.3).astype(int).astype(str),
        }
    )
