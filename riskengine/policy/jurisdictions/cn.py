"""China: the law on community corrections, as far as it binds a recommendation.

First part of the set. Statutes were read as of April 2025. Articles marked ``verified=False`` are
quoted from secondary texts: they warn, and bind only once a named person has checked them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from riskengine.policy.document import Citation
from riskengine.policy.statutory import Case, Constraint, SafetyAlert, StatutorySet
from riskengine.text import Text

Found = tuple[Text, tuple[str, ...]] | None

LAW_IN_FORCE = date(2020, 7, 1)
STATUSES = ("01", "02", "03", "04")
TEMPORARY_EXECUTION = "04"
FEMALE = "2"
ADULT = 18

RECORD_FACTS = ("legal_status", "offence_type", "correction_stage")
CONDUCT_FACTS = (
    "last_appraisal",
    "admonitions_n",
    "warnings_n",
    "ps_penalties_n",
    "commendations_n",
)


def _cite(zh: str, en: str, *, verified: bool = True) -> Citation:
    note = None
    if not verified:
        note = Text(zh="条文未经本单位核对", en="text not yet checked by the installing agency")
    return Citation(text=Text(zh=zh, en=en), verified=verified, note=note)


def four_statuses(case: Case) -> Found:
    """H01: the law knows four statuses and no other."""
    status = case.known.get("legal_status")
    if status is None or status in STATUSES:
        return None
    return (
        Text(
            zh="该身份不属于社区矫正对象的四类（管制、缓刑、假释、暂予监外执行），不予评估。",
            en="This status is none of the four that community corrections applies to "
            "(public surveillance, probation, parole, temporary execution outside prison).",
        ),
        ("legal_status",),
    )


def complete_basis(case: Case) -> Found:
    """H03: no tier without status, offence, stage, appraisal and record of rewards and sanctions.

    At intake the conduct part is legitimately "none yet". These are also the objective facts
    without which a score would rest on traits alone (AI Act, article 5(1)(d)).
    """
    needed: tuple[str, ...] = RECORD_FACTS
    if case.assessment.kind == "reassessment":
        needed += CONDUCT_FACTS
    missing = tuple(item for item in needed if item not in case.known)
    if not missing:
        return None
    labels = case.assessment.instrument.by_id
    names = [labels[item].label for item in missing if item in labels]
    return (
        Text(
            zh="综合评估依据不全，暂不提出管理类别建议。缺少：" + "、".join(n.zh for n in names),
            en="The comprehensive assessment is incomplete, so no tier is recommended yet. "
            "Missing: " + ", ".join(n.en for n in names),
        ),
        missing,
    )


def separate_minor_profile(case: Case) -> Found:
    """H08: minors are handled separately, also after their 18th birthday."""
    started = case.known.get("age_started")
    marked = case.known.get("is_minor_profile") is True
    if not marked and not (isinstance(started, float) and started < ADULT):
        return None
    return (
        Text(
            zh="未成年社区矫正对象应当与成年人分别进行矫正，成年人评分不适用；"
            "矫正期间年满十八周岁的，继续按未成年人办理。请由熟悉未成年人的人员另行评估。",
            en="Minors are supervised separately from adults: the adult score does not apply, "
            "also after the 18th birthday. A person who knows minors makes the assessment.",
        ),
        ("is_minor_profile", "birth_date", "start_date"),
    )


def health_duties(case: Case) -> Found:
    """H10: the health duties of temporary execution run at every tier."""
    if case.known.get("legal_status") != TEMPORARY_EXECUTION:
        return None
    return (
        Text(
            zh="暂予监外执行：每月报告身体情况、保外就医定期提交复查情况等义务，"
            "在任何管理类别下都照常履行；活动安排应顾及疾病、妊娠或生活不能自理。",
            en="Temporary execution outside prison: the monthly health report and the regular "
            "re-checks run at every tier; activities respect illness, pregnancy or disability.",
        ),
        ("legal_status", "temp_exec_ground"),
    )


def prohibition_stays(case: Case) -> Found:
    """H13: a prohibition order stays in force at every tier."""
    if case.known.get("prohibition_order") != "in_force":
        return None
    return (
        Text(
            zh="法院禁止令在任何管理类别下都继续有效。",
            en="The court's prohibition order stays in force at every tier.",
        ),
        ("prohibition_order",),
    )


def woman_in_group(case: Case) -> Found:
    """H14: a woman's correction group includes a woman."""
    if case.known.get("sex") != FEMALE:
        return None
    return (
        Text(
            zh="社区矫正对象为女性的，矫正小组中应有女性成员。",
            en="The correction group of a woman must include a woman.",
        ),
        ("sex",),
    )


