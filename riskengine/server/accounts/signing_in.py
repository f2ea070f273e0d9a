"""Signing in with name and password, and changing the password."""

from __future__ import annotations

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from riskengine.server.accounts import sessions, throttle
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import reading, transaction
from riskengine.server.accounts.passwords import check_new, hashed, matches, outdated
from riskengine.server.accounts.tables import User
from riskengine.server.accounts.users import find_user, set_password
from riskengine.server.problems import refuse
from riskengine.server.settings import Sessions


def sign_in(
    database: Database, *, name: str, password: str, address: str, now: int, rules: Sessions
) -> tuple[str, Actor]:
    """Sign in; return the session's token and who it is.

    Raises
    ------
    Refusal
        401, with the same words and the same work whether the name, the password or a lock is
        the reason.
    """
    stored, shut = _stored(database, name, address, now)
    # argon2 takes its time: outside of any transaction, so that nobody waits for it
    right = matches(stored, password) and not shut
    again = hashed(password) if right and stored is not None and outdated(stored) else None
    with transaction(database) as session:
        if _let_in(session, right, name=name, address=address, now=now, rules=rules):
            user = find_user(session, name)
            if again is not None:
                user.password = again
            return sessions.start(session, user, now=now, rules=rules)
    raise refuse(401, "wrong_credentials", title="unauthenticated")


def _stored(database: Database, name: str, address: str, now: int) -> tuple[str | None, bool]:
    """What is kept of somebody's password, and whether there were too many attempts."""
    with reading(database) as session:
        user = session.get(User, name)
        shut = throttle.locked(session, name=name, address=address, now=now)
        return user.password if user is not None and user.disabled_at is None else None, shut


def _let_in(
    session: Session, right: bool, *, name: str, address: str, now: int, rules: Sessions
) -> bool:
    """Count an attempt, and say whether it is let in."""
    # asked again, so that many guesses at the same moment do not slip through
    shut = throttle.locked(session, name=name, address=address, now=now)
    if right and not shut:
        throttle.succeeded(session, name=name)
        return True
    if not shut:
        throttle.failed(session, name=name, address=address, now=now, rules=rules)
    return False


def confirmed(
    database: Database, name: str, password: str, *, address: str, now: int, rules: Sessions
) -> None:
    """Check that somebody is here and agrees, by the own password; no session begins.

    Raises
    ------
    Refusal
        401, as for signing in; wrong passwords count towards the same lock.
    """
    stored, shut = _stored(database, name, address, now)
    right = matches(stored, password) and not shut
    with transaction(database) as session:
        if _let_in(session, right, name=name, address=address, now=now, rules=rules):
            return
    raise refuse(401, "wrong_credentials", title="unauthenticated")


def change_password(
    database: Database,
    actor: Actor,
    *,
    old: str,
    new: str,
    address: str,
    now: int,
    rules: Sessions,
) -> tuple[str, Actor]:
    """Change the own password; every session of the user ends and a new one begins.

    Raises
    ------
    Refusal
        401 where the old password is wrong; 422 where the new one is not accepted.
    """
    with reading(database) as session:
        user = find_user(session, actor.id)
        shut = throttle.locked(session, name=actor.id, address=address, now=now)
        stored = user.password
    if shut or not matches(stored, old):
        with transaction(database) as session:
            if not shut:
                throttle.failed(session, name=actor.id, address=address, now=now, rules=rules)
        raise refuse(401, "wrong_credentials", title="unauthenticated")
    if new == old:
        raise refuse(422, "password_same")
    check_new(new, user=actor.id)
    with transaction(database) as session:
        user = find_user(session, actor.id)
        set_password(session, user, new, must_change=False)
        return sessions.start(session, user, now=now, rules=rules)
