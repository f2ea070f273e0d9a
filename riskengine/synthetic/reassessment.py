"""Reassessment: the answers as an officer would have them on a later day, and the truth then.

Recorded answers are carried forward, rated items that can change are rated again by the same
officer, and what the file counts is counted from what was on record that day. Nothing that was
recorded later enters. True answers do not change in this province: what moves a person's hazard
in time is clean time alone (`riskengine.synthetic.outcomes.clean_factor`), and who is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.synthetic.outcomes import MONTH_DAYS, Standing, hazards, true_risk
from riskengine.synthetic.parameters import DistrictType
from riskengine.synthetic.people import Codes, Floats
from riskengine.synthetic.province import Province, checked
from riskengine.synthetic.raters import rate
from riskengine.synthetic.record import NOT_APPLICABLE, NOT_ASKED, native
from riskengine.synthetic.supervision import TIERS, practised
from riskengine.training.history import (
    count,
    landmarks_at,
    months_later,
    on_record,
    under_supervision,
    whole_months,
)

_REASSESSED = 90_001  # keeps the draws of a reassessment apart from those that made the district
_LEAVE_DAYS = 90
_NO_MONTHS = ("farming", "student", "unable_retired")
_NO_WORK = ("student", "unable_retired")
_CURRENT = "current_domestic_violence"
_COUNTS = {
    "admonitions_n": "admonition",
    "warnings_n": "warning",
    "ps_penalties_n": "public_security_penalty",
}


def landmarks(province: Province, at_months: Sequence[int]) -> pd.DataFrame:
    """Give the landmarks of everybody who is still under supervision on the day.

    Returns
    -------
    DataFrame
        ``person``, ``month``, ``on``.

    Examples
    --------
    >>> at = landmarks(province, (3, 6, 12))  # doctest: +SKIP
    """
    every = landmarks_at(province, at_months)
    return every[under_supervision(province, every)].reset_index(drop=True)


def reassess(province: Province, at: pd.DataFrame) -> pd.DataFrame:
    """Answer the instrument for people on later days, as an officer would have it.

    Parameters
    ----------
    at
        ``person`` and ``on`` (a day on which the person is under supervision), as `landmarks`
        gives them. How officers rate depends on the whole months since intake, and on nothing
        else that is asked for here.

    Returns
    -------
    DataFrame
        A row a row of ``at``: the columns of ``province.people``, with ``assessed_on`` the day,
        ``month``, and items that are asked at reassessment alone.
    """
    instrument, rows = province.instrument, len(at)
    place = pd.Series(np.arange(len(province.people)), index=province.people["person"])
    who = place.loc[at["person"]].to_numpy(dtype=np.int64)
    people = province.people
    answers = people.iloc[who].reset_index(drop=True)
    start = answers["assessed_on"].to_numpy()
    on = at["on"].reset_index(drop=True)
    month = whole_months(start, on.to_numpy())
    answers["assessed_on"] = on
    answers.insert(list(answers.columns).index("assessed_on") + 1, "month", month)
    for item, again in _rated_again(province, who, month).items():
        silent = answers[item].isin([NOT_ASKED, NOT_APPLICABLE, "unknown"])
        answers[item] = answers[item].where(silent, pd.Series(again, dtype=object))
    _what_hangs_together(answers)
    _what_has_ended(answers)

    known = on_record(province, at)
    for item, kind in _COUNTS.items():
        most = instrument.by_id[item].maximum
        counts = count(known[known["kind"] == kind], rows)
        answers[item] = np.minimum(counts, int(most or 0)).astype(object)
    short = known[(known["kind"] == "absconding") & (known["detail"] == "absent_up_to_10_days")]
    observed = (on.to_numpy() - start).astype("timedelta64[D]").astype(np.int64)
    leave = count(short, rows, _LEAVE_DAYS).astype(object)
    # a window longer than the time under observation is not comparable
    leave[observed < _LEAVE_DAYS] = NOT_ASKED
    answers["unapproved_leave_90d"] = np.where(answers["form"] == "quick", NOT_ASKED, leave)
    answers["last_appraisal"] = _appraised(province, known, observed)
    answers["correction_stage"] = _stage(province, answers, month)
    return answers


def reassessments(province: Province, answers: pd.DataFrame) -> list[Assessment]:
    """Check reassessments like anybody's, and give them as the engine takes them."""
    return checked(answers, province.instrument, "reassessment")


