"""What is open in one assessment, and every valid way to complete it, as arrays.

A completion answers every question that is open, and is one that the instrument would accept:
ranges, cross-field rules, and applicability where one answer rules another question out. Answers
that nothing can tell apart are one class. Questions that share no table, no rule of the
instrument and no derived item are independent, and each group of the others is enumerated whole,
an axis of an array for each question.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskengine.explanation.questions import Constraint, Space
from riskengine.instrument.answers import is_known
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import All, Comparison, Condition, Not
from riskengine.instrument.conditions import Any as AnyOf
from riskengine.instrument.derived import OVER_ARRAYS, derive
from riskengine.instrument.items import DerivedItem, Item
from riskengine.scorecard.compiled import Encoded, Integers

MOST_STATES = 10**6
"""Joint answers of one group of questions that are enumerated; beyond it there is a bound."""

NOT_APPLICABLE = "not_applicable"
_FALSE, _UNKNOWN, _TRUE = 0, 1, 2
_FAR = 2**62
_MOST_DATES = 30

Truths = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Variable:
    """An open question and the answers to it that something can tell apart.

    Attributes
    ----------
    asked
        Whether its answer could move score or tier; the others only decide what goes with what.
    moving
        Whether a rule about the tier reads it.
    whole
        Whether the answers stand for every answer that there is.
    """

    item: str
    answers: tuple[object, ...]
    asked: bool
    moving: bool
    whole: bool = True


@dataclass(frozen=True)
class Group:
    """Open questions that hang together, and what their joint answers do to the score.

    Attributes
    ----------
    low, high
        Change of score at every joint answer, an axis a question; ``low`` is far above and
        ``high`` far below every score where the answers cannot stand together. Where not
        ``exact`` both are bounds along one question at a time, see `bounds`.
    moves
        Lowest and highest change that the tables of each question could bring.
    """

    variables: tuple[Variable, ...]
    low: Integers
    high: Integers
    moves: dict[str, tuple[int, int]]
    exact: bool

    def ends(self, keep: Sequence[int]) -> tuple[Integers, Integers]:
        """Lowest and highest change of score, by the answers to some of its questions."""
        others = tuple(i for i in range(len(self.variables)) if i not in keep)
        return self.low.min(axis=others), self.high.max(axis=others)


@dataclass(frozen=True)
class Bound:
    """Open questions that are too many to enumerate: bounds by the answer to each of them."""

    variables: tuple[Variable, ...]
    low: int
    high: int
    by_answer: dict[str, tuple[Integers, Integers]]
    moves: dict[str, tuple[int, int]]


class Completer:
    """All valid completions of one assessment, group by group."""

    def __init__(
        self,
        space: Space,
        assessment: Assessment,
        encoded: Encoded,
        *,
        admits: Callable[[str, object], bool] | None = None,
        read_by_law: frozenset[str] = frozenset(),
        dated: Mapping[str, int] | None = None,
    ) -> None:
        """See `groups`.

        Parameters
        ----------
        admits
            Whether the law lets a score stand with an answer; asked about ``read_by_law`` only.
        dated
            For items that count events, how many of them have a day on file.
        """
        self.space = space
        self.assessment = assessment
        self.known = assessment.known
        self.states = encoded.states[0]
        self.admits = admits
        self.read_by_law = read_by_law
        self.dated = dated or {}
        self.asked = tuple(item for item in space.sources if self._open(item))

    def _open(self, item: str) -> bool:
        """Whether an item wants an answer that the person's other answers do not rule out."""
        if item in self.known:
            return False
        applies = self.space.applies.get(item)
        if applies is None or self.assessment.answers.get(item) != NOT_APPLICABLE:
            return True
        return applies.test(self.known) is not False or not self._settled(applies)

    def _settled(self, rule: Constraint) -> bool:
        """Whether no further answer could change what a condition of the instrument says."""
        if rule.asks_known:
            return all(item in self.known for item in rule.items)
        return rule.test(self.known) is not None

    def groups(self) -> list[Group | Bound]:
        """Give every group of open questions with what its answers do."""
        if not self.asked:
            return []
        members, live = self._gather()
        together = _Union(members)
        for rule in live:
            together.join([item for item in self._touched(rule) if item in members])
        for sources in self.space.shared:
            together.join([item for item in sources if item in members])
        found = []
        for names in together.sets():
            inside = set(names)
            rules = [rule for rule in live if not inside.isdisjoint(self._touched(rule))]
            found.append(self._group(names, rules))
        return found

    def _touched(self, rule: Constraint) -> tuple[str, ...]:
        return rule.items if rule.applies_to is None else (*rule.items, rule.applies_to)

    def _gather(self) -> tuple[dict[str, None], list[Constraint]]:
        """The open questions, those that decide what goes with what, and the rules between."""
        members = dict.fromkeys(self.asked)
        live: dict[int, Constraint] = {}
        waiting = list(self.asked)
        while waiting:
            item = waiting.pop()
            for rule in self.space.constraints_of.get(item, ()):
                if id(rule) in live or not self._binds(rule, members):
                    continue
                live[id(rule)] = rule
                for other in self._touched(rule):
                    if other not in members and other not in self.known and self._open(other):
                        members[other] = None
                        waiting.append(other)
        return members, list(live.values())

    def _binds(self, rule: Constraint, members: Mapping[str, None]) -> bool:
        """Whether further answers could break a rule of the instrument."""
        own = rule.applies_to
        if own is None:
            return not self._settled(rule)
        if own in self.known:
            return not self._settled(rule)
        if all(item in self.known for item in rule.items):
            return False
        # a question that no other rule reads follows from the answers, whatever they are
        return own in members or any(
            other is not rule and not self._settled(other)
            for other in self.space.constraints_of.get(own, ())
        )

    def _variable(self, item: str) -> Variable:
        space = self.space
        answers, whole = space.answers_to(
            item, dated=self.dated.get(item), plainly=item in self.read_by_law
        )
        if answers is None:
            answers, whole = self._days(item), False
        if self.admits is not None and item in self.read_by_law:
            answers = tuple(one for one in answers if self.admits(item, one)) or answers
        applies = space.applies.get(item)
        if applies is not None and not self._settled(applies):
            answers = (*answers, NOT_APPLICABLE)
        return Variable(item, answers, item in space.source_set, item in space.moving, whole)

    def _days(self, item: str) -> tuple[object, ...]:
        """Days on either side of everything that a day is compared with, or lists of days."""
        near: set[date] = {self.assessment.assessed_on}
        for other in self.known.values():
            if isinstance(other, date):
                near.add(other)
        for entry in self.assessment.instrument.derived:
            if item in entry.sources:
                near |= {
                    shifted
                    for day in tuple(near)
                    for bound in self.space.bounds_of(entry.id)
                    if (shifted := _shift(entry, day, bound, item)) is not None
                }
        if self.assessment.instrument.by_id[item].type == "dates":
            on = self.assessment.assessed_on
            days = tuple(on - timedelta(days=step) for step in range(_MOST_DATES))
            return tuple(days[:n] for n in range(_MOST_DATES + 1))
        return tuple(sorted({day + timedelta(days=step) for day in near for step in (-1, 0, 1)}))

    # ---------------------------------------------------------------- one group

    def _group(self, names: Sequence[str], rules: Sequence[Constraint]) -> Group | Bound:
        variables = tuple(self._variable(name) for name in names)
        table = _Tables(self, variables)
        if math.prod(len(one.answers) for one in variables) > MOST_STATES or len(names) > 30:
            return table.bound()
        shape = tuple(len(one.answers) for one in variables)
        total = np.zeros(shape, dtype=np.int64)
        moved: dict[str, Integers] = {}
        for items, change in table.changes():
            total += change
            for item in items:
                moved[item] = moved[item] + change if item in moved else change
        valid: Flags | None = None
        if rules:
            valid = np.ones(shape, dtype=np.bool_)
            for rule in rules:
                valid &= self._allowed(rule, table)
        # the days on either side of all bounds stand for all days, where no two of them are open
        days = [one.item for one in variables if asks_a_day(self.space.instrument.by_id[one.item])]
        exact = len(days) < 2 and all(one.whole or one.item in days for one in variables)
        if valid is not None and not valid.any():
            # the answers that were given already contradict one another: nothing can be left out
            valid, exact = None, False
        low = high = total
        if valid is not None:
            low, high = np.where(valid, total, _FAR), np.where(valid, total, -_FAR)
        return Group(variables, low, high, _moves(variables, moved, shape, valid), exact)

    def _allowed(self, rule: Constraint, table: _Tables) -> Flags:
        truth = self._truth(rule.when, table)
        own = rule.applies_to
        if own is None:
            return truth != _TRUE  # type: ignore[no-any-return]
        if own not in table.axis_of:
            return truth != _FALSE  # type: ignore[no-any-return]
        answers = table.variables[table.axis_of[own]].answers
        left_out = table.along(own, np.array([not is_known(one) for one in answers]))
        return (truth == _FALSE) == left_out  # type: ignore[no-any-return]

    def _truth(self, condition: Condition, table: _Tables) -> Truths:
        match condition:
            case Comparison():
                return self._compared(condition, table)
            case All(all=parts):
                found = [self._truth(part, table) for part in parts]
                result = found[0]
                for one in found[1:]:
                    result = np.minimum(result, one)
                return result
            case AnyOf(any=parts):
                found = [self._truth(part, table) for part in parts]
                result = found[0]
                for one in found[1:]:
                    result = np.maximum(result, one)
                return result
            case Not(not_=part):
                return np.uint8(2) - self._truth(part, table)
        raise AssertionError(condition)

    def _compared(self, test: Comparison, table: _Tables) -> Truths:
        predicate = self.space.predicate(test)
        names = (test.subject,) if test.more_than_item is None else (
            test.subject, test.more_than_item,
        )  # fmt: skip

        def truth(answers: Mapping[str, object]) -> int:
            found = predicate(answers)
            return _UNKNOWN if found is None else _TRUE if found else _FALSE

        return table.over(names, truth, np.uint8)


