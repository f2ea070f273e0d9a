"""A plan: cut-offs, hours, who would move. It ends in a draft and in nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.engine import Engine
from riskengine.errors import UseError
from riskengine.instrument.assessment import Assessment
from riskengine.planning.costs import Costs, net_benefit, stated
from riskengine.planning.draft import draft_policy, next_version
from riskengine.planning.exact import share_interval
from riskengine.planning.groups import Cell, PastTiers, group_cells
from riskengine.planning.guarantee import Guarantee, Promise
from riskengine.planning.hours import OfficeHours
from riskengine.planning.outcomes import LOST, Past
from riskengine.planning.people import Caseload, Scored, caseload, score_past
from riskengine.planning.register import Registered
from riskengine.planning.remarks import Remark, remarks
from riskengine.planning.search import (
    Expected,
    cheapest,
    cost_values,
    expected,
    grid,
    guarantee,
    kept_by,
    over_pairs,
    ranks,
)
from riskengine.planning.tasks import SimulatedRow, Task, simulate, tasks
from riskengine.planning.variants import try_policy
from riskengine.planning.workload import OfficeLoad, by_office, tier_on_the_day
from riskengine.policy.bands import CutOffs
from riskengine.policy.document import PolicyDocument
from riskengine.policy.tiers import Tier

FEWEST_EVENTS = 20
"""Events from which cut-offs are chosen by cost. With fewer the search would follow chance. A
convention of this library, at which a scorecard's slope opens as well."""

How = Literal["cost", "guarantee", "stated", "kept"]


@dataclass(frozen=True)
class Ask:
    """What a plan is asked for.

    Attributes
    ----------
    promise
        A guarantee on the share of later events caught.
    miss, needless
        Stated costs; both or neither.
    ordinary_of_miss, ordinary_of_needless
        See `riskengine.planning.costs.Costs`.
    cut_offs
        Cut-offs that a person states; nothing is searched then.
    within_hours
        Search only pairs that the hours of all offices together allow, past initial periods. It
        draws the line of the draft in the open; nobody's tier ever follows from a shortage.
    seed
        Of the bootstrap and the folds.
    version
        Of the drafted policy.
    """

    promise: Promise | None = None
    miss: float | None = None
    needless: float | None = None
    ordinary_of_miss: float = 0.5
    ordinary_of_needless: float | None = None
    cut_offs: CutOffs | None = None
    within_hours: bool = False
    seed: int = 0
    version: str | None = None

    def __post_init__(self) -> None:
        if (self.miss is None) != (self.needless is None):
            raise UseError("state both costs, of a miss and of needless strictness, or neither")


@dataclass(frozen=True)
class CurvePoint:
    """One cut-off, taken as the one from which a tier begins.

    Attributes
    ----------
    caseload
        Share of the caseload at the tier or above.
    caught, caught_low, caught_high
        Share of past events at the tier or above, with exact 95 % limits, of those followed to
        the end; ``None`` without outcomes.
    net_benefit, everybody
        In events a person; of this cut-off, and of everybody at the tier.
    """

    tier: Tier
    cut: int
    caseload: float
    caught: float | None = None
    caught_low: float | None = None
    caught_high: float | None = None
    net_benefit: float | None = None
    everybody: float | None = None


@dataclass(frozen=True)
class Evidence:
    """People of the past under the policy."""

    past: Past
    scored: Scored
    event: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def followed(self) -> NDArray[np.bool_]:
        """Who was followed to the end."""
        found: NDArray[np.bool_] = self.event != LOST
        return found


@dataclass(frozen=True)
class Plan:
    """The whole plan; `riskengine.planning.document` writes it, `report` prints it.

    Attributes
    ----------
    before, after
        The caseload under the policy in force and under the draft.
    how
        How the draft's cut-offs came about: by cost, as the highest that keep the guarantee,
        stated by a person, or kept as they are.
    moves
        People by tier under the policy in force (rows) and under the draft; shape (3, 3).
    """

    ask: Ask
    before: Caseload
    after: Caseload
    base: CutOffs
    chosen: CutOffs
    how: How
    evidence: Evidence | None
    found: Guarantee | None
    costs: Costs | None
    expected: Expected | None
    loads_before: tuple[OfficeLoad, ...]
    loads_after: tuple[OfficeLoad, ...]
    curve: tuple[CurvePoint, ...]
    moves: NDArray[np.int64]
    cells: tuple[Cell, ...]
    rows: tuple[SimulatedRow, ...]
    tasks: tuple[Task, ...]
    draft: PolicyDocument
    remarks: tuple[Remark, ...]


