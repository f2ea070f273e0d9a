"""Passwords: argon2id, and the few rules that a new one must keep (NIST SP 800-63B, 5.1.1)."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from riskengine.server.problems import refuse

SHORTEST = 12
LONGEST = 200
_COMMON = (
    "password", "123456", "qwerty", "111111", "000000", "abc123", "iloveyou", "admin", "letmein",
    "welcome", "riskengine",
)  # fmt: skip
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """Hash a password with argon2id and a random salt."""
    return _hasher.hash(password)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def matches(stored: str | None, given: str) -> bool:
    """Compare a password with its hash; for nobody's hash it takes as long, and fails."""
    try:
        found = _hasher.verify(stored if stored is not None else _nobody(), given[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return found and stored is not None and len(given) <= LONGEST


def outdated(stored: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check_new(password: str, *, user: str) -> None:
    """Refuse a password that is too short, too long, common, or holds the user's id."""
    if len(password) < SHORTEST:
        raise refuse(422, "password_short", length=SHORTEST)
    if len(password) > LONGEST:
        raise refuse(422, "password_long", length=LONGEST)
    bare = password.casefold()
    rest = bare.replace(user.casefold(), "")
    for word in _COMMON:
        rest = rest.replace(word, "")
    if len(rest) < SHORTEST // 2 or len(set(bare)) < SHORTEST // 3:
        raise refuse(422, "password_common")


def made_up() -> str:
    """Make a random password of 80 bits in four groups that can be read aloud."""
    letters = "abcdefghjkmnpqrstuvwxyz234567890"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
