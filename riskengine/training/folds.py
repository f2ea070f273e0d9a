"""Dealing people into folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError

Integers = NDArray[np.int64]


def folds_of(outcome: Integers, folds: int, seed: int, groups: Integers | None = None) -> Integers:
    """Deal people into folds with equal shares of every outcome, by a seed.

    Parameters
    ----------
    outcome
        Shape (rows,): 0 or 1, or any small whole numbers to be shared evenly.
    groups
        Shape (rows,): rows with the same number belong to one person, and go to one fold; a person
        is dealt by the largest outcome of all rows. Every row is a person where it is left out.

    Raises
    ------
    TrainingError
        Where there are fewer persons than folds.
    """
    if groups is not None:
        _, person = np.unique(groups, return_inverse=True)
        largest = np.full(person.max() + 1, outcome.min(), dtype=np.int64)
        np.maximum.at(largest, person, outcome)
        by_person: Integers = folds_of(largest, folds, seed)[person]
        return by_person
    if len(outcome) < folds:
        raise TrainingError(f"{len(outcome)} people cannot be dealt into {folds} folds")
    rng = np.random.default_rng(seed)
    dealt = np.empty(len(outcome), dtype=np.int64)
    start = 0
    for value in np.unique(outcome)[::-1]:
        people = rng.permutation(np.flatnonzero(outcome == value))
        dealt[people] = (start + np.arange(len(people))) % folds
        start += len(people)
    return dealt
