"""Whoever owns the file can change it; nobody can change it unseen."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from riskengine.casebook.chain import event_hash
from riskengine.casebook.database import reading, writing
from riskengine.casebook.guards import POSTGRESQL, SQLITE, install_guards
from riskengine.casebook.nodes import make_node
from riskengine.casebook.roots import make_root, read_root
from riskengine.casebook.schema import Event
from riskengine.casebook.verify import verify
from tests.casebook.conftest import DISTRICT, refused
from tests.casebook.rounds import one_round


@pytest.fixture
def kept(book, staff, engine, clock, tmp_path):
    """A record with two rounds, and the root of its first."""
    one_round(book, staff, engine, clock)
    node = make_node(tmp_path / "keys", DISTRICT)
    with reading(book) as tx:
        written = json.dumps(make_root(tx, node, at=clock())).encode()
    root = read_root(written, source="root.json", trusted=[node.card])
    one_round(book, staff, engine, clock, person="EX-03", which="03")
    return book, root


def codes(book, *roots) -> set[str]:
    with reading(book) as tx:
        return {finding.code for finding in verify(tx, roots).findings}


def unguarded(book, *statements: str, **values) -> None:
    """Change the table as somebody would who owns the file: without the guards."""
    with book.engine.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        wanted = SQLITE if sqlite else POSTGRESQL
        for guard in wanted:
            table = guard.partition("_")[0]
            connection.execute(text(f"DROP TRIGGER {guard}{'' if sqlite else f' ON {table}'}"))
        if not sqlite:
            for function in ("riskengine_refuse", "riskengine_next_event"):
                connection.execute(text(f"DROP FUNCTION {function}()"))
        for statement in statements:
            connection.execute(text(statement), values)
        install_guards(connection)


def test_a_sound_record_is_sound(kept):
    book, root = kept
    with reading(book) as tx:
        found = verify(tx, [root])
    assert found.sound and found.events == 12 and found.chains == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'S-2' WHERE seq = 3",
        "DELETE FROM events WHERE seq = 12",
        "DELETE FROM events",
        'INSERT INTO events SELECT chain, 5, district, kind, at, placed, actor, "case", subject,'
        " key, facts, sealed, content_hash, previous, hash FROM events WHERE seq = 4",
        'INSERT INTO events SELECT chain, 13, district, kind, at, placed, actor, "case", subject,'
        " key, facts, sealed, content_hash, hash, hash FROM events WHERE seq = 12",
        'INSERT INTO events SELECT chain, 13, district, kind, at, placed, actor, "case", subject,'
        " key, facts, sealed, content_hash, previous, 'x' FROM events WHERE seq = 12",
        'INSERT INTO events SELECT chain, 14, district, kind, at, placed, actor, "case", subject,'
        " key, facts, sealed, content_hash, hash, 'x' FROM events WHERE seq = 12",
    ],
)
def test_the_database_refuses_every_change(kept, statement):
    book, root = kept
    with pytest.raises(DatabaseError), book.engine.begin() as connection:
        connection.execute(text(statement))
    assert codes(book, root) == set()


@pytest.mark.parametrize("seq", [1, 5, 12, 13])
def test_insert_or_replace_is_refused_too(kept, seq):
    book, root = kept
    rows = (
        f"SELECT chain, {seq}, district, kind, at, placed, 'S-2', \"case\", subject, key, facts, "
        "sealed, content_hash, previous, hash FROM events WHERE seq = "
    )
    if book.engine.dialect.name == "sqlite":
        statement = f"INSERT OR REPLACE INTO events {rows} {min(seq, 12)}"
    else:
        statement = (
            f"INSERT INTO events {rows} {min(seq, 12)} ON CONFLICT (chain, seq) DO UPDATE SET "
            "actor = 'S-2'"
        )
    with pytest.raises(DatabaseError), book.engine.begin() as connection:
        connection.execute(text(statement))
    assert codes(book, root) == set()


@pytest.mark.parametrize(
    ("statements", "seen"),
    [
        (["UPDATE events SET actor = 'S-2' WHERE seq = 3"], {"changed"}),
        (["UPDATE events SET at = '2026-03-01T00:00:00.000000Z' WHERE seq = 3"], {"changed"}),
        (["UPDATE events SET subject = NULL WHERE seq = 3"], {"changed"}),
        (["UPDATE events SET facts = replace(facts, 'ordinary', 'strict')"], {"changed"}),
        (["DELETE FROM events WHERE seq = 3"], {"missing"}),
        (["DELETE FROM events WHERE seq = 1"], {"missing"}),
        (["DELETE FROM events WHERE seq > 4"], {"tail_cut"}),
        (["DELETE FROM events"], {"tail_cut"}),
        (["DELETE FROM keys"], {"key_missing"}),
        (["UPDATE keys SET wrapped = (SELECT wrapped FROM keys LIMIT 1)"], {"bad_content"}),
        (
            [
                "UPDATE events SET seq = 100 WHERE seq = 3",
                "UPDATE events SET seq = 3 WHERE seq = 4",
                "UPDATE events SET seq = 4 WHERE seq = 100",
            ],
            {"changed"},
        ),
    ],
)
def test_without_the_guards_it_is_seen(kept, statements, seen):
    book, root = kept
    unguarded(book, *statements)
    assert seen <= codes(book, root)


def test_every_byte_of_the_sealed_content_counts(kept):
    book, root = kept
    with book.engine.connect() as connection:
        sealed = connection.execute(select(Event.sealed).where(Event.seq == 2)).scalar_one()
    for at in (0, 12, len(sealed) // 2, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[at] ^= 1
        unguarded(book, "UPDATE events SET sealed = :sealed WHERE seq = 2", sealed=bytes(changed))
        assert codes(book, root) == {"changed", "bad_content"}
    unguarded(book, "UPDATE events SET sealed = :sealed WHERE seq = 2", sealed=sealed)
    assert codes(book, root) == set()


def rewritten(book, first: int) -> None:
    """Change one event and recompute the hashes of everything after it."""
    with book.engine.connect() as connection:
        rows = [
            dict(row._mapping)
            for row in connection.execute(select(*Event.__table__.columns).order_by(Event.seq))
        ]
    with book.engine.begin() as connection:
        sqlite = connection.dialect.name == "sqlite"
        connection.execute(text(f"DROP TRIGGER events_no_update{'' if sqlite else ' ON events'}"))
        for number, row in enumerate(rows):
            if row["seq"] < first:
                continue
            if row["seq"] == first:
                row["actor"] = "S-2"
            else:
                row["previous"] = rows[number - 1]["hash"]
            row["hash"] = event_hash(row)
            connection.execute(
                text("UPDATE events SET actor = :a, previous = :p, hash = :h WHERE seq = :s"),
                {"a": row["actor"], "p": row["previous"], "h": row["hash"], "s": row["seq"]},
            )


def test_a_history_that_was_written_anew_needs_the_root_to_be_seen(kept):
    book, root = kept
    rewritten(book, 3)
    assert codes(book) == {"guard_missing"}
    assert codes(book, root) == {"guard_missing", "not_as_in_root"}


def test_a_tail_written_anew_after_the_root_is_not_seen_by_that_root(kept):
    book, root = kept
    rewritten(book, 8)
    assert codes(book, root) == {"guard_missing"}


def test_a_root_of_somebody_else_is_no_root(kept, tmp_path, clock):
    book, _ = kept
    own, other = make_node(tmp_path / "a", DISTRICT), make_node(tmp_path / "b", DISTRICT)
    with reading(book) as tx:
        raw = make_root(tx, own, at=clock())
    with refused("bad_root"):
        read_root(json.dumps(raw).encode(), source="root.json", trusted=[other.card])
    raw["chains"][DISTRICT]["seq"] = 1
    with refused("bad_root"):
        read_root(json.dumps(raw).encode(), source="root.json", trusted=[own.card])
    with refused("bad_root"):
        read_root(b'{"format": []}', source="root.json", trusted=[own.card])


def test_a_missing_guard_is_named(kept):
    book, root = kept
    with book.engine.begin() as connection:
        there = "" if connection.dialect.name == "sqlite" else " ON events"
        connection.execute(text(f"DROP TRIGGER events_no_delete{there}"))
    with reading(book) as tx:
        (found,) = verify(tx, [root]).findings
    assert (found.code, found.place) == ("guard_missing", "events_no_delete")


def test_a_clock_that_ran_back_is_refused(book, staff, engine, clock):
    one_round(book, staff, engine, clock)
    clock(days=-1)
    with refused("clock_behind"):
        one_round(book, staff, engine, clock, person="EX-08")
    with writing(book, DISTRICT), reading(book) as tx:
        assert verify(tx).events == 6
