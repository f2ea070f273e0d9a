"""Why not yet: what stands between a tier and the next lower one, met or not, and when.

Every condition is told, also those that are met, so that the person can see what already counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from riskengine.policy.calendar import earliest
from riskengine.policy.compiled import (
    BAND_RULE,
    INITIAL_RULE,
    SANCTION_RULE,
    STAY_RULE,
    STEP_RULE,
    Policy,
)
from riskengine.policy.document import Citation
from riskengine.policy.ruling import Ruling, known, review_on, sanction_state, stay_until
from riskengine.policy.tiers import Tier
from riskengine.text import Text

State = Literal["met", "nearly", "not_met", "not_known"]

NEAR_SHARE = 10
"""A score is near a cut-off within a tenth of the ordinary band, and within one point at least."""


@dataclass(frozen=True)
class Toward:
    """One condition of the next lower tier.

    Attributes
    ----------
    state
        ``nearly``: a day that comes before the next review, or a score close to the cut-off.
    on
        Day on which it is met by time alone.
    distance
        How far the score lies above the cut-off, in units of the score.
    bars
        Whether it stands in the way while it is not met: a rule that cannot be checked never does.
    """

    id: str
    title: Text
    state: State
    reason: Text | None
    citation: Citation
    on: date | None = None
    distance: int | None = None
    bars: bool = True


@dataclass(frozen=True)
class Progress:
    """The next lower tier and what it takes.

    Attributes
    ----------
    earliest
        First day on which it could hold, where nothing but time is missing.
    """

    tier: Tier
    conditions: tuple[Toward, ...]
    earliest: date | None


def progress(policy: Policy, ruling: Ruling, score: int) -> Progress | None:
    """Say what stands between the tier of a ruling and the next lower one."""
    if ruling.tier is Tier.RELAXED:
        return None
    lower = Tier.at(ruling.tier.rank - 1)
    here = ruling.situation
    review = review_on(policy, here.assessment, ruling.tier, on=here.on)
    conditions = (
        _by_score(policy, ruling, score, lower),
        *_by_rules(policy, ruling, lower, review),
        *_by_time(policy, ruling, lower, review),
        *_by_steps(policy, ruling),
        *(
            Toward(hold.id, hold.title, "not_met", hold.reason, hold.citation)
            for hold in ruling.holds
        ),
    )
    return Progress(lower, conditions, _when(policy, ruling, lower, conditions))


def _when(
    policy: Policy, ruling: Ruling, lower: Tier, conditions: tuple[Toward, ...]
) -> date | None:
    days = []
    for condition in conditions:
        if condition.state == "met" or not condition.bars:
            continue
        if condition.on is None:
            return None
        days.append(condition.on)
    return max([*days, earliest(policy, ruling, lower)])


def _by_time_state(day: date, on: date, review: date) -> State:
    if on >= day:
        return "met"
    return "nearly" if day <= review else "not_met"


def _by_score(policy: Policy, ruling: Ruling, score: int, lower: Tier) -> Toward:
    cuts = policy.cut_offs
    cut = cuts.strict_from if lower is Tier.ORDINARY else cuts.relaxed_below
    distance = max(0, score - cut + 1)
    near = max(1, (cuts.strict_from - cuts.relaxed_below) // NEAR_SHARE)
    state: State = "met" if not distance else "nearly" if distance <= near else "not_met"
    band = policy.by_band[ruling.band]
    return Toward(BAND_RULE, band.title, state, None, band.citation, distance=distance)


def _by_rules(policy: Policy, ruling: Ruling, lower: Tier, review: date) -> Iterator[Toward]:
    """Local rules that would keep the lower tier out of reach."""
    on = ruling.situation.on
    fired = {rule.id: rule for rule in ruling.applied}
    open_rules = {rule.id for rule in ruling.unchecked}
    for one in policy.rules:
        rule, said = one.rule, one.applied
        if said is None or said.effect == "cap" or said.tier.rank <= lower.rank:
            continue
        if not rule.in_force(on):
            continue
        state: State = "met"
        day = None
        if rule.id in fired:
            day = fired[rule.id].until
            state = "not_met" if day is None else _by_time_state(day, on, review)
        elif rule.id in open_rules:
            state = "not_known"
        yield Toward(
            rule.id,
            rule.title,
            state,
            rule.reason,
            rule.citation,
            on=day,
            bars=state != "not_known",
        )


def _by_time(policy: Policy, ruling: Ruling, lower: Tier, review: date) -> Iterator[Toward]:
    here = ruling.situation
    initial = policy.document.initial_period
    if initial is not None and initial.tier.rank > lower.rank and here.initial_until is not None:
        yield Toward(
            INITIAL_RULE,
            Text(zh="入矫初期", en="initial period"),
            _by_time_state(here.initial_until, here.on, review),
            initial.reason,
            initial.citation,
            on=here.initial_until,
        )
    steps = policy.document.steps
    if steps is None:
        return
    current = here.stands.current
    if current is None or current.rank < ruling.tier.rank:
        # no decision at this tier yet: the stay begins with the first
        if policy.stay_days(ruling.tier, here.term):
            day = earliest(policy, ruling, lower)
            yield _stay(ruling.tier, day, here.on, review, steps.citation)
        return
    until = stay_until(policy, here, current)
    if current is not ruling.tier:
        # a step down today: the next one waits for the minimum stay at the tier between
        day = earliest(policy, ruling, lower)
        yield Toward(
            STEP_RULE,
            policy.one_step[lower].title,
            _by_time_state(day, here.on, review),
            steps.reason,
            steps.citation,
            on=day,
        )
    elif until is not None:
        yield _stay(current, until, here.on, review, steps.citation)
    clean = sanction_state(policy, here)
    if policy.sanction_days(here.term) is not None:
        state: State = "met"
        if clean.bars:
            state = (
                "not_known"
                if clean.until is None
                else _by_time_state(clean.until, here.on, review)
            )
        title = Text(zh="处罚后观察期", en="time without a sanction")
        yield Toward(SANCTION_RULE, title, state, None, steps.citation, on=clean.until)


def _stay(tier: Tier, day: date, on: date, review: date, citation: Citation) -> Toward:
    title = Text(zh=f"{tier.label.zh}最短期限", en=f"minimum stay at the {tier.label.en} tier")
    return Toward(STAY_RULE, title, _by_time_state(day, on, review), None, citation, on=day)


def _by_steps(policy: Policy, ruling: Ruling) -> Iterator[Toward]:
    if not policy.steps:
        return
    answers = known(ruling.situation, None)
    for one in policy.steps:
        truth = one.test(answers)
        state: State = "met" if truth else "not_known" if truth is None else "not_met"
        yield Toward(one.step.id, one.step.title, state, one.step.reason, one.step.citation)
