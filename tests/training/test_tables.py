"""Axes, centring and draws: zero is the average person, and nothing else changes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import build, instrument_value

from riskengine.errors import TrainingError
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import REFERENCE_TOTAL
from riskengine.training.axes import candidates, encode, largest_remainder, scored_item
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.tables import Tables, centred, marginals, with_draws


@pytest.fixture(scope="module")
def cohort(small: Instrument, people: object) -> Cohort:
    return read_cohort(people, small, "event_1y")  # type: ignore[arg-type]


def test_axes_follow_the_instrument(small: Instrument, cohort: Cohort) -> None:
    items = {item.id: item for item in candidates(small, cohort, include_protected=False)}
    assert list(items) == ["priors", "age", "offence", "gang", "work"]
    assert items["priors"].axis.cuts == (1, 2, 4)
    assert [item.sign for item in items.values()] == [1, -1, 0, 1, 0]
    assert items["gang"].axis.groups == (("false",), ("true",))
    assert items["gang"].axis.not_known == (NOT_KNOWN,)
    assert items["offence"].axis.not_known[0] == ("unknown",)
    assert not items["offence"].ordered
    assert items["offence"].live == 5


def test_with_protected_items_the_telling_gap_is_learned(
    small: Instrument, cohort: Cohort
) -> None:
    items = {item.id: item for item in candidates(small, cohort, include_protected=True)}
    assert "sex" in items
    assert items["gang"].learned


def test_an_item_known_too_late_is_refused(cohort: Cohort) -> None:
    value = instrument_value()
    value["items"][6]["use"] = ["scored"]
    with pytest.raises(TrainingError, match=r"item \[violations\] is scored, yet"):
        candidates(build(value), cohort, include_protected=False)


def test_states_are_those_of_the_answers(small: Instrument, cohort: Cohort) -> None:
    items = candidates(small, cohort, include_protected=False)
    states = encode(cohort, items)
    for person in range(0, cohort.people, 97):
        priors = cohort.answers[person]["priors"]
        assert isinstance(priors, int)
        assert states[person, 0] == sum(priors >= cut for cut in (1, 2, 4))
        assert (states[person, 3] == 2) == (cohort.answers[person]["gang"] == "unknown")


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any))
def test_weights_share_the_total_exactly(counts: list[int]) -> None:
    shares = largest_remainder(np.array(counts), REFERENCE_TOTAL)
    assert sum(shares) == REFERENCE_TOTAL
    exact = [count * REFERENCE_TOTAL / sum(counts) for count in counts]
    assert max(abs(a - b) for a, b in zip(shares, exact, strict=True)) < 1


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_centring_changes_no_score_and_puts_the_average_at_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = instrument_value()
    by_id = build(value).by_id
    items = [
        scored_item(by_id["priors"]),
        scored_item(by_id["offence"], learned=True),
        scored_item(by_id["gang"]),
    ]
    sizes = [item.axis.states for item in items]
    tables = Tables(
        float(rng.normal()),
        tuple(rng.normal(size=size) for size in sizes),
        {pair: rng.normal(size=[sizes[i] for i in pair]) for pair in [(0, 1), (0, 2), (1, 2)]},
    )
    states = np.column_stack([rng.integers(0, size, 200) for size in sizes])
    weights = marginals(items, states)
    after = centred(tables, items, weights)
    live = np.array(list(product(*(range(item.live) for item in items))))
    assert np.abs(after.score(live) - tables.score(live)).max() < 1e-12
    for item, table, weight in zip(items, after.mains, weights, strict=True):
        assert abs(weight @ table) < 1e-12
        assert not table[item.live :].any()
    for (first, second), table in after.pairs.items():
        assert np.abs(table @ weights[second]).max() < 1e-12
        assert np.abs(weights[first] @ table).max() < 1e-12
        assert not table[items[first].live :].any()
        assert not table[:, items[second].live :].any()
    # an answer that is not known counts as the average over the known ones
    silent = after.score(np.array([[1, 0, 2]]))[0]
    average = sum(weights[2][gang] * after.score(np.array([[1, 0, gang]]))[0] for gang in range(2))
    assert abs(silent - average) < 1e-12


def test_draws_replace_only_what_is_held_at_zero(small: Instrument, cohort: Cohort) -> None:
    items = candidates(small, cohort, include_protected=False)
    states = encode(cohort, items)
    weights = marginals(items, states)
    drawn = with_draws(states, items, weights, seed=5)
    women = states[:, 3] == 2
    assert women.sum() > 300
    assert (drawn[~women] == states[~women]).all()
    assert (drawn[:, 2] == states[:, 2]).all(), "a learned unknown stays as it is"
    assert set(drawn[women, 3]) == {0, 1}
    assert abs((drawn[women, 3] == 1).mean() - weights[3][1]) < 0.06
    assert (with_draws(states, items, weights, seed=5) == drawn).all()
