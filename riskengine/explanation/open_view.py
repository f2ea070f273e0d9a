"""What may leave the office, worked out from open answers alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from riskengine.explanation.compose import Composed, Composer
from riskengine.explanation.disclosure import open_part
from riskengine.explanation.document import OpenView, PersonReason, Reason, Reasons
from riskengine.explanation.reasons import direction_of, told_words
from riskengine.explanation.rules import rules_did
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.policy.alerts import alert_hold
from riskengine.policy.compiled import BAND_RULE
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Hold, rule_on
from riskengine.recommendation import Recommendation
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.views import item_parts

MOST_LOOKED_AT = 3
"""The notice is read aloud, so the conditions that move most are named, and not all of them."""


def open_view(
    composer: Composer,
    composed: Composed,
    assessment: Assessment,
    why: Reasons | None,
    *,
    closed: tuple[str, ...],
    held: bool,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
) -> OpenView:
    """Work out what the person and a referral may be told.

    Parameters
    ----------
    closed
        Items whose answers may not be told.
    held
        Whether one of them has an answer on file.
    """
    found, say = composed.recommendation, composer.say
    hidden = frozenset(closed)
    missing = () if found.missing is None else found.missing.items
    reasons = () if why is None else _reasons(composer, assessment, why, hidden)
    return OpenView(
        closed=closed,
        headline=_headline(found, say),
        about=say("notice_about", outcome=found.outcome.label, days=found.outcome.horizon_days),
        rules_did=_rules_did(composer, composed, assessment, hidden, on, history, events),
        raises=tuple(one for direction, one in reasons if direction == "raises"),
        lowers=tuple(one for direction, one in reasons if direction == "lowers"),
        held=say("notice_held") if held else None,
        unanswered=tuple(one.label for one in missing if one.item not in hidden),
        looked_at=tuple(
            one.label for direction, one in reasons if direction == "raises" and one.changeable
        )[:MOST_LOOKED_AT],
        how_sure=_how_sure(found, say),
        needs=composer.open_needs(
            composed, {i: a for i, a in assessment.known.items() if i not in hidden}, hidden
        ),
        rights=tuple(say(f"notice_right_{one}") for one in ("ask", "correct", "review")),
        cautions=tuple(say(f"notice_caution_{one}") for one in ("group", "place", "serious")),
    )


def _reasons(
    composer: Composer, assessment: Assessment, why: Reasons, hidden: frozenset[str]
) -> list[tuple[str, PersonReason]]:
    """Reasons of open answers with their direction; what moves most comes first.

    An item that shares a pair with a closed one takes part of its effect. Where there is such a
    pair, the reasons are worked out anew from the open answers: order and direction would tell.
    """
    every = {r.item: r for domain in why.domains for r in domain.reasons if r.item not in hidden}
    parts = {item: reason.contribution for item, reason in every.items()}
    if _paired_with(composer.scorecard, hidden):
        encoded = composer.scorecard.encode([open_part(assessment, hidden).complete])
        _, anew = item_parts(composer.scorecard, encoded)
        shares = zip(composer.scorecard.document.items, anew[0].tolist(), strict=True)
        parts = {item: part for item, part in shares if item in every}
    # the order of the model settles ties, so that no tie tells of anything
    ordered = sorted(
        (item for item in composer.scorecard.document.items if item in every),
        key=lambda item: -abs(parts[item]),
    )
    return [_person_reason(composer, assessment, every[item], parts[item]) for item in ordered]


def _paired_with(scorecard: Scorecard, hidden: frozenset[str]) -> bool:
    axes = scorecard.document.axes_by_id
    return any(
        len(term.axes) == 2 and not hidden.isdisjoint(axes[axis].item for axis in term.axes)
        for term in scorecard.tables
    )


def _person_reason(
    composer: Composer, assessment: Assessment, reason: Reason, part: int
) -> tuple[str, PersonReason]:
    direction, told = reason.direction, reason.told
    if part != reason.contribution:
        direction = direction_of(part, reason.answer)
        told = told_words(reason.answer, assessment, direction, composer.told, composer.say)
    return direction, PersonReason(label=reason.label, told=told, changeable=reason.changeable)


def _headline(found: Recommendation, say: Texts) -> str:
    return say(f"notice_{found.status}", tiers=say.either(view.label for view in found.tiers))


def _how_sure(found: Recommendation, say: Texts) -> str:
    if found.score is None:
        return ""
    return say("notice_sure_either" if found.status == "either" else "notice_sure")


def _rules_did(
    composer: Composer,
    composed: Composed,
    assessment: Assessment,
    closed: frozenset[str],
    on: date,
    history: Sequence[PastTier],
    events: Sequence[PastEvent] | None,
) -> str:
    """What the rules did, if open answers alone make them do it; otherwise that more is held.

    The rules are applied anew to the open answers, at the score as it is. A rule is told if it
    gives the same tier there too, so that the sentence is the one that would stand had nobody
    asked anything else.
    """
    policy, ruling, say = composer.policy, composed.judgement.ruling, composer.say
    stop = composed.judgement.stop
    if stop is not None:
        return stop.reason[say.lang] if closed.isdisjoint(stop.fields) else say("notice_rule_held")
    if policy is None or ruling is None or composed.score is None:
        return ""
    if ruling.binding.id == BAND_RULE:
        return ""
    opened = open_part(assessment, closed)
    told = rule_on(
        policy,
        opened,
        score=composed.score,
        on=on,
        history=history,
        events=events,
        holds=_open_holds(composer, composed, closed),
    )
    if told.tier is not ruling.tier or told.binding.id == BAND_RULE:
        return say("notice_rule_held")
    return rules_did(
        policy,
        opened,
        told,
        score=composed.score,
        on=on,
        history=history,
        events=events,
        say=say,
        short=True,
    )


def _open_holds(composer: Composer, composed: Composed, closed: frozenset[str]) -> Sequence[Hold]:
    """What open alerts bar, as far as they rest on open answers.

    An alert whose answers are no longer at hand may rest on a closed one.
    """
    if not composed.holds or composer.law is None:
        return ()
    labels = {alert.id: alert.label for alert in composer.law.alerts}
    return alert_hold(
        [
            labels[state.alert]
            for state in composed.states
            if state.open and state.items and closed.isdisjoint(state.items)
        ]
    )
