"""Whole rounds that tests of the record begin from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from riskengine import Engine
from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case
from riskengine.casebook.database import Casebook, writing
from riskengine.casebook.deciding import decide, propose
from riskengine.casebook.revealing import record_own_view, reveal
from riskengine.policy.tiers import Tier
from tests.casebook.conftest import DISTRICT, Clock, Staff, example

GROUNDS = "近三个月按时报到，工作稳定"
SECRET = "他的妻子悄悄告诉我们他又喝酒了"


@dataclass
class Round:
    """One person's round: ids of what it left."""

    case: str
    assessment: str
    proposal: str
    decision: str


def one_round(
    book: Casebook,
    staff: Staff,
    engine: Engine,
    clock: Clock,
    *,
    person: str = "EX-07",
    which: str = "07",
    grounds: str = GROUNDS,
    **answers: Any,
) -> Round:
    """A case from its opening to a decision for what is recommended, each act by itself."""
    officer = staff.officer
    with writing(book, DISTRICT) as tx:
        case = open_case(tx, officer, person=person, office="清河镇司法所", at=clock())
    with writing(book, DISTRICT) as tx:
        raw = example(which, **answers)
        signed = sign(tx, officer, case, raw, engine=engine, at=clock())
    with writing(book, DISTRICT) as tx:
        record_own_view(tx, officer, signed, tier=Tier.ORDINARY, grounds=grounds, at=clock())
    with writing(book, DISTRICT) as tx:
        found = reveal(tx, officer, signed, engine=engine, at=clock())
    with writing(book, DISTRICT) as tx:
        tier = found.tiers[0].tier
        proposal = propose(tx, officer, signed, tier=tier, grounds=grounds, at=clock())
    with writing(book, DISTRICT) as tx:
        decision = decide(tx, staff.approver, proposal, grounds=grounds, at=clock())
    return Round(case, signed, proposal, decision)
