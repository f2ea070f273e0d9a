"""Content goes with its key; the chain, the statistics and the ground stay."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from riskengine.casebook import keys, sealing
from riskengine.casebook.assessing import signed_answers
from riskengine.casebook.backup import KEYS_FILE, backup, restore
from riskengine.casebook.cases import close_case, find_case, open_case, person_of
from riskengine.casebook.database import reading, writing
from riskengine.casebook.drafts import save_draft
from riskengine.casebook.erasing import erase, scrub
from riskengine.casebook.lookups import the_case
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.replay import replay
from riskengine.casebook.schema import DecisionRow, Event, Key
from riskengine.casebook.verify import verify
from tests.casebook.conftest import DISTRICT, refused
from tests.casebook.rounds import SECRET, one_round


@pytest.fixture
def done(book, staff, engine, clock):
    return one_round(book, staff, engine, clock, person="ZHANG-1984", grounds=SECRET)


def erase_now(book, staff, clock, case):
    with writing(book, DISTRICT) as tx:
        close_case(tx, staff.officer, case, on=clock.now.date(), why="矫正期满解除", at=clock())
    with writing(book, DISTRICT) as tx:
        erase(tx, staff.admin, case, ground="retention_over", words="保存期限已经届满", at=clock())
    return scrub(book)


def on_disk(book, tmp_path) -> bytes:
    """Every byte that the database keeps in files that can be read here."""
    if book.engine.dialect.name == "sqlite":
        return b"".join(path.read_bytes() for path in tmp_path.glob("record-*"))
    with book.engine.connect() as connection:  # the server's files are its own
        rows = connection.execute(select(*Event.__table__.columns)).all()
        return repr(rows).encode() + "".join(str(value) for row in rows for value in row).encode()


def test_no_content_is_ever_in_the_files(book, done, staff, engine, clock, tmp_path):
    with writing(book, DISTRICT) as tx:
        save_draft(tx, staff.officer, done.case, {"answers": {"note": SECRET}}, at=clock())
    data = on_disk(book, tmp_path)
    assert done.case.encode() in data
    for plain in (SECRET, "ZHANG-1984", "dangerous_driving", "traffic_accident", "mandarin"):
        assert plain.encode() not in data
        assert plain.encode("utf-16-le") not in data


def test_after_an_erasure_nothing_can_be_read_and_everything_holds(
    book, done, staff, engine, clock, tmp_path
):
    with reading(book) as tx:
        wrapped = tx.session.execute(select(Key.wrapped).where(Key.lookup.is_not(None))).scalar()
        subject = the_case(tx, staff.officer, done.case).subject
        assert person_of(tx, the_case(tx, staff.officer, done.case)) == "ZHANG-1984"
        assert find_case(tx, staff.officer, "ZHANG-1984").id == done.case
    assert book.engine.dialect.name != "sqlite" or wrapped in on_disk(book, tmp_path)
    scrubbed = erase_now(book, staff, clock, done.case)
    if book.engine.dialect.name == "sqlite":
        assert scrubbed and wrapped not in on_disk(book, tmp_path)
    with reading(book) as tx:
        assert keys.find_key(tx, subject) is None
        assert find_case(tx, staff.officer, "ZHANG-1984") is None
        with refused("erased_content"):
            signed_answers(tx, staff.officer, done.assessment)
        found = replay(tx, staff.officer, done.decision)
        assert found.state == "erased"
        assert found.text("zh").startswith("内容已于2026-03-02清除，依据：保存期限届满")
        verified = verify(tx)
        assert verified.sound and verified.erased == 7
        row = tx.session.get_one(DecisionRow, done.decision)
        assert (row.tier, row.decided_by) == ("relaxed", "P-1")
    with writing(book, DISTRICT) as tx:
        assert rebuild(tx).differing == ()
    with writing(book, DISTRICT) as tx, refused("already_erased"):
        erase(tx, staff.admin, done.case, ground="court_order", words="法院要求清除", at=clock())


def test_who_may_erase_and_on_which_ground(book, done, staff, clock):
    for who, ground, code in (
        (staff.officer, "court_order", "role"),
        (staff.admin, "because", "unknown_ground"),
        (staff.admin, "retention_over", "still_open"),
    ):
        with writing(book, DISTRICT) as tx, refused(code):
            erase(tx, who, done.case, ground=ground, words="依法清除全部内容", at=clock())


def test_a_person_who_comes_back_is_somebody_new(book, done, staff, clock):
    erase_now(book, staff, clock, done.case)
    with writing(book, DISTRICT) as tx:
        case = open_case(tx, staff.officer, person="ZHANG-1984", office="司法所", at=clock())
        again = the_case(tx, staff.officer, case).subject
        assert again != the_case(tx, staff.officer, done.case).subject


def test_a_key_that_was_left_or_put_back_is_found(book, done, staff, clock):
    with reading(book) as tx:
        kept = tx.session.execute(select(Key.__table__).where(Key.lookup.is_not(None))).one()
    erase_now(book, staff, clock, done.case)
    with book.engine.begin() as connection:
        connection.execute(Key.__table__.insert().values(**kept._mapping))
    with reading(book) as tx:
        assert {finding.code for finding in verify(tx).findings} == {"key_left"}


def test_another_master_key_opens_nothing(book, done, staff):
    other = type(book)(book.engine, sealing.MasterKey.of(b"x" * 32), book.rules)
    with reading(other) as tx, refused("wrong_key"):
        signed_answers(tx, staff.officer, done.assessment)


def test_a_backup_brings_everything_back(book, done, staff, engine, clock, make_book, tmp_path):
    saved = backup(book, tmp_path / "b", at=clock())
    assert (saved.events, saved.keys) == (6, 1)
    other = make_book()
    assert restore(other, tmp_path / "b", at=clock(), by="A-1").sound
    with reading(other) as tx, reading(book) as old:
        assert signed_answers(tx, staff.officer, done.assessment) == signed_answers(
            old, staff.officer, done.assessment
        )
        assert replay(tx, staff.officer, done.decision).state == "same"
    with refused("exists"):
        restore(other, tmp_path / "b", at=clock(), by="A-1")


def test_an_old_backup_with_the_newest_keys_brings_no_erased_content_back(
    book, done, staff, engine, clock, make_book, tmp_path
):
    two = one_round(book, staff, engine, clock, person="LI-1990")
    backup(book, tmp_path / "old", at=clock())
    erase_now(book, staff, clock, done.case)
    backup(book, tmp_path / "new", at=clock())
    other = make_book()
    newest = tmp_path / "new" / KEYS_FILE
    assert restore(other, tmp_path / "old", keys=newest, at=clock(), by="A-1").sound
    with reading(other) as tx:
        assert replay(tx, staff.officer, done.decision).state == "erased"
        assert replay(tx, staff.officer, two.decision).state == "same"


@pytest.mark.parametrize("file", ["record.db", "keys.json", "backup.json"])
def test_a_touched_backup_is_refused(book, done, clock, make_book, tmp_path, file):
    backup(book, tmp_path / "b", at=clock())
    path = tmp_path / "b" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    other = make_book()
    with pytest.raises(Exception, match="backup|JSON|UTF-8|not sealed"):
        restore(other, tmp_path / "b", at=clock(), by="A-1")
    with reading(other) as tx:
        assert verify(tx).events == 0
