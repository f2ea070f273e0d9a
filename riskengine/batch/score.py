"""Recommendations for many assessments: encoded, scored and ruled on together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from riskengine.explanation.factors import risk_text
from riskengine.explanation.judgement import defensible, legal_view, stability_of, stopped
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.problems import problem
from riskengine.intake.read import Row
from riskengine.policy.columns import people_of
from riskengine.policy.frame import rule_on_frame
from riskengine.policy.statutory import Case, StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Encoded, Floats, Integers, probability
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
    "alerts",
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
    ``alerts`` names the safety alerts that the answers raise, joined likewise: each is a task for
    the same day, whatever the tier. Where the law leaves no score, everything but ``id``,
    ``status``, ``binding_rule`` and ``alerts`` is empty.
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
    legal = [legal_view(engine.law, person, on) for person in people]
    rules = None if engine.policy is None else _Ruled(engine, people, encoded, scores, model, on)
    for i, person in enumerate(people):
        row: dict[str, Cell] = dict.fromkeys((*COLUMNS, *names))
        row["id"] = person.person
        row["alerts"] = _alerts(engine.law, person, on)
        stop = legal[i].stop
        if stop is not None:
            row["binding_rule"] = stop.constraint
            row["status"] = stopped(legal[i]).status
            yield row
            continue
        row["score"] = int(scores[i])
        if risks is not None:
            row["probability"] = risk_text(float(risks[i]))
        if low is not None and high is not None:
            row["probability_low"] = risk_text(float(low[i]))
            row["probability_high"] = risk_text(float(high[i]))
        row["status"] = "score_only"
        if rules is not None:
            tiers = rules.tiers(i)
            row["tier"] = "|".join(tier.value for tier in tiers)
            row["binding_rule"] = rules.frame.binding_of(i)
            row["status"] = "either" if len(tiers) == 2 else "recommended"
        row.update(zip(names, parts[i].tolist(), strict=False))
        yield row


def _alerts(law: StatutorySet | None, person: Assessment, on: date) -> str | None:
    """Name the safety alerts that somebody's answers raise; ``None`` where there are none."""
    if law is None:
        return None
    return "|".join(law.raised(Case(person, on))) or None


class _Ruled:
    """The rules of a policy over one chunk, and for each person the tiers that stand."""

    def __init__(
        self,
        engine: Engine,
        people: Sequence[Assessment],
        encoded: Encoded,
        scores: Integers,
        model: Floats,
        on: date,
    ) -> None:
        assert engine.policy is not None
        self.policy = policy = engine.policy
        columns = people_of(policy, people, on=on)
        self.frame = rule_on_frame(policy, columns, scores, on=on)
        self.stability = [
            stability_of(
                engine.scorecard,
                policy,
                int(scores[i]),
                model_variance=float(model[i]),
                rerating=another_rating(engine.scorecard, encoded.states[i]),
            )
            for i in range(len(people))
        ]
        others = [
            policy.cut_offs.score_in(one.runner_up) if one is not None else int(scores[i])
            for i, one in enumerate(self.stability)
        ]
        self.neighbours = rule_on_frame(policy, columns, np.array(others, dtype=np.int64), on=on)

    def tiers(self, i: int) -> tuple[Tier, ...]:
        """One tier, or two defensible ones."""
        return defensible(
            self.policy,
            self.frame.tier_of(i),
            self.frame.binding_of(i),
            self.stability[i],
            lambda _: self.neighbours.tier_of(i),
        )
