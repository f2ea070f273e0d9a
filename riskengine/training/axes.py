"""From the items of an instrument to the axes of a scorecard's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.instrument.conditions import NOT_KNOWN, NotKnownCode
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import REFERENCE_TOTAL, Axis
from riskengine.scorecard.encoding import axis_encoder
from riskengine.training.answer_table import coded
from riskengine.training.cohort import AHEAD, Cohort

States = NDArray[np.int64]
"""Shape (people, items): the state of every person on every axis."""

MOST_VALUES_WITHOUT_BANDS = 12
_TOGETHER: tuple[tuple[NotKnownCode, ...], ...] = (
    ("not_asked", "refused", "not_applicable", "unknown"),
)
_UNKNOWN_APART: tuple[tuple[NotKnownCode, ...], ...] = (
    ("unknown",),
    ("not_asked", "refused", "not_applicable"),
)


@dataclass(frozen=True)
class ScoredItem:
    """One item on its axis, with what the learner must respect.

    Attributes
    ----------
    ordered
        Whether the known states have an order; otherwise they are names.
    sign
        1 or -1 where the final tables must rise or fall in the states, 0 where they are free.
    learned
        Whether the first not-known state (``unknown``) is learned as a state of its own.
    """

    axis: Axis
    item: Item | DerivedItem
    ordered: bool
    sign: int
    learned: bool

    @property
    def id(self) -> str:
        """Id of the item."""
        return self.item.id

    @property
    def known(self) -> int:
        """Number of states that stand for an answer."""
        return self.axis.known_states

    @property
    def live(self) -> int:
        """Number of states that may move the score; the others are held at zero."""
        return self.known + self.learned


def scored_item(item: Item | DerivedItem, *, learned: bool = False) -> ScoredItem:
    """Lay one item on an axis; the reference weights are set later, by `with_reference`."""
    groups: tuple[tuple[str, ...], ...] = ()
    cuts: tuple[int | float, ...] = ()
    if isinstance(item, DerivedItem) or item.type in ("integer", "number"):
        cuts = item.bands or _every_value(item)
    elif item.type == "boolean":
        groups = (("false",), ("true",))
    else:
        groups = tuple((level,) for level in item.level_ids)
    not_known = _UNKNOWN_APART if learned else _TOGETHER
    states = (len(groups) or len(cuts) + 1) + len(not_known)
    axis = Axis(
        id=item.id,
        item=item.id,
        groups=groups,
        cuts=cuts,
        not_known=not_known,
        reference=(REFERENCE_TOTAL, *[0] * (states - 1)),
    )
    sign = {"risk": 1, "protective": -1, "free": 0}[item.direction] if item.enforce else 0
    nominal = isinstance(item, Item) and item.type == "nominal"
    return ScoredItem(axis=axis, item=item, ordered=not nominal, sign=sign, learned=learned)


def _every_value(item: Item | DerivedItem) -> tuple[int | float, ...]:
    """Every whole number a band of its own, where there are few."""
    assert item.minimum is not None
    assert item.maximum is not None
    few = item.maximum - item.minimum < MOST_VALUES_WITHOUT_BANDS
    if isinstance(item, DerivedItem) or item.type != "integer" or not few:
        raise TrainingError(
            f"item [{item.id}] is a number without [bands]; the instrument must say how it is cut"
        )
    return tuple(range(int(item.minimum) + 1, int(item.maximum) + 1))


def candidates(
    instrument: Instrument, cohort: Cohort, *, include_protected: bool
) -> tuple[ScoredItem, ...]:
    """Choose the items that a model may learn from.

    An item enters where the instrument scores it and the cohort holds at least one answer to it.
    With ``include_protected``, protected items that a benchmark may score enter too, and the
    unknown cell of an item whose gaps give away a protected attribute is learned: what a model
    without any of this restraint would do.

    Raises
    ------
    TrainingError
        Where an item is scored although it is known only after the assessment.
    """
    late = [i.id for i in instrument.items if "scored" in i.use and i.known_at in AHEAD]
    if late:
        raise TrainingError(
            f"item [{late[0]}] is scored, yet it is known only after the assessment "
            f"([known_at]); it would carry the outcome into the forecast"
        )
    chosen = []
    every: tuple[Item | DerivedItem, ...] = (*instrument.items, *instrument.derived)
    for item in every:
        if "scored" not in item.use:
            continue
        if isinstance(item, Item) and item.protected and not include_protected:
            continue
        answers, codes = coded(cohort.answers, item.id)
        given = [answers[code] for code in np.unique(codes).tolist()]
        if not any(not isinstance(a, str) or a not in NOT_KNOWN for a in given):
            continue
        learned = isinstance(item, Item) and (
            item.unknown_cell == "learned" or (include_protected and item.proxy is not None)
        )
        chosen.append(scored_item(item, learned=learned))
    if not chosen:
        raise TrainingError(f"the cohort holds no scored item of [{instrument.id}]")
    return tuple(chosen)


class Answered(Protocol):
    """People with their answers: a cohort, or assessments without outcomes."""

    @property
    def answers(self) -> Sequence[Mapping[str, object]]:
        """One complete assessment a person."""
        ...


def encode(people: Answered, items: Sequence[ScoredItem]) -> States:
    """Give the state of every person on every axis, by the engine's own encoding."""
    states = np.empty((len(people.answers), len(items)), dtype=np.int64)
    for column, scored in enumerate(items):
        state_of = axis_encoder(scored.axis, scored.item)
        answers, codes = coded(people.answers, scored.id)
        states[:, column] = np.array([state_of(answer) for answer in answers])[codes]
    return states


def with_reference(items: Sequence[ScoredItem], states: States) -> tuple[ScoredItem, ...]:
    """Take a population's distribution as the reference weights of every axis."""
    weighted = []
    for column, scored in enumerate(items):
        counts = np.bincount(states[:, column], minlength=scored.axis.states)
        weights = largest_remainder(counts, REFERENCE_TOTAL)
        axis = scored.axis.model_copy(update={"reference": tuple(weights)})
        weighted.append(replace(scored, axis=axis))
    return tuple(weighted)


def largest_remainder(counts: NDArray[np.int64], total: int) -> list[int]:
    """Share a total in proportion to counts, in whole numbers that sum exactly."""
    flat = [int(count) for count in counts.ravel()]
    size = sum(flat)
    whole = [count * total // size for count in flat]
    rest = [count * total % size for count in flat]
    order = sorted(range(len(flat)), key=lambda i: (-rest[i], i))
    for i in order[: total - sum(whole)]:
        whole[i] += 1
    return whole
