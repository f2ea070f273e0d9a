"""A scorecard from evidence alone, in points or in log-odds; equal input gives equal bytes."""

from __future__ import annotations

import numpy as np

from riskengine.errors import TrainingError
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
    EvidenceSource,
    Golden,
    InstrumentReference,
    LogOdds,
    Metric,
    ScorecardDocument,
    TableTerm,
    Training,
    Uncertainty,
)
from riskengine.scorecard.load import compile_scorecard
from riskengine.text import Text
from riskengine.training.assessments import Answers
from riskengine.training.evidence import EvidenceDocument, Model
from riskengine.training.evidence_rules import EvidenceRules
from riskengine.training.evidence_tables import intercept_for
from riskengine.training.points import item_points, points_terms, price_of_rounding
from riskengine.training.population import Spread, golden_of, quantiles
from riskengine.training.tables import Floats
from riskengine.training.worked import Worked, as_printed, evidence_of_term, root_of, work_out

_DECIMALS = 6
NOBODY = Text(
    zh="没有任何人的结果：只用已发表的效应",
    en="Nobody's outcomes: published effects only",
)


def build_evidence_model(
    evidence: EvidenceDocument,
    instrument: Instrument,
    model_id: str | None = None,
    *,
    rules: EvidenceRules,
    answers: Answers | None = None,
    base_rate: float | None = None,
) -> ScorecardDocument:
    """Build a scorecard from an evidence file.

    Parameters
    ----------
    model_id
        One of the file's models; the first where it is left out.
    answers
        Unlabelled assessments that take the place of the stated reference population.
    base_rate
        An *assumed* share of people with the outcome: the log-odds are moved so that the mean risk
        of the reference population is exactly this. The scale stays relative.

    Raises
    ------
    TrainingError, ScorecardError
        Where the file does not fit the instrument, or the audit finds anything.
    """
    model = evidence.model(model_id) if model_id else evidence.models[0]
    worked = work_out(evidence, instrument, rules, answers)
    document = _document(worked, model, base_rate)
    scorecard = Scorecard(document=document, instrument=instrument)
    spread = worked.population.spread(scorecard)
    if base_rate is not None:
        document, spread = _at_base_rate(document, spread, base_rate)
        scorecard = Scorecard(document=document, instrument=instrument)
    document = document.model_copy(
        update={
            "reference": document.reference.model_copy(
                update={"score_quantiles": quantiles(spread)}
            ),
            "golden": golden_of(scorecard, evidence),
        }
    )
    compile_scorecard(document, instrument)
    return document


def _document(worked: Worked, model: Model, base_rate: float | None) -> ScorecardDocument:
    evidence, instrument, rules = worked.evidence, worked.instrument, worked.rules
    outcome = instrument.outcomes_by_id[model.outcome]
    items = worked.population.items
    rated = tuple(
        item.id for item in items if isinstance(item.item, Item) and item.item.rated == "rated"
    )
    unit = 1
    evaluation: tuple[Metric, ...] = ()
    if model.form == "points":
        entries = item_points(worked)
        terms = points_terms(entries, worked)
        evaluation = price_of_rounding(entries, worked)
        unit = round(rules.log_odds_per_point * 2**LOG_ODDS_BITS)
    else:
        terms = _full_terms(worked)
    return ScorecardDocument(
        format=FORMAT,
        id=model.id,
        version=model.version,
        title=model.title,
        purpose=model.purpose,
        instrument=InstrumentReference(
            id=instrument.id, version=instrument.version, sha256=instrument_hash(instrument)
        ),
        outcome=outcome.id,
        horizon_days=_horizon(model, outcome),
        estimand=outcome.estimand,
        scale="relative",
        form=model.form,
        validation="literature_only",
        log_odds=LogOdds(unit=unit, offset=0),
        intercept=0,
        axes=tuple(item.axis for item in items),
        terms=terms,
        reference=worked.population.described(),
        uncertainty=Uncertainty(
            method="evidence",
            replicates=0,
            rank=len(worked.columns.every),
            rater_kappa=rules.rater_kappa if rated else None,
            rater_kappa_assumed=True,
            rated_items=rated,
            note=evidence.uncertainty_note,
        ),
        training=Training(
            learner="evidence",
            people=0,
            weight=0.0,
            events=0,
            data_sha256=evidence.source_sha256,
            options=_options(worked, base_rate),
            population=NOBODY,
        ),
        evaluation=evaluation,
        evidence=cited(evidence),
        not_for=evidence.not_for,
        golden=(Golden(answers={}, score=0),),
    )


def cited(evidence: EvidenceDocument) -> tuple[EvidenceSource, ...]:
    """Name the publication of every effect that is used."""
    return tuple(
        EvidenceSource(
            id=effect.id,
            citation=evidence.source(effect.source).citation,
            effect=as_printed(effect),
            certainty=effect.certainty,
        )
        for effect in evidence.effects
    )


