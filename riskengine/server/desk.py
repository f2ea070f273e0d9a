"""The casebook as a signed-in person reaches it: one district, own roles, every look logged.

The casebook's own functions say who may do what. Here stands who is asking, which engine is in
force, what time it is, and what a reader need not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from riskengine.casebook.actors import Actor as Member
from riskengine.casebook.actors import Role as MemberRole
from riskengine.casebook.database import Casebook, Transaction, reading, writing
from riskengine.casebook.lookups import the_case
from riskengine.casebook.reads import log_read
from riskengine.casebook.schema import CaseRow, ProposalRow
from riskengine.engine import Engine
from riskengine.instrument.model import Instrument
from riskengine.recommendation import AnswerView, Recommendation, RuleView
from riskengine.server.access import district_of
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import reading as reading_accounts
from riskengine.server.accounts.tables import User
from riskengine.server.accounts.users import actor_of
from riskengine.server.problems import refuse
from riskengine.server.services import Services


@dataclass(frozen=True)
class Desk:
    """One signed-in person at work in one district.

    Attributes
    ----------
    member
        The person as the casebook knows it.
    at
        The time of the request; everything in it happens then.
    """

    here: Services
    member: Member
    at: datetime

    @property
    def district(self) -> str:
        """District of the desk."""
        return self.member.district

    @property
    def engine(self) -> Engine:
        """Model and policy that are in force in the district."""
        return self.here.engines[self.district]

    @property
    def today(self) -> date:
        """Calendar day of the request."""
        return self.here.today()

    @property
    def book(self) -> Casebook:
        """The casebook."""
        return self.here.book

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read from one state of the record. A case is opened by `look` first."""
        with reading(self.book) as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Act: everything in it is recorded, or nothing."""
        with writing(self.book, self.district) as tx:
            yield tx

    def look(self, case: str, what: str) -> None:
        """Log that this person looks at a case of the district, before anything is shown.

        Raises
        ------
        NotHere
            Where there is none; a stranger learns no more than that.
        """
        with self.reading() as tx:
            the_case(tx, self.member, case)
            log_read(tx, self.member, case, what=what, at=self.at)

    def look_at_list(self, what: str) -> None:
        """Log that this person looks at a list of cases."""
        with self.reading() as tx:
            log_read(tx, self.member, None, what=what, at=self.at)

    def needs_to_know(self, tx: Transaction, case: CaseRow) -> bool:
        """Whether what was told in confidence is this person's business.

        It is for the officer in charge, for reviewers, and for an approver with a proposal of the
        case to decide.
        """
        if case.officer == self.member.id or self.member.may(MemberRole.REVIEWER):
            return True
        if not self.member.may(MemberRole.APPROVER):
            return False
        return (
            tx.session.scalar(
                select(ProposalRow.id)
                .where(
                    ProposalRow.case == case.id,
                    ProposalRow.state == "open",
                    ProposalRow.proposed_by != self.member.id,
                )
                .limit(1)
            )
            is not None
        )


def open_desk(here: Services, actor: Actor, named: str | None = None) -> Desk:
    """Open the desk of a signed-in person in the district that is named, or the only one.

    Raises
    ------
    Refusal
        404 for another person's district; 422 where several are possible and none is named.
    """
    district = district_of(actor, named)
    return Desk(here, member_of(actor, district), here.clock())


def member_of(actor: Actor, district: str) -> Member:
    """A person as the casebook knows it."""
    roles = frozenset(MemberRole(role) for role in actor.roles_in(district))
    return Member(actor.id, actor.name, district, roles)


def find_member(here: Services, user: str, district: str) -> Member:
    """Another member of staff of a district, such as the handler of a review.

    Raises
    ------
    Refusal
        404 where nobody of that id works there.
    """
    with reading_accounts(here.accounts) as session:
        found = session.get(User, user)
        if found is not None and found.disabled_at is None:
            member = member_of(actor_of(found, csrf=""), district)
            if member.roles:
                return member
    raise refuse(404, "no_such", what=f"[{user[:64]}]")


def confidential(instrument: Instrument, sources: Mapping[str, Any]) -> frozenset[str]:
    """Items whose answers are for those alone who need to know them."""
    found = {item.id for item in instrument.items if item.disclosure != "open"}
    for item, source in sources.items():
        if isinstance(source, Mapping) and source.get("disclosure", "open") != "open":
            found.add(item)
    return frozenset(found)


def without_answers(
    assessment: Mapping[str, Any], instrument: Instrument
) -> tuple[dict[str, Any], list[str]]:
    """Leave out of an assessment what a reader need not know; and say which items that were."""
    sources = assessment.get("sources", {})
    hidden = confidential(instrument, sources)
    kept = {item: answer for item, answer in assessment["answers"].items() if item not in hidden}
    left = {item: source for item, source in sources.items() if item not in hidden}
    withheld = sorted(set(assessment["answers"]) - set(kept))
    return {**assessment, "answers": kept, "sources": left}, withheld


def without_confidences(found: Recommendation, instrument: Instrument) -> Recommendation:
    """Leave out of a recommendation the answers that a reader need not know."""
    hidden = confidential(instrument, {}) | {
        answer.item
        for factor in found.factors
        for answer in factor.answers
        if answer.disclosure != "open"
    }

    def bare(answer: AnswerView) -> AnswerView:
        if answer.item not in hidden:
            return answer
        return answer.model_copy(update={"answer": "", "source": None, "on": None, "by": None})

    def bare_rule(rule: RuleView) -> RuleView:
        kept = {item: said for item, said in rule.reports.items() if item not in hidden}
        if kept == rule.reports:
            return rule
        # the reason may quote the answer
        return rule.model_copy(update={"reports": kept, "reason": rule.title})

    return found.model_copy(
        update={
            "factors": tuple(
                factor.model_copy(update={"answers": tuple(map(bare, factor.answers))})
                for factor in found.factors
            ),
            "rules": tuple(map(bare_rule, found.rules)),
            "needs": tuple(need for need in found.needs if hidden.isdisjoint(need.items)),
            "alerts": tuple(alert for alert in found.alerts if alert.disclosure == "open"),
        }
    )
