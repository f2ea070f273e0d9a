"""The instruments on which the schema is tried: every shipped one, and a small made-up one."""

import json
from functools import cache
from pathlib import Path

import pytest

from riskengine.authoring.build import build_instrument
from riskengine.instrument.model import Instrument

TESTS = Path(__file__).parent.parent
PATHS = {
    path.stem: path
    for path in (
        TESTS / "intake" / "small.yaml",
        *sorted((TESTS.parent / "data_schema" / "instruments").glob("*.yaml")),
    )
}


@cache
def load(name: str) -> Instrument:
    """Build an instrument from its YAML."""
    _, value = build_instrument(PATHS[name])
    return Instrument.model_validate_json(json.dumps(value))


def pytest_generate_tests(metafunc):
    if "instrument" in metafunc.fixturenames:
        every = [load(name) for name in PATHS]
        metafunc.parametrize("instrument", every, ids=list(PATHS), scope="session")


@pytest.fixture(scope="session")
def small_instrument() -> Instrument:
    return load("small")


@pytest.fixture(scope="session")
def cn_instrument() -> Instrument:
    return load("cn_community_corrections")
