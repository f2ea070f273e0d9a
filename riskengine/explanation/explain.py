"""One explanation: composed once, then said again for the officer, the person and the reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from riskengine.explanation.changes import what_would_change
from riskengine.explanation.compose import Composed, Composer
from riskengine.explanation.disclosure import closed_items, withheld
from riskengine.explanation.document import FORMAT, Explanation
from riskengine.explanation.how_sure import how_sure
from riskengine.explanation.open_view import open_view
from riskengine.explanation.reasons import reasons
from riskengine.explanation.rules import rules_did, score_said
from riskengine.instrument.assessment import Assessment
from riskengine.policy.alerts import AlertTask
from riskengine.policy.history import PastEvent, PastTier


def explain(
    composer: Composer,
    assessment: Assessment,
    *,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
    tasks: Sequence[AlertTask] = (),
) -> Explanation:
    """Compose a recommendation and everything behind it; nothing is scored twice."""
    composed = composer.compose(assessment, on=on, history=history, events=events, tasks=tasks)
    found, say = composed.recommendation, composer.say
    policy = composer.policy
    ruling = composed.judgement.ruling
    sure = None
    if composed.encoded is not None:
        cut_offs = None if policy is None else policy.cut_offs
        sure = how_sure(composer.scorecard, cut_offs, found, composed.encoded, say)
    closed = closed_items(assessment)
    kept = withheld(assessment, closed, say)
    why = reasons(
        composer.scorecard,
        assessment,
        found,
        score_said=score_said(found, say),
        rules_did=_rules_did(composer, composed, assessment, on, history, events),
        say=say,
        told=composer.told,
    )
    return Explanation(
        format=FORMAT,
        lang=say.lang,
        recommendation=found,
        reasons=why,
        changes=what_would_change(
            composer,
            assessment,
            found,
            ruling,
            on=on,
            history=history,
            events=events,
            tasks=tasks,
        ),
        how_sure=sure,
        withheld=kept,
        open_view=open_view(
            composer,
            composed,
            assessment,
            why,
            closed=closed,
            held=bool(kept),
            on=on,
            history=history,
            events=events,
        ),
    )


def _rules_did(
    composer: Composer,
    composed: Composed,
    assessment: Assessment,
    on: date,
    history: Sequence[PastTier],
    events: Sequence[PastEvent] | None,
) -> str:
    ruling, score = composed.judgement.ruling, composed.score
    if composer.policy is None or ruling is None or score is None:
        return ""
    return rules_did(
        composer.policy,
        assessment,
        ruling,
        score=score,
        on=on,
        history=history,
        events=events,
        say=composer.say,
    )
