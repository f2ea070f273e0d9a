"""Numbers in words."""

from __future__ import annotations

import pytest

from riskengine.explanation.scores import in_whole_people


@pytest.mark.parametrize(
    ("risk", "whole", "events"),
    [
        (0.25, 100, 25),
        (0.01, 100, 1),
        (0.0099, 1000, 10),
        (0.002, 1000, 2),
        (0.0002, 10_000, 2),
        (0.995, 1000, 995),
        (0.9999, 10_000, 9999),
        (1e-9, 100_000, 0),
    ],
)
def test_frequencies_leave_whole_people_on_both_sides(risk, whole, events):
    assert in_whole_people(risk) == (whole, events)
