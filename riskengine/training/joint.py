"""Joint coefficients from published effects that were estimated one by one, by least squares.

What a study prints for one factor holds part of every factor that goes with it. The joint
coefficients are those whose implied marginals come closest to what was printed,

    minimise  sum_j (m_j - A_j b)^2 / (se_j^2 + tau_j^2),

where row ``A_j`` says what the coefficients ``b`` imply for effect ``j`` given what its source
held fixed: 1 for itself, and for every factor that was not held fixed the coefficient of column j
in the linear regression of that factor on those that were. For an effect that was adjusted for
nothing this is ``cov(x_k, x_j) / var(x_j)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskengine.training.tables import Floats

_LEAST_VARIANCE = 1e-9
"""A factor that hardly anybody differs in explains nobody else's."""


@dataclass(frozen=True)
class Joint:
    """Joint coefficients with their uncertainty.

    Attributes
    ----------
    coefficients
        Shape (columns,), the factor for unknown correlations applied.
    covariance
        Shape (columns, columns), of the coefficients before any was held at zero: what a bound
        decides does not become certain by it.
    rows
        The matrix A; the identity where correlations are not known.
    factor
        By which all were multiplied: 1 where correlations are known.
    held
        Shape (columns,): whether a coefficient would have turned against the sign of its
        published effect, and stands at zero instead.
    """

    coefficients: Floats
    covariance: Floats
    rows: Floats
    factor: float
    held: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def implied(self) -> Floats:
        """Marginals that the coefficients imply, to be compared with the published ones."""
        implied: Floats = self.rows @ self.coefficients
        return implied


def covariance_of(exposures: Floats, weight: Floats | None = None) -> Floats:
    """Covariance of the columns over people; shape (columns, columns)."""
    shares = np.full(len(exposures), 1.0) if weight is None else weight
    shares = shares / shares.sum()
    away = exposures - shares @ exposures
    spread: Floats = (away.T * shares) @ away
    return spread


def implied_rows(covariance: Floats, held_fixed: Sequence[frozenset[int] | None]) -> Floats:
    """Give the matrix A: what coefficients imply for every published effect.

    Parameters
    ----------
    held_fixed
        For every effect the columns that its source held fixed, itself among them; ``None`` for an
        effect that is its own joint coefficient.
    """
    columns = len(covariance)
    rows = np.eye(columns)
    for effect, fixed in enumerate(held_fixed):
        if fixed is None or covariance[effect, effect] < _LEAST_VARIANCE:
            continue
        inside = [place for place in sorted(fixed) if covariance[place, place] >= _LEAST_VARIANCE]
        outside = [place for place in range(columns) if place not in fixed]
        among = covariance[np.ix_(inside, inside)]
        scale = 1.0 / np.sqrt(np.diag(among))
        # scaled, so that the pseudo-inverse is cut off by correlations and not by units
        explained = np.linalg.pinv(among * np.outer(scale, scale), rcond=1e-9, hermitian=True)
        slopes = (explained * np.outer(scale, scale)) @ covariance[np.ix_(inside, outside)]
        rows[effect, outside] = slopes[inside.index(effect)]
    return rows


def solve(
    published: Floats,
    deviations: Floats,
    rows: Floats | None,
    *,
    factor: float,
    keep_signs: bool,
) -> Joint:
    """Find the joint coefficients.

    Parameters
    ----------
    published, deviations
        Log-odds as printed, and their standard deviations with transport; shape (columns,).
    rows
        The matrix A, or ``None`` where it is not known how the factors go together.
    factor
        By which everything is multiplied in that case.
    keep_signs
        Whether no coefficient may turn against its published sign.
    """
    count = len(published)
    if rows is None:
        return Joint(
            coefficients=factor * published,
            covariance=np.diag((factor * deviations) ** 2),
            rows=np.eye(count),
            factor=factor,
            held=np.zeros(count, dtype=np.bool_),
        )
    design, target = rows / deviations[:, None], published / deviations
    covariance = np.linalg.pinv(design.T @ design, hermitian=True)
    found: Floats = np.linalg.lstsq(design, target, rcond=None)[0].astype(np.float64)
    held = np.zeros(count, dtype=np.bool_)
    if keep_signs and (found * published < 0).any():
        found = _with_signs(design, target, np.where(published < 0, -1.0, 1.0))
        held = (found == 0) & (published != 0)
    return Joint(
        coefficients=found,
        covariance=(covariance + covariance.T) / 2.0,
        rows=rows,
        factor=1.0,
        held=held,
    )


def _with_signs(design: Floats, target: Floats, signs: Floats) -> Floats:
    """Least squares among coefficients that have these signs, or are zero."""
    from scipy.optimize import nnls

    turned, _ = nnls(design * signs, target)
    found: Floats = turned * signs + 0.0  # never minus zero, which would be printed
    return found
