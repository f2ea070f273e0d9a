"""Limits of a share against SciPy, and against those of a plan."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskengine.evaluation.shares import share_interval
from riskengine.planning import exact

counts = st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_limits(count, confidence):
    k, n = count
    found = share_interval(k, n, confidence)
    known = stats.binomtest(k, n).proportion_ci(confidence, method="exact")
    assert found == pytest.approx((known.low, known.high), abs=1e-8)
    assert found == pytest.approx(exact.share_interval(k, n, confidence), abs=1e-8)


def test_edges():
    assert share_interval(0, 0) == (0.0, 1.0)
    # weighted people: a little under whole numbers of them, and of that a share
    assert share_interval(6.9999, 49.999) == pytest.approx(share_interval(7, 50), abs=1e-4)
    assert share_interval(50.0001, 50.0) == share_interval(50, 50)
