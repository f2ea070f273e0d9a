"""Districts that learn from each other: on made-up provinces with known truth, and in Iowa.

    python benchmarks/districts.py

First, made-up provinces whose districts differ by a known shift: how well pooling finds the
shifts of districts with few events, beside every district by itself and beside no difference at
all. Then Iowa's eight judicial districts: pooled on the reporting years 2013-2016, and how they
fare in 2017.

Every setting below was fixed before the first run; nothing is chosen on rows that are reported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from common import IOWA, REPORTS, arguments, cohort_file, table, write_report
from numpy.typing import NDArray
from plots import dot_plot
from transport import SEED, TESTED_YEAR, TRAINED_YEARS, learned, one_hot, out_of_fold

from riskengine.evaluation.metrics import sigmoid
from riskengine.store.lookup import find_instrument
from riskengine.synthetic import make_province
from riskengine.training.axes import candidates, encode
from riskengine.training.cohort import read_cohort
from riskengine.training.district_models import membership
from riskengine.training.districts import Pool, Scales, Standing, held_out, pool, standings
from riskengine.training.shift import Prior, levels_by_period, next_level, updated

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Names = NDArray[np.object_]

PROVINCES = 5
DISTRICTS = 40
PEOPLE = 700
FEWEST = 20
PROVINCE_DRAWS = 12
FEW_EVENTS = 30
BANDS = ((0, 2), (3, 7), (8, 15), (16, 30), (31, 10_000))
SPREADS = (None, 0.15, 0.27, 0.5)
SPREAD_DRAWS = 50
ALONE = Prior(mean=0.0, sd=2.0)
"""Of a district's level when it learns by itself."""
NO_DISTRICT = ("none", "interstate")
LOCAL_ROWS = 300
DRAWS = 200


# --- Made-up provinces ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """Errors of the shifts of many districts, by how they were learned."""

    events: Integers
    pooled: Floats
    alone: Floats
    none: Floats
    inside: NDArray[np.bool_]
    width: Floats
    borrowed: Floats


def level_of(score: Floats, risk: Floats) -> float:
    """Give the shift at which a score foretells exactly the true number of events."""
    level = 0.0
    for _ in range(50):
        chance = sigmoid(score + level)
        level += float((risk - chance).sum() / (chance * (1.0 - chance)).sum())
    return level


def province(seed: int) -> Found:
    """Draw outcomes and people of one province, again and again."""
    made = make_province(DISTRICTS, PEOPLE, seed=seed)
    names = made.districts["district"].to_numpy(dtype=object)
    own = made.districts.set_index("district")["log_hazard"]
    where = made.truth["district"].to_numpy(dtype=object)
    predictor = made.truth["linear_predictor"].to_numpy() - own.loc[where].to_numpy()
    risk = made.truth["risk_12m"].to_numpy()
    # the best score that knows of no district: a line through the true log-odds
    line = np.polyfit(predictor, np.log(risk / (1.0 - risk)), 1)
    score = np.polyval(line, predictor)
    everywhere = level_of(score, risk)
    truth = np.array([level_of(score[where == n], risk[where == n]) for n in names]) - everywhere

    parts: list[list[NDArray[np.float64]]] = []
    for draw in range(PROVINCE_DRAWS):
        rng = np.random.default_rng([SEED, seed, draw])
        sizes = rng.integers(FEWEST, PEOPLE + 1, DISTRICTS)
        taken = np.concatenate(
            [
                rng.permutation(np.flatnonzero(where == name))[:size]
                for name, size in zip(names, sizes, strict=True)
            ]
        )
        outcome = (rng.random(len(taken)) < risk[taken]).astype(np.int64)
        here = where[taken]
        result = pool(score[taken], outcome, here.tolist())
        alone = [
            updated(score[taken][here == name], outcome[here == name], level=ALONE).level
            for name in names
        ]
        low, high = (
            np.array([getattr(d, end) for d in result.districts]) for end in ("low", "high")
        )
        parts.append(
            [
                np.array([d.events for d in result.districts], dtype=np.float64),
                np.array([d.shift for d in result.districts]) - truth,
                # by itself a district knows no province: measured from the pool's
                np.array(alone) - result.line.level - truth,
                -truth,
                ((low <= truth) & (truth <= high)).astype(np.float64),
                high - low,
                np.array([d.borrowed for d in result.districts]),
            ]
        )
    events, pooled, by_itself, none, inside, width, borrowed = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Found(events.astype(np.int64), pooled, by_itself, none, inside > 0, width, borrowed)


