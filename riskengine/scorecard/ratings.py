"""What another rating could have been, and what the answers may truly be.

Agreement of raters is stated as one kappa. The least that explains it: a rater rates what is true,
or with probability ``e`` draws an answer from the reference population, whatever is true. Two such
raters agree beyond chance with ``kappa = (1 - e)^2``, and Bayes' rule gives both views of a rating
in closed form (`Answer.kept`):

- **another rating** is the same with probability ``kappa``, else drawn from the population;
- **the truth** is what was rated with probability ``sqrt(kappa)``, else drawn from the population.

So a rating tells more of the truth than of the next rating. Kappa says how often raters differ,
not how far apart they then are; drawing from the whole population makes far jumps somewhat too
likely where levels have an order, which errs on the side of doubt.

A rater also has a habit. Whoever draws is the same person for every item, so draws lean the same
way: the ranks of one rater's draws, in the order of what they would do to the score, share `HABIT`
of their variance (one normal factor).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskengine.scorecard.compiled import Floats, Integers, Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS, Axis

HABIT = 0.25
"""Share of the variance of one rater's draws that is common to all items; assumed."""
MOST_JOINT = 1024
"""Items that meet in pairs are re-rated together up to so many combinations of answers."""

_MOST_PLACES = 256
_MOST_KEPT = 1024
_MOST_OTHERS = 4096
_BLOCK = 65_536
_NODES, _RAW = np.polynomial.hermite_e.hermegauss(5)
_WEIGHTS: Floats = _RAW / _RAW.sum()

Key = tuple[int, ...]
Value = TypeVar("Value")
Waves = NDArray[np.complex128]


@dataclass(frozen=True)
class Rerating:
    """How the score would move if another rater had rated the same person.

    Attributes
    ----------
    change
        Shape (m,): changes of the log-odds, rising.
    chance
        Shape (m,): probability of each.
    """

    change: Floats
    chance: Floats

    @property
    def mean_square(self) -> float:
        """Mean squared change: it holds both the spread and the pull towards the population."""
        return float(self.chance @ self.change**2)


NO_CHANGE = Rerating(np.zeros(1), np.ones(1))


@dataclass(frozen=True)
class Answer:
    """One item's place in the tables, and the answers that it may have.

    Attributes
    ----------
    axes
        Columns of the states that this item fills (one, unless it is laid on several axes).
    states
        Shape (answers, axes): its known answers.
    shares
        Shape (answers,): of the reference population.
    kappa
        Agreement of two raters; 1 where the item is recorded.
    tables
        Tables that it stands in.
    needs
        Columns of the states that those tables read.
    """

    axes: tuple[int, ...]
    states: Integers
    shares: Floats
    kappa: float
    tables: tuple[int, ...]
    needs: tuple[int, ...]

    def place(self, row: Sequence[int]) -> int | None:
        """Give the number of the answer in a row of states, or nothing where it is not known."""
        at = [row[axis] for axis in self.axes]
        for number, states in enumerate(self.states.tolist()):
            if states == at:
                return number
        return None

    def places(self, states: Integers) -> Integers:
        """Give the number of the answer in each row of states, -1 where it is not known."""
        if len(self.axes) == 1:
            numbers = np.full(int(self.states.max()) + 2, -1, dtype=np.int64)
            numbers[self.states[:, 0]] = np.arange(len(self.states))
            # states beyond the known ones are those of not known, and so is the last place
            placed: Integers = np.take(numbers, states[:, self.axes[0]], mode="clip")
            return placed
        own = states[:, self.axes]
        found = np.full(len(states), -1, dtype=np.int64)
        for number, one in enumerate(self.states):
            found[(own == one).all(axis=1)] = number
        return found


