"""A recommendation on a terminal."""

from __future__ import annotations

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from riskengine.errors import Language
from riskengine.recommendation import Recommendation

_WORDS: dict[str, dict[Language, str]] = {
    "score": {"zh": "评分", "en": "Score"},
    "position": {"zh": "高于参照人群的", "en": "above"},
    "of_reference": {"zh": "", "en": "of the reference population"},
    "factor": {"zh": "因素", "en": "Factor"},
    "answer": {"zh": "答案", "en": "Answer"},
    "adds": {"zh": "分值", "en": "Adds"},
    "rules": {"zh": "依据", "en": "Rules"},
    "binding": {"zh": "决定性", "en": "binding"},
    "missing": {"zh": "未答", "en": "Not answered"},
    "range": {"zh": "评分可能在", "en": "the score could lie between"},
    "and": {"zh": "与", "en": "and"},
    "between": {"zh": "之间", "en": ""},
    "ask": {"zh": "最值得再问", "en": "most useful question"},
    "alerts": {"zh": "安全提示", "en": "Safety alert"},
    "needs": {"zh": "需要与帮扶", "en": "Needs and assistance"},
    "review": {"zh": "复核日期", "en": "Review by"},
    "why": {"zh": "为何尚不能更宽", "en": "Why not yet a lower tier"},
    "strict_until": {"zh": "本次严管最长至", "en": "Strict holds until"},
    "after": {"zh": "此后", "en": "afterwards"},
    "from": {"zh": "最早自", "en": "from"},
    "cautions": {"zh": "注意", "en": "Mind"},
}


_MARKS = {"met": "✓", "nearly": "≈", "not_met": "✗", "not_known": "?"}


def show(recommendation: Recommendation, console: Console) -> None:
    """Print one recommendation."""
    lang = recommendation.lang

    def word(key: str) -> str:
        return _WORDS[key][lang]

    parts: list[object] = [Text(recommendation.headline, style="bold")]
    if recommendation.without_initial_period and recommendation.takes_effect_on:
        parts.append(
            Text(
                f"{word('after')} {recommendation.without_initial_period.label}"
                f" ({word('from')} {recommendation.takes_effect_on})"
            )
        )
    for alert in recommendation.alerts:
        said = f"! {word('alerts')}: {alert.label} — {alert.task} {alert.words}".rstrip()
        parts.append(Text(said, style="bold red" if alert.state == "open" else ""))
    score = recommendation.score
    if score is not None:
        line = f"{word('score')} {score.value if score.form == 'points' else score.log_odds}"
        line += f" · {word('position')} {score.position:g} % {word('of_reference')}"
        parts.append(Text(line.rstrip()))
    if recommendation.risk is not None:
        parts.append(Text(recommendation.risk.words))
    moving = [factor for factor in recommendation.factors if factor.contribution]
    if moving and score is not None:
        table = Table(box=None, pad_edge=False)
        table.add_column(word("factor"))
        table.add_column(word("answer"))
        table.add_column(word("adds"), justify="right")
        for factor in moving[:12]:
            points = score.form == "points"
            value = f"{factor.contribution:+d}" if points else f"{factor.log_odds:+.3f}"
            table.add_row(
                Text(" × ".join(a.label for a in factor.answers)),
                Text(" × ".join(a.answer for a in factor.answers)),
                value,
            )
        parts.append(table)
    for rule in recommendation.rules:
        mark = f" [{word('binding')}]" if rule.binding else ""
        parts.append(Text(f"§ {rule.title}{mark}: {rule.reason} ({rule.citation})"))
    for reason in recommendation.why_not_lower:
        parts.append(Text(f"{word('why')}: {reason}", style="dim"))
    if recommendation.why_not_yet is not None:
        parts.append(Text(recommendation.why_not_yet.words))
        parts += [
            Text(f"  {_MARKS[one.state]} {one.words}", style="dim")
            for one in recommendation.why_not_yet.conditions
        ]
    missing = recommendation.missing
    if missing is not None:
        names = ", ".join(item.label for item in missing.items)
        parts.append(
            Text(
                f"{word('missing')}: {names} — {word('range')} {missing.score_low} "
                f"{word('and')} {missing.score_high}{word('between')}"
                if score is not None and score.form == "points"
                else f"{word('missing')}: {names}"
            )
        )
        if missing.next_question:
            parts.append(Text(f"{word('ask')}: {missing.next_question}"))
    if recommendation.stability is not None:
        parts.append(Text(recommendation.stability.words))
    for need in recommendation.needs:
        parts.append(Text(f"{word('needs')}: {need.label} — {'; '.join(need.assistance)}"))
    if recommendation.review_on is not None:
        parts.append(Text(f"{word('review')}: {recommendation.review_on}"))
    if recommendation.strict_until is not None:
        parts.append(Text(f"{word('strict_until')}: {recommendation.strict_until}"))
    if recommendation.review is not None:
        parts.append(Text(recommendation.review.words))
    for caution in recommendation.cautions:
        parts.append(Text(f"{word('cautions')}: {caution.text}", style="dim"))
    parts.append(Text(recommendation.validation.words, style="dim"))
    console.print(Panel(Group(*parts), title=recommendation.person, title_align="left"))  # type: ignore[arg-type]
