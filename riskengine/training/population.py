"""A reference population that is stated, not counted: weights of cells, and the spread of scores.

The population is a set of parts that are independent of one another; within a part, whole profiles
of answers have shares. Everything is counted in whole numbers, so nothing depends on rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskengine.errors import TrainingError
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.conditions import Scalar
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL, Axis, Golden, LinearTerm, TableTerm
from riskengine.scorecard.encoding import axis_encoder
from riskengine.training.axes import largest_remainder, scored_item
from riskengine.training.evidence import EvidenceDocument, Reference

QUANTILES = 1000
"""Scores are stated at 0, 1/1000, ... 1 of the population."""

Spread = dict[int, int]
"""Score to weight."""


@dataclass(frozen=True)
class Part:
    """Items that depend on one another, and nothing else.

    Attributes
    ----------
    people
        Complete answers, derived items included.
    weights
        One a profile; they sum to 2^30.
    """

    items: frozenset[str]
    people: tuple[Mapping[str, object], ...]
    weights: tuple[int, ...]


def parts_of(reference: Reference, instrument: Instrument) -> tuple[Part, ...]:
    """Give the independent parts of a stated population.

    Raises
    ------
    TrainingError
        Where an answer is none of the instrument's, or a band or level has no share.
    """
    parts = []
    for single in reference.items:
        item = item_of(instrument, single.item)
        missing = sorted(set(answer_keys(item)) ^ set(single.shares))
        if missing:
            raise TrainingError(
                f"reference item [{single.item}]: answer [{missing[0]}] has no share, or is no "
                f"answer; there are: {', '.join(answer_keys(item))}"
            )
        profiles = [{single.item: answer_at(item, key)} for key in single.shares]
        parts.append(_part({single.item}, profiles, list(single.shares.values()), instrument))
    for joint in reference.joint:
        parts.append(
            _part(
                set(joint.items),
                [profile.answers for profile in joint.profiles],
                [profile.share for profile in joint.profiles],
                instrument,
            )
        )
    return tuple(parts)


def _part(
    items: set[str],
    profiles: Sequence[Mapping[str, Scalar]],
    shares: Sequence[int],
    instrument: Instrument,
) -> Part:
    people = []
    for profile in profiles:
        answers, problems = parse_answers(instrument, profile)
        if problems:
            raise TrainingError(f"reference population: {problems[0].text('en')}")
        people.append(complete(instrument, answers))
    weights = largest_remainder(np.array(shares, dtype=np.int64), REFERENCE_TOTAL)
    return Part(frozenset(items), tuple(people), tuple(weights))


def joined(parts: Sequence[Part], together: Iterable[frozenset[str]]) -> tuple[Part, ...]:
    """Give parts in which certain items stand together, as independent as they were.

    A table over two items needs the share of every two answers, also where the population takes
    them as independent.
    """
    found = list(parts)
    for items in together:
        touched = [part for part in found if part.items & items]
        if len(touched) > 1:
            found = [part for part in found if part not in touched]
            found.append(_product(touched))
    return tuple(found)


def _product(parts: Sequence[Part]) -> Part:
    whole = parts[0]
    for part in parts[1:]:
        people = [{**p, **q} for p in _answered(whole) for q in _answered(part)]
        shares = np.outer(whole.weights, part.weights)
        weights = largest_remainder(shares.astype(np.int64), REFERENCE_TOTAL)
        whole = Part(whole.items | part.items, tuple(people), tuple(weights))
    return whole


def _answered(part: Part) -> list[dict[str, object]]:
    """Answers to a part's own items: to the others it holds `not_asked`."""
    return [{item: answers[item] for item in sorted(part.items)} for answers in part.people]


def item_of(instrument: Instrument, item_id: str) -> Item:
    """Return an item that is asked.

    Raises
    ------
    TrainingError
        Where the instrument has none of that name.
    """
    item = instrument.by_id.get(item_id)
    if item is None:
        raise TrainingError(f"[{item_id}] is no item of [{instrument.id}]")
    return item


def answer_keys(item: Item) -> tuple[str, ...]:
    """Names that an evidence file gives to the answers, in the order of the axis."""
    axis = scored_item(item).axis
    if axis.groups:
        return tuple(level for group in axis.groups for level in group)
    assert item.minimum is not None
    return tuple(str(edge) for edge in (item.minimum, *axis.cuts))


def answer_at(item: Item, key: str) -> Scalar:
    """Give an answer that goes by a name."""
    if item.type == "boolean":
        return key == "true"
    if item.levels:
        return key
    return int(key) if item.type == "integer" else float(key)


