"""From published effects to a points card: conversions, rules, what must never be scored."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from riskengine.authoring.build import build_instrument
from riskengine.errors import ArtefactError, ScorecardError, TrainingError
from riskengine.evaluation.metrics import calibration_line
from riskengine.instrument.answers import complete
from riskengine.instrument.model import Instrument
from riskengine.policy.bands import resolve
from riskengine.policy.document import ReferenceShareBands
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import FACTOR_BITS, REFERENCE_TOTAL, TableTerm
from riskengine.scorecard.load import compile_scorecard
from riskengine.scorecard.uncertainty import variances
from riskengine.training.conversions import LogOddsEffect, to_log_odds, transport_variance
from riskengine.training.evidence import Effect, EvidenceDocument, build_evidence
from riskengine.training.evidence_model import build_evidence_model
from riskengine.training.evidence_rules import EvidenceRules, build_rules
from riskengine.training.population import answer_keys, parts_of, score_spread
from riskengine.training.writing import model_bytes

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCE = CHECKOUT / "data_schema" / "evidence" / "cn_community_corrections.yaml"
RULES = build_rules(CHECKOUT / "data_schema" / "evidence_rules" / "default.yaml")


@pytest.fixture(scope="module")
def evidence() -> EvidenceDocument:
    return build_evidence(SOURCE)


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    path = CHECKOUT / "data_schema" / "instruments" / "cn_community_corrections.yaml"
    _, value = build_instrument(path)
    return Instrument.model_validate_json(json.dumps(value))


@pytest.fixture(scope="module")
def card(evidence: EvidenceDocument, instrument: Instrument) -> Scorecard:
    return compile_scorecard(build_evidence_model(evidence, instrument, rules=RULES), instrument)


def effect(evidence: EvidenceDocument, name: str, **changes: object) -> Effect:
    found = next(e for e in evidence.effects if e.id == name)
    value = {**found.model_dump(mode="json"), **changes}
    return Effect.model_validate_json(json.dumps(value))


def log_odds(one: Effect, rules: EvidenceRules = RULES) -> LogOddsEffect:
    return to_log_odds(one, rules)


def points(card: Scorecard, item: str) -> dict[str, int]:
    """Points of every answer to an item, by the answer's name."""
    term = next(t for t in card.document.terms if t.id == item)
    keys = answer_keys(card.instrument.by_id[item])
    return dict(zip(keys, term.cells[: len(keys)], strict=True))


# --- Conversions --------------------------------------------------------------------------------


def test_an_odds_ratio_becomes_its_logarithm(evidence: EvidenceDocument) -> None:
    converted = log_odds(effect(evidence, "antisocial_peers"))
    assert converted.value == pytest.approx(0.788457, abs=1e-6)
    # (ln 3.7 - ln 1.3) / (2 x 1.959964)
    assert converted.standard_error == pytest.approx(0.266834, abs=1e-6)


def test_a_correlation_without_prevalence_doubles_the_variance(evidence: EvidenceDocument) -> None:
    # d = .13 / sqrt(.25 (1 - .0169)) = .262226; x pi / sqrt 3 = .475624
    without = log_odds(effect(evidence, "antisocial_personality"))
    assert without.value == pytest.approx(0.475624, abs=1e-6)
    stated = log_odds(effect(evidence, "antisocial_personality", prevalence=0.5))
    assert stated.value == without.value
    assert without.standard_error**2 == pytest.approx(2 * stated.standard_error**2)


def test_a_rarer_outcome_makes_more_of_a_correlation(evidence: EvidenceDocument) -> None:
    # d = .13 / sqrt(.2 x .8 x (1 - .0169)) = .327783; x 1.813799 = .594532
    converted = log_odds(effect(evidence, "antisocial_personality", prevalence=0.2))
    assert converted.value == pytest.approx(0.594532, abs=1e-5)


def test_a_correlations_error_is_its_derivative(evidence: EvidenceDocument) -> None:
    step = 1e-6
    low, high = (
        log_odds(effect(evidence, "antisocial_personality", value=0.13 + s, prevalence=0.3))
        for s in (-step, step)
    )
    slope = (high.value - low.value) / (2 * step)
    at = log_odds(effect(evidence, "antisocial_personality", prevalence=0.3))
    assert at.standard_error == pytest.approx(0.03 * slope, rel=1e-6)


