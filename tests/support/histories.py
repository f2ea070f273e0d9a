"""Ten thousand made-up people under a policy, review after review, all at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from riskengine.policy.columns import Column, Days, People, asked_for, coder, day_number
from riskengine.policy.compiled import Policy
from riskengine.policy.frame import FrameRuling, rule_on_frame
from riskengine.policy.history import COUNTED, SANCTIONS

START = date(2026, 1, 1)


@dataclass
class Course:
    """What happened to everybody: a day, scores and events a review, and what was recommended.

    Attributes
    ----------
    days, scores
        Shape (reviews, people).
    sanctions
        By kind, shape (reviews, people): whether one happened just before the review.
    """

    policy: Policy
    start: Days
    end: Days
    appraisals: np.ndarray
    days: np.ndarray
    scores: np.ndarray
    sanctions: dict[str, np.ndarray]
    special: np.ndarray


def draw(policy: Policy, *, people: int, reviews: int, seed: int) -> Course:
    """Draw terms from two months to three years, reviews, scores, appraisals and sanctions."""
    rng = np.random.default_rng(seed)
    term = rng.integers(61, 1096, people).astype(np.float64)
    start = day_number(START) + rng.integers(0, 60, people)
    gaps = rng.integers(1, np.maximum(2, term / reviews * 1.6)[None, :], (reviews, people))
    days = start[None, :] + np.cumsum(gaps, axis=0) - gaps[0][None, :]
    walk = rng.integers(-3, 4, (reviews, people)).cumsum(axis=0)
    grades = policy.instrument.by_id["last_appraisal"].level_ids
    return Course(
        policy=policy,
        start=start,
        end=start + term,
        appraisals=rng.choice(len(grades), (reviews, people), p=[0.05, 0.5, 0.2, 0.25]),
        days=days,
        scores=rng.integers(-2, 12, people)[None, :] + walk,
        sanctions={kind: rng.random((reviews, people)) < 0.04 for kind in SANCTIONS},
        special=rng.random(people) < 0.03,
    )


def run(course: Course) -> list[FrameRuling]:
    """Run every review in order; each recommendation is decided as it stands."""
    policy = course.policy
    n = course.start.size
    current = np.full(n, -1, dtype=np.int8)
    since = np.full(n, np.nan)
    rulings = []
    initial = policy.document.initial_period
    for review in range(course.days.shape[0]):
        on = course.days[review]
        people = replace(_people(course, review), current=current.copy(), since=since.copy())
        ruling = rule_on_frame(policy, people, course.scores[review], on=on)
        rulings.append(ruling)
        changed = ruling.tier != current
        first = (current < 0) & (initial is not None) & (ruling.tier == 2)
        since = np.where(changed, np.where(first, course.start, on), since)
        current = ruling.tier.copy()
    return rulings


def _people(course: Course, review: int) -> People:
    n = course.start.size
    instrument = course.policy.instrument
    columns: dict[str, Column] = {
        name: np.full(n, -1, dtype=np.int16)
        if coder(instrument, name).codes is not None
        else np.full(n, np.nan)
        for name in asked_for(course.policy)
    }
    columns["start_date"], columns["end_date"] = course.start, course.end
    columns["last_appraisal"] = course.appraisals[review].astype(np.int16)
    levels = instrument.by_id["special_category"].level_ids
    columns["special_category"] = np.where(
        course.special, levels.index("organised_crime"), levels.index("none")
    ).astype(np.int16)
    newest, count = {}, {}
    for kind, happened in course.sanctions.items():
        so_far = happened[: review + 1]
        count[kind] = so_far.sum(axis=0)
        columns[COUNTED[kind]] = count[kind].astype(np.float64)
        on = np.where(so_far, course.days[: review + 1], -np.inf).max(axis=0)
        newest[kind] = np.where(np.isfinite(on), on, np.nan)
    return People(
        n=n,
        columns=columns,
        kinds=np.ones(n, dtype=np.int16),
        current=np.full(n, -1, dtype=np.int8),
        since=np.full(n, np.nan),
        events_known=np.ones(n, dtype=np.bool_),
        newest=newest,
        count=count,
    )
