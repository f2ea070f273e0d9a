"""Paper equals program for every tier: all that rules can tell apart, all bands, all histories.

The program makes a tier in three steps, and each is enumerated by itself:

1. whether a rule holds: depends on what that rule reads and on nothing else;
2. what the rules that hold make of the band: every joint outcome of 1 that can come about;
3. the initial period and the way down: sees nothing of 1 and 2 but the tier that they ask for.

That a step sees nothing else of the one before is checked here too, so that the three together
stand for the whole product.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

import pytest

from riskengine.instrument.conditions import comparisons
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import INITIAL_RULE
from riskengine.policy.document import Citation
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Hold, rule_on
from riskengine.policy.tiers import Tier
from riskengine.reports.paper.by_hand import apply_rules, apply_time, in_effect
from riskengine.reports.paper.make import form_of
from riskengine.text import Text
from tests.support import policies
from tests.support.officer import fill_in, order_of, truth
from tests.support.paper_forms import ON, POLICIES, shipped, with_policy
from tests.support.policies import person, rule

SAID = Text(zh="安全提醒未了结", en="open")
OPEN = Hold("open_alert", SAID, SAID, Citation(text=SAID, verified=True))
START, END = date(2025, 3, 1), date(2026, 11, 30)
DATES = {"start_date": START, "end_date": END}
COUNTED = {"admonition": "admonitions_n", "warning": "warnings_n",
           "public_security_penalty": "ps_penalties_n"}  # fmt: skip


@lru_cache(maxsize=1)
def rich():
    """A policy with everything that the format has: caps, sets, yields, dates, conditions."""
    engine, _ = shipped()
    raw = policies.default()
    category = {"item": "special_category", "is": "organised_crime"}
    kept = {"repeated_admonition", "failed_appraisal", "organised_or_terror"}
    raw["rules"] = [one for one in raw["rules"] if one["id"] in kept]
    raw["rules"] += [
        rule("cap_studied", {"item": "last_appraisal", "is": "good"},
             {"kind": "cap", "tier": "relaxed"}),
        rule("cap_season", {"item": "work_season", "in": ["seasonal"]},
             {"kind": "cap", "tier": "ordinary"}, yields_to=["organised_or_terror"]),
        rule("set_ordinary", {"all": [{"fact": "current_tier", "is": "strict"},
                                      {"item": "cross_county_regular", "is": True}]},
             {"kind": "set", "tier": "ordinary"}),
        rule("set_strict", {"all": [category, {"not": {"item": "work_season", "is": "seasonal"}}]},
             {"kind": "set", "tier": "strict"}, yields_to=["repeated_admonition"]),
        rule("later", {"item": "work_season", "known": False}, {"kind": "floor", "tier": "strict"},
             valid_from="2027-01-01"),
        rule("ended", {"item": "work_season", "known": True}, {"kind": "floor", "tier": "strict"},
             valid_to="2026-01-01"),
    ]  # fmt: skip
    raw["steps"]["conditions"] = [
        {"id": "passed", "title": policies.SAID, "reason": policies.SAID,
         "when": {"item": "last_appraisal", "in": ["pass", "good"]}, "citation": policies.CITED},
    ]  # fmt: skip
    engine = with_policy(engine, policies.read(raw))
    return engine, form_of(engine, on=ON, lang="en")


@lru_cache(maxsize=1)
def two_steps():
    """Two steps down at once, no initial period, no time without a sanction."""
    engine, _ = shipped()
    raw = policies.default()
    raw.pop("initial_period")
    raw["steps"] = {**raw["steps"], "down": 2}
    raw["steps"].pop("without_sanction_for")
    engine = with_policy(engine, policies.read(raw))
    return engine, form_of(engine, on=ON, lang="zh")


@lru_cache(maxsize=1)
def no_steps():
    """Nothing is asked for on the way down."""
    engine, _ = shipped()
    raw = policies.default()
    raw.pop("steps")
    for terms in raw["tiers"].values():
        terms.pop("minimum_stay", None)
    engine = with_policy(engine, policies.read(raw))
    return engine, form_of(engine, on=ON, lang="zh")


CASES = {
    **{name: (lambda name=name: shipped(name)) for name in POLICIES},
    "rich": rich,
    "two steps": two_steps,
    "no steps": no_steps,
}


def subjects(condition) -> tuple[set[str], set[str]]:
    """Items and facts that a condition reads."""
    tests = list(comparisons(condition))
    items = {name for t in tests for name in (t.item, t.more_than_item) if name}
    return items, {t.fact for t in tests if t.fact}


def every_condition(engine):
    yield from (one.rule.when for one in engine.policy.rules)
    yield from (one.step.when for one in engine.policy.steps)


def values_of(engine, item: str) -> list[object]:
    """Every level; of numbers each bound in a condition with its neighbours; and no answer."""
    declared = engine.instrument.by_id[item]
    if declared.type == "boolean":
        return [False, True, "not_asked"]
    if declared.levels:
        return [*declared.level_ids, "not_asked"]
    bounds = {
        bound + shift
        for condition in every_condition(engine)
        for test in comparisons(condition)
        if test.item == item
        for bound in (test.at_least, test.at_most)
        if isinstance(bound, int)
        for shift in (-1, 0, 1)
    }
    low, high = int(declared.minimum), int(declared.maximum)
    return [*sorted(b for b in bounds if low <= b <= high), "not_asked"]


def classes_of(engine, item: str) -> list[object]:
    """One value for each way in which all comparisons of an item can come out together."""
    order = order_of(engine.instrument)
    tests = [
        test.model_dump(mode="json", by_alias=True, exclude_none=True)
        for condition in every_condition(engine)
        for test in comparisons(condition)
        if test.item == item
    ]
    found = {}
    for value in values_of(engine, item):
        known = {} if value == "not_asked" else {item: value}
        found.setdefault(tuple(truth(test, known, order) for test in tests), value)
    return list(found.values())


def histories() -> list[tuple[PastTier, ...]]:
    return [(), *((PastTier(tier, ON - timedelta(days=200)),) for tier in Tier)]


def compare(engine, form, answers, *, band=Tier.ORDINARY, on=ON, history=(), events=None,
            alert=False):  # fmt: skip
    """The program's ruling and the ticks of the officer for the same case."""
    assessment = person(engine.instrument, answers, on=on)
    ruling = rule_on(
        engine.policy, assessment, score=engine.policy.cut_offs.score_in(band), on=on,
        history=history, events=events, holds=[OPEN] if alert else [],
    )  # fmt: skip
    ticks = fill_in(
        form, answers, on=on, order=order_of(engine.instrument), history=history, events=events,
        alert_open=alert, band=band.value,
    )  # fmt: skip
    return ruling, ticks


