"""A first model goes live on real files: a completed and signed impact assessment among them."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.documents import load_document
from riskengine.errors import ArtefactError, NotFoundError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.monitoring import conditions
from riskengine.registry import acts, entries, readiness
from riskengine.registry.gate import Readiness
from riskengine.registry.readiness import TrainedUsers
from riskengine.registry.silent import score_silently
from riskengine.reports.checklists.standing import impact_standing
from riskengine.store.lookup import find_model
from riskengine.store.stages import LogLine, stages_of
from tests.registry import small
from tests.registry.small import ON, POLICY, TRUTH, act, document, write
from tests.registry.test_promoting import evaluated

MODEL = "small_model@1.0.0"
LATER = ON + timedelta(days=92)
SIGNERS = {"head": "Chen Jie", "protection": "Sun Yu"}


@pytest.fixture
def silent(home: Path, instrument: Instrument, tmp_path: Path) -> str:
    """A model that has been silent for three months beside 40 people."""
    made = document(instrument, TRUTH, version="1.0.0")
    acts.add(write(tmp_path / "first", made), act(), policy=POLICY)
    acts.silence(MODEL, act())
    people = [
        Assessment.from_dict(
            {
                "person": f"S-{n}",
                "kind": "intake",
                "assessed_on": ON.isoformat(),
                "answers": {
                    "priors": n % 4,
                    "age": "young",
                    "work": "some",
                    "age_at_start": 30,
                    "notice_given_date": ON.isoformat(),
                    "legal_status": "02",
                    "offence_type": "theft",
                    "correction_stage": "entry",
                    "ps_penalties_n": 0,
                },
            },
            instrument,
        )  # fmt: skip
        for n in range(40)
    ]
    score_silently(MODEL, POLICY, people[:20], on=ON)
    assert score_silently(MODEL, POLICY, people[20:], on=LATER).scored == 20
    return MODEL


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == status, done.output
    return done.output


def checklist(folder: Path, name: str, answers: dict[str, object] | None = None) -> Path:
    """What ``riskengine models checklist --kind impact`` writes."""
    more = []
    if answers is not None:
        given = folder / "answers.json"
        given.write_text(json.dumps(answers), "utf-8")
        more = ["--answers", str(given)]
    out = folder / name
    run("models", "checklist", MODEL, "--kind", "impact", "--policy", POLICY, "--on",
        LATER.isoformat(), "--out", str(out), *more)  # fmt: skip
    return out


def content(folder: Path, answers: dict[str, object]) -> str:
    """The hash that the people who sign read on the page."""
    page = checklist(folder, "page.md", answers).read_text("utf-8")
    found = checklist(folder, "answered.json", answers).read_bytes()
    digest = impact_standing(found).content_sha256
    assert digest in page
    return digest


def files(folder: Path) -> dict[str, Path]:
    """Users and stop conditions as the documentation has them."""
    users, stops = folder / "users.json", folder / "stop.json"
    users.write_text(json.dumps({"format": "riskengine/trained-users/1", "users": [
        {"name": "Li Na", "role": "officer", "trained_on": "2026-02-10", "training": "half a day"}
    ]}), "utf-8")  # fmt: skip
    stops.write_text(json.dumps({"format": "riskengine/stop-conditions/1", "model": MODEL,
        "conditions": [{"id": "many", "text": {"zh": "改变过多", "en": "too many overridden"},
        "responsible": "Wang Fang", "measure": {"figure": "override_share", "above": 0.3}},
        {"id": "court", "text": {"zh": "法院要求", "en": "a court asks"}, "responsible": "Li Na"}],
    }), "utf-8")  # fmt: skip
    return {"--users": users, "--stop": stops}


def test_a_first_use_with_a_signed_assessment(silent: str, tmp_path: Path) -> None:
    cohort_file = tmp_path / "cohort.csv"
    small.people(4000, seed=11).to_csv(cohort_file, index=False)
    blank = json.loads(checklist(tmp_path, "blank.json").read_bytes())
    answers: dict[str, object] = {
        "format": "riskengine/checklist-answers/1", "checklist": blank["checklist"],
        "model": silent, "model_sha256": blank["model_sha256"],
        "answers": [
            {"item": one["id"], "text": "已核对。", "by": "Zhao Min", "role": "analyst",
             "on": date(2026, 6, 1).isoformat()}
            for one in blank["items"]
        ],
    }  # fmt: skip
    digest = content(tmp_path, answers)
    signed = {**answers, "signatures": [
        {"place": place, "by": by, "on": LATER.isoformat(), "content_sha256": digest}
        for place, by in SIGNERS.items()
    ]}  # fmt: skip
    evaluation = tmp_path / "evaluation.json"
    evaluation.write_bytes(evaluated(silent, cohort_file))
    given = {"--cohort": cohort_file, "--evaluation": evaluation, **files(tmp_path)}

    def ask(impact: Path, status: int) -> str:
        words = [str(part) for pair in given.items() for part in pair]
        return run(
            "registry", "promote", silent, *words, "--practice", "tier", "--impact", str(impact),
            "--on", LATER.isoformat(), "--by", "Li Na", "--why", "agreed", "--lang", "en",
            status=status,
        )  # fmt: skip

    reworded = json.loads(json.dumps(signed))
    reworded["answers"][0]["text"] = "改过。"
    for path, places in (
        (tmp_path / "answered.json", tuple(SIGNERS)),
        (checklist(tmp_path, "reworded.json", reworded), tuple(SIGNERS)),
    ):
        found = impact_standing(path.read_bytes())
        assert (found.open, found.unsigned) == ((), places)
    unsigned = ask(tmp_path / "reworded.json", 1)
    assert unsigned.count("[refuse]") == 1, unsigned
    assert "sign" in unsigned
    with pytest.raises(NotFoundError):
        find_model("small_model")
    ask(checklist(tmp_path, "signed.json", signed), 0)
    assert find_model("small_model").name == silent
    assert acts.verify() == []
    the_monitor_stops_by_the_file_on_which_it_went_live(tmp_path, given["--stop"])


def the_monitor_stops_by_the_file_on_which_it_went_live(folder: Path, stop: Path) -> None:
    recent = small.people(40, seed=12).drop(columns=["tier"]).assign(assessed_on=LATER)
    recent.to_csv(folder / "recent.csv", index=False)

    def watched(moved: int, *more: str, status: int) -> list[tuple[str, str, float | None]]:
        """The first decisions of a model: there are no earlier ones to compare them with."""
        decided = ["relaxed"] * moved + ["ordinary"] * (40 - moved)
        pd.DataFrame(
            {"decided_on": LATER, "recommended": "ordinary", "decided": decided}
        ).to_csv(folder / "decisions.csv", index=False)  # fmt: skip
        out = folder / "watched"
        run(
            "monitor", "small_model", str(folder / "recent.csv"), "--decisions",
            str(folder / "decisions.csv"), "--on", LATER.isoformat(), "--out", str(out), *more,
            status=status,
        )  # fmt: skip
        found = json.loads((out / "monitoring.json").read_text("utf-8"))
        return [(one["id"], one["state"], one["value"]) for one in found["stop_conditions"]]

    on_file = watched(15, status=4)
    assert on_file == [("many", "met", 0.375), ("court", "for_a_person", None)]
    assert watched(15, "--stop-conditions", str(stop), status=4) == on_file
    assert watched(12, status=5)[0] == ("many", "not_met", 0.3)
    # of nine people the share is not printed, and is looked at all the same
    assert watched(9, status=5)[0] == ("many", "not_met", None)


def test_conditions_are_read_once_and_as_they_stand(
    home: Path, instrument: Instrument, tmp_path: Path
) -> None:
    made = document(instrument, TRUTH, version="1.0.0")
    acts.add(write(tmp_path / "first", made), act(), policy=POLICY)
    data = files(tmp_path)["--stop"].read_bytes()
    assert readiness.find_conditions(MODEL) is None

    def ready(change: bytes, by: bytes) -> Readiness:
        return readiness.readiness(
            find_model(MODEL), on=LATER, conditions=data.replace(change, by)
        )

    assert (ready(b"", b"").stop_conditions, ready(b"", b"").measurable) == (2, 1)
    # the name that the documentation had once
    assert ready(b"override_share", b"override_rate").measurable == 1
    for change, by, said in (
        (b"override_share", b"override_shares", "accepted: observed_expected"),
        (b"@1.0.0", b"@2.0.0", "small_model@2.0.0"),
        (b'"court"', b'"many"', "stands twice"),
    ):
        with pytest.raises(ArtefactError, match=said):
            ready(change, by)
    # what is on file is read, also where this version of the monitor has no such figure
    old = data.replace(b"override_share", b"hours_a_week")
    stages = stages_of([line(1, MODEL, stops=entries.keep(MODEL, {"stop-conditions": old}))])
    kept = readiness.find_conditions(MODEL, stages)
    assert kept is not None and kept.conditions[0].measurable is False
    assert [one.state for one in conditions.evaluated(kept, {})] == ["cannot_tell", "for_a_person"]
    # a model that took its place without conditions stands under the same
    after = stages_of([*stages.lines, line(2, "small_model@1.1.0", replaces=MODEL)])
    assert readiness.find_conditions("small_model@1.1.0", after) == kept
    assert readiness.find_conditions("small_model@1.2.0", after) is None


def line(
    seq: int, model: str, *, stops: dict[str, str] | None = None, replaces: str | None = None
) -> LogLine:
    return LogLine(
        format="riskengine/registry-log/1", seq=seq, at="2026-06-02T08:00:00+00:00",
        action="promote", line="small_model", model=model, model_sha256="0" * 64,
        scope="pool", stage="live", replaces=replaces,
        by=("Li Na",), reason="agreed", documents=stops or {}, previous="0" * 64, hash="0" * 64,
    )  # fmt: skip


def test_the_examples_of_the_documentation_are_files_that_are_taken() -> None:
    page = (Path(__file__).parents[2] / "docs" / "registry.md").read_text("utf-8")
    users, stops = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert load_document(TrainedUsers, users.encode(), source="docs").by(LATER) == 1
    found = readiness.conditions_of("qinghe@2.0.0", stops.encode())
    assert [one.measurable for one in found.conditions] == [True, False]
    assert "override_share" in stops
