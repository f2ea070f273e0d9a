"""From a cohort to a model folder: exact, checked, and the same bytes every time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskengine.errors import ScorecardError, TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.instrument.model import Instrument
from riskengine.scorecard.audit import smallest_step
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import FACTOR_BITS, LOG_ODDS_BITS, ScorecardDocument
from riskengine.scorecard.load import compile_scorecard, parse_scorecard
from riskengine.scorecard.views import item_denominator, item_parts
from riskengine.training import settings, writing
from riskengine.training.axes import candidates, encode
from riskengine.training.card import CARDS, card
from riskengine.training.cohort import WOOLDRIDGE, read_cohort
from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.pipeline import Trained, learn, train
from riskengine.training.procedure import Procedure
from riskengine.training.settings import Settings
from riskengine.training.writing import model_bytes, write_folder

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def few_bags(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bags instead of many: the tests are about the path, not about the last digit."""

    def quick(pairs: int) -> ExplainableBoosting:
        return ExplainableBoosting(pairs, bags=2, smoothing=20, pair_smoothing=10)

    monkeypatch.setattr(settings, "ExplainableBoosting", quick)


@pytest.fixture(scope="module")
def trained(small: Instrument, people: pd.DataFrame) -> Trained:
    """A model of the made-up people, with pairs and bootstrap refits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            settings,
            "ExplainableBoosting",
            lambda pairs: ExplainableBoosting(pairs, bags=1, smoothing=10, pair_smoothing=5),
        )
        return learn(
            small, "event_1y", people, Settings(pairs=5, replicates=100, folds=4, compare=True)
        )


@pytest.fixture(scope="module")
def scorecard(trained: Trained, small: Instrument) -> Scorecard:
    read = parse_scorecard(model_bytes(trained.document), source="model.json")
    return compile_scorecard(read, small)


def naive(document: ScorecardDocument, states: list[int]) -> int:
    """Add up one person's cells as on paper: the deliberately simple second evaluator."""
    place = dict(zip([axis.id for axis in document.axes], states, strict=True))
    sizes = {axis.id: axis.states for axis in document.axes}
    total = document.intercept
    for term in document.terms:
        assert term.kind == "table"
        position = 0
        for axis in term.axes:
            position = position * sizes[axis] + place[axis]
        total += term.cells[position]
    return total


def test_what_is_read_back_is_what_was_written(trained: Trained, scorecard: Scorecard) -> None:
    assert scorecard.document == trained.document
    assert trained.document.id == "small_1y"
    assert trained.document.training.protected_used == ()
    assert len(trained.document.terms) == 10


def test_scores_of_all_people_equal_the_naive_sum(trained: Trained, scorecard: Scorecard) -> None:
    encoded = scorecard.encode(trained.cohort.answers)
    scores = scorecard.scores(scorecard.term_parts(encoded))
    assert scores.tolist() == [naive(scorecard.document, p) for p in encoded.states.tolist()]
    baseline, parts = item_parts(scorecard, encoded)
    assert (baseline + parts.sum(axis=1) == scores * item_denominator(scorecard)).all()
    quantiles = scorecard.document.reference.score_quantiles
    assert len(quantiles) == 101
    assert (quantiles[0], quantiles[-1]) == (scores.min(), scores.max())
    assert abs(np.median(scores) - quantiles[50]) < 2.0**LOG_ODDS_BITS * 0.05


def test_it_is_calibrated_and_knows_something(trained: Trained, scorecard: Scorecard) -> None:
    encoded = scorecard.encode(trained.cohort.answers)
    risk = scorecard.probabilities(scorecard.scores(scorecard.term_parts(encoded)))
    assert abs(risk.mean() - trained.cohort.outcome.mean()) < 0.02
    figures = {metric.name: metric.value for metric in trained.document.evaluation}
    assert figures["auc"] > 0.6
    assert abs(figures["calibration_slope"] - 1) < 0.2
    assert figures["price_protection_brier"] > 0, "sex matters among these people"


def test_directions_hold_in_whole_units(trained: Trained) -> None:
    assert trained.document.training.options["enforced"] == ("priors", "age", "gang")
    assert smallest_step(trained.document, "priors", 1) > 0
    assert smallest_step(trained.document, "age", -1) > 0
    assert smallest_step(trained.document, "gang", 1) > 0


def test_the_unknown_cell_that_stands_for_sex_is_zero_everywhere(trained: Trained) -> None:
    document = trained.document
    gang = document.axes_by_id["gang"]
    seen = 0
    for term in document.terms:
        assert term.kind == "table"
        if "gang" in term.axes:
            shape = [document.axes_by_id[axis].states for axis in term.axes]
            cells = np.take(
                np.array(term.cells).reshape(shape), gang.known_states, term.axes.index("gang")
            )
            assert not cells.any()
            seen += 1
    assert seen >= 2, "its own table and a pair"
    assert document.training.options["unknown_at_zero"] == ("gang",)


def test_the_zero_cell_was_fitted_and_not_written_over(
    small: Instrument, people: pd.DataFrame
) -> None:
    """Women fare better here, and the model may not know: the rest of it must make up for that.

    Had the gap been learned as a cell and then wiped, everybody's risk would come out too high
    before calibration.
    """
    cohort = read_cohort(people, small, "event_1y")
    items = candidates(small, cohort, include_protected=False)
    states = encode(cohort, items)
    learner = ExplainableBoosting(pairs=3, bags=2, smoothing=20)
    tables = Procedure(items, learner, seed=0, enforce=False).learn(states, cohort.outcome).free
    risk = sigmoid(tables.score(states))
    women = states[:, 3] == items[3].live
    assert cohort.outcome[women].mean() < cohort.outcome[~women].mean() - 0.1
    assert abs(risk.mean() - cohort.outcome.mean()) < 0.008


