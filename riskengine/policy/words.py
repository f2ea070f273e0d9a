"""Conditions, periods and bands in words, in Chinese and in English."""

from __future__ import annotations

from riskengine.errors import Language
from riskengine.instrument.conditions import All, Any, Comparison, Condition, Not
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.policy import facts as policy_facts
from riskengine.policy.document import (
    Bands,
    Effect,
    Period,
    PointBands,
    PointRangeBands,
    ProbabilityBands,
)
from riskengine.policy.tiers import Tier


def condition_words(condition: Condition, instrument: Instrument, lang: Language) -> str:
    """Say a condition as a sentence a lawyer can read."""
    match condition:
        case Comparison():
            return _comparison(condition, instrument, lang)
        case Not(not_=part):
            inner = condition_words(part, instrument, lang)
            return f"并非（{inner}）" if lang == "zh" else f"not ({inner})"
        case All(all=parts):
            return _joined(parts, instrument, lang, "，并且" if lang == "zh" else " and ")
        case Any(any=parts):
            return _joined(parts, instrument, lang, "，或者" if lang == "zh" else " or ")


def _joined(
    parts: tuple[Condition, ...], instrument: Instrument, lang: Language, word: str
) -> str:
    said = []
    for part in parts:
        text = condition_words(part, instrument, lang)
        if isinstance(part, All | Any) and len(parts) > 1:
            text = f"（{text}）" if lang == "zh" else f"({text})"
        said.append(text)
    return word.join(said)


def label(subject: str, instrument: Instrument, lang: Language) -> str:
    """Name of an item or a fact."""
    if subject in policy_facts.LABELS:
        return policy_facts.LABELS[subject][lang]
    return instrument.every_item[subject].label[lang]


def value_words(subject: str, value: object, instrument: Instrument, lang: Language) -> str:
    """An answer or the value of a fact in words."""
    if value is None:
        return "不清楚" if lang == "zh" else "not known"
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}[lang]
    if subject in policy_facts.CHOICES:
        return policy_facts.CHOICE_LABELS[str(value)][lang]
    if isinstance(value, tuple | list):
        joined = [value_words(subject, one, instrument, lang) for one in value]
        if not joined:
            return "无" if lang == "zh" else "none"
        return ("、" if lang == "zh" else ", ").join(joined)
    item = instrument.every_item.get(subject)
    if isinstance(item, Item) and str(value) in item.level_ids:
        return item.level(str(value)).label[lang]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _comparison(test: Comparison, instrument: Instrument, lang: Language) -> str:
    name = label(test.subject, instrument, lang)
    zh = lang == "zh"

    def said(value: object) -> str:
        return value_words(test.subject, value, instrument, lang)

    if test.known is not None:
        if zh:
            return f"“{name}”{'有记录' if test.known else '没有记录'}"
        return f"“{name}” is {'on record' if test.known else 'not on record'}"
    if test.is_ is not None:
        return f"“{name}”为“{said(test.is_)}”" if zh else f"“{name}” is “{said(test.is_)}”"
    if test.in_ is not None:
        if zh:
            return f"“{name}”为" + "或".join(f"“{said(v)}”" for v in test.in_)
        return f"“{name}” is " + " or ".join(f"“{said(v)}”" for v in test.in_)
    if test.contains is not None:
        return f"“{name}”包括“{said(test.contains)}”" if zh else (
            f"“{name}” includes “{said(test.contains)}”"
        )  # fmt: skip
    if test.more_than_item is not None:
        other = label(test.more_than_item, instrument, lang)
        return f"“{name}”大于（晚于）“{other}”" if zh else f"“{name}” is above (after) “{other}”"
    if test.at_least is not None:
        if zh:
            return f"“{name}”达到“{said(test.at_least)}”及以上"
        return f"“{name}” is “{said(test.at_least)}” or more"
    if zh:
        return f"“{name}”为“{said(test.at_most)}”及以下"
    return f"“{name}” is “{said(test.at_most)}” or less"


def effect_words(effect: Effect, lang: Language) -> str:
    """What a rule does."""
    tier = "" if effect.tier is None else effect.tier.label[lang]
    return {
        "zh": {
            "floor": f"至少为{tier}",
            "cap": f"至多为{tier}",
            "set": f"确定为{tier}",
            "caution": "提示工作人员，不改变管理类别",
            "schedule": "在管理类别之外增加接触安排，不改变管理类别",
        },
        "en": {
            "floor": f"at least {tier}",
            "cap": f"at most {tier}",
            "set": f"exactly {tier}",
            "caution": "a sentence for the officer; no tier is moved",
            "schedule": "contacts beside those of the tier; no tier is moved",
        },
    }[lang][effect.kind]


def period_words(period: Period | None, default: str, lang: Language) -> str:
    """A period as the lesser of days and a share of the term."""
    if period is None:
        return "不设" if lang == "zh" else "none"
    share = period.share(default)
    if share is None:
        if lang == "zh":
            return f"{period.days}天（依经核对的规定，与期限长短无关）"
        return f"{period.days} days, by a rule whose text was checked, whatever the term"
    if lang == "zh":
        return f"{period.days}天或期限的{share}，以短者为准"
    return f"{period.days} days or {share} of the term, whichever is less"


def band_words(bands: Bands, lang: Language) -> str:
    """How a score becomes a band."""
    zh = lang == "zh"
    match bands:
        case PointBands():
            if zh:
                return (
                    f"评分{bands.strict_from}分起为严管区间，低于{bands.relaxed_below}分为宽管区间"
                    f"（评分卡{bands.scorecard}）"
                )
            return (
                f"strict from {bands.strict_from} points, relaxed below {bands.relaxed_below} "
                f"(scorecard {bands.scorecard})"
            )
        case PointRangeBands():
            said = [
                f"{one.tier.label[lang]} {'' if one.from_ is None else one.from_}"
                f"–{'' if one.to is None else one.to}"
                for one in bands.ranges
            ]
            return ("、" if zh else ", ").join(said) + f" ({bands.scorecard})"
        case ProbabilityBands():
            if zh:
                return f"风险{bands.strict_from}起为严管区间，低于{bands.relaxed_below}为宽管区间"
            return (
                f"strict from a risk of {bands.strict_from}, relaxed below {bands.relaxed_below}"
            )
    if zh:
        return (
            f"参照人群中评分最高的{bands.strict}为严管区间，最低的{bands.relaxed}为宽管区间；"
            "换算为固定分数线，不随当日人数变化；同分较多时只会更少，不会更多"
        )
    return (
        f"the highest {bands.strict} of the reference population are strict, the lowest "
        f"{bands.relaxed} relaxed; they become fixed cut-offs that no day's caseload moves, and "
        "ties make a band smaller, never larger"
    )


def tier_word(tier: Tier, lang: Language) -> str:
    """Name of a tier."""
    return tier.label[lang]
