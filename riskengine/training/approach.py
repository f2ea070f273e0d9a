"""Choosing how to learn: from data alone, or from published evidence that outcomes update.

Where there is evidence on an instrument, one Bayesian model serves at every number of outcomes,
and the additive learner comes on top of it where it earns its place. Where there is none, tables
are learned from data alone, which needs many events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.conditions import Scalar
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import EvidenceSource
from riskengine.store.lookup import find_catalogue
from riskengine.training.closed_test import closed_test
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_model import cited
from riskengine.training.evidence_tables import evidence_tables
from riskengine.training.folds import folds_of
from riskengine.training.from_evidence import find_evidence
from riskengine.training.informed import Informed, Mixture
from riskengine.training.learner import Learner, Observed
from riskengine.training.on_top import ADDITIVE_FROM, Rival, earned
from riskengine.training.people import People
from riskengine.training.points_form import PointsProcedure
from riskengine.training.procedure import Learns, OutOfFold, Procedure, cross_fit
from riskengine.training.progress import Report
from riskengine.training.settings import Settings
from riskengine.training.tables import Floats
from riskengine.training.update import Start, Updated
from riskengine.training.update_words import options_of

FEWEST_TO_MEASURE = 20
"""Fewer people with the event, or without it, say nothing that is worth a figure."""
MANY_PEOPLE = 5000
"""From here on one cross-validation is steady enough; below it is repeated."""
UPDATE, UPDATE_AND_ADDITIVE = "bayesian_update", "bayesian_update_and_additive"

POINTS = "points_form"
DIRECTIONS = ("monotonicity", "projected minus free tables")
ROUNDING = ("rounding", "whole points minus the regression behind them")

Options = Mapping[str, Scalar | tuple[Scalar, ...]]


@dataclass(frozen=True)
class Approach:
    """How tables will be learned, and what trying it out of fold has shown.

    Attributes
    ----------
    name
        As it is written into the model.
    out_of_fold
        ``None`` where there are too few people with or without the event.
    told
        What the card has to say about it.
    cited
        The publications that it starts from.
    restraint
        What parts the kept tables from the free ones: its name, and what is compared.
    updated
        The update with everybody's outcomes, where learning starts at the evidence.
    """

    name: str
    procedure: Procedure | Informed | Mixture | PointsProcedure
    out_of_fold: OutOfFold | None
    told: Options
    cited: tuple[EvidenceSource, ...] = ()
    restraint: tuple[str, str] = DIRECTIONS
    updated: Updated | None = None

    @property
    def from_data(self) -> bool:
        """Whether a learner from data alone has a part in it."""
        return not isinstance(self.procedure, Informed)


def has_evidence(instrument: Instrument) -> bool:
    """Whether there are published effects on an instrument's items."""
    raw = find_catalogue("evidence", instrument.id)
    return isinstance(raw, Mapping) and bool(raw.get("effects"))


def data_alone(learner: Learner, people: People, settings: Settings, report: Report) -> Approach:
    """Learn from the cohort and nothing else."""
    procedure = Procedure(items=people.items, learner=learner, seed=settings.seed)
    found = _cross_fit(procedure, people, settings, report, further=people.further)
    return Approach(learner.name, procedure, found, learner.options())


def points_alone(people: People, settings: Settings, report: Report) -> Approach:
    """Learn a points form from the cohort and nothing else."""
    procedure = PointsProcedure(people.items, settings.seed)
    found = _cross_fit(procedure, people, settings, report)
    return Approach(POINTS, procedure, found, {}, restraint=ROUNDING)


def _cross_fit(
    procedure: Learns,
    people: People,
    settings: Settings,
    report: Report,
    *,
    further: Sequence[Observed] = (),
) -> OutOfFold:
    cohort = people.cohort
    return cross_fit(
        procedure,
        people.states,
        cohort.outcome,
        folds_of(cohort.outcome, settings.folds, settings.seed),
        report("cross-validation", settings.folds),
        weight=cohort.censoring_weight,
        further=further,
        processes=settings.threads,
    )


