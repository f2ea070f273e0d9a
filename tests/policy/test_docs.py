"""The page about local rules names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from riskengine.policy import facts
from riskengine.store.lookup import policy_names

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")


def test_every_fact_is_named():
    listed = {name for name in (*facts.NUMBERS, *facts.CHOICES) if f"`{name}`" in PAGE}
    by_event = {name for name in facts.NUMBERS if name.startswith("days_since_")}
    assert listed | by_event == {*facts.NUMBERS, *facts.CHOICES}
    assert "`days_since_`" in PAGE


def test_every_profile_has_its_line():
    lines = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(lines) == sorted(name.partition("@")[0] for name in policy_names())
