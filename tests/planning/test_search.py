"""Sums over pairs of cut-offs, costs and net benefit against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import UseError
from riskengine.planning.costs import Costs, mean_cost, net_benefit, stated
from riskengine.planning.search import cheapest, cost_values, expected, grid, over_pairs, ranks
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier

COSTS = Costs(10.0, 1.0, 0.5, 0.3)
CUTS = (-2, 0, 1, 3, 6)
people = st.lists(
    st.tuples(
        st.integers(-4, 8),
        st.sampled_from([(0, 1, 2), (2, 2, 2), (1, 1, 2), (0, 1, 1)]),
        st.integers(0, 1),
        st.floats(0.2, 3.0),
    ),
    min_size=1,
    max_size=30,
)


def arrays(drawn):
    scores, steady, event, weight = zip(*drawn, strict=True)
    return np.array(scores), np.array(steady), np.array(event), np.array(weight)


@settings(deadline=None)
@given(people)
def test_every_pair_is_summed_as_by_hand(drawn):
    scores, steady, event, weight = arrays(drawn)
    found = over_pairs(scores, cost_values(COSTS, steady, event, weight), CUTS)
    for low in CUTS:
        for high in CUTS:
            if low >= high:
                continue
            by_hand = 0.0
            for score, tiers, happened, counts in drawn:
                band = 0 if score < low else 2 if score >= high else 1
                tier = tiers[band]
                cost = {
                    (0, 0): 0.0, (0, 1): 0.3, (0, 2): 1.0,
                    (1, 0): 10.0, (1, 1): 5.0, (1, 2): 0.0,
                }[happened, tier]  # fmt: skip
                by_hand += cost * counts
            assert found.at(CutOffs(low, high)) == pytest.approx(by_hand)
            at = ranks(scores, steady, CutOffs(low, high))
            assert mean_cost(COSTS, at, event, weight) == pytest.approx(by_hand / weight.sum())


@settings(deadline=None)
@given(people)
def test_the_cheapest_pair_is_found_and_ties_go_to_the_less_restrictive(drawn):
    scores, steady, event, weight = arrays(drawn)
    pairs = over_pairs(scores, cost_values(COSTS, steady, event, weight), CUTS)
    allowed = np.ones((len(CUTS), len(CUTS)), dtype=bool)
    found = cheapest(pairs, allowed)
    every = [CutOffs(a, b) for a in CUTS for b in CUTS if a < b]
    best = min(pairs.at(one) for one in every)
    ties = [one for one in every if pairs.at(one) == pytest.approx(best, abs=1e-9)]
    assert found == max(ties, key=lambda one: (one.relaxed_below, one.strict_from))


def test_a_pair_that_is_not_allowed_is_not_taken():
    allowed = np.zeros((len(CUTS), len(CUTS)), dtype=bool)
    pairs = over_pairs(np.array([1]), np.array([[0.0, 1.0, 2.0]]), CUTS)
    assert cheapest(pairs, allowed) is None
    allowed[1, 3] = allowed[3, 1] = True  # the second leaves no ordinary band
    assert cheapest(pairs, allowed) == CutOffs(0, 3)


def test_net_benefit_is_that_of_vickers_and_elkin():
    at = np.array([True] * 30 + [False] * 70)
    event = np.array([1] * 12 + [0] * 18 + [1] * 8 + [0] * 62)
    threshold = 0.2
    costs = Costs(10.0, 1.0, 0.5, 0.3)
    odds = costs.odds(Tier.ORDINARY)
    assert odds == pytest.approx(0.3 / (10 - 5))
    known = 12 / 100 - 18 / 100 * odds
    assert net_benefit(costs, Tier.ORDINARY, at, event, np.ones(100)) == pytest.approx(known)
    # costs at whose odds the threshold probability is 20 %
    other = Costs(1.0, threshold / (1 - threshold) / 0.3 * 0.5, 0.5, 0.3)
    assert other.odds(Tier.ORDINARY) == pytest.approx(0.25)
    assert net_benefit(other, Tier.ORDINARY, at, event, np.ones(100)) == pytest.approx(
        12 / 100 - 18 / 100 * 0.25
    )


def test_with_known_risks_the_search_finds_the_thresholds_that_the_costs_say():
    """A tier pays from the odds of the event on that its cost and its use say."""
    rng = np.random.default_rng(5)
    scores = rng.integers(-40, 10, 400_000)
    risk = 1 / (1 + np.exp(-scores / 10))
    event = (rng.random(len(scores)) < risk).astype(np.int64)
    steady = np.tile([0, 1, 2], (len(scores), 1))
    cuts = tuple(range(-40, 11))
    pairs = over_pairs(scores, cost_values(COSTS, steady, event, np.ones(len(scores))), cuts)
    found = cheapest(pairs, np.ones((len(cuts), len(cuts)), dtype=bool))
    ideal = [10 * np.log(COSTS.odds(tier)) for tier in (Tier.ORDINARY, Tier.STRICT)]
    assert found.relaxed_below == pytest.approx(ideal[0], abs=2)
    assert found.strict_from == pytest.approx(ideal[1], abs=2)


def test_the_honest_cost_is_not_flattered_by_the_search():
    """On pure noise the search looks good on its own people, and not on others."""
    rng = np.random.default_rng(11)
    own, honest, true = [], [], []
    cuts = tuple(range(0, 51))
    allowed = np.ones((51, 51), dtype=bool)
    for seed in range(60):
        scores = rng.integers(0, 50, 200)
        event = (rng.random(200) < 0.1).astype(np.int64)
        steady = np.tile([0, 1, 2], (200, 1))
        values = cost_values(COSTS, steady, event, np.ones(200))
        chosen = cheapest(over_pairs(scores, values, cuts), allowed)
        found = expected(
            COSTS, chosen, CutOffs(10, 40), scores, steady, event, np.ones(200),
            cuts=cuts, allowed=allowed, seed=seed,
        )  # fmt: skip
        bands = np.array([
            chosen.relaxed_below / 50,
            (chosen.strict_from - chosen.relaxed_below) / 50,
            1 - chosen.strict_from / 50,
        ]).clip(0, 1)  # fmt: skip
        true.append(float(bands @ (0.9 * COSTS.table[0] + 0.1 * COSTS.table[1])))
        own.append(found.cost)
        honest.append(found.honest)
        assert found.low <= found.difference <= found.high
    assert np.mean(own) < np.mean(true) - 0.01
    assert np.mean(honest) == pytest.approx(np.mean(true), abs=0.02)


class TestStatedCosts:
    def test_the_ordinary_share_follows_from_officer_minutes(self, engine):
        costs = stated(engine.policy.document, miss=10, needless=1)
        assert costs.ordinary_of_needless == pytest.approx((110 - 50) / (240 - 50))

    @pytest.mark.parametrize(
        "wrong", [(0, 1, 0.5, 0.3), (1, -1, 0.5, 0.3), (1, 1, 0.6, 0.4), (1, 1, 0.0, 0.3)]
    )
    def test_costs_that_make_no_sense(self, wrong):
        with pytest.raises(UseError):
            Costs(*wrong)


def test_the_grid_depends_on_the_scorecard_alone(engine):
    cuts = grid(engine.scorecard.document)
    quantiles = engine.scorecard.document.reference.score_quantiles
    assert cuts == tuple(range(quantiles[0], quantiles[-1] + 2))
