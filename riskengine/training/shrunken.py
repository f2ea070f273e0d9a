"""Additive tables by penalised regression: every table is shrunk as far as outcomes ask for.

A table is a draw from a normal prior whose shape says what kind of item it is of: levels that are
names are exchangeable, levels with an order walk from one to the next, a pair is the product of
its two items. How far each may move is one variance, learned by marginal likelihood (a Laplace
approximation, by the fixed-point updates of MacKay 1992 and of Wood and Fasiolo 2017). So an area
with few people is drawn towards the average area, and nothing has to be tuned. Pairs are let in by
a test first: most say nothing, and a hundred small variances that are not quite zero add up. Where
the effects of all other items differ with one item, its pairs come in together and share one
variance. There is no randomness in it.

It sees the same as boosting does and errs differently, which is what a stack lives on; without
pairs and without order it is a dummy-coded logistic regression with learned penalties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import sigmoid
from riskengine.training.axes import ScoredItem, States
from riskengine.training.learner import Fitted
from riskengine.training.tables import Floats, Pair, Tables, marginals

_POOLING = 2.0
"""Coefficients' worth of weight with which a table's variance leans on that of all of its kind."""
_START = {
    "trend": 0.05,
    "curve": 0.02,
    "names": 0.05,
    "unknown": 0.05,
    "pair": 0.005,
    "moderated": 0.001,
}
_SMALLEST = 1e-8
_KEPT = 0.97
_MOST_DIRECTIONS = 3
"""Directions of an ordered item in a pair: about a trend, a bow and an S."""
_MOST_MODERATORS = 3
_CHANCE = 0.05
"""Chance of finding any moderator where there is none."""
_MOST_STEPS = 200
_CLOSE_ENOUGH = 1e-10


@dataclass(frozen=True)
class ShrunkenTables:
    """Settings of the penalised learner.

    Attributes
    ----------
    pairs
        How many pairs are taken in at most; none with 0.
    ordered
        Whether an order of levels is used; otherwise all levels are names.
    false
        Share of false ones that is put up with among pairs that stand alone.
    rounds
        Rounds of learning the variances.
    moderators
        Held from an earlier fit, for refits with its pairs; told from the pairs where left out.
    """

    pairs: int = 100
    ordered: bool = True
    false: float = 0.01
    rounds: int = 4
    moderators: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        return "shrunken_tables"

    def options(self) -> dict[str, bool | int | float | str]:
        """Settings that are written into the model."""
        return {
            "pairs": self.pairs,
            "ordered": self.ordered,
            "false_pairs": self.false,
            "rounds": self.rounds,
        }

    def cheaper(self) -> ShrunkenTables:
        """Fewer rounds."""
        return replace(self, rounds=2)

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: NDArray[np.int64],
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
    ) -> Fitted:
        """Fit, export and check; see `riskengine.training.learner.Learner`. No use of the seed."""
        counts = np.ones(len(states)) if weight is None else weight
        shares = marginals(items, states)
        mains = [
            block
            for column, item in enumerate(items)
            for block in _main_blocks(column, item, shares[column], self.ordered)
        ]
        model = _Regression(mains, states, outcome, counts)
        model.learn(self.rounds)
        moderators: Sequence[int] | None = None
        if self.pairs if pairs is None else pairs:
            directions = [
                _directions(item, share, self.ordered)
                for item, share in zip(items, shares, strict=True)
            ]
            if pairs is None:
                evidence = _score_tests(directions, states, model.residual(), model.noise())
                moderators = _moderators(evidence, directions)
                among = _chosen(evidence, moderators, self.false, self.pairs)
            else:
                among = [(min(pair), max(pair)) for pair in pairs]
                moderators = self.moderators
                if moderators is None:
                    moderators = _moderators_among(among, directions)
            blocks = [
                _pair_block(pair, next((m for m in moderators if m in pair), None), directions)
                for pair in sorted(set(among))
            ]
            blocks = [block for block in blocks if block.size]
            model = model.widened(blocks)
            model.learn(self.rounds)
        model.finish()

        def predict(of: States) -> Floats:
            return sigmoid(model.score(of))

        held = replace(self, moderators=tuple(moderators or ()))
        return Fitted(model.tables(items), predict, held=held).checked(states)


# --- What a table looks like --------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """Columns of the design that share one variance, over one item or two.

    ``bases`` hold, for every state of an item, its values in the item's directions; the columns of
    a pair are the products of its two items' directions. ``moderator`` is the item with whose
    other pairs a pair shares its variance, if there is one.
    """

    kind: str
    columns: tuple[int, ...]
    bases: tuple[Floats, ...]
    moderator: int | None = None

    @property
    def size(self) -> int:
        return int(np.prod([basis.shape[1] for basis in self.bases]))

    def design(self, states: States) -> Floats:
        first = self.bases[0][states[:, self.columns[0]]]
        if len(self.bases) == 1:
            return first
        second = self.bases[1][states[:, self.columns[1]]]
        product: Floats = (first[:, :, None] * second[:, None, :]).reshape(len(states), -1)
        return product

    def cells(self, coefficients: Floats) -> Floats:
        if len(self.bases) == 1:
            table: Floats = self.bases[0] @ coefficients
            return table
        first, second = self.bases
        between = coefficients.reshape(first.shape[1], second.shape[1])
        found: Floats = first @ between @ second.T
        return found


def _main_blocks(column: int, item: ScoredItem, share: Floats, ordered: bool) -> list[_Block]:
    """Trend and curve of an ordered item, names of the others, the learned unknown apart."""
    known, total = item.known, item.axis.states
    share = share[:known]
    blocks = []

    def block(kind: str, basis: Floats) -> None:
        padded = np.zeros((total, basis.shape[1]))
        padded[:known] = basis
        blocks.append(_Block(kind, (column,), (padded,)))

    if known == 2 or (item.ordered and ordered and known > 1):
        trend = _trend(share)
        block("trend", trend)
        if known > 2:
            block("curve", _root(_without(trend, _walk(known), share), share, 1.0, known))
    elif known > 1:
        block("names", _root(np.eye(known), share, 1.0, known))
    if item.learned:
        flag = np.zeros((total, 1))
        flag[known] = 1.0
        blocks.append(_Block("unknown", (column,), (flag,)))
    return [one for one in blocks if one.size]


def _directions(item: ScoredItem, share: Floats, ordered: bool) -> Floats:
    """Directions of an item in its pairs; an answer that is not known has no part in any pair."""
    known = item.known
    basis = np.zeros((item.axis.states, 0))
    if known > 1:
        if item.ordered and ordered:
            root = _root(_walk(known), share[:known], _KEPT, _MOST_DIRECTIONS)
        else:
            root = _root(np.eye(known), share[:known], 1.0, known)
        basis = np.zeros((item.axis.states, root.shape[1]))
        basis[:known] = root
    return basis


def _pair_block(pair: Pair, moderator: int | None, directions: Sequence[Floats]) -> _Block:
    first, second = pair
    kind = "pair" if moderator is None else "moderated"
    return _Block(kind, pair, (directions[first], directions[second]), moderator)


def _walk(levels: int) -> Floats:
    """Covariance of a random walk from level to level."""
    place = np.arange(levels, dtype=np.float64)
    walk: Floats = np.minimum(place[:, None], place[None, :])
    return walk


def _trend(share: Floats) -> Floats:
    """One column: the level's number, with mean 0 and variance 1 in the population."""
    place = np.arange(len(share), dtype=np.float64)
    away = place - share @ place
    spread = np.sqrt(share @ away**2)
    column: Floats = (away / spread)[:, None] if spread > 0 else np.zeros((len(share), 0))
    return column


