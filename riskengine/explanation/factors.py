"""The two views of a score in words: by term for the officer, by item for the reviewer."""

from __future__ import annotations

import numpy as np

from riskengine.explanation.answers import answer_view
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.recommendation import Factor, ItemShare, ItemView
from riskengine.scorecard.compiled import Encoded, Integers, Scorecard, probability
from riskengine.scorecard.document import LOG_ODDS_BITS, LinearTerm, TableTerm
from riskengine.scorecard.views import item_denominator, item_parts, percentage_parts

NANO = 10**9


def nanos(value: int) -> str:
    """Write an integer number of 10^-9 as a decimal with nine places."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // NANO}.{abs(value) % NANO:09d}"


def risk_text(risk: float) -> str:
    """Write a risk that was rounded to nine decimals."""
    return nanos(round(risk * NANO))


def factors(
    scorecard: Scorecard, assessment: Assessment, parts: Integers, say: Texts
) -> tuple[Factor, ...]:
    """Every term with its answers and what it adds; what moves most comes first.

    Parameters
    ----------
    parts
        Shape (terms,): contributions of one person.
    """
    document = scorecard.document
    items = assessment.instrument.every_item
    unit = document.log_odds.unit / 2**LOG_ODDS_BITS
    views = {item: answer_view(assessment, items[item], say) for item in document.items}
    found = []
    terms: list[TableTerm | LinearTerm] = [*scorecard.tables, *scorecard.linears]
    for term, part in zip(terms, parts.tolist(), strict=True):
        names = (
            [term.item]
            if term.kind == "linear"
            else [document.axes_by_id[axis].item for axis in term.axes]
        )
        answers = tuple(views[name] for name in names)
        found.append(
            Factor(
                term=term.id,
                answers=answers,
                contribution=part,
                log_odds=round(part * unit, 6),
                changeable=any(answer.changeable for answer in answers),
            )
        )
    found.sort(key=lambda factor: -abs(factor.contribution))
    return tuple(found)


def asked_not_scored(scorecard: Scorecard, assessment: Assessment, say: Texts) -> tuple[str, ...]:
    """Answered items that may be scored, and for which this scorecard has no evidence."""
    scored = frozenset(scorecard.document.items)
    return tuple(
        item.label[say.lang]
        for item in assessment.instrument.items
        if "scored" in item.use and item.id not in scored and item.id in assessment.known
    )


def item_view(
    scorecard: Scorecard, assessment: Assessment, encoded: Encoded, risk: float | None, say: Texts
) -> ItemView:
    """Exact Shapley values of the items, and their shares in percentage points of risk."""
    document = scorecard.document
    baseline, matrix = item_parts(scorecard, encoded)
    parts = matrix[0]
    denominator = item_denominator(scorecard)
    points: list[int] | None = None
    baseline_risk: float | None = None
    if risk is not None:
        scale = document.log_odds
        exponent = 2**LOG_ODDS_BITS
        baseline_log_odds = (scale.offset + scale.unit * baseline / denominator) / exponent
        baseline_risk = float(probability(np.array([baseline_log_odds]))[0])
        points = percentage_parts(
            parts,
            risk=risk,
            reference_risk=baseline_risk,
            log_odds_per_part=scale.unit / denominator / exponent,
        )
    items = assessment.instrument.every_item
    return ItemView(
        denominator=denominator,
        baseline=baseline,
        baseline_risk=None if baseline_risk is None else risk_text(baseline_risk),
        items=tuple(
            ItemShare(
                item=item,
                label=items[item].label[say.lang],
                contribution=int(part),
                percentage_points=None if points is None else nanos(points[position]),
            )
            for position, (item, part) in enumerate(
                zip(document.items, parts.tolist(), strict=True)
            )
        ),
    )