def test_golden_people_are_made_up_and_come_out_as_stated(
    trained: Trained, scorecard: Scorecard
) -> None:
    golden = trained.document.golden
    assert len(golden) == 8
    assert golden[0].answers == {}
    assert golden[1].answers["priors"] == 0
    changed = trained.document.model_copy(
        update={"golden": (golden[0].model_copy(update={"score": golden[0].score + 1}),)}
    )
    with pytest.raises(ScorecardError, match="golden assessment 1"):
        compile_scorecard(changed, scorecard.instrument)


def test_the_factor_carries_the_variance_of_people(trained: Trained) -> None:
    uncertainty = trained.document.uncertainty
    assert (uncertainty.method, uncertainty.replicates) == ("bootstrap", 100)
    assert 0 < uncertainty.rank <= 32
    for term in trained.document.terms:
        assert term.kind == "table"
        rows = np.array(term.factor) / 2**FACTOR_BITS
        drawn = np.sqrt((rows**2).sum(axis=0))
        # low rank is fitted to people; single cells follow within a factor, zero cells exactly
        assert (drawn[np.array(term.standard_errors) == 0] == 0).all()
        assert drawn.max() < 2.5 * max(term.standard_errors)


def test_without_refits_nothing_is_claimed(small: Instrument, people: pd.DataFrame) -> None:
    document = learn(small, "event_1y", people, Settings(learner="light")).document
    assert document.uncertainty.method == "none"
    assert all(term.kind == "table" and not term.factor for term in document.terms)


def test_training_twice_gives_the_same_bytes_and_the_clock_is_elsewhere(
    small: Instrument, people: pd.DataFrame, tmp_path: Path
) -> None:
    chosen = Settings(pairs=3, seed=7)
    for name, now in (("a", NOON), ("b", NOON.replace(year=2027))):
        train(small, "event_1y", people, tmp_path / name, chosen, now=now)
    first, second = ((tmp_path / name / "model.json").read_bytes() for name in "ab")
    assert first == second
    assert b"2026-" not in first
    assert b"created" not in first
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert manifest["created_at"] == "2026-03-31T12:00:00+00:00"
    for name, digest in manifest["files"].items():
        assert sha256((tmp_path / "a" / name).read_bytes()).hexdigest() == digest
    assert set(manifest["files"]) == {"model.json", "card.en.md", "card.zh.md"}
    other = learn(small, "event_1y", people, Settings(pairs=3, seed=8))
    assert model_bytes(other.document) != first


def test_a_run_that_is_cut_off_leaves_no_manifest(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        cards = {name: card(trained.document, lang) for lang, name in CARDS.items()}
        write_folder(tmp_path, trained.document, cards, by="test", now=NOON, run_seconds=1.0)

    write()
    assert (tmp_path / "manifest.json").is_file()
    (tmp_path / "model.json").write_text("{}")
    whole = writing._write

    def broken(path: Path, content: bytes) -> None:
        if path.name == "card.zh.md":
            raise OSError("no space left")
        whole(path, content)

    monkeypatch.setattr(writing, "_write", broken)
    with pytest.raises(OSError, match="no space"):
        write()
    assert not (tmp_path / "manifest.json").exists()


def test_with_protected_items_the_model_says_so_in_its_name(
    small: Instrument, people: pd.DataFrame
) -> None:
    chosen = Settings(learner="light", include_protected=True)
    document = learn(small, "event_1y", people, chosen).document
    assert document.id == "small_1y_with_protected"
    assert document.training.protected_used == ("sex",)
    assert document.training.options["unknown_learned"] == ("offence", "gang")


@pytest.mark.parametrize(
    ("chosen", "wrong"),
    [
        (Settings(replicates=20), "at least 100"),
        (Settings(learner="light", pairs=3), "knows no pairs"),
        (Settings(learner="update"), "no published effects"),
        (Settings(base_rate=0.05), "goes with --learner update"),
        (Settings(base_rate=1.5), "between 0 and 1"),
        (Settings(also=("event_1y",)), "stacked by --learner stacked alone"),
        (Settings(form="points", learner="ebm"), "leave --learner"),
    ],
)
def test_settings_that_would_mislead_are_refused(
    small: Instrument, people: pd.DataFrame, chosen: Settings, wrong: str
) -> None:
    with pytest.raises(TrainingError, match=wrong):
        learn(small, "event_1y", people, chosen)


def test_the_textbook_table_from_end_to_end(north_carolina: Instrument, tmp_path: Path) -> None:
    trained = train(
        north_carolina, "return_3y", WOOLDRIDGE, tmp_path, Settings(learner="light"), now=NOON
    )
    document = parse_scorecard((tmp_path / "model.json").read_bytes(), source="model.json")
    compile_scorecard(document, north_carolina)
    assert (document.training.people, document.training.events) == (1445, 427)
    assert trained.document.id == "nc_prison_release_3y"
    figures = {metric.name: metric.value for metric in document.evaluation}
    assert figures["auc"] > 0.64
