"""Two exact readings of one score: by term, and by item.

*By term*: the intercept and the cell of every table. *By item*: baseline plus, for every item, its
exact interventional Shapley value for the reference population; a pair is shared between its two
items. Both sum to the score without a rounding error, because both are integers.

The item view is in finer units than the score (`item_denominator` of them to one), since
half a pair and the mean of a population need not be whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from riskengine.scorecard.compiled import Encoded, Integers, Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL

_POINT_BITS = 20


def item_denominator(scorecard: Scorecard) -> int:
    """How many item-view units make one score unit."""
    return 2 if scorecard.document.form == "full" else 2 ** (_POINT_BITS + 1)


@dataclass(frozen=True)
class ItemTables:
    """Shapley values of every table cell, for its first and its second axis.

    ``second`` is zero for single tables. ``baseline`` is the mean score of the reference
    population, in item-view units. ``to_first``, ``to_second`` and ``to_linear`` are 0/1 matrices
    that add the terms up by item.
    """

    baseline: int
    first: Integers
    second: Integers
    linear_means: Integers
    to_first: Integers
    to_second: Integers
    to_linear: Integers


def _rounded(numerator: int, denominator: int) -> int:
    return round(Fraction(numerator, denominator))


@lru_cache(maxsize=64)
def item_tables(scorecard: Scorecard) -> ItemTables:
    """Work out the item view of every cell, once a scorecard, in exact integers."""
    axes = scorecard.document.axes_by_id
    half = item_denominator(scorecard) // 2
    baseline = 2 * half * scorecard.document.intercept
    first: list[int] = []
    second: list[int] = []
    for term in scorecard.tables:
        scaled = [half * cell for cell in term.cells]
        weights = [axes[axis].reference for axis in term.axes]
        if len(weights) == 1:
            mean = _rounded(
                2 * sum(w * c for w, c in zip(weights[0], scaled, strict=True)), REFERENCE_TOTAL
            )
            baseline += mean
            first += [2 * cell - mean for cell in scaled]
            second += [0] * len(scaled)
            continue
        rows, columns = (len(w) for w in weights)
        grid = [scaled[r * columns : (r + 1) * columns] for r in range(rows)]
        # value of the game with one, the other, or no player present
        given_row = [
            _rounded(sum(w * c for w, c in zip(weights[1], row, strict=True)), REFERENCE_TOTAL)
            for row in grid
        ]
        given_column = [
            _rounded(
                sum(w * grid[r][c] for r, w in enumerate(weights[0])),
                REFERENCE_TOTAL,
            )
            for c in range(columns)
        ]
        nobody = _rounded(
            sum(w * c for w, c in zip(term.reference, scaled, strict=True)), REFERENCE_TOTAL
        )
        baseline += 2 * nobody
        for r in range(rows):
            for c in range(columns):
                joint = grid[r][c] - nobody
                lead = given_row[r] - given_column[c]
                first.append(joint + lead)
                second.append(joint - lead)
    column = {item: i for i, item in enumerate(scorecard.document.items)}
    to_first, to_second = (
        np.zeros((len(scorecard.tables), len(column)), dtype=np.int64) for _ in range(2)
    )
    for row, term in enumerate(scorecard.tables):
        to_first[row, column[axes[term.axes[0]].item]] = 1
        if len(term.axes) == 2:
            to_second[row, column[axes[term.axes[1]].item]] = 1
    to_linear = np.zeros((len(scorecard.linears), len(column)), dtype=np.int64)
    for row, linear in enumerate(scorecard.linears):
        to_linear[row, column[linear.item]] = 1
    means = [
        2 * half * int(np.rint(term.slope * term.reference_mean)) for term in scorecard.linears
    ]
    return ItemTables(
        baseline=baseline + sum(means),
        first=np.array(first, dtype=np.int64),
        second=np.array(second, dtype=np.int64),
        linear_means=np.array(means, dtype=np.int64),
        to_first=to_first,
        to_second=to_second,
        to_linear=to_linear,
    )


def item_parts(scorecard: Scorecard, encoded: Encoded) -> tuple[int, Integers]:
    """Baseline and contribution of every item, in item-view units.

    Returns
    -------
    baseline
        Mean score of the reference population.
    parts
        Shape (n, items), columns in the order of ``document.items``. Baseline plus the row sum is
        the score times `item_denominator`, exactly.
    """
    tables = item_tables(scorecard)
    index = scorecard.table_index(encoded.states)
    parts = tables.first[index] @ tables.to_first + tables.second[index] @ tables.to_second
    if scorecard.linears:
        linear = scorecard.linear_parts(encoded.numbers) * item_denominator(scorecard)
        parts += (linear - tables.linear_means) @ tables.to_linear
    return tables.baseline, parts


def percentage_parts(
    parts: NDArray[np.int64], *, risk: float, reference_risk: float, log_odds_per_part: float
) -> list[int]:
    """Share a difference in risk among contributions, in units of 10^-9, summing exactly.

    Contribution i gets ``phi_i (p - p0) / (eta - eta0)``, or its limit ``phi_i p (1 - p)`` where
    the scores are equal. What rounding leaves over goes to the largest remainders, in order.

    Parameters
    ----------
    parts
        Contributions of one person in any common unit.
    risk, reference_risk
        Risk of the person and risk at the baseline, rounded to nine decimals.
    log_odds_per_part
        Log-odds of one unit of ``parts``.
    """
    total = round(risk * 10**9) - round(reference_risk * 10**9)
    spread = int(parts.sum())
    numerator, denominator = total, spread
    if not spread:
        slope = risk * (1 - risk) * log_odds_per_part * 10**9
        numerator, denominator = slope.as_integer_ratio()
    shares = [divmod(part * numerator, denominator) for part in parts.tolist()]
    whole = [share for share, _ in shares]
    left = total - sum(whole)
    # all remainders have the sign of the denominator, so their size alone orders them
    for i in sorted(range(len(shares)), key=lambda i: (-abs(shares[i][1]), i))[:left]:
        whole[i] += 1
    return whole
