"""A frame at once says what one person at a time says: over rules, days, histories, events."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine.policy.bands import CutOffs
from riskengine.policy.columns import people_of
from riskengine.policy.compiled import assemble
from riskengine.policy.document import Citation
from riskengine.policy.frame import HOLD_RULE, UNKNOWN, rule_on_frame
from riskengine.policy.history import EVENT_KINDS, PastEvent, PastTier
from riskengine.policy.ruling import Hold, rule_on
from riskengine.policy.tiers import Tier
from riskengine.text import Text
from tests.support.policies import CITED, SAID, default, person, read, rule

START = date(2026, 1, 1)
CUTS = CutOffs(relaxed_below=3, strict_from=8)
SAID_TEXT = Text(zh="未了结的安全提醒", en="an open alert")
HOLD = Hold("open_alert", SAID_TEXT, SAID_TEXT, Citation(text=SAID_TEXT, verified=True))

# days, periods and terms lie on one grid, so that the edges between them are met often
STEP = 30
ON_GRID = range(-1, 14)
days = st.sampled_from(ON_GRID).map(lambda n: START + timedelta(days=n * STEP))
tiers = st.sampled_from(["strict", "ordinary", "relaxed"])


def counted(name: str):
    return st.builds(
        lambda op, n: {"item": name, op: n}, st.sampled_from(["at_least", "at_most", "is"]),
        st.integers(0, 3),
    )  # fmt: skip


comparison = st.one_of(
    counted("warnings_n"),
    counted("admonitions_n"),
    st.builds(lambda v: {"item": "recidivist", "is": v}, st.booleans()),
    st.builds(
        lambda v: {"item": "last_appraisal", "in": v},
        st.lists(st.sampled_from(["fail", "pass", "good"]), min_size=1, max_size=2),
    ),
    st.builds(
        lambda op, v: {"item": "self_harm_flag", op: v},
        st.sampled_from(["at_least", "at_most"]), st.sampled_from(["0", "1", "2", "3"]),
    ),
    st.builds(
        lambda v: {"item": "prohibition_types", "contains": v},
        st.sampled_from(["activities", "places", "persons"]),
    ),
    st.builds(
        lambda op, d: {"item": "end_date", op: d.isoformat()},
        st.sampled_from(["at_least", "at_most"]), days,
    ),
    st.just({"item": "end_date", "more_than_item": "prohibition_end"}),
    st.builds(lambda op, n: {"item": "term_months", op: n},
              st.sampled_from(["at_least", "at_most"]), st.integers(1, 20)),
    st.builds(lambda n, v: {"item": n, "known": v},
              st.sampled_from(["recidivist", "prohibition_types", "delegation_office"]),
              st.booleans()),
    st.builds(
        lambda f, op, n: {"fact": f, op: n},
        st.sampled_from(["days_since_start", "days_to_end", "term_days", "days_at_tier",
                         "days_since_sanction", "days_since_warning", "days_since_arrest"]),
        st.sampled_from(["at_least", "at_most"]), st.sampled_from([0, 30, 60, 90, 180]),
    ),
    st.builds(lambda f, v: {"fact": f, "known": v},
              st.sampled_from(["current_tier", "days_since_job_lost", "days_at_tier"]),
              st.booleans()),
    st.builds(lambda f, op, v: {"fact": f, op: v}, st.sampled_from(["band", "current_tier"]),
              st.sampled_from(["is", "at_least", "at_most"]), tiers),
    st.builds(lambda v: {"fact": "assessment_kind", "is": v},
              st.sampled_from(["intake", "reassessment"])),
)  # fmt: skip
condition = st.recursive(
    comparison,
    lambda inner: st.one_of(
        st.builds(lambda c: {"not": c}, inner),
        st.builds(lambda c: {"all": c}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda c: {"any": c}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=3,
)
often = st.one_of(st.just({"item": "warnings_n", "at_least": 0}), counted("warnings_n"), condition)
period = st.builds(
    lambda n, share: {"days": n, **({"share_of_term": share} if share else {})},
    st.sampled_from([30, 60, 90, 120]), st.sampled_from([None, "1/6", "1/12", "1/3", "0.15"]),
)  # fmt: skip
effect = st.one_of(
    st.builds(
        lambda k, t: {"kind": k, "tier": t}, st.sampled_from(["floor", "cap", "set"]), tiers
    ),
    st.just({"kind": "caution"}),
)
event_kinds = st.sampled_from(EVENT_KINDS)


@st.composite
def policies(draw):
    rules = []
    for i in range(draw(st.integers(0, 5))):
        more = {}
        if draw(st.booleans()):
            since = draw(st.lists(event_kinds, max_size=2))
            since = [*since, "warning"]
            more["lasts"] = {"since": since, "period": draw(period)}
        if i and draw(st.integers(0, 2)) == 0:
            more["yields_to"] = [f"r{draw(st.integers(0, i - 1))}"]
        if draw(st.integers(0, 3)) == 0:
            more["valid_from"] = draw(days).isoformat()
        if draw(st.integers(0, 3)) == 0:
            more["valid_to"] = draw(days).isoformat()
        rules.append(rule(f"r{i}", draw(often), draw(effect), **more))
    raw = {**default(), "rules": rules}
    raw["initial_period"] = {**raw["initial_period"], "tier": draw(tiers), "period": draw(period)}
    if draw(st.booleans()):
        del raw["initial_period"]
    if draw(st.integers(0, 3)) == 0:
        del raw["steps"]
    else:
        raw["steps"] = {
            "down": draw(st.sampled_from([1, 2])),
            "reason": SAID,
            "citation": CITED,
            "conditions": [
                {"id": f"s{i}", "title": SAID, "when": draw(condition), "reason": SAID,
                 "citation": CITED}
                for i in range(draw(st.integers(0, 2)))
            ],
        }  # fmt: skip
        if draw(st.booleans()):
            raw["steps"]["without_sanction_for"] = draw(period)
    for terms in raw["tiers"].values():
        terms.pop("minimum_stay", None)
        if draw(st.booleans()):
            terms["minimum_stay"] = draw(period)
    return read(raw)


def drawn_people(seed: int, n: int):
    """People with answers, histories and events, many of them not known."""
    rng = random.Random(seed)
    day = lambda: START + timedelta(days=STEP * rng.choice(ON_GRID))  # noqa: E731

    def maybe(value, unknown=0.2):
        return rng.choice(["unknown", None]) if rng.random() < unknown else value

    found = []
    for _ in range(n):
        term = rng.choice([90, 180, 360, 720])
        start = day()
        kinds = ["activities", "places", "persons"]
        answers = {
            "warnings_n": maybe(rng.choice([0, 0, 1, 2])),
            "admonitions_n": maybe(rng.choice([0, 0, 1, 2])),
            "ps_penalties_n": maybe(rng.choice([0, 0, 0, 1])),
            "recidivist": maybe(rng.random() < 0.5),
            "last_appraisal": maybe(rng.choice(["fail", "pass", "good", "none_yet"])),
            "self_harm_flag": maybe(rng.choice(["0", "1", "2", "3"])),
            "prohibition_types": maybe(tuple(k for k in kinds if rng.random() < 0.5)),
            "prohibition_end": maybe(day()),
            "delegation_office": maybe("x"),
            "start_date": maybe(start, 0.1),
            "end_date": maybe(start + timedelta(days=term), 0.1),
        }
        history = [
            PastTier(rng.choice(list(Tier)), day()) for _ in range(rng.choice([0, 1, 1, 2, 4]))
        ]
        common = ["warning", "admonition", "public_security_penalty", *EVENT_KINDS]
        events = [PastEvent(rng.choice(common), day()) for _ in range(rng.choice([0, 1, 2, 5]))]
        found.append(
            (
                {k: v for k, v in answers.items() if v is not None},
                rng.choice(["intake", "reassessment"]),
                rng.randint(-2, 12),
                history,
                rng.choice([None, events, events]),
                rng.random() < 0.1,
            )
        )
    return found


@settings(
    max_examples=120, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(document=policies(), seed=st.integers(0, 2**32), on=days)
def test_a_frame_equals_one_person_at_a_time(cn, document, seed, on):
    drawn = drawn_people(seed, 60)
    policy = assemble(document, cn, CUTS)
    assessments = [
        person(cn, {k: v for k, v in answers.items() if v is not None}, kind=kind, on=on)
        for answers, kind, *_ in drawn
    ]
    scores = np.array([score for _, _, score, *_ in drawn])
    histories = [history for *_, history, _, _ in drawn]
    events = [own for *_, own, _ in drawn]
    held = np.array([flag for *_, flag in drawn])
    frame = rule_on_frame(
        policy,
        people_of(policy, assessments, on=on, histories=histories, events=events),
        scores, on=on, held=held,
    )  # fmt: skip
    for i, assessment in enumerate(assessments):
        one = rule_on(
            policy, assessment, score=int(scores[i]), on=on, history=histories[i],
            events=events[i], holds=[HOLD] if held[i] else [],
        )  # fmt: skip
        binding = HOLD_RULE if one.binding.id == HOLD.id else one.binding.id
        after = one.without_initial_period
        assert Tier.at(int(frame.band[i])) is one.band
        assert Tier.at(int(frame.asked[i])) is one.asked
        assert (frame.tier_of(i), frame.binding_of(i)) == (one.tier, binding)
        assert int(frame.without_initial_period[i]) == (-1 if after is None else after.rank)
        unknown = {name for name, truth in frame.truths.items() if truth[i] == UNKNOWN}
        rules = {r.id for r in document.rules}
        assert unknown == {one.id for one in one.unchecked} & rules


@pytest.mark.parametrize("size", [0, 1])
def test_no_people_and_one(cn, size):
    policy = assemble(read(default()), cn, CUTS)
    some = [person(cn, {}) for _ in range(size)]
    frame = rule_on_frame(
        policy, people_of(policy, some, on=START), np.zeros(size, dtype=np.int64), on=START
    )
    assert frame.tier.shape == (size,)


def test_a_day_for_each_person(cn):
    policy = assemble(read(default()), cn, CUTS)
    assessment = person(cn, {"start_date": START, "end_date": date(2027, 12, 31)})
    both = [date(2026, 2, 1), date(2026, 6, 1)]
    columns = people_of(policy, [assessment, assessment], on=both[1])
    epoch = date(1970, 1, 1)
    frame = rule_on_frame(
        policy, columns, np.zeros(2, dtype=np.int64),
        on=np.array([float((day - epoch).days) for day in both]),
    )  # fmt: skip
    alone = [rule_on(policy, assessment, score=0, on=day) for day in both]
    assert [frame.tier_of(i) for i in range(2)] == [one.tier for one in alone]
    assert [frame.tier_of(i) for i in range(2)] == [Tier.STRICT, Tier.RELAXED]
