"""Why not yet, and what called for this review, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from riskengine.explanation.answers import written_day
from riskengine.explanation.judgement import Judgement
from riskengine.explanation.rules import citation_words
from riskengine.explanation.scores import tier_view
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.policy.calendar import review_state
from riskengine.policy.compiled import BAND_RULE, Policy
from riskengine.policy.history import EVENT_LABELS, PastEvent, PastTier
from riskengine.policy.progress import Progress, Toward, progress
from riskengine.recommendation import ReviewView, TowardView, WhyNotYet


def why_not_yet(
    policy: Policy, judgement: Judgement, score: int, *, points: bool, say: Texts
) -> WhyNotYet | None:
    """Say what stands between the recommended tier and the next lower one.

    Parameters
    ----------
    points
        Whether the score is in points, so that its distance can be told.
    """
    ruling = judgement.ruling
    ahead = None if ruling is None else progress(policy, ruling, score)
    if ahead is None or ahead.tier in judgement.tiers:
        return None
    tier = ahead.tier.label[say.lang]
    return WhyNotYet(
        tier=tier_view(ahead.tier, say),
        words=_summary(ahead, tier, say),
        earliest=ahead.earliest,
        conditions=tuple(_view(one, tier, points, say) for one in ahead.conditions),
    )


def _summary(ahead: Progress, tier: str, say: Texts) -> str:
    if ahead.earliest is not None:
        return say("yet_by_time", tier=tier, day=written_day(ahead.earliest, say))
    left = [
        one.title[say.lang]
        for one in ahead.conditions
        if one.bars and one.state != "met" and one.on is None
    ]
    return say("yet_open", tier=tier, conditions=say.listed(left))


def _view(one: Toward, tier: str, points: bool, say: Texts) -> TowardView:
    return TowardView(
        id=one.id,
        title=one.title[say.lang],
        state=one.state,
        words=_words(one, tier, points, say),
        met_on=one.on,
        distance=one.distance if points else None,
        citation=citation_words(one.citation, say),
        verified=one.citation.verified,
    )


def _words(one: Toward, tier: str, points: bool, say: Texts) -> str:
    title = one.title[say.lang]
    if one.id == BAND_RULE:
        if one.state == "met":
            return say("toward_band_met", tier=tier)
        key = "toward_band_points" if points else f"toward_band_{one.state}"
        return say(key, tier=tier, distance=one.distance)
    if one.state == "met":
        return say("toward_met", title=title)
    if one.state == "not_known":
        return say("toward_not_known", title=title)
    if one.on is not None:
        return say("toward_on", title=title, day=written_day(one.on, say))
    return title if one.reason is None else one.reason[say.lang]


def review_view(
    policy: Policy,
    assessment: Assessment,
    on: date,
    history: Sequence[PastTier],
    events: Sequence[PastEvent] | None,
    say: Texts,
) -> ReviewView | None:
    """Say what called for this review, and how late it is."""
    state = review_state(policy, assessment, on=on, history=history, events=events)
    if state.due_on is None:
        return None
    called = [f"{EVENT_LABELS[e.kind][say.lang]} {written_day(e.on, say)}" for e in state.events]
    words = []
    if called:
        words.append(say("review_events", events=say.listed(called)))
    day = written_day(state.due_on, say)
    if state.overdue_days:
        words.append(say("review_overdue", day=day, days=state.overdue_days))
    elif not called:
        words.append(say("review_in_time", day=day))
    return ReviewView(
        due_on=state.due_on,
        overdue_days=state.overdue_days,
        because=state.because,
        words=("" if say.lang == "zh" else " ").join(words),
    )
