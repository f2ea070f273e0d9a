"""A plan as plain data, format ``riskengine/plan/1``, and the draft that comes with it.

What names a person stays out: that is in the simulation and the tasks, for the agency alone.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from riskengine.canonical import content_hash
from riskengine.evaluation.suppression import SMALLEST
from riskengine.planning.draft import FORMAT as DRAFT_FORMAT
from riskengine.planning.draft import Basis, PolicyDraft
from riskengine.planning.plan import Plan
from riskengine.planning.remarks import guarantee_words
from riskengine.planning.tasks import counted
from riskengine.planning.workload import OfficeLoad
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.text import Text

FORMAT = "riskengine/plan/1"
_DECIMALS = 6


def plan_data(plan: Plan) -> dict[str, Any]:
    """Give the plan as JSON-like data."""
    engine = plan.before.engine
    made: dict[str, Any] = {
        "format": FORMAT,
        "on": plan.before.on.isoformat(),
        "policy": engine.provenance.policy,
        "model": engine.provenance.model,
        "scale": engine.scorecard.document.scale,
        "ask": _ask(plan),
        "caseload": {
            "people": len(plan.before.people),
            "by_state": _count(row.state for row in plan.rows),
            "by_status": _count(one.status for one in plan.after.people),
        },
        "outcomes": _outcomes(plan),
        "guarantee": _guarantee(plan),
        "costs": None if plan.costs is None else asdict(plan.costs),
        "cut_offs": {
            "in_force": _cuts(plan.base),
            "draft": _cuts(plan.chosen),
            "how": plan.how,
        },
        "expected_cost": None if plan.expected is None else asdict(plan.expected),
        "hours": {
            "in_force": [_office(load) for load in plan.loads_before],
            "draft": [_office(load) for load in plan.loads_after],
        },
        "moves": {
            Tier.at(row).value: {
                Tier.at(column).value: int(plan.moves[row, column]) for column in range(3)
            }
            for row in range(3)
        },
        "smallest_cell": SMALLEST,
        "groups": [{**asdict(cell), "label": cell.label.model_dump()} for cell in plan.cells],
        "curve": [{**asdict(point), "tier": point.tier.value} for point in plan.curve],
        "tasks": counted(plan.tasks),
        "remarks": [{"id": one.id, **one.text.model_dump()} for one in plan.remarks],
    }
    rounded: dict[str, Any] = _rounded(made)
    return rounded


def plan_draft(plan: Plan) -> PolicyDraft:
    """Give the draft that a named authority may adopt."""
    provenance = plan.before.engine.provenance
    needed = sum(load.needed for load in plan.loads_after)
    there = sum(load.available or 0.0 for load in plan.loads_after)
    past = None if plan.evidence is None else plan.evidence.past
    return PolicyDraft(
        format=DRAFT_FORMAT,
        drafted_on=plan.before.on,
        policy=plan.draft,
        basis=Basis(
            plan_sha256=content_hash(plan_data(plan)),
            replaces=str(provenance.policy),
            model=provenance.model,
            model_sha256=provenance.model_sha256,
            people=len(plan.before.people),
            outcomes=Text(zh="没有已知结果", en="no known outcomes")
            if past is None
            else Text(
                zh=f"{past.source}：{len(past.assessments)}人，{past.events}例，"
                f"{past.lost}人未跟踪到期满",
                en=f"{past.source}: {len(past.assessments)} people, {past.events} events, "
                f"{past.lost} lost sight of",
            ),
            guarantee=Text(zh="未要求作出保证", en="no guarantee was asked for")
            if plan.ask.promise is None
            else guarantee_words(plan.found, plan.ask.promise),
            hours=Text(
                zh=f"每月需要{needed:.0f}小时，现有{there:.0f}小时",
                en=f"{needed:.0f} hours a month needed, {there:.0f} there",
            ),
        ),
    )


def _ask(plan: Plan) -> dict[str, Any]:
    ask = asdict(plan.ask)
    if plan.ask.promise is not None:
        ask["promise"]["tier"] = plan.ask.promise.tier.value
    return ask


def _outcomes(plan: Plan) -> dict[str, Any] | None:
    if plan.evidence is None:
        return None
    past = plan.evidence.past
    return {
        "source": past.source,
        "sha256": past.sha256,
        "outcome": past.outcome,
        "horizon_days": past.horizon_days,
        "people": len(past.assessments),
        "scored": len(plan.evidence.scored.at),
        "events": past.events,
        "lost": past.lost,
        "left_out": past.left_out,
        "weighted": past.weighted,
        "by_discretion": past.by_discretion,
    }


def _guarantee(plan: Plan) -> dict[str, Any] | None:
    if plan.found is None:
        return None
    return {
        "verdict": plan.found.verdict,
        "highest": plan.found.highest,
        "accepted": list(plan.found.accepted),
        "events": plan.found.events,
        "lost": plan.found.lost,
        "events_needed": plan.found.promise.events_needed,
        "steps": [{**asdict(step), "lower": step.lower} for step in plan.found.steps],
        "words": guarantee_words(plan.found, plan.found.promise).model_dump(),
    }


def _office(load: OfficeLoad) -> dict[str, Any]:
    return {**asdict(load), "short": load.short}


def _cuts(cuts: CutOffs) -> dict[str, int]:
    return {"relaxed_below": cuts.relaxed_below, "strict_from": cuts.strict_from}


def _count(names: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))


def _rounded(value: Any) -> Any:
    """Round what was computed in floating point, so that the last bits do not decide a hash."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, dict):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
