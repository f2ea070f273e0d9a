"""The report on a province's districts, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskengine.errors import Language
from riskengine.scorecard.document import ScorecardDocument
from riskengine.text import Text
from riskengine.training.districts import (
    CALIBRATION_EVENTS,
    SLOPE_EVENTS,
    Pool,
    Standing,
    Validation,
)

VALIDATIONS: Mapping[Validation, Text] = {
    "literature_only": Text(zh="仅有文献依据", en="literature only"),
    "ranks_checked_locally": Text(zh="本地已检验排序", en="ranks checked locally"),
    "calibrated_in_pool": Text(zh="在所属群体中校准", en="calibrated in the pool"),
    "calibrated_here": Text(zh="已在本地区校准", en="calibrated here"),
}
SCALES = {
    "relative": Text(zh="相对尺度：不给出概率", en="relative: no probability is given"),
    "calibrated": Text(zh="校准尺度", en="calibrated"),
}
_COLUMNS: tuple[Text, ...] = (
    Text(zh="地区", en="District"),
    Text(zh="人数", en="People"),
    Text(zh="发生结果", en="Events"),
    Text(zh="截距偏移（90% 区间）", en="Shift (90 % interval)"),
    Text(zh="斜率", en="Slope"),
    Text(zh="借自其他地区", en="Borrowed"),
    Text(zh="实际/预期：之前", en="O/E before"),
    Text(zh="实际/预期：之后", en="O/E after"),
    Text(zh="检验程度", en="Checked"),
    Text(zh="尺度", en="Scale"),
)
_TITLE = Text(zh="各地区", en="Districts")
_HOW = Text(
    zh=(
        "{districts} 个地区共 {people:,} 人，其中 {events:,} 人发生结果；另有 {left_out:,} 人没有"
        "地区，未计入。全省水平 {level}，斜率 {slope:.2f}；各地区水平的标准差约为 "
        "{apart:.2f}（对数几率）。\n\n"
        "- **截距偏移**：平均得分处，本地区对数几率与全省之差，区间为 90%。\n"
        "- **借自其他地区**：对本地区水平的了解中，不来自本地区自身数据的份额。\n"
        "- **实际/预期**：实际发生数除以预期发生数。“之前”用全省得分；“之后”用本地区的校正，"
        "且校正时没有用到被检验的人。发生数很少时，这个比值偶然性很大。\n"
        "- **斜率**：发生结果超过 {slope_events} 人的地区才有自己的斜率（标 *），其余沿用全省。\n"
        "- **检验程度**：本地区至少 {calibration_events} 人发生结果，才算已在本地区校准；"
        "所属群体至少 {calibration_events} 人，才算在所属群体中校准。"
    ),
    en=(
        "{districts} districts with {people:,} people, {events:,} of them with the event; "
        "{left_out:,} people without a district are left out. The province's level is "
        "{level} and its slope {slope:.2f}; districts' levels lie apart by a standard "
        "deviation of about {apart:.2f} (log-odds).\n\n"
        "- **Shift**: how far the log-odds at the average score lie from the province's, with a "
        "90 % interval.\n"
        "- **Borrowed**: the share of what is known about a district's level that does not come "
        "from its own rows.\n"
        "- **O/E**: observed over expected events. *Before* is by the province's score; *after* "
        "by the district's own correction, learned without the people it is checked on. With few "
        "events the ratio is mostly chance.\n"
        "- **Slope**: a district has its own (marked *) only above {slope_events} events; the "
        "others take the province's.\n"
        "- **Checked**: *calibrated here* needs at least {calibration_events} events in the "
        "district, *calibrated in the pool* as many in the pool."
    ),
)
_SECTION = Text(zh="本地区情况", en="How this district stands")
_STANDING = Text(
    zh=(
        "{name}：{people:,} 人，其中 {events:,} 人发生结果。平均得分处的对数几率比全省"
        "{direction} {size:.2f}（90% 区间 {low} 至 {high}）。对本地区水平的了解有 "
        "{borrowed:.0%} 借自其他地区。检验程度：{validation}；{scale}。"
    ),
    en=(
        "{name}: {people:,} people, {events:,} of them with the event. At the average score its "
        "log-odds lie {size:.2f} {direction} the province's (90 % interval {low} to "
        "{high}). Of what is known about its level, {borrowed:.0%} is borrowed from the "
        "other districts. Checked: {validation}; scale: {scale}."
    ),
)
_ABOVE = Text(zh="高", en="above")
_BELOW = Text(zh="低", en="below")
_NONE = "–"


def pool_name(province: ScorecardDocument, found: Pool) -> Text:
    """Name the population of a pool."""
    return Text(
        zh=f"{province.title.zh}，{len(found.districts)} 个地区合计 {found.people} 人",
        en=f"{province.title.en}: {found.people} people of {len(found.districts)} districts",
    )


def shift_note(error: float) -> Text:
    """Say that what is not known about a district's shift is in its intervals."""
    return Text(
        zh=f"另加入本地区水平与斜率自身的不确定性（截距偏移的标准误为 {error:.2f}）。",
        en=(
            "What is not known about the district's own level and slope is added (standard error "
            f"of its shift {error:.2f})."
        ),
    )


def pool_report(
    found: Pool,
    rows: Sequence[Standing],
    labels: Mapping[str, Text],
    left_out: int,
    lang: Language,
) -> str:
    """Write the report on all districts, in Markdown."""
    how = _HOW[lang].format(
        districts=len(found.districts),
        people=found.people,
        events=found.events,
        left_out=left_out,
        level=_signed(found.line.level),
        slope=found.line.slope,
        apart=found.apart,
        slope_events=SLOPE_EVENTS,
        calibration_events=CALIBRATION_EVENTS,
    )
    lines = [[column[lang] for column in _COLUMNS], ["---"] * len(_COLUMNS)]
    lines += [_cells(row, labels, lang) for row in rows]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return f"# {_TITLE[lang]}\n\n{how}\n\n{table}\n"


def _cells(row: Standing, labels: Mapping[str, Text], lang: Language) -> list[str]:
    one = row.district
    to, brackets = (" 至 ", "（）") if lang == "zh" else (" to ", (" (", ")"))
    return [
        labels[one.name][lang] if one.name in labels else one.name,
        f"{one.people:,}",
        f"{one.events:,}",
        _signed(one.shift) + brackets[0] + _signed(one.low) + to + _signed(one.high) + brackets[1],
        f"{one.line.slope:.2f}" + ("*" if one.own_slope else ""),
        f"{one.borrowed:.0%}",
        _ratio(row.before),
        _ratio(row.after),
        VALIDATIONS[row.validation][lang],
        SCALES[row.scale][lang],
    ]


def _signed(value: float) -> str:
    """Two decimals with their sign, and never -0.00."""
    return f"{round(value, 2) + 0.0:+.2f}"


def _ratio(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def standing_section(row: Standing, label: Text | None, lang: Language) -> str:
    """Write the section of a district's card, in Markdown."""
    one = row.district
    words = _STANDING[lang].format(
        name=one.name if label is None else label[lang],
        people=one.people,
        events=one.events,
        direction=(_BELOW if one.shift < 0 else _ABOVE)[lang],
        size=abs(one.shift),
        low=_signed(one.low),
        high=_signed(one.high),
        borrowed=one.borrowed,
        validation=VALIDATIONS[row.validation][lang],
        scale=SCALES[row.scale][lang],
    )
    return f"## {_SECTION[lang]}\n\n{words}\n"
