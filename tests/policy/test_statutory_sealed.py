"""H09: whoever has a sealed record looks in every output like somebody who has none."""

from __future__ import annotations

import json
import random
import re
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from riskengine import AssessmentError, Engine
from riskengine.batch.score import COLUMNS, contribution_columns, score_rows
from riskengine.batch.writing import write_rows
from riskengine.cli import app
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.reports.html import READERS, write_page
from riskengine.reports.terminal import show
from tests.engine.conftest import BOTH, write_model
from tests.support.cases import FILE_BLOCK
from tests.support.scorecards import make_document, random_answer

DAY = date(2026, 6, 1)
SECURITY, FIRST = "prior_admin_penalties_n", "age_first_offence"
NONE = {SECURITY: 0, FIRST: 40}
"""What a person without any earlier record answers."""


@pytest.fixture(scope="module")
def home(tmp_path_factory, cn) -> Path:
    """A model that scores both items in which a sealed record could stand."""
    folder = tmp_path_factory.mktemp("sealed")
    write_model(
        folder,
        make_document(
            cn,
            seed=2,
            form="points",
            purpose="template",
            items=["age_at_start", SECURITY, FIRST, "drug_use"],
            monotone=True,
            outcome="serious_noncompliance_12m",
            change={
                "id": "made_up_cn",
                "reference": {
                    "id": "r",
                    "label": BOTH,
                    "illustrative": True,
                    "score_quantiles": list(range(-12, 30)),
                },
            },
        ),
    )
    return folder


@pytest.fixture
def engine(home, monkeypatch) -> Engine:
    monkeypatch.setenv("RISKENGINE_HOME", str(home))
    return Engine.load("made_up_cn")


def raw(change, *, sources=None, day: date = DAY) -> dict:
    answers = {
        **FILE_BLOCK,
        "special_category": "none",
        "age_at_start": 40,
        "drug_use": "none",
        **change,
    }
    return {
        "person": "T-1",
        "kind": "reassessment",
        "assessed_on": day.isoformat(),
        "answers": answers,
        "sources": sources or {},
    }


# every way in which a record can be absent, or stand there although it is sealed
LIKE_NONE = {
    "not there at all": ({}, {}),
    **{code: ({SECURITY: code, FIRST: code}, {}) for code in NOT_KNOWN},
    "none, from a file": (NONE, {SECURITY: {"source": "file", "on": "2026-05-01", "by": "S-1"}}),
    "unknown, from the family": (
        {SECURITY: "unknown"},
        {SECURITY: {"source": "family", "disclosure": "third_party"}},
    ),
    "an age under eighteen": ({SECURITY: 0, FIRST: 16}, {}),
    "an age under eighteen, from a file": (
        {SECURITY: 0, FIRST: 16},
        {FIRST: {"source": "file", "by": "S-1"}},
    ),
}


def pages(engine, found, tmp_path, lang) -> str:
    """The page of each reader, one after the other."""
    path = tmp_path / "page.html"
    return "".join(
        write_page(path, [found], lang=lang, reader=reader).read_text(encoding="utf-8")
        for reader in READERS
    )


def terminal(found) -> str:
    written = StringIO()
    show(found, Console(width=120, file=written))
    return written.getvalue()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", LIKE_NONE)
