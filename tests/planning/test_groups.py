"""Small cells are hidden, and nothing that is shown gives one away."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.planning.groups import SMALLEST, PastTiers, group_cells, shown_cells


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 60), min_size=1))
def test_what_is_hidden_cannot_be_worked_out_from_the_total(sizes):
    shown = shown_cells(sizes)
    hidden = {name for name, size in sizes.items() if size and name not in shown}
    assert all(sizes[name] >= SMALLEST for name in shown)
    small = any(0 < size < SMALLEST for size in sizes.values())
    assert bool(hidden) == small
    if hidden and shown:
        # the total gives the sum of what is hidden: that is no small cell, and no single one
        assert len(hidden) > 1
        assert sum(sizes[name] for name in hidden) >= SMALLEST


def test_groups_of_a_caseload(somebody):
    people = [somebody(f"m{n}", sex="1", residence_area_type="village") for n in range(40)]
    people += [somebody(f"w{n}", sex="2", residence_area_type="urban") for n in range(25)]
    before = np.array([1] * 40 + [0] * 25)
    after = np.array([1] * 30 + [2] * 10 + [1] * 5 + [0] * 20)
    cells = {(c.dimension, c.cell): c for c in group_cells(people, before, after, None)}
    men, women = cells["sex", "male"], cells["sex", "female"]
    assert (men.people, men.up, men.down, men.strict) == (40, 0.25, 0.0, (0.0, 0.25))
    assert (women.people, women.up, women.relaxed) == (25, 0.2, (1.0, 0.8))
    assert cells["residence_area_type", "rural"].people == 40
    assert cells["age_at_start", "unknown"].people == 65


def test_rates_need_twenty_people_behind_them(somebody):
    people = [somebody(f"p{n}", sex="1") for n in range(60)]
    rank = np.ones(60, dtype=np.int64)
    event = np.array([1] * 19 + [0] * 41)
    at = np.array([True] * 10 + [False] * 50)
    (cell,) = [
        c for c in group_cells(people, rank, rank, PastTiers(people, event, at))
        if (c.dimension, c.cell) == ("sex", "male")
    ]  # fmt: skip
    assert cell.caught is None
    assert cell.needless.of == 41
    event[19] = 1
    (cell,) = [
        c for c in group_cells(people, rank, rank, PastTiers(people, event, at))
        if (c.dimension, c.cell) == ("sex", "male")
    ]  # fmt: skip
    assert (cell.caught.value, cell.caught.of) == (0.5, 20)
