"""What the Bayesian update says about itself on a model card: free, learned, not dared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskengine.errors import Language
from riskengine.scorecard.document import ScorecardDocument
from riskengine.training.on_top import ADDITIVE_FROM, OnTop
from riskengine.training.update import OPEN_FROM, Updated

Value = bool | int | float | str | tuple[bool | int | float | str, ...]

_DECIMALS = 4
_MOST_MOVED = 5
_LEAST_MOVE = 0.05
"""Log-odds between the ends of an item's change below which it is not named."""

_WORDS: dict[Language, Mapping[str, str]] = {
    "en": {
        "title": "What the local outcomes were allowed to change",
        "start": "The model starts at published effects; {events:,} events were seen locally.",
        "stated": "The base rate stated for this district was {rate:.3g}.",
        "unstated": (
            "No base rate was stated for this district, so the level rests on its own outcomes."
        ),
        "free": "**Free:** {what}.",
        "intercept": "the overall level",
        "slope": f"how far scores spread (from {OPEN_FROM} events)",
        "deviations": f"every single item (from {OPEN_FROM} events)",
        "additive": f"a learner from the data alone (from {ADDITIVE_FROM} events)",
        "level": "The level moved by {shift:+.2f} log-odds (give or take {error:.2f}).",
        "spread": "The published score was stretched by {slope:.2f} (give or take {error:.2f}).",
        "moved": "Items that moved furthest from what was published: {items}.",
        "still": "No item moved far from what was published.",
        "learned": "**Learned:**",
        "held": "**Not dared:** {what}.",
        "held_slope": f"the spread stays as published below {OPEN_FROM} events",
        "held_deviations": f"single items stay as published below {OPEN_FROM} events",
        "held_additive": f"nothing is learned from the data alone below {ADDITIVE_FROM} events",
        "refused": (
            "a learner from the data alone was tried and not taken: out of fold it changed the "
            "log score by {gain:+.5f} a person (standard error {error:.5f})"
        ),
        "taken": (
            "A learner from the data alone was taken with a share of {share:.0%}: out of fold it "
            "gained {gain:+.5f} log score a person (standard error {error:.5f})."
        ),
        "test": (
            "For the reader only: a closed test would have chosen “{verdict}”. It decided nothing."
        ),
        "original": "leave everything",
        "only_intercept": "intercept",
        "only_slope": "intercept and slope",
        "refit": "refit",
        "comma": ", ",
        "semicolon": "; ",
    },
    "zh": {
        "title": "本地结果可以改动什么",
        "start": "模型以已发表的效应为起点；本地共有 {events:,} 人发生结果。",
        "stated": "为本地区填写的基准比例为 {rate:.3g}。",
        "unstated": "没有填写本地区的基准比例，总体水平只依据本地结果。",
        "free": "**可以变动：**{what}。",
        "intercept": "总体水平",
        "slope": f"得分拉开的幅度（{OPEN_FROM} 人发生结果起）",
        "deviations": f"每一个项目（{OPEN_FROM} 人发生结果起）",
        "additive": f"只靠数据的学习方法（{ADDITIVE_FROM} 人发生结果起）",
        "level": "总体水平移动了 {shift:+.2f} 个对数几率（误差约 {error:.2f}）。",
        "spread": "已发表的得分乘以 {slope:.2f}（误差约 {error:.2f}）。",
        "moved": "与已发表数值相差最大的项目：{items}。",
        "still": "没有项目明显偏离已发表的数值。",
        "learned": "**学到的：**",
        "held": "**没有贸然改动的：**{what}。",
        "held_slope": f"发生结果不足 {OPEN_FROM} 人，得分幅度保持已发表的数值",
        "held_deviations": f"发生结果不足 {OPEN_FROM} 人，各个项目保持已发表的数值",
        "held_additive": f"发生结果不足 {ADDITIVE_FROM} 人，不单凭数据学习",
        "refused": (
            "试过只靠数据的学习方法，没有采用：折外每人对数得分变化 {gain:+.5f}"
            "（标准误 {error:.5f}）"
        ),
        "taken": (
            "采用了只靠数据的学习方法，占 {share:.0%}：折外每人对数得分提高 {gain:+.5f}"
            "（标准误 {error:.5f}）。"
        ),
        "test": "仅供读者参考：封闭检验会选择“{verdict}”。它不决定任何事情。",
        "original": "保持原样",
        "only_intercept": "只改截距",
        "only_slope": "改截距和斜率",
        "refit": "重新拟合",
        "comma": "、",
        "semicolon": "；",
    },
}


