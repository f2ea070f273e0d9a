"""Appending to a chain, and reading what stands in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, select

from riskengine.canonical import canonical_json, parse_json
from riskengine.casebook import sealing
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.facts import Facts, plain
from riskengine.casebook.guards import GENESIS
from riskengine.casebook.keys import chain_key, find_key, the_key
from riskengine.casebook.schema import Event
from riskengine.casebook.times import just_after, moment, stamp

CLOCK_SLACK = timedelta(minutes=5)
"""How far a caller's clock may lie behind the last event of the chain."""

_HASHED = (
    *("chain", "seq", "district", "kind", "at", "placed", "actor", "case", "subject"),
    *("key", "facts", "content_hash", "previous"),
)

# made once: building a statement takes longer than running it
_HEAD = (
    select(Event.seq, Event.hash, Event.placed)
    .where(Event.chain == bindparam("of"))
    .order_by(Event.seq.desc())
    .limit(1)
)
_LATEST = select(func.max(Event.placed)).where(Event.subject == bindparam("of"))
_INSERT = insert(cast(Table, Event.__table__))


def event_hash(fields: Mapping[str, Any]) -> str:
    """Hash of an event: everything that stands in its row, with the hash of the one before.

    It covers the salted hash of the content and the ciphertext, and so holds without any key.
    """
    covered = [fields[name] for name in _HASHED]
    covered.append(hashlib.sha256(fields["sealed"]).hexdigest())
    return hashlib.sha256(canonical_json(covered).encode()).hexdigest()


def place_of(chain: str, seq: int) -> str:
    """How an event is named in messages and references."""
    return f"{chain}#{seq}"


def head(tx: Transaction, chain: str) -> tuple[int, str, str]:
    """Number, hash and place in time of a chain's last event; 0 and genesis of an empty one."""
    found = tx.session.execute(_HEAD, {"of": chain}).first()
    return (0, GENESIS, "") if found is None else (found.seq, found.hash, found.placed)


def chains(tx: Transaction, district: str | None = None) -> list[str]:
    """Names of all chains, or of a district's: a step for each, however long they are."""
    first, last = ("", None) if district is None else (district, f"{district}0")
    found: list[str] = []
    wanted = select(func.min(Event.chain)).where(Event.chain >= first)
    while True:
        name = tx.session.scalar(wanted)
        if name is None or (last is not None and name >= last):
            return found
        if district is None or name == district or name.startswith(f"{district}/"):
            found.append(name)
        wanted = select(func.min(Event.chain)).where(Event.chain > name)


def append(
    tx: Transaction,
    facts: Facts,
    content: Mapping[str, Any],
    *,
    actor: str,
    at: datetime,
    case: str | None = None,
    subject: str | None = None,
    for_chain: bool = False,
) -> Event:
    """Append one event to the chain of the transaction's district.

    Parameters
    ----------
    facts
        What stays readable.
    content
        What is sealed: with the subject's key, or the chain's own where there is no subject.
    at
        When it happened, by the caller's clock.
    for_chain
        Seal with the chain's own key although there is a subject.

    Raises
    ------
    Refused
        Where the time lies more than `CLOCK_SLACK` before the last event of the chain or person.
    Broken
        Where the subject's key was destroyed.
    """
    chain = tx.chain
    seq, previous, latest = head(tx, chain)
    if subject is not None:
        latest = max(latest, tx.session.scalar(_LATEST, {"of": subject}) or "")
    written = stamp(at)
    if latest and moment(written) + CLOCK_SLACK < moment(latest):
        raise refusal("clock_behind", at=written, last=latest)
    if subject is None or for_chain:
        key_name, key = chain_key(tx, chain)
    else:
        key_name, key = subject, the_key(tx, subject)
    body = canonical_json(dict(content)).encode()
    sealed, content_hash = sealing.seal(key, body, place_of(chain, seq + 1))
    fields: dict[str, Any] = {
        "chain": chain,
        "seq": seq + 1,
        "district": tx.district,
        "kind": facts.kind,
        "at": written,
        "placed": max(written, just_after(latest)) if latest else written,
        "actor": actor,
        "case": case,
        "subject": subject,
        "key": key_name,
        "facts": canonical_json(plain(facts)),
        "sealed": sealed,
        "content_hash": content_hash,
        "previous": previous,
    }
    fields["hash"] = event_hash(fields)
    tx.session.execute(_INSERT, fields)
    return Event(**fields)


def content_of(tx: Transaction, event: Event) -> dict[str, Any] | None:
    """Open an event's content; ``None`` where its key was destroyed.

    Raises
    ------
    Broken
        Where it is not what was hashed.
    """
    key = find_key(tx, event.key)
    return None if key is None else opened(event, key)


def opened(event: Event, key: bytes) -> dict[str, Any]:
    """Open an event's content with its key; see `content_of`."""
    place = place_of(event.chain, event.seq)
    body, content_hash = sealing.unseal(key, event.sealed, place)
    if content_hash != event.content_hash:
        raise refusal("tampered", place=place)
    found: dict[str, Any] = parse_json(body, source=place)
    return found


def event_at(tx: Transaction, chain: str, seq: int) -> Event:
    """One event by its place.

    Raises
    ------
    NotHere
        Where there is none.
    """
    found = tx.session.get(Event, (chain, seq))
    if found is None:
        raise refusal("no_such_event", place=place_of(chain, seq))
    return found
