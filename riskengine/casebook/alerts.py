"""Safety alerts as tasks of named officials. They wait for no score and move no tier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import day_given, kept_case, the_task, written
from riskengine.casebook.projection import record
from riskengine.casebook.schema import CaseRow, Event, TaskRow
from riskengine.casebook.times import day_of, stamp


def alerts_of(tx: Transaction, case: str) -> list[f.AlertOpened]:
    """Every alert of a case, the first one first."""
    rows = tx.session.scalars(
        select(Event)
        .where(Event.case == case, Event.kind == f.AlertOpened.kind)
        .order_by(Event.placed, Event.chain, Event.seq)
    )
    found = (f.read_facts(row.kind, row.facts) for row in rows)
    return [one for one in found if isinstance(one, f.AlertOpened)]


def open_alerts(tx: Transaction, case: str) -> list[f.AlertOpened]:
    """Alerts of a case that nobody has closed yet."""
    still = set(
        tx.session.scalars(
            select(TaskRow.ref).where(
                TaskRow.case == case, TaskRow.kind == "alert", TaskRow.state == "open"
            )
        )
    )
    return [one for one in alerts_of(tx, case) if one.id in still]


def raise_alerts(
    tx: Transaction,
    actor: Actor,
    row: CaseRow,
    raised: Iterable[tuple[str, tuple[str, ...]]],
    *,
    assessment: str,
    official: str,
    at: datetime,
) -> None:
    """Open a task for every alert that is not open already.

    Parameters
    ----------
    raised
        Alerts with the items that raise them.
    official
        In charge from today on.
    """
    still_open = {one.alert for one in open_alerts(tx, row.id)}
    for alert, items in raised:
        if alert not in still_open:
            record(
                tx,
                f.AlertOpened(
                    id=sealing.new_id("s"),
                    alert=alert,
                    assessment=assessment,
                    official=official,
                    on=day_of(stamp(at)),
                ),
                {"items": list(items)},
                actor=actor.id,
                at=at,
                case=row.id,
                subject=row.subject,
            )


def close_alert(
    tx: Transaction,
    actor: Actor,
    alert: str,
    *,
    closing: str,
    at: datetime,
    on: date | None = None,
) -> None:
    """Close an alert in writing. Only the official in charge of it may.

    Parameters
    ----------
    closing
        What was found and done.
    on
        Day of the closing, where it was done on paper; today if not given.
    """
    require(actor, Role.OFFICER, Role.APPROVER, Role.REVIEWER, Role.ADMINISTRATOR)
    task = the_task(tx, actor, "alert", alert)
    if task.person != actor.id:
        raise refusal("not_in_charge", actor=actor.id, official=task.person)
    row = kept_case(tx, actor, task.case)
    day = day_given(on, first=task.opened_on, at=at)
    record(
        tx,
        f.AlertClosed(id=alert, on=day),
        {"closing": written(tx, closing, "closing")},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
