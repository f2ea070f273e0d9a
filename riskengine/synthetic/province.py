"""A made-up province: districts, people, ratings, contacts, dated events, and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskengine.instrument.assessment import Assessment, Kind
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument
from riskengine.synthetic.outcomes import (
    COMPLETION,
    CONDITION_ENDED,
    DEATH,
    ENDS,
    FOLLOWED,
    MONTH_DAYS,
    NEW_OFFENCE,
    REVOCATION,
    TRANSFER,
    VIOLATION,
    Course,
    hazards,
    simulate,
    true_risk,
)
from riskengine.synthetic.parameters import DEFAULT, DistrictType, Parameters
from riskengine.synthetic.people import OUTSIDE_PRISON, Codes, People, make_people
from riskengine.synthetic.raters import rate
from riskengine.synthetic.record import Record, native, record
from riskengine.synthetic.risk import linear_predictor, reference
from riskengine.synthetic.supervision import TIERS, practise
from riskengine.training.history import counted, parts_of

INSTRUMENT = "cn_community_corrections"

_SHORT = "absent_up_to_10_days"
_GRADES = np.asarray(["absent_11_to_30_days", "absent_over_a_month"], dtype=object)
_END_KINDS = {
    DEATH: "death", TRANSFER: "transfer", CONDITION_ENDED: "revocation",
    COMPLETION: "completion", REVOCATION: "revocation",
}  # fmt: skip


@dataclass(frozen=True)
class Province:
    """A province that nobody lives in.

    Attributes
    ----------
    seed, parameters, instrument
        What it was made from, and the instrument that its answers belong to.
    districts
        A row a district: ``district``, ``type``, ``officers``, ``delivered`` (share of scheduled
        contacts that take place) and ``log_hazard`` (its own shift).
    officers
        Hidden truth, a row an officer: ``leniency``; a positive one rates lower.
    people
        A row a person at intake: ``person``, ``district``, ``officer``, ``form``,
        ``assessed_on``, then the answer to every item that was asked, as a file would hold it.
    ratings
        Long: ``person``, ``item``, ``officer``, ``rater`` (1, or 2 on a sample), ``rating``.
    contacts
        A row a person and month under supervision: ``month``, ``month_start``, ``tier``,
        ``visits``, ``meetings``.
    events
        What is on record: ``person``, ``kind``, ``detail``, ``date``, ``recorded_on``, ``is_end``
        and, of an end, ``left_on``: the day on which the person left the community, which
        anybody at the office sees; a ruling follows custody by weeks.
    conduct
        Hidden truth: every violation, with ``found`` and the contacts of its month.
    truth
        Hidden truth, a row a person: ``linear_predictor`` (district included), ``risk_12m`` of
        serious non-compliance on record, ``risk_12m_same_contact`` as if all had the same
        contact, ``base_tier`` by the officer's private view, and the true answers to rated items
        as ``true_...``.
    """

    seed: int
    parameters: Parameters
    instrument: Instrument
    districts: pd.DataFrame
    officers: pd.DataFrame
    people: pd.DataFrame
    ratings: pd.DataFrame
    contacts: pd.DataFrame
    events: pd.DataFrame
    conduct: pd.DataFrame
    truth: pd.DataFrame

    @property
    def followed_until(self) -> pd.Series[Any]:
        """Last day to which each person could be followed, in the order of ``people``."""
        return self.people["assessed_on"] + followed(self.parameters)


def make_province(
    districts: int | Sequence[DistrictType],
    people_per_district: int,
    seed: int,
    parameters: Parameters = DEFAULT,
) -> Province:
    """Make up a province.

    Parameters
    ----------
    districts
        The type of each, or how many there are (then urban and rural in turn).
    people_per_district
        People taken in over the intake window, in each.
    seed
        The only source of chance: equal arguments give equal bytes. A district does not change
        when others are added after it.
    parameters
        The numbers; see `riskengine.synthetic.as_table`.

    Raises
    ------
    ValueError
        Where there is no district or nobody in it.

    Examples
    --------
    >>> province = make_province(2, 300, seed=7)
    >>> len(province.people)
    600
    """
    if isinstance(districts, int):
        types: list[DistrictType] = ["rural" if n % 2 else "urban" for n in range(districts)]
    else:
        types = list(districts)
    if not types or people_per_district < 1:
        raise ValueError("a province needs at least one district with at least one person")
    instrument = find_instrument(INSTRUMENT)
    made = [
        _make_district(np.random.default_rng([seed, number]), number, kind, people_per_district,
                       instrument, parameters)
        for number, kind in enumerate(types)
    ]  # fmt: skip
    frames = {
        name: pd.concat([district[name] for district in made], ignore_index=True)
        for name in made[0]
    }
    return Province(seed=seed, parameters=parameters, instrument=instrument, **frames)


def _make_district(
    rng: np.random.Generator,
    number: int,
    kind: DistrictType,
    count: int,
    instrument: Instrument,
    parameters: Parameters,
) -> dict[str, pd.DataFrame]:
    name = f"D{number + 1:02d}"
    ids = np.asarray([f"{name}-{n + 1:05d}" for n in range(count)], dtype=object)
    offices, ends = parameters.offices, parameters.ends
    shift = float(rng.normal(-0.5 * ends.district_sd.value**2, ends.district_sd.value))
    usual = offices.delivered_rural if kind == "rural" else offices.delivered_urban
    delivered = float(
        np.clip(usual.value + offices.delivered_sd.value * rng.standard_normal(), 0.3, 1.0)
    )
    officers = max(2, round(count / offices.people_per_officer.value))
    leniency = offices.leniency_sd.value * rng.standard_normal(officers)

    people = make_people(rng, count, kind, parameters)
    true = people.answers
    first = rng.integers(0, officers, count)
    second = (first + rng.integers(1, officers, count)) % officers
    rated = rate(rng, true, first, leniency, kind, parameters)
    again = rate(rng, true, second, leniency, kind, parameters)
    twice = rng.random(count) < offices.second_rater_share.value
    kept = record(rng, people, rated, instrument, parameters)

    predictor = linear_predictor(true, parameters)
    mean, spread, _ = reference(parameters)
    seen = (linear_predictor({**true, **rated}, parameters) - mean) / spread
    practised = practise(rng, seen, delivered, parameters)
    hazard = hazards(predictor + shift, true["legal_status"] == OUTSIDE_PRISON, parameters)
    course = simulate(rng, hazard, practised, people.term_days, parameters)

    truth: dict[str, Any] = {
        "person": ids,
        "district": name,
        "linear_predictor": predictor + shift,
        "risk_12m": true_risk(hazard, practised, people.term_days, parameters),
        "risk_12m_same_contact": true_risk(
            hazard, practised, people.term_days, parameters, same_contact=True
        ),
        "base_tier": np.asarray(TIERS, dtype=object)[practised.base],
    }
    for entry in parameters.kappas:
        truth[f"true_{entry.item}"] = native(instrument, entry.item, true[entry.item])
    officer_ids = np.asarray(
        [f"{name}-officer-{n + 1:02d}" for n in range(officers)], dtype=object
    )
    head = {
        "person": ids,
        "district": name,
        "officer": officer_ids[first],
        "form": np.where(kept.quick, "quick", "full").astype(object),
        "assessed_on": people.assessed.astype("datetime64[s]"),
        "delegation_office": np.where(kept.quick, "not_asked", f"{name} office").astype(object),
    }
    return {
        "districts": pd.DataFrame(
            {"district": [name], "type": [kind], "officers": [officers],
             "delivered": [delivered], "log_hazard": [shift]}
        ),
        "officers": pd.DataFrame(
            {"officer": officer_ids, "district": name, "leniency": leniency}
        ),
        "people": pd.DataFrame({**head, **kept.answers}),
        "ratings": _ratings(ids, officer_ids, (first, second), (rated, again), twice, kept,
                            instrument),
        "contacts": _contacts(ids, name, people, course),
        "events": _events(rng, ids, name, people, course, instrument, parameters),
        "conduct": _conduct(ids, name, people, course, parameters),
        "truth": pd.DataFrame(truth),
    }  # fmt: skip


def _ratings(
    ids: NDArray[np.object_],
    officer_ids: NDArray[np.object_],
    officers: tuple[Codes, Codes],
    ratings: tuple[dict[str, Codes], dict[str, Codes]],
    twice: NDArray[np.bool_],
    kept: Record,
    instrument: Instrument,
) -> pd.DataFrame:
    parts = []
    for rater, (officer, rated) in enumerate(zip(officers, ratings, strict=True), start=1):
        for item, codes in rated.items():
            at = np.flatnonzero(kept.asked[item] & (twice | (rater == 1)))
            parts.append(
                pd.DataFrame(
                    {
                        "person": ids[at],
                        "item": item,
                        "officer": officer_ids[officer[at]],
                        "rater": rater,
                        "rating": native(instrument, item, codes[at]),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _contacts(
    ids: NDArray[np.object_], district: str, people: People, course: Course
) -> pd.DataFrame:
    who = course.contact_who
    began = np.floor(course.contact_month * MONTH_DAYS).astype(np.int64)
    return pd.DataFrame(
        {
            "person": ids[who],
            "district": district,
            "month": course.contact_month,
            "month_start": (people.assessed[who] + began).astype("datetime64[s]"),
            "tier": np.asarray(TIERS, dtype=object)[course.contact_tier],
            "visits": course.visits,
            "meetings": course.meetings,
        }
    )


def _conduct(
    ids: NDArray[np.object_],
    district: str,
    people: People,
    course: Course,
    parameters: Parameters,
) -> pd.DataFrame:
    names = np.asarray([kind.name for kind in parameters.kinds], dtype=object)
    return pd.DataFrame(
        {
            "person": ids[course.who],
            "district": district,
            "kind": names[course.kind],
            "date": (people.assessed[course.who] + course.day).astype("datetime64[s]"),
            "month": course.month,
            "tier": np.asarray(TIERS, dtype=object)[course.tier],
            "contacts": course.contacts,
            "found": course.found,
        }
    )


def _events(
    rng: np.random.Generator,
    ids: NDArray[np.object_],
    district: str,
    people: People,
    course: Course,
    instrument: Instrument,
    parameters: Parameters,
) -> pd.DataFrame:
    names = np.asarray([kind.name for kind in parameters.kinds], dtype=object)
    at = np.flatnonzero(course.found)
    kind = names[course.kind[at]]
    detail = np.full(len(at), "", dtype=object)
    breach = rng.random(len(at)) < parameters.ends.breach_share_of_penalties.value
    penalty = kind == "public_security_penalty"
    detail[penalty] = np.where(breach, "supervision_breach", "other_conduct")[penalty]
    away = kind == "absconding"
    detail[away] = _GRADES[course.over_a_month[at].astype(np.int64)][away]
    short = kind == "short_absence"
    kind, detail = np.where(short, "absconding", kind), np.where(short, _SHORT, detail)

    over = np.flatnonzero(course.end != FOLLOWED)
    end = course.end[over]
    end_kind = np.asarray([_END_KINDS.get(n, "") for n in range(len(ENDS))], dtype=object)[end]
    reason = np.where(course.new_offence[over], NEW_OFFENCE, VIOLATION).astype(object)
    end_detail = np.where(end == REVOCATION, reason, "").astype(object)
    end_detail[end == CONDITION_ENDED] = "condition_ended"

    who = np.concatenate([course.who[at], over])
    kinds = np.concatenate([kind, end_kind])
    dates = people.assessed[who] + np.concatenate([course.day[at], course.end_day[over]])
    usual = int(parameters.ends.end_recorded_within_days.value)
    by_id = instrument.outcomes_by_id
    lag = np.asarray([by_id[k].reporting_lag_days if k in by_id else usual for k in kinds])
    recorded = dates + np.floor(rng.random(len(who)) * (lag + 1)).astype(np.int64)
    is_end = np.arange(len(who)) >= len(at)
    left = people.assessed[who] + course.left_day[who]
    events = pd.DataFrame(
        {
            "person": ids[who],
            "district": district,
            "kind": kinds,
            "detail": np.concatenate([detail, end_detail]),
            "date": dates.astype("datetime64[s]"),
            "recorded_on": recorded.astype("datetime64[s]"),
            "is_end": is_end,
            "left_on": np.where(is_end, left, np.datetime64("NaT")).astype("datetime64[s]"),
        }
    )
    return events.sort_values(["person", "date", "is_end", "kind"], ignore_index=True)


def cohort(province: Province, outcome: str, as_of: date) -> pd.DataFrame:
    """One row a person at intake, with answers and what was on record by a day.

    Parameters
    ----------
    province
        The province.
    outcome
        Id of an outcome of the instrument whose events are simulated; the details that the
        instrument lists as no failure do not count.
    as_of
        Nothing recorded later is seen. People assessed on that day or later are left out.

    Returns
    -------
    DataFrame
        The columns of ``people``, then ``event`` (seen at any time so far), ``time_days`` to
        the event or to the end of follow-up, ``end`` (``event``, ``death``, ``transfer``,
        ``condition_ended``, ``completion``, ``revocation`` or ``administrative_end``) and
        ``settled_days``: how long a follow-up is beyond the outcome's reporting lag by that day.
        A horizon longer than ``settled_days`` is not ripe for that person.

    Raises
    ------
    ValueError
        For an outcome that the instrument does not have or that is not simulated.
    """
    instrument = province.instrument
    found = instrument.outcomes_by_id.get(outcome)
    kinds = {kind.name for kind in province.parameters.kinds} - {"short_absence"}
    simulated = kinds | {"completion", "revocation"}
    if found is None or not parts_of(instrument, found) & simulated:
        raise ValueError(
            f"no outcome [{outcome}] here; there are: "
            + ", ".join(sorted(simulated | {"serious_noncompliance_12m"}))
        )

    day = pd.Timestamp(as_of)
    people = province.people[province.people["assessed_on"] < day].reset_index(drop=True)
    events = province.events
    events = events[(events["recorded_on"] <= day) & events["person"].isin(people["person"])]
    first = events[counted(events, instrument, found)].groupby("person")["date"].min()
    ends = events[events["is_end"]].set_index("person")

    who = people["person"]
    event_on = _of(who, first)
    end_on = _of(who, ends["date"])
    reason = ends["kind"].where(ends["detail"] != "condition_ended", "condition_ended")
    last = people["assessed_on"] + followed(province.parameters)
    until = end_on.fillna(last.where(last < day, day))
    event = event_on.notna()
    end = _of(who, reason).fillna("administrative_end").where(~event, "event")
    time = (event_on.where(event, until) - people["assessed_on"]).dt.days
    settled = (day - people["assessed_on"]).dt.days - found.reporting_lag_days
    return people.assign(
        event=event.astype(int), time_days=time.astype(int), end=end, settled_days=settled
    )


def followed(parameters: Parameters) -> pd.Timedelta:
    """How long people are followed at most."""
    return pd.Timedelta(days=round(parameters.ends.months_followed.value * MONTH_DAYS))


def _of(who: pd.Series[Any], values: pd.Series[Any]) -> pd.Series[Any]:
    """Look up a value for every person; missing where there is none, also where all are."""
    return values.reindex(who).set_axis(who.index)


def assessments(province: Province, rows: Sequence[int] | None = None) -> list[Assessment]:
    """Give people's intake assessments, checked like anybody's.

    Parameters
    ----------
    province
        The province.
    rows
        Places in ``province.people``; everybody where none are given.

    Raises
    ------
    AssessmentError
        Never, while this package and the instrument agree; tests hold them to it.
    """
    people = province.people if rows is None else province.people.iloc[list(rows)]
    return checked(people, province.instrument, "intake")


def checked(answers: pd.DataFrame, instrument: Instrument, kind: Kind) -> list[Assessment]:
    """Check rows of answers like anybody's assessments.

    Parameters
    ----------
    answers
        A row an assessment: ``person``, ``form``, ``assessed_on``, and items by their id.
    kind
        ``intake`` or ``reassessment``.
    """
    items = [name for name in answers.columns if name in instrument.by_id]
    columns = [answers[name].tolist() for name in items]
    heads = zip(
        answers["person"], answers["form"], answers["assessed_on"].dt.strftime("%Y-%m-%d"),
        strict=True,
    )  # fmt: skip
    return [
        Assessment.from_dict(
            {
                "person": person,
                "form": form,
                "kind": kind,
                "assessed_on": assessed_on,
                "answers": dict(zip(items, row, strict=True)),
            },
            instrument,
        )
        for (person, form, assessed_on), row in zip(heads, zip(*columns, strict=True), strict=True)
    ]
