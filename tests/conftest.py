from __future__ import annotations

import os

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


@pytest.fixture(autouse=True)
def no_agency_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RISKENGINE_HOME", raising=False)
