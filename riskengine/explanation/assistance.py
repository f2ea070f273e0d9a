"""Needs, whatever the tier, and the assistance that a district's catalogue offers for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from riskengine.errors import ArtefactError, Language
from riskengine.instrument.conditions import (
    Condition,
    Predicate,
    comparisons,
    compile_condition,
)
from riskengine.instrument.items import Identifier
from riskengine.instrument.model import Instrument, check_comparison
from riskengine.recommendation import Need
from riskengine.text import FROZEN, Text


class NeedEntry(BaseModel):
    """One need: when it exists, and what may help."""

    model_config = FROZEN
    id: Identifier
    label: Text
    when: Condition
    assistance: tuple[Text, ...] = Field(min_length=1)


class AssistanceCatalogue(BaseModel):
    """Shape of ``data_schema/assistance``, format ``riskengine/assistance/1``."""

    model_config = FROZEN
    format: Literal["riskengine/assistance/1"]
    id: Identifier
    version: str
    instrument: Identifier
    needs: tuple[NeedEntry, ...]
    source_sha256: str


@dataclass(frozen=True)
class Assistance:
    """A catalogue compiled against its instrument."""

    entries: tuple[tuple[NeedEntry, tuple[str, ...], Predicate], ...] = ()

    def needs(self, known: Mapping[str, object], lang: Language) -> tuple[Need, ...]:
        """Needs that follow from known answers, in the order of the catalogue."""
        return tuple(
            Need(
                id=entry.id,
                label=entry.label[lang],
                assistance=tuple(text[lang] for text in entry.assistance),
                items=tuple(item for item in items if item in known),
            )
            for entry, items, condition in self.entries
            if condition(known) is True
        )


def compile_assistance(catalogue: AssistanceCatalogue, instrument: Instrument) -> Assistance:
    """Type a catalogue's conditions against its instrument.

    Raises
    ------
    ArtefactError
        Naming need, item and what is accepted.
    """
    entries = []
    for entry in catalogue.needs:
        tests = list(comparisons(entry.when))
        for test in tests:
            try:
                check_comparison(test, instrument, f"need [{entry.id}]")
            except ValueError as error:
                raise ArtefactError(str(error)) from error
        items = tuple(dict.fromkeys(test.subject for test in tests))
        entries.append((entry, items, compile_condition(entry.when, instrument.ranks)))
    return Assistance(tuple(entries))
