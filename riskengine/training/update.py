"""Learning from a district's own outcomes, in steps whose risk is known.

One Bayesian model at every number of outcomes::

    log-odds = a + b x evidence score + deviations of published effects + deviations of items

It starts at the published evidence and opens with the number of events: the intercept always, the
slope and the deviations from 20. What is not open stays at the evidence, and its error stays as
large as the evidence has it. How far deviations go is not chosen: their scales are
averaged over a small grid by marginal likelihood (Laplace), with half a normal distribution as
their own prior. No test decides anything; the closed test of `riskengine.training.closed_test` is
printed for the reader and selects nothing.

Sources: Steyerberg et al. 2004 (shrinkage when a model is updated); Vergouwe et al. 2017 (closed
testing, and how it overfits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskengine.training import deviations, penalised
from riskengine.training.axes import ScoredItem, States
from riskengine.training.deviations import Basis, Scales
from riskengine.training.penalised import Posterior
from riskengine.training.tables import Floats, Tables, centred, marginals, merge

OPEN_FROM = 20
"""Events from which the evidence score may be stretched or shrunk, and single items may depart
from it. Waiting for 50 before items may depart was tried: on fifty outcomes of Georgia's first
half it left the average draw no better than the evidence, and on a hundred of North Carolina's it
was the worse of the two; on Iowa's, whose evidence is thin, the two were level."""


@dataclass(frozen=True)
class Priors:
    """What is believed before the district's own outcomes; all in log-odds.

    Attributes
    ----------
    intercept_sd
        How far the district's base rate may lie from the one that was stated for it. From one
        year to the next it moved by -.03, +.10 and +.11 in Iowa (releases reported in 2013-2016).
    unstated_sd
        The same where no base rate was stated for the district.
    slope_sd
        How far the evidence score may have to be stretched around 1.
    effects, trends, shapes
        Grids of the scales of deviations: of published effects, standardised over the reference
        population, and of the trends and shapes of items.
    scale_sd
        Of the half-normal prior of these scales.
    """

    intercept_sd: float = 0.1
    unstated_sd: float = 1.0
    slope_sd: float = 0.25
    effects: tuple[float, ...] = (0.05, 0.1, 0.2)
    trends: tuple[float, ...] = (0.02, 0.05, 0.1, 0.15)
    shapes: tuple[float, ...] = (0.02, 0.05, 0.1)
    scale_sd: float = 0.1


DEFAULT = Priors()


@dataclass(frozen=True)
class Start:
    """What is believed before any outcome.

    Attributes
    ----------
    tables
        The evidence score in log-odds; its intercept gives the base rate.
    effects
        What every published effect contributes where its coefficient is 1: tables with an
        intercept of zero that average to zero over the reference population.
    covariance
        Of the effects' coefficients, transport included; shape (effects, effects).
    base_rate_stated
        Whether the intercept was solved for a base rate stated for this district.
    """

    tables: Tables
    effects: tuple[Tables, ...] = ()
    covariance: Floats | None = None
    base_rate_stated: bool = True


@dataclass(frozen=True)
class Spreads:
    """Prior standard deviations of all kinds of deviations, in log-odds."""

    effect: float
    item: Scales


@dataclass(frozen=True)
class Component:
    """One setting of the scales, how plausible it is, and what follows from it."""

    spreads: Spreads | None
    share: float
    posterior: Posterior


@dataclass(frozen=True)
class Unknowns:
    """All that may move: tables that are multiplied by a coefficient, and columns of items.

    Attributes
    ----------
    start
        The evidence, centred; its intercept is the stated one.
    whole
        Tables with a coefficient each: everybody alike, then the evidence's score where its slope
        is open, then the published effects, standardised, where deviations are.
    bases
        Columns of the items, where deviations are open.
    """

    start: Tables
    whole: tuple[Tables, ...]
    bases: tuple[Basis, ...]
    slope_open: bool

    @property
    def effects(self) -> int:
        """Number of published effects that may deviate."""
        return len(self.whole) - 1 - self.slope_open

    def design(self, states: States) -> Floats:
        """Columns of people; shape (people, coefficients)."""
        columns = [one.score(states) for one in self.whole]
        return np.column_stack([*columns, deviations.design(self.bases, states)])

    def offset(self, states: States) -> Floats:
        """Log-odds of people that no coefficient touches; shape (people,)."""
        if self.slope_open:
            return np.full(len(states), self.start.intercept)
        return self.start.score(states)

    def tables(self, coefficients: Floats) -> Tables:
        """Put everything together."""
        fixed = self.start
        if self.slope_open:
            fixed = replace(fixed.affine(0.0, 0.0), intercept=fixed.intercept)
        size = len(self.whole)
        whole = merge([fixed, *self.whole], [1.0, *coefficients[:size]])
        if not self.bases:
            return whole
        moved = deviations.tables_of(self.bases, coefficients[size:])
        mains = tuple(a + b for a, b in zip(whole.mains, moved, strict=True))
        return replace(whole, mains=mains)


