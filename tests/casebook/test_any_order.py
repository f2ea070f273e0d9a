"""Whatever people try, in whatever order: what must never happen does not."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.assessing import correct, sign
from riskengine.casebook.cases import close_case, open_case
from riskengine.casebook.database import Casebook, connect, reading, writing
from riskengine.casebook.deciding import (
    decide,
    look_first,
    propose,
    propose_without_score,
    send_back,
    withdraw,
)
from riskengine.casebook.erasing import erase
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.facts import read_facts
from riskengine.casebook.places import migrate
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.revealing import record_own_view, reveal, what_if
from riskengine.casebook.reviews import answer_review, assign_review, request_review
from riskengine.casebook.rules import find_rules
from riskengine.casebook.schema import AssessmentRow, CaseRow, Event, ProposalRow, ReviewRow
from riskengine.casebook.sealing import MasterKey
from riskengine.casebook.suspending import lift, suspend
from riskengine.casebook.times import day_of
from riskengine.casebook.verify import verify
from riskengine.policy.tiers import Tier
from tests.casebook.conftest import DISTRICT, Clock, Staff, actor, example
from tests.casebook.rounds import GROUNDS

WHO = st.sampled_from(["officer", "other", "approver", "reviewer", "admin", "both"])
ACTS = st.sampled_from(
    [
        *("open", "sign", "view", "reveal", "propose", "blind", "decide", "decide", "first"),
        *("back", "withdraw", "correct", "ask", "assign", "answer", "suspend", "lift"),
        *("what_if", "close", "erase", "view", "reveal", "propose", "sign"),
    ]
)
STEPS = st.lists(
    st.tuples(ACTS, WHO, st.integers(0, 99), st.sampled_from(list(Tier)), st.integers(0, 40)),
    min_size=8,
    max_size=40,
)
_names = itertools.count()


@settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(steps=STEPS)
def test_no_order_of_acts_breaks_what_must_hold(steps, engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    url = f"sqlite:///{folder}/r{next(_names)}.db"
    book = Casebook(connect(url), MasterKey.of(b"k" * 32), find_rules())
    migrate(book.engine)
    staff, clock = Staff(), Clock()
    people = {**vars(staff), "both": actor("B-1", *staff.approver.roles, *staff.reviewer.roles)}
    for act, who, pick, tier, days in steps:
        clock.now += timedelta(days=days)
        try:
            with writing(book, DISTRICT) as tx:
                attempt(tx, people[who], act, pick, tier, engine, clock, people)
        except (CasebookError, Nothing):
            pass
    with writing(book, DISTRICT) as tx:
        assert rebuild(tx).differing == ()
        assert verify(tx).sound
    with reading(book) as tx:
        events = tx.session.scalars(select(Event).order_by(Event.seq)).all()
        check([(event, read_facts(event.kind, event.facts)) for event in events])
    book.engine.dispose()


class Nothing(Exception):
    """There is nothing yet that the act could be about."""


def one(tx, table, pick):
    rows = tx.session.scalars(select(table).order_by(table.id)).all()
    if not rows:
        raise Nothing
    return rows[pick % len(rows)]


def attempt(tx, who, act, pick, tier, engine, clock, people) -> None:
    at = clock()
    review_on = (clock.now + timedelta(days=60)).date()
    raw = example("07", gambling=str(pick % 4), alcohol_problem=str(pick // 4 % 4))
    if act == "open":
        open_case(tx, who, person=f"P-{pick % 4}", office="司法所", at=at)
    elif act in ("suspend", "lift"):
        (suspend if act == "suspend" else lift)(tx, who, reason=GROUNDS, at=at)
    elif act == "sign":
        sign(tx, who, one(tx, CaseRow, pick).id, raw, engine=engine, at=at)
    elif act == "view":
        name = one(tx, AssessmentRow, pick).id
        record_own_view(tx, who, name, tier=tier, grounds=GROUNDS, at=at)
    elif act == "reveal":
        reveal(tx, who, one(tx, AssessmentRow, pick).id, engine=engine, at=at)
    elif act == "propose":
        reason = "other" if pick % 2 else None
        propose(
            tx, who, one(tx, AssessmentRow, pick).id, tier=tier, grounds=GROUNDS, reason=reason,
            explanation=GROUNDS, review_on=review_on, at=at,
        )  # fmt: skip
    elif act == "blind":
        propose_without_score(
            tx, who, one(tx, CaseRow, pick).id, tier=tier, ground="outage", grounds=GROUNDS,
            review_on=review_on, at=at,
        )  # fmt: skip
    elif act == "decide":
        decide(tx, who, one(tx, ProposalRow, pick).id, grounds=GROUNDS, at=at)
    elif act == "first":
        look_first(tx, who, one(tx, ProposalRow, pick).id, grounds=GROUNDS, at=at)
    elif act == "back":
        send_back(tx, who, one(tx, ProposalRow, pick).id, why=GROUNDS, at=at)
    elif act == "withdraw":
        withdraw(tx, who, one(tx, ProposalRow, pick).id, why=GROUNDS, at=at)
    elif act == "correct":
        name = one(tx, AssessmentRow, pick).id
        correct(tx, who, name, raw, reason=GROUNDS, engine=engine, at=at)
    elif act == "ask":
        case = one(tx, CaseRow, pick).id
        request_review(tx, who, case, words="不同意", channel="paper", at=at)
    elif act == "assign":
        assign_review(tx, who, one(tx, ReviewRow, pick).id, handler=people["both"], at=at)
    elif act == "answer":
        name = one(tx, ReviewRow, pick).id
        answer_review(tx, who, name, outcome="upheld", answer=GROUNDS, at=at)
    elif act == "what_if":
        what_if(tx, who, one(tx, AssessmentRow, pick).id, {"gambling": "3"}, engine=engine, at=at)
    elif act == "close":
        case = one(tx, CaseRow, pick).id
        close_case(tx, who, case, on=clock.now.date(), why=GROUNDS, at=at)
    elif act == "erase":
        erase(tx, who, one(tx, CaseRow, pick).id, ground="court_order", words=GROUNDS, at=at)


def check(events) -> None:
    """What must hold, read off the events by somebody who does not know the program."""
    viewed, shown, corrected, proposals = set(), {}, set(), {}
    tier_of, decided_on, requests, looked, involved, erased = {}, set(), {}, set(), {}, set()
    suspended = False
    for event, facts in events:
        case = event.case
        assert event.subject not in erased or isinstance(facts, f.Erased | f.CaseOpened)
        match facts:
            case f.Suspended():
                suspended = True
            case f.Lifted():
                suspended = False
            case f.OwnView():
                assert facts.assessment not in shown
                viewed.add(facts.assessment)
            case f.AssessmentCorrected():
                assert facts.corrects not in corrected
                corrected.add(facts.corrects)
                if facts.corrects in viewed:
                    viewed.add(facts.id)
            case f.Revealed():
                assert facts.assessment in viewed and not suspended
                shown[facts.assessment] = facts
            case f.Proposed():
                proposals[facts.id] = (event.actor, facts)
                now, asked = tier_of.get(case), requests.get(case)
                up = now is not None and facts.tier.rank > now.rank
                soon = asked is not None and (day_of(event.at) - asked).days <= 90
                # no event is put on file here, so that no rule can have fired on one
                assert facts.look_first == (up and soon)
                involved.setdefault(case, set()).add(event.actor)
                if facts.how != "without_score":
                    assert facts.assessment in shown and facts.assessment not in corrected
                    assert facts.recommended == shown[facts.assessment].tiers
                    assert (facts.how == "override") == (facts.tier not in facts.recommended)
                assert (facts.how in ("override", "without_score")) == (facts.reason is not None)
            case f.ReviewRequested():
                requests[case] = facts.received_on
            case f.LookedFirst():
                looked.add(facts.proposal)
            case f.Decided():
                by, proposed = proposals[facts.proposal]
                now = tier_of.get(case)
                highest = max((one.rank for one in facts.recommended), default=9)
                up = now is not None and facts.tier.rank > now.rank
                if facts.tier is Tier.STRICT or facts.tier.rank > highest or up:
                    assert by != event.actor
                    assert event.actor in ("P-1", "B-1")
                assert not proposed.look_first or facts.proposal in looked
                assert (case, facts.base) not in decided_on
                decided_on.add((case, facts.base))
                tier_of[case] = facts.tier
                involved[case].add(event.actor)
            case f.WhatIf():
                assert not suspended
            case f.ReviewAssigned():
                assert facts.handler not in involved.get(case, set())
            case f.Erased():
                erased.add(facts.subject)
