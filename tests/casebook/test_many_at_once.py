"""Many writers, and killed ones: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from riskengine.casebook.database import Casebook, connect, reading, writing
from riskengine.casebook.places import migrate
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.rules import find_rules
from riskengine.casebook.schema import DecisionRow, Event
from riskengine.casebook.sealing import MasterKey
from riskengine.casebook.verify import verify
from tests.casebook.conftest import DISTRICT, START, Clock
from tests.casebook.rounds import one_round


def test_eight_officers_at_once(book, staff, engine):
    def work(number: int) -> str:
        clock = Clock(START)
        done = one_round(book, staff, engine, clock, person=f"T-{number}", which="07")
        return done.decision

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(work, range(16)))
    with writing(book, DISTRICT) as tx:
        assert verify(tx).sound and rebuild(tx).differing == ()
        assert tx.session.scalar(select(func.count()).select_from(Event)) == 16 * 6
        assert set(tx.session.scalars(select(DecisionRow.id))) == set(made)


def test_one_proposal_is_decided_once_however_many_try(book, staff, engine, clock):
    from riskengine.casebook.deciding import decide, propose_without_score
    from riskengine.casebook.errors import CasebookError
    from riskengine.policy.tiers import Tier

    done = one_round(book, staff, engine, clock)
    with writing(book, DISTRICT) as tx:
        proposal = propose_without_score(
            tx, staff.officer, done.case, tier=Tier.ORDINARY, ground="outage",
            grounds="停电，按以往情况决定", review_on=START.date().replace(month=5), at=clock(),
        )  # fmt: skip

    def attempt(_: int) -> bool:
        try:
            with writing(book, DISTRICT) as tx:
                decide(tx, staff.approver, proposal, grounds="停电，按以往情况决定", at=clock.now)
        except CasebookError as error:
            assert error.code == "proposal_state"
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


WRITER = textwrap.dedent(
    """
    import sys
    from riskengine import Engine
    from riskengine.casebook.database import Casebook, connect
    from riskengine.casebook.rules import find_rules
    from riskengine.casebook.sealing import MasterKey
    from tests.casebook.conftest import Clock, Staff
    from tests.casebook.rounds import one_round

    book = Casebook(connect(sys.argv[1]), MasterKey.of(b"k" * 32), find_rules())
    engine = Engine.load()
    for number in range(1000):
        done = one_round(book, Staff(), engine, Clock(), person=f"K-{sys.argv[2]}-{number}")
        print(done.decision, flush=True)
    """
)


@pytest.mark.parametrize("rounds", [3])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(new_url, rounds):
    url = new_url()
    book = Casebook(connect(url), MasterKey.of(b"k" * 32), find_rules())
    migrate(book.engine)
    acknowledged: list[str] = []
    for number in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(number)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()},
        )  # fmt: skip
        assert process.stdout is not None
        acknowledged += [process.stdout.readline().strip() for _ in range(1 + number)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
        process.stdout.close()
        with writing(book, DISTRICT) as tx:
            assert verify(tx).sound and rebuild(tx).differing == ()
    with reading(book) as tx:
        assert set(acknowledged) <= set(tx.session.scalars(select(DecisionRow.id)))
    book.engine.dispose()
