from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.canonical import sha256
from riskengine.scorecard.document import ScorecardDocument
from tests.support.scorecards import make_document

ITEMS = [
    "age_at_start",
    "prior_convictions_n",
    "drug_use",
    "employment_status",
    "antisocial_companions",
    "offence_type",
]
BOTH = {"zh": "编造的", "en": "made up"}


def write_model(home: Path, document: ScorecardDocument) -> None:
    folder = home / "models" / document.id / document.version
    folder.mkdir(parents=True)
    data = document.model_dump_json(by_alias=True).encode()
    (folder / "model.json").write_bytes(data)
    manifest = {
        "format": "riskengine/manifest/1",
        "files": {"model.json": sha256(data)},
        "created_at": "2026-01-01T00:00:00Z",
        "created_by": "test",
        "run_seconds": 0.0,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture(scope="session")
def agency(tmp_path_factory, cn) -> Path:
    """An agency's own folder with a made-up points scorecard that has pairs and doubt."""
    home = tmp_path_factory.mktemp("agency")
    document = make_document(
        cn,
        seed=2,
        form="points",
        purpose="template",
        items=ITEMS,
        monotone=True,
        pairs=1,
        outcome="serious_noncompliance_12m",
        change={
            "id": "made_up_cn",
            "reference": {
                "id": "r",
                "label": BOTH,
                "illustrative": True,
                "score_quantiles": list(range(-12, 30)),
            },
            "uncertainty": {
                "method": "none",
                "replicates": 0,
                "rank": 0,
                "rater_kappa": 0.6,
                "rated_items": ["antisocial_companions"],
                "note": BOTH,
            },
        },
    )
    write_model(home, document)
    return home


@pytest.fixture
def engine(agency, monkeypatch) -> Engine:
    monkeypatch.setenv("RISKENGINE_HOME", str(agency))
    return Engine.load("made_up_cn")
