"""``riskengine monitor`` and ``riskengine overrides`` on files, as an analyst types them."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskengine import cli
from riskengine.synthetic import make_province
from riskengine.synthetic.dated import dated

MODEL, ON = "cn_serious_noncompliance", "2023-01-04"
SEED = 5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two years of one made-up district: half a year of it against the time before."""
    here = tmp_path_factory.mktemp("files")
    everybody = dated(make_province(["rural"], 1000, seed=SEED), date.fromisoformat(ON))
    lists = everybody.map(lambda value: isinstance(value, list)).any()
    everybody = everybody.loc[:, ~lists]
    recent = everybody["assessed_on"] >= pd.Timestamp("2022-07-08")
    everybody[recent].to_csv(here / "recent.csv", index=False)
    everybody[~recent].to_csv(here / "reference.csv", index=False)
    everybody[recent].head(12).to_csv(here / "few.csv", index=False)
    everybody[recent].assign(employment_status="casual").to_csv(here / "shifted.csv", index=False)
    people = everybody.copy()
    people.insert(0, "decision", [f"d{row:04}" for row in range(len(people))])
    people.to_csv(here / "cohort.csv", index=False)
    rng = np.random.default_rng(SEED)
    told = rng.choice(["relaxed", "ordinary", "strict"], len(people))
    lower = {"relaxed": "relaxed", "ordinary": "relaxed", "strict": "ordinary"}
    moved = rng.random(len(people)) < 0.3
    pd.DataFrame(
        {
            "id": people["decision"],
            "decided_on": people["assessed_on"].dt.date,
            "recommended": told,
            "decided": [lower[t] if m else t for t, m in zip(told, moved, strict=True)],
            "reason": np.where(moved, "protective_support", ""),
        }
    ).sample(frac=1, random_state=1).to_csv(here / "decisions.csv", index=False)
    return here


