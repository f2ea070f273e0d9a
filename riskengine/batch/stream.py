"""A file in, results out, part by part: bounded memory, several processes, and no row lost.

A part is a run of rows of the input. Every finished part lies in a folder beside the output,
written under another name and renamed when it is whole, and a journal says what run the parts
belong to. A run that was killed goes on, where one asks for it, with the parts that are missing.
Nothing is ever half written: neither a part nor the output, whenever the end comes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from riskengine.batch.coded import Coded, code
from riskengine.batch.score import (
    BATCH,
    COLUMNS,
    contribution_columns,
    score_cells,
    score_table,
    usable,
)
from riskengine.batch.table import Reader, table_of
from riskengine.batch.writing import join_parts, write_rows
from riskengine.engine import Engine
from riskengine.errors import Language, UseError
from riskengine.intake.files import open_file
from riskengine.intake.lines import Line
from riskengine.intake.native import ColumnPlan
from riskengine.intake.read import Assessments, Row
from riskengine.intake.rejects import RejectWriter, rejects_path

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    rows
        Rows that are done, those of an earlier run that was killed among them.
    total
        Rows in all. Of a text file it is the number of its lines, which is too many where a cell
        holds a line break; ``None`` where a file must be read to be counted.
    scored
        Rows that this run has done.
    seconds
        Since this run began.
    """

    rows: int
    total: int | None
    scored: int
    seconds: float

    @property
    def pace(self) -> float:
        """Rows a second; zero before the first."""
        return self.scored / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take at this pace; ``None`` where nothing tells."""
        if self.total is None or not self.pace:
            return None
        return max(self.total - self.rows, 0) / self.pace


Told = Callable[[Progress], None]


@dataclass(frozen=True)
class Job:
    """Everything that settles what a run writes.

    Attributes
    ----------
    assessed_on
        The day of the assessments, where no column says.
    """

    source: str
    out: str
    model: str
    policy: str | None
    on: date
    assessed_on: date
    research: bool = False
    explain: bool = False
    lang: Language = "zh"
    part_rows: int = BATCH


@dataclass(frozen=True)
class Done:
    """What a run wrote, and what it did not read."""

    rows: int
    rejected: int
    plan: ColumnPlan


@dataclass(frozen=True)
class _Part:
    """Rows of one part as they come out of the file: coded cells, or rows already read."""

    number: int
    header: tuple[object, ...] | None
    epoch: date | None
    cells: Sequence[Any]
    numbers: Any
    rows: Sequence[Row]
    size: int


def run(job: Job, *, jobs: int = 1, resume: bool = False, told: Told | None = None) -> Done:
    """Score a file.

    Parameters
    ----------
    jobs
        Processes.
    resume
        Keep finished parts until the output is whole, and begin with those that are there.

    Raises
    ------
    UseError
        Where the parts that are there belong to another run.
    """
    source, out = Path(job.source), Path(job.out)
    if out.suffix.lower() not in (".csv", ".jsonl", ".parquet", ".xlsx"):
        raise UseError(f"[{out.name}]: results are written as .csv, .jsonl, .xlsx, .parquet")
    if source.exists() and source.resolve() in (out.resolve(), rejects_path(out).resolve()):
        raise UseError(f"[{out.name}]: the results would take the place of what is read")
    engine = _engine(job)
    engine.check_in_force(job.on)
    with _own_folder(out) as folder:
        return _run_in(job, engine, folder, jobs=jobs, resume=resume, told=told)


def _run_in(
    job: Job, engine: Engine, folder: Path, *, jobs: int, resume: bool, told: Told | None
) -> Done:
    out = Path(job.out)
    digest, lines = _read_through(Path(job.source))
    _begin(folder, _journal(job, engine, digest), out, resume=resume)
    begun = time.monotonic()
    counts: dict[int, tuple[int, int]] = {}
    source = _Source(job, engine, lines)
    finished = scored = 0
    there = frozenset(_noted(folder))
    for number, size, count in _counts(job, source, folder, jobs):
        counts[number] = count
        finished += size
        scored += 0 if number in there else size
        if told is not None:
            told(Progress(finished, source.total, scored, time.monotonic() - begun))
    columns = [*COLUMNS, *(contribution_columns(engine) if job.explain else ())]
    numbers = sorted(counts)
    # rejects first: once the output stands, nothing is missing beside it
    join_parts(rejects_path(out), [_rejects(folder, n) for n in numbers], columns, within=folder)
    join_parts(out, [_result(folder, n, out) for n in numbers], columns, within=folder)
    # first what says that the parts can be used, then they: a kill in between leaves no half run
    (folder / _JOURNAL).unlink()
    rows, rejected = (sum(count[i] for count in counts.values()) for i in (0, 1))
    return Done(rows, rejected, source.plan())


_JOURNAL = "journal.json"


@contextmanager
def _own_folder(out: Path) -> Iterator[Path]:
    """Give the folder of a run's parts, held against a second run; it stays while it is of use."""
    folder = out.with_name(f".{out.name}.parts")
    folder.mkdir(exist_ok=True)
    held = _hold(folder, out)
    try:
        yield folder
    finally:
        if not ((folder / _JOURNAL).exists() and any(_noted(folder))):
            shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def _hold(folder: Path, out: Path) -> int | None:
    try:
        import fcntl
    except ImportError:  # no such lock on this system
        return None
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise UseError(f"[{out.name}]: another run is writing it") from error
    return held


