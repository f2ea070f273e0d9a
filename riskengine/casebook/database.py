"""Opening the database: SQLite in WAL by default, PostgreSQL where offices share one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from riskengine.casebook.commits import Writers
from riskengine.casebook.rules import CasebookRules
from riskengine.casebook.schema import Read
from riskengine.casebook.sealing import MasterKey

_WRITING = "riskengine_writing"
BUSY_MILLISECONDS = 60_000
_INSERT_READ = insert(Read)


@dataclass(frozen=True, repr=False)
class Casebook:
    """Where a record is kept and how it is opened.

    Attributes
    ----------
    node
        Name of this office's own chain within its district, for an office without network.
    """

    engine: Engine
    master: MasterKey
    rules: CasebookRules
    node: str | None = None
    _writers: dict[str, Writers] = field(default_factory=dict, compare=False)
    _making: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def chain(self, district: str) -> str:
        """The chain to which this node appends for a district."""
        return district if self.node is None else f"{district}/{self.node}"

    def writers(self, district: str) -> Writers:
        """Those who write to a district's chain, which are all writers of a SQLite file."""
        name = "" if self.engine.dialect.name == "sqlite" else district
        with self._making:
            if name not in self._writers:
                self._writers[name] = Writers(
                    self.engine.execution_options(**{_WRITING: True}),
                    lambda connection: _lock(connection, name),
                )
            return self._writers[name]


def _lock(connection: Connection, district: str) -> None:
    """Wait for the writers of a district's chain in other processes."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:chain, 0))"),
            {"chain": f"riskengine/casebook/{district}"},
        )


@dataclass(frozen=True, repr=False)
class Transaction:
    """One open transaction of a record; every act takes one.

    Attributes
    ----------
    district
        The district whose chain is locked for writing; empty where the transaction only reads.
    looks
        Looks at cases that are kept when a transaction that reads ends, before anything of it is
        shown; ``None`` in one that writes.
    """

    session: Session
    book: Casebook
    district: str = ""
    looks: list[dict[str, Any]] | None = None

    @property
    def chain(self) -> str:
        """The chain that is written to."""
        return self.book.chain(self.district)

    @property
    def rules(self) -> CasebookRules:
        """Local rules of the record."""
        return self.book.rules


def connect(url: str) -> Engine:
    """Make the connection pool of a URL (``sqlite:///file``, ``postgresql+psycopg://...``)."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",
            f"busy_timeout = {BUSY_MILLISECONDS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a writer takes its lock at once: what it checked must still hold when it writes
        writing = connection.get_execution_options().get(_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def writing(book: Casebook, district: str) -> Iterator[Transaction]:
    """Open a transaction that appends to a district's chain; it commits whole or not at all.

    Writers of one chain wait for one another, so that what an act checked still holds when it is
    written.

    Examples
    --------
    >>> with writing(book, actor.district) as tx:  # doctest: +SKIP
    ...     decide(tx, actor, proposal, grounds="...", at=now)
    """
    with book.writers(district).session() as session:
        yield Transaction(session, book, district)


@contextmanager
def reading(book: Casebook) -> Iterator[Transaction]:
    """Open a transaction that only reads, from one state of the record.

    What `riskengine.casebook.reads.log_read` was told in it is on the disk when the block is left.
    Readers do not wait for writers, nor hold them up.
    """
    engine = book.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    looks: list[dict[str, Any]] = []
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield Transaction(session, book, looks=looks)
    if looks:
        _keep(book, looks)


def _keep(book: Casebook, looks: list[dict[str, Any]]) -> None:
    if book.engine.dialect.name == "sqlite":
        with book.writers("").session() as session:
            session.execute(_INSERT_READ, looks)
        return
    with book.engine.begin() as connection:
        connection.execute(_INSERT_READ, looks)
