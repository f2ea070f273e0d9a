"""Sealed content of the record, read for a page; ``{}`` once it was erased."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from riskengine.casebook.chain import content_of, event_at
from riskengine.casebook.database import Transaction
from riskengine.casebook.facts import Facts, read_facts
from riskengine.casebook.schema import AssessmentRow, DecisionRow, Event, ProposalRow


def written_in(tx: Transaction, row: AssessmentRow | ProposalRow | DecisionRow) -> dict[str, Any]:
    """What was written with an assessment, proposal or decision."""
    return content_of(tx, event_at(tx, row.chain, row.seq)) or {}


def events_of(tx: Transaction, case: str, *kinds: str) -> list[tuple[Event, Facts]]:
    """Events of a case of some kinds, in their order."""
    rows = tx.session.scalars(
        select(Event)
        .where(Event.case == case, Event.kind.in_(kinds))
        .order_by(Event.placed, Event.chain, Event.seq)
    )
    return [(row, read_facts(row.kind, row.facts)) for row in rows]


def words_of(tx: Transaction, event: Event) -> dict[str, Any]:
    """What stands sealed in one event."""
    return content_of(tx, event) or {}
