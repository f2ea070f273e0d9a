"""How decisions were made, in numbers that name no person and hide small groups.

The database counts: a district may have a hundred thousand decisions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select

from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import DecisionRow

FEWEST = 20
"""Below so many decisions nothing is said of a group: it would be about single people."""
QUICK_SECONDS = 30
"""Nobody reads a sheet and writes grounds in less; many of these are a sign, no proof."""
MANY = 5_000
"""Figures of more decisions are shown for `KEPT_SECONDS` before they are counted anew."""
KEPT_SECONDS = 60


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


_COUNTED = (
    "n", "up", "down", "either", "without", "viewed", "agreed", "differed", "gave_way", "timed",
    "quick",
)  # fmt: skip


def _times(condition: ColumnElement[bool]) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _counts() -> list[Any]:
    row = DecisionRow
    override = row.kind == "override"
    viewed = and_(row.own_tier.is_not(None), row.recommended.is_not(None), row.recommended != "")
    listed = literal(",") + row.recommended + literal(",")
    own_is_recommended = listed.contains(literal(",") + row.own_tier + literal(","))
    decided_is_recommended = listed.contains(literal(",") + row.tier + literal(","))
    differed = and_(viewed, ~own_is_recommended)
    return [
        func.count(),
        _times(and_(override, row.direction == "up")),
        _times(and_(override, row.direction == "down")),
        _times(row.kind == "either"),
        _times(row.kind == "without_score"),
        _times(viewed),
        _times(and_(viewed, row.own_tier == row.tier)),
        _times(differed),
        _times(and_(differed, decided_is_recommended)),
        func.count(row.seconds),
        _times(row.seconds < QUICK_SECONDS),
    ]


def _counting(*conditions: Any) -> tuple[Any, ...]:
    return (DecisionRow.disputed.is_(False), *conditions)


def summed(tx: Transaction, label: str, *conditions: Any) -> Group:
    """Sum up the decisions that meet some conditions."""
    where = _counting(*conditions)
    counts = tx.session.execute(select(*_counts()).where(*where)).one()
    ordered = select(DecisionRow.seconds).where(*where, DecisionRow.seconds.is_not(None))
    timed = counts[9]
    middle = ordered.order_by(DecisionRow.seconds).offset((timed - 1) // 2).limit(2 - timed % 2)
    seconds = list(tx.session.scalars(middle)) if timed else []
    return _group(label, counts, seconds)


def _group(label: str, counts: Any, middle: list[int | None]) -> Group:
    seconds = [one for one in middle if one is not None]
    values = {name: int(value) for name, value in zip(_COUNTED, counts, strict=True)}
    return Group(label=label, seconds=sum(seconds) // len(seconds) if seconds else None, **values)


def by_office(tx: Transaction, *conditions: Any) -> list[Group]:
    """Sum up the decisions that meet some conditions office by office."""
    where = _counting(*conditions)
    office = DecisionRow.office
    counted = {
        name: counts
        for name, *counts in tx.session.execute(
            select(office, *_counts()).where(*where).group_by(office)
        )
    }
    place = func.row_number().over(partition_by=office, order_by=DecisionRow.seconds)
    count = func.count().over(partition_by=office)
    ranked = (
        select(office, DecisionRow.seconds, place.label("place"), count.label("count"))
        .where(*where, DecisionRow.seconds.is_not(None))
        .subquery()
    )
    middle: dict[str, list[int | None]] = {}
    for name, seconds in tx.session.execute(
        select(ranked.c.office, ranked.c.seconds).where(
            ranked.c.place * 2 >= ranked.c.count, ranked.c.place * 2 <= ranked.c.count + 2
        )
    ):
        middle.setdefault(name, []).append(seconds)
    return [_group(name, counted[name], middle.get(name, [])) for name in sorted(counted)]


def by_reason(tx: Transaction, *conditions: Any) -> list[tuple[str, int, int]]:
    """Overrides by reason, upward and downward; counts, since they name nobody's share."""
    up = _times(DecisionRow.direction == "up")
    rows = tx.session.execute(
        select(DecisionRow.reason, up, func.count())
        .where(*_counting(*conditions), DecisionRow.kind == "override")
        .group_by(DecisionRow.reason)
    )
    found = [(reason or "—", int(ups), int(n) - int(ups)) for reason, ups, n in rows]
    return sorted(found, key=lambda one: (-(one[1] + one[2]), one[0]))


def overrides(tx: Transaction, *conditions: Any, most: int) -> list[DecisionRow]:
    """Overrides that meet some conditions, the newest first."""
    wanted = (
        select(DecisionRow)
        .where(*_counting(*conditions), DecisionRow.kind == "override")
        .order_by(DecisionRow.decided_on.desc(), DecisionRow.recorded_at.desc())
        .limit(most)
    )
    return list(tx.session.scalars(wanted))


@dataclass(frozen=True)
class Figures:
    """Figures of a whole district.

    Attributes
    ----------
    counted_at
        Seconds by the clock of the service.
    """

    counted_at: float
    total: Group
    offices: list[Group]
    reasons: list[tuple[str, int, int]]

    @property
    def kept(self) -> bool:
        """Whether they are shown for a while, since counting them takes long."""
        return self.total.n > MANY


_kept: dict[tuple[Any, ...], Figures] = {}
_counting_now = threading.Lock()


def of_district(
    tx: Transaction, key: tuple[Any, ...], label: str, *conditions: Any, now: float
) -> Figures:
    """Figures of a whole district; those of a large one are up to a minute old.

    Parameters
    ----------
    key
        Names the record, the district and the days.
    now
        Seconds by the clock of the service.
    """
    kept = _kept.get(key)
    if kept is not None and 0 <= now - kept.counted_at < KEPT_SECONDS:
        return kept

    def count() -> Figures:
        return Figures(
            now,
            summed(tx, label, *conditions),
            by_office(tx, *conditions),
            by_reason(tx, *conditions),
        )

    return _once(key, now, count)


def _once(key: tuple[Any, ...], now: float, count: Callable[[], Figures]) -> Figures:
    # of many who ask at once, one counts
    with _counting_now:
        kept = _kept.get(key)
        if kept is not None and 0 <= now - kept.counted_at < KEPT_SECONDS:
            return kept
        found = count()
        if found.kept:
            if len(_kept) > 200:
                _kept.clear()
            _kept[key] = found
        return found


def share(part: int, whole: int) -> str:
    """A share in per cent; a dash where there is nothing, or too little, to divide by."""
    return f"{100 * part / whole:.0f} %" if whole >= FEWEST else "—"
