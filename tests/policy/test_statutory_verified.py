"""Who has checked which text: recorded, chained, and refused where it was touched."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskengine import ArtefactError, Engine, NotFoundError, UseError
from riskengine.cli import app
from riskengine.policy.law_provisions import with_entry
from riskengine.store.law import find_law
from tests.policy.test_statutory_sealed import NONE, SECURITY, raw
from tests.support.cases import FILE_BLOCK

DAY = date(2026, 6, 1)
WORDING = "暂予监外执行的社区矫正对象应当每个月报告本人身体情况。"
ILL = {"legal_status": "04", "temp_exec_ground": "illness"}


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
    return tmp_path


def verify(name: str, *, by: str = "王某 S-0417", on: str = "2026-05-01", text: str = WORDING):
    """Run the command as the command line does, with its errors."""
    arguments = ["law", "verify", name, "--by", by, "--on", on, "--text", text]
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def recommend(change, *, on: date = DAY, lang="zh"):
    engine = Engine.load()
    assessment = engine.assessment(
        {
            "person": "T-1",
            "kind": "reassessment",
            "assessed_on": on.isoformat(),
            "answers": {**FILE_BLOCK, **change},
        }
    )
    return engine.recommend(assessment, on=on, lang=lang)


def record(home: Path) -> Path:
    return home / "law" / "cn.verifications.json"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_unverified_it_warns_and_verified_it_binds_at_every_tier(home, lang):
    before = recommend(ILL, lang=lang)
    (warning,) = [c for c in before.cautions if c.id == "H10.health_report"]
    assert warning.verified is False
    assert "health_report" not in {c.kind for c in before.contacts}
    assert before.provenance.law_verifications is None
    verify("health_report")
    for change in (ILL, {**ILL, "warnings_n": 1}):
        after = recommend(change, lang=lang)
        (told,) = [c for c in after.cautions if c.id == "H10.health_report"]
        assert told.verified is True
        (contact,) = [c for c in after.contacts if c.kind == "health_report"]
        assert (contact.times, contact.per_days) == (1, 30)
        assert after.provenance.law_verifications is not None
    assert "medical_recheck" not in {c.kind for c in after.contacts}, "that one is not verified"
    assert "health_report" not in {c.kind for c in recommend({}, lang=lang).contacts}


def test_it_binds_from_the_day_of_the_check_and_changes_nothing_before(home):
    march = recommend(ILL, on=date(2026, 4, 30))
    verify("health_report", on="2026-05-01")
    assert recommend(ILL, on=date(2026, 4, 30)) == march
    assert "health_report" in {c.kind for c in recommend(ILL, on=date(2026, 5, 1)).contacts}


def test_a_verified_sealing_keeps_the_record_out(home):
    engine = Engine.load()
    given = raw({**NONE, SECURITY: 2})
    found = engine.recommend(engine.assessment(given), on=DAY)
    assert "H09.public_security_sealing" in found.caution_ids
    verify("public_security_sealing", text="违反治安管理的记录应当予以封存，不得提供。")
    engine = Engine.load()
    after = engine.recommend(engine.assessment(given), on=DAY)
    assert after == engine.recommend(engine.assessment(raw(NONE)), on=DAY)
    assert "H09.public_security_sealing" not in after.caution_ids
    # an assessment that was read before the check is judged by the day of the recommendation
    from riskengine import Assessment

    direct = Assessment.from_dict(given, engine.instrument)
    assert engine.recommend(direct, on=DAY) == after
    basis = raw(
        {**NONE, SECURITY: 2}, sources={SECURITY: {"source": "file", "legal_basis": "某条"}}
    )
    kept = engine.recommend(engine.assessment(basis), on=DAY)
    assert "H09.public_security_sealing" in kept.caution_ids


def test_the_record_says_who_checked_which_text_and_when(home):
    verify("health_report")
    verify("medical_recheck", by="S-0007", on="2026-05-02", text="病情复查情况每三个月提交一次。")
    kept = json.loads(record(home).read_text(encoding="utf-8"))
    assert kept["format"] == "riskengine/law-verifications/1"
    assert [(e["provision"], e["by"], e["on"]) for e in kept["entries"]] == [
        ("health_report", "王某 S-0417", "2026-05-01"),
        ("medical_recheck", "S-0007", "2026-05-02"),
    ]
    assert kept["entries"][0]["text"] == WORDING
    assert not list(record(home).parent.glob(".*")), "no half file is left"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_shown_with_its_state(home, lang):
    def shown(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["law", "show", "--lang", lang, *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    unverified = {"zh": "[未核对]", "en": "[not verified]"}[lang]
    before = shown()
    verify("health_report")
    after = shown()
    assert before.count(unverified) == after.count(unverified) + 1
    assert "王某 S-0417" in after
    assert WORDING in after
    assert shown("--on", "2026-04-30").count(unverified) == before.count(unverified)
    for number in range(1, 20):
        assert f"\nH{number:02}  " in after
    assert ("管制" in after) is (lang == "zh")


TAMPERED = {
    "the text was edited": lambda k: k["entries"][0].update(text="另外的文字，另外的文字。"),
    "the text with its hash": lambda k: k["entries"][0].update(
        text="another wording", text_sha256=_sha("another wording")),
    "the name was edited": lambda k: k["entries"][0].update(by="someone else"),
    "the day was edited": lambda k: k["entries"][1].update(on="2020-01-01"),
    "another provision": lambda k: k["entries"][0].update(provision="medical_recheck"),
    "the hash of the provision": lambda k: k["entries"][0].update(provision_sha256="0" * 64),
    "an entry was cut out": lambda k: k["entries"].pop(0),
    "the last entry was cut off": lambda k: k["entries"].pop(),
    "two were exchanged": lambda k: k["entries"].reverse(),
    "an entry was copied": lambda k: k["entries"].append(k["entries"][0]),
    "a key was added": lambda k: k["entries"][0].update(verified=True),
    "a key was left out": lambda k: k["entries"][0].pop("by"),
    "another jurisdiction": lambda k: k.update(jurisdiction="us_georgia"),
    "another format": lambda k: k.update(format="riskengine/law-verifications/2"),
}  # fmt: skip


def _sha(text: str) -> str:
    from riskengine.canonical import sha256

    return sha256(text.encode("utf-8"))


@pytest.mark.parametrize("name", TAMPERED)
def test_a_record_that_was_touched_is_refused_at_load(home, name):
    verify("health_report")
    verify("medical_recheck", on="2026-05-02")
    kept = json.loads(record(home).read_text(encoding="utf-8"))
    assert Engine.load().law is not None
    TAMPERED[name](kept)
    record(home).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(ArtefactError, match=r"cn\.verifications\.json: "):
        Engine.load()


def test_an_edited_wording_is_named_as_such(home):
    verify("health_report")
    kept = json.loads(record(home).read_text(encoding="utf-8"))
    TAMPERED["the text was edited"](kept)
    record(home).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(ArtefactError, match=r"entry 1 \[health_report\]: its text was edited"):
        Engine.load()


def test_a_record_that_is_no_strict_json_is_refused(home):
    verify("health_report")
    text = record(home).read_text(encoding="utf-8")
    record(home).write_text(text.replace('"head"', '"head": "x", "head"'), encoding="utf-8")
    with pytest.raises(ArtefactError, match="stands twice"):
        Engine.load()


def test_a_provision_that_changed_under_its_record_is_refused(home):
    """The shipped text is never edited; should it be, what was checked is no longer there."""
    verify("health_report")
    from riskengine.store.places import shipped

    built = shipped() / "data_schema" / "built" / "law" / "cn@1.0.0.json"
    raw_law = json.loads(built.read_text(encoding="utf-8"))
    (one,) = [p for p in raw_law["provisions"] if p["id"] == "health_report"]
    one["contact"]["times"] = 2
    own = home / "data_schema" / "built" / "law"
    own.mkdir(parents=True)
    (own / "cn@1.0.0.json").write_text(json.dumps(raw_law, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(ArtefactError, match="no longer the one that was checked"):
        Engine.load()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"name": "nothing"}, NotFoundError, r"no provision \[nothing\]; there are: .*leave"),
        ({"by": "  "}, UseError, r"\[by\] is empty"),
        ({"text": "short"}, UseError, r"\[text\] holds 5 characters; .* at least 10"),
        ({"on": "2026-04-30"}, UseError, r"2026-04-30 lies before the last entry.*2026-05-01"),
    ],
)
def test_what_is_no_verification_is_refused_and_writes_nothing(home, change, error, words):
    verify("health_report")
    kept = record(home).read_bytes()
    with pytest.raises(error, match=words):
        verify(**{"name": "medical_recheck", **change})
    assert record(home).read_bytes() == kept


def test_what_needs_no_check_is_not_recorded(home):
    from dataclasses import replace

    provisions = find_law("cn").provisions
    done = replace(
        provisions,
        all=tuple(one.model_copy(update={"verified": True}) for one in provisions.all),
    )
    with pytest.raises(UseError, match="nothing to record"):
        with_entry(done, jurisdiction="cn", name="no_contact", by="S-1", on=DAY, text=WORDING)


def test_without_a_folder_of_the_agency_there_is_no_place_for_it():
    with pytest.raises(UseError, match="RISKENGINE_HOME"):
        verify("health_report")


def test_everything_in_the_data_file_is_marked_as_unverified_and_named_by_a_constraint():
    law = find_law("cn")
    assert law.provisions.all
    assert not any(one.verified for one in law.provisions.all)
    ids = {constraint.id for constraint in law.constraints}
    for one in law.provisions.all:
        assert one.constraint in ids
        assert "办法" in one.citation.zh or "处罚法" in one.citation.zh


@pytest.mark.parametrize("says", ["{days} days", "{} days", "{0} days", "{months"])
def test_a_provision_that_names_a_number_it_has_not_is_refused(says):
    from pydantic import ValidationError

    from riskengine.policy.law_provisions import Provision

    one = find_law("cn").provisions.newest("medical_recheck").model_dump(mode="json")
    one["says"]["en"] = says
    with pytest.raises(ValidationError, match=r"\[says\] names .*none of its numbers: months"):
        Provision.model_validate_json(json.dumps(one))
