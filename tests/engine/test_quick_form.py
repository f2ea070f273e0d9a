"""The quick form is a complete assessment, at intake and at reassessment."""

from __future__ import annotations

from datetime import date

import pytest

from riskengine import Engine
from riskengine.instrument.items import Item

ON = date(2026, 6, 1)
KNOWN = {
    "legal_status": "02",
    "start_date": "2025-12-01",
    "end_date": "2027-11-30",
    "birth_date": "1985-05-05",
    "sex": "1",
    "age_at_start": 40,
    "last_appraisal": "pass",
    "notice_given_date": "2025-12-01",
    "notice_given_by": "staff-7",
    "harm_to_others_now": [],
}


def answer(item: Item) -> object:
    """The first answer of every quick item."""
    if item.id in KNOWN:
        return KNOWN[item.id]
    if item.type in ("nominal", "ordinal"):
        return item.level_ids[0]
    if item.type == "boolean":
        return False
    return int(item.minimum)


@pytest.mark.parametrize("kind", ["intake", "reassessment"])
def test_it_yields_a_tier(cn, kind):
    quick = {item.id: answer(item) for item in cn.items if item.quick}
    if kind == "intake":
        quick["last_appraisal"] = "none_yet"
    engine = Engine.load()
    assessment = engine.assessment(
        {"person": "Q-1", "kind": kind, "form": "quick", "assessed_on": "2026-06-01",
         "answers": quick}
    )  # fmt: skip
    found = engine.recommend(assessment, on=ON)
    assert found.status in ("recommended", "either")
    assert found.tiers
    assert found.binding_rule.citation


def test_it_carries_the_file_block_and_two_safety_questions(cn):
    quick = {item.id for item in cn.items if item.quick}
    assert quick >= {
        "legal_status",
        "offence_type",
        "correction_stage",
        "prohibition_order",
        "admonitions_n",
        "warnings_n",
        "ps_penalties_n",
        "last_appraisal",
        "commendations_n",
        "self_harm_flag",
        "harm_to_others_now",
    }
