"""From the effects of an evidence file to columns: how much of each construct everybody has.

A column is additive: a table an item, or a table over the two items whose counts add up. That is
why a score that is made of columns is a scorecard, whatever curve was published.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from riskengine.errors import TrainingError
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.encoding import axis_encoder
from riskengine.training.axes import ScoredItem
from riskengine.training.conversions import to_log_odds, transport_variance
from riskengine.training.evidence import Effect, EvidenceDocument, Numbers
from riskengine.training.evidence_rules import EvidenceRules
from riskengine.training.population import answer_at, answer_keys, item_of
from riskengine.training.tables import Floats, Pair, Tables, centred

_MOST_COUNTS = 2


@dataclass(frozen=True)
class Column:
    """One unknown: the coefficient of an effect, or of one answer of a table of offences.

    Attributes
    ----------
    published
        Log-odds for an exposure of one, as converted, times the share that the item carries.
    error, transport
        Its standard error, and the standard deviation from place to place.
    raw
        The exposures as stated; answers that are not known stand at zero.
    exposure
        The same, centred on the reference population.
    """

    id: str
    effect: Effect
    published: float
    error: float
    transport: float
    raw: Tables
    exposure: Tables

    @property
    def deviation(self) -> float:
        """Standard deviation of the published value, transport included."""
        return math.hypot(self.error, self.transport)


@dataclass(frozen=True)
class Columns:
    """All columns, and the effects whose items are not at hand."""

    every: tuple[Column, ...]
    left_out: tuple[str, ...]

    def known_for(self, evidence: EvidenceDocument) -> list[frozenset[int] | None]:
        """For every column the columns that its source held fixed, itself among them.

        ``None`` where an effect is adjusted and its source does not say for what: it is then its
        own joint coefficient.
        """
        places: dict[str, set[int]] = {}
        for place, column in enumerate(self.every):
            places.setdefault(column.effect.id, set()).add(place)
        found: list[frozenset[int] | None] = []
        for column in self.every:
            effect = evidence.effect(column.effect.id)
            if effect.adjusted and not effect.given:
                found.append(None)
                continue
            held = set(places[effect.id])
            for other in effect.given:
                held |= places.get(other, set())
            found.append(frozenset(held))
        return found


def columns_of(
    evidence: EvidenceDocument,
    instrument: Instrument,
    items: Sequence[ScoredItem],
    weights: Sequence[Floats],
    rules: EvidenceRules,
) -> Columns:
    """Lay every effect on the axes of some items.

    Parameters
    ----------
    weights
        Distribution of the known answers to every item (`riskengine.training.tables.marginals`).

    Raises
    ------
    TrainingError
        Where an item may not be scored, or an answer has no exposure.
    """
    items_of(evidence, instrument)
    reader = _Reader(evidence, items, weights, rules)
    every: list[Column] = []
    left_out = []
    for effect in evidence.effects:
        if reader.has(effect):
            every += reader.columns(effect)
        else:
            left_out.append(effect.id)
    return Columns(tuple(every), tuple(left_out))


def needed_items(effect: Effect, evidence: EvidenceDocument) -> tuple[str, ...]:
    """Items over which an effect's exposure is defined."""
    if effect.shape is None:
        return (effect.item,)
    counts = [n.item for n in evidence.numbers if n.stands_for == "count"]
    ages = [n.item for n in evidence.numbers if n.stands_for == "age"]
    wanted = {"copas_rate": counts + ages, "any_sanction": counts, "age": ages}
    return tuple(wanted[effect.shape])


def items_of(evidence: EvidenceDocument, instrument: Instrument) -> tuple[Item, ...]:
    """Give the items that some effect is about, in the order of the file.

    Raises
    ------
    TrainingError
        Where one of them may not be scored.
    """
    named = [name for effect in evidence.effects for name in needed_items(effect, evidence)]
    found = []
    for name in dict.fromkeys(named):
        item = item_of(instrument, name)
        if "scored" not in item.use:
            raise TrainingError(f"item [{name}] may not be scored (use: {', '.join(item.use)})")
        if item.protected:
            raise TrainingError(f"item [{name}] is protected: no effect may enter for it")
        found.append(item)
    return tuple(found)