def test_one_standard_deviation_of_a_scale_is_worth_d(evidence: EvidenceDocument) -> None:
    """Against the slope that a logistic regression finds where r is what was printed."""
    item = effect(evidence, "antisocial_personality")
    scale = effect(evidence, "antisocial_personality", standardised=True)
    assert log_odds(item).value / log_odds(scale).value == pytest.approx(math.pi / math.sqrt(3))
    d = log_odds(scale).value
    rng = np.random.default_rng(1)
    outcome = rng.integers(0, 2, size=200_000)
    values = rng.standard_normal(200_000) + d * outcome
    assert np.corrcoef(values, outcome)[0, 1] == pytest.approx(item.value, abs=0.01)
    assert calibration_line(values, outcome)[0] == pytest.approx(d, abs=0.02)


def test_a_mean_difference_is_stretched(evidence: EvidenceDocument) -> None:
    d = effect(
        evidence, "no_work", measure="mean_difference", value=0.2, interval=None,
        standard_error=0.1,
    )  # fmt: skip
    converted = log_odds(d)
    assert converted.value == pytest.approx(0.362760, abs=1e-6)
    assert converted.standard_error == pytest.approx(0.181380, abs=1e-6)


def test_each_reason_to_widen_adds_the_variance_once_more(evidence: EvidenceDocument) -> None:
    plain = effect(evidence, "no_work", widened=[])
    twice = effect(evidence, "no_work", widened=["outcome", "construct"])
    assert transport_variance(plain, 0.3) == pytest.approx(0.09)
    assert transport_variance(twice, 0.3) == pytest.approx(0.27)


def test_worked_values_follow_from_the_published_table(evidence: EvidenceDocument) -> None:
    fifty = -2.025261458
    bands = {
        "18": -0.625103618, "21": -1.051515067, "25": -1.166679288, "30": -1.325976554,
        "35": -1.368045933, "40": -1.499690953, "50": fifty,
    }  # fmt: skip
    age = effect(evidence, "age")
    for band, weight in bands.items():
        assert age.value * age.exposure[band] == pytest.approx(weight - fifty, abs=1e-4)
    prior = effect(evidence, "prior_sanctions")
    some = 0.463062792 - 0.126142106
    for band, n, years in (("1", 1, 8), ("2", 2, 10), ("3", 3.5, 12), ("5", 7, 15)):
        copas = math.log((1 + n) / (10 + years)) - math.log(1 / 10)
        worked = 1.251124464 * copas + some
        assert prior.value * prior.exposure[band] == pytest.approx(worked, abs=1e-4)


# --- What the shape refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"certainty": "low"}, "certainty"),
        ({"certainty": "medium"}, "widened by \\[certainty\\]"),
        ({"interval": [1.9, 2.5]}, "inside \\[interval\\]"),
        ({"interval": None}, "assumed \\[standard_error\\]"),
        ({"exposure": {"stable": 1.5}}, "between 0 and 1"),
        ({"prevalence": 0.3}, "for correlations"),
        ({"value": -1.8, "interval": [-2.0, -1.0]}, "above zero"),
        ({"exposure": {}}, "one of \\[exposure\\], \\[shape\\] and \\[classes\\]"),
        ({"shape": "age"}, "one of \\[exposure\\]"),
        ({"given": ["age"]}, "for an adjusted effect"),
        ({"reference_level": "seeking"}, "belongs to \\[classes\\]"),
    ],
)
def test_an_effect_that_breaks_the_rules_is_refused(
    evidence: EvidenceDocument, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        effect(evidence, "no_work", **changes)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("source: yukhnenko_2020\n    measure", "source: nobody\n    measure", "unknown source"),
        ("id: theft\n", "id: age\n", "declared twice"),
        ("typical: none\n", "typical: never\n", "no answer \\[never\\]"),
        ("certainty: high", "certainty: low", "'high' or 'medium'"),
    ],
)
def test_a_broken_file_is_refused_with_its_name(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ArtefactError, match=rf"broken\.yaml: line \d+: .*{said}"):
        build_evidence(broken)


# --- The card -----------------------------------------------------------------------------------


def test_a_dozen_items_at_most_in_whole_points(card: Scorecard) -> None:
    document = card.document
    assert len(document.items) == 9
    assert (document.form, document.scale, document.purpose) == ("points", "relative", "template")
    assert document.validation == "literature_only"
    assert document.training.people == document.training.events == 0
    assert max(abs(c) for t in document.terms if isinstance(t, TableTerm) for c in t.cells) <= 13


def test_points_follow_from_the_effects_by_hand(card: Scorecard) -> None:
    # ln 2.2 x .7 = .552: .2, .7 and 1 of it in tenths
    assert points(card, "antisocial_companions") == {"0": 0, "1": 1, "2": 4, "3": 6}
    # ln 1.8 x .7 = .411
    assert points(card, "employment_status")["seeking"] == 4
    # 1.400 x .7 = .980 times exposure, against the ages 40-49
    assert points(card, "age_at_start") == {
        "12": 6, "18": 6, "21": 3, "25": 2, "30": 1, "35": 1, "40": 0, "50": -4, "60": -4,
    }  # fmt: skip
    assert points(card, "prior_convictions_n") == {"0": 0, "1": 3, "2": 6, "3": 9, "5": 13}


