"""The law of China on both sides of each edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from riskengine.policy.document import PolicyDocument
from riskengine.policy.jurisdictions import statutory_set
from riskengine.policy.jurisdictions.cn import CN, CONSTRAINTS
from riskengine.policy.statutory import Case
from tests.support.cases import ON, case


def found(assessment) -> dict[str, str]:
    return {f.constraint: f.consequence for f in CN.findings(Case(assessment, ON))}


@pytest.mark.parametrize("missing", ["legal_status", "offence_type", "correction_stage"])
@pytest.mark.parametrize("kind", ["intake", "reassessment"])
def test_h03_without_a_record_fact_there_is_no_tier(cn, missing, kind):
    assert found(case(cn, kind=kind, without=(missing,)))["H03"] == "hold"


@pytest.mark.parametrize(
    "missing",
    ["last_appraisal", "admonitions_n", "warnings_n", "ps_penalties_n", "commendations_n"],
)
def test_h03_conduct_is_needed_at_reassessment_and_none_yet_at_intake(cn, missing):
    assert found(case(cn, kind="reassessment", without=(missing,)))["H03"] == "hold"
    assert "H03" not in found(case(cn, kind="intake", without=(missing,)))


def test_h03_an_unknown_fact_is_a_missing_fact(cn):
    assert found(case(cn, offence_type="unknown"))["H03"] == "hold"


def test_what_is_said_of_everybody_and_nothing_else_in_a_plain_case(cn):
    assert found(case(cn)) == {"H02": "caution", "H16": "caution", "H09": "caution"}


@pytest.mark.parametrize(
    ("birth", "minor"), [("2007-12-01", False), ("2007-12-02", True), ("2010-01-01", True)]
)
def test_h08_minor_at_start_stays_under_the_rules_for_minors(cn, birth, minor):
    # the term starts on 2025-12-01: eighteen on that day is an adult
    answers = {"birth_date": birth, "is_minor_profile": minor}
    assert ("H08" in found(case(cn, **answers))) is minor


def test_h08_the_profile_alone_is_enough(cn):
    assert found(case(cn, without=("birth_date",), is_minor_profile=True))["H08"] == (
        "separate_profile"
    )


@pytest.mark.parametrize(("status", "told"), [("04", True), ("02", False)])
def test_h10_health_duties(cn, status, told):
    extra = {"temp_exec_ground": "illness"} if told else {}
    answers = found(case(cn, legal_status=status, **extra))
    assert answers.get("H10") == ("caution" if told else None)


@pytest.mark.parametrize(("order", "told"), [("in_force", True), ("none", False)])
def test_h13_prohibition_order(cn, order, told):
    assert ("H13" in found(case(cn, prohibition_order=order))) is told


@pytest.mark.parametrize(("sex", "told"), [("2", True), ("1", False)])
def test_h14_woman_in_the_group(cn, sex, told):
    assert ("H14" in found(case(cn, sex=sex))) is told


def test_a_constraint_is_applied_by_the_date_of_the_assessment(cn):
    h14 = next(c for c in CONSTRAINTS if c.id == "H14")
    woman = Case(case(cn, sex="2"), ON)
    assert h14.apply(woman) is not None
    assert replace(h14, valid_from=date(2026, 6, 2)).apply(woman) is None
    assert replace(h14, valid_to=ON).apply(woman) is not None
    assert replace(h14, valid_to=date(2026, 5, 31)).apply(woman) is None


def test_an_unverified_text_warns_and_never_binds(cn):
    h03 = next(c for c in CONSTRAINTS if c.id == "H03")
    unverified = replace(h03, citation=h03.citation.model_copy(update={"verified": False}))
    incomplete = Case(case(cn, without=("offence_type",)), ON)
    assert h03.apply(incomplete).consequence == "hold"
    assert unverified.apply(incomplete).consequence == "caution"


@pytest.mark.parametrize(
    ("answers", "alerts"),
    [
        ({}, set()),
        ({"harm_to_others_now": []}, set()),
        ({"harm_to_others_now": ["current_domestic_violence"]}, {"domestic_violence"}),
        ({"domestic_violence": "current_perpetrator"}, {"domestic_violence"}),
        ({"harm_to_others_now": ["threat_to_named_person"]}, {"threat"}),
        ({"harm_to_others_now": ["no_contact_breach"]}, {"no_contact_breach"}),
        ({"self_harm_flag": "1"}, set()),
        ({"self_harm_flag": "2"}, {"self_harm"}),
    ],
)
def test_safety_alerts(cn, answers, alerts):
    asked = Case(case(cn, **answers), ON)
    assert {alert.id for alert in CN.alerts if alert.check(asked)} == alerts


def test_a_policy_has_no_key_that_could_touch_the_law():
    names = " ".join(PolicyDocument.model_fields)
    assert "statut" not in names
    assert "constraint" not in names
    assert PolicyDocument.model_config["extra"] == "forbid"


def test_every_constraint_says_why_in_both_languages_and_cites_an_article():
    for constraint in statutory_set("cn").constraints:
        assert constraint.title.zh
        assert constraint.title.en
        assert "条" in constraint.citation.text.zh
        assert "art" in constraint.citation.text.en
