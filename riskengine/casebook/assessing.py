"""Signing an assessment, which locks it, and correcting a signed one beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.alerts import raise_alerts
from riskengine.casebook.cases import opening
from riskengine.casebook.chain import content_of, event_at
from riskengine.casebook.database import Transaction
from riskengine.casebook.drafts import drop_draft, read_draft
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import live_case, newest_assessment, the_assessment, written
from riskengine.casebook.projection import record
from riskengine.casebook.revealing import reveal_again
from riskengine.casebook.schema import AssessmentRow, CaseRow
from riskengine.casebook.times import day_of, stamp
from riskengine.engine import Engine
from riskengine.instrument.assessment import Assessment
from riskengine.policy.statutory import Case
from riskengine.policy.tiers import Tier
from riskengine.store.installation import installation


def sign(
    tx: Transaction,
    actor: Actor,
    case: str,
    raw: Mapping[str, Any],
    *,
    engine: Engine,
    at: datetime,
    alert_official: str | None = None,
) -> str:
    """Check an assessment, sign it, and lock it; return its id. No tier is computed here.

    What is sealed by law is taken out before anything is kept. Safety alerts are opened at once,
    each with a named official: dangers wait for no score.

    Parameters
    ----------
    raw
        Mapping as `riskengine.Assessment.from_dict` takes it; the person is the case's.
    alert_official
        In charge of a safety alert; the installation's official, else the officer who signs.

    Raises
    ------
    AssessmentError
        With every problem at once; nothing is kept then.
    """
    require(actor, Role.OFFICER)
    row = live_case(tx, actor, case)
    return _sign(tx, actor, row, raw, engine, at, actor.id, alert_official)


def sign_draft(
    tx: Transaction,
    actor: Actor,
    draft: str,
    *,
    case: str,
    engine: Engine,
    at: datetime,
    alert_official: str | None = None,
) -> str:
    """Sign a draft as it was saved last, and drop the draft; see `sign`."""
    raw = read_draft(tx, actor, draft)
    signed = sign(tx, actor, case, raw, engine=engine, at=at, alert_official=alert_official)
    drop_draft(tx, actor, draft)
    return signed


def enter_assessment(
    tx: Transaction,
    actor: Actor,
    case: str,
    raw: Mapping[str, Any],
    *,
    signed_by: str,
    engine: Engine,
    at: datetime,
    alert_official: str | None = None,
) -> str:
    """Enter an assessment that somebody signed on paper; the record says who entered it."""
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    row = live_case(tx, actor, case)
    return _sign(tx, actor, row, raw, engine, at, signed_by, alert_official)


def own_view_asked(share: float, seed: int, assessment: str) -> bool:
    """Whether an own view is asked for: the same for everybody who asks, and nobody's choice."""
    digest = hashlib.sha256(f"{seed}:{assessment}".encode()).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _sign(
    tx: Transaction,
    actor: Actor,
    row: CaseRow,
    raw: Mapping[str, Any],
    engine: Engine,
    at: datetime,
    signed_by: str,
    alert_official: str | None,
) -> str:
    name = sealing.new_id("a")
    assessment = _checked(tx, row, raw, engine, at, name)
    view = tx.rules.own_view
    record(
        tx,
        f.AssessmentSigned(
            id=name,
            **_heads(assessment),
            signed_by=signed_by,
            own_view_asked=own_view_asked(view.share, view.seed, name),
            own_view_share=view.share,
            own_view_seed=view.seed,
            rules=tx.rules.name,
        ),
        {"assessment": assessment.to_dict(), "rules_sha256": tx.rules.sha256},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    _open_alerts(tx, actor, row, name, assessment, engine, at, alert_official)
    return name


def _checked(
    tx: Transaction,
    row: CaseRow,
    raw: Mapping[str, Any],
    engine: Engine,
    at: datetime,
    name: str,
) -> Assessment:
    person = opening(tx, row.id)["person"]
    assessment = engine.assessment({**raw, "person": person, "id": name})
    today = day_of(stamp(at))
    if assessment.assessed_on > today:
        raise refusal("in_future", day=assessment.assessed_on.isoformat())
    return assessment


def _heads(assessment: Assessment) -> dict[str, Any]:
    return {
        "instrument": f"{assessment.instrument.id}@{assessment.instrument.version}",
        "assessed_on": assessment.assessed_on,
        "assessment_kind": assessment.kind,
        "form": assessment.form,
    }


def _open_alerts(
    tx: Transaction,
    actor: Actor,
    row: CaseRow,
    name: str,
    assessment: Assessment,
    engine: Engine,
    at: datetime,
    official: str | None,
) -> None:
    if engine.law is None:
        return
    raised = engine.law.raised(Case(assessment, day_of(stamp(at))))
    named = official or installation().alert_official or actor.id
    raise_alerts(tx, actor, row, raised.items(), assessment=name, official=named, at=at)


@dataclass(frozen=True)
class Difference:
    """One item before and after a correction; ``None`` where it was not asked."""

    item: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Correction:
    """A correction with what it did.

    Attributes
    ----------
    before, after
        Recommended tiers, where a recommendation had been shown; otherwise empty, since no tier
        may be seen before the own view.
    """

    assessment: str
    corrects: str
    reason: str
    differences: tuple[Difference, ...]
    before: tuple[Tier, ...]
    after: tuple[Tier, ...]


def correct(
    tx: Transaction,
    actor: Actor,
    assessment: str,
    raw: Mapping[str, Any],
    *,
    reason: str,
    engine: Engine,
    at: datetime,
    review: str | None = None,
    alert_official: str | None = None,
) -> Correction:
    """Correct a signed assessment: a new one stands beside it, with reason and differences.

    Parameters
    ----------
    raw
        The whole assessment as it should have been.
    review
        The person's request that led to it, if one did.

    Raises
    ------
    Refused
        Where it was corrected already, nothing differs, or no reason is given.
    """
    require(actor, Role.OFFICER)
    old = newest_assessment(tx, actor, assessment)
    row = live_case(tx, actor, old.case)
    why = written(tx, reason, "reason")
    name = sealing.new_id("a")
    new = _checked(tx, row, raw, engine, at, name)
    before = signed_answers(tx, actor, old.id)
    found = differences(before, new.to_dict())
    if not found:
        raise refusal("nothing_differs", id=old.id)
    record(
        tx,
        f.AssessmentCorrected(
            id=name,
            corrects=old.id,
            **_heads(new),
            signed_by=actor.id,
            items=tuple(one.item for one in found),
            review=review,
        ),
        {
            "assessment": new.to_dict(),
            "reason": why,
            "differences": [
                {"item": one.item, "before": one.before, "after": one.after} for one in found
            ],
        },
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
    _open_alerts(tx, actor, row, name, new, engine, at, alert_official)
    tiers: tuple[tuple[Tier, ...], tuple[Tier, ...]] = ((), ())
    if old.revealed_at is not None:
        tiers = reveal_again(tx, actor, old, name, engine=engine, at=at)
    return Correction(name, old.id, why, found, *tiers)


def signed_answers(tx: Transaction, actor: Actor, assessment: str) -> dict[str, Any]:
    """The signed assessment as a JSON-like mapping.

    Raises
    ------
    Refused
        Where its content was erased.
    """
    row = the_assessment(tx, actor, assessment)
    content = content_of(tx, event_at(tx, row.chain, row.seq))
    if content is None:
        raise refusal("erased_content", id=assessment)
    found: dict[str, Any] = content["assessment"]
    return found


def correction_of(tx: Transaction, actor: Actor, assessment: str) -> Correction | None:
    """What a correction changed and why; ``None`` for an assessment that corrects none."""
    row = the_assessment(tx, actor, assessment)
    if row.corrects is None:
        return None
    content = content_of(tx, event_at(tx, row.chain, row.seq))
    if content is None:
        raise refusal("erased_content", id=assessment)
    old = the_assessment(tx, actor, row.corrects)
    return Correction(
        row.id,
        old.id,
        content["reason"],
        tuple(Difference(d["item"], d["before"], d["after"]) for d in content["differences"]),
        _tiers(old),
        _tiers(row),
    )


def _tiers(row: AssessmentRow) -> tuple[Tier, ...]:
    return tuple(Tier(tier) for tier in (row.recommended or "").split(",") if tier)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Items whose answer or source differs; heads such as the day stand under their own name."""
    found = []
    for name in ("assessed_on", "kind", "form"):
        if before.get(name) != after.get(name):
            found.append(Difference(name, before.get(name), after.get(name)))
    old, new = before["answers"], after["answers"]
    for item in sorted({*old, *new}):
        if old.get(item) != new.get(item):
            found.append(Difference(item, old.get(item), new.get(item)))
    sources, now = before.get("sources", {}), after.get("sources", {})
    for item in sorted({*sources, *now}):
        if sources.get(item) != now.get(item):
            found.append(Difference(f"sources.{item}", sources.get(item), now.get(item)))
    return tuple(found)
