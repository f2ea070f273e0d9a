"""Joint coefficients: against ordinary regressions that know the answer."""

from __future__ import annotations

import numpy as np
import pytest

from riskengine.training.joint import covariance_of, implied_rows, solve
from riskengine.training.tables import Floats

TRUTH = np.array([0.8, -0.5, 0.3, 0.6])


@pytest.fixture(scope="module")
def people() -> Floats:
    """Four constructs that go together, one of them a yes or no."""
    rng = np.random.default_rng(4)
    mixed = rng.standard_normal((3000, 4)) @ rng.standard_normal((4, 4))
    mixed[:, 3] = mixed[:, 3] > 0.4
    return mixed


def regressed(people: Floats, columns: list[int]) -> Floats:
    """Slopes of the linear predictor on some columns alone: what a study would print."""
    design = np.column_stack([people[:, columns], np.ones(len(people))])
    slopes: Floats = np.linalg.lstsq(design, people @ TRUTH, rcond=None)[0][:-1]
    return slopes


def solved(published: Floats, rows: Floats | None, *, keep_signs: bool = False):
    return solve(published, np.full(4, 0.3), rows, factor=0.7, keep_signs=keep_signs)


def test_unadjusted_effects_give_the_joint_coefficients_back(people: Floats) -> None:
    published = np.array([regressed(people, [column])[0] for column in range(4)])
    assert np.abs(published - TRUTH).max() > 0.5  # what is printed holds part of the others
    alone = [frozenset({column}) for column in range(4)]
    found = solved(published, implied_rows(covariance_of(people), alone))
    assert found.coefficients == pytest.approx(TRUTH, abs=1e-9)
    assert found.implied == pytest.approx(published, abs=1e-9)
    assert found.factor == 1


def test_an_effect_holds_only_what_its_source_did_not_hold_fixed(people: Floats) -> None:
    together = frozenset({0, 1})
    pair = regressed(people, [0, 1])
    published = np.array([*pair, regressed(people, [2])[0], TRUTH[3]])
    held_fixed = [together, together, frozenset({2}), None]
    rows = implied_rows(covariance_of(people), held_fixed)
    assert solved(published, rows).coefficients == pytest.approx(TRUTH, abs=1e-9)
    # the source of the last does not say what it held fixed: its effect is its own coefficient
    assert rows[3].tolist() == [0, 0, 0, 1]
    wrong = implied_rows(covariance_of(people), [frozenset({c}) for c in range(4)])
    assert np.abs(solved(published, wrong).coefficients - TRUTH).max() > 0.1


def test_weights_make_some_people_count_more(people: Floats) -> None:
    weight = np.random.default_rng(2).integers(1, 4, size=len(people))
    repeated = np.repeat(people, weight, axis=0)
    assert covariance_of(people, weight.astype(float)) == pytest.approx(covariance_of(repeated))


def test_without_correlations_everything_is_multiplied_by_the_factor() -> None:
    found = solved(TRUTH, None)
    assert found.coefficients == pytest.approx(0.7 * TRUTH)
    assert found.covariance == pytest.approx(np.diag(np.full(4, (0.7 * 0.3) ** 2)))
    assert found.factor == 0.7


def test_the_covariance_is_that_of_redrawn_publications(people: Floats) -> None:
    rows = implied_rows(covariance_of(people), [frozenset({c}) for c in range(4)])
    deviations = np.array([0.1, 0.3, 0.2, 0.4])
    stated = solve(rows @ TRUTH, deviations, rows, factor=0.7, keep_signs=False).covariance
    rng = np.random.default_rng(9)
    drawn = [
        solve(published, deviations, rows, factor=0.7, keep_signs=False).coefficients
        for published in rows @ TRUTH + deviations * rng.standard_normal((4000, 4))
    ]
    scale = np.sqrt(np.outer(np.diag(stated), np.diag(stated)))
    assert np.abs((np.cov(np.array(drawn).T) - stated) / scale).max() < 0.08


def test_no_coefficient_turns_against_its_source() -> None:
    """The third is printed as a risk, yet what goes with it explains more than all of it."""
    covariance = 0.4 * np.eye(4) + 0.6
    rows = implied_rows(covariance, [frozenset({c}) for c in range(4)])
    published = rows @ np.array([0.8, 0.6, -0.1, 0.5])
    assert (published > 0).all()
    free = solved(published, rows)
    assert free.coefficients[2] == pytest.approx(-0.1)
    assert not free.held.any()
    kept = solved(published, rows, keep_signs=True)
    assert kept.coefficients[2] == 0
    assert kept.held.tolist() == [False, False, True, False]
    assert kept.covariance == pytest.approx(free.covariance)
    # the others are as close to what was printed as they can be without it
    others = [0, 1, 3]
    assert rows[:, others].T @ (kept.implied - published) == pytest.approx(np.zeros(3), abs=1e-9)


def test_the_more_certain_of_two_effects_weighs_more() -> None:
    """Two publications on one construct: columns that nothing tells apart."""
    same = np.ones((2, 2))
    found = solve(np.array([0.4, 1.0]), np.array([0.3, 0.6]), same, factor=0.7, keep_signs=True)
    # together they carry the mean by precision: (.4 / .09 + 1 / .36) / (1 / .09 + 1 / .36)
    assert found.coefficients.sum() == pytest.approx(0.52)


def test_a_construct_that_nobody_differs_in_explains_nothing() -> None:
    people = np.column_stack([np.random.default_rng(1).standard_normal(100), np.ones(100)])
    rows = implied_rows(covariance_of(people), [frozenset({0}), frozenset({1})])
    assert rows == pytest.approx(np.eye(2))
