"""Whether a schedule spares work and life: every finding is a named remark with its article."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from riskengine.errors import Language
from riskengine.instrument.assessment import Assessment
from riskengine.policy.document import Citation
from riskengine.schedule.calendar import BusyKind, PersonCalendar
from riskengine.schedule.document import Remark
from riskengine.schedule.placing import Placed
from riskengine.text import Text

LONG_WAY = 60
"""Minutes one way from which contacts at the office are put on one day. A convention of this
library: no rule states a number."""

ASKED = (
    "employment_status",
    "work_season",
    "schooling",
    "travel_minutes_to_office",
    "cross_county_regular",
    "phone_access",
    "reading_ability",
    "end_date",
)
"""Items that the check needs. Where an instrument has them, an unknown answer is a remark."""

_KIND: dict[BusyKind, Text] = {
    "work": Text(zh="工作", en="work"),
    "school": Text(zh="上学", en="school"),
    "exam": Text(zh="考试", en="an examination"),
    "harvest": Text(zh="农忙", en="the harvest"),
    "away": Text(zh="外出", en="being away"),
    "treatment": Text(zh="治疗", en="treatment"),
    "pregnancy": Text(zh="孕产", en="pregnancy or birth"),
    "care": Text(zh="照料家人", en="care of the family"),
    "other": Text(zh="其他已申报事项", en="another declared matter"),
}
_WORKS = ("stable", "casual", "farming")


@dataclass
class _Notes:
    """Remarks as they are found, in the order of finding."""

    lang: Language
    cite: Mapping[str, Citation]
    found: list[Remark] = field(default_factory=list)

    def add(
        self,
        name: str,
        article: str,
        text: Text,
        *,
        items: Iterable[str] = (),
        fields: Iterable[str] = (),
    ) -> None:
        citation = self.cite[article]
        self.found.append(
            Remark(
                id=name,
                text=text[self.lang],
                citation=citation.text[self.lang],
                verified=citation.verified,
                items=tuple(items),
                fields=tuple(fields),
            )
        )


def remarks(
    assessment: Assessment,
    calendar: PersonCalendar,
    placed: Sequence[tuple[str, Placed]],
    *,
    first: date,
    until: date,
    without_date: Sequence[Text],
    cite: Mapping[str, Citation],
    lang: Language,
) -> list[Remark]:
    """Say what was moved, what could not be, and what is not known.

    Parameters
    ----------
    placed
        Every contact with its uid.
    without_date
        Kinds of contact whose next date would lie beyond the end of the term.
    """
    notes = _Notes(lang, cite)
    _dates(notes, placed)
    _ways(notes, assessment, placed)
    _leave(notes, assessment, calendar, first, until)
    _person(notes, assessment, calendar, placed)
    _not_declared(notes, assessment, calendar)
    _not_known(notes, assessment)
    if not calendar.closed:
        notes.add(
            "closed_days_not_declared",
            "normal_life",
            Text(
                zh="未列入法定节假日和司法所休息日，排定的日期可能落在假日。",
                en="No public holidays or closed days of the office were given: a date may fall "
                "on one.",
            ),
        )
    if without_date:
        names = Text(
            zh="、".join(label.zh for label in without_date),
            en=", ".join(label.en for label in without_date),
        )
        notes.add(
            "ends_before",
            "normal_life",
            Text(
                zh=f"矫正期满前不再排定：{names.zh}。",
                en=f"No further date before the term ends: {names.en}.",
            ),
        )
    return notes.found


def _dates(notes: _Notes, placed: Sequence[tuple[str, Placed]]) -> None:
    """Dates that had to move, and those that could not."""
    closed = [uid for uid, one in placed if not one.open_day]
    if closed:
        notes.add(
            "office_closed",
            "normal_life",
            Text(
                zh="期限内司法所没有开门的日子，请先与本人商定日期和方式。",
                en="The office is closed on every day of the window: agree on day and manner "
                "with the person beforehand.",
            ),
            items=closed,
        )
    for kind, name in _KIND.items():
        article = "leave" if kind == "away" else "normal_life"
        for status, said in (
            (
                "conflict",
                Text(
                    zh=f"期限内每一天都与已申报的{name.zh}冲突，未改期；请在此前与本人商定"
                    "日期或者其他方式。",
                    en=f"Every day of the window collides with {name.en} as declared, so the "
                    "date stands: agree on another day or manner with the person beforehand.",
                ),
            ),
            (
                "moved",
                Text(
                    zh=f"原定日期与已申报的{name.zh}冲突，已在期限内改期。",
                    en=f"The first date collided with {name.en} as declared and was moved within "
                    "its window.",
                ),
            ),
        ):
            uids = [
                uid
                for uid, one in placed
                if one.status == status and any(entry.kind == kind for entry in one.in_the_way)
            ]
            if uids:
                notes.add(f"{status}_{kind}", article, said, items=uids)


def _ways(notes: _Notes, assessment: Assessment, placed: Sequence[tuple[str, Placed]]) -> None:
    """The time that the way to the office takes."""
    minutes = assessment.known.get("travel_minutes_to_office")
    if not isinstance(minutes, int) or minutes < LONG_WAY:
        return
    at_office = [(uid, one) for uid, one in placed if one.due.place == "office"]
    days = {one.on for _, one in at_office}
    hours = 2 * minutes * len(days) / 60
    notes.add(
        "long_way",
        "normal_life",
        Text(
            zh=f"到司法所单程约{minutes}分钟；期间须前往{len(days)}天，路途共约{hours:.1f}小时。"
            "在期限允许时，当面的联系已合并到同一天；可以考虑由工作人员上门或者改为线上方式。",
            en=f"The way to the office takes about {minutes} minutes; {len(days)} days at the "
            f"office make about {hours:.1f} hours of travel. Where windows allow it, contacts at "
            "the office share a day; consider coming to the person, or a call instead.",
        ),
        items=[uid for uid, one in at_office if one.status == "joined"],
        fields=["travel_minutes_to_office"],
    )


def _leave(
    notes: _Notes,
    assessment: Assessment,
    calendar: PersonCalendar,
    first: date,
    until: date,
) -> None:
    """Activity in other counties: an approval is due where the reason is just."""
    regular = assessment.known.get("cross_county_regular") is True
    if regular and not calendar.permits:
        notes.add(
            "permit_missing",
            "leave",
            Text(
                zh="本人经常跨市、县活动，未见批准记录；有正当理由的应当批准，可以简化程序。",
                en="The person regularly works or lives across counties and no approval is on "
                "record: it is due where the reason is just, and may be simplified.",
            ),
            fields=["cross_county_regular"],
        )
    ends = max((span.last for span in calendar.permits), default=None)
    if ends is not None and first <= ends < until:
        notes.add(
            "permit_ends",
            "permit_term",
            Text(
                zh=f"跨市、县活动的批准将于{ends.isoformat()}到期，早于本期安排结束。",
                en=f"The approval for other counties ends on {ends.isoformat()}, before this "
                "schedule does.",
            ),
        )
    bare = [
        entry
        for entry in calendar.busy
        if entry.kind == "away"
        and entry.first <= until
        and entry.last >= first
        and not any(
            span.first <= max(entry.first, first) and span.last >= min(entry.last, until)
            for span in calendar.permits
        )
    ]
    if bare:
        days = "; ".join(f"{one.first.isoformat()} – {one.last.isoformat()}" for one in bare)
        notes.add(
            "away_without_permit",
            "leave",
            Text(
                zh=f"已申报外出（{days}），批准未覆盖全部日期；离开所居住的市、县须经批准。",
                en=f"Days away are declared ({days}) that no approval covers: leaving the city "
                "or county needs one.",
            ),
        )


def _person(
    notes: _Notes,
    assessment: Assessment,
    calendar: PersonCalendar,
    placed: Sequence[tuple[str, Placed]],
) -> None:
    """Health, reading, telephone, and the privacy of visits."""
    known = assessment.known
    at: dict[str, list[str]] = {}
    for uid, one in placed:
        at.setdefault(one.due.place, []).append(uid)
    ill = [entry for entry in calendar.busy if entry.kind in ("treatment", "pregnancy")]
    if "temp_exec_ground" in known or ill:
        notes.add(
            "health",
            "health",
            Text(
                zh="考虑疾病、妊娠或者生活不能自理：当面的联系宜上门或者改为电话，不安排体力"
                "活动；报告身体情况、提交复查的义务另行履行，不在本表内。",
                en="Illness, pregnancy or frailty: prefer coming to the person or a call to a "
                "way to the office, and plan no physical activity. The duties of health reports "
                "and re-checks run beside this schedule and are not in it.",
            ),
            items=at.get("office", ()),
            fields=["temp_exec_ground"] if "temp_exec_ground" in known else (),
        )
    if known.get("reading_ability") in ("reads_little", "does_not_read") and "paper" in at:
        notes.add(
            "written_report",
            "normal_life",
            Text(
                zh="阅读书写有困难：书面报告可由本人口述、工作人员记录。",
                en="Reading and writing are hard for this person: a written report may be "
                "spoken and taken down by staff.",
            ),
            items=at["paper"],
            fields=["reading_ability"],
        )
    if known.get("phone_access") in ("shared", "none") and "remote" in at:
        notes.add(
            "telephone",
            "normal_life",
            Text(
                zh="本人没有自己的电话：请商定可行的联系办法，如固定时间、村委会电话。",
                en="The person has no telephone of their own: agree on a way that works, such "
                "as a fixed hour or the village committee's line.",
            ),
            items=at["remote"],
            fields=["phone_access"],
        )
    if "home" in at:
        notes.add(
            "visit_privacy",
            "privacy",
            Text(
                zh="实地查访时保护本人身份信息和隐私。",
                en="Visits protect the person's identity and privacy.",
            ),
            items=at["home"],
        )


def _not_declared(notes: _Notes, assessment: Assessment, calendar: PersonCalendar) -> None:
    """Say what the assessment tells of and the calendar is silent about."""
    known = assessment.known
    asked = set(calendar.declared)
    for name, field_, there, text in (
        (
            "work",
            "employment_status",
            known.get("employment_status") in _WORKS,
            Text(
                zh="本人有工作或者务农，工作时间未申报：确定日期前请先询问。",
                en="The person works and the hours were not declared: ask before fixing dates.",
            ),
        ),
        (
            "season",
            "work_season",
            known.get("work_season") == "seasonal",
            Text(
                zh="本人的工作有季节性，农忙或者外出务工的日期未申报：确定日期前请先询问。",
                en="The person's work has a season and its days were not declared: ask before "
                "fixing dates.",
            ),
        ),
        (
            "school",
            "schooling",
            known.get("schooling") not in (None, "none"),
            Text(
                zh="本人在学，上课和考试时间未申报：确定日期前请先询问。",
                en="The person is in school or training and its days were not declared: ask "
                "before fixing dates.",
            ),
        ),
        (
            "health",
            "temp_exec_ground",
            "temp_exec_ground" in known,
            Text(
                zh="暂予监外执行，治疗或者孕产的日期未申报：确定日期前请先询问。",
                en="Temporary execution outside prison, and no days of treatment or birth were "
                "declared: ask before fixing dates.",
            ),
        ),
    ):
        if there and name not in asked:
            notes.add(f"{name}_not_declared", "normal_life", text, fields=[field_])


def _not_known(notes: _Notes, assessment: Assessment) -> None:
    """Unknown is no answer: it is neither free time nor a short way."""
    items = assessment.instrument.by_id
    missing = [name for name in ASKED if name in items and name not in assessment.known]
    if missing:
        zh = "、".join(items[name].label.zh for name in missing)
        en = ", ".join(items[name].label.en for name in missing)
        notes.add(
            "not_known",
            "normal_life",
            Text(
                zh=f"以下情况不明，未能检查是否影响工作和生活：{zh}。",
                en=f"Not known, so that the effect on work and life could not be checked: {en}.",
            ),
            fields=missing,
        )