CONSTRAINTS = (
    Constraint(
        id="H01",
        title=Text(zh="四类对象", en="Four statuses"),
        consequence="refuse",
        citation=_cite("《社区矫正法》第二条", "Community Corrections Law, art. 2"),
        valid_from=LAW_IN_FORCE,
        check=four_statuses,
    ),
    Constraint(
        id="H08",
        title=Text(zh="未成年人分别矫正", en="Minors separately"),
        consequence="separate_profile",
        citation=_cite(
            "《社区矫正法》第五十二条、第五十八条", "Community Corrections Law, arts. 52 and 58"
        ),
        valid_from=LAW_IN_FORCE,
        check=separate_minor_profile,
    ),
    Constraint(
        id="H03",
        title=Text(zh="综合评估依据齐全", en="Complete basis"),
        consequence="hold",
        # The list of facts is read off article 24 of the Law; article 21 of the Measures, which
        # spells it out, is quoted beside it and was seen in a secondary text only.
        citation=_cite(
            "《社区矫正法》第二十四条（并参见《社区矫正法实施办法》第二十一条）",
            "Community Corrections Law, art. 24 (see also Implementing Measures, art. 21)",
        ),
        valid_from=LAW_IN_FORCE,
        check=complete_basis,
    ),
    Constraint(
        id="H10",
        title=Text(zh="暂予监外执行的健康义务", en="Health duties"),
        consequence="caution",
        citation=_cite(
            "《社区矫正法实施办法》第二十四条",
            "Implementing Measures, art. 24",
            verified=False,
        ),
        valid_from=LAW_IN_FORCE,
        check=health_duties,
    ),
    Constraint(
        id="H13",
        title=Text(zh="禁止令持续有效", en="Prohibition orders stay"),
        consequence="caution",
        citation=_cite("《刑法》第三十八条、第七十二条", "Criminal Law, arts. 38 and 72"),
        valid_from=LAW_IN_FORCE,
        check=prohibition_stays,
    ),
    Constraint(
        id="H14",
        title=Text(zh="女性小组成员", en="A woman in the group"),
        consequence="caution",
        citation=_cite("《社区矫正法》第二十五条", "Community Corrections Law, art. 25"),
        valid_from=LAW_IN_FORCE,
        check=woman_in_group,
    ),
)


def _harm_to_others(kind: str) -> Callable[[Case], tuple[str, ...]]:
    def check(case: Case) -> tuple[str, ...]:
        now = case.known.get("harm_to_others_now", ())
        return ("harm_to_others_now",) if isinstance(now, tuple) and kind in now else ()

    return check


def _domestic_violence(case: Case) -> tuple[str, ...]:
    found = _harm_to_others("current_domestic_violence")(case)
    if case.known.get("domestic_violence") == "current_perpetrator":
        found += ("domestic_violence",)
    return found


def _self_harm(case: Case) -> tuple[str, ...]:
    return ("self_harm_flag",) if case.known.get("self_harm_flag") in ("2", "3") else ()


ALERTS = (
    SafetyAlert(
        id="domestic_violence",
        label=Text(zh="当前家庭暴力", en="Domestic violence now"),
        task=Text(
            zh="当日由指定工作人员联系受害人支持与公安机关，评估安全措施。",
            en="Same day: a named official contacts victim support and police about safety.",
        ),
        check=_domestic_violence,
    ),
    SafetyAlert(
        id="threat",
        label=Text(zh="威胁特定的人", en="Threat to a named person"),
        task=Text(
            zh="当日由指定工作人员核实，并依法通报公安机关。",
            en="Same day: a named official verifies it and informs the police as the law says.",
        ),
        check=_harm_to_others("threat_to_named_person"),
    ),
    SafetyAlert(
        id="no_contact_breach",
        label=Text(zh="违反不得接触的规定", en="Breach of a no-contact order"),
        task=Text(
            zh="当日由指定工作人员核实，依法处置；这不由管理类别处理。",
            en="Same day: a named official verifies it and acts under the law; no tier does that.",
        ),
        check=_harm_to_others("no_contact_breach"),
    ),
    SafetyAlert(
        id="self_harm",
        label=Text(zh="自伤自杀风险", en="Risk of self-harm"),
        task=Text(
            zh="当日由指定工作人员面谈，并联系心理援助或医疗机构。",
            en="Same day: a named official talks to the person and calls in crisis or medical "
            "help.",
        ),
        check=_self_harm,
    ),
)

CN = StatutorySet(jurisdiction="cn", version="1.0.0", constraints=CONSTRAINTS, alerts=ALERTS)
