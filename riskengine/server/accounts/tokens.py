"""Random tokens of 256 bits; only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets

KEY_MARK = "rk"


def new_token() -> str:
    """Make a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Hash under which a token is kept; a fast hash is right for one that cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_key() -> tuple[str, str]:
    """Make an API key; return the prefix that is shown and the whole key."""
    prefix = f"{KEY_MARK}_{secrets.token_hex(4)}"
    return prefix, f"{prefix}_{new_token()}"
