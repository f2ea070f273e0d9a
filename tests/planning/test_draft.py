"""A draft is nothing operational until a named authority adopts it, with day and reason."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.errors import PolicyError, RiskEngineError, UseError
from riskengine.planning.document import plan_draft
from riskengine.planning.draft import adopt, load_policy, next_version, write_policy
from riskengine.planning.plan import Ask, make_plan
from riskengine.planning.variants import try_policy
from riskengine.policy.bands import CutOffs
from tests.planning.conftest import TODAY

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "by": "某县社区矫正机构 S-0001",
    "on": date(2022, 6, 15),
    "reason": "经集体讨论，按附表代价和保证确定",
}


@pytest.fixture
def draft(engine, people, hours, tmp_path):
    ask = Ask(cut_offs=CutOffs(1, 12))
    found = plan_draft(make_plan(engine, people[:60], on=TODAY, hours=hours, ask=ask))
    path = tmp_path / "draft.json"
    path.write_text(found.model_dump_json(by_alias=True, exclude_none=True), encoding="utf-8")
    return path


def place(home: Path, data: bytes, name="cn_default@1.1.0.json"):
    folder = home / "data_schema" / "built" / "policies"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


class TestDraft:
    def test_the_engine_does_not_load_a_draft(self, draft, tmp_path, monkeypatch):
        place(tmp_path, draft.read_bytes())
        monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
        with pytest.raises(PolicyError, match="policy-draft"):
            Engine.load(policy="cn_default@1.1.0")

    def test_it_can_be_tried(self, draft, engine):
        found = try_policy(engine, load_policy(str(draft)))
        assert found.policy.cut_offs == CutOffs(1, 12)

    def test_versions_go_on(self):
        assert next_version("1.0.0") == "1.1.0"
        assert next_version("2.9.3") == "2.10.0"


class TestAdoption:
    def test_an_adopted_policy_runs_and_says_who_when_and_why(
        self, draft, engine, tmp_path, monkeypatch
    ):
        policy = adopt(draft, **GOOD, engine=engine)
        assert policy.purpose == "operational"
        assert policy.adopted_by == GOOD["by"]
        assert (policy.adoption.on, policy.adoption.reason) == (GOOD["on"], GOOD["reason"])
        assert policy.valid_from == GOOD["on"]
        out = tmp_path / "data_schema" / "built" / "policies" / "cn_default@1.1.0.json"
        write_policy(policy, out)
        monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
        found = Engine.load(policy="cn_default@1.1.0")
        assert found.policy.cut_offs == CutOffs(1, 12)
        assert found.policy.document.adoption.reason == GOOD["reason"]
        with pytest.raises(UseError, match="not in force"):
            found.check_in_force(date(2022, 6, 14))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"by": " "}, "by"),
            ({"reason": "好"}, "reason"),
            ({"reason": "          "}, "reason"),
            ({"on": date(2022, 5, 31)}, "before it was drafted"),
            ({"valid_from": date(2022, 6, 14)}, "before it was adopted"),
        ],
    )
    def test_what_an_adoption_needs(self, draft, change, words):
        with pytest.raises(UseError, match=words):
            adopt(draft, **{**GOOD, **change})

    def test_a_file_is_not_written_over(self, draft, tmp_path):
        policy = adopt(draft, **GOOD)
        write_policy(policy, tmp_path / "p.json")
        with pytest.raises(UseError, match="not written over"):
            write_policy(policy, tmp_path / "p.json")

    def test_a_draft_for_another_model_is_refused(self, draft, engine):
        raw = json.loads(draft.read_text(encoding="utf-8"))
        raw["basis"]["model_sha256"] = "0" * 64
        draft.write_text(json.dumps(raw), encoding="utf-8")
        with pytest.raises(UseError, match="another file"):
            adopt(draft, **GOOD, engine=engine)

    def test_cut_offs_that_leave_no_ordinary_tier(self, draft):
        raw = json.loads(draft.read_text(encoding="utf-8"))
        raw["policy"]["bands"]["strict_from"] = 1
        draft.write_text(json.dumps(raw), encoding="utf-8")
        with pytest.raises(RiskEngineError, match="ordinary"):
            try_policy(Engine.load(), adopt(draft, **GOOD))

    def test_nothing_but_a_draft_is_adopted(self, tmp_path):
        path = tmp_path / "x.json"
        path.write_bytes((ROOT / "data_schema/built/policies/cn_default@1.0.0.json").read_bytes())
        with pytest.raises(PolicyError, match="format"):
            adopt(path, **GOOD)


def test_neither_engine_nor_schedule_imports_planning():
    code = (
        "import sys, riskengine.engine, riskengine.schedule; "
        "sys.exit(any(m.split('.')[:2] == ['riskengine', 'planning'] or m in "
        "('pandas', 'scipy', 'yaml', 'sklearn') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
