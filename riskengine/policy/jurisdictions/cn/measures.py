"""What a tier may ask of a person, and what no tier can be: H05-H07 and H10-H13."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from riskengine.errors import shown
from riskengine.instrument.model import Instrument
from riskengine.policy.document import Contact, PolicyDocument
from riskengine.policy.jurisdictions.cn.citing import CORRECTIONS_LAW, cite
from riskengine.policy.jurisdictions.cn.wording import DEVICE, must_block
from riskengine.policy.law_measures import matching
from riskengine.policy.statutory import Case, Constraint, Found, Output
from riskengine.policy.tiers import Tier
from riskengine.text import Text

TEMPORARY_EXECUTION = "04"

# that leave needs approval is the law itself
_UNAPPROVED = re.compile(
    r"未经(批准|许可|同意)的?[，, ]*(不得|不准|不可)(擅自)?(外出|离开|迁居)|"
    r"may not (leave|move)[^.;,]{0,40} without (\w+ )?(approval|permission)|"
    r"without (\w+ )?(approval|permission)[^.;]{0,40} may not (leave|move)",
    re.IGNORECASE,
)
_NO_LEAVE = re.compile(
    r"(不得|不准|禁止|不予|一律不|不批准?)[^。；，]{0,6}(请假|外出|离开|迁居)|"
    r"\bno leave\b|never (be )?(leave|granted)|leave (is|will be) (refused|denied)|may not leave",
    re.IGNORECASE,
)
_CONFINED = re.compile(
    r"关押|禁闭|拘禁|羁押|拘留|限制人身自由|不得(离开|走出)|宵禁|集中(住宿|居住)|"
    r"curfew|house arrest|\block(ed)? (up|in)\b|confine|detain|detention",
    re.IGNORECASE,
)
_SANCTION = re.compile(
    r"训诫|警告|罚款|罚金|扣分|处罚|admoni|\bwarning|reprimand|\bfines?\b|penalt|sanction",
    re.IGNORECASE,
)
_REVOKED = re.compile(r"撤销|收监|逮捕|revo[ck]|\brecall|arrest", re.IGNORECASE)
# that an agency has asked or is about to may be the ground of a rule; asking is not for a policy
_REVOCATION_ASKED = re.compile(
    r"(?<![已被拟在曾])(建议|提请|提出|应当|应予|予以|启动)[^。；，]{0,10}(撤销|收监|逮捕)|"
    r"\b(propose|recommend|request|apply for|initiate|should|must)\b[^.;,]{0,40}"
    r"\b(revo[ck]|recall|arrest)",
    re.IGNORECASE,
)


# ---------------------------------------------------------------- H05 electronic positioning


def positioning_in_a_policy(policy: PolicyDocument) -> Iterator[str]:
    """H05: no tier, rule or period may bring electronic positioning with it."""
    yield from matching(
        policy, DEVICE, "contact", "moving", "other",
        why="electronic positioning never follows from a tier, score or local rule; it needs one "
        "of five statutory grounds, the approval of the head of the county justice department, "
        "and a term of three months at most",
    )  # fmt: skip


def positioning_as_an_input(instrument: Instrument) -> Iterator[str]:
    """H05: positioning data are no answer to any question."""
    yield from must_block(
        instrument, "location_traces", DEVICE, "positioning data may not be an input"
    )


_POSITIONING = Found(
    Text(
        zh="电子定位不因管理类别或评分而适用；须符合法定五种情形之一并经县级司法行政部门"
        "负责人批准，期限不超过三个月。",
        en="Electronic positioning never follows from a tier or score. It needs one of five "
        "statutory grounds and the approval of the head of the county justice department, for "
        "three months at most.",
    )
)


def positioning_beside(case: Case, tier: Tier) -> Found | None:
    """H05: said where it could be misunderstood, at the strict tier."""
    return _POSITIONING if tier is Tier.STRICT else None


_FORBIDDEN = (
    (DEVICE, "electronic positioning"),
    (_CONFINED, "a restriction of liberty"),
    (_REVOKED, "revocation, recall or arrest"),
    (_SANCTION, "a sanction"),
)


@lru_cache(maxsize=1024)
def _no_contacts(contacts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What stands among contacts and is none: the kind of thing, and where it stands."""
    return tuple(
        (what, f"contact [{kind}] {shown(text)} is {what}")
        for kind, label in contacts
        for text in (kind.replace("_", " "), label)
        for words, what in _FORBIDDEN
        if words.search(text)
    )


