"""The sentences in which the engine says what is wrong with an answer, in Chinese and English."""

from __future__ import annotations

from riskengine.errors import Problem, shown

# Each names item, value and what would be accepted.
TEMPLATES: dict[str, tuple[str, str]] = {
    "unknown_item": (
        "{item}：量表中没有此项目；可用的项目见 riskengine instruments {accepted}",
        "{item}: no such item; `riskengine instruments {accepted}` lists the items",
    ),
    "blocked_item": (
        "{item}：不得作为输入。{accepted}",
        "{item}: may never be an input. {accepted}",
    ),
    "wrong_type": (
        "{item}：值 {value} 的类型不对；应为：{accepted}",
        "{item}: value {value} is of the wrong type; accepted: {accepted}",
    ),
    "unknown_level": (
        "{item}：没有选项 {value}；可选：{accepted}",
        "{item}: no answer option {value}; accepted: {accepted}",
    ),
    "out_of_range": (
        "{item}：{value} 超出范围；应为：{accepted}",
        "{item}: {value} is out of range; accepted: {accepted}",
    ),
    "not_a_date": (
        "{item}：{value} 不是日期；应为：{accepted}",
        "{item}: {value} is not a date; accepted: {accepted}",
    ),
    "too_long": (
        "{item}：内容过长；最多：{accepted}",
        "{item}: too long; accepted: {accepted}",
    ),
    "repeated": (
        "{item}：{value} 重复",
        "{item}: {value} is given twice",
    ),
    "not_applicable": (
        "{item}：按其他答案此项不适用，却填了 {value}；请留空或更正相关答案",
        "{item}: does not apply given the other answers, yet holds {value}; "
        "leave it out or correct the others",
    ),
    "contradiction": (
        "{item}:{accepted}",
        "{item}: {accepted}",
    ),
    "person": (
        "{item}：不接受此人员编号；应为：{accepted}",
        "{item}: this person id is not accepted; accepted: {accepted}",
    ),
    "missing": (
        "{item}：缺少；应为：{accepted}",
        "{item}: missing; accepted: {accepted}",
    ),
    "assessed_later": (
        "{item}：评估日期 {value} 晚于建议日期；应为：{accepted}",
        "{item}: the assessment of {value} is later than the recommendation; accepted: {accepted}",
    ),
    "wrong_instrument": (
        "{item}：此评估属于量表 {value}，应为：{accepted}",
        "{item}: this assessment belongs to instrument {value}; accepted: {accepted}",
    ),
}


def problem(
    code: str,
    item: str,
    value: object = "",
    accepted: str | tuple[str, str] = "",
) -> Problem:
    """Make a problem; ``accepted`` is one text, or a Chinese and an English one."""
    zh, en = (accepted, accepted) if isinstance(accepted, str) else accepted
    said = shown(value) if value != "" else ""
    in_zh, in_en = TEMPLATES[code]
    return Problem(
        code=code,
        item=item,
        value=said,
        accepted=en,
        message={
            "zh": in_zh.format(item=item, value=said, accepted=zh),
            "en": in_en.format(item=item, value=said, accepted=en),
        },
    )