def truth_at(province: Province, at: pd.DataFrame, days: int) -> pd.DataFrame:
    """Give the hidden truth on later days: what is true of people given all that has happened.

    Parameters
    ----------
    at
        ``person`` and ``on``; people under supervision on the day.
    days
        How far to look ahead.

    Returns
    -------
    DataFrame
        ``risk``: the probability of serious non-compliance on record within ``days`` or by the
        end of the term, given the true answers, the clean time and the tier as practised;
        ``clean``: true months since the last serious violation that was found, or since intake.
    """
    truth = province.truth.set_index("person")
    people = province.people.set_index("person")
    conduct = province.conduct
    serious = {kind.name for kind in province.parameters.kinds if kind.serious}
    found = conduct[conduct["found"] & conduct["kind"].isin(serious)]
    delivered = province.districts.set_index("district")["delivered"]

    risk, clean = np.empty(len(at)), np.empty(len(at), dtype=np.int64)
    district = at["person"].map(people["district"]).to_numpy()
    for name in pd.unique(district):
        rows = np.flatnonzero(district == name)
        here = at.iloc[rows].reset_index(drop=True)
        them, their = people.loc[here["person"]], truth.loc[here["person"]]
        day = (here["on"].to_numpy() - them["assessed_on"].to_numpy()).astype("timedelta64[D]")
        standing = _standing(here, found, day.astype(np.int64))
        base = their["base_tier"].map({tier: n for n, tier in enumerate(TIERS)})
        term = pd.to_datetime(them["end_date"]).to_numpy() - them["assessed_on"].to_numpy()
        hazard = hazards(
            their["linear_predictor"].to_numpy(),
            (them["legal_status"] == "04").to_numpy(),
            province.parameters,
        )
        risk[rows] = true_risk(
            hazard,
            practised(
                np.asarray(base, dtype=np.int64), float(delivered[name]), province.parameters
            ),
            term.astype("timedelta64[D]").astype(np.int64),
            province.parameters,
            standing=standing,
            days=days,
        )
        clean[rows] = np.where(standing.reset, 0, standing.clean)
    return pd.DataFrame({"person": at["person"].to_numpy(), "risk": risk, "clean": clean})


def _standing(at: pd.DataFrame, found: pd.DataFrame, day: Codes) -> Standing:
    month = np.floor(day / MONTH_DAYS).astype(np.int64)
    rows = at[["person", "on"]].assign(row=np.arange(len(at)), running=month)
    known = rows.merge(found[["person", "month", "date"]], on="person")
    known = known[known["date"] <= known["on"]]
    earlier = known[known["month"] < known["running"]]
    last = earlier.groupby("row")["month"].max().reindex(range(len(at)))
    sanctioned = last.notna().to_numpy(dtype=bool)
    clean = np.where(sanctioned, month - 1 - last.fillna(0).to_numpy(dtype=np.int64), month)
    reset = np.isin(np.arange(len(at)), known.loc[known["month"] >= known["running"], "row"])
    return Standing(day=day, clean=clean, sanctioned=sanctioned, reset=reset)


