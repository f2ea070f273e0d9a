"""The words of cards that are built from an evidence file."""

from __future__ import annotations

from riskengine.errors import Language

WORDS: dict[str, dict[Language, str]] = {
    "what": {
        "zh": (
            "模型 `{id}@{version}`，题目集 `{instrument}`。结果：{outcome}（{days} 天）。{event}。"
        ),
        "en": (
            "Model `{id}@{version}` for instrument `{instrument}`. Outcome: {outcome} "
            "({days} days). {event}."
        ),
    },
    "literature": {
        "zh": (
            "**仅有文献依据。** 没有用任何人的结果训练，也不说明可能性有多大：分数只比较先后。"
        ),
        "en": (
            "**Literature only.** Nobody's outcome went into it, and it does not say how likely "
            "anything is: a score puts people in an order."
        ),
    },
    "template": {
        "zh": (
            "没有在任何地方检验过。本地有权机关正式采用之前，不得用于任何决定；采用之后，"
            "管理类别仍由具名的工作人员决定。"
        ),
        "en": (
            "It has been tested nowhere. Not for decisions before a competent local authority has "
            "adopted it; after that, a named person still decides on every tier."
        ),
    },
    "benchmark": {
        "zh": (
            "它是检验方法用的基准，不得用于任何决定，没有管理类别。"
            "它排序得如何，另由基准测试（evidence_alone）测量，测得的一切都没有回到这里。"
        ),
        "en": (
            "It is a benchmark of methods, for no decision about anybody; it has no tier. How "
            "well it ranks people is measured by the benchmark evidence_alone, and nothing of "
            "that came back here."
        ),
    },
    "published": {
        "zh": (
            "**参照量表，按公布的权重原样收录。** 公布的概率只说英格兰和威尔士的情况，"
            "本项目没有重新检验。"
            "没有管理类别，只能在研究模式下使用。"
        ),
        "en": (
            "**A reference scale, carried with its weights as published.** The probabilities are "
            "about England and Wales as published and were not checked again here. It has no "
            "supervision tier and is used in research mode only."
        ),
    },
    "rests": {"zh": "依据", "en": "What it rests on"},
    "rests_how": {
        "zh": (
            "规则 `{rules}`（`{sha}…`）对所有题目集都一样，在与任何结果对照之前写定。"
            "每个构念只取一项效应，按以下顺序选，先分出高下的一条为准。"
            "优势比取对数；均差 d 乘以 π/√3；相关系数先化为 d，有无之分的题目再乘以 π/√3，"
            "量表题目按每一标准差取 d。标准误之外再加上换地方的差异（对数优势比 {tau}），"
            "结果不同、构念不全相合的各再加一次。"
            "“隐含”是各系数合起来应当看到的单项效应，与换算值相比；"
            "带 * 的系数按最小二乘会与原文方向相反，因此取零。"
        ),
        "en": (
            "The rules `{rules}` (`{sha}…`) are the same for every instrument and were fixed "
            "before anything was compared with an outcome. One effect a construct, by this order; "
            "the first that differs decides. Ratios become logarithms; a mean difference d is "
            "multiplied by π/√3; a correlation becomes d, times π/√3 for an item that is there or "
            "not, and d itself for one standard deviation of a scale. To each standard error "
            "comes the difference from place to place ({tau} in log-odds), once more for another "
            "outcome and once more for a construct that fits in part. *Implied* is the single "
            "effect that all coefficients together would show, to be compared with the converted "
            "one; a coefficient with * would have turned against its source and stands at zero."
        ),
    },
    "rests_head": {
        "zh": (
            "题目|构念|公布的效应|换算后的对数优势比|标准误|转移标准差|隐含|联合系数|其标准差|来源"
        ),
        "en": (
            "item|construct|as published|in log-odds|standard error|transport|implied|joint "
            "coefficient|its sd|source"
        ),
    },
    "together": {"zh": "各构念之间的关联", "en": "How the constructs go together"},
    "together_unknown": {
        "zh": (
            "没有评估表，不知道各题答案之间的关联，因此各系数一律乘以 {factor}，各题按独立处理。"
            "有了本地评估表（不需要结果），可以用 `--assessments` 按实际关联重算。"
        ),
        "en": (
            "Without assessments nobody knows, so every coefficient is multiplied by {factor} and "
            "items are taken as independent. With local assessments (no outcomes are needed) "
            "`--assessments` works them out by the correlations that there are."
        ),
    },
    "together_known": {
        "zh": (
            "关联取自{people}份评估，没有看任何人的结果。联合系数使各单项效应与公布的相符，"
            "按精确程度加权的最小二乘；不再另行缩减。下表列出绝对值不小于 .1 的相关系数。"
        ),
        "en": (
            "The correlations are those of {people} assessments; nobody's outcome was looked at. "
            "Joint coefficients are those whose implied single effects come closest to the "
            "published ones, by least squares weighted by precision; nothing else is shrunk. "
            "Correlations of at least .1 either way:"
        ),
    },
    "as_stated": {"zh": "文件所述人群的", "en": "the stated"},
    "together_head": {"zh": "构念|与它相关的", "en": "construct|goes together with"},
    "numbers": {"zh": "次数和年龄的取值", "en": "What counts and ages stand for"},
    "numbers_how": {
        "zh": (
            "Copas 率是 ln((1 + 次数) / ({offset} + 自首次受处分起的年数))。"
            "答案是分档的，因此次数一项化为次数题目的表，年数一项并入年龄的表，合起来与公式一致。"
            "首次受处分的年龄假定为 {first} 岁，敞口次数取下限的 {factor} 倍，"
            "敞口年龄段按 {span} 年计。{basis}"
        ),
        "en": (
            "The Copas rate is ln((1 + n) / ({offset} + years since the first sanction)). Answers "
            "come in classes, so its count becomes a table over the count items and its years "
            "become part of the table of age; together they are the formula. The age at the first "
            "sanction is assumed to be {first}, an open class of counts stands for {factor} times "
            "its lower edge, an open age band for {span} years. {basis}"
        ),
    },
    "numbers_head": {"zh": "题目|答案|取值|理由", "en": "item|answer|stands for|reason"},
    "classes": {"zh": "归类：{classes}。", "en": "Classes: {classes}."},
    "semicolon": {"zh": "；", "en": "; "},
    "assumed": {
        "zh": (
            "**假定的基础比例：{rate}。** 截距使参照人群的平均风险恰为这一比例。"
            "由此算出的风险只是假定，没有用任何结果校准，不得当作可能性告诉任何人；"
            "分数仍是相对的。"
        ),
        "en": (
            "**Assumed base rate: {rate}.** The intercept makes the mean risk of the reference "
            "population exactly this. A risk that follows from it is assumed, was calibrated on "
            "nobody's outcomes and is not to be told to anybody as a probability; the scale stays "
            "relative."
        ),
    },
    "cells": {"zh": "各答案的对数优势比", "en": "What every answer is worth"},
    "cells_how": {
        "zh": "相对于参照人群的平均；没有回答的一律恰为零，只会扩大范围。",
        "en": (
            "In log-odds against the average of the reference population. An answer that is not "
            "known is worth exactly nothing and widens the range instead."
        ),
    },
    "cells_head": {"zh": "题目|答案|对数优势比|参照比例", "en": "item|answer|log-odds|share"},
    "pair_how": {
        "zh": (
            "两题次数相加后取对数，因此除各自的表外还有一张合表：{first}（行）与{second}（列）。"
        ),
        "en": (
            "Counts of two items add up before the logarithm is taken, so there is a table over "
            "both beside their own: {first} (rows) and {second} (columns)."
        ),
    },
    "why": {"zh": "为什么选它，移用时要注意什么", "en": "Why this one, and what to mind"},
    "points": {"zh": "分值", "en": "The points"},
    "points_how": {
        "zh": (
            "一分等于对数优势比 {unit}。典型答案为零分；保护性的答案可以是负分；"
            "没有回答的一律为零分，只会扩大范围。"
            "参照人群中，取整前后得分的相关系数为 {correlation:.4f}，单个答案最多改变对数优势比 "
            "{largest:.3f}。"
        ),
        "en": (
            "One point is {unit} in log-odds. The typical answer is worth nothing, a protective "
            "one "
            "may be worth less than nothing, and an answer that is not known is always worth "
            "nothing "
            "and widens the range instead. Over the reference population, rounded and "
            "unrounded "
            "scores correlate at {correlation:.4f}; no answer changes by more than {largest:.3f} "
            "log-odds through rounding."
        ),
    },
    "points_head": {
        "zh": "题目|答案|分值|参照比例",
        "en": "item|answer|points|share",
    },
    "spread": {"zh": "参照人群中的得分", "en": "Scores in the reference population"},
    "spread_counted": {
        "zh": "人群：{label}。{marks}",
        "en": "Population: {label}. {marks}",
    },
    "spread_stated": {
        "zh": "人群：{label}。题与题之间按独立处理。{marks}",
        "en": "Population: {label}. Items are taken as independent. {marks}",
    },
    "spread_how": {
        "zh": (
            "人群：{label}。各题的比例是为起步而假定的，题与题之间按独立处理，不是任何地方的统计；"
            "有了本地的评估表，应当以它代替。{marks}"
        ),
        "en": (
            "Population: {label}. The shares are assumed to have something to start from, items "
            "are "
            "taken as independent, and none of it is a statistic of any place; local assessments "
            "should replace it. {marks}"
        ),
    },
    "marks": {
        "zh": "得分的十分位：{deciles}。",
        "en": "Deciles of the score: {deciles}.",
    },
    "silent": {"zh": "问而不计分", "en": "Asked, not scored"},
    "silent_how": {
        "zh": (
            "这些题可以计分，但没有可用的已发表效应，分值为零；它们用于制定方案，"
            "有了本地结果再学习："
        ),
        "en": (
            "These may be scored but have no usable published effect, so they contribute exactly "
            "zero. They serve the plan, and are learned once there are local outcomes:"
        ),
    },
    "silent_benchmark": {
        "zh": "这些题可以计分，但没有可用的已发表效应，分值为零；有了结果才能学习：",
        "en": (
            "These may be scored but have no usable published effect, so they contribute exactly "
            "zero until outcomes teach more:"
        ),
    },
    "rules": {
        "zh": "训诫、警告、治安处罚、考核和表扬只通过管理规则起作用，不重复计分。",
        "en": (
            "Admonitions, warnings, penalties, appraisal and commendations act through the rules "
            "of "
            "the policy only and are not counted twice."
        ),
    },
    "not_used": {"zh": "知道而不采用", "en": "Known, not used"},
    "not_used_head": {"zh": "构念|公布的效应|为什么不用", "en": "construct|as published|why not"},
    "unknown": {"zh": "它不知道什么", "en": "What it does not know"},
    "unknown_points": {
        "zh": (
            "- 这些效应在中国社区矫正中是否成立：分值所依据的研究没有一项是在中国做的。\n"
            "- 这些效应对“严重不遵守”是否成立：原研究的结果是再犯或者再次被捕，而这里还包括警告、"
            "治安处罚和脱管。\n"
            "- 各项因素合在一起是否重复：没有本地评估表时，只用一个统一的系数缩减。\n"
            "- 官方公布的再犯率约为每年 0.2 %：六百人的县一年约一件，单凭本地再犯数据无法检验。\n"
            "- 对不同群体是否同样准确：城乡、性别、年龄、文化程度都没有检验过。"
        ),
        "en": (
            "- Whether these effects hold in community corrections in China: none of the studies "
            "was "
            "made there.\n"
            "- Whether they hold for serious non-compliance: the studies are about reoffending or "
            "new arrest, while this outcome takes in warnings, penalties and absconding.\n"
            "- How far the factors overlap, where there are no local assessments: one factor then "
            "shrinks them all.\n"
            "- Recorded reoffending is about 0.2 % a year by official figures. A county of 600 "
            "sees "
            "about one event a year and cannot test a score on that alone.\n"
            "- Whether it is equally right for different groups: town and country, sex, age and "
            "schooling are untested."
        ),
    },
    "unknown_benchmark": {
        "zh": (
            "- 这些效应在这里是否成立：没有一项用本地的结果拟合过。\n"
            "- 这些效应对本模型的结果是否成立：原研究的结果各不相同（再犯、再定罪）。\n"
            "- 年龄、次数分档的取值和首次受处分的年龄都是假定。\n"
            "- 对不同群体是否同样准确：没有检验。"
        ),
        "en": (
            "- Whether these effects hold here: none was fitted to any outcome of this place.\n"
            "- Whether they hold for this outcome: the studies look at others (reoffending, "
            "reconviction).\n"
            "- What classes of ages and counts stand for, and the age at the first sanction, are "
            "assumed.\n"
            "- Whether it is equally right for different groups: untested."
        ),
    },
    "formula": {"zh": "公式", "en": "The formula"},
    "formula_how": {
        "zh": (
            "概率 = logistic(截距 {intercept:.9f} + {linear} + 各表权重)。每个权重存为 2⁻⁴⁰ "
            "对数优势比的整数，"
            "概率取九位小数，与公式一致。"
        ),
        "en": (
            "Probability = logistic(intercept {intercept:.9f} + {linear} + the weights of the "
            "tables). Each weight is kept as a whole number of 2⁻⁴⁰ log-odds, and the probability "
            "to nine decimals, which agree with the formula."
        ),
    },
    "formula_head": {"zh": "表|最低权重|最高权重", "en": "table|lowest weight|highest weight"},
    "people": {"zh": "开发样本", "en": "The people it was developed on"},
    "people_how": {
        "zh": "{population}。人数 {people:,}。{note}",
        "en": "{population}. People: {people:,}. {note}",
    },
    "gaps": {"zh": "没有回答的题", "en": "Answers that are not known"},
    "gaps_how": {
        "zh": (
            "原量表要求六题全答，没有“不知道”一档。这里缺答的按参照人群的平均值计，"
            "参照人群是{label}；"
            "得到的数不是公布的量表的结果。"
        ),
        "en": (
            "The published scale needs all six answers. Here one that is not known counts as the "
            "average of {label}; such a result is not one of the "
            "published scale."
        ),
    },
    "protected": {
        "zh": (
            "使用了受保护的题目“{items}”，仅因原表包含；结果须按该项分组检验，"
            "且不得置于任何中国管理规则之下。"
        ),
        "en": (
            "It uses the protected item {items}, only because the published table does. Results "
            "are "
            "to be audited by it, and it never runs under a Chinese policy."
        ),
    },
    "uncertainty": {"zh": "误差", "en": "How far it could be off"},
    "not_for": {"zh": "不得用于", "en": "Not for"},
    "sources": {"zh": "出处", "en": "Sources"},
    "below": {"zh": "{high} 以下", "en": "below {high}"},
    "from": {"zh": "{low} 及以上", "en": "{low} and above"},
    "between": {"zh": "{low}—{high}", "en": "{low}–{high}"},
    "colon": {"zh": "：", "en": ": "},
    "worked": {"zh": "换算：{worked}。", "en": "Worked: {worked}."},
    "comma": {"zh": "、", "en": ", "},
}
