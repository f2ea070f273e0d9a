"""Exchange by file with offices that have no network.

A bundle holds the events that the other node does not have yet, with the keys that it needs to
read them, encrypted for that node alone and signed by this one. Taking it in twice, late, or after
a later one does no harm; where something is missing nothing is taken in. Each node appends to its
own chain and to no other, so that nothing is ever merged: what contradicts is listed
(`riskengine.casebook.conflicts`).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import NoResultFound

from riskengine.canonical import canonical_json, parse_json
from riskengine.casebook import facts as f
from riskengine.casebook import keys, sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.chain import event_hash, head, opened, place_of
from riskengine.casebook.conflicts import conflicts_of
from riskengine.casebook.database import Transaction
from riskengine.casebook.erasing import forget
from riskengine.casebook.errors import refusal
from riskengine.casebook.facts import read_facts
from riskengine.casebook.nodes import Card, Node, b64, unb64
from riskengine.casebook.projection import project, rebuild_subject, record
from riskengine.casebook.roots import heads
from riskengine.casebook.schema import CaseRow, ConflictRow, Event, Key, SuspensionRow
from riskengine.casebook.times import stamp
from riskengine.errors import ArtefactError

FORMAT = "riskengine/casebook-bundle/1"
MOST_BYTES = 256 * 2**20
_HEAD = ("format", "sender", "recipient", "at", "ephemeral", "sealed")
_FIELDS = tuple(column.name for column in Event.__table__.columns)


def make_bundle(
    tx: Transaction,
    node: Node,
    recipient: Card,
    *,
    at: datetime,
    offices: Collection[str] | None = None,
    everything: bool = False,
) -> bytes:
    """Make a bundle for another node of the district.

    Parameters
    ----------
    offices
        Send keys of these offices' cases only; events of others go along unreadable, since a chain
        has no gaps. All keys if not given.
    everything
        Send all events, whatever the other node is known to have.
    """
    district = node.name.partition("/")[0]
    has = {} if everything else heads_of(tx, recipient.name)
    mine = {
        chain: seq for chain, (seq, _) in heads(tx).items() if chain.partition("/")[0] == district
    }
    events: list[dict[str, Any]] = []
    # an office speaks for itself; the county passes on what others wrote, but to nobody its own
    sent = sorted(mine) if node.name == district else [node.name]
    for chain in sent:
        if chain == recipient.name:
            continue
        rows = tx.session.execute(
            select(*Event.__table__.columns)
            .where(Event.chain == chain, Event.seq > has.get(chain, 0))
            .order_by(Event.seq)
        )
        events += [{**row._mapping, "sealed": b64(row.sealed)} for row in rows]
    told = canonical_json(
        {"heads": mine, "events": events, "keys": _keys_for(tx, events, offices)}
    ).encode()
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    outside = {
        "format": FORMAT,
        "sender": node.name,
        "recipient": recipient.name,
        "at": stamp(at),
        "ephemeral": b64(public),
    }
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient.exchange))
    sealed = AESGCM(_exchange_key(shared, public, recipient.exchange)).encrypt(
        bytes(12), zlib.compress(told), canonical_json(outside).encode()
    )  # the key is used once, and so is its nonce
    return canonical_json(node.sign({**outside, "sealed": b64(sealed)})).encode() + b"\n"


def heads_of(tx: Transaction, node: str) -> dict[str, int]:
    """What another node is known to have: what its own chain says that it took in."""
    found: dict[str, int] = {}
    rows = tx.session.scalars(
        select(Event.facts).where(Event.chain == node, Event.kind == f.Imported.kind)
    )
    for written in rows:
        facts = read_facts(f.Imported.kind, written)
        if isinstance(facts, f.Imported):
            for chain, seq in facts.heads.items():
                found[chain] = max(seq, found.get(chain, 0))
    seq, _, _ = head(tx, node)
    found[node] = seq
    return found


def _keys_for(
    tx: Transaction, events: list[dict[str, Any]], offices: Collection[str] | None
) -> dict[str, str]:
    wanted = {event["key"] for event in events}
    if offices is not None:
        theirs = set(
            tx.session.scalars(select(CaseRow.subject).where(CaseRow.office.in_(offices)))
        )
        wanted = {name for name in wanted if name in theirs or name.startswith("chain:")}
    found = {}
    for name in sorted(wanted):
        key = keys.find_key(tx, name)
        if key is not None:
            found[name] = b64(key)
    return found


def _exchange_key(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    hkdf = HKDF(hashes.SHA256(), 32, salt=ephemeral + recipient, info=FORMAT.encode())
    return hkdf.derive(shared)


@dataclass(frozen=True)
class TakenIn:
    """What a bundle brought.

    Attributes
    ----------
    new, known
        Events that were not, and that were, here already.
    conflicts
        Contradictions of the persons concerned that nobody has settled.
    """

    sender: str
    new: int
    known: int
    conflicts: tuple[ConflictRow, ...]


def open_bundle(node: Node, data: bytes, trusted: Mapping[str, Card]) -> dict[str, Any]:
    """Check and open a bundle for this node.

    Raises
    ------
    Broken
        Where it is none, is for another node, or is not signed by a node that is trusted here.
    """
    try:
        raw = parse_json(data, source="bundle")
        if not isinstance(raw, dict) or set(raw) != {*_HEAD, "signature"}:
            raise refusal("bad_bundle", what="format")
        if raw["format"] != FORMAT:
            raise refusal("bad_bundle", what=raw["format"])
        if raw["recipient"] != node.name:
            raise refusal("bad_bundle", what=f"for {raw['recipient']}")
        card = trusted.get(raw["sender"])
        if card is None or not card.signed(raw):
            raise refusal("bad_bundle", what=f"signature of {raw['sender']}")
        public = unb64(raw["ephemeral"])
        shared = node.exchange.exchange(X25519PublicKey.from_public_bytes(public))
        outside = {name: raw[name] for name in _HEAD if name != "sealed"}
        packed = AESGCM(_exchange_key(shared, public, node.card.exchange)).decrypt(
            bytes(12), unb64(raw["sealed"]), canonical_json(outside).encode()
        )
        unpacker = zlib.decompressobj()
        told = unpacker.decompress(packed, MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise refusal("bad_bundle", what="size")
        inside = parse_json(told, source="bundle")
        return {**inside, "sender": raw["sender"]}
    except (ArtefactError, InvalidTag, ValueError, TypeError, zlib.error) as error:
        raise refusal("bad_bundle", what=type(error).__name__) from error


def take_in(
    tx: Transaction,
    actor: Actor,
    node: Node,
    data: bytes,
    *,
    trusted: Mapping[str, Card],
    at: datetime,
) -> TakenIn:
    """Take a bundle in, wholly or not at all.

    Raises
    ------
    Broken
        See `open_bundle`; also where an event is not what its hash says.
    Refused
        Where events before it are missing, or an event with its number is here and another.
    """
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    bundle = open_bundle(node, data, trusted)
    try:
        return _take_in(tx, actor, node, bundle, at)
    except NoResultFound as error:
        # it rests on entries that this node once had, and lost
        raise refusal("gap", chain=node.name, first=head(tx, node.name)[0] + 1) from error
    except (KeyError, TypeError, ValueError) as error:
        raise refusal("bad_bundle", what=type(error).__name__) from error


def _take_in(
    tx: Transaction, actor: Actor, node: Node, bundle: dict[str, Any], at: datetime
) -> TakenIn:
    sender = bundle["sender"]
    new: list[Event] = []
    known = 0
    for raw in sorted(bundle["events"], key=lambda one: (one["chain"], one["seq"])):
        event = _checked(tx, sender, node, raw)
        if event is None:
            known += 1
        else:
            new.append(event)
    if not new:
        return TakenIn(sender, 0, known, ())
    without = _keep_keys(tx, new, bundle["keys"])
    subjects = sorted({event.subject for event in new if event.subject is not None})
    for subject in subjects:
        rebuild_subject(tx.session, subject)
    _project_the_rest(tx, new)
    _find_same_persons(tx, actor, new, at)
    if any(event.kind != f.Imported.kind for event in new):
        record(
            tx,
            f.Imported(sender=sender, heads=bundle["heads"], events=len(new), without_key=without),
            {},
            actor=actor.id,
            at=at,
        )
    cases = tx.session.scalars(select(CaseRow.id).where(CaseRow.subject.in_(subjects))).all()
    return TakenIn(sender, len(new), known, tuple(conflicts_of(tx, cases)))


def _checked(tx: Transaction, sender: str, node: Node, raw: dict[str, Any]) -> Event | None:
    """Insert one event as it is; ``None`` where it is here already."""
    if set(raw) != set(_FIELDS):
        raise refusal("bad_bundle", what="event")
    fields = {**raw, "sealed": unb64(raw["sealed"])}
    chain, seq = str(raw["chain"]), int(raw["seq"])
    district = chain.partition("/")[0]
    if district != node.name.partition("/")[0] or raw["district"] != district:
        raise refusal("bad_bundle", what=chain)
    there = tx.session.scalar(select(Event.hash).where(Event.chain == chain, Event.seq == seq))
    if there is not None:
        if there != raw["hash"]:
            raise refusal("forked", chain=chain, seq=seq)
        return None
    if chain == node.name or (chain != sender and sender != district):
        # nobody else writes this node's chain, and an office speaks for itself alone
        raise refusal("bad_bundle", what=f"{sender}: {chain}")
    last, previous, _ = head(tx, chain)
    if seq != last + 1:
        raise refusal("gap", chain=chain, first=last + 1)
    if event_hash(fields) != raw["hash"] or raw["previous"] != previous:
        raise refusal("tampered", place=place_of(chain, seq))
    read_facts(raw["kind"], raw["facts"])
    tx.session.execute(insert(Event).values(**fields))
    return Event(**fields)


def _keep_keys(tx: Transaction, new: list[Event], given: dict[str, str]) -> tuple[str, ...]:
    """Keep the keys of new events; return the names of those for which there is none."""
    erased = {
        facts.subject
        for event in tx.session.scalars(select(Event).where(Event.kind == f.Erased.kind))
        if isinstance(facts := read_facts(event.kind, event.facts), f.Erased)
    }
    for subject in erased:
        forget(tx, subject)
    for name in sorted({event.key for event in new}):
        if name in given and name not in erased and keys.find_key(tx, name) is None:
            keys.keep_key(tx, name, unb64(given[name]), lookup=_lookup(tx, name, given[name]))
    return tuple(
        name
        for name in sorted({event.key for event in new} - erased)
        if keys.find_key(tx, name) is None
    )


def _lookup(tx: Transaction, name: str, key: str) -> str | None:
    """How the person is found here, by what stands in the sealed opening of the case."""
    opening = tx.session.scalar(
        select(Event).where(Event.subject == name, Event.kind == f.CaseOpened.kind).limit(1)
    )
    if opening is None:
        return None
    person = opened(opening, unb64(key))["person"]
    return sealing.lookup(tx.book.master, opening.district, person)


def _project_the_rest(tx: Transaction, new: list[Event]) -> None:
    """Bring the tables up to date that belong to no person."""
    switches = (f.Suspended.kind, f.Lifted.kind)
    if any(event.kind in switches for event in new):
        tx.session.execute(delete(SuspensionRow).where(SuspensionRow.district == tx.district))
        tx.session.expire_all()
        for event in tx.session.scalars(
            select(Event)
            .where(Event.district == tx.district, Event.kind.in_(switches))
            .order_by(Event.placed, Event.chain, Event.seq)
        ):
            project(tx.session, event, read_facts(event.kind, event.facts))
    for event in new:
        if event.kind == f.SamePerson.kind:
            project(tx.session, event, read_facts(event.kind, event.facts))


def _find_same_persons(tx: Transaction, actor: Actor, new: list[Event], at: datetime) -> None:
    """Note where two nodes opened a case of one person."""
    for event in new:
        if event.kind != f.CaseOpened.kind:
            continue
        own = tx.session.scalar(select(Key.lookup).where(Key.id == event.key))
        if own is None:
            continue
        rivals = tx.session.scalars(
            select(CaseRow.id)
            .join(Key, Key.id == CaseRow.subject)
            .where(
                Key.lookup == own, CaseRow.subject != event.subject, CaseRow.closed_on.is_(None)
            )
            .order_by(CaseRow.id)
        ).all()
        for rival in rivals:
            first, second = sorted((rival, str(event.case)))
            record(tx, f.SamePerson(cases=(first, second)), {}, actor=actor.id, at=at)
