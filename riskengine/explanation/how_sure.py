"""How much a recommendation can carry: stability, the edge, people like this one, rare answers."""

from __future__ import annotations

import numpy as np

from riskengine.explanation.document import HowSure, RareAnswer
from riskengine.explanation.texts import Texts
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from riskengine.recommendation import AnswerView, Recommendation
from riskengine.scorecard.compiled import Encoded, Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS, REFERENCE_TOTAL

FEWEST_SHOWN = 20
"""Counts of people below this are not shown: a cell of few could be recognised."""
NEAR_LOG_ODDS = 0.25
"""People whose odds are within a quarter (in logarithms) of these are "like this one"."""
RARE_SHARE = 0.02


def how_sure(
    scorecard: Scorecard,
    cut_offs: CutOffs | None,
    recommendation: Recommendation,
    encoded: Encoded,
    say: Texts,
) -> HowSure | None:
    """Say how sure a recommendation is, in words and in the numbers behind them."""
    score = recommendation.score
    if score is None:
        return None
    stability = recommendation.stability
    lower = higher = None
    if cut_offs is not None:
        lower, higher = edges(cut_offs, score.value)
    people = people_like(scorecard, score.value)
    shown = people if people is not None and people >= FEWEST_SHOWN else None
    return HowSure(
        stability=say("sure_no_stability") if stability is None else stability.words,
        edge=_edge_words(scorecard, cut_offs, score.value, lower, higher, say),
        to_lower=lower,
        to_higher=higher,
        people_like=shown,
        like_words=_like_words(scorecard, people, shown, say),
        rare=rare_answers(scorecard, recommendation, encoded, say),
        validation=recommendation.validation.words,
        frequency=None if recommendation.risk is None else recommendation.risk.words,
        both_tiers=say("sure_both", tiers=say.either(tier.label for tier in recommendation.tiers))
        if recommendation.status == "either"
        else None,
    )


def edges(cut_offs: CutOffs, score: int) -> tuple[int | None, int | None]:
    """Score units down to the band below, and up to the band above."""
    band = cut_offs.band(score)
    lower = {
        Tier.RELAXED: None,
        Tier.ORDINARY: score - cut_offs.relaxed_below + 1,
        Tier.STRICT: score - cut_offs.strict_from + 1,
    }[band]
    higher = {
        Tier.RELAXED: cut_offs.relaxed_below - score,
        Tier.ORDINARY: cut_offs.strict_from - score,
        Tier.STRICT: None,
    }[band]
    return lower, higher


def people_like(scorecard: Scorecard, score: int) -> int | None:
    """People of the cohort whose log-odds lie within `NEAR_LOG_ODDS`; ``None`` without a cohort.

    Read off the score quantiles of the reference population, between which people are taken to lie
    evenly; it is therefore about right, and rounded down.
    """
    reference = scorecard.document.reference
    if reference.people is None or reference.illustrative:
        return None
    reach = NEAR_LOG_ODDS * 2**LOG_ODDS_BITS / scorecard.document.log_odds.unit
    return int(
        reference.people * (_below(scorecard, score + reach) - _below(scorecard, score - reach))
    )


def _below(scorecard: Scorecard, score: float) -> float:
    quantiles = scorecard.document.reference.score_quantiles
    return float(np.interp(score, quantiles, np.linspace(0, 1, len(quantiles)), left=0, right=1))


def _edge_words(
    scorecard: Scorecard,
    cut_offs: CutOffs | None,
    score: int,
    lower: int | None,
    higher: int | None,
    say: Texts,
) -> str:
    if cut_offs is None:
        return say("sure_no_bands")
    band = cut_offs.band(score)
    said = []
    for distance, step in ((lower, -1), (higher, 1)):
        if distance is None:
            continue
        tier = Tier.at(band.rank + step).label[say.lang]
        key = "sure_edge_lower" if step < 0 else "sure_edge_higher"
        if scorecard.document.form == "points":
            said.append(say(f"{key}_points", distance=distance, tier=tier))
        else:
            share = abs(_below(scorecard, score + step * distance) - _below(scorecard, score))
            said.append(say(f"{key}_share", percent=f"{100 * share:.0f}", tier=tier))
    return ("" if say.lang == "zh" else " ").join(said)