def _without(column: Floats, covariance: Floats, share: Floats) -> Floats:
    """Covariance of what is left when a centred column of unit variance is taken out."""
    out = np.eye(len(share)) - column @ (column * share[:, None]).T
    left: Floats = out @ covariance @ out.T
    return left


def _root(covariance: Floats, share: Floats, kept: float, most: int) -> Floats:
    """Columns whose outer product is the covariance, centred and scaled to the population.

    Centred, so that the average person stands at zero; scaled to a mean variance of 1 over people,
    so that variances of different tables can be compared. Only the leading directions are kept.
    """
    centre = np.eye(len(share)) - share[None, :]
    centred = centre @ covariance @ centre.T
    weight = np.sqrt(share)
    values, vectors = np.linalg.eigh(weight[:, None] * centred * weight[None, :])
    values, vectors = values[::-1], vectors[:, ::-1]
    total = float(values.clip(min=0.0).sum())
    if not total > 1e-12:
        return np.zeros((len(share), 0))
    real = values > 1e-9 * total
    enough = int(np.searchsorted(np.cumsum(values[real]) / total, kept - 1e-9)) + 1
    rank = min(enough, most, int(real.sum()))
    # an eigenvector has no sign of its own
    vectors = vectors[:, :rank]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(rank)])
    # levels that nobody has get the value that their neighbours' prior implies
    root: Floats = centred @ (weight[:, None] * vectors) / np.sqrt(values[:rank] * total)
    return root


