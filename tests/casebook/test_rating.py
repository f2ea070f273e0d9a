from __future__ import annotations

import json
import random
from datetime import date

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case
from riskengine.casebook.database import reading, writing
from riskengine.casebook.rating import (
    FEWEST,
    agreement,
    ask_ratings,
    blind_form,
    intraclass,
    kappa,
    rate,
    rated_items,
    weighted_kappa,
)
from riskengine.errors import AssessmentError
from tests.casebook.conftest import DISTRICT, actor, example, refused


def test_kappas_are_those_of_scikit_learn():
    chance = np.random.default_rng(3)
    first = chance.integers(0, 4, 300)
    second = np.where(chance.random(300) < 0.6, first, chance.integers(0, 4, 300))
    codes = np.column_stack([first, second])
    assert kappa(codes) == pytest.approx(cohen_kappa_score(first, second))
    assert weighted_kappa(codes) == pytest.approx(
        cohen_kappa_score(first, second, weights="quadratic")
    )
    assert kappa(np.zeros((30, 2), dtype=int)) is None


def test_the_icc_of_shrout_and_fleiss():
    """Their table of four judges, for judges 1 and 4: worked out by hand from mean squares."""
    values = np.array([[9.0, 8], [6, 2], [8, 8], [7, 6], [10, 9], [6, 7]])
    n, k = values.shape
    rows = k * values.mean(1).var(ddof=1)
    columns = n * values.mean(0).var(ddof=1)
    error = (values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()) ** 2
    error = error.sum() / ((n - 1) * (k - 1))
    expected = (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n)
    assert intraclass(values) == pytest.approx(expected)
    assert intraclass(np.array([[1.0, 1], [2, 2], [3, 3]])) == pytest.approx(1)


@pytest.fixture
def rated(book, staff, engine, clock):
    chance = random.Random(5)
    with writing(book, DISTRICT) as tx:
        for number in range(30):
            case = open_case(tx, staff.officer, person=f"R-{number}", office="司法所", at=clock())
            raw = example("07", gambling=str(chance.randrange(4)))
            sign(tx, staff.officer, case, raw, engine=engine, at=clock())
    return book


def ask(tx, staff, clock, share=1.0):
    return ask_ratings(tx, staff.reviewer, share=share, seed=4, since=date(2026, 1, 1), at=clock())


def test_a_second_rating_is_blind(rated, staff, engine, clock):
    with writing(rated, DISTRICT) as tx:
        some = ask(tx, staff, clock, 0.5)
        assert 5 < len(some) < 25 and ask(tx, staff, clock, 0.5) == []
        with refused("own_rating"):
            blind_form(tx, staff.officer, some[0])
        form = blind_form(tx, staff.other, some[0])
        hidden = set(rated_items(engine.instrument))
        assert hidden.isdisjoint(form["answers"]) and "gambling" in form["to_rate"]
        with pytest.raises(AssessmentError):
            rate(tx, staff.other, some[0], {"gambling": "9"}, at=clock())
        rate(tx, staff.other, some[0], {"gambling": "1"}, at=clock())
        with refused("rating_done"):
            rate(tx, staff.other, some[0], {"gambling": "1"}, at=clock())
        with refused("no_such_rating"):
            blind_form(tx, staff.stranger, some[1])


def test_agreement_an_item_and_never_a_person(rated, staff, engine, clock):
    chance = random.Random(8)
    raters = [staff.other, actor("S-3", *staff.officer.roles)]
    with writing(rated, DISTRICT) as tx:
        for number, name in enumerate(ask(tx, staff, clock)):
            answers = {"gambling": str(chance.randrange(4)), "alcohol_problem": "0"}
            if number >= FEWEST - 1:
                del answers["alcohol_problem"]
            rate(tx, raters[number % 2], name, answers, at=clock())
    with reading(rated) as tx:
        found = agreement(tx, staff.reviewer, engine.instrument, seed=1, draws=200)
        items = {one["item"]: one for one in found["items"]}
        assert items["gambling"]["pairs"] == 30
        assert items["gambling"]["low"] < items["gambling"]["kappa"] < items["gambling"]["high"]
        assert (
            items["alcohol_problem"]["pairs"] == FEWEST - 1
            and items["alcohol_problem"]["kappa"] is None
        )
        assert found["rated_items"] == ["gambling"] and not found["rater_kappa_assumed"]
        written = json.dumps(found)
        for person in ("S-1", "S-2", "S-3"):
            assert person not in written
        with refused("role"):
            agreement(tx, staff.officer, engine.instrument, seed=1)
