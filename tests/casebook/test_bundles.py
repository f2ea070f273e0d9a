"""Two nodes that never share a network, and files that get lost, doubled and mixed up."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from riskengine.casebook.assessing import correct, sign, signed_answers
from riskengine.casebook.bundles import _checked, make_bundle, take_in
from riskengine.casebook.cases import close_case, find_case, open_case
from riskengine.casebook.conflicts import conflicts_in, settle
from riskengine.casebook.database import Casebook, reading, writing
from riskengine.casebook.deciding import decide, propose_without_score
from riskengine.casebook.erasing import erase
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import the_case
from riskengine.casebook.nodes import Card, Node, b64, make_node
from riskengine.casebook.rebuild import digests, rebuild
from riskengine.casebook.reviews import request_review
from riskengine.casebook.schema import CaseRow, Event
from riskengine.casebook.suspending import lift, suspend, suspended
from riskengine.casebook.verify import verify
from riskengine.policy.tiers import Tier
from tests.casebook.conftest import DISTRICT, example, refused
from tests.casebook.rounds import GROUNDS, one_round


@dataclass
class Office:
    book: Casebook
    node: Node

    def send(self, to: Office, clock: Any, **more: Any) -> bytes:
        with reading(self.book) as tx:
            return make_bundle(tx, self.node, to.node.card, at=clock(), **more)

    def take(self, data: bytes, who: Any, cards: dict[str, Card], clock: Any) -> Any:
        with writing(self.book, DISTRICT) as tx:
            return take_in(tx, who, self.node, data, trusted=cards, at=clock())

    @property
    def state(self) -> dict[str, tuple[int, str]]:
        with reading(self.book) as tx:
            return digests(tx.session)


@pytest.fixture
def county(make_book, tmp_path) -> Office:
    return Office(make_book(), make_node(tmp_path / "county", DISTRICT))


@pytest.fixture
def village(make_book, tmp_path) -> Office:
    node = make_node(tmp_path / "village", f"{DISTRICT}/qinghe")
    return Office(make_book("qinghe", b"v" * 32), node)


@pytest.fixture
def cards(county, village) -> dict[str, Card]:
    return {one.node.name: one.node.card for one in (county, village)}


def decided(office, staff, clock, case, tier) -> str:
    with writing(office.book, DISTRICT) as tx:
        proposal = propose_without_score(
            tx, staff.officer, case, tier=tier, ground="outage", grounds=GROUNDS,
            review_on=clock.now.date().replace(month=clock.now.month + 2), at=clock(),
        )  # fmt: skip
        return decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())


def exchange(one, other, staff, cards, clock) -> None:
    """Send back and forth until nothing is new."""
    while True:
        first = other.take(one.send(other, clock), staff.officer, cards, clock)
        second = one.take(other.send(one, clock), staff.officer, cards, clock)
        if not first.new and not second.new:
            return


def test_a_round_of_the_village_is_read_in_the_county(
    county, village, staff, engine, clock, cards
):
    done = one_round(village.book, staff, engine, clock)
    data = village.send(county, clock)
    assert GROUNDS.encode() not in data and done.case.encode() not in data
    found = county.take(data, staff.officer, cards, clock)
    assert (found.new, found.known, found.conflicts) == (6, 0, ())
    with reading(county.book) as tx:
        assert signed_answers(tx, staff.officer, done.assessment)["person"] == "EX-07"
        assert find_case(tx, staff.officer, "EX-07").id == done.case
        assert verify(tx).sound
    again = county.take(data, staff.officer, cards, clock)
    assert (again.new, again.known) == (0, 6)
    assert county.state == village.state


def test_a_bundle_is_for_one_node_and_by_one_that_is_trusted(
    county, village, staff, engine, clock, cards, tmp_path
):
    one_round(village.book, staff, engine, clock)
    data = village.send(county, clock)
    with refused("bad_bundle"):
        village.take(data, staff.officer, cards, clock)
    with refused("bad_bundle"):
        county.take(data, staff.officer, {DISTRICT: county.node.card}, clock)
    forger = Office(village.book, make_node(tmp_path / "forger", village.node.name))
    with refused("bad_bundle"):
        county.take(forger.send(county, clock), staff.officer, cards, clock)
    raw = json.loads(data)
    for name in raw:
        touched = {**raw, name: raw[name][:-8] + "AAAAAAA="}
        with refused("bad_bundle"):
            county.take(json.dumps(touched).encode(), staff.officer, cards, clock)
    for data in (b"", b"[]", b"{}", b"\xff", b"null"):
        with refused("bad_bundle"):
            county.take(data, staff.officer, cards, clock)


def test_an_office_writes_no_chain_but_its_own(county, village, staff, engine, clock, cards):
    """An event in the name of the county that the county never wrote."""
    forged = Casebook(village.book.engine, village.book.master, village.book.rules, None)
    one_round(forged, staff, engine, clock)
    assert county.take(village.send(county, clock), staff.officer, cards, clock).new == 0
    # nor through a program that sends it all the same
    with reading(forged) as tx:
        row = tx.session.execute(
            select(*Event.__table__.columns).where(Event.chain == DISTRICT, Event.seq == 1)
        ).one()
    raw = {**row._mapping, "sealed": b64(row.sealed)}
    for sender, taker in (
        (village.node.name, county.node),
        (village.node.name, replace(county.node, name=f"{DISTRICT}/third")),
        (DISTRICT, county.node),
    ):
        with writing(county.book, DISTRICT) as tx, refused("bad_bundle"):
            _checked(tx, sender, taker, raw)


def test_a_gap_takes_nothing_in(county, village, staff, engine, clock, cards):
    one_round(village.book, staff, engine, clock)
    exchange(village, county, staff, cards, clock)
    one_round(village.book, staff, engine, clock, person="EX-08", which="08")
    late = village.send(county, clock)
    fresh = Office(type(county.book)(**vars(county.book)), county.node)
    with reading(fresh.book) as tx:
        before = verify(tx).events
    one_round(village.book, staff, engine, clock, person="EX-09", which="09")
    county.take(village.send(county, clock), staff.officer, cards, clock)
    assert county.take(late, staff.officer, cards, clock).new == 0
    with reading(county.book) as tx:
        assert verify(tx).sound and verify(tx).events > before


def test_a_node_that_has_nothing_refuses_what_begins_in_the_middle(
    county, village, staff, engine, clock, cards, make_book
):
    one_round(village.book, staff, engine, clock)
    exchange(village, county, staff, cards, clock)
    one_round(village.book, staff, engine, clock, person="EX-08", which="08")
    empty = Office(make_book(), county.node)
    with refused("gap"):
        empty.take(village.send(county, clock), staff.officer, cards, clock)
    whole = village.send(county, clock, everything=True)
    assert empty.take(whole, staff.officer, cards, clock).new > 6


def test_two_decisions_on_one_base_are_listed_and_a_person_settles(
    county, village, staff, engine, clock, cards
):
    done = one_round(village.book, staff, engine, clock)
    exchange(village, county, staff, cards, clock)
    here = decided(village, staff, clock, done.case, Tier.ORDINARY)
    there = decided(county, staff, clock, done.case, Tier.STRICT)
    found = county.take(village.send(county, clock), staff.officer, cards, clock)
    assert [row.kind for row in found.conflicts] == ["decisions"]
    with writing(county.book, DISTRICT) as tx:
        assert the_case(tx, staff.officer, done.case).tier == "relaxed"  # nobody disputes it
        with refused("disputed"):
            propose_without_score(
                tx, staff.officer, done.case, tier=Tier.STRICT, ground="outage",
                grounds=GROUNDS, review_on=clock.now.date().replace(month=6), at=clock(),
            )  # fmt: skip
        (conflict,) = conflicts_in(tx, staff.approver)
        assert sorted(conflict.refs) == sorted([here, there])
        with refused("not_in_conflict"):
            settle(tx, staff.approver, conflict.id, holds="n-1", grounds=GROUNDS, at=clock())
        settle(tx, staff.approver, conflict.id, holds=here, grounds=GROUNDS, at=clock())
        assert the_case(tx, staff.officer, done.case).tier == "ordinary"
    exchange(village, county, staff, cards, clock)
    assert village.state == county.state


def test_two_corrections_and_two_openings_are_listed(county, village, staff, engine, clock, cards):
    done = one_round(village.book, staff, engine, clock)
    exchange(village, county, staff, cards, clock)
    for office, answer in ((village, "2"), (county, "3")):
        with writing(office.book, DISTRICT) as tx:
            correct(
                tx, staff.officer, done.assessment, example("07", gambling=answer),
                reason=GROUNDS, engine=engine, at=clock(),
            )  # fmt: skip
            open_case(tx, staff.officer, person="EX-99", office="司法所", at=clock())
    exchange(village, county, staff, cards, clock)
    with reading(county.book) as tx:
        kinds = sorted(row.kind for row in conflicts_in(tx, staff.approver))
    assert kinds == ["corrections", "openings"]
    assert village.state == county.state
    with writing(county.book, DISTRICT) as tx:
        for row in conflicts_in(tx, staff.approver):
            settle(tx, staff.approver, row.id, holds=row.refs[0], grounds=GROUNDS, at=clock())
        assert rebuild(tx).differing == ()
    exchange(village, county, staff, cards, clock)
    assert village.state == county.state


def test_a_node_gets_keys_of_its_own_cases_only(county, village, staff, engine, clock, cards):
    done = one_round(county.book, staff, engine, clock)
    other = one_round(county.book, staff, engine, clock, person="EX-03", which="03")
    with writing(county.book, DISTRICT) as tx:
        tx.session.get_one(CaseRow, other.case)
    data = county.send(village, clock, offices=["没有这个所"])
    village.take(data, staff.officer, cards, clock)
    with reading(village.book) as tx:
        assert find_case(tx, staff.officer, "EX-07") is None
        with refused("erased_content"):
            signed_answers(tx, staff.officer, done.assessment)
        found = verify(tx)
        assert found.sound and found.not_given == 12
    assert village.state == county.state


def test_an_erasure_reaches_the_other_node(county, village, staff, engine, clock, cards):
    done = one_round(village.book, staff, engine, clock)
    exchange(village, county, staff, cards, clock)
    old = village.send(county, clock, everything=True)
    with writing(county.book, DISTRICT) as tx:
        close_case(
            tx, staff.officer, done.case, on=clock.now.date(), why="矫正期满解除", at=clock()
        )
        erase(
            tx, staff.admin, done.case, ground="retention_over", words="保存期限届满", at=clock()
        )
    exchange(village, county, staff, cards, clock)
    for office in (village, county):
        with reading(office.book) as tx, refused("erased_content"):
            signed_answers(tx, staff.officer, done.assessment)
    county.take(old, staff.officer, cards, clock)
    with reading(county.book) as tx:
        assert verify(tx).sound


@pytest.mark.parametrize("seed", range(4))
def test_ten_rounds_with_loss_repetition_and_reordering(
    county, village, staff, engine, clock, cards, seed
):
    chance = random.Random(seed)
    post: list[tuple[Office, bytes]] = []
    nodes = (county, village)
    for number in range(10):
        for node in nodes:
            for _ in range(chance.randrange(1, 4)):
                work(node, chance, staff, engine, clock, number)
        for one, other in (nodes, nodes[::-1]):
            data = one.send(other, clock)
            post += [(other, data)] * chance.choice((0, 1, 1, 2, 3))
        chance.shuffle(post)
        for _ in range(chance.randrange(len(post) + 1)):
            to, data = post.pop()
            try:
                to.take(data, staff.officer, cards, clock)
            except CasebookError as error:
                assert error.code == "gap"
    exchange(county, village, staff, cards, clock)
    for to, data in post:  # and what was still under way arrives much later
        assert to.take(data, staff.officer, cards, clock).new == 0
    assert county.state == village.state
    for node in nodes:
        with writing(node.book, DISTRICT) as tx:
            assert rebuild(tx).differing == ()
            assert verify(tx).sound
    with reading(county.book) as tx, reading(village.book) as other:
        wanted = select(Event.chain, Event.seq, Event.hash).order_by(Event.chain, Event.seq)
        assert tx.session.execute(wanted).all() == other.session.execute(wanted).all()


def work(node: Office, chance, staff, engine, clock, number: int) -> None:
    """Something that an office does, if it can just now."""
    with writing(node.book, DISTRICT) as tx:
        cases = tx.session.scalars(select(CaseRow.id).order_by(CaseRow.id)).all()
        act = chance.choice(("open", "decide", "decide", "sign", "ask", "suspend", "settle"))
        if act == "open" or not cases:
            person = f"P-{chance.randrange(6)}"
            if find_case(tx, staff.officer, person) is None:
                open_case(tx, staff.officer, person=person, office="司法所", at=clock())
            return
        case = chance.choice(cases)
        if act == "sign":
            sign(tx, staff.officer, case, example("07"), engine=engine, at=clock())
        elif act == "ask":
            request_review(tx, staff.other, case, words="不同意", channel="county", at=clock())
        elif act == "suspend":
            (lift if suspended(tx, DISTRICT) else suspend)(
                tx, staff.admin, reason="核对数据的需要", at=clock()
            )
        elif act == "settle":
            for row in conflicts_in(tx, staff.approver)[:1]:
                settle(
                    tx, staff.approver, row.id, holds=chance.choice(row.refs), grounds=GROUNDS,
                    at=clock(),
                )  # fmt: skip
        elif not the_case(tx, staff.officer, case).disputed:
            row = the_case(tx, staff.officer, case)
            if row.request_on is None:
                proposal = propose_without_score(
                    tx, staff.officer, case, tier=chance.choice(list(Tier)), ground="outage",
                    grounds=GROUNDS, review_on=clock.now.date().replace(month=7), at=clock(),
                )  # fmt: skip
                decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
