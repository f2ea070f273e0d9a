"""What became of people whose recommended tier was changed, beside those whose was not.

Plain rows come in: a decision each, with what was recommended, decided and why. Nothing here knows
who decided, and no figure is by person or officer. The figures are no proof of cause: the two were
supervised differently, and those chosen to be moved were different to begin with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError, shown
from riskengine.evaluation.shares import share_interval
from riskengine.evaluation.suppression import SMALLEST_INSIDE, hidden_in_lines
from riskengine.monitoring.words import per_cent, said
from riskengine.policy.compiled import RESERVED
from riskengine.policy.tiers import Tier
from riskengine.text import Text

if TYPE_CHECKING:
    import pandas as pd

TIERS = tuple(tier.value for tier in Tier)
NEEDED = ("decided_on", "recommended", "decided")
_OWN_RULES = frozenset(RESERVED)
"""Rules that the engine brings, which no policy names."""
By = Literal["direction", "reason", "rule"]

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Moves:
    """Decisions with the recommendation they followed or left.

    Attributes
    ----------
    day
        Shape (decisions,): day of the decision.
    recommended, up, down, either
        Shape (decisions,): whether there was a recommendation, whether the decision is stricter
        or less strict than it, and whether it named two tiers.
    tier
        Recommended tier of each, ``either`` for two, blank for none.
    reason, rule
        Id of the stated reason and of the binding rule; blank where there is none.
    event
        Whether the outcome happened, ``nan`` where it is not known or not over.
    weight
        Shape (decisions,): how much each outcome counts, so that those followed to the end stand
        for those lost sight of; all alike where there is none.
    """

    day: NDArray[np.datetime64]
    recommended: Flags
    up: Flags
    down: Flags
    either: Flags
    tier: tuple[str, ...]
    reason: tuple[str, ...]
    rule: tuple[str, ...]
    event: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.day)

    def before(self, day: date) -> Moves:
        """Decisions before a day."""
        return self._take(self.day < np.datetime64(day, "D"))

    def between(self, first: date, last: date) -> Moves:
        """Decisions of a window."""
        inside = (self.day >= np.datetime64(first, "D")) & (self.day <= np.datetime64(last, "D"))
        return self._take(inside)

    def _take(self, at: Flags) -> Moves:
        def some(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(value for value, kept in zip(values, at, strict=True) if kept)

        return Moves(
            day=self.day[at],
            recommended=self.recommended[at],
            up=self.up[at],
            down=self.down[at],
            either=self.either[at],
            tier=some(self.tier),
            reason=some(self.reason),
            rule=some(self.rule),
            event=self.event[at],
            weight=None if self.weight is None else self.weight[at],
        )


def moves_of(frame: pd.DataFrame) -> Moves:
    """Read decisions.

    Parameters
    ----------
    frame
        ``decided_on``, ``recommended`` (a tier, or two joined by a comma or plus sign, or blank),
        ``decided``; where there: ``reason``, ``rule`` and ``event`` (1, 0, or blank where the
        follow-up is not over).

    Raises
    ------
    UseError
        Naming row, column, value and what is accepted.
    """
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise UseError(
            f"decisions: no column [{missing[0]}]; needed: {', '.join(NEEDED)}; optional: reason, "
            f"rule, event"
        )
    days, ranks, decided, tiers = [], [], [], []
    for row, (day, told, tier) in enumerate(
        zip(frame["decided_on"], frame["recommended"], frame["decided"], strict=True), start=1
    ):
        days.append(_day(day, row))
        parts = _tiers(told, row, "recommended")
        ranks.append(parts)
        chosen = _tiers(tier, row, "decided")
        if len(chosen) != 1:
            raise UseError(
                f"decisions: row {row}, column [decided] {shown(tier)}; accepted: "
                f"{', '.join(TIERS)}"
            )
        decided.append(chosen[0])
        tiers.append("" if not parts else TIERS[parts[0]] if len(parts) == 1 else "either")
    return Moves(
        day=np.array(days, dtype="datetime64[D]"),
        recommended=np.array([bool(parts) for parts in ranks], dtype=bool),
        up=np.array(
            [bool(p) and d > max(p) for p, d in zip(ranks, decided, strict=True)], dtype=bool
        ),
        down=np.array(
            [bool(p) and d < min(p) for p, d in zip(ranks, decided, strict=True)], dtype=bool
        ),
        either=np.array([len(parts) > 1 for parts in ranks], dtype=bool),
        tier=tuple(tiers),
        reason=_names(frame, "reason"),
        rule=_names(frame, "rule"),
        event=_events(frame),
    )


def blank(value: object) -> bool:
    """Whether a cell of a decision holds nothing."""
    return value is None or value != value or not str(value).strip()


def _day(value: Any, row: int) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise UseError(
            f"decisions: row {row}, column [decided_on] {shown(value)}; accepted: YYYY-MM-DD"
        ) from error


def _tiers(value: object, row: int, column: str) -> list[int]:
    if blank(value):
        return []
    names = [part.strip() for part in str(value).replace("+", ",").split(",")]
    wrong = [name for name in names if name not in TIERS]
    if wrong:
        raise UseError(
            f"decisions: row {row}, column [{column}] {shown(value)}; accepted: {', '.join(TIERS)}"
            + (", two of them joined by a comma, or blank" if column == "recommended" else "")
        )
    return sorted(TIERS.index(name) for name in names)


def _names(frame: pd.DataFrame, column: str) -> tuple[str, ...]:
    if column not in frame.columns:
        return ("",) * len(frame)
    return tuple("" if blank(value) else str(value).strip() for value in frame[column])


def _events(frame: pd.DataFrame) -> NDArray[np.float64]:
    found = np.full(len(frame), np.nan)
    if "event" not in frame.columns:
        return found
    for at, value in enumerate(frame["event"]):
        if blank(value):
            continue
        if str(value) not in ("0", "1", "0.0", "1.0", "True", "False"):
            raise UseError(
                f"decisions: row {at + 1}, column [event] {shown(value)}; accepted: 1, 0, or blank"
            )
        found[at] = float(str(value) in ("1", "1.0", "True"))
    return found


@dataclass(frozen=True)
class Moved:
    """One group of people who were moved, beside those who were not; empty where hidden.

    Attributes
    ----------
    others, other_events
        People with the same recommendation who were not moved, and their events. Where several
        recommendations are summed, their shares are weighted as the moved people's are.
    """

    by: By
    what: Text
    hidden: bool
    people: int | None = None
    events: int | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None
    others: int | None = None
    other_share: float | None = None
    text: Text | None = None


@dataclass(frozen=True)
class Overrides:
    """All groups, with what was left out.

    Attributes
    ----------
    smallest
        Fewest people of whom a number is shown.
    """

    rows: tuple[Moved, ...]
    decisions: int
    without: int
    unmatured: int
    either: int
    caution: Text
    smallest: int = SMALLEST_INSIDE

    def frame(self) -> pd.DataFrame:
        """A row a group."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "by": one.by,
                    "what_zh": one.what.zh,
                    "what_en": one.what.en,
                    "hidden": one.hidden,
                    "people": one.people,
                    "events": one.events,
                    "share": one.share,
                    "low": one.low,
                    "high": one.high,
                    "not_moved": one.others,
                    "not_moved_share": one.other_share,
                }
                for one in self.rows
            ]
        )


