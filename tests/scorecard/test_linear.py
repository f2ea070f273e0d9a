"""Linear terms: one rounded product, clipped to the valid range, the mean where not known."""

from __future__ import annotations

import json

import pytest

from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.views import item_denominator, item_parts
from riskengine.store.lookup import find_instrument
from tests.support import naive
from tests.support.scorecards import make_document, random_people, with_golden

SLOPE = 1_375_625_000_001


@pytest.fixture(scope="module")
def card() -> Scorecard:
    instrument = find_instrument("ogrs3")
    draft = make_document(instrument, seed=6, items=["offence", "sex"], pairs=1)
    value = json.loads(draft.model_dump_json(by_alias=True))
    value["terms"].append(
        {
            "kind": "linear",
            "id": "copas_rate",
            "item": "copas_rate",
            "slope": SLOPE,
            "valid": [-3.0, 1.0],
            "reference_mean": -1.5,
        }
    )
    return Scorecard(with_golden(value, instrument), instrument)


@pytest.mark.parametrize(
    ("rate", "part"),
    [
        (-2.0, -2 * SLOPE),
        (-3.5, -3 * SLOPE),
        (4.0, SLOPE),
        ("unknown", round(-1.5 * SLOPE)),
        ("refused", round(-1.5 * SLOPE)),
    ],
)
def test_one_rounded_product(card, rate, part):
    encoded = card.encode([{"copas_rate": rate, "sex": "male", "offence": "violence"}])
    assert card.term_parts(encoded)[0, -1] == part


def test_equals_the_naive_evaluator_and_sums_in_both_views(card):
    people = random_people(card.instrument, 300, seed=2)
    assert any("copas_rate" in person for person in people)
    model = json.loads(card.document.model_dump_json(by_alias=True))
    encoded = card.encode(people)
    scores = card.scores(card.term_parts(encoded)).tolist()
    assert scores == [naive.score(model, person) for person in people]
    baseline, parts = item_parts(card, encoded)
    scale = item_denominator(card)
    assert [baseline + sum(row) for row in parts.tolist()] == [scale * s for s in scores]
