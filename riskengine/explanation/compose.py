"""Putting a recommendation into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from riskengine.explanation.answers import strictest, written_day
from riskengine.explanation.assistance import Assistance
from riskengine.explanation.cautions import cautions
from riskengine.explanation.factors import asked_not_scored, factors, item_view
from riskengine.explanation.judgement import Judgement, judge, legal_view, stopped
from riskengine.explanation.missing import open_range
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
from riskengine.policy.ruling import Hold, Ruling, review_on
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

if TYPE_CHECKING:
    from riskengine.explanation.plausible import Plausible

FOR_ALL = "for_all"
"""Id of what is offered to a person in whom no need was found."""


@dataclass(frozen=True)
class Composed:
    """A recommendation with what it was made of, for whoever explains it further.

    Attributes
    ----------
    states
        How the safety alerts stand.
    holds
        What the open ones among them bar.
    encoded, score
        ``None`` where the law stopped the engine before a score.
    """

    recommendation: Recommendation
    judgement: Judgement
    states: tuple[AlertState, ...]
    holds: tuple[Hold, ...] = ()
    encoded: Encoded | None = None
    score: int | None = None


@dataclass(frozen=True)
class Composer:
    """Everything a recommendation is composed from, in one language.

    Attributes
    ----------
    told
        What the person is told about an answer, where somebody explains and there is a catalogue.
    """

    scorecard: Scorecard
    policy: Policy | None
    law: StatutorySet | None
    assistance: Assistance
    provenance: Provenance
    research: bool
    say: Texts
    alert_official: str | None = None
    told: Texts | None = None
    plausible: Plausible | None = None

    def compose(
        self,
        assessment: Assessment,
        *,
        on: date,
        history: Sequence[PastTier] = (),
        events: Sequence[PastEvent] | None = None,
        tasks: Sequence[AlertTask] = (),
    ) -> Composed:
        """Score, judge and explain one assessment, and let nothing out that the law forbids."""
        states = self._alert_states(assessment, tasks, on)
        found = self._compose(
            assessment, states, on=on, history=history, events=events, tasks=tasks
        )
        if self.law is not None:
            self.law.check_output(found.recommendation, assessment.assessed_on)
        return found

    def _compose(
        self,
        assessment: Assessment,
        states: tuple[AlertState, ...],
        *,
        on: date,
        history: Sequence[PastTier],
        events: Sequence[PastEvent] | None,
        tasks: Sequence[AlertTask],
    ) -> Composed:
        document, say = self.scorecard.document, self.say
        legal = legal_view(self.law, assessment, on)
        if legal.stop is not None:
            stop = stopped(legal)
            return Composed(self._without_score(assessment, stop, states, on), stop, states)
        holds = self._holds(states)
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
        found = Recommendation(
            **self._frame(assessment, judgement, states, on),
            **self._ruled(assessment, judgement, score, on),
            **self._in_time(assessment, judgement, score, on, history, events),
            score=score_view(document, score, log_odds, ruling.band if ruling else None, say),
            risk=view,
            factors=factors(self.scorecard, assessment, parts[0], say),
            item_view=item_view(self.scorecard, assessment, encoded, risk, say),
            asked_not_scored=asked_not_scored(self.scorecard, assessment, say),
            missing=self._missing(assessment, encoded, score, ruling, on, tasks, holds),
        )
        return Composed(found, judgement, states, holds, encoded, score)

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
                tiers=say.either(labels),
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

    def open_needs(
        self, composed: Composed, known: Mapping[str, object], closed: frozenset[str]
    ) -> tuple[Need, ...]:
        """Needs that open answers alone tell of, with the same help for all where there are none.

        Parameters
        ----------
        known
            Open answers.
        """
        every = composed.recommendation.needs
        found = self.assistance.open_needs(every, known, closed, self.say.lang)
        return found or self._for_all(composed.judgement)

    def _needs(self, assessment: Assessment, judgement: Judgement) -> tuple[Need, ...]:
        """Needs that were found; a tier goes with some assistance in any case."""
        found = self.assistance.needs(assessment.known, self.say.lang)
        return found or self._for_all(judgement)

    def _for_all(self, judgement: Judgement) -> tuple[Need, ...]:
        if not judgement.tiers or self.law is None or self.law.assistance_for_all is None:
            return ()
        lang = self.say.lang
        label, assistance = self.law.assistance_for_all
        offered = tuple(text[lang] for text in assistance)
        return (Need(id=FOR_ALL, label=label[lang], assistance=offered, items=()),)

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
        ruling: Ruling | None,
        on: date,
        tasks: Sequence[AlertTask],
        holds: Sequence[Hold],
    ) -> MissingRange | None:
        found = open_range(
            self.scorecard,
            assessment,
            encoded,
            score,
            on=on,
            policy=self.policy,
            law=self.law,
            ruling=ruling,
            holds=holds,
            holds_of=lambda other: self.holds(other, tasks, on),
        )
        if not found.items:
            return None
        items = assessment.instrument.every_item

        def label(item: str) -> str:
            return items[item].label[self.say.lang]

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
            tier_low=found.tier_low,
            tier_high=found.tier_high,
            exact=found.exact,
            next_question=None if found.next_item is None else label(found.next_item),
            next_item=found.next_item,
            settles=found.settles,
        )

    def holds(
        self, assessment: Assessment, tasks: Sequence[AlertTask], on: date
    ) -> tuple[Hold, ...]:
        """What open safety alerts bar on a day."""
        return self._holds(self._alert_states(assessment, tasks, on))

    def _holds(self, states: Sequence[AlertState]) -> tuple[Hold, ...]:
        """What the open alerts among some bar."""
        labels = self._alert_labels
        return alert_hold([labels[state.alert].label for state in states if state.open])

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
