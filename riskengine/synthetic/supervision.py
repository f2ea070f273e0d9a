"""Tiers as practised, and the contacts that follow from them.

This is a made-up habit of a made-up province, neither this library's policy nor a recommendation:
strict at first, then by the officer's own view, strict again after a serious violation that was
found, one step down after a long clean time.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from riskengine.synthetic.parameters import Parameters
from riskengine.synthetic.people import Codes, Floats

RELAXED, ORDINARY, STRICT = range(3)
TIERS = ("relaxed", "ordinary", "strict")


@dataclass(frozen=True)
class Practised:
    """How one district supervises.

    Attributes
    ----------
    base
        Tier by the officer's view at intake, shape (people,).
    visits, meetings
        Mean contacts a month in each tier, as delivered, shape (tiers,).
    """

    base: Codes
    visits: Floats
    meetings: Floats
    initial_months: int
    strict_months: int
    step_months: int

    @property
    def contacts(self) -> Floats:
        """Mean contacts of both sorts a month in each tier."""
        both: Floats = self.visits + self.meetings
        return both

    def tier(self, month: int | Codes, clean: Codes, sanctioned: NDArray[np.bool_]) -> Codes:
        """Tier of every person in a month.

        Parameters
        ----------
        month
            Months since the intake assessment; one for all, or shape (people,).
        clean
            Months since the last serious violation that was found, or since intake.
        sanctioned
            Whether there was one.
        """
        tier = np.where(clean >= self.step_months, np.maximum(self.base - 1, RELAXED), self.base)
        strict = sanctioned & (clean < self.strict_months)
        strict = strict | (np.asarray(month) < self.initial_months)
        tiers: Codes = np.where(strict, STRICT, tier)
        return tiers


def practise(
    rng: np.random.Generator, seen: Floats, delivered: float, parameters: Parameters
) -> Practised:
    """Settle how a district supervises its people.

    Parameters
    ----------
    rng
        Source of the officers' private views.
    seen
        Standardised log hazard by the answers as rated, shape (people,).
    delivered
        Share of the scheduled contacts that take place.
    parameters
        The numbers.
    """
    practice = parameters.practice
    sight = practice.officer_sight.value
    view = sight * seen + np.sqrt(1.0 - sight**2) * rng.standard_normal(len(seen))
    # fixed cut-offs: nobody's tier depends on another person's case
    normal = NormalDist()
    edges = [
        normal.inv_cdf(practice.relaxed_share.value),
        normal.inv_cdf(1.0 - practice.strict_share.value),
    ]
    return practised(np.searchsorted(edges, view).astype(np.int64), delivered, parameters)


def practised(base: Codes, delivered: float, parameters: Parameters) -> Practised:
    """Say how a district supervises whose officers took these views.

    Parameters
    ----------
    base
        Tier by the officer's view at intake, shape (people,).
    delivered
        Share of the scheduled contacts that take place.
    """
    practice = parameters.practice
    by_tier = {schedule.tier: schedule for schedule in practice.schedules}
    return Practised(
        base=base,
        visits=delivered * np.asarray([by_tier[tier].visits for tier in TIERS]),
        meetings=delivered * np.asarray([by_tier[tier].meetings for tier in TIERS]),
        initial_months=int(practice.initial_months.value),
        strict_months=int(practice.strict_months_after_violation.value),
        step_months=int(practice.step_down_after_clean_months.value),
    )
