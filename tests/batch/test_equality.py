"""Columns and one person at a time are one thing, whatever stands in the cells."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta, timezone
from itertools import cycle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine.batch.frames import scored_arrow
from riskengine.batch.score import COLUMNS
from riskengine.errors import UseError
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.intake.files import column_values
from riskengine.intake.rejects import reject
from riskengine.scorecard.compiled import FEW
from tests.batch.people import (
    CN,
    HOSTILE,
    ON,
    SHIPPED,
    VARIANTS,
    assert_same,
    base_of,
    engine_of,
    native,
    one_by_one,
    people,
    person_column,
    settled,
)

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

EVERY = [*SHIPPED, *VARIANTS]


def named(spec):
    return "-".join(part or "research" for part in spec)


@pytest.mark.parametrize("spec", EVERY, ids=named)
def test_every_model_and_policy(spec):
    engine = engine_of(*spec)
    # so many in one batch that the ways for many are taken, of which few have no need
    results, rejected = assert_same(engine, people(engine.instrument, 7, 150), batch=150)
    scored = [row for row in results if row["score"] is not None]
    model, policy, variant = (*spec, "")[:3]
    assert len(scored) >= 20 and rejected
    assert len(scored) > FEW or model.startswith("ogrs3"), "it has no model error"
    calibrated = engine.scorecard.document.scale == "calibrated"
    assert all((row["probability"] is not None) == calibrated for row in scored)
    interval = calibrated and not model.startswith("ogrs3") and variant != "sure"
    assert all((row["probability_low"] is not None) == interval for row in scored)
    either = policy is not None and variant != "sure"
    assert ("either" in {row["status"] for row in scored}) == either
    assert {row["tier"] is None for row in scored} == {policy is None}


def test_a_county_has_everything():
    """What the equality is worth: every outcome that a row can have does occur."""
    engine = engine_of(CN, "cn_county_1m")
    results, rejected = assert_same(engine, people(engine.instrument, 1, 250), batch=128)
    assert {row["status"] for row in results} == {
        "recommended", "either", "incomplete", "separate_profile",
    }  # fmt: skip
    bound = {row["binding_rule"] for row in results}
    assert {"score_band", "warned_or_penalised", "repeated_admonition", "organised_or_terror"} < (
        bound
    )
    assert {row["tier"] for row in results} > {"strict", "ordinary", "relaxed", None}
    assert len({row["alerts"] for row in results}) > 3
    ids = [row["id"] for row in results]
    assert len(set(ids)) < len(ids), "the same person twice"
    codes = {problem.code for row in rejected for problem in row.problems}
    assert codes >= {
        "assessed_later", "contradiction", "not_a_date", "not_applicable", "person",
        "unknown_level", "wrong_type",
    }  # fmt: skip
    assert sorted(row.number for row in rejected) == [row.number for row in rejected]


ENGINES = [(CN, "cn_default"), (CN, "cn_county_1m"), ("georgia_parole_1y", "us_georgia_levels"),
           ("ogrs3_2y", None)]  # fmt: skip


def cells(spec, name):
    """What may stand in a cell of an item."""
    item = engine_of(*spec).instrument.by_id[name]
    seen = st.integers(0, 2**32).map(lambda seed: native(item, random.Random(seed)))
    numbers = st.integers(-3, 60) | st.floats(-2, 70).map(lambda x: round(x, 1))
    return st.one_of(seen, st.sampled_from([*HOSTILE, *NOT_KNOWN]), numbers, st.text(max_size=6))


@st.composite
def frames(draw, spec):
    instrument = engine_of(*spec).instrument
    head = person_column(instrument)
    rows = []
    for number in range(draw(st.integers(0, 5))):
        base = draw(st.integers(0, 12))
        row = base_of(instrument, base, random.Random(base))
        row[head] = draw(st.sampled_from([f"P{number}", "P0", "110101199003070011", "", None]))
        names = st.sampled_from([item.id for item in instrument.items])
        for name in draw(st.lists(names, max_size=5, unique=True)):
            row[name] = draw(cells(spec, name))
        rows.append(settled(instrument, row))
    scored = [item.id for item in instrument.items]
    return pd.DataFrame(rows, columns=None if rows else [head, *scored]).astype(object)


@pytest.mark.parametrize("spec", ENGINES, ids=named)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_whatever_stands_in_the_cells(spec, data):
    engine = engine_of(*spec)
    frame = data.draw(frames(spec))
    assert_same(engine, frame, batch=data.draw(st.integers(1, 6)))


@pytest.mark.parametrize("rows", [0, 1, 39, 40, 41])
def test_borders_of_batches(rows):
    engine = engine_of(CN, "cn_default")
    frame = people(engine.instrument, 3, 60).iloc[:rows]
    results, rejected = assert_same(engine, frame, batch=40)
    assert len(results) + len(rejected) == rows
    whole, refused = assert_same(engine, frame, batch=10_000)
    assert (whole, refused) == (results, rejected)


def test_only_refused_rows():
    engine = engine_of(CN, "cn_default")
    frame = people(engine.instrument, 3, 5)
    frame["person"] = "张三"
    results, rejected = assert_same(engine, frame)
    assert not results and [row.person for row in rejected] == [None] * 5
    assert "张三" not in repr(rejected)


def with_missing(column):
    kinds = cycle([None, np.nan, pd.NA, pd.NaT, float("nan")])
    cells = [next(kinds) if x is None or x != x else x for x in column]
    return pd.Series(cells, index=column.index, dtype=object)


FRAMES = {
    "strings": lambda frame: frame.map(lambda x: None if x is None or x != x else str(x)).astype(
        "string"
    ),
    "categorical": lambda frame: frame.astype("category"),
    "missing of every kind": lambda frame: frame.apply(with_missing),
    "inferred": lambda frame: frame.convert_dtypes(),
    "floats for whole numbers": lambda frame: frame.map(
        lambda x: float(x) if type(x) is int else x
    ).astype(object),
    "numpy scalars": lambda frame: frame.map(
        lambda x: np.int32(x) if type(x) is int else np.bool_(x) if type(x) is bool else x
    ).astype(object),
    "days": lambda frame: frame.assign(
        assessed_on=pd.to_datetime(frame["assessed_on"], errors="coerce")
    ),
    "a named index": lambda frame: frame.set_index("person"),
    "columns in another order": lambda frame: frame[sorted(frame.columns, key=hash)],
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_of_every_kind(kind):
    engine = engine_of(CN, "cn_default")
    frame = FRAMES[kind](plain(engine.instrument, 60))
    results, rejected = assert_same(engine, frame)
    assert sum(row["score"] is not None for row in results) >= 20 and rejected


def plain(instrument, rows):
    """People in whose columns only values stand that a typed column can hold."""
    kept = (str, int, float, bool, date)

    def cell(x):
        x = x.item() if isinstance(x, np.generic) else x
        return x if isinstance(x, kept) and not (isinstance(x, int) and abs(x) > 2**60) else None

    return people(instrument, 11, rows).map(cell).astype(object)


def test_equal_values_that_are_not_the_same():
    here, there = (datetime(2026, 1, 1, h, tzinfo=timezone(timedelta(hours=h))) for h in (0, 8))
    pairs = [(-0.0, 0.0), (0.0, -0.0), (1, True), ((1,), (True,)), (here, there), (1, 1.0)]
    assert all(one == other for one, other in pairs)
    engine = engine_of(CN, "cn_default")
    for item in ("drug_use", "sentence_months", "recidivist", "assessed_on", "birth_date"):
        for one, other in pairs:
            frame = people(engine.instrument, 5, 2, changes=0)
            frame[item] = pd.Series([one, other], dtype=object)
            assert_same(engine, frame)


def test_an_index_without_use_and_repeated_labels_change_nothing():
    engine = engine_of(CN, "cn_default")
    frame = people(engine.instrument, 5, 30)
    found = assert_same(engine, frame)
    assert assert_same(engine, frame.set_axis([0] * len(frame))) == found


def test_a_later_day_under_the_law_of_each_day():
    engine = engine_of(CN, "cn_default")
    frame = people(engine.instrument, 9, 80)
    rng = random.Random(2)
    days = ["2015-01-01", "2020-06-30", "2020-07-01", "2022-01-01", "2026-01-01"]
    frame["assessed_on"] = [rng.choice(days) for _ in range(len(frame))]
    results, _ = assert_same(engine, frame, on=ON)
    assert len(results) >= 40


def typed_columns(instrument, rows):
    """Columns of strings, but for whole numbers, and a day."""
    frame = plain(instrument, rows)
    columns = {}
    for name in frame:
        cells = frame[name].tolist()
        if instrument.by_id.get(name) is not None and instrument.by_id[name].type == "integer":
            numbers = [x if type(x) is int else None for x in cells]
            columns[name] = pa.array(numbers, pa.float64() if name < "n" else pa.int16())
        else:
            columns[name] = pa.array([None if x is None or x != x else str(x) for x in cells])
    # a code as a number, an answer as a flag, days, lists, and no value at all
    columns["legal_status"] = pa.array(
        [[1, 2, 9, None][i % 7 % 4] for i in range(rows)], pa.int8()
    )
    columns["family_offending"] = pa.array([[True, False, None][i % 3] for i in range(rows)])
    days = [date(2026, 8, 1 + i % 28) for i in range(rows)]
    columns["assessed_on"] = pa.array(days)
    columns["start_date"] = pa.array([datetime(2025, 1 + i % 12, 3) for i in range(rows)])
    columns["end_date"] = pa.array([date(2027, 1 + i % 12, 3) for i in range(rows)])
    columns["harm_to_others_now"] = pa.array([[], ["no_contact_breach"], None] * (rows // 3))
    columns["family_support"] = pa.nulls(rows)
    columns["no item"] = pa.array([-0.0] * rows)
    return pa.table(columns)


ARROW = {
    "plain": lambda table: table,
    "dictionaries": lambda table: pa.table(
        {
            name: column if pa.types.is_nested(column.type) or pa.types.is_null(column.type)
            else column.dictionary_encode()
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    ),
    "chunks": lambda table: pa.concat_tables(
        [ARROW["dictionaries"](table.slice(start, 7)) for start in range(0, len(table), 7)]
    ),
    "polars": lambda table: pl.DataFrame(table),
    "polars categorical": lambda table: pl.DataFrame(table).with_columns(
        pl.col(pl.String).exclude("person").cast(pl.Categorical)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ARROW)
@pytest.mark.parametrize("batch", [50, 60])
def test_arrow_and_polars(kind, batch):
    engine = engine_of(CN, "cn_default")
    frame = ARROW[kind](typed_columns(engine.instrument, 60))
    table = pa.table(frame)
    cells = {name: column_values(table[name]) for name in table.column_names}
    wanted, refused = one_by_one(engine, pd.DataFrame(cells, dtype=object))
    found, bad = [], []
    for scored, rejected in scored_arrow(engine, table, on=ON, batch=batch):
        found += [dict(row) for row in scored.rows(True)]
        bad += rejected
    assert [repr(row) for row in bad] == [repr(row) for row in refused]
    assert found == wanted
    assert sum(row["score"] is not None for row in wanted) >= 15 and refused
    results, rejects = engine.recommend_frame(frame, on=ON, explain=True, lang="en")
    assert type(results) is type(rejects) is type(frame)
    rows = results.to_dicts() if "polars" in kind else results.to_pylist()
    assert rows == wanted
    lines = [reject(row, problem, "en") for row in refused for problem in row.problems]
    assert (rejects.to_dicts() if "polars" in kind else rejects.to_pylist()) == lines


def test_a_dictionary_as_full_as_its_numbers_allow():
    engine = engine_of(CN, "cn_default")
    names = pa.array([f"P{number}" for number in range(128)])
    persons = pa.DictionaryArray.from_arrays(pa.array([*range(128), None], pa.int8()), names)
    used = pa.DictionaryArray.from_arrays(
        pa.array([0] * 128 + [None], pa.int8()), pa.array(["none", *(str(i) for i in range(127))])
    )
    table = pa.table({"person": persons, "drug_use": used})
    results, rejects = engine.recommend_frame(table, on=ON)
    assert results["id"].to_pylist() == names.to_pylist()
    assert rejects["row"].to_pylist() == [129]


@pytest.mark.parametrize("explain", [False, True])
def test_recommend_frame_gives_rows_and_rejects(explain):
    engine = engine_of(CN, "cn_default")
    frame = people(engine.instrument, 4, 70)
    wanted, refused = one_by_one(engine, frame)
    results, rejects = engine.recommend_frame(frame, on=ON, explain=explain)
    assert str(results["score"].dtype) == "Int64"
    rows = results.astype(object).where(results.notna(), None).to_dict("records")
    names = list(wanted[0]) if explain else COLUMNS
    assert list(results.columns) == list(names)
    assert rows == [{name: row[name] for name in names} for row in wanted]
    lines = [reject(row, problem, "zh") for row in refused for problem in row.problems]
    assert rejects.to_dict("records") == lines
    empty, none = engine.recommend_frame(frame.iloc[:0], on=ON, explain=explain)
    assert (len(empty), len(none)) == (0, 0)
    assert list(empty.columns) == list(names) and list(none.columns) == list(rejects.columns)


def test_what_is_no_frame_is_refused():
    with pytest.raises(UseError, match="pandas, Polars or Arrow"):
        engine_of(CN, "cn_default").recommend_frame([{"person": "P1"}], on=ON)
