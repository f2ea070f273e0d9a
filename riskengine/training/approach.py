"""Choosing how to learn: from data alone, or from published evidence that outcomes update.

Where there is evidence on an instrument, one Bayesian model serves at every number of outcomes,
and the additive learner comes on top of it where it earns its place. Where there is none, tables
are learned from data alone, which needs many events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskengine.errors import TrainingError
from riskengine.instrument.conditions import Scalar
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import EvidenceSource
from riskengine.store.lookup import find_catalogue
from riskengine.training.axes import ScoredItem, States
from riskengine.training.closed_test import closed_test
from riskengine.training.cohort import Cohort
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_model import cited
from riskengine.training.evidence_tables import evidence_tables
from riskengine.training.folds import folds_of
from riskengine.training.from_evidence import find_evidence
from riskengine.training.informed import Informed, Mixture
from riskengine.training.learner import Learner
from riskengine.training.on_top import ADDITIVE_FROM, OnTop, Rival, earned
from riskengine.training.procedure import OutOfFold, Procedure, cross_fit
from riskengine.training.progress import Report
from riskengine.training.tables import Floats
from riskengine.training.update import Start, Updated
from riskengine.training.update_words import options_of

FEWEST_TO_MEASURE = 20
"""Fewer people with the event, or without it, say nothing that is worth a figure."""
MANY_PEOPLE = 5000
"""From here on one cross-validation is steady enough; below it is repeated."""
UPDATE, UPDATE_AND_ADDITIVE = "bayesian_update", "bayesian_update_and_additive"

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
    """

    name: str
    procedure: Procedure | Informed | Mixture
    out_of_fold: OutOfFold | None
    told: Options
    cited: tuple[EvidenceSource, ...] = ()

    @property
    def from_data(self) -> bool:
        """Whether a learner from data alone has a part in it."""
        return not isinstance(self.procedure, Informed)


def has_evidence(instrument: Instrument) -> bool:
    """Whether there are published effects on an instrument's items."""
    raw = find_catalogue("evidence", instrument.id)
    return isinstance(raw, Mapping) and bool(raw.get("effects"))


def data_alone(
    learner: Learner,
    items: tuple[ScoredItem, ...],
    states: States,
    cohort: Cohort,
    *,
    folds: int,
    seed: int,
    processes: int,
    report: Report,
) -> Approach:
    """Learn from the cohort and nothing else."""
    procedure = Procedure(items=items, learner=learner, seed=seed)
    dealt = folds_of(cohort.outcome, folds, seed)
    found = cross_fit(
        procedure,
        states,
        cohort.outcome,
        dealt,
        report("cross-validation", folds),
        weight=cohort.censoring_weight,
        processes=processes,
    )
    return Approach(learner.name, procedure, found, learner.options())


def start_of(
    evidence: EvidenceDocument,
    instrument: Instrument,
    items: tuple[ScoredItem, ...],
    states: States,
    cohort: Cohort,
    base_rate: float | None,
) -> Start:
    """Give what is believed before any outcome.

    Without a stated base rate the level starts near the cohort's own, with a prior so wide that
    the outcomes decide it.
    """
    own = (float(cohort.weight @ cohort.outcome) + 0.5) / (cohort.people + 1.0)
    found = evidence_tables(
        evidence, instrument, items, states, base_rate=own if base_rate is None else base_rate
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
    items: tuple[ScoredItem, ...],
    states: States,
    cohort: Cohort,
    *,
    base_rate: float | None,
    folds: int,
    seed: int,
    processes: int,
    report: Report,
) -> Approach:
    """Start from published evidence; from 500 events the additive learner is tried on top.

    Raises
    ------
    TrainingError
        Where there is no evidence on the instrument.
    """
    evidence = find_evidence(instrument)
    if not evidence.effects:
        raise TrainingError(
            f"the evidence on [{instrument.id}] is a whole published scale, which no outcome "
            f"updates; take --learner ebm or light"
        )
    start = start_of(evidence, instrument, items, states, cohort, base_rate)
    informed = Informed(items=items, start=start, seed=seed)
    procedure: Informed | Mixture = informed
    out_of_fold: OutOfFold | None = None
    on_top: OnTop | None = None
    if min(cohort.events, cohort.people - cohort.events) >= FEWEST_TO_MEASURE:
        repeats = 1 if cohort.people >= MANY_PEOPLE else 2
        tries = cohort.events >= ADDITIVE_FROM
        additive = Procedure(items=items, learner=learner, seed=seed)
        step = report("cross-validation", folds * repeats * (2 if tries else 1))
        pairs: list[tuple[OutOfFold, OutOfFold]] = []
        for repeat in range(repeats):
            dealt = folds_of(cohort.outcome, folds, seed + repeat)
            both = [
                cross_fit(
                    one,
                    states,
                    cohort.outcome,
                    dealt,
                    step,
                    weight=weight,
                    processes=processes,
                )
                for one, weight in (
                    (informed, _counts(cohort)),
                    *(((additive, cohort.censoring_weight),) if tries else ()),
                )
            ]
            pairs.append((both[0], both[-1]))
        out_of_fold = pairs[0][0]
        if tries:
            on_top = earned(
                [Rival(one.kept, other.kept, one.folds) for one, other in pairs],
                cohort.outcome,
                cohort.censoring_weight,
            )
        if on_top is not None and on_top.share:
            procedure = Mixture(informed, additive, on_top.share)
            out_of_fold = _mixed(*pairs[0], on_top.share)
    whole = informed.updated(states, cohort.outcome, weight=_counts(cohort))
    told = _told(whole, informed, states, cohort, base_rate, on_top)
    if isinstance(procedure, Mixture):
        told = {**learner.options(), **told}
    return Approach(
        name=UPDATE_AND_ADDITIVE if isinstance(procedure, Mixture) else UPDATE,
        procedure=procedure,
        out_of_fold=out_of_fold,
        told={"evidence": f"{evidence.id}@{evidence.version}", **told},
        cited=cited(evidence),
    )


def _counts(cohort: Cohort) -> Floats | None:
    """Weights of a posterior: they sum to the effective sample size."""
    return None if cohort.censoring_weight is None else cohort.counts


def _mixed(update: OutOfFold, additive: OutOfFold, share: float) -> OutOfFold:
    return OutOfFold(
        free=(1 - share) * update.free + share * additive.free,
        kept=(1 - share) * update.kept + share * additive.kept,
        folds=update.folds,
    )


def _told(
    updated: Updated,
    informed: Informed,
    states: States,
    cohort: Cohort,
    base_rate: float | None,
    on_top: OnTop | None,
) -> Options:
    test = closed_test(informed.start.tables, informed.items, states, cohort.outcome)
    return options_of(updated, base_rate=base_rate, on_top=on_top, verdict=test.verdict)
