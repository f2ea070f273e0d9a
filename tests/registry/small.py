"""A small operational instrument, people whose risks are known, and scorecards written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskengine.instrument.model import Instrument
from riskengine.registry.log import Act
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL, ScorecardDocument
from riskengine.store.places import shipped
from riskengine.training.district_models import recomputed_goldens
from riskengine.training.writing import write_folder

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ON = date(2026, 3, 2)
BOTH = {"zh": "编造", "en": "made up"}
NOT_KNOWN = ["not_asked", "refused", "not_applicable", "unknown"]
AGES = {"young": 0.6, "middle": 0.0, "old": -0.6}
PRIORS = (0.0, 0.4, 0.8, 1.4)
CUTS = (1, 2, 4)
WORK = {"none": 0.7, "some": 0.0, "full": -0.5}
INTERCEPT = -1.6
POLICY = "small_policy"


def act(*by: str, why: str = "agreed at the meeting of the county") -> Act:
    return Act(by or ("Li Na",), AT, why)


def text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def item(name: str, kind: str, levels: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    return {
        "id": name, "label": text(name), "domain": "all", "type": kind, "dynamic": False,
        **({"levels": [{"id": one, "label": text(one)} for one in levels]} if levels else {}),
        "direction": "free", "use": ["scored"], "rated": "recorded", "disclosure": "open",
        "phase": "intake", "known_at": "assessment", **more,
    }  # fmt: skip


def instrument_value(version: str = "1.0.0") -> dict[str, Any]:
    return {
        "format": "riskengine/instrument/1", "id": "small_cn", "version": version,
        "title": text("Small"), "description": text("For tests."), "jurisdiction": "cn",
        "purpose": "operational", "domains": [{"id": "all", "label": text("All")}],
        "files": {"blank": "unknown", "person_columns": ["person"], "date_columns": []},
        "items": [
            item("priors", "integer", minimum=0, maximum=9, bands=[1, 2, 4]),
            item("age", "ordinal", tuple(AGES)),
            item("work", "ordinal", tuple(WORK)),
            item("dances", "boolean"),
            item("left", "boolean"),
            # without these the law lets nobody be scored
            item("notice_given_date", "date", use=["rule"]),
            item("age_at_start", "integer", minimum=12, maximum=90, use=["rule"]),
            item("legal_status", "nominal", ("01", "02"), use=["rule"]),
            item("offence_type", "nominal", ("theft", "other"), use=["rule"]),
            item("correction_stage", "nominal", ("entry", "middle"), use=["rule"]),
            item("ps_penalties_n", "integer", minimum=0, maximum=20, use=["rule"]),
            item("later", "boolean", use=["audit"], known_at="supervision"),
            item("sex", "nominal", ("male", "female"), use=["audit"], protected=True),
        ],
        "outcomes": [
            {
                "id": "event_1y", "label": text("Event"), "event": text("Event"),
                "horizon_days": [365], "estimand": "by_horizon", "clock": text("Start"),
                "discretion": False, "reporting_lag_days": 0, "target": True,
                "columns": {"event_column": "Event", "event_values": ["1"]},
            }
        ],
        "source_sha256": "0" * 64,
    }  # fmt: skip


def install(home: Path, version: str = "1.0.0") -> Instrument:
    """Put instrument and policy into an agency's folder."""
    value = instrument_value(version)
    built = home / "data_schema" / "built"
    (built / "instruments").mkdir(parents=True, exist_ok=True)
    (built / "policies").mkdir(parents=True, exist_ok=True)
    (built / "instruments" / f"small_cn@{version}.json").write_text(json.dumps(value), "utf-8")
    template = shipped() / "data_schema" / "built" / "policies" / "cn_default@1.0.0.json"
    policy = json.loads(template.read_text("utf-8"))
    policy |= {"id": POLICY, "instrument": "small_cn"}
    policy["bands"] = {"kind": "probability", "relaxed_below": "0.15", "strict_from": "0.4"}
    (built / "policies" / f"{POLICY}@1.0.0.json").write_text(json.dumps(policy), "utf-8")
    return Instrument.model_validate_json(json.dumps(value))


