"""From files and frames to assessments: no row stops the others, and none is lost."""

import csv
import json
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskengine.errors import IntakeError
from riskengine.instrument.assessment import Assessment
from riskengine.intake.frames import assessments_from_frame
from riskengine.intake.read import Row, read_assessments

IDENTITY_NUMBER = "11010119900307123X"
HEADER = ["编号", "评估日期", "类别", "就业", "警告次数", "起始日期", "备注", "民族", "去向"]
PEOPLE = [
    ["A1", "2026-03-31", "缓刑", "是", "２", "2025年1月2日", "好", "汉", "甲"],
    ["A2", "2026/3/31", "03", "否", "0 次", "", "", "回", "乙"],
    ["A3", "20260331", "１", "有", "9", "03/04/2025", "=cmd", "汉", ""],
    ["张三", "", "01", "", "", "", "", "", ""],
    [IDENTITY_NUMBER, "2026-03-31", "01", "", "", "", "", "", ""],
]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "名单.csv"
    with path.open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *PEOPLE])
    return path


def found(row: Row) -> set[tuple[str, str]]:
    return {(problem.item, problem.code) for problem in row.problems}


def test_every_row_is_an_assessment_or_its_problems(people, small):
    rows = read_assessments(people, small)
    assert rows.plan.unknown == ("去向",)
    assert [column for column, _ in rows.plan.blocked] == ["民族"]
    first, second, third, named, numbered = rows
    assert first == Row(
        1,
        "A1",
        Assessment.from_dict(
            {
                "person": "A1",
                "assessed_on": "2026-03-31",
                "answers": {
                    "status": "02",
                    "employed": True,
                    "warnings_n": 2,
                    "start": "2025-01-02",
                    "note": "好",
                },
            },
            small,
        ),
    )
    assert second.assessment.answers["start"] == "not_asked"
    assert third.person == "A3"
    assert third.assessment is None
    assert found(third) == {
        ("status", "unknown_level"),
        ("warnings_n", "out_of_range"),
        ("start", "not_a_date"),
    }
    assert all(p.value and p.accepted for p in third.problems)
    assert named.person is None
    assert found(named) == {("person", "person"), ("assessed_on", "missing")}
    assert numbered.person is None
    assert IDENTITY_NUMBER not in repr(numbered)
    assert "汉" not in repr([first, second]), "a blocked column is never read"


def test_the_stated_day_serves_rows_without_their_own(people, small):
    rows = [*read_assessments(people, small, assessed_on=date(2026, 5, 1), kind="reassessment")]
    assert rows[0].assessment.assessed_on == date(2026, 3, 31)
    assert rows[0].assessment.kind == "reassessment"
    assert found(rows[3]) == {("person", "person")}


def test_heads_are_read_from_their_columns(tmp_path, small):
    path = tmp_path / "a.csv"
    path.write_text(
        "person;id;kind;form;assessed_on;status\n"
        "Ａ1;x-1;Reassessment;QUICK;2026-01-01;01\n"
        "A2;;;;2026-01-01;01\n"
        "A3;张三;later;long;soon;01\n",
        "utf-8",
    )
    first, second, third = read_assessments(path, small, kind="intake")
    given = first.assessment
    assert (given.person, given.id, given.kind, given.form) == (
        "A1",
        "x-1",
        "reassessment",
        "quick",
    )
    assert (second.assessment.id, second.assessment.kind) == (None, "intake")
    assert {item for item, _ in found(third)} == {"id", "kind", "form", "assessed_on"}


