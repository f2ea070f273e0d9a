"""Files in, files out: part by part, by several processes, and across a kill."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from riskengine import Engine
from riskengine.batch.score import COLUMNS, contribution_columns
from riskengine.batch.stream import Job, Progress, run
from riskengine.batch.writing import join_parts, write_rows
from riskengine.commands.progress import progress_line
from riskengine.errors import IntakeError, Problem, UseError
from riskengine.intake.read import Row
from riskengine.intake.rejects import RejectWriter
from tests.batch.people import ON, one_by_one, people

pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    engine = Engine.load()
    path = tmp_path_factory.mktemp("in") / "people.parquet"
    frame = people(engine.instrument, 3, 400)
    frame.map(lambda x: None if x is None or x != x else str(x)).to_parquet(path)
    return path


def job(source, out, **more):
    return Job(str(source), str(out), "cn_serious_noncompliance", "cn_default", ON, ON,
               part_rows=50, **more)  # fmt: skip


SUFFIXES = [".csv", ".jsonl", ".parquet", ".xlsx"]


def bytes_of(out):
    """A file of results and its rejects; of a workbook, which holds a date, the cells."""
    rejects = out.with_name(f"{out.stem}.rejects.csv").read_bytes()
    if out.suffix == ".xlsx":
        return pd.read_excel(out).to_csv(), rejects
    return out.read_bytes(), rejects


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("explain", [False, True])
def test_files_hold_what_one_by_one_gives(source, tmp_path, suffix, explain):
    engine = Engine.load()
    wanted, rejected = one_by_one(engine, pd.read_parquet(source))
    out = tmp_path / f"out{suffix}"
    done = run(job(source, out, explain=explain, lang="en"))
    assert (done.rows, done.rejected) == (len(wanted), len(rejected))
    columns = [*COLUMNS, *(contribution_columns(engine) if explain else ())]
    read = {
        ".csv": lambda: pd.read_csv(out, dtype=object),
        ".jsonl": lambda: pd.read_json(out, lines=True, dtype=False),
        ".parquet": lambda: pd.read_parquet(out),
        ".xlsx": lambda: pd.read_excel(out, dtype=object),
    }[suffix]()
    assert list(read.columns) == columns
    for row, one in zip(read.to_dict("records"), wanted, strict=True):
        for name in columns:
            cell = None if pd.isna(row[name]) else row[name]
            if one[name] is not None and name not in ("id", "tier"):
                cell = type(one[name])(cell)
            assert cell == one[name], (name, row, one)
    with out.with_name("out.rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    problems = [(row.number, problem) for row in rejected for problem in row.problems]
    assert [(int(line["row"]), line["code"], line["message"]) for line in lines] == [
        (number, problem.code, problem.text("en")) for number, problem in problems
    ]
    assert {path.name for path in tmp_path.iterdir()} == {out.name, "out.rejects.csv"}


def test_csv_and_lines_in_give_what_parquet_in_gives(source, tmp_path):
    whole = tmp_path / "parquet.csv"
    run(job(source, whole))
    frame = pd.read_parquet(source)
    frame.to_csv(tmp_path / "in.csv", index=False)
    frame.to_json(tmp_path / "in.jsonl", orient="records", lines=True, force_ascii=False)
    for name in ("in.csv", "in.jsonl"):
        out = tmp_path / f"{name}.csv"
        run(job(tmp_path / name, out))
        assert bytes_of(out) == bytes_of(whole), name


def test_nothing_a_spreadsheet_would_run(tmp_path):
    write_rows(tmp_path / "out.csv", ("id", "score"), [{"id": "=1+1", "score": -3}])
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[1] == "'=1+1,-3"
    bad = Problem(
        code="x", item="@sum", value="=1+1", accepted="+", message={"zh": "-", "en": "-"}
    )
    with RejectWriter(tmp_path / "rejects.csv") as rejects:
        rejects.write(Row(1, None, None, (bad,)))
    line = (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()[1]
    assert line == "1,,'@sum,'=1+1,x,'+,'-"


@pytest.mark.parametrize("suffix", SUFFIXES[:3])
def test_two_processes_give_what_one_gives(source, tmp_path, suffix):
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    done = run(job(source, one))
    assert run(job(source, two), jobs=2) == done
    assert bytes_of(one) == bytes_of(two)


@pytest.mark.parametrize("rows", [0, 1, 49, 50, 51])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_borders_of_parts(source, tmp_path, rows, suffix):
    frame = pd.read_parquet(source).iloc[:rows]
    frame.to_parquet(tmp_path / "in.parquet")
    frame.to_csv(tmp_path / "in.csv", index=False)
    outs = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for name, out in zip(("in.parquet", "in.csv"), outs, strict=True):
        done = run(job(tmp_path / name, out))
        assert done.rows + done.rejected == rows
    assert bytes_of(outs[0]) == bytes_of(outs[1])


class Cut(Exception):
    pass


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_run_goes_on_where_it_was_cut_off(source, tmp_path, suffix):
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    done = run(job(source, whole))
    assert done.rows + done.rejected == 400

    def stop(found):
        if found.rows >= 150:
            raise Cut

    with pytest.raises(Cut):
        run(job(source, cut), told=stop)
    assert not cut.exists()
    with pytest.raises(UseError, match="explain"):
        run(job(source, cut, explain=True), resume=True)
    told = []
    assert run(job(source, cut), resume=True, told=told.append).rows == done.rows
    assert [one.scored for one in told] == [0, 0, 0, 50, 100, 150, 200, 250]
    assert bytes_of(cut) == bytes_of(whole)
    assert not [path for path in tmp_path.iterdir() if "parts" in path.name]
    run(job(source, cut), resume=True)
    assert bytes_of(cut) == bytes_of(whole), "a finished run is done again"


def test_without_asking_a_run_is_done_anew(source, tmp_path):
    out = tmp_path / "out.csv"

    def stop(found):
        raise Cut

    with pytest.raises(Cut):
        run(job(source, out), told=stop)
    told = []
    run(job(source, out, explain=True), told=told.append)
    assert told[-1].scored == 400


@pytest.mark.parametrize("end", ["the output stands", "parts are being removed"])
def test_a_kill_at_the_very_end(source, tmp_path, monkeypatch, end):
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    run(job(source, whole))

    def joined_and_killed(path, *args, **more):
        join_parts(path, *args, **more)
        if path == cut:
            raise Cut

    if end == "the output stands":
        monkeypatch.setattr("riskengine.batch.stream.join_parts", joined_and_killed)
    else:
        # the journal has gone, and some parts with their notes still there
        monkeypatch.setattr(
            shutil, "rmtree", lambda folder, **_: (folder / "00000002.parquet").unlink()
        )
    with suppress(Cut):
        run(job(source, cut))
    monkeypatch.undo()
    assert (tmp_path / ".cut.parquet.parts").exists()
    run(job(source, cut), resume=True)
    assert bytes_of(cut) == bytes_of(whole)


def command(source, out, *more):
    return [sys.executable, "-m", "riskengine", "score", str(source), str(out), "--on",
            ON.isoformat(), "--part-rows", "50", *more]  # fmt: skip


@pytest.mark.parametrize("jobs, suffix", [("1", ".parquet"), ("2", ".csv")])
def test_a_killed_process_loses_and_doubles_no_row(source, tmp_path, jobs, suffix):
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    run(job(source, whole))
    folder = tmp_path / f".{cut.name}.parts"
    begun = command(source, cut, "--resume", "--jobs", jobs)
    child = subprocess.Popen(begun, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until = time.monotonic() + 60
    while child.poll() is None and time.monotonic() < until:
        if (folder / "00000001.json").exists():
            break
        time.sleep(0.002)
    os.kill(child.pid, signal.SIGKILL)
    # the pipe ends when the last process that holds it does: no worker outlives the run
    child.communicate(timeout=20)
    told = []
    run(job(source, cut), resume=True, told=told.append)
    assert 0 < told[-1].scored < 400
    assert bytes_of(cut) == bytes_of(whole)
    assert {path.name for path in tmp_path.iterdir()} == {
        name for out in (whole, cut) for name in (out.name, f"{out.stem}.rejects.csv")
    }


def test_two_runs_do_not_write_one_output(source, tmp_path):
    out = tmp_path / "out.csv"

    def meanwhile(found):
        with pytest.raises(UseError, match="another run"):
            run(job(source, out))

    run(job(source, out), told=meanwhile)
    assert out.exists()


def test_results_never_take_the_place_of_what_is_read(source, tmp_path):
    copy = tmp_path / "in.parquet"
    copy.write_bytes(source.read_bytes())
    (tmp_path / "out.parquet").symlink_to(copy)
    with pytest.raises(UseError, match="take the place"):
        run(job(copy, tmp_path / "out.parquet"))
    assert copy.read_bytes() == source.read_bytes()


def test_a_file_that_cannot_be_read_leaves_nothing(tmp_path):
    (tmp_path / "in.csv").write_text("nothing\n1\n")
    with pytest.raises(IntakeError, match="no column is an item"):
        run(job(tmp_path / "in.csv", tmp_path / "out.csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_the_journal_names_the_run(source, tmp_path):
    out = tmp_path / "out.csv"

    def look(found):
        journal = json.loads((tmp_path / ".out.csv.parts/journal.json").read_text("utf-8"))
        assert {"source_sha256", "model_sha256", "policy_sha256", "on"} <= set(journal)
        assert found.total == 400

    run(job(source, out), told=look)


def test_progress_is_shown_where_it_is_asked_for(source, tmp_path):
    frame = pd.read_parquet(source)
    frame.to_csv(tmp_path / "in.csv", index=False)
    asked = command(tmp_path / "in.csv", tmp_path / "out.csv", "--lang", "en")
    told = subprocess.run([*asked, "--progress"], check=True, capture_output=True, text=True)
    lines = [line for line in told.stderr.splitlines() if "a second" in line]
    assert len(lines) == 8 and lines[-1].startswith("400 rows, ")
    assert all(re.search(r", [0-9]+ s left$", line) for line in lines)
    silent = subprocess.run(asked, check=True, capture_output=True, text=True)
    assert "a second" not in silent.stderr


def test_time_left_counts_what_this_run_has_done():
    resumed = Progress(rows=900, total=1000, scored=100, seconds=2.0)
    assert (resumed.pace, resumed.left) == (50.0, 2.0)
    assert progress_line(resumed, "en") == "900 rows, 50 a second, 2 s left"
    assert progress_line(Progress(900, None, 100, 2.0), "zh") == "900 行，每秒 50 行"
    assert Progress(100, 1000, 0, 2.0).left is None
