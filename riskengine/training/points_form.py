"""The operational points form: a dozen items and whole points, learned from a cohort.

Select, regress, round (Jung, Concannon, Shroff, Goel and Goldstein 2020, "Simple rules to guide
expert classifications"), each step judged on people whom it had not seen:

1. *Select.* Items enter one at a time, each the one that raises the cross-validated log score of
   a penalised logistic regression most, up to a dozen; of these sizes the smallest is kept whose
   score lies within a standard error of the best.
2. *Regress.* On the chosen items, with enforced directions kept and answers that are not known at
   exactly what an average answer is worth.
3. *Round.* Every answer's log-odds against the item's typical answer, divided by one common unit,
   to whole points. The unit is the largest whose cross-validated log score lies within a standard
   error of the best, so that points are as small as the data allow.

Points become log-odds by a unit and an offset alone: what paper adds up is what the program
computes. Nothing here sees people outside the training rows; the standard errors that stop the
selection are optimistic (the same people chose the items), so the form is measured from outside,
by cross-validation of all of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.instrument.items import Item
from riskengine.training.axes import ScoredItem, States
from riskengine.training.calibration import Sigmoid
from riskengine.training.folds import folds_of
from riskengine.training.points_coding import columns_of
from riskengine.training.points_rounding import Rounding, added, line
from riskengine.training.points_selection import Fold, People, likeliest_spread, select
from riskengine.training.procedure import Learned
from riskengine.training.tables import Floats, Tables, marginals

Integers = NDArray[np.int64]

MOST_ITEMS = 12
"""More scored items than this nobody adds up by hand."""
INNER_FOLDS = 5


@dataclass(frozen=True)
class PointsTables:
    """A form that can be added up by hand.

    Attributes
    ----------
    columns
        Position of every item among the candidates, in their order.
    cells
        Points of every state of every item; zero for the typical answer and where not known.
    unit, offset
        Log-odds of one point, and of no points at all.
    """

    items: tuple[ScoredItem, ...]
    columns: tuple[int, ...]
    cells: tuple[Integers, ...]
    unit: float
    offset: float

    def points(self, states: States) -> Integers:
        """Add up the points of people.

        Parameters
        ----------
        states
            Shape (people, candidates): on the axes of all candidates, chosen or not.
        """
        return added(self.cells, self.columns, states)

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest score that any answers give."""
        return sum(int(c.min()) for c in self.cells), sum(int(c.max()) for c in self.cells)

    def calibrated(self, sigmoid: Sigmoid) -> PointsTables:
        """Give the same points with a calibrated unit and offset."""
        return replace(
            self,
            unit=sigmoid.slope * self.unit,
            offset=sigmoid.intercept + sigmoid.slope * self.offset,
        )

    def in_log_odds(self, items: Sequence[ScoredItem]) -> Tables:
        """Give the same as tables over all candidates; those not chosen are zero."""
        mains: list[Floats] = [np.zeros(item.axis.states) for item in items]
        for column, cells in zip(self.columns, self.cells, strict=True):
            mains[column] += self.unit * cells
        return Tables(intercept=self.offset, mains=tuple(mains), pairs={})


@dataclass(frozen=True)
class Entered:
    """One step of the selection.

    Attributes
    ----------
    item
        Id of the item that entered.
    log_score
        Cross-validated mean log score with it; larger is better.
    behind, error
        How far that lies behind the best size, and the standard error of this, over people.
    """

    item: str
    log_score: float
    behind: float
    error: float


@dataclass(frozen=True)
class PointsForm:
    """A learned form, and how it came about.

    Attributes
    ----------
    tables
        The form.
    unrounded
        The regression behind it, over all candidates.
    path
        Items in the order in which they entered, beyond the chosen size too.
    spread
        Prior standard deviation that the marginal likelihood chose.
    """

    tables: PointsTables
    unrounded: Tables
    path: tuple[Entered, ...]
    spread: float

    def learned(self, items: Sequence[ScoredItem]) -> Learned:
        """Give the regression before rounding as ``free``, the points as ``tables``."""
        return Learned(free=self.unrounded, tables=self.tables.in_log_odds(items))

    def options(self) -> dict[str, bool | int | float | str | tuple[str, ...]]:
        """Choices that are written into the model."""
        low, high = self.tables.range
        return {
            "asked": tuple(item.id for item in self.tables.items),
            "entered": tuple(entered.item for entered in self.path),
            "prior_spread": self.spread,
            "lowest_points": low,
            "highest_points": high,
        }


