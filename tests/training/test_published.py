"""OGRS3 against its formula, and the shipped models that rest on publications."""

from __future__ import annotations

import json
import math
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from riskengine.authoring.build import build_instrument
from riskengine.errors import TrainingError
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL, TableTerm
from riskengine.scorecard.load import MODEL_FILE, compile_scorecard, parse_scorecard
from riskengine.scorecard.views import item_denominator, item_parts
from riskengine.training.evidence import EvidenceDocument, build_evidence
from riskengine.training.population import quantiles
from riskengine.training.published import build_published, rebuild_shipped
from riskengine.training.writing import model_bytes
from tests.support.naive import score as naive_score

CHECKOUT = Path(__file__).resolve().parents[2]
DATA_SCHEMA = CHECKOUT / "data_schema"
MODELS = ("cn_serious_noncompliance", "ogrs3_1y", "ogrs3_2y")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

# The published table, written out once more, so that the builder is checked against something.
INTERCEPT = {"ogrs3_1y": 1.402562384, "ogrs3_2y": 2.121705678}
COPAS = 1.251124464
NO_SANCTION, SOME_SANCTION = 0.126142106, 0.463062792
AGE_FROM = (10, 12, 14, 16, 18, 21, 25, 30, 35, 40, 50)
AGE = {
    "male": (
        0, 0.083922902, 0.075775765, -0.061594199, -0.625103618, -1.051515067, -1.166679288,
        -1.325976554, -1.368045933, -1.499690953, -2.025261458,
    ),
    "female": (
        -0.785038489, -0.613852078, -0.669521331, -0.959179629, -0.897480934, -1.028488454,
        -1.052777806, -1.129127959, -1.42187494, -1.524652221, -2.44983716,
    ),
}  # fmt: skip
OFFENCE = {
    "violence": 0,
    "robbery": -0.634795912,
    "public_order": 0.181917975,
    "sexual_not_child": 0.003276327,
    "sexual_child": -0.653434071,
    "soliciting_prostitution": 0.760608858,
    "burglary_domestic": -0.12394352,
    "burglary_other": 0.240604429,
    "theft_non_motor": 0.661244321,
    "handling_stolen_goods": 0.351866973,
    "fraud_forgery": 0.159910192,
    "absconding_bail": 0.733378677,
    "taking_driving_away": 0.380059431,
    "theft_from_vehicle": 0.427225615,
    "other_motoring": 0.262228428,
    "drink_driving": -0.121439408,
    "criminal_damage": 0.204960477,
    "drug_import_production": -0.795556373,
    "drug_possession_supply": 0.077165871,
    "other": -0.060667525,
}


def formula(person: dict[str, object], intercept: float) -> float:
    """Log-odds by the publication's own formula."""
    n, age = person["previous_sanctions_n"], person["age_at_assessment"]
    years = person["age_at_conviction"] - person["age_at_first_sanction"]
    band = sum(age >= edge for edge in AGE_FROM) - 1
    return (
        intercept
        + COPAS * math.log((1 + n) / (10 + years))
        + (SOME_SANCTION if n else NO_SANCTION)
        + AGE[person["sex"]][band]
        + OFFENCE[person["offence"]]
    )


def from_source(name: str) -> Instrument:
    _, value = build_instrument(DATA_SCHEMA / "instruments" / f"{name}.yaml")
    return Instrument.model_validate_json(json.dumps(value))


@pytest.fixture(scope="module")
def ogrs3() -> Instrument:
    return from_source("ogrs3")


@pytest.fixture(scope="module")
def evidence() -> EvidenceDocument:
    return build_evidence(DATA_SCHEMA / "evidence" / "ogrs3.yaml")


@pytest.fixture(scope="module")
def scales(evidence: EvidenceDocument, ogrs3: Instrument) -> dict[str, Scorecard]:
    return {
        name: compile_scorecard(build_published(evidence, ogrs3, name), ogrs3)
        for name in INTERCEPT
    }


