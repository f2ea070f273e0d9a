"""How a place or a year stands beside a score, and what the past foretells of the next."""

from __future__ import annotations

import numpy as np
import pytest

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.training.shift import (
    Levels,
    Line,
    Prior,
    levels_by_period,
    next_level,
    updated,
)


def test_with_nobody_the_priors_come_back() -> None:
    line = updated(
        np.zeros(0), np.zeros(0, dtype=np.int64), level=Prior(0.3, 0.2), slope=Prior(1.1, 0.25)
    )
    assert (line.level, line.slope) == pytest.approx((0.3, 1.1))
    assert np.allclose(line.covariance, np.diag([0.04, 0.0625]))


def test_level_and_slope_of_many_people_are_found() -> None:
    rng = np.random.default_rng(0)
    score = rng.normal(-1.0, 1.0, 40_000)
    truth = Line(centre=-1.0, level=0.4, slope=0.7, covariance=np.zeros((2, 2)))
    outcome = (rng.random(40_000) < sigmoid(truth.of(score))).astype(np.int64)
    line = updated(score, outcome, level=Prior(0.0, 1.0), slope=Prior(1.0, 0.25), centre=-1.0)
    assert line.level == pytest.approx(0.4, abs=3 * np.sqrt(line.covariance[0, 0]))
    assert line.slope == pytest.approx(0.7, abs=3 * np.sqrt(line.covariance[1, 1]))
    held = updated(score, outcome, level=Prior(0.0, 1.0))
    assert held.slope == 1.0
    assert held.covariance[1].tolist() == [0.0, 0.0]


def test_no_event_moves_the_level_only_as_far_as_its_prior_lets_it() -> None:
    score, outcome = np.full(100, -2.0), np.zeros(100, dtype=np.int64)
    tight = updated(score, outcome, level=Prior(0.0, 0.1))
    loose = updated(score, outcome, level=Prior(0.0, 1.0))
    assert loose.level < tight.level < 0
    assert tight.level > -0.2


def test_the_line_is_the_same_as_slope_and_intercept() -> None:
    line = Line(centre=-1.3, level=0.4, slope=0.8, covariance=np.zeros((2, 2)))
    score = np.linspace(-3.0, 2.0, 11)
    assert np.allclose(line.sigmoid().of(score), line.of(score))
    assert line.of(np.array([-1.3]))[0] == pytest.approx(-0.9)
    with pytest.raises(TrainingError, match="fewer events"):
        Line(0.0, 0.0, 0.0, np.zeros((2, 2))).sigmoid()


def test_rows_of_the_factor_carry_the_whole_covariance() -> None:
    covariance = np.array([[0.09, -0.02], [-0.02, 0.04]])
    rows = Line(0.0, 0.0, 1.0, covariance).factor()
    assert np.allclose(rows.T @ rows, covariance)
    held = Line(0.0, 0.0, 1.0, np.diag([0.09, 0.0])).factor()
    assert np.allclose(held, [[0.3, 0.0], [0.0, 0.0]])


def test_levels_of_years_are_found_in_their_order() -> None:
    rng = np.random.default_rng(1)
    years = np.repeat(["2014", "2013", "2015"], 6000)
    true = {"2013": -0.2, "2014": 0.0, "2015": 0.3}
    score = rng.normal(0.0, 0.7, 18_000)
    shift = np.array([true[year] for year in years])
    outcome = (rng.random(18_000) < sigmoid(score + shift)).astype(np.int64)
    levels = levels_by_period(score, outcome, years.tolist())
    assert levels.periods == ("2013", "2014", "2015")
    for level, error, name in zip(levels.level, levels.error, levels.periods, strict=True):
        assert level == pytest.approx(true[name], abs=3 * error)
        assert 0.02 < error < 0.04


def test_the_next_level_is_foretold_from_changes_alone() -> None:
    levels = Levels(("1", "2", "3", "4"), np.array([5.0, 5.1, 5.1, 5.5]), np.full(4, 0.01))
    prior = next_level(levels)
    changes = np.array([0.1, 0.0, 0.4])
    assert prior.mean == pytest.approx(5.5 + changes.mean())
    assert prior.sd == pytest.approx(changes.std(ddof=1) * np.sqrt(4 / 3))
    # where everything starts does not matter
    moved = next_level(Levels(levels.periods, levels.level - 5.0, levels.error))
    assert moved.mean == pytest.approx(prior.mean - 5.0)
    assert moved.sd == pytest.approx(prior.sd)


def test_changes_that_came_out_alike_do_not_make_the_prior_certain() -> None:
    levels = Levels(("1", "2", "3"), np.array([0.0, 0.1, 0.2]), np.array([0.05, 0.04, 0.03]))
    assert next_level(levels) == Prior(pytest.approx(0.3), 0.03)


def test_two_periods_are_too_few() -> None:
    with pytest.raises(TrainingError, match="at least 3 periods"):
        next_level(Levels(("1", "2"), np.array([0.0, 0.1]), np.array([0.1, 0.1])))
