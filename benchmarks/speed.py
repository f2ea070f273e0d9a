"""Speed of one machine: many rows scored, explained and ruled on, beside what others take.

    python benchmarks/speed.py --write [--data FOLDER]

Two models: the one of the accuracy benchmark as it ships (29 singles and 100 pairs, with the
research policy of its jurisdiction for a tier) and the Chinese points model with its default
policy and law. Every measure is a process of its own with as many threads as it is told. In
memory, ours and the forecast of gradient boosting take turns within one process, so that a busy
machine slows both; figures that take long are measured on fewer rows and given per row. Cold and
warm single calls are measured by `benchmarks/officer_call.py`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from threading import Event, Thread
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import common  # noqa: E402
import numpy as np  # noqa: E402
import speed_people  # noqa: E402

from riskengine import Engine  # noqa: E402

ON = speed_people.ON
GEORGIA, CHINA = speed_people.GEORGIA, speed_people.CHINA
NAMES = {GEORGIA: "129 tables (Georgia)", CHINA: "points (China)"}
BATCH = 50_000
FITTED = 20_000
"""People whom the peers are fitted on."""
FEW = {"shap": 1_000, "ebm": 50_000, "ebm local": 1_000, "logistic": 100_000}
"""Rows of the peers that are slow, or that need a row in the form of objects."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


# --- What is measured, each in a process of its own ---------------------------------------------


def engine_of(model: str) -> Engine:
    """The engine; a research model gets its research policy, so that there are tiers to give."""
    if model == CHINA:
        return Engine.load(model)
    from riskengine.policy.bands import resolve
    from riskengine.policy.compiled import compile_policy
    from riskengine.store.lookup import find_policy

    engine = Engine.load(model, None, research=True)
    card = engine.scorecard
    policy, _ = find_policy("us_georgia_levels")
    cuts = resolve(policy.bands, card.document, policy=policy.id)
    compiled = compile_policy(policy, engine.instrument, cuts, scored=card.document.items)
    return replace(engine, policy=compiled)


def scorer(engine: Engine, names: tuple[str, ...], *, interval: bool) -> Callable[[Any], Any]:
    """Native Arrow columns to Arrow results with contributions, for one thread."""
    from riskengine.batch import legal
    from riskengine.batch.arrow import cells_of, record_batch
    from riskengine.batch.score import score_table
    from riskengine.batch.table import Reader

    reader = Reader("memory", names, engine.instrument, assessed_on=ON)

    def score(batch: Any) -> Any:
        cells = cells_of(batch.columns, reader)
        table = reader.read(cells, np.arange(1, batch.num_rows + 1), ON).table
        if engine.law is not None:
            table = legal.admitted(engine.law, table, ON)
        return record_batch(score_table(engine, table, on=ON, interval=interval), True)

    return score


def in_memory(folder: Path, model: str, threads: int, turns: int) -> dict[str, float]:
    """Ours and gradient boosting, in turns; median seconds of each."""
    import joblib
    import pyarrow as pa
    import pyarrow.parquet as pq

    engine = engine_of(model)
    table = pq.read_table(folder / "people.parquet")
    batches = list(table.to_batches(BATCH))
    names = tuple(table.column_names)
    boosting, codes = joblib.load(folder / "boosting.joblib"), np.load(folder / "codes.npy")
    kinds = {
        name: [scorer(engine, names, interval=interval) for _ in range(threads)]
        for name, interval in (("ours", False), ("ours, intervals", True))
    }

    def ours(scorers: list[Callable[[Any], Any]]) -> int:
        if threads == 1:
            return sum(scorers[0](batch).num_rows for batch in batches)
        with ThreadPoolExecutor(threads) as pool:
            shares = [
                pool.submit(
                    lambda one, mine: sum(one(b).num_rows for b in mine), one, batches[k::threads]
                )
                for k, one in enumerate(scorers)
            ]
            return sum(share.result() for share in shares)

    card = engine.scorecard
    rng = np.random.default_rng(1)
    states = np.array([rng.integers(0, a.known_states, len(codes)) for a in card.document.axes]).T

    def tables() -> None:
        from riskengine.policy.frame import bands_of
        from riskengine.scorecard.compiled import Encoded

        assert engine.policy is not None
        for first in range(0, len(states), BATCH):
            part = states[first : first + BATCH]
            numbers = np.full((len(part), len(card.linears)), np.nan)
            scores = card.scores(card.term_parts(Encoded(part, numbers)))
            bands_of(engine.policy, scores)

    def move() -> None:
        np.copyto(target, source)

    source = np.ones(1 << 27)
    target = np.zeros_like(source)
    took: dict[str, list[float]] = {}
    rows = 0
    for turn in range(turns + 1):
        jobs: dict[str, Callable[[], Any]] = {
            **{name: (lambda k=kind: ours(k)) for name, kind in kinds.items()},
            "tables": tables,
            "boosting": lambda: boosting.predict_proba(codes),
            "copy": move,
        }
        for name, job in jobs.items():
            began = time.perf_counter()
            found = job()
            if turn:  # the first turn warms up
                took.setdefault(name, []).append(time.perf_counter() - began)
            rows = found if name == "ours" else rows
    result = {name: statistics.median(times) for name, times in took.items()}
    for name in ("ours", "ours, intervals", "tables"):
        pairs = zip(took["boosting"], took[name], strict=True)
        result[f"boosting / {name}"] = statistics.median(b / o for b, o in pairs)
    result |= {"rows": len(codes), "given": rows, "bytes": 2.0 * source.nbytes}
    assert pa.cpu_count() == threads
    return result


