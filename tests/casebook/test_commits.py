"""Writers who share a commit: together on the disk, or not at all, and each for itself."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import event, func, select

from riskengine.casebook import commits
from riskengine.casebook.database import reading, writing
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import CaseRow, Read
from riskengine.casebook.suspending import suspend
from riskengine.casebook.verify import verify
from tests.casebook.conftest import DISTRICT
from tests.casebook.rounds import one_round

WHY = "模型正在重新核对"


def together(book, acts):
    """Let all begin while the first one holds its turn; return what each raised or gave."""
    writers = book.writers(DISTRICT)
    first = threading.Event()

    def hold():
        with writers.session():
            first.set()
            while writers._waiting < len(acts):
                time.sleep(0.001)

    def attempt(act):
        first.wait()
        try:
            return act()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(acts) + 1) as pool:
        held = pool.submit(hold)
        found = list(pool.map(attempt, acts))
        held.result()
    return found


def a_look(book, actor, at, what):
    def act():
        with writing(book, DISTRICT) as tx:
            log_read(tx, actor, None, what=what, at=at)
            if what == "fails":
                raise ValueError(what)

    return act


def kept(book):
    with reading(book) as tx:
        return sorted(tx.session.scalars(select(Read.what)))


def test_many_share_one_commit_and_one_that_fails_leaves_nothing(book, staff, clock, monkeypatch):
    monkeypatch.setattr(commits, "LONGEST_TOGETHER", 600)
    commits_made = []
    event.listen(book.engine, "commit", lambda connection: commits_made.append(1))
    acts = [a_look(book, staff.officer, clock(), what) for what in ("a", "fails", "b", "c")]
    found = together(book, acts)
    assert [type(one) for one in found].count(ValueError) == 1 and found.count(None) == 3
    assert len(commits_made) == 1
    assert kept(book) == ["a", "b", "c"]


def test_nobody_is_told_before_the_common_commit(book, staff, clock, monkeypatch):
    monkeypatch.setattr(commits, "LONGEST_TOGETHER", 600)
    slow = iter([0.2])
    event.listen(book.engine, "commit", lambda connection: time.sleep(next(slow, 0)))

    def look_and_see(what):
        a_look(book, staff.officer, clock(), what)()
        return what in kept(book)  # by a connection of its own, at the moment of being told

    found = together(book, [partial(look_and_see, what) for what in ("a", "b", "c")])
    assert found == [True, True, True]


def test_where_the_commit_fails_everybody_is_told(book, staff, clock, monkeypatch):
    def failing(self):
        self.transaction.rollback()
        self.error = OSError("no space left")
        self.connection.close()
        self.done.set()

    acts = [a_look(book, staff.officer, clock(), what) for what in ("a", "b")]
    monkeypatch.setattr(commits._Shared, "commit", failing)
    with pytest.raises(OSError, match="no space left"), writing(book, DISTRICT):
        pass
    monkeypatch.undo()
    assert kept(book) == []
    assert together(book, acts) == [None, None]
    assert kept(book) == ["a", "b"]


def test_nobody_writes_within_a_writing(book):
    with (
        pytest.raises(RuntimeError, match="within another"),
        writing(book, DISTRICT),
        writing(book, DISTRICT),
    ):
        pass
    with writing(book, DISTRICT) as tx:
        assert tx.session.scalar(select(func.count()).select_from(CaseRow)) == 0


def test_a_look_is_kept_when_the_reading_ends_and_only_then(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    with reading(book) as tx:
        log_read(tx, staff.officer, done.case, what="case", at=clock())
        assert tx.session.scalar(select(func.count()).select_from(Read)) == 0
    assert kept(book) == ["case"]
    with pytest.raises(KeyError), reading(book) as tx:
        log_read(tx, staff.officer, done.case, what="never shown", at=clock())
        raise KeyError
    assert kept(book) == ["case"]


def test_a_chain_that_is_written_together_verifies(book, staff, clock):
    def act(number):
        def suspending():
            with writing(book, DISTRICT) as tx:
                suspend(tx, staff.reviewer, reason=f"{WHY}{number}", at=clock())

        return suspending

    found = together(book, [act(number) for number in range(6)])
    assert found.count(None) == 1  # the others find it suspended already
    with reading(book) as tx:
        assert verify(tx).sound