def start_of(
    evidence: EvidenceDocument, instrument: Instrument, people: People, base_rate: float | None
) -> Start:
    """Give what is believed before any outcome.

    Without a stated base rate the level starts near the cohort's own, with a prior so wide that
    the outcomes decide it.
    """
    cohort = people.cohort
    own = (float(cohort.weight @ cohort.outcome) + 0.5) / (cohort.people + 1.0)
    found = evidence_tables(
        evidence,
        instrument,
        people.items,
        people.reference,
        base_rate=own if base_rate is None else base_rate,
    )
    return Start(
        tables=found.tables,
        effects=tuple(column.exposure for column in found.columns),
        covariance=found.covariance,
        base_rate_stated=base_rate is not None,
    )


def from_evidence(
    instrument: Instrument,
    learner: Learner,
    people: People,
    settings: Settings,
    report: Report,
) -> Approach:
    """Start from published evidence; from 500 events the additive learner is tried on top.

    Raises
    ------
    TrainingError
        Where none of the evidence speaks of an item that the cohort holds.
    """
    evidence = find_evidence(instrument)
    start = start_of(evidence, instrument, people, settings.base_rate)
    informed = Informed(people.items, start, settings.seed, population=people.reference)
    procedure: Informed | Mixture = informed
    out_of_fold, on_top = None, None
    cohort = people.cohort
    if min(cohort.events, cohort.people - cohort.events) >= FEWEST_TO_MEASURE:
        additive = Procedure(items=people.items, learner=learner, seed=settings.seed)
        tried = _both(informed, additive, people, settings, report)
        out_of_fold = tried[0][0]
        if cohort.events >= ADDITIVE_FROM:
            on_top = earned(
                [Rival(one.kept, other.kept, one.folds) for one, other in tried],
                cohort.outcome,
                cohort.censoring_weight,
            )
            if on_top.share:
                procedure = Mixture(informed, additive, on_top.share)
                out_of_fold = _mixed(*tried[0], on_top.share)
    whole = informed.updated(people.states, cohort.outcome, weight=people.counts)
    test = closed_test(start.tables, people.items, people.states, cohort.outcome)
    told = options_of(whole, base_rate=settings.base_rate, on_top=on_top, verdict=test.verdict)
    mixed = isinstance(procedure, Mixture)
    return Approach(
        name=UPDATE_AND_ADDITIVE if mixed else UPDATE,
        procedure=procedure,
        out_of_fold=out_of_fold,
        told={
            "evidence": f"{evidence.id}@{evidence.version}",
            **(learner.options() if mixed else {}),
            **told,
        },
        cited=cited(evidence),
        updated=whole,
    )


def _both(
    informed: Informed, additive: Procedure, people: People, settings: Settings, report: Report
) -> list[tuple[OutOfFold, OutOfFold]]:
    """Score everybody out of fold by the update and, with events enough, by the additive learner.

    Few people are dealt into folds twice, since one deal says little about them.
    """
    cohort = people.cohort
    repeats = 1 if cohort.people >= MANY_PEOPLE else 2
    tries = cohort.events >= ADDITIVE_FROM
    step = report("cross-validation", settings.folds * repeats * (2 if tries else 1))
    found = []
    for repeat in range(repeats):
        dealt = folds_of(cohort.outcome, settings.folds, settings.seed + repeat)

        def fitted(
            procedure: Learns, weight: Floats | None, dealt: NDArray[np.int64] = dealt
        ) -> OutOfFold:
            return cross_fit(
                procedure,
                people.states,
                cohort.outcome,
                dealt,
                step,
                weight=weight,
                processes=settings.threads,
            )

        one = fitted(informed, people.counts)
        found.append((one, fitted(additive, cohort.censoring_weight) if tries else one))
    return found


def _mixed(update: OutOfFold, additive: OutOfFold, share: float) -> OutOfFold:
    return OutOfFold(
        free=(1 - share) * update.free + share * additive.free,
        kept=(1 - share) * update.kept + share * additive.kept,
        folds=update.folds,
    )
