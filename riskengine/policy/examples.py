"""For each rule a person whom it concerns: found from its condition, and run to be sure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from riskengine.errors import AssessmentError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import Condition
from riskengine.policy import facts as policy_facts
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import Policy
from riskengine.policy.document import Rule
from riskengine.policy.history import EVENT_KINDS, PastEvent, PastTier
from riskengine.policy.regions import examples, space
from riskengine.policy.ruling import Ruling, rule_on
from riskengine.policy.tiers import Tier

CUTS = CutOffs(relaxed_below=3, strict_from=8)
"""Cut-offs of an example, where only the band matters."""

_DAY = date(2026, 6, 1)
_HALF_TERM = 365
_TRIES = 40


@dataclass(frozen=True)
class Example:
    """A person, a band and a day on which a rule holds, and what came of it.

    Attributes
    ----------
    told
        The answers and facts that make the rule hold.
    """

    told: Mapping[str, object]
    assessment: Assessment
    band: Tier
    on: date
    history: tuple[PastTier, ...]
    events: tuple[PastEvent, ...]
    ruling: Ruling


def example_of(policy: Policy, rule: Rule) -> Example | None:
    """Find a case in which a rule holds, as run through the rules; ``None`` where none was found.

    A rule that raises is shown on a low score and one that caps on a high one, so that the example
    shows the difference that it makes.
    """
    usual = Tier.STRICT if rule.effect.kind == "cap" else Tier.RELAXED
    for case in _cases(policy, rule.when, usual, day_in_force(policy, rule)):
        ids = {one.id for one in case.ruling.applied} | {one.id for one in case.ruling.warnings}
        if rule.id in ids:
            return case
    return None


def day_in_force(policy: Policy, rule: Rule | None = None) -> date:
    """A day on which a rule and its policy are in force."""
    day = _DAY
    for holder in (policy.document, rule):
        if holder is not None:
            day = max(day, holder.valid_from or day)
            day = min(day, holder.valid_to or day)
    return day


def _cases(policy: Policy, when: Condition, band: Tier, on: date) -> Iterator[Example]:
    values = space(policy.instrument, [when])
    for tried, told in enumerate(examples(values.true(when), values)):
        if tried >= _TRIES:
            return
        case = run_case(policy, told, band, on)
        if case is not None:
            yield case


def run_case(policy: Policy, told: Mapping[str, object], band: Tier, on: date) -> Example | None:
    """Run a person with some answers and facts; ``None`` where no such person can be."""
    if told.get("band") is not None:
        band = Tier(str(told["band"]))
    answers = {**_dates(told, on), **{k: v for k, v in told.items() if _is_answer(policy, k, v)}}
    raw = {
        "person": "EXAMPLE-1",
        "kind": told.get("assessment_kind") or "reassessment",
        "assessed_on": on.isoformat(),
        "answers": {
            name: _plain(value)
            for name, value in answers.items()
            if name in policy.instrument.by_id
        },
    }
    try:
        assessment = Assessment.from_dict(raw, policy.instrument)
    except AssessmentError:
        return None
    history, events = _past(told, on)
    ruling = rule_on(
        policy,
        assessment,
        score=policy.cut_offs.score_in(band),
        on=on,
        history=history,
        events=events or None,
    )
    return Example(dict(told), assessment, band, on, history, events, ruling)


def _is_answer(policy: Policy, name: str, value: object) -> bool:
    return name in policy.instrument.by_id and value is not None


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _dates(told: Mapping[str, object], on: date) -> dict[str, object]:
    """Start and end of a term that agree with what is told of days."""
    gone, left, term = (
        told.get(name) for name in ("days_since_start", "days_to_end", "term_days")
    )
    since = gone if isinstance(gone, int) else None
    ahead = left if isinstance(left, int) else None
    if isinstance(term, int):
        since = since if since is not None else term - (ahead or term // 2)
        ahead = term - since
    since = _HALF_TERM if since is None else since
    ahead = _HALF_TERM if ahead is None else ahead
    return {
        policy_facts.START_ITEM: on - timedelta(days=since),
        policy_facts.END_ITEM: on + timedelta(days=ahead),
    }


def _past(
    told: Mapping[str, object], on: date
) -> tuple[tuple[PastTier, ...], tuple[PastEvent, ...]]:
    history: tuple[PastTier, ...] = ()
    days = told.get("days_at_tier")
    if told.get("current_tier") is not None or isinstance(days, int):
        tier = Tier(str(told.get("current_tier") or Tier.ORDINARY))
        stay = days if isinstance(days, int) else 120
        history = (PastTier(tier, on - timedelta(days=stay)),)
    events = []
    for kind in EVENT_KINDS:
        ago = told.get(f"days_since_{kind}")
        if isinstance(ago, int):
            events.append(PastEvent(kind, on - timedelta(days=ago)))
    ago = told.get("days_since_sanction")
    if isinstance(ago, int):
        events.append(PastEvent("admonition", on - timedelta(days=ago)))
    return history, tuple(events)
