"""Recommendations for many assessments: encoded and scored together, judged one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from riskengine.explanation.factors import risk_text
from riskengine.explanation.judgement import Judgement, judge, legal_view, stopped
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.problems import problem
from riskengine.intake.read import Row
from riskengine.scorecard.compiled import probability
from riskengine.scorecard.uncertainty import (
    another_rating,
    half_width,
    interval_variance,
    model_variance,
)

if TYPE_CHECKING:
    from riskengine.engine import Engine

COLUMNS = (
    "id",
    "score",
    "probability",
    "probability_low",
    "probability_high",
    "tier",
    "status",
    "binding_rule",
)
CHUNK = 10_000

Cell = str | int | None


def usable(row: Row, on: date) -> Row:
    """Reject a row whose assessment lies after the day of the recommendation."""
    assessment = row.assessment
    if assessment is None or assessment.assessed_on <= on:
        return row
    accepted = (f"不晚于 {on.isoformat()}", f"{on.isoformat()} or earlier")
    day = assessment.assessed_on.isoformat()
    late = problem("assessed_later", "assessed_on", day, accepted)
    return Row(row.number, row.person, None, (late,))


def contribution_columns(engine: Engine) -> tuple[str, ...]:
    """Names of the contribution columns, one a term."""
    return tuple(f"contribution_{term}" for term in engine.scorecard.term_ids)


def score_rows(
    engine: Engine,
    assessments: Iterable[Assessment],
    *,
    on: date,
    explain: bool = False,
    chunk: int = CHUNK,
) -> Iterator[Mapping[str, Cell]]:
    """Give one flat row a person, in the order of the input, in bounded memory.

    Columns are those of `COLUMNS`, then `contribution_columns` where ``explain`` is set. ``tier``
    holds both tiers, joined by ``|`` with the less restrictive first, where either is defensible.
    Where the law leaves no score, everything but ``id``, ``status`` and ``binding_rule`` is empty.
    """
    engine.check_in_force(on)
    source = (engine.checked(assessment, on) for assessment in assessments)
    while batch := list(islice(source, chunk)):
        yield from _chunk(engine, batch, on=on, explain=explain)


def _chunk(
    engine: Engine, people: Sequence[Assessment], *, on: date, explain: bool
) -> Iterator[Mapping[str, Cell]]:
    card = engine.scorecard
    encoded = card.encode(person.complete for person in people)
    parts = card.term_parts(encoded)
    scores = card.scores(parts)
    model = model_variance(card, encoded)
    risks = low = high = None
    if card.document.scale == "calibrated":
        log_odds = card.log_odds(scores)
        risks = probability(log_odds)
        total = interval_variance(card, encoded)
        if total.any():
            reach = half_width(card.document.uncertainty.level) * total**0.5
            low, high = probability(log_odds - reach), probability(log_odds + reach)
    names = contribution_columns(engine) if explain else ()
    for i, person in enumerate(people):
        legal = legal_view(engine.law, person, on)
        row: dict[str, Cell] = dict.fromkeys((*COLUMNS, *names))
        row["id"] = person.person
        if legal.stop is not None:
            judgement: Judgement = stopped(legal)
            row["binding_rule"] = legal.stop.constraint
        else:
            judgement = judge(
                scorecard=card,
                policy=engine.policy,
                legal=legal,
                assessment=person,
                score=int(scores[i]),
                model_variance=float(model[i]),
                rerating=another_rating(card, encoded.states[i]),
                on=on,
            )
            row["score"] = int(scores[i])
            if risks is not None:
                row["probability"] = risk_text(float(risks[i]))
            if low is not None and high is not None:
                row["probability_low"] = risk_text(float(low[i]))
                row["probability_high"] = risk_text(float(high[i]))
            row["tier"] = "|".join(tier.value for tier in judgement.tiers) or None
            if judgement.ruling is not None:
                row["binding_rule"] = judgement.ruling.binding.id
            row.update(zip(names, parts[i].tolist(), strict=False))
        row["status"] = judgement.status
        yield row
