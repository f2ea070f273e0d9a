"""The evidence score on a learner's axes: what is known before anybody's outcome.

Everything here follows from publications, the rules, and *unlabelled* answers. No outcome is read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.instrument.model import Instrument
from riskengine.training.axes import ScoredItem, States
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_rules import EvidenceRules, find_rules
from riskengine.training.exposures import Column, Columns, columns_of
from riskengine.training.joint import Joint, covariance_of, implied_rows, solve
from riskengine.training.tables import Floats, Tables, marginals, merge

_MOST_STEPS = 200
_CLOSE_ENOUGH = 1e-13


@dataclass(frozen=True)
class EvidenceTables:
    """The evidence score, and what it is made of.

    Attributes
    ----------
    tables
        Log-odds on the axes that were given: zero is the average answer, and exactly zero any
        answer that is not known. Without a base rate the intercept is 0.
    columns
        The unknowns with their centred exposures:
        ``tables = intercept + sum_j coefficients[j] * columns[j].exposure``.
    joint
        Their coefficients and covariance.
    left_out
        Effects whose items are not among those given.
    base_rate
        What the intercept was solved for.
    """

    tables: Tables
    columns: tuple[Column, ...]
    joint: Joint
    left_out: tuple[str, ...]
    base_rate: float | None

    @property
    def coefficients(self) -> Floats:
        """Joint coefficients; shape (columns,)."""
        return self.joint.coefficients

    @property
    def covariance(self) -> Floats:
        """Covariance of the coefficients; shape (columns, columns)."""
        return self.joint.covariance

    def exposures(self, states: States) -> Floats:
        """How much of every construct people have, centred; shape (people, columns)."""
        return exposures(self.columns, states)


def evidence_tables(
    evidence: EvidenceDocument,
    instrument: Instrument,
    items: Sequence[ScoredItem],
    states: States,
    *,
    base_rate: float | None,
    rules: EvidenceRules | None = None,
) -> EvidenceTables:
    """Give the evidence score for people of whom answers are known and outcomes are not.

    Their answers are the reference population: its correlations are known, so that the effects
    are fitted jointly.

    Parameters
    ----------
    items
        The learner's axes; an effect whose item is not among them is left out.
    states
        Shape (people, items): unlabelled assessments.
    base_rate
        Mean risk that the intercept is solved for; without one the intercept is 0.
    rules
        The shipped rules that the evidence file names, where they are left out.

    Raises
    ------
    TrainingError
        Where the evidence does not fit the instrument, or none of it speaks of these items.
    """
    rules = rules or rules_of(evidence)
    weights = marginals(items, states)
    columns = columns_of(evidence, instrument, items, weights, rules)
    if not columns.every:
        raise TrainingError(
            f"evidence [{evidence.id}] says nothing about any of: "
            f"{', '.join(item.id for item in items)}"
        )
    rows = implied_rows(
        covariance_of(exposures(columns.every, states)), columns.known_for(evidence)
    )
    joint = jointly(columns, rows, rules)
    tables = added_up(columns.every, joint.coefficients)
    return EvidenceTables(
        tables=at_base_rate(tables, states, base_rate),
        columns=columns.every,
        joint=joint,
        left_out=columns.left_out,
        base_rate=base_rate,
    )


def copas_tables(
    evidence: EvidenceDocument,
    instrument: Instrument,
    items: Sequence[ScoredItem],
    states: States,
    *,
    base_rate: float | None,
    rules: EvidenceRules | None = None,
) -> Tables:
    """Give the pace of the record alone, with its published coefficient: a baseline.

    Parameters are those of `evidence_tables`.

    Raises
    ------
    TrainingError
        Where the evidence, or the items, have no count to take a pace from.
    """
    rules = rules or rules_of(evidence)
    columns = columns_of(evidence, instrument, items, marginals(items, states), rules)
    found = [column for column in columns.every if column.effect.shape == "copas_rate"]
    if not found:
        raise TrainingError(f"evidence [{evidence.id}] has no count of earlier sanctions here")
    tables = added_up(found, np.array([column.published for column in found]))
    return at_base_rate(tables, states, base_rate)


def rules_of(evidence: EvidenceDocument) -> EvidenceRules:
    """Find the rules that an evidence file names.

    Raises
    ------
    TrainingError
        Where the file holds a published scale, or its rules cannot be found.
    """
    if evidence.rules is None:
        raise TrainingError(f"evidence [{evidence.id}] holds a published scale, not effects")
    return find_rules(evidence.rules)


def jointly(columns: Columns, rows: Floats | None, rules: EvidenceRules) -> Joint:
    """Find the coefficients of columns by the rules."""
    return solve(
        np.array([column.published for column in columns.every]),
        np.array([column.deviation for column in columns.every]),
        rows,
        factor=rules.correlation_factor,
        keep_signs=rules.keep_signs,
    )


def exposures(columns: Sequence[Column], states: States) -> Floats:
    """Centred exposures of people; shape (people, columns)."""
    return np.column_stack([column.exposure.score(states) for column in columns])


def added_up(columns: Sequence[Column], coefficients: Floats) -> Tables:
    """Add up centred exposures times coefficients, with an intercept of zero."""
    return merge([column.exposure for column in columns], coefficients)


def at_base_rate(tables: Tables, states: States, base_rate: float | None) -> Tables:
    """Give the same tables with the mean risk of people at a base rate, if there is one."""
    if base_rate is None:
        return tables
    offset = intercept_for(tables.score(states), base_rate)
    return Tables(intercept=offset, mains=tables.mains, pairs=tables.pairs)


def intercept_for(scores: Floats, base_rate: float, weight: Floats | None = None) -> float:
    """Find the intercept at which the mean risk of people is a base rate.

    Raises
    ------
    TrainingError
        Where the base rate is no share of people.
    """
    if not 0 < base_rate < 1:
        raise TrainingError(f"a base rate lies between 0 and 1, not at [{base_rate}]")
    shares = np.full(len(scores), 1.0 / len(scores)) if weight is None else weight / weight.sum()
    wanted = math.log(base_rate / (1 - base_rate))
    # the mean risk rises with the intercept, and lies between those of the two ends
    low, high = wanted - float(scores.max()), wanted - float(scores.min())
    for _ in range(_MOST_STEPS):
        middle = (low + high) / 2.0
        if float(shares @ sigmoid(scores + middle)) < base_rate:
            low = middle
        else:
            high = middle
        if high - low < _CLOSE_ENOUGH:
            break
    return (low + high) / 2.0
