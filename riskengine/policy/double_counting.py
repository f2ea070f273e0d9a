"""A sanction or an appraisal acts through rules or through the score, never through both."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from riskengine.instrument.conditions import Condition, Place, located
from riskengine.instrument.model import Instrument
from riskengine.policy import facts as policy_facts
from riskengine.policy.document import PolicyDocument
from riskengine.policy.fault import Fault

MOVES = ("floor", "cap", "set")


def counted_twice(
    document: PolicyDocument, instrument: Instrument, scored: Collection[str]
) -> Iterator[Fault]:
    """Find sanctions and appraisal that move a tier by a rule and are scored as well.

    Parameters
    ----------
    scored
        Items that the scorecard counts; an item that the instrument lets be scored counts too.
    """
    conditions: list[tuple[Place, str, Condition]] = [
        (("rules", i, "when"), rule.id, rule.when)
        for i, rule in enumerate(document.rules)
        if rule.effect.kind in MOVES
    ]
    conditions += [
        (("steps", "conditions", i, "when"), step.id, step.when)
        for i, step in enumerate(document.steps.conditions if document.steps else ())
    ]
    for place, name, when in conditions:
        for where, test in located(when, place):
            item = instrument.by_id.get(test.item or "")
            if item is None or item.id not in policy_facts.CONDUCT_ITEMS:
                continue
            if item.id in scored or "scored" in item.use:
                yield Fault(
                    where,
                    name,
                    f"[{item.id}] is counted in the score already; accepted: sanctions and "
                    "appraisal in rules or in the score, never both",
                )
