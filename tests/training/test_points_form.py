"""A learned form keeps its directions, forgives silence, and is what paper adds up."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from made_up import build, instrument_value
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.training.axes import (
    ScoredItem,
    States,
    candidates,
    encode,
    scored_item,
    with_reference,
)
from riskengine.training.bounded import bounded_fit, bounded_step
from riskengine.training.calibration import Sigmoid
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.export import Learning
from riskengine.training.penalised import fit
from riskengine.training.points_coding import coding, columns_of
from riskengine.training.points_export import export_points
from riskengine.training.points_form import (
    MOST_ITEMS,
    PointsForm,
    PointsProcedure,
    points_form,
)
from riskengine.training.points_rounding import MOST_RANGE
from riskengine.training.points_selection import Judged
from riskengine.training.procedure import cross_fit, folds_of
from riskengine.training.steps import PenalisedSteps
from riskengine.training.tables import marginals

SEED = 4
Outcome = NDArray[np.int64]


@cache
def instrument() -> Instrument:
    return build(instrument_value())


def province(people: int, seed: int = 1) -> tuple[tuple[ScoredItem, ...], States, Outcome]:
    """People with known reasons: priors, age and gang matter, offence and work do not.

    The first step of age goes the wrong way in the truth, so that a direction has work to do.
    """
    items = tuple(
        scored_item(instrument().by_id[name])
        for name in ("priors", "age", "offence", "gang", "work")
    )
    rng = np.random.default_rng(seed)
    states = np.column_stack([rng.integers(0, item.known, people) for item in items])
    gone = rng.random(people) < 0.2
    states[gone, 3] = items[3].known
    score = (
        -1.8
        + 0.6 * states[:, 0]
        + np.array([0.6, 0.9, -0.3])[states[:, 1]]
        + np.where(gone, 0.4, 0.8 * (states[:, 3] == 1))
    )
    outcome = (rng.random(people) < 1 / (1 + np.exp(-score))).astype(np.int64)
    return items, states, outcome


@cache
def learned() -> PointsForm:
    return points_form(*province(3000), seed=SEED)


def test_what_matters_is_asked_and_what_does_not_is_left_out() -> None:
    assert {item.id for item in learned().tables.items} == {"priors", "age", "gang"}
    assert learned().path[0].item == "priors"
    assert {entered.item for entered in learned().path[:3]} == {"priors", "age", "gang"}
    assert len(learned().path) == 5


def test_an_item_that_is_worth_no_point_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judged, "simplest", lambda self: len(self.scores) - 1)
    monkeypatch.setattr("riskengine.training.points_rounding.UNITS", (0.4,))
    form = points_form(*province(3000), seed=SEED)
    assert all(cells.any() for cells in form.tables.cells)
    assert {"priors", "age", "gang"} <= {item.id for item in form.tables.items}
    assert len(form.tables.items) < 5


def test_points_are_whole_and_few() -> None:
    tables = learned().tables
    low, high = tables.range
    assert all(cells.dtype == np.int64 for cells in tables.cells)
    assert 5 <= high - low <= MOST_RANGE
    _, states, _ = province(3000)
    assert tables.points(states).min() >= low
    assert tables.points(states).max() <= high


def test_an_answer_that_is_not_known_is_worth_exactly_nothing() -> None:
    for item, cells in zip(learned().tables.items, learned().tables.cells, strict=True):
        assert (cells[item.known :] == 0).all()
        assert (cells[: item.known] == 0).any()  # as much as a typical answer
    items = province(10)[0]
    silent = np.array([[item.known for item in items]])
    assert learned().tables.points(silent) == 0
    assert learned().unrounded.score(silent) == learned().unrounded.intercept
    # and that is the average answer's worth
    weights = marginals(items, province(3000)[1])
    for main, weight in zip(learned().unrounded.mains, weights, strict=True):
        assert weight @ main == pytest.approx(0.0, abs=1e-12)


def test_an_enforced_direction_is_kept_against_the_truth() -> None:
    for item, cells in zip(learned().tables.items, learned().tables.cells, strict=True):
        if item.sign:
            assert (item.sign * np.diff(cells[: item.known]) >= 0).all(), item.id
    free = tuple(replace(item, sign=0) for item in province(10)[0])
    form = points_form(free, *province(3000)[1:], seed=SEED)
    age = form.tables.cells[[item.id for item in form.tables.items].index("age")]
    assert age[1] > age[0]  # without the direction, the data have it their way


def test_the_score_is_what_paper_adds_up() -> None:
    items, states, _ = province(200, seed=8)
    tables = learned().tables
    by_hand = [
        sum(int(c[person[k]]) for k, c in zip(tables.columns, tables.cells, strict=True))
        for person in states
    ]
    assert tables.points(states).tolist() == by_hand
    score = tables.in_log_odds(items).score(states)
    assert np.allclose(score, tables.offset + tables.unit * np.array(by_hand), atol=1e-12)
    sigmoid = Sigmoid(slope=0.8, intercept=-0.1)
    assert np.allclose(
        tables.calibrated(sigmoid).in_log_odds(items).score(states), sigmoid.of(score), atol=1e-12
    )
    assert tables.calibrated(sigmoid).points(states).tolist() == by_hand


def test_equal_input_gives_an_equal_form() -> None:
    again = points_form(*province(3000), seed=SEED)
    assert again.options() == learned().options()
    assert all(
        (a == b).all() for a, b in zip(again.tables.cells, learned().tables.cells, strict=True)
    )
    assert (again.tables.unit, again.tables.offset) == (
        learned().tables.unit,
        learned().tables.offset,
    )


def test_people_of_weight_zero_teach_nothing() -> None:
    items, states, outcome = province(1500)
    rng = np.random.default_rng(3)
    weight = (rng.random(len(outcome)) < 0.7).astype(np.float64)
    spoilt = np.where(weight > 0, outcome, 1 - outcome)
    # folds are dealt by the outcomes of all, so it is the regression that must not move
    columns = columns_of(items, marginals(items, states))
    given = {"precision": columns.precision(0.5), "floored": columns.floored, "weight": weight}
    design = columns.design(states)
    one = bounded_fit(design, outcome, **given)
    assert (one == bounded_fit(design, spoilt, **given)).all()
    assert points_form(items, states, spoilt, weight=weight, seed=SEED).path[0].item == "priors"


def test_at_most_so_many_items() -> None:
    form = points_form(*province(3000), most_items=2, seed=SEED)
    assert len(form.tables.items) == 2
    for number in (0, MOST_ITEMS + 1):
        with pytest.raises(TrainingError, match="accepted are 1 to 12"):
            points_form(*province(100), most_items=number, seed=SEED)


def test_protected_items_are_refused() -> None:
    items, states, outcome = province(300)
    sex = scored_item(instrument().by_id["sex"])
    rng = np.random.default_rng(0)
    with pytest.raises(TrainingError, match=r"\[sex\] is protected"):
        points_form(
            (*items, sex),
            np.column_stack([states, rng.integers(0, 2, len(states))]),
            outcome,
            seed=SEED,
        )


def test_noise_is_no_form_and_few_events_are_too_few() -> None:
    items, states, outcome = province(800)
    noise = (np.random.default_rng(11).random(800) < 0.3).astype(np.int64)
    with pytest.raises(TrainingError, match="no item forecasts"):
        points_form(items, states, noise, seed=SEED)
    with pytest.raises(TrainingError, match="9 events among 800 people"):
        points_form(items, states, (np.arange(800) < 9).astype(np.int64), seed=SEED)


def test_the_simplest_within_a_standard_error_wins() -> None:
    rng = np.random.default_rng(5)
    best = rng.normal(-0.5, 0.1, 400)
    close = best - np.where(np.arange(400) % 2, 0.0205, -0.0195)  # .0005 behind, error .001
    far = best - 0.1
    assert Judged(np.array([far, close, best]), np.ones(400)).simplest() == 1
    assert Judged(np.array([far, close, best]), np.ones(400)).best == 2
    assert Judged(np.array([best, close]), np.ones(400)).simplest() == 0
    alone = np.zeros(400)
    alone[0] = 1.0  # one person's score decides alone
    assert Judged(np.array([far, best]), alone).behind(0) == pytest.approx((0.1, 0.0))


def test_the_floor_is_kept_and_is_the_optimum() -> None:
    rng = np.random.default_rng(2)
    design = rng.normal(size=(500, 4))
    truth = np.array([0.8, -0.6, 0.0, 0.5])
    outcome = (rng.random(500) < 1 / (1 + np.exp(-design @ truth))).astype(np.int64)
    precision = np.full(4, 2.0)
    floored = np.array([True, True, False, False])
    found = bounded_fit(design, outcome, precision=precision, floored=floored)
    gradient = design.T @ (outcome - 1 / (1 + np.exp(-design @ found))) - precision * found
    assert found[1] == 0.0
    assert gradient[1] < 0  # it would go further down
    assert np.abs(gradient[[0, 2, 3]]).max() < 1e-6
    free = bounded_fit(design, outcome, precision=precision, floored=np.zeros(4, dtype=bool))
    posterior = fit(design, outcome, mean=np.zeros(4), precision=precision)
    assert np.allclose(free, posterior.mean, atol=1e-7)
    step = bounded_step(np.eye(2), np.array([1.0, -1.0]), np.array([-np.inf, -0.25]))
    assert np.allclose(step, [1.0, -0.25])


def test_steps_have_the_same_prior_whatever_their_number() -> None:
    for name in ("priors", "age", "gang", "offence"):
        item = scored_item(instrument().by_id[name])
        one = coding(item, np.eye(item.axis.states)[0])
        ends = one.rows[item.known - 1] - one.rows[0]
        assert (ends**2 / one.stiffness).sum() == pytest.approx(1.0), name
        assert (one.rows[item.known :] == 0).all()


def test_the_form_is_cross_validated_like_any_procedure() -> None:
    items, states, outcome = province(1000)
    folds = folds_of(outcome, 2, SEED)
    found = cross_fit(PointsProcedure(items, SEED), states, outcome, folds)
    held = folds == 1
    form = points_form(items, states[~held], outcome[~held], seed=SEED)
    assert (found.kept[held] == form.tables.in_log_odds(items).score(states[held])).all()
    assert (found.free[held] == form.unrounded.score(states[held])).all()


def test_penalised_steps_export_what_they_fit() -> None:
    items, states, outcome = province(1500)
    silent = PenalisedSteps().fit(items, states, outcome, seed=SEED)
    assert silent.tables.mains[3][items[3].known] == 0.0
    items = tuple(replace(item, learned=item.id == "gang") for item in items)
    fitted = PenalisedSteps().fit(items, states, outcome, seed=SEED)
    assert fitted.difference(states) < 1e-12
    assert fitted.tables.mains[3][items[3].known] != 0.0  # learned where it may be
    assert (np.diff(fitted.tables.mains[0][: items[0].known]) >= 0).all()


@pytest.fixture(scope="module")
def cohort(people: pd.DataFrame, small: Instrument) -> Cohort:
    return read_cohort(people, small, "event_1y")


def test_the_document_is_the_form(cohort: Cohort, small: Instrument) -> None:
    items = candidates(small, cohort, include_protected=False)
    states = encode(cohort, items)
    items = with_reference(items, states)
    form = points_form(items, states, cohort.outcome, seed=SEED)
    sigmoid = Sigmoid(slope=0.9, intercept=-0.05)
    points = form.tables.calibrated(sigmoid)
    learning = Learning(
        instrument=small,
        outcome=small.outcomes_by_id["event_1y"],
        horizon_days=365,
        cohort=cohort,
        items=items,
        states=states,
        tables=points.in_log_odds(items),
        sigmoid=sigmoid,
        spread=None,
        metrics=(),
        learner="points",
        options=form.options(),
        versions={},
        seed=SEED,
    )
    document = export_points(learning, points, version="1.0.0")
    assert document.form == "points"
    assert document.id == "small_1y_points"
    assert document.intercept == 0
    scorecard = Scorecard(document=document, instrument=small)
    scores = scorecard.cells[scorecard.table_index(states[:, list(points.columns)])].sum(axis=1)
    assert (scores == points.points(states)).all()
    assert np.allclose(
        scorecard.log_odds(scores), points.in_log_odds(items).score(states), atol=1e-9
    )
    assert document.reference.score_quantiles[0] == scores.min()
    assert document.reference.score_quantiles[-1] == scores.max()
