"""What must be there before a tier is recommended: a notice, record facts, the whole basis."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from riskengine.policy.jurisdictions.cn.citing import CORRECTIONS_LAW, INFORMATION_LAW, cite
from riskengine.policy.statutory import Case, Constraint, Found
from riskengine.text import Text

NOTICE = "notice_given_date"
RECORD_FACTS = ("legal_status", "offence_type", "correction_stage")
CONDUCT_FACTS = (
    "last_appraisal",
    "admonitions_n",
    "warnings_n",
    "ps_penalties_n",
    "commendations_n",
)
OBJECTIVE_FACTS = ("legal_status", "offence_type")
COMPLIANCE_FACTS = (
    "admonitions_n",
    "warnings_n",
    "ps_penalties_n",
    "missed_reports_90d",
    "unapproved_leave_90d",
    "intake_lateness",
)
EARLIER_RECORD = ("prior_convictions_n", "prior_custody", "prior_supervision_failure")


def _named(case: Case, items: Iterable[str]) -> Text:
    labels = case.assessment.instrument.by_id
    names = [labels[item].label for item in items if item in labels]
    return Text(
        zh="、".join(name.zh for name in names) or "（量表中没有此项）",
        en=", ".join(name.en for name in names) or "(not in the instrument)",
    )


def notice_first(case: Case) -> Found | None:
    """H18: no assessment opens before the person was told."""
    given = case.known.get(NOTICE)
    if isinstance(given, date) and given <= case.assessment.assessed_on:
        return None
    return Found(
        Text(
            zh="评估之前应当先告知本人使用评估软件及其权利；没有告知日期，或者告知晚于评估的，"
            "评估不予开启。告知不是征求同意。",
            en="The person is told about the software and about their rights before the "
            "assessment. Without a date of the notice, or with one after the assessment, no "
            "assessment opens. A notice is no request for consent.",
        ),
        (NOTICE,),
    )


def complete_basis(case: Case) -> Found | None:
    """H03: no tier without status, offence, stage, appraisal and record of rewards and sanctions.

    At intake the conduct part is legitimately "none yet".
    """
    needed: tuple[str, ...] = RECORD_FACTS
    if case.assessment.kind == "reassessment":
        needed += CONDUCT_FACTS
    missing = tuple(item for item in needed if item not in case.known)
    if not missing:
        return None
    names = _named(case, missing)
    return Found(
        Text(
            zh=f"综合评估依据不全，暂不提出管理类别建议。缺少：{names.zh}",
            en="The comprehensive assessment is incomplete, so no tier is recommended yet. "
            f"Missing: {names.en}",
        ),
        missing,
    )


def objective_facts(case: Case) -> Found | None:
    """H19: no tier from traits and attitudes alone, without facts from the record.

    At intake there may be no record of conduct under supervision yet; then the record before the
    term stands for it.
    """
    known = case.known
    missing = tuple(item for item in OBJECTIVE_FACTS if item not in known)
    conduct: tuple[str, ...] = COMPLIANCE_FACTS
    if case.assessment.kind == "intake":
        conduct += EARLIER_RECORD
    if not missing and any(item in known for item in conduct):
        return None
    missing = missing or conduct
    names = _named(case, missing)
    return Found(
        Text(
            zh="没有案卷中可以核实的客观事实（矫正类别、罪名、遵守监管情况），"
            f"不能只凭性格、态度等评定提出建议。缺少：{names.zh}",
            en="Nothing is recommended from traits and attitudes alone, without facts of the "
            f"record that can be verified (status, offence, compliance). Missing: {names.en}",
        ),
        missing,
    )


CONSTRAINTS = (
    Constraint(
        id="H18",
        title=Text(zh="先告知后评估", en="Notice before assessment"),
        says=Text(
            zh="没有告知日期，或者告知晚于评估日期的，评估不予开启：不评分，不提建议。",
            en="Without a notice, or with one later than the assessment, nothing opens: no score "
            "and no tier.",
        ),
        consequence="hold",
        citation=cite(
            "《个人信息保护法》第三十五条、第二十四条",
            "Personal Information Protection Law, arts. 35 and 24",
        ),
        valid_from=INFORMATION_LAW,
        check=notice_first,
    ),
    Constraint(
        id="H03",
        title=Text(zh="综合评估依据齐全", en="Complete basis"),
        says=Text(
            zh="缺少矫正类别、罪名、矫正阶段的，或者再次评估时缺少考核和奖惩记录的，"
            "作为不完整处理，不提出建议。",
            en="Without status, offence and stage, or at reassessment without appraisal, rewards "
            "and sanctions, the assessment is held as incomplete: no tier.",
        ),
        consequence="hold",
        # The list of facts is read off articles 24 and 28 of the Law; article 21 of the Measures,
        # which spells it out, is quoted beside them and was seen in a secondary text only.
        citation=cite(
            "《社区矫正法》第二十四条、第二十八条（并参见《社区矫正法实施办法》第二十一条）",
            "Community Corrections Law, arts. 24 and 28 (see also Implementing Measures, art. 21)",
        ),
        valid_from=CORRECTIONS_LAW,
        check=complete_basis,
    ),
    Constraint(
        id="H19",
        title=Text(zh="须有客观事实", en="Objective facts of the record"),
        says=Text(
            zh="矫正类别、罪名和至少一项遵守监管（入矫时也可为此前）记录齐备才提出建议；"
            "不只凭性格和态度评定。",
            en="A tier needs status, offence and at least one fact of the record about conduct "
            "(at intake also from before the term); never traits and attitudes alone.",
        ),
        consequence="hold",
        # The European rule is not law here; the same follows from the statutory list of factors.
        citation=cite(
            "《社区矫正法》第二十四条（并参见欧盟《人工智能法》第五条第一款(d)项）",
            "Community Corrections Law, art. 24 (see also EU AI Act, art. 5(1)(d))",
        ),
        valid_from=CORRECTIONS_LAW,
        check=objective_facts,
    ),
)
