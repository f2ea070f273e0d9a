"""How fast the record is, and whether what was decided replays.

Run with ``python benchmarks/casebook.py``: appends a second, the check of 100,000 events, replay
of 1,000 decisions, rebuilding of the read tables, and what an erasure leaves in the files.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common  # noqa: F401, I001  (puts the checkout on the path)

from sqlalchemy import insert

from riskengine import Engine
from riskengine.casebook import commits
from riskengine.casebook.actors import Actor, Role
from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case
from riskengine.casebook.chain import event_hash, head
from riskengine.casebook.database import Casebook, connect, reading, writing
from riskengine.casebook.deciding import decide, propose, propose_without_score
from riskengine.casebook.erasing import erase, scrub
from riskengine.casebook.facts import WhatIf
from riskengine.casebook.keys import the_key
from riskengine.casebook.places import migrate
from riskengine.casebook.projection import record
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.replay import replay
from riskengine.casebook.revealing import record_own_view, reveal
from riskengine.casebook.rules import find_rules
from riskengine.casebook.schema import CaseRow, Event
from riskengine.casebook.sealing import MasterKey, new_key, seal
from riskengine.casebook.times import stamp
from riskengine.casebook.verify import verify
from riskengine.errors import AssessmentError
from riskengine.instrument.assessment import Assessment
from riskengine.policy.tiers import Tier
from riskengine.store.lookup import find_instrument

DISTRICT = "330102"
APPENDS = 500
WRITERS, TURNS = 32, 3
GROUNDS = "近三个月按时报到，工作稳定"
SECRET = "他的妻子悄悄告诉我们他又喝酒了"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
        self.lock = threading.Lock()

    def __call__(self) -> datetime:
        with self.lock:
            self.now += timedelta(milliseconds=20)
            return self.now


def staff(name: str, *roles: Role) -> Actor:
    return Actor(name, name, DISTRICT, frozenset(roles))


OFFICER = staff("S-1", Role.OFFICER)
APPROVER = staff("P-1", Role.APPROVER)
ADMIN = staff("A-1", Role.ADMINISTRATOR)
REVIEWER = staff("R-1", Role.REVIEWER)


def assessment(chance: random.Random) -> dict[str, object]:
    """A made-up assessment: levels drawn evenly, which no district looks like."""
    instrument = find_instrument("cn_community_corrections")
    answers: dict[str, object] = {
        "legal_status": "02", "start_date": "2025-09-01", "end_date": "2027-08-31",
        "birth_date": "1984-08-08", "sex": chance.choice("12"), "recidivist": False,
        "prohibition_order": "none", "is_minor_profile": False, "correction_stage": "middle",
        "last_appraisal": "pass", "admonitions_n": 0, "warnings_n": 0, "ps_penalties_n": 0,
        "commendations_n": 0, "offence_type": "economic_duty", "age_at_start": 41,
        "notice_given_date": "2025-09-02",
    }  # fmt: skip
    for item in instrument.items:
        if (
            item.id not in answers
            and item.type in ("ordinal", "nominal")
            and item.rated == "rated"
        ):
            answers[item.id] = chance.choice(list(item.level_ids))
    raw = {"kind": "reassessment", "assessed_on": "2026-03-01", "answers": answers}
    while True:  # leave out what the other answers rule out
        try:
            Assessment.from_dict({**raw, "person": "B"}, instrument)
        except AssessmentError as error:
            for problem in error.problems:
                del answers[problem.item]
        else:
            return raw


def decisions(book: Casebook, engine: Engine, clock: Clock, count: int) -> list[str]:
    chance, made = random.Random(1), []
    for number in range(count):
        with writing(book, DISTRICT) as tx:
            case = open_case(tx, OFFICER, person=f"B-{number}", office="office", at=clock())
            signed = sign(tx, OFFICER, case, assessment(chance), engine=engine, at=clock())
            record_own_view(tx, OFFICER, signed, tier=Tier.ORDINARY, grounds=SECRET, at=clock())
            found = reveal(tx, OFFICER, signed, engine=engine, at=clock())
            if found.tiers:
                proposal = propose(
                    tx, OFFICER, signed, tier=found.tiers[0].tier, grounds=GROUNDS, at=clock()
                )
            else:
                proposal = propose_without_score(
                    tx, OFFICER, case, tier=Tier.ORDINARY, ground="insufficient_basis",
                    grounds=GROUNDS, review_on=date(2026, 5, 1), at=clock(), assessment=signed,
                )  # fmt: skip
            made.append(decide(tx, APPROVER, proposal, grounds=GROUNDS, at=clock()))
    return made


def fill(book: Casebook, cases: list[CaseRow], clock: Clock, count: int) -> None:
    """Write sound events of one kind in bulk, as many as the check is to be timed on."""
    with writing(book, DISTRICT) as tx:
        seq, previous, _ = head(tx, DISTRICT)
        keys = [the_key(tx, case.subject) for case in cases]
        rows = []
        for number in range(count):
            case, key = cases[number % len(cases)], keys[number % len(cases)]
            seq += 1
            sealed, digest = seal(key, b'{"n":1}', f"{DISTRICT}#{seq}")
            at = stamp(clock())
            row = {
                "chain": DISTRICT, "seq": seq, "district": DISTRICT, "kind": "what_if", "at": at,
                "placed": at, "actor": "S-1", "case": case.id, "subject": case.subject,
                "key": case.subject, "facts": f'{{"assessment":"a-{number}"}}', "sealed": sealed,
                "content_hash": digest, "previous": previous,
            }  # fmt: skip
            row["hash"] = previous = event_hash(row)
            rows.append(row)
        if rows:
            tx.session.execute(insert(Event.__table__), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=1_000)
    parser.add_argument("--url", help="a database other than a SQLite file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        url = given.url or f"sqlite:///{place}/record.db"
        book = Casebook(connect(url), MasterKey.of(new_key()), find_rules())
        migrate(book.engine)
        engine, clock = Engine.load(), Clock()
        print(f"database          {book.engine.dialect.name}")

        start = time.perf_counter()
        made = decisions(book, engine, clock, given.decisions)
        took = time.perf_counter() - start
        print(f"whole rounds      {len(made) / took:,.1f} a second (one transaction each)")

        with reading(book) as tx:
            cases = tx.session.query(CaseRow).order_by(CaseRow.id).all()
            events = verify(tx).events

        def append(tx, number: int) -> None:
            case = cases[number % len(cases)]
            record(tx, WhatIf(assessment=f"a-{number}"), {"n": number}, actor="S-1", at=clock(),
                   case=case.id, subject=case.subject)  # fmt: skip

        start = time.perf_counter()
        for number in range(APPENDS):
            with writing(book, DISTRICT) as tx:
                append(tx, number)
        took = time.perf_counter() - start
        print(f"appends           {APPENDS / took:,.0f} a second, one writer, each its own commit")

        def by_many(number: int) -> None:
            with writing(book, DISTRICT) as tx:
                append(tx, number)

        # each commit by itself, and shared by those who wait, in turns: the ratio holds under load
        together, rates = commits.MOST_TOGETHER, {1: [], commits.MOST_TOGETHER: []}
        for most in (1, together) * TURNS:
            commits.MOST_TOGETHER = most
            with ThreadPoolExecutor(WRITERS) as pool:
                start = time.perf_counter()
                list(pool.map(by_many, range(APPENDS)))
                rates[most].append(APPENDS / (time.perf_counter() - start))
        alone, shared = (statistics.median(rates[most]) for most in (1, together))
        print(
            f"appends           {alone:,.0f} a second, {WRITERS} writers, each its own commit; "
            f"{shared:,.0f} with shared commits ({shared / alone:.1f} times)"
        )
        fill(book, cases, clock, max(0, given.events - events - APPENDS * (1 + 2 * TURNS)))

        with reading(book) as tx:
            start = time.perf_counter()
            found = verify(tx)
            took = time.perf_counter() - start
        print(f"verify            {found.events:,} events in {took:.1f} s, sound: {found.sound}")

        with reading(book) as tx:
            start = time.perf_counter()
            states = [replay(tx, REVIEWER, name).state for name in made]
            took = time.perf_counter() - start
        same = states.count("same")
        print(f"replay            {same:,} of {len(made):,} the same, {took:.1f} s")

        with writing(book, DISTRICT) as tx:
            start = time.perf_counter()
            rebuilt = rebuild(tx)
            took = time.perf_counter() - start
        print(f"rebuild           {took:.1f} s, differing tables: {len(rebuilt.differing)}")

        with writing(book, DISTRICT) as tx:
            erase(tx, ADMIN, cases[0].id, ground="court_order", words="法院要求清除", at=clock())
        cut = scrub(book)
        if not given.url:
            data = b"".join(path.read_bytes() for path in Path(place).glob("record.db*"))
            plain = sum(data.count(text.encode()) for text in (SECRET, GROUNDS, '"B-1"'))
            print(f"plain text        {plain} times in {len(data) / 1e6:,.0f} MB of files")
            print(f"log cut           {cut}")
        with reading(book) as tx:
            found = verify(tx)
        print(f"after an erasure  {found.erased:,} events unreadable, sound: {found.sound}")


if __name__ == "__main__":
    main()
