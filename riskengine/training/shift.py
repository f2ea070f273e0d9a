"""How a place or a year stands beside the score it is given: a level and, from there, a slope.

A score learned elsewhere or earlier ranks people; how often the event happens here and now is
another matter. Both answers are affine in log-odds, so that they fold into a scorecard's cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.calibration import Sigmoid
from riskengine.training.penalised import fit
from riskengine.training.tables import Floats


@dataclass(frozen=True)
class Prior:
    """What is believed of one number beforehand: a normal."""

    mean: float
    sd: float


SLOPE = Prior(mean=1.0, sd=0.25)
"""Of the slope of a score that comes from elsewhere."""
_NEARLY_FLAT = Prior(mean=0.0, sd=10.0)
_FEWEST_CHANGES = 2


@dataclass(frozen=True)
class Line:
    """``log-odds = score + level + (slope - 1) (score - centre)``.

    Attributes
    ----------
    centre
        The score at which the level is stated: that of the average person.
    level
        Shift of the log-odds there.
    slope
        Steepness beside the score's own.
    covariance
        Shape (2, 2): of level and slope.
    """

    centre: float
    level: float
    slope: float
    covariance: Floats

    def of(self, score: Floats) -> Floats:
        """Give log-odds of people; shape (people,)."""
        log_odds: Floats = score + self.level + (self.slope - 1.0) * (score - self.centre)
        return log_odds

    def sigmoid(self) -> Sigmoid:
        """Give the same line as slope and intercept at zero.

        Raises
        ------
        TrainingError
            Where higher scores go with fewer events: such a score would be turned round.
        """
        if not self.slope > 0:
            raise TrainingError(
                f"a higher score goes with fewer events (slope {self.slope:.3f}): "
                f"this score cannot be used here"
            )
        return Sigmoid(
            slope=self.slope, intercept=self.centre + self.level - self.slope * self.centre
        )

    def factor(self) -> Floats:
        """Give rows whose squares sum to the variance of level and slope; shape (2, 2).

        A row holds what it moves the level by and what it moves the slope by. The last row is
        zero in its first column, and zero altogether where the slope is held.
        """
        level, together = self.covariance[0]
        root = np.sqrt(level)
        across = together / root if root else 0.0
        rest = np.sqrt(max(0.0, self.covariance[1, 1] - across**2))
        return np.array([[root, across], [0.0, rest]])


def updated(
    score: Floats,
    outcome: NDArray[np.int64],
    *,
    level: Prior,
    slope: Prior | None = None,
    centre: float | None = None,
    weight: Floats | None = None,
) -> Line:
    """Learn level and slope of a score from local outcomes; with nobody, the priors come back.

    Parameters
    ----------
    score
        Shape (people,): log-odds.
    level
        Of the shift at ``centre``. A drift that is expected is its mean.
    slope
        Held at one where it is left out.
    centre
        Where the level is stated; the mean score of these people where it is left out.
    weight
        How often everybody counts.
    """
    if centre is None:
        centre = float(np.average(score, weights=weight)) if len(score) else 0.0
    design = np.ones((len(score), 1))
    priors = [Prior(level.mean, level.sd)]
    if slope is not None:
        design = np.column_stack([design, score - centre])
        priors.append(Prior(slope.mean - 1.0, slope.sd))
    found = fit(
        design,
        outcome,
        mean=np.array([prior.mean for prior in priors]),
        precision=np.array([prior.sd**-2 for prior in priors]),
        offset=score,
        weight=weight,
    )
    covariance = np.zeros((2, 2))
    covariance[: len(priors), : len(priors)] = found.covariance
    return Line(
        centre=centre,
        level=float(found.mean[0]),
        slope=1.0 + (float(found.mean[1]) if slope is not None else 0.0),
        covariance=covariance,
    )


# --- From year to year --------------------------------------------------------------------------


@dataclass(frozen=True)
class Levels:
    """Where every period stood beside one and the same score.

    Attributes
    ----------
    periods
        In their order.
    level, error
        Shape (periods,): shift of the log-odds with its standard error.
    """

    periods: tuple[str, ...]
    level: Floats
    error: Floats

    @property
    def changes(self) -> Floats:
        """From each period to the next; shape (periods - 1,)."""
        changes: Floats = np.diff(self.level)
        return changes


def levels_by_period(
    score: Floats,
    outcome: NDArray[np.int64],
    period: Sequence[str],
    weight: Floats | None = None,
) -> Levels:
    """Measure the level of every period, in the order of their names.

    Parameters
    ----------
    score
        Shape (people,): by models that had not seen the person.
    period
        Everybody's period, such as the year of the report.
    """
    labels = np.asarray(period, dtype=object)
    names = sorted(set(labels.tolist()))
    lines = [
        updated(
            score[labels == name],
            outcome[labels == name],
            level=_NEARLY_FLAT,
            weight=None if weight is None else weight[labels == name],
        )
        for name in names
    ]
    return Levels(
        periods=tuple(names),
        level=np.array([line.level for line in lines]),
        error=np.sqrt([line.covariance[0, 0] for line in lines]),
    )


def next_level(levels: Levels) -> Prior:
    """Foretell the level of the period that follows, from the changes between periods alone.

    The next level is the last one plus a change like those before: their mean, and their standard
    deviation widened for having seen so few of them. It is never narrower than the standard error
    of the last level, however alike the changes came out.

    Raises
    ------
    TrainingError
        Where fewer than three periods leave fewer than two changes.
    """
    changes = levels.changes
    if len(changes) < _FEWEST_CHANGES:
        raise TrainingError(
            f"{len(levels.periods)} periods show {len(changes)} changes from one to the next; "
            f"at least {_FEWEST_CHANGES + 1} periods are needed to say how much a year moves"
        )
    usual = float(changes.std(ddof=1)) * np.sqrt(1.0 + 1.0 / len(changes))
    return Prior(
        mean=float(levels.level[-1] + changes.mean()), sd=max(usual, float(levels.error[-1]))
    )
