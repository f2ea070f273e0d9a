"""How often the promotion gate errs: passes a worse model, or does not pass a good one.

Made-up people whose true risks are known, a live score and a candidate with errors of known size.
Both are calibrated unless a scenario says otherwise, so that the candidate's true loss is known:
by Brier skill at the margin, beyond it, or none. A truly worse model that passes is the error; a
truly equal or better one that passes is the power. The rest is refusals and `cannot tell`.

    python benchmarks/promotion_gate.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from common import REPORTS  # type: ignore[import-not-found]
from numpy.typing import NDArray

from riskengine.evaluation.metrics import sigmoid
from riskengine.evaluation.people import Grouping
from riskengine.registry.gate import Evidence, GateReport, judge
from riskengine.registry.measuring import Judged, measure
from riskengine.registry.rules import GateRules, find_gate_rules
from riskengine.text import Text

SEXES = ("male", "female")
AGES = ("18_24", "25_34", "35_44", "from_45")
ON = date(2026, 3, 2)
CUT = 0.25
LIVE = 1.0
"""Standard deviation of the live score's error, in log-odds; that of the truth is one."""
TOGETHER = 0.8
"""Correlation of the errors of the two scores: they see mostly the same answers."""
SIZES = (1_000, 3_000, 10_000, 30_000)


@dataclass
class Made:
    """People of known risk, in two groupings; scores of known quality."""

    people: int
    seed: int
    base: float = -1.8
    spread: float = 1.0
    women: float = 0.25

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.true = self.base + self.spread * rng.standard_normal(self.people)
        self.outcome: NDArray[np.int64] = (rng.random(self.people) < sigmoid(self.true)).astype(
            np.int64
        )
        self.female = rng.random(self.people) < self.women
        self.groups = {
            "sex": division("sex", SEXES, self.female.astype(np.int64)),
            "age": division("age", AGES, rng.integers(0, len(AGES), self.people)),
        }
        self.shared = rng.standard_normal(self.people)

    def score(
        self,
        noise: float,
        *,
        shift: float = 0.0,
        women: float = 0.0,
        cut: float = CUT,
        seed: int = 0,
        together: float = TOGETHER,
    ) -> Judged:
        """Give the best guess of the log-odds from an observation with an error.

        The risk is the mean over what the observation leaves open (Gauss-Hermite), so that the
        score is calibrated whatever its error.

        Parameters
        ----------
        noise
            Standard deviation of the error, in log-odds.
        shift, women
            Miscalibration of everybody, and of women on top.
        seed, together
            Of this score's own part of the error, and the share that all scores have in common.
        """
        rng = np.random.default_rng((self.seed, seed, round(noise * 1e6)))
        own = rng.standard_normal(self.people)
        error = noise * (np.sqrt(together) * self.shared + np.sqrt(1.0 - together) * own)
        keep = self.spread**2 / (self.spread**2 + noise**2)
        middle = self.base + keep * (self.true + error - self.base)
        open_ = self.spread * np.sqrt(1.0 - keep)
        points, weights = np.polynomial.hermite_e.hermegauss(9)
        risk = sigmoid(middle[:, None] + open_ * points) @ (weights / weights.sum())
        log_odds = np.log(risk / (1.0 - risk)) + shift + women * self.female
        risk = sigmoid(log_odds)
        return Judged(rank=log_odds, log_odds=log_odds, risk=risk, flagged=risk >= cut)


def division(name: str, levels: tuple[str, ...], of: NDArray[np.int64]) -> Grouping:
    """Divide people by hand."""
    labels = tuple(Text(zh=level, en=level) for level in levels)
    return Grouping(name, Text(zh=name, en=name), levels, labels, of)


def asked(made: Made, candidate: Judged, live: Judged, rules: GateRules, cut: float) -> GateReport:
    """Ask the gate about one candidate."""
    validation = measure(
        candidate,
        live,
        made.outcome,
        kind="temporal",
        threshold=cut,
        groups=made.groups,
        level=rules.values["interval_level"],
    )
    evidence = Evidence(
        on=ON,
        candidate="candidate@2",
        live="live@1",
        purpose="operational",
        calibrated=True,
        live_calibrated=True,
        evaluation="there",
        evaluated_on=ON,
        validation=validation,
    )
    return judge(evidence, rules)


@lru_cache(maxsize=2)
def _crowd(base: float) -> Made:
    return Made(200_000, seed=99, base=base)


@lru_cache(maxsize=256)
def skill(noise: float, base: float) -> float:
    """True Brier skill of a score with an error, from 200,000 people's true risks."""
    made = _crowd(base)
    risk = made.score(noise, seed=1).risk
    assert risk is not None
    chance = sigmoid(made.true)
    share = float(chance.mean())
    brier = float(np.mean(chance * (1 - risk) ** 2 + (1 - chance) * risk**2))
    return 1.0 - brier / (share * (1.0 - share))


def noise_for(loss: float, base: float) -> float:
    """Size of the error at which a score has so much less Brier skill than the live one."""
    wanted = skill(LIVE, base) - loss
    low, high = 0.05, 6.0
    for _ in range(12):
        middle = (low + high) / 2.0
        low, high = (middle, high) if skill(middle, base) > wanted else (low, middle)
    return low


@dataclass(frozen=True)
class Scenario:
    """A candidate of known truth."""

    name: str
    truth: str
    noise: float
    shift: float = 0.0
    women: float = 0.0


