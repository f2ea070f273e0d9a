"""Making all read tables anew from the events, and showing that they were what they should be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from riskengine.canonical import canonical_json
from riskengine.casebook import facts as f
from riskengine.casebook.database import Transaction
from riskengine.casebook.facts import read_facts
from riskengine.casebook.projection import project, rebuild_subject
from riskengine.casebook.schema import PROJECTED, Base, Event

_LAST = (f.SamePerson.kind,)


@dataclass(frozen=True)
class Rebuilt:
    """What was there and what came out, as a hash and a number of rows a table."""

    before: dict[str, tuple[int, str]]
    after: dict[str, tuple[int, str]]

    @property
    def differing(self) -> tuple[str, ...]:
        """Tables that were not what the events say."""
        return tuple(name for name in self.after if self.before[name] != self.after[name])


def rebuild(tx: Transaction) -> Rebuilt:
    """Empty the read tables and make them anew from open facts alone; no key is used."""
    session = tx.session
    before = digests(session)
    for table in PROJECTED:
        session.execute(delete(table))
    session.expire_all()
    for event in session.scalars(
        select(Event)
        .where(Event.subject.is_(None), Event.kind.not_in(_LAST))
        .order_by(Event.placed, Event.chain, Event.seq)
    ):
        project(session, event, read_facts(event.kind, event.facts))
    subjects = session.scalars(
        select(Event.subject).where(Event.subject.is_not(None)).distinct().order_by(Event.subject)
    ).all()
    for subject in subjects:
        if subject is not None:
            rebuild_subject(session, subject)
            session.expunge_all()
    session.flush()
    return Rebuilt(before, digests(session))


def digests(session: Session) -> dict[str, tuple[int, str]]:
    """Number of rows and hash of every read table."""
    session.flush()
    return {table.__tablename__: _digest(session, table) for table in PROJECTED}


def _digest(session: Session, table: type[Base]) -> tuple[int, str]:
    digest, rows = hashlib.sha256(), 0
    columns = table.__table__.columns
    for row in session.execute(select(*columns).order_by(columns["id"])):
        values = [None if value is None else str(value) for value in row]
        digest.update(canonical_json(values).encode())
        rows += 1
    return rows, digest.hexdigest()
