"""Needs, whatever the tier, and the assistance that a district's catalogue offers for them.

A need comes from an answer alone: not from the score, and not from the tier. A severe one changes
what help comes first, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from riskengine.errors import ArtefactError, Language
from riskengine.instrument.conditions import (
    Condition,
    Predicate,
    comparisons,
    compile_condition,
)
from riskengine.instrument.items import Identifier, Version
from riskengine.instrument.model import Instrument, check_comparison
from riskengine.recommendation import Need, Offer, Provider
from riskengine.text import FROZEN, Text

PROVIDERS: dict[Provider, Text] = {
    "justice_office": Text(zh="司法所", en="township justice office"),
    "village_committee": Text(zh="村（居）民委员会", en="village or residents' committee"),
    "volunteers": Text(zh="志愿者", en="volunteers"),
    "social_worker": Text(zh="社会工作者", en="social worker"),
    "family": Text(zh="家庭成员", en="family"),
    "employment_service": Text(zh="就业服务机构", en="employment service"),
    "training_provider": Text(zh="职业培训机构", en="vocational training provider"),
    "school": Text(zh="学校、教育部门", en="school or education office"),
    "civil_affairs": Text(zh="民政部门", en="civil affairs office"),
    "housing_service": Text(zh="住房保障部门", en="housing office"),
    "counsellor": Text(zh="心理咨询人员", en="counsellor"),
    "health_service": Text(zh="医疗卫生机构", en="health service"),
    "addiction_service": Text(zh="戒毒戒酒服务机构", en="addiction service"),
    "legal_aid": Text(zh="法律援助机构", en="legal aid"),
    "mediator": Text(zh="人民调解组织", en="people's mediation"),
    "womens_federation": Text(zh="妇女联合会", en="women's federation"),
}
"""Kinds of provider; the list is closed, and a district names its own contacts elsewhere."""


class Offered(Text):
    """One thing that may help, and which kind of provider gives it."""

    by: Provider | None = None


class NeedEntry(BaseModel):
    """One need: when it exists, when it is severe, what is done first and what may help.

    Attributes
    ----------
    severe
        Where there is the need and this holds too, ``when_severe`` is offered before the rest.
    first_step
        What a member of staff does first; the first offer where it is not given.
    """

    model_config = FROZEN
    id: Identifier
    label: Text
    when: Condition
    severe: Condition | None = None
    first_step: Text | None = None
    assistance: tuple[Offered, ...] = Field(min_length=1)
    when_severe: tuple[Offered, ...] = ()


class AssistanceCatalogue(BaseModel):
    """Shape of ``data_schema/assistance``, format ``riskengine/assistance/1``."""

    model_config = FROZEN
    format: Literal["riskengine/assistance/1"]
    id: Identifier
    version: Version
    instrument: Identifier
    needs: Annotated[tuple[NeedEntry, ...], Field(min_length=1)]
    source_sha256: str


@dataclass(frozen=True)
class CompiledNeed:
    """One entry with its conditions as functions and its sentences ready in both languages."""

    entry: NeedEntry
    items: tuple[str, ...]
    when: Predicate
    severe: Predicate | None
    _ready: dict[tuple[Language, bool, tuple[str, ...]], Need] = field(default_factory=dict)

    def found(self, known: Mapping[str, object], lang: Language) -> Need | None:
        """Give the need, if known answers tell of it."""
        if self.when(known) is not True:
            return None
        severe = self.severe is not None and self.severe(known) is True
        items = tuple(item for item in self.items if item in known)
        key = (lang, severe, items)
        need = self._ready.get(key)
        if need is None:
            need = self._ready[key] = self._said(lang, severe, items)
        return need

    def _said(self, lang: Language, severe: bool, items: tuple[str, ...]) -> Need:
        entry = self.entry
        offered = (*entry.when_severe, *entry.assistance) if severe else entry.assistance
        first = entry.first_step or offered[0]
        return Need(
            id=entry.id,
            label=entry.label[lang],
            assistance=tuple(one[lang] for one in offered),
            items=items,
            severe=severe,
            first_step=first[lang],
            offers=tuple(
                Offer(
                    words=one[lang],
                    provider=one.by,
                    provider_label=None if one.by is None else PROVIDERS[one.by][lang],
                )
                for one in offered
            ),
        )


@dataclass(frozen=True)
class Assistance:
    """A catalogue compiled against its instrument."""

    entries: tuple[CompiledNeed, ...] = ()

    def needs(self, known: Mapping[str, object], lang: Language) -> tuple[Need, ...]:
        """Needs that follow from known answers: severe ones first, else as in the catalogue."""
        found = (entry.found(known, lang) for entry in self.entries)
        return _severe_first(need for need in found if need is not None)

    def open_needs(
        self,
        every: Sequence[Need],
        known: Mapping[str, object],
        closed: frozenset[str],
        lang: Language,
    ) -> tuple[Need, ...]:
        """Needs that follow from open answers alone.

        Parameters
        ----------
        every
            Needs that follow from all answers; those that no closed item touches stay as they are.
        known
            Open answers.
        """
        stays = {need.id: need for need in every}
        found = (
            stays.get(entry.entry.id)
            if closed.isdisjoint(entry.items)
            else entry.found(known, lang)
            for entry in self.entries
        )
        return _severe_first(need for need in found if need is not None)

    @property
    def items(self) -> frozenset[str]:
        """Every item that some entry asks for."""
        return frozenset(item for entry in self.entries for item in entry.items)


def _severe_first(needs: Iterable[Need]) -> tuple[Need, ...]:
    return tuple(sorted(needs, key=lambda need: not need.severe))


def compile_assistance(catalogue: AssistanceCatalogue, instrument: Instrument) -> Assistance:
    """Type a catalogue's conditions against its instrument.

    Raises
    ------
    ArtefactError
        A line a mistake, with need, item and what is accepted.
    """
    place = f"assistance [{catalogue.id}]"
    faults = []
    if catalogue.instrument != instrument.id:
        faults.append(
            f"{place}: it is written for instrument [{catalogue.instrument}], not "
            f"[{instrument.id}]"
        )
    names = [entry.id for entry in catalogue.needs]
    for name in dict.fromkeys(one for one in names if names.count(one) > 1):
        faults.append(f"{place}: need [{name}] is declared twice")
    for entry in catalogue.needs:
        faults += _faults(entry, instrument, f"{place}, need [{entry.id}]")
    if faults:
        raise ArtefactError("\n".join(faults))
    return Assistance(
        tuple(
            CompiledNeed(
                entry,
                tuple(dict.fromkeys(test.subject for test in _tests(entry))),
                compile_condition(entry.when, instrument.ranks),
                None
                if entry.severe is None
                else compile_condition(entry.severe, instrument.ranks),
            )
            for entry in catalogue.needs
        )
    )


def _tests(entry: NeedEntry) -> list[Any]:
    conditions = [entry.when, *([] if entry.severe is None else [entry.severe])]
    return [test for condition in conditions for test in comparisons(condition)]


def _faults(entry: NeedEntry, instrument: Instrument, place: str) -> Iterable[str]:
    if entry.when_severe and entry.severe is None:
        yield f"{place}: [when_severe] is offered where the need is severe; [severe] says when"
    for test in _tests(entry):
        try:
            check_comparison(test, instrument, place)
        except ValueError as error:
            yield str(error)
            continue
        item = instrument.by_id.get(test.subject)
        if item is not None and "need" not in item.use:
            accepted = ", ".join(one.id for one in instrument.items if "need" in one.use)
            yield (
                f"{place}: item [{item.id}] is not asked in order to help (its use is "
                f"{', '.join(item.use)}); accepted: {accepted}"
            )