def made_up() -> Found:
    """Put all provinces together."""
    found = []
    for seed in range(PROVINCES):
        found.append(province(seed))
        print(f"made-up province {seed + 1} of {PROVINCES}", flush=True)
    return Found(
        *(np.concatenate([getattr(one, name) for one in found]) for name in Found.__annotations__)
    )


def rmse(errors: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean(errors**2)))


def bands(found: Found) -> list[tuple[str, ...]]:
    """Rows by number of events, and for all districts with few."""
    rows = []
    chosen = [
        (f"{low} to {high}" if high < 10_000 else f"{low} and more", low, high)
        for low, high in BANDS
    ]
    for name, low, high in [*chosen, (f"**0 to {FEW_EVENTS}**", 0, FEW_EVENTS)]:
        at = (found.events >= low) & (found.events <= high)
        rows.append(
            (
                name,
                f"{at.sum():,}",
                f"{rmse(found.pooled[at]):.3f}",
                f"{rmse(found.alone[at]):.3f}",
                f"{rmse(found.none[at]):.3f}",
                f"{found.inside[at].mean():.1%}",
                f"{found.width[at].mean():.2f}",
                f"{found.borrowed[at].mean():.0%}",
            )
        )
    return rows


def coverage(apart: float | None) -> tuple[str, ...]:
    """How often intervals hold normal shifts, whose spread is given or drawn from its prior."""
    inside, few = [], []
    for number in range(SPREAD_DRAWS):
        rng = np.random.default_rng([SEED, 77, number])
        sd = abs(rng.normal(0.0, Scales().districts)) if apart is None else apart
        shifts = rng.normal(0.0, sd, DISTRICTS)
        where = np.repeat(np.arange(DISTRICTS), rng.integers(FEWEST, 300, DISTRICTS))
        score = rng.normal(-3.0, 0.8, len(where))
        outcome = rng.random(len(where)) < sigmoid(score + shifts[where])
        result = pool(score, outcome.astype(np.int64), [f"{n:02d}" for n in where])
        inside += [d.low <= t <= d.high for d, t in zip(result.districts, shifts, strict=True)]
        few += [d.events <= 2 for d in result.districts]
    found, at = np.array(inside), np.array(few)
    name = "drawn from its prior" if apart is None else f"{apart:.2f}"
    return name, f"{found.mean():.1%}", f"{found[at].mean():.1%}"


# --- Iowa ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Iowa:
    """Iowa's judicial districts, pooled and moved to the next year.

    Attributes
    ----------
    later
        For every way of scoring 2017, mean O/E of every district over draws, and the mean over
        draws of the people-weighted distance of O/E from one.
    """

    pool: Pool
    standings: tuple[Standing, ...]
    prior: Prior
    left_out: int
    people_later: Integers
    later: dict[str, tuple[Floats, float]]


