"""When all was checked, and what was added since."""

from __future__ import annotations

from sqlalchemy import select, text

from riskengine.casebook.checks import keep_check, standing
from riskengine.casebook.database import reading, writing
from riskengine.casebook.erasing import erase
from riskengine.casebook.guards import POSTGRESQL, SQLITE
from riskengine.casebook.schema import Check
from riskengine.casebook.verify import verify, verify_since
from tests.casebook.conftest import DISTRICT
from tests.casebook.rounds import one_round


def look(book, clock):
    at = clock()
    with reading(book) as tx:
        found = standing(tx, at=at)
    keep_check(book, found.found, at=at)
    return found


def change(book, statement: str) -> None:
    """Change the record from outside, and put the guards back as if nothing had been."""
    sqlite = book.engine.dialect.name == "sqlite"
    guards = SQLITE if sqlite else POSTGRESQL
    with book.engine.begin() as connection:
        for name in guards:
            table = "" if sqlite else f" ON {name.partition('_')[0]}"
            connection.execute(text(f"DROP TRIGGER {name}{table}"))
        connection.execute(text(statement))
        for made in guards.values():
            connection.execute(text(made))


def test_first_all_is_checked_and_then_what_was_added(book, staff, engine, clock):
    one_round(book, staff, engine, clock, person="A-1")
    first = look(book, clock)
    assert (first.found.whole, first.sound, first.events) == (True, True, 6)
    assert not keep_check(book, look(book, clock).found, at=clock())
    second = one_round(book, staff, engine, clock, person="A-2")
    found = look(book, clock)
    assert (found.found.whole, found.found.events, found.events) == (False, 6, 12)
    assert (found.whole_at, found.whole_events) == (first.whole_at, 6)
    with writing(book, DISTRICT) as tx:
        erase(tx, staff.admin, second.case, ground="court_order", words="法院要求清除", at=clock())
    found = look(book, clock)
    assert (found.sound, found.erased, found.events) == (True, 6, 13)
    with reading(book) as tx:
        assert verify(tx).erased == found.erased
        assert [one.whole for one in tx.session.scalars(select(Check))] == [True, False, False]


def test_what_was_changed_since_is_found(book, staff, engine, clock):
    one_round(book, staff, engine, clock, person="A-1")
    look(book, clock)
    one_round(book, staff, engine, clock, person="A-2")
    change(book, "UPDATE events SET actor = 'S-7' WHERE seq = 8")
    found = look(book, clock)
    assert {one.code for one in found.findings} == {"changed"} and not found.sound
    with reading(book) as tx:
        assert len(tx.session.scalars(select(Check)).all()) == 1


def test_only_a_check_of_the_whole_answers_for_what_was_checked_before(book, staff, engine, clock):
    one_round(book, staff, engine, clock)
    look(book, clock)
    change(book, "UPDATE events SET actor = 'S-7' WHERE seq = 2")
    assert look(book, clock).sound
    with reading(book) as tx:
        assert [one.code for one in verify(tx).findings] == ["changed"]


def test_a_cut_tail_and_another_last_event_are_found(book, staff, engine, clock):
    one_round(book, staff, engine, clock)
    look(book, clock)
    with reading(book) as tx:
        heads = {DISTRICT: (6, "0" * 64)}
        assert [one.code for one in verify_since(tx, heads).findings] == ["changed"]
    change(book, "DELETE FROM events WHERE seq = 6")
    assert [one.code for one in look(book, clock).findings] == ["tail_cut"]