def _options(worked: Worked, base_rate: float | None) -> dict[str, Scalar | tuple[Scalar, ...]]:
    rules, answers = worked.rules, worked.answers
    scored = {item.id for item in worked.population.items}
    options: dict[str, Scalar | tuple[Scalar, ...]] = {
        "evidence": f"{worked.evidence.id}@{worked.evidence.version}",
        "evidence_rules": rules.name,
        "evidence_rules_sha256": rules.source_sha256,
        "correlation_factor": worked.joint.factor,
        "tau": rules.tau,
        "log_odds_per_point": rules.log_odds_per_point,
        "held_at_zero": tuple(
            column.id
            for column, held in zip(worked.columns.every, worked.joint.held, strict=True)
            if held
        ),
        "asked_not_scored": tuple(
            item.id
            for item in worked.instrument.items
            if "scored" in item.use and item.id not in scored and not item.protected
        ),
    }
    if answers is not None:
        options |= {
            "assessments": answers.source,
            "assessments_sha256": answers.data_sha256,
            "assessments_rejected": answers.rejected,
        }
    if base_rate is not None:
        options["assumed_base_rate"] = base_rate
    return options


def _horizon(model: Model, outcome: Outcome) -> int:
    if model.horizon_days not in outcome.horizon_days:
        raise TrainingError(
            f"model [{model.id}]: outcome [{outcome.id}] is defined for "
            f"{', '.join(map(str, outcome.horizon_days))} days, not {model.horizon_days}"
        )
    return model.horizon_days


# --- The full form ------------------------------------------------------------------------------


def _full_terms(worked: Worked) -> tuple[TableTerm, ...]:
    items, tables = worked.population.items, worked.tables
    places: list[tuple[int, ...]] = [(place,) for place in range(len(items))]
    places += sorted(tables.pairs)
    root = root_of(worked.joint.covariance)
    terms = []
    for place, cells in zip(places, tables.parts(), strict=True):
        axes = tuple(items[one].axis.id for one in place)
        moves = _exposures(worked, place)
        errors = np.sqrt(
            np.einsum("ja,jk,ka->a", moves, worked.joint.covariance, moves).clip(min=0.0)
        )
        rows = np.rint(root.T @ moves * 2**FACTOR_BITS).astype(np.int64)
        terms.append(
            TableTerm(
                kind="table",
                id=":".join(axes),
                axes=axes,
                cells=tuple(_units(cell) for cell in cells.tolist()),
                standard_errors=tuple(round(error, _DECIMALS) for error in errors.tolist()),
                reference=worked.population.pair(*place) if len(place) == 2 else (),
                factor=tuple(tuple(row) for row in rows.tolist()),
                evidence=evidence_of_term(worked, place),
            )
        )
    return tuple(terms)


def _exposures(worked: Worked, place: tuple[int, ...]) -> Floats:
    """Centred exposures of every column over the cells of one table; shape (columns, cells)."""
    shape = [worked.population.items[one].axis.states for one in place]
    nothing = np.zeros(shape)
    return np.array(
        [
            (
                column.exposure.mains[place[0]]
                if len(place) == 1
                else column.exposure.pairs.get((place[0], place[1]), nothing)
            ).ravel()
            for column in worked.columns.every
        ]
    )


def _units(log_odds: float) -> int:
    return round(log_odds * 2.0**LOG_ODDS_BITS)


# --- An assumed base rate -----------------------------------------------------------------------


def _at_base_rate(
    document: ScorecardDocument, spread: Spread, base_rate: float
) -> tuple[ScorecardDocument, Spread]:
    """Move the log-odds so that the mean risk over the final, whole scores is the base rate."""
    whole = sum(spread.values())
    scores = np.array([score * document.log_odds.unit / 2.0**LOG_ODDS_BITS for score in spread])
    shares = np.array([weight / whole for weight in spread.values()])
    offset = _units(intercept_for(scores, base_rate, shares))
    if document.form == "full":  # in log-odds itself, where nothing but the intercept can move
        moved = {score + offset: weight for score, weight in spread.items()}
        return document.model_copy(update={"intercept": offset}), moved
    log_odds = document.log_odds.model_copy(update={"offset": offset})
    return document.model_copy(update={"log_odds": log_odds}), spread


def assumed_risk(document: ScorecardDocument, scores: Floats) -> Floats:
    """Risk at the assumed base rate of a model that was built with one; never calibrated.

    Raises
    ------
    TrainingError
        Where the model was built without a base rate.
    """
    if "assumed_base_rate" not in document.training.options:
        raise TrainingError(
            f"model [{document.id}] has no assumed base rate; build it with --base-rate"
        )
    unit, offset = document.log_odds.unit, document.log_odds.offset
    log_odds = (offset + unit * scores) / 2.0**LOG_ODDS_BITS
    risks: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return risks
