"""A run that is killed over and over ends with the rows of one that never was.

    python benchmarks/resume.py [--rows 50000] [--kills 20] [--jobs 2] [--no-report]

Made-up people of a province, with every tenth row spoilt in one answer, are scored by
`riskengine score --resume`. The process is killed (SIGKILL) at a random moment, again and again,
then left to end. Its output and its rejects must be those of an unbroken run to the last byte, for
Parquet and for CSV, and nothing else may stand beside them. The seconds until a kill are drawn
anew from twice the time that a part takes, so that some runs die before their first part, some
while a part is written, and each goes a little further than the last.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import arguments, table, write_report

SEED = 11
SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class Broken:
    """What became of one output.

    Attributes
    ----------
    kills
        Runs that were killed; those that ended before they could be are not among them.
    parts_then
        Finished parts that lay there at each kill.
    same
        Whether output and rejects are those of an unbroken run, and stand alone.
    """

    suffix: str
    rows: int
    rejected: int
    kills: int
    parts_then: tuple[int, ...]
    seconds_unbroken: float
    seconds_in_all: float
    same: bool


def made_up(path: Path, rows: int, seed: int = SEED) -> None:
    """Write a file of people."""
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet
    from speed_people import china

    people = pa.concat_tables(china().batches(rows, seed))
    rng = np.random.default_rng(seed)
    name = "drug_use"
    wrong = pa.array(rng.random(rows) < 0.1)
    spoilt = pa.compute.if_else(wrong, "sometimes", people[name].cast(pa.string()))
    people = people.set_column(people.column_names.index(name), name, spoilt)
    if path.suffix == ".csv":
        pa.csv.write_csv(people, path)
    else:
        pa.parquet.write_table(people, path)


def command(source: Path, out: Path, part_rows: int, jobs: int) -> list[str]:
    """The command that is killed."""
    return [sys.executable, "-m", "riskengine", "score", str(source), str(out), "--resume",
            "--on", "2026-06-01", "--explain", "--part-rows", str(part_rows),
            "--jobs", str(jobs)]  # fmt: skip


def contents(out: Path) -> tuple[bytes, bytes]:
    """An output and its rejects."""
    return out.read_bytes(), out.with_name(f"{out.stem}.rejects.csv").read_bytes()


def broken(
    source: Path, folder: Path, *, kills: int, part_rows: int, jobs: int, seed: int = SEED
) -> Broken:
    """Score a file once unbroken and once with kills."""
    suffix = source.suffix
    whole, cut = folder / f"whole{suffix}", folder / f"cut{suffix}"
    begun = time.monotonic()
    subprocess.run(command(source, whole, part_rows, jobs), check=True, stderr=subprocess.DEVNULL)
    unbroken = time.monotonic() - begun
    rng = np.random.default_rng(seed)
    parts = folder / f".{cut.name}.parts"
    there: list[int] = []
    begun = time.monotonic()
    while len(there) < kills:
        before = len(list(_notes(parts)))
        child = subprocess.Popen(command(source, cut, part_rows, jobs), stderr=subprocess.DEVNULL)
        # to start takes most of a short run: one in five is killed at any time, the others in
        # their parts
        if rng.random() > 0.2:
            _wait_for_begin(child, parts, before)
        try:
            child.wait(float(rng.uniform(0, 2 * unbroken / (kills + 1))))
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            there.append(len(list(_notes(parts))))
        child.wait()
        if cut.exists() and not parts.exists():
            # it ended before its kill: what it wrote is held to the same, and it begins anew
            assert contents(cut) == contents(whole)
            cut.unlink()
    subprocess.run(command(source, cut, part_rows, jobs), check=True, stderr=subprocess.DEVNULL)
    names = {path.name for out in (whole, cut) for path in (out, _rejects(out))} | {source.name}
    alone = {path.name for path in folder.iterdir()} == names
    results, rejects = contents(cut)
    return Broken(
        suffix,
        rows=_count(cut),
        rejected=rejects.count(b"\n") - 1,
        kills=len(there),
        parts_then=tuple(there),
        seconds_unbroken=unbroken,
        seconds_in_all=time.monotonic() - begun,
        same=alone and (results, rejects) == contents(whole),
    )


def _rejects(out: Path) -> Path:
    return out.with_name(f"{out.stem}.rejects.csv")


def _notes(parts: Path) -> Iterator[Path]:
    return parts.glob("[0-9]*.json")


def _wait_for_begin(child: subprocess.Popen[bytes], parts: Path, before: int) -> None:
    """Wait until a run has reached its parts."""
    until = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < until:
        if parts.exists() and (len(list(_notes(parts))) > before or any(parts.glob("*.new*"))):
            return
        time.sleep(0.01)


def _count(out: Path) -> int:
    if out.suffix == ".parquet":
        import pyarrow.parquet

        return int(pyarrow.parquet.read_metadata(out).num_rows)
    return out.read_bytes().count(b"\n") - 1


def report(found: list[Broken], part_rows: int, jobs: int) -> str:
    """Say what came of it."""
    rows = [
        (
            one.suffix,
            f"{one.rows:,}",
            f"{one.rejected:,}",
            str(one.kills),
            " ".join(map(str, one.parts_then)),
            f"{one.seconds_unbroken:.1f}",
            f"{one.seconds_in_all:.1f}",
            "yes" if one.same else "NO",
        )
        for one in found
    ]
    head = ("file", "rows", "rejected rows' problems", "kills", "finished parts at each kill",
            "s unbroken", "s with all kills", "same bytes")  # fmt: skip
    return (
        "Made-up people of a province, one answer in ten spoilt; `riskengine score --resume "
        f"--explain --part-rows {part_rows:,} --jobs {jobs}`, killed with SIGKILL at random "
        "moments. Output and rejects must be those of an unbroken run to the last byte, with "
        "nothing left beside them. A run that ended before its kill was begun anew: there the "
        "finished parts fall back to 0.\n\n" + table(head, rows)
    )


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--part-rows", type=int, default=2_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-report", action="store_true", help="print only")
    given = parser.parse_args()
    found = []
    for suffix in SUFFIXES:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / f"people{suffix}"
            made_up(source, given.rows)
            one = broken(source, Path(folder), kills=given.kills, part_rows=given.part_rows,
                         jobs=given.jobs)  # fmt: skip
            print(one, flush=True)
            found.append(one)
    if not all(one.same for one in found):
        raise SystemExit("a run that was killed differs from one that was not")
    if not given.no_report:
        body = report(found, given.part_rows, given.jobs)
        write_report("resume", "Killed and resumed", body, "python benchmarks/resume.py")


if __name__ == "__main__":
    main()
