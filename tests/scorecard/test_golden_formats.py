"""Every released format keeps its reader: these files were written once and stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskengine.canonical import sha256
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import compile_scorecard, parse_scorecard
from tests.support import naive

GOLDEN = Path(__file__).parent.parent / "golden"
KEPT = {
    "scorecard_1/full.json": "6c55e1c48337e72891e3f951a187c81382f64bbcac5b33cec79725ff8ac842c9",
    "scorecard_1/points.json": "64612d10fa99b5bf23315df1b603af22cea7d988a7b6755c9bb464e52f563601",
}


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return Instrument.model_validate_json((GOLDEN / "scorecard_1/instrument.json").read_text())


@pytest.mark.parametrize("name", KEPT)
def test_it_is_still_the_file_that_was_released(name):
    assert sha256((GOLDEN / name).read_bytes()) == KEPT[name]


@pytest.mark.parametrize("name", KEPT)
def test_it_still_loads_and_scores_as_it_did(name, instrument):
    data = (GOLDEN / name).read_bytes()
    card = compile_scorecard(parse_scorecard(data, source=name), instrument)
    model = json.loads(data)
    for golden in model["golden"]:
        answers, problems = parse_answers(instrument, golden["answers"])
        assert not problems
        assert naive.score(model, complete(instrument, answers)) == golden["score"]
    assert card.document.form in name


def test_the_published_json_schema_accepts_it(instrument):
    jsonschema = pytest.importorskip("jsonschema")
    schema = ScorecardDocument.model_json_schema()
    for name in KEPT:
        jsonschema.Draft202012Validator(schema).validate(json.loads((GOLDEN / name).read_text()))
