"""Who decides, what a plan needs, and what the person is owed: H02, H04 and H14-H17."""

from __future__ import annotations

import re
from collections.abc import Iterator

from riskengine.errors import shown
from riskengine.instrument.model import Instrument
from riskengine.policy.document import PolicyDocument
from riskengine.policy.jurisdictions.cn.citing import CORRECTIONS_LAW, INFORMATION_LAW, cite
from riskengine.policy.jurisdictions.cn.wording import COMPLAINT, must_block
from riskengine.policy.law_measures import matching
from riskengine.policy.statutory import Case, Constraint, Found, Output
from riskengine.policy.tiers import Tier
from riskengine.text import Text

FEMALE = "2"
_OFFICE = re.compile(r"矫正机构|司法局|司法行政|司法所|社区矫正(管理|委员)")
_NOBODY = re.compile(r"志愿者|社会工作者|社工|软件|模型|自动|算法|(?<!行政)系统")
_PUBLISHED = re.compile(
    r"公示|公布|公告|张榜|张贴|公开(通报|点名)|\bpublish|post(ed)? (in )?public|public notice|"
    r"name and shame",
    re.IGNORECASE,
)
PSYCHOLOGICAL = ("distress", "mental_disorder", "impulsivity_anger")

ASSISTANCE_FOR_ALL = (
    Text(zh="帮扶安排", en="Assistance"),
    (
        Text(
            zh="与本人商定就业、就学、生活等方面需要的帮助，写入矫正方案",
            en="Agree with the person what help with work, schooling or daily life is wanted, and "
            "write it into the plan",
        ),
    ),
)


# ---------------------------------------------------------------- H02 a person decides


_DECIDES = Found(
    Text(
        zh="这是建议，不是决定。由县级社区矫正机构的具名工作人员依法决定，可以采纳，"
        "也可以说明理由后不采纳。",
        en="This is a recommendation and no decision. A named official of the county agency "
        "decides under the law, and may depart from it with a reason.",
    )
)


def person_decides(case: Case) -> Found | None:
    """H02: said beside everything that the engine puts out."""
    return _DECIDES


def nobody_approves(policy: PolicyDocument) -> Iterator[str]:
    """H02: whoever approves is an official of the agency, or of an office by delegation."""
    approves = policy.roles.approves.zh
    if _NOBODY.search(approves) or not _OFFICE.search(approves):
        yield (
            f"roles.approves {shown(approves)}: a tier is approved by officials of the county "
            "agency, or of a justice office on its delegation"
        )


def nobody_told(found: Output) -> Iterator[str]:
    """H02: no output without the sentence that says who decides."""
    if "H02" not in found.caution_ids:
        yield "it does not say that a named official decides"


# ---------------------------------------------------------------- H04 a plan


def plan_without_a_mind(case: Case, tier: Tier) -> Found | None:
    """H04: a plan holds an analysis of the person's state of mind, which somebody has to make."""
    by_id = case.assessment.instrument.by_id
    if any(item in case.known for item in PSYCHOLOGICAL):
        return None
    fields = tuple(item for item in PSYCHOLOGICAL if item in by_id)
    return Found(
        Text(
            zh="矫正方案应当分析心理状态和其他特殊情况；本次没有相关答案，制定方案前请补充。",
            en="A plan needs an analysis of the state of mind; nothing about it was answered. "
            "Please ask before the plan is made.",
        ),
        fields,
    )


def no_plan(found: Output) -> Iterator[str]:
    """H04: a tier comes with assistance and with the day on which it is looked at again."""
    if found.tiers and not found.needs:
        yield "a tier without any assistance"
    if found.tiers and found.review_on is None:
        yield "a tier without a review date"


# ---------------------------------------------------------------- H14, H15, H16


def woman_in_group(case: Case) -> Found | None:
    """H14: a woman's correction group includes a woman."""
    if case.known.get("sex") != FEMALE:
        return None
    return Found(
        Text(
            zh="社区矫正对象为女性的，矫正小组中应有女性成员。",
            en="The correction group of a woman must include a woman.",
        ),
        ("sex",),
    )