def peers(folder: Path) -> dict[str, float]:
    """Seconds a row of the peers that explain, or start from native values."""
    import joblib
    import pyarrow.parquet as pq
    import shap

    codes = np.load(folder / "codes.npy", mmap_mode="r")
    found = {}

    def timed(name: str, rows: int, job: Callable[[], Any]) -> None:
        began = time.perf_counter()
        job()
        found[name] = (time.perf_counter() - began) / rows

    few = {name: min(rows, len(codes)) for name, rows in FEW.items()}
    explainer = shap.TreeExplainer(joblib.load(folder / "boosting.joblib"))
    explainer.shap_values(np.array(codes[:10]))
    timed("shap", few["shap"], lambda: explainer.shap_values(np.array(codes[: few["shap"]])))
    ebm = joblib.load(folder / "ebm.joblib")
    part, small = np.array(codes[: few["ebm"]]), np.array(codes[: few["ebm local"]])
    ebm.predict_proba(part[:10])
    timed("ebm", few["ebm"], lambda: ebm.predict_proba(part))
    timed("ebm local", few["ebm local"], lambda: ebm.explain_local(small))
    logistic, names = joblib.load(folder / "logistic.joblib")
    native = pq.read_table(folder / "people.parquet", columns=names).slice(0, few["logistic"])
    frame = native.to_pandas().astype(object)
    timed("logistic", few["logistic"], lambda: logistic.predict_proba(frame.fillna("")))
    return found


def files(source: Path, out: Path, model: str, jobs: int) -> dict[str, float]:
    """Parquet to Parquet with contributions."""
    from riskengine.batch.stream import Job, run

    research = model != CHINA
    policy = None if research else "cn_default"
    began = time.perf_counter()
    done = run(
        Job(str(source), str(out), model, policy, ON, ON, research=research, explain=True),
        jobs=jobs,
    )
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time(),
        "rows": done.rows,
        "rejected": done.rejected,
    }


def pyarrow_alone(source: Path, out: Path) -> dict[str, float]:
    """Read the input in batches and write what was written, with nothing in between."""
    import pyarrow.parquet as pq

    results = [*pq.ParquetFile(out).iter_batches(BATCH)]
    began = time.perf_counter()
    rows = sum(batch.num_rows for batch in pq.ParquetFile(source).iter_batches(BATCH))
    with pq.ParquetWriter(out.with_suffix(".again"), results[0].schema) as writer:
        for batch in results:
            writer.write_batch(batch)
    return {"seconds": time.perf_counter() - began, "rows": rows}


def held() -> float:
    """Memory that this process and those of its session hold now, in MB."""
    session, total = os.getsid(0), 0.0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                status = (entry / "status").read_text()
                total += float(status.split("VmRSS:")[1].split()[0]) / 1024
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return total