def event_sets(kinds, days) -> Iterator[tuple[PastEvent, ...] | None]:
    """Not handed over; of each kind none, one or two: running, on its last day, run out."""
    yield None
    one_kind = [(), *((ago,) for ago in (0, *days)), *((ago, ago + 30) for ago in days)]
    for chosen in itertools.product(one_kind, repeat=len(kinds)):
        yield tuple(
            PastEvent(kind, ON - timedelta(days=ago))
            for kind, agos in zip(kinds, chosen, strict=True)
            for ago in agos
        )


@pytest.mark.parametrize("case", CASES)
def test_1_a_rule_holds_on_paper_when_it_holds_in_the_program(case):
    engine, form = CASES[case]()
    in_force = {one.rule.id for one in engine.policy.rules if one.rule.in_force(ON)}
    assert {row.id for row in form.rules} == in_force
    everything = set().union(*(subjects(c)[0] for c in every_condition(engine)))
    loud = {item: classes_of(engine, item)[-2] for item in everything}
    checked = 0
    for one in engine.policy.rules:
        row = next((row for row in form.rules if row.id == one.rule.id), None)
        if row is None or one.rule.yields_to:
            continue  # what yields is part of step 2
        own, facts = subjects(one.rule.when)
        own |= {COUNTED[kind] for kind in row.since if kind in COUNTED}
        last = row.lasts.of((END - START).days) if row.lasts else 0
        sets = list(event_sets(row.since, (last - 1, last) if row.lasts else ()))
        past = histories() if facts else [()]
        names = sorted(own)
        for values in itertools.product(*(values_of(engine, name) for name in names)):
            for events, history in itertools.product(sets, past):
                seen = set()
                # what it does not read changes nothing: once with nothing else, once with all
                for others in ({}, loud):
                    answers = {**DATES, **others, **dict(zip(names, values, strict=True))}
                    ruling, ticks = compare(engine, form, answers, history=history, events=events)
                    said = {rule.id for rule in ruling.applied} | {n.id for n in ruling.warnings}
                    by_hand = {r.id for r in in_effect(form, ticks)}
                    assert (row.id in said) == (row.id in by_hand), (row.id, answers, events)
                    seen.add(row.id in said)
                    checked += 1
                assert len(seen) == 1, (row.id, values, events)
    assert checked > 100


