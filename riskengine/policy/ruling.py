"""What the law and the local rules make of one assessment and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from riskengine.errors import PolicyError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import (
    Comparison,
    Predicate,
    comparisons,
    compile_condition,
)
from riskengine.instrument.model import Instrument, check_comparison
from riskengine.policy import facts as policy_facts
from riskengine.policy.bands import CutOffs
from riskengine.policy.document import (
    Citation,
    Contact,
    PolicyDocument,
    Rule,
    Steps,
    TierTerms,
)
from riskengine.policy.tiers import Tier
from riskengine.text import Text

BAND_RULE = "score_band"
INITIAL_RULE = "initial_period"
STEP_RULE = "one_step_down"
STAY_RULE = "minimum_stay"


@dataclass(frozen=True)
class PastTier:
    """A tier that a named person decided earlier."""

    tier: Tier
    decided_on: date


@dataclass(frozen=True)
class AppliedRule:
    """A rule that had a say in the tier.

    Attributes
    ----------
    effect
        What it did: ``band``, ``floor``, ``cap``, ``set``.
    tier
        The tier that it asks for.
    fields
        The answers or facts that its reason reports.
    """

    id: str
    title: Text
    effect: Literal["band", "floor", "cap", "set"]
    tier: Tier
    reason: Text
    citation: Citation
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A sentence for the officer that moves no tier."""

    id: str
    reason: Text
    citation: Citation


@dataclass(frozen=True)
class Ruling:
    """The tier that comes out, and everything that made it.

    Attributes
    ----------
    band
        What the score alone says.
    binding
        The rule that the tier rests on; the score band where no rule changed it.
    without_initial_period
        The tier once the initial period is over, and the first day of that; both ``None``
        where no initial period binds.
    unchecked
        Rules that could not be checked because an answer is missing.
    """

    band: Tier
    tier: Tier
    binding: AppliedRule
    applied: tuple[AppliedRule, ...]
    warnings: tuple[Notice, ...]
    unchecked: tuple[Rule, ...]
    extra_contacts: tuple[Contact, ...]
    without_initial_period: Tier | None
    initial_period_until: date | None


@dataclass(frozen=True)
class Policy:
    """A policy compiled against its instrument and the cut-offs of a scorecard."""

    document: PolicyDocument
    cut_offs: CutOffs
    rules: tuple[tuple[Rule, Predicate], ...]

    def terms(self, tier: Tier) -> TierTerms:
        """Contacts, minutes and review of a tier."""
        return self.document.tiers[tier]


def compile_policy(document: PolicyDocument, instrument: Instrument, cut_offs: CutOffs) -> Policy:
    """Type a policy's conditions against an instrument.

    Raises
    ------
    PolicyError
        Naming rule, item and what is accepted.
    """
    if document.instrument != instrument.id:
        raise PolicyError(
            f"policy [{document.id}] is for instrument [{document.instrument}], "
            f"not [{instrument.id}]"
        )
    for rule in document.rules:
        place = f"policy [{document.id}] rule [{rule.id}]"
        for test in comparisons(rule.when):
            try:
                _check_fact(test, place) if test.fact else check_comparison(
                    test, instrument, place
                )
            except ValueError as error:
                raise PolicyError(str(error)) from error
    ranks = {
        **instrument.ranks,
        **{name: {tier.value: tier.rank for tier in Tier} for name in ("band", "current_tier")},
    }
    return Policy(
        document=document,
        cut_offs=cut_offs,
        rules=tuple((rule, compile_condition(rule.when, ranks)) for rule in document.rules),
    )


def _check_fact(test: Comparison, place: str) -> None:
    fact = test.fact
    if fact in policy_facts.NUMBERS:
        bounds = [b for b in (test.at_least, test.at_most) if b is not None]
        if test.known is None and (not bounds or isinstance(bounds[0], str)):
            raise ValueError(f"{place}: fact [{fact}] compares with a number")
        return
    choices = policy_facts.CHOICES.get(str(fact))
    if choices is None:
        accepted = ", ".join((*policy_facts.NUMBERS, *policy_facts.CHOICES))
        raise ValueError(f"{place}: unknown fact [{fact}]; accepted: {accepted}")
    for value in (test.is_, *(test.in_ or ()), test.at_least, test.at_most):
        if value is not None and value not in choices:
            raise ValueError(
                f"{place}: fact [{fact}] has no value [{value}]: {', '.join(choices)}"
            )


