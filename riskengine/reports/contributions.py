"""The table of contributions: what moved the score, what did not, and what is not for all eyes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from riskengine.explanation.texts import Texts
from riskengine.recommendation import AnswerView, Factor, Recommendation
from riskengine.reports.chart import Axis, contribution_bar
from riskengine.reports.figures import ScoreUnit

MOST_ROWS = 14
"""So many factors fit on a sheet of A4; what is smaller stands in one line with its sum."""
_LEAST_POINTS, _LEAST_LOG_ODDS = 2.0, 0.4


@dataclass(frozen=True)
class Row:
    """One line of the contribution table.

    Attributes
    ----------
    amount
        What it adds, signed, in the unit that officers see.
    direction
        ``raises``, ``lowers`` or empty; the key of the word for it.
    kind
        ``changeable`` or ``fixed``; empty for a line that is no single factor.
    sources
        Kind of source, day and internal id of the recorder, as far as they are known.
    withheld
        The answer came from somebody else or in confidence.
    """

    label: str
    answer: str
    known: bool
    amount: str
    direction: str
    bar: Markup
    kind: str = ""
    sources: tuple[str, ...] = ()
    withheld: bool = False


def contribution_rows(r: Recommendation, say: Texts, unit: ScoreUnit) -> tuple[Row, ...]:
    """Factors that move the score, in the engine's order; the smallest ones as one line."""
    moving = [factor for factor in r.factors if factor.contribution]
    fits = len(moving) if len(moving) <= MOST_ROWS else MOST_ROWS - 1
    shown, rest = moving[:fits], moving[fits:]
    amounts = [unit.amount(factor.contribution) for factor in shown]
    # the integers are summed first, so that the line is exact before it is rounded
    remainder = unit.amount(sum(factor.contribution for factor in rest))
    axis = Axis.over(
        [*amounts, remainder], least=_LEAST_POINTS if unit.in_points else _LEAST_LOG_ODDS
    )
    rows = [
        Row(
            label=_pair([answer.label for answer in factor.answers], say),
            answer=say("clauses").join(answer.answer for answer in factor.answers),
            known=all(answer.known for answer in factor.answers),
            amount=unit.signed(amount),
            direction=_direction(amount),
            bar=contribution_bar(amount, axis),
            kind="changeable" if factor.changeable else "fixed",
            sources=_sources(factor, say),
            withheld=_withheld(factor),
        )
        for factor, amount in zip(shown, amounts, strict=True)
    ]
    if rest:
        rows.append(
            Row(
                label=say("remainder", n=len(rest)),
                answer="",
                known=True,
                amount=unit.signed(remainder),
                direction=_direction(remainder),
                bar=contribution_bar(remainder, axis),
                withheld=any(_withheld(factor) for factor in rest),
            )
        )
    return tuple(rows)


def without_effect(r: Recommendation) -> tuple[str, ...]:
    """Labels of what was asked and answered and does not move this score."""
    moving = {
        answer.item for factor in r.factors if factor.contribution for answer in factor.answers
    }
    return _labels(
        answer
        for factor in r.factors
        if not factor.contribution and all(answer.known for answer in factor.answers)
        for answer in factor.answers
        if answer.item not in moving
    )


def ruled_out(r: Recommendation) -> tuple[str, ...]:
    """Labels of items that do not apply to this person by the instrument's own rules."""
    missing = {one.item for one in r.missing.items} if r.missing else set()
    return _labels(
        answer
        for factor in r.factors
        if not factor.contribution
        for answer in factor.answers
        if not answer.known and answer.item not in missing
    )


def _labels(answers: Iterable[AnswerView]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(answer.label for answer in answers))


def _pair(labels: list[str], say: Texts) -> str:
    if len(labels) == 2:
        return say("pair", first=labels[0], second=labels[1])
    return say("joiner").join(labels)


def _sources(factor: Factor, say: Texts) -> tuple[str, ...]:
    parts: dict[str, None] = {}
    for answer in factor.answers:
        if answer.source is None:
            continue
        parts[say(f"source_{answer.source}")] = None
        if answer.on is not None:
            parts[answer.on.isoformat()] = None
        if answer.by is not None:
            parts[answer.by] = None
    return tuple(parts)


def _withheld(factor: Factor) -> bool:
    return any(answer.disclosure != "open" for answer in factor.answers)


def _direction(amount: float) -> str:
    return "raises" if amount > 0 else "lowers" if amount < 0 else ""
