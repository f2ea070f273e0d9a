"""Measures of predictions, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import (
    auc,
    bootstrap_interval,
    brier,
    calibration_line,
    mean_group_brier,
    sigmoid,
)
from riskengine.training.calibration import Sigmoid
from riskengine.training.tables import Tables

RNG = np.random.default_rng(4)
SCORES = RNG.normal(size=800)
OUTCOME = (RNG.random(800) < sigmoid(0.6 * SCORES - 0.4)).astype(np.int64)


def test_brier_and_auc() -> None:
    assert brier(sigmoid(SCORES), OUTCOME) == pytest.approx(
        brier_score_loss(OUTCOME, sigmoid(SCORES)), abs=1e-15
    )
    for scores in (SCORES, SCORES.round(1)):
        assert auc(scores, OUTCOME) == pytest.approx(roc_auc_score(OUTCOME, scores), abs=1e-14)
    assert auc(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0, 0, 1, 1])) == 0.875


def test_groups_count_alike_whatever_their_size() -> None:
    chance, outcome = np.array([0.0, 0.0, 0.0, 1.0]), np.array([1, 1, 1, 1])
    assert mean_group_brier(chance, outcome, ["m", "m", "m", "f"]) == 0.5
    assert brier(chance, outcome) == 0.75


def test_calibration_line_is_the_logistic_regression() -> None:
    slope, intercept = calibration_line(SCORES, OUTCOME)
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(SCORES[:, None], OUTCOME)
    assert slope == pytest.approx(oracle.coef_[0, 0], abs=1e-5)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-5)


def test_separated_or_equal_scores_have_no_line() -> None:
    with pytest.raises(ValueError, match="no slope"):
        calibration_line(np.ones(5), np.array([0, 1, 0, 1, 0]))


def test_a_score_that_ranks_backwards_is_refused() -> None:
    with pytest.raises(TrainingError, match="goes with fewer events"):
        Sigmoid.fitted(-SCORES, OUTCOME)


def test_calibration_folds_into_every_cell() -> None:
    tables = Tables(0.2, (np.array([0.1, -0.3, 0.0]),), {})
    fitted = Sigmoid.fitted(SCORES, OUTCOME)
    states = np.array([[0], [1], [2]])
    assert fitted.fold(tables).score(states) == pytest.approx(fitted.of(tables.score(states)))


def test_interval_covers_what_it_should() -> None:
    values = RNG.normal(size=400)
    low, high = bootstrap_interval(lambda at: float(values[at].mean()), 400, seed=0, draws=1000)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)
    assert low < values.mean() < high
