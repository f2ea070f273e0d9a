"""A recommendation on a terminal."""

from __future__ import annotations

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from riskengine.explanation.texts import Texts
from riskengine.recommendation import MissingRange, Recommendation
from riskengine.reports.figures import written_day
from riskengine.reports.words import words_of

_MARKS = {"met": "✓", "nearly": "≈", "not_met": "✗", "not_known": "?"}
_MOST_FACTORS = 12


def show(recommendation: Recommendation, console: Console) -> None:
    """Print one recommendation."""
    r, say = recommendation, words_of("terminal", recommendation.lang)
    parts: list[object] = [Text(r.headline, style="bold")]
    if r.without_initial_period and r.takes_effect_on:
        day = written_day(r.takes_effect_on, r.lang)
        parts.append(Text(say("after", tier=r.without_initial_period.label, day=day)))
    for alert in r.alerts:
        said = say("alert", label=alert.label, task=alert.task, words=alert.words).rstrip()
        parts.append(Text(said, style="bold red" if alert.state == "open" else ""))
    if r.score is not None:
        value = r.score.value if r.score.form == "points" else r.score.log_odds
        parts.append(Text(say("score", value=value, share=f"{r.score.position:g}")))
    if r.risk is not None:
        parts.append(Text(r.risk.words))
    table = _factors(r, say)
    if table is not None:
        parts.append(table)
    for rule in r.rules:
        key = "rule_binding" if rule.binding else "rule"
        parts.append(Text(say(key, title=rule.title, reason=rule.reason, citation=rule.citation)))
    parts += [Text(say("why", reason=reason), style="dim") for reason in r.why_not_lower]
    if r.why_not_yet is not None:
        parts.append(Text(r.why_not_yet.words))
        parts += [
            Text(f"  {_MARKS[one.state]} {one.words}", style="dim")
            for one in r.why_not_yet.conditions
        ]
    if r.missing is not None:
        points = r.score is not None and r.score.form == "points"
        parts.append(Text(_missing(r.missing, points, say)))
        if r.missing.next_question:
            parts.append(Text(say("ask", question=r.missing.next_question)))
    if r.stability is not None:
        parts.append(Text(r.stability.words))
    for need in r.needs:
        offered = say("clauses").join(need.assistance)
        parts.append(Text(say("need", label=need.label, help=offered)))
    if r.review_on is not None:
        parts.append(Text(say("review", day=written_day(r.review_on, r.lang))))
    if r.strict_until is not None:
        parts.append(Text(say("strict_until", day=written_day(r.strict_until, r.lang))))
    if r.review is not None:
        parts.append(Text(r.review.words))
    parts += [Text(say("caution", text=caution.text), style="dim") for caution in r.cautions]
    parts.append(Text(r.validation.words, style="dim"))
    console.print(Panel(Group(*parts), title=r.person, title_align="left"))  # type: ignore[arg-type]


def _factors(r: Recommendation, say: Texts) -> Table | None:
    moving = [factor for factor in r.factors if factor.contribution]
    if not moving or r.score is None:
        return None
    table = Table(box=None, pad_edge=False)
    table.add_column(say("factor"))
    table.add_column(say("answer"))
    table.add_column(say("adds"), justify="right")
    for factor in moving[:_MOST_FACTORS]:
        points = r.score.form == "points"
        table.add_row(
            Text(" × ".join(a.label for a in factor.answers)),
            Text(" × ".join(a.answer for a in factor.answers)),
            f"{factor.contribution:+d}" if points else f"{factor.log_odds:+.3f}",
        )
    return table


def _missing(missing: MissingRange, points: bool, say: Texts) -> str:
    items = say("joiner").join(item.label for item in missing.items)
    if not points:
        return say("missing", items=items)
    return say("missing_range", items=items, low=missing.score_low, high=missing.score_high)