def _in_contacts(found: Output, forbidden: str) -> Iterator[str]:
    contacts = tuple((contact.kind, contact.label) for contact in found.contacts)
    return (why for what, why in _no_contacts(contacts) if what == forbidden)


def positioning_in_an_output(found: Output) -> Iterator[str]:
    """H05: no recommendation asks for it."""
    return _in_contacts(found, "electronic positioning")


# ---------------------------------------------------------------- H06 leave


def leave_refused_by_a_policy(policy: PolicyDocument) -> Iterator[str]:
    """H06: no tier and no rule may refuse leave in advance."""
    yield from matching(
        policy, _NO_LEAVE, "contact", "moving", "telling", "other", unless=_UNAPPROVED,
        why="leave for a just reason is approved at every tier",
    )  # fmt: skip


def leave_at_every_tier(case: Case) -> Found | None:
    """H06: told to those who need it, people whose work takes them away."""
    known = case.known
    regular = known.get("cross_county_regular") is True
    if not regular and known.get("work_season") != "seasonal":
        return None
    fields = ("cross_county_regular",) if regular else ("work_season",)
    return Found(
        Text(
            zh="外出或者迁居在任何管理类别下都须经批准，有正当理由的应当批准，"
            "经常性跨市、县活动可以简化批准程序。批准权限看外出时间，不看管理类别。",
            en="Leave and moving need approval at every tier and get it for a just reason; for "
            "regular work elsewhere the procedure may be simplified. Who approves depends on the "
            "length, not on the tier.",
        ),
        fields,
        ("leave_lengths", "cross_county_term") if regular else ("leave_lengths",),
    )


# ---------------------------------------------------------------- H07 liberty and daily life


def _every_contact(policy: PolicyDocument) -> Iterator[tuple[str, Contact]]:
    for tier, terms in policy.tiers.items():
        for contact in terms.contacts:
            yield f"tier [{tier.value}] contact [{contact.kind}]", contact
    for rule in policy.rules:
        for contact in rule.effect.contacts:
            yield f"rule [{rule.id}] contact [{contact.kind}]", contact


def liberty_restricted_by_a_policy(policy: PolicyDocument) -> Iterator[str]:
    """H07: nothing that a tier asks may restrict liberty, openly or in disguise.

    That more than one contact of a kind a day restricts liberty in disguise is this project's
    reading; the law gives no number.
    """
    yield from matching(
        policy, _CONFINED, "contact", why="it restricts liberty, which only a law may do"
    )
    for place, contact in _every_contact(policy):
        if contact.times > contact.per_days:
            yield (
                f"{place} asks [{contact.times}] times in [{contact.per_days}] days: more than "
                "once a day is a restriction of liberty in disguise"
            )


def daily_life(case: Case) -> Found | None:
    """H07: told where care or schooling would suffer."""
    known = case.known
    fields = tuple(
        item
        for item, levels in (
            ("caregiving_load", ("2", "3")),
            ("schooling", ("compulsory", "senior_vocational", "higher", "training")),
        )
        if known.get(item) in levels
    )
    if not fields:
        return None
    return Found(
        Text(
            zh="报告和活动的时间、地点应当避免不必要地影响本人的照料责任和学业。",
            en="Times and places of reports and activities must not burden care of others or "
            "schooling without need.",
        ),
        fields,
    )


def liberty_in_an_output(found: Output) -> Iterator[str]:
    """H07: no recommendation asks for a restriction of liberty."""
    return _in_contacts(found, "a restriction of liberty")


# ---------------------------------------------------------------- H10 health


def health_duties(case: Case) -> Found | None:
    """H10: the health duties of temporary execution run at every tier."""
    if case.known.get("legal_status") != TEMPORARY_EXECUTION:
        return None
    ill = case.known.get("temp_exec_ground") == "illness"
    return Found(
        Text(
            zh="暂予监外执行：报告身体情况、保外就医的复查等义务在任何管理类别下都照常履行；"
            "活动安排应顾及疾病、妊娠或生活不能自理。",
            en="Temporary execution outside prison: reports on health and re-checks of a medical "
            "release run at every tier; activities respect illness, pregnancy or disability.",
        ),
        ("legal_status", "temp_exec_ground"),
        ("health_report", "medical_recheck") if ill else ("health_report",),
    )


