"""Cross-validation holds out what it says, and replicates keep the variance of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from made_up import build, instrument_value
from numpy.typing import NDArray

from riskengine.training.axes import ScoredItem, States, scored_item
from riskengine.training.learner import Fitted
from riskengine.training.procedure import OutOfFold, Procedure, cross_fit, folds_of
from riskengine.training.replicates import summed_up
from riskengine.training.tables import Floats, Pair, Tables

RNG = np.random.default_rng(9)
PEOPLE = 400
ITEM = scored_item(build(instrument_value()).by_id["work"])
STATES = RNG.integers(0, 3, size=(PEOPLE, 1))
OUTCOME = (RNG.random(PEOPLE) < 0.3).astype(np.int64)


@dataclass
class Remembering:
    """A learner whose only table holds how many people it was shown."""

    shown: list[int] = field(default_factory=list)
    name: str = "remembering"

    def options(self) -> dict[str, bool | int | float | str]:
        return {}

    def cheaper(self) -> Remembering:
        return self

    def fit(
        self,
        items: Sequence[ScoredItem],
        states: States,
        outcome: NDArray[np.int64],
        *,
        seed: int,
        weight: Floats | None = None,
        pairs: Sequence[Pair] | None = None,
    ) -> Fitted:
        self.shown.append(len(outcome))
        tables = Tables(float(outcome.mean()), (np.zeros(items[0].axis.states),), {})
        return Fitted(tables, lambda of: np.full(len(of), outcome.mean()))


def test_folds_share_events_evenly_and_follow_the_seed() -> None:
    folds = folds_of(OUTCOME, 5, seed=3)
    events = [int(OUTCOME[folds == fold].sum()) for fold in range(5)]
    people = [int((folds == fold).sum()) for fold in range(5)]
    assert max(events) - min(events) <= 1
    assert max(people) - min(people) <= 1
    assert (folds == folds_of(OUTCOME, 5, seed=3)).all()
    assert (folds != folds_of(OUTCOME, 5, seed=4)).any()


def test_nobody_is_scored_by_a_model_that_saw_them() -> None:
    folds = folds_of(OUTCOME, 5, seed=0)
    learner = Remembering()
    found = cross_fit(Procedure((ITEM,), learner, 0), STATES, OUTCOME, folds)
    assert learner.shown == [int((folds != fold).sum()) for fold in range(5)]
    for fold in range(5):
        assert found.kept[folds == fold] == pytest.approx(OUTCOME[folds != fold].mean())


def test_one_person_with_several_rows_stands_in_one_fold() -> None:
    rng = np.random.default_rng(1)
    person = rng.integers(0, 120, PEOPLE)
    folds = folds_of(OUTCOME, 5, seed=2, groups=person)
    for one in np.unique(person):
        assert len(set(folds[person == one].tolist())) == 1
    ever = np.array([OUTCOME[person == one].max() for one in np.unique(person)])
    where = np.array([folds[person == one][0] for one in np.unique(person)])
    events = [int(ever[where == fold].sum()) for fold in range(5)]
    assert max(events) - min(events) <= 1
    # where everybody has one row, nothing changes
    alone = folds_of(OUTCOME, 5, seed=2, groups=np.arange(PEOPLE))
    assert (alone == folds_of(OUTCOME, 5, seed=2)).all()


def test_nobody_of_weight_zero_is_learned_from_and_everybody_is_scored() -> None:
    folds = folds_of(OUTCOME, 5, seed=0)
    weight = np.where(np.arange(PEOPLE) % 3 == 0, 0.0, 1.5)
    learner = Remembering()
    procedure = Procedure((ITEM,), learner, 0)
    found = cross_fit(procedure, STATES, OUTCOME, folds, weight=weight)
    counted = weight > 0
    assert learner.shown == [int(((folds != fold) & counted).sum()) for fold in range(5)]
    for fold in range(5):
        known = OUTCOME[(folds != fold) & counted]
        assert found.kept[folds == fold] == pytest.approx(known.mean())
    # the outcome of somebody who was lost is never looked at
    turned = np.where(counted, OUTCOME, 1 - OUTCOME)
    again = cross_fit(procedure, STATES, turned, folds, weight=weight)
    assert (again.kept == found.kept).all()


def test_weights_calibrate_like_people() -> None:
    folds = folds_of(OUTCOME, 4, seed=0)
    scores = RNG.normal(size=PEOPLE) + OUTCOME
    found = OutOfFold(free=scores, kept=scores, folds=folds)
    ones = found.calibrated(scores, OUTCOME, np.ones(PEOPLE))
    assert np.abs(ones - found.calibrated(scores, OUTCOME)).max() < 1e-6
    times = RNG.integers(1, 4, PEOPLE)
    weighted = found.calibrated(scores, OUTCOME, times.astype(np.float64))
    many = np.repeat(np.arange(PEOPLE), times)
    copies = OutOfFold(free=scores[many], kept=scores[many], folds=folds[many])
    repeated = copies.calibrated(scores[many], OUTCOME[many])
    assert np.abs(weighted[many] - repeated).max() < 1e-6
    assert np.abs(weighted - ones).max() > 1e-3


def test_replicates_draw_all_rows_of_a_person_together() -> None:
    from riskengine.training.replicates import _drawn

    rng = np.random.default_rng(4)
    person = rng.integers(0, 50, 300)
    counts = _drawn(np.random.default_rng(0), 300, person)
    for one in np.unique(person):
        assert len(set(counts[person == one].tolist())) == 1
    assert counts.max() > 1
    assert (counts == 0).any()


def test_predictions_are_calibrated_without_their_own_outcomes() -> None:
    folds = folds_of(OUTCOME, 4, seed=0)
    scores = RNG.normal(size=PEOPLE) + OUTCOME
    found = OutOfFold(free=scores, kept=scores, folds=folds)
    before = found.calibrated(scores, OUTCOME)
    turned = np.where(folds == 2, 1 - OUTCOME, OUTCOME)
    after = found.calibrated(scores, turned)
    assert (after[folds == 2] == before[folds == 2]).all()
    assert (after[folds != 2] != before[folds != 2]).all()


def test_a_factor_of_low_rank_keeps_the_mean_variance_of_people() -> None:
    """Forty replicates of two tables and a pair; the rows stand in for them on average."""
    rng = np.random.default_rng(0)
    spread = np.array([1.0, 0.6, 0.3, 0.1])
    replicates = []
    for _ in range(40):
        pulls = rng.normal(size=4) * spread
        replicates.append(
            Tables(
                0.5 + 0.2 * pulls[0],
                (np.array([-1, 0, 1, 0]) * pulls[1], np.array([1, 1, -2, 0]) * pulls[2]),
                {(0, 1): np.outer([1, 0, -1, 0], [1, -1, 0, 0]) * pulls[3]},
            )
        )
    people = rng.integers(0, 4, size=(500, 2))
    found = summed_up(replicates, people)
    wanted = np.stack([one.score(people) for one in replicates]).var(axis=0, ddof=1)
    rows = np.stack(
        [
            Tables(
                found.intercept[row],
                (found.factors[0][row], found.factors[1][row]),
                {(0, 1): found.factors[2][row].reshape(4, 4)},
            ).score(people)
            for row in range(found.rank)
        ]
    )
    drawn = (rows**2).sum(axis=0)
    assert found.rank < 4
    assert found.kept > 0.9
    assert drawn.mean() == pytest.approx(wanted.mean(), rel=1e-9)
    assert np.corrcoef(drawn, wanted)[0, 1] > 0.95
