"""The whole document: what it holds, what it hides and what it refuses to say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from riskengine.errors import UseError
from riskengine.evaluation.comparing import Rival
from riskengine.evaluation.document import Evaluation, GroupCell
from riskengine.evaluation.evaluate import Settings, evaluate_people
from riskengine.evaluation.measuring import Score
from riskengine.evaluation.people import People, column_grouping
from riskengine.evaluation.tables import TABLES, frame, performance_of
from riskengine.reports.models.performance import shown_groups
from riskengine.text import Text
from tests.evaluation.made_people import BANDS, ON, SAID, TEMPORAL, cohort, model, people

SETTINGS = Settings(seed=3, draws=200, top_shares=(0.1,))


def _evaluated(of: People, **changed: object) -> Evaluation:
    told: dict[str, object] = {
        "model": model(calibrated=of.risk is not None),
        "cohort": cohort(of),
        "standing": TEMPORAL,
        "on": ON,
        "settings": SETTINGS,
        "bands": BANDS,
    }
    return evaluate_people(of, **{**told, **changed})  # type: ignore[arg-type]


SEX = ["female"] * 200 + ["male"] * 1400
SMALL = ["a"] * 12 + ["b"] * 300 + ["c"] * 1288


@pytest.fixture(scope="module")
def evaluated() -> Evaluation:
    of = people(1600, 2, groups={"sex": SEX, "place": SMALL})
    incumbent = Rival(
        against="incumbent",
        label=SAID,
        name="old",
        known=np.ones(1600, dtype=bool),
        score=Score(of.score + np.random.default_rng(0).normal(0, 10, 1600)),
    )
    return _evaluated(of, rivals=[incumbent])


def _codes(found: Evaluation) -> set[str]:
    return {notice.code for notice in found.notices}


def test_the_document_reads_back_as_it_was(evaluated: Evaluation) -> None:
    assert Evaluation.model_validate_json(evaluated.model_dump_json()) == evaluated
    assert evaluated.validates


def test_equal_seeds_give_equal_documents() -> None:
    of = people(300, 5, groups={"sex": ["f", "m"] * 150})
    assert _evaluated(of) == _evaluated(of)


def test_a_true_model_is_found_calibrated(evaluated: Evaluation) -> None:
    for name, ideal in (
        ("observed_expected", 1),
        ("calibration_in_the_large", 0),
        ("calibration_slope", 1),
    ):
        one = evaluated.figure(name)  # type: ignore[arg-type]
        assert one.low is not None and one.high is not None
        assert one.low < ideal < one.high, name
    assert not _codes(evaluated) & {"too_high", "too_low", "too_extreme", "too_flat"}


def test_risks_that_are_too_high_are_told() -> None:
    found = _evaluated(people(1600, 1, too_high=0.7))
    assert "too_high" in _codes(found)
    large = found.figure("calibration_in_the_large")
    assert large.high is not None and large.high < 0


def test_a_relative_model_has_no_probability_anywhere() -> None:
    found = _evaluated(people(400, 2, calibrated=False, groups={"sex": ["f", "m"] * 200}))
    assert found.calibration is None and found.decision_curve is None
    assert all(cut.risk is None for cut in found.cuts)
    reasons = {one.name: one.why_not for one in found.figures if one.value is None}
    assert reasons["brier"] == reasons["ici"] == reasons["mean_risk"] == "no_probability"
    assert found.figure("auc").value is not None
    assert "relative" in _codes(found)
    probability = {"mean_risk", "brier", "log_score", "observed_expected", "ici", "net_benefit"}
    for row in frame(found, "groups").to_dict("records"):
        assert row["figure"] not in probability or row["value"] != row["value"]


def test_small_groups_tell_nothing_and_cannot_be_worked_out(evaluated: Evaluation) -> None:
    (table,) = (one for one in evaluated.groups if one.item == "place")
    hidden = [cell for cell in table.cells if cell.suppressed]
    assert [cell.group for cell in hidden] == ["a", "b"]
    for cell in hidden:
        assert cell.people is cell.events is None
        assert cell.figures == cell.gaps == cell.at == ()
    (against,) = evaluated.comparisons
    secret = {(one.item, one.group) for one in against.groups if one.suppressed}
    assert secret == {("place", "a"), ("place", "b")}
    # a column of the file has no place on the page of a model: say that they are items
    items = tuple(one.model_copy(update={"column": False}) for one in evaluated.groups)
    performance = performance_of(evaluated.model_copy(update={"groups": items}))
    assert performance is not None
    places = [one for one in performance.groups if one.item == "place"]
    assert {one.figures.group.en for one in shown_groups(places) if one.suppressed} == {"a", "b"}
    assert all(not one.figures and not one.people for one in places[:2])


def test_a_file_that_tells_about_a_hidden_group_is_refused() -> None:
    with pytest.raises(ValidationError, match="a hidden group tells nothing"):
        GroupCell(group="a", label=SAID, suppressed=True, people=3)


def test_smaller_groups_than_the_house_allows_are_refused() -> None:
    with pytest.raises(UseError, match=r"smallest group \[5\]"):
        _evaluated(people(200, 1), settings=replace(SETTINGS, smallest=5))


def test_groups_are_measured_at_the_cuts_and_never_at_a_half(evaluated: Evaluation) -> None:
    assert [cut.id for cut in evaluated.cuts] == ["strict", "not_relaxed", "top_10"]
    assert evaluated.operating_cut == "strict"
    sex = evaluated.groups[0]
    assert sex.reference == "male"
    female = sex.cells[0]
    assert [one.cut for one in female.at] == ["strict", "not_relaxed", "top_10"]
    flagged = {one.name for one in female.at[0].gaps}
    assert flagged == {"share_flagged", "false_positive_rate", "false_negative_rate", "ppv"}
    assert sex.trade_off is not None
    assert "Chouldechova" in sex.trade_off.zh and "equal risk" in sex.trade_off.en


def test_the_share_that_staff_reaches_is_never_exceeded() -> None:
    of = people(500, 4)
    of = replace(of, score=np.where(of.score > 0, 1, 0))
    found = _evaluated(of)
    top = next(cut for cut in found.cuts if cut.id == "top_10")
    (share,) = (one for one in top.figures if one.name == "share_flagged")
    assert share.value is not None and share.value <= 0.1


def test_gaps_are_looked_at_together(evaluated: Evaluation) -> None:
    many = evaluated.multiplicity
    assert many is not None and many.looked_at > 10
    assert many.by_chance == pytest.approx(many.looked_at * 0.05, abs=0.06)
    # nobody is treated differently here, so that little or nothing may stand out
    assert many.stand_out <= 2
    assert "multiplicity" in _codes(evaluated)


def test_a_group_that_is_misjudged_stands_out() -> None:
    of = people(3000, 8, groups={"sex": ["f"] * 1500 + ["m"] * 1500})
    worse = of.log_odds + np.where(np.arange(3000) < 1500, 1.0, 0.0)
    rng = np.random.default_rng(1)
    outcome = (rng.random(3000) < 1 / (1 + np.exp(-worse))).astype(np.int64)
    found = _evaluated(replace(of, outcome=outcome))
    gaps = {
        one.name: one for one in found.groups[0].cells[1].gaps or found.groups[0].cells[0].gaps
    }
    large = gaps["calibration_in_the_large"]
    assert large.stands_out and large.value is not None and abs(large.value) > 0.7


def test_groups_within_a_stratum() -> None:
    of = people(1200, 6, groups={"sex": ["f", "m"] * 600})
    status = column_grouping("status", ["parole"] * 400 + ["probation"] * 800)
    found = _evaluated(replace(of, strata={"status": status}))
    within = [one for one in found.groups if one.within is not None]
    assert [one.within for one in within] == [("status", "parole"), ("status", "probation")]
    parole = within[0].cells[0]
    here = (status.of == 0) & (of.groups["sex"].of == 0)
    assert parole.people == here.sum()
    rates = {one.name: one.value for one in parole.at[0].figures}
    others = here & (of.outcome == 0)
    assert rates["false_positive_rate"] == pytest.approx((of.score[others] >= -3).mean())
    assert [one.cut for one in parole.at] == ["strict"]


def test_every_figure_takes_the_same_weights() -> None:
    """A weight of two says what the same person twice says."""
    times = np.random.default_rng(3).integers(1, 4, 400)
    once = people(400, 9, groups={"sex": ["f", "m"] * 200}, weight=times.astype(float))
    twice = replace(once.take(np.repeat(np.arange(400), times)))
    twice = replace(twice, weight=np.ones(len(twice)))
    one, other = _evaluated(once), _evaluated(twice)
    for a, b in zip(one.figures, other.figures, strict=True):
        assert a.value == pytest.approx(b.value, rel=1e-7), a.name
    for first, second in zip(one.cuts, other.cuts, strict=True):
        assert first.score == second.score
        for a, b in zip(first.figures, second.figures, strict=True):
            assert a.value == pytest.approx(b.value, rel=1e-7), (first.id, a.name)
    assert one.decision_curve is not None and other.decision_curve is not None
    for line, again in zip(
        one.decision_curve.strategies, other.decision_curve.strategies, strict=True
    ):
        assert line.net_benefit == pytest.approx(again.net_benefit, abs=1e-8)
    for cell, again in zip(one.groups[0].cells, other.groups[0].cells, strict=True):
        for a, b in zip(cell.figures, again.figures, strict=True):
            assert a.value == pytest.approx(b.value, rel=1e-6), (cell.group, a.name)
    assert one.calibration is not None and other.calibration is not None
    for a, b in zip(one.calibration.curve, other.calibration.curve, strict=True):
        assert a.observed == pytest.approx(b.observed, rel=1e-6)


def test_few_events_are_said_to_be_few() -> None:
    of = people(150, 1)
    of = replace(of, outcome=(np.arange(150) < 8).astype(np.int64))
    found = _evaluated(of)
    assert "few_events" in _codes(found)
    (said,) = (one.text for one in found.notices if one.code == "few_events")
    assert "8" in said.zh and "cannot tell" in said.en


def test_nobody_with_the_event_gives_reasons_and_no_numbers() -> None:
    of = people(100, 1)
    found = _evaluated(replace(of, outcome=np.zeros(100, dtype=np.int64)))
    assert found.figure("auc").why_not == "no_events"
    assert found.decision_curve is None
    Evaluation.model_validate_json(found.model_dump_json())


def test_another_score_is_compared_on_those_who_have_it() -> None:
    of = people(800, 2, groups={"sex": ["f", "m"] * 400})
    known = np.arange(800) < 600
    rng = np.random.default_rng(1)
    noisy = Score(of.score[known] + rng.normal(0, 15, 600))
    rival = Rival("incumbent", SAID, "old", known, noisy)
    found = _evaluated(of, rivals=[rival])
    (against,) = found.comparisons
    assert (against.people, against.probabilities) == (600, False)
    apart = {one.name: one for one in against.differences}
    assert apart["auc"].low is not None and apart["auc"].low > 0
    assert apart["share_flagged"].value == pytest.approx(0, abs=0.01)
    assert found.decision_curve is not None and found.decision_curve.people == 600
    assert [one.id for one in found.decision_curve.strategies] == [
        "model", "incumbent", "all", "none",
    ]  # fmt: skip
    note = found.decision_curve.strategies[1].note
    assert note is not None and "flatters" in note.en
    assert "incumbent_missing" in _codes(found)


def test_net_benefit_of_two_probabilities_is_compared_at_the_cuts() -> None:
    of = people(800, 2, groups={"sex": ["f", "m"] * 400})
    worse = of.log_odds + np.random.default_rng(1).normal(0, 1, 800)
    rival = Rival(
        "model", SAID, "live@1.0.0", np.ones(800, dtype=bool),
        Score(worse, worse, 1 / (1 + np.exp(-worse)), cut=-0.3), sha256="5" * 64,
    )  # fmt: skip
    (against,) = _evaluated(of, rivals=[rival]).comparisons
    assert {one.cut for one in against.net_benefit} == {"strict", "not_relaxed", "top_10"}
    names = {one.name for one in against.groups[0].differences}
    assert {"brier", "calibration_in_the_large", "false_positive_rate"} <= names
    assert against.groups[0].net_benefit


def test_every_table_is_a_data_frame(evaluated: Evaluation) -> None:
    for name in TABLES:
        found = frame(evaluated, name)
        assert len(found) or name == "contacts", name
    assert json.loads(evaluated.model_dump_json())["format"] == "riskengine/evaluation/1"


def test_an_operating_cut_that_is_not_there_is_refused() -> None:
    with pytest.raises(UseError, match="accepted: strict, not_relaxed, top_10"):
        _evaluated(people(100, 1), settings=replace(SETTINGS, operating="top_20"))


def test_nobody_is_refused() -> None:
    with pytest.raises(UseError, match="nobody"):
        _evaluated(people(10, 1).take(np.zeros(10, dtype=bool)))


def test_words_are_in_both_languages(evaluated: Evaluation) -> None:
    for notice in evaluated.notices:
        assert isinstance(notice.text, Text)
        assert "{" not in notice.text.zh + notice.text.en
