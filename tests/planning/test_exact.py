"""Binomial tails and limits against SciPy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskengine.planning.exact import at_least, lower_limit, share_interval

counts = st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(counts, st.floats(0.001, 0.999))
def test_tails(count, chance):
    k, n = count
    assert at_least(k, n, chance) == pytest.approx(
        stats.binom.sf(k - 1, n, chance), rel=1e-7, abs=1e-14
    )


@settings(deadline=None)
@given(counts, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_limits(count, confidence):
    k, n = count
    known = stats.beta.ppf(1 - confidence, k, n - k + 1) if k else 0.0
    assert lower_limit(k, n, confidence) == pytest.approx(known, rel=1e-7, abs=1e-12)
    exact = stats.binomtest(k, n).proportion_ci(confidence, method="exact")
    assert share_interval(k, n, confidence) == pytest.approx((exact.low, exact.high), abs=1e-8)


def test_edges():
    assert at_least(0, 10, 0.3) == 1.0
    assert at_least(11, 11, 0.8) == pytest.approx(0.8**11)
    assert share_interval(0, 0) == (0.0, 1.0)
    for wrong in ((3, 2, 0.5), (-1, 2, 0.5), (1, 2, 1.5)):
        with pytest.raises(ValueError, match="no binomial tail"):
            at_least(*wrong)
