"""What must hold in a policy beyond its shape. Everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction

from riskengine.instrument.conditions import Place
from riskengine.instrument.model import Instrument
from riskengine.policy.check_bands import band_faults
from riskengine.policy.check_conditions import condition_faults
from riskengine.policy.check_rules import apart, rule_faults
from riskengine.policy.compiled import RESERVED
from riskengine.policy.document import Period, PolicyDocument
from riskengine.policy.double_counting import MOVES, counted_twice
from riskengine.policy.fault import Fault, refuse
from riskengine.policy.reach import out_of_reach
from riskengine.policy.tiers import Tier


def refuse_faults(
    document: PolicyDocument, instrument: Instrument, *, scored: Collection[str] = ()
) -> None:
    """Raise everything that is wrong with a policy.

    Raises
    ------
    PolicyError
        With a line a mistake: its JSON path, rule, and what is accepted.
    """
    refuse(faults(document, instrument, scored=scored), f"policy [{document.id}]")


def faults(
    document: PolicyDocument, instrument: Instrument, *, scored: Collection[str] = ()
) -> list[Fault]:
    """Find everything that is wrong with a policy for an instrument.

    What builds on sound conditions (contradictions, what can be reached in a term) is looked at
    once the conditions are sound.

    Parameters
    ----------
    scored
        Items that the scorecard counts.
    """
    if document.instrument != instrument.id:
        return [
            Fault(
                ("instrument",),
                None,
                f"policy [{document.id}] is for instrument [{document.instrument}], not "
                f"[{instrument.id}]; accepted: {instrument.id}",
            )
        ]
    found = [
        *_belonging(document, instrument),
        *_names(document),
        *_dates(document),
        *_tiers(document),
        *_periods(document),
        *band_faults(document.bands),
        *_effects(document),
        *condition_faults(document, instrument),
        *counted_twice(document, instrument, scored),
    ]
    if not found:
        found += rule_faults(document, instrument)
    if not found:
        found += [
            Fault(("relaxed_out_of_reach",), None, said)
            if stale
            else Fault(("tiers",), None, said)
            for stale, said in out_of_reach(document, instrument)
        ]
    return found


def _belonging(document: PolicyDocument, instrument: Instrument) -> Iterator[Fault]:
    if document.jurisdiction != instrument.jurisdiction:
        yield Fault(
            ("jurisdiction",),
            None,
            f"[{document.jurisdiction}] is not the jurisdiction of instrument [{instrument.id}]; "
            f"accepted: {instrument.jurisdiction}",
        )
    if document.purpose == "operational" and not document.adopted_by:
        yield Fault(
            ("purpose",),
            None,
            "an operational policy names in [adopted_by] who adopted it; accepted: the authority, "
            "or purpose template",
        )


def _names(document: PolicyDocument) -> Iterator[Fault]:
    seen: set[str] = set()
    steps = document.steps.conditions if document.steps else ()
    named: list[tuple[Place, str]] = [
        (("rules", i, "id"), rule.id) for i, rule in enumerate(document.rules)
    ]
    named += [(("steps", "conditions", i, "id"), step.id) for i, step in enumerate(steps)]
    for place, name in named:
        if name in seen:
            yield Fault(place, name, f"[{name}] is declared twice; accepted: an id of its own")
        if name in RESERVED:
            yield Fault(
                place,
                name,
                f"[{name}] names what every policy does by its own keys; accepted: another id "
                f"than {', '.join(RESERVED)}",
            )
        seen.add(name)
    events: set[str] = set()
    for i, trigger in enumerate(document.triggers):
        if trigger.event in events:
            yield Fault(
                ("triggers", i, "event"),
                None,
                f"event [{trigger.event}] has two triggers; accepted: one an event",
            )
        events.add(trigger.event)


def _dates(document: PolicyDocument) -> Iterator[Fault]:
    first, last = document.valid_from, document.valid_to
    if first and last and last < first:
        yield Fault(
            ("valid_to",),
            None,
            f"[{last}] lies before [valid_from] {first}; accepted: {first} or later",
        )
    for i, rule in enumerate(document.rules):
        if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
            yield Fault(
                ("rules", i, "valid_to"),
                rule.id,
                f"[{rule.valid_to}] lies before [valid_from] {rule.valid_from}; accepted: "
                f"{rule.valid_from} or later",
            )
        elif apart(rule.valid_from, rule.valid_to, first, last):
            key = "valid_from" if rule.valid_from else "valid_to"
            yield Fault(
                ("rules", i, key),
                rule.id,
                "the rule is never in force while the policy is; accepted: days within "
                f"[{first or '...'}] to [{last or '...'}]",
            )


def _tiers(document: PolicyDocument) -> Iterator[Fault]:
    missing = [tier.value for tier in Tier if tier not in document.tiers]
    if missing:
        yield Fault(
            ("tiers",),
            None,
            f"tier [{missing[0]}] is missing; accepted: strict, ordinary and relaxed",
        )
    for tier, terms in document.tiers.items():
        if document.steps is None and terms.minimum_stay is not None:
            yield Fault(
                ("tiers", tier.value, "minimum_stay"),
                None,
                "[minimum_stay] needs [steps], which says why and by what rule; accepted: with "
                "[steps], or not at all",
            )
        if terms.longest is not None and tier is not Tier.STRICT:
            yield Fault(
                ("tiers", tier.value, "longest"),
                None,
                "[longest] says when strict ends; accepted: at tier strict only",
            )


def _periods(document: PolicyDocument) -> Iterator[Fault]:
    every: list[tuple[Place, Period | None]] = []
    for tier, terms in document.tiers.items():
        for key in ("review", "minimum_stay", "longest"):
            every.append((("tiers", tier.value, key), getattr(terms, key)))
    if document.initial_period is not None:
        every.append((("initial_period", "period"), document.initial_period.period))
    if document.steps is not None:
        every.append((("steps", "without_sanction_for"), document.steps.without_sanction_for))
    for i, rule in enumerate(document.rules):
        if rule.lasts is not None:
            every.append((("rules", i, "lasts", "period"), rule.lasts.period))
    for place, period in every:
        if period is None:
            continue
        if period.share_of_term is not None and not 0 < Fraction(period.share_of_term) <= 1:
            yield Fault(
                (*place, "share_of_term"),
                None,
                f"[{period.share_of_term}] is no share of a term; accepted: above 0, up to 1, "
                'such as "1/6"',
            )
        yield from _fixed(place, period)


def _fixed(place: Place, period: Period) -> Iterator[Fault]:
    if period.fixed_by is None:
        return
    if period.share_of_term is not None:
        yield Fault(
            (*place, "fixed_by"),
            None,
            "[fixed_by] and [share_of_term] exclude one another; accepted: one of them",
        )
    if not period.fixed_by.verified:
        yield Fault(
            (*place, "fixed_by", "verified"),
            None,
            "days hold whatever the term is only under a rule whose text was checked; accepted: "
            "verified: true, or [share_of_term]",
        )


def _effects(document: PolicyDocument) -> Iterator[Fault]:
    ids = [rule.id for rule in document.rules]
    for i, rule in enumerate(document.rules):
        place: Place = ("rules", i, "effect")
        effect = rule.effect
        if (effect.kind in MOVES) != (effect.tier is not None):
            yield Fault(
                place,
                rule.id,
                f"[tier] with [{effect.kind}]; accepted: a tier with floor, cap and set, and only "
                "there",
            )
        elif (effect.kind == "schedule") != bool(effect.contacts):
            yield Fault(
                place,
                rule.id,
                f"[contacts] with [{effect.kind}]; accepted: contacts with schedule, and only "
                "there",
            )
        elif (effect.kind, effect.tier) in (("floor", Tier.RELAXED), ("cap", Tier.STRICT)):
            yield Fault(
                place,
                rule.id,
                f"[{effect.kind}] at [{effect.tier}] changes nothing; accepted: a floor above "
                "relaxed, a cap below strict",
            )
        for k, other in enumerate(rule.yields_to):
            if other not in ids or other == rule.id:
                yield Fault(
                    ("rules", i, "yields_to", k),
                    rule.id,
                    f"no other rule [{other}]; accepted: "
                    + ", ".join(name for name in ids if name != rule.id),
                )
            elif rule.id in document.rules[ids.index(other)].yields_to:
                yield Fault(
                    ("rules", i, "yields_to", k),
                    rule.id,
                    f"[{other}] yields to this rule as well; accepted: one of the two yields",
                )