def options_of(
    updated: Updated, *, base_rate: float | None, on_top: OnTop | None, verdict: str
) -> dict[str, Value]:
    """Give what a card has to say about an update, as options of the model's training.

    Parameters
    ----------
    base_rate
        As stated for the district; ``None`` where nobody stated one.
    on_top
        What trying the additive learner showed; ``None`` where it was not tried.
    verdict
        Of the closed test.
    """
    options: dict[str, Value] = {
        "opened": updated.opened,
        "intercept_shift": round(updated.intercept[0], _DECIMALS),
        "intercept_shift_sd": round(updated.intercept[1], _DECIMALS),
        "evidence_slope": round(updated.slope[0], _DECIMALS),
        "evidence_slope_sd": round(updated.slope[1], _DECIMALS),
        "moved_items": _moved(updated),
        "closed_test": verdict,
    }
    if base_rate is not None:
        options["base_rate"] = base_rate
    if updated.spreads is not None:
        options["effect_scale"] = round(updated.spreads.effect, _DECIMALS)
        options["trend_scale"] = round(updated.spreads.item.trend, _DECIMALS)
        options["shape_scale"] = round(updated.spreads.item.shape, _DECIMALS)
    if on_top is not None:
        options["additive_share"] = on_top.share
        options["additive_gain"] = round(on_top.gain, 6)
        options["additive_gain_se"] = round(on_top.standard_error, 6)
    return options


def _moved(updated: Updated) -> tuple[str, ...]:
    """Name the items whose own tables moved furthest, furthest first."""
    slope = updated.slope[0]
    moves = []
    for item, now, before in zip(
        updated.items, updated.tables.mains, updated.unknowns.start.mains, strict=True
    ):
        change = now[: item.known] - slope * before[: item.known]
        moves.append((float(change.max() - change.min()), item.id))
    far = sorted((move for move in moves if move[0] >= _LEAST_MOVE), reverse=True)
    return tuple(f"{name} {size:.2f}" for size, name in far[:_MOST_MOVED])


def update_section(document: ScorecardDocument, lang: Language) -> Iterator[str]:
    """Write what was free, what it learned and what it did not dare; nothing for other models."""
    options = document.training.options
    opened = options.get("opened")
    if not isinstance(opened, tuple):
        return
    words = _WORDS[lang]
    yield f"## {words['title']}"
    yield ""
    yield words["start"].format(events=document.training.events or 0)
    rate = options.get("base_rate")
    yield words["unstated"] if rate is None else words["stated"].format(rate=rate)
    yield ""
    free = [words[str(name)] for name in opened]
    if "additive_gain" in options:
        free.append(words["additive"])
    yield words["free"].format(what=words["comma"].join(free))
    yield ""
    yield words["learned"]
    yield ""
    yield from (f"- {line}" for line in _learned(options, words))
    yield ""
    held = _held(opened, options, words)
    if held:
        yield words["held"].format(what=words["semicolon"].join(held))
        yield ""
    verdict = str(options["closed_test"])
    name = {"intercept": "only_intercept", "slope": "only_slope"}.get(verdict, verdict)
    yield words["test"].format(verdict=words[name])


def _learned(options: Mapping[str, object], words: Mapping[str, str]) -> Iterator[str]:
    yield words["level"].format(
        shift=options["intercept_shift"], error=options["intercept_shift_sd"]
    )
    opened = options["opened"]
    assert isinstance(opened, tuple)
    if "slope" in opened:
        yield words["spread"].format(
            slope=options["evidence_slope"], error=options["evidence_slope_sd"]
        )
    if "deviations" in opened:
        moved = options.get("moved_items")
        named = moved if isinstance(moved, tuple) else ()
        items = words["comma"].join(f"`{name}`" for name in named)
        yield words["moved"].format(items=items) if items else words["still"]
    if options.get("additive_share"):
        yield words["taken"].format(
            share=options["additive_share"],
            gain=options["additive_gain"],
            error=options["additive_gain_se"],
        )


def _held(
    opened: tuple[object, ...], options: Mapping[str, object], words: Mapping[str, str]
) -> list[str]:
    held = [words[f"held_{name}"] for name in ("slope", "deviations") if name not in opened]
    if "additive_gain" not in options:
        held.append(words["held_additive"])
    elif not options["additive_share"]:
        held.append(
            words["refused"].format(
                gain=options["additive_gain"], error=options["additive_gain_se"]
            )
        )
    return held
