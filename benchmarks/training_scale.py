"""What training on many people costs: time and memory by the number of rows.

Run with ``python benchmarks/training_scale.py --out docs/benchmarks/training_scale.md``. Everybody
is made up: answers are drawn from the reference population of the shipped Georgia model, item by
item, and events from a plain sum of some of them. Every run is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from riskengine import __version__

MODEL, OUTCOME = "georgia_parole_3y", "rearrest_3y"
ITEMS = 29
FAMILY = 100_000
"""Rows that are made up at a time."""


def write(rows: int, path: Path) -> None:
    """Make people up and write them into a Parquet file."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    from riskengine.store.lookup import find_model

    scorecard = find_model(MODEL).scorecard
    document, instrument = scorecard.document, scorecard.instrument
    axes = {axis.item: axis for axis in document.axes}
    columns = instrument.outcomes_by_id[OUTCOME].columns
    assert columns is not None and columns.event_column is not None
    rng = np.random.default_rng(rows)
    writer = None
    for first in range(0, rows, FAMILY):
        count = min(FAMILY, rows - first)
        answers: dict[str, np.ndarray] = {}
        for name in document.items:
            axis = axes[name]
            levels = [group[0] for group in axis.groups] or [str(c) for c in (0, *axis.cuts)]
            weights = np.array(axis.reference[: len(levels)], dtype=float) + 1.0
            drawn = rng.choice(len(levels), size=count, p=weights / weights.sum())
            answers[name] = np.array(levels, dtype=object)[drawn]
        table = pa.table({name: pa.array(values.tolist()) for name, values in answers.items()})
        effect = np.zeros(count)
        for column in list(answers)[:6]:
            effect += np.unique(answers[column], return_inverse=True)[1] * 0.15
        event = rng.random(count) < 1 / (1 + np.exp(1.0 - effect + effect.mean()))
        yes = next(iter(columns.event_values))
        outcome = np.where(event, yes, "no")
        table = table.append_column(columns.event_column, pa.array(outcome.tolist()))
        writer = writer or ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def megabytes() -> float:
    """Most memory that this process held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(path: Path, learner: str) -> dict[str, float]:
    """Read, and train if asked to, in this process."""
    from riskengine.store.lookup import find_instrument
    from riskengine.training.cohort import read_cohort
    from riskengine.training.pipeline import train
    from riskengine.training.settings import Settings

    instrument = find_instrument("georgia_parole")
    took: dict[str, float] = {"imports_mb": megabytes()}
    started = time.perf_counter()
    if learner == "read":
        cohort = read_cohort(path, instrument, OUTCOME)
        took |= {"people": cohort.people, "events": cohort.events}
    else:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(learner=learner, folds=2)  # type: ignore[arg-type]
            train(instrument, OUTCOME, path, Path(folder) / "model", settings)
    took |= {"seconds": time.perf_counter() - started, "mb": megabytes()}
    return took


PAGE = """# Training on many people

`python benchmarks/training_scale.py --out docs/benchmarks/training_scale.md`

A cohort is read block by block and kept as one whole number a person and item. Made-up people
with {items} items of the Georgia instrument, from Parquet; two folds instead of five, no
replicates, one process, every line a process of its own. *A row* is what was added to the memory
of the imports.

| rows | what | seconds | peak memory, MB | a row, bytes |
| --- | --- | --- | --- | --- |
{lines}

*read*: `riskengine.training.cohort.read_cohort` alone. *light*, *update*, *ebm*:
`riskengine train` with that learner, reading included. With several processes each holds its own
copy of the states.

riskengine {version}, Python {python}, {cores} cores, {machine}. Times hold for one machine; memory
travels better.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs",
        nargs="+",
        default=[
            *(f"100000:{name}" for name in ("read", "light", "update", "ebm")),
            "1000000:read", "1000000:light", "3000000:read",
        ],
        help="ROWS:LEARNER, or ROWS:read.",
    )  # fmt: skip
    parser.add_argument("--one", nargs=2, metavar=("FILE", "LEARNER"), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(Path(options.one[0]), options.one[1])))
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for run in options.runs:
            rows, _, learner = run.partition(":")
            path = Path(folder) / f"{rows}.parquet"
            if not path.exists():
                write(int(rows), path)
            done = subprocess.run(
                [sys.executable, __file__, "--one", str(path), learner],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            took = json.loads(done.stdout.splitlines()[-1])
            a_row = (took["mb"] - took["imports_mb"]) * 2**20 / int(rows)
            lines.append(
                f"| {int(rows):,} | {learner} | {took['seconds']:.0f} | {took['mb']:,.0f} | "
                f"{a_row:,.0f} |"
            )
            print(lines[-1], flush=True)
    text = PAGE.format(
        items=ITEMS, lines="\n".join(lines), version=__version__, cores=os.cpu_count(),
        python=platform.python_version(), machine=platform.machine(),
    )  # fmt: skip
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
