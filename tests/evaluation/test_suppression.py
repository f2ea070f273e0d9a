"""No small group can be worked out from what is shown."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskengine.evaluation.suppression import SMALLEST, gives_away, hidden, hidden_in_lines
from riskengine.explanation import how_sure


def test_one_small_group_takes_the_next_smallest_with_it() -> None:
    assert hidden(np.array([500, 12, 60])).tolist() == [False, True, True]


def test_two_small_groups_that_are_few_together_take_a_third() -> None:
    assert hidden(np.array([500, 5, 8, 60])).tolist() == [False, True, True, True]


def test_nothing_is_hidden_without_need() -> None:
    assert not hidden(np.array([500, 20, 0])).any()
    assert hidden(np.array([500, 12, 15])).tolist() == [False, True, True]


def test_only_the_lines_whose_sums_are_known_take_others_with_them() -> None:
    sizes, up = np.array([3, 40, 12, 15]), np.array([True, False, False, False])
    assert hidden_in_lines(sizes, [up, ~up], 10).tolist() == [True, False, False, False]
    whole = [up, ~up, slice(None)]
    assert hidden_in_lines(sizes, whole, 10).tolist() == [True, False, True, True]


def test_a_count_is_given_away_by_the_rest_and_nobody_is_no_group() -> None:
    assert gives_away(9, 400, 10) and gives_away(391, 400, 10)
    assert not any(gives_away(count, 400, 10) for count in (0, 10, 390, 400))


def test_what_a_person_is_told_begins_with_as_many_as_a_report() -> None:
    # the explanation may not import this room, so that the number stands there once more
    assert how_sure.FEWEST_SHOWN == SMALLEST


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.integers(0, 60))
)
def test_in_no_line_do_the_hidden_give_away_a_small_one(people: np.ndarray) -> None:
    secret = hidden(people)
    assert secret[(people > 0) & (people < SMALLEST)].all()
    for sizes, here in [*zip(people, secret, strict=True), *zip(people.T, secret.T, strict=True)]:
        if not here.any():
            continue
        others = (~here & (sizes > 0)).any()
        # with the line's sum known, the hidden ones are at least two and at least so many
        assert (here.sum() > 1 and sizes[here].sum() >= SMALLEST) or not others
