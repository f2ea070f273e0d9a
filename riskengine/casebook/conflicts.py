"""Entries that contradict one another: listed, and settled by a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import live_case, written
from riskengine.casebook.projection import record
from riskengine.casebook.schema import ConflictRow


def conflicts_in(tx: Transaction, actor: Actor) -> list[ConflictRow]:
    """Contradictions in the actor's district that nobody has settled."""
    wanted = select(ConflictRow).where(
        ConflictRow.district == actor.district, ConflictRow.holds.is_(None)
    )
    return list(tx.session.scalars(wanted.order_by(ConflictRow.id)))


def conflicts_of(tx: Transaction, cases: Iterable[str]) -> list[ConflictRow]:
    """Contradictions in some cases that nobody has settled."""
    wanted = select(ConflictRow).where(
        ConflictRow.case.in_(list(cases)), ConflictRow.holds.is_(None)
    )
    return list(tx.session.scalars(wanted.order_by(ConflictRow.id)))


def settle(
    tx: Transaction, actor: Actor, conflict: str, *, holds: str, grounds: str, at: datetime
) -> None:
    """Say which of the contradicting entries holds; the others stay in the record.

    Until then no decision of the case goes further than the last one that nobody disputes.
    """
    require(actor, Role.APPROVER, Role.REVIEWER)
    row = tx.session.get(ConflictRow, conflict)
    if row is None or row.district != actor.district:
        raise refusal("no_such_conflict", id=conflict)
    if row.holds is not None:
        raise refusal("conflict_settled", id=conflict)
    if holds not in row.refs:
        raise refusal("not_in_conflict", holds=holds, accepted=", ".join(row.refs))
    case = live_case(tx, actor, row.case)
    record(
        tx,
        f.ConflictSettled(conflict=conflict, holds=holds),
        {"grounds": written(tx, grounds, "grounds")},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )
