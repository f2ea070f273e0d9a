"""Every figure against a library that has it, one weighted sample at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from riskengine.evaluation import figures, metrics
from riskengine.evaluation.cells import Cells, Sums, everybody, marks
from riskengine.evaluation.intervals import stand_out
from riskengine.evaluation.logistic import Smoother, fit
from riskengine.evaluation.surveillance import robust

TIGHT = 1e-12


class Made:
    """People with coarse or fine scores, weights or none."""

    def __init__(self, seed: int, *, coarse: bool, weighted: bool, people: int = 600) -> None:
        rng = np.random.default_rng(seed)
        line = rng.normal(-0.8, 1.0, people)
        self.log_odds = np.round(line * 4) / 4 if coarse else line
        self.risk = expit(self.log_odds)
        self.outcome = (rng.random(people) < expit(0.3 + 0.8 * line)).astype(np.int64)
        self.weight = rng.uniform(0.4, 3.0, people) if weighted else np.ones(people)
        self.group = rng.integers(0, 3, people)

    def sums(self, *, grouped: bool = False) -> Sums:
        at = marks(self.log_odds, self.log_odds, self.risk)
        cells = (
            Cells(at, self.outcome, level=self.group, levels=3)
            if grouped
            else Cells(at, self.outcome)
        )
        return cells.sums(everybody(self.weight))


@pytest.fixture(params=[(c, w) for c in (False, True) for w in (False, True)], ids=str)
def made(request: pytest.FixtureRequest) -> Made:
    coarse, weighted = request.param
    return Made(7, coarse=coarse, weighted=weighted)


def _sklearn(name: str) -> Callable[..., float]:
    import sklearn.metrics

    found: Callable[..., float] = getattr(sklearn.metrics, name)
    return found


def test_auc_brier_and_log_score_are_those_of_scikit_learn(made: Made) -> None:
    sums, w = made.sums(), made.weight
    auc = _sklearn("roc_auc_score")(made.outcome, made.log_odds, sample_weight=w)
    assert_allclose(figures.auc(sums), auc, rtol=TIGHT)
    assert_allclose(metrics.auc(made.log_odds, made.outcome, w), auc, rtol=TIGHT)
    brier = _sklearn("brier_score_loss")(made.outcome, made.risk, sample_weight=w)
    assert_allclose(figures.brier(sums), brier, rtol=TIGHT)
    loss = _sklearn("log_loss")(made.outcome, made.risk, sample_weight=w)
    assert_allclose(figures.log_score(sums), loss, rtol=TIGHT)
    base = np.full(len(w), np.average(made.outcome, weights=w))
    reference = _sklearn("brier_score_loss")(made.outcome, base, sample_weight=w)
    assert_allclose(figures.brier_skill(sums), 1 - brier / reference, rtol=1e-10)


def test_rates_at_a_cut_are_those_of_scikit_learn(made: Made) -> None:
    cut = -0.5
    flagged = (made.log_odds >= cut).astype(int)
    found = figures.at_cut(made.sums(), cut)
    table = _sklearn("confusion_matrix")(made.outcome, flagged, sample_weight=made.weight)
    (tn, fp), (fn, tp) = table
    expected = {
        "share_flagged": (tp + fp) / table.sum(),
        "sensitivity": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "ppv": tp / (tp + fp),
        "npv": tn / (tn + fn),
        "false_positive_rate": fp / (tn + fp),
        "false_negative_rate": fn / (tp + fn),
        "lift": tp / (tp + fp) / ((tp + fn) / table.sum()),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert_allclose(found[name], value, rtol=TIGHT, err_msg=name)


def test_rates_of_groups_are_those_of_fairlearn(made: Made) -> None:
    from fairlearn.metrics import (
        MetricFrame,
        false_negative_rate,
        false_positive_rate,
        selection_rate,
    )

    cut = -0.5
    weights = dict.fromkeys(("a", "b", "c"), {"sample_weight": made.weight})
    frame = MetricFrame(
        metrics={"a": false_positive_rate, "b": false_negative_rate, "c": selection_rate},
        y_true=made.outcome,
        y_pred=(made.log_odds >= cut).astype(int),
        sensitive_features=made.group,
        sample_params=weights,
    )
    found = figures.at_cut(made.sums(grouped=True), cut)
    names = {"a": "false_positive_rate", "b": "false_negative_rate", "c": "share_flagged"}
    for short, name in names.items():
        assert_allclose(found[name][0], frame.by_group[short].to_numpy(float), rtol=TIGHT)


def test_a_group_is_measured_as_if_it_were_alone(made: Made) -> None:
    grouped = made.sums(grouped=True)
    smoother = Smoother(made.log_odds, made.weight)
    for level in range(3):
        here = made.group == level
        at = marks(made.log_odds[here], made.log_odds[here], made.risk[here])
        alone = Cells(at, made.outcome[here]).sums(everybody(made.weight[here]))
        for figure in (figures.auc, figures.brier, figures.calibration_slope):
            assert_allclose(figure(grouped)[0, level], figure(alone)[0, 0], rtol=1e-10)
        both = [figures.calibration_errors(one, smoother)[0] for one in (grouped, alone)]
        assert_allclose(both[0][0, level], both[1][0, 0], rtol=1e-9)


def _statsmodels(design: Any, made: Made, **options: Any) -> Any:
    import statsmodels.api as sm

    model = sm.GLM(
        made.outcome, design, family=sm.families.Binomial(), var_weights=made.weight, **options
    )
    return model


def test_calibration_lines_are_those_of_statsmodels(made: Made) -> None:
    sums, ones = made.sums(), np.ones(len(made.weight))
    large = _statsmodels(ones[:, None], made, offset=made.log_odds).fit(tol=1e-14, maxiter=100)
    assert_allclose(figures.calibration_in_the_large(sums), large.params[0], rtol=1e-11)
    line = np.column_stack([made.log_odds, ones])
    slope = _statsmodels(line, made).fit(tol=1e-14, maxiter=100)
    assert_allclose(figures.calibration_slope(sums), slope.params[0], rtol=1e-11)
    # training fits the same line for one sample at a time
    one = metrics.calibration_line(made.log_odds, made.outcome, made.weight)
    assert_allclose(one, slope.params, rtol=1e-11)


def test_smooth_curve_and_its_errors_are_those_of_a_natural_spline(made: Made) -> None:
    """The basis of Harrell's book, written out, fitted by statsmodels."""
    smoother = Smoother(made.log_odds, made.weight)
    knots, x = smoother.knots, made.log_odds
    assert len(knots) == 4
    last, before = knots[-1], knots[-2]

    def cube(at: float) -> Any:
        return np.clip(x - at, 0, None) ** 3

    columns = [np.ones(len(x)), x]
    for knot in knots[:-2]:
        columns.append(
            cube(knot)
            - cube(before) * (last - knot) / (last - before)
            + cube(last) * (before - knot) / (last - before)
        )
    fitted = _statsmodels(np.column_stack(columns), made).fit(tol=1e-14, maxiter=100)
    apart = np.abs(fitted.fittedvalues - made.risk)
    ici, e50, e90, _ = figures.calibration_errors(made.sums(), smoother)
    assert_allclose(ici, np.average(apart, weights=made.weight), rtol=1e-9)
    order = np.argsort(apart)
    running = np.cumsum(made.weight[order]) / made.weight.sum()
    for found, share in ((e50, 0.5), (e90, 0.9)):
        assert_allclose(found, apart[order][np.searchsorted(running, share)], rtol=1e-8)


