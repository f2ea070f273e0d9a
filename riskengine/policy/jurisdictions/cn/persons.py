"""To whom an assessment of adults applies: the four statuses, and not to minors."""

from __future__ import annotations

from riskengine.policy.jurisdictions.cn.citing import CORRECTIONS_LAW, cite
from riskengine.policy.statutory import Case, Constraint, Found
from riskengine.text import Text

STATUSES = ("01", "02", "03", "04")
ADULT = 18
AGES = ("age_started", "age_at_start")


def four_statuses(case: Case) -> Found | None:
    """H01: the law knows four statuses and no other."""
    status = case.known.get("legal_status")
    if status is None or status in STATUSES:
        return None
    return Found(
        Text(
            zh="该身份不属于社区矫正对象的四类（管制、缓刑、假释、暂予监外执行），不予评估。",
            en="This status is none of the four that community corrections applies to "
            "(public surveillance, probation, parole, temporary execution outside prison).",
        ),
        ("legal_status",),
    )


def separate_minor_profile(case: Case) -> Found | None:
    """H08: minors are handled separately, also after their 18th birthday."""
    ages = [age for item in AGES if isinstance(age := case.known.get(item), int | float)]
    if case.known.get("is_minor_profile") is not True and not any(age < ADULT for age in ages):
        return None
    return Found(
        Text(
            zh="未成年社区矫正对象应当与成年人分别进行矫正，成年人评分不适用；"
            "矫正期间年满十八周岁的，继续按未成年人办理。身份和档案信息应当保密，考核奖惩不公开。"
            "请由熟悉未成年人的人员另行评估。",
            en="Minors are supervised separately from adults: the adult score does not apply, "
            "also after the 18th birthday. Identity and file are confidential, and nothing about "
            "appraisal or sanctions is made public. A person who knows minors makes the "
            "assessment.",
        ),
        ("is_minor_profile", "birth_date", "start_date", "age_at_start"),
    )


def adulthood_known(case: Case) -> Found | None:
    """H08: nobody is scored as an adult whose age is not known."""
    if any(item in case.known for item in (*AGES, "is_minor_profile")):
        return None
    return Found(
        Text(
            zh="不知道矫正开始时是否已满十八周岁，不能按成年人评分。请填写出生日期和矫正起始日期。",
            en="It is not known whether the person was 18 when the term began, so the adult score "
            "cannot be used. Enter the dates of birth and of the start of the term.",
        ),
        ("birth_date", "start_date", "age_at_start"),
    )


MINORS = cite(
    "《社区矫正法》第五十二条、第五十四条、第五十八条",
    "Community Corrections Law, arts. 52, 54 and 58",
)

CONSTRAINTS = (
    Constraint(
        id="H01",
        title=Text(zh="四类对象", en="Four statuses"),
        says=Text(
            zh="只适用于管制、缓刑、假释、暂予监外执行；其他身份（如单处剥夺政治权利）不予评估。",
            en="Only public surveillance, probation, parole and temporary execution outside "
            "prison; anybody else (such as deprivation of political rights alone) is refused.",
        ),
        consequence="refuse",
        citation=cite(
            "《社区矫正法》第二条、《刑事诉讼法》第二百七十条",
            "Community Corrections Law, art. 2; Criminal Procedure Law, art. 270",
        ),
        valid_from=CORRECTIONS_LAW,
        check=four_statuses,
    ),
    Constraint(
        id="H08",
        title=Text(zh="未成年人分别矫正", en="Minors separately"),
        says=Text(
            zh="矫正开始时未满十八周岁的，不使用成年人评分，另行评估；年满十八周岁后仍然如此。",
            en="Whoever was under 18 when the term began gets no adult score but a separate "
            "assessment, also after turning 18.",
        ),
        consequence="separate_profile",
        citation=MINORS,
        valid_from=CORRECTIONS_LAW,
        check=separate_minor_profile,
    ),
    Constraint(
        id="H08.age",
        title=Text(zh="须知是否成年", en="Adulthood must be known"),
        says=Text(
            zh="不知道矫正开始时是否成年的，不提出管理类别建议。",
            en="No tier while it is not known whether the person was an adult at the start.",
        ),
        consequence="hold",
        citation=MINORS,
        valid_from=CORRECTIONS_LAW,
        check=adulthood_known,
    ),
)
