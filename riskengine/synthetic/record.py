"""What the file holds: true facts and officers' ratings as native answers, with their gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.instrument.model import Instrument
from riskengine.synthetic.parameters import Parameters
from riskengine.synthetic.people import (
    FARMING,
    OUTSIDE_PRISON,
    STUDENT,
    UNABLE,
    Codes,
    Days,
    People,
)

Answers = NDArray[np.object_]

NOT_ASKED, NOT_APPLICABLE, UNKNOWN = "not_asked", "not_applicable", "unknown"

_PROHIBITIONS = ("activities", "places", "persons")
_CURRENT_PERPETRATOR = 2
_SEASONAL = 1
_CODED = (
    "legal_status", "sex", "recidivist", "prohibition_order", "temp_exec_ground",
    "special_category", "age_at_start", "age_first_offence", "prior_convictions_n",
    "prior_admin_penalties_n", "prior_custody", "prior_supervision_failure", "offence_type",
    "sentence_months", "intake_lateness", "education_level", "months_worked_12m",
    "residence_stability", "family_offending", "co_offending_role", "drug_use",
    "mental_disorder", "travel_minutes_to_office", "work_season", "schooling",
    "cross_county_regular", "reading_ability", "language", "phone_access",
    "residence_area_type",
)  # fmt: skip
# Nothing has happened yet on the day of intake.
_AT_INTAKE: Mapping[str, object] = {
    "correction_stage": "entry",
    "is_minor_profile": False,
    "admonitions_n": 0,
    "warnings_n": 0,
    "ps_penalties_n": 0,
    "last_appraisal": "none_yet",
    "commendations_n": 0,
    "notice_given_manner": "both",
}


@dataclass(frozen=True)
class Record:
    """One district's intake files.

    Attributes
    ----------
    answers
        Item to native answers, not-known codes included, shape (people,).
    asked
        Rated item to whether it was asked, applies and was rated.
    quick
        Who was assessed by the quick form.
    """

    answers: dict[str, Answers]
    asked: dict[str, NDArray[np.bool_]]
    quick: NDArray[np.bool_]


def native(instrument: Instrument, item: str, codes: Codes) -> Answers:
    """Turn codes into answers as a file holds them: level ids, booleans or whole numbers."""
    kind = instrument.by_id[item]
    if kind.type == "integer":
        numbers: Answers = codes.astype(object)
        return numbers
    values: list[object] = (
        [False, True] if kind.type == "boolean" else [level.id for level in kind.levels]
    )
    answers: Answers = np.asarray(values, dtype=object)[codes]
    return answers


def record(
    rng: np.random.Generator,
    people: People,
    rated: Mapping[str, Codes],
    instrument: Instrument,
    parameters: Parameters,
) -> Record:
    """Write the intake files of one district.

    Quick items are always answered. The others are left out of the quick form, and now and then
    an officer cannot rate one.
    """
    true, count = people.answers, len(people.start)
    quick = (
        rng.random(count)
        < getattr(parameters.offices, f"quick_form_share_{people.district_type}").value
    )
    answers: dict[str, Answers] = {
        "start_date": _iso(people.start),
        "end_date": _iso(people.end),
        "birth_date": _iso(people.birth),
        "notice_given_date": _iso(people.assessed),
        "notice_given_by": np.full(count, "officer", dtype=object),
    }
    for item, value in _AT_INTAKE.items():
        answers[item] = np.full(count, value, dtype=object)
    for item in _CODED:
        answers[item] = native(instrument, item, true[item])
    for item, codes in rated.items():
        answers[item] = native(instrument, item, codes)
    answers["notice_given_language"] = answers["language"].copy()
    order = true["prohibition_order"] == 1
    answers["prohibition_end"] = _iso(people.prohibition_end)
    answers["prohibition_types"] = _lists(people.prohibitions, _PROHIBITIONS)
    current = rated["domestic_violence"] == _CURRENT_PERPETRATOR
    harm = np.column_stack([current, true["threat_to_named_person"] == 1])
    answers["harm_to_others_now"] = _lists(
        harm, ("current_domestic_violence", "threat_to_named_person")
    )

    outside = true["legal_status"] == OUTSIDE_PRISON
    work = rated["employment_status"]
    seasonal = true["work_season"] == _SEASONAL
    ruled_out = {
        "prohibition_types": ~order,
        "prohibition_end": ~order,
        "temp_exec_ground": ~outside,
        "intake_lateness": outside,
        "months_worked_12m": np.isin(work, (FARMING, STUDENT, UNABLE)) | seasonal,
        "work_attitude": np.isin(work, (STUDENT, UNABLE)),
    }
    asked = {item: np.ones(count, dtype=bool) for item in rated}
    unknown = parameters.offices.unknown_share.value
    for item in answers:
        if not instrument.by_id[item].quick:
            if item in rated:
                cannot = rng.random(count) < unknown
                answers[item][cannot] = UNKNOWN
                asked[item] &= ~cannot
            answers[item][quick] = NOT_ASKED
        if item in ruled_out:
            answers[item][ruled_out[item]] = NOT_APPLICABLE
        if item in rated:
            asked[item] &= ~np.isin(answers[item], (NOT_ASKED, NOT_APPLICABLE))
    return Record(answers=answers, asked=asked, quick=quick)


def _iso(days: Days) -> Answers:
    text: Answers = np.datetime_as_string(days.astype("datetime64[D]")).astype(object)
    return text


def _lists(chosen: NDArray[np.bool_], names: tuple[str, ...]) -> Answers:
    answers = np.empty(len(chosen), dtype=object)
    answers[:] = [
        [name for name, is_chosen in zip(names, row, strict=True) if is_chosen]
        for row in chosen.tolist()
    ]
    return answers
