"""A policy as a page that a lawyer can read: every rule with its citation and an example."""

from __future__ import annotations

from collections.abc import Iterator

from riskengine.errors import Language
from riskengine.instrument.model import Instrument
from riskengine.policy.citations import citations
from riskengine.policy.compiled import LONGEST_STRICT, Policy, assemble
from riskengine.policy.document import (
    REVIEW_SHARE,
    STAY_SHARE,
    Citation,
    PolicyDocument,
    Rule,
    TierTerms,
)
from riskengine.policy.examples import CUTS, Example, example_of
from riskengine.policy.history import EVENT_LABELS
from riskengine.policy.reach import TERMS_MONTHS, best_course
from riskengine.policy.tiers import Tier
from riskengine.policy.words import (
    band_words,
    condition_words,
    effect_words,
    label,
    period_words,
    value_words,
)
from riskengine.reports.policies.told import Told

_DOWN = (Tier.STRICT, Tier.ORDINARY, Tier.RELAXED)

_SAY: dict[str, tuple[str, str]] = {
    "purpose": ("用途", "Purpose"),
    "operational": ("实际使用", "operational"),
    "template": ("样板，尚未经任何机构采纳", "template; no agency has adopted it"),
    "historical": (
        "历史资料，只可说明、比较、研究，不得用于对任何人提出建议",
        "historical: for explanation, comparison and research, never about a person",
    ),
    "benchmark": (
        "研究，不产生管理类别建议",
        "research: it leads to no recommendation about a person",
    ),
    "belongs": ("法域与量表", "Jurisdiction and instrument"),
    "dates": ("有效期", "In force"),
    "open": ("不限", "open"),
    "adopted": ("采纳机关", "Adopted by"),
    "nobody": ("无", "nobody"),
    "rest": ("依据", "What it rests on"),
    "rest_intro": (
        "下列各项分别注明依据。“未核对”指条文未由具名人员核对。",
        "Each part says what it rests on. “Not checked” means that no named person has compared "
        "the text.",
    ),
    "statute": ("法律条文", "statute"),
    "local_rule": ("地方规定（摘录）", "local rule (excerpt)"),
    "published": ("公开数据或研究", "published data or study"),
    "assumed": ("假定（本项目建议）", "assumed (proposed here)"),
    "unstated": ("未注明", "not stated"),
    "count": ("项数", "parts"),
    "verified": ("已核对", "checked"),
    "unverified": ("未核对", "not checked"),
    "order": ("管理类别建议如何形成", "How a recommendation comes about"),
    "order_text": (
        "一、评分落入某一区间。二、规则可以设下限、上限或者确定类别；下限先于上限。"
        "三、入矫初期。四、下调逐级进行，并须满足最短期限等条件；上调可以直接进行，但须说明理由。"
        "法律规定和安全提醒在规则之上，任何规则都不能改变。结果只是建议，由具名工作人员依法决定。",
        "1. The score lies in a band. 2. Rules may set a floor, a cap or a tier; a floor goes "
        "before a cap. 3. The initial period. 4. A tier goes down step by step, after its minimum "
        "stay and what else is asked for; it goes up at once, with a reason. The law and safety "
        "alerts stand above the rules and no rule can change them. The result is a "
        "recommendation; a named official decides under the law.",
    ),
    "bands": ("评分区间", "Score bands"),
    "time": ("期限", "Time"),
    "initial": ("入矫初期", "Initial period"),
    "none": ("不设", "none"),
    "stay": ("最短期限", "minimum stay"),
    "review": ("定期复核", "scheduled review"),
    "longest": ("严管一次决定最长", "one decision for strict holds at most"),
    "reach": (
        "无处罚、评分低、考核合格的人，各类别最早从第几天起（从入矫之日起算）：",
        "First day of each tier for a person without sanction, with a low score and passed "
        "appraisals, counted from the start of the term:",
    ),
    "months": ("期限（月）", "term in months"),
    "never": ("达不到", "never"),
    "way_down": ("下调", "The way down"),
    "steps_down": ("每次最多下调", "Steps down at once"),
    "clean": ("下调前无处罚的时间", "Time without a sanction before a step down"),
    "rules": ("规则", "Rules"),
    "no_rules": ("没有规则。", "There are no rules."),
    "when": ("条件", "When"),
    "then": ("效果", "Then"),
    "reason": ("告知的理由", "Reason that is told"),
    "reports": ("理由中列出的内容", "What the reason reports"),
    "lasts": ("效力期限", "How long it holds"),
    "since": ("自最近一次{events}起{period}", "{period} after the newest {events}"),
    "yields": ("让位于", "Yields to"),
    "force": ("规则有效期", "The rule is in force"),
    "citation": ("出处", "Source"),
    "example": ("例", "Example"),
    "score_in": ("评分在{tier}区间", "the score lies in the {tier} band"),
    "comes_out": ("结果：{tier}，依据“{rule}”", "comes out as {tier}, resting on “{rule}”"),
    "told": ("结果：给出提示，类别为{tier}", "comes with this sentence; the tier is {tier}"),
    "no_example": ("（未能构造出例子）", "(no example could be made)"),
    "triggers": ("提前复核", "Earlier reviews"),
    "trigger_text": (
        "下列情形发生后须在规定天数内复核；复核不等于调整，任何人不会被自动调整。",
        "After these events a review is due within the days stated. A review is no move, and "
        "nobody is moved automatically.",
    ),
    "event": ("情形", "Event"),
    "within": ("天数", "Days"),
    "tiers": ("各类别的要求", "What each tier asks for"),
    "contact": ("{times}次/{days}天", "{times} in {days} days"),
    "minutes": ("每月工时（分钟）", "Officer minutes a month"),
    "roles": ("提出与批准", "Who proposes and who approves"),
    "proposes": ("提出", "Proposes"),
    "approves": ("批准", "Approves"),
    "colon": ("：", ": "),
    "list": ("；", "; "),
    "comma": ("，", ", "),
}