class TestEveryOutput:
    def test_the_recommendation_is_the_same_to_the_byte(self, engine, name, lang):
        change, sources = LIKE_NONE[name]
        there = engine.recommend(engine.assessment(raw(NONE)), on=DAY, lang=lang)
        found = engine.recommend(
            engine.assessment(raw(change, sources=sources)), on=DAY, lang=lang
        )
        assert found.model_dump_json() == there.model_dump_json()
        assert found.missing is None
        for item in (SECURITY, FIRST):
            (factor,) = [f for f in found.factors if f.term == item]
            assert factor.answers[0].known

    def test_an_assessment_that_came_another_way_is_the_same(self, engine, cn, name, lang):
        from riskengine import Assessment

        change, sources = LIKE_NONE[name]
        there = engine.recommend(engine.assessment(raw(NONE)), on=DAY, lang=lang)
        direct = Assessment.from_dict(raw(change, sources=sources), cn)
        assert engine.recommend(direct, on=DAY, lang=lang) == there

    def test_page_and_terminal_are_the_same(self, engine, name, lang, tmp_path):
        change, sources = LIKE_NONE[name]
        there = engine.explain(engine.assessment(raw(NONE)), on=DAY, lang=lang)
        found = engine.explain(engine.assessment(raw(change, sources=sources)), on=DAY, lang=lang)
        assert pages(engine, found, tmp_path, lang) == pages(engine, there, tmp_path, lang)
        assert terminal(found.recommendation) == terminal(there.recommendation)

    def test_the_check_of_an_assessment_is_the_same(self, engine, name, lang, tmp_path):
        change, sources = LIKE_NONE[name]
        told = []
        for one in (raw(NONE), raw(change, sources=sources)):
            file = tmp_path / "assessment.json"
            file.write_text(json.dumps({**one, "instrument": "cn_community_corrections"}))
            done = CliRunner().invoke(app, ["check", str(file), "--lang", lang])
            assert done.exit_code == 0, done.output
            told.append(done.output)
        assert told[0] == told[1]


@pytest.mark.parametrize("name", LIKE_NONE)
def test_the_exported_assessment_is_the_same(engine, name):
    change, sources = LIKE_NONE[name]
    exported = engine.assessment(raw(change, sources=sources)).to_dict()
    there = engine.assessment(raw(NONE)).to_dict()
    assert json.dumps(exported) == json.dumps(there), "and in the same order"


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_the_rows_of_a_batch_are_the_same(engine, tmp_path, ending, cn):
    from riskengine import Assessment

    columns = [*COLUMNS, *contribution_columns(engine)]
    written = []
    for position, (change, sources) in enumerate([(NONE, {}), *LIKE_NONE.values()]):
        path = tmp_path / f"{position}{ending}"
        one = Assessment.from_dict(raw(change, sources=sources), cn)
        write_rows(path, columns, score_rows(engine, [one], on=DAY, explain=True))
        written.append(path.read_bytes())
    assert len(set(written)) == 1


def test_a_frame_is_the_same(engine):
    pd = pytest.importorskip("pandas")
    rows = []
    for change, _ in LIKE_NONE.values():
        one = raw(change)
        rows.append({"person": "T-1", "assessed_on": one["assessed_on"], "kind": one["kind"],
                     **one["answers"]})  # fmt: skip
    results, rejects = engine.recommend_frame(pd.DataFrame(rows), on=DAY, explain=True)
    assert rejects.empty
    assert len(results) == len(LIKE_NONE)
    assert len(results.drop_duplicates()) == 1


def test_a_rule_about_such_records_sees_none(engine, home):
    """A local rule that asks for them counts as checked and not met, for everybody alike."""
    from dataclasses import replace

    from riskengine.policy.compiled import compile_policy

    rule = engine.policy.document.rules[0].model_copy(
        update={
            "id": "earlier_penalties",
            "when": type(engine.policy.document.rules[1].when)(item=SECURITY, at_least=1),
            "reports": (SECURITY,),
        }
    )
    document = engine.policy.document.model_copy(update={"rules": (rule,)})
    local = replace(
        engine, policy=compile_policy(document, engine.instrument, engine.policy.cut_offs)
    )
    absent = local.recommend(local.assessment(raw({})), on=DAY)
    assert absent == local.recommend(local.assessment(raw(NONE)), on=DAY)
    assert "earlier_penalties" not in {rule.id for rule in absent.unchecked_rules}


