"""An answer in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from riskengine.explanation.texts import Texts
from riskengine.instrument.answers import is_known
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.items import DerivedItem, Disclosure, Item
from riskengine.recommendation import AnswerView

_CLASSES: tuple[Disclosure, ...] = ("open", "confidential", "third_party")


def answer_words(item: Item | DerivedItem, answer: object, say: Texts) -> str:
    """Put one answer into the words of the instrument."""
    lang = say.lang
    if not is_known(answer):
        return say(f"answer_{answer}")
    if isinstance(answer, bool):
        return say("yes" if answer else "no")
    if isinstance(answer, tuple):
        return "、".join(answer_words(item, one, say) for one in answer) or say("none_of_these")
    if isinstance(answer, date):
        return written_day(answer, say)
    if isinstance(answer, int | float):
        number = f"{answer:g}" if isinstance(answer, int) else f"{answer:.3g}"
        if item.unit is None:
            return number
        if lang == "zh":
            return f"{number}{item.unit.zh}"
        return f"{number} {_singular(item.unit.en) if answer == 1 else item.unit.en}"
    if isinstance(item, Item) and item.levels:
        return item.level(str(answer)).label[lang]
    return str(answer)


def written_day(day: date, say: Texts) -> str:
    """Write a date as the language does."""
    return f"{day.year}年{day.month}月{day.day}日" if say.lang == "zh" else day.isoformat()


def _singular(unit: str) -> str:
    """One of what a unit names; units are regular English plurals."""
    if unit.endswith("ies"):
        return f"{unit.removesuffix('ies')}y"
    return unit.removesuffix("s")


def disclosure(assessment: Assessment, item: Item | DerivedItem) -> Disclosure:
    """Class of one answer: its source may make it stricter than its item, never looser."""
    if not isinstance(item, Item):
        # what is computed from an answer tells of it
        return strictest(assessment, item.sources)
    own: Disclosure = item.disclosure
    source = assessment.sources.get(item.id)
    if source is None or source.disclosure is None:
        return own
    return max(own, source.disclosure, key=_CLASSES.index)


def strictest(assessment: Assessment, items: Iterable[str]) -> Disclosure:
    """The strictest class among the answers to some items."""
    every = assessment.instrument.every_item
    return max((disclosure(assessment, every[item]) for item in items), key=_CLASSES.index)


def answer_view(assessment: Assessment, item: Item | DerivedItem, say: Texts) -> AnswerView:
    """Show one answer with where it comes from."""
    answer = assessment.complete.get(item.id, "not_asked")
    source = assessment.sources.get(item.id)
    return AnswerView(
        item=item.id,
        label=item.label[say.lang],
        answer=answer_words(item, answer, say),
        known=is_known(answer),
        changeable=item.dynamic,
        disclosure=disclosure(assessment, item),
        source=source.source if source else None,
        on=source.on if source else None,
        by=source.by if source else None,
    )
