"""What one printed sheet shows of a recommendation: plain rows, ready for a template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from markupsafe import Markup

from riskengine.explanation.texts import Texts
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation, RuleView
from riskengine.reports.chart import position_strip
from riskengine.reports.contributions import Row, contribution_rows, ruled_out, without_effect
from riskengine.reports.figures import DECIMALS, ScoreUnit, minus, percent, written_day

CROWDED_LINES = 12


@dataclass(frozen=True)
class Rung:
    """One step of the ladder of tiers; ``state`` is the key of the word that stands in it."""

    label: str
    state: str


@dataclass(frozen=True)
class ItemRow:
    """One line of the reviewer's item view."""

    label: str
    share: str
    percentage_points: str


@dataclass(frozen=True)
class Sheet:
    """A recommendation and everything a template needs to know about it.

    Nothing is computed here that could change what the engine said: rows are chosen, numbers are
    written out.
    """

    r: Recommendation
    say: Texts

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
    def planned_for(self) -> str:
        """The tier that contacts and review belong to: the one that the binding rule gave."""
        rule = self.r.binding_rule
        if rule is None or rule.tier is None:
            return ""
        return self.say("contacts_note", tier=rule.tier.label[self.say.lang])

    @cached_property
    def crowded(self) -> bool:
        """Whether the sheet needs smaller print to stay on one page."""
        r = self.r
        lines = len(self.rows) if r.score is not None else 0
        lines += 2 * len(r.alerts) + len(r.rules) + len(r.needs) + len(r.cautions)
        if r.missing is not None:
            lines += 2 + len(r.missing.items) // 2
        return lines > CROWDED_LINES

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
    def rows(self) -> tuple[Row, ...]:
        """Lines of the contribution table."""
        return contribution_rows(self.r, self.say, self.unit)

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
    def no_effect(self) -> str:
        """What was asked and does not move this score, in one line."""
        return self.say("joiner").join(without_effect(self.r))

    @cached_property
    def ruled_out(self) -> str:
        """What does not apply to this person, in one line."""
        return self.say("joiner").join(ruled_out(self.r))

    @cached_property
    def withholds(self) -> bool:
        """Whether a line of the sheet carries the mark that it is not for disclosure."""
        return any(row.withheld for row in self.rows)

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
        # Chinese sets nothing between two sentences
        return ("" if self.say.lang == "zh" else " ").join(said)

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

    # ---------------------------------------------------------------- the reviewer's view

    @cached_property
    def items(self) -> tuple[ItemRow, ...]:
        """The item view, in units of the score."""
        view = self.r.item_view
        if view is None:
            return ()
        return tuple(
            ItemRow(
                label=one.label,
                share=self._share(one.contribution),
                percentage_points=""
                if one.percentage_points is None
                else minus(f"{100 * float(one.percentage_points):+.2f}"),
            )
            for one in sorted(view.items, key=lambda one: -abs(one.contribution))
            if one.contribution
        )

    @cached_property
    def baseline(self) -> str:
        """Where the item view starts: the reference population's mean score."""
        assert self.r.item_view is not None
        return self._share(self.r.item_view.baseline, sign="")

    @cached_property
    def baseline_risk(self) -> str:
        """The risk at the baseline in per cent, where the scale is calibrated."""
        view = self.r.item_view
        if view is None or view.baseline_risk is None:
            return ""
        return self.say("risk_plain", risk=percent(view.baseline_risk))

    def _share(self, parts: int, sign: str = "+") -> str:
        assert self.r.item_view is not None
        # shares of whole points are fractions, so they get decimals in either form
        return minus(
            f"{self.unit.amount(parts / self.r.item_view.denominator):{sign}.{DECIMALS}f}"
        )

    # ---------------------------------------------------------------- small words

    def day(self, day: date) -> str:
        """Write a date as the language does."""
        return written_day(day, self.say.lang)

    def clauses(self, texts: Iterable[str]) -> str:
        """Join short texts as the language does."""
        return self.say("clauses").join(texts)
