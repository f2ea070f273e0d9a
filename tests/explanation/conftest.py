from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskengine import Engine
from tests.engine.conftest import write_model
from tests.support import policies
from tests.support.scorecards import make_document

ITEMS = ["domestic_violence", "employment_status", "age_at_start", "drug_use", "family_support"]
BOTH = {"zh": "编造的", "en": "made up"}
SPOUSE = {"zh": "配偶反映有殴打。", "en": "The spouse tells of beatings."}


@pytest.fixture(scope="session")
def informed(tmp_path_factory, cn) -> Path:
    """A district whose score, rules and steps all look at what a spouse said."""
    home = tmp_path_factory.mktemp("informed")
    document = make_document(
        cn,
        seed=1,
        form="points",
        purpose="template",
        items=ITEMS,
        monotone=True,
        pairs=8,
        outcome="serious_noncompliance_12m",
        change={
            "id": "made_up_cn",
            "reference": {
                "id": "r",
                "label": BOTH,
                "illustrative": True,
                "score_quantiles": list(range(-20, 30)),
            },
        },
    )
    pairs = [term.axes for term in document.terms if len(getattr(term, "axes", ())) == 2]
    assert any("domestic_violence" in axes for axes in pairs)
    write_model(home, document)
    raw = policies.default()
    raw["id"] = "made_up_policy"
    when = {"item": "domestic_violence", "is": "current_perpetrator"}
    said = {"title": SPOUSE, "reason": SPOUSE, "reports": ["domestic_violence"]}
    raw["rules"] += [
        {**policies.rule("beaten", when, {"kind": "floor", "tier": "strict"}), **said},
        {**policies.rule("beaten_caution", when, {"kind": "caution"}), **said},
    ]
    built = home / "data_schema" / "built" / "policies"
    built.mkdir(parents=True)
    text = policies.read(raw).model_dump_json(by_alias=True)
    (built / "made_up_policy@1.0.0.json").write_text(text, encoding="utf-8")
    json.loads(text)
    return home


@pytest.fixture
def district(informed, monkeypatch) -> Engine:
    monkeypatch.setenv("RISKENGINE_HOME", str(informed))
    return Engine.load("made_up_cn", "made_up_policy")
