"""Provisions whose text this project has not read, and the record of who checked which text.

A provision is data (``data_schema/law``, format ``riskengine/law/1``). While ``verified`` is false
it may warn and never bind, until a named person has compared it with the official text. That is
recorded in the agency's own folder (format ``riskengine/law-verifications/1``): each entry carries
the hash of the provision that it verifies, of the text that was read, and of the entry before it,
so that an entry that was edited, moved or cut out is refused at load.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.canonical import content_hash, sha256
from riskengine.errors import ArtefactError, NotFoundError, UseError
from riskengine.instrument.items import Identifier, Version
from riskengine.policy.document import Contact
from riskengine.text import FROZEN, Text

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
START = "0" * 64
"""Stands before the first entry of a record."""

SHORTEST_TEXT = 10


class Provision(BaseModel):
    """One provision, or one version of it.

    Attributes
    ----------
    says
        Its substance as far as it is known; a name in braces is one of its ``numbers``.
    once_verified
        What the engine does with it once its text was checked.
    contact
        A duty towards the office that runs at every tier, once its text was checked.
    """

    model_config = FROZEN
    id: Identifier
    constraint: Annotated[str, Field(pattern=r"^H[0-9]{2}$")]
    citation: Text
    says: Text
    once_verified: Text
    numbers: dict[Identifier, int] = {}
    contact: Contact | None = None
    valid_from: date
    verified: bool
    note: Text | None = None

    @cached_property
    def sentence(self) -> Text:
        """What it says, with its numbers."""
        return Text(zh=self.says.zh.format(**self.numbers), en=self.says.en.format(**self.numbers))

    @cached_property
    def sha256(self) -> str:
        """Hash of everything in it."""
        return content_hash(self.model_dump(mode="json"))

    @model_validator(mode="after")
    def _check(self) -> Self:
        for text in (self.says.zh, self.says.en):
            try:
                text.format(**self.numbers)
            except (KeyError, IndexError, ValueError) as error:
                raise ValueError(
                    f"provision [{self.id}]: [says] names {error}, which is none of its numbers: "
                    + (", ".join(self.numbers) or "there are none")
                ) from error
        return self


class LawDocument(BaseModel):
    """The provisions of one jurisdiction."""

    model_config = FROZEN
    format: Literal["riskengine/law/1"]
    id: Annotated[str, Field(pattern=r"^[a-z]{2}(_[a-z0-9]+)*$")]
    version: Version
    provisions: tuple[Provision, ...]
    source_sha256: Sha256

    @model_validator(mode="after")
    def _check(self) -> Self:
        keys = [(one.id, one.valid_from) for one in self.provisions]
        twice = sorted({key[0] for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"provision [{twice[0]}] is declared twice for one day")
        return self


class Verification(BaseModel):
    """One entry: a named person compared one provision with its official text."""

    model_config = FROZEN
    provision: Identifier
    valid_from: date
    provision_sha256: Sha256
    by: str = Field(min_length=1, max_length=64)
    on: date
    text: str = Field(min_length=SHORTEST_TEXT, max_length=4000)
    text_sha256: Sha256
    previous: Sha256

    @property
    def sha256(self) -> str:
        """Hash of the entry, which the next one carries."""
        return content_hash(self.model_dump(mode="json"))


class VerificationRecord(BaseModel):
    """All entries of one jurisdiction, the oldest first.

    ``head`` is the hash of the last entry, so that the end cannot be cut off unnoticed.
    """

    model_config = FROZEN
    format: Literal["riskengine/law-verifications/1"]
    jurisdiction: Annotated[str, Field(pattern=r"^[a-z]{2}(_[a-z0-9]+)*$")]
    entries: tuple[Verification, ...]
    head: Sha256


@dataclass(frozen=True)
class Provisions:
    """The provisions of a jurisdiction, with what an agency has verified of them."""

    all: tuple[Provision, ...] = ()
    record: tuple[Verification, ...] = ()

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[Provision, ...]]:
        found: dict[str, list[Provision]] = {}
        for one in sorted(self.all, key=lambda provision: provision.valid_from):
            found.setdefault(one.id, []).append(one)
        return MappingProxyType({name: tuple(versions) for name, versions in found.items()})

    @cached_property
    def _verified_on(self) -> Mapping[str, date]:
        """First day on which each provision, by its hash, counts as verified."""
        found: dict[str, date] = {}
        for entry in self.record:
            found.setdefault(entry.provision_sha256, entry.on)
        return MappingProxyType(found)

    def get(self, name: str, day: date) -> Provision | None:
        """The version of a provision that is in force on a day."""
        for one in reversed(self._by_id.get(name, ())):
            if one.valid_from <= day:
                return one
        return None

    def verified(self, provision: Provision, on: date) -> bool:
        """Whether its text had been checked by a day; what came later changes nothing before."""
        if provision.verified:
            return True
        if not self.record:
            return False
        first = self._verified_on.get(provision.sha256)
        return first is not None and first <= on

    def entries_for(self, provision: Provision) -> Iterator[Verification]:
        """Who has checked a provision, the oldest first."""
        return (entry for entry in self.record if entry.provision_sha256 == provision.sha256)

    def head(self, on: date) -> str | None:
        """Hash of the last entry up to a day, or ``None`` before the first."""
        done = [entry for entry in self.record if entry.on <= on]
        return done[-1].sha256 if done else None

    def newest(self, name: str) -> Provision:
        """The newest version of a provision.

        Raises
        ------
        NotFoundError
            Naming the provisions that there are.
        """
        versions = self._by_id.get(name)
        if not versions:
            known = ", ".join(self._by_id)
            raise NotFoundError(f"no provision [{name}]; there are: {known or 'none'}")
        return versions[-1]


def audited(
    document: LawDocument, record: VerificationRecord | None, *, jurisdiction: str, source: str
) -> Provisions:
    """Put provisions and the agency's record together, and refuse a record that was touched.

    Raises
    ------
    ArtefactError
        Naming the file, the entry, and what does not agree.
    """
    if record is None:
        return Provisions(document.provisions)

    def fail(what: str) -> ArtefactError:
        return ArtefactError(f"{source}: {what}")

    if record.jurisdiction != jurisdiction:
        raise fail(
            f"belongs to jurisdiction [{record.jurisdiction}]; this installation is fixed to "
            f"[{jurisdiction}]"
        )
    by_key = {(one.id, one.valid_from): one for one in document.provisions}
    previous, day = START, date.min
    for number, entry in enumerate(record.entries, start=1):
        place = f"entry {number} [{entry.provision}]"
        if entry.previous != previous:
            raise fail(f"{place}: the entry before it was edited, moved or removed")
        if sha256(entry.text.encode("utf-8")) != entry.text_sha256:
            raise fail(f"{place}: its text was edited after it was recorded")
        provision = by_key.get((entry.provision, entry.valid_from))
        if provision is None:
            raise fail(f"{place}: there is no such provision from [{entry.valid_from}]")
        if provision.sha256 != entry.provision_sha256:
            raise fail(f"{place}: the provision is no longer the one that was checked")
        if entry.on < day:
            raise fail(f"{place}: its day [{entry.on}] lies before that of the entry before it")
        previous, day = entry.sha256, entry.on
    if record.head != previous:
        raise fail("its last entry was edited or removed")
    return Provisions(document.provisions, record.entries)


def with_entry(
    provisions: Provisions, *, jurisdiction: str, name: str, by: str, on: date, text: str
) -> VerificationRecord:
    """Add one entry to the record.

    Raises
    ------
    NotFoundError
        Where there is no such provision.
    UseError
        Where it needs no check, nobody is named, the text is too short to be one, or the day lies
        before the last entry.
    """
    provision = provisions.newest(name)
    who, words = by.strip(), text.strip()
    if provision.verified:
        raise UseError(f"provision [{name}] is not marked as unverified: nothing to record")
    if not who:
        raise UseError(f"provision [{name}]: [by] is empty; accepted: name or staff number")
    if len(words) < SHORTEST_TEXT:
        raise UseError(
            f"provision [{name}]: [text] holds {len(words)} characters; accepted: the official "
            f"wording that was read, at least {SHORTEST_TEXT} characters"
        )
    last = provisions.record[-1] if provisions.record else None
    if last is not None and on < last.on:
        raise UseError(
            f"provision [{name}]: [on] {on.isoformat()} lies before the last entry; accepted: "
            f"{last.on.isoformat()} or later"
        )
    entry = Verification(
        provision=provision.id,
        valid_from=provision.valid_from,
        provision_sha256=provision.sha256,
        by=who,
        on=on,
        text=words,
        text_sha256=sha256(words.encode("utf-8")),
        previous=START if last is None else last.sha256,
    )
    return VerificationRecord(
        format="riskengine/law-verifications/1",
        jurisdiction=jurisdiction,
        entries=(*provisions.record, entry),
        head=entry.sha256,
    )