def scenarios(base: float, rules: GateRules) -> Iterator[Scenario]:
    """What the gate is tried on."""
    margin = rules.values["brier_margin"]
    bound, group = rules.values["calibration_bound"], rules.values["group_calibration_bound"]
    yield Scenario("better by 0.02 of Brier skill", "good", noise_for(-0.02, base))
    yield Scenario("as good", "good", LIVE)
    edge = noise_for(margin, base)
    yield Scenario(f"worse by {margin:g} of Brier skill: at the margin", "bad", edge)
    yield Scenario("worse by 0.03 of Brier skill", "bad", noise_for(0.03, base))
    better = noise_for(-0.02, base)
    yield Scenario(f"better, off by {bound:g} in the large: at the bound", "bad", better, bound)
    yield Scenario("better, off by 0.5 in the large", "bad", better, 0.5)
    yield Scenario(f"better, off by {group:g} for women: at the bound", "bad", better, 0.0, group)
    yield Scenario("better, off by 0.8 for women", "bad", better, 0.0, 0.8)


def shares(
    scenario: Scenario, people: int, base: float, cut: float, runs: int, rules: GateRules
) -> dict[str, float]:
    """How often each answer is given."""
    found = {"pass": 0, "refuse": 0, "cannot_tell": 0}
    for run in range(runs):
        made = Made(people, seed=run, base=base)
        live = made.score(LIVE, seed=1, cut=cut)
        candidate = made.score(
            scenario.noise, seed=2, shift=scenario.shift, women=scenario.women, cut=cut
        )
        found[asked(made, candidate, live, rules, cut).answer] += 1
    return {name: count / runs for name, count in found.items()}


def table(
    base: float, cut: float, sizes: tuple[int, ...], runs: int, rules: GateRules
) -> tuple[list[str], list[Row]]:
    """One table for one base rate, in words and as rows."""
    rows = []
    share = float(sigmoid(_crowd(base).true).mean())
    lines = [
        f"## {share:.1%} of people with the event, strict from a risk of {cut:g}",
        "",
        "| candidate | truly | people | events | pass | cannot tell | refuse |",
        "|---|---|---|---|---|---|---|",
    ]
    for scenario in scenarios(base, rules):
        for people in sizes:
            found = shares(scenario, people, base, cut, runs, rules)
            lines.append(
                f"| {scenario.name} | {scenario.truth} | {people:,} | {share * people:,.0f} | "
                f"{found['pass']:.1%} | {found['cannot_tell']:.1%} | {found['refuse']:.1%} |"
            )
            print(lines[-1], flush=True)
            rows.append(
                Row(scenario.name, scenario.truth, share * people, found["pass"], found["refuse"])
            )
    return [*lines, ""], rows


@dataclass(frozen=True)
class Row:
    """One row of a table: a scenario at one number of people."""

    name: str
    truth: str
    events: float
    passed: float
    refused: float


def notes(rows: list[Row], runs: int) -> str:
    """Say what the tables show, in their own figures."""

    def most(of: list[Row]) -> str:
        return f"{max((one.passed for one in of), default=0.0):.1%}"

    bad = [one for one in rows if one.truth == "bad"]
    edge = [one for one in bad if one.name.startswith("worse") and "at the margin" in one.name]
    others = [one for one in bad if one not in edge]
    equal = sorted((one for one in rows if one.name == "as good"), key=lambda one: one.events)
    power = "; ".join(f"{one.events:,.0f} events {one.passed:.0%}" for one in equal)
    refused = [one.refused for one in equal]
    return "\n".join(
        [
            "## What it says",
            "",
            f"- Passed at most, in any row of {runs} runs: at the margin of the Brier score "
            f"{most(edge)}, of all other bad candidates {most(others)}.",
            "- A shift of everybody or of women also sends more people without the event into the "
            "strict band, and that margin refuses as well: these rows do not test the bound of "
            "calibration by itself.",
            f"- Power needs events. An equally good model passed with {power}.",
            f"- A model that is truly as good was refused in {min(refused):.1%} to "
            f"{max(refused):.1%} of runs: the price of refusing whatever looks certainly worse, "
            "asked twice (Brier score and net benefit).",
            "- Calibrated scores and six groups; more groups mean more *cannot tell*.",
            "",
        ]
    )


def main() -> None:
    """Simulate, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    given = parser.parse_args()
    rules = find_gate_rules()
    started = time.monotonic()
    sizes = tuple(given.sizes)
    reach = 1.96 * np.sqrt(0.025 * 0.975 / given.runs)
    text = [
        "# How often the promotion gate errs",
        "",
        "Made-up people of known risk; a live score and a candidate whose errors (in log-odds, "
        f"correlation {TOGETHER:g}) have a known size. Six groups are judged: two sexes, a "
        "quarter women, and four bands of age. *Bad* candidates should never pass: the gate's "
        "error is the share of them that does. *Good* ones should: that share is its power. At a "
        f"margin or bound the error may be up to 2.5 % (± {reach:.1%} with {given.runs} runs); "
        "candidates beyond it should pass even less often.",
        "",
        f"{given.runs} runs a row, thresholds `{rules.name}`, seeds 0 to {given.runs - 1}. "
        "`python benchmarks/promotion_gate.py` makes this page.",
        "",
    ]
    every: list[Row] = []
    for base, cut in ((-1.8, CUT), (-3.6, 0.08)):
        lines, rows = table(base, cut, sizes, given.runs, rules)
        text += lines
        every += rows
    print(f"{time.monotonic() - started:.0f} s")
    (REPORTS / "promotion_gate.md").write_text(
        "\n".join([*text, notes(every, given.runs)]), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
