"""Draws of people, and two scores on the same ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit
from sklearn.metrics import brier_score_loss, roc_auc_score

from riskengine.errors import UseError
from riskengine.evaluation import figures
from riskengine.evaluation.cells import MOST_SCORES, resampled
from riskengine.evaluation.measuring import Score, Task, measure
from riskengine.evaluation.paired import compare
from riskengine.evaluation.people import column_grouping

SEED = 11


def _two_scores(people: int, *, coarse: bool) -> tuple[Score, Score, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    line = rng.normal(-0.5, 1.0, people)
    outcome = (rng.random(people) < expit(line)).astype(np.int64)
    noisy = line + rng.normal(0, 0.8, people)
    if coarse:
        line, noisy = np.round(line * 5) / 5, np.round(noisy * 5) / 5
    scores = [Score(one, one, expit(one), cut=0.0) for one in (line, noisy)]
    return scores[0], scores[1], outcome, rng.uniform(0.5, 2.0, people)


def test_draws_are_those_of_people_drawn_one_by_one() -> None:
    first, second, outcome, weight = _two_scores(300, coarse=True)
    found = compare(first, second, outcome, weight, seed=SEED, draws=40)
    auc, brier = [], []
    for draw in resampled(weight, 40, SEED):
        for drawn in draw.weight:
            times = np.rint(drawn / weight).astype(int)
            assert times.sum() == 300
            at = np.repeat(np.arange(300), times)
            y, w = outcome[at], weight[at]
            auc.append(
                roc_auc_score(y, first.rank[at], sample_weight=w)
                - roc_auc_score(y, second.rank[at], sample_weight=w)
            )
            assert first.risk is not None and second.risk is not None
            brier.append(
                brier_score_loss(y, first.risk[at], sample_weight=w)
                - brier_score_loss(y, second.risk[at], sample_weight=w)
            )
    for name, values in (("auc", auc), ("brier", brier)):
        difference = found.pair(name).difference  # type: ignore[arg-type]
        assert_allclose(
            (difference.low, difference.high), np.quantile(values, [0.025, 0.975]), rtol=1e-9
        )
        assert_allclose(difference.error, np.std(values, ddof=1), rtol=1e-9)


def test_taking_neighbouring_scores_together_moves_no_interval_that_matters() -> None:
    first, _, outcome, weight = _two_scores(4 * MOST_SCORES, coarse=False)

    def compute(sums: object) -> dict[object, np.ndarray]:
        return {
            "auc": figures.auc(sums),  # type: ignore[arg-type]
            "brier": figures.brier(sums),  # type: ignore[arg-type]
            "slope": figures.calibration_slope(sums),  # type: ignore[arg-type]
            "fpr": figures.at_cut(sums, 0.0)["false_positive_rate"],  # type: ignore[arg-type]
        }

    (found,) = measure([Task(first, compute)], outcome, weight, draws=30, seed=SEED)
    exact: dict[str, list[float]] = {"auc": [], "brier": [], "fpr": []}
    for draw in resampled(weight, 30, SEED):
        for w in draw.weight:
            y, rank = outcome, first.rank
            exact["auc"].append(roc_auc_score(y, rank, sample_weight=w))
            exact["brier"].append(brier_score_loss(y, expit(rank), sample_weight=w))
            exact["fpr"].append(float(np.average(rank[y == 0] >= 0, weights=w[y == 0])))
    for name in ("auc", "brier"):
        error = np.std(exact[name])
        assert_allclose(found.draws[name][:, 0], exact[name], rtol=0, atol=0.02 * error)
    # a cut is never inside of what is taken together
    assert_allclose(found.draws["fpr"][:, 0], exact["fpr"], rtol=1e-12)
    assert np.isfinite(found.draws["slope"]).all()


def test_a_score_does_not_differ_from_itself() -> None:
    first, _, outcome, weight = _two_scores(400, coarse=True)
    found = compare(first, first, outcome, weight, seed=SEED, draws=50, thresholds=[0.3])
    for pair in found.pairs:
        assert (pair.difference.value, pair.difference.low, pair.difference.high) == (0, 0, 0)


def test_pairing_narrows_the_interval() -> None:
    first, second, outcome, weight = _two_scores(800, coarse=True)
    found = compare(first, second, outcome, weight, seed=SEED, draws=400).pair("auc")
    apart = np.hypot(found.first.error, found.second.error)
    assert found.difference.error < 0.8 * apart
    assert found.difference.low > 0


def test_groups_are_compared_within() -> None:
    first, second, outcome, weight = _two_scores(600, coarse=True)
    district = column_grouping("district", ["a", "b", "c"] * 200)
    found = compare(
        first, second, outcome, weight, seed=SEED, draws=20, groups={"district": district}
    )
    assert [one.level for one in found.groups] == ["a", "b", "c"]
    here = district.of == 1
    alone = roc_auc_score(outcome[here], first.rank[here], sample_weight=weight[here])
    assert_allclose(found.groups[1].pair("auc").first.value, alone, rtol=1e-12)
    frame = found.frame()
    assert set(frame["group"]) == {"", "a", "b", "c"}


def test_the_same_seed_gives_the_same_intervals() -> None:
    first, second, outcome, weight = _two_scores(200, coarse=True)
    one = compare(first, second, outcome, weight, seed=SEED, draws=50)
    assert one == compare(first, second, outcome, weight, seed=SEED, draws=50)
    assert one != compare(first, second, outcome, weight, seed=SEED + 1, draws=50)


def test_a_ranking_has_no_brier_score_and_no_net_benefit() -> None:
    first, second, outcome, _ = _two_scores(200, coarse=True)
    ranking = Score(second.rank)
    found = compare(first, ranking, outcome, seed=SEED, draws=10)
    assert not found.probabilities
    assert {pair.name for pair in found.pairs} == {"auc"}
    with pytest.raises(UseError, match="two scores that are probabilities"):
        compare(first, ranking, outcome, seed=SEED, thresholds=[0.2])


def test_other_people_are_refused() -> None:
    first, second, outcome, _ = _two_scores(200, coarse=True)
    with pytest.raises(UseError, match="the same people in the same order"):
        compare(first, second, outcome[:-1], seed=SEED)
