"""How far a points form could lie elsewhere: draws from the posterior behind its points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskengine.training.axes import ScoredItem, States
from riskengine.training.penalised import fit
from riskengine.training.points_coding import columns_of
from riskengine.training.points_form import PointsForm
from riskengine.training.tables import Floats, Tables, marginals


def points_draws(
    form: PointsForm,
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    *,
    weight: Floats | None = None,
    number: int,
    seed: int,
) -> list[Tables]:
    """Draw tables of the chosen items from the regression that was rounded.

    Which items are asked is held, as the pairs are in a bootstrap refit, and so is the rounding:
    the draws say how far log-odds could lie from those of the points with other people. A
    coefficient with an enforced direction that is drawn on the wrong side counts as zero, as in
    the fit.

    Parameters
    ----------
    form
        Learned from these people.
    items, states, outcome, weight
        All candidates, and the people; see `riskengine.training.points_form.points_form`.
    number
        How many; at least 100 for an interval.

    Returns
    -------
    list of Tables
        One table for every item of the form, in its order.
    """
    columns = columns_of(items, marginals(items, states))
    chosen = sorted(form.tables.columns)
    at = columns.of(chosen)
    posterior = fit(
        columns.design(states)[:, at],
        outcome,
        mean=np.zeros(len(at)),
        precision=columns.precision(form.spread)[at],
        weight=weight,
    )
    floored = columns.floored[at]
    found = []
    for coefficients in posterior.draws(number, seed):
        beta = np.zeros(len(columns.floored))
        beta[at] = np.where(floored, np.maximum(coefficients, 0.0), coefficients)
        found.append(
            Tables(
                intercept=float(beta[0]),
                mains=tuple(columns.table(column, beta) for column in form.tables.columns),
                pairs={},
            )
        )
    return found
