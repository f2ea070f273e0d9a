"""The words of the model card in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from riskengine.errors import Language

Words = Mapping[str, str]

WORDS: dict[Language, Words] = {
    "en": {
        "what": (
            "Scorecard `{id}`, version {version}. It is about the recorded outcome `{outcome}` "
            "within {days} days, not about how serious it would be."
        ),
        "source": "Where the numbers come from",
        "what_column": "What",
        "value": "Value",
        "population": "Population",
        "people": "People",
        "events": "Events",
        "weight": "Weight",
        "set_aside": "Rows set aside",
        "set_aside_value": (
            "{rejected} with an answer that is not accepted, {unlabelled} without an outcome, "
            "{outside} outside the risk set"
        ),
        "file": "Cohort",
        "hash": "SHA-256 of the data",
        "learner": "Learner",
        "protected": "Protected items used",
        "zero": "Unknown answers held at zero",
        "learned": "Unknown answers learned as an answer of their own",
        "proxies": (
            "These tell a protected attribute nearly by themselves; the instrument says why they "
            "stay and what keeps them harmless:"
        ),
        "comma": ", ",
        "none": "none",
        "figures": "How good it is",
        "figures_how": (
            "Measured by {folds}-fold cross-validation of the whole procedure on the training "
            "people themselves ({people:,} people, {events:,} events): the same place and years. "
            "How it does elsewhere or later was not measured here. Groups are not compared on "
            "this card."
        ),
        "figure": "Figure",
        "interval": "95 % interval",
        "calibration": (
            "Calibrated by a sigmoid on out-of-fold scores (slope {slope}, intercept {intercept}; "
            "{people:,} people, {events:,} events), folded into every cell."
        ),
        "price_monotonicity": "What keeping directions costs",
        "price_monotonicity_how": (
            "More of these never lowers (or, where they protect, never raises) the score, at any "
            "other answers: {enforced}. The final tables were moved until that held. Difference "
            "on the same people and folds, after minus before; a Brier score above zero or an AUC "
            "below zero is a cost."
        ),
        "price_rounding": "What whole points cost",
        "price_rounding_how": (
            "Points against the regression that they were rounded from, on the same people and "
            "folds; a Brier score above zero or an AUC below zero is a cost. Directions of these "
            "are kept in both: {enforced}."
        ),
        "price_protection": "What leaving protected items out costs",
        "price_protection_how": (
            "The procedure was also run with the protected items that a benchmark may score, and "
            "with the unknown cells that stand for them learned. Difference on the same people "
            "and folds, this model minus that one; a Brier score above zero or an AUC below zero "
            "is a cost."
        ),
        "difference": "Difference",
        "uncertainty": "How sure it is of itself",
        "not_for": "What it must not be used for",
        "items": "What moves the score",
        "items_how": (
            "{items} items and {pairs} pairs, in log-odds; zero is the average of the reference "
            "population."
        ),
        "points_how": (
            "{items} items, in whole points; zero is the typical answer, and an answer that is "
            "not known adds nothing. One point is {unit} log-odds."
        ),
        "pairs_how": "The {shown} widest pairs:",
        "item": "Item",
        "pair": "Pair",
        "lowest": "Lowest cell",
        "highest": "Highest cell",
        "again": "Training it again",
        "again_how": (
            "The same data, seed and versions on the same kind of machine give the same file, "
            "byte for byte."
        ),
        "seed": "seed",
    },
    "zh": {
        "what": (
            "评分模型 `{id}`，版本 {version}。它针对 {days} 天内有记录的结果 `{outcome}`，"
            "不涉及该结果会有多严重。"
        ),
        "source": "数据来源",
        "what_column": "项目",
        "value": "数值",
        "population": "人群",
        "people": "人数",
        "events": "发生结果的人数",
        "weight": "权重合计",
        "set_aside": "未使用的行",
        "set_aside_value": (
            "{rejected} 行含不被接受的答案，{unlabelled} 行没有结果，"
            "{outside} 行不属于该结果的观察人群"
        ),
        "file": "数据文件",
        "hash": "数据的 SHA-256",
        "learner": "学习方法",
        "protected": "使用的受保护项目",
        "zero": "“不详”固定为零分的项目",
        "learned": "“不详”单独学习分值的项目",
        "proxies": (
            "以下各项几乎单凭自身就能推知某一受保护属性；"
            "量表中写明了保留的理由和防止其起作用的办法："
        ),
        "comma": "、",
        "none": "无",
        "figures": "准确程度",
        "figures_how": (
            "对整个训练过程做 {folds} 折交叉验证得出，所用即训练人群本身（{people:,} 人，其中 "
            "{events:,} 人发生结果），地区和年份相同。在其他地区或以后的年份表现如何，"
            "这里没有检验。本卡不作群体间的比较。"
        ),
        "figure": "指标",
        "interval": "95% 区间",
        "calibration": (
            "用折外得分做 S 形校准（斜率 {slope}，截距 {intercept}；{people:,} 人，"
            "{events:,} 人发生结果），并已并入每一个分值。"
        ),
        "price_monotonicity": "保证方向一致的代价",
        "price_monotonicity_how": (
            "下列项目程度加重时，无论其他答案如何，得分都不会降低（保护性项目则不会升高）：{enforced}。"
            "为此对最终分值表作了调整。下表为同一批人、同样分折下“调整后减调整前”的差；"
            "Brier 分数为正、AUC 为负即为代价。"
        ),
        "price_rounding": "取整为分数的代价",
        "price_rounding_how": (
            "下表为同一批人、同样分折下“整数分减取整之前的回归”的差；"
            "Brier 分数为正、AUC 为负即为代价。两者都保证下列项目的方向：{enforced}。"
        ),
        "price_protection": "不使用受保护项目的代价",
        "price_protection_how": (
            "另按同一过程训练了一个对照模型：加入基准模型可以使用的受保护项目，并让与之等同的“不详”也参与学习。"
            "下表为同一批人、同样分折下“本模型减对照模型”的差；Brier 分数为正、AUC 为负即为代价。"
        ),
        "difference": "差值",
        "uncertainty": "模型自身的不确定性",
        "not_for": "不得用于",
        "items": "哪些因素影响得分",
        "items_how": (
            "共 {items} 个项目、{pairs} 个两两组合，单位为对数几率；零表示参照人群的平均水平。"
        ),
        "points_how": (
            "共 {items} 个项目，均为整数分；零分表示通常的回答，不详的回答不加分。"
            "每一分相当于 {unit} 个对数几率。"
        ),
        "pairs_how": "其中影响幅度最大的 {shown} 个组合：",
        "item": "项目",
        "pair": "组合",
        "lowest": "最低分值",
        "highest": "最高分值",
        "again": "如何重新训练",
        "again_how": "数据、随机种子、软件版本和机器类型都相同时，得到的文件逐字节相同。",
        "seed": "随机种子",
    },
}

PURPOSES: dict[str, dict[Language, str]] = {
    "benchmark": {
        "zh": "**基准模型**：只用于检验方法，没有监管等级，不对任何人作决定。",
        "en": (
            "**Benchmark**: it tests methods, has no supervision tier and decides about nobody."
        ),
    },
    "operational": {
        "zh": "**实用模型**：只提出建议，由具名的工作人员作出决定。",
        "en": "**Operational**: it recommends; a named person decides.",
    },
    "template": {
        "zh": "**模板**：须在当地检验后方可使用。",
        "en": "**Template**: to be checked locally before any use.",
    },
    "historical": {
        "zh": "**历史模型**：只用于重现过去的决定。",
        "en": "**Historical**: it serves to replay past decisions.",
    },
}

SCALES: dict[str, dict[Language, str]] = {
    "calibrated": {
        "zh": "得分可换算为概率，但仅对训练人群所在的地区和年份成立。",
        "en": "Scores convert to probabilities, for the place and years of the training people.",
    },
    "relative": {
        "zh": "得分只表示相对高低，不能换算为概率。",
        "en": "Scores rank people; they do not convert to probabilities.",
    },
}

LEARNERS: dict[str, dict[Language, str]] = {
    "explainable_boosting": {
        "zh": "可解释提升（interpret-core），只在量表自身的选项上学习，精确导出为分值表",
        "en": (
            "explainable boosting (interpret-core) on the instrument's own levels, exported "
            "exactly as tables"
        ),
    },
    "bayesian_update": {
        "zh": "以已发表的效应为起点，用本地结果作贝叶斯更新",
        "en": "Bayesian update of published effects with local outcomes",
    },
    "bayesian_update_and_additive": {
        "zh": "以已发表的效应为起点的贝叶斯更新，与只靠数据的可加模型在对数几率上加权平均",
        "en": (
            "Bayesian update of published effects, averaged in log-odds with additive models "
            "learned from the data alone"
        ),
    },
    "stacked": {
        "zh": "几个可加模型在对数几率上的加权叠加，权重由折外预测得出，合并为一套分值表",
        "en": (
            "several additive models weighed in log-odds by their out-of-fold predictions and "
            "merged into one set of tables"
        ),
    },
    "points_form": {
        "zh": "挑选项目、回归、取整：至多十二个项目的整数计分表",
        "en": "items chosen, regressed and rounded: whole points on at most a dozen items",
    },
    "light_boosting": {
        "zh": "单层树梯度提升（scikit-learn），无两两组合，精确导出为分值表",
        "en": (
            "gradient boosting with one split a tree (scikit-learn), no pairs, exported exactly "
            "as tables"
        ),
    },
}

FIGURES: dict[str, dict[Language, str]] = {
    "auc": {"zh": "AUC（区分度）", "en": "AUC (discrimination)"},
    "brier": {"zh": "Brier 分数（越小越好）", "en": "Brier score (smaller is better)"},
    "brier_mean_of_sexes": {
        "zh": "男女 Brier 分数的平均",
        "en": "Brier score, mean of men and women",
    },
    "calibration_slope": {"zh": "校准斜率（理想为 1）", "en": "Calibration slope (ideal 1)"},
    "calibration_intercept": {
        "zh": "校准截距（理想为 0）",
        "en": "Calibration intercept (ideal 0)",
    },
}
