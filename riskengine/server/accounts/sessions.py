"""Sessions: kept by the server, named by a random token, ended by time, idleness, or the user."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.tables import SessionRow, User
from riskengine.server.accounts.tokens import new_token, token_hash
from riskengine.server.accounts.users import actor_of
from riskengine.server.settings import Sessions

_SEEN_EVERY = 60
"""Seconds between two writes of when a session was last used."""


def start(session: Session, user: User, *, now: int, rules: Sessions) -> tuple[str, Actor]:
    """Sign a user in under a new token; a token from before the sign-in is never taken over."""
    token = new_token()
    row = SessionRow(
        token_sha256=token_hash(token),
        user=user.id,
        csrf=new_token(),
        created_at=now,
        seen_at=now,
        expires_at=now + rules.hours * 3600,
    )
    session.execute(delete(SessionRow).where(SessionRow.expires_at < now))
    session.add(row)
    return token, actor_of(user, csrf=row.csrf)


def current(
    session: Session, token: str, *, now: int, rules: Sessions
) -> tuple[Actor | None, bool]:
    """Find who is signed in under a token; and whether its last use must be written down."""
    row = session.get(SessionRow, token_hash(token))
    if row is None or now >= row.expires_at or now >= row.seen_at + rules.idle_minutes * 60:
        return None, False
    user = session.get(User, row.user)
    if user is None or user.disabled_at is not None:
        return None, False
    return actor_of(user, csrf=row.csrf), now >= row.seen_at + _SEEN_EVERY


def seen(session: Session, token: str, *, now: int) -> None:
    """Write down that a session was used."""
    row = session.get(SessionRow, token_hash(token))
    if row is not None:
        row.seen_at = max(row.seen_at, now)


def end(session: Session, token: str) -> None:
    """Sign out."""
    session.execute(delete(SessionRow).where(SessionRow.token_sha256 == token_hash(token)))
