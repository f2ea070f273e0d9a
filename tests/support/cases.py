"""Assessments under the Chinese instrument, complete but for what a test changes."""

from __future__ import annotations

from datetime import date

from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument

ON = date(2026, 6, 1)

FILE_BLOCK: dict[str, object] = {
    "legal_status": "02",
    "offence_type": "dangerous_driving",
    "correction_stage": "middle",
    "prohibition_order": "none",
    "admonitions_n": 0,
    "warnings_n": 0,
    "ps_penalties_n": 0,
    "last_appraisal": "pass",
    "commendations_n": 0,
    "start_date": "2025-12-01",
    "end_date": "2027-11-30",
    "birth_date": "1985-05-05",
    "sex": "1",
    "notice_given_date": "2025-12-01",
}


def case(
    instrument: Instrument, *, kind: str = "reassessment", without: tuple[str, ...] = (), **answers
) -> Assessment:
    """An adult on probation, past the initial period and without sanctions."""
    merged = {**FILE_BLOCK, **answers}
    for item in without:
        merged.pop(item)
    return Assessment.from_dict(
        {"person": "T-1", "kind": kind, "assessed_on": ON.isoformat(), "answers": merged},
        instrument,
    )
