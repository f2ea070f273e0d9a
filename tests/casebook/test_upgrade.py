"""A record of an earlier version is brought to the newest with everything that is in it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

from riskengine.casebook.checks import standing
from riskengine.casebook.database import Casebook, connect, reading
from riskengine.casebook.places import MIGRATIONS, migrate
from riskengine.casebook.rebuild import digests
from riskengine.casebook.rules import find_rules
from riskengine.casebook.sealing import MasterKey
from tests.casebook.rounds import one_round


def test_the_first_version_is_upgraded_with_its_rows(new_url, staff, engine, clock):
    book = Casebook(connect(new_url()), MasterKey.of(b"k" * 32), find_rules())
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with book.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    one_round(book, staff, engine, clock, person="A-1")
    with reading(book) as tx:
        before = digests(tx.session)
    migrate(book.engine)
    with reading(book) as tx:
        assert digests(tx.session) == before
        assert standing(tx, at=clock()).sound
    one_round(book, staff, engine, clock, person="A-2")
    with reading(book) as tx:
        assert standing(tx, at=clock()).events == 12
    book.engine.dispose()
