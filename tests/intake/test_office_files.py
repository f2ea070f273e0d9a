"""Files as offices have them: encodings, delimiters, workbooks, damage and hostile input."""

import csv
import gzip
import io
import itertools
import json
import sys
import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine.errors import IntakeError
from riskengine.intake import csv_rows, encoding, files, lines, workbook
from riskengine.intake.csv_rows import read_csv
from riskengine.intake.files import open_file

HEADER = ["编号", "类别", "备注"]
ROWS = [["A1", "缓刑", '逗号,引号"和\n换行'], ["A2", "假释", ""]]


def table(path: Path, **options) -> list[list[object]]:
    opened = open_file(path, **options)
    return [list(opened.header), *([*line.cells] for line in opened.lines)]


def text_of(delimiter: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows([HEADER, *ROWS])
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".txt", ".csv.gz"])
def test_csv_in_every_encoding_and_delimiter(tmp_path, delimiter, code, suffix):
    path = tmp_path / f"名单{suffix}"
    data = text_of(delimiter).encode(code)
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    assert table(path) == [HEADER, *ROWS]


def test_big_endian_utf16_has_a_mark_too(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xfe\xff" + text_of().encode("utf-16-be"))
    assert table(path) == [HEADER, *ROWS]


@pytest.mark.parametrize(
    "size", [10, encoding._CHUNK - 7, encoding._CHUNK + 1, 3 * encoding._CHUNK]
)
def test_a_damaged_utf8_file_is_not_taken_for_gb18030(tmp_path, size):
    """The byte and the line are named, wherever the reading in pieces is cut."""
    head = "编号,类别\n".encode()
    good = head + ("中".encode() * 5 + b"\n") * (size // 16 + 1)
    path = tmp_path / "a.csv"
    path.write_bytes(good + "中".encode()[:2] + b",x\n")
    with pytest.raises(IntakeError) as refused:
        open_file(path)
    said = str(refused.value)
    assert f"not UTF-8 at byte {len(good)}, line {good.count(10) + 1} of the file" in said
    assert "GB18030" not in said


def test_what_is_neither_utf8_nor_gb18030_names_both_places(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("编号\n甲\n".encode("gb18030") + b"\xff\xff\n")
    with pytest.raises(IntakeError, match=r"not UTF-8 at byte 0.*not GB18030 at byte 8, line 3"):
        open_file(path)


def test_a_stated_encoding_is_the_only_one_tried(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("編號,類別\n甲,乙\n".encode("big5"))
    assert table(path, encoding="big5")[1][0] == "甲"
    with pytest.raises(IntakeError, match="not UTF-8 at byte"):
        open_file(path, encoding="utf-8")
    with pytest.raises(IntakeError, match="no encoding is called"):
        open_file(path, encoding="utf-9")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\n,,\n \n", "no header"),
        (text_of().encode("utf-16-le"), "without a byte-order mark"),
        (text_of().encode("utf-32"), "UTF-32"),
        (b"PK\x03\x04 a workbook", "disagree about .xlsx"),
        (b"\xd0\xcf\x11\xe0 old", "save it as .xlsx"),
        (b"\x1f\x8b\x08", "disagree about gzip"),
        (b"a," * (lines.MAX_COLUMNS + 1), "columns"),
        (b'a,"b\n1,2\n', "quotation marks are wrong in the header"),
        (b"a" * (lines.MAX_LINE + 5), "longer than"),
    ],
)
def test_what_cannot_be_read_at_all_says_why(tmp_path, data, said):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(IntakeError, match=said) as refused:
        open_file(path)
    assert str(refused.value).startswith("a.csv: ")


def test_kinds_of_files_that_are_not_read(tmp_path):
    with pytest.raises(IntakeError, match="no such file"):
        open_file(tmp_path / "a.csv")
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with pytest.raises(IntakeError, match=r"accepted: \.csv"):
        open_file(tmp_path / "a.pdf")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text_of().encode())[:-9])
    with pytest.raises(IntakeError, match="damaged"):
        open_file(tmp_path / "a.csv.gz")


def read_text(text: str) -> list[tuple[int, object]]:
    _, rows = read_csv(io.StringIO(text, newline=""), "a.csv")
    return [(row.number, row.cells if row.fault is None else row.fault.code) for row in rows]


