"""A points scorecard from published effects, with nobody's data.

For every answer: the effects of its item, each times the exposure that the answer stands for,
times the part of the construct that the item carries, times the stated factor for unknown
correlations; taken relative to the item's typical answer and rounded to whole points. An answer
that is not known is worth exactly what the typical answer is worth: nothing.

This is the honest first version of the method: effects enter side by side, each shrunk by the same
factor. What constructs share is not yet taken out of them jointly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from riskengine.errors import Language, TrainingError
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
    Axis,
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
from riskengine.training.conversions import to_log_odds, transport_variance
from riskengine.training.evidence import Effect, EvidenceDocument, Method, Model
from riskengine.training.population import (
    Part,
    answer_keys,
    axis_with_weights,
    golden_of,
    item_of,
    parts_of,
    quantiles,
    score_spread,
)

MOST_ITEMS = 12
"""More scored items than this nobody adds up by hand."""
_DECIMALS = 6
_PRINTED: dict[str, dict[Language, str]] = {
    "odds_ratio": {"zh": "优势比", "en": "OR"},
    "log_odds": {"zh": "对数优势比", "en": "log-odds"},
    "correlation": {"zh": "相关系数", "en": "r"},
    "mean_difference": {"zh": "标准化均差", "en": "d"},
}
_ADJUSTED: dict[Language, str] = {"zh": "经调整的", "en": "adjusted "}
_INTERVAL: dict[Language, str] = {
    "zh": "（95 % 区间 {low:g}—{high:g}）",
    "en": "(95 % interval {low:g} to {high:g})",
}
NOBODY = Text(
    zh="没有人员数据：只用已发表的效应",
    en="Nobody: published effects only",
)


@dataclass(frozen=True)
class ItemPoints:
    """One item on its way to points.

    Attributes
    ----------
    weights
        Log-odds of every answer against the typical one, before rounding.
    errors
        Standard deviation of each of them, transport included.
    cells
        Points of every answer.
    """

    item: Item
    axis: Axis
    effects: tuple[Effect, ...]
    typical: int
    weights: tuple[float, ...]
    errors: tuple[float, ...]
    cells: tuple[int, ...]

    @property
    def shares(self) -> list[float]:
        """Share of every answer in the reference population."""
        known = self.axis.reference[: self.axis.known_states]
        return [weight / REFERENCE_TOTAL for weight in known]


def item_points(
    evidence: EvidenceDocument, instrument: Instrument, parts: Sequence[Part]
) -> tuple[ItemPoints, ...]:
    """Work out the points of every item that has an effect, in the order of the file.

    Raises
    ------
    TrainingError
        Where an item may not be scored, an answer has no exposure, or there are too many items.
    """
    assert evidence.method is not None
    by_item: dict[str, list[Effect]] = {}
    for effect in evidence.effects:
        by_item.setdefault(effect.item, []).append(effect)
    if len(by_item) > MOST_ITEMS:
        raise TrainingError(f"{len(by_item)} scored items; a points card has at most {MOST_ITEMS}")
    typical = {shares.item: shares.typical for shares in evidence.reference.items}
    found = []
    for item_id, effects in by_item.items():
        item = item_of(instrument, item_id)
        keys = answer_keys(item)
        if "scored" not in item.use:
            raise TrainingError(f"item [{item_id}] may not be scored (use: {', '.join(item.use)})")
        for effect in effects:
            odd = sorted(set(keys) ^ set(effect.exposure))
            if odd:
                raise TrainingError(
                    f"effect [{effect.id}]: answer [{odd[0]}] has no exposure, or is no answer; "
                    f"there are: {', '.join(keys)}"
                )
        stated = typical.get(item_id)
        if stated is None:
            raise TrainingError(f"reference item [{item_id}]: say which answer is [typical]")
        axis = axis_with_weights(item, parts)
        found.append(_points(item, axis, tuple(effects), keys.index(stated), evidence.method))
    return tuple(found)


def _points(
    item: Item, axis: Axis, effects: tuple[Effect, ...], typical: int, method: Method
) -> ItemPoints:
    keys = answer_keys(item)
    weights = [0.0] * len(keys)
    variances = [0.0] * len(keys)
    for effect in effects:
        full = carried(effect, method)
        deviation = _deviation(effect, method)
        at_typical = effect.exposure[keys[typical]]
        for state, key in enumerate(keys):
            step = effect.exposure[key] - at_typical
            weights[state] += full * step
            variances[state] += (deviation * step) ** 2
    return ItemPoints(
        item=item,
        axis=axis,
        effects=effects,
        typical=typical,
        weights=tuple(weights),
        errors=tuple(math.sqrt(variance) for variance in variances),
        cells=tuple(round(weight / method.log_odds_per_point) for weight in weights),
    )


def carried(effect: Effect, method: Method) -> float:
    """Log-odds of the full exposure, as far as an item carries it."""
    return method.correlation_factor * effect.share * to_log_odds(effect).value


def _deviation(effect: Effect, method: Method) -> float:
    """Standard deviation of `carried`: the study's own error, and transport."""
    error = to_log_odds(effect).standard_error
    variance = error * error + transport_variance(effect, method.tau)
    return method.correlation_factor * effect.share * math.sqrt(variance)