# ---------------------------------------------------------------- H11 sanctions


def sanction_in_a_policy(policy: PolicyDocument) -> Iterator[str]:
    """H11: a sanction is no measure of a tier."""
    yield from matching(
        policy, _SANCTION, "contact",
        why="a sanction is a decision of its own with its own ground, never part of a tier",
    )  # fmt: skip


def tier_is_no_sanction(case: Case) -> Found | None:
    """H11: told where there is or may be a sanction."""
    known = case.known
    fields = tuple(
        item
        for item in ("admonitions_n", "warnings_n", "ps_penalties_n")
        if isinstance(count := known.get(item), int) and count > 0
    )
    if known.get("intake_lateness") in ("le10d", "gt10d", "absent"):
        fields += ("intake_lateness",)
    if not fields:
        return None
    return Found(
        Text(
            zh="训诫、警告等另行决定，各有条件和程序；管理类别不是处罚，处罚也不等于管理类别。",
            en="Admonitions and warnings are decisions of their own. A tier is no sanction, and a "
            "sanction is no tier.",
        ),
        fields,
        ("admonition_and_warning",),
    )


def sanction_in_an_output(found: Output) -> Iterator[str]:
    """H11: no recommendation asks for a sanction."""
    return _in_contacts(found, "a sanction")


# ---------------------------------------------------------------- H12 revocation


def revocation_in_a_policy(policy: PolicyDocument) -> Iterator[str]:
    """H12: no policy proposes revocation, recall or arrest."""
    why = "revocation, recall and arrest belong to courts and other organs"
    yield from matching(policy, _REVOKED, "contact", why=why)
    yield from matching(policy, _REVOCATION_ASKED, "moving", "telling", "other", why=why)


def no_proposal(case: Case) -> Found | None:
    """H12: told where a court might be asked, that this says nothing about it."""
    known = case.known
    fields = tuple(
        item
        for item, least in (("warnings_n", 2), ("ps_penalties_n", 1))
        if isinstance(count := known.get(item), int) and count >= least
    )
    if known.get("intake_lateness") == "absent":
        fields += ("intake_lateness",)
    if not fields:
        return None
    return Found(
        Text(
            zh="撤销缓刑、撤销假释、收监执行和逮捕由人民法院等机关依法决定，并须听取本人意见；"
            "本建议不含此类意见，也不得用作其依据。",
            en="Revocation, recall and arrest are decided by courts and other organs, after "
            "hearing the person. This recommendation proposes none of them and is no ground for "
            "any.",
        ),
        fields,
    )


def revocation_in_an_output(found: Output) -> Iterator[str]:
    """H12: no recommendation asks for revocation, recall or arrest."""
    return _in_contacts(found, "revocation, recall or arrest")


# ---------------------------------------------------------------- H13 prohibition orders


def prohibition_stays(case: Case) -> Found | None:
    """H13: a prohibition order stays in force at every tier, to its last day."""
    end = case.known.get("prohibition_end")
    over = isinstance(end, date) and end < case.on
    if case.known.get("prohibition_order") != "in_force" or over:
        return None
    return Found(
        Text(
            zh="法院禁止令在任何管理类别下都继续有效。",
            en="The court's prohibition order stays in force at every tier.",
        ),
        ("prohibition_order", "prohibition_end"),
        ("no_contact",),
    )


