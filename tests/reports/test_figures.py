from __future__ import annotations

from datetime import date

import pytest

from riskengine.reports.figures import ScoreUnit, minus, percent, written_day


def test_days_are_written_as_the_language_does():
    assert written_day(date(2026, 3, 2), "zh") == "2026年3月2日"
    assert written_day(date(2026, 12, 31), "en") == "31 December 2026"


@pytest.mark.parametrize(
    ("number", "written"),
    [("-2", "−2"), ("+2", "+2"), ("-0.00", "0.00"), ("+0", "0"), ("10", "10")],
)
def test_minus_signs(number, written):
    assert minus(number) == written


@pytest.mark.parametrize(
    ("probability", "written"),
    [
        ("0.407517712", "40.8"),
        ("0.010000000", "1.0"),
        ("0.002134000", "0.21"),
        ("0.000021000", "0.0021"),
    ],
)
def test_rare_events_keep_their_digits(probability, written):
    assert percent(probability) == written


def test_points_are_whole_and_log_odds_are_rounded():
    assert ScoreUnit(True).signed(ScoreUnit(True).amount(-3)) == "−3"
    full = ScoreUnit(False)
    assert full.signed(full.amount(3 * 2**39)) == "+1.50"
    assert full.plain(full.amount(-(2**40))) == "−1.00"
