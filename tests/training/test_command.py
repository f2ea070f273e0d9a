"""The command: no arguments train the textbook table, and mistakes end in one clear message."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

from riskengine.instrument.model import Instrument
from riskengine.scorecard.load import parse_scorecard
from riskengine.training import command


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(command.train_command)
    return CliRunner().invoke(app, list(arguments))


def test_without_arguments_it_trains_the_textbook_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--learner", "light")
    assert result.exit_code == 0, result.output
    model = tmp_path / "trained" / "nc_prison_release_3y" / "1.0.0" / "model.json"
    assert parse_scorecard(model.read_bytes(), source="model.json").training.people == 1445
    assert "1445 people, 427 events, 12 items, 0 pairs" in result.output


def test_rejected_rows_are_listed_beside_the_model_and_not_in_it(
    small: Instrument, people: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_instrument", lambda name: small)
    spoiled = people.copy()
    spoiled.loc[9, "age"] = "ancient"
    spoiled.to_csv(tmp_path / "people.csv", index=False)
    out = tmp_path / "model"
    result = run(
        "--instrument", "small", "--outcome", "event_1y", "--learner", "light",
        "--cohort", str(tmp_path / "people.csv"), "--out", str(out),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rejects = (tmp_path / "model.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rejects[1].startswith("10,age,[ancient],")
    assert "row 10: age: no answer option [ancient]" in result.output
    assert sorted(p.name for p in out.iterdir()) == [
        "card.en.md", "card.zh.md", "manifest.json", "model.json",
    ]  # fmt: skip


def test_a_points_form_gets_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--form", "points")
    assert result.exit_code == 0, result.output
    model = tmp_path / "trained" / "nc_prison_release_3y_points" / "1.0.0" / "model.json"
    assert parse_scorecard(model.read_bytes(), source="model.json").form == "points"


def test_districts_are_told_in_a_table(
    small: Instrument, people: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_instrument", lambda name: small)
    places = ["North", "South", "none"] * (len(people) // 3)
    people.assign(place=places).to_csv(tmp_path / "people.csv", index=False)
    result = run(
        "--instrument", "small", "--outcome", "event_1y", "--learner", "light",
        "--cohort", str(tmp_path / "people.csv"), "--out", str(tmp_path / "models"),
        "--districts", "place", "--no-district", "none",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "| South |" in result.output
    assert (tmp_path / "models" / "province" / "model.json").is_file()
    assert (tmp_path / "models" / "South" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-district", "none"], "goes with --districts"),
        (["--learner", "light", "--districts", "county"], "no column or item [county]"),
        (["--learner", "light", "--base-rate", "0.3"], "goes with --learner update"),
        (["--instrument", "georgia_parole"], "--cohort FILE is needed"),
        (["--outcome", "rearrest"], "no outcome [rearrest]"),
        (["--instrument", "nowhere", "--cohort", "x.csv", "--outcome", "y"], "no instrument"),
        (["--cohort", "missing.csv"], "no such file"),
        (["--replicates", "5"], "at least 100"),
    ],
)
def test_mistakes_are_said_in_one_message(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
    assert not list(tmp_path.iterdir())
