"""What must hold in a policy beyond its shape. Everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from fractions import Fraction

from riskengine.instrument.conditions import All, Comparison, Condition, Place, located
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument, check_comparison
from riskengine.policy import facts as policy_facts
from riskengine.policy.compiled import RESERVED
from riskengine.policy.document import (
    Bands,
    Citation,
    Period,
    PointBands,
    PointRangeBands,
    PolicyDocument,
    ProbabilityBands,
    Rule,
)
from riskengine.policy.double_counting import MOVES, counted_twice
from riskengine.policy.fault import Fault, refuse
from riskengine.policy.reach import out_of_reach
from riskengine.policy.regions import Region, Space, both, inside, space
from riskengine.policy.tiers import Tier

_DOWNWARD = (Tier.RELAXED, Tier.ORDINARY, Tier.STRICT)


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
        *_bands(document.bands),
        *_effects(document),
        *_conditions(document, instrument),
        *counted_twice(document, instrument, scored),
    ]
    if not found:
        found += _between_rules(document, instrument)
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
        elif _apart(rule.valid_from, rule.valid_to, first, last):
            key = "valid_from" if rule.valid_from else "valid_to"
            yield Fault(
                ("rules", i, key),
                rule.id,
                "the rule is never in force while the policy is; accepted: days within "
                f"[{first or '...'}] to [{last or '...'}]",
            )


def _apart(a: date | None, b: date | None, c: date | None, d: date | None) -> bool:
    """Whether two stretches of days do not meet; ``None`` is open."""
    return bool((b and c and b < c) or (d and a and d < a))


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


def _bands(bands: Bands) -> Iterator[Fault]:
    match bands:
        case PointBands():
            if bands.relaxed_below >= bands.strict_from:
                yield Fault(
                    ("bands", "relaxed_below"),
                    None,
                    f"[{bands.relaxed_below}] leaves no ordinary band; accepted: below "
                    f"[strict_from] {bands.strict_from}",
                )
        case PointRangeBands():
            yield from _ranges(bands)
        case ProbabilityBands():
            relaxed, strict = Fraction(bands.relaxed_below), Fraction(bands.strict_from)
            if not 0 < relaxed < strict < 1:
                yield Fault(
                    ("bands", "relaxed_below"),
                    None,
                    f"[{bands.relaxed_below}] and [strict_from] {bands.strict_from} make no "
                    "bands; accepted: 0 < relaxed_below < strict_from < 1",
                )
        case _:
            relaxed, strict = Fraction(bands.relaxed), Fraction(bands.strict)
            if relaxed <= 0 or strict <= 0 or relaxed + strict >= 1:
                yield Fault(
                    ("bands", "strict"),
                    None,
                    f"[{bands.strict}] strict and [{bands.relaxed}] relaxed leave no ordinary "
                    "band; accepted: shares above 0 with a sum below 1",
                )


def _ranges(bands: PointRangeBands) -> Iterator[Fault]:
    at = {one.tier: i for i, one in enumerate(bands.ranges)}
    if len(at) != len(_DOWNWARD) or len(bands.ranges) != len(_DOWNWARD):
        yield Fault(
            ("bands", "ranges"), None, "accepted: one range each for relaxed, ordinary and strict"
        )
        return
    ordered = [bands.ranges[at[tier]] for tier in _DOWNWARD]
    if ordered[0].from_ is not None or ordered[-1].to is not None:
        end = at[Tier.RELAXED] if ordered[0].from_ is not None else at[Tier.STRICT]
        yield Fault(
            ("bands", "ranges", end),
            None,
            "a score beyond this end would have no tier; accepted: relaxed without [from], "
            "strict without [to]",
        )
    for lower, upper in zip(ordered, ordered[1:], strict=False):
        place = ("bands", "ranges", at[upper.tier])
        if lower.to is None or upper.from_ is None:
            yield Fault(
                place,
                None,
                f"[{lower.tier}] and [{upper.tier}] meet nowhere; accepted: a [to] and a [from] "
                "one point apart",
            )
        elif upper.from_ > lower.to + 1:
            yield Fault(
                place,
                None,
                f"a gap: no tier from {lower.to + 1} to {upper.from_ - 1}; accepted: from: "
                f"{lower.to + 1}",
            )
        elif upper.from_ <= lower.to:
            yield Fault(
                place,
                None,
                f"overlap: {upper.from_} to {lower.to} is both [{lower.tier}] and "
                f"[{upper.tier}]; accepted: from: {lower.to + 1}",
            )
        elif lower.from_ is not None and lower.from_ > lower.to:
            yield Fault(
                ("bands", "ranges", at[lower.tier]), None, "an empty range; accepted: from <= to"
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


def _conditions(document: PolicyDocument, instrument: Instrument) -> Iterator[Fault]:
    """Type every comparison; a rule that moves a tier reads nothing that must not move one."""
    for i, rule in enumerate(document.rules):
        moves = rule.effect.kind in MOVES
        yield from _typed(("rules", i), rule.id, rule.when, rule.reports, instrument, moves=moves)
    for i, step in enumerate(document.steps.conditions if document.steps else ()):
        place: Place = ("steps", "conditions", i)
        yield from _typed(place, step.id, step.when, step.reports, instrument, moves=True)
        for where, test in located(step.when, (*place, "when")):
            if test.fact == "band":
                yield Fault(
                    where,
                    step.id,
                    "the score has its say through the bands; accepted: another fact than [band]",
                )


def _typed(
    place: Place,
    name: str,
    when: Condition,
    reports: tuple[str, ...],
    instrument: Instrument,
    *,
    moves: bool,
) -> Iterator[Fault]:
    for where, test in located(when, (*place, "when")):
        said = _wrong(test, instrument) or (_must_not_move(test, instrument) if moves else None)
        if said is not None:
            yield Fault(where, name, said)
            continue
        values = space(instrument, [test])
        if not values.mask(test, True):
            yield Fault(where, name, _never(test, instrument))
        elif test.known is None and not values.mask(test, False):
            yield Fault(
                where,
                name,
                f"every answer to [{test.subject}] meets this; accepted: a test that some answer "
                "fails, or [known]",
            )
    for k, field in enumerate(reports):
        if field not in instrument.every_item and field not in _fact_names():
            yield Fault(
                ("reports", k) if not place else (*place, "reports", k),
                name,
                f"reports [{field}], which is no item and no fact; {_accepted(field, instrument)}",
            )


def _fact_names() -> tuple[str, ...]:
    return (*policy_facts.NUMBERS, *policy_facts.CHOICES)


def _accepted(name: str, instrument: Instrument) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [*instrument.every_item, *_fact_names()], n=3)
    some = near or list(instrument.by_id)[:3]
    return f"accepted: an item of {instrument.id}, such as {', '.join(some)}"


def _wrong(test: Comparison, instrument: Instrument) -> str | None:
    if test.fact is not None:
        return _wrong_fact(test)
    if test.item not in instrument.every_item:
        return f"unknown item [{test.item}]; {_accepted(str(test.item), instrument)}"
    try:
        check_comparison(test, instrument, "")
    except ValueError as error:
        return str(error).removeprefix(": ")
    item = instrument.every_item[str(test.item)]
    if isinstance(item, Item) and item.type in ("text", "dates") and test.known is None:
        return f"item [{item.id}] of type {item.type} has no answer to test; accepted: known"
    if isinstance(item, Item) and item.type == "date":
        if (test.is_ or test.in_) is not None:
            return f"item [{item.id}] is a day; accepted: at_least, at_most, known, more_than_item"
        for bound in (test.at_least, test.at_most):
            if bound is not None and not _is_day(bound):
                return f"item [{item.id}] compares with [{bound}]; accepted: a day as YYYY-MM-DD"
    return None


def _is_day(bound: object) -> bool:
    try:
        date.fromisoformat(str(bound))
    except ValueError:
        return False
    return True


def _wrong_fact(test: Comparison) -> str | None:
    fact = str(test.fact)
    if fact in policy_facts.NUMBERS:
        bounds = [b for b in (test.at_least, test.at_most) if b is not None]
        if test.known is None and (not bounds or isinstance(bounds[0], str)):
            return f"fact [{fact}] compares with a number; accepted: at_least, at_most or known"
        return None
    choices = policy_facts.CHOICES.get(fact)
    if choices is None:
        return f"unknown fact [{fact}]; accepted: {', '.join(_fact_names())}"
    if test.contains is not None or test.more_than_item is not None:
        return f"fact [{fact}] is one of {', '.join(choices)}; accepted: is, in or known"
    if fact not in policy_facts.ORDERED and (test.at_least or test.at_most) is not None:
        return f"fact [{fact}] has no order; accepted: is, in or known"
    for value in (test.is_, *(test.in_ or ()), test.at_least, test.at_most):
        if value is not None and value not in choices:
            return f"fact [{fact}] has no value [{value}]; accepted: {', '.join(choices)}"
    return None


def _must_not_move(test: Comparison, instrument: Instrument) -> str | None:
    """Needs, audited and protected answers never move a tier."""
    if test.item is None:
        return None
    item = instrument.every_item[test.item]
    if isinstance(item, Item) and item.protected and instrument.purpose != "benchmark":
        return (
            f"item [{item.id}] is protected and never moves a tier; accepted: an item for rules "
            "that is not protected"
        )
    if not {"rule", "scored"} & set(item.use):
        return (
            f"item [{item.id}] is for {', '.join(item.use)} only and never moves a tier; "
            "accepted: an item whose [use] has rule or scored, or the effect caution or schedule"
        )
    return None


def _never(test: Comparison, instrument: Instrument) -> str:
    low: object
    high: object
    if test.fact is not None:
        low, high = policy_facts.NUMBERS.get(test.fact, ("", ""))
    else:
        item = instrument.every_item[test.subject]
        low, high = item.minimum, item.maximum
        if isinstance(item, Item) and item.minimum is None:
            return (
                f"no answer to [{test.subject}] meets this; accepted: {', '.join(item.level_ids)}"
            )
        if isinstance(item, DerivedItem):
            low, high = f"{item.minimum:g}", f"{item.maximum:g}"
    return f"no answer to [{test.subject}] meets this; accepted: from {low} to {high}"


def _between_rules(document: PolicyDocument, instrument: Instrument) -> Iterator[Fault]:
    """Rules that can never hold, never matter, or say opposite things."""
    steps = document.steps.conditions if document.steps else ()
    values = space(
        instrument, [*(rule.when for rule in document.rules), *(step.when for step in steps)]
    )
    regions = [values.true(rule.when) for rule in document.rules]
    for i, rule in enumerate(document.rules):
        place: Place = ("rules", i, "when")
        if not regions[i]:
            yield Fault(place, rule.id, "can never be true: its parts exclude one another; "
                        "accepted: a condition that some answers meet")  # fmt: skip
            continue
        for k, other in enumerate(document.rules):
            if k != i and _covers(rule, i, other, k, regions, values):
                yield Fault(
                    place,
                    rule.id,
                    f"unreachable: whenever it is true, rule [{other.id}] holds and asks for as "
                    "much; accepted: a rule that can make a difference",
                )
                break
        for k in range(i):
            said = _against(document.rules[k], rule)
            if said and both(regions[k], regions[i]) and _meet(document.rules[k], rule):
                yield Fault(
                    place,
                    rule.id,
                    f"contradicts rule [{document.rules[k].id}]: {said} for the same person; "
                    "accepted: conditions that exclude one another, or [yields_to]",
                )
    for i, step in enumerate(steps):
        if not values.true(step.when):
            yield Fault(
                ("steps", "conditions", i, "when"), step.id,
                "can never be true: nobody could go down; accepted: a condition that some meet",
            )  # fmt: skip
    together = values.true(All(all=tuple(step.when for step in steps))) if steps else ({},)
    if not together:
        yield Fault(
            ("steps", "conditions"), None,
            "the conditions exclude one another: nobody could go down; accepted: conditions that "
            "somebody meets together",
        )  # fmt: skip


def _meet(one: Rule, other: Rule) -> bool:
    return not _apart(one.valid_from, one.valid_to, other.valid_from, other.valid_to)


def _covers(rule: Rule, i: int, other: Rule, k: int, regions: list[Region], values: Space) -> bool:
    """Whether another rule makes a rule without effect wherever it holds."""
    if rule.id in other.yields_to:
        return False
    always = (
        other.lasts is None
        and (other.valid_from is None or (rule.valid_from or date.min) >= other.valid_from)
        and (other.valid_to is None or (rule.valid_to or date.max) <= other.valid_to)
    )
    if not always:
        return False
    if other.id in rule.yields_to:
        return inside(regions[i], regions[k], values)
    if rule.effect.kind != other.effect.kind or rule.effect.kind not in MOVES:
        return False
    mine, theirs = rule.effect.tier, other.effect.tier
    assert mine is not None and theirs is not None  # checked with the effects
    stronger = theirs.rank - mine.rank if rule.effect.kind != "cap" else mine.rank - theirs.rank
    # of two that ask for the same the first in the file is the one that is told
    if stronger < 0 or (stronger == 0 and k > i) or other.yields_to:
        return False
    return inside(regions[i], regions[k], values)


def _against(one: Rule, other: Rule) -> str | None:
    """What two rules would ask for at once, if that cannot be."""
    if one.id in other.yields_to or other.id in one.yields_to:
        return None
    kinds = {one.effect.kind: one.effect.tier, other.effect.kind: other.effect.tier}
    if one.effect.kind == other.effect.kind == "set" and one.effect.tier != other.effect.tier:
        return f"tier [{one.effect.tier}] and tier [{other.effect.tier}]"
    floor, cap, fixed = kinds.get("floor"), kinds.get("cap"), kinds.get("set")
    if floor and cap and floor.rank > cap.rank:
        return f"at least [{floor}] and at most [{cap}]"
    if floor and fixed and floor.rank > fixed.rank:
        return f"at least [{floor}] and exactly [{fixed}]"
    if cap and fixed and fixed.rank > cap.rank:
        return f"at most [{cap}] and exactly [{fixed}]"
    return None


def unverified(document: PolicyDocument) -> list[tuple[Place, Citation]]:
    """Citations whose text nobody has checked, with their places."""
    return [(place, cited) for place, cited in citations(document) if not cited.verified]


def citations(document: PolicyDocument) -> Iterator[tuple[Place, Citation]]:
    """Every citation of a policy with its place."""
    yield ("band_citation",), document.band_citation
    if document.initial_period is not None:
        yield ("initial_period", "citation"), document.initial_period.citation
    if document.steps is not None:
        yield ("steps", "citation"), document.steps.citation
        for i, step in enumerate(document.steps.conditions):
            yield ("steps", "conditions", i, "citation"), step.citation
    for tier, terms in document.tiers.items():
        if terms.citation is not None:
            yield ("tiers", tier.value, "citation"), terms.citation
    for i, rule in enumerate(document.rules):
        yield ("rules", i, "citation"), rule.citation
    for i, trigger in enumerate(document.triggers):
        yield ("triggers", i, "citation"), trigger.citation
    if document.relaxed_out_of_reach is not None:
        yield ("relaxed_out_of_reach", "citation"), document.relaxed_out_of_reach.citation
