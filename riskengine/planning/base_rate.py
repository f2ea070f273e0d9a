"""What a rare event leaves to be known: the arithmetic of a base rate in a district.

No model enters here. Whatever ranks people, these figures bound what can be learned and promised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from riskengine.errors import Language
from riskengine.planning.exact import share_interval
from riskengine.planning.guarantee import Promise

CALIBRATION_EVENTS = 50
"""Events of its own outcome before a scorecard may show probabilities."""


@dataclass(frozen=True)
class BaseRate:
    """Arithmetic of a rate a year in a district.

    Attributes
    ----------
    expected
        Events a year.
    none
        Chance of a year without any.
    most_if_none
        Highest yearly rate that such a year does not contradict (exact, one-sided 95 %).
    years_to_calibrate, years_to_promise
        Years until `CALIBRATION_EVENTS`, and until the fewest events with which a guarantee can
        be given at all, every single one caught.
    flagged, flagged_events, per_event
        People in the strict tier by a share; how many of their events a year the tier would hold
        with a stated sensitivity; people there for each of these.
    low_one, high_one
        Exact 95 % limits of the share caught after one event that was caught.
    """

    people: int
    rate: float
    share: float
    sensitivity: float
    promise: Promise
    expected: float
    none: float
    most_if_none: float
    years_to_calibrate: float
    years_to_promise: float
    flagged: int
    flagged_events: float
    per_event: float
    low_one: float
    high_one: float


def base_rate(
    people: int,
    rate: float,
    *,
    share: float = 0.2,
    sensitivity: float = 0.6,
    promise: Promise | None = None,
) -> BaseRate:
    """Work out what a base rate allows.

    Parameters
    ----------
    people
        In the district.
    rate
        Chance of the event a year.
    share
        Of people in the strict tier.
    sensitivity
        Share of events that would be among them, assumed to show the arithmetic; nothing says
        that any instrument reaches it.
    """
    if people < 1 or not 0.0 < rate < 1.0 or not 0.0 < share < 1.0 or not 0.0 < sensitivity <= 1.0:
        raise ValueError("a base rate needs people, and shares between 0 and 1")
    promise = promise or Promise()
    expected = people * rate
    flagged = round(people * share)
    caught = expected * sensitivity
    low, high = share_interval(1, 1)
    return BaseRate(
        people=people,
        rate=rate,
        share=share,
        sensitivity=sensitivity,
        promise=promise,
        expected=expected,
        none=(1.0 - rate) ** people,
        # 0 of n: (1 - p)^n = 0.05
        most_if_none=-math.expm1(math.log(0.05) / people),
        years_to_calibrate=CALIBRATION_EVENTS / expected,
        years_to_promise=promise.events_needed / expected,
        flagged=flagged,
        flagged_events=caught,
        per_event=flagged / caught,
        low_one=low,
        high_one=high,
    )


def base_rate_words(found: BaseRate, lang: Language) -> str:
    """Say it in a page that an officer can read, with what the engine therefore does not claim."""
    share, sure = 100 * found.promise.share, 100 * found.promise.confidence
    if lang == "zh":
        return (
            f"# 千分之{1000 * found.rate:g}意味着什么\n\n"
            f"{found.people}人，每年每人{100 * found.rate:g}%：\n\n"
            f"- 预期每年约{found.expected:.1f}例；一年中一例也没有的机会是"
            f"{100 * found.none:.0f}%。\n"
            f"- 一年没有发生，不说明工作好，也不说明风险低：真实比例仍可能高达"
            f"{100 * found.most_if_none:.2f}%（精确单侧95%）。\n"
            f"- 假定严管{100 * found.share:g}%的人（{found.flagged}人）恰好包含"
            f"{100 * found.sensitivity:g}%的事件（仅为演示的假定）：每年其中约"
            f"{found.flagged_events:.2f}例，每一例对应{found.per_event:.0f}人；其余几乎都不会再犯。\n"
            f"- 发生一例且当时在严管：覆盖比例的95%区间是{100 * found.low_one:.1f}%至"
            f"{100 * found.high_one:.0f}%，等于什么都没说。\n"
            f"- 要作“{share:g}%、把握{sure:g}%”的保证，至少需要{found.promise.events_needed}"
            f"例且无一遗漏：约{found.years_to_promise:.0f}年。\n"
            f"- 要有{CALIBRATION_EVENTS}例才可检验概率：约{found.years_to_calibrate:.0f}年。\n\n"
            "因此，本软件：\n\n"
            "- 不预测某个人会不会再犯罪，也不给出再犯罪的概率；\n"
            "- 不声称任何界限减少了再犯罪，也不以再犯率的升降评价一个司法所；\n"
            "- 界限针对的是较常见的严重违规，再犯罪在旁边单独报告，不并入后不提；\n"
            "- 严管的绝大多数人不会再犯：严管不是标签，须有期限、有复核、有帮扶。\n"
        )
    return (
        f"# What {1000 * found.rate:g} in a thousand means\n\n"
        f"{found.people} people, {100 * found.rate:g} % each a year:\n\n"
        f"- About {found.expected:.1f} events a year are to be expected; the chance of a year "
        f"without any is {100 * found.none:.0f} %.\n"
        f"- A year without one shows neither good work nor low risk: the true rate may still be "
        f"as high as {100 * found.most_if_none:.2f} % (exact, one-sided 95 %).\n"
        f"- Suppose that the {100 * found.share:g} % in the strict tier ({found.flagged} people) "
        f"held {100 * found.sensitivity:g} % of the events (an assumption, to show the "
        f"arithmetic): that is about {found.flagged_events:.2f} events a year, "
        f"{found.per_event:.0f} people for each. Nearly all of them would not have re-offended.\n"
        f"- After one event, by somebody in the strict tier, the 95 % limits of the share caught "
        f"are {100 * found.low_one:.1f} % and {100 * found.high_one:.0f} %: it tells nothing.\n"
        f"- A guarantee of {share:g} % with {sure:g} % confidence takes at least "
        f"{found.promise.events_needed} events with not one missed: about "
        f"{found.years_to_promise:.0f} years.\n"
        f"- {CALIBRATION_EVENTS} events, from which probabilities can be checked, take about "
        f"{found.years_to_calibrate:.0f} years.\n\n"
        "The engine therefore\n\n"
        "- does not predict whether a person will re-offend, and shows no probability of it;\n"
        "- does not claim that any cut-off lowers re-offending, and judges no office by "
        "its rate;\n"
        "- sets cut-offs by serious non-compliance, which is more common, and reports re-offence "
        "alone beside it;\n"
        "- says that most people at the strict tier will not re-offend: the tier is no label, and "
        "has an end, a review and assistance.\n"
    )
