"""What is known of the record's soundness: when all of it was checked, and what came since.

Checking every event of a large record takes minutes: `riskengine casebook verify` does it, and a
reviewer may ask for it. In between a look checks what was added since; it says so, with the day of
the last check of the whole, and never claims more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from riskengine.casebook import facts as f
from riskengine.casebook.chain import chains, head
from riskengine.casebook.database import Casebook, Transaction, writing
from riskengine.casebook.facts import read_facts
from riskengine.casebook.schema import Check, Event
from riskengine.casebook.times import stamp
from riskengine.casebook.verify import Finding, Verification, verify, verify_since


@dataclass(frozen=True)
class Standing:
    """What is known of the record.

    Attributes
    ----------
    sound
        Whether nothing was found, in the last check of the whole and since.
    events, chains, erased
        Events of all chains, chains, and events whose content was erased.
    whole_at, whole_events
        When every event was checked last, and how many there were.
    found
        The check that was made just now; keep it with `keep_check`.
    """

    sound: bool
    events: int
    chains: int
    erased: int
    findings: tuple[Finding, ...]
    whole_at: str
    whole_events: int
    found: Verification


def standing(tx: Transaction, *, at: datetime) -> Standing:
    """Check what was added since the last check; everything where there was none."""
    whole = _last(tx, whole=True)
    if whole is None:
        found = verify(tx)
        return Standing(
            found.sound,
            found.events,
            found.chains,
            found.erased,
            tuple(found.findings),
            stamp(at),
            found.events,
            found,
        )
    last = _last(tx, whole=None) or whole
    found = verify_since(
        tx, {name: (int(seq), str(digest)) for name, (seq, digest) in last.heads.items()}
    )
    return Standing(
        found.sound,
        sum(head(tx, name)[0] for name in chains(tx)),
        found.chains,
        erased_events(tx),
        tuple(found.findings),
        whole.at,
        whole.events,
        found,
    )


def last_whole(tx: Transaction) -> Check | None:
    """The last check of the whole record that found nothing."""
    return _last(tx, whole=True)


def _last(tx: Transaction, *, whole: bool | None) -> Check | None:
    wanted = select(Check).order_by(Check.id.desc()).limit(1)
    return tx.session.scalar(wanted if whole is None else wanted.where(Check.whole.is_(whole)))


def keep_check(book: Casebook, found: Verification, *, at: datetime) -> bool:
    """Keep how far a check went that found nothing; return whether it was kept.

    Whoever may read the record and not write to it can check it all the same.
    """
    if not found.sound or not (found.whole or found.events):
        return False
    values = {
        "at": stamp(at),
        "whole": found.whole,
        "events": found.events,
        "erased": found.erased,
        "heads": {name: list(place) for name, place in found.heads.items()},
    }
    try:
        with writing(book, "") as tx:
            tx.session.execute(insert(Check), [values])
    except DBAPIError:
        return False
    return True


def erased_events(tx: Transaction) -> int:
    """Count the events whose content was erased, without reading any other."""
    total = 0
    for written in tx.session.scalars(select(Event.facts).where(Event.kind == f.Erased.kind)):
        facts = read_facts(f.Erased.kind, written)
        if isinstance(facts, f.Erased):
            of = select(func.count()).where(
                Event.subject == facts.subject, Event.key == facts.subject
            )
            total += tx.session.scalar(of) or 0
    return total
