"""What may not be learned: leaks, protected attributes by another name, too little to learn from.

The guards look at the data as well as at what the instrument declares, so that they still work
where a declaration is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import auc
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.scorecard.encoding import axis_encoder
from riskengine.training.axes import ScoredItem, States, scored_item
from riskengine.training.cohort import Cohort
from riskengine.training.procedure import folds_of

MINIMUM_EVENTS = 100
"""Fewest events from which tables are learned; a calibrated scale needs at least 50."""
GIVES_AWAY = 0.9
"""AUC above which an item alone is taken to say what it predicts."""
MOST_BY_DISCRETION = 0.5
"""Largest share of an operational target's events that officers' discretion alone may make."""
_FEWEST = 50  # members of a group, and others, without whom nothing can be said about it
_FOLDS = 5


def check_outcome(
    instrument: Instrument, outcome: Outcome, *, include_protected: bool, allow_look_ahead: bool
) -> None:
    """Refuse outcomes and requests that this instrument's purpose does not allow.

    Raises
    ------
    TrainingError
        With the reason and what would be accepted.
    """
    benchmark = instrument.purpose == "benchmark"
    if include_protected and not benchmark:
        raise TrainingError(
            f"[{instrument.id}] is not a benchmark: protected items are never its predictors"
        )
    if outcome.looks_ahead is not None and not (allow_look_ahead and benchmark):
        raise TrainingError(
            f"outcome [{outcome.id}] looks ahead: {outcome.looks_ahead.en} Only a benchmark may "
            f"be trained on it, and only when this is asked for (allow_look_ahead)"
        )
    if not benchmark and not outcome.target:
        targets = [o.id for o in instrument.outcomes if o.target]
        raise TrainingError(
            f"outcome [{outcome.id}] is not a target of [{instrument.id}]; "
            f"targets are {', '.join(targets) or 'not declared'}"
        )


def check_events(cohort: Cohort, outcome: Outcome) -> None:
    """Refuse a cohort from which tables would be noise.

    Raises
    ------
    TrainingError
        With what to do instead.
    """
    fewer = min(cohort.events, cohort.people - cohort.events)
    if fewer < MINIMUM_EVENTS:
        raise TrainingError(
            f"{cohort.source}: {cohort.events} events of [{outcome.id}] among {cohort.people} "
            f"people; at least {MINIMUM_EVENTS} people with and without the event are needed to "
            f"learn tables. Use a scorecard built from published evidence instead, pool the "
            f"cohort with other districts, or wait for more outcomes"
        )


def check_discretion(instrument: Instrument, cohort: Cohort, outcome: Outcome) -> None:
    """Refuse a target that is mostly made by the discretion of those who will use the score.

    A score that learns whom officers warn would send them back to the same people. Benchmarks are
    about nobody and may be trained all the same.

    Raises
    ------
    TrainingError
        With the share found, or where the parts of the outcome cannot be told apart.
    """
    if instrument.purpose == "benchmark":
        return
    if cohort.by_discretion is None:
        raise TrainingError(
            f"{cohort.source}: outcome [{outcome.id}] is made of parts, and the file does not "
            "hold all of those that rest on nobody's discretion; they are needed to see how much "
            "of it officers make themselves"
        )
    share = cohort.by_discretion / cohort.events
    if share > MOST_BY_DISCRETION:
        raise TrainingError(
            f"{cohort.source}: {share:.0%} of the events of [{outcome.id}] rest on an officer's "
            f"discretion alone; at most {MOST_BY_DISCRETION:.0%} may. Leave such parts out of the "
            "outcome, or count them only where something objective happened as well"
        )


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
            found = _given_away(item, states[:, column], attribute, groups, seed)
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


def check_leaks(
    items: Sequence[ScoredItem], states: States, outcome: NDArray[np.int64], seed: int
) -> None:
    """Refuse an item that says by itself what became of people.

    Raises
    ------
    TrainingError
        Naming the items.
    """
    leaks = [
        one
        for column, item in enumerate(items)
        for one in _given_away(item, states[:, column], "outcome", [outcome == 1], seed)
    ]
    if leaks:
        raise TrainingError(
            "; ".join(one.words() for one in leaks)
            + ". No single answer at an assessment does that: it was recorded afterwards, or it "
            "was filled in for those with the event"
        )


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


def _given_away(
    item: ScoredItem,
    states: NDArray[np.int64],
    attribute: str,
    groups: Sequence[NDArray[np.bool_]],
    seed: int,
) -> list[GivenAway]:
    gaps = (states >= item.known).astype(np.int64)
    found = []
    for members in groups:
        target = members.astype(np.int64)
        if min(target.sum(), len(target) - target.sum()) < _FEWEST:
            continue
        folds = folds_of(target, _FOLDS, seed)
        whole = auc(_foretold(states, target, folds), target)
        by_gaps = auc(_foretold(gaps, target, folds), target) if gaps.any() else 0.5
        worst = max(whole, by_gaps)
        if worst > GIVES_AWAY:
            found.append(GivenAway(item.id, attribute, by_gaps > GIVES_AWAY, worst))
    return found


def _foretold(
    states: NDArray[np.int64], target: NDArray[np.int64], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share of the target in each state, taken from the other folds."""
    size = int(states.max()) + 1
    share = float(target.mean())
    foretold = np.empty(len(states))
    for fold in range(_FOLDS):
        held = folds == fold
        people = np.bincount(states[~held], minlength=size)
        members = np.bincount(states[~held], weights=target[~held], minlength=size)
        # one average person stands in every state, so that an empty one says nothing
        foretold[held] = ((members + share) / (people + 1.0))[states[held]]
    return foretold