class _Reader:
    """Reads the exposures of one evidence file on one set of axes."""

    def __init__(
        self,
        evidence: EvidenceDocument,
        items: Sequence[ScoredItem],
        weights: Sequence[Floats],
        rules: EvidenceRules,
    ) -> None:
        self.evidence = evidence
        # no state of an answer that is not known is ever learned here
        self.items = tuple(replace(item, learned=False) for item in items)
        self.weights = weights
        self.rules = rules
        self.place = {item.id: place for place, item in enumerate(items)}

    def has(self, effect: Effect) -> bool:
        return all(name in self.place for name in needed_items(effect, self.evidence))

    def columns(self, effect: Effect) -> Iterator[Column]:
        converted = to_log_odds(effect, self.rules)
        transport = math.sqrt(transport_variance(effect, self.rules.tau))
        for name, difference, raw in self._raw(effect):
            yield Column(
                id=name,
                effect=effect,
                published=effect.share * converted.value * difference,
                error=effect.share * converted.standard_error,
                transport=effect.share * transport,
                raw=raw,
                exposure=_without_intercept(centred(raw, self.items, self.weights)),
            )

    def _raw(self, effect: Effect) -> Iterator[tuple[str, float, Tables]]:
        """Id, factor on the published value, and exposures of every column of an effect."""
        if effect.shape == "copas_rate":
            yield effect.id, 1.0, self._copas()
        elif effect.shape == "any_sanction":
            yield effect.id, 1.0, self._over_counts(lambda n: float(n > 0))
        elif effect.shape == "age":
            yield effect.id, 1.0, self._age()
        elif effect.classes:
            yield from self._classes(effect)
        else:
            place = self.place[effect.item]
            table = self._by_state(place, effect.exposure, f"effect [{effect.id}]")
            if effect.standardised:
                mean = float(self.weights[place] @ table)
                spread = math.sqrt(float(self.weights[place] @ (table - mean) ** 2))
                known = np.arange(len(table)) < self.items[place].known
                scale = spread if spread > 0 else 1.0
                table = np.where(known, (table - mean) / scale, 0.0)
            yield effect.id, 1.0, self._tables({place: table})

    def _classes(self, effect: Effect) -> Iterator[tuple[str, float, Tables]]:
        assert effect.reference_level is not None
        place = self.place[effect.item]
        middle = self.rules.offence_weight(effect.classes[effect.reference_level])
        for level, classes in effect.classes.items():
            if level != effect.reference_level:
                there = {name: float(name == level) for name in effect.classes}
                table = self._by_state(place, there, f"effect [{effect.id}]")
                difference = self.rules.offence_weight(classes) - middle
                yield f"{effect.id}:{level}", difference, self._tables({place: table})

    # --- Published curves -----------------------------------------------------------------------

    def _copas(self) -> Tables:
        counted = self._over_counts(lambda n: math.log1p(n))
        log_years = self.rules.counts.log_years
        place, ages = self._ages()
        years = {key: -_mean([log_years(age) for age in lived]) for key, lived in ages.items()}
        mains = list(counted.mains)
        mains[place] = mains[place] + self._by_state(place, years, "the pace of a record")
        return Tables(0.0, tuple(mains), counted.pairs)

    def _age(self) -> Tables:
        place, ages = self._ages()
        lowest, highest = (f(self.rules.age_weights.values()) for f in (min, max))
        share = {
            key: (_mean([self.rules.age_weight(a) for a in lived]) - lowest) / (highest - lowest)
            for key, lived in ages.items()
        }
        return self._tables({place: self._by_state(place, share, "the weight of age")})

    def _over_counts(self, curve: Callable[[float], float]) -> Tables:
        numbers = [n for n in self.evidence.numbers if n.stands_for == "count"]
        if len(numbers) > _MOST_COUNTS:
            raise TrainingError(
                f"evidence [{self.evidence.id}]: counts over {len(numbers)} items; a "
                f"table is over two at most"
            )
        values = [self._counts(n) for n in numbers]
        places = [self.place[n.item] for n in numbers]
        if len(numbers) == 1:
            table = {key: curve(value) for key, value in values[0].items()}
            return self._tables(
                {places[0]: self._by_state(places[0], table, f"numbers [{numbers[0].item}]")}
            )
        if places[0] > places[1]:
            values.reverse()
            places.reverse()
        left, right = (
            self._averaging(place, list(value), f"numbers [{self.items[place].id}]")
            for place, value in zip(places, values, strict=True)
        )
        fine = np.array([[curve(a + b) for b in values[1].values()] for a in values[0].values()])
        return self._tables({}, {(places[0], places[1]): left @ fine @ right.T})

    def _counts(self, numbers: Numbers) -> dict[str, float]:
        count_of = self.rules.counts.count_of
        return {key: count_of(ends) for key, ends in numbers.ranges.items()}

    def _ages(self) -> tuple[int, dict[str, range]]:
        """Place of the item that holds the age, and the whole years of every answer."""
        numbers = next(n for n in self.evidence.numbers if n.stands_for == "age")
        ages_of = self.rules.counts.ages_of
        return self.place[numbers.item], {k: ages_of(ends) for k, ends in numbers.ranges.items()}

    # --- States ---------------------------------------------------------------------------------

    def _tables(
        self, mains: Mapping[int, Floats], pairs: Mapping[Pair, Floats] | None = None
    ) -> Tables:
        empty = [np.zeros(item.axis.states) for item in self.items]
        return Tables(
            intercept=0.0,
            mains=tuple(mains.get(place, table) for place, table in enumerate(empty)),
            pairs=dict(pairs or {}),
        )

    def _by_state(self, place: int, values: Mapping[str, float], what: str) -> Floats:
        table: Floats = self._averaging(place, list(values), what) @ np.array(
            list(values.values()), dtype=np.float64
        )
        return table

    def _averaging(self, place: int, keys: Sequence[str], what: str) -> Floats:
        """Shape (states, keys): a state has the mean of the answers that fall into it.

        A learner may have merged answers; the instrument's own axis has one answer a state.
        """
        scored = self.items[place]
        item = scored.item
        assert isinstance(item, Item)
        expected = answer_keys(item)
        odd = sorted(set(keys) ^ set(expected))
        if odd:
            raise TrainingError(
                f"{what}: answer [{odd[0]}] has no exposure, or is no answer; "
                f"there are: {', '.join(expected)}"
            )
        state_of = axis_encoder(scored.axis, item)
        falls = np.zeros((scored.axis.states, len(keys)))
        for position, key in enumerate(keys):
            falls[state_of(answer_at(item, key)), position] = 1.0
        if not falls[: scored.known].any(axis=1).all():
            raise TrainingError(
                f"{what}: the axis of [{scored.id}] is finer than the answers that the evidence "
                f"speaks of; there are: {', '.join(expected)}"
            )
        averaging: Floats = falls / np.maximum(falls.sum(axis=1, keepdims=True), 1.0)
        return averaging


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _without_intercept(tables: Tables) -> Tables:
    return Tables(intercept=0.0, mains=tables.mains, pairs=tables.pairs)
