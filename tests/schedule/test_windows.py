"""Windows cover every day once, and schedules that follow one another lose no contact."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.policy.document import Contact
from riskengine.schedule.windows import next_window, window, windows
from riskengine.text import Text

SINCE = date(2026, 1, 1)
frequencies = st.tuples(st.integers(1, 31), st.integers(1, 366))


def contact(times: int, per_days: int) -> Contact:
    return Contact(kind="talk", label=Text(zh="谈", en="talk"), times=times, per_days=per_days)


@settings(deadline=None)
@given(frequencies.filter(lambda f: f[0] <= f[1]), st.integers(0, 40))
def test_windows_touch_and_hold_the_stated_number(frequency, number):
    one, following = (window(contact(*frequency), SINCE, n) for n in (number, number + 1))
    assert one.first <= one.middle <= one.last
    assert following.first == one.last + timedelta(days=1)
    times, per_days = frequency
    round_ = [window(contact(*frequency), SINCE, n) for n in range(times)]
    assert round_[0].first == SINCE
    assert round_[-1].last == SINCE + timedelta(days=per_days - 1)


@settings(deadline=None)
@given(frequencies, st.lists(st.integers(1, 120), min_size=1, max_size=6))
def test_schedules_that_follow_one_another_have_every_window_once(frequency, lengths):
    one = contact(*frequency)
    days = [SINCE]
    for length in lengths:
        days.append(days[-1] + timedelta(days=length))
    found = [
        w.number
        for first, before in zip(days, days[1:], strict=False)
        for w in windows(one, SINCE, first, before)
    ]
    assert found == list(range(len(found)))
    following = next_window(one, SINCE, days[-1])
    assert following.number == len(found)
    assert following.middle >= days[-1]


def test_twice_in_thirty_days():
    found = list(windows(contact(2, 30), SINCE, SINCE, date(2026, 2, 1)))
    assert [(w.first.day, w.last.day, w.middle.day) for w in found[:2]] == [
        (1, 15, 8),
        (16, 30, 23),
    ]