def iowa(data: Path) -> Iowa:
    """Pool the districts on the earlier years and follow them into the later one."""
    path = cohort_file(data, IOWA)
    instrument = find_instrument("iowa_prison_release")
    cohort = read_cohort(path, instrument, "return_3y")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if cohort.people != len(frame):
        raise ValueError("rows were set aside: people and districts do not belong together")
    members = membership(
        frame,
        range(len(frame)),
        instrument,
        "main_supervising_district",
        leave_out=NO_DISTRICT,
    )
    year = np.array(cohort.column("fiscal_year"), dtype=np.int64) + 3
    where = np.array(members.names, dtype=object)
    inside = np.array([name is not None for name in members.names])
    items = candidates(instrument, cohort, include_protected=False)
    design = one_hot(encode(cohort, items), [item.known for item in items])

    before = np.isin(year, TRAINED_YEARS) & inside
    past, there = cohort.outcome[before], where[before].tolist()
    score = out_of_fold(design[before], past)
    found = pool(score, past, there)
    rows = standings(found, score, past, there, seed=SEED)
    years = [str(y) for y in year[before].tolist()]
    own = held_out(score, past, there, seed=SEED)
    prior = next_level(levels_by_period(own, past, years))
    prior_of_province = next_level(levels_by_period(score, past, years))

    after = (year == TESTED_YEAR) & inside
    later, outcome, place = (
        learned(design[before], past)(design[after]),
        cohort.outcome[after],
        where[after],
    )
    own_lines = found.of(later, place.tolist())
    names = [one.name for one in found.districts]

    def moved(base: Floats, level: Prior) -> Callable[[Integers], Floats]:
        def use(taken: Integers) -> Floats:
            return updated(base[taken], outcome[taken], level=level).of(base)

        return use

    def again(taken: Integers) -> Floats:
        """Pool the local rows anew on top of the districts' own lines."""
        fresh = pool(own_lines[taken], outcome[taken], place[taken].tolist(), names=names)
        return fresh.of(own_lines, place.tolist())

    ways: dict[str, Callable[[Integers], Floats]] = {
        "province as it is": lambda taken: later,
        "districts' own lines of 2013-2016": lambda taken: own_lines,
        f"province, level updated with {LOCAL_ROWS} rows": moved(later, prior_of_province),
        f"districts' own lines, province's level updated with {LOCAL_ROWS} rows": moved(
            own_lines, prior
        ),
        f"districts' own lines, all pooled anew with {LOCAL_ROWS} rows": again,
    }
    return Iowa(
        found,
        rows,
        prior,
        int((~inside & np.isin(year, TRAINED_YEARS)).sum()),
        np.array([(place == name).sum() for name in names], dtype=np.int64),
        {name: followed(use, outcome, place, names) for name, use in ways.items()},
    )


def followed(
    use: Callable[[Integers], Floats], outcome: Integers, place: Names, names: list[str]
) -> tuple[Floats, float]:
    """Give the districts' O/E on the rows not drawn, and how far they lie from one."""
    ratios, distances = [], []
    for draw in range(DRAWS):
        order = np.random.default_rng([SEED, draw]).permutation(len(outcome))
        rest = order[LOCAL_ROWS:]
        risk = sigmoid(use(order[:LOCAL_ROWS]))[rest]
        here = place[rest]
        ratio = np.array(
            [outcome[rest][here == name].sum() / risk[here == name].sum() for name in names]
        )
        people = np.array([(here == name).sum() for name in names])
        ratios.append(ratio)
        distances.append(float(people @ np.abs(ratio - 1.0) / people.sum()))
    return np.mean(ratios, axis=0), float(np.mean(distances))


# --- The report ----------------------------------------------------------------------------------


def main() -> int:
    """Run everything and write the report."""
    options = arguments(__doc__).parse_args()
    state = iowa(options.data)
    found = made_up()
    dot_plot(
        REPORTS / "districts.svg",
        title="Iowa's judicial districts, 2013-2016: shift beside the pool",
        x_label="Shift of the log-odds, 90 % interval",
        rows=[(d.name, d.shift, d.low, d.high) for d in state.pool.districts],
        reference=0.0,
    )
    write_report(
        "districts",
        "Districts that learn from each other",
        body(found, [coverage(apart) for apart in SPREADS], state),
        "python benchmarks/districts.py",
    )
    return 0


