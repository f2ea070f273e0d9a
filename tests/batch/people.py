"""Frames of made-up people, plausible and not, and what one at a time makes of them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from riskengine import Engine
from riskengine.batch.frames import scored_frame
from riskengine.batch.score import COLUMNS, usable
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.intake.frames import assessments_from_frame
from riskengine.policy.bands import resolve
from riskengine.policy.compiled import compile_policy
from riskengine.scorecard.compiled import Scorecard
from riskengine.store.lookup import find_model, find_policy

ON = date(2026, 9, 1)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples/assessments").glob("*.json"))
HOSTILE = ["", None, float("nan"), "=1+1", "01", 1, True, "是", "未询问", "refused", -3, "1e400",
           "２", "x" * 200, "2026-02-30", "not_applicable", 10**30, [1], ["a", "b"], "unknown",
           "不知道", -0.0, 0.0, (1,), (True,), Decimal("1.0"), Decimal("0.5"), date(2025, 5, 5),
           float("inf"), "3²", b"x", {"a": 1}]  # fmt: skip

CN = "cn_serious_noncompliance"
SHIPPED = [
    (CN, "cn_default"),
    (CN, "cn_county_1m"),
    (CN, "cn_province_2m"),
    (CN, "cn_sichuan_2014"),
    (CN, None),
    ("georgia_parole_1y", "us_georgia_levels"),
    ("georgia_parole_1y", None),
    ("georgia_parole_3y", None),
    ("nc_prison_release_3y", None),
    ("ogrs3_1y", None),
    ("ogrs3_2y", None),
]
# what no shipped model is: no doubt stated, and risks where there were only points and vice versa
VARIANTS = [(CN, "cn_default", "sure"), ("georgia_parole_1y", "us_georgia_levels", "relative"),
            ("georgia_parole_1y", None, "sure")]  # fmt: skip


@cache
def engine_of(model: str, policy: str | None, variant: str = "") -> Engine:
    """An engine; policies of history and of benchmarks are compiled past the door of `load`."""
    try:
        engine = Engine.load(model, policy, research=policy is None)
    except Exception:
        engine = Engine.load(model, research=True)
        document, _ = find_policy(policy)
        document = document.model_copy(update={"valid_from": None, "valid_to": None})
        scorecard = engine.scorecard
        cuts = resolve(document.bands, scorecard.document, policy=document.id)
        compiled = compile_policy(
            document, engine.instrument, cuts, scored=scorecard.document.items
        )
        engine = replace(engine, policy=compiled, research=False)
    if variant:
        document = find_model(model).scorecard.document
        changed = {
            "relative": {"scale": "relative"},
            "sure": {
                "uncertainty": document.uncertainty.model_copy(
                    update={"rank": 0, "intercept_factor": (), "rater_kappa": None}
                )
            },
        }[variant]
        bare = [
            t.model_copy(update={"factor": ()} if variant == "sure" and t.kind == "table" else {})
            for t in document.terms
        ]
        document = document.model_copy(update={**changed, "terms": tuple(bare)})
        engine = replace(engine, scorecard=Scorecard(document, engine.instrument))
    return engine


def person_column(instrument) -> str:
    """The column for the person; `person` may be somebody's word for an item."""
    return (*instrument.files.person_columns, "id")[0]


def native(item, rng: random.Random) -> object:
    """An answer as an office might write it, seldom one that cannot be."""
    if rng.random() < 0.02:
        return rng.choice(HOSTILE)
    if rng.random() < 0.06:
        return rng.choice([None, *NOT_KNOWN])
    if item.type in ("nominal", "ordinal", "multiple"):
        written = rng.random()
        codes = list(item.native.codes)
        level = rng.choice(item.levels)
        if written < 0.3 and codes:
            return rng.choice(codes)
        if written < 0.5:
            return rng.choice([level.label.zh, level.label.en])
        if item.type == "multiple" and written < 0.8:
            return ";".join(rng.sample(item.level_ids, min(2, len(item.levels))))
        return level.id
    if item.type == "boolean":
        return rng.choice(["true", "false", "是", "否", True, False])
    if item.type in ("integer", "number"):
        low, high = int(item.minimum), min(int(item.maximum), int(item.minimum) + 60)
        value = rng.randint(low, high)
        return rng.choice([value, float(value), str(value), np.int64(value), item.maximum])
    if item.type == "date":
        first = {"birth_date": 1975, "start_date": 2025}.get(item.id, 2027)
        day = date(first, 1, 1) + timedelta(days=rng.randint(0, 500))
        return rng.choice([day.isoformat(), day, f"{day.year}年{day.month}月{day.day}日"])
    if item.type == "dates":
        return "2025-03-01;2026-01-05"
    return rng.choice(["-", "a note", "=cmd|x"])


