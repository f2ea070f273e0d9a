"""The query gives the program's integers: every answer of every item, every band, every pair."""

from __future__ import annotations

import itertools
import re
import sqlite3

import pytest

from riskengine.errors import UseError
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.sql import score_sql
from riskengine.store.lookup import find_model
from tests.reports.paper.test_every_score import answers_of, linear_card, program
from tests.support.paper_forms import made_up, shipped
from tests.support.scorecards import make_document

BANDS = (("strict", 8), ("ordinary", 2), ("relaxed", 0))


def stored(answer: object, *, typed: bool) -> object:
    """A value as a text column, or as a column with a type, would hold it."""
    if isinstance(answer, bool):
        return int(answer) if typed else str(answer).lower()
    if isinstance(answer, int | float) and not typed:
        return repr(answer)
    return answer


def run(card: Scorecard, people: list[dict[str, object]], *, typed: bool = False, **options):
    items = list(card.document.items)
    database = sqlite3.connect(":memory:")
    database.execute(
        "create table answers (person text, " + ", ".join(f'"{item}"' for item in items) + ")"
    )
    database.executemany(
        f"insert into answers values ({', '.join('?' * (len(items) + 1))})",
        [
            (
                f"{i}",
                *(stored(p[item], typed=typed) if item in p else None for item in items),
            )
            for i, p in enumerate(people)
        ],
    )
    rows = database.execute(score_sql(card, **options)).fetchall()
    database.close()
    return sorted(rows, key=lambda row: int(row[0]))


CASES = {
    "shipped": lambda: shipped()[0].scorecard,
    "pairs": lambda: made_up(3, pairs=5)[0].scorecard,
    "ogrs-like pairs": lambda: made_up(7, pairs=9)[0].scorecard,
}


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_every_answer_scores_as_in_the_program(case, typed):
    card = CASES[case]()
    people = [{}]
    for item in card.document.items:
        people += [{item: answer} for answer in answers_of(card, item)]
    for axes in [term.axes for term in card.tables if len(term.axes) == 2]:
        one, two = (card.document.axes_by_id[axis].item for axis in axes)
        people += [
            {one: a, two: b}
            for a, b in itertools.product(answers_of(card, one), answers_of(card, two))
        ]
    found = run(card, people, typed=typed)
    assert [row[-1] for row in found] == [program(card, p) for p in people]


def test_the_score_is_the_sum_of_parts_that_each_read_their_own_columns():
    """With every part right for every answer, this makes every score right."""
    card = shipped()[0].scorecard
    text = score_sql(card)
    total = re.search(r"\((CAST\(.*?)\) AS \"score\"", text)
    assert total
    parts = [f'"part_{i}"' for i in range(1, len(card.tables) + 1)]
    assert total[1].split(" + ") == [f"CAST({card.document.intercept} AS BIGINT)", *parts]
    for i, (axis, term) in enumerate(zip(card.document.axes, card.tables, strict=True), start=1):
        state = re.search(rf'CASE((?:(?!END AS).)*?)END AS "state_{i}"', text, re.DOTALL)
        assert state
        assert set(re.findall(r'"([a-z_0-9]+)"', state[1])) == {axis.item}
        assert f'CASE "state_{i}" WHEN' in text
        assert term.axes == (axis.id,)


def test_bands_begin_where_the_policy_says():
    card = shipped()[0].scorecard
    cuts = shipped()[0].policy.cut_offs
    people = []
    for age, prior, companions in itertools.product(
        answers_of(card, "age_at_start"), answers_of(card, "prior_convictions_n"), "0123"
    ):
        people.append(
            {"age_at_start": age, "prior_convictions_n": prior,
             "antisocial_companions": companions}
        )  # fmt: skip
    found = run(card, people, bands=BANDS)
    assert {row[-2] for row in found} >= set(range(-1, 20))
    assert all(row[-1] == cuts.band(row[-2]).value for row in found)


@pytest.mark.parametrize(
    "value", ["", " ", "abc", "18x", "1-2", "--1", "1.2.3", "1e", "nan", "Infinity", "11", "91",
              "30.5", "-", ".", "e5", "无"]
)  # fmt: skip
def test_a_value_that_is_no_answer_has_no_score(value):
    card = shipped()[0].scorecard
    (row,) = run(card, [{"age_at_start": value}], bands=BANDS)
    assert row[-2:] == (None, None)


def test_a_level_that_the_item_does_not_have_has_no_score():
    card = shipped()[0].scorecard
    for item in ("offence_type", "prior_supervision_failure", "drug_use"):
        (row,) = run(card, [{item: "nobody_knows"}])
        assert row[-1] is None


def test_the_full_form_gives_the_same_integers_of_two_to_the_minus_forty(cn):
    document = make_document(cn, seed=11, pairs=20)
    card = Scorecard(document, cn)
    people = []
    for item in document.items:
        people += [{item: answer} for answer in answers_of(card, item)]
    found = run(card, people)
    assert [row[-1] for row in found] == [program(card, p) for p in people]


def test_a_linear_term_over_whole_numbers_is_listed(cn):
    card = linear_card(cn, "prior_convictions_n")
    people = [{}, *({"prior_convictions_n": a} for a in answers_of(card, "prior_convictions_n"))]
    assert [row[-1] for row in run(card, people)] == [program(card, p) for p in people]


def test_a_linear_term_over_other_numbers_is_refused():
    card = find_model("ogrs3_1y").scorecard
    with pytest.raises(UseError, match="round a product in ways of their own"):
        score_sql(card)


def test_names_and_texts_cannot_leave_their_quotes(cn):
    hostile = "x'); drop table answers; --\n drop table answers;"
    text = score_sql(
        Scorecard(make_document(cn, seed=1, items=["drug_use"]), cn),
        table='a"; drop table answers; --',
        key='k"',
        bands=[(hostile, 3), ("b", 0)],
    )
    database = sqlite3.connect(":memory:")
    database.execute('create table "a""; drop table answers; --" ("k""", drug_use)')
    database.execute("create table answers (x)")
    database.execute('insert into "a""; drop table answers; --" values (1, \'none\')')
    assert len(database.execute(text).fetchall()) == 1
    assert database.execute("select count(*) from answers").fetchone() == (0,)
    database.close()
    with pytest.raises(UseError, match="zero character"):
        score_sql(Scorecard(make_document(cn, seed=1, items=["drug_use"]), cn), table="a\x00")