def watched(job: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Do a job and look at the memory twenty times a second."""
    most, done = [held()], Event()

    def look() -> None:
        while not done.wait(0.05):
            most.append(held())

    watcher = Thread(target=look)
    watcher.start()
    try:
        found = job()
    finally:
        done.set()
        watcher.join()
    return {**found, "mb before": most[0], "mb": max(most)}


def child(what: list[str]) -> None:
    """Measure one thing and print it as JSON."""
    import joblib

    name, folder, model, *more = what
    here = Path(folder)
    if name == "ready":
        people = people_of(model, Path(more[1]))
        joblib.dump(people, here / "base.joblib")
        write_people(people, int(more[0]), here / "people.parquet")
        fit_peers(people, model, here)
        found: dict[str, float | str] = {"source": people.source}
    elif name == "people":
        write_people(joblib.load(here / "base.joblib"), int(more[0]), here / f"{more[0]}.parquet")
        found = {}
    elif name == "memory":
        found = {**in_memory(here, model, int(more[0]), int(more[1]))}
    elif name == "peers":
        found = {**peers(here)}
    elif name == "files":
        found = {
            **watched(lambda: files(here / more[0], here / "out.parquet", model, int(more[1])))
        }
    else:
        found = {**pyarrow_alone(here / more[0], here / "out.parquet")}
    print(json.dumps(found))


# --- Making ready -------------------------------------------------------------------------------


def people_of(model: str, data: Path) -> speed_people.People:
    """A base of people for a model."""
    return speed_people.china() if model == CHINA else speed_people.georgia(data)


def write_people(people: speed_people.People, rows: int, path: Path) -> None:
    """Write native columns as Parquet, batch by batch."""
    import pyarrow.parquet as pq

    writer = None
    for table in people.batches(rows, seed=rows % 1000 + 1):
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def encoded(people: speed_people.People, items: tuple[str, ...], table: Any) -> np.ndarray:
    """Codes of the answers as numbers, NaN where there is none: what the peers are handed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = np.empty((table.num_rows, len(items)))
    for place, name in enumerate(items):
        levels = pc.unique(people.table[name]).drop_null()
        column = table[name].combine_chunks().cast(levels.type)
        at = pc.index_in(
            column, value_set=levels.sort() if pa.types.is_integer(levels.type) else levels
        )
        codes[:, place] = at.cast(pa.float64()).fill_null(float("nan")).to_numpy()
    return codes


def fit_peers(people: speed_people.People, model: str, folder: Path) -> None:
    """Fit and pickle boosting, explainable boosting and a logistic pipeline."""
    import warnings

    import joblib
    import pyarrow.parquet as pq
    from interpret.glassbox import ExplainableBoostingClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    document = engine_of(model).scorecard.document
    items, pairs = people.scored, sum(len(getattr(t, "axes", ())) == 2 for t in document.terms)
    learn = people.table.slice(0, FITTED)
    outcome, codes = people.outcome[:FITTED], encoded(people, items, learn)
    boosting = HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=0)
    joblib.dump(boosting.fit(codes, outcome), folder / "boosting.joblib")
    # one bag and few rounds: neither changes what a forecast costs
    ebm = ExplainableBoostingClassifier(
        interactions=pairs, outer_bags=1, max_rounds=50, n_jobs=1, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        joblib.dump(ebm.fit(codes, outcome), folder / "ebm.joblib")
    logistic = make_pipeline(
        OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=200)
    )
    frame = learn.select(list(items)).to_pandas().astype(object).fillna("").astype(str)
    joblib.dump((logistic.fit(frame, outcome), list(items)), folder / "logistic.joblib")
    table = pq.read_table(folder / "people.parquet", columns=list(items))
    np.save(folder / "codes.npy", encoded(people, items, table))


