"""What the rules of a policy say to one another: never true, never of effect, contradicting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from riskengine.instrument.conditions import All, Place
from riskengine.instrument.model import Instrument
from riskengine.policy.document import PolicyDocument, Rule
from riskengine.policy.double_counting import MOVES
from riskengine.policy.fault import Fault
from riskengine.policy.regions import Region, Space, both, inside, space


def rule_faults(document: PolicyDocument, instrument: Instrument) -> Iterator[Fault]:
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
    return not apart(one.valid_from, one.valid_to, other.valid_from, other.valid_to)


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


def apart(a: date | None, b: date | None, c: date | None, d: date | None) -> bool:
    """Whether two stretches of days do not meet; ``None`` is open."""
    return bool((b and c and b < c) or (d and a and d < a))
