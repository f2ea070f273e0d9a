"""Hiding the scores of a district, at once and until somebody lifts it. Everything else works on.

Whether scores are shown is asked of the database in every reveal; nothing is cached, so that a
suspension holds from the next request on, on every machine that shares the record.
"""

from __future__ import annotations

from datetime import datetime

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import suspension, written
from riskengine.casebook.projection import record


def suspended(tx: Transaction, district: str) -> bool:
    """Whether the scores of a district are hidden now."""
    return suspension(tx, district) is not None


def suspend(tx: Transaction, actor: Actor, *, reason: str, at: datetime) -> str:
    """Hide the scores of the actor's district; return the id of the suspension."""
    require(actor, Role.ADMINISTRATOR, Role.REVIEWER, Role.APPROVER)
    if suspended(tx, actor.district):
        raise refusal("suspended_already", district=actor.district)
    name = sealing.new_id("h")
    record(
        tx,
        f.Suspended(id=name),
        {"reason": written(tx, reason, "reason")},
        actor=actor.id,
        at=at,
    )
    return name


def lift(tx: Transaction, actor: Actor, *, reason: str, at: datetime) -> None:
    """Show scores again."""
    require(actor, Role.ADMINISTRATOR, Role.REVIEWER, Role.APPROVER)
    found = suspension(tx, actor.district)
    if found is None:
        raise refusal("not_suspended", district=actor.district)
    why = {"reason": written(tx, reason, "reason")}
    # two nodes may each have suspended: all of it is lifted
    while found is not None:
        record(tx, f.Lifted(id=found.id), why, actor=actor.id, at=at)
        found = suspension(tx, actor.district)