def conditions(above: float, model: str = MODEL) -> str:
    one = {
        "id": "old",
        "text": {"zh": "验证太旧", "en": "validation too old"},
        "responsible": "county",
        "measure": {"figure": "validation_age_days", "above": above},
    }
    head = {"format": "riskengine/stop-conditions/1", "model": model}
    return json.dumps({**head, "conditions": [one]}, ensure_ascii=False)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def run(*words: object, code: int) -> str:
        monkeypatch.setattr(sys, "argv", ["riskengine", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said
        return said.out if code != 2 else said.err

    return run


def test_a_quiet_run_with_every_file_and_its_pages(files, tmp_path, call):
    stop = tmp_path / "stop.json"
    stop.write_text(conditions(500), encoding="utf-8")
    said = call(
        "monitor", MODEL, files / "recent.csv", "--reference", files / "reference.csv",
        "--decisions", files / "decisions.csv", "--outcomes", files / "cohort.csv",
        "--reference-outcomes", files / "cohort.csv", "--validated-on", "2022-06-01",
        "--stop-conditions", stop, "--on", ON, "--out", tmp_path / "out", "--lang", "en", code=0,
    )  # fmt: skip
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        "monitoring.json", "signals.csv", "monitoring.zh.html", "monitoring.en.html",
    }  # fmt: skip
    assert str(tmp_path / "out" / "monitoring.en.html") in said
    found = json.loads((tmp_path / "out" / "monitoring.json").read_text(encoding="utf-8"))
    states = {one["id"]: one["state"] for one in found["signals"]}
    assert found["verdict"] == "quiet" and states["override.down"] == "quiet"
    assert states["calibration.event_share"] == "quiet" and states["validation"] == "quiet"
    assert [one["state"] for one in found["stop_conditions"]] == ["not_met"]
    chinese = (tmp_path / "out" / "monitoring.zh.html").read_text(encoding="utf-8")
    assert "验证太旧" in chinese and "validation too old" not in chinese


def test_every_other_end_has_its_code(files, tmp_path, call):
    def run(recent: str, *more: object, code: int) -> str:
        words = ("--reference", files / "reference.csv", "--on", ON, "--out", tmp_path / "out")
        return call("monitor", MODEL, files / recent, *words, *more, "--lang", "en", code=code)

    assert "no such file" in run("none.csv", code=2)
    assert "more people" in run("shifted.csv", code=3)
    run("few.csv", code=5)
    stop = tmp_path / "stop.json"
    stop.write_text(conditions(30), encoding="utf-8")
    aged = ("--validated-on", "2022-06-01")
    run("few.csv", *aged, "--stop-conditions", stop, code=4)
    stop.write_text(conditions(30, "ogrs3_1y"), encoding="utf-8")
    assert "[ogrs3_1y]" in run("few.csv", "--stop-conditions", stop, code=2)
    assert "no such file" in run("few.csv", "--stop-conditions", tmp_path / "no.json", code=2)


def test_overrides_join_outcomes_by_the_decision(files, tmp_path, call):
    words = ("--outcomes", files / "cohort.csv", "--on", ON, "--out", tmp_path / "out")
    said = call("overrides", files / "decisions.csv", *words, "--lang", "en", code=0)
    assert "no proof" in said
    table = pd.read_csv(tmp_path / "out" / "overrides.csv")
    cohort = pd.read_csv(files / "cohort.csv")
    decided = pd.read_csv(files / "decisions.csv")
    # 365 days of horizon, or the term where it is shorter, and 180 of reporting lag
    start, term = pd.to_datetime(cohort["assessed_on"]), pd.to_datetime(cohort["end_date"])
    over = pd.concat([start + pd.Timedelta(days=365), term], axis=1).min(axis=1)
    ripe = over + pd.Timedelta(days=180) <= pd.Timestamp(ON)
    joined = decided[decided["id"].isin(cohort.loc[ripe, "decision"])]
    strict = joined[(joined["recommended"] == "strict") & (joined["decided"] == "ordinary")]
    row = table[table["what_en"].str.contains("strict", case=False)].iloc[0]
    # those lost sight of before the horizon have no outcome; nobody whose time has not come has
    assert 0.8 * len(strict) <= row["people"] <= len(strict)
    for lang, words_of in (("zh", "不证明"), ("en", "no proof")):
        assert words_of in (tmp_path / "out" / f"overrides.{lang}.html").read_text("utf-8")


def test_a_join_that_fails_says_where(files, tmp_path, call):
    other = pd.read_csv(files / "decisions.csv").assign(id=lambda all_: "x" + all_["id"])
    path = tmp_path / "other.csv"
    words = ("--outcomes", files / "cohort.csv", "--on", ON, "--out", tmp_path / "out")
    other.to_csv(path, index=False)
    assert "drawn anew" in call("overrides", path, *words, code=2)
    other.assign(id="one").to_csv(path, index=False)
    assert "row 2, column [id] [one] stands twice" in call("overrides", path, *words, code=2)
    other.drop(columns="id").to_csv(path, index=False)
    assert "no column [id]" in call("overrides", path, *words, code=2)


def test_weights_of_follow_up_move_the_share(files, monkeypatch):
    from dataclasses import replace

    from riskengine.monitoring import run
    from riskengine.monitoring.overrides import override_outcomes
    from riskengine.store.lookup import find_model

    known = run._cohort(files / "cohort.csv", find_model(MODEL), date.fromisoformat(ON))
    weight = np.where(known.outcome == 1, 3.0, 1.0)
    for given in (None, weight):
        heavy = replace(known, censoring_weight=given)
        monkeypatch.setattr(run, "_cohort", lambda *_, heavy=heavy: heavy)
        moves = run.read_joined(
            files / "decisions.csv", files / "cohort.csv", find_model(MODEL),
            on=date.fromisoformat(ON),
        )  # fmt: skip
        row = next(one for one in override_outcomes(moves).rows if one.events)
        assert row.people and row.share and row.low and row.high and row.low < row.share < row.high
        times = 1 if given is None else 3
        expected = times * row.events / (times * row.events + row.people - row.events)
        assert row.share == pytest.approx(expected)
