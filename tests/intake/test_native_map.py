"""An agency's own columns and codes: what is read, what is refused, and what is never guessed."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from riskengine.errors import InstrumentError, IntakeError
from riskengine.instrument.answers import parse_answers
from riskengine.intake.native import EXCEL_EPOCH, NativeMap, fold, iso_date


@pytest.fixture(scope="module")
def native(small):
    return NativeMap(small)


@pytest.mark.parametrize(
    "column",
    ["status", "STATUS", " Status ", "类别", "矫正类别", "jzlb", "ＪＺＬＢ", "\ufeffstatus"],
)
def test_a_column_is_known_by_id_label_and_native_name(native, column):
    assert native.columns([column]).items == {"status": column}


def test_heads_unknown_and_blocked_columns_are_told_apart(native):
    plan = native.columns(
        ["编号", "评估日期", "Kind", "form", "id", "民族", "MZ", "foo", None, ""]
    )
    assert (plan.person, plan.assessed_on) == ("编号", "评估日期")
    assert (plan.kind, plan.form, plan.assessment_id) == ("Kind", "form", "id")
    assert plan.unknown == ("foo",)
    assert [(column, entry.id) for column, entry in plan.blocked] == [
        ("民族", "ethnicity"),
        ("MZ", "ethnicity"),
    ]
    notes = "\n".join(plan.notes("zh"))
    assert "[foo]" in notes
    assert "某法4条" in notes
    assert "row-1" not in notes
    assert "row-1" in "".join(native.columns(["status"]).notes("en"))


def test_id_is_the_person_only_where_no_other_column_is(native):
    assert native.columns(["id", "status"]).person == "id"
    both = native.columns(["id", "person", "status"])
    assert (both.person, both.assessment_id) == ("person", "id")


def test_a_column_without_a_name_is_numbered(native):
    assert native.columns(["status", None, "note"]).unknown == ("column 2 (no name)",)


@pytest.mark.parametrize("pair", [("类别", "jzlb"), ("status", "status"), ("person", "编号")])
def test_two_columns_for_one_place_are_refused_by_name(native, pair):
    with pytest.raises(IntakeError) as refused:
        native.columns(pair)
    assert all(name in str(refused.value) for name in pair)


def test_a_name_that_two_items_share_is_refused(small):
    item = small.by_id["share"].model_copy(update={"id": "share_b"})
    double = small.model_copy(update={"items": (*small.items, item)})
    with pytest.raises(IntakeError, match="could be any of share, share_b"):
        NativeMap(double).columns(["比例"])
    assert NativeMap(double).columns(["share"]).items == {"share": "share"}


@pytest.mark.parametrize(
    ("item", "cell", "value"),
    [
        ("status", "01", "01"),
        ("status", "０２", "02"),
        ("status", "缓刑", "02"),
        ("status", " 宣告缓刑 ", "02"),
        ("status", "PAROLE", "03"),
        ("status", 1, "01"),  # a spreadsheet made a number of 01
        ("status", 3.0, "03"),
        ("status", np.int64(2), "02"),
        ("status", "99", "unknown"),
        ("schooling", "无", "none"),
        ("schooling", "不详", "other"),  # an item's own level beats a word of the whole instrument
        ("schooling", 20, "primary"),
        ("schooling", "20", "primary"),
        ("employed", "是", True),
        ("employed", "无", False),
        ("employed", "TRUE", True),
        ("employed", "Ｎｏ", False),
        ("employed", True, True),
        ("employed", np.True_, True),
        ("order", "1", True),
        ("order", 0, False),
        ("order", 1.0, True),
        ("order", "否", False),
        ("warnings_n", "3", 3),
        ("warnings_n", "３", 3),
        ("warnings_n", "3.0", 3),
        ("warnings_n", 3.0, 3),
        ("warnings_n", Decimal("3.00"), 3),
        ("warnings_n", "3 次", 3),
        ("warnings_n", "3times", 3),
        ("warnings_n", "五次以上", 5),
        ("warnings_n", 99, "unknown"),
        ("share", "0.25", 0.25),
        ("share", "．５", 0.5),
        ("share", 1, 1),
        ("start", "2026-03-31", "2026-03-31"),
        ("start", datetime(2026, 3, 31, 8, 30), "2026-03-31"),
        ("start", pd.Timestamp("2026-03-31"), "2026-03-31"),
        ("start", np.datetime64("2026-03-31", "ns"), "2026-03-31"),
        ("warned_on", "2026.1.2、2026年2月3日；20260304",
         ["2026-01-02", "2026-02-03", "2026-03-04"]),
        ("warned_on", datetime(2026, 1, 2), ["2026-01-02"]),
        ("warned_on", [date(2026, 1, 2)], ["2026-01-02"]),
        ("kinds", "特定区域、场所", ["places"]),
        ("kinds", "特定区域、场所；特定的人;", ["places", "persons"]),
        ("kinds", "特定的人、活动", ["persons", "activities"]),
        ("kinds", "persons,ACTIVITIES", ["persons", "activities"]),
        ("kinds", "全部", ["places", "persons", "activities"]),
        ("kinds", np.array(["persons"]), ["persons"]),
        ("note", "  要点 ", "要点"),
        ("note", 12, "12"),
    ],
)  # fmt: skip
def test_cells_are_read_as_offices_write_them(native, small, item, cell, value):
    read = native.value(item, cell)
    assert read == value
    assert type(read) is type(value)
    assert native.value(item, cell) == value, "the second look-up, from what was kept"
    assert not [p for p in parse_answers(small, {item: read})[1] if p.code != "not_applicable"]


@pytest.mark.parametrize("item", ["status", "employed", "warnings_n", "share", "start", "kinds"])
@pytest.mark.parametrize(
    "cell",
    [
        None,
        "",
        "  ",
        "　",
        float("nan"),
        np.float32("nan"),
        pd.NA,
        pd.NaT,
        np.datetime64("NaT", "D"),
    ],
)
def test_a_blank_cell_gets_the_declared_code(native, item, cell):
    assert native.value(item, cell) == "not_asked"


@pytest.mark.parametrize("item", ["status", "employed", "warnings_n", "start", "kinds", "note"])
@pytest.mark.parametrize(
    ("cell", "code"), [("不详", "unknown"), ("拒答", "refused"), ("／", "not_asked"),
                       ("UNKNOWN", "unknown"), ("not_applicable", "not_applicable")],
)  # fmt: skip
def test_not_known_words_stay_four_different_codes(native, item, cell, code):
    assert native.value(item, cell) == code


@pytest.mark.parametrize(
    ("item", "cell"),
    [
        ("status", "1"),  # typed, so the zero was not lost: it is not the code 01
        ("status", "4"),
        ("status", 4),
        ("status", True),
        ("employed", "1"),  # not declared for this item
        ("employed", 1),
        ("employed", "可能"),
        ("warnings_n", "3.5"),
        ("warnings_n", 3.5),
        ("warnings_n", "3²"),
        ("warnings_n", "三"),
        ("warnings_n", "1,000"),
        ("warnings_n", "3 个月"),  # the unit of another item
        ("warnings_n", True),
        ("warnings_n", 10**400),
        ("share", "半"),
        ("share", float("inf")),
        ("share", "1e999"),
        ("start", "03/04/2026"),
        ("start", "2026-02-30"),
        ("start", "2026-3"),
        ("start", "26-03-31"),
        ("start", "2026-3.31"),
        ("start", "2026-W13-2"),
        ("start", 46112),  # a serial number, but not from a workbook
        ("start", datetime(2026, 3, 31, tzinfo=UTC)),
        ("kinds", "特定的人;别的"),
        ("kinds", "persons;persons"),
        ("kinds", 7),
        ("note", ["a"]),
        ("status", {"a": 1}),
        ("status", [["01"]]),
    ],
)
def test_what_cannot_be_read_is_reported_and_never_becomes_unknown(native, small, item, cell):
    read = native.value(item, cell)
    _, problems = parse_answers(small, {item: read})
    structural = [p for p in problems if p.code not in {"not_applicable", "contradiction"}]
    assert [p.item for p in structural] == [item]
    if isinstance(cell, str) and item not in {"kinds", "share"}:
        assert read == cell, "handed on as it stands"


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026/3/31", "2026-03-31"),
        ("2026.03.31", "2026-03-31"),
        ("２０２６年３月３１日", "2026-03-31"),
        ("2026年03月31号", "2026-03-31"),
        ("20260331", "2026-03-31"),
        (20260331, "2026-03-31"),
        (20260331.0, "2026-03-31"),
        ("2026-03-31 00:00:00", "2026-03-31"),
        ("2026-03-31T10:00", "2026-03-31"),
        ("31.03.2026", None),
        ("2026年3月", None),
        ("2026-03-31 morning", None),
        (True, None),
        (-1, None),
        ("", None),
    ],
)
def test_date_forms(cell, day):
    assert iso_date(cell) == day


def test_serial_dates_only_with_the_epoch_of_a_workbook():
    assert iso_date(46112, EXCEL_EPOCH) == "2026-03-31"
    assert iso_date(46112.75, EXCEL_EPOCH) == "2026-03-31"
    assert iso_date(46112 - 1462, date(1904, 1, 1)) == "2026-03-31"
    assert iso_date("46112", EXCEL_EPOCH) is None
    assert iso_date(60, EXCEL_EPOCH) is None, "the 29 February 1900 that never was"


def test_kept_values_tell_one_true_and_one_point_nought_apart(native):
    for cell, value in ((True, True), (1, 1), (1.0, 1), ("1", "1"), (True, True)):
        read = native.value("employed", cell)
        assert (read, type(read)) == (value, type(cell))


def test_lists_are_not_shared_between_calls(native):
    first = native.value("kinds", "全部")
    first.clear()
    assert native.value("kinds", "全部") == ["places", "persons", "activities"]


@pytest.mark.parametrize(
    ("item", "codes", "said"),
    [
        ("status", {"甲": "04"}, "no answer of this item"),
        ("employed", {"甲": "maybe"}, "no answer of this item"),
        ("warnings_n", {"甲": "many"}, "no answer of this item"),
        ("kinds", {"甲": "places;elsewhere"}, "no answer of this item"),
        ("status", {"A": "01", "ａ": "02"}, "means two things"),
        ("status", {"01": "02"}, "a level and a native code for another"),
    ],
)
def test_a_crosswalk_that_contradicts_itself_is_refused(small, item, codes, said):
    changed = small.by_id[item].model_copy(
        update={"native": small.by_id[item].native.model_copy(update={"codes": codes})}
    )
    items = tuple(changed if one.id == item else one for one in small.items)
    with pytest.raises(InstrumentError, match=said):
        NativeMap(small.model_copy(update={"items": items}))


def test_fold():
    assert fold(" ＡＢ　 c\u200b\n") == "ab c"
