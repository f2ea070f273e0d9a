"""What the local rules make of one assessment and its score.

The score proposes a band. Rules that cap, raise or set the tier follow; a rule that raises goes
before one that caps. The initial period comes next, and last the way down: a tier goes down one
step at a time, not before its minimum stay is over, and not while something holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from riskengine.instrument.assessment import Assessment
from riskengine.policy import facts as policy_facts
from riskengine.policy.compiled import (
    INITIAL_RULE,
    SANCTION_RULE,
    STAY_RULE,
    AppliedRule,
    CompiledRule,
    Policy,
)
from riskengine.policy.document import Citation, Contact, Lasts
from riskengine.policy.facts import term_days
from riskengine.policy.history import (
    COUNTED,
    SANCTIONS,
    Dated,
    EventKind,
    PastEvent,
    PastTier,
    Standing,
    dated,
    standing,
)
from riskengine.policy.tiers import Tier
from riskengine.text import Text


@dataclass(frozen=True)
class Notice:
    """A sentence for the officer that moves no tier."""

    id: str
    reason: Text
    citation: Citation


@dataclass(frozen=True)
class Hold:
    """Something outside the policy that bars a step down until a named person closes it.

    It raises no tier: it keeps the present one, and only against a step down.
    """

    id: str
    title: Text
    reason: Text
    citation: Citation
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unchecked:
    """Something that could not be checked because an answer or a fact is missing."""

    id: str
    title: Text


@dataclass(frozen=True)
class Situation:
    """What a ruling may know of a person on a day, apart from the score.

    Attributes
    ----------
    initial_until
        First day after the initial period; ``None`` where there is none or no start is known.
    """

    assessment: Assessment
    on: date
    term: int | None
    start: date | None
    initial_until: date | None
    stands: Standing
    events: Dated


@dataclass(frozen=True)
class Ruling:
    """The tier that comes out, and everything that made it.

    Attributes
    ----------
    band
        What the score alone says.
    binding
        The rule that the tier rests on; the score band where no rule changed it.
    asked
        The tier by score and rules, before the initial period and the way down.
    without_initial_period
        The tier by score and rules where the initial period binds, and the first day after the
        period; both ``None`` elsewhere.
    unchecked
        Rules that could not be checked because an answer is missing.
    """

    band: Tier
    tier: Tier
    binding: AppliedRule
    applied: tuple[AppliedRule, ...]
    warnings: tuple[Notice, ...]
    unchecked: tuple[Unchecked, ...]
    extra_contacts: tuple[Contact, ...]
    without_initial_period: Tier | None
    initial_period_until: date | None
    asked: Tier
    situation: Situation
    holds: tuple[Hold, ...] = ()


def rule_on(
    policy: Policy,
    assessment: Assessment,
    *,
    score: int,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
    holds: Sequence[Hold] = (),
) -> Ruling:
    """Apply bands, rules, initial period and steps.

    Parameters
    ----------
    score
        Score of the assessment.
    on
        Day of the recommendation.
    history
        Tiers decided earlier, in any order; later ones than ``on`` are left out.
    events
        Dated events; ``None`` where nobody handed any over, which is not the same as none.
    holds
        What bars a step down from the present tier.
    """
    here = situation(policy, assessment, on=on, history=history, events=events)
    return rule_in(policy, here, policy.cut_offs.band(score), holds)


def rule_in(policy: Policy, here: Situation, band: Tier, holds: Sequence[Hold] = ()) -> Ruling:
    """Apply rules, initial period and steps to a band in a situation; see `rule_on`.

    Of the score a ruling knows its band and nothing else, so that many scores of one person, or
    many answers on one day, share what `situation` read.
    """
    fired = _fired(policy, here, known(here, band))
    asked, binding = _combine((policy.by_band[band], *fired.applied))
    tier = asked
    applied = [policy.by_band[band], *fired.applied]
    after = None
    initial = _initial(policy, here, tier)
    if initial is not None:
        after, tier, binding = tier, initial.tier, initial
        applied.append(initial)
    kept, open_questions = _way_down(policy, here, tier, holds)
    if kept:
        binding, tier = kept[0], kept[0].tier
        applied += kept
    return Ruling(
        band=band,
        tier=tier,
        binding=binding,
        applied=tuple(applied),
        warnings=tuple(fired.notices),
        unchecked=(*fired.unchecked, *open_questions),
        extra_contacts=tuple(fired.contacts),
        without_initial_period=after,
        initial_period_until=here.initial_until if after is not None else None,
        asked=asked,
        situation=here,
        holds=tuple(holds),
    )


def situation(
    policy: Policy,
    assessment: Assessment,
    *,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
) -> Situation:
    """Read term, initial period, standing and events off an assessment and its history."""
    term = term_days(assessment)
    start = assessment.known.get(policy_facts.START_ITEM)
    start = start if isinstance(start, date) else None
    until = initial = None
    days = policy.initial_days(term)
    if days is not None and start is not None and policy.document.initial_period is not None:
        until = start + timedelta(days=days)
        initial = (policy.document.initial_period.tier, start, until)
    return Situation(
        assessment=assessment,
        on=on,
        term=term,
        start=start,
        initial_until=until,
        stands=standing(history, on=on, initial=initial),
        events=dated(events, on=on),
    )


def known(here: Situation, band: Tier | None) -> Mapping[str, object]:
    """Answers and facts that conditions may ask for."""
    return {
        **here.assessment.known,
        **policy_facts.facts(
            here.assessment, on=here.on, band=band, stands=here.stands, events=here.events
        ),
    }


@dataclass(frozen=True)
class _Fired:
    """What the local rules say, before they are weighed against one another."""

    applied: list[AppliedRule]
    notices: list[Notice]
    contacts: list[Contact]
    unchecked: list[Unchecked]


def _fired(policy: Policy, here: Situation, answers: Mapping[str, object]) -> _Fired:
    found = _Fired([], [], [], [])
    true: list[tuple[CompiledRule, date | None]] = []
    for one in policy.rules:
        if not one.rule.in_force(here.on):
            continue
        truth = one.test(answers)
        if truth is None:
            found.unchecked.append(Unchecked(one.rule.id, one.rule.title))
        elif truth:
            until = runs_out(one.rule.lasts, here)
            if until is None or here.on < until:
                true.append((one, until))
    names = {one.rule.id for one, _ in true}
    for one, until in true:
        rule = one.rule
        if not names.isdisjoint(rule.yields_to):
            continue
        if one.applied is None:
            found.notices.append(Notice(rule.id, rule.reason, rule.citation))
            found.contacts.extend(rule.effect.contacts)
        elif until is None:
            found.applied.append(one.applied)
        else:
            found.applied.append(AppliedRule(**{**vars(one.applied), "until": until}))
    return found


def runs_out(lasts: Lasts | None, here: Situation) -> date | None:
    """First day on which a rule no longer holds, or ``None`` where that cannot be said."""
    if lasts is None or not all_dated(here, lasts.since):
        return None
    newest = here.events.latest(lasts.since)
    if newest is None:
        return None
    # a share of the term as for a minimum stay: the consequence is to be in proportion to the term
    return newest + timedelta(days=lasts.period.length(here.term, "1/6"))


def all_dated(here: Situation, kinds: Sequence[EventKind]) -> bool:
    """Whether every event that the answers count has a day on file."""
    for kind in kinds:
        counted = here.assessment.known.get(COUNTED.get(kind, ""))
        if isinstance(counted, int) and here.events.count.get(kind, 0) < counted:
            return False
    return True


def _combine(applied: Sequence[AppliedRule]) -> tuple[Tier, AppliedRule]:
    """The tier of the band and the rules, and the rule that it rests on."""
    binding = applied[0]
    tier = binding.tier
    for rule in applied:
        if rule.effect == "cap" and rule.tier.rank < tier.rank:
            tier, binding = rule.tier, rule
    for rule in applied:
        # a floor as high as the band holds whatever the score is, so the tier rests on it
        if rule.effect == "floor" and (
            rule.tier.rank > tier.rank
            or (rule.tier is tier is not Tier.RELAXED and binding.effect != "floor")
        ):
            tier, binding = rule.tier, rule
    # of several rules that fix the tier, the most restrictive holds
    fixed = [rule for rule in applied if rule.effect == "set"]
    if fixed:
        binding = max(fixed, key=lambda rule: rule.tier.rank)
        tier = binding.tier
    return tier, binding


def _initial(policy: Policy, here: Situation, tier: Tier) -> AppliedRule | None:
    """The initial period, where it asks for more than score and rules."""
    initial, until = policy.document.initial_period, here.initial_until
    if initial is None or until is None or here.on >= until or initial.tier.rank <= tier.rank:
        return None
    return AppliedRule(
        id=INITIAL_RULE,
        title=Text(zh="入矫初期", en="initial period"),
        effect="floor",
        tier=initial.tier,
        reason=initial.reason,
        citation=initial.citation,
        fields=(policy_facts.START_ITEM,),
        until=until,
    )


def _way_down(
    policy: Policy, here: Situation, tier: Tier, holds: Sequence[Hold]
) -> tuple[list[AppliedRule], list[Unchecked]]:
    """What keeps a tier from going down so far, or so soon; the first of them binds."""
    current = here.stands.current
    if current is None:
        return [], _not_checked(policy, here, tier, holds)
    if tier.rank >= current.rank:
        return [], []
    kept = [*_held(holds, current), *_barred(policy, here, current)]
    if kept or policy.document.steps is None:
        return kept, []
    lowest = Tier.at(max(0, current.rank - policy.document.steps.down))
    return ([policy.one_step[lowest]] if tier.rank < lowest.rank else []), []


def _not_checked(
    policy: Policy, here: Situation, tier: Tier, holds: Sequence[Hold]
) -> list[Unchecked]:
    """The way down cannot be checked for a person whose present tier nobody handed over."""
    if here.assessment.kind == "intake" or tier is Tier.STRICT:
        return []
    found = [Unchecked(hold.id, hold.title) for hold in holds]
    if policy.document.steps is not None:
        found.append(Unchecked(policy.one_step[tier].id, policy.one_step[tier].title))
    return found


def _held(holds: Sequence[Hold], current: Tier) -> Iterator[AppliedRule]:
    for hold in holds:
        yield AppliedRule(
            hold.id, hold.title, "floor", current, hold.reason, hold.citation, hold.fields
        )


def _barred(policy: Policy, here: Situation, current: Tier) -> Iterator[AppliedRule]:
    """What the policy itself asks for before the present tier can go down."""
    steps = policy.document.steps
    if steps is None:
        return
    until = stay_until(policy, here, current)
    if until is not None and here.on < until:
        yield _stay_rule(current, until, steps.citation)
    clean = sanction_state(policy, here)
    if clean.bars:
        yield _sanction_rule(current, clean.until, steps.citation)
    if policy.steps:
        # a condition of a step down may ask for facts, never for the score
        answers = known(here, None)
        for one in policy.steps:
            if one.test(answers) is not True:
                yield one.applied[current]


def stay_until(policy: Policy, here: Situation, tier: Tier) -> date | None:
    """First day after the minimum stay at the present tier."""
    if here.stands.since is None or policy.document.tiers[tier].minimum_stay is None:
        return None
    return here.stands.since + timedelta(days=policy.stay_days(tier, here.term))


@dataclass(frozen=True)
class SanctionState:
    """Whether sanctions bar a step down, and from which day they no longer do."""

    bars: bool
    until: date | None = None


_FREE = SanctionState(False)


def sanction_state(policy: Policy, here: Situation) -> SanctionState:
    """Whether the time without a sanction that the policy asks for is over.

    A sanction that is counted and has no day on file bars: an unknown day is not a day long ago.
    """
    days = policy.sanction_days(here.term)
    if days is None:
        return _FREE
    if not all_dated(here, SANCTIONS):
        return SanctionState(True)
    newest = here.events.latest(SANCTIONS)
    if newest is None:
        return _FREE
    until = newest + timedelta(days=days)
    return SanctionState(here.on < until, until)


def _stay_rule(tier: Tier, until: date, citation: Citation) -> AppliedRule:
    return AppliedRule(
        id=STAY_RULE,
        title=Text(zh="最短期限", en="minimum stay"),
        effect="floor",
        tier=tier,
        reason=Text(
            zh=f"{tier.label.zh}的最短期限至{until.isoformat()}届满。",
            en=f"The minimum stay at the {tier.label.en} tier ends on {until.isoformat()}.",
        ),
        citation=citation,
        until=until,
    )


def _sanction_rule(tier: Tier, until: date | None, citation: Citation) -> AppliedRule:
    if until is None:
        reason = Text(
            zh="有处罚记录但没有处罚日期，补录日期后才能确定何时可以下调。",
            en="A sanction is on record without its day; once the day is entered, it can be said "
            "when the tier may go down.",
        )
    else:
        reason = Text(
            zh=f"最近一次处罚后的观察期至{until.isoformat()}届满。",
            en=f"The time without a sanction that a step down asks for ends on "
            f"{until.isoformat()}.",
        )
    return AppliedRule(
        id=SANCTION_RULE,
        title=Text(zh="处罚后观察期", en="time without a sanction"),
        effect="floor",
        tier=tier,
        reason=reason,
        citation=citation,
        until=until,
    )


def review_on(policy: Policy, assessment: Assessment, tier: Tier, *, on: date) -> date:
    """Day by which a tier is reviewed, never after the end of the term."""
    due = on + timedelta(days=policy.review_days(tier, term_days(assessment)))
    return within_term(assessment, due, on)


def within_term(assessment: Assessment, day: date, on: date) -> date:
    """A day, or the end of the term where that comes first."""
    end = assessment.known.get(policy_facts.END_ITEM)
    return min(day, end) if isinstance(end, date) and end >= on else day
