from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from riskengine.evaluation.metrics import auc, calibration_line
from riskengine.synthetic import DEFAULT, Province, as_rows, as_table, cohort, make_province
from riskengine.synthetic.outcomes import MONTH_DAYS, clean_factor
from riskengine.synthetic.parameters import Number

LONG_AFTER = date(2040, 1, 1)
YEAR = 365


def years_at_risk(province: Province) -> float:
    """Person-years in the first year after the assessment."""
    ends = province.events[province.events["is_end"]].set_index("person")["date"]
    people = province.people
    days = (people["person"].map(ends) - people["assessed_on"]).dt.days.fillna(3 * YEAR)
    return float(days.clip(upper=YEAR).sum()) / YEAR


def close(seen: float, stated: float, events: int) -> bool:
    """Within a fifth (districts differ, and clean time is not all clean) and chance."""
    return abs(seen / stated - 1.0) < 0.2 + 3.0 / np.sqrt(events)


@pytest.mark.parametrize("kind", DEFAULT.kinds, ids=lambda kind: kind.name)
def test_violations_are_as_frequent_as_stated(province: Province, kind) -> None:  # type: ignore[no-untyped-def]
    conduct = province.conduct
    first = conduct[(conduct["month"] < 12) & (conduct["kind"] == kind.name)]
    years = years_at_risk(province)
    assert close(len(first) / years, kind.conduct_per_year, len(first))
    found = int(first["found"].sum())
    assert close(found / years, kind.recorded_per_year, found)


def test_deaths_and_transfers_are_as_frequent_as_stated(province: Province) -> None:
    events = province.events.merge(province.people[["person", "assessed_on"]])
    first = events[(events["date"] - events["assessed_on"]).dt.days <= YEAR]
    for kind, stated in (
        ("death", DEFAULT.ends.death_per_year.value),
        ("transfer", DEFAULT.ends.transfer_per_year.value),
    ):
        count = int((first["kind"] == kind).sum())
        assert count > 50
        assert abs(count / years_at_risk(province) / stated - 1.0) < 3.0 / np.sqrt(count)


def test_true_answers_are_spread_as_stated(province: Province, cn) -> None:  # type: ignore[no-untyped-def]
    types = province.truth["district"].map(province.districts.set_index("district")["type"])
    for item in ("alcohol_problem", "family_support", "antisocial_companions"):
        entry = next(one for one in DEFAULT.ordered if one.item == item)
        for kind in ("urban", "rural"):
            true = province.truth.loc[types == kind, f"true_{item}"]
            shares = true.value_counts(normalize=True)
            levels = [level.id for level in cn.by_id[item].levels]
            seen = np.asarray([shares.get(level, 0.0) for level in levels])
            assert np.abs(seen - getattr(entry, kind)).max() < 0.02


def test_items_of_a_group_hang_together(province: Province) -> None:
    truth = province.truth
    worse = {name: truth[f"true_{name}"].astype(int) for name in (
        "antisocial_companions", "leisure_structure", "prosocial_ties", "distress",
        "caregiving_load",
    )}  # fmt: skip
    table = pd.DataFrame(worse).corr(method="spearman")
    assert table.loc["antisocial_companions", "leisure_structure"] > 0.2
    assert table.loc["antisocial_companions", "prosocial_ties"] < -0.15
    assert abs(table.loc["caregiving_load", "leisure_structure"]) < 0.05


def test_true_risk_is_calibrated_in_every_tenth(nobody_moves: Province) -> None:
    seen = cohort(nobody_moves, "serious_noncompliance_12m", LONG_AFTER)
    risk = nobody_moves.truth["risk_12m"].to_numpy()
    event = ((seen["event"] == 1) & (seen["time_days"] <= YEAR)).to_numpy()
    for tenth in np.array_split(np.argsort(risk), 10):
        error = np.sqrt((risk[tenth] * (1 - risk[tenth])).sum()) / len(tenth)
        assert abs(event[tenth].mean() - risk[tenth].mean()) < 3.5 * error
    slope, _ = calibration_line(np.log(risk / (1 - risk)), event.astype(np.int64))
    assert abs(slope - 1.0) < 0.1
    assert abs(event.mean() / risk.mean() - 1.0) < 0.06


def test_true_risk_ranks_better_than_the_officers_view(nobody_moves: Province) -> None:
    seen = cohort(nobody_moves, "serious_noncompliance_12m", LONG_AFTER)
    event = ((seen["event"] == 1) & (seen["time_days"] <= YEAR)).to_numpy().astype(np.int64)
    # the tier after the strict start, of people with nothing on record by then: a tier set by an
    # event would know the outcome
    clear = ~((seen["event"] == 1) & (seen["time_days"] <= 2 * MONTH_DAYS)).to_numpy()
    contacts = nobody_moves.contacts
    order = {"relaxed": 0, "ordinary": 1, "strict": 2}
    tier = contacts[contacts["month"] == 2].set_index("person")["tier"].map(order)
    known = seen["person"].isin(tier.index).to_numpy() & clear
    view = seen.loc[known, "person"].map(tier).to_numpy(dtype=float)
    risk = nobody_moves.truth["risk_12m"].to_numpy()[known]
    assert 0.65 < auc(risk, event[known]) < 0.80
    assert 0.53 < auc(view, event[known]) < auc(risk, event[known]) - 0.05