@cache
def examples() -> tuple[Mapping[str, object], ...]:
    """Shipped assessments, flat."""
    found = []
    for path in EXAMPLES:
        given = json.loads(path.read_text("utf-8"))
        row = {
            "assessed_on": given["assessed_on"],
            "kind": given.get("kind", "intake"),
            **given["answers"],
        }
        found.append({k: ";".join(v) if isinstance(v, list) else v for k, v in row.items()})
    return tuple(found)


def base_of(instrument, number: int, rng: random.Random) -> dict[str, object]:
    """A person before anything is changed: an example, or made-up answers to what is scored."""
    if instrument.jurisdiction == "cn":
        return dict(examples()[number % len(EXAMPLES)])
    scored = [item for item in instrument.items if "scored" in item.use]
    return {item.id: native(item, rng) for item in scored}


def settled(instrument, row: dict[str, object]) -> dict[str, object]:
    """One source of every derived item known; where none is, one person alone takes seconds."""
    for derived in instrument.derived if instrument.jurisdiction != "cn" else ():
        row[derived.sources[0]] = 40
    return row


def people(instrument, seed: int, rows: int, changes: int = 5):
    """A frame of people with some answers changed, columns of Python objects."""
    import pandas as pd

    rng = random.Random(seed)
    head = person_column(instrument)
    found = []
    for number in range(rows):
        row = base_of(instrument, number, rng)
        row[head] = rng.choice([f"P{number}"] * 60 + ["P1", "张三", None, number])
        for item in rng.sample(instrument.items, rng.randint(0, min(changes, 5))):
            row[item.id] = native(item, rng)
        if rng.random() < 0.1:
            days = ["2018-05-01", "2021-01-10", "2026-08-31", "2026-09-02", "2020-06-30", "x"]
            row["assessed_on"] = rng.choice(days)
        if rng.random() < 0.05:
            row["kind"] = rng.choice(["intake", "Reassessment", "other", ""])
        if rng.random() < 0.05:
            row["form"] = rng.choice(["full", "quick", "long"])
        found.append(settled(instrument, row))
    return pd.DataFrame(found).astype(object)


def one_by_one(engine: Engine, frame, on: date = ON):
    """Rows of results and rows that are rejected, each person asked alone."""
    results, rejected = [], []
    for row in assessments_from_frame(frame, engine.instrument, assessed_on=on):
        row = usable(row, on)
        if row.assessment is None:
            rejected.append(row)
            continue
        one = engine.recommend(row.assessment, on=on)
        risk = one.risk
        factors = {f"contribution_{factor.term}": factor.contribution for factor in one.factors}
        results.append(
            {
                "id": row.assessment.person,
                "score": one.score.value if one.score else None,
                "probability": risk.probability if risk else None,
                "probability_low": risk.low if risk else None,
                "probability_high": risk.high if risk else None,
                "tier": "|".join(view.tier.value for view in one.tiers) or None,
                "status": one.status,
                "binding_rule": one.binding_rule.id if one.binding_rule else None,
                "alerts": "|".join(alert.id for alert in one.alerts) or None,
                **{
                    f"contribution_{term}": factors.get(f"contribution_{term}")
                    for term in engine.scorecard.term_ids
                },
            }
        )
        assert tuple(results[-1])[: len(COLUMNS)] == COLUMNS
    return results, rejected


def by_columns(engine: Engine, frame, on: date = ON, batch: int = 60):
    """The same from the columnar path, and from its Arrow form."""
    from riskengine.batch.arrow import record_batch

    results, rejected, arrow = [], [], []
    for scored, bad in scored_frame(engine, frame, on=on, batch=batch):
        results += [dict(row) for row in scored.rows(True)]
        rejected += bad
        arrow += record_batch(scored, True).to_pylist()
    assert arrow == results
    return results, rejected


def assert_same(engine: Engine, frame, on: date = ON, batch: int = 60):
    """Hold columns to one at a time; give results and rejects."""
    wanted, wanted_bad = one_by_one(engine, frame, on)
    found, found_bad = by_columns(engine, frame, on, batch)
    assert [repr(row) for row in found_bad] == [repr(row) for row in wanted_bad]
    assert len(found) == len(wanted)
    for mine, theirs in zip(found, wanted, strict=True):
        assert mine == theirs, {k: (v, theirs[k]) for k, v in mine.items() if v != theirs[k]}
    return found, found_bad
