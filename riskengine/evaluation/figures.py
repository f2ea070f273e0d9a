"""Figures from weights in cells: ranking, accuracy, calibration, and what happens at a cut.

Each function takes `Sums` and gives one value a draw and group, ``nan`` where there is none.
Every figure takes the same weights. scikit-learn, statsmodels and fairlearn, which take one sample
at a time, are the oracles in the tests.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from riskengine.evaluation.cells import Sums
from riskengine.evaluation.logistic import Smoother, fit

Floats = NDArray[np.float64]

LEAST_RISK = 1e-9
"""Risks of 0 and 1 are moved by so much where their logarithm is needed."""


def ratio(part: Floats, whole: Floats) -> Floats:
    """Divide, with ``nan`` where there is nothing to divide by."""
    found: Floats = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return found


def event_share(sums: Sums) -> Floats:
    """Share of people with the event."""
    return ratio(sums.events.sum(axis=-1), sums.both.sum(axis=-1))


def mean_risk(sums: Sums) -> Floats:
    """Mean predicted risk."""
    return ratio(sums.both @ _risk(sums), sums.both.sum(axis=-1))


def auc(sums: Sums) -> Floats:
    """Chance that somebody with the event has the higher score than somebody without; ties half.

    Hanley and McNeil (1982), Radiology 143, 29-36.
    """
    below = np.cumsum(sums.without, axis=-1) - sums.without / 2.0
    pairs = sums.events.sum(axis=-1) * sums.without.sum(axis=-1)
    return ratio((sums.events * below).sum(axis=-1), pairs)


def brier(sums: Sums) -> Floats:
    """Mean squared difference of risk and outcome (Brier 1950)."""
    risk = _risk(sums)
    squares = sums.events @ (1.0 - risk) ** 2 + sums.without @ risk**2
    return ratio(squares, sums.both.sum(axis=-1))


def brier_reference(sums: Sums) -> Floats:
    """Brier score of giving everybody the base rate of these very people."""
    share = event_share(sums)
    reference: Floats = share * (1.0 - share)
    return reference


def brier_skill(sums: Sums) -> Floats:
    """Scaled Brier score: 1 is perfect, 0 as good as the base rate, below 0 worse."""
    skill: Floats = 1.0 - ratio(brier(sums), brier_reference(sums))
    return skill


def log_score(sums: Sums) -> Floats:
    """Minus the mean log-likelihood, in nats."""
    risk = np.clip(_risk(sums), LEAST_RISK, 1.0 - LEAST_RISK)
    loss = -(sums.events @ np.log(risk)) - sums.without @ np.log1p(-risk)
    return ratio(loss, sums.both.sum(axis=-1))


def observed_expected(sums: Sums) -> Floats:
    """Events observed for every event predicted."""
    return ratio(sums.events.sum(axis=-1), sums.both @ _risk(sums))


def calibration_in_the_large(sums: Sums) -> Floats:
    """Intercept of the outcome's logistic regression with the log-odds as offset (ideal 0)."""
    lines, without, events = sums.fitted
    return fit(np.ones((len(lines), 1)), without, events, offset=lines)[..., 0]


def calibration_slope(sums: Sums) -> Floats:
    """Slope of the outcome's logistic regression on the log-odds (ideal 1).

    Cox (1958), Biometrika 45, 562-565.
    """
    lines, without, events = sums.fitted
    start = np.array([1.0, 0.0])
    return fit(np.column_stack([lines, np.ones(len(lines))]), without, events, start=start)[..., 0]


def calibration_errors(sums: Sums, smoother: Smoother) -> tuple[Floats, Floats, Floats, Floats]:
    """ICI, E50 and E90: mean, median and 90th percentile of |smooth observed - predicted|.

    Austin and Steyerberg (2019), Statistics in Medicine 38, 4051-4065; with a restricted cubic
    spline in place of their loess, which takes no weights.

    Returns
    -------
    tuple
        The three, and the coefficients of the curve, shape (draws, groups, columns).
    """
    lines, without, events = sums.fitted
    design = smoother.design(lines)
    coefficients = fit(design, without, events, start=smoother.identity)
    apart = np.abs(expit(coefficients @ design.T) - expit(lines))
    both = without + events
    found = [ratio((apart * both).sum(axis=-1), both.sum(axis=-1))]
    order = np.argsort(apart, axis=-1)
    running = np.cumsum(np.take_along_axis(both, order, axis=-1), axis=-1)
    ranked = np.take_along_axis(apart, order, axis=-1)
    for share in (0.5, 0.9):
        at = (running >= share * (1 - 1e-12) * running[..., -1:]).argmax(axis=-1)[..., None]
        found.append(np.take_along_axis(ranked, at, axis=-1)[..., 0])
    return found[0], found[1], found[2], coefficients


def at_cut(sums: Sums, cut: float) -> dict[str, Floats]:
    """Figures of calling everybody flagged whose score is at least a cut."""
    flagged = (sums.cells.marks.score >= cut).astype(np.float64)
    true_positive, false_positive = sums.events @ flagged, sums.without @ flagged
    false_negative, true_negative = sums.events @ (1 - flagged), sums.without @ (1 - flagged)
    events, without = true_positive + false_negative, false_positive + true_negative
    ppv = ratio(true_positive, true_positive + false_positive)
    return {
        "share_flagged": ratio(true_positive + false_positive, events + without),
        "sensitivity": ratio(true_positive, events),
        "specificity": ratio(true_negative, without),
        "ppv": ppv,
        "npv": ratio(true_negative, true_negative + false_negative),
        "false_positive_rate": ratio(false_positive, without),
        "false_negative_rate": ratio(false_negative, events),
        "lift": ratio(ppv, ratio(events, events + without)),
    }


def net_benefit_at(sums: Sums, cut: float, threshold: float) -> Floats:
    """Net benefit of a cut in the score, weighing both errors by a risk threshold."""
    flagged = (sums.cells.marks.score >= cut).astype(np.float64)
    odds = threshold / (1.0 - threshold)
    gain = sums.events @ flagged - odds * (sums.without @ flagged)
    return ratio(gain, sums.both.sum(axis=-1))


def net_benefit(sums: Sums, thresholds: Floats) -> Floats:
    """Net benefit by threshold, flagging whose risk is at least it; (draws, groups, thresholds).

    Vickers and Elkin (2006), Medical Decision Making 26, 565-574.
    """
    flagged = (_risk(sums)[:, None] >= thresholds).astype(np.float64)
    odds = thresholds / (1.0 - thresholds)
    gain = sums.events @ flagged - odds * (sums.without @ flagged)
    return ratio(gain, np.broadcast_to(sums.both.sum(axis=-1)[..., None], gain.shape))


def net_benefit_of_all(sums: Sums, thresholds: Floats) -> Floats:
    """Net benefit of flagging everybody; shape (draws, groups, thresholds)."""
    share = event_share(sums)[..., None]
    benefit: Floats = share - (1.0 - share) * thresholds / (1.0 - thresholds)
    return benefit


def _risk(sums: Sums) -> Floats:
    risk = sums.cells.marks.risk
    if risk is None:
        raise ValueError("a relative scale gives no probability")
    return risk
