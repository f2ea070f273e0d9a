"""The shipped Georgia model on the people it was made from, where their data are at hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from riskengine.intake.read import read_assessments
from riskengine.scorecard.compiled import Encoded, Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL, TableTerm
from riskengine.scorecard.views import item_denominator, item_parts
from riskengine.store.lookup import find_model
from tests.support import naive

pytestmark = pytest.mark.real_data
PEOPLE = 18_028


@pytest.fixture(scope="module", params=["georgia_parole_1y", "georgia_parole_3y"])
def card(request) -> Scorecard:
    return find_model(request.param).scorecard


@pytest.fixture(scope="module")
def answers(georgia_file, georgia) -> list[dict[str, object]]:
    from datetime import date

    rows = list(read_assessments(georgia_file, georgia, assessed_on=date(2015, 1, 1)))
    assert [row.problems for row in rows if row.assessment is None] == []
    return [row.assessment.complete for row in rows]


@pytest.fixture(scope="module")
def encoded(card, answers) -> Encoded:
    return card.encode(answers)


def test_every_score_equals_the_naive_evaluator(card, answers, encoded):
    model = json.loads(card.document.model_dump_json(by_alias=True))
    scores = card.scores(card.term_parts(encoded)).tolist()
    assert len(scores) == PEOPLE
    assert scores == [naive.score(model, person) for person in answers]


def test_both_views_sum_for_everybody(card, encoded):
    parts = card.term_parts(encoded)
    scores = card.scores(parts)
    np.testing.assert_array_equal(parts.sum(axis=1) + card.document.intercept, scores)
    baseline, items = item_parts(card, encoded)
    np.testing.assert_array_equal(items.sum(axis=1) + baseline, item_denominator(card) * scores)


def test_the_item_view_is_shaps_exact_interventional_value(card, encoded):
    """200 people against the whole cohort as background, pairs included.

    Shapley values are linear, so each table is put to shap's exact enumeration by itself.
    """
    shap = pytest.importorskip("shap")
    document = card.document
    if document.id != "georgia_parole_1y":
        pytest.skip("one model is enough: the arithmetic is the same, and shap takes its time")
    position = {axis.id: i for i, axis in enumerate(document.axes)}
    column = {item: i for i, item in enumerate(document.items)}
    people = np.random.default_rng(7).choice(PEOPLE, size=200, replace=False)
    expected = np.zeros((len(people), len(column)))
    for term in card.tables:
        places = [position[axis] for axis in term.axes]
        own = encoded.states[:, places]
        seen, back = np.unique(own[people], axis=0, return_inverse=True)
        values = exact_values(shap, card, term, seen, background=own)
        for dimension, axis in enumerate(term.axes):
            item = document.axes_by_id[axis].item
            expected[:, column[item]] += values[back.ravel(), dimension]
    _, parts = item_parts(card, Encoded(encoded.states[people], encoded.numbers[people]))
    ours = parts / (item_denominator(card) * 2**40)
    largest = np.abs(ours - expected).max()
    print(f"largest difference from shap: {largest:.1e}")
    assert largest < 1e-6


def exact_values(shap, card, term: TableTerm, rows, background):
    axes = [card.document.axes_by_id[axis] for axis in term.axes]
    grid = np.array(term.cells, dtype=np.float64).reshape([axis.states for axis in axes]) / 2**40

    def table(states: np.ndarray) -> np.ndarray:
        return grid[tuple(states.astype(np.int64).T)]

    masker = shap.maskers.Independent(background.astype(float), max_samples=len(background))
    return shap.explainers.Exact(table, masker)(rows.astype(float), silent=True).values


def test_the_reference_weights_are_those_of_the_cohort(card, encoded):
    """But for what rounding to 2^-30 takes."""
    for i, axis in enumerate(card.document.axes):
        counts = np.bincount(encoded.states[:, i], minlength=axis.states)
        share = np.array(axis.reference) / REFERENCE_TOTAL
        np.testing.assert_allclose(share, counts / PEOPLE, atol=2e-9)
