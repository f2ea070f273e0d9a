"""Weights by which those who were followed to the end stand for those who were lost sight of.

The chance of still being observed at a time is learned from the answers at intake: a discrete-time
hazard of censoring, pooled over months, logistic in the states of items, with a mild ridge whose
scale is fixed. Who had the event enters only as the end of being at risk. Somebody whose label
was determined at a time counts one over the chance of still being observed then (inverse
probability of censoring). That is right where people who are alike in their answers are censored
alike; what an office knows beyond the answers when it moves a person on, no weight makes up for.

References
----------
Robins and Finkelstein (2000), Correcting for noncompliance and dependent censoring, Biometrics 56,
779-788. Cole and Hernan (2008), Constructing inverse probability weights, American Journal of
Epidemiology 168, 656-664 (truncation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import Floats
from riskengine.training.axes import ScoredItem, States
from riskengine.training.follow_up import DAYS_OF_A_YEAR, MONTHS_OF_A_YEAR, Seen, Unit
from riskengine.training.penalised import fit

LARGEST_WEIGHT = 10.0
"""Nobody counts for more people than this; what is cut off is reported."""
FEWEST_EFFECTIVE = 100.0
"""Smallest effective sample size, where more than `FEW_CENSORED` were lost sight of: with fewer,
a handful of people decides what is learned, and the model of censoring rests on hardly anybody."""
FEW_CENSORED = 0.05
"""So small a share bends no outcome by much, however it is weighted."""
SMALLEST_EFFECTIVE_SHARE = 0.25
"""Smallest effective sample size as a share of the people who count."""
MOST_CENSORED = 0.5
"""Where more than half were lost sight of, what became of most people is an assumption."""
STANDS_FOR = 0.85
"""Smallest sum of weights over people: below it some people have nobody who stands for them."""

_MOST_COLUMNS = 60
_FEWEST_BLOCKS = 6
_MOST_ROWS = 30_000  # of people and blocks: a block is a month, where that many are not exceeded
_RAREST = 0.02  # share of people in a state that gets a column of its own
_SPREAD = 1.0  # prior sd of a state's log-odds: hazards differ up to sevenfold in 95 % of states
_SPREAD_BLOCK = 2.0
_SPREAD_LEVEL = 5.0


@dataclass(frozen=True)
class Weights:
    """How much those count who were followed to the end.

    Attributes
    ----------
    relative
        Shape (labelled people,), mean one.
    effective
        Effective sample size, ``sum(w)^2 / sum(w^2)``.
    truncated
        Share of the weights that were cut at `LARGEST_WEIGHT`.
    largest
        Largest weight, after the cut, before scaling to mean one.
    stands_for
        Sum of the weights over labelled and censored people, before scaling.
    """

    relative: Floats
    effective: float
    truncated: float
    largest: float
    stands_for: float


def weights_of(
    items: Sequence[ScoredItem], states: States, seen: Sequence[Seen], unit: Unit, name: str
) -> Weights:
    """Weight everybody whose label is known.

    Parameters
    ----------
    items, states
        Answers at intake of everybody, labelled or censored, shape (people, items).
    seen
        What was seen of everybody by one horizon; some are censored.
    unit
        Of the times in ``seen``.
    name
        Of the file, for messages.

    Raises
    ------
    TrainingError
        Where too few are left to stand for the others, with what to do instead.
    """
    censored = np.array([one.label is None for one in seen], dtype=bool)
    if censored.mean() > MOST_CENSORED:
        raise _refused(
            name, f"{censored.sum()} of {len(seen)} people were lost sight of before the horizon"
        )
    raw = 1.0 / chance_observed(items, states, seen, unit)[~censored]
    weight = np.minimum(raw, LARGEST_WEIGHT)
    effective = float(weight.sum() ** 2 / (weight @ weight))
    stands_for = float(weight.sum() / len(seen))
    if stands_for < STANDS_FOR:
        raise _refused(
            name,
            f"those followed to the end stand for {stands_for:.0%} of {len(seen)} people; "
            f"for the rest there is nobody like them",
        )
    few = effective < FEWEST_EFFECTIVE and censored.mean() > FEW_CENSORED
    if few or effective < SMALLEST_EFFECTIVE_SHARE * len(weight):
        raise _refused(
            name,
            f"the effective sample size of {len(weight)} weighted people is {effective:.0f}; at "
            f"least {FEWEST_EFFECTIVE:.0f}, and {SMALLEST_EFFECTIVE_SHARE:.0%} of them, is needed",
        )
    return Weights(
        relative=weight / weight.mean(),
        effective=effective,
        truncated=float((raw > LARGEST_WEIGHT).mean()),
        largest=float(weight.max()),
        stands_for=stands_for,
    )


def _refused(name: str, what: str) -> TrainingError:
    return TrainingError(
        f"{name}: {what}. Choose a shorter horizon, wait until more people were followed so long, "
        f"pool the cohort with other districts, or ask the offices that took people over what "
        f"became of them"
    )


def chance_observed(
    items: Sequence[ScoredItem], states: States, seen: Sequence[Seen], unit: Unit
) -> Floats:
    """Give everybody's chance of still being observed when the label was determined.

    Time runs in whole units (days or months) from 1; an event comes before a censoring in the
    same unit. A month is the interval of the hazard; it is constant over blocks of months.

    Returns
    -------
    Floats
        Shape (people,).
    """
    censored = np.array([one.label is None for one in seen], dtype=bool)
    months = 1.0 if unit == "months" else DAYS_OF_A_YEAR / MONTHS_OF_A_YEAR
    units = np.array([np.nan if one.time is None else one.time for one in seen])
    # so many months without being censored, before the unit in which something happened
    before = np.maximum(np.ceil(units) - 1.0, 0.0) / months
    edges = _blocks(before)
    # of a censored person's last month only the censoring counts
    at_risk = _in_blocks(np.where(censored, np.floor(before), before), edges)
    last = np.searchsorted(edges, before, side="right") - 1
    last = np.clip(last, 0, len(edges) - 2)
    columns = _columns(items, states, censored, at_risk, last)

    blocks = at_risk.shape[1]
    who, where = np.nonzero(at_risk)
    gone = np.flatnonzero(censored)
    design = np.vstack(
        [
            np.hstack([np.eye(blocks)[where], columns[who]]),
            np.hstack([np.eye(blocks)[last[gone]], columns[gone]]),
        ]
    )
    # the level stands apart, so that the blocks are shrunk to each other and not to one half
    design = np.hstack([np.ones((len(design), 1)), design])
    spread = np.concatenate(
        [[_SPREAD_LEVEL], np.full(blocks, _SPREAD_BLOCK), np.full(columns.shape[1], _SPREAD)]
    )
    share = censored.sum() / (at_risk.sum() + censored.sum())
    posterior = fit(
        design,
        np.repeat(np.array([0, 1], dtype=np.int64), [len(who), len(gone)]),
        mean=np.concatenate([[np.log(share / (1.0 - share))], np.zeros(len(spread) - 1)]),
        precision=spread**-2.0,
        weight=np.concatenate([at_risk[who, where], np.ones(len(gone))]),
    )
    level, of_block = posterior.mean[0], posterior.mean[1 : blocks + 1]
    log_odds = level + of_block + (columns @ posterior.mean[blocks + 1 :])[:, None]
    # log(1 - hazard) for every month at risk; a censored person's own last part does not matter
    log_chance: Floats = -(at_risk * np.logaddexp(0.0, log_odds)).sum(axis=1)
    return np.exp(log_chance)


def _blocks(before: Floats) -> Floats:
    """Edges of blocks of whole months, of about equal length."""
    months = max(1, int(np.ceil(before.max())))
    blocks = min(months, max(_FEWEST_BLOCKS, _MOST_ROWS // len(before)))
    edges = np.unique(np.round(np.linspace(0, months, blocks + 1)))
    return np.asarray(edges, dtype=np.float64)


def _in_blocks(months: Floats, edges: Floats) -> Floats:
    """Months that everybody spent in every block."""
    return np.clip(months[:, None], edges[:-1], edges[1:]) - edges[:-1]


def _columns(
    items: Sequence[ScoredItem],
    states: States,
    censored: NDArray[np.bool_],
    at_risk: Floats,
    last: NDArray[np.int64],
) -> Floats:
    """States of items that are not too rare, but for the commonest of every item.

    Where there are too many, those stay with which censoring goes most (log-rank statistic);
    nobody's event is looked at.
    """
    found = []
    for column, scored in enumerate(items):
        share = np.bincount(states[:, column], minlength=scored.axis.states) / len(states)
        for state in range(scored.axis.states):
            if state != share.argmax() and share[state] >= _RAREST:
                found.append((states[:, column] == state).astype(np.float64))
    if not found:
        return np.zeros((len(states), 0))
    columns = np.stack(found, axis=1)
    if columns.shape[1] <= _MOST_COLUMNS:
        return columns
    gone = np.bincount(last[censored], minlength=at_risk.shape[1])
    exposed = at_risk.sum(axis=0) + gone
    hazard = np.divide(gone, exposed, out=np.zeros(len(exposed)), where=exposed > 0)
    expected = at_risk @ hazard + censored * hazard[last]
    away = columns - columns.mean(axis=0)
    spread = np.sqrt(np.maximum((away**2).T @ expected, 1e-12))
    strength = np.abs(away.T @ (censored - expected)) / spread
    kept = np.sort(np.argsort(-strength, kind="stable")[:_MOST_COLUMNS])
    return np.asarray(columns[:, kept])
