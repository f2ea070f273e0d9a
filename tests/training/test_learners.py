"""Both learners: what is exported is exactly what the estimator says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training.axes import ScoredItem, States, candidates, encode
from riskengine.training.cohort import WOOLDRIDGE, Cohort, read_cohort
from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.learner import Fitted, Learner
from riskengine.training.light import LightBoosting
from riskengine.training.shrunken import ShrunkenTables
from riskengine.training.tables import Tables, marginals, with_draws

Prepared = tuple[Cohort, tuple[ScoredItem, ...], States]

LEARNERS = [
    ExplainableBoosting(pairs=6, bags=2, smoothing=20),
    LightBoosting(rounds=80),
    ShrunkenTables(),
]


def prepared(cohort: Cohort, instrument: Instrument) -> Prepared:
    items = candidates(instrument, cohort, include_protected=False)
    states = encode(cohort, items)
    return cohort, items, with_draws(states, items, marginals(items, states), seed=1)


@pytest.fixture(scope="module")
def made_up_people(small: Instrument, people: pd.DataFrame) -> Prepared:
    return prepared(read_cohort(people, small, "event_1y"), small)


@pytest.fixture(scope="module")
def released(north_carolina: Instrument) -> Prepared:
    return prepared(read_cohort(WOOLDRIDGE, north_carolina, "return_3y"), north_carolina)


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
@pytest.mark.parametrize("which", ["made_up_people", "released"])
def test_tables_are_the_estimator_and_a_refit_is_the_same_to_the_bit(
    learner: Learner, which: str, request: pytest.FixtureRequest
) -> None:
    cohort, items, states = request.getfixturevalue(which)
    fitted = learner.fit(items, states, cohort.outcome, seed=3)
    assert fitted.difference(states) < 1e-9
    # answers that nobody gave together are scored alike as well
    rng = np.random.default_rng(0)
    anything = np.column_stack([rng.integers(0, item.live, 3000) for item in items])
    assert fitted.difference(anything) < 1e-9
    again = learner.fit(items, states, cohort.outcome, seed=3)
    assert again.tables.intercept == fitted.tables.intercept
    assert list(again.tables.pairs) == list(fitted.tables.pairs)
    for one, other in zip(again.tables.parts(), fitted.tables.parts(), strict=True):
        assert (one == other).all()


def test_boosting_has_pairs_and_takes_those_that_it_is_given(made_up_people: Prepared) -> None:
    cohort, items, states = made_up_people
    learner = ExplainableBoosting(pairs=4, bags=1, smoothing=0)
    assert len(learner.fit(items, states, cohort.outcome, seed=0).tables.pairs) == 4
    weight = np.ones(cohort.people)
    given = learner.fit(
        items, states, cohort.outcome, seed=0, weight=weight, pairs=[(4, 2), (0, 1)]
    )
    assert list(given.tables.pairs) == [(0, 1), (2, 4)]
    assert not learner.fit(items, states, cohort.outcome, seed=0, pairs=[]).tables.pairs


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_a_gap_with_meaning_is_learned_apart_from_the_known_answers(
    learner: Learner, made_up_people: Prepared
) -> None:
    cohort, items, states = made_up_people
    tables = learner.fit(items, states, cohort.outcome, seed=0).tables
    offence = tables.mains[2]
    known = offence[:3]
    assert offence[4] - known.mean() > 0.3, "people without a recorded offence fared worse"
    assert np.ptp(known) < 1.0


def test_tables_that_are_not_the_estimator_are_refused(made_up_people: Prepared) -> None:
    cohort, items, states = made_up_people
    fitted = LEARNERS[1].fit(items, states, cohort.outcome, seed=0)
    off = Tables(fitted.tables.intercept + 1e-7, fitted.tables.mains, fitted.tables.pairs)
    with pytest.raises(TrainingError, match="differ from the estimator"):
        Fitted(off, fitted.predict).checked(states)


def test_merged_levels_are_noticed(made_up_people: Prepared) -> None:
    from types import SimpleNamespace

    from riskengine.training.ebm import _bins

    _, items, _ = made_up_people
    merged = SimpleNamespace(bins_=[[np.array([0.5, 2.5])]])
    with pytest.raises(TrainingError, match=r"merged levels of item \[priors\]"):
        _bins(merged, items[0], 0, 1)  # type: ignore[arg-type]
