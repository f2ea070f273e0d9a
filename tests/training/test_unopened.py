"""Replicates doubt what is not open, and leave the mean where it was."""

from __future__ import annotations

import numpy as np
import pytest
from made_up import build, instrument_value, made_up

from riskengine.training.axes import candidates, encode, with_reference
from riskengine.training.cohort import read_cohort
from riskengine.training.tables import Tables
from riskengine.training.unopened import replicates
from riskengine.training.update import DEFAULT, Start, update

DRAWS = 400


@pytest.fixture(scope="module")
def people():
    instrument = build(instrument_value())
    cohort = read_cohort(made_up(1500), instrument, "event_1y")
    items = candidates(instrument, cohort, include_protected=False)
    states = encode(cohort, items)
    return with_reference(items, states), states, cohort.outcome


def start(items) -> Start:
    mains = [np.zeros(item.axis.states) for item in items]
    mains[0][: items[0].known] = np.linspace(-0.5, 0.8, items[0].known)
    return Start(Tables(-1.0, tuple(mains), {}))


def updated(people, events: int):
    items, states, outcome = people
    drawn = np.concatenate(
        [np.flatnonzero(outcome == 1)[:events], np.flatnonzero(outcome == 0)[: 2 * events]]
    )
    return update(start(items), items, states[drawn], outcome[drawn], reference=states)


def scores(tables, states) -> np.ndarray:
    return np.stack([one.score(states) for one in tables])


def test_a_closed_door_is_not_certainty(people) -> None:
    found = updated(people, 8)
    states = people[1][:300]
    assert found.opened == ("intercept",)
    learned = scores(found.draws(DRAWS, 1), states).var(axis=0)
    doubted = scores(replicates(found, DRAWS, 1), states).var(axis=0)
    assert (doubted > learned).all()
    # the prior's mean square of the deviations of every item, averaged over people
    smallest = len(found.items) * (DEFAULT.trends[0] ** 2 + DEFAULT.shapes[0] ** 2)
    largest = len(found.items) * (DEFAULT.trends[-1] ** 2 + DEFAULT.shapes[-1] ** 2)
    more = (doubted - learned).mean()
    evidence = found.unknowns.start.score(states)
    largest += DEFAULT.slope_sd**2 * (evidence - found.unknowns.start.intercept).var() * 1.5
    assert smallest < more < largest


def test_the_mean_stays(people) -> None:
    found = updated(people, 8)
    states = people[1][:300]
    drawn = scores(replicates(found, DRAWS, 2), states)
    away = drawn.mean(axis=0) - found.tables.score(states)
    error = drawn.std(axis=0) / np.sqrt(DRAWS)
    assert np.abs(away / error).max() < 4.5


def test_what_is_open_is_left_alone(people) -> None:
    found = updated(people, 120)
    assert len(found.opened) == 3
    states = people[1][:50]
    assert (scores(replicates(found, 100, 3), states) == scores(found.draws(100, 3), states)).all()


def test_equal_seeds_give_equal_replicates(people) -> None:
    found = updated(people, 8)
    states = people[1][:50]
    one, two, other = (scores(replicates(found, 20, seed), states) for seed in (5, 5, 6))
    assert (one == two).all()
    assert (one != other).any()


def test_everybody_averages_to_the_same_over_the_reference(people) -> None:
    """A deviation moves people apart and not the whole district: that is the intercept's part."""
    found = updated(people, 8)
    for one in replicates(found, 20, 7):
        for table, item, weights in zip(one.mains, found.items, found.weights, strict=True):
            assert weights @ table == pytest.approx(0.0, abs=1e-9), item.id
