"""A weight of two is the same person twice; no weight is a weight of one for all."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from riskengine.evaluation.metrics import auc, brier, calibration_line, mean_group_brier, sigmoid
from riskengine.training.calibration import Sigmoid
from riskengine.training.measures import measured, price

RNG = np.random.default_rng(0)
SCORES = np.round(RNG.normal(-1, 1, 300), 1)
OUTCOME = (RNG.random(300) < sigmoid(SCORES)).astype(np.int64)
SEXES = np.array(["f", "m"], dtype=object)[RNG.integers(0, 2, 300)]
TIMES = RNG.integers(0, 4, 300)
TWICE = np.repeat(np.arange(300), TIMES)
WEIGHT = TIMES.astype(float)


def test_a_weight_is_so_many_people() -> None:
    chance = sigmoid(SCORES)
    assert brier(chance, OUTCOME, WEIGHT) == pytest.approx(brier(chance[TWICE], OUTCOME[TWICE]))
    assert auc(SCORES, OUTCOME, WEIGHT) == pytest.approx(auc(SCORES[TWICE], OUTCOME[TWICE]))
    assert mean_group_brier(chance, OUTCOME, SEXES, WEIGHT) == pytest.approx(
        mean_group_brier(chance[TWICE], OUTCOME[TWICE], SEXES[TWICE])
    )
    assert calibration_line(SCORES, OUTCOME, WEIGHT) == pytest.approx(
        calibration_line(SCORES[TWICE], OUTCOME[TWICE]), rel=1e-9
    )
    weighted, doubled = (
        Sigmoid.fitted(SCORES, OUTCOME, WEIGHT),
        Sigmoid.fitted(SCORES[TWICE], OUTCOME[TWICE]),
    )
    assert weighted.slope == pytest.approx(doubled.slope, rel=1e-6)
    assert weighted.intercept == pytest.approx(doubled.intercept, rel=1e-6)


def test_against_an_independent_account() -> None:
    weight = RNG.random(300)
    chance = sigmoid(SCORES)
    assert auc(SCORES, OUTCOME, weight) == pytest.approx(
        roc_auc_score(OUTCOME, SCORES, sample_weight=weight), abs=1e-12
    )
    assert brier(chance, OUTCOME, weight) == pytest.approx(
        brier_score_loss(OUTCOME, chance, sample_weight=weight), abs=1e-12
    )


def test_equal_weights_change_no_figure() -> None:
    ones = np.ones(300)
    plain = measured(SCORES, OUTCOME, SEXES, how="", seed=1)
    assert measured(SCORES, OUTCOME, SEXES, how="", seed=1, weight=ones) == plain
    cost = price("p", SCORES, SCORES / 2, OUTCOME, SEXES, how="", seed=1)
    assert price("p", SCORES, SCORES / 2, OUTCOME, SEXES, how="", seed=1, weight=ones) == cost
    weighted = measured(SCORES, OUTCOME, SEXES, how="", seed=1, weight=WEIGHT)
    assert all(a.value != b.value for a, b in zip(plain, weighted, strict=True))