def _rated_again(province: Province, who: Codes, month: Codes) -> dict[str, NDArray[np.object_]]:
    """Rate dynamic rated items again; nobody's ratings depend on who else is there."""
    instrument, parameters = province.instrument, province.parameters
    items = [entry.item for entry in parameters.kappas if instrument.by_id[entry.item].dynamic]
    again = {item: np.empty(len(who), dtype=object) for item in items}
    people, truth = province.people, province.truth
    for number, district in enumerate(province.districts.itertuples()):
        rows = np.flatnonzero((people["district"] == district.district).to_numpy())
        officers = province.officers[province.officers["district"] == district.district]
        officer = pd.Series(np.arange(len(officers)), index=officers["officer"])
        true = {
            entry.item: _codes(instrument, entry.item, truth[f"true_{entry.item}"].iloc[rows])
            for entry in parameters.kappas
        }
        by = officer.loc[people["officer"].iloc[rows]].to_numpy(dtype=np.int64)
        inside = np.isin(who, rows)
        kind = cast(DistrictType, str(district.type))
        for when in np.unique(month[inside]):
            rng = np.random.default_rng([province.seed, number, _REASSESSED, int(when)])
            leniency: Floats = officers["leniency"].to_numpy()
            rated = rate(rng, true, by, leniency, kind, parameters)
            chosen = np.flatnonzero(inside & (month == when))
            within = np.searchsorted(rows, who[chosen])
            for item in items:
                keeps = rng.random(len(rows)) < parameters.reassessing.keeps_view.value
                before = people[item].iloc[rows].to_numpy(dtype=object)
                answers = np.where(keeps, before, native(instrument, item, rated[item]))
                again[item][chosen] = answers[within]
    return again


def _codes(instrument: Instrument, item: str, answers: pd.Series[Any]) -> Codes:
    levels = {level: code for code, level in enumerate(instrument.by_id[item].level_ids)}
    codes: Codes = np.asarray(answers.map(levels), dtype=np.int64)
    return codes


def _what_hangs_together(answers: pd.DataFrame) -> None:
    """Bring answers that rest on a rated one into line with it."""
    work = answers["employment_status"]
    seasonal = answers["work_season"] == "seasonal"
    quick = answers["form"] == "quick"
    for item, ruled_out in (
        ("months_worked_12m", work.isin(_NO_MONTHS) | seasonal),
        ("work_attitude", work.isin(_NO_WORK)),
    ):
        opened = (answers[item] == NOT_APPLICABLE) & ~ruled_out
        answers.loc[opened, item] = NOT_ASKED
        answers.loc[ruled_out, item] = NOT_APPLICABLE
    violent = answers["domestic_violence"] == "current_perpetrator"
    answers["harm_to_others_now"] = [
        harm if short else [*([_CURRENT] if now else []), *(h for h in harm if h != _CURRENT)]
        for harm, now, short in zip(answers["harm_to_others_now"], violent, quick, strict=True)
    ]


def _what_has_ended(answers: pd.DataFrame) -> None:
    """A prohibition order that ran out is no longer in force."""
    until = pd.to_datetime(answers["prohibition_end"], errors="coerce", format="%Y-%m-%d")
    over = (until <= answers["assessed_on"]).to_numpy(dtype=bool)
    answers.loc[over, "prohibition_order"] = "none"
    answers.loc[over, ["prohibition_types", "prohibition_end"]] = NOT_APPLICABLE


def _appraised(province: Province, known: pd.DataFrame, observed: Codes) -> NDArray[np.object_]:
    """Grade the last quarter by what was on record of it."""
    days = int(province.parameters.reassessing.appraisal_days.value)
    grave = known["kind"].isin(["warning", "public_security_penalty", "absconding"])
    failed = count(known[grave], len(observed), days) > 0
    anything = count(known, len(observed), days) > 0
    grade = np.where(failed, "fail", np.where(anything, "pass", "good")).astype(object)
    grade[observed < days] = "none_yet"
    return grade


def _stage(province: Province, answers: pd.DataFrame, month: Codes) -> NDArray[np.object_]:
    stages = province.parameters.reassessing
    end = pd.to_datetime(answers["end_date"]).to_numpy().astype("datetime64[D]")
    near = months_later(
        answers["assessed_on"].to_numpy().astype("datetime64[D]"),
        int(stages.pre_release_months.value),
    )
    stage = np.where(month < int(stages.entry_months.value), "entry", "middle").astype(object)
    stage[near >= end] = "pre_release"
    return stage
