"""From an assessment to a recommendation, through the public API."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from itertools import product

import pytest

from riskengine import Engine, NotFoundError, PastTier, Recommendation, Tier, UseError
from riskengine.batch.score import score_rows
from tests.engine.conftest import write_model
from tests.support.cases import FILE_BLOCK, ON, case
from tests.support.scorecards import make_document

ANSWERS = {
    "age_at_start": 40,
    "prior_convictions_n": 0,
    "drug_use": "none",
    "employment_status": "stable",
    "antisocial_companions": "0",
}


def test_it_is_a_recommendation_and_says_so(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS), on=ON, lang="en")
    assert found.status in ("recommended", "either")
    assert "decision" not in Recommendation.model_fields
    assert any("no decision" in caution.text for caution in found.cautions)
    assert found.binding_rule is not None
    assert found.binding_rule.citation


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_json_both_ways(engine, cn, lang):
    found = engine.recommend(case(cn, **ANSWERS), on=ON, lang=lang)
    text = found.model_dump_json()
    assert Recommendation.model_validate_json(text) == found
    assert json.loads(text)["format"] == "riskengine/recommendation/1"


def test_both_views_sum_to_the_score(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS), on=ON)
    terms = sum(factor.contribution for factor in found.factors)
    assert found.score.intercept + terms == found.score.value
    view = found.item_view
    items = sum(item.contribution for item in view.items)
    assert view.baseline + items == view.denominator * found.score.value


def test_a_relative_scale_has_no_probability_anywhere(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS), on=ON)
    assert found.risk is None
    assert found.item_view.baseline_risk is None
    assert all(item.percentage_points is None for item in found.item_view.items)


def test_either_tier_names_the_less_restrictive_first(engine, cn):
    levels = (
        cn.by_id[item].level_ids
        for item in ("antisocial_companions", "employment_status", "drug_use")
    )
    every = [
        engine.recommend(
            case(
                cn,
                **{
                    **ANSWERS,
                    "antisocial_companions": companions,
                    "employment_status": work,
                    "drug_use": drugs,
                },
            ),
            on=ON,
        )
        for companions, work, drugs in product(*levels)
    ]
    either = [found for found in every if found.status == "either"]
    assert 0 < len(either) < len(every)
    for found in either:
        first, second = (view.tier.rank for view in found.tiers)
        assert first + 1 == second
        assert found.stability.value < 0.8
        assert found.binding_rule.id == "score_band"


def test_a_binding_rule_is_never_an_either(engine, cn):
    seen = []
    for work, drugs in product(
        cn.by_id["employment_status"].level_ids, cn.by_id["drug_use"].level_ids
    ):
        answers = {**ANSWERS, "employment_status": work, "drug_use": drugs, "warnings_n": 1}
        found = engine.recommend(case(cn, **answers), on=ON)
        assert found.binding_rule.id == "warned_or_penalised"
        assert [view.tier for view in found.tiers] == [Tier.STRICT]
        assert found.status == "recommended"
        seen.append(found.stability.value)
    assert min(seen) < 0.8, "some of these scores are unsure, and the rule holds all the same"


def test_a_neighbour_that_a_rule_forbids_is_not_defensible(engine, cn):
    """An ordinary floor under a score between relaxed and ordinary leaves ordinary alone."""
    ordinary = 0
    for work, drugs in product(
        cn.by_id["employment_status"].level_ids, cn.by_id["drug_use"].level_ids
    ):
        answers = {**ANSWERS, "employment_status": work, "drug_use": drugs}
        free = engine.recommend(case(cn, **answers), on=ON)
        held = engine.recommend(case(cn, **answers, special_category="organised_crime"), on=ON)
        assert Tier.RELAXED not in [view.tier for view in held.tiers]
        if [view.tier for view in free.tiers] == [Tier.RELAXED, Tier.ORDINARY]:
            ordinary += 1
            assert [view.tier for view in held.tiers] == [Tier.ORDINARY]
    assert ordinary


def test_range_over_missing_answers_equals_brute_force(engine, cn):
    open_items = {
        "antisocial_companions": cn.by_id["antisocial_companions"].level_ids,
        "drug_use": cn.by_id["drug_use"].level_ids,
        "employment_status": cn.by_id["employment_status"].level_ids,
    }
    known = {k: v for k, v in ANSWERS.items() if k not in open_items}
    known["special_category"] = "none"
    found = engine.recommend(case(cn, **known), on=ON)
    scores = [
        engine.recommend(
            case(cn, **known, **dict(zip(open_items, chosen, strict=True))), on=ON
        ).score.value
        for chosen in product(*open_items.values())
    ]
    assert found.missing.exact
    assert (found.missing.score_low, found.missing.score_high) == (min(scores), max(scores))
    assert {item.item for item in found.missing.items} == set(open_items)


def test_an_item_ruled_out_by_the_instrument_is_not_missing(engine, cn):
    found = engine.recommend(case(cn, **ANSWERS, special_category="none"), on=ON)
    assert found.missing is None


def test_what_the_law_stops_has_no_score(engine, cn):
    for answers, status in (
        ({"is_minor_profile": True, "birth_date": "2009-01-01"}, "separate_profile"),
        ({"offence_type": "unknown"}, "incomplete"),
    ):
        found = engine.recommend(case(cn, **answers), on=ON, lang="en")
        assert found.status == status
        assert (found.tiers, found.score, found.factors) == ((), None, ())
        assert found.binding_rule.citation


def test_history_limits_the_step(engine, cn):
    history = [PastTier(Tier.STRICT, date(2026, 3, 1))]
    free = engine.recommend(case(cn, **ANSWERS), on=ON)
    assert free.tiers[0].tier is Tier.RELAXED
    found = engine.recommend(case(cn, **ANSWERS), on=ON, history=history)
    assert [view.tier for view in found.tiers] == [Tier.ORDINARY]
    assert found.binding_rule.id == "one_step_down"


def test_the_same_question_has_the_same_answer(engine, cn):
    first = engine.recommend(case(cn, **ANSWERS), on=ON)
    assert first == engine.recommend(case(cn, **ANSWERS), on=ON)


class TestUse:
    def test_a_benchmark_needs_research_mode_and_gives_no_tier(self, agency, monkeypatch, georgia):
        home = agency.parent / "benchmark"
        if not home.exists():
            write_model(home, make_document(georgia, seed=1, monotone=True, scale="calibrated"))
        monkeypatch.setenv("RISKENGINE_HOME", str(home))
        with pytest.raises(UseError, match="benchmark"):
            Engine.load("made_up")
        engine = Engine.load("made_up", research=True)
        person = engine.assessment(
            {"person": "G-1", "assessed_on": "2026-01-01", "answers": {"sex": "unknown"}}
        )
        found = engine.recommend(person, on=ON, lang="en")
        assert (found.status, found.tiers, found.research) == ("score_only", (), True)
        assert "Research only" in found.cautions[0].text
        assert found.risk is not None
        total = sum(round(float(i.percentage_points) * 1e9) for i in found.item_view.items)
        difference = float(found.risk.probability) - float(found.item_view.baseline_risk)
        assert total == round(difference * 1e9)

    def test_a_policy_of_another_jurisdiction_is_refused(self, agency, monkeypatch):
        (agency / "installation.json").write_text('{"jurisdiction": "us_georgia"}')
        monkeypatch.setenv("RISKENGINE_HOME", str(agency))
        try:
            with pytest.raises(UseError, match=r"fixed to \[us_georgia\]"):
                Engine.load("made_up_cn")
        finally:
            (agency / "installation.json").unlink()

    def test_an_assessment_of_a_later_day_is_refused(self, engine, cn):
        assessment = case(cn, **ANSWERS)
        with pytest.raises(UseError, match=r"later than the recommendation of \[2026-05-31\]"):
            engine.recommend(assessment, on=date(2026, 5, 31))
        assert engine.recommend(assessment, on=assessment.assessed_on).tiers

    def test_a_policy_outside_its_dates_is_refused(self, engine, cn):
        from dataclasses import replace

        document = engine.policy.document.model_copy(update={"valid_to": date(2026, 5, 31)})
        late = replace(engine, policy=replace(engine.policy, document=document))
        with pytest.raises(UseError, match=r"not in force on \[2026-06-01\]"):
            late.recommend(case(cn, **ANSWERS), on=ON)
        with pytest.raises(UseError, match="not in force"):
            next(iter(score_rows(late, [case(cn, **ANSWERS)], on=ON)))
        document = document.model_copy(update={"valid_to": ON})
        kept = replace(engine, policy=replace(engine.policy, document=document))
        assert kept.recommend(case(cn, **ANSWERS), on=ON).tiers

    def test_unknown_names_list_what_there_is(self, engine):
        with pytest.raises(NotFoundError, match="made_up_cn@1.0.0"):
            Engine.load("nothing")
        with pytest.raises(NotFoundError, match=r"no policy \[nothing\].*cn_default@1.0.0"):
            Engine.load("made_up_cn", "nothing")

    def test_an_assessment_of_another_instrument_is_refused(self, engine, georgia):
        from riskengine import Assessment

        other = Assessment.from_dict(
            {"person": "G-1", "assessed_on": "2026-01-01", "answers": {}}, georgia
        )
        with pytest.raises(UseError, match="georgia_parole"):
            engine.recommend(other, on=ON)


HEAVY = [
    "pandas",
    "pyarrow",
    "openpyxl",
    "sklearn",
    "scipy",
    "interpret",
    "shap",
    "sqlalchemy",
    "fastapi",
    "yaml",
    "jsonschema",
    "typer",
    "rich",
    "jinja2",
]


def test_a_fresh_process_scores_without_the_heavy_libraries(agency):
    program = f"""
