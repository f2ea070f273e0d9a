"""Officers' ratings: a true answer seen through an officer with a habit of mind.

With probability ``1 - error`` an officer rates what is true. Otherwise the rating is redrawn from
the levels' shares, near levels first for an ordered item, tilted by how lenient the officer is.
The error is solved for, so that two officers agree with the stated kappa.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from riskengine.synthetic.parameters import Choice, DistrictType, Kappa, Ordered, Parameters
from riskengine.synthetic.people import STUDENT, Codes, Floats, pick

# A school's register settles who studies, so no officer mistakes it.
_CERTAIN = {"employment_status": STUDENT}
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_STEPS = 50


def redraw(shares: Floats, leniency: Floats, *, ordered: bool, certain: int | None) -> Floats:
    """Chances of each rating where an officer does not rate what is true.

    Parameters
    ----------
    shares
        Of the levels, shape (levels,).
    leniency
        Of the officers; a positive one rates lower. It moves ordered items only.
    ordered
        Whether a near level is likelier than a far one.
    certain
        A level that nobody mistakes.

    Returns
    -------
    Floats
        Shape (officers, true level, rating); every row sums to one.
    """
    level = np.arange(len(shares))
    weights = np.broadcast_to(shares, (len(leniency), len(shares), len(shares))).copy()
    if ordered:
        weights *= np.exp(-np.abs(level[:, None] - level[None, :]))
        weights *= np.exp(-leniency[:, None, None] * level[None, None, :])
    if certain is not None:
        weights[:, :, certain] = 0.0
        weights[:, certain, certain] = 1.0
        weights[:, certain, :certain] = 0.0
        weights[:, certain, certain + 1 :] = 0.0
    chances: Floats = weights / weights.sum(axis=2, keepdims=True)
    return chances


def expected_kappa(shares: Floats, one: Floats) -> float:
    """Kappa of two officers drawn at random.

    Parameters
    ----------
    shares
        Of the true levels.
    one
        Shape (true level, rating): the chances of a rating by an officer drawn at random.
    """
    agree = float((shares[:, None] * one**2).sum())
    by_chance = float(((shares @ one) ** 2).sum())
    return (agree - by_chance) / (1.0 - by_chance)


@lru_cache(maxsize=256)
def error_rate(
    shares: tuple[float, ...],
    kappa: float,
    leniency_sd: float,
    *,
    ordered: bool,
    certain: int | None,
) -> float:
    """Solve for the error with which two officers agree as stated.

    Raises
    ------
    ValueError
        Where officers who only guess would still agree better than that.
    """
    true = np.asarray(shares) / sum(shares)
    kernels = redraw(true, leniency_sd * _NODES, ordered=ordered, certain=certain)
    mean = np.tensordot(_WEIGHTS / _WEIGHTS.sum(), kernels, axes=1)
    exact = np.eye(len(true))
    low, high = 0.0, 1.0
    if expected_kappa(true, mean) > kappa:
        raise ValueError(f"no error is large enough for a kappa of {kappa}")
    for _ in range(_STEPS):
        error = (low + high) / 2.0
        if expected_kappa(true, (1.0 - error) * exact + error * mean) > kappa:
            low = error
        else:
            high = error
    return (low + high) / 2.0


def rate(
    rng: np.random.Generator,
    true: Mapping[str, Codes],
    officer: Codes,
    leniency: Floats,
    district_type: DistrictType,
    parameters: Parameters,
) -> dict[str, Codes]:
    """Rate every rated item of every person once.

    Parameters
    ----------
    rng
        Source of randomness.
    true
        True answers, codes of shape (people,).
    officer
        Who rates each person: a place in ``leniency``.
    leniency
        Of the district's officers.
    district_type
        Whose shares officers fall back on.
    parameters
        Kappas and shares.
    """
    spread = parameters.offices.leniency_sd.value
    ratings: dict[str, Codes] = {}
    for entry in parameters.kappas:
        shares = _shares(entry, true, district_type, parameters)
        certain = _CERTAIN.get(entry.item)
        error = error_rate(shares, entry.kappa, spread, ordered=entry.ordered, certain=certain)
        kernels = redraw(np.asarray(shares), leniency, ordered=entry.ordered, certain=certain)
        answers = true[entry.item]
        guessed = pick(rng, kernels[officer, answers])
        wrong: NDArray[np.bool_] = rng.random(len(answers)) < error
        ratings[entry.item] = np.where(wrong, guessed, answers)
    return ratings


def _shares(
    entry: Kappa, true: Mapping[str, Codes], district_type: DistrictType, parameters: Parameters
) -> tuple[float, ...]:
    """Shares of an item's levels in this type of district."""
    spreads: list[Ordered | Choice] = [*parameters.ordered, *parameters.choices]
    for spread in spreads:
        if spread.item == entry.item:
            shares: tuple[float, ...] = getattr(spread, district_type)
            return shares
    # Motives follow the offence and have no shares of their own: those of the three groups alike.
    groups = np.asarray([getattr(choice, district_type) for choice in parameters.motives])
    return tuple(float(share) for share in groups.mean(axis=0))