@pytest.mark.parametrize("case", CASES)
def test_2_the_rules_make_the_same_of_every_band(case):
    engine, form = CASES[case]()
    items, facts, kinds = set(), set(), set()
    for one in engine.policy.rules:
        own, read = subjects(one.rule.when)
        if one.applied is None and not any(one.rule.id in r.rule.yields_to
                                           for r in engine.policy.rules):  # fmt: skip
            continue
        items |= own
        facts |= read
        kinds |= set(one.rule.lasts.since if one.rule.lasts else ())
    assert facts <= {"current_tier"}  # others would need histories of their own here
    gone = max((row.lasts.days for row in form.rules if row.lasts), default=0)
    names = sorted(items)
    past = histories() if facts else [()]
    outcomes = set()
    rule_ids = {one.rule.id for one in engine.policy.rules}
    for values in itertools.product(*(classes_of(engine, name) for name in names)):
        answers = {**DATES, **dict(zip(names, values, strict=True))}
        for run_out in itertools.product((False, True), repeat=len(kinds)):
            events = tuple(
                PastEvent(kind, ON - timedelta(days=gone + i))
                for kind, over in zip(sorted(kinds), run_out, strict=True)
                if over
                for i in range(3)
            )
            for history, band in itertools.product(past, Tier):
                ruling, ticks = compare(
                    engine, form, answers, band=band, history=history, events=events
                )
                moved = {r.id for r in ruling.applied} & rule_ids
                by_hand = {r.id for r in in_effect(form, ticks) if r.tier}
                assert moved == by_hand, (answers, events, history)
                assert ruling.asked is apply_rules(form, ticks, band), (answers, events, history)
                outcomes.add((frozenset(moved), band, ruling.asked))
    # every rule that moves a tier held somewhere, alone or not, in every band
    movers = {row.id for row in form.rules if row.tier}
    assert movers == set().union(*(moved for moved, _, _ in outcomes))


def lengths(form) -> list[int]:
    """Days around which something changes, for any term."""
    down = form.way_down
    stays = [] if down is None else [stay.days for stay in down.stays.values()]
    return sorted({*stays, *([down.clean.days] if down and down.clean else [])})


def in_time(engine, form) -> Iterator[tuple[dict, date, tuple, tuple | None, bool]]:
    """Terms, days, present tiers, stays, sanctions, alerts and step conditions."""
    conditions = sorted(set().union(*(subjects(one.step.when)[0] for one in engine.policy.steps)))
    step_values = list(itertools.product(*(classes_of(engine, name) for name in conditions)))
    # 59 days round a sixth down; 1095 make the days the lesser
    for term in (None, 59, 1095):
        start = date(2025, 12, 1)
        dates: dict[str, object] = {"start_date": start}
        if term is not None:
            dates["end_date"] = start + timedelta(days=term)
        initial = form.initial.length.of(term) if form.initial else 0
        for dated, day in itertools.product(
            (dates, {**dates, "start_date": "not_asked"}), {initial - 1, initial, 300} - {-1}
        ):
            on = start + timedelta(days=day)
            for current in (None, *Tier):
                stays = {0, 400}
                if current and form.way_down and (stay := form.way_down.stays.get(current)):
                    stays = {0, stay.of(term) - 1, stay.of(term), 400}
                    # a first decision within the initial period
                    stays |= {day - 1, day} if day > 1 else set()
                clean = form.way_down.clean if form.way_down else None
                sanctions: list[tuple | None] = [None, ()]
                if clean is not None:
                    sanctions += [
                        (PastEvent("warning", on - timedelta(days=ago)),)
                        for ago in (0, clean.of(term) - 1, clean.of(term))
                    ]
                for stay, events, alert, values in itertools.product(
                    sorted(stays) if current else [0], sanctions, (False, True), step_values
                ):
                    history = () if current is None else (
                        PastTier(current, on - timedelta(days=stay)),
                    )  # fmt: skip
                    if current and stay == 400:
                        other = Tier.at((current.rank + 1) % 3)
                        history = (PastTier(other, on - timedelta(days=500)), *history)
                    # an undated sanction shows only where events are handed over or not
                    for warned in (0, 1) if events in (None, ()) else (1,):
                        answers = {
                            **dated, "warnings_n": warned,
                            **dict(zip(conditions, values, strict=True)),
                        }  # fmt: skip
                        yield answers, on, history, events, alert