def measured(threads: int, *what: object) -> dict[str, Any]:
    """Run one measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", *map(str, what)],
        check=True, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, **dict.fromkeys(THREADS, str(threads))},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"load {os.getloadavg()[0]:.1f}", *what[:1], *what[2:], found, flush=True)
    return found


# --- The page -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """What is measured."""

    rows: int
    turns: int
    threads: tuple[int, ...]
    sizes: tuple[int, ...]
    data: Path | None


def micro(seconds: float, rows: float) -> str:
    """Microseconds a row."""
    return f"{seconds / rows * 1e6:,.2f}"


def measure(
    model: str, options: Options, folder: Path
) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Everything about one model: titles with rows of the page."""
    source = measured(1, "ready", folder, model, options.rows, options.data)["source"]
    slow = measured(1, "peers", folder, model)
    rows = []
    for threads in options.threads:
        found = measured(threads, "memory", folder, model, threads, options.turns)
        n = found["rows"]
        each = {
            "boosting, 100 trees, `predict_proba`, from coded answers": found["boosting"] / n,
        }
        if threads == 1:
            boosting = each["boosting, 100 trees, `predict_proba`, from coded answers"]
            each |= {
                "the same and `shap.TreeExplainer`": boosting + slow["shap"],
                "explainable boosting, `predict_proba`": slow["ebm"],
                "the same and `explain_local`": slow["ebm"] + slow["ebm local"],
                "pickled logistic pipeline, from native values": slow["logistic"],
            }
        # points without a calibrated risk have no interval
        kinds = ("ours", "ours, intervals")[: 1 + (model == GEORGIA)]
        bandwidth = found["bytes"] / found["copy"]
        written = 8.0 * len(engine_of(model).scorecard.term_ids)
        each["tables and bands alone, from coded answers"] = found["tables"] / n
        each[f"limit: the contributions moved at {bandwidth / 1e9:.0f} GB/s"] = written / bandwidth
        for title, name in zip(
            ("**ours**", "**ours, with intervals of risk**"), kinds, strict=False
        ):
            rows.append((title, str(threads), f"{n:,}", micro(found[name], n), "", ""))
        measured_rows = (
            dict(zip(list(each)[1:5], FEW.values(), strict=False)) if threads == 1 else {}
        )
        for title, seconds in each.items():
            ratios = [seconds * n / found[name] for name in kinds]
            if title.startswith("boosting"):
                ratios = [found[f"boosting / {name}"] for name in kinds]
            cells = [f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:,.2g}" for ratio in ratios]
            cells += ["–"] * (2 - len(cells))
            count = min(measured_rows.get(title, n), n)
            rows.append((title, str(threads), f"{count:,}", micro(seconds, 1), *cells))
    yield f"{NAMES[model]}: in memory ({source})", rows
    lines = []
    for jobs in options.threads:
        found = measured(1, "files", folder, model, "people.parquet", jobs)
        alone = measured(1, "pyarrow", folder, model, "people.parquet")
        lines.append(
            (str(jobs), f"{options.rows:,}", f"{found['seconds']:.1f}",
             f"{options.rows / found['seconds']:,.0f}", f"{alone['seconds']:.1f}",
             f"{found['seconds'] / alone['seconds']:.1f}")
        )  # fmt: skip
    yield f"{NAMES[model]}: Parquet to Parquet, explained", lines
    scaled = []
    for size in options.sizes:
        many = size > 10**6
        if many and model != CHINA:
            continue
        measured(1, "people", folder, model, size)
        for jobs in options.threads[:1] if many else options.threads:
            found = measured(1, "files", folder, model, f"{size}.parquet", jobs)
            scaled.append(
                (f"{size:,}", str(jobs), f"{found['seconds']:.1f}",
                 micro(found["seconds"], size),
                 # the time of the other processes is not known here
                 micro(found["cpu"], size) if jobs == 1 else "–", f"{found['mb']:,.0f}")
            )  # fmt: skip
        (folder / f"{size}.parquet").unlink()
    yield f"{NAMES[model]}: cost by rows", scaled


HEADS = (
    ("what", "threads", "rows measured", "µs a row", "times ours", "times ours with intervals"),
    ("processes", "rows", "seconds", "rows a second", "pyarrow alone, seconds", "times pyarrow"),
    (
        "rows",
        "processes",
        "seconds",
        "µs a row",
        "µs of the processor a row",
        "peak memory of all processes, MB",
    ),
)
PAGE = """{when}. Load before: {load}. Times hold for one machine; ratios travel better.

Ours starts from native columns as Arrow (strings and numbers as an office's file holds them) and
ends with Arrow: every answer checked, law and rules applied, score, every contribution, tier and
its doubt, rule, alerts. One row in a thousand holds an answer that cannot be read and is refused
with its reason. The peers start from numbers that somebody coded for them beforehand, only
forecast, and know no rules. Ours and boosting take turns in one process; the ratio is the median
of {turns} turns. SHAP, explainable boosting and the logistic pipeline are measured on the rows
that the table says. With two threads ours shares the batches of {batch:,} rows between them.
*Limit*: what it takes to move as many bytes as the contributions have, by `numpy.copyto` of a
gigabyte.

{tables}

*Times pyarrow*: reading the same input and writing the same output with pyarrow alone. A run of
several processes uses one thread in each. *Peak memory* is what all of them hold together at once,
looked at twenty times a second; beyond a million rows it is measured with the points model alone.
"""


def main() -> int:
    """Measure and write the page."""
    if sys.argv[1:2] == ["--one"]:
        child(sys.argv[2:])
        return 0
    parser = common.arguments(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=[10**3, 10**4, 10**5, 10**6, 10**7]
    )
    parser.add_argument("--models", nargs="+", default=[GEORGIA, CHINA], choices=[GEORGIA, CHINA])
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks")
    given = parser.parse_args()
    options = Options(
        given.rows, given.turns, tuple(given.threads), tuple(given.sizes), given.data
    )
    load, tables = f"{os.getloadavg()[0]:.1f}", []
    for model in given.models:
        with tempfile.TemporaryDirectory() as folder:
            for head, (title, rows) in zip(
                HEADS, measure(model, options, Path(folder)), strict=True
            ):
                if rows:
                    tables.append(f"## {title}\n\n{common.table(head, rows)}")
                    print(tables[-1], flush=True)
    body = PAGE.format(
        when=f"Measured on {date.today():%Y-%m-%d}", load=load, turns=options.turns, batch=BATCH,
        tables="\n\n".join(tables),
    )  # fmt: skip
    if given.write:
        common.write_report("speed", "Speed", body, "python benchmarks/speed.py --write")
    else:
        print(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
