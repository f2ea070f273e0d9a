"""Does the stated stability of a tier match how often two raters give the same tier?

Run with ``python benchmarks/rater_agreement.py``. Everything is made up (`riskengine.synthetic`):
provinces in which everybody is rated by two officers. The shipped day-one card and the bands of
the shipped policy; model error is set aside, since both raters use the same model.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common  # noqa: I001  (puts the checkout on the path)
from plots import line_plot

import numpy as np
from numpy.typing import NDArray

from riskengine import Engine
from riskengine.explanation.stability import band_stability
from riskengine.policy.bands import CutOffs
from riskengine.scorecard.compiled import Encoded, Floats, Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS, REFERENCE_TOTAL
from riskengine.scorecard.ratings import NO_CHANGE, Rerating
from riskengine.scorecard.uncertainty import another_rating, model_variance
from riskengine.synthetic import DEFAULT, Parameters, make_province
from riskengine.synthetic.parameters import Number
from riskengine.training.axes import States, largest_remainder

DISTRICTS, PEOPLE = 40, 500
GROUPS = 3
TENTHS = 10
EITHER = 0.8


@dataclass(frozen=True)
class Twice:
    """People rated by two officers, and as they truly are."""

    first: States
    second: States
    truth: States


def province(*, kappa: float | None = None, leniency: float | None = None) -> Parameters:
    """Give the numbers of a province: one kappa for all, or officers of stronger habits."""
    offices = replace(DEFAULT.offices, second_rater_share=Number(1.0))
    if leniency is not None:
        offices = replace(offices, leniency_sd=Number(leniency))
    kappas = DEFAULT.kappas
    if kappa is not None:
        kappas = tuple(replace(entry, kappa=kappa) for entry in kappas)
    return replace(DEFAULT, offices=offices, kappas=kappas)


def rated_twice(card: Scorecard, parameters: Parameters, seed: int) -> Twice:
    """Make people and lay their ratings on the card's axes."""
    made = make_province(DISTRICTS, PEOPLE, seed=seed, parameters=parameters)
    first = np.column_stack(
        [[of(answer) for answer in made.people[item]] for item, of in card.encoders]
    )
    second, truth = first.copy(), first.copy()
    place = {person: row for row, person in enumerate(made.people["person"])}
    again = made.ratings[made.ratings["rater"] == 2]
    for column, (item, of) in enumerate(card.encoders):
        if item not in card.document.uncertainty.rated_items:
            continue
        ratings = again[again["item"] == item]
        rows = np.array([place[person] for person in ratings["person"]])
        second[rows, column] = [of(rating) for rating in ratings["rating"]]
        true = made.truth[f"true_{item}"].to_numpy()
        truth[rows, column] = [of(answer) for answer in true[rows]]
    return Twice(first, second, truth)


def measured_kappa(card: Scorecard, people: Twice) -> float:
    """Kappa pooled over the card's rated items: agreements above chance over what was possible."""
    above = possible = 0.0
    for column, axis in enumerate(card.document.axes):
        if axis.item in card.document.uncertainty.rated_items:
            one, two = people.first[:, column], people.second[:, column]
            known = (one < axis.known_states) & (two < axis.known_states)
            shares = [
                np.bincount(side[known], minlength=axis.known_states) / known.sum()
                for side in (one, two)
            ]
            chance = float(shares[0] @ shares[1])
            above += float((one[known] == two[known]).mean()) - chance
            possible += 1 - chance
    return above / possible


def with_kappa(card: Scorecard, kappa: float) -> Scorecard:
    uncertainty = card.document.uncertainty.model_copy(update={"rater_kappa": kappa})
    return replace(card, document=card.document.model_copy(update={"uncertainty": uncertainty}))


def with_own_reference(card: Scorecard, people: States) -> Scorecard:
    """Take the people themselves as the population that mistaken ratings are drawn from."""
    axes = tuple(
        axis.model_copy(
            update={
                "reference": tuple(
                    largest_remainder(
                        np.bincount(people[:, column], minlength=axis.states), REFERENCE_TOTAL
                    )
                )
            }
        )
        for column, axis in enumerate(card.document.axes)
    )
    return replace(card, document=card.document.model_copy(update={"axes": axes}))


