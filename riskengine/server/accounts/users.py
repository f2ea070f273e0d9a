"""Users: added, given roles, disabled. They are never deleted, because records name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from riskengine.errors import NotFoundError, UseError
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.passwords import hashed
from riskengine.server.accounts.tables import SessionRow, User, UserRole
from riskengine.server.settings import ID, ROLES, Role


def add_user(
    session: Session,
    user: str,
    *,
    name: str,
    roles: Mapping[str, Iterable[str]],
    password: str | None,
    now: int,
    must_change: bool = True,
    subject: str | None = None,
) -> User:
    """Add a user.

    Parameters
    ----------
    user
        Internal id, as the agency's records name this official.
    roles
        District to roles.
    password
        The first one, to be changed at the first sign-in; ``None`` where an identity provider
        signs the user in.

    Raises
    ------
    UseError
        Where the id is taken or malformed, or a role does not exist.
    """
    if re.fullmatch(ID, user) is None:
        raise UseError(f"user [{user}]: accepted: letters, digits, . _ - (at most 64)")
    if session.get(User, user) is not None:
        raise UseError(f"user [{user}]: there is one of this id already")
    if not name.strip() or len(name) > 100:
        raise UseError("name: accepted: 1-100 characters")
    row = User(
        id=user,
        name=name,
        password=None if password is None else hashed(password),
        must_change=must_change and password is not None,
        subject=subject,
        created_at=now,
        disabled_at=None,
        roles=[],
    )
    session.add(row)
    set_roles(session, row, roles)
    return row


def set_roles(session: Session, user: User, roles: Mapping[str, Iterable[str]]) -> None:
    """Give a user exactly these roles."""
    wanted = {(district, role) for district, named in roles.items() for role in named}
    for _, role in sorted(wanted):
        if role not in ROLES:
            raise UseError(f"role [{role}]: accepted: {', '.join(ROLES)}")
    for one in list(user.roles):
        if (one.district, one.role) not in wanted:
            user.roles.remove(one)
    have = {(one.district, one.role) for one in user.roles}
    for district, role in sorted(wanted - have):
        user.roles.append(UserRole(user=user.id, district=district, role=role))
    session.flush()


def find_user(session: Session, user: str) -> User:
    """Find a user by id.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    found = session.get(User, user)
    if found is None:
        raise NotFoundError(f"no user [{user}]")
    return found


def all_users(session: Session) -> list[User]:
    """All users by id, the disabled ones as well."""
    return list(session.scalars(select(User).order_by(User.id)))


def set_password(session: Session, user: User, password: str, *, must_change: bool) -> None:
    """Set a password, and sign the user out everywhere."""
    user.password = hashed(password)
    user.must_change = must_change
    sign_out_everywhere(session, user.id)


def disable(session: Session, user: User, *, now: int) -> None:
    """Disable a user: signed out at once, and no key acts for the user any more."""
    user.disabled_at = now
    sign_out_everywhere(session, user.id)


def sign_out_everywhere(session: Session, user: str) -> None:
    """End every session of a user."""
    session.execute(delete(SessionRow).where(SessionRow.user == user))


def actor_of(user: User, *, csrf: str) -> Actor:
    """Describe a user who signed in."""
    found: dict[str, set[Role]] = {}
    for one in user.roles:
        found.setdefault(one.district, set()).add(one.role)  # type: ignore[arg-type]
    return Actor(
        id=user.id,
        name=user.name,
        roles={district: frozenset(roles) for district, roles in found.items()},
        csrf=csrf,
        must_change=user.must_change,
        districts=tuple(sorted(found)),
    )
