from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

from riskengine.instrument.model import Instrument
from tests.registry import small

# the made-up people of the gate's own benchmark
sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "home"
    found.mkdir()
    monkeypatch.setenv("RISKENGINE_HOME", str(found))
    return found


@pytest.fixture
def instrument(home: Path) -> Instrument:
    return small.install(home)


@pytest.fixture(scope="session")
def cohort() -> pd.DataFrame:
    return small.people(16000, seed=11)


@pytest.fixture(scope="session")
def cohort_file(cohort: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cohort") / "cohort.csv"
    cohort.to_csv(path, index=False)
    return path
