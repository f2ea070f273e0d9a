"""A silent model scores beside practice, and nothing that anybody is shown changes by it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.engine import Engine
from riskengine.errors import UseError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.policy.tiers import Tier
from riskengine.registry import acts
from riskengine.registry.gate import GateReport
from riskengine.registry.silent import read_silent, score_silently, silent_report, span
from riskengine.store.lookup import find_model, load_model
from riskengine.store.places import shipped
from riskengine.training.district_models import recomputed_goldens
from riskengine.training.writing import write_folder
from tests.registry.small import AT, act

ID = "cn_serious_noncompliance"
SHIPPED, NEW = f"{ID}@1.0.0", f"{ID}@2.0.0"
SHIFT = 7
DAY = date(2026, 3, 2)
PASS = GateReport("pass", (), "by_hand@1", "0" * 64)


@pytest.fixture
def new(home: Path, tmp_path: Path) -> str:
    """A second version of the shipped model, every score seven points higher."""
    old = load_model(shipped() / "models" / ID / "1.0.0").scorecard
    moved = old.document.model_copy(
        update={"version": "2.0.0", "intercept": old.document.intercept + SHIFT}
    )
    goldens = recomputed_goldens(moved, old.instrument)
    folder = tmp_path / "new"
    write_folder(
        folder, moved.model_copy(update={"golden": goldens}), {}, by="tests", now=AT,
        run_seconds=0.0,
    )  # fmt: skip
    acts.add(folder, act(), policy="cn_default")
    return NEW


def assessments(count: int, file: str = "03_farmer_seasonal_work.json") -> list[Assessment]:
    source = Path(__file__).parents[2] / "examples" / "assessments" / file
    raw = json.loads(source.read_text("utf-8"))
    raw = raw[0] if isinstance(raw, list) else raw
    instrument = find_model(SHIPPED).scorecard.instrument
    return [Assessment.from_dict({**raw, "person": f"P-{n}"}, instrument) for n in range(count)]


def test_what_is_shown_is_the_same_with_and_without_a_silent_model(new: str) -> None:
    person = assessments(1)[0]
    before = Engine.load(SHIPPED).recommend(person, on=DAY).model_dump_json()
    for stage in ("candidate", "silent"):
        if stage == "silent":
            acts.silence(new, act())
        engine = Engine.load()
        assert engine.provenance.model == SHIPPED
        assert engine.recommend(person, on=DAY).model_dump_json() == before
        for more in ({}, {"replay": True}):
            with pytest.raises(UseError, match="not live here"):
                Engine.load(new, **more)
    with pytest.raises(UseError, match="silent"):
        Engine.load(new, None, research=True)
    with pytest.raises(UseError, match="not live here"):
        Engine.load(find_model(new).folder)


def test_silent_scores_name_nobody_and_are_kept_in_the_registry_alone(
    new: str, home: Path
) -> None:
    people = assessments(12)
    with pytest.raises(UseError, match="not silent"):
        score_silently(new, "cn_default", people, on=DAY)
    acts.silence(new, act())
    before = {path for path in home.rglob("*") if path.is_file()}
    tiers = {one.person: Tier.ORDINARY for one in people}
    assert score_silently(new, "cn_default", people, on=DAY, practice=tiers).scored == 12
    again = score_silently(new, "cn_default", people, on=DAY)
    assert (again.scored, again.again, again.left_out) == (0, 12, 12), "once a day"
    added = {path for path in home.rglob("*") if path.is_file()} - before
    assert {path.parent.name for path in added} == {"silent"}
    written = b"".join(path.read_bytes() for path in added)
    assert b"P-1" not in written
    with pytest.raises(UseError, match="before model"):
        score_silently(new, "cn_default", people, on=date(2026, 1, 1))
    shown = Engine.load().recommend(people[0], on=DAY)
    assert shown.score is not None
    assert read_silent(new)[0].score == shown.score.value + SHIFT


def test_whom_the_law_lets_nobody_score_is_not_scored_silently(new: str) -> None:
    acts.silence(new, act())
    minor = assessments(1, "01_minor_at_start.json")
    assert Engine.load().recommend(minor[0], on=DAY).score is None
    found = score_silently(new, "cn_default", minor, on=DAY)
    assert (found.scored, found.left_out, [count for _, count in found.by_law]) == (0, 1, [1])


def test_every_assessment_that_is_not_scored_is_counted_under_its_reason(
    new: str, instrument: Instrument
) -> None:
    acts.silence(new, act())
    adult, minor = assessments(3), assessments(1, "01_minor_at_start.json")
    late = replace(adult[0], person="late", assessed_on=DAY + timedelta(days=1))
    other = Assessment.from_dict(
        {"person": "O-1", "kind": "intake", "assessed_on": DAY.isoformat(), "answers": {}},
        instrument,
    )
    given = [*adult, adult[0], replace(minor[0], person="M-1"), late, other]
    found = score_silently(new, "cn_default", given, on=DAY)
    assert (found.scored, found.again, found.later, found.other_instrument) == (3, 1, 1, 1)
    assert found.scored + found.left_out == len(given)
    assert len(read_silent(new)) == 3


def test_the_command_says_in_both_languages_why_nobody_is_scored(new: str, tmp_path: Path) -> None:
    acts.silence(new, act())
    source = Path(__file__).parents[2] / "examples" / "assessments"
    minor = json.loads((source / "01_minor_at_start.json").read_text("utf-8"))
    adult = json.loads((source / "03_farmer_seasonal_work.json").read_text("utf-8"))

    def said(*people: dict[str, object], lang: str = "en") -> list[str]:
        file = tmp_path / "people.jsonl"
        rows = [json.dumps(one, ensure_ascii=False) + "\n" for one in people]
        file.write_text("".join(rows) or "\n", "utf-8")
        words = ["registry", "silent-score", new, str(file), "--on", DAY.isoformat()]
        found = CliRunner().invoke(app, [*words, "--lang", lang], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.output.splitlines()

    assert said(adult)[0].startswith("1 people scored")
    late = {**adult, "person": "L-1", "assessed_on": "2026-03-03"}
    wrong = {**adult, "person": "W-1", "answers": {**adult["answers"], "sex": "neither"}}
    first, unusable, again, later, law = said(adult, minor, late, wrong, late)
    assert first.startswith("0 people scored")
    assert unusable.startswith("Not scored, 1 rows") and "row 4" in unusable
    assert "neither" in unusable
    assert again == "Not scored, 1: scored on 2026-03-02 already."
    assert later == "Not scored, 2: assessed after 2026-03-02."
    assert law.startswith("Not scored, 1: the law lets nobody score them (")
    chinese = said(adult, minor, late, wrong, late, lang="zh")
    assert len(chinese) == 5 and not any("Not scored" in one for one in chinese)
    assert chinese[3] == "未评分 2 人：评估日期晚于 2026-03-02。"
    assert said()[1] == "people.jsonl holds no assessment."


def test_the_span_is_from_the_first_to_the_last_score(new: str) -> None:
    acts.silence(new, act())
    for day in (DAY, date(2026, 6, 1)):
        score_silently(new, "cn_default", assessments(3), on=day)
    found = span(new)
    assert (found.days, found.people) == (91, 3)


def test_the_report_compares_before_and_after_outcomes(new: str) -> None:
    acts.silence(new, act())
    people = assessments(40)
    tiers = {one.person: Tier.at(n % 3) for n, one in enumerate(people)}
    score_silently(new, "cn_default", people, on=DAY, practice=tiers)
    found = silent_report(new)
    ours = read_silent(new)[0].band
    assert found.shares[ours] == 1.0
    assert found.agreement == pytest.approx(sum(t is ours for t in tiers.values()) / 40)
    assert found.auc is None
    after = silent_report(new, {one.person: n % 2 for n, one in enumerate(people)})
    assert (after.known, after.events) == (40, 20)
    assert after.auc == 0.5, "all have the same score"


def test_few_people_have_no_figures(new: str) -> None:
    acts.silence(new, act())
    people = assessments(5)
    score_silently(new, "cn_default", people, on=DAY,
                   practice={one.person: Tier.STRICT for one in people})  # fmt: skip
    found = silent_report(new)
    assert (found.shares, found.agreement, found.kappa) == ({}, None, None)
    said = CliRunner().invoke(app, ["registry", "silent-report", NEW, "--lang", "en"])
    assert "no figures" in said.output
    assert "100%" not in said.output


def test_a_retired_model_recommends_only_in_replay(new: str) -> None:
    acts.promote(new, act(), PASS)
    assert Engine.load().provenance.model == NEW
    acts.rollback(ID, act())
    assert Engine.load().provenance.model == SHIPPED
    with pytest.raises(UseError, match="retired"):
        Engine.load(NEW)
    assert Engine.load(NEW, replay=True).provenance.model == NEW


def test_commands_from_candidate_to_verify(new: str, home: Path) -> None:
    run = CliRunner()

    def said(*words: str) -> str:
        found = run.invoke(app, ["registry", *words], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.output

    assert "candidate" in said("list", "--lang", "en")
    said("promote", NEW, "--to", "silent", "--by", "Li Na", "--why", "three months beside us")
    assert "静默" in said("list")
    found = run.invoke(
        app,
        ["registry", "promote", NEW, "--by", "Li Na", "--why", "we want it now", "--on",
         "2026-03-02", "--lang", "en"],
    )  # fmt: skip
    assert found.exit_code == 1
    assert "impact assessment" in found.output
    assert "Li Na" in said("show", NEW)
    head = said("verify").strip().split()[-1]
    said("verify", "--head", head)
    bad = run.invoke(app, ["registry", "verify", "--head", "0" * 64])
    assert bad.exit_code == 1
