"""Stability: the share of other ratings and other models that give the same band."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from riskengine.engine import Engine
from riskengine.explanation.stability import band_stability
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.scorecard.document import LOG_ODDS_BITS
from riskengine.scorecard.ratings import NO_CHANGE, Rerating
from riskengine.scorecard.uncertainty import another_rating
from riskengine.synthetic import DEFAULT, make_province
from riskengine.synthetic.parameters import Number

CUTS = CutOffs(relaxed_below=2, strict_from=8)
SKEWED = Rerating(np.array([-0.6, -0.1, 0.0, 0.1, 0.4]), np.array([0.1, 0.15, 0.6, 0.1, 0.05]))


def stability(score: int, *, model_variance: float = 0.0, rerating: Rerating = NO_CHANGE):
    return band_stability(
        score,
        CUTS,
        model_variance=model_variance,
        rerating=rerating,
        log_odds_per_unit=0.1,
        whole_points=True,
    )


def test_without_any_doubt_a_band_is_certain() -> None:
    for score in range(-5, 15):
        assert stability(score).value == 1.0


def test_model_error_alone_is_normal() -> None:
    found = stability(3, model_variance=0.09)
    below = 0.5 * math.erfc((3 - 1.5) * 0.1 / 0.3 / math.sqrt(2))
    above = 0.5 * math.erfc((7.5 - 3) * 0.1 / 0.3 / math.sqrt(2))
    assert found.value == pytest.approx(1 - below - above, abs=2e-6)
    assert (found.runner_up, found.model_share) == (Tier.RELAXED, 1.0)


def test_ratings_alone_are_counted_and_not_smoothed() -> None:
    found = stability(7, rerating=SKEWED)
    # 7 becomes 1, 6, 7, 8 and 11 points
    assert found.value == pytest.approx(0.15 + 0.6)
    assert (found.runner_up, found.model_share) == (Tier.STRICT, 0.0)


@pytest.mark.parametrize("score", [0, 2, 5, 7, 9])
def test_both_together_against_draws(score: int) -> None:
    rng = np.random.default_rng(score)
    n = 400_000
    change = rng.choice(SKEWED.change, size=n, p=SKEWED.chance) + 0.25 * rng.standard_normal(n)
    drawn = np.digitize(score + change / 0.1, [1.5, 7.5])
    found = stability(score, model_variance=0.0625, rerating=SKEWED)
    assert found.value == pytest.approx((drawn == CUTS.band(score).rank).mean(), abs=0.003)
    rating = float(SKEWED.chance @ SKEWED.change**2)
    assert found.model_share == pytest.approx(0.0625 / (0.0625 + rating))


def test_stated_stability_is_the_agreement_of_two_raters() -> None:
    """On a made-up province rated twice: the model set aside, since both raters use the same.

    With more people and other agreements in ``benchmarks/rater_agreement.py``.
    """
    engine = Engine.load()
    card, document = engine.scorecard, engine.scorecard.document
    kappa = document.uncertainty.rater_kappa
    assert kappa is not None
    assert engine.policy is not None
    cuts = engine.policy.cut_offs
    parameters = replace(
        DEFAULT,
        offices=replace(DEFAULT.offices, second_rater_share=Number(1.0)),
        kappas=tuple(replace(entry, kappa=kappa) for entry in DEFAULT.kappas),
    )
    province = make_province(10, 600, seed=5, parameters=parameters)
    first = np.column_stack(
        [[of(answer) for answer in province.people[item]] for item, of in card.encoders]
    )
    second = first.copy()
    place = {person: n for n, person in enumerate(province.people["person"])}
    again = province.ratings[province.ratings["rater"] == 2]
    for column, (item, of) in enumerate(card.encoders):
        if item in document.uncertainty.rated_items:
            ratings = again[again["item"] == item]
            rows = [place[person] for person in ratings["person"]]
            second[rows, column] = [of(rating) for rating in ratings["rating"]]
    scores, others = (card.cells[card.table_index(s)].sum(axis=1) for s in (first, second))
    same = np.array([cuts.band(a) is cuts.band(b) for a, b in zip(scores, others, strict=True)])
    rows, which = np.unique(first, axis=0, return_inverse=True)
    stated = np.array(
        [
            band_stability(
                int(card.cells[card.table_index(row[None, :])].sum()),
                cuts,
                model_variance=0.0,
                rerating=another_rating(card, row),
                log_odds_per_unit=card.document.log_odds.unit / 2**LOG_ODDS_BITS,
                whole_points=True,
            ).value
            for row in rows
        ]
    )[which.ravel()]
    assert stated.mean() == pytest.approx(same.mean(), abs=0.03)
    for third in np.array_split(np.argsort(stated, kind="stable"), 3):
        # .05 is the goal; a third of these people has a standard error of about .01
        assert stated[third].mean() == pytest.approx(same[third].mean(), abs=0.06)
