"""Every step from publication to coefficient, kept together so that it can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskengine.errors import Language, TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training.assessments import Answers
from riskengine.training.evidence import Effect, EvidenceDocument
from riskengine.training.evidence_rules import EvidenceRules
from riskengine.training.evidence_tables import added_up, jointly
from riskengine.training.exposures import Columns, columns_of
from riskengine.training.joint import Joint, implied_rows
from riskengine.training.reference import Counted, Population, Stated
from riskengine.training.tables import Floats, Tables

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
_TABLE: dict[Language, str] = {"zh": "对数优势比，原表各类", "en": "log-odds, table of classes"}


@dataclass(frozen=True)
class Worked:
    """Evidence on a population: columns with exposures, and their joint coefficients.

    Attributes
    ----------
    answers
        The assessments that the population was counted from; ``None`` where it is as stated.
    covariance
        Of the exposures over the population; ``None`` where nobody knows how they go together.
    """

    evidence: EvidenceDocument
    instrument: Instrument
    rules: EvidenceRules
    population: Population
    answers: Answers | None
    columns: Columns
    covariance: Floats | None
    joint: Joint

    @property
    def correlations(self) -> Floats | None:
        """Correlations of the exposures; ``None`` where nobody knows them."""
        if self.covariance is None:
            return None
        spread = np.sqrt(np.diag(self.covariance))
        spread = np.where(spread > 0, spread, 1.0)
        correlations: Floats = self.covariance / np.outer(spread, spread)
        return correlations

    @property
    def tables(self) -> Tables:
        """The score in log-odds, centred on the population; intercept 0."""
        return added_up(self.columns.every, self.joint.coefficients)


def work_out(
    evidence: EvidenceDocument,
    instrument: Instrument,
    rules: EvidenceRules,
    answers: Answers | None = None,
) -> Worked:
    """Work every step out.

    Parameters
    ----------
    answers
        Unlabelled assessments: the reference population with its correlations. Where they are left
        out, the population is the one that the evidence file states.

    Raises
    ------
    TrainingError
        Where evidence, instrument and assessments do not fit one another.
    """
    if evidence.rules is None:
        raise TrainingError(f"evidence [{evidence.id}] holds a published scale, not effects")
    population: Population = (
        Stated.of(evidence, instrument)
        if answers is None
        else Counted.of(answers, evidence, instrument)
    )
    columns = columns_of(evidence, instrument, population.items, population.weights, rules)
    covariance = population.covariance(columns)
    rows = None if covariance is None else implied_rows(covariance, columns.known_for(evidence))
    joint = jointly(columns, rows, rules)
    return Worked(evidence, instrument, rules, population, answers, columns, covariance, joint)


def evidence_of_term(worked: Worked, places: Sequence[int]) -> tuple[str, ...]:
    """Effects that move a table over one item or a pair, in the order of the file."""
    found = []
    for column in worked.columns.every:
        table = (
            column.exposure.mains[places[0]]
            if len(places) == 1
            else column.exposure.pairs.get((places[0], places[1]), np.zeros(1))
        )
        if table.any():
            found.append(column.effect.id)
    return tuple(dict.fromkeys(found))


def root_of(covariance: Floats) -> Floats:
    """A matrix R with R R' = covariance."""
    try:
        root: Floats = np.linalg.cholesky(covariance).astype(np.float64)
    except np.linalg.LinAlgError:  # two effects that nothing tells apart
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(values.clip(min=0.0))
    return root


def as_printed(effect: Effect, lang: Language = "en") -> str:
    """Write an effect as a publication would."""
    if effect.classes:
        return _ADJUSTED[lang] * effect.adjusted + _TABLE[lang]
    kind = _ADJUSTED[lang] * effect.adjusted + _PRINTED[effect.measure][lang]
    if effect.interval is None:
        return f"{kind} {effect.value:.4g}"
    low, high = effect.interval
    return f"{kind} {effect.value:g} {_INTERVAL[lang].format(low=low, high=high)}"