def test_no_word_of_it_stands_anywhere_but_in_the_sentence_for_everybody(engine, tmp_path):
    found = engine.explain(engine.assessment(raw({})), on=DAY, lang="en")
    page = re.sub(r"<[^>]+>", " ", pages(engine, found, tmp_path, "en"))
    assert len(re.findall("[Ss]ealed", page)) == 2, "for officer and reviewer, not for the person"
    everybody = "Sealed records are neither asked for nor used; for everybody they count as none."
    assert everybody in [caution.text for caution in found.recommendation.cautions]


def test_it_holds_for_anybody(engine, cn):
    """People with any answers to everything else, in any of the ways to be without a record."""
    rng = random.Random(11)
    others = [
        item
        for item in cn.items
        if "scored" in item.use and item.id not in (*NONE, "age_at_start", *FILE_BLOCK)
    ]
    tried = 0
    while tried < 60:
        asked = {
            item.id: random_answer(item, rng) for item in rng.sample(others, rng.randint(0, 12))
        }
        try:
            there = engine.recommend(engine.assessment(raw({**asked, **NONE})), on=DAY)
        except AssessmentError:
            continue  # answers that contradict each other
        tried += 1
        change, sources = rng.choice([*LIKE_NONE.values()])
        found = engine.assessment(raw({**asked, **change}, sources=sources))
        assert engine.recommend(found, on=DAY) == there


class TestTheOtherSide:
    def test_a_day_before_they_were_sealed_an_absence_is_an_open_question(self, engine):
        day = date(2025, 12, 31)
        there = engine.recommend(engine.assessment(raw(NONE, day=day)), on=day)
        found = engine.recommend(engine.assessment(raw({FIRST: 40}, day=day)), on=day)
        assert [one.item for one in found.missing.items] == [SECURITY]
        assert found != there
        day = date(2026, 1, 1)
        there = engine.recommend(engine.assessment(raw(NONE, day=day)), on=day)
        assert engine.recommend(engine.assessment(raw({FIRST: 40}, day=day)), on=day) == there

    def test_a_record_that_is_not_sealed_is_used(self, engine):
        there = engine.recommend(engine.assessment(raw(NONE)), on=DAY)
        for age in (18, 25):
            found = engine.recommend(engine.assessment(raw({**NONE, FIRST: age})), on=DAY)
            (factor,) = [f for f in found.factors if f.term == FIRST]
            assert factor.answers[0].answer == f"{age}岁"
        assert found != there

    def test_with_a_stated_legal_basis_it_is_used_and_the_basis_is_not_shown(self, engine):
        basis = {FIRST: {"source": "file", "legal_basis": "刑事诉讼法第286条第2款"}}
        found = engine.recommend(
            engine.assessment(raw({**NONE, FIRST: 16}, sources=basis)), on=DAY
        )
        (factor,) = [f for f in found.factors if f.term == FIRST]
        assert factor.answers[0].answer == "16岁"
        assert "286条第2款" not in found.model_dump_json()

    def test_a_legal_basis_is_no_empty_word(self, engine):
        for empty in ("", "  ", 7, "x" * 201):
            with pytest.raises(AssessmentError, match=r"sources\.age_first_offence\.legal_basis"):
                engine.assessment(
                    raw(NONE, sources={FIRST: {"source": "file", "legal_basis": empty}})
                )

    def test_an_unverified_text_warns_of_an_entered_record_and_keeps_it(self, engine):
        found = engine.recommend(engine.assessment(raw({**NONE, SECURITY: 2})), on=DAY)
        (factor,) = [f for f in found.factors if f.term == SECURITY]
        assert factor.answers[0].answer == "2次"
        (warning,) = [c for c in found.cautions if c.id == "H09.public_security_sealing"]
        assert warning.verified is False
        assert "条文未核对" in warning.citation

    def test_other_questions_without_an_answer_stay_open(self, engine):
        answers = {**NONE, "drug_use": "not_asked"}
        found = engine.recommend(engine.assessment(raw(answers)), on=DAY)
        assert [one.item for one in found.missing.items] == ["drug_use"]