def _moves(
    variables: Sequence[Variable],
    moved: Mapping[str, Integers],
    shape: tuple[int, ...],
    valid: Flags | None,
) -> dict[str, tuple[int, int]]:
    found = {}
    for one in variables:
        change = moved.get(one.item)
        if change is None:
            found[one.item] = (0, 0)
        elif valid is None:
            found[one.item] = (int(change.min()), int(change.max()))
        else:
            inside = np.broadcast_to(change, shape)[valid]
            found[one.item] = (int(inside.min()), int(inside.max()))
    return found


class _Tables:
    """What the tables of a scorecard say over the joint answers of a group."""

    def __init__(self, completer: Completer, variables: Sequence[Variable]) -> None:
        self.completer = completer
        self.space = completer.space
        self.variables = variables
        self.axis_of = {one.item: axis for axis, one in enumerate(variables)}

    def along(self, item: str, values: NDArray[Any]) -> NDArray[Any]:
        """Lay values along the axis of a question."""
        shape = [1] * len(self.variables)
        shape[self.axis_of[item]] = len(values)
        return values.reshape(shape)

    def over(
        self, names: Sequence[str], value: Callable[[Mapping[str, object]], Any], dtype: Any
    ) -> NDArray[Any]:
        """Compute something of items, derived ones too, over the answers that it depends on."""
        known, derived = self.completer.known, self.space.instrument.derived_by_id
        needed = list(dict.fromkeys(one for name in names for one in self.space.direct(name)))
        open_ones = [name for name in needed if name in self.axis_of]
        open_ones.sort(key=self.axis_of.__getitem__)
        fixed = {name: known[name] for name in needed if name in known}
        made = [derived[name] for name in names if name in derived]
        values = []
        for combination in product(*(self.variables[self.axis_of[n]].answers for n in open_ones)):
            answers = dict(fixed)
            for name, one in zip(open_ones, combination, strict=True):
                if is_known(one):
                    answers[name] = one
            for entry in made:
                number = derive(entry, answers)
                if number is not None:
                    answers[entry.id] = number
            values.append(value(answers))
        shape = [1] * len(self.variables)
        for name in open_ones:
            axis = self.axis_of[name]
            shape[axis] = len(self.variables[axis].answers)
        return np.array(values, dtype=dtype).reshape(shape)

    def _state(self, axis: int, touched: dict[str, None]) -> Any:
        """State on an axis of the scorecard: one number, or an array where it is open."""
        item = self.space.axis_items[axis]
        sources = [name for name in self.space.direct(item) if name in self.axis_of]
        if not sources:
            return int(self.completer.states[axis])
        touched.update(dict.fromkeys(sources))
        encode = self.space.encoders[axis]
        if sources == [item]:
            answers = self.variables[self.axis_of[item]].answers
            return self.along(item, np.array([encode(one) for one in answers]))
        numbers = self._numbers(item)
        if numbers is not None:
            distinct, of = np.unique(numbers, return_inverse=True)
            states = [encode("not_asked" if np.isnan(one) else one) for one in distinct.tolist()]
            return np.array(states, dtype=np.int64)[of].reshape(numbers.shape)
        return self.over(
            [item],
            lambda answers: encode(answers.get(item, "not_asked")),
            np.int64,
        )

    def _numbers(self, item: str) -> NDArray[np.float64] | None:
        """A derived number over all answers at once, NaN for none; `None` for other items.

        Three open counts of a hundred answers each have a million joint ones, which one at a time
        would take seconds.
        """
        entry = self.space.instrument.derived_by_id.get(item)
        if entry is None or (entry.function, entry.function_version) not in OVER_ARRAYS:
            return None
        known = self.completer.known

        def argument(source: object) -> Any:
            if not isinstance(source, str):
                return np.float64(source)  # type: ignore[arg-type]
            if source in known:
                return np.float64(known[source])  # type: ignore[arg-type]
            if source not in self.axis_of:
                return np.float64(np.nan)
            answers = self.variables[self.axis_of[source]].answers
            return self.along(
                source,
                np.array([one if is_known(one) else np.nan for one in answers], dtype=np.float64),
            )

        function = OVER_ARRAYS[entry.function, entry.function_version]
        found = function(**{name: argument(one) for name, one in entry.arguments.items()})
        return found.reshape(found.shape or (1,) * len(self.variables))

    def changes(self) -> Iterator[tuple[dict[str, None], Integers]]:
        """Change of score by every table that an open question stands in."""
        space = self.space
        for position in space.terms_of(self.axis_of):
            touched: dict[str, None] = {}
            here = tuple(self._state(axis, touched) for axis in space.table_axes[position])
            cells = space.grids[position]
            now = cells[tuple(int(self.completer.states[a]) for a in space.table_axes[position])]
            yield touched, cells[here] - now
        for term in space.scorecard.linears:
            touched = {name: None for name in space.direct(term.item) if name in self.axis_of}
            if touched:
                yield touched, self._linear(term.item, term.slope, term.valid, term.reference_mean)

    def _linear(self, item: str, slope: int, valid: tuple[float, float], mean: float) -> Integers:
        def part(answers: Mapping[str, object]) -> int:
            value = answers.get(item)
            number = float(value) if isinstance(value, int | float) else mean
            return int(np.rint(slope * min(max(number, valid[0]), valid[1])))

        numbers = self._numbers(item)
        if numbers is None:
            return self.over([item], part, np.int64) - part(self.completer.known)
        numbers = np.where(np.isnan(numbers), mean, numbers)
        inside = np.minimum(np.maximum(numbers, valid[0]), valid[1])
        changes: Integers = np.rint(slope * inside).astype(np.int64) - part(self.completer.known)
        return changes

    def bound(self) -> Bound:
        """Bound the change of score a table at a time, by the answer to each question."""
        low = high = 0
        size = {one.item: len(one.answers) for one in self.variables}
        lows = {name: np.zeros(n, dtype=np.int64) for name, n in size.items()}
        highs = {name: np.zeros(n, dtype=np.int64) for name, n in size.items()}
        moves = {name: [0, 0] for name in size}
        for touched, change in self.changes():
            least, most = int(change.min()), int(change.max())
            low, high = low + least, high + most
            for name in size:
                if name not in touched:
                    lows[name] += least
                    highs[name] += most
                    continue
                axis = self.axis_of[name]
                others = tuple(i for i in range(change.ndim) if i != axis)
                lows[name] += change.min(axis=others)
                highs[name] += change.max(axis=others)
                moves[name][0] += least
                moves[name][1] += most
        return Bound(
            tuple(self.variables),
            low,
            high,
            {name: (lows[name], highs[name]) for name in size},
            {name: (ends[0], ends[1]) for name, ends in moves.items()},
        )


