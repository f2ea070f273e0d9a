"""The projection: every enforced step holds at any partner answers, and little else moves."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import build, instrument_value

from riskengine.training.axes import ScoredItem, scored_item
from riskengine.training.monotone import MARGIN, holds, projected
from riskengine.training.tables import Floats, Tables, centred, marginals


@pytest.fixture(scope="module")
def items() -> list[ScoredItem]:
    by_id = build(instrument_value()).by_id
    return [
        scored_item(by_id["priors"]),  # must rise
        scored_item(by_id["age"]),  # must fall
        scored_item(by_id["offence"], learned=True),
        scored_item(by_id["work"]),
    ]


def random_tables(items: list[ScoredItem], seed: int) -> tuple[Tables, np.ndarray, list[Floats]]:
    rng = np.random.default_rng(seed)
    sizes = [item.axis.states for item in items]
    states = np.column_stack([rng.integers(0, size, 300) for size in sizes])
    weights = list(marginals(items, states))
    tables = Tables(
        0.3,
        tuple(rng.normal(size=size) for size in sizes),
        {
            pair: 0.4 * rng.normal(size=[sizes[i] for i in pair])
            for pair in [(0, 1), (0, 2), (1, 3), (2, 3)]
        },
    )
    return centred(tables, items, weights), states, weights


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_step_goes_the_wrong_way_at_any_partner_answers(
    items: list[ScoredItem], seed: int
) -> None:
    tables, states, weights = random_tables(items, seed)
    after = projected(tables, items, states, weights)
    # every person there could be, unknown answers included, and every step of the two items
    everyone = np.array(list(product(*(range(item.axis.states) for item in items))))
    scores = after.score(everyone)
    for column, sign in ((0, 1), (1, -1)):
        up = everyone.copy()
        up[:, column] += 1
        stays = up[:, column] < items[column].known
        assert (sign * (after.score(up[stays]) - scores[stays]) > 0).all()


def test_what_holds_already_is_left_alone(items: list[ScoredItem]) -> None:
    tables, states, weights = random_tables(items, 1)
    once = projected(tables, items, states, weights)
    assert not holds(tables, items)
    assert projected(once, items, states, weights) is once


def test_tables_of_free_items_do_not_move(items: list[ScoredItem]) -> None:
    tables, states, weights = random_tables(items, 2)
    after = projected(tables, items, states, weights)
    assert np.abs(after.pairs[2, 3] - tables.pairs[2, 3]).max() < 1e-12


def test_it_is_the_nearest_when_only_one_table_is_at_stake(items: list[ScoredItem]) -> None:
    """With no pair it is weighted isotonic regression, which scikit-learn solves exactly."""
    from sklearn.isotonic import IsotonicRegression

    tables, states, weights = random_tables(items, 3)
    alone = Tables(0.0, tables.mains, {})
    after = projected(alone, items, states, weights)
    known = items[0].known
    nearest = IsotonicRegression().fit_transform(
        np.arange(known), alone.mains[0][:known], sample_weight=weights[0][:known]
    )
    assert np.abs(after.mains[0][:known] - nearest).max() < 20 * MARGIN
