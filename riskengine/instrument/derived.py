"""The closed, versioned set of functions from which derived items are computed.

A released function is never changed: a new meaning is a new version. Each takes known answers and
gives a number; a derived item with an unknown source is itself unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.items import DerivedItem
from riskengine.instrument.model import Instrument


def copas_rate(*, n: int, age_at_conviction: int, age_at_first: int) -> float:
    """Rate of sanctions over a criminal career: ``ln((1 + n) / (10 + years since the first))``.

    Source: Copas and Marshall 1998; as used by OGRS 3 (Howard, Francis, Soothill and Humphreys
    2009, Ministry of Justice Research Summary 7/09), with ``n`` previous sanctions.
    """
    return math.log((1 + n) / (10 + age_at_conviction - age_at_first))


def age_at(*, birth: date, on: date) -> float:
    """Age in completed years; somebody born on 29 February has a birthday on 1 March."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def months_between(*, start: date, end: date) -> float:
    """Completed calendar months from one date to another."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)


def count_within(*, dates: tuple[date, ...], on: date, days: int) -> float:
    """How many dates lie in the ``days`` up to and including a day."""
    return sum(0 <= (on - day).days < days for day in dates)


def ratio(*, part: float, whole: float) -> float:
    """Part of a whole; zero where the whole is zero."""
    return part / whole if whole else 0.0


FUNCTIONS: dict[tuple[str, int], Callable[..., float]] = {
    ("copas_rate", 1): copas_rate,
    ("age_at", 1): age_at,
    ("months_between", 1): months_between,
    ("count_within", 1): count_within,
    ("ratio", 1): ratio,
}

Floats = NDArray[np.float64]


def _copas_rates(*, n: Floats, age_at_conviction: Floats, age_at_first: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (1 + n) / (10 + age_at_conviction - age_at_first)
    # the logarithm of the one-person function, once a rate: numpy's may differ in the last digit
    rates, of = np.unique(np.where((rate > 0) & np.isfinite(rate), rate, np.nan),
                          return_inverse=True)  # fmt: skip
    logs = [math.nan if math.isnan(one) else math.log(one) for one in rates.tolist()]
    return np.array(logs, dtype=np.float64)[of].reshape(rate.shape)


def _ratios(*, part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole == 0.0, np.where(np.isnan(part), np.nan, 0.0), part / whole)


OVER_ARRAYS: dict[tuple[str, int], Callable[..., Floats]] = {
    ("copas_rate", 1): _copas_rates,
    ("ratio", 1): _ratios,
}
"""The functions of numbers over arrays that broadcast: the very same numbers, NaN for none."""


def derive(item: DerivedItem, known: Mapping[str, object]) -> float | None:
    """Compute one derived item from known answers, or ``None`` where a source is not known.

    A value outside the declared range is kept: the cross-field rules say what is impossible, and
    a linear term says what it was fitted on.
    """
    arguments: dict[str, object] = {}
    for name, source in item.arguments.items():
        if isinstance(source, str):
            if source not in known:
                return None
            arguments[name] = known[source]
        else:
            arguments[name] = source
    try:
        return float(FUNCTIONS[item.function, item.function_version](**arguments))
    except (ValueError, ZeroDivisionError):
        return None


def with_derived(instrument: Instrument, known: Mapping[str, object]) -> dict[str, object]:
    """Known answers and, beside them, every derived item that can be computed."""
    full = dict(known)
    for item in instrument.derived:
        value = derive(item, known)
        if value is not None:
            full[item.id] = value
    return full