def rule_on(
    policy: Policy,
    assessment: Assessment,
    *,
    score: int,
    on: date,
    history: Sequence[PastTier] = (),
) -> Ruling:
    """Apply bands, rules, initial period and steps.

    The score proposes a band. Rules that set, raise or cap the tier follow; a rule that raises
    goes before one that caps. The initial period comes next, and last the steps: a tier goes down
    one at a time, and not before its minimum stay is over.

    Parameters
    ----------
    score
        Score of the assessment.
    on
        Day of the recommendation.
    history
        Tiers decided earlier, in any order.
    """
    document = policy.document
    band = policy.cut_offs.band(score)
    last = max(history, key=lambda past: past.decided_on) if history else None
    current = last.tier if last is not None else None
    known = {
        **assessment.known,
        **policy_facts.facts(assessment, on=on, band=band, current=current),
    }
    by_band = AppliedRule(
        id=BAND_RULE,
        title=Text(zh="评分区间", en="score band"),
        effect="band",
        tier=band,
        reason=Text(
            zh=f"评分所在区间对应{band.label.zh}。",
            en=f"The score lies in the band of the {band.label.en} tier.",
        ),
        citation=document.band_citation,
    )
    applied = [by_band]
    warnings: list[Notice] = []
    unchecked: list[Rule] = []
    contacts: list[Contact] = []
    for rule, condition in policy.rules:
        if not rule.in_force(on):
            continue
        truth = condition(known)
        if truth is None:
            unchecked.append(rule)
        if truth is not True:
            continue
        if rule.effect.kind == "caution":
            warnings.append(Notice(rule.id, rule.reason, rule.citation))
        elif rule.effect.kind == "schedule":
            contacts += rule.effect.contacts
            warnings.append(Notice(rule.id, rule.reason, rule.citation))
        elif rule.effect.tier is not None:
            applied.append(
                AppliedRule(
                    id=rule.id,
                    title=rule.title,
                    effect=rule.effect.kind,
                    tier=rule.effect.tier,
                    reason=rule.reason,
                    citation=rule.citation,
                    fields=rule.reports,
                )
            )
    tier, binding = _combine(applied)
    after, until = None, None
    start = assessment.known.get(policy_facts.START_ITEM)
    initial = document.initial_period
    if initial is not None and isinstance(start, date):
        until = start + timedelta(days=initial.period.length(term_days(assessment)))
        if on < until and initial.tier.rank > tier.rank:
            after = tier
            binding = AppliedRule(
                id=INITIAL_RULE,
                title=Text(zh="入矫初期", en="initial period"),
                effect="floor",
                tier=initial.tier,
                reason=initial.reason,
                citation=initial.citation,
                fields=(policy_facts.START_ITEM,),
            )
            applied.append(binding)
            tier = initial.tier
    if document.steps is not None and last is not None:
        held = _held(document, document.steps, assessment, last, tier, on)
        if held is not None:
            binding, tier = held, held.tier
            applied.append(held)
    return Ruling(
        band=band,
        tier=tier,
        binding=binding,
        applied=tuple(applied),
        warnings=tuple(warnings),
        unchecked=tuple(unchecked),
        extra_contacts=tuple(contacts),
        without_initial_period=after,
        initial_period_until=until if after is not None else None,
    )


def _held(
    document: PolicyDocument,
    steps: Steps,
    assessment: Assessment,
    last: PastTier,
    tier: Tier,
    on: date,
) -> AppliedRule | None:
    """What keeps a tier from going down so far, or so soon."""
    if tier.rank >= last.tier.rank:
        return None
    stay = document.tiers[last.tier].minimum_stay
    if stay is not None:
        until = last.decided_on + timedelta(days=stay.length(term_days(assessment)))
        if on < until:
            label = last.tier.label
            return AppliedRule(
                id=STAY_RULE,
                title=Text(zh="最短期限", en="minimum stay"),
                effect="floor",
                tier=last.tier,
                reason=Text(
                    zh=f"{label.zh}的最短期限至{until.isoformat()}届满。",
                    en=f"The minimum stay at the {label.en} tier ends on {until.isoformat()}.",
                ),
                citation=steps.citation,
            )
    lowest = Tier.at(max(0, last.tier.rank - steps.down))
    if tier.rank >= lowest.rank:
        return None
    return AppliedRule(
        id=STEP_RULE,
        title=Text(zh="逐级下调", en="one step at a time"),
        effect="floor",
        tier=lowest,
        reason=steps.reason,
        citation=steps.citation,
    )


def term_days(assessment: Assessment) -> int | None:
    """Length of the person's term, where both its ends are known."""
    start = assessment.known.get(policy_facts.START_ITEM)
    end = assessment.known.get(policy_facts.END_ITEM)
    return (end - start).days if isinstance(start, date) and isinstance(end, date) else None


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


def review_on(policy: Policy, assessment: Assessment, tier: Tier, *, on: date) -> date:
    """Day by which a tier is reviewed, never after the end of the term."""
    end = assessment.known.get(policy_facts.END_ITEM)
    due = on + timedelta(days=max(1, policy.terms(tier).review.length(term_days(assessment))))
    return min(due, end) if isinstance(end, date) and end >= on else due
