"""What is not known and what would change it, against trying everything.

Run with ``python benchmarks/explanation.py --write``. For Georgia people (research mode, score
alone) and for synthetic people under the default policy up to six answers are taken out, with
every code for an answer that is not known. The range of score and tier is compared with all valid
completions, tried one at a time by a second evaluator (`tests.support.brute` and `naive`).
Every set of changes is run through the engine, and every other set of up to three changes is tried
as well, so that none smaller is left out.
"""

from __future__ import annotations

import random
import statistics
import time
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from common import GEORGIA, arguments, table, write_report

from riskengine import Engine
from riskengine.errors import AssessmentError
from riskengine.explanation import explain
from riskengine.intake.read import read_assessments
from riskengine.synthetic import assessments, make_province
from tests.support import brute

ON = date(2015, 1, 1)


def georgia(path: Path, people: int, most: int) -> brute.Tally:
    """Compare the ranges of Georgia people; there is no policy, so scores alone."""
    engine = Engine.load("georgia_parole_3y", research=True)
    slow = brute.Slow(engine)
    rows = islice(read_assessments(path, engine.instrument, assessed_on=ON), people)
    rng = random.Random(11)
    tally = brute.Tally()
    pool = tuple(engine.scorecard.document.items)
    for row in rows:
        assert row.assessment is not None
        raw, items = brute.blanked(slow, row.assessment.to_dict(), pool, rng, most)
        brute.check_range(slow, raw, items, ON, [], tally)
    return tally


def synthetic(people: int, most: int) -> brute.Tally:
    """Compare the ranges of synthetic people under the default policy."""
    slow = brute.Slow(Engine.load())
    rng = random.Random(12)
    tally = brute.Tally()
    for assessment in assessments(make_province(2, people // 2, seed=31)):
        raw, on, history = brute.cn_person(assessment, rng)
        raw, items = brute.blanked(slow, raw, brute.CN_POOL, rng, most)
        brute.check_range(slow, raw, items, on, history, tally)
    return tally


def changes(people: int, whole: int) -> brute.Changes:
    """Run every set; for the first ``whole`` people try all other sets as well."""
    slow = brute.Slow(Engine.load())
    rng = random.Random(13)
    tally = brute.Changes()
    for i, assessment in enumerate(assessments(make_province(2, people // 2, seed=32))):
        raw, on, history = brute.cn_person(assessment, rng)
        brute.check_changes(slow, raw, on, history, tally, smaller=i < whole)
    return tally


def speed(people: int) -> list[tuple[str, str]]:
    """Warm times of one call, by how many questions are open, and of the search for changes."""
    engine = Engine.load()
    slow = brute.Slow(engine)
    rng = random.Random(14)
    by_open: dict[int, list[float]] = {}
    for assessment in assessments(make_province(2, people // 2, seed=33)):
        raw, items = brute.blanked(slow, assessment.to_dict(), brute.CN_POOL, rng, 10**9)
        try:
            one = engine.assessment(raw)
        except AssessmentError:
            continue
        on = assessment.assessed_on + timedelta(days=60)
        began = time.process_time()
        found = engine.recommend(one, on=on)
        taken = (time.process_time() - began) * 1000
        if found.score is not None:
            by_open.setdefault(len(found.missing.items) if found.missing else 0, []).append(taken)
    rows = [
        (
            f"warm recommendation, processor time, {n} open questions ({len(some)} people)",
            f"{statistics.median(some):.2f} ms, 95 % below {_high(some):.2f} ms",
        )
        for n, some in sorted(by_open.items())
        if len(some) >= 20
    ]
    spent: list[float] = []
    search = explain.what_would_change

    def timed(*given: object, **named: object) -> object:
        began = time.process_time()
        found = search(*given, **named)  # type: ignore[arg-type]
        spent.append((time.process_time() - began) * 1000)
        return found

    explain.what_would_change = timed  # type: ignore[assignment]
    for assessment in assessments(make_province(2, people // 2, seed=34)):
        engine.explain(assessment, on=assessment.assessed_on + timedelta(days=60))
    explain.what_would_change = search
    rows.append(
        (
            f"what would change it, processor time ({len(spent)} people)",
            f"{statistics.median(spent):.2f} ms, 95 % below {_high(spent):.2f} ms",
        )
    )
    return rows


def _high(some: list[float]) -> float:
    return sorted(some)[int(0.95 * (len(some) - 1))]


def _ranges(name: str, tally: brute.Tally) -> list[tuple[str, str]]:
    assert tally.wrong is not None
    return [
        (f"{name}: people", f"{tally.people:,}"),
        (f"{name}: compared with all valid completions", f"{tally.compared:,}"),
        (f"{name}: of them marked exact", f"{tally.exact:,}"),
        (f"{name}: valid completions tried", f"{tally.completions:,}"),
        (f"{name}: a next question that settles the tier", f"{tally.settling:,}"),
        (f"{name}: differences", f"{len(tally.wrong):,}"),
    ]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument(
        "--whole", type=int, default=1000, help="people whose other sets are tried"
    )
    parser.add_argument("--most", type=int, default=300, help="joint answers tried for a person")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks")
    options = parser.parse_args()
    rows: list[tuple[str, str]] = []
    wrong: list[str] = []
    path = options.data / GEORGIA
    if path.is_file():
        found = georgia(path, options.people, options.most)
        rows += _ranges("Georgia", found)
        wrong += found.wrong or []
    else:
        rows.append(("Georgia", "not measured: the data are not in the folder"))
    found = synthetic(options.people, options.most)
    rows += _ranges("synthetic", found)
    wrong += found.wrong or []
    sets = changes(options.people, options.whole)
    assert sets.wrong is not None and sets.states is not None
    wrong += sets.wrong
    states = ", ".join(f"{name} {n}" for name, n in sorted(sets.states.items()))
    rows += [
        ("changes: people", f"{sets.people:,}"),
        ("changes: how it ended", states),
        ("changes: sets run through the engine", f"{sets.sets:,}"),
        ("changes: people of whom all other sets were tried", f"{options.whole:,}"),
        ("changes: other sets and days tried", f"{sets.tried:,}"),
        ("changes: differences", f"{len(sets.wrong):,}"),
    ]
    rows += speed(400)
    for line in wrong[:20]:
        print(line)
    body = (
        "Up to six answers taken out of an assessment, with all four codes; so few that every "
        f"joint answer can be tried ({options.most:,} for a person). To be met: no difference "
        "anywhere.\n\nA person is not compared where what is left no longer stands together, or "
        "where the law stops the engine. A set of changes is tried on the first day on which all "
        "its answers could hold and every 45 days after it, to the end of the term. Other items "
        "than those that the scorecard or the policy reads are not tried: nothing reads them.\n\n"
        + table(("figure", "value"), rows)
    )
    if options.write:
        write_report(
            "explanation", "What is not known and what would change it", body,
            "python benchmarks/explanation.py --write",
        )  # fmt: skip
    else:
        print(body)


if __name__ == "__main__":
    main()