@pytest.mark.parametrize("case", CASES)
def test_3_the_initial_period_and_the_way_down_are_the_programs(case):
    engine, form = CASES[case]()
    reached = set()
    checked = 0
    for answers, on, history, events, alert in in_time(engine, form):
        if events == () and answers["warnings_n"] and not (form.way_down and form.way_down.clean):
            continue
        for band in Tier:
            ruling, ticks = compare(
                engine, form, answers, band=band, on=on, history=history, events=events,
                alert=alert,
            )  # fmt: skip
            assert apply_time(form, ticks, ruling.asked) is ruling.tier, (
                answers, on, history, events, alert, band,
            )  # fmt: skip
            reached.add((ruling.binding.id, ruling.tier))
            checked += 1
    assert checked > 2000
    bound = {name for name, _ in reached}
    if form.initial is not None:
        assert INITIAL_RULE in bound
    if form.way_down is not None:
        assert "minimum_stay" in bound
    assert "open_alert" in bound


def test_the_third_step_sees_nothing_of_the_others_but_their_tier():
    """Strict by the band and strict by a rule go the same way from there, whatever the history."""
    engine, form = rich()
    strict = {"admonitions_n": 2, "last_appraisal": "pass"}
    plain = {**strict, "special_category": "terror_extremism"}
    day = ON - timedelta(days=1)
    events = (PastEvent("admonition", day), PastEvent("admonition", day))
    for current in (None, *Tier):
        for stay in (0, 89, 90, 400):
            history = () if current is None else (PastTier(current, ON - timedelta(days=stay)),)
            for alert in (False, True):
                tiers = set()
                for answers, band in ((strict, Tier.RELAXED), (strict, Tier.STRICT),
                                      (plain, Tier.ORDINARY)):  # fmt: skip
                    ruling, ticks = compare(
                        engine, form, {**DATES, **answers}, band=band, history=history,
                        events=events, alert=alert,
                    )  # fmt: skip
                    assert ruling.asked is Tier.STRICT
                    tiers.add((ruling.tier, apply_time(form, ticks, ruling.asked)))
                assert len(tiers) == 1


def test_a_rule_out_of_force_is_not_printed_and_the_days_say_so():
    engine, form = rich()
    assert {"later", "ended"}.isdisjoint(row.id for row in form.rules)
    assert (form.first, form.last) == (date(2026, 1, 2), date(2026, 12, 31))


def test_caps_stand_before_floors_and_what_fixes_a_tier_last():
    _, form = rich()
    assert [row.effect for row in form.rules if row.tier] == [
        "cap", "cap", "floor", "floor", "floor", "set", "set",
    ]  # fmt: skip
    sets = [row.tier.rank for row in form.rules if row.effect == "set"]
    assert sets == sorted(sets)


def test_cut_offs_are_those_of_the_engine():
    engine, form = rich()
    assert engine.policy.cut_offs == CutOffs(2, 8)
    assert [(b.low, b.high) for b in form.bands] == [(None, 1), (2, 7), (8, None)]