# --- Which pairs --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Score:
    """A score test for a variance above zero.

    ``found`` is the squared length of the residual along some directions. Where there is nothing
    but noise it is a weighted sum of chi-squares of this mean and variance, close to one scaled
    chi-square with the same two.
    """

    found: float
    mean: float
    variance: float

    def tail(self) -> float:
        """Chance of as much from noise alone."""
        from scipy.stats import chi2

        if not self.variance > 0:
            return 1.0
        scale = self.variance / (2.0 * self.mean)
        return float(chi2.sf(self.found / scale, self.mean / scale))


def _score_tests(
    directions: Sequence[Floats], states: States, residual: Floats, variance: Floats
) -> dict[Pair, _Score]:
    """Test every pair; it costs one table of sums each.

    Unlike the best cut through a pair's cells this does not favour items with many levels.
    """
    found = {}
    for first, second in combinations(range(len(directions)), 2):
        a, b = directions[first], directions[second]
        if not a.shape[1] or not b.shape[1]:
            continue
        shape = (len(a), len(b))
        cell = states[:, first] * shape[1] + states[:, second]
        left = np.bincount(cell, weights=residual, minlength=shape[0] * shape[1]).reshape(shape)
        counts = np.bincount(cell, weights=variance, minlength=shape[0] * shape[1])
        along = (a.T @ left @ b).ravel()
        basis = (a[:, None, :, None] * b[None, :, None, :]).reshape(len(counts), -1)
        noise = basis.T @ (counts[:, None] * basis)
        found[first, second] = _Score(
            float(along @ along), float(np.trace(noise)), 2.0 * float((noise**2).sum())
        )
    return found


def _moderators(evidence: Mapping[Pair, _Score], directions: Sequence[Floats]) -> list[int]:
    """Items with which the effects of the others differ at large, the surest first.

    One test over all pairs of an item finds what no single pair shows. Items with many directions
    are left out: they would bring hundreds of coefficients.
    """
    found = []
    for item, basis in enumerate(directions):
        among = [one for pair, one in evidence.items() if item in pair]
        if not among or basis.shape[1] > _MOST_DIRECTIONS:
            continue
        tail = _Score(
            sum(one.found for one in among),
            sum(one.mean for one in among),
            sum(one.variance for one in among),
        ).tail()
        if tail < _CHANCE / len(directions):
            found.append((tail, item))
    return [item for _, item in sorted(found)[:_MOST_MODERATORS]]


def _moderators_among(pairs: Sequence[Pair], directions: Sequence[Floats]) -> list[int]:
    """Tell from pairs that are given which items brought in all of theirs."""
    could = sum(1 for basis in directions if basis.shape[1]) - 1
    taken = np.bincount(np.ravel(pairs).astype(np.int64), minlength=len(directions))
    few = [basis.shape[1] <= _MOST_DIRECTIONS for basis in directions]
    found = [item for item in np.argsort(-taken, kind="stable") if taken[item] == could]
    return [int(item) for item in found if few[item]][:_MOST_MODERATORS]


def _chosen(
    evidence: Mapping[Pair, _Score], moderators: Sequence[int], false: float, most: int
) -> list[Pair]:
    """Take the pairs of moderators, and of the others those with few false ones among them.

    How many of the others follows Benjamini and Hochberg (1995).
    """
    ranked = sorted((one.tail(), pair) for pair, one in evidence.items())
    of_moderators = [pair for _, pair in ranked if any(m in pair for m in moderators)]
    others = [(tail, pair) for tail, pair in ranked if pair not in set(of_moderators)]
    passed = [n for n, (tail, _) in enumerate(others, 1) if tail <= false * n / len(others)]
    alone = [pair for _, pair in others[: passed[-1] if passed else 0]]
    return (of_moderators + alone)[:most]


# --- The regression -----------------------------------------------------------------------------