def test_closer_contact_finds_more_at_equal_conduct(all_alike: Province) -> None:
    contacts, conduct = all_alike.contacts, all_alike.conduct
    # months 2 to 5, before anybody steps down; nobody sanctioned so far differs in clean time
    months = contacts["month"].between(2, 5)
    exposed = contacts[months].groupby("tier").size()
    kind = conduct[(conduct["kind"] == "admonition") & conduct["month"].between(2, 5)]
    done = kind.groupby("tier").size() / exposed
    found = kind[kind["found"]].groupby("tier").size() / exposed
    assert abs(done["strict"] / done["relaxed"] - 1.0) < 0.25
    assert found["strict"] > 1.6 * found["relaxed"]
    assert found["strict"] > found["ordinary"] > found["relaxed"]


def test_every_contact_finds_a_violation_with_the_stated_chance(all_alike: Province) -> None:
    kind = next(kind for kind in DEFAULT.kinds if kind.name == "admonition")
    seen = all_alike.conduct[all_alike.conduct["kind"] == kind.name]
    for contacts in range(6):
        found = seen.loc[seen["contacts"] == contacts, "found"]
        stated = 1 - (1 - kind.found_anyway) * (1 - kind.found_per_contact) ** contacts
        assert len(found) > 100
        assert abs(found.mean() - stated) < 3.5 * np.sqrt(stated * (1 - stated) / len(found))


def test_a_reoffence_is_found_whatever_the_contact(province: Province) -> None:
    assert province.conduct.loc[province.conduct["kind"] == "reoffence", "found"].all()


def test_the_same_contact_for_all_takes_the_bias_out(province: Province) -> None:
    truth = province.truth.set_index("person")
    third = province.contacts[province.contacts["month"] == 2].set_index("person")["tier"]
    lift = (truth["risk_12m"] / truth["risk_12m_same_contact"]).reindex(third.index)
    by_tier = lift.groupby(third).mean()
    assert by_tier["strict"] > 1.1 > by_tier["relaxed"]


def test_the_hazard_falls_with_clean_time(all_alike: Province) -> None:
    conduct, contacts = all_alike.conduct, all_alike.contacts
    # people who never had a serious violation found: their clean time is the month
    serious = {kind.name for kind in DEFAULT.kinds if kind.serious}
    sanctioned = set(conduct.loc[conduct["found"] & conduct["kind"].isin(serious), "person"])
    contacts = contacts[~contacts["person"].isin(sanctioned)]
    conduct = conduct[~conduct["person"].isin(sanctioned) & (conduct["kind"] == "admonition")]
    exposed = contacts.groupby("month").size()
    seen = conduct.groupby("month").size() / exposed
    factor = clean_factor(np.arange(36), DEFAULT.ends)
    for months in (range(0, 3), range(6, 9), range(15, 24)):
        at = list(months)
        stated = np.average(factor[at], weights=exposed.loc[at])
        rate = np.average(seen.loc[at], weights=exposed.loc[at])
        usual = np.average(seen.loc[:11], weights=exposed.loc[:11])
        mean = np.average(factor[:12], weights=exposed.loc[:11])
        assert abs(rate / usual / (stated / mean) - 1.0) < 0.15
    assert seen.loc[15:23].mean() < 0.6 * seen.loc[0:2].mean()


def test_a_violation_that_was_found_puts_the_clock_back() -> None:
    kinds = tuple(
        replace(kind, slope=0.0, conduct_per_year=0.6 if kind.name == "warning" else 0.3)
        for kind in DEFAULT.kinds
        if kind.name in ("reoffence", "warning", "admonition", "absconding")
    )
    kinds = tuple(
        replace(kind, conduct_per_year=0.001) if kind.name in ("reoffence", "absconding") else kind
        for kind in kinds
    )
    ends = replace(DEFAULT.ends, revoked_after_second_warning=Number(0.0))
    province = make_province(16, 2_500, 24, replace(DEFAULT, kinds=kinds, ends=ends))
    conduct, contacts = province.conduct, province.contacts
    warned = conduct[conduct["found"] & (conduct["kind"] == "warning")]
    first = warned.groupby("person")["month"].min()
    first = first[first.between(9, 20)]
    admonished = conduct[conduct["kind"] == "admonition"]

    def rate(months: range) -> float:
        """Admonitions a month, so many months from the first warning."""
        since = contacts["month"] - contacts["person"].map(first)
        done = admonished["month"] - admonished["person"].map(first)
        assert done.isin(months).sum() > 100
        return float(done.isin(months).sum()) / float(since.isin(months).sum())

    factor = clean_factor(np.arange(24), DEFAULT.ends)
    assert rate(range(1, 4)) > 1.3 * rate(range(-4, 0))
    assert factor[1] > 1.3 * factor[9]


def test_every_number_says_where_it_comes_from() -> None:
    rows = as_rows()
    assert len(rows) > 250
    assert all(source.strip() for _, _, source in rows)
    assert len({name for name, _, _ in rows}) == len(rows)
    assert as_table().count("\n") == len(rows) + 1


def test_months_fill_the_year() -> None:
    assert abs(MONTH_DAYS * 12 - YEAR) < 1e-9
