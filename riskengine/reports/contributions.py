"""The table of contributions: what moved the score, what did not, and what is not for all eyes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from riskengine.explanation.texts import Texts
from riskengine.recommendation import AnswerView, Factor, Recommendation
from riskengine.reports.chart import Axis, contribution_bar
from riskengine.reports.figures import DECIMALS, ScoreUnit, minus

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
    log_odds
        The same in log-odds.
    direction
        ``raises``, ``lowers`` or empty; the key of the word for it.
    domain
        Name of the domain; empty for a line that is no single factor.
    sources
        Kind of source, day and internal id of the recorder, as far as they are known.
    withheld
        The answer came from somebody else or in confidence.
    """

    label: str
    answer: str
    known: bool
    amount: str
    log_odds: str
    direction: str
    bar: Markup
    domain: str = ""
    single: bool = True
    sources: tuple[str, ...] = ()
    withheld: bool = False


@dataclass(frozen=True)
class Group:
    """Lines that can change, or lines that cannot, with their sum.

    Attributes
    ----------
    kind
        ``changeable`` or ``fixed``; the key of its heading.
    """

    kind: str
    amount: str
    direction: str
    rows: tuple[Row, ...]


def contribution_groups(
    r: Recommendation,
    say: Texts,
    unit: ScoreUnit,
    domains: Mapping[str, str],
    *,
    most: int | None = MOST_ROWS,
) -> tuple[Group, ...]:
    """Factors that move the score, those that can change and those that cannot apart.

    Parameters
    ----------
    domains
        Name of the domain of each item, the domain that moves most first.
    most
        So many factors have a line of their own; the smallest ones share one. ``None`` for all.
    """
    moving = [factor for factor in r.factors if factor.contribution]
    fits = len(moving) if most is None or len(moving) <= most else most - 1
    shown, rest = moving[:fits], moving[fits:]
    amounts = [unit.amount(factor.contribution) for factor in shown]
    sums = [unit.amount(sum(f.contribution for f in rest if f.changeable is c)) for c in _KINDS]
    axis = Axis.over([*amounts, *sums], least=_LEAST_POINTS if unit.in_points else _LEAST_LOG_ODDS)
    order = {name: place for place, name in enumerate(dict.fromkeys(domains.values()))}
    groups = []
    for changeable, kind in _KINDS.items():
        own = [factor for factor in shown if factor.changeable is changeable]
        smaller = [factor for factor in rest if factor.changeable is changeable]
        rows = sorted(
            (_row(factor, say, unit, axis, domains) for factor in own),
            key=lambda row: order.get(row.domain, len(order)),
        )
        if smaller:
            rows.append(_together(smaller, say, unit, axis))
        if rows:
            # the integers are summed first, so that the line is exact before it is rounded
            total = unit.amount(sum(factor.contribution for factor in (*own, *smaller)))
            groups.append(Group(kind, unit.signed(total), _direction(total), tuple(rows)))
    return tuple(groups)


_KINDS = {True: "changeable", False: "fixed"}


def _row(
    factor: Factor, say: Texts, unit: ScoreUnit, axis: Axis, domains: Mapping[str, str]
) -> Row:
    amount = unit.amount(factor.contribution)
    named = dict.fromkeys(domains.get(answer.item, "") for answer in factor.answers)
    return Row(
        label=_pair([answer.label for answer in factor.answers], say),
        answer=say("clauses").join(answer.answer for answer in factor.answers),
        known=all(answer.known for answer in factor.answers),
        amount=unit.signed(amount),
        log_odds=minus(f"{factor.log_odds:+.{DECIMALS}f}"),
        direction=_direction(amount),
        bar=contribution_bar(amount, axis),
        domain=say("joiner").join(name for name in named if name),
        sources=_sources(factor, say),
        withheld=_withheld(factor),
    )


def _together(factors: Sequence[Factor], say: Texts, unit: ScoreUnit, axis: Axis) -> Row:
    amount = unit.amount(sum(factor.contribution for factor in factors))
    return Row(
        label=say("remainder", n=len(factors)),
        answer="",
        known=True,
        amount=unit.signed(amount),
        log_odds=minus(f"{sum(factor.log_odds for factor in factors):+.{DECIMALS}f}"),
        direction=_direction(amount),
        bar=contribution_bar(amount, axis),
        single=False,
        withheld=any(_withheld(factor) for factor in factors),
    )


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
