"""A policy made ready to be applied: checked against its instrument, every sentence prepared."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from riskengine.canonical import content_hash
from riskengine.instrument.conditions import Predicate, compile_condition
from riskengine.instrument.model import Instrument
from riskengine.policy import facts as policy_facts
from riskengine.policy.bands import CutOffs
from riskengine.policy.document import (
    INITIAL_SHARE,
    REVIEW_SHARE,
    STAY_SHARE,
    Citation,
    Period,
    PolicyDocument,
    Rule,
    StepCondition,
    TierTerms,
)
from riskengine.policy.double_counting import counted_twice
from riskengine.policy.fault import refuse
from riskengine.policy.tiers import Tier
from riskengine.text import Text

BAND_RULE = "score_band"
INITIAL_RULE = "initial_period"
STEP_RULE = "one_step_down"
STAY_RULE = "minimum_stay"
SANCTION_RULE = "time_without_sanction"
RESERVED = (BAND_RULE, INITIAL_RULE, STEP_RULE, STAY_RULE, SANCTION_RULE)
"""Names of what every policy does by its own keys; no rule may carry them."""

CHECKS = 1
"""Version of the checks; raised whenever they refuse more."""

LONGEST_STRICT = Period(days=90, share_of_term="1/6")
"""How long one decision for the strict tier holds where the policy does not say."""


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
    until
        First day on which it no longer holds, where that is known.
    """

    id: str
    title: Text
    effect: Literal["band", "floor", "cap", "set"]
    tier: Tier
    reason: Text
    citation: Citation
    fields: tuple[str, ...] = ()
    until: date | None = None


@dataclass(frozen=True)
class CompiledRule:
    """A local rule, its condition as a function, and what it says where it moves a tier."""

    rule: Rule
    test: Predicate
    applied: AppliedRule | None


@dataclass(frozen=True)
class CompiledStep:
    """A condition of a step down, with what it says at each tier that it keeps."""

    step: StepCondition
    test: Predicate
    applied: dict[Tier, AppliedRule]


@dataclass(frozen=True)
class Policy:
    """A policy compiled against its instrument and the cut-offs of a scorecard."""

    document: PolicyDocument
    cut_offs: CutOffs
    instrument: Instrument = field(repr=False)
    rules: tuple[CompiledRule, ...]
    steps: tuple[CompiledStep, ...] = ()

    def terms(self, tier: Tier) -> TierTerms:
        """Contacts, minutes and review of a tier."""
        return self.document.tiers[tier]

    @cached_property
    def by_band(self) -> dict[Tier, AppliedRule]:
        """What the score alone says, by band."""
        return {
            tier: AppliedRule(
                id=BAND_RULE,
                title=Text(zh="评分区间", en="score band"),
                effect="band",
                tier=tier,
                reason=Text(
                    zh=f"评分所在区间对应{tier.label.zh}。",
                    en=f"The score lies in the band of the {tier.label.en} tier.",
                ),
                citation=self.document.band_citation,
            )
            for tier in Tier
        }

    @cached_property
    def one_step(self) -> dict[Tier, AppliedRule]:
        """What keeps a tier from going down too far, by the lowest tier that it may go to."""
        steps = self.document.steps
        if steps is None:
            return {}
        return {
            tier: AppliedRule(
                id=STEP_RULE,
                title=Text(zh="逐级下调", en="one step at a time"),
                effect="floor",
                tier=tier,
                reason=steps.reason,
                citation=steps.citation,
            )
            for tier in Tier
        }

    def initial_days(self, term: int | None) -> int | None:
        """Days of the initial period, or ``None`` where there is none."""
        initial = self.document.initial_period
        return None if initial is None else initial.period.length(term, INITIAL_SHARE)

    def stay_days(self, tier: Tier, term: int | None) -> int:
        """Days that a stay at a tier lasts at least before it can go down."""
        stay = self.document.tiers[tier].minimum_stay
        return 0 if stay is None else stay.length(term, STAY_SHARE)

    def review_days(self, tier: Tier, term: int | None) -> int:
        """Days to the next scheduled review; at least one."""
        return max(1, self.document.tiers[tier].review.length(term, REVIEW_SHARE))

    def longest_days(self, term: int | None) -> int:
        """Days for which one decision for the strict tier holds; at least one."""
        longest = self.document.tiers[Tier.STRICT].longest or LONGEST_STRICT
        return max(1, longest.length(term, STAY_SHARE))

    def sanction_days(self, term: int | None) -> int | None:
        """Days without a sanction before a tier goes down, or ``None`` where none are asked."""
        steps = self.document.steps
        if steps is None or steps.without_sanction_for is None:
            return None
        return steps.without_sanction_for.length(term, STAY_SHARE)


def compile_policy(
    document: PolicyDocument,
    instrument: Instrument,
    cut_offs: CutOffs,
    *,
    scored: Collection[str] = (),
) -> Policy:
    """Check a policy and type its conditions against an instrument.

    Parameters
    ----------
    scored
        Items that the scorecard counts; a sanction among them must not also move a tier by a rule.

    Raises
    ------
    PolicyError
        With a line a mistake: place, rule, value and what is accepted.
    """
    place = f"policy [{document.id}]"
    if document.checked is not None and document.checked == seal(document, instrument):
        refuse(counted_twice(document, instrument, scored), place)
    else:
        # an edited or unbuilt file: everything is looked at, which takes a few milliseconds
        from riskengine.policy.checks import refuse_faults

        refuse_faults(document, instrument, scored=scored)
    return assemble(document, instrument, cut_offs)


def seal(document: PolicyDocument, instrument: Instrument) -> str:
    """Hash of a policy, its instrument and the version of the checks.

    It stands in a built file as ``checked``. A file that was edited afterwards, or is used with
    another instrument or after the checks have changed, no longer matches and is checked at load.
    """
    content = document.model_dump(mode="json", by_alias=True, exclude={"checked"})
    return content_hash(
        {"policy": content, "instrument": instrument.source_sha256, "checks": CHECKS}
    )


def assemble(document: PolicyDocument, instrument: Instrument, cut_offs: CutOffs) -> Policy:
    """Put a checked policy together."""
    ranks = {
        **instrument.ranks,
        **{name: {tier.value: tier.rank for tier in Tier} for name in policy_facts.ORDERED},
    }
    return Policy(
        document=document,
        cut_offs=cut_offs,
        instrument=instrument,
        rules=tuple(
            CompiledRule(rule, compile_condition(rule.when, ranks), _said(rule))
            for rule in document.rules
        ),
        steps=tuple(
            CompiledStep(
                step,
                compile_condition(step.when, ranks),
                {
                    tier: AppliedRule(
                        step.id,
                        step.title,
                        "floor",
                        tier,
                        step.reason,
                        step.citation,
                        step.reports,
                    )
                    for tier in Tier
                },
            )
            for step in (document.steps.conditions if document.steps else ())
        ),
    )


def _said(rule: Rule) -> AppliedRule | None:
    kind, tier = rule.effect.kind, rule.effect.tier
    if kind == "caution" or kind == "schedule" or tier is None:
        return None
    return AppliedRule(
        id=rule.id,
        title=rule.title,
        effect=kind,
        tier=tier,
        reason=rule.reason,
        citation=rule.citation,
        fields=rule.reports,
    )
