from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskengine.synthetic import DEFAULT, Province, make_province
from riskengine.synthetic.parameters import Kappa, Number
from riskengine.synthetic.raters import error_rate


def pairs(province: Province, item: str) -> pd.DataFrame:
    of_item = province.ratings[province.ratings["item"] == item]
    return of_item.pivot(index="person", columns="rater", values="rating").dropna()


def observed_kappa(ratings: pd.DataFrame) -> float:
    agree = float((ratings[1] == ratings[2]).mean())
    first, second = (ratings[n].value_counts(normalize=True) for n in (1, 2))
    chance = float(first.mul(second, fill_value=0.0).sum())
    return (agree - chance) / (1.0 - chance)


@pytest.mark.parametrize("entry", DEFAULT.kappas, ids=lambda entry: entry.item)
def test_two_raters_agree_as_stated(rated_twice: Province, entry: Kappa) -> None:
    ratings = pairs(rated_twice, entry.item)
    assert len(ratings) > 10_000
    assert abs(observed_kappa(ratings) - entry.kappa) < 0.05


def test_a_sample_is_rated_twice_and_never_by_the_same_officer(province: Province) -> None:
    by = province.ratings.pivot(index=["person", "item"], columns="rater", values="officer")
    both = by.dropna()
    share = both.index.get_level_values("person").nunique() / len(province.people)
    assert abs(share - DEFAULT.offices.second_rater_share.value) < 0.01
    assert (both[1] != both[2]).all()


def test_the_first_rating_is_what_the_file_holds(province: Province) -> None:
    first = province.ratings[province.ratings["rater"] == 1]
    for item in ("alcohol_problem", "family_support"):
        kept = first[first["item"] == item].set_index("person")["rating"]
        answers = province.people.set_index("person")[item]
        known = answers[~answers.isin(["not_asked", "unknown", "not_applicable"])]
        assert len(known) == len(kept)
        assert (known == kept.reindex(known.index)).all()


def test_lenient_officers_rate_lower() -> None:
    offices = replace(DEFAULT.offices, leniency_sd=Number(2.0))
    uneven = make_province(1, 4_000, seed=3, parameters=replace(DEFAULT, offices=offices))
    even = make_province(
        1, 4_000, seed=3,
        parameters=replace(DEFAULT, offices=replace(offices, leniency_sd=Number(0.0))),
    )  # fmt: skip

    def spread(province: Province) -> float:
        first = province.ratings[province.ratings["rater"] == 1]
        first = first[first["item"].isin(["work_attitude", "denial_of_responsibility"])]
        return float(first["rating"].astype(int).groupby(first["officer"]).mean().std())

    assert spread(uneven) > 1.5 * spread(even)


def test_a_perfect_kappa_needs_no_error_and_none_cannot_be_met_from_below() -> None:
    shares = (0.6, 0.3, 0.1)
    exact = error_rate(shares, 1.0, 0.3, ordered=True, certain=None)
    half = error_rate(shares, 0.5, 0.3, ordered=True, certain=None)
    assert exact < 1e-9 < 0.2 < half < 1.0
    with pytest.raises(ValueError, match="no error is large enough"):
        error_rate(shares, -0.5, 0.3, ordered=True, certain=None)


def test_nobody_mistakes_a_student(rated_twice: Province) -> None:
    true = rated_twice.truth.set_index("person")["true_employment_status"]
    ratings = rated_twice.ratings[rated_twice.ratings["item"] == "employment_status"]
    student = ratings["person"].map(true) == "student"
    assert student.any()
    assert ((ratings["rating"] == "student") == student).all()


def test_rating_error_is_error_about_the_truth(rated_twice: Province) -> None:
    true = rated_twice.truth["true_antisocial_companions"].to_numpy()
    rated = rated_twice.people["antisocial_companions"].to_numpy()
    assert 0.7 < float(np.mean(true == rated)) < 0.95
