"""``riskengine models``: the list, a card, a page."""

from __future__ import annotations

from tests.cli.test_commands import run, said


def test_the_page_of_a_model_is_written(tmp_path):
    out = tmp_path / "pages" / "model.html"
    text = said(
        run(
            "models", "page", "cn_serious_noncompliance", "--policy", "cn_default",
            "--lang", "zh", "--out", str(out),
        )
    )  # fmt: skip
    assert str(out) in text
    assert "普管 ≥ 2" in out.read_text(encoding="utf-8")


def test_list_and_card_are_as_short_as_before():
    assert "ogrs3_1y@1.0.0" in said(run("models", "--lang", "en"))
    assert said(run("models", "ogrs3_1y", "--lang", "en")).startswith("# OGRS3")


def test_mistakes_end_in_one_sentence(tmp_path):
    out = str(tmp_path / "m.html")
    assert "no model [nobody]" in said(run("models", "page", "nobody", "--out", out), 2)
    wrong = run("models", "page", "ogrs3_1y", "--policy", "cn_default", "--out", out)
    assert "is for instrument [cn_community_corrections]" in said(wrong, 2)
