from __future__ import annotations

import pandas as pd

from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case
from riskengine.casebook.database import reading, writing
from riskengine.casebook.decided import COLUMNS, decisions_of
from riskengine.casebook.deciding import decide, propose
from riskengine.casebook.revealing import record_own_view, reveal
from riskengine.monitoring.overrides import moves_of
from riskengine.policy.tiers import Tier
from tests.casebook.conftest import DISTRICT, example, refused
from tests.casebook.rounds import GROUNDS


def decided(book, staff, engine, clock, number, office, *, up=False):
    with writing(book, DISTRICT) as tx:
        case = open_case(tx, staff.officer, person=f"P-{number}", office=office, at=clock())
        signed = sign(tx, staff.officer, case, example("07"), engine=engine, at=clock())
        record_own_view(tx, staff.officer, signed, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock())
        found = reveal(tx, staff.officer, signed, engine=engine, at=clock())
        tier, more = found.tiers[0].tier, {}
        if up:
            tier = Tier.STRICT
            reason = next(r.id for r in book.rules.override_reasons if r.direction != "down")
            more = {"reason": reason, "explanation": GROUNDS}
        proposal = propose(
            tx, staff.officer, signed, tier=tier, grounds=GROUNDS, at=clock(), **more
        )
        decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
    return case


def test_the_record_gives_decisions_without_anybody(book, staff, engine, clock):
    cases = [decided(book, staff, engine, clock, n, "大所") for n in range(11)]
    cases.append(decided(book, staff, engine, clock, 11, "小所", up=True))
    with reading(book) as tx:
        rows, keys = decisions_of(tx, staff.reviewer)
        again, _ = decisions_of(tx, staff.reviewer)
        with refused("role"):
            decisions_of(tx, staff.officer)
        nobody = decisions_of(tx, staff.reviewer, since=clock.now.date().replace(year=2030))
    assert nobody == ([], [])
    assert [tuple(row) for row in rows] == [COLUMNS] * 12
    written = repr(rows)
    for name in ("P-", "S-1", "R-1", staff.approver.id, *cases):
        assert name not in written
    # the small office is left out, and the next one with it, or it would be told by subtraction
    assert {row["office"] for row in rows} == {""}
    assert {row["id"] for row in rows}.isdisjoint(row["id"] for row in again)
    assert {row["id"] for row in rows} == {row["id"] for row in keys}
    assert {row["case"] for row in keys} == set(cases)
    (moved,) = (row for row in rows if row["reason"])
    assert (moved["direction"], moved["decided"]) == ("up", "strict")
    found = moves_of(pd.DataFrame(rows))
    assert found.up.sum() == 1 and found.recommended.all() and not found.down.any()
    assert any(found.rule)


def test_a_large_office_is_named_where_no_small_one_is_left_alone(book, staff, engine, clock):
    for n in range(10):
        decided(book, staff, engine, clock, n, "大所")
    with reading(book) as tx:
        rows, _ = decisions_of(tx, staff.reviewer)
    assert {row["office"] for row in rows} == {"大所"}