@pytest.fixture(scope="module")
def grid(ogrs3: Instrument) -> list[dict[str, object]]:
    """Both sexes, ages 10-80, 0-40 sanctions, three first ages, all offences: 340,000 people."""
    people = []
    for sex in AGE:
        for age in range(10, 81):
            conviction = max(10, age - age % 3)
            for n in range(41):
                for first in sorted({10, (10 + conviction) // 2, conviction}):
                    answers = {
                        "sex": sex,
                        "age_at_assessment": age,
                        "age_at_conviction": conviction,
                        "age_at_first_sanction": first,
                        "previous_sanctions_n": n,
                    }
                    known = complete(ogrs3, answers)
                    people += [{**known, "offence": offence} for offence in OFFENCE]
    return people


def test_ogrs3_is_its_published_formula(
    scales: dict[str, Scorecard], grid: list[dict[str, object]]
) -> None:
    assert len(grid) > 300_000
    encoded = scales["ogrs3_1y"].encode(grid)
    for name, scale in scales.items():
        scores = scale.scores(scale.term_parts(encoded))
        stated = np.array([formula(person, INTERCEPT[name]) for person in grid])
        assert np.abs(scale.log_odds(scores) - stated).max() < 1e-10
        risks = scale.probabilities(scores)
        expected = np.round(1 / (1 + np.exp(-stated)), 9)
        assert np.abs(risks - expected).max() <= 1.0000001e-9
        # where the two straddle the edge of a rounding step they differ by one in the last place
        equal = int((np.abs(risks - expected) < 5e-10).sum())
        print(f"{name}: equal to nine decimals {equal:,} of {len(grid):,}")
        assert equal / len(grid) > 0.999


def test_a_value_worked_out_by_hand(scales: dict[str, Scorecard], ogrs3: Instrument) -> None:
    """A woman of 33, twelve sanctions in thirteen years, soliciting: by pocket calculator."""
    answers = {
        "sex": "female",
        "age_at_assessment": 33,
        "age_at_conviction": 33,
        "age_at_first_sanction": 20,
        "previous_sanctions_n": 12,
        "offence": "soliciting_prostitution",
    }
    scale = scales["ogrs3_2y"]
    parts = scale.term_parts(scale.encode([complete(ogrs3, answers)]))
    # 2.121706 + 1.251124 ln(13 / 23) + .463063 - 1.129128 + .760609 = 1.502427
    assert scale.log_odds(scale.scores(parts))[0] == pytest.approx(1.502427, abs=2e-6)
    assert scale.probabilities(scale.scores(parts))[0] == pytest.approx(0.817936, abs=2e-6)


def test_the_naive_evaluator_gets_the_same_integers(
    scales: dict[str, Scorecard], grid: list[dict[str, object]]
) -> None:
    rng = np.random.default_rng(3)
    for scale in scales.values():
        model = json.loads(scale.document.model_dump_json())
        people = [grid[i] for i in rng.integers(len(grid), size=400)]
        people += [{**person, item: "unknown"} for person in people[:40] for item in ("sex",)]
        people += [{**person, "copas_rate": "refused"} for person in people[:40]]
        scores = scale.scores(scale.term_parts(scale.encode(people)))
        assert scores.tolist() == [naive_score(model, person) for person in people]


def test_an_unknown_answer_counts_as_the_average_of_the_population(
    scales: dict[str, Scorecard], ogrs3: Instrument
) -> None:
    scale = scales["ogrs3_1y"]
    encoded = scale.encode([complete(ogrs3, {})])
    baseline, parts = item_parts(scale, encoded)
    # each cell is rounded to a whole unit, so at most one unit a table from the exact mean
    assert np.abs(parts).max() <= 2 * item_denominator(scale)
    score = int(scale.scores(scale.term_parts(encoded))[0])
    assert baseline + int(parts.sum()) == score * item_denominator(scale)


def test_weights_of_the_pair_agree_with_its_axes(scales: dict[str, Scorecard]) -> None:
    document = scales["ogrs3_1y"].document
    pair = next(t for t in document.terms if isinstance(t, TableTerm) and len(t.axes) == 2)
    axes = [document.axes_by_id[axis] for axis in pair.axes]
    joint = np.array(pair.reference).reshape([axis.states for axis in axes])
    assert tuple(joint.sum(axis=1)) == axes[0].reference
    assert tuple(joint.sum(axis=0)) == axes[1].reference
    assert joint.sum() == REFERENCE_TOTAL


def test_quantiles_are_the_lowest_scores_that_so_many_do_not_exceed() -> None:
    assert quantiles({-2: 1, 0: 2, 5: 1}, steps=4) == (-2, -2, 0, 0, 5)
    assert quantiles({7: 3}, steps=2) == (7, 7, 7)


def test_a_table_with_a_gap_is_refused(evidence: EvidenceDocument, ogrs3: Instrument) -> None:
    assert evidence.published is not None
    table = evidence.published.tables[2]
    short = table.model_copy(update={"cells": table.cells[:-1]})
    tables = (*evidence.published.tables[:2], short)
    published = evidence.published.model_copy(update={"tables": tables})
    with pytest.raises(TrainingError, match="19 weights where 20 are needed"):
        build_published(evidence.model_copy(update={"published": published}), ogrs3, "ogrs3_1y")


def test_a_weight_for_an_answer_that_there_is_not_is_refused(
    evidence: EvidenceDocument, ogrs3: Instrument
) -> None:
    assert evidence.published is not None
    table = evidence.published.tables[2]
    wrong = table.cells[0].model_copy(update={"at": ("piracy",)})
    odd = table.model_copy(update={"cells": (wrong, *table.cells[1:])})
    published = evidence.published.model_copy(
        update={"tables": (*evidence.published.tables[:2], odd)}
    )
    with pytest.raises(TrainingError, match=r"\[piracy\] is no answer to \[offence\]"):
        build_published(evidence.model_copy(update={"published": published}), ogrs3, "ogrs3_1y")


def test_equal_sources_give_equal_bytes(evidence: EvidenceDocument, ogrs3: Instrument) -> None:
    again = build_evidence(DATA_SCHEMA / "evidence" / "ogrs3.yaml")
    first, second = (
        model_bytes(build_published(source, ogrs3, "ogrs3_1y")) for source in (evidence, again)
    )
    assert first == second


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    changed = rebuild_shipped(models, DATA_SCHEMA, now=NOON)
    assert sorted(folder.parent.name for folder in changed) == sorted(MODELS)
    return models


@pytest.mark.parametrize("name", MODELS)
def test_the_shipped_model_is_what_its_sources_give(rebuilt: Path, name: str) -> None:
    for file in (MODEL_FILE, "card.en.md", "card.zh.md"):
        made = (rebuilt / name / "1.0.0" / file).read_bytes()
        shipped = (CHECKOUT / "models" / name / "1.0.0" / file).read_bytes()
        assert made == shipped, f"{name}/{file}: run python -m riskengine.training.published"


@pytest.mark.parametrize("name", MODELS)
def test_a_rebuilt_folder_reads_back(rebuilt: Path, name: str) -> None:
    data = (rebuilt / name / "1.0.0" / MODEL_FILE).read_bytes()
    document = parse_scorecard(data, source=name)
    scorecard = compile_scorecard(document, from_source(document.instrument.id))
    assert model_bytes(scorecard.document) == data


def test_a_folder_that_is_current_keeps_its_date(rebuilt: Path, tmp_path: Path) -> None:
    shutil.copytree(rebuilt, tmp_path / "models")
    models = tmp_path / "models"
    assert rebuild_shipped(models, DATA_SCHEMA, now=datetime(2027, 1, 1, tzinfo=UTC)) == []
    manifest = json.loads((models / "ogrs3_1y" / "1.0.0" / "manifest.json").read_text("utf-8"))
    assert manifest["created_at"].startswith("2026-03-02")
    card = models / "ogrs3_1y" / "1.0.0" / "card.en.md"
    card.write_text("edited", encoding="utf-8")
    assert rebuild_shipped(models, DATA_SCHEMA, now=NOON) == [card.parent]
    assert card.read_text("utf-8") != "edited"


def test_the_cards_say_what_the_numbers_are_not(rebuilt: Path) -> None:
    english = (rebuilt / "ogrs3_1y" / "1.0.0" / "card.en.md").read_text("utf-8")
    chinese = (rebuilt / "ogrs3_1y" / "1.0.0" / "card.zh.md").read_text("utf-8")
    assert "not state how many reoffended, so none is given here" in english
    assert "没有给出再犯人数，因此这里不写" in chinese
    assert "Open Government Licence" in english


def test_golden_probabilities_come_from_the_formula(scales: dict[str, Scorecard]) -> None:
    for name, scale in scales.items():
        complete_ones = [g for g in scale.document.golden if len(g.answers) == 6]
        assert len(complete_ones) == 7
        for golden in complete_ones:
            answers, problems = parse_answers(scale.instrument, golden.answers)
            assert not problems
            risk = 1 / (1 + math.exp(-formula(answers, INTERCEPT[name])))
            assert float(golden.probability) == pytest.approx(risk, abs=1.1e-9)
