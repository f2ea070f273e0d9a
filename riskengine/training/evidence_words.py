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
            "**仅有文献依据。** 没有用任何人的数据训练，没有在任何地方检验过，"
            "也不说明可能性有多大："
            "分数只比较先后。本地有权机关正式采用之前，不得用于任何决定；采用之后，"
            "管理类别仍由具名的工作人员决定。"
        ),
        "en": (
            "**Literature only.** No person's data went into it, it has been tested nowhere, and "
            "it "
            "does not say how likely anything is: points put people in an order. Not for "
            "decisions "
            "before a competent local authority has adopted it; after that, a named person still "
            "decides on every tier."
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
            "每个构念只取一项效应，按写定的顺序选：经调整的先于未调整的，社区刑人员先于其他人，"
            "研究多的先于研究少的。"
            "优势比取对数；相关系数先化为 d，再化为对数优势比。因为各构念之间的关联不明，一律乘以 "
            "{factor}；"
            "标准差之外再加上换地方的差异（对数优势比 {tau}），结果不同、"
            "构念不全相合的各再加一次。"
            "下表“满额”是乘过之后、该题最多承担的对数优势比。"
        ),
        "en": (
            "One effect a construct, chosen by a written order: adjusted over unadjusted, people "
            "under community sentences over others, more studies over fewer. Ratios become "
            "logarithms; correlations become d and then log-odds. How the constructs go together "
            "is "
            "not known, so everything is multiplied by {factor}. To each standard error comes the "
            "difference from place to place ({tau} in log-odds), once more for another outcome "
            "and "
            "once more for a construct that fits in part. *Full* is what the item carries at "
            "most, "
            "in log-odds, after that."
        ),
    },
    "rests_head": {
        "zh": "题目|构念|公布的效应|换算后的对数优势比|标准误|转移标准差|满额|来源",
        "en": "item|construct|as published|in log-odds|standard error|transport|full|source",
    },
    "why": {"zh": "为什么选它，移用时要注意什么", "en": "Why this one, and what to mind"},
    "points": {"zh": "分值", "en": "The points"},
    "points_how": {
        "zh": (
            "一分等于对数优势比 {unit}。典型答案为零分；保护性的答案可以是负分；"
            "没有回答的一律为零分，只会扩大范围。"
            "示意人群中，取整前后得分的相关系数为 {correlation:.4f}，单个答案最多改变对数优势比 "
            "{largest:.3f}。"
        ),
        "en": (
            "One point is {unit} in log-odds. The typical answer is worth nothing, a protective "
            "one "
            "may be worth less than nothing, and an answer that is not known is always worth "
            "nothing "
            "and widens the range instead. Over the illustrative population, rounded and "
            "unrounded "
            "scores correlate at {correlation:.4f}; no answer changes by more than {largest:.3f} "
            "log-odds through rounding."
        ),
    },
    "points_head": {
        "zh": "题目|答案|分值|示意比例",
        "en": "item|answer|points|illustrative share",
    },
    "spread": {"zh": "示意人群中的得分", "en": "Scores in the illustrative population"},
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
            "- 各项因素合在一起是否重复：只用一个统一的系数缩减，没有逐对处理。\n"
            "- 官方公布的再犯率约为每年 0.2 %：六百人的县一年约一件，单凭本地再犯数据无法检验。\n"
            "- 对不同群体是否同样准确：城乡、性别、年龄、文化程度都没有检验过。"
        ),
        "en": (
            "- Whether these effects hold in community corrections in China: none of the studies "
            "was "
            "made there.\n"
            "- Whether they hold for serious non-compliance: the studies are about reoffending or "
            "new arrest, while this outcome takes in warnings, penalties and absconding.\n"
            "- How far the factors overlap: one factor shrinks them all; pairs are not looked "
            "at.\n"
            "- Recorded reoffending is about 0.2 % a year by official figures. A county of 600 "
            "sees "
            "about one event a year and cannot test a score on that alone.\n"
            "- Whether it is equally right for different groups: town and country, sex, age and "
            "schooling are untested."
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
    "worked": {"zh": "换算：{worked}", "en": "Worked: {worked}"},
    "comma": {"zh": "、", "en": ", "},
}
