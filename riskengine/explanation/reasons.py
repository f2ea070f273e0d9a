"""What moved a score: every item against the reference population, in every view, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from riskengine.explanation.document import DomainReasons, Reason, Reasons
from riskengine.explanation.factors import NANO, nanos
from riskengine.explanation.sums import apportioned
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.recommendation import AnswerView, ItemView, Recommendation
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS

MICRO = 10**6

Direction = Literal["raises", "lowers", "none"]


def reasons(
    scorecard: Scorecard,
    assessment: Assessment,
    recommendation: Recommendation,
    *,
    score_said: str,
    rules_did: str,
    say: Texts,
    told: Texts | None = None,
) -> Reasons | None:
    """Put the item view into reasons, grouped by domain; the domain that moves most comes first.

    Parameters
    ----------
    recommendation
        Of this assessment by this scorecard; its item view is reused, nothing is scored again.
    score_said, rules_did
        What the score said and what rules then did, in words.
    told
        Sentences for the person, by item and answer, where the instrument has some.

    Returns
    -------
    Reasons or None
        ``None`` where the law stopped the engine before a score.
    """
    view, score = recommendation.item_view, recommendation.score
    if view is None or score is None:
        return None
    document, instrument = scorecard.document, assessment.instrument
    parts = [share.contribution for share in view.items]
    scale = document.log_odds
    unit = Fraction(scale.unit * MICRO, view.denominator * 2**LOG_ODDS_BITS)
    micros = apportioned(parts, unit)
    points: Sequence[int] = ()
    baseline_points = None
    if document.form == "points":
        points = apportioned(parts, Fraction(NANO, view.denominator))
        baseline_points = nanos(score.value * NANO - sum(points))
    answers = {a.item: a for factor in recommendation.factors for a in factor.answers}
    found: dict[str, list[Reason]] = {domain.id: [] for domain in instrument.domains}
    for position, share in enumerate(view.items):
        item = instrument.every_item[share.item]
        answer = answers[share.item]
        direction = direction_of(share.contribution, answer)
        found[item.domain].append(
            Reason(
                item=share.item,
                label=share.label,
                domain=item.domain,
                answer=answer,
                direction=direction,
                changeable=item.dynamic,
                contribution=share.contribution,
                points=nanos(points[position]) if points else None,
                log_odds=micros[position] / MICRO,
                percentage_points=share.percentage_points,
                words=_words(answer, direction, item.dynamic, say),
                told=told_words(answer, assessment, direction, told, say),
            )
        )
    log_odds = round(score.log_odds * MICRO)
    return Reasons(
        reference=score.reference,
        denominator=view.denominator,
        baseline=view.baseline,
        baseline_points=baseline_points,
        baseline_log_odds=(log_odds - sum(micros)) / MICRO,
        baseline_risk=view.baseline_risk,
        domains=_by_domain(assessment, found, view, say),
        score_said=score_said,
        rules_did=rules_did,
    )


def _by_domain(
    assessment: Assessment, found: dict[str, list[Reason]], view: ItemView, say: Texts
) -> tuple[DomainReasons, ...]:
    grouped = [
        DomainReasons(
            domain=domain.id,
            label=domain.label[say.lang],
            contribution=sum(reason.contribution for reason in found[domain.id]),
            reasons=tuple(sorted(found[domain.id], key=lambda r: -abs(r.contribution))),
        )
        for domain in assessment.instrument.domains
        if found[domain.id]
    ]
    return tuple(sorted(grouped, key=lambda one: -abs(one.contribution)))


def direction_of(contribution: int, answer: AnswerView) -> Direction:
    """Which way an answer moved the score; a question without an answer moved it no way."""
    if contribution == 0 or not answer.known:
        return "none"
    return "raises" if contribution > 0 else "lowers"


def _words(answer: AnswerView, direction: Direction, changeable: bool, say: Texts) -> str:
    if not answer.known:
        return say("reason_open", label=answer.label, answer=answer.answer)
    said = say(f"reason_{direction}", label=answer.label, answer=answer.answer)
    if direction != "raises":
        return said
    return said + say("reason_can_change" if changeable else "reason_stays")


def told_words(
    answer: AnswerView,
    assessment: Assessment,
    direction: Direction,
    told: Texts | None,
    say: Texts,
) -> str:
    """Say it to the person; what was given in confidence is not said."""
    if answer.disclosure != "open":
        return say("told_held")
    if not answer.known:
        return say("told_open", label=answer.label)
    said = None if told is None else _clause(assessment, answer.item, direction, told)
    if said is None:
        return say(f"told_{direction}", label=answer.label, answer=answer.answer)
    return say(f"told_so_{direction}", said=said)


def _clause(assessment: Assessment, name: str, direction: Direction, told: Texts) -> str | None:
    """The sentence of a catalogue for one answer, or ``None`` where there is none for it."""
    value, item = assessment.complete[name], assessment.instrument.every_item[name]
    if isinstance(value, bool):
        names = [str(value).lower()]
    elif isinstance(value, int | float):
        names = ["some" if value else "zero"]
        if item.enforce or item.direction == "free":
            # "fairly young" may be said of what raises only where more can only lower
            names.append(direction)
    else:
        names = [str(value)]
    found = (told.sentences.get(f"{name}.{one}") for one in names)
    return next((said for said in found if said is not None), None)
