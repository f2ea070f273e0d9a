"""Schedules and plans from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from riskengine.planning.draft import PolicyDraft
from riskengine.schedule import ContactSchedule
from tests.cli.test_commands import EXAMPLES, ON, said
from tests.cli.test_commands import run as run_here

DAY = "2026-03-02"
FARMER = str(EXAMPLES[2])


def run(*arguments: str):
    return run_here(*arguments)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    raw = [json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES]
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in raw)
    (tmp_path / "people.jsonl").write_text(lines + "\n", encoding="utf-8")
    (tmp_path / "hours.csv").write_text(
        "office,officers,hours_per_month\n石门乡司法所（虚构）,1,10\n", encoding="utf-8"
    )
    (tmp_path / "register.csv").write_text(
        "person,office,tier,since,reviewed\nEX-03,石门乡司法所（虚构）,relaxed,2026-02-24,\n",
        encoding="utf-8",
    )
    (tmp_path / "calendar.json").write_text(
        json.dumps(
            {
                "format": "riskengine/calendar/1",
                "person": "EX-03",
                "declared_on": DAY,
                "busy": [
                    {"id": "planting", "kind": "harvest",
                     "first": "2026-03-08", "last": "2026-03-13"}
                ],
            }
        )
    )  # fmt: skip
    return tmp_path


class TestSchedule:
    def test_json_and_icalendar(self, files):
        common = ("schedule", FARMER, "--on", DAY, "--tier", "strict", "--calendar",
                  str(files / "calendar.json"), "--lang", "en")  # fmt: skip
        text = said(run(*common, "--out", str(files / "s.json")))
        found = ContactSchedule.model_validate_json((files / "s.json").read_bytes())
        assert (found.person, found.tier, found.decided) == ("EX-03", "strict", True)
        assert "moved_harvest" in text and "art. 34" in text
        said(run(*common, "--out", str(files / "s.ics")))
        data = (files / "s.ics").read_bytes()
        assert data.count(b"BEGIN:VEVENT") == len(found.items)
        assert data.count(b"\r\n") == data.count(b"\n")

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (("--out", "s.pdf"), ".json or .ics"),
            (("--out", "s.ics", "--since", DAY), "--tier"),
            (("--out", "s.ics", "--tier", "strict", "--since", "2026-04-01"), "after the first"),
        ],
    )
    def test_mistakes(self, more, words):
        text = said(run("schedule", FARMER, "--on", DAY, *more), status=2)
        assert words in text and "Traceback" not in text


class TestPlan:
    def plan(self, files, *more):
        return run(
            "policy", "plan", str(files / "people.jsonl"), "--officers",
            str(files / "hours.csv"), "--register", str(files / "register.csv"), "--on", ON,
            "--out", str(files / "out"), "--lang", "en", *more,
        )  # fmt: skip

    def test_from_a_file_to_an_adopted_policy(self, files):
        text = said(self.plan(files, "--relaxed-below", "1", "--strict-from", "9"))
        assert "draft" in text
        out = files / "out"
        assert {path.name for path in out.iterdir()} == {
            "plan.json", "draft.json", "plan.zh.md", "plan.en.md", "simulation.csv", "tasks.csv",
            "rejects.csv", "hours.zh.svg", "hours.en.svg", "caught.zh.svg", "caught.en.svg",
        }  # fmt: skip
        draft = PolicyDraft.model_validate_json((out / "draft.json").read_bytes())
        assert draft.policy.purpose == "template"
        with (out / "simulation.csv").open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert len(rows) == len(EXAMPLES)
        assert "tier" not in rows[0]
        adopted = run(
            "policy", "adopt", str(out / "draft.json"), "--by", "某县社区矫正机构", "--on",
            "2026-03-20", "--reason", "经集体讨论按工作量表确定", "--out", str(files),
        )  # fmt: skip
        assert "某县社区矫正机构" in said(adopted)
        policy = json.loads((files / "cn_default@1.1.0.json").read_text(encoding="utf-8"))
        assert policy["purpose"] == "operational"

    def test_compare_with_a_draft(self, files):
        said(self.plan(files, "--relaxed-below", "-2", "--strict-from", "3"))
        done = run(
            "policy", "compare", "cn_default", str(files / "out" / "draft.json"), "--caseload",
            str(files / "people.jsonl"), "--officers", str(files / "hours.csv"), "--on", ON,
            "--out", str(files / "c"), "--lang", "en",
        )  # fmt: skip
        assert "changes nobody's tier" in said(done)
        data = json.loads((files / "c" / "comparison.json").read_text(encoding="utf-8"))
        assert data["second"] == "cn_default@1.1.0"

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (("--relaxed-below", "1"), "both cut-offs"),
            (("--relaxed-below", "9", "--strict-from", "1"), "no ordinary tier"),
            (("--cost-miss", "3"), "both costs"),
            (("--catch", "1.2"), "guarantee needs"),
            (("--policy", "nothing"), "no policy"),
        ],
    )
    def test_mistakes(self, files, more, words):
        text = said(self.plan(files, *more), status=2)
        assert words in text and "Traceback" not in text

    def test_adoption_without_a_reason(self, files):
        said(self.plan(files))
        done = run("policy", "adopt", str(files / "out" / "draft.json"), "--by", "某县", "--on",
                   "2026-03-20", "--reason", "好", "--out", str(files))  # fmt: skip
        assert "reason" in said(done, status=2)
        assert not (files / "cn_default@1.1.0.json").exists()
