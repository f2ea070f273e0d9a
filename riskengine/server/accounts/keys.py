"""Keys of other systems: scoped, for one district, revocable; the key itself is shown once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from riskengine.errors import NotFoundError, UseError
from riskengine.server.accounts.actor import SCOPES, Actor
from riskengine.server.accounts.tables import ApiKey, User
from riskengine.server.accounts.tokens import new_key, token_hash
from riskengine.server.accounts.users import actor_of, find_user


def add_key(
    session: Session,
    *,
    label: str,
    district: str,
    scopes: Iterable[str],
    user: str | None,
    now: int,
    expires_at: int | None = None,
) -> tuple[str, ApiKey]:
    """Make a key; return it, for the only time, and what is kept.

    Parameters
    ----------
    user
        Named user for whom the key acts. Nobody else than a named person signs an assessment or
        decides, so the scopes that write to the casebook need one.

    Raises
    ------
    UseError
        Where a scope does not exist or needs a user.
    """
    wanted = sorted(set(scopes))
    if not wanted:
        raise UseError(f"a key needs a scope; accepted: {', '.join(SCOPES)}")
    for scope in wanted:
        if scope not in SCOPES:
            raise UseError(f"scope [{scope}]: accepted: {', '.join(SCOPES)}")
        if scope.startswith("casebook:") and user is None:
            raise UseError(
                f"scope [{scope}]: a key for the casebook acts for a named user; name one"
            )
    if not label.strip() or len(label) > 100:
        raise UseError("label: accepted: 1-100 characters")
    if user is not None:
        find_user(session, user)
    prefix, token = new_key()
    row = ApiKey(
        prefix=prefix,
        token_sha256=token_hash(token),
        label=label,
        district=district,
        scopes=" ".join(wanted),
        user=user,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    session.add(row)
    session.flush()
    return token, row


def all_keys(session: Session) -> list[ApiKey]:
    """All keys, the oldest first, the revoked ones as well."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.prefix)))


def revoke(session: Session, prefix: str, *, now: int) -> None:
    """Revoke a key; it is refused from the next request on.

    Raises
    ------
    NotFoundError
        Where no key has this prefix.
    """
    row = session.get(ApiKey, prefix)
    if row is None:
        raise NotFoundError(f"no key [{prefix}]")
    row.revoked_at = row.revoked_at or now


def key_actor(session: Session, token: str, *, now: int) -> Actor | None:
    """Find who asks with a key; nobody where it is unknown, revoked, expired, or its user is."""
    row = session.scalars(
        select(ApiKey).where(ApiKey.token_sha256 == token_hash(token))
    ).one_or_none()
    if row is None or row.revoked_at is not None:
        return None
    if row.expires_at is not None and now >= row.expires_at:
        return None
    scopes = frozenset(row.scopes.split())
    if row.user is None:
        return Actor(
            id=f"key:{row.prefix}", name=row.label, roles={}, scopes=scopes,
            districts=(row.district,),
        )  # fmt: skip
    user = session.get(User, row.user)
    if user is None or user.disabled_at is not None:
        return None
    whole = actor_of(user, csrf="")
    return Actor(
        id=user.id,
        name=user.name,
        roles={row.district: whole.roles_in(row.district)},
        scopes=scopes,
        districts=(row.district,),
    )
