"""What is known by a horizon: labels, competing and censoring ends, terms, the reporting lag."""

from __future__ import annotations

import numpy as np
import pytest

from riskengine.training.follow_up import (
    END_OF_TERM,
    EVENT,
    HORIZON,
    Course,
    Ending,
    Seen,
    Unlabelled,
    in_units,
    median_follow_up,
    seen_by,
)

DEAD: Ending = "competing"
MOVED: Ending = "censoring"


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        (Course(), Seen(0, 365, HORIZON)),
        (Course(event=365), Seen(1, 365, EVENT, False)),
        (Course(event=366), Seen(0, 365, HORIZON)),
        # a term that is over first ends the question; what comes after it is another one
        (Course(term=200), Seen(0, 200, END_OF_TERM)),
        (Course(event=200, term=200), Seen(1, 200, EVENT, False)),
        (Course(event=201, term=200), Seen(0, 200, END_OF_TERM)),
        (Course(event=201, term=400), Seen(1, 201, EVENT, False)),
        # an end that precludes the event answers it, one that stops observation does not
        (Course(end=100, ending=DEAD, reason="death"), Seen(0, 100, "death")),
        (Course(end=100, ending=MOVED, reason="transfer"), Seen(None, 100, "transfer")),
        (Course(end=100, ending=MOVED, reason="transfer", event=100), Seen(1, 100, EVENT, False)),
        # what was heard of people after observation stopped was heard by chance
        (Course(end=100, ending=MOVED, reason="x", event=120), Seen(None, 100, "x")),
        # an end at or after the horizon or the end of the term changes nothing
        (Course(end=365, ending=MOVED, reason="transfer"), Seen(0, 365, HORIZON)),
        (Course(end=210, ending=MOVED, reason="transfer", term=210), Seen(0, 210, END_OF_TERM)),
        (Course(end=209, ending=MOVED, reason="x", term=210), Seen(None, 209, "x")),
        # by the horizon something came that is nobody's discretion, or nothing did
        (Course(event=10, firm=300), Seen(1, 10, EVENT, True)),
        (Course(event=10, firm=400), Seen(1, 10, EVENT, False)),
    ],
)
def test_what_is_known_by_a_year_or_the_end_of_the_term(course: Course, expected: Seen) -> None:
    assert seen_by(course, 365, lag=0, to_term=True) == expected


def test_a_term_does_not_matter_to_the_event_by_the_horizon_alone() -> None:
    assert seen_by(Course(event=300, term=200), 365, lag=0, to_term=False) == Seen(
        1, 300, EVENT, False
    )


@pytest.mark.parametrize("event", [None, 5.0, 364.0])
@pytest.mark.parametrize(("term", "ripe"), [(None, 545), (365, 545), (200, 380)])
def test_nobody_counts_before_horizon_or_term_and_lag_have_passed(
    event: float | None, term: float | None, ripe: int
) -> None:
    """Alike with the event and without."""

    def found(reach: float) -> Seen | Unlabelled:
        return seen_by(Course(event=event, term=term, reach=reach), 365, lag=180, to_term=True)

    assert isinstance(found(ripe), Seen)
    early = found(ripe - 1)
    assert isinstance(early, Unlabelled)
    assert not early.lost
    assert "180 of reporting lag have to pass" in early.reason


def test_an_end_for_an_unlisted_reason_is_a_loss_only_where_it_decides() -> None:
    ended = Course(end=100, ending="unlisted", reason="left")
    found = seen_by(ended, 365, lag=0, to_term=True)
    assert isinstance(found, Unlabelled)
    assert found.lost
    assert "[left]" in found.reason
    assert seen_by(ended, 90, lag=0, to_term=True) == Seen(0, 90, HORIZON)


def test_horizons_in_months() -> None:
    assert [in_units(days, "months") for days in (180, 365, 730, 1095)] == [6, 12, 24, 36]
    assert in_units(365, "days") == 365


def test_median_follow_up_is_of_those_whose_follow_up_was_hidden_by_events() -> None:
    # ten people who would be followed 10, 20, ... 100 days; half of them hidden by early events
    courses = [
        Course(event=1.0, reach=10.0 * n) if n % 2 else Course(reach=10.0 * n)
        for n in range(1, 11)
    ]
    assert median_follow_up(courses) == 60
    died = [Course(end=1.0, ending=DEAD, reason="death", reach=50.0)] * 5
    assert median_follow_up([*courses, *died]) == 60
    moved = [Course(end=1.0, ending=MOVED, reason="transfer", reach=50.0)] * 11
    assert median_follow_up([*courses, *moved]) == 1
    # an event on the day on which others are lost sight of came before that
    tied = [Course(event=10.0, reach=10.0)] * 2
    assert median_follow_up([*tied, Course(reach=10.0), Course(reach=20.0)]) == 10
    assert median_follow_up([Course(event=1.0), Course(event=2.0)]) is None
    assert median_follow_up([Course()]) is None


def test_median_follow_up_against_a_naive_product_limit() -> None:
    rng = np.random.default_rng(3)
    event, stop = rng.integers(1, 60, 200), rng.integers(1, 60, 200)
    courses = [Course(event=float(e), reach=float(s)) for e, s in zip(event, stop, strict=True)]
    left = 1.0
    for day in range(1, 61):
        # on the same day the event comes first
        gone = int(((stop == day) & (event > day)).sum())
        risk = int(((stop >= day) & (event > day)).sum())
        left *= 1 - gone / risk if risk else 1
        if left <= 0.5:
            break
    assert median_follow_up(courses) == day
