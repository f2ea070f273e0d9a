"""Who is asking: a person who signed in, or another system with a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from riskengine.server.settings import Role

Scope = Literal[
    "recommend", "casebook:read", "casebook:write", "casebook:decide", "casebook:export", "metrics"
]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True)
class Actor:
    """Somebody who is known.

    Attributes
    ----------
    id
        Internal id of the user; ``key:PREFIX`` for a key that acts for nobody.
    roles
        District to roles there. A key's user has them in the key's district only.
    scopes
        What a key may be used for; ``None`` for a person who signed in.
    csrf
        Token that a form of this session carries; empty for a key.
    """

    id: str
    name: str
    roles: Mapping[str, frozenset[Role]]
    scopes: frozenset[str] | None = None
    csrf: str = ""
    must_change: bool = False
    districts: tuple[str, ...] = ()

    @property
    def person(self) -> bool:
        """Whether a named user stands behind the request."""
        return not self.id.startswith("key:")

    def has(self, district: str, roles: Iterable[Role]) -> bool:
        """Whether one of these roles is held in a district."""
        return not self.roles.get(district, frozenset()).isdisjoint(roles)

    def roles_in(self, district: str) -> frozenset[Role]:
        """Roles held in a district."""
        return self.roles.get(district, frozenset())
