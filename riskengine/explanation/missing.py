"""What is not known: which scores and tiers remain possible, and which question would settle it.

The range runs over every valid completion: the answers that the instrument would accept together
and that the law lets a score stand with. The score is taken over scored items and derived ones,
the tier over the rules as well, so that an open question which a rule alone reads opens it too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import product
from types import MappingProxyType

from riskengine.explanation.completions import Bound, Completer, Group, asks_a_day
from riskengine.explanation.questions import space_of
from riskengine.instrument.answers import is_known
from riskengine.instrument.assessment import Assessment
from riskengine.policy.compiled import Policy
from riskengine.policy.history import COUNTED
from riskengine.policy.ruling import Hold, Ruling, rule_in
from riskengine.policy.statutory import Case, StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Encoded, Scorecard

MOST_RULED = 4096
"""Joint answers to what rules read that are ruled on one by one; beyond it there is a bound."""

Told = tuple[tuple[str, object], ...]
"""Answers to open questions that rules read."""
Ends = tuple[int, int]
Table = dict[Told, Ends]
"""Lowest and highest change of score for each of some answers that rules read."""


@dataclass(frozen=True)
class OpenItem:
    """A question without an answer that could move score or tier.

    ``low`` and ``high`` are the change of score that the tables it stands in could bring.
    """

    item: str
    code: str
    low: int
    high: int


@dataclass(frozen=True)
class OpenRange:
    """Lowest and highest score and tier that remain possible; an outer bound if not ``exact``.

    Attributes
    ----------
    tier_low, tier_high
        ``None`` where there is no policy.
    next_item
        The question to ask next: whatever its answer, the fewest tiers then remain, and of
        several such questions the one that leaves the narrowest range of scores. ``None`` where
        no answer could move anything.
    settles
        Whether every answer to it leaves one tier, where more than one is possible now.
    """

    items: tuple[OpenItem, ...]
    low: int
    high: int
    exact: bool
    tier_low: Tier | None = None
    tier_high: Tier | None = None
    next_item: str | None = None
    settles: bool = False


def open_range(
    scorecard: Scorecard,
    assessment: Assessment,
    encoded: Encoded,
    score: int,
    *,
    on: date,
    policy: Policy | None = None,
    law: StatutorySet | None = None,
    ruling: Ruling | None = None,
    holds: Sequence[Hold] = (),
    holds_of: Callable[[Assessment], Sequence[Hold]] | None = None,
) -> OpenRange:
    """Find the range of score and tier over the valid completions of one assessment.

    An item that does not apply by a rule of the instrument is not open; one that was merely
    marked so is, and so is one that was refused or is unknown. Completions with which the law
    would stop the engine have neither score nor tier and are left out.

    Parameters
    ----------
    ruling
        The ruling on the assessment as it is; needed where there is a policy.
    holds, holds_of
        What bars a step down now, and with other answers: one of them may raise a safety alert.
    """
    standing = ruling is not None and ruling.situation.stands.current is not None
    alerting: frozenset[str] = frozenset()
    if standing and law is not None and holds_of is not None:
        alerting = _read(law.raised, assessment, on).intersection(assessment.instrument.by_id)
    space = space_of(scorecard, policy, standing=standing, alerting=alerting)
    dated = None if ruling is None else ruling.situation.events.count
    completer = Completer(
        space,
        assessment,
        encoded,
        dated={} if dated is None else {item: dated.get(k, 0) for k, item in COUNTED.items()},
    )
    if not completer.asked:
        tier = None if ruling is None else ruling.tier
        return OpenRange((), score, score, True, tier, tier)
    if law is not None:
        seen = {one for name in _read(law.stops, assessment, on) for one in space.direct(name)}
        completer.read_by_law = frozenset(seen | law.sealed_items(assessment.assessed_on))
        completer.admits = _admits(law, assessment, on)
    search = _Search(completer.groups(), score, policy, ruling, holds, space.reads_band)
    if alerting and holds_of is not None:
        search.alerting, search.holds_of = alerting, holds_of
    return search.found(assessment, completer.asked)


# -------------------------------------------------------------------- what the law reads


class _Reads(dict[str, object]):
    """Known answers that remember which of them were looked at."""

    def __init__(self, known: Mapping[str, object]) -> None:
        super().__init__(known)
        self.seen: set[str] = set()

    def __contains__(self, key: object) -> bool:
        self.seen.add(str(key))
        return super().__contains__(key)

    def __getitem__(self, key: str) -> object:
        self.seen.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: object = None) -> object:
        """Look an answer up."""
        self.seen.add(key)
        return super().get(key, default)


def _read(check: Callable[[Case], object], assessment: Assessment, on: date) -> frozenset[str]:
    """What a check of the law looks at in a case; nothing else can change what it finds."""
    reads = _Reads(assessment.known)
    looking = replace(assessment)
    vars(looking)["known"] = reads
    check(Case(looking, on))
    return frozenset(reads.seen)


def _admits(law: StatutorySet, assessment: Assessment, on: date) -> Callable[[str, object], bool]:
    def admits(item: str, answer: object) -> bool:
        case = Case(with_answers(assessment, ((item, answer),)), on)
        return not law.stops(case) and not law.seals(case, item, answer)

    return admits


def with_answers(assessment: Assessment, told: Told) -> Assessment:
    """The assessment with other answers; what does not apply is no answer."""
    other = replace(assessment, answers=MappingProxyType({**assessment.answers, **dict(told)}))
    instrument = assessment.instrument
    if not any(item in entry.sources for entry in instrument.derived for item, _ in told):
        # nothing is derived from these answers, so what is known need not be put together again
        known = {**assessment.known, **{i: answer for i, answer in told if is_known(answer)}}
        for item, answer in told:
            if not is_known(answer):
                known.pop(item, None)
        vars(other)["known"] = MappingProxyType(known)
    return other


# -------------------------------------------------------------------- scores and tiers together


@dataclass
class _Search:
    """Score and rules over groups that are independent of one another."""

    groups: list[Group | Bound]
    score: int
    policy: Policy | None
    ruling: Ruling | None
    holds: Sequence[Hold]
    reads_band: bool
    alerting: frozenset[str] = frozenset()
    holds_of: Callable[[Assessment], Sequence[Hold]] | None = None
    held: dict[tuple[Told, Tier], Tier] = field(default_factory=dict)

    def found(self, assessment: Assessment, asked: Sequence[str]) -> OpenRange:
        """Put the range together, and look for the question that narrows it most."""
        tables = [_table(group) for group in self.groups]
        too_many = math.prod(len(table) for table in tables) > MOST_RULED
        variables = [one for group in self.groups for one in group.variables]
        by_id = assessment.instrument.by_id
        days = [one.item for one in variables if one.moving and asks_a_day(by_id[one.item])]
        bounded = self.policy is not None and (too_many or bool(days))
        if too_many:
            tables = [_without_rules(table) for table in tables]
        if self.ruling is not None and not any(told for table in tables for told in table):
            self.held[(), self.ruling.band] = self.ruling.tier
        ends, tiers = self._range([tables], rules=not bounded)
        exact = not bounded and all(isinstance(g, Group) and g.exact for g in self.groups)
        if self.policy is not None and self.reads_band and not bounded:
            # such a rule may treat the band between two others in its own way
            exact = exact and self._same_band(ends)
        moves = {item: ends for group in self.groups for item, ends in group.moves.items()}
        best, settles = None, False
        if ends[0] < ends[1] or tiers[0] < tiers[1]:
            best, settles = self._next(tables, asked, days, bounded, too_many, tiers)
        return OpenRange(
            items=tuple(
                OpenItem(item, str(assessment.answers.get(item, "not_asked")), *moves[item])
                for item in asked
            ),
            low=ends[0],
            high=ends[1],
            exact=exact,
            tier_low=None if self.policy is None else Tier.at(tiers[0]),
            tier_high=None if self.policy is None else Tier.at(tiers[1]),
            next_item=best,
            settles=settles,
        )

    def _same_band(self, ends: Ends) -> bool:
        assert self.policy is not None
        band = self.policy.cut_offs.band
        return abs(band(ends[1]).rank - band(ends[0]).rank) < 2

    def _range(self, choices: Sequence[Sequence[Table]], *, rules: bool) -> tuple[Ends, Ends]:
        """Lowest and highest score, and lowest and highest tier as ranks.

        Parameters
        ----------
        choices
            Tables of all groups, once or more: the range is over all of them.
        rules
            Whether to ask the rules; without them every tier is possible.
        """
        low, high = 2**62, -(2**62)
        least, most = 2, 0
        if self.policy is None:
            least = most = 0
        elif not rules:
            least, most = 0, 2
        for tables in choices:
            for parts in product(*(table.items() for table in tables)):
                down = self.score + sum(ends[0] for _, ends in parts)
                up = self.score + sum(ends[1] for _, ends in parts)
                low, high = min(low, down), max(high, up)
                if self.policy is not None and rules:
                    told = tuple(one for answers, _ in parts for one in answers)
                    for rank in self._ranks(told, down, up):
                        least, most = min(least, rank), max(most, rank)
        return (low, high), (least, most)

    def _ranks(self, told: Told, down: int, up: int) -> Iterator[int]:
        """Tiers at two scores; the higher score never has the lower tier, rules being the same."""
        assert self.policy is not None
        band = self.policy.cut_offs.band
        first, last = band(down), band(up)
        yield self._tier(told, first).rank
        if last is not first:
            yield self._tier(told, last).rank
            if self.reads_band and last.rank - first.rank == 2:
                yield self._tier(told, Tier.ORDINARY).rank

    def _tier(self, told: Told, band: Tier) -> Tier:
        found = self.held.get((told, band))
        if found is None:
            assert self.policy is not None and self.ruling is not None
            here, holds = self.ruling.situation, self.holds
            if told:
                here = replace(here, assessment=with_answers(here.assessment, told))
                if self.holds_of is not None and any(item in self.alerting for item, _ in told):
                    holds = self.holds_of(here.assessment)
            found = rule_in(self.policy, here, band, holds).tier
            self.held[told, band] = found
        return found

    def _next(
        self,
        tables: list[Table],
        asked: Sequence[str],
        days: Sequence[str],
        bounded: bool,
        too_many: bool,
        now: Ends,
    ) -> tuple[str | None, bool]:
        best: tuple[tuple[int, int, int], str] | None = None
        for position, group in enumerate(self.groups):
            for axis, one in enumerate(group.variables):
                if not one.asked:
                    continue
                # with the last day on file the rules can be asked, if that was the only question
                alone = list(days) == [one.item] and len(asked) == 1
                key = [0, 0, 0]
                for table in _by_answer(group, axis):
                    if not table:
                        continue
                    if too_many:
                        table = _without_rules(table)
                    others = [*tables[:position], table, *tables[position + 1 :]]
                    ends, tiers = self._range([others], rules=not bounded)
                    width = 0 if alone else tiers[1] - tiers[0]
                    key[0] = max(key[0], width)
                    key[1] = max(key[1], ends[1] - ends[0])
                    key[2] += width > 0
                found = (key[0], key[1], key[2])
                if best is None or (found, asked.index(one.item)) < (
                    best[0],
                    asked.index(best[1]),
                ):
                    best = found, one.item
        if best is None:
            return None, False
        return best[1], self.policy is not None and best[0][0] == 0 and now[0] < now[1]


def _table(group: Group | Bound) -> Table:
    """What a group does to the score, by the answers that rules read."""
    if isinstance(group, Bound):
        ends = (group.low, group.high)
        moving = [one for one in group.variables if one.moving]
        return {
            tuple((one.item, answer) for one, answer in zip(moving, answers, strict=True)): ends
            for answers in product(*(one.answers for one in moving))
        }
    keep = [axis for axis, one in enumerate(group.variables) if one.moving]
    return _ranges(group, keep, keep)[0]


def _by_answer(group: Group | Bound, axis: int) -> list[Table]:
    """The same for each answer to one question."""
    one = group.variables[axis]
    if isinstance(group, Bound):
        lows, highs = group.by_answer[one.item]
        whole = _table(group)
        return [
            {
                told: (int(lows[at]), int(highs[at]))
                for told in whole
                if not one.moving or (one.item, answer) in told
            }
            for at, answer in enumerate(one.answers)
        ]
    keep = [i for i, other in enumerate(group.variables) if other.moving or i == axis]
    told = [i for i, other in enumerate(group.variables) if other.moving]
    return _ranges(group, keep, told, axis)


def _ranges(
    group: Group, keep: Sequence[int], told: Sequence[int], by: int | None = None
) -> list[Table]:
    """Tables by the answers along some axes, one for each answer along one more."""
    low, high = group.ends(keep)
    answers = [group.variables[axis].answers for axis in keep]
    tables: list[Table] = [
        {} for _ in range(1 if by is None else len(group.variables[by].answers))
    ]
    names = [(at, group.variables[axis].item) for at, axis in enumerate(keep) if axis in told]
    place = None if by is None else list(keep).index(by)
    lows, highs = low.ravel().tolist(), high.ravel().tolist()
    for flat, where in enumerate(product(*(range(len(some)) for some in answers))):
        if lows[flat] > highs[flat]:
            continue  # answers that cannot stand together
        key = tuple((name, answers[at][where[at]]) for at, name in names)
        tables[0 if place is None else where[place]][key] = (lows[flat], highs[flat])
    return tables


def _without_rules(table: Table) -> Table:
    """One range of scores over all answers that rules read."""
    return {(): (min(ends[0] for ends in table.values()), max(e[1] for e in table.values()))}
