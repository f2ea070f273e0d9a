"""Writers of one process that share a write to the disk.

A commit is done once the database has forced its log to the disk, and that takes longer than all
the work before it. So a writer who finds others waiting does not commit by itself: it hands the
open transaction on, and the last one commits for all. Each of them stands in a savepoint of its
own, so that one who fails leaves nothing behind, and each returns only once the common commit is
done: what was acknowledged is on the disk, exactly as if everyone had committed alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

MOST_TOGETHER = 32
LONGEST_TOGETHER = 0.1
"""Seconds after which a transaction takes nobody in any more: the first one is waiting."""
_LOOK_AGAIN = 0.5


class _Shared:
    """One open transaction with those who stand in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.transaction = connection.begin()
        self.until = time.monotonic() + LONGEST_TOGETHER
        self.members = 0
        self.done = threading.Event()
        self.error: Exception | None = None

    def commit(self) -> None:
        """Commit for everybody; where it fails, everybody is told so."""
        try:
            if not _still_open(self.connection):
                raise RuntimeError("the database gave the transaction up")
            self.transaction.commit()
        except Exception as error:
            self.error = error
        finally:
            try:
                self.connection.close()
            except Exception as error:
                self.error = self.error or error
            self.done.set()


def _still_open(connection: Connection) -> bool:
    # after some errors (a full disk) SQLite takes the whole transaction back by itself
    driver = connection.connection.dbapi_connection
    return bool(getattr(driver, "in_transaction", True))


class Writers:
    """Those who write with one lock: all of a SQLite file, or all of one chain elsewhere.

    Parameters
    ----------
    begin
        Is handed a connection in which a transaction has begun, before anybody writes in it.
    """

    def __init__(self, engine: Engine, begin: Callable[[Connection], None]) -> None:
        self._engine = engine
        self._begin = begin
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._waiting = 0
        self._holder: int | None = None
        self._open: _Shared | None = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Write in a session; the block is left once everything in it is committed.

        Raises
        ------
        RuntimeError
            Where a block is opened within another one.
        """
        if self._holder == threading.get_ident():
            raise RuntimeError("a transaction that writes was opened within another one")
        with self._count:
            self._waiting += 1
        try:
            self._turn.acquire()
        finally:
            with self._count:
                self._waiting -= 1
        self._holder = threading.get_ident()
        try:
            shared = self._entered()
            shared.members += 1
            try:
                with (
                    Session(
                        shared.connection,
                        expire_on_commit=False,
                        join_transaction_mode="create_savepoint",
                    ) as session,
                    session.begin(),
                ):
                    yield session
            finally:
                if self._nobody_follows(shared):
                    self._finish(shared)
        finally:
            self._holder = None
            self._turn.release()
        self._wait(shared)
        if shared.error is not None:
            raise shared.error

    def _entered(self) -> _Shared:
        if self._open is None:
            connection = self._engine.connect()
            try:
                shared = _Shared(connection)
                self._begin(connection)
            except BaseException:
                connection.close()
                raise
            self._open = shared
        return self._open

    def _nobody_follows(self, shared: _Shared) -> bool:
        return (
            self._waiting == 0
            or shared.members >= MOST_TOGETHER
            or time.monotonic() >= shared.until
        )

    def _finish(self, shared: _Shared) -> None:
        self._open = None
        shared.commit()

    def _wait(self, shared: _Shared) -> None:
        while not shared.done.wait(_LOOK_AGAIN):
            # whoever was to follow may have been interrupted while it waited for its turn
            if self._turn.acquire(blocking=False):
                try:
                    if self._open is shared:
                        self._finish(shared)
                finally:
                    self._turn.release()
