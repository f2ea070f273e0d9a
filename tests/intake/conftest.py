"""The small instrument of these tests; it has one item of every type."""

import json
from pathlib import Path

import pytest

from riskengine.authoring.build import build_instrument
from riskengine.instrument.model import Instrument

HERE = Path(__file__).parent


def load(path: Path) -> Instrument:
    """Build an instrument from its YAML."""
    _, value = build_instrument(path)
    return Instrument.model_validate_json(json.dumps(value))


@pytest.fixture(scope="session")
def small() -> Instrument:
    return load(HERE / "small.yaml")


@pytest.fixture(scope="session")
def cn() -> Instrument:
    root = HERE.parent.parent / "data_schema" / "instruments"
    return load(root / "cn_community_corrections.yaml")
