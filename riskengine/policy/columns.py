"""Answers, history and events of many people as columns, for conditions over a whole frame.

A column holds a code or a number for each person and says "not known" in its own way: -1 among
codes, NaN among numbers and days. Days are counted from 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import comparisons
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.policy import facts as policy_facts
from riskengine.policy.compiled import Policy
from riskengine.policy.history import (
    COUNTED,
    EVENT_KINDS,
    SANCTIONS,
    EventKind,
    PastEvent,
    PastTier,
    dated,
)
from riskengine.policy.ruling import situation

Codes = NDArray[np.int64]
Days = NDArray[np.float64]
Column = NDArray[np.int16] | NDArray[np.float64]

NOT_KNOWN_CODE = -1
_EPOCH = date(1970, 1, 1).toordinal()
_KINDS = policy_facts.CHOICES["assessment_kind"]


def day_number(day: date) -> float:
    """A day as a number."""
    return float(day.toordinal() - _EPOCH)


@dataclass(frozen=True)
class Coder:
    """How one subject becomes a column: codes of its choices, or numbers."""

    codes: Mapping[object, int] | None

    def column(self, answers: Iterable[object]) -> Column:
        """Code known answers; ``None`` is not known."""
        if self.codes is not None:
            codes = self.codes
            return np.array(
                [NOT_KNOWN_CODE if a is None else codes[a] for a in answers], dtype=np.int16
            )
        return np.array([_number(answer) for answer in answers], dtype=np.float64)


def _number(answer: object) -> float:
    if answer is None:
        return float("nan")
    if isinstance(answer, date):
        return day_number(answer)
    return float(answer)  # type: ignore[arg-type]


_MEMBER = ">"


def member(item: str, level: str) -> str:
    """Name of the column that says whether an item with several answers holds one of them."""
    return f"{item}{_MEMBER}{level}"


def coder(instrument: Instrument, subject: str) -> Coder:
    """How an item or a fact is coded."""
    if subject in policy_facts.CHOICES:
        return Coder({value: i for i, value in enumerate(policy_facts.CHOICES[subject])})
    item = instrument.every_item.get(subject)
    if isinstance(item, Item):
        if item.type in ("nominal", "ordinal"):
            return Coder({level: i for i, level in enumerate(item.level_ids)})
        if item.type == "boolean":
            return Coder({False: 0, True: 1})
    return Coder(None)


@dataclass(frozen=True)
class People:
    """Everything that a policy may ask of ``n`` people.

    Attributes
    ----------
    columns
        By item; derived items and members of multiple answers among them.
    kinds
        Code of the kind of assessment.
    current, since
        Rank of the present tier, -1 where no decision is known, and the first day of the stay.
    events_known, newest, count
        Whether events were handed over, and by kind the newest day and how many.
    """

    n: int
    columns: Mapping[str, Column]
    kinds: Column
    current: NDArray[np.int8]
    since: Days
    events_known: NDArray[np.bool_]
    newest: Mapping[EventKind, Days]
    count: Mapping[EventKind, Codes]

    @property
    def start(self) -> Days:
        """First day of the term."""
        return self._days(policy_facts.START_ITEM)

    @property
    def end(self) -> Days:
        """Last day of the term."""
        return self._days(policy_facts.END_ITEM)

    def _days(self, item: str) -> Days:
        column = self.columns.get(item)
        return np.full(self.n, np.nan) if column is None else column.astype(np.float64)


def asked_for(policy: Policy) -> tuple[str, ...]:
    """Items that a policy reads, dates and counts of sanctions included."""
    every = policy.instrument.every_item
    conditions = [one.rule.when for one in policy.rules] + [one.step.when for one in policy.steps]
    named = {policy_facts.START_ITEM, policy_facts.END_ITEM, *COUNTED.values()}
    for condition in conditions:
        for test in comparisons(condition):
            if test.item is not None:
                named.add(test.item)
            if test.more_than_item is not None:
                named.add(test.more_than_item)
    return tuple(sorted(name for name in named if name in every))


def members(policy: Policy) -> set[tuple[str, str]]:
    """Items with several answers, and the answers that a policy asks whether they hold."""
    conditions = [one.rule.when for one in policy.rules] + [one.step.when for one in policy.steps]
    return {
        (test.item, test.contains)
        for condition in conditions
        for test in comparisons(condition)
        if test.item is not None and test.contains is not None
    }


def people_of(
    policy: Policy,
    assessments: Sequence[Assessment],
    *,
    on: date,
    histories: Sequence[Sequence[PastTier]] | None = None,
    events: Sequence[Sequence[PastEvent] | None] | None = None,
) -> People:
    """Lay out assessments with their histories as columns.

    Parameters
    ----------
    histories, events
        One entry a person, as for one person; ``None`` where nobody has any.
    """
    instrument, n = policy.instrument, len(assessments)
    answers = [assessment.known for assessment in assessments]
    columns: dict[str, Column] = {}
    for name in asked_for(policy):
        item = instrument.every_item[name]
        if isinstance(item, Item) and item.type in ("multiple", "text", "dates"):
            # conditions ask only whether there is an answer, what it is, and what it contains
            columns[name] = np.array([0 if name in a else -1 for a in answers], dtype=np.int16)
        else:
            columns[name] = coder(instrument, name).column(a.get(name) for a in answers)
    for name, level in members(policy):
        columns[member(name, level)] = np.array(
            [_contains(a.get(name), level) for a in answers], dtype=np.int16
        )
    current = np.full(n, -1, dtype=np.int8)
    since = np.full(n, np.nan)
    if histories is not None:
        for i, history in enumerate(histories):
            if history:
                stands = situation(policy, assessments[i], on=on, history=history).stands
                if stands.current is not None and stands.since is not None:
                    current[i] = stands.current.rank
                    since[i] = day_number(stands.since)
    known, newest, count = _events(events, n, on)
    return People(
        n=n,
        columns=columns,
        kinds=Coder({kind: i for i, kind in enumerate(_KINDS)}).column(
            assessment.kind for assessment in assessments
        ),
        current=current,
        since=since,
        events_known=known,
        newest=newest,
        count=count,
    )


def _contains(answer: object, level: str) -> int:
    return NOT_KNOWN_CODE if answer is None else int(level in answer)  # type: ignore[operator]


def _events(
    events: Sequence[Sequence[PastEvent] | None] | None, n: int, on: date
) -> tuple[NDArray[np.bool_], dict[EventKind, Days], dict[EventKind, Codes]]:
    known = np.zeros(n, dtype=np.bool_)
    newest: dict[EventKind, Days] = {}
    count: dict[EventKind, Codes] = {}
    for i, own in enumerate(events or ()):
        summed = dated(own, on=on)
        known[i] = summed.known
        for kind, day in summed.newest.items():
            if kind not in newest:
                newest[kind] = np.full(n, np.nan)
                count[kind] = np.zeros(n, dtype=np.int64)
            newest[kind][i] = day_number(day)
            count[kind][i] = summed.count[kind]
    return known, newest, count


Fact = Callable[[], Column]


def facts_of(people: People, *, on: Days, band: NDArray[np.int8] | None) -> dict[str, Fact]:
    """Facts as functions, so that only those are computed that a policy asks for."""

    def since(kinds: Sequence[EventKind]) -> Days:
        days = [people.newest[kind] for kind in kinds if kind in people.newest]
        if not days:
            return np.full(people.n, np.nan)
        newest = days[0]
        for other in days[1:]:
            newest = np.fmax(newest, other)
        return on - newest

    ranks: dict[str, Fact] = {
        "current_tier": lambda: people.current.astype(np.int16),
    }
    if band is not None:
        ranks["band"] = lambda: band.astype(np.int16)
    return {
        "assessment_kind": lambda: people.kinds,
        "days_since_start": lambda: on - people.start,
        "days_to_end": lambda: people.end - on,
        "term_days": lambda: people.end - people.start,
        "days_at_tier": lambda: np.where(people.current >= 0, on - people.since, np.nan),
        "days_since_sanction": lambda: since(SANCTIONS),
        **{f"days_since_{kind}": _later(since, kind) for kind in EVENT_KINDS},
        **ranks,
    }


def _later(since: Callable[[Sequence[EventKind]], Days], kind: EventKind) -> Fact:
    return lambda: since((kind,))
