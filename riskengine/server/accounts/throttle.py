"""Wrong passwords: counted by name and by address, and answered the same for everybody.

A name that does not exist is counted and locked like one that does, so that nobody learns from an
answer, or from how long it takes, who has an account.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import delete
from sqlalchemy.orm import Session

from riskengine.server.accounts.tables import Attempt
from riskengine.server.settings import Sessions


def _key(kind: str, value: str) -> str:
    bare = value.strip().casefold().encode("utf-8", "surrogatepass")
    return hashlib.sha256(kind.encode() + b"\0" + bare).hexdigest()


def locked(session: Session, *, name: str, address: str, now: int) -> bool:
    """Whether sign-ins of this name, or from this address, are refused for now."""
    rows = (session.get(Attempt, _key(*one)) for one in (("name", name), ("address", address)))
    return any(row is not None and row.locked_until > now for row in rows)


def failed(session: Session, *, name: str, address: str, now: int, rules: Sessions) -> None:
    """Count a wrong password, and lock where there were too many."""
    span = rules.locked_minutes * 60
    session.execute(
        delete(Attempt).where(Attempt.first_at < now - span, Attempt.locked_until < now)
    )
    for key, most in (
        (_key("name", name), rules.attempts),
        (_key("address", address), rules.attempts_from_one_address),
    ):
        row = session.get(Attempt, key)
        if row is None:
            row = Attempt(key=key, failed=0, first_at=now, locked_until=0)
            session.add(row)
        row.failed += 1
        if row.failed >= most:
            row.locked_until = now + span
            row.failed, row.first_at = 0, now


def succeeded(session: Session, *, name: str) -> None:
    """Forget the wrong passwords of a name after the right one."""
    session.execute(delete(Attempt).where(Attempt.key == _key("name", name)))