def body(found: Found, spreads: list[tuple[str, ...]], state: Iowa) -> str:
    """Write the text and the tables."""
    head = (
        "Events in the district", "Districts", "RMSE pooled", "RMSE by itself",
        "RMSE no difference", "Inside the 90 % interval", "Width", "Borrowed",
    )  # fmt: skip
    names = [one.name for one in state.pool.districts]
    return "\n\n".join(
        [
            MADE_UP.format(
                provinces=PROVINCES, districts=DISTRICTS, fewest=FEWEST, people=PEOPLE,
                draws=PROVINCE_DRAWS, alone=ALONE.sd,
            ),
            table(head, bands(found)),
            SPREAD_WORDS.format(provinces=SPREAD_DRAWS, districts=DISTRICTS),
            table(("Standard deviation of the shifts", "Inside the 90 % interval",
                   "... with 0 to 2 events"), spreads),
            IOWA_WORDS.format(
                people=state.pool.people, events=state.pool.events, left_out=state.left_out,
                apart=state.pool.apart, slopes=state.pool.slopes_apart or 0.0,
            ),
            table(
                ("District", "People", "Events", "Shift (90 % interval)", "Slope", "Borrowed",
                 "O/E before", "O/E after", "Checked"),
                [
                    (
                        row.district.name, f"{row.district.people:,}", f"{row.district.events:,}",
                        f"{row.district.shift:+.3f} ({row.district.low:+.3f} – "
                        f"{row.district.high:+.3f})",
                        f"{row.district.line.slope:.2f}", f"{row.district.borrowed:.0%}",
                        f"{row.before:.3f}", f"{row.after:.3f}",
                        row.validation.replace("_", " "),
                    )
                    for row in state.standings
                ],
            ),
            LATER.format(
                rows=LOCAL_ROWS, draws=DRAWS, mean=state.prior.mean, sd=state.prior.sd
            ),
            table(
                ("Way of scoring 2017", *names, "Mean abs. O/E − 1"),
                [
                    ("*people*", *(f"{n:,}" for n in state.people_later), ""),
                    *(
                        (name, *(f"{ratio:.2f}" for ratio in ratios), f"{off:.3f}")
                        for name, (ratios, off) in state.later.items()
                    ),
                ],
            ),
        ]
    )  # fmt: skip


MADE_UP = """\
## Made-up provinces

{provinces} provinces of {districts} districts from `riskengine.synthetic`, in which every district
has a log hazard of its own. {draws} times, {fewest} to {people} people of every district are
drawn, and outcomes from their true risks. The province's score is the best one that knows of no
district. The true shift is that at which the score foretells exactly the true number of events
among all of the district's people, beside the same of the province. *By itself*: a Bayesian shift
of the district alone (prior standard deviation {alone:g}). *No difference*: everybody takes the
province's level. It shows that the method recovers what is true there; the provinces themselves
are illustrative."""

SPREAD_WORDS = """\
How often intervals hold the truth depends on how far the districts truly lie apart, which has to
be learned from few districts. {provinces} times {districts} districts with 20 to 300 people each,
some 5 % of them with the event, and normal shifts:"""

IOWA_WORDS = """\
## Iowa's judicial districts, reporting years 2013-2016

{people:,} people with one of the eight judicial districts as their main supervising district,
{events:,} of them with a return within three years. The district was recorded over the follow-up:
it groups people here and predicts nothing. {left_out:,} people without supervision or sent to
another state belong to no district and are left out. The score is an additive logistic model of
age, offence and release type, out of fold. Levels lie apart by a standard deviation of about
{apart:.2f} (log-odds), slopes by {slopes:.2f}. *After* is by a line learned on the other folds'
people."""

LATER = """\
## The same districts in 2017

The model and the districts' lines of 2013-2016 meet the rows of 2017. {draws} times {rows} rows of
the eight districts together are drawn to update; O/E is the mean over draws on the rows not drawn,
and the last column the distance of O/E from one, weighted by people, averaged over draws. The
prior of the level comes from the year-to-year changes of 2013-2016 alone (for the districts' lines
a mean of {mean:+.3f}, standard deviation of {sd:.3f}). A district has some 110 to 940 people in
2017, so that its own O/E is uncertain by about .04 to .1 whatever is done."""


if __name__ == "__main__":
    sys.exit(main())
