"""How well one item alone says who belongs to a group: the question behind several guards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import auc
from riskengine.training.axes import ScoredItem
from riskengine.training.procedure import folds_of

GIVES_AWAY = 0.9
"""AUC above which an item alone is taken to say what it predicts."""
FEWEST = 50
"""Members of a group, and others, without whom nothing can be said about it."""
_FOLDS = 5


@dataclass(frozen=True)
class GivenAway:
    """An item, or the gaps in it, that says who belongs to a group."""

    item: str
    attribute: str
    by_gaps: bool
    auc: float

    def brief(self) -> str:
        """Say it in signs, for a card in any language."""
        return f"{self.item} → {self.attribute}, AUC {self.auc:.2f}"

    def words(self) -> str:
        """Say it in a few words."""
        what = "whether it is known at all" if self.by_gaps else "the answer"
        return f"item [{self.item}] ({what}) tells [{self.attribute}] with AUC {self.auc:.2f}"


def given_away(
    item: ScoredItem,
    states: NDArray[np.int64],
    attribute: str,
    groups: Sequence[NDArray[np.bool_]],
    seed: int,
) -> list[GivenAway]:
    """Find the groups that an item, or the bare fact that it is not known, gives away.

    Parameters
    ----------
    states
        Shape (people,): the item's state for everybody.
    attribute
        What the groups are groups of.
    groups
        For every group shape (people,): who belongs to it.
    """
    gaps = (states >= item.known).astype(np.int64)
    found = []
    for members in groups:
        target = members.astype(np.int64)
        if min(target.sum(), len(target) - target.sum()) < FEWEST:
            continue
        folds = folds_of(target, _FOLDS, seed)
        whole = auc(foretold(states, target, folds), target)
        by_gaps = auc(foretold(gaps, target, folds), target) if gaps.any() else 0.5
        worst = max(whole, by_gaps)
        if worst > GIVES_AWAY:
            found.append(GivenAway(item.id, attribute, by_gaps > GIVES_AWAY, worst))
    return found


def foretold(
    states: NDArray[np.int64], target: NDArray[np.int64], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share of the target in each state, taken from the other folds."""
    size = int(states.max()) + 1
    share = float(target.mean())
    shares = np.empty(len(states))
    for fold in range(_FOLDS):
        held = folds == fold
        people = np.bincount(states[~held], minlength=size)
        members = np.bincount(states[~held], weights=target[~held], minlength=size)
        # one average person stands in every state, so that an empty one says nothing
        shares[held] = ((members + share) / (people + 1.0))[states[held]]
    return shares


def told_by_one(states: NDArray[np.int64], target: NDArray[np.int64], seed: int) -> float:
    """Give the AUC with which one item's states alone foretell a target out of fold."""
    return auc(foretold(states, target, folds_of(target, _FOLDS, seed)), target)