def make_plan(
    engine: Engine,
    assessments: Iterable[Assessment],
    *,
    on: date,
    hours: Mapping[str, OfficeHours],
    register: Mapping[str, Registered] | None = None,
    past: Past | None = None,
    ask: Ask | None = None,
) -> Plan:
    """Plan cut-offs for a caseload.

    Parameters
    ----------
    engine
        With the policy in force.
    assessments
        The caseload, the newest assessment of everybody.
    hours
        Officers' hours by office.
    register
        Offices and decided tiers.
    past
        People with outcomes. Without them there are no costs, no net benefit and no guarantee.

    Raises
    ------
    UseError
        Where people, costs or cut-offs do not fit.
    """
    ask = ask or Ask()
    people = list(assessments)
    before = caseload(engine, people, on=on, register=register)
    base = before.policy.cut_offs
    cuts = tuple(sorted({*grid(engine.scorecard.document), base.relaxed_below, base.strict_from}))
    evidence = _evidence(engine, past, on)
    usable = evidence if evidence is not None and not _learned_from(engine, past) else None
    found = None
    if usable is not None and ask.promise is not None:
        scored = usable.scored
        found = guarantee(ask.promise, scored.scores, scored.steady, usable.event, cuts)
    costs = _costs(ask, before.policy.document, usable)
    pick = _choose(ask, before, usable, found, costs, cuts, hours)
    document = draft_policy(
        before.policy.document,
        pick.cut_offs,
        engine.provenance.model,
        version=ask.version or next_version(before.policy.document.version),
    )
    after = caseload(try_policy(engine, document), people, on=on, register=register)
    value = None
    if costs is not None and usable is not None:
        value = expected(
            costs,
            pick.cut_offs,
            base,
            usable.scored.scores,
            usable.scored.steady,
            usable.event,
            usable.weight,
            cuts=cuts,
            allowed=pick.allowed,
            seed=ask.seed,
        )
    old, new, who = both_ranks(before, after)
    moves = np.zeros((3, 3), dtype=np.int64)
    np.add.at(moves, (old, new), 1)
    loads_before, loads_after = by_office(before, hours), by_office(after, hours)
    rows = simulate(after)
    return Plan(
        ask=ask,
        before=before,
        after=after,
        base=base,
        chosen=pick.cut_offs,
        how=pick.how,
        evidence=usable,
        found=found,
        costs=costs,
        expected=value,
        loads_before=loads_before,
        loads_after=loads_after,
        curve=_curve(before, usable, costs, cuts),
        moves=moves,
        cells=group_cells(who, old, new, _past_tiers(usable, pick.cut_offs, ask)),
        rows=rows,
        tasks=tasks(after),
        draft=document,
        remarks=remarks(
            engine=engine,
            past=past,
            learned_from=past is not None and usable is None,
            wanted_costs=ask.miss is not None,
            costs=costs,
            found=found,
            promise=ask.promise,
            how=pick.how,
            chosen=pick.cut_offs,
            value=value,
            nothing_fits=pick.nothing_fits,
            rows=rows,
            loads=loads_after,
        ),
    )


def _evidence(engine: Engine, past: Past | None, on: date) -> Evidence | None:
    if past is None:
        return None
    outcome = engine.scorecard.document.outcome
    if past.outcome != outcome:
        raise UseError(f"the scorecard ranks by [{outcome}], the cohort tells [{past.outcome}]")
    scored = score_past(engine, past.assessments, on=on)
    at = np.array(scored.at, dtype=np.int64)
    return Evidence(past, scored, past.event[at], past.weight[at])


def _learned_from(engine: Engine, past: Past | None) -> bool:
    """Whether the scorecard was learned from these very people."""
    return past is not None and past.sha256 == engine.scorecard.document.training.data_sha256


def _costs(ask: Ask, document: PolicyDocument, evidence: Evidence | None) -> Costs | None:
    if ask.miss is None or ask.needless is None:
        return None
    costs = stated(
        document,
        miss=ask.miss,
        needless=ask.needless,
        ordinary_of_miss=ask.ordinary_of_miss,
        ordinary_of_needless=ask.ordinary_of_needless,
    )
    if evidence is None or int((evidence.event == 1).sum()) < FEWEST_EVENTS:
        return None
    return costs


@dataclass(frozen=True)
class _Pick:
    cut_offs: CutOffs
    how: How
    allowed: NDArray[np.bool_]
    nothing_fits: bool = False


