"""Who looked at which case. It stands beside the record, not in it, and cannot be changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select

from riskengine.casebook.actors import Actor
from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import Read
from riskengine.casebook.times import stamp


def log_read(tx: Transaction, actor: Actor, case: str | None, *, what: str, at: datetime) -> None:
    """Keep that an actor looked at a case (or, without one, at a list).

    It is kept with everything else that a transaction writes; one that reads keeps it at its end,
    so that nobody who reads holds a writer up.
    """
    look = {
        "at": stamp(at),
        "district": actor.district,
        "actor": actor.id,
        "case": case,
        "what": what,
    }
    if tx.looks is None:
        tx.session.execute(insert(Read), [look])
    else:
        tx.looks.append(look)


def reads_of(tx: Transaction, actor: Actor, case: str) -> list[Read]:
    """Who looked at a case of the actor's district, the newest first."""
    return list(
        tx.session.scalars(
            select(Read)
            .where(Read.case == case, Read.district == actor.district)
            .order_by(Read.id.desc())
        )
    )
