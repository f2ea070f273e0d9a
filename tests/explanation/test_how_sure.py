"""How sure: the edge, people like this one, rare answers, whole people, both tiers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskengine import Engine
from riskengine.explanation.how_sure import FEWEST_SHOWN, edges, people_like
from riskengine.instrument.assessment import Assessment
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import find_model
from tests.support.cases import ON, case

ANSWERS = {
    "age_at_start": 40, "prior_convictions_n": 0, "drug_use": "none",
    "employment_status": "stable", "antisocial_companions": "0",
}  # fmt: skip


@pytest.mark.parametrize("score", range(-10, 25))
def test_the_edge_is_the_nearest_score_of_the_next_band(score):
    cut_offs = CutOffs(relaxed_below=3, strict_from=11)
    lower, higher = edges(cut_offs, score)
    band = cut_offs.band(score)
    if lower is None:
        assert band is Tier.RELAXED
    else:
        assert cut_offs.band(score - lower).rank == band.rank - 1
        assert cut_offs.band(score - lower + 1) is band
    if higher is None:
        assert band is Tier.STRICT
    else:
        assert cut_offs.band(score + higher).rank == band.rank + 1
        assert cut_offs.band(score + higher - 1) is band


def test_a_literature_only_model_says_that_there_is_no_cohort(cn):
    sure = Engine.load().explain(case(cn, **ANSWERS), on=ON, lang="en").how_sure
    assert sure.people_like is None
    assert "no cohort" in sure.like_words
    assert sure.frequency is None
    assert "Literature only" in sure.validation


def test_an_illustrative_reference_is_named_as_such(cn):
    found = Engine.load().explain(
        case(cn, **{**ANSWERS, "drug_use": "current_or_relapse"}), on=ON, lang="en"
    )
    assert "no real statistics" in found.recommendation.score.reference
    assert [one.item for one in found.how_sure.rare] == ["drug_use"]
    assert "no real statistics" in found.how_sure.rare[0].words


def with_reference(card: Scorecard, people: int) -> Scorecard:
    raw = card.document.model_dump(by_alias=True)
    raw["reference"]["people"] = people
    return Scorecard(ScorecardDocument.model_validate(raw), card.instrument)


def test_people_like_this_one_are_counted_and_few_are_not_shown():
    card = find_model("georgia_parole_3y").scorecard
    quantiles = card.document.reference.score_quantiles
    middle, beyond = quantiles[50], quantiles[-1] * 3
    many = people_like(card, middle)
    assert 20 < many < card.document.reference.people / 2
    assert people_like(card, beyond) == 0
    few = people_like(with_reference(card, 40), middle)
    assert few < FEWEST_SHOWN


def test_they_are_counted_about_right():
    """Against people spread evenly between the quantiles, which is what is assumed."""
    card = find_model("georgia_parole_3y").scorecard
    reference = card.document.reference
    n = len(reference.score_quantiles)
    spread = np.interp(
        np.linspace(0, 1, 50_001), np.linspace(0, 1, n), np.array(reference.score_quantiles, float)
    )
    for score in reference.score_quantiles[5::20]:
        near = np.abs(spread - score) <= 0.25 * 2**40
        assert people_like(card, score) == pytest.approx(reference.people * near.mean(), rel=0.02)


@pytest.fixture(scope="module")
def georgia_answers(georgia) -> Assessment:
    return Assessment.from_dict(
        {"person": "G-1", "assessed_on": "2015-01-01", "answers": {}}, georgia
    )


def test_a_calibrated_model_speaks_of_whole_people_and_a_few_are_suppressed(georgia_answers):
    engine = Engine.load("georgia_parole_3y", None, research=True)
    found = engine.explain(georgia_answers, on=date(2015, 1, 1), lang="en")
    sure = found.how_sure
    assert "people with this score" in sure.frequency
    assert sure.to_lower is None and "no bands" in sure.edge
    assert sure.people_like is None or sure.people_like >= FEWEST_SHOWN
    assert sure.rare == (), "a question without an answer is no rare answer"


def test_fewer_than_twenty_are_not_shown(georgia_answers):
    engine = Engine.load("georgia_parole_3y", None, research=True)
    shown = []
    for people in (20_000, 40):
        fewer = replace(engine, scorecard=with_reference(engine.scorecard, people))
        shown.append(fewer.explain(georgia_answers, on=date(2015, 1, 1), lang="en").how_sure)
    many, few = shown
    assert many.people_like is not None and many.people_like >= FEWEST_SHOWN
    assert few.people_like is None
    assert "not shown" in few.like_words


def test_both_tiers_are_shown_where_both_are_defensible(cn):
    engine = Engine.load()
    seen = set()
    for age in range(18, 70, 4):
        for drugs in ("none", "le3y"):
            found = engine.explain(
                case(cn, **{**ANSWERS, "age_at_start": age, "drug_use": drugs}), on=ON, lang="zh"
            )
            either = found.recommendation.status == "either"
            seen.add(either)
            assert (found.how_sure.both_tiers is not None) == either
            if either:
                for tier in found.recommendation.tiers:
                    assert tier.label in found.how_sure.both_tiers
    assert seen == {True, False}


def test_a_rare_answer_is_named(cn):
    card = find_model("cn_serious_noncompliance").scorecard
    axis = next(a for a in card.document.axes if a.item == "offence_type")
    shares = {
        group[0]: weight / 2**30
        for group, weight in zip(axis.groups, axis.reference, strict=False)
    }
    rare = [level for level, share in shares.items() if share < 0.02]
    common = [level for level, share in shares.items() if share >= 0.02]
    engine = Engine.load()
    for levels, expected in ((rare, True), (common, False)):
        for level in levels:
            found = engine.explain(case(cn, **{**ANSWERS, "offence_type": level}), on=ON)
            named = "offence_type" in [one.item for one in found.how_sure.rare]
            assert named is expected, level
