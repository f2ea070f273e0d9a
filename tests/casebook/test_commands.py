from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.errors import RiskEngineError
from tests.casebook.conftest import DISTRICT


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))

    def call(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["casebook", *words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return call


def test_a_record_from_making_to_restoring(run, tmp_path, monkeypatch):
    assert "master.key" in run("init", "--district", DISTRICT, "--lang", "en")
    with pytest.raises(RiskEngineError, match="reason|原因"):
        CliRunner().invoke(
            app,
            ["suspend", "--district", DISTRICT, "--reason", "x", "--by", "A-1"],
            catch_exceptions=False,
        )
    for more in ([], ["--lift"]):
        found = CliRunner().invoke(
            app,
            [
                "suspend",
                "--district",
                DISTRICT,
                "--reason",
                "核对数据的需要",
                "--by",
                "A-1",
                *more,
            ],
        )
        assert found.exit_code == 0, found.output
    root = tmp_path / "root.json"
    run("root", "--out", str(root))
    assert "sound: 2 events" in run("verify", "--root", str(root), "--lang", "en")
    assert "一致" in run("rebuild")
    run("backup", str(tmp_path / "saved"))
    monkeypatch.setenv("RISKENGINE_CASEBOOK", f"sqlite:///{tmp_path}/other.db")
    assert "2" in run("restore", str(tmp_path / "saved"), "--by", "A-1")
    assert "sound" in run("verify", "--root", str(root), "--lang", "en")


def test_verify_ends_with_one_where_the_tail_was_cut(run, tmp_path, monkeypatch):
    run("init", "--district", DISTRICT)
    CliRunner().invoke(
        app, ["suspend", "--district", DISTRICT, "--reason", "核对数据的需要", "--by", "A-1"]
    )
    root = tmp_path / "root.json"
    run("root", "--out", str(root))
    monkeypatch.setenv("RISKENGINE_CASEBOOK", f"sqlite:///{tmp_path}/empty.db")
    run("init", "--district", DISTRICT)
    assert "尾部被截去" in run("verify", "--root", str(root), code=1)


def test_two_nodes_by_file(run, tmp_path, monkeypatch):
    where = {}
    for name, more in (("county", []), ("village", ["--node", "qinghe"])):
        where[name] = tmp_path / name
        monkeypatch.setenv("RISKENGINE_HOME", str(where[name]))
        run("init", "--district", DISTRICT, *more)
        run("bundle", "card", "--out", str(tmp_path / f"{name}.json"))
    prints = {}
    for name, other in (("county", "village"), ("village", "county")):
        monkeypatch.setenv("RISKENGINE_HOME", str(where[other]))
        prints[other] = run("bundle", "card", "--out", str(tmp_path / "again.json"))
        monkeypatch.setenv("RISKENGINE_HOME", str(where[name]))
        card = str(tmp_path / f"{other}.json")
        with pytest.raises(RiskEngineError):
            run("bundle", "trust", card, "--fingerprint", "0000")
        fingerprint = prints[other].split("  ")[1].strip()
        run("bundle", "trust", card, "--fingerprint", fingerprint)
    monkeypatch.setenv("RISKENGINE_HOME", str(where["village"]))
    table = tmp_path / "people.csv"
    table.write_text("person,社区矫正类别\nZ-1,缓刑\n", encoding="utf-8")
    assert "新开1件" in run(
        "prefill", str(table), "--office", "清河", "--district", DISTRICT, "--by", "S-1"
    )
    bundle = str(tmp_path / "to-county.bundle")
    run("bundle", "make", "--to", DISTRICT, "--out", bundle)
    monkeypatch.setenv("RISKENGINE_HOME", str(where["county"]))
    assert "新增1条" in run("bundle", "take", bundle, "--by", "S-2")
    assert "新增0条" in run("bundle", "take", bundle, "--by", "S-2")
    run(
        "agreement", "cn_community_corrections", "--district", DISTRICT, "--by", "R-1",
        "--out", str(tmp_path / "agreement.json"),
    )  # fmt: skip
    found = json.loads((tmp_path / "agreement.json").read_text(encoding="utf-8"))
    assert found["rated_items"] == [] and found["rater_kappa_assumed"]


def test_keys_are_never_replaced(run, tmp_path):
    run("init", "--district", DISTRICT)
    first = (tmp_path / "casebook-keys" / "master.key").read_bytes()
    assert oct((tmp_path / "casebook-keys" / "master.key").stat().st_mode)[-3:] == "600"
    run("init", "--district", DISTRICT)
    assert (tmp_path / "casebook-keys" / "master.key").read_bytes() == first


def test_the_record_is_imported_by_nobody_who_does_not_ask_for_it():
    code = (
        "import sys; from riskengine import Engine; Engine.load(); import riskengine.cli; "
        "bad = [m for m in sys.modules if m.split('.')[0] in "
        "('sqlalchemy', 'alembic', 'cryptography')]; sys.exit(bool(bad))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
