from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def cn() -> Instrument:
    return find_instrument("cn_community_corrections")


@pytest.fixture(scope="session")
def georgia() -> Instrument:
    return find_instrument("georgia_parole")


@pytest.fixture(scope="session")
def georgia_file() -> Path:
    """The Georgia cohort; tests that need it say so when it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("RISKENGINE_DATA", beside)) / "georgia_parole" / "train.csv.gz"
    if not path.is_file():
        pytest.skip("the Georgia cohort is not here; it is never part of the project")
    return path


@pytest.fixture(autouse=True)
def no_agency_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RISKENGINE_HOME", raising=False)
