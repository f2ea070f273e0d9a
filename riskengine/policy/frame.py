"""The rules over a whole frame at once: the same as one person at a time, with whole columns.

`riskengine.policy.ruling.rule_on` is the definition. This says the same with arrays, and a
property test holds the two together over rules, days, histories and events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.conditions import All, Any, Comparison, Condition, Not
from riskengine.instrument.items import Item
from riskengine.policy.columns import (
    Column,
    Days,
    People,
    coder,
    day_number,
    facts_of,
    member,
)
from riskengine.policy.compiled import (
    BAND_RULE,
    INITIAL_RULE,
    SANCTION_RULE,
    STAY_RULE,
    STEP_RULE,
    Policy,
)
from riskengine.policy.document import INITIAL_SHARE, STAY_SHARE, Lasts, Period
from riskengine.policy.history import COUNTED, SANCTIONS, EventKind
from riskengine.policy.tiers import Tier

Ranks = NDArray[np.int8]
Flags = NDArray[np.bool_]
Truths = NDArray[np.uint8]
"""0 false, 1 not known, 2 true: all is the least, any the greatest."""

FALSE, UNKNOWN, TRUE = 0, 1, 2
HOLD_RULE = "hold"


@dataclass(frozen=True)
class FrameRuling:
    """What the rules make of ``n`` people; ranks are those of the tiers.

    Attributes
    ----------
    names, binding
        Names of all rules, and for each person the position of the one that the tier rests on.
    asked
        The tier by score and rules, before the initial period and the way down.
    without_initial_period
        -1 where no initial period binds.
    truths
        By rule, whether it holds (run-out rules do not), fails, or could not be checked.
    """

    names: tuple[str, ...]
    band: Ranks
    asked: Ranks
    tier: Ranks
    binding: NDArray[np.int16]
    without_initial_period: Ranks
    truths: Mapping[str, Truths]

    def tier_of(self, i: int) -> Tier:
        """Tier of one person."""
        return Tier.at(int(self.tier[i]))

    def binding_of(self, i: int) -> str:
        """Name of the rule that one person's tier rests on."""
        return self.names[int(self.binding[i])]


def rule_on_frame(
    policy: Policy,
    people: People,
    scores: NDArray[np.int64],
    *,
    on: date | Days,
    held: Flags | None = None,
) -> FrameRuling:
    """Apply bands, rules, initial period and steps to everybody at once.

    Parameters
    ----------
    scores
        Score of each person.
    on
        Day of the recommendation, or a day for each person (days from 1970-01-01).
    held
        Who is held at the present tier by something outside the policy.

    Notes
    -----
    Where a day for each person is given, histories and events in ``people`` must be those up to
    that day.
    """
    days = np.full(people.n, day_number(on)) if isinstance(on, date) else on
    band = bands_of(policy, scores)
    run = _Run(policy, people, days, band)
    truths = run.rules(on if isinstance(on, date) else None)
    asked, binding = run.combine(truths)
    tier, after = run.initial(asked, binding)
    run.way_down(tier, binding, held)
    return FrameRuling(run.names, band, asked, tier, binding, after, truths)


def bands_of(policy: Policy, scores: NDArray[np.int64]) -> Ranks:
    """Band of every score, as a rank."""
    cuts = policy.cut_offs
    band: Ranks = (scores >= cuts.relaxed_below).astype(np.int8)
    band += scores >= cuts.strict_from
    return band


