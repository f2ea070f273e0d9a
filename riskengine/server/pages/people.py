"""Names of officials, and persons' ids, as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from riskengine.casebook.cases import person_of, persons_of
from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import CaseRow
from riskengine.server.accounts.database import reading
from riskengine.server.accounts.tables import User
from riskengine.server.accounts.users import all_users
from riskengine.server.pages.viewer import Desk


def names(desk: Desk, ids: Iterable[str | None]) -> dict[str, str]:
    """Names of officials by id; an id without an account stands for itself."""
    wanted = sorted({one for one in ids if one})
    found = {one: one for one in wanted}
    if wanted:
        with reading(desk.here.accounts) as session:
            for row in session.execute(select(User.id, User.name).where(User.id.in_(wanted))):
                found[row.id] = (
                    f"{row.name} ({row.id})" if desk.lang == "en" else (f"{row.name}（{row.id}）")
                )
    return found


def persons(desk: Desk, tx: Transaction, cases: Sequence[CaseRow]) -> dict[str, str]:
    """The same as `person` for a list of cases, by their ids."""
    found = persons_of(tx, cases)
    return {case: who or desk.say("erased_person") for case, who in found.items()}


def person(desk: Desk, tx: Transaction, case: CaseRow) -> str:
    """The agency's id of a person, or that it was erased."""
    return person_of(tx, case) or desk.say("erased_person")


@dataclass(frozen=True)
class Colleague:
    """Somebody who works in the district now."""

    id: str
    name: str
    roles: tuple[str, ...]


def staff(desk: Desk) -> list[Colleague]:
    """Who works in the district, by name."""
    with reading(desk.here.accounts) as session:
        found = [
            Colleague(
                one.id,
                one.name,
                tuple(role.role for role in one.roles if role.district == desk.district),
            )
            for one in all_users(session)
            if one.disabled_at is None
        ]
    return sorted((one for one in found if one.roles), key=lambda one: (one.name, one.id))