class Page(Told):
    """Lines of one page in one language."""

    def __init__(self, document: PolicyDocument, instrument: Instrument, lang: Language) -> None:
        super().__init__(_SAY, lang)
        self.document, self.instrument = document, instrument
        self.policy: Policy = assemble(document, instrument, CUTS)

    def item(self, key: str, text: str) -> str:
        """A line of a list."""
        return f"- **{self.say(key)}**{self.say('colon')}{text}"

    def cited(self, citation: Citation) -> str:
        """A citation with what it rests on and whether it was checked."""
        marks = [self.say(citation.basis or "unstated")]
        marks.append(self.say("verified" if citation.verified else "unverified"))
        text = citation.text[self.lang]
        if citation.source:
            text += f" ({citation.source})"
        if citation.note:
            text += f" — {citation.note[self.lang]}"
        return f"{text} [{self.say('list').join(marks)}]"

    def lines(self) -> Iterator[str]:
        """The whole page."""
        document, lang = self.document, self.lang
        yield f"# {document.title[lang]}"
        yield ""
        yield f"`{document.id}@{document.version}`"
        yield ""
        yield document.description[lang]
        yield ""
        yield from self._head()
        for heading, part in (
            ("rest", self._rests()),
            ("order", iter([self.say("order_text")])),
            ("bands", self._bands()),
            ("time", self._time()),
            ("way_down", self._way_down()),
            ("rules", self._rules()),
            ("triggers", self._triggers()),
            ("tiers", self._tiers()),
            ("roles", self._roles()),
        ):
            yield ""
            yield f"## {self.say(heading)}"
            yield ""
            yield from part

    def _head(self) -> Iterator[str]:
        document = self.document
        yield self.item("purpose", self.say(document.purpose))
        yield self.item("belongs", f"{document.jurisdiction}, {document.instrument}")
        first = document.valid_from or self.say("open")
        yield self.item("dates", f"{first} – {document.valid_to or self.say('open')}")
        yield self.item("adopted", document.adopted_by or self.say("nobody"))

    def _rests(self) -> Iterator[str]:
        yield self.say("rest_intro")
        yield ""
        counts: dict[str, list[int]] = {}
        for _, cited in citations(self.document):
            row = counts.setdefault(cited.basis or "unstated", [0, 0])
            row[0] += 1
            row[1] += cited.verified
        yield f"| {self.say('rest')} | {self.say('count')} | {self.say('verified')} |"
        yield "| --- | --- | --- |"
        for basis in ("statute", "local_rule", "published", "assumed", "unstated"):
            if basis in counts:
                yield f"| {self.say(basis)} | {counts[basis][0]} | {counts[basis][1]} |"

    def _bands(self) -> Iterator[str]:
        yield f"- {band_words(self.document.bands, self.lang)}"
        yield self.item("citation", self.cited(self.document.band_citation))

    def _time(self) -> Iterator[str]:
        initial = self.document.initial_period
        yield self.item("initial", self.initial(initial))
        if initial is not None:
            yield self.item("citation", self.cited(initial.citation))
        for tier in _DOWN:
            yield f"- **{tier.label[self.lang]}**{self.say('colon')}" + self._stays(tier)
        if "start_date" not in self.instrument.by_id:
            return
        yield ""
        yield self.say("reach")
        yield ""
        yield f"| {self.say('months')} | " + " | ".join(t.label[self.lang] for t in _DOWN) + " |"
        yield "| --- | --- | --- | --- |"
        for months in TERMS_MONTHS:
            days = {
                move.tier: move.day for move in best_course(self.document, self.instrument, months)
            }
            row = [str(days.get(tier, self._unreached(tier, days))) for tier in _DOWN]
            yield f"| {months} | " + " | ".join(row) + " |"

    def _unreached(self, tier: Tier, days: dict[Tier, int]) -> str:
        lower = [other for other in days if other.rank < tier.rank]
        return "–" if lower else self.say("never")

    def _stays(self, tier: Tier) -> str:
        terms = self.document.tiers[tier]
        parts = [
            f"{self.say('stay')} {period_words(terms.minimum_stay, STAY_SHARE, self.lang)}",
            f"{self.say('review')} {period_words(terms.review, REVIEW_SHARE, self.lang)}",
        ]
        if tier is Tier.STRICT:
            longest = terms.longest or LONGEST_STRICT
            parts.append(f"{self.say('longest')} {period_words(longest, STAY_SHARE, self.lang)}")
        return self.say("list").join(parts)

    def _way_down(self) -> Iterator[str]:
        steps = self.document.steps
        if steps is None:
            yield self.say("none")
            return
        yield self.item("steps_down", str(steps.down))
        clean = period_words(steps.without_sanction_for, STAY_SHARE, self.lang)
        yield self.item("clean", clean)
        for step in steps.conditions:
            when = condition_words(step.when, self.instrument, self.lang)
            yield f"- **{step.title[self.lang]}**{self.say('colon')}{when}"
            yield f"  - {self.say('reason')}{self.say('colon')}{step.reason[self.lang]}"
            yield f"  - {self.say('citation')}{self.say('colon')}{self.cited(step.citation)}"
        yield self.item("reason", steps.reason[self.lang])
        yield self.item("citation", self.cited(steps.citation))

    def _rules(self) -> Iterator[str]:
        if not self.document.rules:
            yield self.say("no_rules")
        for number, rule in enumerate(self.document.rules, start=1):
            yield f"### {number}. {rule.title[self.lang]} (`{rule.id}`)"
            yield ""
            yield from self._rule(rule)
            yield ""

    def _rule(self, rule: Rule) -> Iterator[str]:
        yield self.item("when", condition_words(rule.when, self.instrument, self.lang))
        yield self.item("then", effect_words(rule.effect, self.lang))
        yield self.item("reason", rule.reason[self.lang])
        if rule.reports:
            names = [label(name, self.instrument, self.lang) for name in rule.reports]
            yield self.item("reports", self.say("list").join(names))
        if rule.lasts is not None:
            events = [EVENT_LABELS[kind][self.lang] for kind in rule.lasts.since]
            told = period_words(rule.lasts.period, STAY_SHARE, self.lang)
            joined = ("或" if self.lang == "zh" else " or ").join(events)
            yield self.item("lasts", self.say("since", events=joined, period=told))
        if rule.yields_to:
            yield self.item("yields", ", ".join(rule.yields_to))
        if rule.valid_from or rule.valid_to:
            first = rule.valid_from or self.say("open")
            yield self.item("force", f"{first} – {rule.valid_to or self.say('open')}")
        yield self.item("citation", self.cited(rule.citation))
        yield self.item("example", self._example(example_of(self.policy, rule), rule))

    def _example(self, example: Example | None, rule: Rule) -> str:
        if example is None:
            return self.say("no_example")
        told = [
            f"{label(name, self.instrument, self.lang)}{self.say('colon')}"
            f"{value_words(name, value, self.instrument, self.lang)}"
            for name, value in example.told.items()
            if name != "band" and ">" not in name
        ]
        told.append(self.say("score_in", tier=example.band.label[self.lang]))
        tier = example.ruling.tier.label[self.lang]
        if rule.effect.kind in ("caution", "schedule"):
            told.append(self.say("told", tier=tier))
        else:
            binding = example.ruling.binding.title[self.lang]
            told.append(self.say("comes_out", tier=tier, rule=binding))
        return self.say("list").join(told)

    def _triggers(self) -> Iterator[str]:
        if not self.document.triggers:
            yield self.say("none")
            return
        yield self.say("trigger_text")
        yield ""
        yield f"| {self.say('event')} | {self.say('within')} | {self.say('citation')} |"
        yield "| --- | --- | --- |"
        for one in self.document.triggers:
            event = EVENT_LABELS[one.event][self.lang]
            yield f"| {event} | {one.review_within_days} | {self.cited(one.citation)} |"

    def _tiers(self) -> Iterator[str]:
        for tier in _DOWN:
            terms = self.document.tiers[tier]
            yield f"### {tier.label[self.lang]}"
            yield ""
            yield from self._terms(terms)
            yield ""

    def _terms(self, terms: TierTerms) -> Iterator[str]:
        for contact in terms.contacts:
            often = self.say("contact", times=contact.times, days=contact.per_days)
            yield f"- {contact.label[self.lang]}{self.say('colon')}{often}"
        yield self.item("minutes", str(terms.officer_minutes_per_month))
        if terms.citation is not None:
            yield self.item("citation", self.cited(terms.citation))

    def _roles(self) -> Iterator[str]:
        yield self.item("proposes", self.document.roles.proposes[self.lang])
        yield self.item("approves", self.document.roles.approves[self.lang])


def policy_page(document: PolicyDocument, instrument: Instrument, lang: Language) -> str:
    """Write a policy as a page in Markdown.

    Every example on it was run through the rules when the page was written.
    """
    return "\n".join(Page(document, instrument, lang).lines()).rstrip() + "\n"
