"""A first model goes live on real files: a completed and signed impact assessment among them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.errors import NotFoundError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.registry import acts
from riskengine.registry.silent import score_silently
from riskengine.reports.checklists.standing import impact_standing
from riskengine.store.lookup import find_model
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
    assert score_silently(MODEL, POLICY, people[20:], on=LATER) == 20
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
        "responsible": "Wang Fang", "measure": {"figure": "override_share", "above": 0.3}}],
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
