"""The command line, as an officer and an analyst type it."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from riskengine.instrument.model import Instrument
from riskengine.recommendation import Recommendation

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples" / "assessments").glob("*.json"))
ON = "2026-03-02"


def run(*arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "riskengine", *arguments],
        input=given,
        capture_output=True,
        cwd=ROOT,
        check=False,
    )


def said(done: subprocess.CompletedProcess[bytes], status: int = 0) -> str:
    assert done.returncode == status, done.stderr.decode()
    return (done.stdout if status == 0 else done.stderr).decode()


class TestAssess:
    def test_a_file_in_json(self):
        text = said(run("assess", str(EXAMPLES[6]), "--on", ON, "--lang", "en", "--json"))
        assert Recommendation.model_validate_json(text).person == "EX-07"

    def test_standard_input_and_the_panel(self):
        text = said(run("assess", "-", "--on", ON, "--lang", "en", given=EXAMPLES[6].read_bytes()))
        assert "no decision" in text
        assert "EX-07" in text

    def test_all_problems_at_once_in_the_language_asked_for(self):
        raw = json.loads(EXAMPLES[6].read_text(encoding="utf-8"))
        raw["answers"] |= {"drug_use": "sometimes", "prior_convictions_n": -1, "ethnicity": "汉"}
        given = json.dumps(raw).encode()
        english = said(run("assess", "-", "--lang", "en", given=given), status=2)
        assert english.count("\n") >= 3
        for word in ("drug_use", "[sometimes]", "gt3y", "prior_convictions_n", "ethnicity"):
            assert word in english
        chinese = said(run("assess", "-", given=given), status=2)
        assert "没有选项" in chinese
        assert "Traceback" not in chinese + english

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (b"{", "not JSON"),
            (b'{"person": NaN}', "NaN"),
            (b"[" * 10_000, "deep"),
            (b"7", "object"),
        ],
    )
    def test_what_is_no_assessment(self, given, words):
        text = said(run("assess", "-", "--lang", "en", given=given), status=2)
        assert words in text
        assert "Traceback" not in text

    def test_a_missing_file(self):
        assert "nowhere.json" in said(run("assess", "nowhere.json"), status=2)

    def test_a_benchmark_needs_research(self):
        given = b'{"person": "G", "assessed_on": "2026-01-01", "answers": {"sex": "male"}}'
        text = said(run("assess", "-", "--model", "ogrs3_1y", given=given), status=2)
        assert "--research" in text
        text = said(run("assess", "-", "--model", "ogrs3_1y", "--research", "--json", given=given))
        found = Recommendation.model_validate_json(text)
        assert (found.status, found.tiers) == ("score_only", ())


class TestScore:
    @pytest.fixture
    def table(self, tmp_path) -> Path:
        """The examples as an office's table, with one row broken and a blocked column."""
        rows = [json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES]
        items = sorted({item for row in rows for item in row["answers"]})
        path = tmp_path / "caseload.csv"
        with path.open("w", encoding="gb18030", newline="") as file:
            out = csv.writer(file)
            out.writerow(["person", "assessed_on", "kind", "民族", *items])
            for number, row in enumerate(rows):
                answers = {k: ";".join(v) if isinstance(v, list) else v
                           for k, v in row["answers"].items()}  # fmt: skip
                if number == 2:
                    answers["drug_use"] = "=HYPERLINK()"
                cells = [answers.get(item, "") for item in items]
                out.writerow([row["person"], row["assessed_on"], row["kind"], "汉", *cells])
        return path

    def test_every_row_is_in_the_output_or_in_the_rejects(self, table, tmp_path):
        out = tmp_path / "scores.csv"
        done = run("score", str(table), str(out), "--on", ON, "--explain", "--lang", "en")
        notes = done.stderr.decode()
        assert done.returncode == 0, notes
        assert "民族" in notes
        with out.open(encoding="utf-8-sig") as file:
            scored = list(csv.DictReader(file))
        with out.with_name("scores.rejects.csv").open(encoding="utf-8-sig") as file:
            rejects = list(csv.DictReader(file))
        assert len(scored) == len(EXAMPLES) - 1
        assert [reject["row"] for reject in rejects] == ["3"]
        assert rejects[0]["item"] == "drug_use"
        assert "=HYPERLINK" in rejects[0]["value"]
        assert not rejects[0]["value"].startswith("=")
        for row in scored:
            assert row["probability"] == row["probability_low"] == row["probability_high"] == ""
            assert row["binding_rule"]

    def test_the_same_as_one_by_one(self, table, tmp_path):
        out = tmp_path / "scores.jsonl"
        said(run("score", str(table), str(out), "--on", ON))
        scored = {}
        for line in out.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            scored[row["id"]] = row
        for path in EXAMPLES:
            one = Recommendation.model_validate_json(
                said(run("assess", str(path), "--on", ON, "--json"))
            )
            if one.person in scored:
                row = scored[one.person]
                assert row["score"] == (one.score.value if one.score else None)
                assert row["status"] == one.status
                assert row["binding_rule"] == one.binding_rule.id

    def test_an_ending_that_is_not_written(self, table, tmp_path):
        text = said(run("score", str(table), str(tmp_path / "scores.ods")), status=2)
        assert ".parquet" in text


