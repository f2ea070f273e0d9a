"""The Bayesian update: what opens when, what it learns, and what it does not dare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up import build, instrument_value, made_up

from riskengine.evaluation.metrics import auc, sigmoid
from riskengine.training import deviations
from riskengine.training.axes import States, candidates, encode, with_reference
from riskengine.training.closed_test import closed_test
from riskengine.training.cohort import read_cohort
from riskengine.training.evidence_tables import intercept_for
from riskengine.training.on_top import Rival, earned
from riskengine.training.tables import Tables, centred, marginals
from riskengine.training.update import (
    DEFAULT,
    OPEN_FROM,
    Start,
    opened_by,
    update,
)


@pytest.fixture(scope="module")
def prepared():
    instrument = build(instrument_value())
    cohort = read_cohort(made_up(1500), instrument, "event_1y")
    items = candidates(instrument, cohort, include_protected=False)
    states = encode(cohort, items)
    return with_reference(items, states), states, cohort.outcome


def _evidence(items, states: States, base_rate: float) -> Start:
    """Made-up evidence: a straight line of half a log-odds in every item with an order."""
    mains = []
    for item in items:
        table = np.zeros(item.axis.states)
        if item.ordered:
            table[: item.known] = np.linspace(0.0, 0.5, item.known) * (item.sign or 1)
        mains.append(table)
    tables = centred(Tables(0.0, tuple(mains), {}), items, marginals(items, states))
    moved = tables.score(states) - tables.intercept
    return Start(replace(tables, intercept=intercept_for(moved, base_rate)))


def _with_events(outcome, events: int, others: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    chosen = np.concatenate(
        [
            rng.permutation(np.flatnonzero(outcome == 1))[:events],
            rng.permutation(np.flatnonzero(outcome == 0))[:others],
        ]
    )
    return np.sort(chosen)


def test_what_opens_is_said_by_the_number_of_events():
    assert opened_by(0) == ("intercept",)
    assert opened_by(OPEN_FROM - 1) == ("intercept",)
    assert opened_by(OPEN_FROM) == ("intercept", "slope", "deviations")


def test_nobody_leaves_the_evidence_as_it_is(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    found = update(evidence, items, states[:0], outcome[:0], reference=states)
    assert found.opened == ("intercept",)
    np.testing.assert_allclose(
        found.tables.score(states), evidence.tables.score(states), atol=1e-12
    )
    assert found.intercept == pytest.approx((0.0, DEFAULT.intercept_sd))


def test_people_without_any_event_move_the_intercept_down_by_no_more_than_its_prior_lets(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    none = np.flatnonzero(outcome == 0)
    shifts = []
    for people in (20, 100, 400):
        found = update(evidence, items, states[none[:people]], np.zeros(people, dtype=np.int64),
                       reference=states)  # fmt: skip
        moved = found.tables.score(states) - evidence.tables.score(states)
        # nothing but the intercept: everybody alike
        assert np.ptp(moved) < 1e-9
        shifts.append(float(moved[0]))
        # where the pull of the prior and the people without an event balance
        expected = sigmoid(evidence.tables.score(states[none[:people]]) + moved[0]).sum()
        assert moved[0] == pytest.approx(-(DEFAULT.intercept_sd**2) * expected, rel=1e-6)
    assert 0 > shifts[0] > shifts[1] > shifts[2]


def test_slope_and_items_open_at_twenty_events(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    few = _with_events(outcome, OPEN_FROM - 1, 60)
    some = _with_events(outcome, OPEN_FROM, 60)
    before = update(evidence, items, states[few], outcome[few], reference=states)
    after = update(evidence, items, states[some], outcome[some], reference=states)
    assert before.slope == (1.0, 0.0)
    assert after.slope[0] != 1.0
    assert 0 < after.slope[1] < DEFAULT.slope_sd
    was = evidence.tables.score(states)
    assert np.ptp(before.tables.score(states) - was) < 1e-9, "nobody passes anybody"
    line = np.polyfit(was, after.tables.score(states), 1)
    assert np.ptp(after.tables.score(states) - np.polyval(line, was)) > 0.01, "some do"


def test_deviations_learn_what_the_evidence_does_not_know(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, float(outcome.mean()))
    train, test = np.arange(0, 1500, 2), np.arange(1, 1500, 2)
    found = update(evidence, items, states[train], outcome[train], reference=states)
    assert found.opened[-1] == "deviations"
    assert found.spreads is not None
    gained = auc(found.tables.score(states[test]), outcome[test])
    assert gained > auc(evidence.tables.score(states[test]), outcome[test]) + 0.02


def test_an_answer_that_is_not_known_stays_at_exactly_zero(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    found = update(evidence, items, states, outcome)
    for one in (found.tables, *found.draws(5, seed=1)):
        for item, main in zip(items, one.mains, strict=True):
            assert (main[item.live :] == 0.0).all()
            weights = marginals(items, states)[items.index(item)]
            assert abs(float(weights @ main)) < 1e-9


def test_draws_spread_around_the_mean_as_the_posterior_says(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    few = _with_events(outcome, 60, 120)
    found = update(evidence, items, states[few], outcome[few], reference=states)
    scores = np.stack([one.score(states) for one in found.draws(400, seed=3)])
    assert len(scores) == 400
    away = scores.mean(axis=0) - found.tables.score(states)
    assert np.abs(away).max() < 5 * scores.std(axis=0).max() / np.sqrt(400)
    # more people, less doubt
    many = update(evidence, items, states, outcome)
    fewer = np.stack([one.score(states) for one in many.draws(200, seed=3)])
    assert fewer.std(axis=0).mean() < 0.8 * scores.std(axis=0).mean()


def test_the_order_of_people_and_equal_seeds_do_not_matter(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    turned = np.arange(len(states))[::-1]
    one = update(evidence, items, states, outcome)
    other = update(evidence, items, states[turned], outcome[turned])
    np.testing.assert_allclose(one.tables.score(states), other.tables.score(states), atol=1e-6)
    first, second = one.draws(3, seed=5), one.draws(3, seed=5)
    assert all(
        (a.score(states) == b.score(states)).all() for a, b in zip(first, second, strict=True)
    )


def test_a_whole_weight_counts_as_so_many_people(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, 0.3)
    some = _with_events(outcome, 60, 90)
    weight = np.ones(len(some))
    weight[:10] = 2.0
    twice = np.concatenate([some, some[:10]])
    weighted = update(
        evidence, items, states[some], outcome[some], weight=weight, reference=states
    )
    repeated = update(evidence, items, states[twice], outcome[twice], reference=states)
    np.testing.assert_allclose(
        weighted.tables.score(states), repeated.tables.score(states), atol=1e-6
    )


def test_shapes_have_mean_square_one_and_no_straight_part(prepared):
    items, _, _ = prepared
    for item, basis in zip(items, deviations.basis_of(items), strict=True):
        weights = np.array(item.axis.reference[: item.known], dtype=float)
        weights /= weights.sum()
        known = basis.columns[: item.known]
        shape = known[:, [kind == "shape" for kind in basis.kinds]]
        if shape.shape[1]:
            assert float(weights @ (shape**2).sum(axis=1)) == pytest.approx(1.0)
            assert np.abs(weights @ shape).max() < 1e-9
        for place, kind in enumerate(basis.kinds):
            if kind == "trend":
                column = known[:, place]
                assert float(weights @ column**2) == pytest.approx(1.0)
                assert np.abs((weights * column) @ shape).max(initial=0.0) < 1e-9
        assert (basis.columns[item.live :] == 0).all()


def test_the_closed_test_keeps_what_outcomes_do_not_contradict(prepared):
    items, states, outcome = prepared
    evidence = _evidence(items, states, float(outcome.mean()))
    rng = np.random.default_rng(2)
    agreeing = (rng.random(len(states)) < sigmoid(evidence.tables.score(states))).astype(np.int64)
    assert closed_test(evidence.tables, items, states, agreeing).verdict == "original"
    moved = (rng.random(len(states)) < sigmoid(evidence.tables.score(states) + 1.5)).astype(
        np.int64
    )
    assert closed_test(evidence.tables, items, states, moved).verdict == "intercept"
    assert closed_test(evidence.tables, items, states, outcome).verdict == "refit"
    few = _with_events(outcome, 3, 3)
    assert closed_test(evidence.tables, items, states[few], outcome[few]).p_values is None


def test_the_additive_learner_earns_its_place_only_beyond_a_standard_error():
    rng = np.random.default_rng(4)
    truth = rng.normal(size=4000)
    outcome = (rng.random(4000) < sigmoid(truth)).astype(np.int64)
    folds = np.arange(4000) % 5
    better = earned([Rival(0.3 * truth, truth, folds)], outcome)
    assert better.share >= 0.75
    assert better.gain > better.standard_error
    noise = truth + rng.normal(size=4000)
    worse = earned([Rival(truth, noise, folds)], outcome)
    assert worse.share == 0.0
    same = earned([Rival(truth, truth, folds)], outcome)
    assert same.share == 0.0
