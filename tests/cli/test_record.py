"""A person's record beside an assessment: earlier tiers, dated events, alert tasks."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskengine import cli
from riskengine.errors import ArtefactError, UseError
from riskengine.policy.record import read_record

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STEADY = EXAMPLES / "assessments" / "07_steady_probationer.json"
RECORD = EXAMPLES / "records" / "07_steady_probationer.json"


def assess(*more: str) -> dict:
    result = CliRunner().invoke(
        cli.app, ["assess", str(STEADY), "--on", "2026-03-02", "--json", *more]
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def changed(**changes: object) -> bytes:
    return json.dumps(json.loads(RECORD.read_bytes()) | changes).encode("utf-8")


def test_a_record_holds_the_minimum_stay_and_tells_of_a_late_review() -> None:
    alone, recorded = assess(), assess("--record", str(RECORD))
    assert [view["tier"] for view in alone["tiers"]] == ["relaxed"]
    assert [view["tier"] for view in recorded["tiers"]] == ["ordinary"]
    assert [rule["id"] for rule in recorded["rules"] if rule["binding"]] == ["minimum_stay"]
    assert recorded["review"]["overdue_days"] == 11
    assert recorded["score"] == alone["score"], "a record moves no score"


def test_an_open_alert_of_the_record_holds_the_tier(tmp_path: Path) -> None:
    task = {"alert": "threat", "opened_on": "2026-02-20", "official": "E-1"}
    history = [{"tier": "ordinary", "decided_on": "2025-09-01"}]
    for closing, tier in (
        ({}, "ordinary"),
        ({"closed_on": "2026-03-01", "closed_by": "E-1", "closing": "Verified: none."}, "relaxed"),
    ):
        path = tmp_path / "record.json"
        path.write_bytes(changed(alerts=[task | closing], history=history, events=[]))
        found = assess("--record", str(path))
        assert [view["tier"] for view in found["tiers"]] == [tier]


def test_the_record_of_somebody_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(changed(person="EX-08"))
    monkeypatch.setattr("sys.argv", ["riskengine", "assess", str(STEADY), "--record", str(path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "the record is of person [EX-08], the assessment of [EX-07]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"history": [{"tier": "severe", "decided_on": "2026-01-05"}]}, r"history\.0\.tier"),
        ({"history": [{"tier": "strict", "decided_on": "05/01/2026"}]}, r"decided_on"),
        ({"events": [{"kind": "complaint", "on": "2026-02-10"}]}, r"events\.0\.kind.*warning"),
        ({"note": "x"}, r"note"),
        ({"format": "riskengine/record/2"}, r"format"),
    ],
)
def test_a_broken_record_names_the_place(changes: dict, said: str) -> None:
    with pytest.raises(ArtefactError, match=said):
        read_record(changed(**changes), source="record.json")


def test_no_events_and_events_unknown_are_told_apart() -> None:
    assert read_record(changed(events=[]), source="r").happened() == ()
    assert read_record(changed(events=None), source="r").happened() is None
    (event,) = read_record(RECORD.read_bytes(), source="r").happened() or ()
    assert event.on == date(2026, 2, 10)


def test_a_task_closed_by_somebody_else_is_refused() -> None:
    task = {
        "alert": "threat", "opened_on": "2026-02-20", "official": "E-1",
        "closed_on": "2026-03-01", "closed_by": "E-2", "closing": "Done.",
    }  # fmt: skip
    with pytest.raises(UseError, match="only the official in charge"):
        read_record(changed(alerts=[task]), source="r").tasks()
