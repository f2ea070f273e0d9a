"""Facts that the engine computes for policy conditions, from dates, events and the assessment.

The set is closed: a policy can name these and no others. There is no fact about caseload, hours or
staff, so that nobody's tier can depend on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from riskengine.instrument.assessment import Assessment
from riskengine.policy.history import (
    COUNTED,
    EVENT_KINDS,
    EVENT_LABELS,
    NOWHERE,
    SANCTIONS,
    UNDATED,
    Dated,
    Standing,
)
from riskengine.policy.tiers import Tier
from riskengine.text import Text

START_ITEM = "start_date"
END_ITEM = "end_date"

CONDUCT_ITEMS = (*COUNTED.values(), "last_appraisal")
"""Sanctions and appraisal: they act through rules or through the score, never both."""

_LONGEST_TERM = 3660 * 3
_SINCE = {f"days_since_{kind}": kind for kind in EVENT_KINDS}

NUMBERS: dict[str, tuple[int, int]] = {
    "days_since_start": (0, _LONGEST_TERM),
    "days_to_end": (0, _LONGEST_TERM),
    "term_days": (0, _LONGEST_TERM),
    "days_at_tier": (0, _LONGEST_TERM),
    "days_since_sanction": (0, _LONGEST_TERM),
    **dict.fromkeys(_SINCE, (0, _LONGEST_TERM)),
}
"""Facts that are numbers, with the least and the greatest that a condition may name."""

CHOICES: dict[str, tuple[str, ...]] = {
    "assessment_kind": ("intake", "reassessment"),
    "band": tuple(tier.value for tier in Tier),
    "current_tier": tuple(tier.value for tier in Tier),
}
ORDERED = ("band", "current_tier")

LABELS: dict[str, Text] = {
    "days_since_start": Text(zh="入矫天数", en="days since the start of the term"),
    "days_to_end": Text(zh="距期满天数", en="days to the end of the term"),
    "term_days": Text(zh="矫正期限（天）", en="length of the term in days"),
    "days_at_tier": Text(zh="在现类别的天数", en="days at the present tier"),
    "days_since_sanction": Text(zh="距最近一次处罚的天数", en="days since the last sanction"),
    "assessment_kind": Text(zh="评估类型", en="kind of assessment"),
    "band": Text(zh="评分区间", en="score band"),
    "current_tier": Text(zh="现管理类别", en="present tier"),
    **{
        fact: Text(
            zh=f"距最近一次“{EVENT_LABELS[kind].zh}”的天数",
            en=f"days since the last {EVENT_LABELS[kind].en}",
        )
        for fact, kind in _SINCE.items()
    },
}
CHOICE_LABELS: dict[str, Text] = {
    "intake": Text(zh="入矫评估", en="intake"),
    "reassessment": Text(zh="再评估", en="reassessment"),
    **{tier.value: tier.label for tier in Tier},
}


def facts(
    assessment: Assessment,
    *,
    on: date,
    band: Tier | None,
    stands: Standing = NOWHERE,
    events: Dated = UNDATED,
) -> Mapping[str, object]:
    """Compute every fact that can be known; the others are left out."""
    found: dict[str, object] = {"assessment_kind": assessment.kind}
    start, end = assessment.known.get(START_ITEM), assessment.known.get(END_ITEM)
    if isinstance(start, date):
        found["days_since_start"] = (on - start).days
    if isinstance(end, date):
        found["days_to_end"] = (end - on).days
        if isinstance(start, date):
            found["term_days"] = (end - start).days
    if band is not None:
        found["band"] = band.value
    if stands.current is not None and stands.since is not None:
        found["current_tier"] = stands.current.value
        found["days_at_tier"] = (on - stands.since).days
    for kind, day in events.newest.items():
        found[f"days_since_{kind}"] = (on - day).days
    sanctioned = events.latest(SANCTIONS)
    if sanctioned is not None:
        found["days_since_sanction"] = (on - sanctioned).days
    return found


def term_days(assessment: Assessment) -> int | None:
    """Length of the person's term, where both its ends are known."""
    start = assessment.known.get(START_ITEM)
    end = assessment.known.get(END_ITEM)
    return (end - start).days if isinstance(start, date) and isinstance(end, date) else None
