"""The figures that a model carries: how good the procedure is, and what its restraint costs.

Everything is measured on people whom the scoring model had not seen, calibrated without their own
fold, and differences are paired: same people, same folds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.metrics import (
    auc,
    bootstrap_interval,
    brier,
    calibration_line,
    mean_group_brier,
    sigmoid,
)
from riskengine.scorecard.document import Metric
from riskengine.training.procedure import OutOfFold
from riskengine.training.tables import Floats

DECIMALS = 6
_DRAWS = 400

Groups = NDArray[np.object_]
Column = TypeVar("Column", Groups, Floats)
Figure = Callable[[Floats, NDArray[np.int64], Groups | None, Floats | None], float]

_FIGURES: dict[str, Figure] = {
    "auc": lambda log_odds, outcome, groups, weight: auc(log_odds, outcome, weight),
    "brier": lambda log_odds, outcome, groups, weight: brier(sigmoid(log_odds), outcome, weight),
    "brier_mean_of_sexes": lambda log_odds, outcome, groups, weight: mean_group_brier(
        sigmoid(log_odds), outcome, groups if groups is not None else [], weight
    ),
}


def measured(
    log_odds: Floats,
    outcome: NDArray[np.int64],
    sexes: Sequence[object] | None,
    *,
    how: str,
    seed: int,
    weight: Floats | None = None,
) -> list[Metric]:
    """Discrimination, accuracy and calibration of out-of-fold predictions.

    Parameters
    ----------
    weight
        Weight of every person, such as for those who were lost sight of; it is taken as given,
        and the intervals do not show that it was estimated.
    """
    groups = None if sexes is None else np.array(sexes, dtype=object)
    found = []
    for name, figure in _figures(groups):

        def among(at: NDArray[np.int64], figure: Figure = figure) -> float:
            return figure(log_odds[at], outcome[at], _at(groups, at), _at(weight, at))

        low, high = _interval(among, outcome, seed)
        value = figure(log_odds, outcome, groups, weight)
        found.append(_metric(name, value, how, low, high))
    slope, intercept = calibration_line(log_odds, outcome, weight)
    found.append(_metric("calibration_slope", slope, how))
    found.append(_metric("calibration_intercept", intercept, how))
    return found


def price(
    name: str,
    restrained: Floats,
    free: Floats,
    outcome: NDArray[np.int64],
    sexes: Sequence[object] | None,
    *,
    how: str,
    seed: int,
    weight: Floats | None = None,
) -> list[Metric]:
    """Paired differences, restrained minus free: what a restraint costs.

    A Brier score above zero and an AUC below zero are a cost.
    """
    groups = None if sexes is None else np.array(sexes, dtype=object)
    found = []
    for which, figure in _figures(groups):

        def difference(at: NDArray[np.int64], figure: Figure = figure) -> float:
            there = (outcome[at], _at(groups, at), _at(weight, at))
            return figure(restrained[at], *there) - figure(free[at], *there)

        low, high = _interval(difference, outcome, seed)
        value = difference(np.arange(len(outcome)))
        found.append(_metric(f"price_{name}_{which}", value, how, low, high))
    return found


def description(
    out_of_fold: OutOfFold,
    people: int,
    events: int,
    *,
    effective: float | None = None,
    calibrated: bool = True,
) -> str:
    """Say on whom and how the figures were measured.

    Parameters
    ----------
    effective
        Effective sample size, where people were weighted for others who were lost sight of.
    calibrated
        Whether scores were calibrated; a posterior stands as it came out.
    """
    folds = len(np.unique(out_of_fold.folds))
    weighted = (
        ""
        if effective is None
        else f"weighted for people lost sight of, effective sample size {effective:.0f}; "
    )
    return (
        f"{folds}-fold cross-validation of the whole procedure on the training people "
        f"({people} people, {events} events); {weighted}"
        f"{'calibrated on the other folds' if calibrated else 'not calibrated again'}; "
        f"95 % interval from {_DRAWS} bootstrap draws of people"
    )


def _figures(groups: Groups | None) -> list[tuple[str, Figure]]:
    return [
        (name, figure)
        for name, figure in _FIGURES.items()
        if groups is not None or name != "brier_mean_of_sexes"
    ]


def _at(values: Column | None, at: NDArray[np.int64]) -> Column | None:
    return None if values is None else values[at]


def _interval(
    statistic: Callable[[NDArray[np.int64]], float], outcome: NDArray[np.int64], seed: int
) -> tuple[float, float]:
    return bootstrap_interval(statistic, len(outcome), seed=seed, draws=_DRAWS)


def _metric(
    name: str, value: float, how: str, low: float | None = None, high: float | None = None
) -> Metric:
    def rounded(number: float | None) -> float | None:
        return None if number is None else round(number, DECIMALS)

    return Metric(
        name=name, value=round(value, DECIMALS), low=rounded(low), high=rounded(high), method=how
    )
