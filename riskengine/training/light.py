"""The light second learner: histogram gradient boosting with one split a tree, as tables.

One split a tree makes it additive, with no pairs. Two traps are stepped around: native missing
values share a leaf with one end of the known ones, so an answer that is not known has a visible
column of its own; and native categories are explained wrongly by common tools, so nominal items
are columns of zeros and ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import ScoredItem, States
from riskengine.training.learner import Fitted
from riskengine.training.tables import Floats, Pair, Tables


@dataclass(frozen=True)
class LightBoosting:
    """Settings of the light learner.

    Attributes
    ----------
    rounds
        Trees; there is no early stopping, which would silently hold out a part of a large cohort.
    rate
        Learning rate.
    leaf
        Fewest people in a leaf.
    """

    rounds: int = 400
    rate: float = 0.05
    leaf: int = 40

    @property
    def name(self) -> str:
        """Name that is written into the model."""
        return "light_boosting"

    def options(self) -> dict[str, bool | int | float | str]:
        """Settings that are written into the model."""
        return {
            "max_iter": self.rounds,
            "learning_rate": self.rate,
            "min_samples_leaf": self.leaf,
            "max_depth": 1,
        }

    def cheaper(self) -> LightBoosting:
        """It is cheap already."""
        return self

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
        """Fit, export and check; see `riskengine.training.learner.Learner`. Pairs are not used."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        columns = _columns(items)
        estimator = HistGradientBoostingClassifier(
            max_depth=1,
            interaction_cst="no_interactions",
            learning_rate=self.rate,
            max_iter=self.rounds,
            min_samples_leaf=self.leaf,
            early_stopping=False,
            categorical_features=None,
            random_state=seed,
        )
        with threadpool_limits(1):
            estimator.fit(_matrix(columns, states), outcome, sample_weight=weight)

        def predict(of: States) -> Floats:
            chances: Floats = estimator.predict_proba(_matrix(columns, of))[:, 1]
            return chances

        def margin(matrix: Floats) -> Floats:
            found: Floats = estimator.decision_function(matrix)
            return found

        return Fitted(_exported(margin, items, columns), predict).checked(states)


@dataclass(frozen=True)
class _Column:
    """One number that the estimator sees: for every state of one item its value."""

    item: int
    values: Floats


def _columns(items: Sequence[ScoredItem]) -> list[_Column]:
    columns = []
    for position, item in enumerate(items):
        states = np.arange(item.axis.states)
        if item.ordered:
            # the constant for an unknown answer is the lowest state; its own column tells it apart
            values = [np.where(states < item.known, states, 0)]
        else:
            values = [states == level for level in range(item.known)]
        if item.learned:
            values.append(states >= item.known)
        columns += [_Column(position, value.astype(np.float64)) for value in values]
    return columns


def _matrix(columns: Sequence[_Column], states: States) -> Floats:
    return np.column_stack([column.values[states[:, column.item]] for column in columns])


def _exported(
    margin: Callable[[Floats], Floats], items: Sequence[ScoredItem], columns: Sequence[_Column]
) -> Tables:
    """Read the tables out of the fitted estimator by asking it, one item at a time.

    One split a tree touches one column, so the margin is a constant plus a function of every
    column: moving one item from its first state, with all others at theirs, gives its table.
    """
    rows = [np.zeros(len(items), dtype=np.int64)]
    places: list[range] = []
    for position, item in enumerate(items):
        start = len(rows)
        for state in range(1, item.axis.states):
            row = np.zeros(len(items), dtype=np.int64)
            row[position] = state
            rows.append(row)
        places.append(range(start, len(rows)))
    found = margin(_matrix(columns, np.array(rows)))
    base = float(found[0])
    mains = tuple(np.concatenate([[0.0], found[place.start : place.stop] - base])
                  for place in places)  # fmt: skip
    return Tables(intercept=base, mains=mains, pairs={})