def scores_of(card: Scorecard, states: States) -> NDArray[np.int64]:
    scores: NDArray[np.int64] = card.cells[card.table_index(states)].sum(axis=1)
    return scores + card.document.intercept


def bands_of(scores: NDArray[np.int64], cuts: CutOffs) -> NDArray[np.int64]:
    return np.digitize(scores, [cuts.relaxed_below, cuts.strict_from])


def as_normal(found: Rerating) -> Rerating:
    """The same mean and variance, as a normal distribution on a fine grid."""
    mean = float(found.chance @ found.change)
    deviation = math.sqrt(max(found.mean_square - mean**2, 1e-12))
    z = np.linspace(-6, 6, 1201)
    weights = np.exp(-0.5 * z**2)
    return Rerating(mean + deviation * z, weights / weights.sum())


def stated(
    card: Scorecard, cuts: CutOffs, states: States, *, rating: str = "exact", model: bool = False
) -> Floats:
    """Stability of everybody's band; like people are worked out once."""
    rows, which = np.unique(states, axis=0, return_inverse=True)
    variances = model_variance(card, Encoded(rows, np.empty((len(rows), 0))))
    found = []
    for row, score, variance in zip(rows, scores_of(card, rows), variances, strict=True):
        change = NO_CHANGE if rating == "none" else another_rating(card, row)
        found.append(
            band_stability(
                int(score),
                cuts,
                model_variance=float(variance) if model else 0.0,
                rerating=as_normal(change) if rating == "normal" else change,
                log_odds_per_unit=card.document.log_odds.unit / 2**LOG_ODDS_BITS,
                whole_points=card.document.form == "points",
            ).value
        )
    return np.array(found)[which.ravel()]


def compared(label: str, said: Floats, same: NDArray[np.bool_]) -> tuple[str, ...]:
    """One row: for all, and by thirds of what was stated."""
    order = np.argsort(said, kind="stable")
    thirds = [(said[part].mean(), same[part].mean()) for part in np.array_split(order, GROUPS)]
    pairs = [(said.mean(), same.mean()), *thirds]
    worst = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    return (
        label,
        *(f"{one:.3f} / {other:.3f}" for one, other in pairs),
        f"{worst[0] - worst[1]:+.3f}",
    )


def tenths(said: Floats, same: NDArray[np.bool_]) -> list[tuple[float, float, float, float]]:
    """Points of the plot: stated, observed, and two standard errors on either side."""
    points = []
    for part in np.array_split(np.argsort(said, kind="stable"), TENTHS):
        share = float(same[part].mean())
        error = 2 * math.sqrt(share * (1 - share) / len(part))
        points.append((float(said[part].mean()), share, share - error, min(1.0, share + error)))
    return points


