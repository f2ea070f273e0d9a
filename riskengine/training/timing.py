"""When the event came, as evidence against columns that were measured until it came.

Whatever raises the hazard also brings the event earlier, but not by much: among people who had the
event within the horizon, a risk factor tells early from late far worse than it tells the event
from none. Under proportional hazards the one follows from the other (`implied_timing`). A count or
a rate over the follow-up breaks this: it knows how long the follow-up was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import Floats
from riskengine.training.telling import FEWEST

_NORMAL = np.linspace(-6.0, 6.0, 601)
_DENSITY = np.exp(-0.5 * _NORMAL**2) / np.exp(-0.5 * _NORMAL**2).sum()
_WIDEST = 6.0
_HALVINGS = 40


@dataclass(frozen=True)
class Halves:
    """People with the event, told into those who had it early and those who had it late.

    Attributes
    ----------
    people
        Their rows.
    early
        Shape (len(people),): 1 where the event came early.
    """

    people: NDArray[np.int64]
    early: NDArray[np.int64]

    @property
    def share(self) -> float:
        """Share of early ones."""
        return float(self.early.mean())

    def chance_error(self) -> float:
        """Standard error of the AUC of a score that says nothing."""
        early = int(self.early.sum())
        late = len(self.early) - early
        return float(np.sqrt((early + late + 1) / (12.0 * early * late)))


def halves(times: NDArray[np.float64] | None, outcome: NDArray[np.int64]) -> Halves | None:
    """Cut the people with the event at the time nearest to their median.

    Parameters
    ----------
    times
        Shape (people,): time of the event, or an ordered period such as the year in which it came.
        Read only for people with the event; ``nan`` where it is not known.

    Returns
    -------
    Halves or None
        ``None`` where there are no times, or too few people on a side of every cut.
    """
    if times is None:
        return None
    people = np.flatnonzero((outcome == 1) & np.isfinite(times))
    values, counts = np.unique(times[people], return_counts=True)
    if len(values) < 2:
        return None
    upto = np.cumsum(counts)[:-1]
    cut = int(np.argmin(np.abs(upto - len(people) / 2.0)))
    if min(upto[cut], len(people) - upto[cut]) < FEWEST:
        return None
    return Halves(people, (times[people] <= values[cut]).astype(np.int64))


def implied_timing(ranks: float, share: float, early: float) -> float:
    """AUC for early against late that proportional hazards imply.

    A score whose log hazard is normal among people is taken, as wide as its AUC for the event
    asks; then its AUC among people with the event, early against late, is worked out.

    Parameters
    ----------
    ranks
        AUC with which the score tells people with the event from those without.
    share
        Share of people with the event by the horizon.
    early
        Share of the people with the event who had it early.
    """
    if ranks <= 0.5:
        return 0.5
    narrow, wide = 0.0, _WIDEST
    for _ in range(_HALVINGS):
        middle = (narrow + wide) / 2.0
        by_end = _by(middle, share)
        reached = _ranked(_DENSITY * by_end, _DENSITY * (1.0 - by_end))
        narrow, wide = (middle, wide) if reached < ranks else (narrow, middle)
    by_cut, by_end = _by(narrow, share * early), _by(narrow, share)
    return _ranked(_DENSITY * by_cut, _DENSITY * (by_end - by_cut))


def _by(width: float, share: float) -> Floats:
    """Chance of the event by a time when ``share`` of all people had it, over the log hazard."""
    low, high = -40.0, 20.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        some = float(_DENSITY @ -np.expm1(-np.exp(middle + width * _NORMAL)))
        low, high = (middle, high) if some < share else (low, middle)
    chance: Floats = -np.expm1(-np.exp(low + width * _NORMAL))
    return chance


def _ranked(these: Floats, those: Floats) -> float:
    """Chance that one of these has the higher log hazard than one of those."""
    below = np.cumsum(those) - those / 2.0
    return float(these @ below / (these.sum() * those.sum()))
