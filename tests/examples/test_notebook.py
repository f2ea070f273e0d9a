"""The tutorial runs from its first cell to its last, and ends where it says it does."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

WHY_NOT = "nbclient and ipykernel are not installed"
nbformat = pytest.importorskip("nbformat", reason=WHY_NOT)
nbclient = pytest.importorskip("nbclient", reason=WHY_NOT)
pytest.importorskip("ipykernel", reason=WHY_NOT)
pytest.importorskip("interpret", reason="the extra `train` is not installed")
pytest.importorskip("matplotlib", reason="the extra `explain` is not installed")

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "notebooks" / "from_cohort_to_promoted_model.ipynb"
LAST = """
import json
print(json.dumps([early, passed, first_live, too_few, final, before_rollback, after_rollback,
                  standing.complete, watched.verdict, acts.verify()]))
"""
KERNEL = "this-python"


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A kernel of this very interpreter, in whose folders nothing is left behind."""
    folder = tmp_path / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": start, "display_name": "Python", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), "utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    return KERNEL


def test_it_ends_where_it_says(kernel: str) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(LAST))
    nbclient.NotebookClient(
        notebook, kernel_name=kernel, timeout=300,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    ).execute()  # fmt: skip
    early, passed, live, few, final, before, after, complete, watched, faults = json.loads(
        notebook.cells[-1].outputs[-1].text
    )
    assert (early, passed, few, final) == ("refuse", "pass", "cannot_tell", "pass")
    assert (live, before, after) == tuple(
        f"small_county_1y@{version}" for version in ("1.0.0", "1.1.0", "1.0.0")
    )
    assert complete is True
    assert watched == "alarm"
    assert faults == []
    for cell in notebook.cells:
        errors = [one for one in cell.get("outputs", []) if one.get("name") == "stderr"]
        assert errors == [], cell.source


def test_it_is_valid_and_names_no_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert not re.search(r"/(home|root|tmp|work|Users|usr|opt|var)/", text)
    ids = [cell["id"] for cell in json.loads(text)["cells"]]
    assert len(set(ids)) == len(ids)
