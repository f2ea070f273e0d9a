"""Tables of the accounts: users, roles, sessions, keys, failed attempts, answered requests.

Times are whole seconds since 1970 (UTC). Of a password only the argon2 hash is kept, of a session
and a key only the SHA-256 of a random token of 256 bits.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Base of the tables of the accounts."""

    type_annotation_map: ClassVar = {int: BigInteger}


class User(Base):
    """An official or analyst. Users are disabled and never deleted: records name them."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    password: Mapped[str | None] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(default=True)
    subject: Mapped[str | None] = mapped_column(String(300), unique=True)
    created_at: Mapped[int]
    disabled_at: Mapped[int | None]
    roles: Mapped[list[UserRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="UserRole.district, UserRole.role"
    )


class UserRole(Base):
    """One role of a user in one district."""

    __tablename__ = "user_roles"
    user: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    district: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class SessionRow(Base):
    """Somebody who is signed in."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int]
    seen_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class Attempt(Base):
    """Failed sign-ins of one name or one address, known by a hash, in a window of time."""

    __tablename__ = "attempts"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed: Mapped[int]
    first_at: Mapped[int]
    locked_until: Mapped[int] = mapped_column(index=True)


class ApiKey(Base):
    """A key of another system. It acts for one named user, or for nobody."""

    __tablename__ = "api_keys"
    prefix: Mapped[str] = mapped_column(String(12), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(String(100))
    district: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(300))
    user: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[int]
    expires_at: Mapped[int | None]
    revoked_at: Mapped[int | None]


class PendingSignIn(Base):
    """A sign-in that is on its way to the identity provider and back."""

    __tablename__ = "pending_sign_ins"
    state_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_sha256: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[int] = mapped_column(index=True)


class Answered(Base):
    """A request with an idempotency key, by whom, and its answer.

    Attributes
    ----------
    body_sha256
        Hash of method, address and body.
    on
        Day that the answer was computed for.
    receipt
        The answer of an action: ids of events and nothing about a person; empty while it is not
        finished, and for a recommendation, which is computed again.
    """

    __tablename__ = "answered"
    actor: Mapped[str] = mapped_column(String(80), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    on: Mapped[str] = mapped_column(String(10))
    status: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[str] = mapped_column(default="")
    created_at: Mapped[int] = mapped_column(index=True)
