"""A made-up district of any size, quickly and honestly.

A few hundred people go through the record's own functions in a scratch record: opened, assessed,
own view, recommendation, proposal, decision, notice, some with alerts, requests for review, or a
proposal that waits. Every further person is one of these again under new ids, officer and office,
with a key of its own: each event is sealed, hashed and chained as `chain.append` does it, and each
row of the read tables is what the record wrote for the original. So the chain verifies, and the
read tables are what a rebuild makes; `check` shows both.
"""

from __future__ import annotations

import base64
import heapq
import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common  # noqa: F401, I001  (puts the checkout on the path)

from sqlalchemy import insert, select

from riskengine import Engine
from riskengine.canonical import canonical_json
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role
from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case, person_of
from riskengine.casebook.chain import content_of, event_hash, head
from riskengine.casebook.database import Casebook, Transaction, connect, reading, writing
from riskengine.casebook.deciding import decide, propose, propose_without_score
from riskengine.casebook.keys import chain_key
from riskengine.casebook.notices import record_notice
from riskengine.casebook.places import migrate
from riskengine.casebook.projection import rebuild_subject
from riskengine.casebook.revealing import record_own_view, reveal
from riskengine.casebook.reviews import request_review
from riskengine.casebook.schema import PROJECTED, CaseRow, Event, Key
from riskengine.casebook.sealing import MasterKey
from riskengine.casebook.times import just_after
from riskengine.casebook.verify import verify
from riskengine.policy.tiers import Tier

OFFICER, OFFICE = "OFFICER-X", "OFFICE-X"
APPROVER = "P-1"
PER_OFFICER = 250
GROUNDS = "近三个月按时报到，工作稳定"
_ID = re.compile(r"\b[a-z]{1,2}-[0-9a-f]{24}\b")
_TOGETHER = 4_000


@dataclass
class Original:
    """One person of the scratch record: events with their content, and rows of the read tables."""

    person: str
    subject: str
    events: list[tuple[dict[str, Any], str]]
    rows: list[tuple[Any, dict[str, Any]]]


def officer_of(number: int) -> str:
    """Officer of the number-th person."""
    return f"S-{number // PER_OFFICER:04d}"


def office_of(number: int) -> str:
    """Office of the number-th person; two officers each."""
    return f"office-{number // (2 * PER_OFFICER):03d}"


def originals(
    engine: Engine, book: Casebook, district: str, *, count: int, today: date
) -> list[Original]:
    """Take some people through their rounds, over the year before a day."""
    from casebook import assessment

    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as place:
        scratch = Casebook(connect(f"sqlite:///{place}/scratch.db"), book.master, book.rules)
        migrate(scratch.engine)
        with writing(scratch, district) as tx:
            first = datetime(today.year, today.month, today.day, 1, tzinfo=UTC)
            lives = []
            for number in range(count):
                at = first - timedelta(days=4 + 330 * (count - number) / count)
                lives.append(
                    _one(tx, engine, district, f"T-{number}", assessment(chance), at, number)
                )
            # everybody's acts in the order of their times, as a record takes them
            waiting = [(next(life), number) for number, life in enumerate(lives)]
            heapq.heapify(waiting)
            while waiting:
                _, number = heapq.heappop(waiting)
                following = next(lives[number], None)
                if following is not None:
                    heapq.heappush(waiting, (following, number))
        with reading(scratch) as tx:
            found = [_read(tx, case) for case in tx.session.scalars(select(CaseRow))]
        scratch.engine.dispose()
    return sorted(found, key=lambda one: int(one.person[2:]))