def answers_of(scorecard: Scorecard) -> tuple[Answer, ...]:
    """Give every item that stands in a table, in the order of the axes."""
    document = scorecard.document
    rated = frozenset(document.uncertainty.rated_items)
    kappa = document.uncertainty.rater_kappa
    columns = {axis.id: column for column, axis in enumerate(document.axes)}
    reads = [tuple(columns[axis] for axis in term.axes) for term in scorecard.tables]
    laid: dict[str, list[int]] = {}
    for column, axis in enumerate(document.axes):
        laid.setdefault(axis.item, []).append(column)
    found = []
    for item, axes in laid.items():
        tables = tuple(number for number, read in enumerate(reads) if set(read) & set(axes))
        states, shares = _known([document.axes[column] for column in axes])
        if not tables or not shares.any():
            continue
        found.append(
            Answer(
                axes=tuple(axes),
                states=states,
                shares=shares / shares.sum(),
                kappa=kappa if kappa is not None and item in rated else 1.0,
                tables=tables,
                needs=tuple(sorted({column for table in tables for column in reads[table]})),
            )
        )
    return tuple(found)


def _known(axes: Sequence[Axis]) -> tuple[Integers, Floats]:
    """Known answers of one item as states on all its axes, with their weights.

    Answers that no axis tells apart are one. A state of the finest axis shares its weight equally
    among the answers that the other axes tell apart in it.
    """
    finest = max(range(len(axes)), key=lambda number: axes[number].known_states)
    if axes[0].groups:
        levels = [level for group in axes[0].groups for level in group]
        every = [
            tuple(
                next((s for s, group in enumerate(axis.groups) if level in group), -1)
                for axis in axes
            )
            for level in levels
        ]
    else:
        edges = sorted({cut for axis in axes for cut in axis.cuts})
        every = [
            tuple(bisect_right(axis.cuts, value) for axis in axes) for value in (-math.inf, *edges)
        ]
    distinct = sorted(set(every))
    within = [states[finest] for states in distinct]
    shares = [axes[finest].reference[state] / within.count(state) for state in within]
    return np.array(distinct, dtype=np.int64), np.array(shares, dtype=np.float64)


def leaning(shares: Floats, order: Floats, habit: float = HABIT) -> Floats:
    """Chances of an answer that is drawn by raters of different habits.

    Parameters
    ----------
    shares
        Shape (answers,): chances over all raters.
    order
        Shape (answers,): a harsher rater draws answers that stand higher here.

    Returns
    -------
    Floats
        Shape (nodes, answers): a row for every habit, mildest first.
    """
    # imported here because it brings decimal and random along, and many cards rate nothing
    from statistics import NormalDist

    rank = np.argsort(order, kind="stable")
    normal = NormalDist()
    rises = np.cumsum(shares[rank])[:-1]
    cuts = [normal.inv_cdf(float(p)) if 0 < p < 1 else math.copysign(9, p - 0.5) for p in rises]
    below = np.ones((len(_NODES), len(shares)))
    for node, habitual in enumerate(_NODES):
        for place, cut in enumerate(cuts):
            z = (cut - math.sqrt(habit) * habitual) / math.sqrt(1 - habit)
            below[node, place] = normal.cdf(z)
    chances = np.empty_like(below)
    chances[:, rank] = np.diff(below, axis=1, prepend=0.0)
    return chances


@dataclass(frozen=True)
class _Group:
    """Rated items that are re-rated together, since a pair holds two of them."""

    answers: tuple[Answer, ...]
    needs: tuple[int, ...]


def _groups(answers: Sequence[Answer]) -> tuple[_Group, ...]:
    """Join rated items that share a table, as far as their combinations stay few.

    Of items that are not joined although they share a pair, each is re-rated with the other as it
    was answered; what both changes would do together beyond their sum is then left out.
    """
    rated = [answer for answer in answers if answer.kappa < 1]
    joined: list[list[Answer]] = []
    for answer in rated:
        home = [answer]
        for other in list(joined):
            meet = any(set(answer.tables) & set(one.tables) for one in other)
            if meet and math.prod(len(one.shares) for one in [*home, *other]) <= MOST_JOINT:
                joined.remove(other)
                home = [*other, *home]
        joined.append(home)
    return tuple(
        _Group(tuple(home), tuple(sorted({column for one in home for column in one.needs})))
        for home in joined
    )


