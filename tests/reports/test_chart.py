from __future__ import annotations

import re

import pytest

from riskengine.reports.chart import Axis, contribution_bar, position_strip


def rect(svg: str) -> tuple[float, float]:
    found = re.search(r'<rect class="bar \w+" x="([\d.]+)" y="2.5" width="([\d.]+)"', svg)
    assert found
    return float(found[1]), float(found[2])


def zero(svg: str) -> float:
    found = re.search(r'class="zero" x1="([\d.]+)"', svg)
    assert found
    return float(found[1])


def test_a_raising_bar_begins_at_zero_and_a_lowering_one_ends_there():
    axis = Axis.over([6, -3], least=2)
    up, down = contribution_bar(6, axis), contribution_bar(-3, axis)
    left, width = rect(up)
    assert left == zero(up) == zero(down)
    lowering_left, lowering_width = rect(down)
    assert lowering_left + lowering_width == pytest.approx(zero(down), abs=0.02)
    assert width == pytest.approx(2 * lowering_width, abs=0.05)


def test_direction_is_told_by_side_and_pattern_and_not_by_colour_alone():
    axis = Axis.over([1, -1], least=1)
    assert 'fill="url(#lowers)"' in contribution_bar(-1, axis)
    assert "url(#" not in contribution_bar(1, axis)


def test_nothing_is_drawn_for_nothing():
    assert "<rect" not in contribution_bar(0, Axis.over([1], least=1))


def test_small_contributions_stay_small():
    axis = Axis.over([1, 0.5], least=4)
    assert (axis.low, axis.high) == (-4, 4)
    assert rect(contribution_bar(1, axis))[1] < 25


@pytest.mark.parametrize(("share", "place"), [(-5, 3), (0, 3), (50, 80), (100, 157), (400, 157)])
def test_a_position_stays_on_its_strip(share, place):
    assert f'd="M{place:.1f} 8.5' in position_strip(share, "x")


def test_a_description_cannot_leave_its_attribute():
    svg = position_strip(10, '"><script>')
    assert "<script>" not in svg
    assert 'aria-label="&#34;&gt;&lt;script&gt;"' in svg
