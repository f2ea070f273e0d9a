"""The people that a model is learned from, laid out on its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training.assessments import Answers
from riskengine.training.axes import (
    ScoredItem,
    States,
    candidates,
    encode,
    with_reference,
)
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.learner import Observed
from riskengine.training.tables import Floats

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class People:
    """Everybody with a known outcome, and whom they are measured against.

    Attributes
    ----------
    states
        Shape (people, items).
    reference
        Shape (anybody, items): the reference population. The people themselves, or everybody in a
        file of unlabelled assessments.
    further
        What happened to the same people by other horizons.
    population
        The file of assessments, where there is one.
    """

    cohort: Cohort
    items: tuple[ScoredItem, ...]
    states: States
    reference: States
    further: tuple[Observed, ...] = ()
    population: Answers | None = None

    @property
    def counts(self) -> Floats | None:
        """Weights for a posterior: they sum to the effective sample size."""
        return None if self.cohort.censoring_weight is None else self.cohort.counts


def people_of(
    instrument: Instrument,
    cohort: Cohort,
    population: Answers | None,
    further: Sequence[Observed],
    *,
    include_protected: bool,
) -> People:
    """Lay a cohort out on the axes that a model may learn from.

    Raises
    ------
    TrainingError
        Where a file of assessments holds nobody.
    """
    items = candidates(instrument, cohort, include_protected=include_protected)
    states = encode(cohort, items)
    reference = states
    if population is not None:
        if not population.people:
            raise TrainingError(f"{population.source} holds no assessment that could be read")
        reference = encode(population, items)
    return People(
        cohort=cohort,
        items=with_reference(items, reference),
        states=states,
        reference=reference,
        further=tuple(further),
        population=population,
    )


def further_of(
    source: Path | str | pd.DataFrame,
    instrument: Instrument,
    cohort: Cohort,
    outcomes: Sequence[str],
    extracted_on: date | None,
) -> tuple[Observed, ...]:
    """Read what else happened to the people of a cohort.

    Somebody without a label there counts for nothing there. An outcome among survivors, such as
    an arrest in the second year, has labels for those alone.

    Raises
    ------
    TrainingError
        Where an outcome cannot be read.
    """
    found = []
    for outcome in outcomes:
        other = read_cohort(source, instrument, outcome, extracted_on=extracted_on)
        if cohort.at is None or other.at is None:
            raise TrainingError(f"{cohort.source}: it is not known which row each person is from")
        both, here, there = np.intersect1d(
            cohort.at, other.at, assume_unique=True, return_indices=True
        )
        labels = np.zeros(cohort.people, dtype=np.int64)
        weight = np.zeros(cohort.people)
        labels[here] = other.outcome[there]
        weight[here] = other.weight[there]
        if not labels.any() or len(both) == labels.sum():
            raise TrainingError(
                f"{cohort.source}: outcome [{outcome}] tells no two people of [{len(both)}] apart"
            )
        found.append(Observed(labels, weight))
    return tuple(found)
