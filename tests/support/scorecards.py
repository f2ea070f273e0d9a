"""Made-up scorecards and answers for any instrument, drawn from a seed."""

from __future__ import annotations

import random
from itertools import combinations

from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL, ScorecardDocument

BOTH = {"zh": "测试", "en": "test"}
NOT_KNOWN = ["not_asked", "refused", "not_applicable", "unknown"]


def shares(rng: random.Random, n: int) -> list[int]:
    """Positive integers that sum to the reference total."""
    raw = [rng.random() + 0.05 for _ in range(n)]
    weights = [int(REFERENCE_TOTAL * value / sum(raw)) for value in raw]
    weights[0] += REFERENCE_TOTAL - sum(weights)
    return weights


def axis_of(item: Item | DerivedItem, rng: random.Random) -> dict[str, object]:
    axis: dict[str, object] = {"id": item.id, "item": item.id, "not_known": [NOT_KNOWN]}
    if isinstance(item, DerivedItem) or item.type in ("integer", "number"):
        axis["cuts"] = list(item.bands) or [(item.minimum + item.maximum) / 2]
        known = len(axis["cuts"]) + 1
    else:
        levels = ["false", "true"] if item.type == "boolean" else list(item.level_ids)
        axis["groups"] = [[level] for level in levels]
        known = len(levels)
    axis["reference"] = [*shares(rng, known), 0]
    return axis


def states(axis: dict[str, object]) -> int:
    return len(axis["reference"])


def known_zero_edges(cells: list[int], rows: int, columns: int = 0) -> list[int]:
    """Set the not-known cells (the last row and column) to zero."""
    if not columns:
        return [*cells[:-1], 0]
    grid = [cells[r * columns : (r + 1) * columns] for r in range(rows)]
    grid[-1] = [0] * columns
    return [cell for row in grid for cell in [*row[:-1], 0]]


def make_document(
    instrument: Instrument,
    *,
    seed: int = 0,
    pairs: int = 0,
    form: str = "full",
    scale: str = "relative",
    purpose: str = "benchmark",
    outcome: str | None = None,
    items: list[str] | None = None,
    monotone: bool = False,
    change: dict[str, object] | None = None,
) -> ScorecardDocument:
    """Draw a scorecard whose tables are arbitrary, but valid."""
    rng = random.Random(seed)
    chosen = [
        item
        for item in instrument.every_item.values()
        if "scored" in item.use and (items is None or item.id in items)
    ]
    axes = {item.id: axis_of(item, rng) for item in chosen}
    largest = 2**41 if form == "full" else 4

    def table(item: Item | DerivedItem) -> list[int]:
        cells = [rng.randint(-largest, largest) for _ in range(states(axes[item.id]))]
        if monotone and item.enforce:
            cells = sorted(cells[:-1], reverse=item.direction == "protective") + [0]
        return known_zero_edges(cells, len(cells))

    terms: list[dict[str, object]] = [
        {"kind": "table", "id": item.id, "axes": [item.id], "cells": table(item)}
        for item in chosen
    ]
    partners = [item for item in chosen if not (monotone and item.enforce)]
    every_pair = list(combinations(partners, 2))
    for first, second in rng.sample(every_pair, min(pairs, len(every_pair))):
        one, two = axes[first.id], axes[second.id]
        # independent but for one shifted corner, so that the joint is not the product
        joint = [a * b // REFERENCE_TOTAL for a in one["reference"] for b in two["reference"]]
        joint[0] += REFERENCE_TOTAL - sum(joint)
        cells = [rng.randint(-largest, largest) for _ in joint]
        terms.append(
            {
                "kind": "table",
                "id": f"{first.id}:{second.id}",
                "axes": [first.id, second.id],
                "cells": known_zero_edges(cells, states(one), states(two)),
                "reference": joint,
            }
        )
    value: dict[str, object] = {
        "format": "riskengine/scorecard/1",
        "id": "made_up",
        "version": "1.0.0",
        "title": BOTH,
        "purpose": purpose,
        "instrument": {
            "id": instrument.id,
            "version": instrument.version,
            "sha256": instrument_hash(instrument),
        },
        "outcome": outcome or instrument.outcomes[0].id,
        "horizon_days": 365,
        "estimand": "by_horizon_or_end_of_term",
        "scale": scale,
        "form": form,
        "validation": "literature_only",
        "log_odds": {"unit": 1 if form == "full" else 2**38, "offset": 0},
        "intercept": rng.randint(-largest, largest),
        "axes": list(axes.values()),
        "terms": terms,
        "reference": {
            "id": "made_up",
            "label": BOTH,
            "illustrative": True,
            "score_quantiles": [-largest, 0, largest],
        },
        "uncertainty": {"method": "none", "replicates": 0, "rank": 0, "note": BOTH},
        "training": {"learner": "none", "people": 0, "weight": 0, "events": 0, "population": BOTH},
        "not_for": [BOTH],
        "golden": [{"answers": {}, "score": 0}],
    }
    if scale == "calibrated":
        value["calibration"] = {
            "population": BOTH,
            "events": 100,
            "people": 1000,
            "slope": 1.0,
            "intercept": 0.0,
            "method": "made up",
        }
    value.update(change or {})
    return with_golden(value, instrument)


def with_golden(value: dict[str, object], instrument: Instrument) -> ScorecardDocument:
    """Fill in what the golden assessments come out as."""
    import json

    document = ScorecardDocument.model_validate_json(json.dumps(value))
    card = Scorecard(document, instrument)
    golden = []
    for entry in value["golden"]:
        answers, problems = parse_answers(instrument, entry["answers"])
        assert not problems, problems
        scores = card.scores(card.term_parts(card.encode([complete(instrument, answers)])))
        risk = None
        if document.scale == "calibrated":
            risk = f"{card.probabilities(scores)[0]:.9f}"
        golden.append({**entry, "score": int(scores[0]), "probability": risk})
    return ScorecardDocument.model_validate_json(json.dumps({**value, "golden": golden}))


def random_answer(item: Item, rng: random.Random, *, unknown: float = 0.2) -> object:
    """A valid raw answer to an item, or a not-known code."""
    if rng.random() < unknown:
        return rng.choice(NOT_KNOWN)
    match item.type:
        case "nominal" | "ordinal":
            return rng.choice(item.level_ids)
        case "boolean":
            return rng.random() < 0.5
        case "integer":
            return rng.randint(int(item.minimum), int(item.maximum))
        case "number":
            return rng.uniform(item.minimum, item.maximum)
        case _:
            return "not_asked"


def random_people(
    instrument: Instrument, n: int, *, seed: int = 0, unknown: float = 0.2
) -> list[dict[str, object]]:
    """Complete answers of made-up people; cross-field rules are not respected."""
    rng = random.Random(seed)
    people = []
    for _ in range(n):
        raw = {
            item.id: random_answer(item, rng, unknown=unknown)
            for item in instrument.items
            if item.type in ("nominal", "ordinal", "boolean", "integer", "number")
        }
        answers, _ = parse_answers(instrument, raw)
        people.append(complete(instrument, answers))
    return people
