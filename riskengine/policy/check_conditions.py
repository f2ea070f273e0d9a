"""The conditions of a policy typed against an instrument, each comparison at its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from riskengine.instrument.conditions import Comparison, Condition, Place, located
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument, check_comparison
from riskengine.policy import facts as policy_facts
from riskengine.policy.document import PolicyDocument
from riskengine.policy.double_counting import MOVES
from riskengine.policy.fault import Fault
from riskengine.policy.regions import space


def condition_faults(document: PolicyDocument, instrument: Instrument) -> Iterator[Fault]:
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
