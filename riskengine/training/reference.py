"""The population that an evidence score is measured against: as stated, or as counted.

A stated population is what an evidence file says of how people answer, mostly item by item, so
that nobody knows how the answers go together. A counted one is a file of assessments, whose
outcomes are not looked at: it brings its own correlations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import REFERENCE_TOTAL, ReferencePopulation
from riskengine.scorecard.encoding import answer_of, axis_encoder
from riskengine.text import Text
from riskengine.training.assessments import Answers
from riskengine.training.axes import (
    ScoredItem,
    States,
    largest_remainder,
    scored_item,
    with_reference,
)
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_tables import exposures
from riskengine.training.exposures import Columns, items_of
from riskengine.training.joint import covariance_of
from riskengine.training.population import (
    Part,
    Spread,
    axis_with_weights,
    joined,
    pair_weights,
    parts_of,
    score_spread,
)
from riskengine.training.tables import Floats, marginals

FEWEST_PEOPLE = 50
"""Fewer assessments say too little about how answers go together."""


class Population(Protocol):
    """People whose answers are known, and nothing else of them."""

    @property
    def items(self) -> tuple[ScoredItem, ...]:
        """Axes of the items that some effect is about, weighted by the population."""
        ...

    @property
    def weights(self) -> tuple[Floats, ...]:
        """Distribution of the known answers to every item."""
        ...

    def covariance(self, columns: Columns) -> Floats | None:
        """Covariance of the exposures; ``None`` where nobody knows how they go together."""
        ...

    def pair(self, first: int, second: int) -> tuple[int, ...]:
        """Joint weights of two axes, in row-major order."""
        ...

    def spread(self, scorecard: Scorecard) -> Spread:
        """Score to weight."""
        ...

    def described(self) -> ReferencePopulation:
        """What a scorecard says of it; the quantiles are filled in later."""
        ...


def pairs_of(evidence: EvidenceDocument) -> list[frozenset[str]]:
    """Items whose counts add up, where there are two."""
    counts = frozenset(n.item for n in evidence.numbers if n.stands_for == "count")
    return [counts] if len(counts) > 1 else []


@dataclass(frozen=True)
class Stated:
    """The population of an evidence file."""

    evidence: EvidenceDocument
    instrument: Instrument
    parts: tuple[Part, ...]
    items: tuple[ScoredItem, ...]

    @classmethod
    def of(cls, evidence: EvidenceDocument, instrument: Instrument) -> Stated:
        """Read it.

        Raises
        ------
        TrainingError
            Where it does not fit the instrument.
        """
        parts = joined(parts_of(evidence.reference, instrument), pairs_of(evidence))
        items = []
        for item in items_of(evidence, instrument):
            axis = axis_with_weights(item, parts)
            items.append(replace(scored_item(item), axis=axis))
        return cls(evidence, instrument, parts, tuple(items))

    @property
    def weights(self) -> tuple[Floats, ...]:
        """Distribution of the known answers to every item."""
        found = []
        for item in self.items:
            known = np.array(item.axis.reference, dtype=np.float64)
            known[item.known :] = 0.0
            found.append(known / known.sum())
        return tuple(found)

    def covariance(self, columns: Columns) -> Floats | None:
        """Known only where one stated part holds every item together."""
        asked = {item.id for item in self.items}
        stated = parts_of(self.evidence.reference, self.instrument)
        whole = [part for part in stated if asked <= part.items]
        if not whole:
            return None
        states = _states(whole[0].people, self.items)
        weight = np.array(whole[0].weights, dtype=np.float64)
        return covariance_of(exposures(columns.every, states), weight)

    def pair(self, first: int, second: int) -> tuple[int, ...]:
        """Joint weights of two axes."""
        return pair_weights(
            self.items[first].axis, self.items[second].axis, self.instrument, self.parts
        )

    def spread(self, scorecard: Scorecard) -> Spread:
        """Score to weight, by exact convolution."""
        return score_spread(scorecard, self.parts)

    def described(self) -> ReferencePopulation:
        """As the evidence file calls it."""
        stated = self.evidence.reference
        return ReferencePopulation(
            id=stated.id,
            label=stated.label,
            illustrative=stated.illustrative,
            score_quantiles=(0, 0),
        )


@dataclass(frozen=True)
class Counted:
    """People of a file of assessments."""

    answers: Answers
    instrument: Instrument
    items: tuple[ScoredItem, ...]
    states: States

    @classmethod
    def of(cls, answers: Answers, evidence: EvidenceDocument, instrument: Instrument) -> Counted:
        """Lay their answers on the axes of the evidence.

        Raises
        ------
        TrainingError
            Where there are too few, or an item has no answer at all.
        """
        if answers.people < FEWEST_PEOPLE:
            raise TrainingError(
                f"{answers.source}: {answers.people} assessments; at least {FEWEST_PEOPLE} are "
                f"needed to see how answers go together"
            )
        items = tuple(scored_item(item) for item in items_of(evidence, instrument))
        states = _states(answers.answers, items)
        for place, item in enumerate(items):
            if not (states[:, place] < item.known).any():
                raise TrainingError(
                    f"{answers.source}: nobody answered [{item.id}], which the evidence is about"
                )
        return cls(answers, instrument, with_reference(items, states), states)

    @property
    def weights(self) -> tuple[Floats, ...]:
        """Distribution of the known answers to every item."""
        return marginals(self.items, self.states)

    def covariance(self, columns: Columns) -> Floats | None:
        """As these people answered."""
        return covariance_of(exposures(columns.every, self.states))

    def pair(self, first: int, second: int) -> tuple[int, ...]:
        """Joint weights of two axes, as counted."""
        rows, columns = (self.items[place].axis.states for place in (first, second))
        flat = self.states[:, first] * columns + self.states[:, second]
        counts = np.bincount(flat, minlength=rows * columns)
        return tuple(largest_remainder(counts, REFERENCE_TOTAL))

    def spread(self, scorecard: Scorecard) -> Spread:
        """Score to number of people."""
        # the scorecard may hold its axes in another order
        order = {item.id: place for place, item in enumerate(self.items)}
        states = self.states[:, [order[axis.item] for axis in scorecard.document.axes]]
        parts = scorecard.cells[scorecard.table_index(states)].sum(axis=1)
        scores, counts = np.unique(parts + scorecard.document.intercept, return_counts=True)
        return dict(zip(scores.tolist(), counts.tolist(), strict=True))

    def described(self) -> ReferencePopulation:
        """How many people, from which file."""
        return ReferencePopulation(
            id="assessments",
            label=Text(
                zh=f"{self.instrument.title.zh}的 {self.answers.people} 份评估（不含结果）",
                en=(
                    f"{self.answers.people} assessments of {self.instrument.title.en}, "
                    f"without outcomes"
                ),
            ),
            people=self.answers.people,
            illustrative=False,
            score_quantiles=(0, 0),
        )


def _states(people: Sequence[Mapping[str, object]], items: Sequence[ScoredItem]) -> States:
    states = np.empty((len(people), len(items)), dtype=np.int64)
    for place, scored in enumerate(items):
        state_of = axis_encoder(scored.axis, scored.item)
        states[:, place] = [state_of(answer_of(answers, scored.id)) for answers in people]
    return states