class _Regression:
    """Logistic regression on blocks, each with a normal prior of its own variance."""

    def __init__(
        self, blocks: Sequence[_Block], states: States, outcome: NDArray[np.int64], counts: Floats
    ) -> None:
        self.blocks = list(blocks)
        self.states, self.outcome, self.counts = states, outcome, counts
        self.design = np.hstack(
            [np.ones((len(states), 1)), *(block.design(states) for block in self.blocks)]
        )
        self.variances = np.array([_START[block.kind] for block in self.blocks])
        self.beta = np.zeros(self.design.shape[1])
        mean = float(counts @ outcome / counts.sum())
        self.beta[0] = np.log(mean / (1.0 - mean))
        ends = 1 + np.cumsum([block.size for block in self.blocks])
        self.places = [
            slice(int(end) - block.size, int(end))
            for end, block in zip(ends, self.blocks, strict=True)
        ]

    def widened(self, blocks: Sequence[_Block]) -> _Regression:
        """Give the same with more blocks, starting from what was learned."""
        other = _Regression([*self.blocks, *blocks], self.states, self.outcome, self.counts)
        other.beta[: len(self.beta)] = self.beta
        other.variances[: len(self.variances)] = self.variances
        return other

    def chances(self) -> Floats:
        return sigmoid(self.design @ self.beta)

    def residual(self) -> Floats:
        left: Floats = self.counts * (self.outcome - self.chances())
        return left

    def curvature(self) -> Floats:
        chances = self.chances()
        curved: Floats = self.counts * chances * (1.0 - chances)
        return curved

    def noise(self) -> Floats:
        """Variance of every residual; somebody who counts twice is still one person."""
        return self.counts * self.curvature()

    def precision(self) -> Floats:
        """Of every coefficient; the intercept has none."""
        found = np.zeros(len(self.beta))
        for place, variance in zip(self.places, self.variances, strict=True):
            found[place] = 1.0 / variance
        return found

    def learn(self, rounds: int) -> None:
        """Step towards the mode, and learn the variances around it, in turns."""
        for _ in range(rounds):
            gram = self._gram()
            # with the curvature held, the mode is linear in what the working response asks for
            asked = self.design.T @ self.residual() + gram @ self.beta
            for _ in range(_UPDATES):
                covariance = _inverse(gram + np.diag(self.precision()))
                self.beta = covariance @ asked
                self._update(np.diag(covariance))

    def finish(self) -> None:
        """Go to the mode with variances held; the inverse curvature is computed once."""
        precision = self.precision()
        covariance = _inverse(self._gram() + np.diag(precision))
        for _ in range(_MOST_STEPS):
            step = covariance @ (self.design.T @ self.residual() - precision * self.beta)
            self.beta = self.beta + step
            if float(np.abs(step).max()) < _CLOSE_ENOUGH:
                break

    def _gram(self) -> Floats:
        scaled = self.design * np.sqrt(self.curvature())[:, None]
        gram: Floats = scaled.T @ scaled
        return gram

    def _update(self, spread: Floats) -> None:
        """Variance of a block: squared length of its coefficients over how many it determined.

        A pair that outcomes do not stand for shrinks to nothing in a few updates.
        """
        lengths = np.array([float(self.beta[p] @ self.beta[p]) for p in self.places])
        sizes = np.array([block.size for block in self.blocks], dtype=np.float64)
        left = np.array([float(spread[p].sum()) for p in self.places]) / self.variances
        determined = (sizes - left).clip(min=1e-3 * sizes)
        groups = np.array([f"{one.kind} {one.moderator}" for one in self.blocks])
        for group in sorted(set(groups.tolist())):
            among = groups == group
            pooled = lengths[among].sum() / determined[among].sum()
            if group.startswith("moderated"):
                self.variances[among] = max(pooled, _SMALLEST)
                continue
            # most pairs are nothing, and the chosen ones looked their best: they lean on nothing
            lean = 0.0 if group.startswith("pair") else pooled
            own = (lengths[among] + _POOLING * lean) / (determined[among] + _POOLING)
            self.variances[among] = own.clip(min=_SMALLEST)

    def score(self, states: States) -> Floats:
        total = np.full(len(states), self.beta[0])
        for block, place in zip(self.blocks, self.places, strict=True):
            total += block.design(states) @ self.beta[place]
        return total

    def tables(self, items: Sequence[ScoredItem]) -> Tables:
        mains = [np.zeros(item.axis.states) for item in items]
        pairs: dict[Pair, Floats] = {}
        for block, place in zip(self.blocks, self.places, strict=True):
            cells = block.cells(self.beta[place])
            if len(block.columns) == 1:
                mains[block.columns[0]] += cells
            else:
                pairs[block.columns[0], block.columns[1]] = cells
        return Tables(float(self.beta[0]), tuple(mains), dict(sorted(pairs.items())))


_UPDATES = 4
"""Updates of the variances for one update of the curvature."""


def _inverse(matrix: Floats) -> Floats:
    from scipy.linalg import cho_factor, cho_solve

    found: Floats = cho_solve(
        cho_factor(matrix, lower=True, check_finite=False), np.eye(len(matrix)), check_finite=False
    )
    return found