def override_outcomes(
    moves: Moves,
    *,
    reasons: Mapping[str, Text] | None = None,
    rules: Mapping[str, Text] | None = None,
    smallest: int = SMALLEST_INSIDE,
) -> Overrides:
    """Count what became of people who were moved, by recommendation, by reason and by rule.

    Parameters
    ----------
    reasons, rules
        Their names in both languages; an id stands for itself where there is none.
    smallest
        Fewest people, moved or not, whose figures are shown, by the rule of
        `riskengine.evaluation.suppression`.
    """
    known = np.isfinite(moves.event)
    usable = moves.recommended & ~moves.either & known
    tier = np.array(moves.tier, dtype=object)
    still = usable & ~moves.up & ~moves.down
    rows: list[Moved] = []
    for by in ("direction", "reason", "rule"):
        groups: list[tuple[Text, Flags]] = []
        for direction, moved in (("up", moves.up & usable), ("down", moves.down & usable)):
            word = said(f"override_{direction}")
            if by == "direction":
                groups += [
                    (
                        said("override_from", tier=said(f"tier_{name}"), direction=word),
                        moved & (tier == name),
                    )
                    for name in TIERS
                ]
                continue
            ids = np.array(moves.reason if by == "reason" else moves.rule, dtype=object)
            names = (reasons if by == "reason" else rules) or {}
            for name in sorted(set(ids[moved].tolist())):
                fallback = said("not_stated" if by == "reason" else "no_rule")
                label = names.get(name, Text(zh=name, en=name)) if name else fallback
                if by == "rule" and name in _OWN_RULES:
                    label = said(f"rule_{name}")
                what = said(f"override_{by}", direction=word, **{by: label})
                groups.append((what, moved & (ids == name)))
        rows += _rows(by, groups, still, tier, moves, smallest)
    return Overrides(
        rows=tuple(rows),
        decisions=len(moves),
        without=int((~moves.recommended).sum()),
        unmatured=int((moves.recommended & ~moves.either & ~known).sum()),
        either=int((moves.recommended & moves.either).sum()),
        caution=said("override_lead"),
        smallest=smallest,
    )


