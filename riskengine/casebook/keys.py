"""The wrapped keys of persons and chains, and the sealed content that they open."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, insert, select

from riskengine.casebook import sealing
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.schema import Key

_AT_ONCE = 500
_WRAPPED = select(Key.wrapped).where(Key.id == bindparam("of"))


def find_subject(tx: Transaction, district: str, person: str) -> str | None:
    """The random id under which a person's events stand, or ``None``."""
    wanted = sealing.lookup(tx.book.master, district, person)
    # two nodes may have opened a case of one person: a conflict, and the first one is found
    return tx.session.scalar(select(Key.id).where(Key.lookup == wanted).order_by(Key.id).limit(1))


def new_subject(tx: Transaction, district: str, person: str) -> str:
    """Make a person's key under a new random id."""
    subject = sealing.new_id("p")
    keep_key(
        tx, subject, sealing.new_key(), lookup=sealing.lookup(tx.book.master, district, person)
    )
    return subject


def keep_key(tx: Transaction, name: str, key: bytes, *, lookup: str | None = None) -> None:
    """Wrap a key and keep it."""
    wrapped = sealing.wrap(tx.book.master, name, key)
    tx.session.execute(insert(Key).values(id=name, wrapped=wrapped, lookup=lookup))


def find_key(tx: Transaction, name: str) -> bytes | None:
    """Unwrap a key; ``None`` where it was destroyed."""
    wrapped = tx.session.scalar(_WRAPPED, {"of": name})
    return None if wrapped is None else sealing.unwrap(tx.book.master, name, wrapped)


def find_keys(tx: Transaction, names: Iterable[str]) -> dict[str, bytes]:
    """Unwrap several keys at once; one that was destroyed is not among them."""
    wanted = sorted(set(names))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = select(Key.id, Key.wrapped).where(Key.id.in_(wanted[start : start + _AT_ONCE]))
        for name, wrapped in tx.session.execute(some):
            found[name] = sealing.unwrap(tx.book.master, name, wrapped)
    return found


def the_key(tx: Transaction, name: str) -> bytes:
    """Unwrap a key that must be there.

    Raises
    ------
    Broken
        Where it was destroyed.
    """
    key = find_key(tx, name)
    if key is None:
        raise refusal("no_key", place=name)
    return key


def chain_key(tx: Transaction, chain: str) -> tuple[str, bytes]:
    """Name and key of a chain's own content; made when it is first asked for."""
    name = f"chain:{chain}"
    key = find_key(tx, name)
    if key is None:
        key = sealing.new_key()
        keep_key(tx, name, key)
    return name, key


def destroy_key(tx: Transaction, name: str) -> bool:
    """Destroy a key; return whether there was one."""
    found = find_key(tx, name) is not None
    tx.session.execute(delete(Key).where(Key.id == name))
    return found
