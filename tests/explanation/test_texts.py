"""Both languages say the same things, and every sentence that can be asked for exists."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.errors import ArtefactError
from riskengine.explanation.disclosure import for_person
from riskengine.explanation.texts import TextCatalogue, joined
from riskengine.store.lookup import find_catalogue
from tests.support.cases import ON, case

PACKAGE = Path(__file__).resolve().parents[2] / "riskengine"
CATALOGUES = ("engine", "explanation", "changes", "explained", "told_cn_community_corrections")
LABELS = ("惯犯", "危险分子", "坏人", "高风险人员", "offender", "dangerous person", "high-risk")


def catalogue(name: str) -> TextCatalogue:
    return TextCatalogue.model_validate(find_catalogue("texts", name), strict=False)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("name", CATALOGUES)
def test_both_languages_have_the_same_placeholders(name):
    for key, text in catalogue(name).texts.items():
        assert placeholders(text.zh) == placeholders(text.en), key


@pytest.mark.parametrize("name", CATALOGUES)
def test_nobody_is_labelled(name):
    for key, text in catalogue(name).texts.items():
        assert not [word for word in LABELS if word in text.zh or word in text.en.lower()], key


@pytest.mark.parametrize("name", CATALOGUES)
def test_chinese_is_chinese_and_english_is_english(name):
    for key, text in catalogue(name).texts.items():
        assert not re.search(r"[\u4e00-\u9fff]", text.en), key
        assert not re.search(r"[A-Za-z]{3,}", re.sub(r"\{\w+\}", "", text.zh)), key


def asked_for(path: Path) -> set[str]:
    """Keys that code asks for by their whole name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "_plain"):
            for first in node.args[:1]:
                branches = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                found |= {b.value for b in branches if isinstance(b, ast.Constant)}
    return found


def test_every_key_that_code_asks_for_exists():
    have = {key for name in ("engine", "explanation", "changes") for key in catalogue(name).texts}
    for path in (PACKAGE / "explanation").glob("*.py"):
        missing = {key for key in asked_for(path) if key not in have}
        missing = {key for key in missing if f"caution_{key}" not in have}
        assert missing == set(), path.name
    missing = asked_for(PACKAGE / "reports" / "explained.py") - catalogue("explained").texts.keys()
    assert missing == set()


def test_every_open_answer_that_may_be_scored_has_a_sentence_for_the_person(cn):
    told = catalogue("told_cn_community_corrections").texts
    missing = []
    for item in cn.items:
        if "scored" not in item.use or item.disclosure != "open":
            continue
        keys = list(item.level_ids) or (["true", "false"] if item.type == "boolean" else [])
        missing += [f"{item.id}.{key}" for key in keys if f"{item.id}.{key}" not in told]
        if not keys:
            names = {
                key for key in ("zero", "some", "raises", "lowers") if f"{item.id}.{key}" in told
            }
            if names not in ({"zero", "some"}, {"raises", "lowers"}):
                missing.append(item.id)
    assert missing == []


def test_sentences_for_the_person_are_short_and_carry_no_number(cn):
    for key, text in catalogue("told_cn_community_corrections").texts.items():
        item = cn.by_id[key.split(".")[0]]
        assert item.disclosure == "open", key
        assert len(text.zh) <= 13, key
        assert len(text.en.split()) <= 7, key
        assert not re.search(r"\d", text.zh + text.en), key


def test_no_key_stands_in_two_catalogues():
    with pytest.raises(ArtefactError, match=r"texts \[engine\]: the key \[about\] stands in"):
        joined([catalogue("engine"), catalogue("engine")], "zh")


@pytest.mark.parametrize(("lang", "most"), [("zh", 480), ("en", 300)])
def test_the_notice_can_be_read_aloud_in_two_minutes(cn, lang, most):
    """240 characters or 150 words a minute, the first three reasons each way in full."""
    found = Engine.load().explain(
        case(cn, age_at_start=23, prior_convictions_n=2, drug_use="le3y", warnings_n=1,
             employment_status="seeking", antisocial_companions="2", alcohol_problem="2",
             financial_strain="2"),
        on=ON,
        lang=lang,
    )  # fmt: skip
    notice = for_person(found)
    said = [
        notice.headline, notice.about, notice.what_rules_did, notice.held or "", notice.how_sure,
        *(one.told for one in (*notice.raises[:3], *notice.lowers[:3])),
        *notice.looked_at, *notice.help_offered, *notice.rights, *notice.cautions,
    ]  # fmt: skip
    length = sum(len(one) if lang == "zh" else len(one.split()) for one in said)
    assert length <= most
