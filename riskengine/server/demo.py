"""A demo district: made-up people, officials with random passwords, and some days of work.

Nobody in it exists. Everything lies in a folder that is thrown away.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from riskengine.casebook.actors import Actor as Member
from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case
from riskengine.casebook.database import Transaction, writing
from riskengine.casebook.deciding import decide, propose
from riskengine.casebook.revealing import record_own_view, reveal
from riskengine.casebook.schema import ProposalRow
from riskengine.policy.record import RecordDocument
from riskengine.policy.tiers import Tier
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.passwords import made_up
from riskengine.server.accounts.users import add_user
from riskengine.server.desk import member_of
from riskengine.server.services import Services
from riskengine.server.settings import District, Role, Settings
from riskengine.text import Text

HERE, ELSEWHERE = "qinghe", "linshui"
DISTRICTS = {
    HERE: District(title=Text(zh="清河县（虚构）", en="Qinghe County (made up)")),
    ELSEWHERE: District(title=Text(zh="临水县（虚构）", en="Linshui County (made up)")),
}
OFFICES = ("qinghe_town", "shanhe_township")

STAFF: tuple[tuple[str, str, str, tuple[Role, ...]], ...] = (
    ("S-0417", "周禾（虚构）", HERE, ("officer",)),
    ("S-0418", "林溪（虚构）", HERE, ("officer",)),
    ("S-0500", "何川（虚构）", HERE, ("approver",)),
    ("S-0600", "安宁（虚构）", HERE, ("reviewer",)),
    ("S-0700", "于山（虚构）", HERE, ("analyst",)),
    ("S-0800", "白桥（虚构）", HERE, ("administrator",)),
    ("S-9001", "外县人员（虚构）", ELSEWHERE, ("officer", "approver", "reviewer")),
)


@dataclass(frozen=True)
class SignIn:
    """One printed sign-in."""

    user: str
    password: str
    name: str
    district: str
    roles: tuple[Role, ...]


def demo_settings(folder: Path, *, port: int, **given: Any) -> Settings:
    """Settings of a demo: this machine alone, everything in one folder."""
    return Settings(
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        accounts=f"sqlite:///{folder / 'accounts.sqlite'}",
        casebook=f"sqlite:///{folder / 'casebook.sqlite'}",
        casebook_keys=str(folder / "keys"),
        districts=DISTRICTS,
        demo=True,
        **given,
    )


def add_staff(here: Services) -> list[SignIn]:
    """Add the officials, each with a random password."""
    found = []
    with transaction(here.accounts) as session:
        for user, name, district, roles in STAFF:
            password = made_up()
            add_user(
                session,
                user,
                name=name,
                roles={district: roles},
                password=password,
                now=here.now(),
                must_change=False,
            )
            found.append(SignIn(user, password, name, district, roles))
    return found


def add_cases(here: Services) -> int:
    """Open cases of made-up people and work on them as far as an office would have come.

    Of every four, one waits for its first assessment and one for the own view; the others are
    proposed, and decided where no other person has to approve.
    """
    people = _people(here.today())
    for place, (raw, past) in enumerate(people):
        user, name, district, roles = STAFF[place % 2]
        officer = member_of(Actor(user, name, {district: frozenset(roles)}), district)
        at = here.clock() - timedelta(minutes=10 * (len(people) - place))
        with writing(here.book, HERE) as tx:
            case = open_case(
                tx,
                officer,
                person=raw["person"],
                office=OFFICES[place % 2],
                at=at,
                file_block=_on_file(raw["answers"]),
                past=past,
            )
            if place % 4 == 0:
                continue
            signed = sign(tx, officer, case, raw, engine=here.engines[HERE], at=at)
            if place % 4 != 1:
                _propose(tx, here, officer, signed, at)
    return len(people)


def _propose(tx: Transaction, here: Services, officer: Member, signed: str, at: datetime) -> None:
    grounds = "演示数据：根据档案和谈话情况形成的意见"
    record_own_view(tx, officer, signed, tier=Tier.ORDINARY, grounds=grounds, at=at)
    shown = reveal(tx, officer, signed, engine=here.engines[HERE], at=at + timedelta(minutes=1))
    if not shown.tiers:
        return
    later = at + timedelta(minutes=6)
    tier = shown.tiers[0].tier
    proposal = propose(tx, officer, signed, tier=tier, grounds=grounds, at=later)
    row = tx.session.get_one(ProposalRow, proposal)
    if not row.approval and row.state == "open":
        decide(tx, officer, proposal, grounds=grounds, at=later + timedelta(minutes=1))


_FILE_BLOCK = ("legal_status", "start_date", "end_date", "birth_date", "sex", "offence_type")


def _on_file(answers: dict[str, Any]) -> dict[str, Any]:
    return {item: answers[item] for item in _FILE_BLOCK if item in answers}


def _people(today: date) -> list[tuple[dict[str, Any], RecordDocument | None]]:
    """Made-up people, with every day moved so that they are at the same point today."""
    read = json.loads((Path(__file__).parent / "demo_people.json").read_text(encoding="utf-8"))
    days = today - date.fromisoformat(read["day"])
    found = []
    for one in read["people"]:
        past = _moved(one["past"], days)
        record = None if past is None else RecordDocument.model_validate(past, strict=False)
        found.append((_moved(one["assessment"], days), record))
    return found


def _moved(value: Any, days: timedelta) -> Any:
    if isinstance(value, dict):
        return {key: _moved(inner, days) for key, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, days) for inner in value]
    if isinstance(value, str) and _DAY.fullmatch(value):
        return (date.fromisoformat(value) + days).isoformat()
    return value


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
