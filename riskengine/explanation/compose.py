"""Putting a recommendation into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from riskengine.explanation.answers import strictest, written_day
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
from riskengine.policy.alerts import AlertState, AlertTask, alert_hold, alert_states
from riskengine.policy.calendar import earliest, strict_ends_on
from riskengine.policy.compiled import Policy
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import Hold, Ruling, review_on, rule_on
from riskengine.policy.statutory import Case, Finding, SafetyAlert, StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.recommendation import (
    FORMAT,
    Alert,
    ContactView,
    MissingAnswer,
    MissingRange,
    Need,
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
    alert_official: str | None = None

    def compose(
        self,
        assessment: Assessment,
        *,
        on: date,
        history: Sequence[PastTier] = (),
        events: Sequence[PastEvent] | None = None,
        tasks: Sequence[AlertTask] = (),
    ) -> Recommendation:
        """Score, judge and explain one assessment, and let nothing out that the law forbids."""
        states = self._alert_states(assessment, tasks, on)
        found = self._compose(assessment, states, on=on, history=history, events=events)
        if self.law is not None:
            self.law.check_output(found, assessment.assessed_on)
        return found

    def _compose(
        self,
        assessment: Assessment,
        states: Sequence[AlertState],
        *,
        on: date,
        history: Sequence[PastTier],
        events: Sequence[PastEvent] | None,
    ) -> Recommendation:
        document, say = self.scorecard.document, self.say
        legal = legal_view(self.law, assessment, on)
        if legal.stop is not None:
            return self._without_score(assessment, stopped(legal), states, on)
        labels = self._alert_labels
        holds = alert_hold([labels[state.alert].label for state in states if state.open])
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
            **self._frame(assessment, judgement, states, on),
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
        self,
        assessment: Assessment,
        judgement: Judgement,
        states: Sequence[AlertState],
        on: date,
    ) -> Recommendation:
        """Where the law stops the engine there is neither score nor tier, but alerts stay."""
        return Recommendation(
            **self._frame(assessment, judgement, states, on),
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
        beside: Sequence[Finding] = ()
        if self.law is not None and ruling is not None:
            beside = self.law.beside(Case(assessment, on), ruling.tier)
        common = {
            "tiers": tuple(tier_view(tier, say) for tier in judgement.tiers),
            "rules": rule_views(assessment, judgement, say),
            "cautions": cautions(self.scorecard, policy, assessment, judgement, beside, say),
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
            "contacts": self._contacts(policy, ruling, judgement),
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

    def _frame(
        self,
        assessment: Assessment,
        judgement: Judgement,
        states: Sequence[AlertState],
        on: date,
    ) -> dict[str, Any]:
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
            "alerts": tuple(self._alert(assessment, state) for state in states),
            "needs": self._needs(assessment, judgement),
            "validation": validation_view(document, say),
            "provenance": self._provenance(assessment, on),
        }

    def _needs(self, assessment: Assessment, judgement: Judgement) -> tuple[Need, ...]:
        """Needs that were found; a tier goes with some assistance in any case."""
        lang = self.say.lang
        found = self.assistance.needs(assessment.known, lang)
        if found or not judgement.tiers or self.law is None:
            return found
        if self.law.assistance_for_all is None:
            return found
        label, assistance = self.law.assistance_for_all
        offered = tuple(text[lang] for text in assistance)
        return (Need(id="for_all", label=label[lang], assistance=offered, items=()),)

    def _provenance(self, assessment: Assessment, on: date) -> Provenance:
        """Name the law of the day of the assessment, and what had been verified of it."""
        law = self.law
        if law is None:
            return self.provenance
        named = f"{law.jurisdiction}@{law.version_on(assessment.assessed_on)}"
        head = law.provisions.head(on)
        if (named, head) == (self.provenance.statutory_set, self.provenance.law_verifications):
            return self.provenance
        return self.provenance.model_copy(
            update={"statutory_set": named, "law_verifications": head}
        )

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

    @property
    def _alert_labels(self) -> dict[str, SafetyAlert]:
        return {} if self.law is None else {alert.id: alert for alert in self.law.alerts}

    def _alert_states(
        self, assessment: Assessment, tasks: Sequence[AlertTask], on: date
    ) -> tuple[AlertState, ...]:
        if self.law is None:
            return ()
        return alert_states(
            self.law.raised(Case(assessment, on)),
            tasks,
            known=[alert.id for alert in self.law.alerts],
            assessed_on=assessment.assessed_on,
            on=on,
            official=self.alert_official,
        )

    def _alert(self, assessment: Assessment, state: AlertState) -> Alert:
        alert, say = self._alert_labels[state.alert], self.say
        opened, closed = written_day(state.opened_on, say), state.closed
        if closed is not None and closed.closed_on is not None:
            words = say(
                "alert_closed",
                official=closed.closed_by,
                closed=written_day(closed.closed_on, say),
                closing=closed.closing,
            )
        elif state.official is None:
            words = say("alert_unnamed", opened=opened)
        else:
            words = say("alert_open", opened=opened, official=state.official)
        return Alert(
            id=alert.id,
            label=alert.label[say.lang],
            task=alert.task[say.lang],
            items=state.items,
            # where only an older task is left its answers are not at hand: the strictest holds
            disclosure=strictest(assessment, state.items) if state.items else "third_party",
            state="open" if state.open else "closed",
            opened_on=state.opened_on,
            due_on=state.opened_on,
            official=state.official,
            closed_on=None if closed is None else closed.closed_on,
            closed_by=None if closed is None else closed.closed_by,
            closing=None if closed is None else closed.closing,
            words=words,
        )

    def _contacts(
        self, policy: Policy, ruling: Ruling, judgement: Judgement
    ) -> tuple[ContactView, ...]:
        by_law = (finding.contact for finding in judgement.findings if finding.contact)
        planned = (*policy.terms(ruling.tier).contacts, *ruling.extra_contacts, *by_law)
        return tuple(
            ContactView(
                kind=contact.kind,
                label=contact.label[self.say.lang],
                times=contact.times,
                per_days=contact.per_days,
            )
            for contact in planned
        )