def _like_words(scorecard: Scorecard, people: int | None, shown: int | None, say: Texts) -> str:
    label = scorecard.document.reference.label[say.lang]
    if people is None:
        literature = scorecard.document.training.people == 0
        return say("sure_no_cohort" if literature else "sure_no_reference")
    if shown is None:
        return say("sure_few_like", population=label, fewest=FEWEST_SHOWN)
    return say("sure_like", population=label, people=shown)


def rare_answers(
    scorecard: Scorecard, recommendation: Recommendation, encoded: Encoded, say: Texts
) -> tuple[RareAnswer, ...]:
    """Known answers, and pairs of them, that few people gave where the numbers come from.

    Read off the reference weights. A pair is told only where neither of its answers is rare by
    itself.
    """
    document = scorecard.document
    answers = {a.item: a for factor in recommendation.factors for a in factor.answers}
    states = dict(
        zip((axis.id for axis in document.axes), encoded.states[0].tolist(), strict=True)
    )
    found: dict[str, RareAnswer] = {}
    for axis in document.axes:
        answer = answers[axis.item]
        if not answer.known or axis.item in found:
            continue
        weight = axis.reference[states[axis.id]]
        if _few(scorecard, weight):
            key = "sure_unseen" if weight == 0 else "sure_rare"
            found[axis.item] = _rare(scorecard, (answer,), weight, key, say)
    for term in scorecard.linears:
        answer = answers[term.item]
        value = float(encoded.numbers[0, scorecard.linears.index(term)])
        if answer.known and not term.valid[0] <= value <= term.valid[1]:
            found[term.item] = _rare(scorecard, (answer,), None, "sure_unseen", say)
    for table in scorecard.tables:
        if len(table.axes) != 2:
            continue
        axes = [document.axes_by_id[axis] for axis in table.axes]
        both = tuple(answers[axis.item] for axis in axes)
        if not all(answer.known and answer.item not in found for answer in both):
            continue
        weight = table.reference[states[axes[0].id] * axes[1].states + states[axes[1].id]]
        if _few_pairs(scorecard, weight):
            found[table.id] = _rare(scorecard, both, weight, "sure_rare_pair", say)
    return tuple(found.values())


def _few(scorecard: Scorecard, weight: int) -> bool:
    """Rare by share; in a cohort also by number."""
    reference, share = scorecard.document.reference, weight / REFERENCE_TOTAL
    if reference.people is None or reference.illustrative:
        return share < RARE_SHARE
    return share < RARE_SHARE or share * reference.people < FEWEST_SHOWN


def _few_pairs(scorecard: Scorecard, weight: int) -> bool:
    """Two answers are seldom common together, so a pair is rare by number alone."""
    reference = scorecard.document.reference
    if reference.people is None or reference.illustrative:
        return weight == 0
    return weight * reference.people < FEWEST_SHOWN * REFERENCE_TOTAL


def _rare(
    scorecard: Scorecard,
    answers: tuple[AnswerView, ...],
    weight: int | None,
    key: str,
    say: Texts,
) -> RareAnswer:
    kind = "_illustrative" if scorecard.document.reference.illustrative else ""
    label = " + ".join(answer.label for answer in answers)
    answer = " + ".join(answer.answer for answer in answers)
    return RareAnswer(
        item=":".join(answer.item for answer in answers),
        label=label,
        answer=answer,
        share=None if weight is None else round(weight / REFERENCE_TOTAL, 4),
        words=say(f"{key}{kind}", label=label, answer=answer),
    )
