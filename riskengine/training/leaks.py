"""What the data themselves say about leaks, whatever the instrument declares.

Three questions, from the plainest to the subtlest. Does one item alone say what became of people?
Does a level, or a gap, hold far too few or far too many events? Does a group of columns add more
than it should, and do these columns know how long people were followed?
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.axes import ScoredItem, States
from riskengine.training.lifts import lifted_by_follow_up
from riskengine.training.odd_levels import FACTOR, odd_levels
from riskengine.training.quick import Quick
from riskengine.training.telling import FEWEST, given_away
from riskengine.training.together import alike, correlations, groups

_WHAT_TO_DO = (
    "Declare such items as [known_at: supervision], so that they are never learned from, or leave "
    "them out; if they were answered at the assessment too, use what stood there on that day"
)


def check_leaks(
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    seed: int,
    *,
    times: NDArray[np.float64] | None = None,
) -> None:
    """Refuse items that were recorded after the assessment, whatever they declare.

    Parameters
    ----------
    items, states
        What would be learned from; gaps are looked at whether or not they are to be learned.
    outcome
        Shape (people,).
    times
        Shape (people,): for people with the event its time, or an ordered period such as the year
        in which it came; ``nan`` where it is not known. For the others it is not read: their
        follow-up may end with the term, which is known at the assessment.

    Raises
    ------
    TrainingError
        Naming the items, the evidence and what to do.
    """
    evidence = [
        *_single(items, states, outcome, seed),
        *_among_others(items, states, outcome, seed, times),
    ]
    if evidence:
        raise TrainingError(" ".join([*evidence, _WHAT_TO_DO]))


def _single(
    items: Sequence[ScoredItem], states: States, outcome: NDArray[np.int64], seed: int
) -> list[str]:
    """Items that alone say what became of people."""
    found = [
        one.words()
        for column, item in enumerate(items)
        for one in given_away(item, states[:, column], "outcome", [outcome == 1], seed)
    ]
    if not found:
        return []
    return [
        f"{'; '.join(found)}. No single answer at an assessment does that: it was recorded "
        "afterwards, or it was filled in for those with the event."
    ]


def _among_others(
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    seed: int,
    times: NDArray[np.float64] | None,
) -> list[str]:
    """Odd levels, and groups that know the length of follow-up."""
    if min(outcome.sum(), len(outcome) - outcome.sum()) < FEWEST:
        return []
    found = []
    quick = Quick.fitted(states, outcome, seed)
    answers, gaps = correlations(items, states, outcome)
    odd = odd_levels(items, states, outcome, alike(answers, gaps), quick, seed)
    if odd:
        found.append(
            f"{'; '.join(level.words() for level in odd)}. The odds lie more than {FACTOR:g} "
            "times beyond the interval: the code was given, or the answer left out, once it was "
            "known what became of people; or these people could not have the event at all, and "
            "then do not belong to the risk set."
        )
    lift = lifted_by_follow_up(
        items, states, outcome, groups(items, answers, gaps), quick, times=times, seed=seed
    )
    if lift is not None:
        found.append(lift.words())
    return found
