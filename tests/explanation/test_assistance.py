"""Needs lead to help, whatever the score and the tier, from a catalogue that a district edits."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from riskengine import Engine
from riskengine.authoring.build import write_all
from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.explanation.assistance import (
    PROVIDERS,
    AssistanceCatalogue,
    compile_assistance,
)
from riskengine.recommendation import Provider
from riskengine.store.lookup import edited_file
from tests.support.cases import ON, case

SOURCE = Path(__file__).resolve().parents[2] / "data_schema" / "assistance"
NAME = "cn_community_corrections"


@pytest.fixture(scope="module")
def catalogue() -> AssistanceCatalogue:
    path = edited_file("assistance", NAME)
    return load_document(AssistanceCatalogue, path.read_bytes(), source=path.name)


@pytest.fixture(scope="module")
def assistance(catalogue, cn):
    return compile_assistance(catalogue, cn)


def answers_of(item) -> list[object]:
    if item.type == "multiple":
        return [(level,) for level in item.level_ids]
    if item.levels:
        return list(item.level_ids)
    if item.type == "boolean":
        return [True, False]
    return [item.minimum, item.maximum]


def worst(item) -> list[object]:
    """The answer that is worst where there is an order, any answer where there is none."""
    every = answers_of(item)
    if item.direction == "free" or item.type in ("nominal", "multiple", "boolean"):
        return every
    return [every[-1] if item.direction == "risk" else every[0]]


def test_every_item_that_is_asked_in_order_to_help_leads_to_help(assistance, cn):
    """At its worst answer, alone or beside one other answer that the entry asks for."""
    unreached = []
    for item in cn.items:
        if "need" not in item.use:
            continue
        found = False
        for entry in assistance.entries:
            if item.id not in entry.items:
                continue
            others = [cn.by_id[name] for name in entry.items if name != item.id]
            for answer, *rest in product(worst(item), *([None, *answers_of(o)] for o in others)):
                beside = {
                    other.id: value
                    for other, value in zip(others, rest, strict=True)
                    if value is not None
                }
                if entry.found(beside, "zh") is None:
                    need = entry.found({**beside, item.id: answer}, "zh")
                    found = found or (need is not None and item.id in need.items)
        if not found:
            unreached.append(item.id)
    assert unreached == []


def test_the_help_that_the_issue_names_is_in_it(catalogue):
    providers = {
        offer.by for entry in catalogue.needs for offer in (*entry.assistance, *entry.when_severe)
    }
    assert {
        "employment_service", "training_provider", "housing_service", "school", "counsellor",
        "health_service", "family", "village_committee", "volunteers",
    } <= providers  # fmt: skip
    assert None not in providers
    assert set(PROVIDERS) == set(get_args(Provider))


def test_offers_are_few_words(catalogue):
    """They are read aloud to the person, and stand on a list."""
    for entry in catalogue.needs:
        for offer in (*entry.assistance, *entry.when_severe):
            assert len(offer.zh) <= 15, offer.zh
            assert len(offer.en.split()) <= 8, offer.en


def test_needs_do_not_depend_on_score_or_tier(cn):
    """The same answers outside the score, at a relaxed and at a strict tier: the same help."""
    engine = Engine.load()
    needs = {"vocational_skill": "0", "residence_stability": "none", "financial_strain": "3"}
    easy = engine.recommend(
        case(cn, age_at_start=61, prior_convictions_n=0, employment_status="stable",
             antisocial_companions="0", drug_use="none", alcohol_problem="0", **needs),
        on=ON,
    )  # fmt: skip
    hard = engine.recommend(
        case(cn, age_at_start=19, prior_convictions_n=6, employment_status="stable",
             antisocial_companions="0", drug_use="none", alcohol_problem="0", warnings_n=1,
             **needs),
        on=ON,
    )  # fmt: skip
    assert easy.tiers != hard.tiers
    assert easy.needs == hard.needs
    assert {need.id for need in easy.needs} == {"skills", "housing", "money"}
    scored = {share.item for share in easy.item_view.items}
    assert "residence_stability" not in scored, "a need of zero points gets help all the same"


def test_a_severe_need_gets_more_help_and_no_more_strictness(cn):
    engine = Engine.load()
    found = {
        level: engine.recommend(case(cn, age_at_start=40, distress=level), on=ON)
        for level in ("0", "2", "3")
    }
    assert len({one.score.value for one in found.values()}) == 1
    assert len({one.tiers for one in found.values()}) == 1
    needs = {level: [n for n in one.needs if n.id == "distress"] for level, one in found.items()}
    assert needs["0"] == []
    (some,), (severe,) = needs["2"], needs["3"]
    assert not some.severe and severe.severe
    assert set(some.assistance) < set(severe.assistance)
    assert severe.first_step
    assert found["3"].needs[0].severe, "what is pressing comes first"


def test_an_answer_that_is_not_known_is_no_need(cn):
    engine = Engine.load()
    every = {i.id: "unknown" for i in cn.items if "need" in i.use and i.applicable is None}
    found = engine.recommend(case(cn, age_at_start=40, **every), on=ON)
    assert [need.id for need in found.needs] == ["for_all"]


# ---------------------------------------------------------------- a district's own copy


def district(home: Path, change: tuple[str, str]) -> Path:
    own = home / "data_schema"
    (own / "assistance").mkdir(parents=True)
    copy = own / "assistance" / f"{NAME}.yaml"
    shutil.copy(SOURCE / f"{NAME}.yaml", copy)
    text = copy.read_text(encoding="utf-8")
    assert change[0] in text
    copy.write_text(text.replace(*change, 1), encoding="utf-8")
    return own


def test_a_district_edits_its_own_copy(tmp_path, monkeypatch, cn):
    own = district(tmp_path, ("zh: 介绍工作岗位", "zh: 县合作社招工"))
    write_all(own)
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
    found = Engine.load().recommend(case(cn, employment_status="seeking"), on=ON)
    assert "县合作社招工" in [a for need in found.needs for a in need.assistance]


def test_a_newer_shipped_catalogue_never_replaces_the_districts_own(tmp_path, monkeypatch, cn):
    own = district(tmp_path, ("zh: 介绍工作岗位", "zh: 县合作社招工"))
    copy = own / "assistance" / f"{NAME}.yaml"
    text = copy.read_text(encoding="utf-8")
    copy.write_text(text.replace('version: "1.0.0"', 'version: "0.9.0"'), encoding="utf-8")
    write_all(own)
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
    found = Engine.load().recommend(case(cn, employment_status="seeking"), on=ON)
    assert "县合作社招工" in [a for need in found.needs for a in need.assistance]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("by: volunteers", "by: neighbours"), r"line \d+: needs\.\d+\..*by \[neighbours\]"),
        (("label: {zh: 就业, en: Work}", "label: {zh: 就业}"), r"line \d+: needs\.\d+\.label\.en"),
        (("first_step:", "first_steps:"), r"line \d+: needs\.0\.first_steps"),
    ],
)
def test_a_mistake_in_shape_names_its_line(tmp_path, change, says):
    with pytest.raises(ArtefactError, match=rf"{NAME}\.yaml: {says}"):
        write_all(district(tmp_path, change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            ('item: vocational_skill, is: "0"', 'item: vocational_skill, is: "9"'),
            r"need \[skills\]: item \[vocational_skill\] has no answer \[9\]; accepted: 0, 1, 2",
        ),
        (
            ('item: vocational_skill, is: "0"', 'item: vocational_skil, is: "0"'),
            r"need \[skills\]: unknown item \[vocational_skil\]",
        ),
        (
            ('item: vocational_skill, is: "0"', "item: warnings_n, at_least: 1"),
            r"need \[skills\]: item \[warnings_n\] is not asked in order to help",
        ),
        (
            ('    severe: {item: distress, at_least: "3"}\n', ""),
            r"need \[distress\]: \[when_severe\] is offered where the need is severe",
        ),
        (("- id: skills", "- id: money"), r"need \[money\] is declared twice"),
        (
            ("instrument: cn_community_corrections", "instrument: georgia_parole"),
            r"need \[self_harm\]: unknown item \[self_harm_flag\]",
        ),
    ],
)
def test_a_mistake_in_meaning_names_need_and_item(tmp_path, change, says):
    with pytest.raises(ArtefactError, match=rf"{NAME}\.yaml: assistance \[{NAME}\].*{says}"):
        write_all(district(tmp_path, change))


def test_a_built_copy_that_was_edited_is_refused_when_the_engine_is_loaded(tmp_path, monkeypatch):
    write_all(district(tmp_path, ("zh: 介绍工作岗位", "zh: 县合作社招工")))
    built = tmp_path / "data_schema" / "built" / "assistance" / f"{NAME}@1.0.0.json"
    text = built.read_text(encoding="utf-8")
    built.write_text(text.replace('"vocational_skill"', '"warnings_n"'), encoding="utf-8")
    monkeypatch.setenv("RISKENGINE_HOME", str(tmp_path))
    with pytest.raises(ArtefactError, match=r"need \[skills\]: item \[warnings_n\]"):
        Engine.load()