def test_rows_without_a_person_column_are_numbered(tmp_path, small):
    path = tmp_path / "a.csv"
    path.write_text("status\n01\n\n02\n")
    rows = [*read_assessments(path, small, assessed_on=date(2026, 1, 1))]
    assert [(row.number, row.person) for row in rows] == [(1, "row-1"), (3, "row-3")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", r"no column is an item of small; found \[a\], \[b\]"),
        ("status,b\n01,2\n", r"no column for the day.*\[评估日期\]"),
        ("status,类别,评估日期\n", r"a\.csv: columns \[status\] and \[类别\]"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_before_any_row(tmp_path, small, text, said):
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(IntakeError, match=said):
        read_assessments(path, small)


def test_a_broken_row_stands_in_its_place(tmp_path, small):
    path = tmp_path / "a.csv"
    path.write_text('编号,评估日期,类别\nA1,2026-01-01,01\nA2,2026-01-01\nA3,"2026-01-01,01\n'
                    "A4,2026-01-01,02\n", "utf-8")  # fmt: skip
    rows = [*read_assessments(path, small)]
    assert [(row.number, row.assessment is not None) for row in rows] == [
        (1, True), (2, False), (3, False), (4, True),
    ]  # fmt: skip
    assert found(rows[1]) == {("row", "cell_count")}
    assert "3 cells" in rows[1].problems[0].text("en")


def test_a_broken_row_is_not_repeated(tmp_path, small):
    path = tmp_path / "a.csv"
    line = f'张三,"{IDENTITY_NUMBER}"x,01\n'
    path.write_text("编号,评估日期,类别\n" + line, "utf-8")
    (row,) = read_assessments(path, small)
    assert found(row) == {("row", "not_csv")}
    assert "张三" not in repr(row)
    assert IDENTITY_NUMBER not in repr(row)
    path.write_text(f"A1,{IDENTITY_NUMBER}\n", "utf-8")
    with pytest.raises(IntakeError) as refused:
        read_assessments(path, small)
    assert IDENTITY_NUMBER[:10] not in str(refused.value)
    records = tmp_path / "a.jsonl"
    records.write_text(f'["{IDENTITY_NUMBER}"]\n"张三"\n', "utf-8")
    assert IDENTITY_NUMBER not in repr([*read_assessments(records, small)])


def test_a_workbook_with_numbers_for_codes_and_dates(tmp_path, small):
    made = openpyxl.Workbook()
    made.active.append(["编号", "评估日期", "类别", "起始日期", "终止日期", "警告次数", "备注"])
    made.active.append([1001, datetime(2026, 3, 31), 2, 46112, "2027.1.1", 3.0, 12.5])
    made.active.append(["B", 46112, "2", None, None, "=1+1", None])
    path = tmp_path / "a.xlsx"
    made.save(path)
    first, second = read_assessments(path, small)
    assert (first.person, first.assessment.assessed_on) == ("1001", date(2026, 3, 31))
    assert dict(first.assessment.answers) == {
        "status": "02",
        "start": date(2026, 3, 31),
        "end": date(2027, 1, 1),
        "warnings_n": 3,
        "note": "12.5",
    }
    assert found(second) == {("status", "unknown_level"), ("warnings_n", "wrong_type")}
    assert "formula" in second.problems[1].value


def test_json_documents_and_flat_records(tmp_path, small):
    whole = {"person": "A1", "assessed_on": "2026-03-31", "answers": {"status": "02"}}
    records = [
        whole,
        {**whole, "answers": {"类别": "缓刑", "起始日期": "2025年1月2日", "employed": None}},
        {"编号": "A3", "评估日期": "2026/3/31", "类别": 3, "族别": "汉", "备注二": "x"},
        {**whole, "answers": {"status": "02", "foo": 1, "mz": "汉"}},
        {"status": "01", "类别": "02"},
        {"person": "A6", "answers": {"status": "02"}},
        {"answers": {"status": "02"}, "assessed_on": "2026-03-31", "surprise": 1},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    rows = read_assessments(path, small)
    a1, a2, a3, a4, a5, a6, a7 = rows
    assert a1.assessment == Assessment.from_dict(whole, small)
    assert dict(a2.assessment.answers) == {
        "status": "02",
        "start": date(2025, 1, 2),
        "employed": "not_asked",
    }
    assert dict(a3.assessment.answers) == {"status": "03"}
    assert found(a4) == {("foo", "unknown_item"), ("ethnicity", "blocked_item")}
    assert "某法4条" in a4.problems[0].text("zh") + a4.problems[1].text("zh")
    assert found(a5) == {("row", "columns")}
    assert found(a6) == {("assessed_on", "missing")}
    assert found(a7) == {("surprise", "unknown_item"), ("person", "person")}
    assert rows.plan.unknown == ("备注二", "foo")
    assert {column for column, _ in rows.plan.blocked} == {"族别", "mz"}
    assert {row.number for row in (a1, a7)} == {1, 7}
    stated = [*read_assessments(path, small, assessed_on=date(2026, 1, 1), kind="reassessment")]
    assert stated[5].assessment.assessed_on == date(2026, 1, 1)
    assert stated[5].assessment.kind == "reassessment"


FRAME = pd.DataFrame(
    {
        "编号": ["A1", "A2", "A3"],
        "评估日期": pd.to_datetime(["2026-03-31", "2026-03-31", None]),
        "类别": ["02", None, "01"],
        "文化程度": pd.Categorical(["小学", "无", None]),
        "就业": pd.array([True, None, False], "boolean"),
        "警告次数": pd.array([1, None, 5], "Int64"),
        "比例": [0.5, None, 1.0],
        "民族": ["汉", "汉", "汉"],
    }
)
EXPECTED = [
    ("A1", {"status": "02", "schooling": "primary", "employed": True, "warnings_n": 1,
            "share": 0.5}),
    ("A2", {"status": "not_asked", "schooling": "none", "employed": "not_asked",
            "warnings_n": "not_asked", "share": "not_asked"}),
    ("A3", {"status": "01", "schooling": "not_asked", "employed": False, "warnings_n": 5,
            "share": 1.0}),
]  # fmt: skip


def answers(rows) -> list[tuple[str, dict[str, object]]]:
    return [(row.person, dict(row.assessment.answers)) for row in rows]


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.astype(object),
        FRAME.astype(object).where(FRAME.notna(), None),
        FRAME.convert_dtypes(),
        FRAME.astype({"类别": "category", "警告次数": "float64", "评估日期": "object"}),
        FRAME.astype({"类别": "string[pyarrow]", "警告次数": "int64[pyarrow]"}),
        FRAME.set_index("编号"),
        FRAME.set_index(["编号", "类别"]),
        FRAME.set_index("编号", drop=False),
        FRAME.assign(类别=[2.0, None, 1.0]),  # read without dtype=str: 02 became 2.0
    ],
    ids=["plain", "object", "none", "nullable", "category", "arrow", "index", "multi", "kept",
         "lost zero"],
)  # fmt: skip
def test_frames_of_every_kind_give_the_same(small, frame):
    rows = [*assessments_from_frame(frame, small, assessed_on=date(2026, 5, 1))]
    assert answers(rows) == EXPECTED
    assert [row.assessment.assessed_on.month for row in rows] == [3, 3, 5]


def test_a_frame_has_the_same_plan_and_problems_as_a_file(small, tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    pq.write_table(pa.Table.from_pandas(FRAME), tmp_path / "a.parquet")
    day = date(2026, 5, 1)
    from_frame = assessments_from_frame(FRAME, small, assessed_on=day)
    assert [column for column, _ in from_frame.plan.blocked] == ["民族"]
    expected = [*from_frame]
    assert [*read_assessments(tmp_path / "a.csv", small, assessed_on=day)] == expected
    assert [*read_assessments(tmp_path / "a.parquet", small, assessed_on=day)] == expected
    bad = FRAME.assign(警告次数=[1, 2, 9])
    assert found([*assessments_from_frame(bad, small, assessed_on=day)][2]) == {
        ("warnings_n", "out_of_range")
    }


def test_an_empty_frame_and_a_long_one(small):
    assert [*assessments_from_frame(FRAME.iloc[:0], small)] == []
    long = pd.concat([FRAME] * 400, ignore_index=True)
    numbers = [r.number for r in assessments_from_frame(long, small, assessed_on=date(2026, 1, 1))]
    assert numbers == [*range(1, 1201)]


def test_reading_csv_needs_no_heavy_library():
    heavy = "{'pandas', 'pyarrow', 'openpyxl', 'yaml'}"
    code = f"import sys, riskengine.intake.frames, riskengine.intake.rejects; print({heavy} & set(sys.modules))"  # noqa: E501
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "set()"
