"""The pages of an evaluation: nothing is claimed that the document does not hold."""

from __future__ import annotations

import re

import pytest

from riskengine.evaluation.document import Evaluation
from riskengine.reports.evaluation.charts import ticks
from riskengine.reports.evaluation.director import DirectorPage, whole_people
from riskengine.reports.evaluation.pages import (
    CATALOGUE,
    director_page,
    report_page,
    write_evaluation_pages,
)
from riskengine.reports.evaluation.report import ReportPage, _longest
from riskengine.reports.words import words_of
from tests.reports.evaluation.made_up import both, figure, made_up


@pytest.fixture(scope="module")
def document() -> Evaluation:
    return made_up()


def changed(document: Evaluation, part: str, **values) -> Evaluation:
    old = getattr(document, part)
    return document.model_copy(update={part: old.model_copy(update=values)})


def director(document: Evaluation) -> DirectorPage:
    return DirectorPage(document, words_of(CATALOGUE, "en"))


def report(document: Evaluation) -> ReportPage:
    return ReportPage(document, words_of(CATALOGUE, "en"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_stand_alone_and_are_the_same_every_time(document, lang, tmp_path):
    report_file, director_file = write_evaluation_pages(document, tmp_path / "new", lang)
    assert report_file.name == f"report.{lang}.html"
    assert report_file.read_text(encoding="utf-8") == report_page(document, lang=lang)
    for page in (report_page(document, lang=lang), director_page(document, lang=lang)):
        assert "<script" not in page and "http:" not in page and "https:" not in page
        assert "default-src 'none'" in page
        assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


def test_whole_people_add_up_and_keep_the_errors_in_sight(document):
    found = whole_people(document, document.cuts[0])
    assert found is not None
    assert found.n == 100
    assert (found.flagged, found.hits, found.vain) == (15, 4, 11)
    assert found.hits + found.missed == 10
    assert found.hits + found.vain + found.missed + found.clear == found.n
    assert found.low <= found.hits <= found.high


def test_rare_outcomes_get_a_larger_denominator(document):
    figures = (figure("share_flagged", 0.02), figure("ppv", 0.1))
    cut = made_up(
        cuts=[{"id": "strict", "kind": "tier", "label": both("x"), "score": 0,
               "figures": figures}],
        figures=[figure("event_share", 0.006)], groups=[],
    ).cuts[0]  # fmt: skip
    rare = document.model_copy(update={"figures": made_up().figures[:0]})
    assert whole_people(rare, cut) is None
    rare = made_up(figures=[figure("event_share", 0.006)])
    found = whole_people(rare, cut)
    assert found is not None and found.n == 500 and found.hits == 1 and found.vain == 9


def test_what_was_seen_in_training_is_never_called_a_check(document):
    apparent = document.model_copy(update={"kind": "apparent"})
    page = director(apparent)
    assert "not really been checked" in page.verdict
    assert any("no check" in text for text in page.checked)
    assert "worse" in page.right[0]
    assert "Do not use it yet" in page.next[0]
    assert not any("silent" in text for text in page.next)
    assert "No validation" in report_page(apparent, lang="en")
    assert "A validation" in report_page(document, lang="en")
    assert any("silent" in text for text in director(document).next)
    unknown = director(document.model_copy(update={"kind": "not_stated"}))
    assert "not really been checked" in unknown.verdict


def test_a_research_model_asks_for_no_decision(document):
    page = director(changed(document, "model", purpose="benchmark"))
    assert page.next == ["Nothing: a research model must not be used."]


def test_without_cuts_nothing_is_said_about_how_often_it_is_right(document):
    bare = document.model_copy(update={"cuts": (), "operating_cut": None})
    page = director(bare)
    assert page.icons is None and len(page.right) == 1 and "cannot be said" in page.right[0]
    assert "no cut to examine" in report_page(bare, lang="en")


def test_only_differences_that_stand_out_are_told_to_a_director(document):
    said = " ".join(director(document).harmed)
    assert "Sex: of 100 people without the outcome, 22 are flagged wrongly" in said
    assert "10 among “male”" in said
    assert "Groups too small to be checked: 1." in said
    quiet = document.model_copy(update={"groups": document.groups[1:2]})
    said = " ".join(director(quiet).harmed)
    assert "does not mean there is none" in said
    value = document.model_dump(mode="json")
    value["groups"][0]["cells"][1]["at"][0]["gaps"][0]["stands_out"] = False
    chance = made_up(groups=value["groups"])
    assert "flagged wrongly" not in " ".join(director(chance).harmed)
    none = " ".join(director(document.model_copy(update={"groups": ()})).harmed)
    assert "nobody knows" in none


def test_hidden_groups_show_no_number(document):
    page = report(document)
    area = page.groups[1]
    hidden = next(row for row in area.table.rows if row.label == "urban")
    assert hidden.hidden and hidden.cells == ("too few to show",)
    assert "too few to show" in str(area.chart)


def test_groups_within_a_stratum_stand_apart(document):
    page = report(document)
    assert [one.title for one in page.groups] == ["Sex", "Area"]
    assert [one.title for one in page.strata] == ["Sex (within probation)"]


def test_a_missing_figure_says_why(document):
    row = next(row for row in report(document).calibration.rows if "slope" in row.label)
    assert row.cells[0] and not any(character.isdigit() for character in row.cells[0])


def test_a_relative_scale_has_no_plot_and_no_probability(document):
    relative = document.model_copy(
        update={"calibration": None, "decision_curve": None,
                "model": document.model.model_copy(update={"scale": "relative"})}
    )  # fmt: skip
    text = report_page(relative, lang="en")
    assert "no probability to check" in text and "there is no decision curve" in text
    assert 'class="plot calibration"' not in text
    assert any("does not say how likely" in one for one in director(relative).cannot)


def test_surveillance_is_said_to_both_readers(document):
    assert "mostly be found by supervision" in report_page(document, lang="en")
    assert any("who was watched" in one for one in director(document).cannot)
    assert any("how the outcome is found" in one.lower() for one in director(document).next)
    calm = changed(document, "surveillance", mostly_found_by_supervision=False)
    assert "mostly be found by supervision" not in report_page(calm, lang="en")
    assert not any("who was watched" in one for one in director(calm).cannot)


def test_what_a_file_says_cannot_act(document):
    hostile = "<script>alert(1)</script>\u202e{x}"
    label = {"zh": hostile, "en": hostile}
    value = changed(document, "cohort", population=type(document.cohort.population)(**label))
    group = value.groups[0]
    cell = group.cells[0].model_copy(update={"label": type(group.label)(**label)})
    group = group.model_copy(update={"cells": (cell, *group.cells[1:])})
    value = value.model_copy(update={"groups": (group,)})
    for page in (report_page(value, lang="en"), director_page(value, lang="zh")):
        assert "<script" not in page and "\u202e" not in page and "&lt;script" in page


def test_the_longest_stretch_where_the_model_is_better():
    assert _longest([True, False, True, True, False]) == (2, 3)
    assert _longest([False, False]) is None
    assert _longest([True, True]) == (0, 1)


def test_ticks_stand_at_round_figures_within_the_range():
    assert ticks(0.0, 1.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(-0.03, 0.11)[0] >= -0.03 and ticks(-0.03, 0.11)[-1] <= 0.11
    assert ticks(0.61, 0.78, about=3) == [0.7]


def test_every_word_of_the_pages_is_used():
    """A sentence that no page asks for is a leftover."""
    import inspect
    from importlib import resources

    from riskengine.reports.evaluation import director as director_room
    from riskengine.reports.evaluation import figures, pages, report

    folder = resources.files("riskengine.reports").joinpath("templates/evaluation")
    code = "".join(inspect.getsource(room) for room in (director_room, figures, pages, report))
    code += "".join(
        one.read_text(encoding="utf-8") for one in folder.iterdir() if one.name.endswith(".j2")
    )
    stems = (
        "severity_", "purpose_", "kind_by_", "tier_", "for_", "checked_", "icon_", "harmed_",
        "director_verdict_", "tier_of_", "panel_",
    )  # fmt: skip
    left = [
        key
        for key in words_of(CATALOGUE, "en").sentences
        if f'"{key}"' not in code and not key.startswith(stems)
    ]
    assert left == []