def people(count: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    """Risk comes from priors, age and work; three of ten are women, who dance and fare alike."""
    rng = np.random.default_rng(seed)
    priors = np.minimum(rng.poisson(1.3, count), 9)
    age = rng.integers(0, 3, count)
    work = rng.integers(0, 3, count)
    female = rng.random(count) < 0.3
    dances = np.where(female, rng.random(count) < 0.95, rng.random(count) < 0.03)
    line = (
        INTERCEPT + shift + np.array(PRIORS)[np.searchsorted(CUTS, priors, "right")]
        + np.array(list(AGES.values()))[age] + np.array(list(WORK.values()))[work]
    )  # fmt: skip
    event = rng.random(count) < 1 / (1 + np.exp(-line))
    told = np.where(rng.random(count) < 0.98, event, rng.random(count) < 0.5)
    return pd.DataFrame(
        {
            "person": [f"P-{seed}-{n}" for n in range(count)],
            "priors": priors,
            "age": np.array(list(AGES))[age],
            "work": np.array(list(WORK))[work],
            "dances": np.where(dances, "true", "false"),
            "left": np.where(told, "true", "false"),
            "later": np.where(event, "true", "false"),
            "sex": np.where(female, "female", "male"),
            "Event": event.astype(int),
            "tier": np.array(["relaxed", "ordinary", "strict"])[rng.integers(0, 3, count)],
            "district": np.array(["north", "south", "west"])[rng.integers(0, 3, count)],
        }
    )


def document(
    instrument: Instrument,
    cells: Mapping[str, tuple[float, ...]],
    *,
    version: str,
    intercept: float = INTERCEPT,
    scale: str = "calibrated",
    name: str = "small_model",
    data_sha256: str | None = None,
) -> ScorecardDocument:
    """Write a scorecard from log-odds a state."""
    unit = 2.0**40
    axes, terms = [], []
    for name_, values in cells.items():
        found = instrument.by_id[name_]
        axis: dict[str, Any] = {"id": name_, "item": name_, "not_known": [NOT_KNOWN]}
        if found.type == "integer":
            axis["cuts"] = list(CUTS)
        elif found.type == "boolean":
            axis["groups"] = [["false"], ["true"]]
        else:
            axis["groups"] = [[level] for level in found.level_ids]
        share = REFERENCE_TOTAL // len(values)
        rest = REFERENCE_TOTAL - share * (len(values) - 1)
        axis["reference"] = [rest, *[share] * (len(values) - 1), 0]
        axes.append(axis)
        whole = [*(round(value * unit) for value in values), 0]
        terms.append({"kind": "table", "id": name_, "axes": [name_], "cells": whole})
    value: dict[str, Any] = {
        "format": "riskengine/scorecard/1", "id": name, "version": version, "title": BOTH,
        "purpose": "operational",
        "instrument": {
            "id": instrument.id, "version": instrument.version,
            "sha256": instrument_hash(instrument),
        },
        "outcome": "event_1y", "horizon_days": 365, "estimand": "by_horizon", "scale": scale,
        "form": "full",
        "validation": "calibrated_here" if scale == "calibrated" else "ranks_checked_locally",
        "log_odds": {"unit": 1, "offset": 0}, "intercept": round(intercept * unit),
        "axes": axes, "terms": terms,
        "reference": {"id": "made_up", "label": BOTH, "illustrative": True,
                      "score_quantiles": [round(q * unit) for q in np.linspace(-4, 1, 101)]},
        "uncertainty": {"method": "none", "replicates": 0, "rank": 0, "note": BOTH},
        "training": {"learner": "none", "people": 100, "weight": 100, "events": 50,
                     "population": BOTH, "data_sha256": data_sha256},
        "not_for": [BOTH],
        "golden": [{"answers": {"priors": 5, "age": "old"}, "score": 0}],
    }  # fmt: skip
    if scale == "calibrated":
        value["calibration"] = {
            "population": BOTH, "events": 100, "people": 1000, "slope": 1.0, "intercept": 0.0,
            "method": "made up",
        }  # fmt: skip
        value["golden"][0]["probability"] = "0.500000000"
    draft = ScorecardDocument.model_validate_json(json.dumps(value))
    goldens = recomputed_goldens(draft, instrument)
    Scorecard(draft, instrument)
    return draft.model_copy(update={"golden": goldens})


def write(folder: Path, made: ScorecardDocument) -> Path:
    write_folder(folder, made, {}, by="tests", now=AT, run_seconds=0.0)
    return folder


TRUTH = {"priors": PRIORS, "age": tuple(AGES.values()), "work": tuple(WORK.values())}
# most of what work tells; the level is that of the outcome all the same
LIVE = {**TRUTH, "work": tuple(0.8 * value for value in WORK.values())}
LIVE_INTERCEPT = INTERCEPT + 0.015
