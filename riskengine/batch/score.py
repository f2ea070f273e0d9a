"""Recommendations for many assessments: encoded, scored and ruled on together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.batch import legal
from riskengine.batch.coded import ABSENT, Coded, constant
from riskengine.batch.doubt import unsure_bands
from riskengine.batch.table import Reader, Table, table_of
from riskengine.explanation.factors import risk_text
from riskengine.instrument.answers import is_known
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import Item
from riskengine.instrument.problems import problem
from riskengine.intake.read import Row
from riskengine.policy import facts as policy_facts
from riskengine.policy.columns import Column, People, asked_for, coder, member, members
from riskengine.policy.compiled import BAND_RULE, Policy
from riskengine.policy.frame import rule_on_frame
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Encoded, Floats, Integers, Scorecard, probability
from riskengine.scorecard.uncertainty import (
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
BATCH = 50_000
"""Rows of native columns that are laid out at once; no result depends on it."""

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
        yield from score_table(engine, table_of(engine.instrument, batch), on=on).rows(explain)


@dataclass(frozen=True)
class Scored:
    """What comes of ``n`` people, column by column.

    Attributes
    ----------
    scored
        Whom the law leaves a score; of the others everything but status, rule and alerts is empty.
    parts
        Shape (n, terms): contributions by term, in score units.
    risk, low, high
        Rounded to nine decimals; ``None`` where the scale is relative or has no interval.
    """

    persons: Sequence[str]
    terms: tuple[str, ...]
    scored: NDArray[np.bool_]
    scores: Integers
    parts: Integers
    encoded: Encoded
    risk: Floats | None
    low: Floats | None
    high: Floats | None
    tier: Coded
    status: Coded
    binding: Coded
    alerts: Coded

    def rows(self, explain: bool) -> Iterator[Mapping[str, Cell]]:
        """Give one flat row a person; see `score_rows`."""
        names = tuple(f"contribution_{term}" for term in self.terms) if explain else ()
        texts = {
            "probability": self.risk, "probability_low": self.low, "probability_high": self.high,
        }  # fmt: skip
        columns = {"tier": self.tier, "status": self.status, "binding_rule": self.binding}
        for i, person in enumerate(self.persons):
            row: dict[str, Cell] = dict.fromkeys((*COLUMNS, *names))
            row["id"] = person
            row["alerts"] = self.alerts.at(i)  # type: ignore[assignment]
            for name, column in columns.items():
                row[name] = column.at(i)  # type: ignore[assignment]
            if self.scored[i]:
                row["score"] = int(self.scores[i])
                for name, values in texts.items():
                    if values is not None:
                        row[name] = risk_text(float(values[i]))
                row.update(zip(names, self.parts[i].tolist(), strict=False))
            yield row


def score_table(engine: Engine, table: Table, *, on: date, interval: bool = True) -> Scored:
    """Score and rule on everybody in a table of checked and admitted assessments.

    Parameters
    ----------
    interval
        Work out intervals of risk.
    """
    card = engine.scorecard
    encoded = encode(card, table)
    parts = card.term_parts(encoded)
    scores = card.scores(parts)
    variance = model_variance(card, encoded)
    risk = low = high = None
    if card.document.scale == "calibrated":
        log_odds = card.log_odds(scores)
        risk = probability(log_odds)
        if interval:
            total = interval_variance(card, encoded, variance)
            if total.any():
                reach = half_width(card.document.uncertainty.level) * total**0.5
                low, high = probability(log_odds - reach), probability(log_odds + reach)
    n = table.n
    law = engine.law
    nothing = constant(ABSENT, n)
    raised = nothing if law is None else legal.alerts(law, table, on)
    if engine.policy is None:
        tier, binding, status = nothing, nothing, constant("score_only", n)
    else:
        tier, binding, status = _ruled(engine, engine.policy, table, encoded, scores, variance, on)
    scored = np.ones(n, dtype=np.bool_)
    if law is not None:
        number, stops = legal.stops(law, table, on)
        scored = number < 0
        if not scored.all():
            tier = _where(scored, tier, nothing)
            binding = _where(scored, binding, Coded(number, [rule for rule, _ in stops]))
            status = _where(scored, status, Coded(number, [state for _, state in stops]))
    return Scored(
        table.persons, card.term_ids, scored, scores, parts, encoded, risk, low, high,
        tier, status, binding, raised,
    )  # fmt: skip


def score_cells(
    engine: Engine, reader: Reader, cells: Sequence[Coded], numbers: Any, on: date
) -> tuple[Scored, tuple[Row, ...]]:
    """Score a batch of coded native cells; give the rows that cannot be used beside it."""
    read = reader.read(cells, numbers, on)
    table = read.table if engine.law is None else legal.admitted(engine.law, read.table, on)
    return score_table(engine, table, on=on), read.rejected


def _where(which: NDArray[np.bool_], yes: Coded, no: Coded) -> Coded:
    codes = np.where(which, yes.codes, no.codes + len(yes.values)).astype(np.int32)
    return Coded(codes, [*yes.values, *no.values])


def encode(card: Scorecard, table: Table) -> Encoded:
    """States and numbers of everybody, each distinct answer looked up once."""
    # a column is one run of memory
    states = np.empty((len(card.encoders), table.n), dtype=np.int64).T
    for axis, (item, state_of) in enumerate(card.encoders):
        column = table.columns.get(item)
        if column is None:
            states[:, axis] = state_of(NOT_KNOWN[0])
            continue
        looked_up = [state_of(NOT_KNOWN[0] if v is ABSENT else v) for v in column.values]
        np.take(np.array(looked_up, dtype=np.int64), column.codes, out=states[:, axis])
    numbers = np.empty((table.n, len(card.linears)), dtype=np.float64)
    for place, term in enumerate(card.linears):
        column = table.columns.get(term.item)
        if column is None:
            numbers[:, place] = np.nan
            continue
        known = [
            float("nan") if v is ABSENT or isinstance(v, str) else float(v)  # type: ignore[arg-type]
            for v in column.values
        ]
        np.take(np.array(known, dtype=np.float64), column.codes, out=numbers[:, place])
    return Encoded(states, numbers)


def people_in(policy: Policy, table: Table) -> People:
    """Columns that a policy asks for, of people of whom no earlier tier or event is known."""
    instrument, n = policy.instrument, table.n
    columns: dict[str, Column] = {}

    def known(value: object) -> object:
        return None if value is ABSENT or not is_known(value) else value

    def column(name: str) -> Coded:
        return table.columns.get(name) or constant(ABSENT, n)

    for name in asked_for(policy):
        item, coded = instrument.every_item[name], column(name)
        values = [known(value) for value in coded.values]
        if isinstance(item, Item) and item.type in ("multiple", "text", "dates"):
            distinct: Column = np.array([-1 if v is None else 0 for v in values], dtype=np.int16)
        else:
            distinct = coder(instrument, name).column(values)
        columns[name] = distinct[coded.codes]
    for name, level in members(policy):
        coded = column(name)
        holds = [
            -1 if known(value) is None else int(level in value)  # type: ignore[operator]
            for value in coded.values
        ]
        columns[member(name, level)] = np.take(np.array(holds, dtype=np.int16), coded.codes)
    kinds = {kind: number for number, kind in enumerate(policy_facts.CHOICES["assessment_kind"])}
    return People(
        n=n,
        columns=columns,
        kinds=np.take(
            # a kind that only a rejected row had is nobody's
            np.array([kinds.get(str(kind), -1) for kind in table.kinds.values], dtype=np.int16),
            table.kinds.codes,
        ),
        current=np.full(n, -1, dtype=np.int8),
        since=np.full(n, np.nan),
        events_known=np.zeros(n, dtype=np.bool_),
        newest={},
        count={},
    )


def _ruled(
    engine: Engine,
    policy: Policy,
    table: Table,
    encoded: Encoded,
    scores: Integers,
    variance: Floats,
    on: date,
) -> tuple[Coded, Coded, Coded]:
    """Tiers that stand, the rule that each rests on, and the status."""
    card = engine.scorecard
    people = people_in(policy, table)
    frame = rule_on_frame(policy, people, scores, on=on)
    others = scores.copy()
    # a rule is a rule: only where the score alone decides can it be too unsure to decide
    open_ones = np.flatnonzero(frame.binding == frame.names.index(BAND_RULE))
    unsure, neighbours = unsure_bands(
        card, policy, scores[open_ones], encoded.states[open_ones], variance[open_ones]
    )
    in_band = np.array([policy.cut_offs.score_in(Tier.at(rank)) for rank in range(len(Tier))])
    others[open_ones[unsure]] = in_band[neighbours[unsure]]
    moved = np.flatnonzero(others != scores)
    lower = upper = frame.tier.astype(np.int32)
    if len(moved):
        neighbour = rule_on_frame(policy, people, others, on=on).tier.astype(np.int32)
        neighbour = np.where(others != scores, neighbour, frame.tier)
        lower, upper = np.minimum(neighbour, lower), np.maximum(neighbour, upper)
    names = [tier.value for tier in sorted(Tier, key=lambda tier: tier.rank)]
    k = len(names)
    texts = [a if a == b else f"{a}|{b}" for a in names for b in names]
    return (
        Coded((lower * k + upper).astype(np.int32), texts),
        Coded(frame.binding.astype(np.int32), frame.names),
        Coded((lower != upper).astype(np.int32), ["recommended", "either"]),
    )
