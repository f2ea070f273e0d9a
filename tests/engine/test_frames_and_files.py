"""Many at once give the same integers as one by one, in every format."""

from __future__ import annotations

import json

import pytest

from riskengine.batch.score import COLUMNS, contribution_columns, score_rows
from riskengine.batch.writing import write_rows
from riskengine.errors import UseError
from riskengine.instrument.assessment import Assessment
from tests.support.cases import ON, case
from tests.support.scorecards import random_answer

pd = pytest.importorskip("pandas")


@pytest.fixture
def people(cn) -> list[Assessment]:
    import random

    rng = random.Random(4)
    scored = [cn.by_id[i] for i in ("drug_use", "employment_status", "antisocial_companions")]
    found = []
    for number in range(120):
        answers = {item.id: random_answer(item, rng) for item in scored}
        answers["warnings_n"] = rng.choice([0, 0, 0, 1])
        answers["offence_type"] = rng.choice(["theft", "violence", "unknown"])
        answers["self_harm_flag"] = rng.choice(["0", "0", "1", "3"])
        answers["domestic_violence"] = rng.choice(["none", "current_perpetrator"])
        one = case(cn, **answers)
        found.append(Assessment.from_dict({**one.to_dict(), "person": f"P{number}"}, cn))
    return found


def test_rows_equal_recommendations(engine, people):
    rows = list(score_rows(engine, people, on=ON, explain=True, chunk=50))
    assert [row["id"] for row in rows] == [person.person for person in people]
    alerts = {row["alerts"] for row in rows}
    assert {None, "self_harm", "domestic_violence", "domestic_violence|self_harm"} == alerts
    assert any(row["alerts"] for row in rows if row["tier"] is None), "also where the law stops"
    for row, person in zip(rows, people, strict=True):
        one = engine.recommend(person, on=ON)
        assert row["alerts"] == ("|".join(alert.id for alert in one.alerts) or None)
        assert row["status"] == one.status
        assert row["tier"] == ("|".join(view.tier.value for view in one.tiers) or None)
        assert row["binding_rule"] == one.binding_rule.id
        assert row["score"] == (one.score.value if one.score else None)
        assert (row["probability"], row["probability_low"]) == (None, None)
        parts = {f"contribution_{f.term}": f.contribution for f in one.factors}
        assert {c: row[c] for c in contribution_columns(engine) if row[c] is not None} == parts


def test_recommend_frame_gives_the_same_and_loses_no_row(engine, people):
    frame = pd.DataFrame(
        [{"person": p.person, "assessed_on": "2026-06-01", "kind": p.kind,
          **p.to_dict()["answers"]} for p in people]
    )  # fmt: skip
    frame.loc[3, "drug_use"] = "sometimes"
    frame.loc[5, "assessed_on"] = "2062-06-01"
    results, rejects = engine.recommend_frame(frame, on=ON, lang="en")
    assert list(results.columns) == list(COLUMNS)
    assert set(results["id"]) | set(rejects["person"]) == set(frame["person"])
    assert list(rejects["row"]) == [4, 6]
    assert list(rejects["item"]) == ["drug_use", "assessed_on"]
    assert "2026-06-01 or earlier" in rejects.loc[1, "message"]
    by_id = {row["id"]: row["score"] for row in score_rows(engine, people, on=ON)}
    for row in results.to_dict("records"):
        expected = by_id[row["id"]]
        assert (None if pd.isna(row["score"]) else int(row["score"])) == expected


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".xlsx", ".parquet"])
def test_every_format_holds_the_same(engine, people, tmp_path, ending):
    path = tmp_path / f"out{ending}"
    columns = [*COLUMNS, *contribution_columns(engine)]
    rows = list(score_rows(engine, people, on=ON, explain=True))
    assert write_rows(path, columns, rows) == len(people)
    if ending == ".csv":
        found = pd.read_csv(path)
    elif ending == ".jsonl":
        found = pd.DataFrame(json.loads(line) for line in path.read_text().splitlines())
    elif ending == ".xlsx":
        found = pd.read_excel(path)
    else:
        found = pd.read_parquet(path)
    assert list(found["id"]) == [row["id"] for row in rows]
    scores = [None if pd.isna(value) else int(value) for value in found["score"]]
    assert scores == [row["score"] for row in rows]
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_no_half_file(engine, tmp_path):
    def broken():
        yield dict.fromkeys(COLUMNS)
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        write_rows(tmp_path / "out.csv", COLUMNS, broken())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(UseError, match=r"\.csv, \.jsonl, \.xlsx, \.parquet"):
        write_rows(tmp_path / "out.ods", COLUMNS, [])