def test_rows_are_numbered_as_a_person_counts_and_broken_ones_reported():
    rows = read_text('a,b\n1,2\n\n3\n4,5,\n6,7,8\n"9\n9",0\n1,"2"x\n ,\n3,4')
    assert rows == [
        (1, ["1", "2"]),
        (3, "cell_count"),
        (4, ["4", "5"]),
        (5, "cell_count"),
        (6, ["9\n9", "0"]),
        (7, "not_csv"),
        (9, ["3", "4"]),
    ]


@pytest.mark.parametrize("after", [0, 3, 99, 100, 250])
def test_a_mark_that_is_never_closed_swallows_nobody(after):
    people = [f"p{n},x\n" for n in range(after)]
    rows = read_text('a,b\n0,0\n1,"oops\n' + "".join(people))
    assert rows == [
        (1, ["0", "0"]),
        (2, "not_csv"),
        *((n + 3, [f"p{n}", "x"]) for n in range(after)),
    ]


def test_a_line_that_is_too_long_is_passed_over(monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_LINE", 20)
    rows = read_text('a,b\n1,2\n"open\n' + "x" * 90 + "\n3,4\n")
    assert rows == [(1, ["1", "2"]), (2, "not_csv"), (3, "row_too_long"), (4, ["3", "4"])]


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6), st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_back(rows, delimiter):
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows([["a", "b", "c"], *rows])
    read = read_text(stream.getvalue())
    filled = [(n, row) for n, row in enumerate(rows, start=1) if any(map(str.strip, row))]
    assert read == filled