def _choose(
    ask: Ask,
    load: Caseload,
    evidence: Evidence | None,
    found: Guarantee | None,
    costs: Costs | None,
    cuts: tuple[int, ...],
    hours: Mapping[str, OfficeHours],
) -> _Pick:
    allowed = kept_by(found, cuts)
    if ask.cut_offs is not None:
        return _Pick(ask.cut_offs, "stated", allowed)
    base = load.policy.cut_offs
    fits, nothing_fits = allowed, False
    if ask.within_hours:
        inside = allowed & _within(load, cuts, hours)
        nothing_fits = not np.triu(inside, k=1).any()
        fits = allowed if nothing_fits else inside
    if costs is not None and evidence is not None:
        here = evidence.followed
        scored = evidence.scored
        values = cost_values(
            costs, scored.steady[here], evidence.event[here], evidence.weight[here]
        )
        best = cheapest(over_pairs(scored.scores[here], values, cuts), fits)
        if best is None:
            raise UseError("no two cut-offs keep the guarantee and leave an ordinary tier")
        return _Pick(best, "cost", fits, nothing_fits)
    if found is not None and found.highest is not None:
        return _Pick(_by_guarantee(found, base), "guarantee", allowed, nothing_fits)
    return _Pick(base, "kept", allowed, nothing_fits)


def _by_guarantee(found: Guarantee, base: CutOffs) -> CutOffs:
    """Take the highest cut-off that keeps the promise; the other stays, or gives way to it."""
    assert found.highest is not None
    if found.promise.tier is Tier.ORDINARY:
        return CutOffs(found.highest, max(base.strict_from, found.highest + 1))
    return CutOffs(min(base.relaxed_below, found.highest - 1), found.highest)


def _within(
    load: Caseload, cuts: tuple[int, ...], hours: Mapping[str, OfficeHours]
) -> NDArray[np.bool_]:
    """Pairs that the hours of all offices together allow, past initial periods."""
    minutes = np.array(
        [load.policy.document.tiers[tier].officer_minutes_per_month for tier in Tier], dtype=float
    )
    needed = over_pairs(load.scores, minutes[load.steady], cuts).total
    # those whose assessment is stale stay at the tier in force, whatever the cut-offs
    fixed = sum(
        minutes[tier.rank]
        for one in load.people
        if one.stale(load.on) and (tier := tier_on_the_day(one, load.on)) is not None
    )
    there = 60 * sum(one.hours_per_month for one in hours.values())
    fits: NDArray[np.bool_] = needed + fixed <= there
    return fits


def both_ranks(
    before: Caseload, after: Caseload
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Assessment]]:
    """Ranks of those who have a tier under both policies, and their assessments.

    Whoever's assessment is stale is left out: it says nothing about today.
    """
    pairs = [
        (old.ruled.rank, new.ruled.rank, old.assessment)
        for old, new in zip(before.people, after.people, strict=True)
        if old.ruled is not None
        and new.ruled is not None
        and old.open_to(before.on)
        and new.open_to(after.on)
    ]
    return (
        np.array([one for one, _, _ in pairs], dtype=np.int64),
        np.array([one for _, one, _ in pairs], dtype=np.int64),
        [one for _, _, one in pairs],
    )


def _past_tiers(evidence: Evidence | None, chosen: CutOffs, ask: Ask) -> PastTiers | None:
    if evidence is None:
        return None
    tier = ask.promise.tier if ask.promise is not None else Tier.ORDINARY
    scored = evidence.scored
    at = ranks(scored.scores, scored.steady, chosen) >= tier.rank
    return PastTiers([evidence.past.assessments[n] for n in scored.at], evidence.event, at)


def _curve(
    load: Caseload, evidence: Evidence | None, costs: Costs | None, cuts: tuple[int, ...]
) -> tuple[CurvePoint, ...]:
    found = []
    for tier in (Tier.ORDINARY, Tier.STRICT):
        rank = tier.rank
        for cut in cuts:
            now = _from(load.scores, load.steady, cut, rank)
            share = float(now.mean()) if len(now) else 0.0
            if evidence is None:
                found.append(CurvePoint(tier, cut, share))
                continue
            here = evidence.followed
            event, weight = evidence.event[here], evidence.weight[here]
            at = _from(evidence.scored.scores, evidence.scored.steady, cut, rank)[here]
            caught, events = int((at & (event == 1)).sum()), int((event == 1).sum())
            low, high = share_interval(caught, events)
            benefit = everybody = None
            if costs is not None:
                benefit = net_benefit(costs, tier, at, event, weight)
                everybody = net_benefit(costs, tier, np.ones(len(at), bool), event, weight)
            found.append(
                CurvePoint(
                    tier, cut, share, caught / events if events else None, low, high,
                    benefit, everybody,
                )
            )  # fmt: skip
    return tuple(found)


def _from(
    scores: NDArray[np.int64], steady: NDArray[np.int64], cut: int, rank: int
) -> NDArray[np.bool_]:
    """Who is at a tier or above where it begins at a cut-off."""
    found: NDArray[np.bool_] = np.where(
        scores >= cut, steady[:, rank] >= rank, steady[:, 0] >= rank
    )
    return found