def published_by_a_policy(policy: PolicyDocument) -> Iterator[str]:
    """H15: nothing about a person's tier or conduct is made public."""
    yield from matching(
        policy, _PUBLISHED, "contact", "moving", "telling",
        why="what is known from supervision is confidential and serves supervision alone",
    )  # fmt: skip


def told_in_confidence(case: Case) -> Found | None:
    """H15: said where an answer was given in confidence or by somebody else."""
    fields = tuple(
        item
        for item, source in case.assessment.sources.items()
        if source.disclosure in ("confidential", "third_party")
    )
    if not fields:
        return None
    return Found(
        Text(
            zh="含有他人提供或者要求保密的信息，只用于社区矫正工作，信息及其来源不得外传。",
            en="Holds information given in confidence: it serves community corrections alone, and "
            "neither it nor its source is passed on.",
        )
    )


_RIGHTS = Text(
    zh="本人可以了解主要依据，要求更正和由工作人员复核，有权拒绝仅由软件作出的决定；"
    "有异议的向本机构提出，仍有异议的可以向人民检察院提出。",
    en="The person may learn the main grounds, have them corrected and reviewed by staff, and "
    "refuse a decision by software alone; objections go to this agency, then to the people's "
    "procuratorate.",
)
_REVIEW = Found(_RIGHTS)
_REVIEW_OF_A_SANCTION = Found(_RIGHTS, provisions=("objection_route",))


def right_of_review(case: Case) -> Found | None:
    """H16: what the person may ask for, and whom; for a sanction or appraisal, how."""
    known = case.known
    judged = known.get("last_appraisal") == "fail" or any(
        isinstance(count := known.get(item), int) and count > 0
        for item in ("admonitions_n", "warnings_n", "ps_penalties_n")
    )
    return _REVIEW_OF_A_SANCTION if judged else _REVIEW


def right_not_told(found: Output) -> Iterator[str]:
    """H16: no tier without the sentence on review."""
    if found.tiers and "H16" not in found.caution_ids:
        yield "a tier without the person's right to an explanation and a review"


# ---------------------------------------------------------------- H17 complaints


def complaints_asked(instrument: Instrument) -> Iterator[str]:
    """H17: complaints and appeals are no answer to any question."""
    yield from must_block(
        instrument, "complaints_petitions", COMPLAINT, "a complaint or appeal may not be an input"
    )


def complaint_as_a_ground(policy: PolicyDocument) -> Iterator[str]:
    """H17: no rule moves a tier or adds a contact because somebody complained."""
    yield from matching(
        policy, COMPLAINT, "contact", "moving",
        why="a complaint, appeal or petition is never a ground for a tier or a measure",
    )  # fmt: skip


def ratings_without_complaints(case: Case) -> Found | None:
    """H17: said where a rating could have been made lower because of an appeal or complaint."""
    known = case.known
    fields = tuple(
        item
        for item, levels in (
            ("remorse", ("02", "04")),
            ("denial_of_responsibility", ("2", "3")),
            ("supervision_attitude", ("2", "3")),
            ("officer_relationship", ("0", "1")),
        )
        if known.get(item) in levels
    )
    if not fields:
        return None
    return Found(
        Text(
            zh="上诉、申诉、控告、投诉、信访不得作为态度评定的理由；若以此为据，请更正后重新评估。",
            en="Appeals, complaints and petitions are no ground for ratings of attitude; where "
            "one was, correct it and assess again.",
        ),
        fields,
    )


RETALIATION = cite(
    "《社区矫正法》第三十四条、第六十一条", "Community Corrections Law, arts. 34 and 61"
)

