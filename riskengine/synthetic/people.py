"""True answers of made-up people: correlated, lawful, and different in town and country.

Answers are held as codes (the place of a level in the instrument, or the number itself). An
ordered item follows a normal variable that loads on a general factor and on its group's, so that
items hang together within a group more than between groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from riskengine.synthetic.parameters import GROUPS, Choice, DistrictType, Parameters

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]

AGE_EDGES = (18, 21, 25, 30, 35, 40, 50, 60, 76)
FIRST_INTAKE = np.datetime64("2021-01-01", "D")

PUBLIC_SURVEILLANCE, PROBATION, PAROLE, OUTSIDE_PRISON = range(4)
STUDENT, UNABLE, FARMING = 3, 6, 2
_DRIVING = (6, 7)
_GAIN = (0, 1, 2, 3, 8, 9)
# the most of each delay before somebody reports: on time, late, very late, brought in
_DELAYS = ((0, 10), (10, 20), (20, 40), (40, 60))


@dataclass(frozen=True)
class People:
    """People of one district, as they truly are.

    Attributes
    ----------
    answers
        Item id to codes, shape (people,).
    start, end, assessed, birth, prohibition_end
        Dates, shape (people,). ``prohibition_end`` means nothing where there is no order.
    prohibitions
        Shape (people, 3): which prohibitions an order holds.
    """

    district_type: DistrictType
    answers: dict[str, Codes]
    start: Days
    end: Days
    assessed: Days
    birth: Days
    prohibition_end: Days
    prohibitions: NDArray[np.bool_]

    @property
    def term_days(self) -> Codes:
        """Days from the assessment to the end of the term."""
        days: Codes = (self.end - self.assessed).astype(np.int64)
        return days


def shift_months(day: Days, months: Codes) -> Days:
    """Move dates by whole months; a day that a month lacks falls in the next."""
    month = day.astype("datetime64[M]")
    of_month = (day - month.astype("datetime64[D]")).astype(np.int64)
    moved: Days = (month + months).astype("datetime64[D]") + of_month
    return moved


def pick(rng: np.random.Generator, weights: Floats) -> Codes:
    """Draw one column for every row of positive weights, shape (people, columns)."""
    steps = np.cumsum(weights, axis=1)
    at = rng.random(len(weights))[:, None] * steps[:, -1:]
    codes: Codes = (at >= steps).sum(axis=1)
    return codes


def make_people(
    rng: np.random.Generator, count: int, district_type: DistrictType, parameters: Parameters
) -> People:
    """Draw the true answers of one district's people.

    Parameters
    ----------
    rng
        Source of randomness; nothing else varies.
    count
        How many people.
    district_type
        ``urban`` or ``rural``: which shares apply.
    parameters
        The numbers.
    """
    trouble = rng.standard_normal(count)
    factors = {group: rng.standard_normal(count) for group in GROUPS}
    answers: dict[str, Codes] = {}
    for item in parameters.ordered:
        rest = np.sqrt(1.0 - item.trouble**2 - item.own**2)
        latent = (
            item.trouble * trouble
            + item.own * factors[item.group]
            + rest * rng.standard_normal(count)
        )
        answers[item.item] = cut(latent, getattr(item, district_type))
    for choice in parameters.choices:
        answers[choice.item] = pick(rng, _tilted(choice, district_type, trouble))
    offence = answers["offence_type"]
    motives = [pick(rng, _tilted(choice, district_type, trouble)) for choice in parameters.motives]
    which = np.where(np.isin(offence, _DRIVING), 0, np.where(np.isin(offence, _GAIN), 1, 2))
    answers["crime_motive"] = np.choose(which, motives)
    _ages_and_record(rng, answers)
    _work_and_school(rng, answers)
    _practical(rng, answers, district_type)
    return _with_terms(rng, answers, district_type, parameters)


def cut(latent: Floats, shares: tuple[float, ...]) -> Codes:
    """Cut a standard normal variable so that its levels have the given shares."""
    reached = np.cumsum(np.asarray(shares))[:-1] / sum(shares)
    normal = NormalDist()
    edges = [
        normal.inv_cdf(float(p)) if 0.0 < p < 1.0 else (-np.inf if p <= 0.0 else np.inf)
        for p in reached
    ]
    codes: Codes = np.searchsorted(np.asarray(edges), latent, side="right").astype(np.int64)
    return codes


def _tilted(choice: Choice, district_type: DistrictType, trouble: Floats) -> Floats:
    shares = np.asarray(getattr(choice, district_type))
    weights: Floats = shares * np.exp(np.outer(trouble, np.asarray(choice.tilt)))
    return weights


def _ages_and_record(rng: np.random.Generator, answers: dict[str, Codes]) -> None:
    band, priors = answers["age_band"], answers["prior_convictions_n"]
    edges = np.asarray(AGE_EDGES)
    age = edges[band] + rng.integers(0, edges[band + 1] - edges[band])
    ever, count = priors > 0, len(age)
    # somebody with earlier convictions began earlier, and never before sixteen
    years = rng.integers(1, 8, count) + 2 * priors
    answers["age_at_start"] = age
    answers["age_first_offence"] = np.where(ever, np.maximum(age - years, 16), age)
    answers["prior_custody"] = (ever & (rng.random(count) < 0.6)).astype(np.int64)
    failed = ever & (rng.random(count) < 0.12)
    answers["prior_supervision_failure"] = failed.astype(np.int64)
    may_be = np.isin(answers["legal_status"], (PUBLIC_SURVEILLANCE, OUTSIDE_PRISON))
    recidivist = ever & may_be & (rng.random(count) < 0.15)
    answers["recidivist"] = recidivist.astype(np.int64)


def _work_and_school(rng: np.random.Generator, answers: dict[str, Codes]) -> None:
    status, age = answers["employment_status"], answers["age_at_start"]
    # nobody studies at forty here, and people of sixty and older who seek work are retired
    status = np.where((status == STUDENT) & (age >= 30), 1, status)
    answers["employment_status"] = np.where((age >= 60) & (status >= 4), UNABLE, status)
    student = answers["employment_status"] == STUDENT
    kind = np.where(rng.random(len(age)) < 0.5, 2, 3)
    answers["schooling"] = np.where(student, kind, 0)
    without = np.isin(answers["employment_status"], (4, 5, UNABLE, STUDENT))
    answers["work_season"] = np.where(without, 2, np.minimum(answers["work_season"], 1))
    low = np.asarray((9, 4, 8, 0, 0, 0, 0))[answers["employment_status"]]
    high = np.asarray((13, 12, 13, 1, 9, 5, 1))[answers["employment_status"]]
    answers["months_worked_12m"] = rng.integers(low, high)


def _practical(
    rng: np.random.Generator, answers: dict[str, Codes], district_type: DistrictType
) -> None:
    count = len(answers["sex"])
    village = answers["residence_area_type"]
    mean = np.asarray((25.0, 40.0, 80.0) if district_type == "rural" else (25.0, 35.0, 50.0))
    minutes = rng.gamma(3.0, mean[village] / 3.0)
    answers["travel_minutes_to_office"] = np.clip(np.rint(minutes / 5) * 5, 5, 360).astype(int)
    crosses = rng.random(count) < np.where(answers["work_season"] == 1, 0.25, 0.05)
    answers["cross_county_regular"] = crosses.astype(np.int64)


def _with_terms(
    rng: np.random.Generator,
    answers: dict[str, Codes],
    district_type: DistrictType,
    parameters: Parameters,
) -> People:
    """Sentences, terms and dates that the law allows for each status."""
    status, count = answers["legal_status"], len(answers["sex"])
    short = rng.random(count) < 0.35
    sentence = np.choose(
        status,
        [
            rng.integers(3, 25, count),
            np.where(short, rng.integers(1, 7, count), rng.integers(6, 37, count)),
            rng.integers(24, 181, count),
            rng.integers(6, 73, count),
        ],
    )
    stretch = np.rint(sentence * rng.uniform(1.0, 1.7, count)).astype(np.int64)
    months = np.choose(
        status,
        [
            sentence,
            np.where(sentence < 6, np.clip(stretch, 3, 12), np.clip(stretch, 12, 60)),
            rng.integers(6, np.clip(sentence // 2, 6, 120) + 1),
            rng.integers(4, 37, count),
        ],
    )
    window = int(parameters.ends.intake_window_days.value)
    start = FIRST_INTAKE + rng.integers(0, window, count)
    end = shift_months(start, months)
    # the duty to report within ten days does not bind people handed over from prison or hospital
    late = np.where(status == OUTSIDE_PRISON, 0, answers["intake_lateness"])
    delays = np.asarray(_DELAYS)
    delay = rng.integers(delays[late, 0], delays[late, 1])
    delay = np.where(status == OUTSIDE_PRISON, rng.integers(0, 4, count), delay)
    # a day or more before the birthday's turn, so that the completed years are exactly the age
    birth = shift_months(start, -12 * answers["age_at_start"]) - rng.integers(1, 300, count)
    order = np.isin(status, (PUBLIC_SURVEILLANCE, PROBATION)) & (rng.random(count) < 0.08)
    types = rng.random((count, 3)) < np.asarray((0.5, 0.4, 0.2))
    types[:, 0] |= ~types.any(axis=1)
    ground = np.where(rng.random(count) < 0.85, 0, 2)
    pregnant = (answers["sex"] == 1) & (answers["age_at_start"] < 45)
    ground = np.where(pregnant & (rng.random(count) < 0.5), 1, ground)
    threat = rng.random(count) < 0.005
    answers.update(
        {
            "intake_lateness": late,
            "sentence_months": sentence,
            "prohibition_order": order.astype(np.int64),
            "temp_exec_ground": ground,
            "threat_to_named_person": threat.astype(np.int64),
        }
    )
    half = (end - start).astype(np.int64) // 2
    return People(
        district_type=district_type,
        answers=answers,
        start=start,
        end=end,
        assessed=start + delay,
        birth=birth,
        prohibition_end=start + np.maximum(half, 60),
        prohibitions=types,
    )
