"""`riskengine explain` for its three readers."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.explanation.document import Explanation, PersonNotice

FILE = "examples/assessments/09_told_in_confidence.json"
DAY = ["--on", "2026-06-01"]


def run(*arguments: str):
    return CliRunner().invoke(app, ["explain", FILE, *DAY, *arguments])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_officer_reads_reasons_sources_and_needs(lang):
    found = run("--lang", lang)
    assert found.exit_code == 0, found.output
    assert "S-0417" in found.output
    assert {"zh": "先做", "en": "First:"}[lang] in found.output
    assert {"zh": "家庭暴力", "en": "Domestic violence"}[lang] in found.output


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_reviewer_reads_both_views_and_the_versions(lang):
    found = run("--for", "reviewer", "--lang", lang)
    assert found.exit_code == 0, found.output
    assert "2097152" in found.output and "model_sha256" in found.output


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_person_reads_nothing_that_was_told_in_confidence(lang):
    found = run("--for", "person", "--lang", lang)
    assert found.exit_code == 0, found.output
    for word in ("S-0417", "暴力", "violence", "家属", "-0.", "+0.", "妇女联合会"):
        assert word not in found.output
    assert {"zh": "依法保密", "en": "held in confidence"}[lang] in found.output


def test_json_for_the_officer_and_for_the_person():
    officer = Explanation.model_validate_json(run("--json").output)
    assert officer.withheld
    person = PersonNotice.model_validate_json(run("--json", "--for", "person").output)
    assert person.held


def test_the_log_of_what_was_withheld_grows(tmp_path):
    log = tmp_path / "withheld.jsonl"
    for _ in range(2):
        assert run("--withheld-log", str(log)).exit_code == 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 14
    assert {line["format"] for line in lines} == {"riskengine/withheld/1"}