@dataclass
class Ratings:
    """Everything about ratings that belongs to a scorecard and not to a person.

    Use `ratings_of`. What was worked out once for some answers is kept.
    """

    scorecard: Scorecard
    answers: tuple[Answer, ...] = field(init=False)
    _log_odds_per_unit: float = field(init=False)
    _step: int = field(init=False)
    _places: int = field(init=False)
    _groups: tuple[_Group, ...] = field(init=False)
    _waves: dict[Key, tuple[Waves, int]] = field(init=False, default_factory=dict)
    _others: dict[Key, Rerating] = field(init=False, default_factory=dict)
    _spreads: dict[Key, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        document = self.scorecard.document
        self.answers = answers_of(self.scorecard)
        self._groups = _groups(self.answers)
        self._log_odds_per_unit = document.log_odds.unit / 2**LOG_ODDS_BITS
        tables = self.scorecard.tables
        # no change of the score is wider than this, whatever is answered
        widest = sum(
            max(tables[number].cells) - min(tables[number].cells)
            for group in self._groups
            for number in sorted({n for answer in group.answers for n in answer.tables})
        )
        edges = 2 * len(self._groups) + 1
        self._step = widest // (_MOST_PLACES - edges) + 1
        self._places = 1 << (widest // self._step + edges).bit_length()

    def another(self, row: Sequence[int]) -> Rerating:
        """Give the distribution of the change of one person's score under another rating.

        Changes are whole points, or lie on a grid fine enough for a few hundred places; the grid
        keeps their mean. Exact for points, up to what `_groups` leaves out.

        Parameters
        ----------
        row
            The person's state on every axis.
        """
        product_of_waves: Waves | None = None
        first = 0
        for number, group in enumerate(self._groups):
            key = (number, *(row[column] for column in group.needs))
            found = self._waves.get(key)
            if found is None:
                found = _keep(self._waves, key, self._wave(group, row))
            wave, start = found
            first += start
            product_of_waves = wave if product_of_waves is None else product_of_waves * wave
        if product_of_waves is None:
            return NO_CHANGE
        chance: Floats = np.fft.irfft(_WEIGHTS @ product_of_waves, self._places).clip(min=0.0)
        places = np.arange(first, first + self._places, dtype=np.float64)
        change: Floats = places * (self._step * self._log_odds_per_unit)
        return Rerating(change, chance)

    def others(self, states: Integers) -> tuple[Integers, Floats, Floats]:
        """`another` for many people, once for each set of answers that it depends on.

        Returns
        -------
        numbers, change, chance
            The set of every person, shape (n,), and of every set the changes of the log-odds and
            their probabilities, shape (sets, m).
        """
        needs = sorted({column for group in self._groups for column in group.needs})
        if not needs:
            nobody = np.zeros(len(states), dtype=np.int64)
            return nobody, NO_CHANGE.change[None, :], NO_CHANGE.chance[None, :]
        key = np.zeros(len(states), dtype=np.int64)
        sizes = [self.scorecard.document.axes[column].states for column in needs]
        if math.prod(sizes) < 1 << 62:
            for column, size in zip(needs, sizes, strict=True):
                key = key * size + states[:, column]
            _, first, numbers = np.unique(key, return_index=True, return_inverse=True)
        else:
            _, first, numbers = np.unique(
                states[:, needs], axis=0, return_index=True, return_inverse=True
            )
        found = []
        for row in states[first].tolist():
            answers = tuple(row[column] for column in needs)
            one = self._others.get(answers)
            if one is None:
                if len(self._others) >= _MOST_OTHERS:
                    self._others.clear()
                one = self._others[answers] = self.another(row)
            found.append(one)
        change = np.array([one.change for one in found])
        return numbers.reshape(-1), change, np.array([one.chance for one in found])

    def _wave(self, group: _Group, row: Sequence[int]) -> tuple[Waves, int]:
        """Characteristic function of one group's change, a row a habit, and its first place."""
        known = [(answer, at) for answer in group.answers if (at := answer.place(row)) is not None]
        kernels = []
        for answer, at in known:
            alone = self._changes(answer, row)
            drawn = leaning(answer.shares, alone)
            kernel = (1 - answer.kappa) * drawn
            kernel[:, at] += answer.kappa
            kernels.append(kernel)
        chances = np.ones((len(_NODES), 1))
        for kernel in kernels:
            chances = (chances[:, :, None] * kernel[:, None, :]).reshape(len(_NODES), -1)
        changed = np.tile(np.array(row, dtype=np.int64), (chances.shape[1], 1))
        every = product(*(range(len(answer.shares)) for answer, _ in known))
        for person, numbers in zip(changed, every, strict=True):
            for (answer, _), number in zip(known, numbers, strict=True):
                person[list(answer.axes)] = answer.states[number]
        scores = self.scorecard.cells[self.scorecard.table_index(changed)].sum(axis=1)
        here = int(self.scorecard.cells[self.scorecard.table_index(np.array([row]))].sum())
        place = (scores - here) / self._step
        first = int(np.floor(place.min()))
        low = np.floor(place).astype(np.int64)
        spread = np.zeros((len(_NODES), self._places))
        for at, share in ((low, low + 1 - place), (low + 1, place - low)):
            for node in range(len(_NODES)):
                spread[node] += np.bincount(
                    (at - first) % self._places, chances[node] * share, minlength=self._places
                )
        return np.fft.rfft(spread, axis=1), first

    def _changes(self, answer: Answer, row: Sequence[int]) -> Floats:
        """Change of the log-odds for every other answer to one item, all else as answered."""
        changed = np.tile(np.array(row, dtype=np.int64), (len(answer.shares) + 1, 1))
        changed[1:, list(answer.axes)] = answer.states
        scores = self.scorecard.cells[self.scorecard.table_index(changed)].sum(axis=1)
        changes: Floats = (scores[1:] - scores[0]) * self._log_odds_per_unit
        return changes

    def truth_variance(self, row: Sequence[int]) -> float:
        """Variance of the log-odds over what the answers may truly be; see `uncertainty`."""
        total = 0.0
        for number, answer in enumerate(self.answers):
            key = (number, *(row[column] for column in answer.needs))
            found = self._spreads.get(key)
            if found is None:
                spread = self._truth_variance(answer, np.array([row], dtype=np.int64))
                found = _keep(self._spreads, key, float(spread[0]))
            total += found
        return total

    def truth_variances(self, states: Integers) -> Floats:
        """`truth_variance` of many people; shape (n,)."""
        total = np.zeros(len(states))
        for answer in self.answers:
            for start in range(0, len(states), _BLOCK):
                part = slice(start, start + _BLOCK)
                total[part] += self._truth_variance(answer, states[part])
        return total

    def _truth_variance(self, answer: Answer, states: Integers) -> Floats:
        """What one item adds for each row of states; shape (n,)."""
        spread = np.zeros(len(states))
        at = answer.places(states)
        kept = math.sqrt(answer.kappa)
        asked = np.flatnonzero(at < 0 if kept == 1.0 else np.ones(len(states), dtype=np.bool_))
        if not len(asked):
            return spread
        states, at = states[asked], at[asked]
        here = self._cells_of(answer, states)
        # of what a model has learned about answers that are not known there is no doubt
        open_ones = np.flatnonzero((at >= 0) | ~here.any(axis=1))
        if not len(open_ones):
            return spread
        states, at, score = states[open_ones], at[open_ones], here[open_ones].sum(axis=1)
        changes = np.empty((len(states), len(answer.shares)))
        changed = states.copy()
        for number, other in enumerate(answer.states):
            changed[:, answer.axes] = other
            changes[:, number] = self._cells_of(answer, changed).sum(axis=1) - score
        changes *= self._log_odds_per_unit
        keeps = np.where(at >= 0, kept, 0.0)[:, None]
        chances = (1 - keeps) * answer.shares + keeps * (at[:, None] == range(len(answer.shares)))
        # summed row by row, so that one person and many get the same to the last bit
        mean = (chances * changes).sum(axis=1)
        around = changes - mean[:, None]
        spread[asked[open_ones]] = (chances * (around * around)).sum(axis=1) / answer.kappa
        return spread

    def _cells_of(self, answer: Answer, states: Integers) -> Integers:
        """Cells of the tables that an item stands in; shape (n, its tables)."""
        found: Integers = self.scorecard.cells[
            self.scorecard.table_index(states, list(answer.tables))
        ]
        return found


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value


@lru_cache(maxsize=64)
def ratings_of(scorecard: Scorecard) -> Ratings:
    """Prepare what is needed to say how ratings could differ; kept beside the scorecard."""
    return Ratings(scorecard)