def test_memory_stays_bounded(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("a,b\n")
        for n in range(60_000):
            stream.write(f"{n},{'x' * 100}\n")
    tracemalloc.start()
    count = sum(1 for _ in open_file(path).lines)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < 1_500_000 < path.stat().st_size


def book(path: Path, rows: list[list[object]], **cells: object) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for place, value in cells.items():
        made.active[place] = value
    made.create_sheet("另一张").append(["甲"])
    made.save(path)
    return path


def test_a_workbook(tmp_path):
    rows = [
        ["编号", "日期", "数", None],
        [1.5, datetime(2026, 3, 31), True],
        [],
        ["x", None, "01"],
    ]
    opened = open_file(book(tmp_path / "a.xlsx", [[], *rows]))
    assert opened.header == ("编号", "日期", "数")
    assert opened.excel_epoch == date(1899, 12, 30)
    assert [(line.number, line.cells) for line in opened.lines] == [
        (1, (1.5, datetime(2026, 3, 31), True)),
        (3, ("x", None, "01")),
    ]
    assert open_file(tmp_path / "a.xlsx", sheet="另一张").header == ("甲",)
    with pytest.raises(IntakeError, match=r"no sheet \[第三\]; accepted: \[Sheet\], \[另一张\]"):
        open_file(tmp_path / "a.xlsx", sheet="第三")


def test_cells_beside_the_header_are_reported(tmp_path):
    opened = open_file(book(tmp_path / "a.xlsx", [["a", "b"], [1, 2], [1, 2, 3], [4]]))
    assert [line.fault and line.fault.code for line in opened.lines] == [None, "cell_count", None]


def test_the_workbook_of_1904(tmp_path):
    made = openpyxl.Workbook()
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made.active.append(["a"])
    made.save(tmp_path / "a.xlsx")
    assert open_file(tmp_path / "a.xlsx").excel_epoch == date(1904, 1, 1)


def test_a_formula_is_never_computed_and_never_passes_as_blank(tmp_path):
    path = book(tmp_path / "a.xlsx", [["a", "b"], ["=1+1", "=x"], [None, 2]])
    read = [line.cells for line in open_file(path).lines]
    assert read == [("formula without a stored value",) * 2, (None, 2)]
    # what a spreadsheet stores beside a formula is its value
    stored = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stored, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            new.writestr(part, data.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
                         .replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>"))  # fmt: skip
    assert next(open_file(stored).lines).cells == (2, "formula without a stored value")


def test_a_wrong_extent_cuts_no_rows_off(tmp_path):
    path = book(tmp_path / "a.xlsx", [["a", "b"], [1, 2], [3, 4]])
    wrong = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(wrong, "w") as new:
        for part in old.infolist():
            data = old.read(part).replace(b'ref="A1:B3"', b'ref="A1"')
            new.writestr(part, data)
    assert [line.cells for line in open_file(wrong).lines] == [(1, 2), (3, 4)]


def test_hostile_workbooks(tmp_path, monkeypatch):
    path = book(tmp_path / "a.xlsx", [["a"], [1]])
    with monkeypatch.context() as limits:
        limits.setattr(workbook, "_MAX_SIZE", 1000)
        with pytest.raises(IntakeError, match="when unpacked"):
            open_file(path)
    with monkeypatch.context() as limits:
        limits.setattr(workbook, "_MAX_PARTS", 2)
        with pytest.raises(IntakeError, match="parts"):
            open_file(path)
    (tmp_path / "b.xlsx").write_bytes(path.read_bytes()[:-300])
    with pytest.raises(IntakeError, match="damaged"):
        open_file(tmp_path / "b.xlsx")
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(IntakeError, match="damaged"):
        open_file(tmp_path / "c.xlsx")
    far = tmp_path / "d.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(far, "w") as new:
        for part in old.infolist():
            data = old.read(part).replace(b'<row r="2"', b'<row r="999999999"')
            new.writestr(part, data.replace(b'r="A2"', b'r="A999999999"'))
    with pytest.raises(IntakeError, match="rows"):
        list(open_file(far).lines)
    cut = tmp_path / "e.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(cut, "w") as new:
        for part in old.infolist():
            new.writestr(part, old.read(part).replace(b"</sheetData>", b""))
    with pytest.raises(IntakeError, match=r"e\.xlsx: damaged"):
        list(open_file(cut).lines)


def test_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    stamps = pa.array([1_774_915_200_000_000_001, None], pa.timestamp("ns"))
    codes = pa.array(["01", None]).dictionary_encode()
    pq.write_table(
        pa.table({"a": codes, "b": stamps, "c": pa.array([["x"], None]), "d": [1.0, 2.5]}), path
    )
    assert table(path) == [
        ["a", "b", "c", "d"],
        ["01", datetime(2026, 3, 31), ["x"], 1.0],
        [None, None, None, 2.5],
    ]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(IntakeError, match="damaged Parquet"):
        open_file(path)


def test_json_and_jsonl(tmp_path):
    one, many, jsonl = (tmp_path / name for name in ("1.json", "2.json", "3.jsonl"))
    one.write_text('{"a": 1}')
    many.write_text('[{"a": 1}, 2, {"a": [1]}]')
    jsonl.write_text('\ufeff{"a": 1}\n\n{"a": 1, "a": 2}\n[]\n{"a": NaN}\n{"a": 2}', "utf-8")
    gz = tmp_path / "4.jsonl.gz"
    gz.write_bytes(gzip.compress(jsonl.read_bytes()))

    def read(path):
        return [(x.number, x.cells or x.fault.code) for x in open_file(path).lines]

    assert read(one) == [(1, {"a": 1})]
    assert read(many) == [(1, {"a": 1}), (2, "not_json"), (3, {"a": [1]})]
    assert read(jsonl) == read(gz)
    assert read(jsonl) == [
        (1, {"a": 1}),
        (3, "not_json"),
        (4, "not_json"),
        (5, "not_json"),
        (6, {"a": 2}),
    ]
    fault = next(itertools.islice(open_file(jsonl).lines, 1, None)).fault
    assert "stands twice" in fault.text("en")


@pytest.mark.parametrize("depth", [500, 900, 950, 990, 100_000])
def test_nesting_without_end_harms_only_its_row(tmp_path, depth, small):
    from riskengine.intake.read import read_assessments

    deep = '{"status": ' + "[" * depth + "]" * depth + ', "assessed_on": "2026-01-01"}\n'
    path = tmp_path / "a.jsonl"
    path.write_text(deep + '{"status": "01", "assessed_on": "2026-01-01"}')
    first, second = read_assessments(path, small)
    assert first.problems
    assert second.assessment is not None
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(IntakeError, match="nested"):
        open_file(tmp_path / "a.json")


def test_a_json_line_that_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE", 30)
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"a": "x" * 99}) + "\n" + '{"a": 1}\n')
    first, second = open_file(path).lines
    assert first.fault.code == "row_too_long"
    assert second.cells == {"a": 1}


@pytest.mark.parametrize(
    ("module", "name"), [("openpyxl", "a.xlsx"), ("pyarrow.parquet", "a.parquet")]
)
def test_a_missing_library_names_its_extra(tmp_path, monkeypatch, module, name):
    path = tmp_path / name
    if name.endswith("xlsx"):
        book(path, [["a"]])
    else:
        path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(IntakeError, match=r"pip install 'riskengine\[files\]'"):
        open_file(path)
