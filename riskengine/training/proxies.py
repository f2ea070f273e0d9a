"""Protected attributes by another name: items whose answers or gaps give them away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.encoding import axis_encoder
from riskengine.training.axes import ScoredItem, States, scored_item
from riskengine.training.cohort import Cohort
from riskengine.training.telling import GIVES_AWAY, GivenAway, given_away


def check_proxies(
    instrument: Instrument,
    cohort: Cohort,
    items: Sequence[ScoredItem],
    states: States,
    seed: int,
) -> tuple[GivenAway, ...]:
    """Find items that predict a protected attribute by themselves, and refuse unexplained ones.

    Every unprotected item, and apart from it the bare fact that its answer is not known, predicts
    every group of every protected attribute out of fold.

    Returns
    -------
    tuple
        Those for which the instrument says why they may stay (``proxy``).

    Raises
    ------
    TrainingError
        Naming the items that it does not explain.
    """
    explained: list[GivenAway] = []
    unexplained: list[GivenAway] = []
    for attribute, groups in _protected_groups(instrument, cohort):
        for column, item in enumerate(items):
            if isinstance(item.item, Item) and item.item.protected:
                continue
            found = given_away(item, states[:, column], attribute, groups, seed)
            proxy = item.item.proxy if isinstance(item.item, Item) else None
            stays = proxy is not None and proxy.attribute == attribute
            (explained if stays else unexplained).extend(found)
    if unexplained:
        raise TrainingError(
            "; ".join(one.words() for one in unexplained)
            + f". Above {GIVES_AWAY} an item stands for the attribute itself: leave it out, or "
            "say in the instrument why it may stay and what keeps it harmless ([proxy])"
        )
    return tuple(explained)


def _protected_groups(
    instrument: Instrument, cohort: Cohort
) -> Iterator[tuple[str, list[NDArray[np.bool_]]]]:
    """Every protected attribute of the cohort, with the members of each of its groups."""
    for item in instrument.items:
        if not item.protected or item.id not in cohort.present:
            continue
        scored = scored_item(item)
        state_of = axis_encoder(scored.axis, item)
        states = np.array([state_of(answer) for answer in cohort.column(item.id)])
        members = [states == state for state in range(scored.known)]
        # two groups are one question
        yield item.id, members[:1] if len(members) == 2 else members
