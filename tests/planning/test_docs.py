"""The pages name commands and options that exist, and both languages show the same ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from riskengine.cli import app
from riskengine.schedule import read_calendar

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ("planning.md", "planning.zh.md")]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def options(command: typer.core.TyperCommand) -> set[str]:
    return {name for one in command.params for name in one.opts if name.startswith("--")}


@pytest.fixture(scope="module")
def known():
    group = typer.main.get_command(app)
    policy = group.commands["policy"].commands
    return {
        "schedule": options(group.commands["schedule"]),
        **{f"policy {name}": options(policy[name]) for name in ("plan", "compare", "adopt")},
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_option_exists(page, known):
    text = page.read_text(encoding="utf-8")
    every = set().union(*known.values())
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= every
    shown = set()
    for kind, block in BLOCK.findall(text):
        if kind != "sh":
            continue
        for line in block.replace("\\\n", " ").splitlines():
            name = next(n for n in known if line.startswith(f"riskengine {n} "))
            shown.add(name)
            assert set(re.findall(r" (--[a-z-]+)", line)) <= known[name], line
    assert shown == set(known)


def test_both_languages_show_the_same_code():
    blocks = [
        [
            re.sub(r'"[^"]*"', '""', block) if kind == "sh" else block
            for kind, block in BLOCK.findall(page.read_text(encoding="utf-8"))
        ]
        for page in PAGES
    ]
    assert blocks[0] == blocks[1] != []


def test_the_calendar_of_the_page_is_read():
    (block,) = [b for kind, b in BLOCK.findall(PAGES[0].read_text("utf-8")) if kind == "json"]
    found = read_calendar(block.encode(), source="page")
    assert found.busy[1].weekdays == ("mon", "tue")
    assert json.loads(block)["person"] == "EX-03"
