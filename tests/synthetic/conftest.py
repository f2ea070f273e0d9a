from __future__ import annotations

from dataclasses import replace

import pytest

from riskengine.synthetic import DEFAULT, Province, make_province
from riskengine.synthetic.parameters import Number


@pytest.fixture(scope="session")
def province() -> Province:
    """20,000 people in ten urban and ten rural districts."""
    return make_province(20, 1_000, seed=20)


@pytest.fixture(scope="session")
def nobody_moves() -> Province:
    """40,000 people whom only a violation, a death or the end of the term takes away."""
    ends = replace(
        DEFAULT.ends, transfer_per_year=Number(0.0), condition_ended_per_year=Number(0.0)
    )
    return make_province(20, 2_000, seed=21, parameters=replace(DEFAULT, ends=ends))


@pytest.fixture(scope="session")
def rated_twice() -> Province:
    offices = replace(DEFAULT.offices, second_rater_share=Number(1.0))
    return make_province(20, 1_000, seed=22, parameters=replace(DEFAULT, offices=offices))


@pytest.fixture(scope="session")
def all_alike() -> Province:
    """Everybody has the same true hazard; only contacts and clean time differ."""
    kinds = tuple(replace(kind, slope=0.0) for kind in DEFAULT.kinds)
    return make_province(20, 2_000, seed=23, parameters=replace(DEFAULT, kinds=kinds))