def test_perfect_calibration_has_the_identity_for_its_curve() -> None:
    line = np.linspace(-3, 2, 400)
    smoother = Smoother(line, np.ones(400))
    design = smoother.design(line)
    assert_allclose(design @ smoother.identity, line, atol=1e-12)
    risk = expit(line)
    assert_allclose(fit(design, 1 - risk, risk), smoother.identity, atol=1e-9)


def test_sandwich_errors_are_those_of_statsmodels(made: Made) -> None:
    design = np.column_stack([made.log_odds, made.group == 1, np.ones(len(made.weight))])
    expected = _statsmodels(design, made).fit(tol=1e-14, maxiter=100, cov_type="HC0")
    found = robust(design, made.outcome, made.weight)
    assert found is not None
    assert_allclose(found[0], expected.params, rtol=1e-9)
    assert_allclose(found[1], expected.bse, rtol=1e-9)


def test_net_benefit_by_its_published_formula(made: Made) -> None:
    thresholds = np.array([0.1, 0.3, 0.6])
    found = figures.net_benefit(made.sums(), thresholds)[0, 0]
    everyone = figures.net_benefit_of_all(made.sums(), thresholds)[0, 0]
    total = made.weight.sum()
    for at, threshold in enumerate(thresholds):
        flagged = made.risk >= threshold
        true = made.weight[flagged & (made.outcome == 1)].sum() / total
        false = made.weight[flagged & (made.outcome == 0)].sum() / total
        assert_allclose(found[at], true - false * threshold / (1 - threshold), rtol=TIGHT)
        share = np.average(made.outcome, weights=made.weight)
        assert_allclose(
            everyone[at], share - (1 - share) * threshold / (1 - threshold), rtol=1e-11
        )


def test_there_is_no_slope_where_scores_separate_or_nobody_has_the_event() -> None:
    line = np.linspace(-2, 2, 50)
    for outcome in ((line > 0).astype(np.int64), np.zeros(50, dtype=np.int64)):
        sums = Cells(marks(line, line, expit(line)), outcome).sums(everybody(np.ones(50)))
        assert np.isnan(figures.calibration_slope(sums)).all()
    assert np.isnan(figures.auc(sums)).all()
    assert np.isnan(figures.at_cut(sums, 0.0)["sensitivity"]).all()


def test_false_discoveries_are_held_back_as_statsmodels_does() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.001, 0.008, 0.03, 0.04, 0.2, 0.9])
    expected = multipletests(p, alpha=0.05, method="fdr_bh")[0]
    assert stand_out(p).tolist() == expected.tolist()
    with_unknown = stand_out(np.append(p, np.nan))
    assert with_unknown.tolist() == [*expected.tolist(), False]
