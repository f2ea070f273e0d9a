"""Processor time of one explanation, warm, beside that of one recommendation.

Usage: ``python benchmarks/explanation_time.py [PEOPLE]``. Made-up people of the Chinese template.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time

from riskengine import Engine
from riskengine.explanation.disclosure import for_person
from riskengine.synthetic import assessments, make_province


def milliseconds(call, people) -> list[float]:
    taken = []
    for one in people:
        best = []
        for _ in range(3):
            start = time.process_time()
            call(one)
            best.append(1e3 * (time.process_time() - start))
        taken.append(min(best))
    return taken


def main() -> None:
    """Print a table: median and 95th percentile over people, best of three calls each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    engine = Engine.load()
    people = assessments(make_province(4, count // 4, seed=5))
    on = max(one.assessed_on for one in people)
    engine.explain(people[0], on=on)
    print(f"Python {platform.python_version()}, {platform.machine()}, {len(people)} people")
    print("| call | median ms | 95th percentile ms |")
    print("|---|---|---|")
    for name, call in (
        ("recommend", lambda one: engine.recommend(one, on=on)),
        ("explain", lambda one: engine.explain(one, on=on)),
        ("explain and notice", lambda one: for_person(engine.explain(one, on=on))),
    ):
        taken = milliseconds(call, people)
        print(
            f"| {name} | {statistics.median(taken):.2f} | {sorted(taken)[int(0.95 * count)]:.2f} |"
        )


if __name__ == "__main__":
    main()