@dataclass(frozen=True)
class Updated:
    """What is believed after the district's own outcomes.

    Attributes
    ----------
    tables
        Posterior mean, centred on the reference population. No direction is imposed yet.
    opened
        What the number of events allowed to move: of ``intercept``, ``slope``, ``deviations``.
    intercept, slope
        Mean and standard deviation of what was added to the evidence's intercept, and of the
        factor on its score.
    spreads
        Posterior mean of the scales, where deviations were open.
    components
        The mixture that all of it is the mean of.
    """

    tables: Tables
    opened: tuple[str, ...]
    people: int
    events: int
    intercept: tuple[float, float]
    slope: tuple[float, float]
    spreads: Spreads | None
    components: tuple[Component, ...]
    start: Start
    unknowns: Unknowns
    items: tuple[ScoredItem, ...]
    weights: tuple[Floats, ...]

    def draws(self, number: int, seed: int) -> list[Tables]:
        """Draw tables from the posterior: replicates of the whole model.

        Where published effects may not deviate yet, their own errors are drawn as the evidence
        has them.

        Parameters
        ----------
        number
            How many; at least 100 for an interval.
        """
        rng = np.random.default_rng(seed)
        shares = np.array([component.share for component in self.components])
        counts = rng.multinomial(number, shares / shares.sum())
        errors = self._errors(number, rng)
        found: list[Tables] = []
        for component, count in zip(self.components, counts, strict=True):
            own_seed = int(rng.integers(2**31))
            for coefficients in component.posterior.draws(int(count), own_seed):
                drawn = self.unknowns.tables(coefficients)
                if errors is not None:
                    drawn = merge([drawn, *self.start.effects], [1.0, *errors[len(found)]])
                found.append(centred(drawn, self.items, self.weights))
        return found

    def _errors(self, number: int, rng: np.random.Generator) -> Floats | None:
        covariance = self.start.covariance
        if covariance is None or "deviations" in self.opened:
            return None
        drawn: Floats = rng.multivariate_normal(
            np.zeros(len(covariance)), covariance, size=number, method="eigh"
        )
        return drawn


def opened_by(events: int) -> tuple[str, ...]:
    """Say what a number of events allows to move."""
    return ("intercept", "slope", "deviations") if events >= OPEN_FROM else ("intercept",)


def update(
    start: Start,
    items: Sequence[ScoredItem],
    states: States,
    outcome: NDArray[np.int64],
    *,
    weight: Floats | None = None,
    reference: States | None = None,
    priors: Priors = DEFAULT,
) -> Updated:
    """Update the evidence with people whose outcome is known.

    Parameters
    ----------
    items, states, outcome, weight
        The people, as for every learner; there may be none.
    reference
        The population that zero stands for; the people themselves where it is left out.
    """
    items = tuple(items)
    population = states if reference is None else reference
    weights = marginals(items, population)
    opened = opened_by(int(outcome.sum()))
    unknowns = _unknowns(start, items, population, weights, opened)
    components = _fitted(unknowns, states, outcome, weight, start, priors)
    mean, deviation = _moments(components)
    slope_open = unknowns.slope_open
    return Updated(
        tables=centred(unknowns.tables(mean), items, weights),
        opened=opened,
        people=len(states),
        events=int(outcome.sum()),
        intercept=(float(mean[0]), float(deviation[0])),
        slope=(float(mean[1]), float(deviation[1])) if slope_open else (1.0, 0.0),
        spreads=_mean_spreads(components),
        components=components,
        start=start,
        unknowns=unknowns,
        items=items,
        weights=weights,
    )


