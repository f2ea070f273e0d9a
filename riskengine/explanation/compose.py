"""Putting a recommendation into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from riskengine.explanation.answers import strictest
from riskengine.explanation.assistance import Assistance
from riskengine.explanation.cautions import cautions
from riskengine.explanation.factors import asked_not_scored, factors, item_view
from riskengine.explanation.judgement import Judgement, judge, legal_view, stopped
from riskengine.explanation.missing import next_question, open_range
from riskengine.explanation.progress import review_view, why_not_yet
from riskengine.explanation.rules import rule_views, why_not_lower
from riskengine.explanation.scores import (
    risk_view,
    score_view,
    stability_view,
    tier_view,
    validation_view,
)
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.policy.calendar import earliest, strict_ends_on
from riskengine.policy.compiled import Policy
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Hold, Ruling, review_on, rule_on
from riskengine.policy.statutory import Case, StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.recommendation import (
    FORMAT,
    Alert,
    ContactView,
    MissingAnswer,
    MissingRange,
    OutcomeView,
    Provenance,
    Recommendation,
    UncheckedRule,
)
from riskengine.scorecard.compiled import Encoded, Scorecard, probability
from riskengine.scorecard.uncertainty import another_rating, interval_variance, model_variance


@dataclass(frozen=True)
class Composer:
    """Everything a recommendation is composed from, in one language."""

    scorecard: Scorecard
    policy: Policy | None
    law: StatutorySet | None
    assistance: Assistance
    provenance: Provenance
    research: bool
    say: Texts

    def compose(
        self,
        assessment: Assessment,
        *,
        on: date,
        history: Sequence[PastTier] = (),
        events: Sequence[PastEvent] | None = None,
    ) -> Recommendation:
        """Score, judge and explain one assessment."""
        document, say = self.scorecard.document, self.say
        holds: tuple[Hold, ...] = ()
        legal = legal_view(self.law, assessment, on)
        if legal.stop is not None:
            return self._without_score(assessment, stopped(legal), on)
        encoded = self.scorecard.encode([assessment.complete])
        parts = self.scorecard.term_parts(encoded)
        score = int(self.scorecard.scores(parts)[0])
        judgement = judge(
            scorecard=self.scorecard,
            policy=self.policy,
            legal=legal,
            assessment=assessment,
            score=score,
            model_variance=float(model_variance(self.scorecard, encoded)[0]),
            rerating=another_rating(self.scorecard, encoded.states[0]),
            on=on,
            history=history,
            events=events,
            holds=holds,
        )
        log_odds = float(self.scorecard.log_odds(np.array([score]))[0])
        risk = view = None
        if document.scale == "calibrated":
            risk = float(probability(np.array([log_odds]))[0])
            variance = float(interval_variance(self.scorecard, encoded)[0])
            view = risk_view(document, risk, log_odds, variance, say)
        ruling = judgement.ruling
        return Recommendation(
            **self._frame(assessment, judgement, on),
            **self._ruled(assessment, judgement, score, on),
            **self._in_time(assessment, judgement, score, on, history, events),
            score=score_view(document, score, log_odds, ruling.band if ruling else None, say),
            risk=view,
            factors=factors(self.scorecard, assessment, parts[0], say),
            item_view=item_view(self.scorecard, assessment, encoded, risk, say),
            asked_not_scored=asked_not_scored(self.scorecard, assessment, say),
            missing=self._missing(assessment, encoded, score, on, history, events, holds),
        )

    def _without_score(
        self, assessment: Assessment, judgement: Judgement, on: date
    ) -> Recommendation:
        """Where the law stops the engine there is neither score nor tier."""
        return Recommendation(
            **self._frame(assessment, judgement, on),
            **self._ruled(assessment, judgement, None, on),
            score=None,
            risk=None,
            factors=(),
            item_view=None,
            asked_not_scored=(),
            missing=None,
        )

    def _ruled(
        self, assessment: Assessment, judgement: Judgement, score: int | None, on: date
    ) -> dict[str, Any]:
        """What law, rules and doubt made of it."""
        say, policy, ruling = self.say, self.policy, judgement.ruling
        common = {
            "tiers": tuple(tier_view(tier, say) for tier in judgement.tiers),
            "rules": rule_views(assessment, judgement, say),
            "cautions": cautions(self.scorecard, policy, assessment, judgement, say),
        }
        if policy is None or ruling is None or score is None:
            return {
                **common,
                "without_initial_period": None,
                "takes_effect_on": None,
                "why_not_lower": (),
                "unchecked_rules": (),
                "stability": None,
                "review_on": None,
                "contacts": (),
            }
        after = ruling.without_initial_period
        takes_effect = None if after is None else earliest(policy, ruling, after)
        points = self.scorecard.document.form == "points"
        return {
            **common,
            "without_initial_period": None if after is None else tier_view(after, say),
            "takes_effect_on": takes_effect,
            "why_not_lower": why_not_lower(
                ruling,
                score,
                policy.cut_offs,
                takes_effect=takes_effect,
                points=points,
                say=say,
            ),
            "unchecked_rules": tuple(
                UncheckedRule(id=rule.id, title=rule.title[say.lang]) for rule in ruling.unchecked
            ),
            "stability": None
            if judgement.stability is None
            else stability_view(
                judgement.stability,
                self.scorecard.document.uncertainty,
                either_below=policy.document.either_tier_below,
                say=say,
            ),
            "review_on": review_on(policy, assessment, ruling.tier, on=on),
            "contacts": self._contacts(policy, ruling),
        }

    def _in_time(
        self,
        assessment: Assessment,
        judgement: Judgement,
        score: int,
        on: date,
        history: Sequence[PastTier],
        events: Sequence[PastEvent] | None,
    ) -> dict[str, Any]:
        """Why not yet a lower tier, what called for this review, and when strict ends."""
        policy, ruling = self.policy, judgement.ruling
        if policy is None or ruling is None:
            return {}
        points = self.scorecard.document.form == "points"
        strict = ruling.tier is Tier.STRICT
        return {
            "why_not_yet": why_not_yet(policy, judgement, score, points=points, say=self.say),
            "review": review_view(policy, assessment, on, history, events, self.say),
            "strict_until": strict_ends_on(policy, assessment, on=on) if strict else None,
        }

    def _frame(self, assessment: Assessment, judgement: Judgement, on: date) -> dict[str, Any]:
        """What every recommendation carries, with or without a score."""
        say, document = self.say, self.scorecard.document
        outcome = assessment.instrument.outcomes_by_id[document.outcome]
        labels = [tier.label[say.lang] for tier in judgement.tiers]
        return {
            "format": FORMAT,
            "lang": say.lang,
            "status": judgement.status,
            "headline": say(
                f"headline_{judgement.status}",
                tier=labels[0] if labels else "",
                tiers=say.listed(labels),
            ),
            "person": assessment.person,
            "assessment": assessment.id,
            "assessed_on": assessment.assessed_on,
            "on": on,
            "research": self.research,
            "outcome": OutcomeView(
                id=outcome.id,
                label=outcome.label[say.lang],
                horizon_days=document.horizon_days,
                about=say("about", outcome=outcome.label[say.lang], days=document.horizon_days),
            ),
            "alerts": self._alerts(assessment, on),
            "needs": self.assistance.needs(assessment.known, say.lang),
            "validation": validation_view(document, say),
            "provenance": self.provenance,
        }

    def _missing(
        self,
        assessment: Assessment,
        encoded: Encoded,
        score: int,
        on: date,
        history: Sequence[PastTier],
        events: Sequence[PastEvent] | None,
        holds: Sequence[Hold],
    ) -> MissingRange | None:
        found = open_range(self.scorecard, assessment, encoded, score)
        if not found.items:
            return None
        items = assessment.instrument.every_item

        def label(item: str) -> str:
            return items[item].label[self.say.lang]

        tiers: list[Tier | None] = [None, None]
        if self.policy is not None:
            tiers = [
                rule_on(
                    self.policy,
                    assessment,
                    score=end,
                    on=on,
                    history=history,
                    events=events,
                    holds=holds,
                ).tier
                for end in (found.low, found.high)
            ]
        return MissingRange(
            items=tuple(
                MissingAnswer(
                    item=one.item,
                    label=label(one.item),
                    code=one.code,
                    low=one.low,
                    high=one.high,
                )
                for one in found.items
            ),
            score_low=found.low,
            score_high=found.high,
            tier_low=tiers[0],
            tier_high=tiers[1],
            exact=found.exact,
            next_question=next_question(found, label),
        )

    def _alerts(self, assessment: Assessment, on: date) -> tuple[Alert, ...]:
        if self.law is None:
            return ()
        case = Case(assessment, on)
        lang = self.say.lang
        return tuple(
            Alert(
                id=alert.id,
                label=alert.label[lang],
                task=alert.task[lang],
                items=items,
                disclosure=strictest(assessment, items),
            )
            for alert in self.law.alerts
            if (items := alert.check(case))
        )

    def _contacts(self, policy: Policy, ruling: Ruling) -> tuple[ContactView, ...]:
        planned = (*policy.terms(ruling.tier).contacts, *ruling.extra_contacts)
        return tuple(
            ContactView(
                kind=contact.kind,
                label=contact.label[self.say.lang],
                times=contact.times,
                per_days=contact.per_days,
            )
            for contact in planned
        )
