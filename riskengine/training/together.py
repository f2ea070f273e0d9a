"""Which columns belong together, found from the data and the names and from nothing declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import Floats
from riskengine.training.axes import ScoredItem, States
from riskengine.training.quick import as_numbers, log_odds_of_states

ALIKE = 0.5
"""Correlation from which two columns, or the gaps in them, are taken to say much the same."""
_FEWEST_GAPS = 20

Group = frozenset[int]
"""Places of columns."""


def correlations(
    items: Sequence[ScoredItem], states: States, outcome: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Give the columns' correlations with one another, without sign.

    Returns
    -------
    tuple
        Two matrices of shape (items, items): of the event's log-odds in the columns' states, and
        of the bare facts that their answers are not known.
    """
    values = log_odds_of_states(states, outcome, states.max(axis=0) + 1)
    gaps = states >= np.array([item.known for item in items])
    gaps &= gaps.sum(axis=0) >= _FEWEST_GAPS
    return _correlated(as_numbers(states, values)), _correlated(gaps.astype(np.float64))


def alike(answers: Floats, gaps: Floats) -> list[Group]:
    """Give for every column the others that say much the same, or are missing with it."""
    close = (answers >= ALIKE) | (gaps >= ALIKE)
    np.fill_diagonal(close, False)
    return [frozenset(np.flatnonzero(row).tolist()) for row in close]


def groups(items: Sequence[ScoredItem], answers: Floats, gaps: Floats) -> list[Group]:
    """Give the groups of columns that may have been measured together, without repetition.

    Each column alone; columns whose names begin alike; columns that are missing together; and
    every branch of the tree in which correlated columns are joined.
    """
    every = frozenset(range(len(items)))
    found: dict[Group, None] = dict.fromkeys(frozenset({n}) for n in sorted(every))
    found |= dict.fromkeys(_named_alike([item.id for item in items]))
    found |= dict.fromkeys(_joined(gaps >= ALIKE))
    found |= dict.fromkeys(_branches(answers))
    found.pop(every, None)  # there is no rest to compare it with
    return list(found)


def _correlated(columns: Floats) -> Floats:
    """Correlations without sign; zero with a column that does not vary."""
    centred = columns - columns.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    varies = length > 1e-9 * np.sqrt(len(columns))
    scaled = np.where(varies, centred / np.where(varies, length, 1.0), 0.0)
    found: Floats = np.abs(scaled.T @ scaled)
    return found


def _named_alike(names: Sequence[str]) -> Iterator[Group]:
    heads: dict[str, set[int]] = {}
    for place, name in enumerate(names):
        words = name.split("_")
        for count in range(1, len(words)):
            heads.setdefault("_".join(words[:count]), set()).add(place)
    yield from (frozenset(places) for places in heads.values() if len(places) > 1)


def _joined(close: NDArray[np.bool_]) -> Iterator[Group]:
    """Sets of columns that hang together through pairs that are close."""
    left = set(range(len(close)))
    while left:
        grown, edge = set[int](), {min(left)}
        while edge:
            grown |= edge
            edge = {int(n) for place in edge for n in np.flatnonzero(close[place])} - grown
        left -= grown
        if len(grown) > 1:
            yield frozenset(grown)


def _branches(answers: Floats) -> Iterator[Group]:
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    if len(answers) < 2:
        return
    apart = 1.0 - np.minimum(answers, 1.0)
    np.fill_diagonal(apart, 0.0)
    members: list[Group] = [frozenset({n}) for n in range(len(answers))]
    for left, right, *_ in linkage(squareform(apart, checks=False), method="average"):
        members.append(members[int(left)] | members[int(right)])
        yield members[-1]
