"""Whole points from joint coefficients, and what the rounding costs.

For every answer: the joint coefficient of every effect of its item, times the exposure that the
answer stands for; taken relative to the item's typical answer and rounded to whole points. An
answer that is not known is worth exactly what the typical answer is worth: nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from riskengine.errors import TrainingError
from riskengine.instrument.items import Item
from riskengine.scorecard.document import FACTOR_BITS, Metric, TableTerm
from riskengine.training.axes import ScoredItem
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.population import answer_keys
from riskengine.training.tables import Floats
from riskengine.training.worked import Worked, evidence_of_term, root_of

MOST_ITEMS = 12
"""More scored items than this nobody adds up by hand."""
_DECIMALS = 6


@dataclass(frozen=True)
class ItemPoints:
    """One item on its way to points.

    Attributes
    ----------
    exposures
        Shape (columns, answers): every column's exposure, centred on the reference population.
    weights
        Log-odds of every answer against the typical one, before rounding.
    errors
        Standard deviation of each of them, transport included.
    cells
        Points of every answer.
    shares
        Share of every answer in the reference population.
    """

    item: ScoredItem
    effects: tuple[str, ...]
    exposures: Floats
    typical: int
    weights: Floats
    errors: Floats
    cells: tuple[int, ...]
    shares: Floats


def item_points(worked: Worked) -> tuple[ItemPoints, ...]:
    """Work out the points of every item that has an effect, in the order of the file.

    Raises
    ------
    TrainingError
        Where there are too many items, a table over two of them, or no typical answer.
    """
    items = worked.population.items
    if len(items) > MOST_ITEMS:
        raise TrainingError(f"{len(items)} scored items; a points card has at most {MOST_ITEMS}")
    if any(column.exposure.pairs for column in worked.columns.every):
        raise TrainingError("a points card has no table over two items; take [form] full")
    return tuple(_points(worked, place) for place in range(len(items)))


def _points(worked: Worked, place: int) -> ItemPoints:
    scored = worked.population.items[place]
    typical = _typical(worked.evidence, scored)
    exposures = np.array(
        [column.exposure.mains[place][: scored.known] for column in worked.columns.every]
    )
    steps = exposures - exposures[:, [typical]]
    weights = worked.joint.coefficients @ steps
    variances = np.einsum("ja,jk,ka->a", steps, worked.joint.covariance, steps)
    unit = worked.rules.log_odds_per_point
    return ItemPoints(
        item=scored,
        effects=evidence_of_term(worked, (place,)),
        exposures=exposures,
        typical=typical,
        weights=weights,
        errors=np.sqrt(variances.clip(min=0.0)),
        cells=tuple(round(weight / unit) for weight in weights.tolist()),
        shares=worked.population.weights[place][: scored.known],
    )


def _typical(evidence: EvidenceDocument, scored: ScoredItem) -> int:
    stated = {shares.item: shares.typical for shares in evidence.reference.items}.get(scored.id)
    if stated is None:
        raise TrainingError(f"reference item [{scored.id}]: say which answer is [typical]")
    assert isinstance(scored.item, Item)
    return answer_keys(scored.item).index(stated)


def points_terms(entries: Sequence[ItemPoints], worked: Worked) -> tuple[TableTerm, ...]:
    """Write the tables of points down."""
    root = root_of(worked.joint.covariance)
    return tuple(_term(entry, root) for entry in entries)


def _term(entry: ItemPoints, root: Floats) -> TableTerm:
    silent = (0,) * len(entry.item.axis.not_known)
    # how an error of one effect would move every answer, centred on the reference population,
    # since what moves everybody alike changes nobody's place
    rows = np.rint(root.T @ entry.exposures * 2**FACTOR_BITS).astype(np.int64)
    errors = [round(error, _DECIMALS) for error in entry.errors.tolist()]
    return TableTerm(
        kind="table",
        id=entry.item.axis.id,
        axes=(entry.item.axis.id,),
        cells=(*entry.cells, *silent),
        standard_errors=(*errors, *map(float, silent)),
        factor=tuple((*row, *silent) for row in rows.tolist()),
        evidence=entry.effects,
    )


def price_of_rounding(entries: Sequence[ItemPoints], worked: Worked) -> tuple[Metric, ...]:
    """What whole points cost: correlation with the unrounded score, and the largest change.

    Items count as independent, as they do in a stated population.
    """
    unit = worked.rules.log_odds_per_point
    both = exact = whole = largest = 0.0
    for entry in entries:
        points = np.array(entry.cells) * unit
        both += _covariance(entry.shares, points, entry.weights)
        exact += _covariance(entry.shares, entry.weights, entry.weights)
        whole += _covariance(entry.shares, points, points)
        largest = max(largest, float(np.abs(points - entry.weights).max()))
    how = "rounded against unrounded score, items taken as independent, computed exactly"
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


def _covariance(shares: Floats, left: Floats, right: Floats) -> float:
    """Covariance within one item; items are independent, so these add up."""
    return float(shares @ (left * right) - (shares @ left) * (shares @ right))
