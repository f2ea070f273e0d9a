"""Many writers, and killed ones: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from benchmarks.durability import Ledger, check, database, run_functions
from riskengine.casebook.database import writing
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.schema import DecisionRow, Event
from riskengine.casebook.verify import verify
from tests.casebook.conftest import DISTRICT, START, Clock
from tests.casebook.rounds import one_round
from tests.support.postgres import binaries


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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_kill_loses_nothing_that_was_acknowledged(kind):
    """Two kills of a process with four clients; on PostgreSQL the second ends the server."""
    if kind == "postgresql" and binaries() is None:
        pytest.skip("no PostgreSQL here")
    with database(kind) as (url, cluster):
        ledger, wrong = run_functions(url, cluster, clients=4, seconds=0.3, kills=2, every=2)
    assert wrong == []
    assert ledger.count("decision") >= 3


def test_what_is_lost_or_half_there_is_found(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    ledger = Ledger([("case", done.case), ("own_view", done.assessment), ("decision", "d-0")])
    assert check(book, ledger) == ["lost: decision d-0"]
    with writing(book, DISTRICT) as tx:
        tx.session.get_one(DecisionRow, done.decision).tier = "strict"
    assert check(book, Ledger()) == ["differs: decisions"]
