from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from riskengine import Engine
from tests.reports.browser import open_browser

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "assessments").glob("*.json"))
DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as found:
        yield found


@pytest.fixture(scope="session")
def explained_examples():
    """Every shipped example in both languages."""
    engine = Engine.load()
    raw = [json.loads(file.read_text(encoding="utf-8")) for file in EXAMPLES]
    return {
        lang: [engine.explain(engine.assessment(one), on=DAY, lang=lang) for one in raw]
        for lang in ("zh", "en")
    }