class _Run:
    """One pass over a frame; columns of facts are computed once, when they are asked for."""

    def __init__(self, policy: Policy, people: People, on: Days, band: Ranks) -> None:
        self.policy, self.people, self.on, self.band = policy, people, on, band
        self.facts = facts_of(people, on=on, band=band)
        self.held_facts: dict[str, Column] = {}
        self.names = (
            BAND_RULE,
            *(one.rule.id for one in policy.rules),
            INITIAL_RULE,
            HOLD_RULE,
            STAY_RULE,
            SANCTION_RULE,
            *(one.step.id for one in policy.steps),
            STEP_RULE,
        )
        self.at = {name: i for i, name in enumerate(self.names)}
        self.term = people.end - people.start

    def column(self, test: Comparison) -> Column:
        """The column that a comparison looks at."""
        if test.fact is not None:
            if test.fact not in self.held_facts:
                found = self.facts.get(test.fact)
                # the score's band is no fact for a condition of a step down
                self.held_facts[test.fact] = (
                    np.full(self.people.n, -1, dtype=np.int16) if found is None else found()
                )
            return self.held_facts[test.fact]
        return self.people.columns[str(test.item)]

    def truth(self, condition: Condition) -> Truths:
        """Truth of a condition for everybody."""
        match condition:
            case Comparison():
                return self.compare(condition)
            case Not(not_=part):
                return TRUE - self.truth(part)
            case All(all=parts):
                found = self.truth(parts[0])
                for part in parts[1:]:
                    found = np.minimum(found, self.truth(part))
                return found
            case Any(any=parts):
                found = self.truth(parts[0])
                for part in parts[1:]:
                    found = np.maximum(found, self.truth(part))
                return found

    def compare(self, test: Comparison) -> Truths:
        """Truth of a comparison for everybody."""
        if test.contains is not None:
            return _of_flags(self.people.columns[member(str(test.item), test.contains)])
        column = self.column(test)
        known = ~np.isnan(column) if column.dtype.kind == "f" else column >= 0
        if test.known is not None:
            return (
                np.where(known, TRUE, FALSE).astype(np.uint8)
                if test.known
                else np.where(known, FALSE, TRUE).astype(np.uint8)
            )
        if test.more_than_item is not None:
            other = self.people.columns[test.more_than_item]
            with np.errstate(invalid="ignore"):
                return _three(column > other, known & ~np.isnan(other))
        return _three(self._meets(test, column), known)

    def _meets(self, test: Comparison, column: Column) -> Flags:
        codes = coder(self.policy.instrument, test.subject).codes
        if test.in_ is not None:
            assert codes is not None  # typed: [in] is for choices
            return np.isin(column, [codes[value] for value in test.in_])
        if test.is_ is not None:
            found: Flags = column == (test.is_ if codes is None else codes[test.is_])
            return found
        bound = test.at_least if test.at_least is not None else test.at_most
        edge = self._edge(bound, test, codes)
        with np.errstate(invalid="ignore"):
            return column >= edge if test.at_least is not None else column <= edge

    def _edge(
        self, bound: int | float | str | None, test: Comparison, codes: Mapping[object, int] | None
    ) -> float:
        if codes is not None:
            return codes[bound]
        item = self.policy.instrument.every_item.get(test.subject)
        if isinstance(item, Item) and item.type == "date":
            return day_number(date.fromisoformat(str(bound)))
        assert isinstance(bound, int | float)  # typed before
        return float(bound)

    def rules(self, on: date | None) -> dict[str, Truths]:
        """Which rules hold for whom; a rule that is out of force or has run out does not."""
        truths: dict[str, Truths] = {}
        for one in self.policy.rules:
            rule = one.rule
            if on is not None and not rule.in_force(on):
                truths[rule.id] = np.zeros(self.people.n, dtype=np.uint8)
                continue
            truth = self.truth(rule.when)
            if on is None:
                truth = np.where(self._in_force(rule.valid_from, rule.valid_to), truth, FALSE)
            if rule.lasts is not None:
                truth = np.where((truth == TRUE) & self._over(rule.lasts), FALSE, truth)
            truths[rule.id] = truth.astype(np.uint8)
        holds = {name: truth == TRUE for name, truth in truths.items()}
        for one in self.policy.rules:
            for other in one.rule.yields_to:
                gone = holds[one.rule.id] & holds[other]
                truths[one.rule.id] = np.where(gone, FALSE, truths[one.rule.id]).astype(np.uint8)
        return truths

    def _in_force(self, first: date | None, last: date | None) -> Flags:
        inside = np.ones(self.people.n, dtype=np.bool_)
        if first is not None:
            inside &= self.on >= day_number(first)
        if last is not None:
            inside &= self.on <= day_number(last)
        return inside

    def length(self, period: Period, default: str) -> Days:
        """Days that a period lasts for each person's term."""
        share = period.share(default)
        days = np.full(self.people.n, float(period.days))
        if share is not None:
            of_term = np.floor(self.term * share.numerator / share.denominator)
            days = np.fmin(days, of_term)
        return days

    def _newest(self, kinds: tuple[EventKind, ...]) -> Days:
        newest = np.full(self.people.n, np.nan)
        for kind in kinds:
            if kind in self.people.newest:
                newest = np.fmax(newest, self.people.newest[kind])
        return newest

    def _all_dated(self, kinds: tuple[EventKind, ...]) -> Flags:
        found = np.ones(self.people.n, dtype=np.bool_)
        for kind in kinds:
            counted = self.people.columns.get(COUNTED.get(kind, ""))
            if counted is not None:
                have = self.people.count.get(kind, 0)
                with np.errstate(invalid="ignore"):
                    found &= ~(have < counted)
        return found

    def _over(self, lasts: Lasts) -> Flags:
        until = self._newest(lasts.since) + self.length(lasts.period, STAY_SHARE)
        with np.errstate(invalid="ignore"):
            return (self.on >= until) & self._all_dated(lasts.since)

    def combine(self, truths: Mapping[str, Truths]) -> tuple[Ranks, NDArray[np.int16]]:
        """Caps, then floors, then what is set, as for one person."""
        tier = self.band.copy()
        binding = np.zeros(self.people.n, dtype=np.int16)
        floored = np.zeros(self.people.n, dtype=np.bool_)
        moves = [
            (self.at[one.rule.id], one.applied.effect, one.applied.tier.rank, truths[one.rule.id])
            for one in self.policy.rules
            if one.applied is not None
        ]
        for at, effect, rank, truth in moves:
            if effect == "cap":
                _take((truth == TRUE) & (rank < tier), rank, at, tier, binding)
        for at, effect, rank, truth in moves:
            if effect == "floor":
                rests = (tier == rank) & ~floored if rank else np.False_
                taken = (truth == TRUE) & ((rank > tier) | rests)
                _take(taken, rank, at, tier, binding)
                floored |= taken
        fixed = np.full(self.people.n, -1, dtype=np.int8)
        for at, effect, rank, truth in moves:
            if effect == "set":
                taken = (truth == TRUE) & (rank > fixed)
                fixed[taken] = rank
                _take(taken, rank, at, tier, binding)
        return tier, binding

    def initial(self, asked: Ranks, binding: NDArray[np.int16]) -> tuple[Ranks, Ranks]:
        """The initial period, where it asks for more than score and rules."""
        tier = asked.copy()
        after = np.full(self.people.n, -1, dtype=np.int8)
        initial = self.policy.document.initial_period
        if initial is None:
            return tier, after
        until = self.people.start + self.length(initial.period, INITIAL_SHARE)
        with np.errstate(invalid="ignore"):
            binds = (self.on < until) & (initial.tier.rank > tier)
        after[binds] = tier[binds]
        _take(binds, initial.tier.rank, self.at[INITIAL_RULE], tier, binding)
        return tier, after

    def way_down(self, tier: Ranks, binding: NDArray[np.int16], held: Flags | None) -> None:
        """What keeps a tier from going down so far, or so soon; the first of them binds."""
        current = self.people.current
        down = (current >= 0) & (tier < current)
        steps = self.policy.document.steps
        bars: list[tuple[str, Flags]] = []
        if held is not None:
            bars.append((HOLD_RULE, held))
        if steps is not None:
            bars += [(STAY_RULE, self._stays()), (SANCTION_RULE, self._sanctioned())]
            # a condition of a step down may ask for facts, never for the score
            self.held_facts["band"] = np.full(self.people.n, -1, dtype=np.int16)
            for one in self.policy.steps:
                bars.append((one.step.id, self.truth(one.step.when) != TRUE))
        for name, bar in bars:
            kept = down & bar
            tier[kept] = current[kept]
            binding[kept] = self.at[name]
            down &= ~kept
        if steps is not None:
            lowest = np.maximum(current - steps.down, 0).astype(np.int8)
            far = down & (tier < lowest)
            tier[far] = lowest[far]
            binding[far] = self.at[STEP_RULE]

    def _stays(self) -> Flags:
        current = self.people.current
        staying = np.zeros(self.people.n, dtype=np.bool_)
        for rank_of in Tier:
            stay = self.policy.document.tiers[rank_of].minimum_stay
            if stay is not None:
                until = self.people.since + self.length(stay, STAY_SHARE)
                with np.errstate(invalid="ignore"):
                    staying |= (current == rank_of.rank) & (self.on < until)
        return staying

    def _sanctioned(self) -> Flags:
        steps = self.policy.document.steps
        if steps is None or steps.without_sanction_for is None:
            return np.zeros(self.people.n, dtype=np.bool_)
        until = self._newest(SANCTIONS) + self.length(steps.without_sanction_for, STAY_SHARE)
        with np.errstate(invalid="ignore"):
            return ~self._all_dated(SANCTIONS) | (self.on < until)


def _take(who: Flags, rank: int, at: int, tier: Ranks, binding: NDArray[np.int16]) -> None:
    tier[who] = rank
    binding[who] = at


def _three(meets: Flags, known: Flags) -> Truths:
    return np.where(known, meets.astype(np.uint8) << 1, UNKNOWN).astype(np.uint8)


def _of_flags(column: Column) -> Truths:
    """Truth of a column of yes (1), no (0) and not known (-1)."""
    table = np.array([FALSE, TRUE, UNKNOWN], dtype=np.uint8)
    found: Truths = table[column.astype(np.intp)]
    return found
