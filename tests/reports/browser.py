"""A real browser for tests, and axe-core in it where it is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from riskengine.errors import UseError
from riskengine.reports.pdf import find_browser

ALLOWED = ("http", "ws")


def browser_path() -> str | None:
    try:
        return find_browser()
    except UseError:
        return None


def axe_source() -> str:
    """Text of axe-core; a test that needs it says how to get it."""
    here = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
    path = Path(os.environ.get("RISKENGINE_AXE", here))
    if not path.is_file():
        pytest.skip(
            "axe-core is not installed: npm install --prefix tests --no-save axe-core@4, "
            "or set RISKENGINE_AXE to its axe.min.js"
        )
    return path.read_text(encoding="utf-8")


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# violations whole; of what passed only the rule, since every node of it would travel here
_RUN = "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


def broken_rules(page: Any) -> list[str]:
    """Rules of accessibility that a page breaks as it is laid out now, each with its places.

    The text of axe-core is put into the page the first time.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe_source())
    found = page.evaluate(_RUN, TAGS)
    assert len(found["passes"]) > 10, "axe looked at something"
    return [
        f"{one['id']}: {[node['html'][:160] for node in one['nodes']]}"
        for one in found["violations"]
    ]


@contextmanager
def open_browser() -> Iterator[Any]:
    path = browser_path()
    if path is None:
        pytest.skip("no chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


def pdf_text(path: Path) -> str:
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (poppler-utils)")
    done = subprocess.run(
        ["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode("utf-8")
