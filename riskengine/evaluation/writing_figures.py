"""From measured numbers to the figures of the document."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np

from riskengine.evaluation.document import Difference, Figure, FigureName, WhyNot
from riskengine.evaluation.intervals import Interval, interval
from riskengine.evaluation.measuring import Measured

DECIMALS = 9
"""Decimals of a figure in the document: enough for anybody, and equal on every machine."""


def rounded(value: float) -> float:
    """A number as the document holds it."""
    return round(float(value), DECIMALS) + 0.0


def figure(name: FigureName, found: Interval, reason: WhyNot) -> Figure:
    """One figure; with the reason where there is no value."""
    if not math.isfinite(found.value):
        return Figure(name=name, why_not=reason)
    if not math.isfinite(found.low):
        return Figure(name=name, value=rounded(found.value))
    return Figure(
        name=name,
        value=rounded(found.value),
        low=rounded(found.low),
        high=rounded(found.high),
    )


def difference(name: FigureName, found: Interval, reason: WhyNot) -> Difference:
    """One difference; with the reason where there is no value."""
    if not math.isfinite(found.value):
        return Difference(name=name, why_not=reason)
    known = math.isfinite(found.low)
    p = found.p
    return Difference(
        name=name,
        value=rounded(found.value),
        low=rounded(found.low) if known else None,
        high=rounded(found.high) if known else None,
        p=rounded(p) if math.isfinite(p) else None,
    )


def drawn(measured: Measured, key: Hashable, group: int, level: float) -> Interval:
    """A measured figure of one group with its interval."""
    value = measured.value.get(key)
    if value is None:
        return Interval(*[float("nan")] * 4)
    draws = measured.draws.get(key)
    return interval(
        float(value[group]), np.zeros(0) if draws is None else draws[:, group], level=level
    )