# --- Weights ------------------------------------------------------------------------------------


def axis_with_weights(item: Item, parts: Sequence[Part]) -> Axis:
    """Lay an item on its axis, weighted by the population."""
    axis = scored_item(item).axis
    state_of = axis_encoder(axis, item)
    part = _holding(parts, {item.id})
    counts = [0] * axis.states
    for answers, weight in zip(part.people, part.weights, strict=True):
        counts[state_of(answers[item.id])] += weight
    return axis.model_copy(update={"reference": tuple(counts)})


def pair_weights(
    first: Axis, second: Axis, instrument: Instrument, parts: Sequence[Part]
) -> tuple[int, ...]:
    """Joint weights of two axes of one part, in row-major order."""
    part = _holding(parts, {first.item, second.item})
    row = axis_encoder(first, item_of(instrument, first.item))
    column = axis_encoder(second, item_of(instrument, second.item))
    counts = [0] * (first.states * second.states)
    for answers, weight in zip(part.people, part.weights, strict=True):
        place = row(answers[first.item]) * second.states + column(answers[second.item])
        counts[place] += weight
    return tuple(counts)


def mean_of(item: DerivedItem, parts: Sequence[Part]) -> float:
    """Mean of a derived item."""
    part = _holding(parts, _sources(item))
    total = 0.0
    for answers, weight in zip(part.people, part.weights, strict=True):
        value = answers[item.id]
        assert isinstance(value, float)
        total += weight * value
    return total / REFERENCE_TOTAL


def _sources(item: DerivedItem) -> set[str]:
    return {source for source in item.arguments.values() if isinstance(source, str)}


def _holding(parts: Sequence[Part], items: set[str]) -> Part:
    for part in parts:
        if items <= part.items:
            return part
    raise TrainingError(f"no part of the reference population holds {sorted(items)} together")


# --- Scores -------------------------------------------------------------------------------------


def score_spread(scorecard: Scorecard, parts: Sequence[Part]) -> Spread:
    """Give the distribution of the score: parts scored one by one, then added up exactly."""
    total: Spread = {scorecard.document.intercept: 1}
    terms: list[TableTerm | LinearTerm] = [*scorecard.tables, *scorecard.linears]
    homes = [_holding(parts, _asked(scorecard, term)) for term in terms]
    for part in parts:
        columns = [column for column, home in enumerate(homes) if home is part]
        scored = scorecard.term_parts(scorecard.encode(part.people))[:, columns].sum(axis=1)
        total = _added(total, zip(scored.tolist(), part.weights, strict=True))
    return dict(sorted(total.items()))


def _asked(scorecard: Scorecard, term: TableTerm | LinearTerm) -> set[str]:
    if isinstance(term, TableTerm):
        return {scorecard.document.axes_by_id[axis].item for axis in term.axes}
    derived = scorecard.instrument.derived_by_id.get(term.item)
    return {term.item} if derived is None else _sources(derived)


def _added(spread: Spread, part: Iterable[tuple[int, int]]) -> Spread:
    alone: Spread = {}
    for score, weight in part:
        alone[score] = alone.get(score, 0) + weight
    total: Spread = {}
    for left, left_weight in spread.items():
        for right, right_weight in alone.items():
            if right_weight:
                score = left + right
                total[score] = total.get(score, 0) + left_weight * right_weight
    return total


def quantiles(spread: Spread, steps: int = QUANTILES) -> tuple[int, ...]:
    """Scores at 0, 1/steps, ... 1: each the lowest that so many do not exceed."""
    scores = sorted(spread)
    whole = sum(spread.values())
    found = []
    place, reached = 0, spread[scores[0]]
    for step in range(steps + 1):
        while reached * steps < step * whole:
            place += 1
            reached += spread[scores[place]]
        found.append(scores[place])
    return tuple(found)


def golden_of(scorecard: Scorecard, evidence: EvidenceDocument) -> tuple[Golden, ...]:
    """Score the made-up assessments of an evidence file.

    Raises
    ------
    TrainingError
        Where one of them is no valid assessment.
    """
    golden = []
    for raw in evidence.golden:
        answers, problems = parse_answers(scorecard.instrument, raw)
        if problems:
            raise TrainingError(f"golden assessment: {problems[0].text('en')}")
        encoded = scorecard.encode([complete(scorecard.instrument, answers)])
        score = scorecard.scores(scorecard.term_parts(encoded))
        risk = None
        if scorecard.document.scale == "calibrated":
            risk = f"{scorecard.probabilities(score)[0]:.9f}"
        golden.append(Golden(answers=raw, score=int(score[0]), probability=risk))
    return tuple(golden)