def build_evidence_model(
    evidence: EvidenceDocument, instrument: Instrument, model_id: str | None = None
) -> ScorecardDocument:
    """Build a points scorecard from an evidence file; equal input gives equal bytes.

    Raises
    ------
    TrainingError, ScorecardError
        Where the file does not fit the instrument, or the audit finds anything.
    """
    method = evidence.method
    if method is None:
        raise TrainingError(f"evidence [{evidence.id}] holds a published scale, not effects")
    model = evidence.model(model_id) if model_id else evidence.models[0]
    outcome = instrument.outcomes_by_id[model.outcome]
    parts = parts_of(evidence.reference, instrument)
    items = item_points(evidence, instrument, parts)
    scored = {entry.item.id for entry in items}
    document = ScorecardDocument(
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
        form="points",
        validation="literature_only",
        log_odds=LogOdds(unit=round(method.log_odds_per_point * 2**LOG_ODDS_BITS), offset=0),
        intercept=0,
        axes=tuple(entry.axis for entry in items),
        terms=tuple(_term(entry, evidence) for entry in items),
        reference=ReferencePopulation(
            id=evidence.reference.id,
            label=evidence.reference.label,
            illustrative=evidence.reference.illustrative,
            score_quantiles=(0, 0),
        ),
        uncertainty=Uncertainty(
            method="evidence",
            replicates=0,
            rank=len(evidence.effects),
            rater_kappa=method.rater_kappa,
            rater_kappa_assumed=True,
            rated_items=tuple(e.item.id for e in items if e.item.rated == "rated"),
            note=evidence.uncertainty_note,
        ),
        training=Training(
            learner="evidence",
            people=0,
            weight=0.0,
            events=0,
            data_sha256=evidence.source_sha256,
            options={
                "evidence": f"{evidence.id}@{evidence.version}",
                "correlation_factor": method.correlation_factor,
                "tau": method.tau,
                "log_odds_per_point": method.log_odds_per_point,
                "asked_not_scored": tuple(
                    item.id
                    for item in instrument.items
                    if "scored" in item.use and item.id not in scored
                ),
            },
            population=NOBODY,
        ),
        evaluation=_price_of_rounding(items, method),
        evidence=tuple(_cited(effect, evidence) for effect in evidence.effects),
        not_for=evidence.not_for,
        golden=(Golden(answers={}, score=0),),
    )
    scorecard = Scorecard(document=document, instrument=instrument)
    spread = score_spread(scorecard, parts)
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


def _horizon(model: Model, outcome: Outcome) -> int:
    if model.horizon_days not in outcome.horizon_days:
        raise TrainingError(
            f"model [{model.id}]: outcome [{outcome.id}] is defined for "
            f"{', '.join(map(str, outcome.horizon_days))} days, not {model.horizon_days}"
        )
    return model.horizon_days


def _term(entry: ItemPoints, evidence: EvidenceDocument) -> TableTerm:
    silent = (0,) * len(entry.axis.not_known)
    return TableTerm(
        kind="table",
        id=entry.axis.id,
        axes=(entry.axis.id,),
        cells=(*entry.cells, *silent),
        standard_errors=tuple(round(e, _DECIMALS) for e in (*entry.errors, *map(float, silent))),
        factor=tuple(_row(entry, effect, evidence) for effect in evidence.effects),
        evidence=tuple(effect.id for effect in entry.effects),
    )


def _row(entry: ItemPoints, effect: Effect, evidence: EvidenceDocument) -> tuple[int, ...]:
    """Row of the uncertainty factor: how an error of one effect would move every answer.

    Centred on the reference population, since what moves everybody alike changes nobody's place.
    """
    assert evidence.method is not None
    if effect.item != entry.item.id:
        return (0,) * entry.axis.states
    exposures = [effect.exposure[key] for key in answer_keys(entry.item)]
    mean = sum(x * share for x, share in zip(exposures, entry.shares, strict=True))
    scale = _deviation(effect, evidence.method) * 2**FACTOR_BITS
    known = (round((exposure - mean) * scale) for exposure in exposures)
    return (*known, *(0,) * len(entry.axis.not_known))


def _cited(effect: Effect, evidence: EvidenceDocument) -> EvidenceSource:
    return EvidenceSource(
        id=effect.id,
        citation=evidence.source(effect.source).citation,
        effect=as_printed(effect),
        certainty=effect.certainty,
    )


def as_printed(effect: Effect, lang: Language = "en") -> str:
    """Write an effect as a publication would."""
    kind = _ADJUSTED[lang] * effect.adjusted + _PRINTED[effect.measure][lang]
    if effect.interval is None:
        return f"{kind} {effect.value:.4g}"
    low, high = effect.interval
    return f"{kind} {effect.value:g} {_INTERVAL[lang].format(low=low, high=high)}"


def _price_of_rounding(items: Sequence[ItemPoints], method: Method) -> tuple[Metric, ...]:
    """What whole points cost: correlation with the unrounded score, and the largest change."""
    unit = method.log_odds_per_point
    both = exact = whole = largest = 0.0
    for entry in items:
        points = [cell * unit for cell in entry.cells]
        both += _covariance(entry.shares, points, entry.weights)
        exact += _covariance(entry.shares, entry.weights, entry.weights)
        whole += _covariance(entry.shares, points, points)
        differences = (abs(p - w) for p, w in zip(points, entry.weights, strict=True))
        largest = max(largest, *differences)
    how = "rounded against unrounded score over the stated reference population, computed exactly"
    return (
        Metric(
            name="rounding_correlation",
            value=round(both / math.sqrt(exact * whole), _DECIMALS),
            method=how,
        ),
        Metric(
            name="rounding_largest_log_odds",
            value=round(largest, _DECIMALS),
            method="largest change of one answer by rounding to whole points",
        ),
    )


def _covariance(shares: Sequence[float], left: Sequence[float], right: Sequence[float]) -> float:
    """Covariance within one item; items are independent, so these add up."""
    means = [sum(s * v for s, v in zip(shares, side, strict=True)) for side in (left, right)]
    product = sum(s * a * b for s, a, b in zip(shares, left, right, strict=True))
    return product - means[0] * means[1]
