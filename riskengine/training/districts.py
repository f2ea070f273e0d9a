"""Districts that learn from each other: one province, every district with its own level.

``log-odds = score + a + a_d + (b - 1 + b_d) (score - centre)``: the province's line (a, b) and,
for every district d, a shift a_d and a change of slope b_d. Shifts and changes are normal around
zero; how far districts lie apart is itself learned, under half-normal priors, by the marginal
likelihood on a small grid. A district with no event therefore has a proper posterior, close to its
province, and one with many events speaks for itself. A slope of its own needs more than 50 events.

After Gelman and Hill 2007, Data analysis using regression and multilevel/hierarchical models; the
half-normal scales after Gelman 2006, Bayesian Analysis 1, 515-534.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError, shown
from riskengine.evaluation.metrics import auc, sigmoid
from riskengine.training.penalised import Posterior, fit
from riskengine.training.procedure import folds_of
from riskengine.training.shift import Line
from riskengine.training.tables import Floats

Validation = Literal[
    "literature_only", "ranks_checked_locally", "calibrated_in_pool", "calibrated_here"
]

SLOPE_EVENTS = 50
"""A district has a slope of its own only with more events than this."""
CALIBRATION_EVENTS = 50
"""Fewest events, in the district or its pool, on which a calibration in the large is tested."""
RANK_EVENTS = 20
"""Fewest events of its own on which a district's ranking is checked."""
LEVEL = 0.9
"""Of every interval here."""
_GRID = np.geomspace(0.04, 3.0, 13)
_SLOPE_GRID = np.geomspace(0.1, 3.0, 6)
"""Points of the grids, in units of the half-normal scales."""


@dataclass(frozen=True)
class Scales:
    """What is believed before any outcome, in log-odds; fixed beforehand, never on reported rows.

    Attributes
    ----------
    level
        Standard deviation of the province's level around zero.
    slope
        Standard deviation of the province's slope around one.
    districts
        Scale of the half-normal prior of how far districts' levels lie apart.
    slopes
        The same of their slopes.
    """

    level: float = 2.0
    slope: float = 0.25
    districts: float = 0.5
    slopes: float = 0.15


@dataclass(frozen=True)
class District:
    """What was learned about one district.

    Attributes
    ----------
    people, events
        Counted, whatever their weights.
    shift, error
        Of its level beside the province's, in log-odds: mean and standard deviation.
    low, high
        Ends of the 90 % interval of the shift.
    own_slope
        Whether it had events enough for a slope of its own.
    borrowed
        Share of what is known about its level that comes from the other districts: one minus the
        precision of its own rows over the total. One where it has no rows.
    line
        Its own level and slope, province included: what its scorecard is recalibrated by.
    """

    name: str
    people: int
    events: int
    shift: float
    error: float
    low: float
    high: float
    own_slope: bool
    borrowed: float
    line: Line


@dataclass(frozen=True)
class Pool:
    """A province and its districts.

    Attributes
    ----------
    line
        The province's level and slope.
    apart, slopes_apart
        Posterior means of the standard deviations of districts' shifts and of their slopes; no
        second where no district had events enough.
    districts
        In the order of their names.
    """

    people: int
    events: int
    line: Line
    apart: float
    slopes_apart: float | None
    districts: tuple[District, ...]
    scales: Scales = field(default_factory=Scales)

    def of(self, score: Floats, district: Sequence[str]) -> Floats:
        """Give log-odds of people by their own district's line; shape (people,).

        Raises
        ------
        KeyError
            For a district that is not in the pool.
        """
        lines = {one.name: one.line for one in self.districts}
        labels = np.asarray(district, dtype=object)
        log_odds = np.empty(len(score))
        for name in sorted(set(labels.tolist())):
            here = labels == name
            log_odds[here] = lines[name].of(score[here])
        return log_odds


