"""A million rows through the rules of a policy, beside the time of scoring them.

Run with ``python benchmarks/policy_rows.py``. Both sides start from columns in memory and end with
arrays: on one side encoded answers become scores, on the other scores, answers, dates, earlier
tiers and events become tiers with the rule that each rests on. The two take turns; the ratio is
the median over the turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import date

import numpy as np
from common import machine, table, write_report

from riskengine import Engine
from riskengine.policy.columns import Column, People, asked_for, coder, day_number
from riskengine.policy.compiled import Policy
from riskengine.policy.frame import rule_on_frame
from riskengine.policy.history import SANCTIONS
from riskengine.scorecard.compiled import Encoded, Scorecard

ON = date(2026, 6, 1)


def encoded(card: Scorecard, rows: int, rng: np.random.Generator) -> Encoded:
    """Random states on every axis, "not known" among them."""
    states = [rng.integers(0, axis.states, rows) for axis in card.document.axes]
    return Encoded(
        states=np.stack(states, axis=1).astype(np.int64),
        numbers=np.full((rows, len(card.linears)), np.nan),
    )


def people(policy: Policy, rows: int, rng: np.random.Generator) -> People:
    """People with answers to what the policy asks for, earlier tiers, and some sanctions."""
    instrument = policy.instrument
    columns: dict[str, Column] = {}
    start = day_number(ON) - rng.integers(0, 700, rows)
    for name in asked_for(policy):
        codes = coder(instrument, name).codes
        if codes is not None:
            columns[name] = rng.integers(-1, len(codes), rows).astype(np.int16)
            if name in ("last_appraisal", "special_category"):
                usual = codes["pass" if name == "last_appraisal" else "none"]
                columns[name] = np.where(rng.random(rows) < 0.9, usual, columns[name])
        else:
            columns[name] = rng.choice([0.0, 1.0, 2.0, np.nan], rows, p=[0.93, 0.04, 0.01, 0.02])
    columns["start_date"] = start
    columns["end_date"] = start + rng.integers(61, 1096, rows)
    newest, count = {}, {}
    for kind in SANCTIONS:
        day = day_number(ON) - rng.integers(0, 400, rows)
        happened = rng.random(rows) < 0.1
        newest[kind] = np.where(happened, day, np.nan)
        count[kind] = happened.astype(np.int64)
    return People(
        n=rows,
        columns=columns,
        kinds=np.ones(rows, dtype=np.int16),
        current=rng.integers(-1, 3, rows).astype(np.int8),
        since=day_number(ON) - rng.integers(0, 300, rows),
        events_known=np.ones(rows, dtype=np.bool_),
        newest=newest,
        count=count,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks")
    options = parser.parse_args()
    engine = Engine.load()
    card, policy = engine.scorecard, engine.policy
    assert policy is not None
    rng = np.random.default_rng(7)
    answers, everybody = encoded(card, options.rows, rng), people(policy, options.rows, rng)
    scoring, ruling = [], []
    for _ in range(options.turns):
        began = time.perf_counter()
        scores = card.scores(card.term_parts(answers))
        scored = time.perf_counter()
        found = rule_on_frame(policy, everybody, scores, on=ON)
        scoring.append(scored - began)
        ruling.append(time.perf_counter() - scored)
    ratio = statistics.median(r / s for r, s in zip(ruling, scoring, strict=True))
    shares = [float((found.tier == rank).mean()) for rank in range(3)]
    rows = [
        ("rows", f"{options.rows:,}"),
        (f"scoring, median of {options.turns}", f"{statistics.median(scoring):.3f} s"),
        (f"rules, median of {options.turns}", f"{statistics.median(ruling):.3f} s"),
        ("rules over scoring, median of pairs", f"{ratio:.2f}"),
        ("tables of the scorecard", f"{len(card.tables)}"),
        ("rules of the policy", f"{len(policy.rules)}"),
        ("relaxed, ordinary, strict among these people", ", ".join(f"{s:.2f}" for s in shares)),
    ]
    body = (
        "Made-up people under the default policy, with earlier tiers, minimum stays and dated "
        "sanctions. To be met: the rules take at most the time of scoring (a ratio of 1).\n\n"
        + table(("figure", "value"), rows)
    )
    if options.write:
        write_report(
            "policy_rows", "A million rows through a policy", body,
            "python benchmarks/policy_rows.py --write",
        )  # fmt: skip
    else:
        print(body, machine(), sep="\n\n")


if __name__ == "__main__":
    main()