def _one(
    tx: Transaction,
    engine: Engine,
    district: str,
    person: str,
    raw: dict[str, Any],
    at: datetime,
    number: int,
) -> Iterator[datetime]:
    """Act step by step; each time is given before the act that happens then."""
    officer = Actor(OFFICER, OFFICER, district, frozenset([Role.OFFICER]))
    approver = Actor(APPROVER, APPROVER, district, frozenset([Role.APPROVER]))

    def later(**span: float) -> datetime:
        return at + timedelta(**span)

    yield at
    case = open_case(tx, officer, person=person, office=OFFICE, at=at)
    if number % 50 == 1:
        return
    raw = {**raw, "assessed_on": at.date().isoformat()}
    yield later(minutes=1)
    signed = sign(tx, officer, case, raw, engine=engine, at=later(minutes=1))
    if number % 50 == 2:
        return
    yield later(minutes=2)
    tier = Tier.RELAXED if number % 7 == 0 else Tier.ORDINARY
    record_own_view(tx, officer, signed, tier=tier, grounds=GROUNDS, at=later(minutes=2))
    yield later(minutes=3)
    found = reveal(tx, officer, signed, engine=engine, at=later(minutes=3))
    when = later(minutes=4 + number % 9)
    yield when
    if not found.tiers:
        proposal = propose_without_score(
            tx, officer, case, tier=Tier.ORDINARY, ground="insufficient_basis", grounds=GROUNDS,
            review_on=(at + timedelta(days=90)).date(), at=when, assessment=signed,
        )  # fmt: skip
    else:
        recommended = [one.tier for one in found.tiers]
        other = Tier.ORDINARY if recommended[0] is Tier.STRICT else Tier.STRICT
        departs = number % 8 == 3 and len(recommended) == 1 and found.tiers[0].tier is not other
        reasons = list(tx.rules.override_reasons)
        direction = "up" if other is Tier.STRICT else "down"
        reason = next(one.id for one in reasons if one.direction in (None, direction))
        try:
            proposal = propose(
                tx, officer, signed, tier=other if departs else recommended[0], grounds=GROUNDS,
                at=when, **({"reason": reason} if departs else {}),
            )  # fmt: skip
        except Exception:
            proposal = propose(tx, officer, signed, tier=recommended[0], grounds=GROUNDS, at=when)
    if number % 50 == 4:
        return
    yield later(hours=3)
    decision = decide(tx, approver, proposal, grounds=GROUNDS, at=later(hours=3))
    yield later(days=1)
    if number % 20 != 5:
        record_notice(
            tx, officer, decision, read_by=OFFICER, language="zh", aloud=True,
            said="我知道了", at=later(days=1),
        )  # fmt: skip
    yield later(days=2)
    if number % 100 == 6:
        request_review(tx, officer, case, words="我想请你们再看看", channel="paper",
                       at=later(days=2))  # fmt: skip


def _read(tx: Transaction, case: CaseRow) -> Original:
    events = []
    for event in tx.session.scalars(
        select(Event).where(Event.subject == case.subject).order_by(Event.seq)
    ):
        fields = {column.name: getattr(event, column.name) for column in Event.__table__.columns}
        events.append((fields, canonical_json(content_of(tx, event))))
    rows = []
    for table in PROJECTED:
        columns = table.__table__.columns
        where = columns["subject"] if table is CaseRow else columns.get("case")
        if where is not None:
            of = case.subject if table is CaseRow else case.id
            for row in tx.session.execute(select(*columns).where(where == of)):
                rows.append((table, dict(row._mapping)))
    return Original(str(person_of(tx, case)), case.subject, events, rows)


