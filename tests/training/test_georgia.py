"""Training on the real cohort, where there is one; and the shipped models."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.audit import smallest_step
from riskengine.scorecard.compiled import Scorecard
from riskengine.store.lookup import find_instrument, find_model
from riskengine.training.axes import ScoredItem, States, candidates, encode, with_reference
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.guards import check_proxies
from riskengine.training.learner import Learner
from riskengine.training.light import LightBoosting
from riskengine.training.monotone import holds
from riskengine.training.procedure import Procedure
from riskengine.training.tables import marginals, with_draws

SHIPPED = ("georgia_parole_1y", "georgia_parole_3y", "nc_prison_release_3y")


@pytest.fixture(scope="module")
def georgia() -> Instrument:
    return find_instrument("georgia_parole")


@pytest.fixture(scope="module")
def cohort(georgia: Instrument, georgia_file: Path) -> Cohort:
    return read_cohort(georgia_file, georgia, "rearrest_1y")


@pytest.fixture(scope="module")
def prepared(georgia: Instrument, cohort: Cohort) -> tuple[tuple[ScoredItem, ...], States]:
    items = candidates(georgia, cohort, include_protected=False)
    states = encode(cohort, items)
    return with_reference(items, states), states


@pytest.mark.real_data
def test_every_row_is_read_and_nothing_looks_ahead(cohort: Cohort) -> None:
    assert (cohort.people, cohort.events) == (18028, 5377)
    assert not cohort.rejects
    assert not cohort.unlabelled
    assert "Delinquency_Reports" in cohort.unread


@pytest.mark.real_data
@pytest.mark.parametrize(
    "learner",
    [ExplainableBoosting(pairs=100, bags=1, smoothing=20, pair_smoothing=10), LightBoosting()],
    ids=lambda learner: learner.name,
)
def test_exported_tables_are_the_estimator_on_all_rows(
    learner: Learner, cohort: Cohort, prepared: tuple[tuple[ScoredItem, ...], States]
) -> None:
    items, states = prepared
    live = with_draws(states, items, marginals(items, states), seed=0)
    fitted = learner.fit(items, live, cohort.outcome, seed=0)
    assert fitted.difference(live) < 1e-9
    assert len(fitted.tables.pairs) == learner.options().get("pairs", 0)


@pytest.mark.real_data
def test_projected_tables_hold_with_a_hundred_pairs(
    cohort: Cohort, prepared: tuple[tuple[ScoredItem, ...], States]
) -> None:
    items, states = prepared
    learner = ExplainableBoosting(pairs=100, bags=1, smoothing=20, pair_smoothing=10)
    learned = Procedure(items, learner, 0).learn(states, cohort.outcome)
    assert not holds(learned.free, items)
    assert holds(learned.tables, items)


@pytest.mark.real_data
def test_gang_is_the_sex_and_stays_only_because_the_instrument_says_why(
    georgia: Instrument, cohort: Cohort, prepared: tuple[tuple[ScoredItem, ...], States]
) -> None:
    items, states = prepared
    (found,) = check_proxies(georgia, cohort, items, states, seed=0)
    assert (found.item, found.attribute, found.by_gaps) == ("gang_affiliated", "sex", True)
    silent = [
        item.model_copy(update={"proxy": None}) if item.id == "gang_affiliated" else item
        for item in georgia.items
    ]
    mute = georgia.model_copy(update={"items": tuple(silent)})
    with pytest.raises(TrainingError, match=r"\[gang_affiliated\].*tells \[sex\]"):
        check_proxies(
            mute, cohort, candidates(mute, cohort, include_protected=False), states, seed=0
        )


# --- What is shipped --------------------------------------------------------------------------


@pytest.fixture(params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> Iterator[Scorecard]:
    yield find_model(request.param).scorecard


def test_shipped_models_use_nothing_protected_and_say_what_they_are(shipped: Scorecard) -> None:
    document = shipped.document
    assert document.purpose == "benchmark"
    assert document.training.protected_used == ()
    assert not {"sex", "race", "residence_area", "black", "married"} & set(document.items)
    assert document.uncertainty.replicates >= 100
    assert {"auc", "brier", "calibration_slope", "price_monotonicity_brier"} <= {
        metric.name for metric in document.evaluation
    }


def test_shipped_models_keep_every_promised_direction(shipped: Scorecard) -> None:
    enforced = [item for item in shipped.instrument.items if item.enforce]
    scored = [item for item in enforced if item.id in shipped.document.items]
    assert scored
    for item in scored:
        sign = 1 if item.direction == "risk" else -1
        assert smallest_step(shipped.document, item.id, sign) > 0, item.id


def test_an_unknown_gang_record_moves_no_shipped_score() -> None:
    document = find_model("georgia_parole_1y").scorecard.document
    axis = document.axes_by_id["gang_affiliated"]
    tables = [t for t in document.terms if t.kind == "table" and axis.id in t.axes]
    assert len(tables) > 1
    for term in tables:
        shape = [document.axes_by_id[a].states for a in term.axes]
        cells = np.array(term.cells).reshape(shape)
        assert not np.take(cells, axis.known_states, term.axes.index(axis.id)).any()


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "events"), [("1y", 5377), ("3y", 10421)])
def test_shipped_models_come_from_this_cohort_and_are_calibrated_on_it(
    name: str, events: int, cohort: Cohort, georgia_file: Path
) -> None:
    scorecard = find_model(f"georgia_parole_{name}").scorecard
    training = scorecard.document.training
    assert training.data_sha256 == sha256(georgia_file.read_bytes()).hexdigest()
    assert (training.people, training.events) == (18028, events)
    sample = cohort.answers[::20]
    scores = scorecard.scores(scorecard.term_parts(scorecard.encode(sample)))
    mean = scorecard.probabilities(scores).mean()
    assert abs(mean - events / 18028) < 0.03


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["georgia_parole_1y", "georgia_parole_3y"])
def test_every_score_is_the_naive_sum_of_cells(name: str, cohort: Cohort) -> None:
    scorecard = find_model(name).scorecard
    document = scorecard.document
    encoded = scorecard.encode(cohort.answers)
    scores = scorecard.scores(scorecard.term_parts(encoded))
    states = encoded.states.tolist()
    place = {axis.id: column for column, axis in enumerate(document.axes)}
    sizes = {axis.id: axis.states for axis in document.axes}
    totals = [document.intercept] * len(states)
    for term in document.terms:
        assert term.kind == "table"
        columns = [(place[axis], sizes[axis]) for axis in term.axes]
        for person, answers in enumerate(states):
            position = 0
            for column, size in columns:
                position = position * size + answers[column]
            totals[person] += term.cells[position]
    assert scores.tolist() == totals
