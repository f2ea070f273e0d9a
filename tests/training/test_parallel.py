"""Several processes do what one does."""

from __future__ import annotations

import operator
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.training.parallel import each


def noise(size: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(size, size)) @ np.ones(size)


def test_results_come_in_order_and_are_the_same_to_the_bit() -> None:
    told: list[int] = []
    do = partial(noise, 300)
    one = list(each(do, range(5)))
    two = list(each(do, range(5), processes=2, step=lambda: told.append(1)))
    assert len(told) == 5
    for a, b, seed in zip(one, two, range(5), strict=True):
        assert (a == b).all()
        assert (a == noise(300, seed)).all()


def test_progress_is_told_after_each_task_and_not_at_the_end() -> None:
    told: list[int] = []
    for number, _ in enumerate(each(abs, range(4), step=lambda: told.append(1)), 1):
        assert len(told) == number


def test_an_error_of_a_task_is_raised() -> None:
    divide = partial(operator.truediv, 1)
    for processes in (1, 2):
        with pytest.raises(ZeroDivisionError):
            list(each(divide, [1, 0], processes=processes))


def test_no_process_at_all_is_refused() -> None:
    with pytest.raises(TrainingError, match="threads = 0; at least 1"):
        each(abs, [1], processes=0)
