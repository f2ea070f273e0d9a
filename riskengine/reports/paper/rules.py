"""The checklist of local rules, in the order in which the program applies them."""

from __future__ import annotations

from datetime import date, timedelta

from riskengine.explanation.texts import Texts
from riskengine.instrument.conditions import comparisons
from riskengine.instrument.model import Instrument
from riskengine.policy.compiled import Policy
from riskengine.policy.document import (
    INITIAL_SHARE,
    STAY_SHARE,
    Citation,
    Period,
    PolicyDocument,
    Rule,
)
from riskengine.policy.history import EVENT_LABELS, SANCTIONS
from riskengine.policy.tiers import Tier
from riskengine.policy.words import condition_words, effect_words, period_words
from riskengine.reports.paper.form import Initial, Length, RuleRow, StepRow, WayDown

_EFFECTS = ("cap", "floor", "set", "none")
LASTS_SHARE = "1/6"


def rule_rows(policy: Policy, on: date, say: Texts) -> tuple[RuleRow, ...]:
    """Rules in force: caps first, then floors, then what fixes a tier, last what moves none.

    Within what fixes a tier the most restrictive stands last, since the last one holds.
    """
    rules = [one.rule for one in policy.rules if one.rule.in_force(on)]
    rules.sort(key=lambda rule: (_EFFECTS.index(_effect(rule)), _rank(rule)))
    numbers = {rule.id: number for number, rule in enumerate(rules, start=1)}
    return tuple(_row(rule, numbers, policy.instrument, say) for rule in rules)


def _effect(rule: Rule) -> str:
    return rule.effect.kind if rule.effect.kind in ("cap", "floor", "set") else "none"


def _rank(rule: Rule) -> int:
    return 0 if rule.effect.tier is None else rule.effect.tier.rank


def _row(rule: Rule, numbers: dict[str, int], instrument: Instrument, say: Texts) -> RuleRow:
    lasts = rule.lasts
    return RuleRow(
        number=numbers[rule.id],
        id=rule.id,
        title=rule.title[say.lang],
        condition=rule.when.model_dump(mode="json", by_alias=True, exclude_none=True),
        condition_words=condition_words(rule.when, instrument, say.lang),
        effect=_effect(rule),
        effect_words=effect_words(rule.effect, say.lang),
        tier=rule.effect.tier,
        citation=cited(rule.citation, say),
        lasts=None if lasts is None else length(lasts.period, LASTS_SHARE, say),
        since=() if lasts is None else lasts.since,
        since_words=(
            ""
            if lasts is None
            else say.listed(EVENT_LABELS[kind][say.lang] for kind in lasts.since)
        ),
        yields_to=tuple(numbers[name] for name in rule.yields_to if name in numbers),
    )


def cited(citation: Citation, say: Texts) -> str:
    """A citation, marked where nobody has checked its text yet."""
    text = citation.text[say.lang]
    return text if citation.verified else say("unverified", text=text)


def length(period: Period, default: str, say: Texts) -> Length:
    """A stretch of time as it is worked out by hand."""
    share = period.share(default)
    return Length(
        days=period.days,
        numerator=None if share is None else share.numerator,
        denominator=None if share is None else share.denominator,
        words=period_words(period, default, say.lang),
    )


def initial(policy: Policy, say: Texts) -> Initial | None:
    """The initial period, where there is one."""
    found = policy.document.initial_period
    if found is None:
        return None
    return Initial(
        tier=found.tier,
        label=found.tier.label[say.lang],
        length=length(found.period, INITIAL_SHARE, say),
        reason=found.reason[say.lang],
        citation=cited(found.citation, say),
    )


def way_down(policy: Policy, say: Texts) -> WayDown | None:
    """What is asked for before a tier goes down."""
    steps = policy.document.steps
    if steps is None:
        return None
    clean = steps.without_sanction_for
    return WayDown(
        most=steps.down,
        stays={
            tier: length(terms.minimum_stay, STAY_SHARE, say)
            for tier, terms in policy.document.tiers.items()
            if terms.minimum_stay is not None and tier is not Tier.RELAXED
        },
        clean=None if clean is None else length(clean, STAY_SHARE, say),
        sanctions=SANCTIONS,
        sanction_words=say.listed(EVENT_LABELS[kind][say.lang] for kind in SANCTIONS),
        conditions=tuple(
            StepRow(
                id=step.id,
                title=step.title[say.lang],
                condition=step.when.model_dump(mode="json", by_alias=True, exclude_none=True),
                condition_words=condition_words(step.when, policy.instrument, say.lang),
                citation=cited(step.citation, say),
            )
            for step in steps.conditions
        ),
        reason=steps.reason[say.lang],
        citation=cited(steps.citation, say),
    )


def asked_by_rules(policy: Policy, on: date) -> set[str]:
    """Items that the rules and the conditions of a step down look at."""
    found: set[str] = set()
    conditions = [one.rule.when for one in policy.rules if one.rule.in_force(on)]
    conditions += [one.step.when for one in policy.steps]
    for condition in conditions:
        for test in comparisons(condition):
            found |= {name for name in (test.item, test.more_than_item) if name is not None}
    return found


def window(document: PolicyDocument, on: date) -> tuple[date | None, date | None]:
    """First and last day around a day on which the same rules are in force."""
    spans = [(document.valid_from, document.valid_to)]
    spans += [(rule.valid_from, rule.valid_to) for rule in document.rules]
    return narrowed(spans, on)


def narrowed(
    spans: list[tuple[date | None, date | None]], on: date
) -> tuple[date | None, date | None]:
    """The longest stretch around a day in which no span begins or ends."""
    first: date | None = None
    last: date | None = None
    for begins, ends in spans:
        after = None if ends is None else ends + timedelta(days=1)
        for change in (begins, after):
            if change is None:
                continue
            if change <= on:
                first = change if first is None else max(first, change)
            else:
                before = change - timedelta(days=1)
                last = before if last is None else min(last, before)
    return first, last
