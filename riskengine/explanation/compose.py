"""Putting a recommendation into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from riskengine.explanation.answers import answer_words
from riskengine.explanation.assistance import Assistance
from riskengine.explanation.factors import factors, item_view, risk_text
from riskengine.explanation.judgement import Judgement, judge, legal_view, stopped
from riskengine.explanation.missing import next_question, open_range
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Item
from riskengine.policy.document import Citation
from riskengine.policy.ruling import (
    INITIAL_RULE,
    PastTier,
    Policy,
    Ruling,
    review_on,
    rule_on,
)
from riskengine.policy.statutory import Case, Finding, StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.recommendation import (
    FORMAT,
    Alert,
    Caution,
    ContactView,
    MissingAnswer,
    MissingRange,
    OutcomeView,
    Provenance,
    Recommendation,
    RiskView,
    RuleView,
    ScoreView,
    Stability,
    TierView,
    Validation,
)
from riskengine.scorecard.compiled import Encoded, Scorecard, probability
from riskengine.scorecard.uncertainty import half_width, variances


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
        self, assessment: Assessment, *, on: date, history: Sequence[PastTier] = ()
    ) -> Recommendation:
        """Score, judge and explain one assessment."""
        legal = legal_view(self.law, assessment, on)
        if legal.stop is not None:
            return self._without_score(assessment, stopped(legal), on)
        encoded = self.scorecard.encode([assessment.complete])
        parts = self.scorecard.term_parts(encoded)
        score = int(self.scorecard.scores(parts)[0])
        model_variance, rating_variance = (float(v[0]) for v in variances(self.scorecard, encoded))
        judgement = judge(
            scorecard=self.scorecard,
            policy=self.policy,
            legal=legal,
            assessment=assessment,
            score=score,
            model_variance=model_variance,
            rating_variance=rating_variance,
            on=on,
            history=history,
        )
        log_odds = float(self.scorecard.log_odds(np.array([score]))[0])
        risk = None
        if self.scorecard.document.scale == "calibrated":
            risk = float(probability(np.array([log_odds]))[0])
        ruling = judgement.ruling
        tier = ruling.tier if ruling is not None else None
        after = ruling.without_initial_period if ruling is not None else None
        return Recommendation(
            **self._frame(assessment, judgement, on),
            tiers=tuple(self._tier(one) for one in judgement.tiers),
            without_initial_period=None if after is None else self._tier(after),
            takes_effect_on=ruling.initial_period_until if ruling is not None else None,
            score=self._score(score, log_odds, ruling),
            risk=None
            if risk is None
            else self._risk(risk, log_odds, model_variance + rating_variance),
            factors=factors(self.scorecard, assessment, parts[0], self.say),
            item_view=item_view(self.scorecard, assessment, encoded, risk, self.say),
            rules=self._rules(assessment, judgement),
            why_not_lower=self._why_not_lower(ruling, score),
            unchecked_rules=ruling.unchecked if ruling is not None else (),
            stability=self._stability(judgement),
            missing=self._missing(assessment, encoded, score, on, history),
            review_on=None
            if self.policy is None or tier is None
            else review_on(self.policy, assessment, tier, on=on),
            contacts=self._contacts(ruling),
            cautions=self._cautions(assessment, judgement, encoded),
        )

    def _without_score(
        self, assessment: Assessment, judgement: Judgement, on: date
    ) -> Recommendation:
        """Where the law stops the engine there is neither score nor tier."""
        return Recommendation(
            **self._frame(assessment, judgement, on),
            tiers=(),
            without_initial_period=None,
            takes_effect_on=None,
            score=None,
            risk=None,
            factors=(),
            item_view=None,
            rules=self._rules(assessment, judgement),
            why_not_lower=(),
            unchecked_rules=(),
            stability=None,
            missing=None,
            review_on=None,
            contacts=(),
            cautions=self._cautions(assessment, judgement, None),
        )

    def _frame(self, assessment: Assessment, judgement: Judgement, on: date) -> dict[str, object]:
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
                tiers=("、" if say.lang == "zh" else ", ").join(labels),
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
            "validation": self._validation(),
            "provenance": self.provenance,
        }

    def _tier(self, tier: Tier) -> TierView:
        return TierView(tier=tier, label=tier.label[self.say.lang])

    def _score(self, score: int, log_odds: float, ruling: Ruling | None) -> ScoreView:
        document = self.scorecard.document
        quantiles = document.reference.score_quantiles
        below = int(np.searchsorted(quantiles, score, side="left"))
        return ScoreView(
            value=score,
            intercept=document.intercept,
            form=document.form,
            scale=document.scale,
            log_odds=round(log_odds, 6),
            band=None if ruling is None else self._tier(ruling.band),
            position=round(100 * below / len(quantiles), 1),
            reference=document.reference.label[self.say.lang],
        )

    def _risk(self, risk: float, log_odds: float, variance: float) -> RiskView:
        document = self.scorecard.document
        assert document.calibration is not None
        low = high = level = None
        if variance > 0:
            level = document.uncertainty.level
            reach = half_width(level) * variance**0.5
            ends = probability(np.array([log_odds - reach, log_odds + reach]))
            low, high = (risk_text(float(end)) for end in ends)
        whole = next((n for n in (10, 100, 1000, 10_000) if risk * n >= 1), 100_000)
        whole = max(whole, 100)
        events = round(risk * whole)
        return RiskView(
            probability=risk_text(risk),
            low=low,
            high=high,
            level=level,
            words=self.say(
                "risk_words",
                population=document.calibration.population[self.say.lang],
                whole=whole,
                events=events,
                others=whole - events,
            ),
        )

    def _citation(self, citation: Citation) -> str:
        text = citation.text[self.say.lang]
        if citation.verified:
            return text
        mark = self.say("unverified")
        return f"{text}〔{mark}〕" if self.say.lang == "zh" else f"{text} [{mark}]"

    def _rules(self, assessment: Assessment, judgement: Judgement) -> tuple[RuleView, ...]:
        lang = self.say.lang
        views = []
        if judgement.stop is not None:
            stop = judgement.stop
            title = next(c.title for c in self.law.constraints if c.id == stop.constraint) \
                if self.law else None  # fmt: skip
            views.append(
                RuleView(
                    id=stop.constraint,
                    title=title[lang] if title else stop.constraint,
                    effect=stop.consequence,
                    tier=None,
                    binding=True,
                    reason=stop.reason[lang],
                    citation=self._citation(stop.citation),
                    verified=stop.citation.verified,
                    reports=self._reports(assessment, stop.fields),
                )
            )
        if judgement.ruling is not None:
            for rule in judgement.ruling.applied:
                views.append(
                    RuleView(
                        id=rule.id,
                        title=rule.title[lang],
                        effect=rule.effect,
                        tier=rule.tier,
                        binding=rule is judgement.ruling.binding,
                        reason=rule.reason[lang],
                        citation=self._citation(rule.citation),
                        verified=rule.citation.verified,
                        reports=self._reports(assessment, rule.fields),
                    )
                )
        return tuple(views)

    def _reports(self, assessment: Assessment, fields: Sequence[str]) -> dict[str, str]:
        instrument = assessment.instrument
        items = instrument.every_item
        return {
            items[field].label[self.say.lang]: answer_words(
                items[field], assessment.complete.get(field, "not_asked"), self.say
            )
            for field in fields
            if field in items
        }

    def _why_not_lower(self, ruling: Ruling | None, score: int) -> tuple[str, ...]:
        """What stands between this tier and the next lower one."""
        if ruling is None or self.policy is None or ruling.tier is Tier.RELAXED:
            return ()
        say, lang = self.say, self.say.lang
        lower = Tier.at(ruling.tier.rank - 1)
        reasons = []
        if ruling.band.rank > lower.rank:
            cuts = self.policy.cut_offs
            cut = cuts.strict_from if lower is Tier.ORDINARY else cuts.relaxed_below
            points = self.scorecard.document.form == "points"
            reasons.append(
                say("why_band", score=score, cut=cut, tier=lower.label[lang])
                if points
                else say("why_band_full", tier=lower.label[lang])
            )
        for rule in ruling.applied[1:]:
            if rule.effect == "cap" or rule.tier.rank <= lower.rank:
                continue
            citation = self._citation(rule.citation)
            after, until = ruling.without_initial_period, ruling.initial_period_until
            if rule.id == INITIAL_RULE and after is not None and until is not None:
                reasons.append(
                    say(
                        "why_until",
                        reason=rule.reason[lang],
                        citation=citation,
                        tier=after.label[lang],
                        day=until.isoformat(),
                    )
                )
            else:
                reasons.append(say("why_rule", reason=rule.reason[lang], citation=citation))
        return tuple(reasons)

    def _stability(self, judgement: Judgement) -> Stability | None:
        found = judgement.stability
        if found is None or self.policy is None:
            return None
        stated = self.scorecard.document.uncertainty
        sure = found.value >= self.policy.document.either_tier_below
        words = self.say(
            "stability_high" if sure else "stability_low",
            percent=min(99, round(100 * found.value)),
        )
        if found.model_share >= 0.5:
            words += " " + self.say("dominated_by_model")
        else:
            words += " " + self.say(
                "dominated_by_rating",
                kappa=f"{stated.rater_kappa:g}",
                assumed=self.say(
                    "kappa_assumed" if stated.rater_kappa_assumed else "kappa_measured"
                ),
            )
        return Stability(
            value=round(found.value, 4), model_share=round(found.model_share, 4), words=words
        )

    def _missing(
        self,
        assessment: Assessment,
        encoded: Encoded,
        score: int,
        on: date,
        history: Sequence[PastTier],
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
                rule_on(self.policy, assessment, score=end, on=on, history=history).tier
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
            Alert(id=alert.id, label=alert.label[lang], task=alert.task[lang], items=items)
            for alert in self.law.alerts
            if (items := alert.check(case))
        )

    def _contacts(self, ruling: Ruling | None) -> tuple[ContactView, ...]:
        if ruling is None or self.policy is None:
            return ()
        planned = (*self.policy.terms(ruling.tier).contacts, *ruling.extra_contacts)
        return tuple(
            ContactView(
                kind=contact.kind,
                label=contact.label[self.say.lang],
                times=contact.times,
                per_days=contact.per_days,
            )
            for contact in planned
        )

    def _validation(self) -> Validation:
        document = self.scorecard.document
        population = ""
        if document.calibration is not None:
            population = document.calibration.population[self.say.lang]
        return Validation(
            level=document.validation,
            words=self.say(f"validation_{document.validation}", population=population),
        )

    def _cautions(
        self, assessment: Assessment, judgement: Judgement, encoded: Encoded | None
    ) -> tuple[Caution, ...]:
        say, document = self.say, self.scorecard.document

        def plain(key: str, **values: object) -> Caution:
            return Caution(id=key, text=say(f"caution_{key}", **values))

        found = []
        if self.research:
            found.append(plain("research"))
        else:
            found.append(plain("person_decides"))
        templates = document.purpose == "template" or (
            self.policy is not None and self.policy.document.purpose == "template"
        )
        if templates and not self.research:
            found.append(plain("template"))
        found += [self._finding(f) for f in judgement.findings if f is not judgement.stop]
        if judgement.ruling is not None:
            found += [
                Caution(
                    id=notice.id,
                    text=notice.reason[say.lang],
                    citation=None if notice.citation is None else self._citation(notice.citation),
                    verified=None if notice.citation is None else notice.citation.verified,
                )
                for notice in judgement.ruling.warnings
            ]
            if judgement.ruling.tier is Tier.STRICT:
                found.append(plain("electronic"))
        if encoded is not None:
            found += self._score_cautions(assessment)
        return tuple(found)

    def _score_cautions(self, assessment: Assessment) -> list[Caution]:
        """What must stand beside any score (after State v. Loomis and Ewert v. Canada)."""
        say, document = self.say, self.scorecard.document
        instrument = assessment.instrument
        found = [
            Caution(id="group", text=say("caution_group")),
            Caution(id="not_sole", text=say("caution_not_sole")),
        ]
        if document.validation != "calibrated_here":
            found.append(Caution(id="not_validated", text=say("caution_not_validated")))
        if document.published:
            found.append(Caution(id="published", text=say("caution_published")))
        protected = [
            item.label[say.lang]
            for name in document.items
            if isinstance(item := instrument.by_id.get(name), Item) and item.protected
        ]
        if protected:
            found.append(
                Caution(
                    id="protected",
                    text=say("caution_protected", items="、".join(protected)
                             if say.lang == "zh" else ", ".join(protected)),
                )
            )  # fmt: skip
        for term in self.scorecard.linears:
            value = assessment.complete.get(term.item)
            if isinstance(value, int | float) and not term.valid[0] <= value <= term.valid[1]:
                items = instrument.every_item
                found.append(
                    Caution(
                        id="range",
                        text=say("caution_range", item=items[term.item].label[say.lang]),
                    )
                )
        return found

    def _finding(self, finding: Finding) -> Caution:
        return Caution(
            id=finding.constraint,
            text=finding.reason[self.say.lang],
            citation=self._citation(finding.citation),
            verified=finding.citation.verified,
        )
