"""What the law puts on a form: what stops everything, what is dangerous, what has to be on file.

The law of a jurisdiction is code. What it asks about is found by asking it: every check is run on
a case without answers and on cases with a single one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType

from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment, Kind
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.policy.statutory import Case, Constraint, StatutorySet
from riskengine.reports.paper.form import AlertRow, Stop, StopRow

_ORDER: tuple[Stop, ...] = ("refuse", "separate_profile", "hold")
"""The gravest consequence is looked at first, as the program does."""
_KINDS: tuple[Kind, ...] = ("intake", "reassessment")


def stopping(law: StatutorySet, on: date) -> list[Constraint]:
    """Constraints that can stop everything on a day, in the order in which they are applied.

    One whose text nobody has checked warns and does not bind, so it is not among them.
    """
    return [
        constraint
        for stop in _ORDER
        for constraint in law.in_force(on)
        if constraint.check is not None
        and constraint.consequence == stop
        and constraint.citation.verified
    ]


def stop_rows(law: StatutorySet, on: date, say: Texts) -> tuple[StopRow, ...]:
    """The rows of the first checklist."""
    rows = []
    for number, constraint in enumerate(stopping(law, on), start=1):
        stop = next(one for one in _ORDER if one == constraint.consequence)
        rows.append(
            StopRow(
                number=number,
                id=constraint.id,
                title=constraint.title[say.lang],
                says=constraint.says[say.lang],
                citation=constraint.citation.text[say.lang],
                stop=stop,
            )
        )
    return tuple(rows)


def asked_by_law(law: StatutorySet, instrument: Instrument, on: date) -> set[str]:
    """Items that the stops look at."""
    found: set[str] = set()
    for constraint in stopping(law, on):
        assert constraint.check is not None
        for case in _cases(instrument, on):
            said = constraint.check(case)
            if said is not None:
                found |= set(said.fields)
    return found


def alert_rows(law: StatutorySet, instrument: Instrument, on: date, say: Texts) -> list[AlertRow]:
    """Every safety alert with the answers that raise it."""
    rows = []
    for alert in law.alerts:
        signs = []
        for item, code, words, answer in _single_answers(instrument, say):
            if item.id in alert.check(_case(instrument, on, "intake", {item.id: answer})):
                signs.append((item.id, code, say("sign", item=item.label[say.lang], answer=words)))
        rows.append(
            AlertRow(
                id=alert.id,
                label=alert.label[say.lang],
                task=alert.task[say.lang],
                signs=tuple(signs),
            )
        )
    return rows


def _cases(instrument: Instrument, on: date) -> Iterator[Case]:
    for kind in _KINDS:
        yield _case(instrument, on, kind, {})
    for item in instrument.items:
        for _, answer in _codes(item):
            yield _case(instrument, on, "reassessment", {item.id: answer})


def _case(instrument: Instrument, on: date, kind: Kind, answers: Mapping[str, object]) -> Case:
    empty: Mapping[str, object] = MappingProxyType(dict(answers))
    assessment = Assessment(
        instrument=instrument,
        person="FORM",
        kind=kind,
        form="full",
        assessed_on=on,
        answers=empty,
        sources=MappingProxyType({}),
    )
    return Case(assessment, on)


def _codes(item: Item) -> Iterator[tuple[str, object]]:
    if item.type == "boolean":
        yield from (("false", False), ("true", True))
    for level in item.levels:
        yield level.id, (level.id,) if item.type == "multiple" else level.id


def _single_answers(instrument: Instrument, say: Texts) -> Iterator[tuple[Item, str, str, object]]:
    for item in instrument.items:
        for code, answer in _codes(item):
            words = (
                say("yes" if answer else "no")
                if item.type == "boolean"
                else item.level(code).label[say.lang]
            )
            yield item, code, words, answer