def test_typical_answers_and_silence_are_worth_nothing(
    card: Scorecard, evidence: EvidenceDocument
) -> None:
    typical = {shares.item: shares.typical for shares in evidence.reference.items}
    for term in card.document.terms:
        assert isinstance(term, TableTerm)
        axis = card.document.axes_by_id[term.axes[0]]
        assert points(card, term.id)[typical[term.id]] == 0
        assert set(term.cells[axis.known_states :]) == {0}


def test_work_on_the_land_and_inability_are_never_worse_than_a_steady_job(
    card: Scorecard,
) -> None:
    work = points(card, "employment_status")
    fine = ("stable", "casual", "farming", "student", "unable_retired")
    assert {work[answer] for answer in fine} == {0}


def test_offences_without_a_match_stay_at_zero(card: Scorecard) -> None:
    offence = points(card, "offence_type")
    assert {k: v for k, v in offence.items() if v} == {
        "theft": 5, "dangerous_driving": -1, "public_order": 1,
    }  # fmt: skip


NEVER = (
    "sex", "financial_strain", "unpaid_restitution", "family_offending", "education_level",
    "distress", "mental_disorder", "self_harm_flag", "remorse", "denial_of_responsibility",
    "means_justify", "victim_attitude", "officer_relationship", "residence_area_type",
    "caregiving_load", "admonitions_n", "warnings_n", "ps_penalties_n", "last_appraisal",
    "commendations_n", "early_conduct_problems",
)  # fmt: skip


@pytest.mark.parametrize("item", NEVER)
def test_what_must_not_count_does_not_count(
    card: Scorecard, evidence: EvidenceDocument, item: str
) -> None:
    assert item in card.instrument.by_id
    assert item not in card.document.items
    assert item not in {e.item for e in evidence.effects}


def test_an_effect_on_a_need_is_refused(
    evidence: EvidenceDocument, instrument: Instrument
) -> None:
    strain = effect(
        evidence, "no_work", item="financial_strain", exposure={"0": 0, "1": 0, "2": 1, "3": 1}
    )
    changed = evidence.model_copy(update={"effects": (strain,)})
    with pytest.raises(TrainingError, match=r"\[financial_strain\] may not be scored"):
        build_evidence_model(changed, instrument, rules=RULES)


def test_items_that_are_asked_and_not_scored_are_listed(
    card: Scorecard, instrument: Instrument
) -> None:
    listed = card.document.training.options["asked_not_scored"]
    scorable = {item.id for item in instrument.items if "scored" in item.use}
    assert set(listed) == scorable - set(card.document.items)
    assert "leisure_structure" in listed


def test_an_exposure_that_turns_back_is_refused_by_the_audit(
    evidence: EvidenceDocument, instrument: Instrument
) -> None:
    turned = effect(evidence, "antisocial_peers", exposure={"0": 0, "1": 0.7, "2": 0.2, "3": 1})
    effects = tuple(turned if e.id == turned.id else e for e in evidence.effects)
    with pytest.raises(ScorecardError, match=r"\[antisocial_companions\] is enforced"):
        build_evidence_model(
            evidence.model_copy(update={"effects": effects}), instrument, rules=RULES
        )


def test_an_answer_without_exposure_is_refused(
    evidence: EvidenceDocument, instrument: Instrument
) -> None:
    short = effect(evidence, "antisocial_peers", exposure={"0": 0, "1": 0.2, "2": 0.7})
    effects = tuple(short if e.id == short.id else e for e in evidence.effects)
    with pytest.raises(TrainingError, match=r"\[antisocial_peers\]: answer \[3\]"):
        build_evidence_model(
            evidence.model_copy(update={"effects": effects}), instrument, rules=RULES
        )


def test_rounding_costs_little(card: Scorecard) -> None:
    figures = {metric.name: metric.value for metric in card.document.evaluation}
    assert figures["rounding_correlation"] > 0.995
    assert figures["rounding_largest_log_odds"] <= RULES.log_odds_per_point / 2


def test_the_stated_correlation_is_that_of_drawn_people(
    card: Scorecard, evidence: EvidenceDocument, instrument: Instrument
) -> None:
    """The same figure from 40,000 people drawn at random, scored with hardly any rounding."""
    fine_rules = RULES.model_copy(update={"log_odds_per_point": 1e-6})
    fine = Scorecard(build_evidence_model(evidence, instrument, rules=fine_rules), instrument)
    rng = np.random.default_rng(5)
    states = np.column_stack(
        [
            rng.choice(axis.states, size=40_000, p=np.array(axis.reference) / REFERENCE_TOTAL)
            for axis in card.document.axes
        ]
    )
    scores = [s.cells[s.table_index(states)].sum(axis=1) for s in (card, fine)]
    figures = {metric.name: metric.value for metric in card.document.evaluation}
    assert np.corrcoef(*scores)[0, 1] == pytest.approx(figures["rounding_correlation"], abs=5e-4)


