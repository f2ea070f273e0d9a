"""When the event came: what proportional hazards imply, and how people are halved."""

from __future__ import annotations

import numpy as np
import pytest

from riskengine.evaluation.metrics import auc
from riskengine.training.timing import halves, implied_timing


@pytest.mark.parametrize(("share", "width"), [(0.05, 1.0), (0.3, 0.8), (0.58, 1.3)])
def test_implied_timing_is_that_of_simulated_hazards(share: float, width: float) -> None:
    rng = np.random.default_rng(0)
    score = width * rng.standard_normal(200_000)
    times = rng.exponential(np.exp(-score))
    event = (times < np.quantile(times, share)).astype(np.int64)
    split = halves(times, event)
    assert split is not None
    seen = auc(score[split.people], split.early)
    assert implied_timing(auc(score, event), share, split.share) == pytest.approx(seen, abs=0.01)


def test_a_score_that_says_nothing_implies_nothing() -> None:
    assert implied_timing(0.5, 0.3, 0.5) == 0.5
    assert implied_timing(0.4, 0.3, 0.5) == 0.5


def test_people_are_cut_nearest_to_the_middle() -> None:
    times = np.repeat([1.0, 2.0, 3.0, 9.0], [60, 50, 70, 500])
    outcome = np.repeat([1, 1, 1, 0], [60, 50, 70, 500])
    split = halves(times, outcome)
    assert split is not None
    assert len(split.people) == 180
    assert int(split.early.sum()) == 110


def test_no_times_or_too_few_events_cannot_be_halved() -> None:
    outcome = np.array([1] * 120 + [0] * 10)
    assert halves(None, outcome) is None
    assert halves(np.ones(130), outcome) is None
    assert halves(np.full(130, np.nan), outcome) is None
    assert halves(np.repeat([1.0, 2.0], [49, 81]), outcome) is None
    assert halves(np.repeat([1.0, 2.0], [50, 80]), outcome) is not None
