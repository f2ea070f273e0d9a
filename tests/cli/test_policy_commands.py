"""`riskengine policy`: check, explain, diff."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.errors import NotFoundError, PolicyError

SOURCES = Path(__file__).parents[2] / "data_schema"
DEFAULT = SOURCES / "policies" / "cn_default.yaml"
BUILT = SOURCES / "built" / "policies" / "cn_default@1.0.0.json"


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["policy", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("policy", [str(DEFAULT), str(BUILT), "cn_default", "cn_default@1.0.0"])
def test_check_says_that_there_is_no_mistake(policy):
    said = run("check", policy, "--lang", "en", "--model", "cn_serious_noncompliance")
    assert "no mistake; 5 rules" in said
    assert "checked against: cn_serious_noncompliance@1.0.0" in said
    assert "term of 2 months: relaxed from day 20 at the earliest" in said
    assert "没有错误" in run("check", policy)


def test_check_names_file_line_and_rule(tmp_path):
    path = tmp_path / "policies" / "mine.yaml"
    path.parent.mkdir()
    text = DEFAULT.read_text("utf-8").replace("is: fail}", "is: failed}")
    path.write_text(text, "utf-8")
    with pytest.raises(PolicyError) as caught:
        run("check", str(path))
    line = text[: text.index("is: failed}")].count("\n") + 1
    assert str(caught.value).startswith(
        f"policies/mine.yaml: line {line}: rule [failed_appraisal]: "
    )


def test_explain_prints_or_writes(tmp_path):
    printed = run("explain", "cn_default")
    assert printed.startswith("# 三级管理样板（默认）\n")
    out = tmp_path / "page.md"
    run("explain", str(DEFAULT), "--lang", "en", "--out", str(out))
    assert out.read_text("utf-8").startswith("# Three-tier template (default)\n")


def test_diff_of_two_instruments_is_refused():
    assert "→" in run("diff", "cn_default", "cn_province_2m")
    with pytest.raises(PolicyError, match="accepted: two policies of one instrument"):
        run("diff", "cn_default", "us_georgia_levels")


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(NotFoundError, match="cn_default@1.0.0"):
        run("explain", "nothing")
