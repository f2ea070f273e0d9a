"""From float tables to ``model.json``: whole cells, reference weights, uncertainty, golden people.

Nothing in the document depends on who trained it, when, or where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from riskengine.errors import TrainingError
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.conditions import Scalar
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import (
    FACTOR_BITS,
    FORMAT,
    LOG_ODDS_BITS,
    REFERENCE_TOTAL,
    Calibration,
    EvidenceSource,
    Golden,
    InstrumentReference,
    LogOdds,
    Metric,
    ReferencePopulation,
    ScorecardDocument,
    TableTerm,
    Training,
    Uncertainty,
)
from riskengine.scorecard.load import compile_scorecard
from riskengine.text import Text
from riskengine.training.assessments import Answers
from riskengine.training.axes import ScoredItem, States, largest_remainder
from riskengine.training.calibration import Sigmoid
from riskengine.training.cohort import Cohort
from riskengine.training.replicates import Spread
from riskengine.training.tables import Floats, Tables
from riskengine.training.texts import not_for, uncertainty_note

Validation = Literal[
    "literature_only", "ranks_checked_locally", "calibrated_in_pool", "calibrated_here"
]

GOLDEN = 8
EVENTS_TO_CALIBRATE = 50
"""Fewest events of the own outcome by which a level counts as checked."""
ASSUMED_KAPPA = 0.6
"""Agreement of raters that is assumed until it was measured."""
_QUANTILES = 101
_ERROR_DECIMALS = 6
_MOST_TRIES = 2000


@dataclass(frozen=True)
class Learning:
    """All that was learned and measured, ready to be written down.

    Attributes
    ----------
    tables
        Centred, projected and calibrated.
    states
        Shape (people, items): the reference population.
    sigmoid
        What the tables were calibrated with; ``None`` for a posterior, which is not refitted.
    cited
        The publications that learning started from.
    ranks
        Whether people with the event were seen to rank above the others.
    population
        Assessments that ``states`` are of, where it is not the cohort that is the reference.
    """

    instrument: Instrument
    outcome: Outcome
    horizon_days: int
    cohort: Cohort
    items: tuple[ScoredItem, ...]
    states: States
    tables: Tables
    sigmoid: Sigmoid | None
    spread: Spread | None
    metrics: tuple[Metric, ...]
    learner: str
    options: Mapping[str, Scalar | tuple[Scalar, ...]]
    versions: Mapping[str, str]
    seed: int
    cited: tuple[EvidenceSource, ...] = ()
    ranks: bool = False
    population: Answers | None = None

    @property
    def calibrated(self) -> bool:
        """Whether enough events were seen for scores to be risks."""
        return self.cohort.events >= EVENTS_TO_CALIBRATE


def model_id(instrument: Instrument, outcome: Outcome, horizon_days: int) -> str:
    """Give a model its name: the instrument and the horizon."""
    if not outcome.target:
        return f"{instrument.id}_{outcome.id}"
    years, days = divmod(horizon_days, 365)
    return f"{instrument.id}_{years}y" if not days else f"{instrument.id}_{horizon_days}d"


def export(learning: Learning, *, version: str) -> ScorecardDocument:
    """Write a scorecard down and check it as if it had been read from a file.

    Raises
    ------
    ScorecardError, TrainingError
        Where the audit finds anything, such as an enforced item with a wrong step.
    """
    instrument, outcome, cohort = learning.instrument, learning.outcome, learning.cohort
    people, events = cohort.people, cohort.events
    population = Text(
        zh=f"{instrument.title.zh}，结果已知的 {people} 人",
        en=f"{instrument.title.en}: {people} people whose outcome is known",
    )
    protected = tuple(
        item.id for item in learning.items if isinstance(item.item, Item) and item.item.protected
    )
    document = ScorecardDocument(
        format=FORMAT,
        id=model_id(instrument, outcome, learning.horizon_days)
        + ("_with_protected" if protected else ""),
        version=version,
        title=Text(
            zh=f"{instrument.title.zh}：{outcome.label.zh}",
            en=f"{instrument.title.en}: {outcome.label.en}",
        ),
        purpose=instrument.purpose,
        instrument=InstrumentReference(
            id=instrument.id, version=instrument.version, sha256=instrument_hash(instrument)
        ),
        outcome=outcome.id,
        horizon_days=learning.horizon_days,
        estimand=outcome.estimand,
        scale="calibrated" if learning.calibrated else "relative",
        form="full",
        validation=_validation(learning),
        log_odds=LogOdds(unit=1, offset=0),
        intercept=_units(learning.tables.intercept),
        axes=tuple(item.axis for item in learning.items),
        terms=_terms(learning),
        reference=_reference(learning, population),
        uncertainty=_uncertainty(learning),
        calibration=_calibration(learning, population),
        training=Training(
            learner=learning.learner,
            people=people,
            weight=float(cohort.weight.sum()),
            events=events,
            data_sha256=cohort.data_sha256,
            seed=learning.seed,
            versions=dict(learning.versions),
            options=dict(learning.options),
            protected_used=protected,
            population=population,
        ),
        evaluation=learning.metrics,
        evidence=learning.cited,
        not_for=not_for(instrument),
        golden=(Golden(answers={}, score=0),),
    )
    document = _with_people(document, learning)
    compile_scorecard(document, instrument)
    return document


def _reference(learning: Learning, cohort: Text) -> ReferencePopulation:
    """Name the population that zero stands for; its scores are filled in later."""
    name, label, people = "training_cohort", cohort, learning.cohort.people
    if learning.population is not None:
        name, people = "assessments", learning.population.people
        label = Text(
            zh=f"{learning.instrument.title.zh}，{people} 份评估（不看结果）",
            en=f"{learning.instrument.title.en}: {people} assessments, outcomes not read",
        )
    return ReferencePopulation(
        id=name, label=label, people=people, illustrative=False, score_quantiles=(0, 0)
    )


def _validation(learning: Learning) -> Validation:
    if learning.calibrated:
        return "calibrated_in_pool"
    return "ranks_checked_locally" if learning.ranks else "literature_only"


def _calibration(learning: Learning, population: Text) -> Calibration | None:
    if not learning.calibrated:
        return None
    sigmoid = learning.sigmoid or Sigmoid(slope=1.0, intercept=0.0)
    return Calibration(
        population=population,
        events=learning.cohort.events,
        people=learning.cohort.people,
        slope=round(sigmoid.slope, 9),
        intercept=round(sigmoid.intercept, 9),
        method=(
            "posterior mean of the Bayesian update; checked out of fold, not refitted"
            if learning.sigmoid is None
            else "sigmoid on out-of-fold scores of the whole procedure, "
            "folded into the intercept and every cell"
        ),
    )


def _units(value: float) -> int:
    return int(np.rint(value * 2.0**LOG_ODDS_BITS))


def _terms(learning: Learning) -> tuple[TableTerm, ...]:
    items, tables, spread = learning.items, learning.tables, learning.spread
    places: list[tuple[int, ...]] = [(column,) for column in range(len(items))]
    places += list(tables.pairs)
    terms = []
    for number, (place, cells) in enumerate(zip(places, tables.parts(), strict=True)):
        axes = tuple(items[column].axis.id for column in place)
        terms.append(
            TableTerm(
                kind="table",
                id=":".join(axes),
                axes=axes,
                cells=tuple(_units(cell) for cell in cells),
                standard_errors=_errors(spread.errors[number]) if spread else (),
                reference=_joint(learning.states, items, place) if len(place) == 2 else (),
                factor=_factor(spread.factors[number]) if spread else (),
            )
        )
    return tuple(terms)


def _joint(states: States, items: Sequence[ScoredItem], place: tuple[int, ...]) -> tuple[int, ...]:
    rows, columns = (items[column].axis.states for column in place)
    flat = states[:, place[0]] * columns + states[:, place[1]]
    return tuple(largest_remainder(np.bincount(flat, minlength=rows * columns), REFERENCE_TOTAL))


def _errors(errors: Floats) -> tuple[float, ...]:
    return tuple(round(float(error), _ERROR_DECIMALS) for error in errors)


def _factor(rows: Floats) -> tuple[tuple[int, ...], ...]:
    whole = np.rint(rows * 2.0**FACTOR_BITS).astype(np.int64)
    return tuple(tuple(row) for row in whole.tolist())


def _uncertainty(learning: Learning) -> Uncertainty:
    spread, items = learning.spread, learning.items
    rated = tuple(i.id for i in items if isinstance(i.item, Item) and i.item.rated == "rated")
    kappa = ASSUMED_KAPPA if rated else None
    if spread is None:
        return Uncertainty(
            method="none",
            replicates=0,
            rank=0,
            rater_kappa=kappa,
            rated_items=rated,
            note=uncertainty_note(None),
        )
    return Uncertainty(
        method=spread.method,
        replicates=spread.replicates,
        rank=spread.rank,
        intercept_factor=_factor(spread.intercept[None, :])[0],
        rater_kappa=kappa,
        rated_items=rated,
        note=uncertainty_note(spread, learning.learner),
    )


# --- People -------------------------------------------------------------------------------------


def _with_people(document: ScorecardDocument, learning: Learning) -> ScorecardDocument:
    """Fill in what only the finished tables can tell: quantiles and golden assessments."""
    scorecard = Scorecard(document=document, instrument=learning.instrument)
    scores = np.sort(
        scorecard.cells[scorecard.table_index(learning.states)].sum(axis=1) + document.intercept
    )
    at = np.linspace(0, len(scores) - 1, _QUANTILES).round().astype(np.int64)
    reference = document.reference.model_copy(
        update={"score_quantiles": tuple(int(score) for score in scores[at])}
    )
    golden = []
    for raw in golden_answers(learning.instrument, learning.items, learning.seed):
        parsed, _ = parse_answers(learning.instrument, raw)
        encoded = scorecard.encode([complete(learning.instrument, parsed)])
        score = scorecard.scores(scorecard.term_parts(encoded))
        risk = f"{scorecard.probabilities(score)[0]:.9f}" if learning.calibrated else None
        golden.append(Golden(answers=raw, score=int(score[0]), probability=risk))
    return document.model_copy(update={"reference": reference, "golden": tuple(golden)})


def golden_answers(
    instrument: Instrument, items: Sequence[ScoredItem], seed: int
) -> list[dict[str, Scalar]]:
    """Make up assessments: nothing known, all lowest, and answers drawn at random.

    They are drawn from the answer options alone and resemble nobody of the cohort.
    """
    asked = [item.item for item in items if isinstance(item.item, Item)]
    axes = {item.id: item for item in items}
    rng = np.random.default_rng(seed)
    made: list[dict[str, Scalar]] = [{}]
    lowest = {item.id: _answer(axes[item.id], 0) for item in asked}
    if not parse_answers(instrument, lowest)[1]:
        made.append(lowest)
    for _ in range(_MOST_TRIES):
        if len(made) == GOLDEN:
            return made
        drawn = {i.id: _answer(axes[i.id], int(rng.integers(axes[i.id].known + 1))) for i in asked}
        if not parse_answers(instrument, drawn)[1]:
            made.append(drawn)
    raise TrainingError("no answers drawn at random agree with the instrument's own rules")


def _answer(item: ScoredItem, state: int) -> Scalar:
    """Give an answer that stands in a state."""
    if state >= item.known:
        return "unknown"
    if item.axis.groups:
        level = item.axis.groups[state][0]
        assert isinstance(item.item, Item)
        return level == "true" if item.item.type == "boolean" else level
    low = item.item.minimum
    assert low is not None
    return item.axis.cuts[state - 1] if state else low