def pool(
    score: Floats,
    outcome: NDArray[np.int64],
    district: Sequence[str],
    *,
    weight: Floats | None = None,
    names: Sequence[str] = (),
    scales: Scales | None = None,
) -> Pool:
    """Learn a province's line and every district's shift, together.

    Parameters
    ----------
    score
        Shape (people,): the province's log-odds by a model that had not seen the person.
    outcome
        Shape (people,), 0 or 1.
    district
        Everybody's district.
    weight
        How often everybody counts, such as a weight for censoring.
    names
        Districts that must be answered for although they may have nobody.
    scales
        Priors; the stated ones where they are left out.

    Raises
    ------
    TrainingError
        Where somebody has no district, lengths differ, or the score has the wrong sign.
    """
    scales = scales or Scales()
    labels = np.asarray(district, dtype=object)
    _check(score, outcome, labels, weight)
    every = sorted({*labels.tolist(), *names})
    place = {name: number for number, name in enumerate(every)}
    at = np.array([place[name] for name in labels.tolist()], dtype=np.int64)
    events = np.bincount(at, weights=outcome, minlength=len(every)).astype(np.int64)
    people = np.bincount(at, minlength=len(every))
    sloped = np.flatnonzero(events > SLOPE_EVENTS)
    centre = float(np.average(score, weights=weight)) if len(score) else 0.0

    design = _design(score - centre, at, len(every), sloped)
    found = _Mixture.over_grid(design, score, outcome, weight, len(every), len(sloped), scales)
    mean, covariance = found.moments()
    chances = sigmoid(score + design @ mean)
    counts = np.ones(len(score)) if weight is None else weight
    information = np.bincount(at, weights=counts * chances * (1.0 - chances), minlength=len(every))
    borrowed = found.borrowed(information.astype(np.float64))

    reach = NormalDist().inv_cdf((1.0 + LEVEL) / 2.0)
    slope_of = {int(number): 2 + len(every) + n for n, number in enumerate(sloped)}
    districts = []
    for number, name in enumerate(every):
        shift, error = float(mean[2 + number]), float(np.sqrt(covariance[2 + number, 2 + number]))
        into_level = np.zeros(len(mean))
        into_level[[0, 2 + number]] = 1.0
        into_slope = np.zeros(len(mean))
        into_slope[1] = 1.0
        if number in slope_of:
            into_slope[slope_of[number]] = 1.0
        districts.append(
            District(
                name=name,
                people=int(people[number]),
                events=int(events[number]),
                shift=shift,
                error=error,
                low=shift - reach * error,
                high=shift + reach * error,
                own_slope=number in slope_of,
                borrowed=float(borrowed[number]),
                line=_line(centre, np.stack([into_level, into_slope]), mean, covariance),
            )
        )
    province = np.zeros((2, len(mean)))
    province[0, 0] = province[1, 1] = 1.0
    return Pool(
        people=len(score),
        events=int(outcome.sum()),
        line=_line(centre, province, mean, covariance),
        apart=float(found.share @ found.apart),
        slopes_apart=float(found.share @ found.slopes_apart) if len(sloped) else None,
        districts=tuple(districts),
        scales=scales,
    )


def _check(
    score: Floats, outcome: NDArray[np.int64], labels: NDArray[np.object_], weight: Floats | None
) -> None:
    sizes = {len(score), len(outcome), len(labels), len(score if weight is None else weight)}
    if len(sizes) > 1:
        raise TrainingError(
            f"{len(score)} scores, {len(outcome)} outcomes and {len(labels)} districts "
            f"are not about the same people"
        )
    for row, name in enumerate(labels.tolist()):
        if not isinstance(name, str) or not name.strip():
            raise TrainingError(
                f"person {row + 1} has the district {shown(name)}; a name is needed, and people "
                f"without a district are left out of the pool"
            )
    if not np.isfinite(score).all():
        raise TrainingError("a score is not a finite number")
    if weight is not None and not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise TrainingError("a weight is negative or not a finite number")


def _design(
    away: Floats, at: NDArray[np.int64], districts: int, sloped: NDArray[np.int64]
) -> Floats:
    """Columns: level, slope, a shift for every district, a slope for those that may have one."""
    shifts = np.zeros((len(away), districts))
    shifts[np.arange(len(away)), at] = 1.0
    slopes = shifts[:, sloped] * away[:, None]
    return np.column_stack([np.ones(len(away)), away, shifts, slopes])


def _line(centre: float, into: Floats, mean: Floats, covariance: Floats) -> Line:
    """Sum the coefficients that make up a level and a slope."""
    level, slope = into @ mean
    return Line(
        centre=centre,
        level=float(level),
        slope=1.0 + float(slope),
        covariance=into @ covariance @ into.T,
    )


@dataclass(frozen=True)
class _Mixture:
    """Posteriors on a grid of how far districts lie apart, and the share of each in the whole."""

    apart: Floats
    slopes_apart: Floats
    share: Floats
    posteriors: tuple[Posterior, ...]

    @classmethod
    def over_grid(
        cls,
        design: Floats,
        score: Floats,
        outcome: NDArray[np.int64],
        weight: Floats | None,
        districts: int,
        slopes: int,
        scales: Scales,
    ) -> _Mixture:
        """Fit at every point and weigh by prior times marginal likelihood."""
        seconds = _SLOPE_GRID if slopes else _SLOPE_GRID[:1]
        points = [(one, other) for other in seconds for one in _GRID]
        # half-normal density on a grid that is even in the logarithm: density times the point
        prior = np.array(
            [_log_mass(one) + (_log_mass(two) if slopes else 0) for one, two in points]
        )
        posteriors: list[Posterior] = []
        for one, other in points:
            precision = np.concatenate(
                [
                    [scales.level**-2, scales.slope**-2],
                    np.full(districts, (one * scales.districts) ** -2),
                    np.full(slopes, (other * scales.slopes) ** -2),
                ]
            )
            posteriors.append(
                fit(
                    design,
                    outcome,
                    mean=np.zeros(design.shape[1]),
                    precision=precision,
                    offset=score,
                    weight=weight,
                    start=posteriors[-1].mean if posteriors else None,
                )
            )
        log_share = prior + np.array([posterior.log_evidence for posterior in posteriors])
        share = np.exp(log_share - log_share.max())
        return cls(
            apart=np.array([one * scales.districts for one, _ in points]),
            slopes_apart=np.array([other * scales.slopes for _, other in points]),
            share=share / share.sum(),
            posteriors=tuple(posteriors),
        )

    def moments(self) -> tuple[Floats, Floats]:
        """Mean and covariance of the whole."""
        means = np.stack([posterior.mean for posterior in self.posteriors])
        mean: Floats = self.share @ means
        within = np.einsum("k,kij->ij", self.share, [p.covariance for p in self.posteriors])
        away = means - mean
        covariance: Floats = within + (away.T * self.share) @ away
        return mean, covariance

    def borrowed(self, own: Floats) -> Floats:
        """Share of the precision of every district's level that is not from its own rows."""
        prior = self.apart[:, None] ** -2
        borrowed: Floats = 1.0 - self.share @ (own / (prior + own))
        return borrowed


