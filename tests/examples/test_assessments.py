"""The fictional assessments: valid, varied, listed, and answered as the list says."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.instrument.assessment import FORMAT, Assessment

FOLDER = Path(__file__).parents[2] / "examples"
FILES = sorted((FOLDER / "assessments").glob("*.json"))
ON = date(2026, 3, 2)

# person: status, tiers, the rule that the answer rests on
EXPECTED = {
    "EX-01": ("separate_profile", [], "H08"),
    "EX-02": ("recommended", ["relaxed"], "score_band"),
    "EX-03": ("recommended", ["strict"], "initial_period"),
    "EX-04": ("recommended", ["strict"], "warned_or_penalised"),
    "EX-05": ("either", ["relaxed", "ordinary"], "score_band"),
    "EX-06": ("recommended", ["ordinary"], "score_band"),
    "EX-07": ("recommended", ["relaxed"], "score_band"),
    "EX-08": ("recommended", ["strict"], "score_band"),
    "EX-09": ("either", ["relaxed", "ordinary"], "score_band"),
    "EX-10": ("incomplete", [], "H03"),
    "EX-11": ("either", ["relaxed", "ordinary"], "score_band"),
    "EX-12": ("recommended", ["strict"], "repeated_admonition"),
    "EX-13": ("recommended", ["ordinary"], "organised_or_terror"),
}


def raw(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def found(engine):
    return {
        name["person"]: engine.recommend(engine.assessment(name), on=ON, lang="en")
        for name in map(raw, FILES)
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_is_a_valid_assessment_of_its_own_person(file, cn):
    given = raw(file)
    assert given["format"] == FORMAT
    assessment = Assessment.from_dict(given, cn)
    assert assessment.person == f"EX-{file.stem[:2]}"
    # what is not answered is not asked, or does not apply: nothing is filled in
    assert {i for i, a in assessment.answers.items() if a != "not_applicable"} <= set(
        given["answers"]
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_has_its_line_in_the_list(file):
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if f"(assessments/{file.name})" in line]


def test_no_file_is_listed_that_is_not_there():
    listed = re.findall(r"\(assessments/(.*?)\)", (FOLDER / "README.md").read_text("utf-8"))
    assert sorted(listed) == [file.name for file in FILES]


def test_a_quick_form_answers_the_quick_items_only(cn):
    quick = next(g for g in map(raw, FILES) if g["form"] == "quick")
    assert {item for item in quick["answers"] if not cn.by_id[item].quick} == set()


def test_the_answers_are_those_of_the_list(found):
    got = {
        person: (one.status, [view.tier for view in one.tiers], one.binding_rule.id)
        for person, one in found.items()
    }
    assert got == EXPECTED


def test_an_alert_stands_beside_a_low_score_and_moves_no_tier(found, engine):
    told = found["EX-09"]
    assert [alert.id for alert in told.alerts] == ["domestic_violence"]
    given = next(g for g in map(raw, FILES) if g["person"] == "EX-09")
    silent = {**given, "answers": {**given["answers"], "harm_to_others_now": []}}
    silent["answers"]["domestic_violence"] = "none"
    without = engine.recommend(engine.assessment(silent), on=ON, lang="en")
    assert without.alerts == ()
    assert without.tiers == told.tiers


def test_the_initial_period_is_a_share_of_a_short_term(found):
    # four months: the period was over after 19 days; eighteen months: it still runs
    assert found["EX-05"].takes_effect_on is None
    # 60 days of initial period lie inside 90 at strict; 90 at ordinary come before relaxed
    assert found["EX-03"].takes_effect_on == date(2026, 8, 23)
    assert [view.tier for view in [found["EX-03"].without_initial_period]] == ["relaxed"]


def test_what_is_unknown_widens_the_range_and_adds_nothing(found):
    many = found["EX-06"]
    assert many.missing is not None
    assert {one.code for one in many.missing.items} == {"unknown", "refused", "not_asked"}
    open_items = {one.item for one in many.missing.items}
    assert open_items
    for factor in many.factors:
        if factor.answers[0].item in open_items:
            assert factor.contribution == 0
    assert many.missing.score_high > many.score.value


def test_what_a_relative_said_is_not_for_disclosure(found):
    (alcohol,) = [f for f in found["EX-05"].factors if f.term == "alcohol_problem"]
    assert alcohol.contribution > 0
    assert [answer.disclosure for answer in alcohol.answers] == ["third_party"]


def test_health_duties_and_orders_are_kept_in_mind_at_every_tier(found):
    assert "H10" in {caution.id for caution in found["EX-02"].cautions}
    assert {"H13", "H14"} <= {caution.id for caution in found["EX-11"].cautions}
    assert "seasonal_work" in {caution.id for caution in found["EX-03"].cautions}
