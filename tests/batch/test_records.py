"""Arrow tables of whatever origin give what a run over a file gives."""

from __future__ import annotations

import random
from datetime import date

import pytest

from riskengine import Engine
from riskengine.errors import UseError

pa = pytest.importorskip("pyarrow")

ON = date(2026, 6, 1)
LEVELS = ["true", "false", None]


def table(rows: int, seed: int = 5) -> pa.Table:
    """People with a few answers, one in seven of them refused."""
    rng = random.Random(seed)
    columns = {
        "person": [f"P{n}" if n % 7 else f"{n}号" for n in range(rows)],
        "legal_status": [rng.choice(["01", "02", "03"]) for _ in range(rows)],
        "prior_custody": [rng.choice(LEVELS) for _ in range(rows)],
        "age_at_start": [str(rng.randint(18, 80)) for _ in range(rows)],
        "birth_date": [f"{rng.randint(1950, 2000)}-0{rng.randint(1, 9)}-11" for _ in range(rows)],
        "nobody asked": [str(n) for n in range(rows)],
    }
    return pa.table(columns)


def test_every_row_comes_back_once_with_what_the_frame_gives():
    engine, people = Engine.load(), table(210)
    from riskengine.batch.records import score_arrow

    found = score_arrow(engine, people, on=ON, explain=True).to_pandas()
    results, rejects = engine.recommend_frame(people.to_pandas(), on=ON, explain=True)
    good = found[found.rejects.isna()].drop(columns="rejects")
    assert good.id.tolist() == results.id.tolist() and len(good) == 180
    assert good.tier.fillna("").tolist() == results.tier.fillna("").tolist()
    assert good.score.fillna(-1).tolist() == results.score.fillna(-1).tolist()
    assert [[one["item"] for one in of] for of in found.rejects.dropna()] == [["person"]] * 30
    assert len(rejects) == 30
    kept = score_arrow(engine, people, on=ON, keep=["nobody asked"])
    assert kept["nobody asked"].to_pylist() == [str(n) for n in range(210)]
    ids = [None if n % 7 == 0 else f"P{n}" for n in range(210)]
    assert kept["id"].to_pylist() == ids


def test_a_row_refused_for_an_answer_keeps_its_id():
    from riskengine.batch.records import score_arrow

    people = table(8)
    answers = people["prior_custody"].to_pylist()
    answers[3] = "maybe"
    place = people.column_names.index("prior_custody")
    people = people.set_column(place, "prior_custody", pa.array(answers))
    found = score_arrow(Engine.load(), people, on=ON).to_pylist()
    assert [row["id"] for row in found] == [None, "P1", "P2", "P3", "P4", "P5", "P6", None]
    assert [row["rejects"] is None for row in found] == [n not in (0, 3, 7) for n in range(8)]
    assert found[3]["rejects"][0]["item"] == "prior_custody" and found[3]["score"] is None


def test_polars_goes_through_arrow():
    pl = pytest.importorskip("polars")
    from riskengine.batch.records import score_arrow

    engine, people = Engine.load(), table(140)
    plain = score_arrow(engine, people, on=ON)
    found = score_arrow(engine, pl.from_arrow(people).to_arrow(), on=ON)
    assert pl.from_arrow(found).rows() == pl.from_arrow(plain).rows()


def test_rows_of_a_cluster_need_a_person():
    from riskengine.batch.records import score_arrow

    with pytest.raises(UseError, match="person"):
        score_arrow(Engine.load(), table(3).drop_columns(["person"]), on=ON)
