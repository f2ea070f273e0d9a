"""Do the intervals of an evaluation hold, and how long does one take?

    python benchmarks/evaluation.py

Made-up cohorts scored by a true model: how often the 95 % interval holds the truth. Then one
cohort of 100,000 people with eight groupings: processor time, beside drawing the people alone.
"""

from __future__ import annotations

import time

import numpy as np
from common import arguments, machine, table, versions_line
from scipy.special import expit

from riskengine.evaluation.cells import resampled
from riskengine.evaluation.groups import Division, group_task
from riskengine.evaluation.intervals import interval
from riskengine.evaluation.measuring import measure
from riskengine.evaluation.overall import CutAt, layout, overall_task
from riskengine.evaluation.people import People, column_grouping
from riskengine.evaluation.shares import share_interval
from riskengine.evaluation.suppression import SMALLEST
from riskengine.text import Text

TRUE = {"observed_expected": 1.0, "calibration_in_the_large": 0.0, "calibration_slope": 1.0}
PEOPLE, DRAWS = 800, 400
"""Of every cohort whose intervals are looked at."""
LEVELS = (2, 9, 4, 3, 8, 8, 12, 2)


def people(size: int, seed: int, *, coarse: bool) -> People:
    """People whose risks are true; scores in tenths of log-odds, or all different."""
    rng = np.random.default_rng(seed)
    line = rng.normal(-1, 1, size)
    unit = 10 if coarse else 2**40
    score = np.round(line * unit).astype(np.int64)
    log_odds = score / unit
    return People(
        score=score,
        log_odds=log_odds,
        risk=expit(log_odds),
        outcome=(rng.random(size) < expit(log_odds)).astype(np.int64),
        weight=np.ones(size),
        horizon_days=365,
    )


def coverage(size: int, cohorts: int, draws: int) -> dict[str, float]:
    """Share of cohorts whose interval holds the truth."""
    held = dict.fromkeys(TRUE, 0)
    for seed in range(cohorts):
        of = people(size, 1000 + seed, coarse=True)
        task = overall_task(of, layout(of, [], SMALLEST))
        (found,) = measure([task], of.outcome, of.weight, draws=draws, seed=seed)
        for name, truth in TRUE.items():
            one = interval(float(found.value[name][0]), found.draws[name][:, 0])
            held[name] += one.low <= truth <= one.high
    return {name: count / cohorts for name, count in held.items()}


def seconds(size: int, draws: int, *, coarse: bool) -> tuple[float, float]:
    """Processor time of measuring everything, and of drawing the people alone."""
    of = people(size, 1, coarse=coarse)
    rng = np.random.default_rng(0)
    cut = CutAt(
        "strict", "tier", Text(zh="严管", en="strict"), int(np.quantile(of.score, 0.8)), 0.4
    )
    plan = layout(of, [cut], SMALLEST)
    tasks = [overall_task(of, plan)]
    for number, levels in enumerate(LEVELS):
        grouping = column_grouping(f"item_{number}", rng.integers(0, levels, size).tolist())
        tasks.append(group_task(of, Division.of(grouping), [cut], plan.smoother))
    start = time.process_time()
    measure(tasks, of.outcome, of.weight, draws=draws, seed=1)
    middle = time.process_time()
    for _ in resampled(of.weight, draws, 1):
        pass
    return middle - start, time.process_time() - middle


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=500)
    chosen = parser.parse_args()
    held = coverage(PEOPLE, chosen.cohorts, DRAWS)
    rows = []
    for coarse in (True, False):
        whole, drawing = seconds(chosen.people, chosen.draws, coarse=coarse)
        scores = "coarse (points)" if coarse else "all different"
        rows.append((scores, f"{whole:.1f}", f"{drawing:.1f}"))
    covered = []
    for name, share in held.items():
        low, high = share_interval(round(share * chosen.cohorts), chosen.cohorts)
        covered.append((name, f"{share:.3f}", f"{low:.3f} to {high:.3f}"))
    print(f"{chosen.cohorts} cohorts of {PEOPLE} people, {DRAWS} draws each")
    print(table(("figure", "share of intervals that hold the truth", "95 %"), covered))
    print(table(("scores", "everything, s", "drawing people, s"), rows))
    print(machine(), versions_line())


if __name__ == "__main__":
    main()