def _unknowns(
    start: Start,
    items: tuple[ScoredItem, ...],
    population: States,
    weights: Sequence[Floats],
    opened: Sequence[str],
) -> Unknowns:
    tables = centred(start.tables, items, weights)
    nothing = tables.affine(0.0, 0.0)
    whole = [replace(nothing, intercept=1.0)]
    bases: tuple[Basis, ...] = ()
    slope_open = "slope" in opened  # the deviations open with it
    if slope_open:
        whole.append(replace(tables, intercept=0.0))
        bases = deviations.basis_of(items)
        for effect in start.effects:
            spread = float(effect.score(population).std())
            if spread > 0:
                whole.append(centred(effect.affine(1.0 / spread, 0.0), items, weights))
    return Unknowns(start=tables, whole=tuple(whole), bases=bases, slope_open=slope_open)


def _fitted(
    unknowns: Unknowns,
    states: States,
    outcome: NDArray[np.int64],
    weight: Floats | None,
    start: Start,
    priors: Priors,
) -> tuple[Component, ...]:
    """Fit at every setting of the scales and say how plausible each is."""
    columns, offset = unknowns.design(states), unknowns.offset(states)
    found: list[tuple[Spreads | None, Posterior]] = []
    logs: list[float] = []
    for spreads in _grid(unknowns, priors):
        mean, variance = _prior(unknowns, spreads, start, priors)
        posterior = penalised.fit(
            columns,
            outcome,
            mean=mean,
            precision=1.0 / variance,
            offset=offset,
            weight=weight,
            start=found[-1][1].mean if found else None,
        )
        found.append((spreads, posterior))
        logs.append(posterior.log_evidence + _log_prior(spreads, priors))
    shares = np.exp(np.array(logs) - max(logs))
    shares /= shares.sum()
    return tuple(
        Component(spreads, float(share), posterior)
        for (spreads, posterior), share in zip(found, shares, strict=True)
    )


def _grid(unknowns: Unknowns, priors: Priors) -> list[Spreads | None]:
    if not unknowns.bases:
        return [None]
    return [
        Spreads(effect, Scales(trend, shape))
        for effect in (priors.effects if unknowns.effects else priors.effects[:1])
        for trend in priors.trends
        for shape in priors.shapes
    ]


def _prior(
    unknowns: Unknowns, spreads: Spreads | None, start: Start, priors: Priors
) -> tuple[Floats, Floats]:
    """Mean and variance of every coefficient."""
    level = priors.intercept_sd if start.base_rate_stated else priors.unstated_sd
    mean, variance = [0.0], [level**2]
    if unknowns.slope_open:
        mean.append(1.0)
        variance.append(priors.slope_sd**2)
    if spreads is None:
        return np.array(mean), np.array(variance)
    mean += [0.0] * unknowns.effects
    variance += [spreads.effect**2] * unknowns.effects
    of_items = deviations.prior(unknowns.bases, spreads.item)
    return np.concatenate([mean, of_items[0]]), np.concatenate([variance, of_items[1]])


def _log_prior(spreads: Spreads | None, priors: Priors) -> float:
    if spreads is None:
        return 0.0
    scales = (spreads.effect, spreads.item.trend, spreads.item.shape)
    return -0.5 * sum(scale**2 for scale in scales) / priors.scale_sd**2


def _moments(components: Sequence[Component]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of every coefficient over the mixture."""
    shares = np.array([one.share for one in components])
    means = np.stack([one.posterior.mean for one in components])
    variances = np.stack([np.diag(one.posterior.covariance) for one in components])
    mean: Floats = shares @ means
    deviation: Floats = np.sqrt(shares @ (variances + (means - mean) ** 2))
    return mean, deviation


def _mean_spreads(components: Sequence[Component]) -> Spreads | None:
    effect = trend = shape = 0.0
    for one in components:
        if one.spreads is None:
            return None
        effect += one.share * one.spreads.effect
        trend += one.share * one.spreads.item.trend
        shape += one.share * one.spreads.item.shape
    return Spreads(effect, Scales(trend, shape))
