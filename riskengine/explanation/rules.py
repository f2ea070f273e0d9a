"""What law and rules did, in words: told apart from what the score did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from riskengine.explanation.answers import answer_words, written_day
from riskengine.explanation.judgement import Judgement
from riskengine.explanation.texts import Texts
from riskengine.explanation.without import without_binding
from riskengine.instrument.assessment import Assessment
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import BAND_RULE, INITIAL_RULE, AppliedRule, Policy
from riskengine.policy.document import Citation
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Ruling
from riskengine.policy.statutory import Finding
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation, RuleView


def citation_words(citation: Citation, say: Texts) -> str:
    """A citation, marked where nobody has checked its text yet."""
    text = citation.text[say.lang]
    if citation.verified:
        return text
    mark = say("unverified")
    return f"{text}〔{mark}〕" if say.lang == "zh" else f"{text} [{mark}]"


def rule_views(assessment: Assessment, judgement: Judgement, say: Texts) -> tuple[RuleView, ...]:
    """The constraint that stopped everything, or the rules that made the tier."""
    views = []
    if judgement.stop is not None:
        views.append(_stop_view(assessment, judgement.stop, say))
    if judgement.ruling is not None:
        binding = judgement.ruling.binding
        views += [
            _rule_view(assessment, rule, rule is binding, say) for rule in judgement.ruling.applied
        ]
    return tuple(views)


def _stop_view(assessment: Assessment, stop: Finding, say: Texts) -> RuleView:
    assert stop.consequence != "caution"
    return RuleView(
        id=stop.constraint,
        title=stop.title[say.lang],
        effect=stop.consequence,
        tier=None,
        binding=True,
        reason=stop.reason[say.lang],
        citation=citation_words(stop.citation, say),
        verified=stop.citation.verified,
        reports=_reports(assessment, stop.fields, say),
    )


def _rule_view(assessment: Assessment, rule: AppliedRule, binding: bool, say: Texts) -> RuleView:
    return RuleView(
        id=rule.id,
        title=rule.title[say.lang],
        effect=rule.effect,
        tier=rule.tier,
        binding=binding,
        reason=rule.reason[say.lang],
        citation=citation_words(rule.citation, say),
        verified=rule.citation.verified,
        reports=_reports(assessment, rule.fields, say),
    )


def _reports(assessment: Assessment, fields: Sequence[str], say: Texts) -> dict[str, str]:
    items = assessment.instrument.every_item
    return {
        items[field].label[say.lang]: answer_words(
            items[field], assessment.complete.get(field, "not_asked"), say
        )
        for field in fields
        if field in items
    }


def why_not_lower(
    ruling: Ruling,
    score: int,
    cut_offs: CutOffs,
    *,
    takes_effect: date | None,
    points: bool,
    say: Texts,
) -> tuple[str, ...]:
    """What stands between the tier and the next lower one.

    Parameters
    ----------
    takes_effect
        First day on which the tier without the initial period could hold.
    points
        Whether the score is in points, which an officer can compare with a cut-off.
    """
    if ruling.tier is Tier.RELAXED:
        return ()
    lang = say.lang
    lower = Tier.at(ruling.tier.rank - 1)
    reasons = []
    if ruling.band.rank > lower.rank:
        cut = cut_offs.strict_from if lower is Tier.ORDINARY else cut_offs.relaxed_below
        reasons.append(
            say("why_band", score=score, cut=cut, tier=lower.label[lang])
            if points
            else say("why_band_full", tier=lower.label[lang])
        )
    after = ruling.without_initial_period
    for rule in ruling.applied[1:]:
        if rule.effect == "cap" or rule.tier.rank <= lower.rank:
            continue
        told = {"reason": rule.reason[lang], "citation": citation_words(rule.citation, say)}
        if rule.id == INITIAL_RULE and after is not None and takes_effect is not None:
            day = written_day(takes_effect, say)
            reasons.append(say("why_until", **told, tier=after.label[lang], day=day))
        else:
            reasons.append(say("why_rule", **told))
    return tuple(reasons)


def score_said(recommendation: Recommendation, say: Texts) -> str:
    """What the score says by itself, before any rule."""
    score = recommendation.score
    if score is None:
        return say("score_none")
    if score.band is None:
        return say("score_only")
    if recommendation.status == "either":
        tiers = say.either(view.label for view in recommendation.tiers)
        return say("score_either", band=score.band.label, tiers=tiers)
    return say("score_said", band=score.band.label)


def rules_did(
    policy: Policy,
    assessment: Assessment,
    ruling: Ruling,
    *,
    score: int,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
    say: Texts,
    short: bool = False,
) -> str:
    """What rules did to the tier of the score; empty where none had a say.

    Parameters
    ----------
    short
        For the person: which rule, its reason, and until when.
    """
    binding = ruling.binding
    if binding.id == BAND_RULE:
        return ""
    tier, day = without_binding(
        policy, assessment, ruling, score=score, on=on, history=history, events=events
    )
    lang = say.lang
    said = say(
        "rule_told" if short else "rule_did",
        title=binding.title[lang],
        tier=ruling.tier.label[lang],
        reason=binding.reason[lang],
        citation=citation_words(binding.citation, say),
    )
    if tier is ruling.tier:
        after = say("rule_without_same", tier=tier.label[lang])
    elif day is None:
        after = say("rule_without", tier=tier.label[lang])
    else:
        after = say("rule_without_from", tier=tier.label[lang], day=written_day(day, say))
    return said + ("" if lang == "zh" else " ") + after