import json, sys
from datetime import date
from riskengine import Engine
engine = Engine.load("made_up_cn")
engine.recommend(engine.assessment(json.loads(sys.stdin.read())), on=date(2026, 6, 1))
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    raw = {"person": "T-1", "assessed_on": "2026-06-01", "answers": {}}
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(raw),
        capture_output=True,
        text=True,
        check=True,
        env={"RISKENGINE_HOME": str(agency), "PATH": ""},
    )
    assert done.stdout.strip() == "[]"


def test_a_fresh_process_opens_no_connection(agency):
    """Information stays in the house: whatever asks for a socket ends the process."""
    program = """
import json, sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"the engine asked for {event}")
sys.addaudithook(refuse)
from datetime import date
from riskengine import Engine
engine = Engine.load("made_up_cn")
raw = json.loads(sys.stdin.read())
print(engine.recommend(engine.assessment(raw), on=date(2026, 6, 1)).status)
"""
    raw = {"person": "T-1", "assessed_on": "2026-06-01", "answers": {**FILE_BLOCK, **ANSWERS}}

    def run(code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(raw),
            capture_output=True,
            text=True,
            check=False,
            env={"RISKENGINE_HOME": str(agency), "PATH": ""},
        )

    done = run(program)
    assert (done.returncode, done.stdout.strip()) == (0, "recommended"), done.stderr
    caught = run(program + "import socket; socket.socket()")
    assert "asked for socket" in caught.stderr, "the guard sees a socket where there is one"
