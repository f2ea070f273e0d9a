"""The page about cohorts runs as it stands, and says the bounds that hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskengine.training import censoring, cohort

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cohorts.md"


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(block, str(PAGE), "exec"), {})
    told = capsys.readouterr().out
    assert "people followed to the end" in told
    assert "effective sample size" in told


def test_the_bounds_are_those_of_the_code() -> None:
    assert (censoring.LARGEST_WEIGHT, censoring.FEWEST_EFFECTIVE) == (10, 100)
    assert (censoring.MOST_CENSORED, censoring.SMALLEST_EFFECTIVE_SHARE) == (0.5, 0.25)
    assert (censoring.STANDS_FOR, censoring.FEW_CENSORED, cohort.MOST_LOST) == (0.85, 0.05, 0.05)
    page = PAGE.read_text(encoding="utf-8")
    for said in ("more than half", "below 100 (and over 5 %", "below 25 %", "less than 85 %"):
        assert said in page
