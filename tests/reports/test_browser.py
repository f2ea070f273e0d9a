"""The page in a real browser: one sheet of A4 a person, and no sideways scrolling on a phone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.reports.html import write_page

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "assessments").glob("*.json"))
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")


def browse(tmp_path: Path, *arguments: str) -> str:
    assert BROWSER
    command = [BROWSER, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    engine = Engine.load()
    for lang in ("zh", "en"):
        found = [
            engine.recommend(
                engine.assessment(json.loads(file.read_text(encoding="utf-8"))),
                on=date(2026, 3, 2),
                lang=lang,
            )
            for file in EXAMPLES
        ]
        write_page(folder / f"{lang}.html", found, lang=lang)
    return folder


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_person_takes_one_printed_page(pages, tmp_path, lang):
    target = tmp_path / "page.pdf"
    browse(tmp_path, f"--print-to-pdf={target}", (pages / f"{lang}.html").as_uri())
    printed = re.findall(rb"/Type\s*/Page\b", target.read_bytes())
    assert len(printed) == 1 + len(EXAMPLES)


def test_nothing_overflows_at_360_pixels_and_the_style_sheet_is_let_through(pages, tmp_path):
    frames = "".join(f'<iframe src="{lang}.html" width=360></iframe>' for lang in ("zh", "en"))
    script = (
        "onload = () => { document.title = 'sizes:' + [...document.querySelectorAll('iframe')]"
        ".map(f => f.contentDocument).map(d => d.documentElement.scrollWidth + '/' + "
        "getComputedStyle(d.querySelector('.ladder')).display).join(',') }"
    )
    (pages / "frames.html").write_text(f"<title></title>{frames}<script>{script}</script>")
    shown = browse(
        tmp_path,
        "--allow-file-access-from-files",
        "--dump-dom",
        (pages / "frames.html").as_uri(),
    )
    sizes = re.search(r"sizes:([\d/a-z,]+)", shown)
    assert sizes, shown[:500]
    for size in sizes[1].split(","):
        width, display = size.split("/")
        assert int(width) <= 360
        assert display == "grid"
