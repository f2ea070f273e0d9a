"""What the officer's sheet shows of an explanation: plain rows, ready for a template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from markupsafe import Markup

from riskengine.errors import Language
from riskengine.explanation.document import Explanation, Reason, Reasons
from riskengine.explanation.texts import Texts
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation, RuleView, TowardView
from riskengine.reports.chart import position_strip
from riskengine.reports.contributions import (
    Group,
    contribution_groups,
    ruled_out,
    without_effect,
)
from riskengine.reports.figures import ScoreUnit, height, percent, written_day

MOST_REASONS = 3
"""Reasons told in a sentence, either way; the table has them all."""
MOST_OPEN = 6
"""Unanswered items with their range on the officer's sheet; the reviewer's has them all."""
MOST_SETS = 2
MOST_CONDITIONS = 6

_HALF = 62.0
"""Latin letters in a line of half the page; a Chinese character takes the room of two."""
_DENSER: dict[Language, tuple[float, ...]] = {
    "zh": (31.0, 38.0, 46.0, 54.0, 62.0),
    "en": (32.0, 42.0, 53.0, 56.0, 64.0),
}


@dataclass(frozen=True)
class Rung:
    """One step of the ladder of tiers; ``state`` is the key of the word that stands in it."""

    label: str
    state: str


@dataclass(frozen=True)
class Sheet:
    """An explanation and everything a template needs to know about it.

    Nothing is computed here that could change what the engine said: rows are chosen, numbers are
    written out.
    """

    x: Explanation
    say: Texts

    @property
    def r(self) -> Recommendation:
        """The recommendation as the engine gave it."""
        return self.x.recommendation

    # ---------------------------------------------------------------- the verdict

    @cached_property
    def ladder(self) -> tuple[Rung, ...]:
        """All three tiers where there is a recommendation, with what is said of each."""
        chosen = {view.tier for view in self.r.tiers}
        if not chosen:
            return ()
        word = "tier_recommended" if len(chosen) == 1 else "tier_defensible"
        return tuple(
            Rung(tier.label[self.say.lang], word if tier in chosen else "tier_not")
            for tier in Tier
        )

    @cached_property
    def tier_names(self) -> str:
        """The recommended tier, or both defensible ones."""
        return self.say("either_of").join(view.label for view in self.r.tiers)

    @cached_property
    def why_not_lower(self) -> tuple[str, ...]:
        """What stands before a lower tier, unless it is just what the tier rests on."""
        rule, reasons = self.r.binding_rule, self.r.why_not_lower
        told = rule is not None and len(reasons) == 1 and reasons[0].startswith(rule.reason)
        return () if told and self.r.without_initial_period is None else reasons

    @cached_property
    def lowest(self) -> str:
        """The sentence for the lowest tier, about which nobody need ask why it is no lower."""
        if not self.r.tiers or self.r.tiers[0].tier is not Tier.RELAXED:
            return ""
        if len(self.r.tiers) == 1:
            return self.say("lowest_already")
        return self.say("lowest_defensible", tier=self.r.tiers[0].label)

    @cached_property
    def conditions(self) -> tuple[TowardView, ...]:
        """Conditions of the next lower tier that do not hold yet, or are not known."""
        yet = self.r.why_not_yet
        return () if yet is None else tuple(c for c in yet.conditions if c.state != "met")

    @cached_property
    def conditions_met(self) -> str:
        """How many of them hold, in words."""
        yet = self.r.why_not_yet
        met = 0 if yet is None else len(yet.conditions) - len(self.conditions)
        return self.say("one_met" if met == 1 else "conditions_met", n=met) if met else ""

    @cached_property
    def planned_for(self) -> str:
        """The tier that contacts and review belong to: the one that the binding rule gave."""
        rule = self.r.binding_rule
        if rule is None or rule.tier is None:
            return ""
        return self.say("contacts_note", tier=rule.tier.label[self.say.lang])

    @cached_property
    def other_rules(self) -> tuple[RuleView, ...]:
        """Rules that had a say and do not bind; band and binding rule stand elsewhere."""
        return tuple(r for r in self.r.rules if not r.binding and r.effect != "band")

    @cached_property
    def rule_told(self) -> bool:
        """Whether a sentence has already told what the binding rule did, with its citation."""
        return self.x.reasons is not None and bool(self.x.reasons.rules_did)

    @cached_property
    def density(self) -> int:
        """How much smaller the type must be for the sheet to stay on one page: 0 to 5."""
        return sum(self._lines > step for step in _DENSER[self.say.lang])

    @cached_property
    def _lines(self) -> float:
        """Lines of print that the sheet takes at its normal size, roughly."""
        r, x = self.r, self.x
        rows = sum(len(group.rows) + 1 for group in self.groups) if r.score else -4
        reasons = [
            "".join(f"{one.label}{one.answer.answer}    " for one in self.told(way)) + " " * 9
            for way in ("raises", "lowers")
        ]
        left = [*reasons, *(rule.title for rule in self.other_rules), x.changes.words]
        for found in x.changes.sets[:MOST_SETS]:
            left.append(" ".join(f"{c.label} {c.now} {c.then}" for c in found.changes) + " " * 40)
        left += [rule.title for rule in r.unchecked_rules]
        right = [*self.sureness, self.missing_range, " ".join(self.missing_items[:MOST_OPEN])]
        rule, grounds = r.binding_rule, []
        if rule is not None:
            told = "" if self.rule_told else rule.reason + rule.citation
            reports = "".join(f"{name}{value}  " for name, value in rule.reports.items())
            grounds = [f"{rule.title}{self.effect(rule)}{told}{reports}", ""]
        grounds += [one.words for one in self.conditions[:MOST_CONDITIONS]] or self.why_not_lower
        if x.reasons is not None:
            grounds.append(x.reasons.score_said + x.reasons.rules_did)
        needs = [need.label + self.clauses(need.assistance) for need in r.needs]
        notes = [one.text + (one.citation or "") for one in r.cautions]
        alerts = [alert.label + alert.task + alert.words for alert in r.alerts]
        return (
            rows
            + max(height(left, _HALF), height(right, _HALF))
            + max(height(grounds, _HALF * 1.1), 6)
            + max(height(needs, _HALF), len(r.contacts) + 2)
            + 0.84 * height(notes, _HALF * 1.15) / 2
            + height(alerts, 2 * _HALF) * 1.3
        )

    def effect(self, rule: RuleView) -> str:
        """What a rule did, in words."""
        tier = "" if rule.tier is None else rule.tier.label[self.say.lang]
        return self.say(f"effect_{rule.effect}", tier=tier)

    def marked(self, citation: str, verified: bool | None) -> str:
        """A citation that carries its mark where nobody has checked the text."""
        mark = self.say("unverified")
        if verified is not False or mark in citation:
            return citation
        return f"{citation}〔{mark}〕" if self.say.lang == "zh" else f"{citation} [{mark}]"

    # ---------------------------------------------------------------- the score

    @cached_property
    def in_points(self) -> bool:
        """Whether the score is whole points; otherwise log-odds, shown rounded."""
        return self.r.score is not None and self.r.score.form == "points"

    @cached_property
    def unit(self) -> ScoreUnit:
        """The unit in which everything about this score is written."""
        return ScoreUnit(self.in_points)

    @cached_property
    def score(self) -> str:
        """The score with its unit."""
        if not self.in_points:
            return self.say("log_odds_unit", n=self.total)
        return self.say("one_point" if self.total in ("1", "−1") else "points_unit", n=self.total)

    @cached_property
    def position(self) -> Markup:
        """The strip that shows the place in the reference population."""
        assert self.r.score is not None
        share = self.r.score.position
        return position_strip(share, self.say("position_chart", share=f"{share:g}"))

    @cached_property
    def risk(self) -> str:
        """The calibrated probability with its interval, in per cent."""
        risk = self.r.risk
        if risk is None:
            return ""
        if risk.low is None or risk.high is None or risk.level is None:
            return self.say("risk_plain", risk=percent(risk.probability))
        return self.say(
            "risk_interval",
            risk=percent(risk.probability),
            level=f"{100 * risk.level:g}",
            low=percent(risk.low),
            high=percent(risk.high),
        )

    @cached_property
    def domains(self) -> dict[str, str]:
        """Name of the domain of each item that has a reason, the most telling domain first."""
        reasons: Reasons | None = self.x.reasons
        if reasons is None:
            return {}
        return {one.item: group.label for group in reasons.domains for one in group.reasons}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Lines of the contribution table: what can change, then what cannot."""
        return contribution_groups(self.r, self.say, self.unit, self.domains)

    def told(self, direction: str) -> tuple[Reason, ...]:
        """Reasons that moved the score most in one direction, the largest first."""
        if self.x.reasons is None:
            return ()
        found = [
            reason
            for domain in self.x.reasons.domains
            for reason in domain.reasons
            if reason.direction == direction
        ]
        return tuple(sorted(found, key=lambda one: -abs(one.contribution))[:MOST_REASONS])

    @cached_property
    def start(self) -> str:
        """The intercept, from which the contributions lead to the score."""
        assert self.r.score is not None
        return self.unit.plain(self.unit.amount(self.r.score.intercept))

    @cached_property
    def total(self) -> str:
        """The score as a bare number, under the sum."""
        assert self.r.score is not None
        return self.unit.plain(self.unit.amount(self.r.score.value))

    @cached_property
    def no_effect(self) -> tuple[str, ...]:
        """What was asked and does not move this score."""
        return without_effect(self.r)

    @cached_property
    def ruled_out(self) -> tuple[str, ...]:
        """What does not apply to this person."""
        return ruled_out(self.r)

    @cached_property
    def withholds(self) -> bool:
        """Whether a line of the sheet carries the mark that it is not for disclosure."""
        return any(row.withheld for group in self.groups for row in group.rows)

    # ---------------------------------------------------------------- what is not known

    @cached_property
    def missing_range(self) -> str:
        """How far the score could lie from where it is, in words."""
        missing, score = self.r.missing, self.r.score
        if missing is None or score is None:
            return ""
        low, high, now = (
            self.unit.plain(self.unit.amount(value))
            for value in (missing.score_low, missing.score_high, score.value)
        )
        said = [self.say("missing_range", low=low, high=high, now=now)]
        ends = [missing.tier_low, missing.tier_high]
        low_tier, high_tier = (None if t is None else t.label[self.say.lang] for t in ends)
        if low_tier is not None and high_tier is not None:
            key = "missing_tier_same" if low_tier == high_tier else "missing_tiers"
            said.append(self.say(key, low=low_tier, high=high_tier))
        if not missing.exact:
            said.append(self.say("missing_outer"))
        return self.sentences(said)

    @cached_property
    def missing_items(self) -> tuple[str, ...]:
        """Every open item with its code and the change that its answer could bring."""
        if self.r.missing is None:
            return ()
        found = []
        for one in self.r.missing.items:
            low, high = (self.unit.signed(self.unit.amount(end)) for end in (one.low, one.high))
            code = self.say(f"code_{one.code}")
            move = self.say("missing_move", low=low, high=high)
            aside = self.say("joiner").join((code, move))
            found.append(self.say("aside", text=one.label, aside=aside))
        return tuple(found)

    @cached_property
    def sureness(self) -> tuple[str, ...]:
        """How much the recommendation can carry: the sentences for the officer."""
        sure = self.x.how_sure
        if sure is None:
            return (self.r.validation.words,)
        said = [sure.both_tiers, sure.stability, sure.edge, sure.like_words, sure.validation]
        return tuple(sentence for sentence in said if sentence)

    # ---------------------------------------------------------------- small words

    def day(self, day: date) -> str:
        """Write a date as the language does."""
        return written_day(day, self.say.lang)

    def clauses(self, texts: Iterable[str]) -> str:
        """Join short texts as the language does."""
        return self.say("clauses").join(texts)

    def listed(self, texts: Iterable[str]) -> str:
        """List words as the language does."""
        return self.say("joiner").join(texts)

    def sentences(self, texts: Iterable[str]) -> str:
        """Set sentences one after the other; Chinese puts nothing between them."""
        return ("" if self.say.lang == "zh" else " ").join(texts)