def _read_through(source: Path) -> tuple[str, int | None]:
    """SHA-256 of a file and, of a text file, how many rows its lines make."""
    digest, lines = hashlib.sha256(), 0
    count = source.suffix.lower() in (".csv", ".jsonl")
    with source.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n") if count else 0
    header = source.suffix.lower() == ".csv"
    return digest.hexdigest(), max(lines - header, 0) if count else None


def _result(folder: Path, number: int, out: Path) -> Path:
    # a workbook cannot be put together from workbooks in bounded memory
    suffix = ".jsonl" if out.suffix.lower() == ".xlsx" else out.suffix.lower()
    return folder / f"{number:08d}{suffix}"


def _rejects(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.rejects.csv"


def _note(folder: Path, number: int) -> Path:
    """What is written last of a part: its counts. A part without it is not there."""
    return folder / f"{number:08d}.json"


def _noted(folder: Path) -> Iterator[int]:
    return (int(path.stem) for path in folder.glob("[0-9]*.json"))


def _journal(job: Job, engine: Engine, digest: str) -> dict[str, object]:
    found = engine.provenance
    return {
        "format": "riskengine/score-run/1",
        "engine": found.engine,
        "source_sha256": digest,
        "model": found.model,
        "model_sha256": found.model_sha256,
        "policy": found.policy,
        "policy_sha256": found.policy_sha256,
        "statutory_set": found.statutory_set,
        **{
            name: str(value)
            for name, value in asdict(job).items()
            if name in ("on", "assessed_on", "research", "explain", "lang", "part_rows")
        },
    }


def _begin(folder: Path, journal: dict[str, object], out: Path, *, resume: bool) -> None:
    """Go on with the parts that are there, or begin with an empty folder."""
    path = folder / _JOURNAL
    if resume and path.exists():
        there = json.loads(path.read_text(encoding="utf-8"))
        other = sorted(name for name in {*there, *journal} if there.get(name) != journal.get(name))
        if other:
            raise UseError(
                f"[{out.name}]: the unfinished run in [{folder.name}] differs in "
                f"{', '.join(other)}; without --resume it is done anew"
            )
        return
    # parts without a journal could be anybody's
    path.unlink(missing_ok=True)
    for one in folder.iterdir():
        one.unlink()
    _put(path, json.dumps(journal, ensure_ascii=False, indent=1))


def _put(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)


class _Source:
    """The parts of a file, in order."""

    def __init__(self, job: Job, engine: Engine, lines: int | None) -> None:
        self._job, self._engine = job, engine
        self.total = lines
        self._read: Assessments | None = None
        self._plan: ColumnPlan | None = None

    def plan(self) -> ColumnPlan:
        """Which column is what; for JSON complete once every row was read."""
        found = self._plan if self._read is None else self._read.plan
        assert found is not None
        return found

    def parts(self, done: Callable[[int], bool]) -> Iterator[_Part]:
        """Give the parts; of those that are done only number and size are needed."""
        job = self._job
        if Path(job.source).suffix.lower() == ".parquet":
            yield from self._parquet(done)
            return
        opened = open_file(job.source)
        if opened.header is None:
            self._read = Assessments(opened, self._engine.instrument, assessed_on=job.assessed_on)
            number = 0
            while rows := list(islice(self._read, job.part_rows)):
                yield _Part(number, None, None, (), None, rows, len(rows))
                number += 1
            return
        header, epoch = opened.header, opened.excel_epoch
        self._plan = _reader(job, opened.name, header, epoch).plan
        number = 0
        while lines := list(islice(opened.lines, job.part_rows)):
            if done(number):
                yield _Part(number, header, None, (), None, (), len(lines))
            else:
                yield self._lines(number, lines, header, epoch)
            number += 1

    def _lines(
        self, number: int, lines: list[Line], header: tuple[object, ...], epoch: date | None
    ) -> _Part:
        good = [line for line in lines if line.cells is not None]
        bad = [
            Row(line.number, None, None, () if line.fault is None else (line.fault,))
            for line in lines
            if line.cells is None
        ]
        columns = (
            zip(*(line.cells for line in good), strict=True) if good else [() for _ in header]
        )
        cells = [code(column) for column in columns]
        numbers = np.array([line.number for line in good], dtype=np.int64)
        return _Part(number, header, epoch, cells, numbers, bad, len(lines))

    def _parquet(self, done: Callable[[int], bool]) -> Iterator[_Part]:
        name = Path(self._job.source).name
        # the header is checked as for a reading row by row
        header = open_file(self._job.source).header
        assert header is not None
        self._plan = _reader(self._job, name, header, None).plan
        import pyarrow.parquet as pq

        # repeated texts come as the dictionaries that the file keeps of them
        texts = [
            field.name
            for field in pq.read_schema(self._job.source)
            if str(field.type) in ("string", "large_string") and field.name != self._plan.person
        ]
        # read ahead, every part of the file that was read stays in memory to the end
        with pq.ParquetFile(self._job.source, read_dictionary=texts, pre_buffer=False) as table:
            self.total = table.metadata.num_rows
            first = 0
            batches = table.iter_batches(batch_size=self._job.part_rows)
            for number, batch in enumerate(batches):
                size = batch.num_rows
                numbers = np.arange(first + 1, first + size + 1)
                cells = () if done(number) else batch.columns
                yield _Part(number, header, None, cells, numbers, (), size)
                first += size


def _counts(
    job: Job, source: _Source, folder: Path, jobs: int
) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Score every part that is not there yet; give rows and rejected rows of each."""

    def done(number: int) -> bool:
        return _note(folder, number).exists()

    def count(number: int) -> tuple[int, int]:
        found = json.loads(_note(folder, number).read_text(encoding="utf-8"))
        return found["rows"], found["rejected"]

    if jobs == 1:
        for part in source.parts(done):
            if not done(part.number):
                _score_part(job, folder, part)
            yield part.number, part.size, count(part.number)
        return
    pool = ProcessPoolExecutor(jobs, get_context("forkserver"), initializer=_end_with_parent)
    try:
        waiting: deque[tuple[_Part, Future[None] | None]] = deque()

        def oldest() -> tuple[int, int, tuple[int, int]]:
            part, future = waiting.popleft()
            if future is not None:
                future.result()
            return part.number, part.size, count(part.number)

        for part in source.parts(done):
            future = None if done(part.number) else pool.submit(_score_part, job, folder, part)
            waiting.append((_Part(part.number, None, None, (), None, (), part.size), future))
            if len(waiting) > 2 * jobs:
                yield oldest()
        while waiting:
            yield oldest()
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process with the one that it works for, which may be killed without a word."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@lru_cache(maxsize=2)
def _engine_for(model: str, policy: str | None, research: bool) -> Engine:
    return Engine.load(model, None if research else policy, research=research)


def _engine(job: Job) -> Engine:
    return _engine_for(job.model, job.policy, job.research)


@lru_cache(maxsize=2)
def _reader(job: Job, name: str, header: tuple[object, ...], epoch: date | None) -> Reader:
    engine = _engine(job)
    return Reader(name, header, engine.instrument, assessed_on=job.assessed_on, excel_epoch=epoch)


def _score_part(job: Job, folder: Path, part: _Part) -> None:
    engine = _engine(job)
    rejected: list[Row]
    if part.header is None:
        rows = [usable(row, job.on) for row in part.rows]
        people = [engine.checked(r.assessment, job.on) for r in rows if r.assessment is not None]
        rejected = [row for row in rows if row.assessment is None]
        scored = score_table(engine, table_of(engine.instrument, people), on=job.on)
    else:
        reader = _reader(job, Path(job.source).name, part.header, part.epoch)
        cells: Sequence[Coded] = part.cells
        if cells and not isinstance(cells[0], Coded):
            from riskengine.batch.arrow import cells_of

            cells = cells_of(part.cells, reader)
        scored, refused = score_cells(engine, reader, cells, part.numbers, job.on)
        rejected = sorted([*part.rows, *refused], key=lambda row: row.number)
    out = Path(job.out)
    target = _result(folder, part.number, out)
    if target.suffix == ".parquet":
        from riskengine.batch.arrow import record_batch
        from riskengine.batch.writing import write_batch

        write_batch(target, record_batch(scored, job.explain))
    else:
        columns = [*COLUMNS, *(contribution_columns(engine) if job.explain else ())]
        write_rows(target, columns, scored.rows(job.explain))
    partial = folder / f"{part.number:08d}.{os.getpid()}.new.csv"
    with RejectWriter(partial, lang=job.lang) as rejects:
        for row in rejected:
            rejects.write(row)
    partial.replace(_rejects(folder, part.number))
    for path in (target, _rejects(folder, part.number)):
        _to_disk(path)
    # last: what has a count is whole
    count = {"rows": len(scored.persons), "rejected": rejects.rows}
    _put(_note(folder, part.number), json.dumps(count))


def _to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
