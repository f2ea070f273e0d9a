"""The fixed texts that a trained model carries, in Chinese and English."""

from __future__ import annotations

from riskengine.instrument.model import Instrument
from riskengine.text import Text
from riskengine.training.replicates import Spread

_NOT_FOR_BENCHMARK = (
    Text(
        zh="不得用于对任何地方的任何人作出决定：它是检验方法的基准模型，没有监管等级，只能在研究模式下使用。",
        en=(
            "Decisions about any person anywhere: this is a benchmark for methods. It has no "
            "supervision tier and is used in research mode only."
        ),
    ),
    Text(
        zh="不得移用到中国社区矫正：项目取自美国的羁押与逮捕记录，人群、法律和记录方式都不同，准确度不能外推。",
        en=(
            "Community corrections in China: its items are American arrest and prison records; "
            "people, law and recording differ, and its accuracy says nothing there."
        ),
    ),
    Text(
        zh="不得用于量刑、逮捕、释放、保释、就业、住房或移民方面的任何决定。",
        en="Sentencing, arrest, release, bail, employment, housing or immigration.",
    ),
    Text(
        zh="不得当作对个人行为的断言：它说的是情况相同的一群人中结果被记录到的比例；记录本身也反映执法力度。",
        en=(
            "Statements about what a person will do: it gives the share of people with the same "
            "answers whose outcome was recorded, and records also show where officials look."
        ),
    ),
)
_NOT_FOR_OPERATIONAL = (
    Text(
        zh="不得自动决定任何事项：监管等级由具名的工作人员作出决定并说明理由。",
        en="Automatic decisions: a named person decides on a tier and gives the reason.",
    ),
    Text(
        zh="不得用于其他结果、其他地区或其他人群，除非已在当地检验。",
        en="Another outcome, district or group of people, until it was checked there.",
    ),
    Text(
        zh="不得用于量刑、逮捕、收监、就业或住房方面的决定。",
        en="Sentencing, arrest, imprisonment, employment or housing.",
    ),
)


def not_for(instrument: Instrument) -> tuple[Text, ...]:
    """Say what a model of this instrument must not be used for."""
    if instrument.purpose == "benchmark":
        return _NOT_FOR_BENCHMARK
    return _NOT_FOR_OPERATIONAL


def uncertainty_note(spread: Spread | None, learner: str = "") -> Text:
    """Say what the intervals rest on, or that there are none.

    Parameters
    ----------
    learner
        Name of what was learned with; it decides what is and is not in them.
    """
    if spread is None:
        return Text(
            zh="未做重复训练，模型自身的不确定性没有测量：不给出区间，而不是区间为零。",
            en=(
                "The model was not refitted on other samples, so its own uncertainty was not "
                "measured: there is no interval, which does not mean that it is zero."
            ),
        )
    how = (_drawn if spread.method == "posterior" else _refitted)(spread.replicates, learner)
    return Text(
        zh=(
            f"{how.zh}"
            f"{spread.rank} 行因子承载人员得分方差的 {spread.kept:.0%}，并放大到全部方差。"
            f"每个人的对数几率的标准误平均为 {spread.people:.2f}。"
            f"不含评分者误差，也不含换一个地区带来的差异。"
        ),
        en=(
            f"{how.en} {spread.rank} rows carry {spread.kept:.0%} of the variance of people's "
            f"scores and are scaled up to all of it. The standard error of a person's log-odds "
            f"is {spread.people:.2f} on average. Neither rating error nor the difference to "
            f"another place is in it."
        ),
    )


def _drawn(draws: int, learner: str) -> Text:
    if learner == "points_form":
        return Text(
            zh=(
                f"从取整之前的回归的后验分布抽取 {draws} 次；选哪些项目、怎样取整保持不变，"
                f"这部分不确定性未计入。"
            ),
            en=(
                f"{draws} draws from the posterior of the regression behind the points; which "
                f"items are asked and how they are rounded is held, and the uncertainty of that "
                f"is not in it."
            ),
        )
    return Text(
        zh=(
            f"从后验分布抽取 {draws} 次：已发表效应的误差、本地结果的多少"
            f"和分值可以偏离多远，都在其中。"
        ),
        en=(
            f"{draws} draws from the posterior: the errors of published effects, the number of "
            f"local outcomes and how far items may depart from the evidence are in it."
        ),
    )


def _refitted(refits: int, learner: str) -> Text:
    bags_zh = bags_en = ""
    if learner == "explainable_boosting":
        bags_zh = "每次只用一个外层样本袋，因此区间偏宽；"
        bags_en = "Each averages one outer bag only, which makes the intervals rather too wide. "
    return Text(
        zh=(
            f"对人员有放回抽样、重复整个训练过程 {refits} 次（{bags_zh}"
            f"交互项的选择和校准斜率保持不变，这部分不确定性未计入）。"
        ),
        en=(
            f"{refits} bootstrap refits of the procedure on people drawn with replacement. "
            f"{bags_en}The choice of pairs and the slope of the calibration are held, and their "
            f"uncertainty is not in it."
        ),
    )
