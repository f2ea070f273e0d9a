"""A scorecard on day one, from the command line."""

from __future__ import annotations

import pytest

from riskengine.store.lookup import find_model, load_model
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


def test_an_instrument_without_evidence_says_what_to_write():
    text = said(run("evidence", "show", "iowa_prison_release"), status=2)
    assert "data_schema/evidence/iowa_prison_release.yaml" in text


@pytest.mark.parametrize(("lang", "heading"), [("en", "## What it rests on"), ("zh", "## 依据")])
def test_every_step_is_shown_with_its_source(lang, heading):
    text = said(run("evidence", "show", "cn_community_corrections", "--lang", lang))
    assert heading in text
    for step in ("yukhnenko_2020", "1.8", "+0.588", "+0.411"):
        assert step in text