def _rows(
    by: By,
    groups: list[tuple[Text, Flags]],
    still: Flags,
    tier: NDArray[np.object_],
    moves: Moves,
    smallest: int,
) -> list[Moved]:
    event, up = moves.event, moves.up
    weight = np.ones(len(moves)) if moves.weight is None else moves.weight
    groups = [(what, at) for what, at in groups if at.any()]
    sizes = np.array([int(at.sum()) for _, at in groups], dtype=np.int64)
    raised = np.array([bool((at & up).any()) for _, at in groups], dtype=bool)
    # how many were moved up, or down, can be summed from another table: each is a line of its own
    secret = hidden_in_lines(sizes, (raised, ~raised), smallest)
    found = []
    for (what, at), small in zip(groups, secret, strict=True):
        of_tier = [(int((at & (tier == name)).sum()), still & (tier == name)) for name in TIERS]
        same = [(count, others) for count, others in of_tier if count]
        # people of another recommendation are no comparison
        comparable = all(int(others.sum()) >= smallest for _, others in same)
        if small:
            found.append(Moved(by, what, True, text=said("override_hidden", what=what)))
            continue
        people, events = int(at.sum()), int(event[at].sum())
        share = float(np.average(event[at], weights=weight[at]))
        # weighted people count as so many as their weights are worth
        worth = float(weight[at].sum() ** 2 / (weight[at] @ weight[at]))
        low, high = share_interval(share * worth, worth)
        others, other_share = None, None
        if comparable:
            others = sum(int(one.sum()) for _, one in same)
            other_share = 0.0
            for name in TIERS:
                its, others_of = at & (tier == name), still & (tier == name)
                if its.any():
                    part = float(weight[its].sum() / weight[at].sum())
                    other_share += part * float(
                        np.average(event[others_of], weights=weight[others_of])
                    )
        text = said(
            "override_row",
            what=what,
            people=people,
            events=events,
            share=per_cent(share),
            low=per_cent(low),
            high=per_cent(high),
            others=f"<{smallest}" if others is None else others,
            other_share="–" if other_share is None else per_cent(other_share),
        )
        found.append(
            Moved(
                by=by,
                what=what,
                hidden=False,
                people=people,
                events=events,
                share=share,
                low=low,
                high=high,
                others=others,
                other_share=other_share,
                text=text,
            )
        )
    return found
