"""Shrunken tables: exact, without randomness, and shrunk as far as outcomes ask for."""

from __future__ import annotations

import numpy as np
import pytest
from made_up import build, instrument_value
from numpy.typing import NDArray

from riskengine.evaluation.metrics import sigmoid
from riskengine.training.axes import ScoredItem, States, scored_item
from riskengine.training.shrunken import ShrunkenTables

BY_ID = build(instrument_value()).by_id


def nominal(levels: int) -> ScoredItem:
    """An item with many names."""
    value = instrument_value()
    value["items"][2]["levels"] = [
        {"id": f"area{n}", "label": {"zh": f"地区{n}", "en": f"Area {n}"}} for n in range(levels)
    ]
    return scored_item(build(value).by_id["offence"])


def drawn(eta: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    return (np.random.default_rng(seed).random(len(eta)) < sigmoid(eta)).astype(np.int64)


def test_areas_that_do_not_differ_are_drawn_together_and_others_less() -> None:
    """Forty areas of very different size; once all alike, once truly different."""
    rng = np.random.default_rng(0)
    item = nominal(40)
    size = rng.dirichlet(np.ones(40))
    area = rng.choice(40, 6000, p=size)[:, None]
    truth = rng.normal(size=40) * 0.5
    learner = ShrunkenTables(pairs=0)

    def spread(outcome: NDArray[np.int64]) -> NDArray[np.float64]:
        return learner.fit([item], area, outcome, seed=0).tables.mains[0][:40]

    alike = spread(drawn(np.full(6000, -1.0), 1))
    assert np.ptp(alike) < 0.1
    apart = spread(drawn(-1.0 + truth[area[:, 0]], 2))
    people = np.bincount(area[:, 0], minlength=40)
    some = people > 0
    assert np.corrcoef(apart[some], truth[some])[0, 1] > 0.75
    # nearer to the truth than shares of events, where an area has few people
    events = np.bincount(area[:, 0], weights=drawn(-1.0 + truth[area[:, 0]], 2), minlength=40)
    raw = np.log((events + 0.5) / (people - events + 0.5)) + 1.0
    few = some & (people < np.median(people))
    assert ((apart - truth)[few] ** 2).mean() < 0.6 * ((raw - truth)[few] ** 2).mean()
    # an area in which nobody stands is an average area, whatever the others' sizes
    unseen = apart[~some]
    assert len(unseen) > 1
    assert np.ptp(unseen) < 1e-12
    assert unseen[0] == pytest.approx(apart[some].mean(), abs=0.05)


def test_an_order_is_used() -> None:
    """A smooth rise over ten levels is found more exactly where levels are known to be ordered."""
    rng = np.random.default_rng(3)
    value = instrument_value()
    value["items"][0]["bands"] = list(range(1, 10))
    item = scored_item(build(value).by_id["priors"])
    states = rng.integers(0, 10, (1500, 1))
    truth = np.linspace(-0.6, 0.6, 10)
    outcome = drawn(truth[states[:, 0]], 4)
    errors = [
        ((table.mains[0][:10] - table.mains[0][:10].mean() - truth) ** 2).mean()
        for table in (
            ShrunkenTables(pairs=0, ordered=ordered).fit([item], states, outcome, seed=0).tables
            for ordered in (True, False)
        )
    ]
    assert errors[0] < 0.7 * errors[1]


def many(people: int, seed: int) -> tuple[list[ScoredItem], States]:
    rng = np.random.default_rng(seed)
    items = [scored_item(BY_ID[name]) for name in ("priors", "age", "offence", "gang", "work")]
    return items, np.column_stack([rng.integers(0, item.known, people) for item in items])


def test_pairs_come_in_only_where_there_is_something_to_them() -> None:
    learner = ShrunkenTables()
    found = 0
    for seed in range(5):
        items, states = many(3000, seed)
        eta = -0.5 + 0.4 * states[:, 0] - 0.3 * states[:, 1]
        outcome = drawn(eta, 10 + seed)
        found += bool(learner.fit(items, states, outcome, seed=0).tables.pairs)
        both = (states[:, 0] - 1.5) * (states[:, 4] - 1.0)
        outcome = drawn(eta + 0.5 * both, 20 + seed)
        tables = learner.fit(items, states, outcome, seed=0).tables
        assert (0, 4) in tables.pairs
        cells = tables.pairs[0, 4]
        assert cells[3, 2] + cells[0, 0] - cells[3, 0] - cells[0, 2] > 1.0, "truth: 3.0"
    assert found <= 1


def test_given_pairs_are_taken_and_weights_are_people() -> None:
    items, states = many(800, 1)
    outcome = drawn(-0.5 + 0.4 * states[:, 0], 5)
    learner = ShrunkenTables()
    times = np.random.default_rng(6).integers(1, 3, 800)
    weighted = learner.fit(
        items, states, outcome, seed=0, weight=times.astype(np.float64), pairs=[(4, 1)]
    ).tables
    repeated = learner.fit(
        items, np.repeat(states, times, axis=0), np.repeat(outcome, times), seed=0, pairs=[(1, 4)]
    ).tables
    assert list(weighted.pairs) == list(repeated.pairs) == [(1, 4)]
    # the population of the prior is people, not weights; they nearly agree
    assert np.abs(weighted.score(states) - repeated.score(states)).max() < 0.1
    assert not learner.fit(items, states, outcome, seed=0, pairs=[]).tables.pairs


def test_an_item_with_one_level_or_nobody_in_a_level_is_no_obstacle() -> None:
    items, states = many(600, 2)
    states[:, 2] = 1
    states[:, 0] = np.minimum(states[:, 0], 2)
    outcome = drawn(0.4 * states[:, 0] - 0.5, 7)
    tables = ShrunkenTables().fit(items, states, outcome, seed=0).tables
    assert all(np.isfinite(part).all() for part in tables.parts())
    assert tables.mains[2] == pytest.approx(0.0, abs=1e-9)
    assert tables.mains[0][3] > tables.mains[0][2], "beyond the last seen level the trend goes on"


def test_an_item_with_which_all_others_differ_brings_its_pairs_together() -> None:
    """Every effect is halved in one group; no single pair need be sure of it."""
    items, states = many(6000, 3)
    eta = (0.35 * states[:, 0] - 0.4 * states[:, 1] + 0.3 * states[:, 4]) * (
        1.0 - 0.6 * states[:, 3]
    )
    tables = ShrunkenTables().fit(items, states, drawn(eta, 8), seed=0).tables
    assert {(0, 3), (1, 3), (2, 3), (3, 4)} <= set(tables.pairs)
    fitted = ShrunkenTables().fit(items, states, drawn(eta, 8), seed=0)
    assert fitted.held is not None
    refit = fitted.held.fit(
        items, states, drawn(eta, 8), seed=0, pairs=list(tables.pairs)
    ).tables  # fmt: skip
    assert np.abs(refit.score(states) - tables.score(states)).max() < 1e-9
