"""A stack is one set of tables, and it is weighed on people whom its parts had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.instrument.model import Instrument
from riskengine.training.axes import ScoredItem, States, candidates, encode
from riskengine.training.calibration import Sigmoid
from riskengine.training.cohort import read_cohort
from riskengine.training.learner import Fitted, Observed
from riskengine.training.light import LightBoosting
from riskengine.training.procedure import Procedure, cross_fit, folds_of
from riskengine.training.replicates import replicate
from riskengine.training.shrunken import ShrunkenTables
from riskengine.training.stacking import Candidate, Part, Stacked, stack_weights
from riskengine.training.tables import Floats, Pair, Tables, marginals, merge, with_draws

Integers = NDArray[np.int64]


def random_tables(rng: np.random.Generator, sizes: Sequence[int], pairs: Sequence[Pair]) -> Tables:
    return Tables(
        float(rng.normal()),
        tuple(rng.normal(size=size) for size in sizes),
        {pair: rng.normal(size=[sizes[i] for i in pair]) for pair in pairs},
    )


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_merged_tables_are_the_weighted_sum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = (3, 4, 5)
    parts = [
        random_tables(rng, sizes, pairs)
        for pairs in ([(0, 1), (1, 2)], [], [(0, 2), (1, 2)])
    ]  # fmt: skip
    weights = rng.normal(size=3)
    people = np.column_stack([rng.integers(0, size, 300) for size in sizes])
    found = merge(parts, weights)
    assert list(found.pairs) == [(0, 1), (0, 2), (1, 2)]
    wanted = sum(w * one.score(people) for w, one in zip(weights, parts, strict=True))
    assert np.abs(found.score(people) - wanted).max() < 1e-12
    assert not np.shares_memory(merge(parts[:1], [1.0]).mains[0], parts[0].mains[0])


def test_what_does_not_belong_together_is_not_merged() -> None:
    rng = np.random.default_rng(0)
    one, other = random_tables(rng, (3, 4), []), random_tables(rng, (3, 5), [])
    with pytest.raises(TrainingError, match="different items or levels"):
        merge([one, other], [0.5, 0.5])
    with pytest.raises(TrainingError, match="2 sets of tables and 1 weights"):
        merge([one, one], [1.0])
    with pytest.raises(TrainingError, match="0 sets of tables"):
        merge([], [])


# --- Weights ----------------------------------------------------------------------------------


def test_weights_find_the_part_that_knows_and_are_never_negative() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=20_000)
    outcome = (rng.random(20_000) < sigmoid(truth)).astype(np.int64)
    noise, against = rng.normal(size=20_000), -truth + rng.normal(size=20_000)
    scores = np.column_stack([truth, noise, against])
    _, weights = stack_weights(scores, Observed(outcome))
    assert weights[0] > 0.85
    assert weights[1] < 0.06
    assert weights[2] == 0.0


def test_a_weight_of_two_is_a_person_twice() -> None:
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(500, 2))
    outcome = (rng.random(500) < sigmoid(scores[:, 0])).astype(np.int64)
    times = rng.integers(0, 3, 500)
    _, once = stack_weights(scores, Observed(outcome, times.astype(np.float64)))
    _, twice = stack_weights(np.repeat(scores, times, axis=0), Observed(np.repeat(outcome, times)))
    assert once == pytest.approx(twice, abs=1e-5)


def test_parts_that_say_nothing_are_refused() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=5000)
    outcome = (rng.random(5000) < sigmoid(3 * truth)).astype(np.int64)
    with pytest.raises(TrainingError, match="no part of the stack says anything"):
        stack_weights(-3 * truth[:, None], Observed(outcome))


# --- The stack as a learner -------------------------------------------------------------------


@dataclass
class Noting:
    """Shrunken tables that note who was shown and with what outcome."""

    shown: list[tuple[States, Integers, Floats | None]] = field(default_factory=list)
    name: str = "noting"

    def options(self) -> dict[str, bool | int | float | str]:
        return {}

    def cheaper(self) -> Noting:
        return self

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: Integers,
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
    ) -> Fitted:
        self.shown.append((states, outcome, weight))
        learner = ShrunkenTables(pairs=0)
        return learner.fit(items, states, outcome, seed=seed, weight=weight, pairs=pairs)


@pytest.fixture(scope="module")
def prepared(
    small: Instrument, people: pd.DataFrame
) -> tuple[tuple[ScoredItem, ...], States, Integers, Integers]:
    """Items, live states, the outcome, and a later one that holds it."""
    cohort = read_cohort(people, small, "event_1y")
    items = candidates(small, cohort, include_protected=False)
    states = encode(cohort, items)
    live = with_draws(states, items, marginals(items, states), seed=0)
    later = np.maximum(cohort.outcome, np.random.default_rng(0).integers(0, 2, cohort.people))
    return items, live, cohort.outcome, later


QUICK = Stacked(
    parts=(
        Part(ShrunkenTables()),
        Part(ShrunkenTables(pairs=0), 1),
        Part(LightBoosting(rounds=30)),
    ),
    candidates=(
        Candidate("one", (0,)),
        Candidate("horizons", (0, 1)),
        Candidate("all", (0, 1, 2)),
    ),
)  # fmt: skip


def test_a_stack_is_exactly_its_parts_and_choosing_is_part_of_it(
    prepared: tuple[tuple[ScoredItem, ...], States, Integers, Integers],
) -> None:
    items, states, outcome, later = prepared
    fitted = QUICK.fit(items, states, outcome, seed=1, further=[Observed(later)])
    assert isinstance(fitted.held, Stacked)
    choice = fitted.held.held
    assert choice is not None
    assert choice.losses[QUICK.candidates.index(choice.candidate)] == min(choice.losses)
    outcomes = (outcome, later)
    wanted = sum(
        weight
        * QUICK.parts[p].learner.fit(items, states, outcomes[QUICK.parts[p].horizon], seed=1)
        .tables.score(states)
        for weight, p in zip(choice.weights, choice.candidate.parts, strict=True)
    )  # fmt: skip
    assert np.abs(fitted.tables.score(states) - wanted).max() < 1e-12
    # held, it is fitted without choosing again
    again = fitted.held.fit(items, states, outcome, seed=1, further=[Observed(later)])
    assert np.abs(again.tables.score(states) - wanted).max() < 1e-9


def test_a_horizon_that_is_not_there_is_asked_for_by_name(
    prepared: tuple[tuple[ScoredItem, ...], States, Integers, Integers],
) -> None:
    items, states, outcome, _ = prepared
    with pytest.raises(TrainingError, match=r"\[shrunken_tables@1\] asks for horizon 1 of 1"):
        QUICK.fit(items, states, outcome, seed=1)


def test_weights_come_from_people_whom_the_parts_had_not_seen(
    prepared: tuple[tuple[ScoredItem, ...], States, Integers, Integers],
) -> None:
    """Every person is left out of the fits by one of the inner folds, and by only one."""
    items, states, outcome, later = prepared
    numbered = np.arange(len(states))
    within, learner = Noting(), Noting()
    stack = Stacked((Part(learner, 0, within),), (Candidate("one", (0,)),), folds=4)
    stack.fit(items, states, outcome, seed=1, further=[Observed(later)])
    assert [len(shown) for shown, *_ in learner.shown] == [len(states)]
    folds = folds_of(outcome + later, 4, 1)
    assert len(within.shown) == 4
    for fold, (shown, seen, _) in enumerate(within.shown):
        rest = numbered[folds != fold]
        assert (shown == states[rest]).all()
        assert (seen == outcome[rest]).all()


def test_nobody_is_learned_from_at_a_horizon_at_which_they_were_lost(
    prepared: tuple[tuple[ScoredItem, ...], States, Integers, Integers],
) -> None:
    items, states, outcome, later = prepared
    weight = np.where(np.arange(len(states)) % 5 == 0, 0.0, 1.25)
    first, second = Noting(), Noting()
    stack = Stacked((Part(first), Part(second, 1)), (Candidate("both", (0, 1)),), folds=2)
    procedure = Procedure(items, stack, 0, enforce=False)
    procedure.learn(states, outcome, further=[Observed(later, weight)])
    assert len(first.shown[-1][0]) == len(states)
    assert len(second.shown[-1][0]) == int((weight > 0).sum())
    assert (second.shown[-1][2] == 1.25).all()


def test_cross_validation_and_replicates_of_a_stack_do_not_depend_on_processes(
    prepared: tuple[tuple[ScoredItem, ...], States, Integers, Integers],
) -> None:
    items, states, outcome, later = (*prepared[:1], *(part[:500] for part in prepared[1:]))
    part = ShrunkenTables(pairs=0, rounds=1)
    stack = Stacked((Part(part), Part(part, 1)), (Candidate("both", (0, 1)),), folds=2)
    procedure = Procedure(items, stack, 3)
    further = [Observed(later)]
    folds = folds_of(outcome, 2, 0)
    told: list[int] = []

    def tell() -> None:
        told.append(1)

    one = cross_fit(procedure, states, outcome, folds, further=further)
    two = cross_fit(procedure, states, outcome, folds, tell, further=further, processes=2)
    assert (one.free == two.free).all()
    assert (one.kept == two.kept).all()
    assert len(told) == 2
    learned = procedure.learn(states, outcome, further=further)
    spreads = [
        replicate(
            procedure, learned.tables, Sigmoid(1.0, 0.0), states, outcome, 4, tell,
            held=learned.held, further=further, processes=processes,
        )
        for processes in (1, 2)
    ]  # fmt: skip
    assert len(told) == 10
    assert spreads[0].people > 0
    for a, b in zip(spreads[0].errors, spreads[1].errors, strict=True):
        assert (a == b).all()
