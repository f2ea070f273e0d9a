"""Derived numbers over all joint answers at once, held to one joint answer at a time."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from riskengine import Engine
from riskengine.explanation import completions

ON = date(2026, 1, 1)


@pytest.mark.parametrize(
    "answers",
    [
        {"age_at_conviction": 30},
        {"age_at_first_sanction": 40},
        {"age_at_conviction": 24, "previous_sanctions_n": 0},
        {"previous_sanctions_n": 200, "age_at_first_sanction": 99},
    ],
)
def test_all_at_once_says_what_one_at_a_time_says(
    answers: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine.load("ogrs3_2y", None, research=True)
    instrument = f"{engine.instrument.id}@{engine.instrument.version}"
    assessment = engine.assessment(
        {"instrument": instrument, "person": "A-1", "assessed_on": ON.isoformat(),
         "answers": answers}
    )  # fmt: skip
    arrays = []
    linear = completions._Tables._linear

    def kept(*given):
        arrays.append(linear(*given))
        return arrays[-1]

    monkeypatch.setattr(completions._Tables, "_linear", kept)
    at_once = engine.recommend(assessment, on=ON)
    monkeypatch.setattr(completions, "OVER_ARRAYS", {})
    assert engine.recommend(assessment, on=ON) == at_once
    half = len(arrays) // 2
    pairs = list(zip(arrays[:half], arrays[half:], strict=True))
    assert pairs and all(np.array_equal(*pair) for pair in pairs)
    assert max(pair[0].size for pair in pairs) > 90
