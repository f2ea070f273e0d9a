"""Own view first, then the recommendation; what-if only after the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.cases import Past, past_of
from riskengine.casebook.chain import content_of, event_at
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import (
    live_case,
    newest_assessment,
    suspension,
    the_assessment,
    undisputed_case,
    written,
)
from riskengine.casebook.projection import parted, record
from riskengine.casebook.schema import AssessmentRow, DecisionRow, OccurrenceRow
from riskengine.casebook.times import day_of, stamp
from riskengine.engine import Engine
from riskengine.errors import Language
from riskengine.policy.history import COUNTED
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation


def record_own_view(
    tx: Transaction, actor: Actor, assessment: str, *, tier: Tier, grounds: str, at: datetime
) -> None:
    """Record the officer's own tier with a sentence of grounds, before any tier was shown.

    Raises
    ------
    Refused
        Where a recommendation was shown already, or an own view is recorded.
    """
    require(actor, Role.OFFICER)
    row = newest_assessment(tx, actor, assessment)
    case = live_case(tx, actor, row.case)
    if row.revealed_at is not None:
        raise refusal("already_shown", id=row.id)
    if row.own_tier is not None:
        raise refusal("own_view_given", id=row.id)
    record(
        tx,
        f.OwnView(assessment=row.id, tier=tier),
        {"grounds": written(tx, grounds, "grounds")},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )


def check_not_suspended(tx: Transaction, district: str) -> None:
    """Refuse to show a score while scores of a district are suspended."""
    found = suspension(tx, district)
    if found is not None:
        raise refusal("suspended", district=district, since=day_of(found.since).isoformat())


def reveal(
    tx: Transaction,
    actor: Actor,
    assessment: str,
    *,
    engine: Engine,
    at: datetime,
    lang: Language = "zh",
) -> Recommendation:
    """Show the recommendation for a signed assessment, for the first time or again.

    The first time it is computed for the day of ``at``, and kept whole with everything that it was
    computed from. Afterwards the same is shown, as it was.

    Raises
    ------
    Refused
        Where scores are suspended, an own view is asked for and missing, or the assessment was
        corrected.
    """
    require(actor, Role.OFFICER, Role.APPROVER, Role.REVIEWER)
    check_not_suspended(tx, actor.district)
    row = the_assessment(tx, actor, assessment)
    if row.revealed_at is not None:
        return shown(tx, actor, assessment).recommendation
    require(actor, Role.OFFICER)
    row = newest_assessment(tx, actor, assessment)
    if row.own_view_asked and row.own_tier is None:
        raise refusal("own_view_first", id=row.id)
    undisputed_case(tx, actor, row.case)
    return _reveal(tx, actor, row, engine, at, lang)


def reveal_again(
    tx: Transaction,
    actor: Actor,
    old: AssessmentRow,
    new: str,
    *,
    engine: Engine,
    at: datetime,
) -> tuple[tuple[Tier, ...], tuple[Tier, ...]]:
    """After a correction of what was shown: show the new recommendation beside the old one.

    Returns
    -------
    before, after
        Recommended tiers; ``after`` is empty while scores are suspended.
    """
    before = tuple(Tier(tier) for tier in parted(old.recommended))
    if suspension(tx, actor.district) is not None:
        return before, ()
    lang = shown(tx, actor, old.id).recommendation.lang
    found = _reveal(tx, actor, the_assessment(tx, actor, new), engine, at, lang)
    return before, tuple(view.tier for view in found.tiers)


def _reveal(
    tx: Transaction,
    actor: Actor,
    row: AssessmentRow,
    engine: Engine,
    at: datetime,
    lang: Language,
) -> Recommendation:
    case = live_case(tx, actor, row.case)
    past = past_of(tx, actor, case.id)
    found = _recommend(tx, engine, row, past, day_of(stamp(at)), lang)
    binding = found.binding_rule
    record(
        tx,
        f.Revealed(
            assessment=row.id,
            status=found.status,
            tiers=tuple(view.tier for view in found.tiers),
            model=found.provenance.model,
            policy=found.provenance.policy,
            review_on=found.review_on,
            strict_until=found.strict_until,
            binding_rule=None if binding is None else binding.id,
            on_documented_event=binding is not None
            and _documented(tx, engine, case.id, binding.id),
        ),
        {"recommendation": found.model_dump(mode="json"), "past": past.as_json()},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )
    return found


def _recommend(
    tx: Transaction,
    engine: Engine,
    row: AssessmentRow,
    past: Past,
    on: date,
    lang: Language,
    answers: Mapping[str, Any] | None = None,
) -> Recommendation:
    content = content_of(tx, event_at(tx, row.chain, row.seq))
    if content is None:
        raise refusal("erased_content", id=row.id)
    raw = content["assessment"]
    if answers is not None:
        raw = {**raw, "answers": {**raw["answers"], **answers}}
    return engine.recommend(
        engine.assessment(raw),
        on=on,
        history=past.history,
        events=past.events,
        alerts=past.alerts,
        lang=lang,
    )


def _documented(tx: Transaction, engine: Engine, case: str, rule: str) -> bool:
    """Whether a rule rests on an event that is on file with its document."""
    if engine.policy is None:
        return False
    found = next((one for one in engine.policy.document.rules if one.id == rule), None)
    if found is None:
        return False
    kinds = set(() if found.lasts is None else found.lasts.since)
    kinds |= {kind for kind, item in COUNTED.items() if item in found.reports}
    return (
        tx.session.scalar(
            select(OccurrenceRow.id)
            .where(
                OccurrenceRow.case == case,
                OccurrenceRow.kind.in_(kinds),
                OccurrenceRow.documented.is_(True),
            )
            .limit(1)
        )
        is not None
    )


@dataclass(frozen=True)
class Shown:
    """A recommendation as it was shown, with what it was computed from.

    Attributes
    ----------
    past
        What the engine was handed beside the assessment, as JSON values.
    """

    recommendation: Recommendation
    past: dict[str, Any]
    at: str
    by: str


def shown(tx: Transaction, actor: Actor, assessment: str) -> Shown:
    """A recommendation as it was shown then. Suspension is the business of whoever shows it.

    Raises
    ------
    Refused
        Where none was shown yet, or its content was erased.
    """
    row = the_assessment(tx, actor, assessment)
    if row.revealed_chain is None or row.revealed_seq is None:
        raise refusal("not_shown", id=row.id)
    event = event_at(tx, row.revealed_chain, row.revealed_seq)
    content = content_of(tx, event)
    if content is None:
        raise refusal("erased_content", id=row.id)
    kept = Recommendation.model_validate(content["recommendation"], strict=False)
    return Shown(kept, content["past"], event.at, event.actor)


def what_if(
    tx: Transaction,
    actor: Actor,
    assessment: str,
    answers: Mapping[str, Any],
    *,
    engine: Engine,
    at: datetime,
    lang: Language = "zh",
) -> Recommendation:
    """Try other answers, once the decision that the assessment led to was made.

    It is kept that somebody did, and with which answers; it is no recommendation about anybody.

    Raises
    ------
    Refused
        Before the decision, or while scores are suspended.
    """
    require(actor, Role.OFFICER, Role.APPROVER, Role.REVIEWER)
    check_not_suspended(tx, actor.district)
    row = the_assessment(tx, actor, assessment)
    case = live_case(tx, actor, row.case)
    decided = tx.session.scalar(
        select(DecisionRow.id).where(DecisionRow.assessment == row.id).limit(1)
    )
    if decided is None or row.revealed_at is None:
        raise refusal("what_if_later", id=row.id)
    kept = shown(tx, actor, row.id)
    on = kept.recommendation.on
    past = Past.of_json(kept.recommendation.person, kept.past)
    found = _recommend(tx, engine, row, past, on, lang, answers)
    record(
        tx,
        f.WhatIf(assessment=row.id),
        {"answers": dict(answers)},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )
    return found
