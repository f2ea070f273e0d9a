"""Whether the relaxed tier can be reached within a term by somebody who does everything right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import All, Condition, Not
from riskengine.instrument.model import Instrument
from riskengine.policy import facts as policy_facts
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import CompiledRule, Policy, assemble
from riskengine.policy.document import PolicyDocument
from riskengine.policy.history import PastTier
from riskengine.policy.progress import progress
from riskengine.policy.regions import examples, space
from riskengine.policy.ruling import rule_on
from riskengine.policy.tiers import Tier

TERMS_MONTHS = (2, 3, 6, 12, 36)

_START = date(2026, 1, 1)
_LOW, _CUTS = -1, CutOffs(relaxed_below=0, strict_from=1)
_DAYS_PER_MONTH = 30.4375
_LOOKS = 48
"""How often a term is looked at where no day is foreseen on which the tier could go down."""


@dataclass(frozen=True)
class Move:
    """A tier and the first day of it, counted from the start of the term."""

    tier: Tier
    day: int


def out_of_reach(document: PolicyDocument, instrument: Instrument) -> list[tuple[bool, str]]:
    """Compare what can be reached with what a policy says about it.

    Returns
    -------
    list
        For every disagreement whether the policy's own statement is out of date, and the sentence.
    """
    if policy_facts.START_ITEM not in instrument.by_id:
        return []
    declared = document.relaxed_out_of_reach
    excused = set(declared.terms_months) if declared else set()
    found = []
    for months in TERMS_MONTHS:
        course = best_course(document, instrument, months)
        reached = course[-1].tier is Tier.RELAXED
        if not reached and months not in excused:
            found.append(
                (
                    False,
                    f"in a term of {months} months a person without sanction and with a low score "
                    f"never reaches relaxed (initial period, minimum stays and rules leave no day "
                    "for it); accepted: shorter periods, or [relaxed_out_of_reach] with "
                    f"{months} in [terms_months], reason and citation",
                )
            )
        elif reached and months in excused:
            found.append(
                (
                    True,
                    f"says that relaxed is out of reach in {months} months, but it is reached on "
                    f"day {course[-1].day}; accepted: [terms_months] without {months}",
                )
            )
    return found


def best_course(document: PolicyDocument, instrument: Instrument, months: int) -> list[Move]:
    """Tiers of a person with a low score, no sanction and good appraisals, decided at once."""
    policy = assemble(document, instrument, _CUTS)
    term = round(months * _DAYS_PER_MONTH)
    person = _spotless(policy, term)
    history: list[PastTier] = []
    course: list[Move] = []
    day = 0
    while day < term:
        on = _START + timedelta(days=day)
        ruling = rule_on(policy, person, score=_LOW, on=on, history=history, events=())
        if not history or ruling.tier is not history[-1].tier:
            history.append(PastTier(ruling.tier, on))
            course.append(Move(ruling.tier, day))
        if ruling.tier is Tier.RELAXED:
            break
        ahead = progress(policy, ruling, _LOW)
        look = day + max(1, term // _LOOKS)
        if ahead is not None and ahead.earliest is not None:
            day = max(day + 1, (ahead.earliest - _START).days)
        else:
            day = look
    return course


def _spotless(policy: Policy, term: int) -> Assessment:
    instrument = policy.instrument
    answers: dict[str, object] = {
        policy_facts.START_ITEM: _START,
        policy_facts.END_ITEM: _START + timedelta(days=term),
        **dict.fromkeys(policy_facts.CONDUCT_ITEMS, 0),
        "last_appraisal": "pass",
    }
    wanted: list[Condition] = [
        Not(**{"not": one.rule.when}) for one in policy.rules if _raises(one)
    ]
    wanted += [one.step.when for one in policy.steps]
    if wanted:
        values = space(instrument, wanted)
        asked = next(examples(values.true(All(all=tuple(wanted))), values), {})
        # what rules ask for and an answer can give; days and events follow from the term
        answers |= {
            name: value
            for name, value in asked.items()
            if name in instrument.by_id and value is not None and name not in answers
        }
    return Assessment(
        instrument=instrument,
        person="reach",
        kind="reassessment",
        form="full",
        assessed_on=_START,
        answers=MappingProxyType({i: a for i, a in answers.items() if i in instrument.by_id}),
        sources=MappingProxyType({}),
    )


def _raises(one: CompiledRule) -> bool:
    return one.applied is not None and one.applied.effect != "cap"
