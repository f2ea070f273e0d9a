"""How decisions were made, in numbers that name no person and hide small groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import select

from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import DecisionRow

FEWEST = 20
"""Below so many decisions nothing is said of a group: it would be about single people."""
QUICK_SECONDS = 30
"""Nobody reads a sheet and writes grounds in less; many of these are a sign, no proof."""


@dataclass(frozen=True)
class Group:
    """Decisions of one group, summed up.

    Attributes
    ----------
    n
        All decisions; a group with fewer than `FEWEST` carries no figures.
    up, down
        Overrides, upward and downward.
    agreed
        Own view, given before the recommendation was seen, was decided in the end.
    gave_way
        Own view was another tier than the recommendation, and the recommendation was decided.
    differed
        Own views that differed from the recommendation: what ``gave_way`` is a share of.
    seconds
        Median from the recommendation to the proposal.
    quick
        Proposals within `QUICK_SECONDS`.
    """

    label: str
    n: int
    up: int
    down: int
    either: int
    without: int
    viewed: int
    agreed: int
    differed: int
    gave_way: int
    timed: int
    seconds: int | None
    quick: int

    @property
    def shown(self) -> bool:
        """Whether the group is large enough to be spoken of."""
        return self.n >= FEWEST


def summed(label: str, rows: Sequence[DecisionRow]) -> Group:
    """Sum up some decisions."""
    viewed = [row for row in rows if row.own_tier is not None and row.recommended]
    differed = [row for row in viewed if row.own_tier not in _parts(row.recommended)]
    timed = [row.seconds for row in rows if row.seconds is not None]
    return Group(
        label=label,
        n=len(rows),
        up=sum(row.kind == "override" and row.direction == "up" for row in rows),
        down=sum(row.kind == "override" and row.direction == "down" for row in rows),
        either=sum(row.kind == "either" for row in rows),
        without=sum(row.kind == "without_score" for row in rows),
        viewed=len(viewed),
        agreed=sum(row.own_tier == row.tier for row in viewed),
        differed=len(differed),
        gave_way=sum(row.tier in _parts(row.recommended) for row in differed),
        timed=len(timed),
        seconds=int(median(timed)) if timed else None,
        quick=sum(one < QUICK_SECONDS for one in timed),
    )


def _parts(tiers: str | None) -> list[str]:
    return tiers.split(",") if tiers else []


def by(rows: Iterable[DecisionRow], key: Callable[[DecisionRow], str]) -> list[Group]:
    """Sum up decisions group by group, in the order of the names."""
    groups: dict[str, list[DecisionRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [summed(name, groups[name]) for name in sorted(groups)]


def decisions(tx: Transaction, *conditions: Any) -> list[DecisionRow]:
    """Decisions that meet some conditions, the newest first."""
    wanted = (
        select(DecisionRow)
        .where(DecisionRow.disputed.is_(False), *conditions)
        .order_by(DecisionRow.recorded_at.desc())
    )
    return list(tx.session.scalars(wanted))


def share(part: int, whole: int) -> str:
    """A share in per cent; a dash where there is nothing, or too little, to divide by."""
    return f"{100 * part / whole:.0f} %" if whole >= FEWEST else "—"
