"""Opening the accounts' database, and bringing it to the newest form."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy import Engine as Database
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from riskengine.casebook.commits import Writers
from riskengine.errors import UseError

MIGRATIONS = Path(__file__).parent / "migrations"


def open_accounts(url: str) -> Database:
    """Open a database of accounts and migrate it; see `riskengine.server.settings`.

    Raises
    ------
    UseError
        Where the address is not one.
    """
    try:
        parsed = make_url(url)
        database = create_engine(parsed, pool_pre_ping=not parsed.drivername.startswith("sqlite"))
    except Exception as error:
        raise UseError(
            "accounts: not a database address; accepted: sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/NAME"
        ) from error
    if parsed.drivername.startswith("sqlite"):
        event.listen(database, "connect", _on_connect)
        event.listen(database, "begin", _on_begin)
    _migrate(database)
    return database


def _on_connect(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=60000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # a reader that turns into a writer could meet a newer state and fail; a writer says so first
    reads = connection.get_execution_options().get("riskengine_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _migrate(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


_writers: dict[Database, Writers] = {}
_making = threading.Lock()


def _writers_of(database: Database) -> Writers:
    with _making:
        if database not in _writers:
            _writers[database] = Writers(database, lambda connection: None)
        return _writers[database]


@contextmanager
def transaction(database: Database) -> Iterator[Session]:
    """One transaction: kept as a whole, or not at all.

    Writers of a SQLite file share a commit; see `riskengine.casebook.commits`.
    """
    if database.dialect.name == "sqlite" and database.url.database:
        with _writers_of(database).session() as session:
            yield session
        return
    with Session(database, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(database: Database) -> Iterator[Session]:
    """Read one state of the database, beside whoever writes."""
    reader = database.execution_options(riskengine_reads=True)
    with Session(reader, expire_on_commit=False) as session, session.begin():
        yield session