@dataclass(frozen=True)
class PointsProcedure:
    """The whole procedure of the form, shaped like `riskengine.training.procedure.Procedure`."""

    items: tuple[ScoredItem, ...]
    seed: int
    most_items: int = MOST_ITEMS

    def learn(self, states: States, outcome: Integers, *, weight: Floats | None = None) -> Learned:
        """Learn a form; ``free`` is the regression before rounding, ``tables`` the points."""
        return self.form(states, outcome, weight=weight).learned(self.items)

    def form(
        self, states: States, outcome: Integers, *, weight: Floats | None = None
    ) -> PointsForm:
        """Learn a form and how it came about."""
        return points_form(
            self.items, states, outcome, most_items=self.most_items, weight=weight, seed=self.seed
        )


def points_form(
    items: Sequence[ScoredItem],
    states: States,
    outcome: Integers,
    *,
    most_items: int = MOST_ITEMS,
    weight: Floats | None = None,
    seed: int,
) -> PointsForm:
    """Learn a form from people.

    Parameters
    ----------
    items
        Candidates; none may be protected.
    states
        Shape (people, items).
    outcome
        Shape (people,), 0 or 1.
    most_items
        At most so many are asked; no more than a dozen.
    weight
        Weight of every person, such as the inverse of the chance of still being followed up; all
        alike where it is left out.
    seed
        Deals the inner folds.

    Raises
    ------
    TrainingError
        Where an item is protected, the number of items is none that a person can add up, outcomes
        are too few, or no item forecasts anything.
    """
    counts = np.ones(len(outcome)) if weight is None else weight
    _check(items, outcome[counts > 0], most_items)
    weights = marginals(items, states)
    columns = columns_of(items, weights)
    design = columns.design(states)
    spread = likeliest_spread(columns, design, outcome, counts)
    people = People(states, design, outcome, counts, columns, columns.precision(spread))
    dealt = folds_of(outcome, INNER_FOLDS, seed)
    folds = [Fold(people.among(dealt != f), people.among(dealt == f)) for f in range(INNER_FOLDS)]

    selection = select(folds, most_items)
    size = selection.judged.simplest()
    inside = sorted(selection.chosen[: size + 1])
    beta = people.fit(inside)
    rounding = Rounding(columns, weights, inside)
    unit = rounding.largest_unit(folds, selection.coefficients[size], beta)
    cells = dict(zip(inside, rounding.cells(beta, unit), strict=True))
    asked = [column for column in inside if cells[column].any()]  # worth no point: not asked
    tables = _calibrated(
        items, asked, [cells[column] for column in asked], states, outcome, counts
    )
    return PointsForm(
        tables=tables,
        unrounded=Tables(
            intercept=float(beta[0]),
            mains=tuple(columns.table(column, beta) for column in range(len(items))),
            pairs={},
        ),
        path=tuple(
            Entered(items[column].id, float(mean), *selection.judged.behind(place))
            for place, (column, mean) in enumerate(
                zip(selection.chosen, selection.judged.means, strict=True)
            )
        ),
        spread=spread,
    )


def _calibrated(
    items: Sequence[ScoredItem],
    asked: Sequence[int],
    cells: Sequence[Integers],
    states: States,
    outcome: Integers,
    counts: Floats,
) -> PointsTables:
    """Give points their log-odds, by the people from whom they were learned."""
    slope, offset = line(added(cells, asked, states), outcome, counts)
    if not slope > 0:
        raise TrainingError("people with more points have fewer events: nothing was learned")
    return PointsTables(
        items=tuple(items[column] for column in asked),
        columns=tuple(asked),
        cells=tuple(cells),
        unit=slope,
        offset=offset,
    )


def _check(items: Sequence[ScoredItem], outcome: Integers, most_items: int) -> None:
    if not 1 <= most_items <= MOST_ITEMS:
        raise TrainingError(
            f"a points form of at most {most_items} items; accepted are 1 to {MOST_ITEMS}, "
            f"which is what a person can add up"
        )
    for scored in items:
        if isinstance(scored.item, Item) and scored.item.protected:
            raise TrainingError(
                f"item [{scored.id}] is protected; a points form is learned without it"
            )
    events = int(outcome.sum())
    if min(events, len(outcome) - events) < 2 * INNER_FOLDS:
        raise TrainingError(
            f"{events} events among {len(outcome)} people: too few to choose items by; "
            f"at least {2 * INNER_FOLDS} with and as many without are needed. "
            f"Build from evidence (--evidence-only) instead"
        )
