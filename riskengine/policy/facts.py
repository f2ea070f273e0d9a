"""Facts that the engine computes for policy conditions, from dates and from the assessment.

The set is closed: a policy can name these and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from riskengine.instrument.assessment import Assessment
from riskengine.policy.tiers import Tier

NUMBERS = ("days_since_start", "days_to_end", "term_days")
CHOICES: dict[str, tuple[str, ...]] = {
    "assessment_kind": ("intake", "reassessment"),
    "band": tuple(tier.value for tier in Tier),
    "current_tier": tuple(tier.value for tier in Tier),
}

START_ITEM = "start_date"
END_ITEM = "end_date"


def facts(
    assessment: Assessment, *, on: date, band: Tier | None, current: Tier | None
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
    if current is not None:
        found["current_tier"] = current.value
    return found
