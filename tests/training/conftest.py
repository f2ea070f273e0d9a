"""What the tests of training share: an instrument, made-up people, real data if any."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from made_up import build, instrument_value, made_up

from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def small() -> Instrument:
    """The small instrument."""
    return build(instrument_value())


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """1,500 made-up people."""
    return made_up(1500)


@pytest.fixture(scope="session")
def north_carolina() -> Instrument:
    """The instrument of the public textbook table."""
    return find_instrument("nc_prison_release")


@pytest.fixture(scope="session")
def georgia_file() -> Path:
    """The Georgia cohort; tests that need it say so when it is absent."""
    data = Path(os.environ.get("RISKENGINE_DATA", CHECKOUT.parent / "shared" / "data"))
    path = data / "georgia_parole" / "train.csv.gz"
    if not path.is_file():
        pytest.skip("the Georgia cohort is not here; it is never part of the project")
    return path
