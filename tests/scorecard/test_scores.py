"""One score, three readings: the engine, a naive evaluator, and both views of contributions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.views import item_denominator, item_parts, percentage_parts
from tests.support import naive
from tests.support.scorecards import make_document, random_people


@pytest.fixture(scope="module", params=["full", "points"])
def card(request, georgia) -> Scorecard:
    return Scorecard(make_document(georgia, seed=3, pairs=60, form=request.param), georgia)


@pytest.fixture(scope="module")
def people(georgia) -> list[dict[str, object]]:
    return random_people(georgia, 400, seed=1)


def test_equals_the_naive_evaluator(card, people):
    model = json.loads(card.document.model_dump_json(by_alias=True))
    encoded = card.encode(people)
    parts = card.term_parts(encoded)
    assert parts.tolist() == [naive.contributions(model, person) for person in people]
    assert card.scores(parts).tolist() == [naive.score(model, person) for person in people]


def test_one_person_is_a_batch_of_one(card, people):
    together = card.scores(card.term_parts(card.encode(people)))
    alone = [int(card.scores(card.term_parts(card.encode([p])))[0]) for p in people]
    assert together.tolist() == alone


def test_terms_sum_to_the_score(card, people):
    parts = card.term_parts(card.encode(people))
    total = [card.document.intercept + sum(row) for row in parts.tolist()]
    assert total == card.scores(parts).tolist()


def test_items_sum_to_the_score(card, people):
    encoded = card.encode(people)
    baseline, parts = item_parts(card, encoded)
    scale = item_denominator(card)
    scores = card.scores(card.term_parts(encoded)).tolist()
    assert [baseline + sum(row) for row in parts.tolist()] == [scale * score for score in scores]
    assert parts.shape == (len(people), len(card.document.items))


def test_item_view_is_the_interventional_shapley_value(georgia):
    """Against shap's own exact enumeration on the rows that the reference weights come from."""
    shap = pytest.importorskip("shap")
    items = ["age_at_release", "prior_revocations_parole", "prison_years", "dependents"]
    rows = random_people(georgia, 40, seed=5, unknown=0.1)
    card = Scorecard(reference_from_rows(georgia, items, rows), georgia)
    encoded = card.encode(rows)

    def score(states: np.ndarray) -> np.ndarray:
        whole = states.astype(np.int64)
        parts = card.cells[card.table_index(whole)]
        return card.log_odds(card.scores(parts))

    masker = shap.maskers.Independent(encoded.states.astype(float), max_samples=len(rows))
    explained = shap.explainers.Exact(score, masker)(encoded.states.astype(float))
    baseline, parts = item_parts(card, encoded)
    unit = item_denominator(card) * 2**40
    order = [card.document.items.index(axis.item) for axis in card.document.axes]
    np.testing.assert_allclose(parts[:, order] / unit, explained.values, atol=1e-6, rtol=0)
    np.testing.assert_allclose(baseline / unit, explained.base_values, atol=1e-6, rtol=0)


def reference_from_rows(instrument, items, rows):
    """A scorecard with pairs whose reference weights are those of the given rows."""
    draft = make_document(instrument, seed=9, pairs=6, items=items)
    card = Scorecard(draft, instrument)
    states = card.encode(rows).states
    n = len(rows)
    share = 2**30 // n
    value = json.loads(draft.model_dump_json(by_alias=True))
    position = {axis["id"]: i for i, axis in enumerate(value["axes"])}
    sizes = [axis.states for axis in draft.axes]
    for i, axis in enumerate(value["axes"]):
        counts = np.bincount(states[:, i], minlength=sizes[i]) * share
        counts[counts.argmax()] += 2**30 - share * n
        axis["reference"] = counts.tolist()
    for term in value["terms"]:
        if len(term["axes"]) == 2:
            a, b = (position[axis] for axis in term["axes"])
            index = states[:, a] * sizes[b] + states[:, b]
            counts = np.bincount(index, minlength=sizes[a] * sizes[b]) * share
            counts[counts.argmax()] += 2**30 - share * n
            term["reference"] = counts.tolist()
    return type(draft).model_validate_json(json.dumps(value))


@pytest.mark.parametrize("seed", range(50))
def test_percentage_points_sum_exactly(seed):
    rng = np.random.default_rng(seed)
    parts = rng.integers(-(2**42), 2**42, size=33)
    risk, reference = (round(float(value), 9) for value in rng.uniform(0.001, 0.999, size=2))
    shares = percentage_parts(parts, risk=risk, reference_risk=reference, log_odds_per_part=2**-41)
    assert sum(shares) == round(risk * 10**9) - round(reference * 10**9)


def test_percentage_points_of_cancelling_parts_sum_to_zero():
    parts = np.array([7 * 2**40, -4 * 2**40, -3 * 2**40])
    shares = percentage_parts(parts, risk=0.3, reference_risk=0.3, log_odds_per_part=2**-41)
    assert sum(shares) == 0
    assert shares[0] == pytest.approx(0.21 * 3.5 * 10**9, abs=2)


def test_probability_is_rounded_and_only_for_calibrated_scales(georgia):
    calibrated = Scorecard(make_document(georgia, scale="calibrated"), georgia)
    found = calibrated.probabilities(np.array([0, 2**40, -(2**40)]))
    assert found.tolist() == [0.5, 0.731058579, 0.268941421]
    relative = Scorecard(make_document(georgia), georgia)
    with pytest.raises(ValueError, match="relative scale"):
        relative.probabilities(np.array([0]))
