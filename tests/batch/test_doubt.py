"""What is worked out for many people at once is what one person gets, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from riskengine import Engine
from riskengine.explanation.stability import band_chances, band_stability
from riskengine.scorecard import factor, ratings
from riskengine.scorecard.compiled import Encoded
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.scorecard.uncertainty import model_variance, truth_variance


@pytest.mark.parametrize(
    "model", ["georgia_parole_3y", "nc_prison_release_3y", "cn_serious_noncompliance"]
)
def test_many_people_get_the_doubt_of_one(model):
    card = Engine.load(model, None, research=True).scorecard
    rng = np.random.default_rng(4)
    states = np.stack([rng.integers(0, axis.states, 300) for axis in card.document.axes], axis=1)
    numbers = np.full((300, len(card.linears)), np.nan)
    many = Encoded(states, numbers)
    ones = [Encoded(states[i : i + 1], numbers[i : i + 1]) for i in range(300)]
    for of in (model_variance, truth_variance, lambda c, e: c.scores(c.term_parts(e))):
        assert of(card, many).tolist() == [of(card, one).tolist()[0] for one in ones]
    assert len(factor.factor_of(card).groups) < len(card.tables)
    which, change, chance = ratings.ratings_of(card).others(states)
    for i in range(0, 300, 30):
        one = ratings.ratings_of(card).another(states[i].tolist())
        assert change[which[i]].tolist() == one.change.tolist()
        assert chance[which[i]].tolist() == one.chance.tolist()


def test_bands_of_many_are_those_of_one():
    engine = Engine.load()
    card, cuts = engine.scorecard, engine.policy.cut_offs
    rng = np.random.default_rng(6)
    states = np.stack([rng.integers(0, axis.states, 200) for axis in card.document.axes], axis=1)
    scores = rng.integers(cuts.relaxed_below - 9, cuts.strict_from + 9, 200)
    variance = np.where(rng.random(200) < 0.1, 0.0, rng.random(200))
    unit = card.document.log_odds.unit / 2**LOG_ODDS_BITS
    which, change, chance = ratings.ratings_of(card).others(states)
    many = band_chances(
        scores, cuts, model_variance=variance, change=change[which], chance=chance[which],
        log_odds_per_unit=unit, whole_points=True,
    )  # fmt: skip
    for i, score in enumerate(scores.tolist()):
        one = band_stability(
            score, cuts, model_variance=float(variance[i]), log_odds_per_unit=unit,
            rerating=ratings.ratings_of(card).another(states[i].tolist()), whole_points=True,
        )  # fmt: skip
        assert one.value == min(1.0, max(0.0, many[cuts.band(score).rank][i]))


def test_tables_that_share_no_axes_stay_apart():
    assert factor.groups_of([(0,), (1,), (0, 1), (2,)], [3, 3, 50], 100) == [[0, 1, 2], [3]]
    assert factor.groups_of([(0, 1), (1, 2), (0, 2)], [9, 9, 9], 81) == [[0], [1], [2]]
