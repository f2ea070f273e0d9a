"""What leaves the record: for the person, for an authority, for the case system."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest

from riskengine.batch.writing import write_rows
from riskengine.casebook.assessing import correct, sign
from riskengine.casebook.case_system import COLUMNS, give_back, prefill
from riskengine.casebook.cases import file_block, find_case, open_case, put_on_file
from riskengine.casebook.chain import content_of
from riskengine.casebook.database import reading, writing
from riskengine.casebook.drafts import read_draft, start_draft
from riskengine.casebook.for_authority import QUESTIONS, authority_pack
from riskengine.casebook.for_person import person_pack
from riskengine.casebook.notices import record_comment, record_notice
from riskengine.casebook.paper import enter_decision
from riskengine.casebook.reviews import answer_review, assign_review, request_review
from riskengine.casebook.schema import DecisionRow, Event
from riskengine.casebook.suspending import suspend
from riskengine.intake.read import read_assessments
from riskengine.policy.tiers import Tier
from tests.casebook.conftest import DISTRICT, example, refused
from tests.casebook.rounds import GROUNDS, SECRET, one_round

HOSTILE = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x")',
    "'; DROP TABLE events; --",
    "\u202e反向\u202c {place} %s \\ \x00\x07",
    "长" * 10_000,
)


def test_no_informant_is_in_the_persons_copy(book, staff, engine, clock):
    """A wife told that he drinks and beats her; an officer wrote it down as grounds, too."""
    done = one_round(book, staff, engine, clock, person="EX-09", which="09", grounds=SECRET)
    with writing(book, DISTRICT) as tx:
        record_comment(tx, staff.officer, done.case, words="我愿意配合", at=clock())
        for lang in ("zh", "en"):
            pack = person_pack(tx, staff.officer, done.case, at=clock(), lang=lang)
            written = json.dumps(pack, ensure_ascii=False)
            for told in (
                *(SECRET, "妻子", "wife", "domestic_violence", "家庭暴力", "violence"),
                *("harm_to_others_now", "third_party", "family_relationship", "confidential"),
            ):
                assert told not in written
            assert pack["said"][0]["words"] == "我愿意配合"
            assert len(pack["not_in_it"]) == 2
            assert pack["assessments"][0]["notice"]["rights"]
        kinds = [row.kind for row in tx.session.query(Event).order_by(Event.seq)]
        assert kinds[-4:] == ["withheld", "exported"] * 2
        log = content_of(tx, tx.session.query(Event).filter_by(kind="withheld").first())
        assert {one["item"] for one in log["answers"]} >= {"domestic_violence"}


def test_a_suspension_reaches_the_persons_copy(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    with writing(book, DISTRICT) as tx:
        suspend(tx, staff.admin, reason="核对数据的需要", at=clock())
        pack = person_pack(tx, staff.officer, done.case, at=clock(), lang="zh")
    assert pack["assessments"][0]["notice"] is None and pack["decisions"]


def test_an_authority_gets_answers_with_the_events_behind_them(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    with writing(book, DISTRICT) as tx:
        before = authority_pack(tx, staff.reviewer, done.case, at=clock(), lang="en")
        record_notice(
            tx, staff.officer, done.decision, read_by="S-1", language="mandarin", aloud=True,
            said="听明白了", at=clock(),
        )  # fmt: skip
        put_on_file(tx, staff.officer, done.case, what="lost_contact", on=date(2026, 3, 1),
                    at=clock())  # fmt: skip
        receipt = request_review(
            tx, staff.other, done.case, words="不同意", channel="paper", at=clock()
        )
        assign_review(tx, staff.admin, receipt.review, handler=staff.reviewer, at=clock())
        answer_review(
            tx, staff.reviewer, receipt.review, outcome="upheld", answer=GROUNDS,
            at=clock(days=11),
        )  # fmt: skip
        after = authority_pack(tx, staff.reviewer, done.case, at=clock(), lang="zh")
    first = {one["id"]: one["answer"] for one in before["questions"]}
    second = {one["id"]: one["answer"] for one in after["questions"]}
    assert list(first) == list(QUESTIONS)
    assert (first["informed"], second["informed"]) == ("no", "yes")
    assert (first["own_view"], first["two_people"]) == ("yes", "none")
    assert (first["reviews"], second["reviews"]) == ("none", "no")  # a day late
    assert (first["out_of_supervision"], second["out_of_supervision"]) == ("none", "yes")
    assert after["chain"]["sound"] and "重算一致" in after["replays"][done.decision]
    places = {one["place"] for one in after["events"]}
    for one in after["questions"]:
        assert places >= set(one["events"]) and one["words"]
    assert second["leave"] == "not_kept"


def test_hostile_text_comes_back_as_it_was_written(book, staff, engine, clock, tmp_path):
    for number, text in enumerate(HOSTILE):
        with writing(book, DISTRICT) as tx:
            case = open_case(tx, staff.officer, person=f"H-{number}", office="司法所", at=clock())
            grounds = f"{text} {GROUNDS}"
            enter_decision(
                tx, staff.officer, case, tier=Tier.ORDINARY, decided_on=date(2026, 3, 1),
                proposed_by="S-1", decided_by="S-1", grounds=grounds,
                review_on=date(2026, 4, 1), reason="outage", at=clock(),
            )  # fmt: skip
            (row,) = (one for one in give_back(tx, staff.officer, lang="zh")
                      if one["case"] == case)  # fmt: skip
            assert row["grounds"] == grounds
    with reading(book) as tx:
        rows = list(give_back(tx, staff.officer, lang="en"))
        write_rows(tmp_path / "back.csv", COLUMNS, rows)
    with (tmp_path / "back.csv").open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert not any(row["grounds"].startswith(("=", "+", "-", "@")) for row in written)
    assert len(written) == len(HOSTILE)


def test_a_paper_decision_has_its_own_day_and_who_entered_it(book, staff, engine, clock):
    with writing(book, DISTRICT) as tx:
        case = open_case(tx, staff.officer, person="EX-07", office="司法所", at=clock())

        def enter(**more):
            given = {
                "tier": Tier.STRICT, "decided_on": date(2026, 2, 10), "proposed_by": "S-7",
                "decided_by": "P-7", "grounds": GROUNDS, "review_on": date(2026, 3, 12),
                "reason": "outage", **more,
            }  # fmt: skip
            return enter_decision(tx, staff.other, case, at=clock(), **given)

        with refused("paper_approval"):
            enter(decided_by="S-7")
        with refused("wrong_day"):
            enter(decided_on=date(2026, 3, 3))
        with refused("review_day"):
            enter(review_on=date(2026, 2, 10))
        with refused("unknown_ground"):
            enter(reason="because")
        with refused("reason_missing"):
            enter(recommended=(Tier.ORDINARY,), reason=None)
        with refused("no_override"):
            enter(recommended=(Tier.STRICT,), reason="other")
        name = enter()
        row = tx.session.get_one(DecisionRow, name)
        assert (row.decided_on, row.decided_by, row.entered_by) == (
            date(2026, 2, 10), "P-7", "S-2",
        )  # fmt: skip
        with refused("wrong_day"):
            enter(decided_on=date(2026, 2, 9))


@pytest.fixture
def case_file(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "person,社区矫正类别,矫正开始日期,矫正结束日期,来信次数,gambling\n"
        "Z-1,缓刑,2025-12-01,2026-11-30,3,0\n"
        "Z-2,假释,2025-10-01,2026-09-30,4,0\n"
        "Z-3,不知道的类别,2025-10-01,2026-09-30,4,0\n",
        encoding="gb18030",
    )
    return path


def test_the_case_systems_file_fills_the_file_block(
    book, staff, engine, clock, case_file, tmp_path
):
    def read():
        return read_assessments(case_file, engine.instrument, assessed_on=date(2026, 3, 2))

    with writing(book, DISTRICT) as tx:
        found = prefill(tx, staff.officer, read(), office="司法所", engine=engine, at=clock())
        assert (found.opened, found.updated, len(found.rejected)) == (2, 0, 1)
        again = prefill(tx, staff.officer, read(), office="司法所", engine=engine, at=clock())
        assert (again.opened, again.unchanged) == (0, 2)
        case = find_case(tx, staff.officer, "Z-1")
        block = file_block(tx, case.id)
        assert block["legal_status"] == "02" and "gambling" not in block  # an officer rates it
        draft = start_draft(tx, staff.officer, case.id, at=clock())
        assert read_draft(tx, staff.officer, draft)["answers"] == block
    text = case_file.read_bytes().decode("gb18030").replace("2026-11-30", "2026-10-30")
    case_file.write_bytes(text.encode("gb18030"))
    with writing(book, DISTRICT) as tx:
        changed = prefill(tx, staff.officer, read(), office="司法所", engine=engine, at=clock())
        assert changed.updated == 1
        assert file_block(tx, case.id)["end_date"] == "2026-10-30"


def test_a_file_without_a_person_opens_no_case(book, staff, engine, clock, case_file):
    text = case_file.read_bytes().decode("gb18030").replace("person", "序号")
    case_file.write_bytes(text.encode("gb18030"))
    rows = read_assessments(case_file, engine.instrument, assessed_on=date(2026, 3, 2))
    with refused("no_person_column"), writing(book, DISTRICT) as tx:
        prefill(tx, staff.officer, rows, office="司法所", engine=engine, at=clock())
    with reading(book) as tx:
        assert tx.session.query(Event).count() == 0


def test_what_was_corrected_is_in_the_authoritys_pack(book, staff, engine, clock):
    done = one_round(book, staff, engine, clock)
    with writing(book, DISTRICT) as tx:
        correct(
            tx, staff.officer, done.assessment, example("07", gambling="2"), reason=GROUNDS,
            engine=engine, at=clock(),
        )  # fmt: skip
        sign(tx, staff.officer, done.case, example("07"), engine=engine, at=clock())
        pack = authority_pack(tx, staff.reviewer, done.case, at=clock(), lang="zh")
    (found,) = (one for one in pack["questions"] if one["id"] == "corrections")
    (place,) = found["events"]
    (event,) = (one for one in pack["events"] if one["place"] == place)
    assert event["content"]["differences"] == [{"item": "gambling", "before": "0", "after": "2"}]
