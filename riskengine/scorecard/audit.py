"""Checking a scorecard against its instrument before anything is computed with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from riskengine.canonical import content_hash
from riskengine.errors import ScorecardError
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard, grid
from riskengine.scorecard.document import Axis, ScorecardDocument, TableTerm


@lru_cache(maxsize=64)
def instrument_hash(instrument: Instrument) -> str:
    """Hash of an instrument's content, whatever file it was built from."""
    content = instrument.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    content.pop("source_sha256", None)
    return content_hash(content)


def audit(document: ScorecardDocument, instrument: Instrument) -> list[str]:
    """List everything that is wrong with a scorecard for its instrument."""
    return list(_findings(document, instrument))


def _findings(document: ScorecardDocument, instrument: Instrument) -> Iterator[str]:
    belongs = document.instrument
    if (belongs.id, belongs.version) != (instrument.id, instrument.version):
        yield (
            f"belongs to instrument [{belongs.id}@{belongs.version}], "
            f"not [{instrument.id}@{instrument.version}]"
        )
        return
    if belongs.sha256 != instrument_hash(instrument):
        yield f"was made for another text of instrument [{belongs.id}@{belongs.version}]"
        return
    if document.outcome not in instrument.outcomes_by_id:
        yield f"outcome [{document.outcome}] is not one of the instrument's"
    items = instrument.every_item
    research = document.purpose in ("benchmark", "historical")
    for name in document.items:
        item = items.get(name)
        if item is None:
            yield f"item [{name}] is not in the instrument"
        elif "scored" not in item.use:
            yield f"item [{name}] may not be scored (use: {', '.join(item.use)})"
        elif not research and _protected(item, instrument):
            yield f"item [{name}] is protected and never a predictor of a {document.purpose} model"
    if any(name not in items for name in document.items):
        return
    for axis in document.axes:
        yield from _axis_findings(axis, items[axis.item])
    for term in document.terms:
        if term.kind == "linear":
            linear_item = items[term.item]
            if isinstance(linear_item, Item) and linear_item.type not in ("integer", "number"):
                yield f"linear term [{term.id}]: item [{term.item}] is not a number"
        elif not research:
            yield from _silence_findings(term, document)
    yield from monotone_findings(document, instrument)


def _protected(item: Item | DerivedItem, instrument: Instrument) -> bool:
    if isinstance(item, Item):
        return item.protected
    return any(instrument.by_id[source].protected for source in item.sources)


def _axis_findings(axis: Axis, item: Item | DerivedItem) -> Iterator[str]:
    if isinstance(item, DerivedItem) or item.type in ("integer", "number"):
        if axis.groups:
            yield f"axis [{axis.id}]: item [{item.id}] is a number and needs [cuts]"
        low, high = item.minimum, item.maximum
        assert low is not None
        assert high is not None
        if axis.cuts and not (low < axis.cuts[0] and axis.cuts[-1] <= high):
            yield f"axis [{axis.id}]: [cuts] leave the item's range {low} – {high}"
        return
    levels = ("false", "true") if item.type == "boolean" else item.level_ids
    given = [level for group in axis.groups for level in group]
    missing = sorted(set(levels) - set(given))
    unknown = sorted(set(given) - set(levels))
    if missing:
        yield f"axis [{axis.id}]: no cell for answer [{missing[0]}] of item [{item.id}]"
    if unknown:
        yield f"axis [{axis.id}]: item [{item.id}] has no answer [{unknown[0]}]"
    if item.type == "ordinal" and not missing and not unknown and given != list(levels):
        yield f"axis [{axis.id}]: the levels of item [{item.id}] stand in another order"


def _silence_findings(term: TableTerm, document: ScorecardDocument) -> Iterator[str]:
    """An unanswered item moves no score: neither silence nor a missing record is a risk."""
    axes = [document.axes_by_id[axis] for axis in term.axes]
    cells = grid(document, term)
    for dimension, axis in enumerate(axes):
        silent = np.take(cells, range(axis.known_states, axis.states), axis=dimension)
        if silent.any():
            yield (
                f"term [{term.id}]: an answer to [{axis.item}] that is not known moves the score"
            )


def monotone_findings(document: ScorecardDocument, instrument: Instrument) -> Iterator[str]:
    """Steps of an enforced item that could move the score the wrong way at some partner cells."""
    items = instrument.every_item
    for name in document.items:
        item = items[name]
        if item.enforce:
            worst = smallest_step(document, name, 1 if item.direction == "risk" else -1)
            if worst < 0:
                yield f"item [{name}] is enforced, yet one step moves the score by {worst}"


def smallest_step(document: ScorecardDocument, item: str, sign: int) -> int:
    """Smallest change of the score, in units, over one step of an item at its worst partners.

    Pairs are taken at their worst cell independently, which is exact as long as no two pairs of
    the item share a partner. Axes of one item with different cuts are refined to common steps.
    """
    steps: dict[tuple[str, ...] | float, int] = {}
    axes = document.axes_by_id
    for term in document.terms:
        if term.kind == "linear":
            if term.item == item and sign * term.slope < 0:
                return sign * term.slope
            continue
        for dimension, axis_id in enumerate(term.axes):
            axis = axes[axis_id]
            if axis.item != item:
                continue
            cells = grid(document, term)
            known = np.take(cells, range(axis.known_states), axis=dimension)
            change = sign * np.diff(known, axis=dimension)
            if change.ndim == 2:
                change = change.min(axis=1 - dimension)
            edges: tuple[float | tuple[str, ...], ...] = axis.cuts or axis.groups[1:]
            for edge, value in zip(edges, change, strict=True):
                steps[edge] = steps.get(edge, 0) + int(value)
    return min(steps.values(), default=0)


def check_golden(scorecard: Scorecard) -> None:
    """Recompute the golden assessments of a scorecard.

    Raises
    ------
    ScorecardError
        Naming the first that does not come out as stated.
    """
    document, instrument = scorecard.document, scorecard.instrument
    people = []
    for number, golden in enumerate(document.golden, start=1):
        answers, problems = parse_answers(instrument, golden.answers)
        if problems:
            raise ScorecardError(f"golden assessment {number}: {problems[0].text('en')}")
        people.append(complete(instrument, answers))
    scores = scorecard.scores(scorecard.term_parts(scorecard.encode(people)))
    calibrated = document.scale == "calibrated"
    risks = scorecard.probabilities(scores) if calibrated else None
    for number, golden in enumerate(document.golden):
        stated = (golden.score, golden.probability)
        risk = f"{risks[number]:.9f}" if risks is not None else None
        found = (int(scores[number]), risk)
        if stated != found:
            raise ScorecardError(
                f"golden assessment {number + 1} states {stated} and comes out as {found}"
            )
