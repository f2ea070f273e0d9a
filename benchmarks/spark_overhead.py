"""What Spark adds to the scoring of the same rows on the same machine.

    python benchmarks/spark_overhead.py [--rows 200000] [--no-report]

Made-up people of a province, from one Parquet file, with all contributions, by one process on
this machine and by a local Spark with one core (`riskengine.batch.spark`). Starting Spark is timed
apart; both have read the model before. Spark is measured twice: what a first pass pays for its
compilation, a cluster pays once. Times are of one run and tell by their ratio.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from common import arguments, table, write_report
from speed_people import china

ON = date(2026, 6, 1)
MODEL, POLICY = "cn_serious_noncompliance", "cn_default"


def timed(do: Callable[[], object]) -> float:
    """Seconds of a call."""
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def local(source: Path, out: Path) -> None:
    """Score a file here: Arrow in, Arrow out."""
    import pyarrow.parquet

    from riskengine import Engine
    from riskengine.batch.records import score_arrow

    engine = Engine.load(MODEL, POLICY)
    with pyarrow.parquet.ParquetFile(source) as given:
        writer = None
        for batch in given.iter_batches(10_000):
            found = score_arrow(engine, pyarrow.Table.from_batches([batch]), on=ON, explain=True)
            writer = writer or pyarrow.parquet.ParquetWriter(out, found.schema)
            writer.write_table(found)
        assert writer is not None
        writer.close()


def measured(rows: int, folder: Path) -> list[tuple[str, float]]:
    """Seconds of every way."""
    import pyarrow as pa
    import pyarrow.parquet

    source = folder / "people.parquet"
    pyarrow.parquet.write_table(pa.concat_tables(china().batches(rows, 11)), source)
    local(source, folder / "warm.parquet")
    found = [("one process, here", timed(lambda: local(source, folder / "here.parquet")))]
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    begun = time.perf_counter()
    from pyspark.sql import SparkSession

    from riskengine.batch.spark import score

    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    found.append(("starting Spark", time.perf_counter() - begun))

    def there(name: str) -> None:
        given = session.read.parquet(str(source))
        score(given, MODEL, POLICY, ON, explain=True).write.parquet(str(folder / name))

    found.append(("Spark, first pass", timed(lambda: there("first"))))
    found.append(("Spark, second pass", timed(lambda: there("second"))))
    mine = pyarrow.parquet.read_table(folder / "here.parquet").drop_columns(["rejects"])
    theirs = pyarrow.parquet.read_table(folder / "second").drop_columns(["rejects"])
    assert theirs.select(mine.column_names).to_pylist() == mine.to_pylist()
    session.stop()
    return found


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--no-report", action="store_true", help="print only")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(given.rows, Path(folder))
    here = found[0][1]
    rows = [
        (name, f"{seconds:.1f}", f"{given.rows / seconds:,.0f}" if "start" not in name else "",
         f"{seconds / here:.2f}")
        for name, seconds in found
    ]  # fmt: skip
    body = (
        f"{given.rows:,} made-up people, all contributions, Parquet to Parquet, one core; the "
        "rows of both are equal.\n\n"
        + table(("way", "seconds", "rows a second", "times one process"), rows)
    )
    if given.no_report:
        print(body)
    else:
        write_report("spark", "What Spark adds", body, "python benchmarks/spark_overhead.py")


if __name__ == "__main__":
    main()
