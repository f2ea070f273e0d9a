"""Backup while the record is in use, and restoring into a new database of either kind.

A backup is two files and a list of their hashes:

- ``record.db``: all events and reads, as a SQLite file. It holds ciphertext and open facts and no
  key, so that it can be kept as long as the law asks for the record.
- ``keys.json``: the wrapped keys of that moment, and who was erased. Every new one replaces the
  one before. Whoever keeps an old one beside the master key can still read what was erased since,
  and so nobody may.

Restoring an old ``record.db`` with the newest ``keys.json`` brings back no erased content; the
erasures that the old file does not hold yet are put on record again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, create_engine, func, insert, select
from sqlalchemy.orm import Session

from riskengine.canonical import canonical_json, parse_json, sha256
from riskengine.casebook.database import Casebook, Transaction, reading, writing
from riskengine.casebook.errors import refusal
from riskengine.casebook.facts import Erased
from riskengine.casebook.nodes import b64, unb64
from riskengine.casebook.projection import record
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.roots import heads
from riskengine.casebook.schema import Base, CaseRow, Event, Key, Read
from riskengine.casebook.times import stamp
from riskengine.casebook.verify import Verification, verify

RECORD_FILE, KEYS_FILE, LIST_FILE = "record.db", "keys.json", "backup.json"
FORMAT, KEYS_FORMAT = "riskengine/casebook-backup/1", "riskengine/casebook-keys/1"
_BATCH = 2_000


@dataclass(frozen=True)
class Saved:
    """What a backup holds."""

    folder: Path
    events: int
    keys: int
    heads: dict[str, tuple[int, str]]


def backup(book: Casebook, folder: Path, *, at: datetime) -> Saved:
    """Write a backup of one moment while others go on writing.

    A backup that is in the folder already is replaced once the new one is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copied = folder / f".{RECORD_FILE}.part"
    copied.unlink(missing_ok=True)
    copy = create_engine(f"sqlite:///{copied}")
    with reading(book) as tx, copy.begin() as target:
        for table in (Event.__table__, Read.__table__):
            Base.metadata.create_all(target, [cast(Table, table)])
        events = _copy(tx.session, target, Event)
        _copy(tx.session, target, Read)
        keys = [
            {"id": name, "wrapped": b64(wrapped), "lookup": lookup}
            for name, wrapped, lookup in tx.session.execute(
                select(Key.id, Key.wrapped, Key.lookup).order_by(Key.id)
            )
        ]
        erased = [
            {"case": event.case, "district": event.district, **parse_json(event.facts)}
            for event in tx.session.scalars(
                select(Event).where(Event.kind == Erased.kind).order_by(Event.chain, Event.seq)
            )
        ]
        chains = heads(tx)
    copy.dispose()
    kept = canonical_json({"format": KEYS_FORMAT, "keys": keys, "erased": erased}).encode()
    listed = {
        "format": FORMAT,
        "at": stamp(at),
        "events": events,
        "files": {RECORD_FILE: sha256(copied.read_bytes()), KEYS_FILE: sha256(kept)},
        "heads": {chain: {"seq": seq, "hash": digest} for chain, (seq, digest) in chains.items()},
    }
    part = folder / f".{KEYS_FILE}.part"
    part.write_bytes(kept)
    part.chmod(0o600)
    part.replace(folder / KEYS_FILE)
    copied.replace(folder / RECORD_FILE)
    (folder / LIST_FILE).write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n")
    return Saved(folder, events, len(keys), chains)


def _copy(session: Session, target: Connection, table: type[Event] | type[Read]) -> int:
    rows = session.execute(_all(table), execution_options={"yield_per": _BATCH})
    return _insert(target, table, (dict(row._mapping) for row in rows))


def _all(table: type[Event] | type[Read]) -> Select[Any]:
    kept = cast(Table, table.__table__)
    return select(*kept.columns).order_by(*kept.primary_key.columns)


def _insert(
    target: Connection, table: type[Event] | type[Read], rows: Iterable[dict[str, Any]]
) -> int:
    count, batch = 0, []
    for row in rows:
        batch.append(row)
        count += 1
        if len(batch) == _BATCH:
            target.execute(insert(table), batch)
            batch = []
    if batch:
        target.execute(insert(table), batch)
    return count


def restore(
    book: Casebook, folder: Path, *, at: datetime, by: str, keys: Path | None = None
) -> Verification:
    """Restore a backup into an empty record, check every chain, and make the read tables anew.

    Parameters
    ----------
    at, by
        When, and the member of staff who restores; erasures that are put on record again say so.
    keys
        The newest ``keys.json``, where the record file is older; the folder's own if not given.

    Raises
    ------
    Broken
        Where a file is not what the list says, the chains do not hold, the target is not empty, or
        the master key is another one. Nothing is written then.
    """
    listed = _read(folder / LIST_FILE, FORMAT)
    saved = folder / RECORD_FILE
    if not saved.is_file() or sha256(saved.read_bytes()) != listed["files"][RECORD_FILE]:
        raise refusal("bad_backup", what=RECORD_FILE)
    key_file = folder / KEYS_FILE if keys is None else keys
    kept = _read(key_file, KEYS_FORMAT)
    if keys is None and sha256(key_file.read_bytes()) != listed["files"][KEYS_FILE]:
        raise refusal("bad_backup", what=KEYS_FILE)
    source = create_engine(f"sqlite:///{saved}")
    with source.connect() as old, writing(book, "") as tx:
        if tx.session.scalar(select(func.count()).select_from(Event)):
            raise refusal("exists", place="events")
        target = tx.session.connection()
        for table in (Event, Read):
            rows = old.execute(_all(table), execution_options={"yield_per": _BATCH})
            _insert(target, table, (dict(row._mapping) for row in rows))
        for entry in kept["keys"]:
            tx.session.execute(
                insert(Key).values(
                    id=entry["id"], wrapped=unb64(entry["wrapped"]), lookup=entry["lookup"]
                )
            )
        for chain, head in listed["heads"].items():
            if heads(tx).get(chain) != (head["seq"], head["hash"]):
                raise refusal("bad_backup", what=chain)
        rebuild(tx)
        _erase_again(tx, kept["erased"], at=at, by=by)
        found = verify(tx)
        if not found.sound:
            raise refusal("bad_backup", what=found.findings[0].text("en"))
    source.dispose()
    return found


def _erase_again(tx: Transaction, erased: list[dict[str, Any]], *, at: datetime, by: str) -> None:
    for entry in erased:
        case = tx.session.get(CaseRow, entry["case"])
        if case is None or case.erased_on is not None:
            continue
        facts = Erased(
            subject=entry["subject"], ground=entry["ground"], on=date.fromisoformat(entry["on"])
        )
        record(
            replace(tx, district=entry["district"]),
            facts,
            {"words": "restored from a backup that was older than the erasure"},
            actor=by,
            at=at,
            case=case.id,
            subject=case.subject,
            for_chain=True,
        )


def _read(path: Path, form: str) -> dict[str, Any]:
    if not path.is_file():
        raise refusal("bad_backup", what=path.name)
    raw = parse_json(path.read_bytes(), source=path.name)
    if not isinstance(raw, dict) or raw.get("format") != form:
        raise refusal("bad_backup", what=path.name)
    return raw
