"""Who acts, in which district and with which roles. Signing in is the server's business."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from riskengine.casebook.errors import refusal
from riskengine.text import Text


class Role(StrEnum):
    """A role within one district."""

    OFFICER = "officer"
    APPROVER = "approver"
    REVIEWER = "reviewer"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> Text:
        """Its name in Chinese and English."""
        return _LABELS[self]


_LABELS = {
    Role.OFFICER: Text(zh="社区矫正工作人员", en="officer"),
    Role.APPROVER: Text(zh="审批人", en="approver"),
    Role.REVIEWER: Text(zh="复核人", en="reviewer"),
    Role.ANALYST: Text(zh="分析人员", en="analyst"),
    Role.ADMINISTRATOR: Text(zh="管理员", en="administrator"),
}


@dataclass(frozen=True)
class Actor:
    """A named person who acts.

    Attributes
    ----------
    id
        Internal id of the member of staff; it stands in the record in clear.
    name
        Name as it is shown; it is kept in no event.
    district
        The one district in which the roles hold.
    """

    id: str
    name: str
    district: str
    roles: frozenset[Role]

    def may(self, *roles: Role) -> bool:
        """Whether the actor has one of some roles."""
        return not self.roles.isdisjoint(roles)


def require(actor: Actor, *roles: Role) -> None:
    """Refuse an actor with none of some roles.

    Raises
    ------
    Refused
        Naming the roles that would do.
    """
    if not actor.may(*roles):
        raise refusal(
            "role",
            actor=actor.id,
            roles=Text(
                zh="、".join(role.label.zh for role in roles),
                en=", ".join(role.label.en for role in roles),
            ),
        )
