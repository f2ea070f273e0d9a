from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from riskengine.casebook.facts import KINDS
from riskengine.casebook.guards import missing_guards
from riskengine.casebook.places import migrate
from riskengine.casebook.projection import _APPLY
from riskengine.casebook.schema import LIVE_INDEXES, OF_A_CASE, PROJECTED, Base


def test_the_migrations_make_the_tables_that_the_program_knows(book):
    with book.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": "casebook_version",
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "index" or name not in LIVE_INDEXES,
            },
        )
        assert compare_metadata(context, Base.metadata) == []
        assert missing_guards(connection) == []
        there = {one["name"] for one in inspect(connection).get_indexes("cases")}
        assert there >= set(LIVE_INDEXES)
    migrate(book.engine)  # and once more changes nothing


def test_no_read_table_has_room_for_a_sentence(book):
    """Free text belongs into the sealed content; the label is ciphertext."""
    columns = inspect(book.engine).get_columns
    for table in PROJECTED:
        for column in columns(table.__tablename__):
            length = getattr(column["type"], "length", 0)
            assert length is not None or column["name"] == "label", column
    assert all("case" in table.__table__.columns for table in OF_A_CASE)


def test_every_kind_of_event_has_its_place_in_the_read_tables():
    assert set(KINDS.values()) == set(_APPLY)
