"""What the tests of training share: an instrument, made-up people, real data if any."""

from __future__ import annotations

import pandas as pd
import pytest
from made_up import build, instrument_value, made_up

from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument


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
