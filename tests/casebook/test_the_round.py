"""The round of an officer and an approver, from the first answer to the decision."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine.casebook.assessing import correct, correction_of, own_view_asked, sign
from riskengine.casebook.cases import close_case, open_case, past_of, put_on_file
from riskengine.casebook.database import writing
from riskengine.casebook.deciding import (
    decide,
    look_first,
    propose,
    propose_without_score,
    send_back,
)
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.lookups import the_case
from riskengine.casebook.notices import record_notice
from riskengine.casebook.revealing import record_own_view, reveal, shown, what_if
from riskengine.casebook.reviews import answer_review, assign_review, request_review
from riskengine.casebook.schema import DecisionRow, ProposalRow, TaskRow
from riskengine.casebook.suspending import lift, suspend, suspended
from riskengine.policy.tiers import Tier
from tests.casebook.conftest import DISTRICT, example, refused

GROUNDS = "近三个月按时报到，工作稳定"
LATER = date(2026, 5, 20)


@pytest.fixture
def tx(book):
    with writing(book, DISTRICT) as tx:
        yield tx


@pytest.fixture
def case(tx, staff, clock) -> str:
    return open_case(tx, staff.officer, person="EX-07", office="清河镇司法所", at=clock())


@pytest.fixture
def signed(tx, staff, case, engine, clock) -> str:
    return sign(tx, staff.officer, case, example("07"), engine=engine, at=clock())


@pytest.fixture
def seen(tx, staff, signed, engine, clock) -> str:
    record_own_view(tx, staff.officer, signed, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock())
    found = reveal(tx, staff.officer, signed, engine=engine, at=clock())
    assert [view.tier for view in found.tiers] == [Tier.RELAXED]
    return signed


def test_no_tier_is_shown_before_an_own_view_is_on_record(tx, signed, staff, engine, clock):
    with refused("own_view_first"):
        reveal(tx, staff.officer, signed, engine=engine, at=clock())
    record_own_view(tx, staff.officer, signed, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock())
    first = reveal(tx, staff.officer, signed, engine=engine, at=clock())
    again = reveal(tx, staff.approver, signed, engine=engine, at=clock(days=30))
    assert again == first
    with refused("already_shown"):
        record_own_view(tx, staff.officer, signed, tier=Tier.RELAXED, grounds=GROUNDS, at=clock())


def test_an_own_view_after_the_reveal_is_none(book, tx, staff, case, engine, clock):
    assert own_view_asked(1.0, 1, "a-1") and not own_view_asked(0.0, 1, "a-1")
    asked = sum(own_view_asked(0.2, 7, f"a-{n}") for n in range(5000))
    assert 900 < asked < 1100


def test_accepting_needs_own_grounds_and_no_reason(tx, seen, staff, clock):
    with refused("too_short"):
        propose(tx, staff.officer, seen, tier=Tier.RELAXED, grounds=" 同意 \n", at=clock())
    with refused("no_override"):
        propose(
            tx, staff.officer, seen, tier=Tier.RELAXED, grounds=GROUNDS, reason="other",
            at=clock(),
        )  # fmt: skip
    proposal = propose(tx, staff.officer, seen, tier=Tier.RELAXED, grounds=GROUNDS, at=clock())
    with refused("too_short"):
        decide(tx, staff.officer, proposal, grounds="", at=clock())
    decision = decide(tx, staff.officer, proposal, grounds=GROUNDS, at=clock())
    row = tx.session.get_one(DecisionRow, decision)
    assert (row.kind, row.direction, row.own_tier, row.agrees) == (
        "accept", None, "ordinary", False,
    )  # fmt: skip


def test_an_override_needs_a_reason_of_its_direction_and_words(tx, seen, staff, clock):
    def override(**more):
        return propose(
            tx, staff.officer, seen, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock(), **more
        )

    with refused("reason_missing"):
        override()
    with refused("unknown_reason"):
        override(reason="good_conduct", explanation="近期表现一直良好")
    with refused("too_short"):
        override(reason="documented_violation", explanation="")
    proposal = override(reason="documented_violation", explanation="三月一日未按时报到，有记录")
    with refused("own_proposal"):
        decide(tx, staff.officer, proposal, grounds=GROUNDS, at=clock())
    with refused("role"):
        decide(tx, staff.other, proposal, grounds=GROUNDS, at=clock())
    decision = decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
    row = tx.session.get_one(DecisionRow, decision)
    assert (row.kind, row.direction, row.reason) == ("override", "up", "documented_violation")
    with refused("proposal_state"):
        decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())


def test_an_approver_cannot_approve_an_own_proposal(tx, signed, staff, engine, clock):
    record_own_view(tx, staff.approver, signed, tier=Tier.STRICT, grounds=GROUNDS, at=clock())
    reveal(tx, staff.approver, signed, engine=engine, at=clock())
    proposal = propose(
        tx, staff.approver, signed, tier=Tier.STRICT, grounds=GROUNDS, reason="other",
        explanation="本案情况特殊，另附说明", at=clock(),
    )  # fmt: skip
    with refused("own_proposal"):
        decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
    with refused("own_proposal"):
        send_back(tx, staff.approver, proposal, why="请补充说明材料", at=clock())


def test_a_stranger_finds_nothing(tx, case, seen, staff, clock):
    with refused("no_such_case"):
        the_case(tx, staff.stranger, case)
    with refused("no_such_assessment"):
        shown(tx, staff.stranger, seen)


def test_other_answers_can_be_tried_after_the_decision_only(tx, seen, staff, engine, clock):
    with refused("what_if_later"):
        what_if(tx, staff.officer, seen, {"drug_use": "current"}, engine=engine, at=clock())
    proposal = propose(tx, staff.officer, seen, tier=Tier.RELAXED, grounds=GROUNDS, at=clock())
    decide(tx, staff.officer, proposal, grounds=GROUNDS, at=clock())
    tried = what_if(tx, staff.officer, seen, {"alcohol_problem": "3"}, engine=engine, at=clock())
    assert tried.score.value > shown(tx, staff.officer, seen).recommendation.score.value


def test_a_correction_stands_beside_what_it_corrects(tx, case, seen, staff, engine, clock):
    raw = example("07", alcohol_problem="3", gambling="3", employment_status="not_seeking")
    with refused("nothing_differs"):
        correct(tx, staff.officer, seen, example("07"), reason=GROUNDS, engine=engine, at=clock())
    found = correct(tx, staff.officer, seen, raw, reason=GROUNDS, engine=engine, at=clock())
    assert [one.item for one in found.differences] == [
        "alcohol_problem", "employment_status", "gambling",
    ]  # fmt: skip
    assert found.before == (Tier.RELAXED,) and found.after
    assert correction_of(tx, staff.officer, found.assessment) == found
    with refused("corrected"):
        propose(tx, staff.officer, seen, tier=Tier.RELAXED, grounds=GROUNDS, at=clock())
    with refused("corrected"):
        correct(tx, staff.officer, seen, raw, reason=GROUNDS, engine=engine, at=clock())
    assert shown(tx, staff.officer, seen).recommendation.tiers[0].tier is Tier.RELAXED


def test_a_correction_before_the_reveal_shows_no_tier(tx, signed, staff, engine, clock):
    raw = example("07", alcohol_problem="3")
    found = correct(tx, staff.officer, signed, raw, reason=GROUNDS, engine=engine, at=clock())
    assert (found.before, found.after) == ((), ())
    with refused("own_view_first"):
        reveal(tx, staff.officer, found.assessment, engine=engine, at=clock())


def test_a_suspension_hides_scores_at_once_and_nothing_else(tx, case, seen, staff, engine, clock):
    suspend(tx, staff.admin, reason="发现数据问题，暂停使用评分", at=clock())
    assert suspended(tx, DISTRICT) and not suspended(tx, "510104")
    for who in (staff.officer, staff.approver, staff.reviewer):
        with refused("suspended"):
            reveal(tx, who, seen, engine=engine, at=clock())
    other = open_case(tx, staff.officer, person="EX-03", office="清河镇司法所", at=clock())
    blind = sign(tx, staff.officer, other, example("03"), engine=engine, at=clock())
    record_own_view(tx, staff.officer, blind, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock())
    with refused("suspended"):
        reveal(tx, staff.officer, blind, engine=engine, at=clock())
    proposal = propose_without_score(
        tx, staff.officer, other, tier=Tier.ORDINARY, ground="suspension", grounds=GROUNDS,
        review_on=LATER, assessment=blind, at=clock(),
    )  # fmt: skip
    decide(tx, staff.officer, proposal, grounds=GROUNDS, at=clock())
    assert the_case(tx, staff.officer, other).tier == "ordinary"
    lift(tx, staff.admin, reason="数据问题已经解决", at=clock())
    assert reveal(tx, staff.officer, seen, engine=engine, at=clock()).tiers


def test_a_tier_without_any_score(tx, staff, engine, clock):
    case = open_case(tx, staff.officer, person="EX-01", office="清河镇司法所", at=clock())
    signed = sign(tx, staff.officer, case, example("01"), engine=engine, at=clock())
    record_own_view(tx, staff.officer, signed, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock())
    assert not reveal(tx, staff.officer, signed, engine=engine, at=clock()).tiers
    with refused("no_tier"):
        propose(tx, staff.officer, signed, tier=Tier.ORDINARY, grounds=GROUNDS, at=clock())
    with refused("unknown_ground"):
        propose_without_score(
            tx, staff.officer, case, tier=Tier.ORDINARY, ground="because", grounds=GROUNDS,
            review_on=LATER, at=clock(),
        )  # fmt: skip
    with refused("review_day"):
        propose_without_score(
            tx, staff.officer, case, tier=Tier.ORDINARY, ground="minor", grounds=GROUNDS,
            review_on=date(2036, 1, 1), at=clock(),
        )  # fmt: skip
    proposal = propose_without_score(
        tx, staff.officer, case, tier=Tier.STRICT, ground="minor", grounds=GROUNDS,
        review_on=LATER, at=clock(),
    )  # fmt: skip
    with refused("own_proposal"):
        decide(tx, staff.officer, proposal, grounds=GROUNDS, at=clock())
    decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
    assert past_of(tx, staff.officer, case).history[-1].tier is Tier.STRICT


def decided(tx, staff, case, tier, clock, *, at=None) -> str:
    proposal = propose_without_score(
        tx, staff.officer, case, tier=tier, ground="outage", grounds=GROUNDS,
        review_on=LATER, at=at or clock(),
    )  # fmt: skip
    return decide(tx, staff.approver, proposal, grounds=GROUNDS, at=at or clock())


def test_a_review_is_handled_by_somebody_uninvolved(tx, case, staff, clock):
    decision = decided(tx, staff, case, Tier.ORDINARY, clock)
    receipt = request_review(
        tx, staff.other, case, words="我每天都按时报到", channel="helper", at=clock(), lang="en"
    )
    assert receipt.due_on == date(2026, 3, 12) and "procuratorate" in receipt.lines[-1]
    for involved in (staff.officer, staff.approver):
        with refused("role" if involved is staff.officer else "role"):
            assign_review(tx, staff.reviewer, receipt.review, handler=involved, at=clock())
    with refused("handler_involved"):
        both = type(staff.approver)(
            staff.approver.id, "P", DISTRICT, staff.approver.roles | staff.reviewer.roles
        )
        assign_review(tx, staff.reviewer, receipt.review, handler=both, at=clock())
    with refused("not_handler"):
        answer_review(
            tx, staff.reviewer, receipt.review, outcome="upheld", answer=GROUNDS, at=clock()
        )
    assign_review(tx, staff.admin, receipt.review, handler=staff.reviewer, at=clock())
    answer_review(
        tx, staff.reviewer, receipt.review, outcome="changed", answer=GROUNDS, at=clock()
    )
    with refused("review_answered"):
        answer_review(
            tx, staff.reviewer, receipt.review, outcome="upheld", answer=GROUNDS, at=clock()
        )
    record_notice(
        tx, staff.officer, decision, read_by="S-1", language="wu", aloud=True, said="听明白了",
        at=clock(),
    )  # fmt: skip
    states = {task.kind: task.state for task in tx.session.query(TaskRow)}
    assert states == {"read_notice": "done", "answer_review": "done", "review_due": "open"}


@pytest.mark.parametrize(("days", "looked"), [(89, True), (90, True), (91, False)])
def test_a_step_up_after_a_request_goes_to_the_reviewer_first(
    tx, case, staff, clock, days, looked
):
    decided(tx, staff, case, Tier.RELAXED, clock)
    request_review(tx, staff.other, case, words="不同意", channel="paper", at=clock())
    later = clock(days=days)
    proposal = propose_without_score(
        tx, staff.officer, case, tier=Tier.ORDINARY, ground="outage", grounds=GROUNDS,
        review_on=date(2026, 8, 1), at=later,
    )  # fmt: skip
    if looked:
        with refused("reviewer_first"):
            decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
        look_first(tx, staff.reviewer, proposal, grounds=GROUNDS, at=clock())
    decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
    assert the_case(tx, staff.officer, case).tier == "ordinary"


@pytest.mark.parametrize("document", ["警告决定书〔2026〕3号", None])
def test_unless_a_binding_rule_fired_on_a_documented_event(
    tx, case, staff, engine, clock, document
):
    decided(tx, staff, case, Tier.RELAXED, clock)
    request_review(tx, staff.other, case, words="不同意", channel="paper", at=clock())
    put_on_file(
        tx, staff.officer, case, what="warning", on=date(2026, 3, 2), document=document,
        at=clock(),
    )  # fmt: skip
    raw = example("07", warnings_n=1)
    signed = sign(tx, staff.officer, case, raw, engine=engine, at=clock())
    record_own_view(tx, staff.officer, signed, tier=Tier.STRICT, grounds=GROUNDS, at=clock())
    found = reveal(tx, staff.officer, signed, engine=engine, at=clock())
    assert found.binding_rule.id == "warned_or_penalised"
    proposal = propose(tx, staff.officer, signed, tier=Tier.STRICT, grounds=GROUNDS, at=clock())
    if document is None:
        with refused("reviewer_first"):
            decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())
    else:
        decide(tx, staff.approver, proposal, grounds=GROUNDS, at=clock())


def test_every_refusal_is_said_in_both_languages(tx, case, staff):
    with pytest.raises(CasebookError) as caught:
        the_case(tx, staff.stranger, case)
    assert caught.value.text("zh") == f"没有案件[{case}]"
    assert caught.value.text("en") == f"no case [{case}]"


def test_what_is_owed_to_the_person_does_not_end_with_the_case(tx, case, staff, clock):
    decision = decided(tx, staff, case, Tier.ORDINARY, clock)
    receipt = request_review(tx, staff.other, case, words="不同意", channel="paper", at=clock())
    close_case(tx, staff.officer, case, on=date(2026, 3, 2), why="矫正期满解除", at=clock())
    states = {task.kind: task.state for task in tx.session.query(TaskRow)}
    assert states == {"review_due": "cancelled", "read_notice": "open", "answer_review": "open"}
    with refused("closed"):
        decided(tx, staff, case, Tier.RELAXED, clock)
    assign_review(tx, staff.admin, receipt.review, handler=staff.reviewer, at=clock())
    answer_review(tx, staff.reviewer, receipt.review, outcome="upheld", answer=GROUNDS, at=clock())
    record_notice(
        tx, staff.officer, decision, read_by="S-1", language="wu", aloud=True, said="",
        at=clock(),
    )  # fmt: skip
    assert request_review(tx, staff.other, case, words="还是不同意", channel="county", at=clock())


def test_a_review_comes_no_later_than_the_policy_says(tx, seen, staff, clock):
    due = shown(tx, staff.officer, seen).recommendation.review_on
    for asked, got in ((date(2027, 1, 1), due), (date(2026, 3, 9), date(2026, 3, 9))):
        name = propose(
            tx, staff.officer, seen, tier=Tier.RELAXED, grounds=GROUNDS, review_on=asked,
            at=clock(),
        )  # fmt: skip
        assert tx.session.get_one(ProposalRow, name).review_on == got
