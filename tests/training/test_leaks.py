"""Leaks are found in the data, whatever is declared; honest columns are left alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from made_up import build, instrument_value, made_up, text
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import auc
from riskengine.instrument.items import Item
from riskengine.training.axes import ScoredItem, States, candidates, encode, scored_item
from riskengine.training.cohort import read_cohort
from riskengine.training.leaks import check_leaks
from riskengine.training.lifts import LIFT, Lift, lifted_by_follow_up
from riskengine.training.odd_levels import chance_interval, odd_levels, state_words
from riskengine.training.quick import Quick
from riskengine.training.together import alike, correlations, groups

Integers = NDArray[np.int64]


def column(name: str, kind: str = "integer", **more: Any) -> ScoredItem:
    """An item that declares nothing."""
    levels = [{"id": level, "label": text(level)} for level in more.pop("levels", ())]
    if kind == "integer":
        more = {"minimum": 0, "maximum": 8} | more
    value = {"id": name, "label": text(name), "type": kind, "domain": "all", "use": ["scored"]}
    value |= {"levels": levels} if levels else {}
    return scored_item(Item.model_validate_json(json.dumps(value | more)))


@dataclass(frozen=True)
class Made:
    """A cohort with proportional hazards; three risk factors are known at the assessment."""

    items: tuple[ScoredItem, ...]
    states: States
    outcome: Integers
    times: NDArray[np.float64]

    def plus(self, item: ScoredItem, states: Integers) -> Made:
        return Made(
            (*self.items, item), np.column_stack([self.states, states]), self.outcome, self.times
        )

    def lift(self, *, timed: bool = True) -> Lift | None:
        answers, gaps = correlations(self.items, self.states, self.outcome)
        return lifted_by_follow_up(
            self.items,
            self.states,
            self.outcome,
            groups(self.items, answers, gaps),
            Quick.fitted(self.states, self.outcome, 0),
            times=self.times if timed else None,
            seed=0,
        )

    def check(self, *, timed: bool = True) -> None:
        check_leaks(self.items, self.states, self.outcome, 0, times=self.times if timed else None)


def made(people: int = 4000, seed: int = 0, strength: float = 0.3) -> Made:
    rng = np.random.default_rng(seed)
    priors = np.minimum(rng.poisson(2.0, people), 8)
    age = rng.integers(0, 4, people)
    noise = rng.integers(0, 3, people)
    hazard = 0.5 * np.exp(strength * (priors - 2.0) - 0.3 * (age - 1.5))
    times = rng.exponential(1.0 / hazard)
    items = (
        column("priors"),
        column("age", "ordinal", levels=["a", "b", "c", "d"]),
        column("area", "nominal", levels=["x", "y", "z"]),
    )
    outcome = (times < 1.0).astype(np.int64)
    return Made(items, np.column_stack([priors, age, noise]), outcome, np.minimum(times, 1.0))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("timed", [True, False])
def test_silent_on_ten_clean_cohorts(seed: int, timed: bool) -> None:
    made(2000, seed).check(timed=timed)


@pytest.mark.parametrize("seed", range(10))
def test_silent_on_the_small_instrument(seed: int) -> None:
    small = build(instrument_value())
    cohort = read_cohort(made_up(1000, seed), small, "event_1y")
    items = candidates(small, cohort, include_protected=False)
    check_leaks(items, encode(cohort, items), cohort.outcome, seed)


@pytest.mark.parametrize("timed", [True, False])
def test_a_strong_record_is_no_leak(timed: bool) -> None:
    strong = made(strength=0.8)
    assert auc(strong.states[:, 0].astype(float), strong.outcome) > 0.8
    strong.check(timed=timed)


def counted(cohort: Made, seed: int = 1) -> Integers:
    """Count something over the follow-up, which ends with the event."""
    counts = np.random.default_rng(seed).poisson(4.0 * cohort.times)
    return np.minimum(counts, 8).astype(np.int64)


def test_counts_over_the_follow_up_are_found_by_their_timing() -> None:
    cohort = made()
    leaky = cohort.plus(column("talks"), counted(cohort))
    leaky = leaky.plus(column("visits"), counted(cohort, 2))
    found = leaky.lift()
    assert found is not None
    assert set(found.items) == {"talks", "visits"}
    assert found.added > LIFT
    assert found.timing is not None
    assert found.timing > found.implied + 0.1
    with pytest.raises(TrainingError, match="how long people were followed") as stopped:
        leaky.check()
    assert "known_at: supervision" in str(stopped.value)


def test_the_same_without_times_asks_for_them() -> None:
    cohort = made()
    leaky = cohort.plus(column("talks"), counted(cohort))
    found = leaky.lift(timed=False)
    assert found is not None
    assert found.items == ("talks",)
    with pytest.raises(TrainingError, match="give the time of the event"):
        leaky.check(timed=False)


def test_times_clear_a_count_that_was_known_at_the_assessment() -> None:
    """More months in work, fewer events: looks like a leak until times are given."""
    rng = np.random.default_rng(3)
    worked = rng.integers(0, 9, 4000)
    times = rng.exponential(2.0 * np.exp(0.25 * (worked - 4.0)))
    base = made()
    cohort = Made(
        (*base.items, column("worked")),
        np.column_stack([base.states, worked]),
        (times < 1.0).astype(np.int64),
        np.minimum(times, 1.0),
    )
    assert cohort.lift(timed=False) is not None
    cohort.check()


def test_a_field_filled_in_after_the_event() -> None:
    cohort = made()
    rng = np.random.default_rng(0)
    item = column("grade", "ordinal", levels=["light", "grave"])
    filled = (cohort.outcome == 1) & (rng.random(4000) < 0.5)
    leaky = cohort.plus(item, np.where(filled, rng.integers(0, 2, 4000), item.known))
    with pytest.raises(TrainingError, match=r"item \[grade\], level light"):
        leaky.check(timed=False)


def test_a_gap_that_only_completers_have() -> None:
    cohort = made()
    rng = np.random.default_rng(0)
    item = column("view", "ordinal", levels=["good", "bad"])
    blank = (cohort.outcome == 0) & (rng.random(4000) < 0.05)
    leaky = cohort.plus(item, np.where(blank, item.known, rng.integers(0, 2, 4000)))
    with pytest.raises(TrainingError, match=r"item \[view\], answer not known: 0 of "):
        leaky.check(timed=False)


def test_levels_of_a_hundred_people_and_no_fewer() -> None:
    cohort = made()
    item = column("mark", "boolean")
    quiet = np.flatnonzero(cohort.outcome == 0)
    for people, found in ((99, 0), (100, 1)):
        states = np.zeros(4000, dtype=np.int64)
        states[quiet[:people]] = 1
        leaky = cohort.plus(item, states)
        odd = odd_levels(
            leaky.items,
            leaky.states,
            leaky.outcome,
            alike(*correlations(leaky.items, leaky.states, leaky.outcome)),
            Quick.fitted(leaky.states, leaky.outcome, 0),
            0,
        )
        assert len(odd) == found


def test_what_the_other_items_explain_is_not_odd() -> None:
    """A level that only people with a long record have is expected to fare badly."""
    cohort = made(strength=0.8)
    many = (cohort.states[:, 0] >= 4).astype(np.int64)
    assert cohort.outcome[many == 1].mean() > 0.75
    odds = cohort.outcome[many == 1].mean() / cohort.outcome[many == 0].mean()
    assert odds > 2.0
    # noisy, so that it is not the record itself
    flip = np.random.default_rng(0).random(4000) < 0.15
    cohort.plus(column("club", "boolean"), np.where(flip, 1 - many, many)).check()


def test_the_interval_is_exact() -> None:
    from math import comb

    low, high = chance_interval(30, 0.2, 0.001)

    def upto(count: int) -> float:
        return sum(comb(30, k) * 0.2**k * 0.8 ** (30 - k) for k in range(count + 1))

    assert upto(low - 1) < 0.0005 <= upto(low)
    assert upto(high - 1) < 0.9995 <= upto(high)


def test_dropping_a_column_is_nearly_fitting_anew() -> None:
    cohort = made()
    whole = Quick.fitted(cohort.states, cohort.outcome, 0)
    anew = Quick.fitted(cohort.states[:, 1:], cohort.outcome, 0)
    gone = auc(whole.scores(), cohort.outcome) - auc(anew.scores(), cohort.outcome)
    assert gone > 0.05
    difference = auc(whole.scores({0}), cohort.outcome) - auc(anew.scores(), cohort.outcome)
    assert abs(difference) < 0.003


def test_groups_are_found_by_name_by_gaps_and_by_correlation() -> None:
    rng = np.random.default_rng(0)
    n = 500
    base = rng.integers(0, 2, n)
    gap = rng.random(n) < 0.2
    names = ("test_one", "test_two", "pay", "rent", "left", "right", "rest")
    items = tuple(column(name, "boolean") for name in names)
    free = [rng.integers(0, 2, n) for _ in range(5)]
    pay, rent = (np.where(gap, items[0].known, values) for values in free[2:4])
    twin = np.where(rng.random(n) < 0.05, 1 - base, base)
    states = np.column_stack([free[0], free[1], pay, rent, base, twin, free[4]])
    outcome = (rng.random(n) < 0.2 + 0.4 * base).astype(np.int64)
    found = groups(items, *correlations(items, states, outcome))
    assert {frozenset({0, 1}), frozenset({2, 3}), frozenset({4, 5})} <= set(found)
    assert all(frozenset({place}) in found for place in range(7))
    assert frozenset(range(7)) not in found


def test_states_are_named_for_a_person() -> None:
    item = column("jobs", bands=[1, 3])
    assert [state_words(item, state) for state in range(4)] == [
        "below 1", "1 to below 3", "3 or more", "answer not known",
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_words() -> None:
    cohort = made()
    leaky = cohort.plus(column("talks"), counted(cohort))
    said = []
    for _ in range(2):
        with pytest.raises(TrainingError) as stopped:
            leaky.check()
        said.append(str(stopped.value))
    assert said[0] == said[1]
