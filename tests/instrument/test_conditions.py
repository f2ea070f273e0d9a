"""The closed condition language in three-valued logic."""

from __future__ import annotations

import json
from itertools import product

import pytest
from pydantic import TypeAdapter, ValidationError

from riskengine.instrument.conditions import Condition, comparisons, compile_condition

PARSE = TypeAdapter(Condition)
A = {"item": "a", "is": True}
B = {"item": "b", "is": True}
TRUTHS = (True, False, None)


def evaluate(condition: object, known: dict, ranks: dict | None = None):
    parsed = PARSE.validate_json(json.dumps(condition))
    return compile_condition(parsed, ranks or {})(known)


def answers(a, b) -> dict:
    return {name: value for name, value in (("a", a), ("b", b)) if value is not None}


@pytest.mark.parametrize(("a", "b"), list(product(TRUTHS, TRUTHS)))
def test_all_any_not_are_kleene(a, b):
    # false is the least, true the most, not known lies between
    order = {False: 0, None: 1, True: 2}
    back = {0: False, 1: None, 2: True}
    known = answers(a, b)
    assert evaluate({"all": [A, B]}, known) is back[min(order[a], order[b])]
    assert evaluate({"any": [A, B]}, known) is back[max(order[a], order[b])]
    assert evaluate({"not": A}, known) is back[2 - order[a]]


@pytest.mark.parametrize(
    ("test", "known", "truth"),
    [
        ({"item": "n", "at_least": 2}, {"n": 2}, True),
        ({"item": "n", "at_least": 2}, {"n": 1}, False),
        ({"item": "n", "at_most": 2}, {"n": 2}, True),
        ({"item": "n", "at_most": 2}, {"n": 3}, False),
        ({"item": "n", "at_most": 2}, {}, None),
        ({"item": "level", "at_least": "mid"}, {"level": "high"}, True),
        ({"item": "level", "at_least": "mid"}, {"level": "low"}, False),
        ({"item": "x", "in": ["p", "q"]}, {"x": "q"}, True),
        ({"item": "x", "in": ["p", "q"]}, {"x": "r"}, False),
        ({"item": "m", "contains": "p"}, {"m": ("p", "q")}, True),
        ({"item": "m", "contains": "p"}, {"m": ()}, False),
        ({"item": "x", "known": True}, {}, False),
        ({"item": "x", "known": True}, {"x": "p"}, True),
        ({"item": "x", "known": False}, {}, True),
        ({"item": "n", "more_than_item": "k"}, {"n": 2, "k": 1}, True),
        ({"item": "n", "more_than_item": "k"}, {"n": 1, "k": 1}, False),
        ({"item": "n", "more_than_item": "k"}, {"n": 1}, None),
    ],
)
def test_comparisons(test, known, truth):
    ranks = {"level": {"low": 0, "mid": 1, "high": 2}}
    assert evaluate(test, known, ranks) is truth


@pytest.mark.parametrize(
    "wrong",
    [
        {"item": "a"},
        {"is": True},
        {"item": "a", "fact": "b", "is": True},
        {"item": "a", "is": True, "at_least": 1},
        {"item": "a", "equals": True},
        {"all": []},
        {"all": [A], "any": [B]},
        {"item": "a", "in": []},
        "a == true",
        {"item": "__import__('os')", "eval": "1"},
    ],
)
def test_what_is_no_condition_is_refused(wrong):
    with pytest.raises(ValidationError):
        PARSE.validate_json(json.dumps(wrong))


def test_comparisons_are_walked():
    parsed = PARSE.validate_json(json.dumps({"any": [A, {"not": {"all": [B, A]}}]}))
    assert [test.subject for test in comparisons(parsed)] == ["a", "b", "a"]
