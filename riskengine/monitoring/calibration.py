"""Whether outcomes still fit: events against expected ones, the slope, by group.

Only people whose horizon and reporting lag have passed are counted, with the weights that training
gives to those who were followed to the end; `riskengine.training.cohort` sees to both.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import chi2

from riskengine.evaluation.people import People
from riskengine.evaluation.shares import share_interval
from riskengine.evaluation.suppression import hidden
from riskengine.monitoring.document import Signal
from riskengine.monitoring.exact import (
    Floats,
    against_people,
    events_test,
    slope_test,
)
from riskengine.monitoring.signals import Drawn, short, unjudged
from riskengine.monitoring.thresholds import Thresholds
from riskengine.monitoring.words import per_cent, said
from riskengine.text import Text


def calibration_signals(
    people: People, reference: People | None, thresholds: Thresholds
) -> list[Drawn]:
    """Signals of people whose outcome is known.

    Parameters
    ----------
    reference
        People of the reference with their outcomes: for a model without probabilities.
    """
    if people.risk is None:
        return [_event_share(people, reference, thresholds)]
    found = [
        _observed_expected("calibration", said("label_calibration"), people, thresholds),
        _slope(people, thresholds),
    ]
    for item, one in people.groups.items():
        sizes = np.bincount(one.of, minlength=len(one.levels))
        secret = hidden(sizes, thresholds.smallest_cell.value)
        for at, (level, name) in enumerate(zip(one.levels, one.labels, strict=True)):
            label = said("label_group_calibration", item=one.label, group=name)
            found.append(
                _observed_expected(
                    f"calibration.{item}.{level}", label, people.take(one.of == at), thresholds,
                    secret=bool(secret[at]),
                )
            )  # fmt: skip
    return found


def observed_expected(people: People) -> float | None:
    """Weighted events over weighted risks; ``None`` for a relative model or nobody."""
    if people.risk is None or not len(people):
        return None
    return float((people.weight @ people.outcome) / (people.weight @ people.risk))


def _observed_expected(
    id_: str, label: Text, people: People, thresholds: Thresholds, *, secret: bool = False
) -> Drawn:
    assert people.risk is not None
    # weights of mean one, so that sums are of about as many people as were counted
    weight = people.weight
    observed = float(weight @ people.outcome)
    expected = float(weight @ people.risk)
    least = thresholds.fewest_events.value
    if len(people) < thresholds.fewest_people.value or max(people.events, expected) < least:
        text = said("few_events", label=label, least=least)
        return unjudged(id_, "calibration", label, "too_few", text)
    ratio = observed / expected
    p = events_test(people.outcome.astype(float), people.risk, weight)
    low, high = _ratio_interval(people.outcome.astype(float), people.risk, weight)
    floor = thresholds.observed_expected_floor.value
    values: dict[str, object] = {
        "label": label,
        "people": len(people),
        "observed": f"{observed:.0f}",
        "expected": f"{expected:.1f}",
        "ratio": f"{ratio:.2f}",
    }
    signal = Signal(
        id=id_,
        kind="calibration",
        label=label,
        state="quiet",
        text=said("changed_calibration", **values),
        value=round(ratio, 6),
        reference=1.0,
        low=round(low, 6),
        high=round(high, 6),
        count=people.events,
        people=len(people),
        effect=round(ratio, 6),
        floor=floor,
        p=short(p),
    )
    return Drawn(
        signal,
        said("same_calibration", **values),
        ratio >= floor or ratio <= 1.0 / floor,
        secret,
    )


def _ratio_interval(outcome: Floats, risk: Floats, weight: Floats) -> tuple[float, float]:
    """95 % interval of observed over expected: exact Poisson, or normal with weights."""
    expected = float(weight @ risk)
    if np.ptp(weight) == 0:
        seen = int(outcome.sum())
        low = 0.0 if seen == 0 else float(chi2.ppf(0.025, 2 * seen)) / 2.0
        high = float(chi2.ppf(0.975, 2 * seen + 2)) / 2.0
        each = float(weight[0])
        return each * low / expected, each * high / expected
    spread = float(np.sqrt((weight**2 * outcome).sum()))
    seen_weight = float(weight @ outcome)
    return max(0.0, seen_weight - 1.96 * spread) / expected, (
        seen_weight + 1.96 * spread
    ) / expected


def _slope(people: People, thresholds: Thresholds) -> Drawn:
    label = said("label_slope")
    least = thresholds.fewest_events_slope.value
    found = None
    if min(people.events, len(people) - people.events) >= least:
        found = slope_test(people.outcome.astype(float), people.log_odds, people.weight)
    if found is None:
        text = said("few_events", label=label, least=least)
        return unjudged("calibration.slope", "calibration", label, "too_few", text)
    values: dict[str, object] = {"now": f"{found.value:.2f}"}
    floor = thresholds.slope_floor.value
    signal = Signal(
        id="calibration.slope",
        kind="calibration",
        label=label,
        state="quiet",
        text=said("changed_slope", **values),
        value=round(found.value, 6),
        reference=1.0,
        low=round(found.value - 1.96 * found.error, 6),
        high=round(found.value + 1.96 * found.error, 6),
        count=people.events,
        people=len(people),
        effect=round(found.value - 1.0, 6),
        floor=floor,
        p=short(found.p),
    )
    return Drawn(signal, said("same_slope", **values), abs(found.value - 1.0) >= floor)


def _event_share(people: People, reference: People | None, thresholds: Thresholds) -> Drawn:
    label = said("label_event_share")
    id_ = "calibration.event_share"
    if reference is None:
        text = said("no_reference_outcomes")
        return unjudged(id_, "calibration", label, "not_measured", text)
    least = thresholds.fewest_events.value
    share = float(np.average(reference.outcome, weights=reference.weight)) if len(reference) else 0
    few = min(len(people), len(reference)) < thresholds.fewest_people.value
    if few or max(people.events, share * len(people)) < least:
        text = said("few_events", label=label, least=least)
        return unjudged(id_, "calibration", label, "too_few", text)
    now = float(np.average(people.outcome, weights=people.weight))
    # weighted people count as so many as their weights are worth
    people_n, reference_n = round(people.effective), round(reference.effective)
    count, earlier = round(now * people_n), round(share * reference_n)
    p = float(against_people(count, people_n, earlier, reference_n))
    low, high = share_interval(count, people_n)
    values: dict[str, object] = {
        "before": per_cent(share),
        "now": per_cent(now),
        "people": len(people),
        "moved": said("rose" if now > share else "fell"),
    }
    floor = thresholds.observed_expected_floor.value
    ratio = now / share if share else math.inf
    signal = Signal(
        id=id_,
        kind="calibration",
        label=label,
        state="quiet",
        text=said("changed_event_share", **values),
        value=round(now, 6),
        reference=round(share, 6),
        low=round(low, 6),
        high=round(high, 6),
        count=people.events,
        people=len(people),
        effect=round(now - share, 6),
        floor=floor,
        p=short(p),
    )
    return Drawn(
        signal,
        said("same_event_share", **values),
        ratio >= floor or ratio <= 1.0 / floor,
    )