class Copies:
    """Writes people again under new ids into the chain and the read tables of a record."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.chain = tx.chain
        self.seq, self.previous, self.latest = head(tx, self.chain)
        chain_key(tx, self.chain)
        self.events: list[dict[str, Any]] = []
        self.keys: list[dict[str, Any]] = []
        self.rows: dict[Any, list[dict[str, Any]]] = {}

    def add(self, original: Original, number: int) -> str:
        """Write one more person; return the id of the case."""
        ids: dict[str, str] = {}

        def new(match: re.Match[str]) -> str:
            old = match.group()
            if old not in ids:
                ids[old] = sealing.new_id(old.partition("-")[0])
            return ids[old]

        officer, office = officer_of(number), office_of(number)

        def again(text: str) -> str:
            text = _ID.sub(new, text)
            return text.replace(OFFICER, officer).replace(OFFICE, office)

        person, key = f"N-{number:06d}", sealing.new_key()
        subject = again(original.subject)
        master, district = self.tx.book.master, self.tx.district
        self.keys.append(
            {
                "id": subject,
                "wrapped": sealing.wrap(master, subject, key),
                "lookup": sealing.lookup(master, district, person),
            }
        )
        label = ""
        for fields, content in original.events:
            case = again(fields["case"])
            facts = again(fields["facts"])
            if fields["kind"] == "case_opened":
                sealed = sealing.encrypt(key, person.encode(), f"label:{case}")
                label = base64.b64encode(sealed).decode()
                facts = canonical_json({**json.loads(facts), "label": label})
            self.seq += 1
            body = again(content).replace(f'"{original.person}"', f'"{person}"').encode()
            sealed, digest = sealing.seal(key, body, f"{self.chain}#{self.seq}")
            at = fields["at"]
            self.latest = max(at, just_after(self.latest)) if self.latest else at
            event = {
                **fields,
                "chain": self.chain,
                "seq": self.seq,
                "district": district,
                "placed": self.latest,
                "actor": again(fields["actor"]),
                "case": case,
                "subject": subject,
                "key": subject,
                "facts": facts,
                "sealed": sealed,
                "content_hash": digest,
                "previous": self.previous,
            }
            event["hash"] = self.previous = event_hash(event)
            self.events.append(event)
        base = self.seq - len(original.events)
        places = {fields["seq"]: base + n for n, (fields, _) in enumerate(original.events, 1)}
        for table, row in original.rows:
            copied = {
                name: again(value) if isinstance(value, str) else value
                for name, value in row.items()
            }
            if table is CaseRow:
                copied["label"] = label
            for name in ("seq", "revealed_seq"):
                if copied.get(name) is not None:
                    copied[name] = places[copied[name]]
            for name in ("chain", "revealed_chain"):
                if copied.get(name) is not None:
                    copied[name] = self.chain
            self.rows.setdefault(table, []).append(copied)
        return case

    def write(self) -> None:
        """Write what was gathered."""
        session = self.tx.session
        session.execute(insert(Key.__table__), self.keys)
        session.execute(insert(Event.__table__), self.events)
        for table, rows in self.rows.items():
            session.execute(insert(table.__table__), rows)
        self.events, self.keys, self.rows = [], [], {}


def populate(
    book: Casebook,
    engine: Engine,
    district: str,
    *,
    people: int,
    today: date,
    kinds: int = 300,
    begin: int = 0,
) -> list[str]:
    """Fill a record with people, from the begin-th on; return the ids of their cases."""
    found = originals(engine, book, district, count=min(kinds, people), today=today)
    cases: list[str] = []
    for start in range(begin, people, _TOGETHER):
        with writing(book, district) as tx:
            if book.engine.dialect.name == "sqlite":
                tx.session.connection().exec_driver_sql("PRAGMA cache_size = -1500000")
            copies = Copies(tx)
            for number in range(start, min(start + _TOGETHER, people)):
                cases.append(
                    copies.add(found[number * len(found) // people], _spread(number, people))
                )
            copies.write()
    return cases


def _spread(number: int, people: int) -> int:
    """Number a person so that every officer has people of every day."""
    officers = max(1, people // PER_OFFICER)
    return number if officers == 1 else (number % officers) * PER_OFFICER + number // officers


def check(book: Casebook, district: str, *, sample: int) -> tuple[int, bool, bool]:
    """Verify the whole chain, and make the rows of some people anew.

    Returns
    -------
    events, sound, same
        ``same``: whether the rebuilt rows are the rows that were there.
    """
    with reading(book) as tx:
        found = verify(tx)
    with writing(book, district) as tx:
        subjects = sorted(tx.session.scalars(select(CaseRow.subject)))
        chosen = random.Random(3).sample(subjects, min(sample, len(subjects)))
        before = [_rows(tx, subject) for subject in chosen]
        for subject in chosen:
            rebuild_subject(tx.session, subject)
            tx.session.expunge_all()
        same = before == [_rows(tx, subject) for subject in chosen]
    return found.events, found.sound, same


def _rows(tx: Transaction, subject: str) -> list[Any]:
    found = []
    case = tx.session.scalar(select(CaseRow.id).where(CaseRow.subject == subject))
    for table in PROJECTED:
        columns = table.__table__.columns
        where = columns["subject"] if table is CaseRow else columns.get("case")
        if where is not None:
            of = subject if table is CaseRow else case
            rows = tx.session.execute(select(*columns).where(where == of).order_by(columns["id"]))
            found += [tuple(row) for row in rows]
    return found


def main() -> None:
    import time

    from riskengine.casebook.rules import find_rules

    with tempfile.TemporaryDirectory() as place:
        book = Casebook(
            connect(f"sqlite:///{place}/record.db"), MasterKey.of(sealing.new_key()), find_rules()
        )
        migrate(book.engine)
        began = time.perf_counter()
        cases = populate(
            book, Engine.load(), "330102", people=int(sys.argv[1]), today=date(2026, 3, 2)
        )
        took = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(place).iterdir())
        print(f"{len(cases):,} people in {took:.1f} s, {size / 1e6:,.0f} MB")
        print(check(book, "330102", sample=50))


if __name__ == "__main__":
    main()