DECIDING = Constraint(
    id="H02",
    title=Text(zh="由人决定", en="A person decides"),
    says=Text(
        zh="软件只提建议；须由县级社区矫正机构（或受委托司法所）的工作人员决定。"
        "由其他人或者软件批准的规则文件拒绝加载，没有说明这一点的建议不会输出。",
        en="The engine recommends; an official of the county agency (or of a delegated office) "
        "decides. A policy in which anybody else or software approves is refused; no output "
        "without this sentence.",
    ),
    citation=cite("《社区矫正法》第九条、第十条", "Community Corrections Law, arts. 9 and 10"),
    valid_from=CORRECTIONS_LAW,
    check=person_decides,
    refuses_policy=nobody_approves,
    refuses_output=nobody_told,
)

CONSTRAINTS = (
    Constraint(
        id="H04",
        title=Text(zh="方案与帮扶", en="Plan and assistance"),
        says=Text(
            zh="每项管理类别建议都带有帮扶和复核日期，没有的不予输出；"
            "心理状态没有任何答案的，提示补充。",
            en="A tier comes with assistance and a review date, or is not put out; where nothing "
            "about the state of mind was answered, this is said.",
        ),
        citation=cite("《社区矫正法》第二十四条", "Community Corrections Law, art. 24"),
        valid_from=CORRECTIONS_LAW,
        beside=plan_without_a_mind,
        refuses_output=no_plan,
    ),
    Constraint(
        id="H14",
        title=Text(zh="女性小组成员", en="A woman in the group"),
        says=Text(
            zh="对象为女性的，提示矫正小组中应有女性成员。",
            en="For a woman it is said that the correction group must include a woman.",
        ),
        citation=cite("《社区矫正法》第二十五条", "Community Corrections Law, art. 25"),
        valid_from=CORRECTIONS_LAW,
        check=woman_in_group,
    ),
    Constraint(
        id="H15",
        title=Text(zh="限于矫正目的并保密", en="Purpose and confidentiality"),
        says=Text(
            zh="信息只用于社区矫正并保密、存于境内：要求公示的规则文件拒绝加载；"
            "含有保密或者他人提供的信息时提示；软件不联网，不接受姓名和身份证号码。",
            en="Information serves community corrections alone, confidentially and in the "
            "country: a policy that publishes is refused; what was told in confidence is pointed "
            "out; the engine uses no network and takes no names or identity numbers.",
        ),
        citation=cite(
            "《社区矫正法》第二十六条、第五十四条、第六十一条，《个人信息保护法》第三十四条、第三十六条",
            "Community Corrections Law, arts. 26, 54 and 61; Personal Information Protection Law, "
            "arts. 34 and 36",
        ),
        valid_from=CORRECTIONS_LAW,
        check=told_in_confidence,
        refuses_policy=published_by_a_policy,
    ),
    Constraint(
        id="H16",
        title=Text(zh="本人的权利", en="The person's rights"),
        says=Text(
            zh="每份建议都写明本人有权要求说明、更正和复核以及异议途径，没有的不予输出。",
            en="Every recommendation names the right to an explanation, correction and review, "
            "and the route of an objection; no tier is put out without it.",
        ),
        citation=cite(
            "《个人信息保护法》第二十四条、《社区矫正法》第三十四条",
            "Personal Information Protection Law, art. 24; Community Corrections Law, art. 34",
        ),
        valid_from=INFORMATION_LAW,
        check=right_of_review,
        refuses_output=right_not_told,
    ),
    Constraint(
        id="H17",
        title=Text(zh="申诉控告不得作为依据", en="Complaints are never a ground"),
        says=Text(
            zh="申诉、控告、投诉、信访不得作为输入，也不得作为评定或者规则的理由："
            "违反的量表和规则文件拒绝加载；可能受其影响的评定另作提示。",
            en="Complaints, appeals and petitions are no input and no ground of a rating or rule: "
            "such an instrument or policy is refused; ratings that they could have coloured are "
            "pointed out.",
        ),
        citation=RETALIATION,
        valid_from=CORRECTIONS_LAW,
        check=ratings_without_complaints,
        refuses_policy=complaint_as_a_ground,
        refuses_instrument=complaints_asked,
    ),
)
