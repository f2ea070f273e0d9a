"""The desk that an address of the casebook is answered at, and the parts of its address."""

# No `from __future__ import annotations` here: the scope of a dependency that is made inside a
# function could not be found by name.

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Query

from riskengine.casebook.actors import Role, require
from riskengine.casebook.lookups import the_assessment
from riskengine.server.access import Here, needs_scope
from riskengine.server.accounts.actor import Actor, Scope
from riskengine.server.desk import Desk, open_desk

Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:@-]{1,80}$", examples=["c-5f0e"])]
Code = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_.:@-]{1,64}$")]
District = Annotated[
    str | None,
    Query(max_length=64, description="Needed where somebody works in several districts."),
]


def desk_for(scope: Scope, *roles: Role) -> Callable[[Here, Actor, str | None], Desk]:
    """Make a dependency that opens the desk of whoever has a scope and one of the roles."""

    def opened(
        here: Here,
        actor: Annotated[Actor, Depends(needs_scope(scope))],
        district: District = None,
    ) -> Desk:
        desk = open_desk(here, actor, district)
        if roles:
            require(desk.member, *roles)
        return desk

    return opened


# accounts and figures are other people's business than people's cases
AtDesk = Annotated[
    Desk, Depends(desk_for("casebook:read", Role.OFFICER, Role.APPROVER, Role.REVIEWER))
]
Deciding = Annotated[Desk, Depends(desk_for("casebook:decide"))]
Exporting = Annotated[Desk, Depends(desk_for("casebook:export"))]


def case_of(desk: Desk, assessment: str) -> str:
    """Find the case of an assessment of the own district."""
    with desk.reading() as tx:
        return the_assessment(tx, desk.member, assessment).case
