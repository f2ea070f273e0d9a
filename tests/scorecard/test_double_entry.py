"""Program, naive evaluator, SQLite, DuckDB and workbook agree; every planted fault is caught."""

from __future__ import annotations

import copy
import re

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("openpyxl")

from riskengine.reports.spreadsheet import answer_label, write_spreadsheet
from riskengine.scorecard.sql import score_sql
from riskengine.store.lookup import find_model
from tests.support import double_entry as ways

MODELS = ("cn_serious_noncompliance", "georgia_parole_1y")


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    model = find_model(request.param)
    people = ways.drawn(model.scorecard, 400, seed=5)
    return model, people, ways.by_program(model.scorecard, people)


def test_naive_and_databases_give_the_programs_integers(case, tmp_path):
    model, people, scores = case
    assert {a for p in people for a in p.values()} >= set(ways.NOT_KNOWN)
    assert ways.by_naive(ways.read_model(model.folder), people) == scores
    assert ways.by_sqlite(model.scorecard, people) == scores
    assert ways.by_duckdb(model.scorecard, people, tmp_path) == scores


def test_the_naive_evaluator_imports_nothing_of_the_program():
    text = (ways.Path(ways.naive.__file__)).read_text(encoding="utf-8")
    imports = re.findall(r"^\s*(?:from|import) +(\S+)", text, re.MULTILINE)
    assert imports == ["__future__"]


@pytest.mark.skipif(ways.OFFICE is None, reason="LibreOffice is not installed")
def test_the_workbook_gives_the_programs_integers(tmp_path):
    card = find_model(MODELS[0]).scorecard
    people = ways.drawn(card, 200, seed=6)
    bad = [{"age_at_start": 11}, {"age_at_start": 30.5}, {"age_at_start": "*"}]
    book = tmp_path / "scores.xlsx"
    write_spreadsheet(book, card, lang="zh", people=210,
                      answers=[(f"p{i}", p) for i, p in enumerate(people)])  # fmt: skip
    import openpyxl

    edited = openpyxl.load_workbook(book)
    sheet = edited.worksheets[0]
    for row, person in enumerate([*bad, {"age_at_start": "没有问 "}], start=204):
        sheet.cell(row, 1).value = "typed"
        sheet.cell(row, 3).value = person["age_at_start"]
    edited.save(book)
    found = ways.calculated(book)
    assert found[:200] == ways.by_program(card, people)
    assert found[200:] == ["答案有误，请核对"] * 4


def test_cells_of_answers_are_no_formulas(tmp_path):
    import openpyxl

    card = find_model(MODELS[0]).scorecard
    book = tmp_path / "scores.xlsx"
    write_spreadsheet(book, card, people=1, answers=[("=HYPERLINK(1)", {})])
    assert openpyxl.load_workbook(book).worksheets[0]["A4"].data_type == "s"


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_answers_of_an_item_have_labels_of_their_own(name, lang):
    card = find_model(name).scorecard
    for item in card.document.items:
        asked = card.instrument.every_item[item]
        codes = [*ways.NOT_KNOWN, *(asked.level_ids if asked.levels else ())]
        labels = [answer_label(asked, code, lang) for code in codes]
        assert len({label.casefold() for label in labels}) == len(codes)


def _table(model, *, levels):
    """The first table over one axis that has groups of levels, or cuts."""
    axes = {axis["id"]: axis for axis in model["axes"]}
    for term in model["terms"]:
        axis = axes[term["axes"][0]]
        if len(term["axes"]) == 1 and bool(axis.get("groups")) == levels:
            return term["cells"], axis
    raise AssertionError


def changed_cell(model):
    _table(model, levels=False)[0][1] += 1


def swapped_levels(model):
    groups = _table(model, levels=True)[1]["groups"]
    groups[0], groups[-1] = groups[-1], groups[0]


def lost_sign(model):
    cells = next(t["cells"] for t in model["terms"] if any(c < 0 for c in t["cells"]))
    at = next(i for i, cell in enumerate(cells) if cell < 0)
    cells[at] = -cells[at]


def off_by_one_cut(model):
    cells, axis = _table(model, levels=False)
    at = next(i for i in range(len(axis["cuts"])) if cells[i] != cells[i + 1])
    axis["cuts"][at] += 1


def not_known_scored(model):
    _table(model, levels=True)[0][-1] += 1


def wrong_intercept(model):
    model["intercept"] += 1


FAULTS = (changed_cell, swapped_levels, lost_sign, off_by_one_cut, not_known_scored,
          wrong_intercept)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_one_entry_is_caught_by_the_other(case, fault):
    model, people, scores = case
    wrong = copy.deepcopy(ways.read_model(model.folder))
    fault(wrong)
    assert ways.by_naive(wrong, people) != scores


SQL_FAULTS = {
    "intercept": (r"CAST\((-?\d+) AS BIGINT\)", lambda m: f"CAST({int(m[1]) + 1} AS BIGINT)"),
    "cell": (r"WHEN 1 THEN (-?\d+)", lambda m: f"WHEN 1 THEN {int(m[1]) + 1}"),
    "edge": (r"DOUBLE PRECISION\) < (\d+) THEN 1", lambda m: m[0].replace("<", "<=")),
    "code": (r"'refused', ", lambda m: ""),
}


@pytest.mark.parametrize("fault", SQL_FAULTS)
def test_a_fault_in_the_query_is_caught_on_both_databases(fault, tmp_path):
    model = find_model(MODELS[0])
    people = ways.drawn(model.scorecard, 400, seed=5)
    scores = ways.by_program(model.scorecard, people)
    pattern, change = SQL_FAULTS[fault]
    query, changes = re.subn(pattern, change, score_sql(model.scorecard))
    assert changes
    assert ways.by_sqlite(model.scorecard, people, query) != scores
    assert ways.by_duckdb(model.scorecard, people, tmp_path, query) != scores


@pytest.mark.parametrize("value", ["abc", "1.2.3", "11", "30.5", "*", "e5", "18x", " "])
def test_what_is_no_answer_has_no_score_on_both_databases(value, tmp_path):
    card = find_model(MODELS[0]).scorecard
    people = [{"age_at_start": value}, {"age_at_start": 30}]
    known = ways.by_program(card, people[1:])[0]
    assert ways.by_sqlite(card, people) == [None, known]
    assert ways.by_duckdb(card, people, tmp_path) == [None, known]
