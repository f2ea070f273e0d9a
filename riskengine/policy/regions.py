"""Where conditions are true: whether they can hold, exclude one another, or follow from another.

Every number, date or set is reduced to the few values between which a policy tells any difference,
and "not known" beside them. Over these the answers are exact, apart from ties between different
items (a date that must follow another), which are left out: a combination is called possible
unless the conditions themselves exclude it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from riskengine.instrument.conditions import (
    All,
    Any,
    Comparison,
    Condition,
    Not,
    comparisons,
    compile_condition,
)
from riskengine.instrument.items import DerivedItem
from riskengine.instrument.model import Instrument
from riskengine.policy import facts as policy_facts

Box = Mapping[str, int]
"""For each subject the values that are allowed, as bits; a subject that is absent is free."""

Region = tuple[Box, ...]
"""A union of boxes."""

EVERYWHERE: Region = ({},)
NOWHERE: Region = ()

_MOST_BOXES = 2000
_MOST_MEMBERS = 4


@dataclass(frozen=True)
class Space:
    """The values that matter for each subject; ``None`` is "not known" and comes last."""

    values: Mapping[str, tuple[object, ...]]
    ranks: Mapping[str, Mapping[str, int]]

    def true(self, condition: Condition) -> Region:
        """Where a condition is true."""
        return self._where(condition, True)

    def false(self, condition: Condition) -> Region:
        """Where a condition is false."""
        return self._where(condition, False)

    def mask(self, test: Comparison, truth: bool) -> int:
        """Values of a comparison's subject for which it is true, or false."""
        subject = _subject(test)
        if test.more_than_item is not None:
            return _bits(value is truth for value in self.values[subject])
        predicate = compile_condition(test, self.ranks)
        return _bits(
            predicate({} if value is None else {subject: value}) is truth
            for value in self.values[subject]
        )

    def known(self, subject: str) -> int:
        """All values of a subject but "not known"."""
        return (1 << len(self.values[subject]) - 1) - 1

    def _where(self, condition: Condition, truth: bool) -> Region:
        match condition:
            case Comparison():
                mask = self.mask(condition, truth)
                return ({_subject(condition): mask},) if mask else NOWHERE
            case Not(not_=part):
                return self._where(part, not truth)
            case All(all=parts) | Any(any=parts):
                together = isinstance(condition, All) is truth
                if not together:
                    return tuple(box for part in parts for box in self._where(part, truth))
                region = EVERYWHERE
                for part in parts:
                    region = both(region, self._where(part, truth))
                return region


def _bits(flags: Iterable[bool]) -> int:
    mask = 0
    for position, flag in enumerate(flags):
        if flag:
            mask |= 1 << position
    return mask


def _subject(test: Comparison) -> str:
    if test.more_than_item is not None:
        return f"{test.subject} > {test.more_than_item}"
    return test.subject


def space(instrument: Instrument, conditions: Iterable[Condition]) -> Space:
    """Find the values between which some conditions tell a difference.

    The conditions were typed before: every item and level exists.
    """
    tests: dict[str, list[Comparison]] = {}
    for condition in conditions:
        for test in comparisons(condition):
            tests.setdefault(_subject(test), []).append(test)
    ranks = {
        **instrument.ranks,
        **{
            name: {value: i for i, value in enumerate(policy_facts.CHOICES[name])}
            for name in policy_facts.ORDERED
        },
    }
    return Space(
        {name: (*_values(given, instrument), None) for name, given in tests.items()}, ranks
    )


def _values(tests: list[Comparison], instrument: Instrument) -> Iterator[object]:
    first = tests[0]
    if first.more_than_item is not None:
        yield from (False, True)
        return
    named: list[object] = [
        value
        for test in tests
        for value in (test.is_, test.at_least, test.at_most)
        if value is not None
    ]
    if first.fact is not None:
        if first.fact in policy_facts.CHOICES:
            yield from policy_facts.CHOICES[first.fact]
        else:
            yield from _numbers(named, *policy_facts.NUMBERS[first.fact], whole=True)
        return
    item = instrument.every_item[first.subject]
    if isinstance(item, DerivedItem):
        yield from _numbers(named, item.minimum, item.maximum, whole=False)
    elif item.type == "multiple":
        yield from _subsets([test.contains for test in tests if test.contains is not None])
    elif item.level_ids:
        yield from item.level_ids
    elif item.type == "boolean":
        yield from (False, True)
    elif item.minimum is not None and item.maximum is not None:
        yield from _numbers(named, item.minimum, item.maximum, whole=item.type == "integer")
    elif item.type == "date":
        yield from _days(named)
    else:
        yield named[0] if named else "x"


def _numbers(
    named: Iterable[object], low: float, high: float, *, whole: bool
) -> Iterator[int | float]:
    step = 1 if whole else 0.001
    points = {low, high}
    for bound in named:
        assert isinstance(bound, int | float)  # typed before
        points |= {bound - step, bound, bound + step}
    yield from sorted(point for point in points if low <= point <= high)


def _days(named: Iterable[object]) -> Iterator[date]:
    bounds = [date.fromisoformat(str(bound)) for bound in named] or [date(2026, 1, 1)]
    yield from sorted({b + timedelta(days=shift) for b in bounds for shift in (-1, 0, 1)})


def _subsets(members: Iterable[str]) -> Iterator[tuple[str, ...]]:
    few = sorted(set(members))[:_MOST_MEMBERS]
    for size in range(len(few) + 1):
        yield from combinations(few, size)


def both(one: Region, other: Region) -> Region:
    """Where two regions meet."""
    met = []
    for a in one:
        for b in other:
            box = dict(a)
            for subject, mask in b.items():
                box[subject] = box.get(subject, ~0) & mask
                if not box[subject]:
                    break
            else:
                met.append(box)
    if len(met) > _MOST_BOXES:
        # too many to look into: the first ones are enough to find a case, not to prove its absence
        return tuple(met[:_MOST_BOXES])
    return tuple(met)


def inside(one: Region, other: Region, values: Space) -> bool:
    """Whether a region lies wholly within another."""
    return all(not _rest(box, other, values) for box in one)


def _rest(box: Box, other: Region, values: Space) -> list[Box]:
    """What of a box lies outside a region."""
    left: list[Box] = [box]
    for hole in other:
        cut: list[Box] = []
        for part in left:
            inner = dict(part)
            for subject, mask in hole.items():
                every = (1 << len(values.values[subject])) - 1
                have = inner.get(subject, every)
                outside = have & ~mask
                if outside:
                    cut.append({**inner, subject: outside})
                inner[subject] = have & mask
                if not inner[subject]:
                    break
        left = cut
        if not left or len(left) > _MOST_BOXES:
            break
    return left


def examples(region: Region, values: Space) -> Iterator[dict[str, object]]:
    """Answers and facts that lie in a region, one for each box and value; few first."""
    for box in sorted(region, key=len):
        chosen: dict[str, list[object]] = {
            subject: [
                value
                for position, value in enumerate(values.values[subject])
                if mask >> position & 1
            ]
            for subject, mask in box.items()
        }
        longest = max((len(options) for options in chosen.values()), default=1)
        for turn in range(longest):
            yield {
                subject: options[min(turn, len(options) - 1)]
                for subject, options in chosen.items()
            }
