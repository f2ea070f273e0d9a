"""Contact and recorded events: known truth, words, and no correction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from riskengine.evaluation.people import People, column_grouping
from riskengine.evaluation.surveillance import Exposure, surveillance_of
from tests.evaluation.made_people import people

HOW = {"draws": 200, "seed": 1, "level": 0.95, "smallest": 20}


def _watched(effect: float) -> tuple[People, Exposure]:
    """People whose violations are found the more often the more they are seen."""
    of = people(3000, 3, calibrated=False)
    rng = np.random.default_rng(5)
    strict = of.score > np.quantile(of.score, 0.7)
    contacts = rng.poisson(np.where(strict, 12, 4)).astype(float)
    line = of.log_odds + effect * (np.log2(contacts + 1) - 2.5)
    outcome = (rng.random(3000) < expit(line)).astype(np.int64)
    tiers = column_grouping("tier", np.where(strict, "strict", "ordinary").tolist())
    exposure = Exposure(False, None, tiers, True, "contacts", "tier")
    return replace(of, contacts=contacts, outcome=outcome), exposure


def test_contact_that_finds_violations_is_noticed() -> None:
    of, exposure = _watched(0.6)
    found = surveillance_of(of, exposure, **HOW)  # type: ignore[arg-type]
    assert found.trend is not None
    assert found.trend.low < 0.6 < found.trend.high
    assert found.mostly_found_by_supervision
    words = " ".join(one.en for one in found.words)
    assert "the data cannot tell" in words and "Nothing is corrected" in words


def test_contact_that_finds_nothing_is_not_accused_and_not_acquitted() -> None:
    of, exposure = _watched(0.0)
    found = surveillance_of(of, exposure, **HOW)  # type: ignore[arg-type]
    assert found.trend is not None and found.trend.low < 0 < found.trend.high
    assert not found.mostly_found_by_supervision
    assert "does not prove the absence" in " ".join(one.en for one in found.words)


def test_figures_within_tiers() -> None:
    of, exposure = _watched(0.3)
    found = surveillance_of(of, exposure, **HOW)  # type: ignore[arg-type]
    assert [tier.tier for tier in found.tiers] == ["ordinary", "strict"]
    strict = found.tiers[1]
    assert exposure.tiers is not None and of.contacts is not None
    here = exposure.tiers.of == 1
    values = {one.name: one.value for one in strict.figures}
    assert strict.people == here.sum()
    np.testing.assert_allclose(values["contacts"], of.contacts[here].mean(), rtol=1e-8)
    expected = 100 * of.outcome[here].sum() / of.contacts[here].sum()
    np.testing.assert_allclose(values["events_per_100_contacts"], expected, rtol=1e-8)
    assert sum(band.people or 0 for band in strict.bands) == strict.people
    for one in strict.figures:
        assert one.value is not None and one.low is not None and one.high is not None
        assert one.low < one.value < one.high


def test_contacts_are_a_rate_where_the_file_tells_how_long() -> None:
    of, exposure = _watched(0.0)
    assert of.contacts is not None
    # somebody followed half as long had half the contacts
    days = np.where(np.arange(3000) % 2, 365.25, 365.25 / 2)
    of = replace(of, followed_days=days, contacts=of.contacts * days / 365.25)
    found = surveillance_of(of, exposure, **HOW)  # type: ignore[arg-type]
    assert found.per_month
    assert exposure.tiers is not None and of.contacts is not None
    here = exposure.tiers.of == 1
    (rate,) = (one.value for one in found.tiers[1].figures if one.name == "contacts")
    monthly = of.contacts[here] / (days[here] / (365.25 / 12))
    np.testing.assert_allclose(rate, monthly.mean(), rtol=1e-8)
    assert found.trend is not None and found.trend.low < 0 < found.trend.high


def test_an_outcome_by_discretion_is_warned_of_without_any_column() -> None:
    of = people(300, 1)
    by_instrument = surveillance_of(of, Exposure(True, None, None, False), **HOW)  # type: ignore[arg-type]
    assert by_instrument.mostly_found_by_supervision
    most = Exposure(False, round(0.6 * of.events), None, False)
    assert surveillance_of(of, most, **HOW).mostly_found_by_supervision  # type: ignore[arg-type]
    few = Exposure(False, round(0.2 * of.events), None, False)
    found = surveillance_of(of, few, **HOW)  # type: ignore[arg-type]
    assert not found.mostly_found_by_supervision
    assert "does not mean that there is nothing" in " ".join(one.en for one in found.words)


def test_a_tier_of_few_people_is_hidden() -> None:
    of, exposure = _watched(0.0)
    assert exposure.tiers is not None
    names = np.array(exposure.tiers.levels, dtype=object)[exposure.tiers.of]
    names[:7] = "relaxed"
    exposure = replace(exposure, tiers=column_grouping("tier", names.tolist()))
    found = surveillance_of(of, exposure, **HOW)  # type: ignore[arg-type]
    hidden = [tier for tier in found.tiers if tier.suppressed]
    assert {tier.tier for tier in hidden} == {"relaxed", "strict"}
    assert all(tier.people is None and not tier.figures and not tier.bands for tier in hidden)
