"""Rejects beside an output: complete, readable in a spreadsheet, and harmless there."""

import csv
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine.errors import IntakeError
from riskengine.intake.read import read_assessments
from riskengine.intake.rejects import FIELDS, RejectWriter, rejects_path, safe_cell


@pytest.fixture
def rows(tmp_path, small):
    path = tmp_path / "a.jsonl"
    path.write_text(
        "\n".join(
            [
                '{"person": "A1", "status": "01"}',
                '{"person": "A2", "status": "=1+1", "警告次数": -7}',
                '{"person": "A3", "answers": {"@SUM(1)": 1, "\\ud800": "\\udfff"}}',
                "{",
            ]
        ),
        "utf-8",
    )
    return [*read_assessments(path, small, assessed_on=date(2026, 1, 1))]


def write(path, rows, lang):
    with RejectWriter(path, lang=lang) as rejects:
        for row in rows:
            rejects.write(row)
    return rejects.rows


def test_csv(tmp_path, rows):
    path = rejects_path(tmp_path / "scores.xlsx")
    assert path.name == "scores.rejects.csv"
    assert write(path, rows, "zh") == 3
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        read = [*csv.DictReader(stream)]
    assert tuple(read[0]) == FIELDS
    assert [(r["row"], r["person"], r["item"], r["value"], r["code"]) for r in read] == [
        ("2", "A2", "status", "[=1+1]", "unknown_level"),
        ("2", "A2", "warnings_n", "[-7]", "out_of_range"),
        ("3", "A3", "'@SUM(1)", "", "unknown_item"),
        ("3", "A3", "·", "", "unknown_item"),
        ("4", "", "row", read[4]["value"], "not_json"),
    ]
    assert read[0]["message"].startswith("status：没有选项")
    assert "01, 02, 03" in read[0]["accepted"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for r in read for cell in r.values())


def test_jsonl(tmp_path, rows):
    path = tmp_path / "r.jsonl"
    assert write(path, rows, "en") == 3
    read = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [r["row"] for r in read] == [2, 2, 3, 3, 4]
    assert read[2]["item"] == "@SUM(1)", "JSON is not run by a spreadsheet"
    assert "no answer option" in read[0]["message"]


def test_a_file_without_rejects_is_still_written(tmp_path, rows):
    path = tmp_path / "r.csv"
    assert write(path, rows[:1], "zh") == 0
    assert path.read_text("utf-8-sig").strip() == ",".join(FIELDS)


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(IntakeError, match=r"\.csv or \.jsonl"):
        RejectWriter(tmp_path / "r.xlsx")


@given(st.text())
def test_safe_cell_leaves_nothing_that_a_spreadsheet_runs(text):
    safe = safe_cell(text)
    assert not safe.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    assert safe.removeprefix("'") == text.removeprefix("'")
    assert safe == text or text[0] in "=+-@\t\r\n＝＋－＠"


def test_numbers_stay_numbers():
    assert safe_cell(-0.5) == -0.5
    assert safe_cell(None) is None