class TestLists:
    def test_instruments(self):
        text = said(run("instruments", "--lang", "en"))
        for name in ("cn_community_corrections", "georgia_parole", "ogrs3"):
            assert name in text
        assert "drug_use" in said(run("instruments", "cn_community_corrections"))

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_models_and_their_cards(self, lang):
        text = said(run("models", "--lang", lang))
        assert "cn_serious_noncompliance@1.0.0" in text
        assert "georgia_parole_1y" in text
        card = said(run("models", "cn_serious_noncompliance", "--lang", lang))
        assert card.startswith("# ")


class TestSchema:
    @pytest.mark.parametrize(
        "name", ["scorecard", "policy", "instrument", "recommendation", "ogrs3"]
    )
    def test_show(self, name):
        jsonschema = pytest.importorskip("jsonschema")
        schema = json.loads(said(run("schema", "show", name)))
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        jsonschema.Draft202012Validator.check_schema(schema)

    def test_check_passes_and_finds_what_is_stale(self, tmp_path):
        said(run("schema", "check"))
        copy = tmp_path / "data_schema"
        shutil.copytree(ROOT / "data_schema", copy)
        policy = copy / "policies" / "cn_default.yaml"
        policy.write_text(policy.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
        done = run("schema", "check", "--source", str(copy))
        assert done.returncode == 1
        assert "cn_default" in done.stdout.decode()

    def test_a_new_instrument_is_one_file(self, tmp_path, monkeypatch):
        """What docs/new-instrument.md promises."""
        (tmp_path / "data_schema" / "instruments").mkdir(parents=True)
        source = ROOT / "examples" / "instruments" / "mini_checkin.yaml"
        shutil.copy(source, tmp_path / "data_schema" / "instruments")
        said(run("schema", "build", "--source", str(tmp_path / "data_schema")))
        built = tmp_path / "data_schema/built/instruments/mini_checkin@1.0.0.json"
        Instrument.model_validate_json(built.read_bytes())
        monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
        done = subprocess.run(
            [sys.executable, "-m", "riskengine", "instruments", "mini_checkin"],
            capture_output=True,
            cwd=ROOT,
            check=True,
        )
        assert "missed_reports_n" in done.stdout.decode()

        answers = {"attendance": "mostly", "missed_reports_n": 2, "admonished": False}
        right = {
            "instrument": "mini_checkin@1.0.0",
            "person": "A-17",
            "assessed_on": "2026-03-31",
            "answers": answers,
        }
        text = said(run("check", "-", "--lang", "en", given=json.dumps(right).encode()))
        assert text == "A-17: no problem, 3 items answered\n"
        wrong = {**right, "answers": {**answers, "attendance": "often", "missed_reports_n": 40,
                                      "admonished_on": "2026-02-01"}}  # fmt: skip
        text = said(run("check", "-", "--lang", "en", given=json.dumps(wrong).encode()), status=2)
        page = (ROOT / "docs" / "new-instrument.md").read_text(encoding="utf-8")
        for line in text.splitlines():
            assert line in page

    def test_a_mistake_names_file_and_line(self, tmp_path):
        folder = tmp_path / "instruments"
        folder.mkdir()
        text = (ROOT / "examples" / "instruments" / "mini_checkin.yaml").read_text("utf-8")
        line = next(n for n, row in enumerate(text.splitlines(), 1) if "maximum: 31" in row)
        wrong = text.replace("maximum: 31", "maximum: 031")
        (folder / "mini_checkin.yaml").write_text(wrong, encoding="utf-8")
        message = said(run("schema", "build", "--source", str(tmp_path)), status=2)
        assert f"instruments/mini_checkin.yaml: line {line}" in message
        assert "leading zero" in message


def test_a_missing_library_is_named_with_the_extra_that_brings_it():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "sys.modules['yaml'] = None\n"
            "sys.argv = ['riskengine', 'schema', 'check']\n"
            "from riskengine.cli import main\n"
            "main()",
        ],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2
    assert "riskengine[authoring]" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_the_command_line_does_not_import_training_before_it_is_asked():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, riskengine.cli\n"
            "heavy = ('pandas', 'sklearn', 'scipy', 'interpret', 'shap')\n"
            "print([name for name in heavy if name in sys.modules])",
        ],
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout.decode().strip() == "[]"