# --- The reference population -------------------------------------------------------------------


def test_the_distribution_of_points_is_the_exact_convolution(
    card: Scorecard, evidence: EvidenceDocument, instrument: Instrument
) -> None:
    """Against a convolution of plain arrays from the shares in the file."""
    low, total = 0, np.array([1.0])
    for shares in evidence.reference.items:
        worth = points(card, shares.item)
        alone = np.zeros(max(worth.values()) - min(worth.values()) + 1)
        for answer, share in shares.shares.items():
            alone[worth[answer] - min(worth.values())] += share / sum(shares.shares.values())
        total = np.convolve(total, alone)
        low += min(worth.values())
    spread = score_spread(card, parts_of(evidence.reference, instrument))
    whole = sum(spread.values())
    for score, weight in spread.items():
        assert weight / whole == pytest.approx(total[score - low], abs=1e-8)
    quantiles = card.document.reference.score_quantiles
    assert len(quantiles) == 1001
    assert (quantiles[0], quantiles[-1]) == (-5, 45)
    median = next(i for i, c in enumerate(np.cumsum(total)) if c >= 0.5) + low
    assert quantiles[500] == median


def test_the_usual_bands_leave_three_tiers(
    card: Scorecard, evidence: EvidenceDocument, instrument: Instrument
) -> None:
    bands = ReferenceShareBands(kind="reference_share", strict="0.2", relaxed="0.4")
    cuts = resolve(bands, card.document, policy="test")
    spread = score_spread(card, parts_of(evidence.reference, instrument))
    whole = sum(spread.values())
    strict = sum(w for s, w in spread.items() if s >= cuts.strict_from) / whole
    relaxed = sum(w for s, w in spread.items() if s < cuts.relaxed_below) / whole
    assert 0.1 < strict <= 0.2
    assert 0.25 < relaxed <= 0.4
    assert 1 - strict - relaxed > 0.4


# --- Uncertainty --------------------------------------------------------------------------------


def test_what_moves_everybody_alike_does_not_count(card: Scorecard) -> None:
    document = card.document
    assert document.uncertainty.method == "evidence"
    for term in document.terms:
        assert isinstance(term, TableTerm)
        weights = np.array(document.axes_by_id[term.axes[0]].reference) / REFERENCE_TOTAL
        # every entry is rounded to a whole unit of 2^-20
        assert np.abs(np.array(term.factor) @ weights).max() <= 1


def test_a_deviation_worked_out_by_hand(card: Scorecard, instrument: Instrument) -> None:
    """Only employment is known: seeking work against a tenth of people without work."""
    person = complete(instrument, {"employment_status": "seeking"})
    model, _ = variances(card, card.encode([person]))
    error = (math.log(2.5) - math.log(1.3)) / (2 * 1.959964)
    by_hand = 0.7 * (1 - 0.1) * math.sqrt(error**2 + 2 * 0.09)
    assert math.sqrt(model[0]) == pytest.approx(by_hand, abs=2 / 2**FACTOR_BITS)


def test_rated_items_carry_rating_error(card: Scorecard, instrument: Instrument) -> None:
    stated = card.document.uncertainty
    assert (stated.rater_kappa, stated.rater_kappa_assumed) == (0.6, True)
    assert set(stated.rated_items) == {
        i for i in card.document.items if instrument.by_id[i].rated == "rated"
    }
    person = complete(instrument, {"antisocial_companions": "3"})
    _, rating = variances(card, card.encode([person]))
    assert rating[0] > 0


def test_equal_sources_give_equal_bytes(
    evidence: EvidenceDocument, instrument: Instrument
) -> None:
    first = model_bytes(build_evidence_model(evidence, instrument, rules=RULES))
    again = build_evidence_model(build_evidence(SOURCE), instrument, rules=RULES)
    assert first == model_bytes(again)


def test_every_effect_names_its_source_in_the_model(
    card: Scorecard, evidence: EvidenceDocument
) -> None:
    cited = {entry.id: entry for entry in card.document.evidence}
    assert set(cited) == {e.id for e in evidence.effects}
    assert cited["no_work"].effect == "OR 1.8 (95 % interval 1.3 to 2.5)"
    for term in card.document.terms:
        assert term.evidence
        assert set(term.evidence) <= set(cited)
