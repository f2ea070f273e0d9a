"""Which questions can move a score or a tier, and which answers to them make a difference.

Everything here depends on scorecard, policy and instrument alone, and is worked out once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations

from riskengine.instrument.conditions import (
    Comparison,
    Condition,
    Predicate,
    comparisons,
    compile_condition,
)
from riskengine.instrument.items import Item
from riskengine.policy import facts as policy_facts
from riskengine.policy.compiled import Policy
from riskengine.policy.history import COUNTED, SANCTIONS
from riskengine.scorecard.compiled import Integers, Scorecard, grid
from riskengine.scorecard.encoding import StateOf

_MOST_LEVELS = 8
"""Levels of an item with several answers, of which every selection is gone through."""
_ADULT = 18
_DAYS = ("days_since_start", "days_to_end", "term_days")


@dataclass(frozen=True, eq=False)
class Constraint:
    """A rule of the instrument about which answers can stand together.

    Attributes
    ----------
    applies_to
        The question that the condition makes applicable; ``None`` for a cross-field rule, whose
        condition being true means a contradiction.
    items
        The questions that the condition reads, also through derived items.
    asks_known
        Whether it asks if there is an answer at all, so that one more answer can turn it round.
    """

    when: Condition
    test: Predicate
    applies_to: str | None
    items: tuple[str, ...]
    asks_known: bool


class Space:
    """What a scorecard and a policy ask of an instrument."""

    def __init__(
        self,
        scorecard: Scorecard,
        policy: Policy | None,
        *,
        standing: bool,
        alerting: frozenset[str] = frozenset(),
    ) -> None:
        """See `space_of`.

        Parameters
        ----------
        standing
            Whether a present tier is known, so that the way down is looked at.
        alerting
            Questions whose answers may raise a safety alert, which bars a step down.
        """
        self.scorecard = scorecard
        self.policy = policy
        self.instrument = scorecard.instrument
        self.standing = standing
        document = scorecard.document
        position = {axis.id: i for i, axis in enumerate(document.axes)}
        self.axis_items = tuple(axis.item for axis in document.axes)
        self.encoders: tuple[StateOf, ...] = tuple(encode for _, encode in scorecard.encoders)
        self.table_axes = tuple(
            tuple(position[axis] for axis in term.axes) for term in scorecard.tables
        )
        self.grids: tuple[Integers, ...] = tuple(grid(document, term) for term in scorecard.tables)
        read = set(_moving(policy, standing=standing)) if policy is not None else set()
        self.moving = frozenset(
            source for name in read if name in self.instrument.every_item
            for source in self.direct(name)
        ) | alerting  # fmt: skip
        self.alerting = alerting
        scored = dict.fromkeys(s for name in document.items for s in self.direct(name))
        self.scored = frozenset(scored)
        self.sources = (
            *scored,
            *(one.id for one in self.instrument.items if one.id in self.moving - self.scored),
        )
        self.source_set = frozenset(self.sources)
        self.reads_band = policy is not None and any(
            test.fact == "band" for one in policy.rules for test in comparisons(one.rule.when)
        )
        self._answers: dict[tuple[str, int | None, bool], tuple[tuple[object, ...], bool]] = {}
        self._predicates: dict[int, Predicate] = {}

    @cached_property
    def fact_bounds(self) -> tuple[tuple[str, int], ...]:
        """Facts that rules compare with a number of days, and these numbers."""
        if self.policy is None:
            return ()
        conditions = [one.rule.when for one in self.policy.rules]
        conditions += [one.step.when for one in self.policy.steps]
        found = {
            (test.fact, bound)
            for condition in conditions
            for test in comparisons(condition)
            for bound in (test.at_least, test.at_most, test.is_)
            if test.fact is not None and isinstance(bound, int) and not isinstance(bound, bool)
        }
        return tuple(sorted(found))

    def direct(self, name: str) -> tuple[str, ...]:
        """The questions behind an item: itself, or the sources of a derived one."""
        derived = self.instrument.derived_by_id.get(name)
        return (name,) if derived is None else derived.sources

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """Every rule of the instrument about what goes with what."""
        found = [
            self._constraint(item.applicable, item.id)
            for item in self.instrument.items
            if item.applicable is not None
        ]
        found += [self._constraint(rule.when, None) for rule in self.instrument.x_rules]
        return tuple(found)

    def _constraint(self, when: Condition, applies_to: str | None) -> Constraint:
        tests = list(comparisons(when))
        names = [name for test in tests for name in _named(test)]
        items = dict.fromkeys(source for name in names for source in self.direct(name))
        return Constraint(
            when=when,
            test=compile_condition(when, self.instrument.ranks),
            applies_to=applies_to,
            items=tuple(items),
            asks_known=any(test.known is not None for test in tests),
        )

    @cached_property
    def constraints_of(self) -> Mapping[str, tuple[Constraint, ...]]:
        """By item, the constraints that read it or make it applicable."""
        found: dict[str, list[Constraint]] = {}
        for one in self.constraints:
            for item in {*one.items, *((one.applies_to,) if one.applies_to else ())}:
                found.setdefault(item, []).append(one)
        return {item: tuple(rules) for item, rules in found.items()}

    @cached_property
    def applies(self) -> Mapping[str, Constraint]:
        """By item, the constraint that makes it applicable."""
        return {one.applies_to: one for one in self.constraints if one.applies_to is not None}

    @cached_property
    def shared(self) -> tuple[tuple[str, ...], ...]:
        """Questions that stand in one table, or behind one scored derived item."""
        found = [
            tuple(dict.fromkeys(s for axis in axes for s in self.direct(self.axis_items[axis])))
            for axes in self.table_axes
        ]
        found += [self.direct(term.item) for term in self.scorecard.linears]
        return tuple(dict.fromkeys(items for items in found if len(items) > 1))

    @cached_property
    def _terms(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for position, axes in enumerate(self.table_axes):
            for item in {s for axis in axes for s in self.direct(self.axis_items[axis])}:
                found.setdefault(item, []).append(position)
        return {item: tuple(terms) for item, terms in found.items()}

    @cached_property
    def single(self) -> Mapping[str, tuple[tuple[StateOf, Integers], ...]]:
        """By item that stands in no other kind of term, its tables of one axis."""
        linear = {source for term in self.scorecard.linears for source in self.direct(term.item)}
        found: dict[str, list[tuple[StateOf, Integers]]] = {}
        other = set(linear)
        for axes, cells in zip(self.table_axes, self.grids, strict=True):
            item = self.axis_items[axes[0]]
            if len(axes) == 1 and item in self.instrument.by_id:
                found.setdefault(item, []).append((self.encoders[axes[0]], cells))
            else:
                other |= {s for axis in axes for s in self.direct(self.axis_items[axis])}
        return {item: tuple(tables) for item, tables in found.items() if item not in other}

    def terms_of(self, items: Iterable[str]) -> list[int]:
        """Tables that some questions stand in, in order."""
        return sorted({term for item in items for term in self._terms.get(item, ())})

    def predicate(self, test: Comparison) -> Predicate:
        """A comparison of the instrument as a function."""
        found = self._predicates.get(id(test))
        if found is None:
            found = compile_condition(test, self.instrument.ranks)
            self._predicates[id(test)] = found
        return found

    # ---------------------------------------------------------------- answers

    @cached_property
    def _tests(self) -> Mapping[str, tuple[Comparison, ...]]:
        """By item, every comparison of its answer by the instrument or the policy."""
        conditions: list[Condition] = [one.when for one in self.constraints]
        if self.policy is not None:
            conditions += [one.rule.when for one in self.policy.rules]
            conditions += [one.step.when for one in self.policy.steps]
        found: dict[str, list[Comparison]] = {}
        for condition in conditions:
            for test in comparisons(condition):
                if test.item is not None:
                    found.setdefault(test.item, []).append(test)
        return {item: tuple(tests) for item, tests in found.items()}

    @cached_property
    def _plain(self) -> frozenset[str]:
        """Items whose answers differ by more than any one comparison tells."""
        # what an alert is raised by is known to the law alone
        alerting = self.alerting
        paired = {
            name
            for test in chain.from_iterable(self._tests.values())
            if test.more_than_item is not None
            for name in _named(test)
        }
        derived = {source for one in self.instrument.derived for source in one.sources}
        return frozenset(paired | derived | alerting)

    def bounds_of(self, name: str) -> tuple[float, ...]:
        """Values of a derived item at which something changes."""
        found: set[float] = {_ADULT}
        for test in self._tests.get(name, ()):
            for bound in (test.at_least, test.at_most):
                if isinstance(bound, int | float):
                    found |= {bound, bound + 1}
        for axis in self.scorecard.document.axes:
            if axis.item == name:
                found |= set(axis.cuts)
        return tuple(sorted(found))

    def answers_to(
        self, item: str, *, dated: int | None = None, plainly: bool = False
    ) -> tuple[tuple[object, ...] | None, bool]:
        """One answer of every class that something can tell apart.

        Parameters
        ----------
        dated
            How many of the events that it counts have a day on file.
        plainly
            Give every answer, whether or not anything here tells it apart.

        Returns
        -------
        answers
            ``None`` for days, of which there are too many.
        whole
            Whether the answers stand for all that there are.
        """
        key = (item, dated, plainly)
        found = self._answers.get(key)
        if found is None:
            one = self.instrument.by_id[item]
            if one.type in ("date", "dates"):
                return None, False
            found = self._answers[key] = self._classes(one, dated, plainly)
        return found

    def _classes(
        self, item: Item, dated: int | None, plainly: bool
    ) -> tuple[tuple[object, ...], bool]:
        plain = plainly or item.id in self._plain
        every, whole = self._every_answer(item, plain)
        if plain:
            return tuple(every), whole
        tests = [self.predicate(test) for test in self._tests.get(item.id, ())]
        axes = [i for i, name in enumerate(self.axis_items) if name == item.id]
        linear = any(term.item == item.id for term in self.scorecard.linears)
        classes: dict[object, object] = {}
        for answer in every:
            told = tuple(test({item.id: answer}) for test in tests)
            states = tuple(self.encoders[axis](answer) for axis in axes)
            beyond = dated is not None and isinstance(answer, int) and answer > dated
            classes.setdefault((told, states, beyond, answer if linear else None), answer)
        return tuple(classes.values()), whole

    def _every_answer(self, item: Item, plain: bool) -> tuple[list[object], bool]:
        if item.type == "boolean":
            return [False, True], True
        if item.type == "integer":
            assert item.minimum is not None and item.maximum is not None
            return list(range(math.ceil(item.minimum), math.floor(item.maximum) + 1)), True
        if item.type == "number":
            # between two edges nothing changes but a slope, which is steepest at its ends
            return list(self._edges(item)), not plain
        if item.type == "multiple":
            if len(item.level_ids) > _MOST_LEVELS:
                return [(), *((level,) for level in item.level_ids), item.level_ids], False
            sizes = range(len(item.level_ids) + 1)
            return [some for n in sizes for some in combinations(item.level_ids, n)], True
        if item.type == "text":
            return [""], True
        return list(item.level_ids), True

    def _edges(self, item: Item) -> Iterator[float]:
        assert item.minimum is not None and item.maximum is not None
        low, high = float(item.minimum), float(item.maximum)
        cuts: set[float] = {low, high}
        for axis in self.scorecard.document.axes:
            if axis.item == item.id:
                cuts |= {float(cut) for cut in axis.cuts}
        for test in self._tests.get(item.id, ()):
            for bound in (test.at_least, test.at_most, test.is_):
                if isinstance(bound, int | float):
                    cuts.add(float(bound))
        for term in self.scorecard.linears:
            if term.item == item.id:
                cuts |= {float(end) for end in term.valid}
        near = {
            one
            for cut in cuts
            for one in (math.nextafter(cut, -math.inf), cut, math.nextafter(cut, math.inf))
        }
        yield from sorted(one for one in near if low <= one <= high)


def _named(test: Comparison) -> tuple[str, ...]:
    names = (test.item, test.more_than_item)
    return tuple(name for name in names if name is not None)


def _moving(policy: Policy, *, standing: bool) -> Iterator[str]:
    """Items that can move a tier otherwise than through the score."""
    heard = {name for one in policy.rules for name in one.rule.yields_to}
    facts: set[str] = set()
    for one in policy.rules:
        if one.applied is None and one.rule.id not in heard:
            continue
        for test in comparisons(one.rule.when):
            yield from _named(test)
            facts.add(test.fact or "")
        if one.rule.lasts is not None:
            yield from (COUNTED[kind] for kind in one.rule.lasts.since if kind in COUNTED)
            yield from (policy_facts.START_ITEM, policy_facts.END_ITEM)
    if standing:
        for step in policy.steps:
            for test in comparisons(step.step.when):
                yield from _named(test)
                facts.add(test.fact or "")
        steps = policy.document.steps
        if steps is not None and steps.without_sanction_for is not None:
            yield from (COUNTED[kind] for kind in SANCTIONS)
        yield from (policy_facts.START_ITEM, policy_facts.END_ITEM)
    if policy.document.initial_period is not None:
        yield from (policy_facts.START_ITEM, policy_facts.END_ITEM)
    if facts & set(_DAYS):
        yield from (policy_facts.START_ITEM, policy_facts.END_ITEM)


_Key = tuple[int, int, bool, frozenset[str]]
_SPACES: dict[_Key, tuple[Scorecard, Policy | None, Space]] = {}
_MOST_SPACES = 64


def space_of(
    scorecard: Scorecard,
    policy: Policy | None,
    *,
    standing: bool = False,
    alerting: frozenset[str] = frozenset(),
) -> Space:
    """The questions of a scorecard and a policy, worked out once for each pair of them."""
    key = (id(scorecard), id(policy), standing, alerting)
    held = _SPACES.get(key)
    # what is held stays alive beside it, so an identity can never come to mean something else
    if held is None:
        if len(_SPACES) >= _MOST_SPACES:
            _SPACES.clear()
        space = Space(scorecard, policy, standing=standing, alerting=alerting)
        held = _SPACES[key] = (scorecard, policy, space)
    return held[2]
