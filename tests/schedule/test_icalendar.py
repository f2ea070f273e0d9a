"""The iCalendar file, read by a small reader of its own that follows RFC 5545 to the letter."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.policy.tiers import Tier
from riskengine.schedule import to_icalendar
from riskengine.schedule.icalendar import escape, fold
from tests.schedule.conftest import JUNE

HOSTILE = 'x\r\nEND:VEVENT\nATTACH:http://evil\\n;,:"\u2028\u0085\x00\x07汉字'
TEXT_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def content_lines(text: str) -> list[str]:
    """Unfold (3.1), refusing bare line ends, long lines and controls."""
    data = text.encode("utf-8")
    assert data.endswith(b"\r\n")
    lines = data.split(b"\r\n")[:-1]
    unfolded: list[bytes] = []
    for line in lines:
        assert b"\n" not in line and b"\r" not in line
        assert len(line) <= 75
        line.decode("utf-8")  # no character is cut through
        if line.startswith((b" ", b"\t")):
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    found = [line.decode("utf-8") for line in unfolded]
    assert not any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line) for line in found)
    return found


def unescape(value: str) -> str:
    """3.3.11: a backslash stands only before \\ ; , N n, and ; and , never alone."""
    bare = re.sub(r"\\[\\;,nN]", "", value)
    assert not re.search(r"[\\;,]", bare), value
    return TEXT_ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)


def events(text: str) -> list[dict[str, str]]:
    lines = content_lines(text)
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR"
    found: list[dict[str, str]] = []
    inside = False
    for line in lines[1:-1]:
        name, _, value = line.partition(":")
        assert re.fullmatch(r"[A-Z-]+(;[A-Z-]+=[A-Z-]+)*", name), line
        if line == "BEGIN:VEVENT":
            assert not inside
            inside = True
            found.append({})
        elif line == "END:VEVENT":
            inside = False
        elif inside:
            assert name not in found[-1], f"{name} twice"
            found[-1][name] = value
    assert not inside
    return found


def test_every_contact_is_an_all_day_event(make):
    schedule = make(tier=Tier.STRICT)
    found = events(to_icalendar(schedule))
    assert len(found) == len(schedule.items) > 5
    for event, item in zip(found, schedule.items, strict=True):
        assert event["DTSTART;VALUE=DATE"] == f"{item.date:%Y%m%d}"
        assert event["UID"] == f"{item.uid}@riskengine"
        assert event["DTSTAMP"] == "20260601T000000Z"
        assert {"SUMMARY", "STATUS", "CLASS", "SEQUENCE"} <= set(event)
    assert len({event["UID"] for event in found}) == len(found)


def test_required_properties_come_first(make):
    lines = content_lines(to_icalendar(make()))
    assert lines[1:3] == ["VERSION:2.0", lines[2]]
    assert lines[2].startswith("PRODID:")


def test_the_uid_stays_when_the_date_moves_and_the_sequence_rises(make):
    busy = [{"id": "h", "kind": "harvest", "first": "2026-06-10", "last": "2026-06-20"}]
    plain, moved = make(), make(calendar={"busy": busy})
    assert [i.date for i in plain.items] != [i.date for i in moved.items]
    assert {i.uid for i in plain.items} == {i.uid for i in moved.items}
    later = make(since=JUNE, on=JUNE.replace(day=3))
    shared = {e["UID"]: e for e in events(to_icalendar(plain))}
    again = [e for e in events(to_icalendar(later)) if e["UID"] in shared]
    assert {e["UID"] for e in again} == set(shared)
    assert all(int(e["SEQUENCE"]) > int(shared[e["UID"]]["SEQUENCE"]) for e in again)


def test_no_more_about_the_person_than_a_date_needs(make):
    answers = {
        "legal_status": "04",
        "temp_exec_ground": "pregnant",
        "sex": "2",
        "drug_use": "le3y",
    }
    busy = [{"id": "ward", "kind": "treatment", "first": "2026-06-10", "last": "2026-06-20"}]
    for lang in ("zh", "en"):
        schedule = make(calendar={"busy": busy}, lang=lang, **answers)
        office = "\n".join(content_lines(to_icalendar(schedule)))
        person = "\n".join(content_lines(to_icalendar(schedule, audience="person")))
        assert "T-1" in office
        assert "T-1" not in person
        for word in (
            "ward", "treatment", "治疗", "pregnan", "孕", "illness", "病", "ordinary", "普管",
            "probation", "矫正", "correction", "1985",
        ):  # fmt: skip
            assert word not in person.lower(), word
            assert word not in office.lower(), word


def test_a_draft_is_tentative(make):
    draft = events(to_icalendar(make(tier=None, warnings_n=1)))
    assert {event["STATUS"] for event in draft} == {"TENTATIVE"}
    assert all("Draft" in event["DESCRIPTION"] for event in draft)


def test_hostile_labels_stay_text(make):
    schedule = make()
    hostile = schedule.model_copy(
        update={"items": tuple(i.model_copy(update={"label": HOSTILE}) for i in schedule.items)}
    )
    found = events(to_icalendar(hostile))
    assert len(found) == len(schedule.items)
    for event in found:
        assert "ATTACH" not in event
        said = unescape(event["SUMMARY"])
        assert said.startswith('x\nEND:VEVENT\nATTACH:http://evil\\n;,:"\n\n汉字')


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_survives_escaping_and_folding(text):
    line = f"SUMMARY:{escape(text)}"
    folded = fold(line) + "\r\n"
    (whole,) = content_lines(folded) if "\r\n" in folded else ("",)
    assert whole == line
    kept = unescape(whole.removeprefix("SUMMARY:"))
    plain = text.encode("utf-8", "replace").decode("utf-8")
    plain = re.sub(r"\r\n|[\r\n\u0085\u2028\u2029\v\f]", "\n", plain)
    assert kept == re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]", "", plain)


@pytest.mark.parametrize("length", [74, 75, 76, 148, 149, 150])
def test_lines_at_the_edge(length):
    parts = fold("a" * length).split("\r\n")
    assert max(map(len, parts)) <= 75
    assert len(parts) == (1 if length <= 75 else 2 if length <= 149 else 3)