class _Union:
    """Sets of names that grow together; order is that of the names."""

    def __init__(self, names: Mapping[str, None]) -> None:
        self.of = {name: name for name in names}

    def _root(self, name: str) -> str:
        while self.of[name] != name:
            name = self.of[name]
        return name

    def join(self, names: Sequence[str]) -> None:
        for other in names[1:]:
            first, second = self._root(names[0]), self._root(other)
            if first != second:
                self.of[second] = first

    def sets(self) -> list[list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.of:
            found.setdefault(self._root(name), []).append(name)
        return list(found.values())


def _shift(entry: DerivedItem, day: date, bound: float, item: str) -> date | None:
    """The day on which a derived number of years or months reaches a bound."""
    months = round(bound * (12 if entry.function == "age_at" else 1))
    later = entry.arguments.get("end") == item or entry.arguments.get("on") == item
    count = day.year * 12 + day.month - 1 + (months if later else -months)
    year, month = divmod(count, 12)
    for of_month in (day.day, 28):
        try:
            return date(year, month + 1, of_month)
        except ValueError:
            continue
    return None


def asks_a_day(item: Item | DerivedItem) -> bool:
    """Whether an item is answered with a day, of which there are too many to go through."""
    return isinstance(item, Item) and item.type in ("date", "dates")
