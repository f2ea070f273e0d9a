"""A scorecard that is off in any way is refused, with the place and the fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskengine.canonical import sha256
from riskengine.errors import ScorecardError
from riskengine.scorecard.load import compile_scorecard, parse_scorecard
from riskengine.store.lookup import load_model
from tests.support.scorecards import make_document, with_golden


def as_json(document) -> dict:
    return json.loads(document.model_dump_json(by_alias=True))


@pytest.fixture
def value(georgia) -> dict:
    return as_json(make_document(georgia, seed=4, pairs=5, monotone=True))


def refuse(value: dict, instrument, match: str) -> None:
    with pytest.raises(ScorecardError, match=match):
        compile_scorecard(parse_scorecard(json.dumps(value).encode(), source="m"), instrument)


def test_an_untouched_one_is_accepted(value, georgia):
    document = parse_scorecard(json.dumps(value).encode(), source="m")
    assert compile_scorecard(document, georgia).document == document


def edit(path: str, new: object):
    def change(value: dict) -> None:
        *way, last = path.split(".")
        place = value
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        key = int(last) if isinstance(place, list) else last
        place[key] = (
            new(place.get(last) if isinstance(place, dict) else place[key])
            if callable(new)
            else new
        )

    return change


REFUSED = {
    "another text of the instrument": (
        edit("instrument.sha256", "0" * 64),
        "made for another text of instrument",
    ),
    "another version": (edit("instrument.version", "9.9.9"), "belongs to instrument"),
    "unknown format": (edit("format", "riskengine/scorecard/2"), "format .*scorecard/2"),
    "unknown key": (edit("hook", "os.system"), "hook"),
    "missing cell": (edit("terms.0.cells", lambda cells: cells[:-1]), "cells where"),
    "a cell that is no integer": (edit("terms.0.cells.0", 0.5), "terms.0"),
    "a cell as text": (edit("terms.0.cells.0", "1"), "terms.0"),
    "a huge cell": (edit("terms.0.cells.0", 2**60), "terms.0"),
    "an edited cell": (
        edit("terms.0.cells", lambda cells: [cell + 1 for cell in cells]),
        "golden assessment 1",
    ),
    "an edited golden": (edit("golden.0.score", lambda score: score + 1), "golden assessment 1"),
    "unknown axis": (edit("terms.0.axes.0", "nowhere"), "unknown axis"),
    "a level without a cell": (
        edit("axes.0.groups", lambda groups: groups[:-1]),
        "reference|no cell for answer",
    ),
    "not-known codes left out": (
        edit("axes.0.not_known", [["unknown"]]),
        "partition",
    ),
    "weights that do not add up": (
        edit("axes.0.reference.0", lambda weight: weight + 1),
        "sum 2\\^30",
    ),
    "unknown outcome": (edit("outcome", "nothing"), "outcome \\[nothing\\]"),
    "calibrated without grounds": (edit("scale", "calibrated"), "calibrated scale needs"),
    "a protected item in a template": (edit("purpose", "template"), "protected"),
    "two terms of one name": (edit("terms.1.id", lambda _: "sex"), "declared twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, value, georgia):
    change, match = REFUSED[name]
    if name == "two terms of one name":
        value["terms"][1]["id"] = value["terms"][0]["id"]
    else:
        change(value)
    refuse(value, georgia, match)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b'{"format": 1, "format": 2}', "stands twice"),
        (b'{"a": NaN}', "not a JSON number"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too large"),
        (b"[" * 100_000, "nested too deeply|not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"", "not JSON"),
        (b"\x80\x04\x95", "not UTF-8"),
    ],
)
def test_what_is_no_strict_json_is_refused(text, match):
    with pytest.raises(ScorecardError, match=match):
        parse_scorecard(text, source="m")


def test_an_enforced_item_must_not_move_the_score_the_wrong_way(georgia):
    draft = as_json(make_document(georgia, seed=4, monotone=True))
    assert georgia.by_id["prior_arrest_episodes_felony"].direction == "risk"
    term = next(t for t in draft["terms"] if t["id"] == "prior_arrest_episodes_felony")
    term["cells"][3], term["cells"][2] = term["cells"][2], term["cells"][3]
    refuse(as_json(with_golden(draft, georgia)), georgia, "enforced")


def test_silence_must_not_move_an_operational_score(cn):
    draft = as_json(make_document(cn, purpose="template", monotone=True))
    accepted = parse_scorecard(json.dumps(draft).encode(), source="m")
    compile_scorecard(accepted, cn)
    draft["terms"][0]["cells"][-1] = 1
    refuse(as_json(with_golden(draft, cn)), cn, "not known moves the score")


class TestFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path, value) -> Path:
        data = json.dumps(value).encode()
        (tmp_path / "model.json").write_bytes(data)
        (tmp_path / "card.en.md").write_text("card")
        manifest = {
            "format": "riskengine/manifest/1",
            "files": {"model.json": sha256(data), "card.en.md": sha256(b"card")},
            "created_at": "2026-01-01T00:00:00Z",
            "created_by": "test",
            "run_seconds": 0.0,
        }
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        return tmp_path

    def test_loads(self, folder):
        assert load_model(folder).scorecard.document.id == "made_up"

    @pytest.mark.parametrize(
        ("file", "content", "match"),
        [
            ("model.json", lambda data: data[:-10], "edited or cut"),
            ("model.json", lambda data: data.replace(b"test", b"rest", 1), "edited or cut"),
            ("card.en.md", lambda data: data + b" ", "edited or cut"),
            ("manifest.json", lambda data: data.replace(b"manifest/1", b"manifest/7"), "format"),
            (
                "manifest.json",
                lambda data: data.replace(b"card.en.md", b"../card.md"),
                "names a path",
            ),
            ("manifest.json", lambda data: data.replace(b"model.json", b"model.txt"), "not list"),
        ],
    )
    def test_tampering_is_found(self, folder, file, content, match):
        path = folder / file
        path.write_bytes(content(path.read_bytes()))
        with pytest.raises(ScorecardError, match=match):
            load_model(folder)

    @pytest.mark.parametrize("file", ["manifest.json", "card.en.md"])
    def test_a_missing_file_is_found(self, folder, file):
        (folder / file).unlink()
        with pytest.raises(ScorecardError, match=file):
            load_model(folder)
