"""Spark gives the rows that one machine gives."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from riskengine.batch.frames import scored_frame
from riskengine.errors import UseError
from riskengine.intake.rejects import reject
from tests.batch.people import CN, ON, engine_of, one_by_one, people

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("pyspark", reason="pyspark is not installed")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java 17", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        # workers run what the test runs, and find it where the test does
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
        builder = SparkSession.builder.master("local[1]").appName("tests")
        for name, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "512m",
            "spark.log.level": "ERROR",
            "spark.sql.execution.arrow.maxRecordsPerBatch": "64",
        }.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


def given_to(spark, frame, partitions=2):
    """The frame in Spark as text, and as it is there."""
    cells = {
        name: [None if x is None or x != x else str(x) for x in frame[name].tolist()]
        for name in frame
    }
    text = pd.DataFrame({name: pd.Series(of, dtype=object) for name, of in cells.items()})
    rows = [(number, *row) for number, row in enumerate(zip(*cells.values(), strict=True))]
    columns = ", ".join(f"`{name}` string" for name in text.columns)
    session = spark.createDataFrame(rows, f"`key number` long, {columns}")
    return session.repartitionByRange(partitions, "key number").sortWithinPartitions(
        "key number"
    ), text


@pytest.mark.parametrize(
    "spec", [(CN, "cn_default"), ("nc_prison_release_3y", None)], ids=lambda spec: spec[0]
)
def test_equal_row_by_row(spark, spec):
    from riskengine.batch.spark import score

    engine = engine_of(*spec)
    model, policy = spec
    given, frame = given_to(spark, people(engine.instrument, 5, 200))
    found = score(
        given, model, policy, ON, research=policy is None, explain=True, keep=["key number"],
        lang="en",
    )  # fmt: skip
    rows = [row.asDict(recursive=True) for row in found.collect()]
    assert [row.pop("key number") for row in rows] == list(range(200))
    problems = [row.pop("rejects") for row in rows]
    refused = [number for number, found in enumerate(problems) if found is not None]
    good = [row for row, found in zip(rows, problems, strict=True) if found is None]
    # whatever the sizes of batches and partitions, as the frame at once and as one by one
    here, bad = [], []
    for scored, rejected in scored_frame(engine, frame, on=ON):
        here += [dict(row) for row in scored.rows(True)]
        bad += rejected
    alone, bad_alone = one_by_one(engine, frame)
    assert good == here == alone
    assert [repr(row) for row in bad] == [repr(row) for row in bad_alone]
    assert refused == [row.number - 1 for row in bad]


def test_rejects_say_what_is_wrong(spark):
    from riskengine.batch.spark import score

    engine = engine_of(CN, "cn_default")
    given, frame = given_to(spark, people(engine.instrument, 6, 60))
    found = score(given, CN, "cn_default", ON, lang="en").collect()
    _, rejected = one_by_one(engine, frame)
    assert rejected
    assert {number: row.person for number, row in enumerate_bad(rejected)} == {
        number: row.id for number, row in enumerate(found) if row.rejects is not None
    }
    for number, row in enumerate_bad(rejected):
        lines = [reject(row, problem, "en") for problem in row.problems]
        told = [one.asDict() for one in found[number].rejects]
        assert told == [{name: line[name] for name in told[0]} for line in lines]
        assert {value for name, value in found[number].asDict().items()
                if name not in ("id", "rejects")} == {None}  # fmt: skip


def enumerate_bad(rejected):
    return [(row.number - 1, row) for row in rejected]


def test_what_cannot_be_told_apart_is_refused(spark):
    from riskengine.batch.spark import score

    given, _ = given_to(spark, people(engine_of(CN, "cn_default").instrument, 6, 5))
    with pytest.raises(UseError, match="no column for the person"):
        score(given.drop("person"), CN, "cn_default", ON)
    with pytest.raises(UseError, match="cannot be kept"):
        score(given, CN, "cn_default", ON, keep=["nothing"])
