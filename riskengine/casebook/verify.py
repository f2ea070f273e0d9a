"""Checking the whole record: nothing changed, missing, out of order, cut off, or half erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from riskengine.casebook import sealing
from riskengine.casebook.chain import chains, event_hash, place_of
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import Broken, say
from riskengine.casebook.facts import Erased, Imported, read_facts
from riskengine.casebook.guards import GENESIS, missing_guards
from riskengine.casebook.keys import find_key
from riskengine.casebook.roots import Root
from riskengine.casebook.schema import Event, Key
from riskengine.errors import Language

_BATCH = 2_000
_COLUMNS = tuple(Event.__table__.columns)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with its place.

    Attributes
    ----------
    code
        ``changed``, ``missing``, ``out_of_order``, ``broken_link``, ``bad_facts``,
        ``bad_content``, ``key_missing``, ``key_left``, ``tail_cut``, ``not_as_in_root``,
        ``guard_missing``.
    """

    code: str
    place: str

    def text(self, lang: Language) -> str:
        """A sentence."""
        return say(f"finding_{self.code}", lang, place=self.place)


@dataclass
class Verification:
    """What a check of the record found.

    Attributes
    ----------
    whole
        Whether the whole record was checked, or what was added since an earlier check.
    events, chains
        How much was checked.
    erased
        Events whose content was erased; the chain holds without it.
    not_given
        Events of other nodes that came without the key to read them.
    heads
        Chain to number and hash of its last event that was checked.
    """

    whole: bool
    events: int = 0
    chains: int = 0
    erased: int = 0
    not_given: int = 0
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(tx: Transaction, roots: Sequence[Root] = ()) -> Verification:
    """Check every event of every chain, every key, the guards, and some exported roots.

    Parameters
    ----------
    roots
        Kept elsewhere; without any a cut tail cannot be seen.
    """
    found = Verification(whole=True)
    found.findings += [
        Finding("guard_missing", name) for name in missing_guards(tx.session.connection())
    ]
    keys = _keys(tx, found)
    erased = _erased(tx)
    not_given = _not_given(tx)
    found.findings += [Finding("key_left", name) for name in sorted(erased & keys.keys())]
    at_roots: dict[tuple[str, int], str] = {
        (chain, seq): "" for root in roots for chain, (seq, _) in root.chains.items()
    }
    for chain, rows in _chains(tx):
        found.chains += 1
        _check_chain(chain, rows, keys.get, erased, not_given, at_roots, found, (0, GENESIS))
    for root in roots:
        for chain, (seq, digest) in sorted(root.chains.items()):
            there = at_roots[(chain, seq)]
            if seq and not there:
                found.findings.append(Finding("tail_cut", place_of(chain, seq)))
            elif seq and there != digest:
                found.findings.append(Finding("not_as_in_root", place_of(chain, seq)))
    return found


def verify_since(tx: Transaction, heads: Mapping[str, tuple[int, str]]) -> Verification:
    """Check the guards and every event that came after the last ones of an earlier check.

    That the earlier ones are still what they were is not looked at, but for the very last of each
    chain; only `verify` answers for the whole record.

    Parameters
    ----------
    heads
        Chain to number and hash of the last event that was checked then.
    """
    found = Verification(whole=False)
    found.findings += [
        Finding("guard_missing", name) for name in missing_guards(tx.session.connection())
    ]
    erased, not_given = _erased(tx), _not_given(tx)
    opened: dict[str, bytes | None] = {}

    def key(name: str) -> bytes | None:
        if name not in opened:
            opened[name] = find_key(tx, name)
        return opened[name]

    there = chains(tx)
    for name in sorted({*there, *heads}):
        seq, digest = heads.get(name, (0, GENESIS))
        found.chains += 1
        if seq:
            last = tx.session.scalar(
                select(Event.hash).where(Event.chain == name, Event.seq == seq)
            )
            if last is None:
                found.findings.append(Finding("tail_cut", place_of(name, seq)))
                continue
            if last != digest:
                found.findings.append(Finding("changed", place_of(name, seq)))
        rows = _rows(tx, name, after=seq)
        _check_chain(name, rows, key, erased, not_given, {}, found, (seq, digest))
    return found


def _keys(tx: Transaction, found: Verification) -> dict[str, bytes]:
    keys = {}
    for name, wrapped in tx.session.execute(select(Key.id, Key.wrapped)):
        try:
            keys[name] = sealing.unwrap(tx.book.master, name, wrapped)
        except Broken:
            found.findings.append(Finding("bad_content", f"key {name}"))
    return keys


def _erased(tx: Transaction) -> set[str]:
    subjects = set()
    for written in tx.session.scalars(select(Event.facts).where(Event.kind == Erased.kind)):
        try:
            facts = read_facts(Erased.kind, written)
        except Broken:
            continue  # found again, with its place, when its chain is checked
        if isinstance(facts, Erased):
            subjects.add(facts.subject)
    return subjects


def _not_given(tx: Transaction) -> set[str]:
    names: set[str] = set()
    for written in tx.session.scalars(select(Event.facts).where(Event.kind == Imported.kind)):
        try:
            facts = read_facts(Imported.kind, written)
        except Broken:
            continue
        if isinstance(facts, Imported):
            names |= set(facts.without_key)
    return names


def _chains(tx: Transaction) -> Iterator[tuple[str, Iterable[Row[Any]]]]:
    for name in chains(tx):
        yield name, _rows(tx, name, after=None)


def _rows(tx: Transaction, chain: str, *, after: int | None) -> Iterable[Row[Any]]:
    wanted = select(*_COLUMNS).where(Event.chain == chain).order_by(Event.seq)
    if after is not None:
        wanted = wanted.where(Event.seq > after)
    return tx.session.execute(wanted, execution_options={"yield_per": _BATCH})


def _check_chain(
    chain: str,
    rows: Iterable[Row[Any]],
    key_of: Callable[[str], bytes | None],
    erased: set[str],
    not_given: set[str],
    at_roots: dict[tuple[str, int], str],
    found: Verification,
    begin: tuple[int, str],
) -> None:
    expected, previous = begin[0] + 1, begin[1]
    for row in rows:
        event = dict(row._mapping)
        seq = int(event["seq"])
        place = place_of(chain, seq)
        found.events += 1
        if seq > expected:
            gap = f"{expected}" if seq == expected + 1 else f"{expected}-{seq - 1}"
            found.findings.append(Finding("missing", f"{chain}#{gap}"))
        elif seq < expected:
            found.findings.append(Finding("out_of_order", place))
        elif event["previous"] != previous:
            found.findings.append(Finding("broken_link", place))
        if event_hash(event) != event["hash"]:
            found.findings.append(Finding("changed", place))
        if (chain, seq) in at_roots:
            at_roots[(chain, seq)] = event["hash"]
        try:
            read_facts(event["kind"], event["facts"])
        except Broken:
            found.findings.append(Finding("bad_facts", place))
        key = key_of(event["key"])
        if key is not None:
            try:
                _, digest = sealing.unseal(key, event["sealed"], place)
            except Broken:
                digest = ""
            if digest != event["content_hash"]:
                found.findings.append(Finding("bad_content", place))
        elif event["key"] in erased:
            found.erased += 1
        elif event["key"] in not_given:
            found.not_given += 1
        else:
            found.findings.append(Finding("key_missing", place))
        expected, previous = seq + 1, event["hash"]
    found.heads[chain] = (expected - 1, previous)
