"""What the READMEs promise is what happens, in both languages."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from riskengine.store.lookup import find_model, model_folders

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(name), re.DOTALL)


@pytest.mark.parametrize("name", READMES)
def test_the_five_lines_print_what_stands_below_them(name):
    (code,) = blocks(name, "python")
    assert len(code.strip().splitlines()) == 5
    example = ROOT / "examples" / "assessments" / "04_parolee_with_warning.json"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, {"raw": json.loads(example.read_text(encoding="utf-8"))})
    assert printed.getvalue() == blocks(name, "text")[0]


@pytest.mark.parametrize("name", READMES)
def test_every_link_and_picture_is_there(name):
    links = re.findall(r'\]\((?!http)(.*?)\)|(?:src|href)="(.*?)"', text(name))
    targets = {one or other for one, other in links}
    assert {target for target in targets if not (ROOT / target).exists()} == set()
    assert len(targets) >= 6


@pytest.mark.parametrize("name", READMES)
def test_models_are_all_listed_with_the_figures_of_their_cards(name):
    table = [line for line in text(name).splitlines() if line.startswith("| `")]
    for model in model_folders():
        (line,) = [one for one in table if f"`{model}`" in one]
        metrics = {m.name: m.value for m in find_model(model).scorecard.document.evaluation}
        if "auc" in metrics:
            assert f"{metrics['auc']:.3f}".removeprefix("0") in line


@pytest.mark.parametrize("name", READMES)
def test_the_arithmetic_of_rare_events_is_right(name):
    sensitivity, specificity = 0.7, 0.8
    pattern = r"^\| ([\d.]+) ?% \| ([\d.]+) ?% \| \**([\d.]+) ?%"
    rows = re.findall(pattern, text(name), re.MULTILINE)
    assert len(rows) == 4
    for base, flagged, share in ((float(one) / 100 for one in row) for row in rows):
        hits = sensitivity * base
        all_flagged = hits + (1 - specificity) * (1 - base)
        assert flagged == pytest.approx(all_flagged, abs=0.005)
        assert share == pytest.approx(hits / all_flagged, abs=0.0005)


@pytest.mark.parametrize("name", READMES)
def test_every_command_exists(name):
    from riskengine.cli import app

    commands = {c.name or c.callback.__name__ for c in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}
    promised = set(re.findall(r"riskengine ([a-z-]+) ", "\n".join(blocks(name, "sh"))))
    assert promised == commands


@pytest.mark.parametrize("name", READMES)
def test_pictures_are_small(name):
    picture = re.search(r'src="(.*?)"', text(name))
    assert picture
    assert (ROOT / picture[1]).stat().st_size < 250_000