def _log_mass(units: float) -> float:
    return float(np.log(units) - units**2 / 2.0)


# --- How a district stands ----------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """A district as it is reported.

    Attributes
    ----------
    before, after
        Observed over expected events by the province's score, and by the district's own line
        learned on other people; ``None`` where it has nobody.
    validation
        How far its risks have been checked.
    """

    district: District
    before: float | None
    after: float | None
    validation: Validation

    @property
    def scale(self) -> Literal["relative", "calibrated"]:
        """Whether its score may be read as a probability."""
        checked = self.validation in ("calibrated_in_pool", "calibrated_here")
        return "calibrated" if checked else "relative"


def held_out(
    score: Floats,
    outcome: NDArray[np.int64],
    district: Sequence[str],
    *,
    weight: Floats | None = None,
    scales: Scales | None = None,
    folds: int = 5,
    seed: int = 0,
) -> Floats:
    """Give everybody's log-odds by lines that were learned on the other folds' people."""
    labels = np.asarray(district, dtype=object)
    dealt = folds_of(outcome, folds, seed)
    log_odds = np.empty(len(score))
    for fold in range(folds):
        held = dealt == fold
        learned = pool(
            score[~held],
            outcome[~held],
            labels[~held].tolist(),
            weight=None if weight is None else weight[~held],
            names=sorted(set(labels.tolist())),
            scales=scales,
        )
        log_odds[held] = learned.of(score[held], labels[held].tolist())
    return log_odds


def standings(
    found: Pool,
    score: Floats,
    outcome: NDArray[np.int64],
    district: Sequence[str],
    *,
    weight: Floats | None = None,
    seed: int = 0,
) -> tuple[Standing, ...]:
    """Say how every district of a pool stands, in the order of the pool.

    Parameters
    ----------
    found
        What `pool` gave for the same people.
    seed
        Deals the people into folds for the figure *after*.
    """
    labels = np.asarray(district, dtype=object)
    counts = np.ones(len(score)) if weight is None else weight
    own = held_out(score, outcome, district, weight=weight, scales=found.scales, seed=seed)
    rows = []
    for one in found.districts:
        here = labels == one.name
        observed = float(counts[here] @ outcome[here])
        before, after = (
            observed / float(counts[here] @ sigmoid(log_odds[here]))
            if counts[here].any()
            else None
            for log_odds in (score, own)
        )
        level = validation(one.events, found.events, ranked=ranked(score[here], outcome[here]))
        rows.append(Standing(district=one, before=before, after=after, validation=level))
    return tuple(rows)


def validation(events: int, pool_events: int, *, ranked: bool) -> Validation:
    """Say how far a district's risks have been checked.

    Parameters
    ----------
    events, pool_events
        Of the district itself, and of the pool that it belongs to.
    ranked
        Whether its ranking held on its own outcomes.
    """
    if events >= CALIBRATION_EVENTS:
        return "calibrated_here"
    if pool_events >= CALIBRATION_EVENTS:
        return "calibrated_in_pool"
    return "ranks_checked_locally" if ranked else "literature_only"


def ranked(score: Floats, outcome: NDArray[np.int64]) -> bool:
    """Whether these people's outcomes show that the score ranks better than chance.

    Needs 20 events, and an AUC whose 95 % interval lies above one half (standard error of Hanley
    and McNeil 1982).
    """
    events = int(outcome.sum())
    others = len(outcome) - events
    if events < RANK_EVENTS or not others:
        return False
    area = auc(score, outcome)
    both, twice = area / (2.0 - area), 2.0 * area**2 / (1.0 + area)
    variance = (
        area * (1.0 - area) + (events - 1) * (both - area**2) + (others - 1) * (twice - area**2)
    ) / (events * others)
    return bool(area - NormalDist().inv_cdf(0.975) * np.sqrt(max(variance, 0.0)) > 0.5)
