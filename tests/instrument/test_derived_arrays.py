from __future__ import annotations

import math

import numpy as np
import pytest

from riskengine.instrument.derived import FUNCTIONS, OVER_ARRAYS

VALUES = {
    "copas_rate": {
        "n": [0, 1, 3, 7, 200], "age_at_conviction": [10, 11, 33, 100],
        "age_at_first": [10, 20, 21, 43, 100],
    },
    "ratio": {"part": [0, 1, 2.5, -3], "whole": [0, 3, 7.25, -1]},
}  # fmt: skip


@pytest.mark.parametrize("function", OVER_ARRAYS, ids=str)
def test_over_arrays_gives_the_very_numbers_of_one_person(function: tuple[str, int]) -> None:
    names, values = zip(*VALUES[function[0]].items(), strict=True)
    grids = np.meshgrid(*(np.array([*each, np.nan], float) for each in values), indexing="ij")
    found = OVER_ARRAYS[function](**dict(zip(names, grids, strict=True)))
    none = 0
    for at in np.ndindex(found.shape):
        arguments = {name: float(grid[at]) for name, grid in zip(names, grids, strict=True)}
        try:
            if any(map(math.isnan, arguments.values())):
                raise ValueError("an answer that is not known")
            expected = float(FUNCTIONS[function](**arguments))
        except (ValueError, ZeroDivisionError):
            none += 1
            assert math.isnan(found[at]), arguments
            continue
        assert found[at] == expected, arguments
    assert 0 < none < found.size
