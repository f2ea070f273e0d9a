from __future__ import annotations

import pytest
from sqlalchemy import select, text

from riskengine.casebook import replay as module
from riskengine.casebook.database import reading, writing
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.replay import compared_with, replay
from riskengine.casebook.revealing import shown
from tests.casebook.conftest import DISTRICT
from tests.casebook.rounds import one_round


@pytest.mark.parametrize("which", ["03", "04", "05", "06", "07", "08", "09", "11", "12", "13"])
def test_what_was_shown_is_computed_again(book, staff, engine, clock, which):
    done = one_round(book, staff, engine, clock, person=f"EX-{which}", which=which)
    with reading(book) as tx:
        found = replay(tx, staff.reviewer, done.decision)
        assert found.state == "same" and found.words == () and found.compared > 150
        assert replay(tx, staff.reviewer, done.assessment) == found


def test_a_changed_number_is_named(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    with reading(book) as tx:
        stored = shown(tx, staff.officer, done.assessment).recommendation
    score = stored.score.model_copy(update={"value": stored.score.value + 1})
    numbers, words, _ = compared_with(stored, stored.model_copy(update={"score": score}))
    assert numbers == (("score.value", stored.score.value, stored.score.value + 1),)
    assert words == ()
    _, words, _ = compared_with(stored, stored.model_copy(update={"headline": "—"}))
    assert words == ("headline",)


def test_a_model_that_is_gone_is_said(book, staff, engine, clock, monkeypatch):
    done = one_round(book, staff, engine, clock)

    def gone(*_):
        raise module.RiskEngineError("no model [m@1]")

    monkeypatch.setattr(module, "_engine", gone)
    with reading(book) as tx:
        found = replay(tx, staff.officer, done.decision)
    assert found.state == "not_computable" and "no model [m@1]" in found.text("zh")


def test_rebuilt_tables_are_what_they_were(book, staff, engine, clock):
    for which in ("04", "07", "09"):
        one_round(book, staff, engine, clock, person=f"EX-{which}", which=which)
    with writing(book, DISTRICT) as tx:
        found = rebuild(tx)
        assert found.differing == ()
        assert found.after["decisions"][0] == 3 and found.after["tasks"][0] > 6


def test_a_read_table_that_was_changed_is_named_and_mended(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    with book.engine.begin() as connection:
        connection.execute(text("UPDATE cases SET tier = 'strict'"))
    with writing(book, DISTRICT) as tx:
        assert rebuild(tx).differing == ("cases",)
    with reading(book) as tx:
        row = tx.session.execute(select(text("tier")).select_from(text("cases"))).scalar_one()
        assert row == "relaxed" and done.case