CONSTRAINTS = (
    Constraint(
        id="H05",
        title=Text(zh="电子定位", en="Electronic positioning"),
        says=Text(
            zh="电子定位不因管理类别、评分或本地规则而适用：写入规则文件的拒绝加载，"
            "定位数据不得作为输入，建议中不会出现；严管时另作提示。",
            en="Electronic positioning follows from no tier, score or local rule: a policy that "
            "holds it is refused, positioning data are no input, no recommendation names it; at "
            "the strict tier this is said.",
        ),
        citation=cite("《社区矫正法》第二十九条", "Community Corrections Law, art. 29"),
        valid_from=CORRECTIONS_LAW,
        beside=positioning_beside,
        refuses_policy=positioning_in_a_policy,
        refuses_instrument=positioning_as_an_input,
        refuses_output=positioning_in_an_output,
    ),
    Constraint(
        id="H06",
        title=Text(zh="外出与迁居", en="Leave and moving"),
        says=Text(
            zh="任何类别下外出都须批准，有正当理由应当批准，批准权限看时间不看类别；"
            "规则文件不得预先拒绝外出。",
            en="Leave needs approval at every tier and gets it for a just reason, by length and "
            "not by tier; a policy that refuses it in advance is refused.",
        ),
        citation=cite("《社区矫正法》第二十七条", "Community Corrections Law, art. 27"),
        valid_from=CORRECTIONS_LAW,
        check=leave_at_every_tier,
        refuses_policy=leave_refused_by_a_policy,
    ),
    Constraint(
        id="H07",
        title=Text(zh="不得限制人身自由", en="No restriction of liberty"),
        says=Text(
            zh="管理类别的任何要求都不得限制或者变相限制人身自由，"
            "避免不必要地影响正常工作和生活；违反的规则文件拒绝加载，照料和就学负担另作提示。",
            en="Nothing a tier asks may restrict liberty, even in disguise, or burden work and "
            "life without need: such a policy is refused; care of others and schooling are "
            "pointed out.",
        ),
        citation=cite("《社区矫正法》第三十四条", "Community Corrections Law, art. 34"),
        valid_from=CORRECTIONS_LAW,
        check=daily_life,
        refuses_policy=liberty_restricted_by_a_policy,
        refuses_output=liberty_in_an_output,
    ),
    Constraint(
        id="H10",
        title=Text(zh="暂予监外执行的健康义务", en="Health duties"),
        says=Text(
            zh="暂予监外执行的健康报告和复查义务与管理类别无关；次数未经核对前只作提示，"
            "核对后列入联系安排。",
            en="The health duties of temporary execution run at every tier; their intervals are "
            "pointed out until verified, and then stand among the contacts.",
        ),
        citation=cite(
            "《社区矫正法》第二十四条、第三十四条，《刑事诉讼法》第二百六十五条",
            "Community Corrections Law, arts. 24 and 34; Criminal Procedure Law, art. 265",
        ),
        valid_from=CORRECTIONS_LAW,
        check=health_duties,
    ),
    Constraint(
        id="H11",
        title=Text(zh="处罚另行决定", en="Sanctions are separate"),
        says=Text(
            zh="训诫、警告、治安处罚等各有条件和程序，不是管理类别的内容：写入联系要求的拒绝加载；"
            "有处罚或者报到迟延的另作提示。",
            en="Admonition, warning and penalty have conditions of their own and are no part of a "
            "tier: a policy that makes one a contact is refused; where there is one, or a late "
            "report, this is said.",
        ),
        citation=cite("《社区矫正法》第二十八条", "Community Corrections Law, art. 28"),
        valid_from=CORRECTIONS_LAW,
        check=tier_is_no_sanction,
        refuses_policy=sanction_in_a_policy,
        refuses_output=sanction_in_an_output,
    ),
    Constraint(
        id="H12",
        title=Text(zh="撤销与收监不由软件提出", en="No automated revocation"),
        says=Text(
            zh="撤销、收监、逮捕由法院等机关决定：规则文件提出此类意见的拒绝加载，"
            "建议中不会出现；可能涉及时另作提示。",
            en="Revocation, recall and arrest belong to courts and other organs: a policy that "
            "proposes one is refused, no recommendation names one; where one might be near, this "
            "is said.",
        ),
        citation=cite(
            "《社区矫正法》第四十六条至第四十九条", "Community Corrections Law, arts. 46 to 49"
        ),
        valid_from=CORRECTIONS_LAW,
        check=no_proposal,
        refuses_policy=revocation_in_a_policy,
        refuses_output=revocation_in_an_output,
    ),
    Constraint(
        id="H13",
        title=Text(zh="禁止令持续有效", en="Prohibition orders stay"),
        says=Text(
            zh="禁止令到期之前，在任何管理类别下都继续有效，随建议一并提示。",
            en="Until its last day a prohibition order stays in force at every tier; this is said "
            "beside the recommendation.",
        ),
        citation=cite("《刑法》第三十八条、第七十二条", "Criminal Law, arts. 38 and 72"),
        valid_from=CORRECTIONS_LAW,
        check=prohibition_stays,
    ),
)
