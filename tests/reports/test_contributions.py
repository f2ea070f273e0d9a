from __future__ import annotations

import pytest

from riskengine.explanation.texts import Texts
from riskengine.reports.contributions import (
    MOST_ROWS,
    Row,
    contribution_groups,
    ruled_out,
    without_effect,
)
from riskengine.reports.figures import ScoreUnit
from riskengine.reports.html import page_texts
from tests.reports.made_up import answer, factor, recommendation

POINTS = ScoreUnit(True)
DOMAINS = {"age": "past", "companions": "ties", "alcohol": "habits"}


def contribution_rows(one, say, unit) -> list[Row]:
    return [row for group in contribution_groups(one, say, unit, {}) for row in group.rows]


@pytest.fixture(scope="module")
def say() -> Texts:
    return page_texts("en")


def test_what_can_change_stands_apart_from_what_cannot_with_its_sum(say):
    can, cannot = contribution_groups(recommendation(), say, POINTS, DOMAINS)
    assert (can.kind, can.amount, can.direction) == ("changeable", "+8", "raises")
    assert (cannot.kind, cannot.amount, cannot.direction) == ("fixed", "−3", "lowers")
    assert [(row.label, row.amount, row.direction) for row in (*can.rows, *cannot.rows)] == [
        ("Label of companions", "+6", "raises"),
        ("Label of alcohol", "+2", "raises"),
        ("Label of age", "−3", "lowers"),
    ]


def test_within_a_group_the_domain_that_moves_most_comes_first(say):
    first = {"alcohol": "habits", "companions": "ties"}
    can, _ = contribution_groups(recommendation(), say, POINTS, first)
    assert [row.domain for row in can.rows] == ["habits", "ties"]


def test_a_row_tells_source_kind_and_whether_it_is_for_all_eyes(say):
    companions, alcohol, _ = contribution_rows(recommendation(), say, POINTS)
    assert companions.sources == ("file", "2026-03-01", "S-1")
    assert not companions.withheld
    assert alcohol.sources[0] == "family"
    assert alcohol.withheld


def test_confidential_answers_are_withheld_too(say):
    one = recommendation(factors=[factor("distress", 1, disclosure="confidential")])
    assert contribution_rows(one, say, POINTS)[0].withheld


def test_what_was_asked_without_effect_and_what_is_open_are_told_apart():
    assert without_effect(recommendation()) == ("Label of work",)
    # an open question stands under what is not known
    assert ruled_out(recommendation()) == ()
    assert ruled_out(recommendation(missing=None)) == ("Label of drugs",)


def test_an_item_that_moves_the_score_in_a_pair_is_not_called_without_effect():
    pair = {
        "term": "a:b",
        "answers": [answer("a"), answer("b")],
        "contribution": 2,
        "log_odds": 0.2,
        "changeable": False,
    }
    assert without_effect(recommendation(factors=[pair, factor("a", 0), factor("c", 0)])) == (
        "Label of c",
    )


def test_a_pair_is_one_row_with_both_answers(say):
    pair = {
        "term": "a:b",
        "answers": [answer("a"), answer("b", known=False, disclosure="third_party")],
        "contribution": 2,
        "log_odds": 0.2,
        "changeable": False,
    }
    (row,) = contribution_rows(recommendation(factors=[pair]), say, POINTS)
    assert row.label == "Label of a with Label of b"
    assert row.answer == "answer to a; answer to b"
    assert not row.known
    assert row.withheld


@pytest.mark.parametrize("extra", [0, 1, 30])
def test_what_does_not_fit_is_summed_exactly(say, extra):
    factors = [factor(f"f{i}", 1000 - i) for i in range(MOST_ROWS + extra)]
    rows = contribution_rows(recommendation(factors=factors), say, POINTS)
    assert len(rows) == MOST_ROWS
    assert sum(int(row.amount) for row in rows) == sum(f["contribution"] for f in factors)
    (group,) = contribution_groups(recommendation(factors=factors), say, POINTS, {})
    assert int(group.amount) == sum(f["contribution"] for f in factors)
    assert rows[-1].single == (extra == 0)


def test_the_rest_is_withheld_where_one_of_it_is(say):
    factors = [factor(f"f{i}", 100 - i) for i in range(MOST_ROWS)]
    factors += [factor("last", 1, disclosure="third_party")]
    assert contribution_rows(recommendation(factors=factors), say, POINTS)[-1].withheld


def test_log_odds_are_summed_before_they_are_rounded(say):
    unit = round(0.004 * 2**40)
    factors = [factor(f"big{i}", 2**40) for i in range(MOST_ROWS - 1)]
    factors += [factor(f"small{i}", unit) for i in range(10)]
    rows = contribution_rows(recommendation(factors=factors), say, ScoreUnit(False))
    assert rows[-1].amount == "+0.04"


def test_a_reviewer_is_shown_every_line(say):
    factors = [factor(f"f{i}", 1000 - i) for i in range(MOST_ROWS + 9)]
    (group,) = contribution_groups(recommendation(factors=factors), say, POINTS, {}, most=None)
    assert len(group.rows) == MOST_ROWS + 9
