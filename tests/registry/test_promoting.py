"""From model folders and a cohort file to what is live, with every way to be refused."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner

from riskengine.canonical import canonical_json, sha256
from riskengine.cli import app
from riskengine.errors import (
    ArtefactError,
    NotFoundError,
    ScorecardError,
    TrainingError,
    UseError,
)
from riskengine.evaluation.document import Evaluation
from riskengine.evaluation.evaluate import Settings
from riskengine.evaluation.run import evaluate_cohort
from riskengine.instrument.model import Instrument
from riskengine.registry import acts
from riskengine.registry.asking import ask
from riskengine.registry.entries import read_entry
from riskengine.registry.gate import Evidence, GateReport
from riskengine.registry.log import current
from riskengine.store.lookup import find_instrument, find_model, load_model
from riskengine.store.stages import POOL
from riskengine.training import cohort_files
from tests.registry import small
from tests.registry.small import ON, POLICY, TRUTH, act, document, write


@pytest.fixture
def live(home: Path, instrument: Instrument, tmp_path: Path) -> str:
    """A model that went live, by a report written by hand."""
    made = document(instrument, small.LIVE, version="1.0.0", intercept=small.LIVE_INTERCEPT)
    acts.add(write(tmp_path / "live", made), act(), policy=POLICY)
    report = GateReport("pass", (), "by_hand@1", "0" * 64)
    acts.promote("small_model@1.0.0", act(), report)
    return "small_model@1.0.0"


@cache
def _template() -> Evaluation:
    """One evaluation; its figures do not matter here, since the gate takes its own."""
    instrument = find_instrument("small_cn@1.0.0")
    with TemporaryDirectory() as folder:
        made = document(instrument, small.LIVE, version="1.0.0")
        path = Path(folder) / "few.csv"
        small.people(300, seed=2).to_csv(path, index=False)
        model = load_model(write(Path(folder) / "model", made))
        return evaluate_cohort(
            model, path, on=ON - timedelta(days=9), kind="temporal",
            settings=Settings(seed=0, draws=20), policy=POLICY,
        )  # fmt: skip


def evaluated(model: str, cohort_file: Path) -> bytes:
    found = _template()
    about = found.model.model_copy(update={"sha256": find_model(model).sha256})
    people = found.cohort.model_copy(update={"sha256": sha256(cohort_file.read_bytes())})
    return found.model_copy(update={"model": about, "cohort": people}).model_dump_json().encode()


def candidate(
    instrument: Instrument, tmp_path: Path, cells: dict[str, tuple[float, ...]], **more: object
) -> str:
    made = document(instrument, cells, version="1.1.0", **more)
    acts.add(write(tmp_path / "candidate", made), act(), policy=POLICY)
    return "small_model@1.1.0"


def put(model: str, cohort_file: Path, **more: object) -> tuple[GateReport, Evidence]:
    documents = {"evaluation": evaluated(model, cohort_file)}
    return ask(model, on=ON, cohort=cohort_file, documents=documents, **more)


def refused(report: GateReport) -> set[str]:
    return {one.check for one in report.of("refuse")}


# --- The measures -------------------------------------------------------------------------------


def test_a_good_one_passes_goes_live_and_can_be_taken_back(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    model = candidate(instrument, tmp_path, TRUTH)
    report, evidence = put(model, cohort_file)
    assert report.answer == "pass", [one.text("en") for one in report.of("refuse", "cannot_tell")]
    assert find_model("small_model").name == live
    line = acts.promote(model, act(), report, evidence=evidence)
    assert (line.stage, line.replaces, line.answer) == ("live", live, "pass")
    assert find_model("small_model").name == model
    assert find_model(live).name == live, "an older version stays for replay"
    back = acts.rollback("small_model", act("Wang Fang", why="complaints of two offices"))
    assert (back.model, back.replaces, back.by) == (live, model, ("Wang Fang",))
    assert find_model("small_model").name == live
    assert current().stage["small_model", POOL][model] == "retired"
    assert acts.verify() == []


def test_worse_overall(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    model = candidate(instrument, tmp_path, {"age": (0.55, 0.0, -0.55)}, intercept=-1.0)
    report, _ = put(model, cohort_file)
    assert "brier" in refused(report)
    assert acts.promote(model, act(), report).stage is None
    assert find_model("small_model").name == live


def test_miscalibrated_for_women(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    cells = {**TRUTH, "dances": (-0.02, 0.58)}
    model = candidate(instrument, tmp_path, cells)
    report, _ = put(model, cohort_file)
    assert "group_calibration" in refused(report)
    lines = [one.text("en") for one in report.of("refuse") if one.check == "group_calibration"]
    assert len(lines) == 1
    assert "female" in lines[0]


def test_trained_with_leakage_that_nobody_declared(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    model = candidate(instrument, tmp_path, {"left": (-3.5, 3.5)}, intercept=0.0)
    report, _ = put(model, cohort_file)
    (leak,) = (one for one in report.of("refuse") if one.check == "leak")
    assert "left" in leak.text("en")
    with pytest.raises(UseError, match="nobody may override"):
        acts.override(model, act("Li Na", "Wang Fang"), report)


def test_an_item_declared_to_be_known_only_later_is_not_even_registered(
    home: Path, instrument: Instrument, tmp_path: Path
) -> None:
    made = document(instrument, {**TRUTH, "later": (-0.1, 0.5)}, version="1.1.0")
    with pytest.raises(ScorecardError, match="later"):
        acts.add(write(tmp_path / "candidate", made), act(), policy=POLICY)


@pytest.mark.parametrize("manifest", [False, True], ids=["alone", "with_its_manifest"])
def test_an_edited_table(
    live: str, home: Path, instrument: Instrument, tmp_path: Path, cohort_file: Path,
    manifest: bool,
) -> None:  # fmt: skip
    model = candidate(instrument, tmp_path, TRUTH)
    documents = {"evaluation": evaluated(model, cohort_file)}
    changed = document(instrument, {**TRUTH, "age": (0.9, 0.0, -0.6)}, version="1.1.0")
    folder = home / "models" / "small_model" / "1.1.0"
    if manifest:
        write(folder, changed)
        load_model(folder)
    else:
        whole = json.loads((folder / "model.json").read_text("utf-8"))
        whole["terms"][1]["cells"][0] += 1
        (folder / "model.json").write_text(canonical_json(whole), "utf-8")
    report, _ = ask(model, on=ON, cohort=cohort_file, documents=documents)
    assert refused(report) == {"integrity"}
    with pytest.raises(ScorecardError):
        find_model(model)
    assert any(model in fault for fault in acts.verify())
    with pytest.raises(UseError, match="nobody may override"):
        acts.override(model, act("Li Na", "Wang Fang"), report)


def test_another_instrument_version(
    live: str, home: Path, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    model = candidate(instrument, tmp_path, TRUTH)
    documents = {"evaluation": evaluated(model, cohort_file)}
    small.install(home, "1.1.0")
    report, _ = ask(model, on=ON, cohort=cohort_file, documents=documents)
    assert refused(report) == {"instrument"}
    assert "1.1.0" in report.of("refuse")[0].text("en")


def test_a_rare_event_cannot_be_told(live: str, instrument: Instrument, tmp_path: Path) -> None:
    path = tmp_path / "rare.csv"
    rare = small.people(3000, seed=4, shift=-3.6)
    assert 10 < rare["Event"].sum() < 50
    rare.to_csv(path, index=False)
    model = candidate(instrument, tmp_path, TRUTH)
    report, evidence = put(model, path)
    assert report.answer == "cannot_tell"
    line = acts.promote(model, act("Li Na", "Wang Fang"), report, evidence=evidence)
    assert (line.stage, line.action) == (None, "asked")
    assert find_model("small_model").name == live


# --- Training rows, age, and documents ----------------------------------------------------------


def test_the_training_file_is_apparent_whatever_is_stated(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    seen = sha256(cohort_file.read_bytes())
    model = candidate(instrument, tmp_path, TRUTH, data_sha256=seen)
    report, _ = put(model, cohort_file, kind="temporal")
    assert refused(report) == {"apparent"}


def test_an_evaluation_of_another_model_or_none(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    model = candidate(instrument, tmp_path, TRUTH)
    other = {"evaluation": evaluated(live, cohort_file)}
    report, _ = ask(model, on=ON, cohort=cohort_file, kind="temporal", documents=other)
    assert refused(report) == {"evaluation"}
    report, _ = ask(model, on=ON, cohort=cohort_file, kind="temporal")
    assert refused(report) == {"evaluation"}
    old = {"evaluation": evaluated(model, cohort_file)}
    report, _ = ask(model, on=ON + timedelta(days=400), cohort=cohort_file, documents=old)
    assert refused(report) == {"fresh"}


# --- Cannot tell: a pooled intercept; override --------------------------------------------------


def test_on_cannot_tell_a_pooled_intercept_goes_live_under_two_names(
    live: str, instrument: Instrument, tmp_path: Path
) -> None:
    from riskengine.evaluation.people import score_answers
    from riskengine.registry.intercept import is_pooled_intercept, pooled_intercept
    from riskengine.training.cohort import read_cohort

    path = tmp_path / "rare.csv"
    rare = small.people(3000, seed=4, shift=-3.6)
    rare.to_csv(path, index=False)
    cohort = read_cohort(path, instrument, "event_1y")
    now = find_model(live).scorecard
    moved = pooled_intercept(
        now.document, instrument, score_answers(now, cohort.answers).log_odds, cohort.outcome,
        list(rare["district"]), "north", version="1.0.1",
    )  # fmt: skip
    assert moved.intercept < now.document.intercept
    assert is_pooled_intercept(moved, now.document)
    sly = document(instrument, TRUTH, version="1.0.1")
    sly = sly.model_copy(update={"training": moved.training})
    assert not is_pooled_intercept(sly, now.document), "its own word is not enough"
    acts.add(write(tmp_path / "moved", moved), act(), policy=POLICY)
    report, _ = put("small_model@1.0.1", path)
    assert report.answer == "cannot_tell"
    with pytest.raises(UseError, match="2 different names"):
        acts.promote("small_model@1.0.1", act("Li Na", "li na"), report)
    line = acts.promote("small_model@1.0.1", act("Li Na", "Wang Fang"), report)
    assert (line.stage, line.answer) == ("live", "cannot_tell")
    assert find_model("small_model").name == "small_model@1.0.1"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pooled_intercept_by_commands(
    live: str, instrument: Instrument, tmp_path: Path, lang: str
) -> None:
    pool, later = tmp_path / "pool.csv", tmp_path / "later.csv"
    small.people(3000, seed=4, shift=-3.6).to_csv(pool, index=False)
    small.people(3000, seed=5, shift=-3.6).to_csv(later, index=False)
    made, evaluation = "small_model@1.0.1", tmp_path / "evaluation.json"

    def run(*words: str, status: int) -> str:
        more = ["--by", "Li Na", "--why", "fewer events in every district", "--lang", lang]
        done = CliRunner().invoke(app, ["registry", *words, *more])
        assert done.exit_code == status, done.output
        return done.output

    given = ("pooled-intercept", "small_model", str(pool), "--column", "district")
    north = ("--district", "north", "--version", "1.0.1")
    said = run(*given, *north, status=0)
    assert live in said and ("-2." in said or "-3." in said), said
    after, before = find_model(made).scorecard, find_model(live).scorecard
    assert after.document.terms == before.document.terms
    assert after.document.intercept < before.document.intercept
    assert after.document.training.options["pool_data_sha256"] == sha256(pool.read_bytes())
    assert read_entry(made).line == "small_model" and read_entry(made).policy == f"{POLICY}@1.0.0"

    evaluation.write_bytes(evaluated(made, later))
    promote = ("promote", made, "--district", "north", "--cohort", str(later), "--kind",
               "temporal", "--evaluation", str(evaluation), "--on", ON.isoformat())  # fmt: skip
    # the people whom the level was learned from say nothing about it
    evaluation.write_bytes(evaluated(made, pool))
    on_the_pool = [str(pool) if one == str(later) else one for one in promote]
    said = run(*on_the_pool, "--and", "Wang Fang", status=1)
    assert ("learned from, which is no validation" if lang == "en" else "不能算验证") in said, said
    evaluation.write_bytes(evaluated(made, later))
    run(*promote, status=1)  # a single name: a mistake in the call, and nothing changes
    assert current().serving("small_model", "north") == live
    run(*promote, "--and", "Wang Fang", status=0)
    assert current().serving("small_model", "north") == made
    assert current().serving("small_model", "south") == live
    assert current().lines[-1].answer == "cannot_tell"
    # a district that the file does not have
    other = CliRunner().invoke(
        app, ["registry", *given, "--district", "east", "--version", "1.0.2", "--by", "Li Na",
              "--why", "the same in the east"],
    )  # fmt: skip
    assert isinstance(other.exception, TrainingError)
    assert "[east]; it has north, south, west" in str(other.exception)


def test_an_override_needs_two_names_and_a_reason_and_is_recorded(
    live: str, instrument: Instrument, tmp_path: Path, cohort_file: Path
) -> None:
    model = candidate(instrument, tmp_path, {**TRUTH, "dances": (-0.02, 0.58)})
    report, evidence = put(model, cohort_file)
    assert report.answer == "refuse"
    for by in [("Li Na",), ("Li Na", "LI NA "), ("Li Na", " ")]:
        with pytest.raises(UseError, match="2 different names"):
            acts.override(model, act(*by), report)
    with pytest.raises(UseError, match="reason"):
        acts.override(model, act("Li Na", "Wang Fang", why=" "), report)
    assert find_model("small_model").name == live
    line = acts.override(model, act("Li Na", "Wang Fang"), report, evidence=evidence)
    assert (line.action, line.answer, line.by) == ("override", "refuse", ("Li Na", "Wang Fang"))
    assert "group_calibration" in line.findings
    assert find_model("small_model").name == model


# --- Stages, scopes, first use ------------------------------------------------------------------


def test_nothing_live_means_nothing_is_served(
    home: Path, instrument: Instrument, tmp_path: Path
) -> None:
    made = document(instrument, TRUTH, version="1.0.0")
    acts.add(write(tmp_path / "first", made), act(), policy=POLICY)
    with pytest.raises(NotFoundError, match="no version of model"):
        find_model("small_model")
    assert find_model("small_model@1.0.0").name == "small_model@1.0.0"


def test_first_use_asks_for_everything(
    home: Path,
    instrument: Instrument,
    tmp_path: Path,
    cohort_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = document(instrument, TRUTH, version="1.0.0")
    acts.add(write(tmp_path / "first", made), act(), policy=POLICY)
    documents = {"evaluation": evaluated("small_model@1.0.0", cohort_file)}
    opened: list[Path] = []
    read = cohort_files._text_blocks
    monkeypatch.setattr(
        cohort_files, "_text_blocks", lambda path: (opened.append(path), read(path))[1]
    )
    report, evidence = ask(
        "small_model@1.0.0", on=ON, cohort=cohort_file, documents=documents, practice="tier"
    )
    assert opened == [cohort_file], "the file is read once, its column of tiers included"
    assert evidence.validation is not None
    assert evidence.validation.against == "practice"
    assert refused(report) == {"silent", "impact", "users", "stop"}
    assert not report.can_be_overridden


def test_a_districts_own_model_serves_it_in_the_line_of_the_pools(
    live: str, home: Path, instrument: Instrument, tmp_path: Path
) -> None:
    own = document(instrument, TRUTH, version="1.0.0", name="small_model_north")
    acts.add(write(tmp_path / "own", own), act(), line="small_model", scope="north",
             policy=POLICY)  # fmt: skip
    assert read_entry("small_model_north@1.0.0").line == "small_model"
    report = GateReport("pass", (), "by_hand@1", "0" * 64)
    acts.promote("small_model_north@1.0.0", act(), report, scope="north")
    assert find_model("small_model").name == live
    (home / "installation.json").write_text('{"jurisdiction": "cn", "district": "north"}')
    assert find_model("small_model").name == "small_model_north@1.0.0"
    back = acts.rollback("small_model", act(), scope="north")
    assert (back.action, back.stage) == ("retire", "retired")
    assert find_model("small_model").name == live


def test_a_changed_model_is_a_new_version(
    live: str, instrument: Instrument, tmp_path: Path
) -> None:
    other = document(instrument, TRUTH, version="1.0.0")
    with pytest.raises(UseError, match="new version"):
        acts.add(write(tmp_path / "other", other), act())


# --- The log ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"pass"', b'"refuse"'), (b"Li Na", b"Li Ba"), (b'"live"', b'"retired"')],
)
def test_an_edited_line_is_found_and_nothing_is_served(
    live: str, home: Path, old: bytes, new: bytes
) -> None:
    path = home / "registry" / "log.jsonl"
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    with pytest.raises(ArtefactError, match="line"):
        find_model("small_model")


def test_lines_taken_out_moved_or_cut_are_found(live: str, home: Path) -> None:
    path = home / "registry" / "log.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    assert len(rows) == 2
    for broken in (rows[1:], rows[::-1], [*rows, rows[1]], [rows[0], rows[1][:-5]]):
        path.write_bytes(b"".join(broken))
        with pytest.raises(ArtefactError, match="line"):
            current()


def test_two_writers_do_not_write_at_once(live: str, home: Path) -> None:
    (home / "registry" / "log.lock").touch()
    with pytest.raises(UseError, match="somebody else is writing"):
        acts.rollback("small_model", act())


def test_a_kept_file_that_was_edited_is_found(live: str, home: Path) -> None:
    folder = home / "registry" / "entries" / "small_model" / "1.0.0"
    gate = next(folder.glob("gate.*.json"))
    gate.write_bytes(gate.read_bytes().replace(b"pass", b"good"))
    assert any("gate" in fault for fault in acts.verify())
