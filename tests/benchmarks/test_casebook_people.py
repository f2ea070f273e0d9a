"""The made-up district that measures are taken on is an honest record."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from riskengine import Engine
from riskengine.casebook.database import Casebook, connect, reading
from riskengine.casebook.places import migrate
from riskengine.casebook.rules import find_rules
from riskengine.casebook.schema import CaseRow
from riskengine.casebook.sealing import MasterKey

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from casebook_people import check, populate  # noqa: E402


def test_people_in_bulk_are_chained_sealed_and_projected_as_the_record_does_it(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/record.db")
    book = Casebook(engine, MasterKey.of(b"k" * 32), find_rules())
    migrate(engine)
    made = populate(book, Engine.load(), "main", people=24, today=date(2026, 3, 2), kinds=8)
    events, sound, same = check(book, "main", sample=24)
    assert sound and same and events > 24 * 3
    with reading(book) as tx:
        assert {one.id for one in tx.session.query(CaseRow)} == set(made)
    engine.dispose()
