"""The measure: 10,000 rows, 100 of them broken in 12 ways, and not one lost.

The file is what a district would export: GB18030, Chinese column names and labels, full-width
digits in part of it, dates in several forms, columns that the engine must not read.
"""

import csv
from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from riskengine.intake.read import read_assessments
from riskengine.intake.rejects import RejectWriter

ROWS, BROKEN = 10_000, 100
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
IDENTITY_NUMBER = "11010119900307123X"
TERM = 7 * 31


def break_row(way: int, row: dict[str, object]) -> set[tuple[str, str]]:
    """Break one row in one of twelve ways; return item and code of the problem expected."""
    match way:
        case 0:
            row["矫正类别"] = "05"
            return {("legal_status", "unknown_level")}
        case 1:
            row["警告次数"] = "三次"
            return {("warnings_n", "wrong_type")}
        case 2:
            row["警告次数"] = 99
            return {("warnings_n", "out_of_range")}
        case 3:
            row["出生日期"] = "03/04/1990"
            return {("birth_date", "not_a_date")}
        case 4:
            row["矫正终止日期"] = "2026-02-30"
            return {("end_date", "not_a_date")}
        case 5:
            row["矫正起始日期"], row["矫正终止日期"] = row["矫正终止日期"], row["矫正起始日期"]
            # a negative term is also shorter than the law allows for the status
            short = ("legal_status, start_date, end_date", "contradiction")
            return {("start_date, end_date", "contradiction"), short}
        case 6:
            row["累犯"], row["矫正类别"] = "是", "缓刑"
            return {("recidivist, legal_status", "contradiction")}
        case 7:
            row["禁止令内容"] = "特定活动;唱歌"
            return {("prohibition_types", "unknown_level")}
        case 8:
            row["累犯"] = "也许"
            return {("recidivist", "wrong_type")}
        case 9:
            row["对象编号"] = IDENTITY_NUMBER
            return {("person", "person")}
        case 10:
            row["评估日期"] = "去年"
            return {("assessed_on", "not_a_date")}
        case _:
            row["__cut"] = True  # the line ends in the middle
            return {("row", "cell_count")}


def day(random: Random, first: date, span: int) -> str:
    one = first + timedelta(random.randrange(span))
    forms = ("{0:%Y-%m-%d}", "{0.year}/{0.month}/{0.day}", "{0.year}.{0.month}.{0.day}",
             "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}")  # fmt: skip
    return random.choice(forms).format(one)


def columns(cn) -> dict[str, object]:
    """Sixty items that say nothing about each other beyond what the rows below fill in."""
    touched = {i for rule in cn.x_rules for i in rule.items}
    touched |= {i.id for i in cn.items if i.applicable is not None}
    touched |= {"birth_date", "start_date", "end_date", "prohibition_order"}
    return {
        item.label.zh: item
        for item in cn.items
        if item.id not in touched and item.type not in {"dates", "date"}
    }


def make(path, cn) -> dict[int, set[tuple[str, str]]]:
    """Write the file; return what is wrong with which row."""
    random = Random(7)
    free = columns(cn)
    fixed = ["对象编号", "评估日期", "矫正类别", "矫正起始日期", "矫正终止日期", "出生日期",
             "累犯", "禁止令", "禁止令内容", "警告次数"]  # fmt: skip
    free = {label: item for label, item in free.items() if label not in fixed}
    header = [*fixed, *free, "民族", "经办人"]
    broken = dict(zip(random.sample(range(1, ROWS + 1), BROKEN), range(BROKEN), strict=True))
    expected = {}
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for number in range(1, ROWS + 1):
            row: dict[str, object] = {
                "对象编号": f"A-{number}",
                "评估日期": day(random, date(2026, 5, 1), 28),
                "矫正类别": random.choice(["缓刑", "02", "宣告缓刑"]),
                "矫正起始日期": day(random, date(2026, 1, 1), 30),
                "矫正终止日期": day(random, date(2026, 1, 1) + timedelta(TERM), 30),
                "出生日期": day(random, date(1970, 1, 1), 9000),
                "累犯": random.choice(["否", "0", ""]),
                "禁止令": "有",
                "禁止令内容": random.choice(["特定活动", "特定的人；特定活动", "places"]),
                "警告次数": random.choice([0, "1", "0 次", "不详"]),
                "民族": "不得读取",
                "经办人": "某某",
            }
            for label, item in free.items():
                row[label] = cell(item, random)
            if number in broken:
                expected[number] = break_row(broken[number] % 12, row)
            cells = [row[name] for name in header]
            if number % 3 == 0:
                cells = [c.translate(FULL_WIDTH) if isinstance(c, str) else c for c in cells]
            writer.writerow(cells[:20] if "__cut" in row else cells)
    return expected


def cell(item, random: Random) -> object:
    """A cell as somebody would fill it in."""
    if random.random() < 0.15:
        return random.choice(["", "", "拒答", "不详"])
    match item.type:
        case "boolean":
            return random.choice(["是", "否"])
        case "integer" | "number":
            return random.choice([int(item.minimum), int(item.maximum), f"{int(item.minimum)}"])
        case "text":
            return "某事"
        case _:
            level = random.choice(item.levels)
            return random.choice([level.id, level.label.zh])


@pytest.fixture(scope="module")
def district(tmp_path_factory, cn):
    path = tmp_path_factory.mktemp("district") / "名单.csv"
    return path, make(path, cn)


def test_nine_thousand_nine_hundred_are_read_and_one_hundred_reported(district, cn, tmp_path):
    path, expected = district
    assert len(expected) == BROKEN
    rows = read_assessments(path, cn)
    assert rows.plan.unknown == ("经办人",)
    assert [column for column, _ in rows.plan.blocked] == ["民族"]
    assert len(rows.plan.items) > 50
    read = [*rows]
    assert [row.number for row in read] == [*range(1, ROWS + 1)]
    assert sum(row.assessment is not None for row in read) == ROWS - BROKEN
    rejected = {row.number: row for row in read if row.assessment is None}
    assert {
        number: {(p.item, p.code) for p in row.problems} for number, row in rejected.items()
    } == expected
    ways = Counter(frozenset(problems) for problems in expected.values())
    assert len(ways) == 12
    assert min(ways.values()) >= 8
    with RejectWriter(tmp_path / "rejects.csv") as writer:
        for row in read:
            writer.write(row)
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        written = [*csv.DictReader(stream)]
    assert len(written) == sum(map(len, expected.values()))
    assert {int(line["row"]) for line in written} == set(expected)
    assert all(line["item"] and line["code"] and line["message"] for line in written)
    # a contradiction has no single value, and a refused person is never repeated
    assert {line["code"] for line in written if not line["value"]} == {"contradiction", "person"}
    assert IDENTITY_NUMBER not in (tmp_path / "rejects.csv").read_text("utf-8-sig")
    assert "不得读取" not in repr(read[:50])