def reference_people(card: Scorecard, seed: int) -> States:
    """People of the card's reference population, items drawn independently."""
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [
            rng.choice(axis.states, size=20_000, p=np.array(axis.reference) / REFERENCE_TOTAL)
            for axis in card.document.axes
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--out", type=Path, default=common.REPORTS)
    options = parser.parse_args()
    engine = Engine.load()
    card = engine.scorecard
    assert engine.policy is not None
    cuts = engine.policy.cut_offs
    assumed = card.document.uncertainty.rater_kappa
    assert assumed is not None

    rows, truths = [], []
    series: dict[str, list[tuple[float, float, float | None, float | None]]] = {}
    home: Twice | None = None
    for label, parameters in (
        ("the generator's own", province()),
        (".6 for every item", province(kappa=0.6)),
        (".75 for every item", province(kappa=0.75)),
        ("the generator's own, strong habits", province(leniency=1.0)),
    ):
        people = rated_twice(card, parameters, options.seed)
        home = home or people
        bands = [
            bands_of(scores_of(card, states), cuts)
            for states in (people.first, people.second, people.truth)
        ]
        same, right = bands[0] == bands[1], bands[0] == bands[2]
        kappa = measured_kappa(card, people)
        measured = with_kappa(card, kappa)
        said = stated(measured, cuts, people.first)
        rows.append(compared(f"{label}; measured, {kappa:.2f}", said, same))
        series[f"kappa {label}"] = list(tenths(said, same))
        rows.append(
            compared(f"{label}; assumed, {assumed:g}", stated(card, cuts, people.first), same)
        )
        local = with_own_reference(measured, people.first)
        said = stated(local, cuts, people.first)
        rows.append(compared(f"{label}; measured, own population", said, same))
        # the truth behind a rating is a rating of kappa sqrt(kappa)
        said = stated(with_kappa(card, math.sqrt(kappa)), cuts, people.first)
        truths.append(compared(f"{label}; measured, {kappa:.2f}", said, right))

    assert home is not None
    either = []
    groups = {
        "made-up province": home.first,
        "the card's reference population": reference_people(card, options.seed),
    }
    for label, states in groups.items():
        shares = []
        for rating, model in (("exact", True), ("exact", False), ("none", True)):
            found = stated(card, cuts, states, rating=rating, model=model)
            shares.append(f"{(found < EITHER).mean():.3f}")
        either.append((label, *shares))
    normal = []
    for label, model in (("rating alone", False), ("rating and model", True)):
        exact, rough = (
            stated(card, cuts, home.first, rating=rating, model=model)
            for rating in ("exact", "normal")
        )
        normal.append(f"{label}: mean {np.abs(exact - rough).mean():.3f}, "
                      f"largest {np.abs(exact - rough).max():.3f}")  # fmt: skip
    series["as stated"] = [(0.5, 0.5, None, None), (1.0, 1.0, None, None)]
    line_plot(
        options.out / "rater_agreement.svg",
        title="Stated stability of a tier, and how often two raters gave the same tier",
        x_label="stated by the engine (means of tenths of the people)",
        y_label="share with the same tier from a second rater",
        series=series,
    )
    head = ("agreement of the made-up raters; kappa given to the engine", "all", "lowest third",
            "middle third", "highest third", "largest gap")  # fmt: skip
    body = TEXT.format(
        people=f"{DISTRICTS * PEOPLE:,}",
        seed=options.seed,
        table=common.table(head, rows),
        truths=common.table(head, truths),
        either=common.table(("people", "rating and model", "rating alone", "model alone"), either),
        normal="; ".join(normal),
    )
    common.write_report(
        "rater_agreement",
        "Stated stability and the agreement of two raters",
        body,
        "python benchmarks/rater_agreement.py",
        folder=options.out,
    )


TEXT = """
Made-up people only: {people} in 40 districts (seed {seed}), each rated by two officers. Card: the
shipped day-one points card; bands: the shipped policy's. Model error is set aside here, since both
raters use the same model. Every pair of figures is *stated / observed*.

## Another rater gives the same tier: this is what stability states

{table}

A rating is taken to be the same with probability kappa under another rater, else drawn from the
reference population. With two raters who err alike that is exact, and it is the reading that two
officers can check; the truth cannot be checked by anybody. Raters in the made-up province mistake
near levels more often than far ones, which kappa does not tell: the engine expects somewhat longer
jumps, and so states a little too little where doubt is greatest. A kappa that is assumed and wrong
costs more than all of that: measure it (a second rater on one file in ten).

## The true answers give the same tier: another question

The truth behind a rating is the rating with probability sqrt(kappa). This enters the interval of a
risk; the stability of a tier does not state it.

{truths}

## How often either tier is defensible

Share of people whose stability lies below .80, before any rule and without the initial period,
with the kappa that the card assumes:

{either}

With published effects alone the model is the greater doubt. Nothing here was tuned.

Rating error is counted exactly (whole points), under one habit a rater. A normal distribution of
the same mean and variance would err in stability by: {normal}.
"""


if __name__ == "__main__":
    main()
