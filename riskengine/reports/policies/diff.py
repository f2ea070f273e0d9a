"""Two policies side by side: what changed, and for whom, in words."""

from __future__ import annotations

from collections.abc import Iterator

from riskengine.errors import Language
from riskengine.instrument.model import Instrument
from riskengine.policy.compiled import LONGEST_STRICT, Policy, assemble
from riskengine.policy.document import (
    REVIEW_SHARE,
    STAY_SHARE,
    Contact,
    PolicyDocument,
    Rule,
)
from riskengine.policy.examples import CUTS, day_in_force, example_of, run_case
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
    "title": ("{a} 与 {b} 的差别", "{a} and {b}: what differs"),
    "changed": ("改变了什么", "What changed"),
    "nothing": ("没有差别。", "Nothing differs."),
    "for_whom": ("对谁不同", "For whom"),
    "nobody": ("在所比较的典型情形中，没有人的类别不同。", "In none of the cases compared does "
               "the tier differ."),
    "bands": ("评分区间", "Score bands"),
    "either": ("两类均可的界限", "Either tier below"),
    "initial": ("入矫初期", "Initial period"),
    "none": ("无", "none"),
    "stay": ("{tier}最短期限", "Minimum stay at {tier}"),
    "review": ("{tier}定期复核", "Scheduled review at {tier}"),
    "longest": ("严管一次决定最长", "One decision for strict holds at most"),
    "minutes": ("{tier}每月工时（分钟）", "Officer minutes a month at {tier}"),
    "contact": ("{tier}：{label}", "{tier}: {label}"),
    "often": ("{times}次/{days}天", "{times} in {days} days"),
    "steps": ("每次最多下调", "Steps down at once"),
    "clean": ("下调前无处罚的时间", "Time without a sanction before a step down"),
    "step_only": ("下调条件“{title}”", "Condition of a step down “{title}”"),
    "rule_only": ("规则“{title}”", "Rule “{title}”"),
    "rule_when": ("规则“{title}”的条件", "Condition of rule “{title}”"),
    "rule_then": ("规则“{title}”的效果", "Effect of rule “{title}”"),
    "rule_lasts": ("规则“{title}”的效力期限", "How long rule “{title}” holds"),
    "trigger": ("{event}后复核（天）", "Review after {event} (days)"),
    "reach": (
        "无处罚、评分低、考核合格的人，期限{months}个月：{tier}",
        "Without sanction, low score, passed appraisals, term of {months} months: {tier}",
    ),
    "from_day": ("第{day}天起", "from day {day}"),
    "never": ("达不到", "never"),
    "score_in": ("评分在{tier}区间", "score in the {tier} band"),
    "colon": ("：", ": "),
    "list": ("；", "; "),
    "comma": ("，", ", "),
}  # fmt: skip


class Difference(Told):
    """Two policies of one instrument, compared in one language."""

    def __init__(
        self, a: PolicyDocument, b: PolicyDocument, instrument: Instrument, lang: Language
    ) -> None:
        super().__init__(_SAY, lang)
        self.a, self.b, self.instrument = a, b, instrument
        # only bands are compared, not scores: both read them off the same cut-offs
        self.policies: tuple[Policy, Policy] = (
            assemble(a, instrument, CUTS),
            assemble(b, instrument, CUTS),
        )

    def lines(self) -> Iterator[str]:
        """The whole comparison."""
        names = [f"{p.id}@{p.version}" for p in (self.a, self.b)]
        yield f"# {self.say('title', a=names[0], b=names[1])}"
        yield ""
        yield f"## {self.say('changed')}"
        yield ""
        changed = [self._line(*row) for row in self._changes() if row[1] != row[2]]
        yield from changed or [self.say("nothing")]
        yield ""
        yield f"## {self.say('for_whom')}"
        yield ""
        whom = [self._line(*row) for row in self._for_whom() if row[1] != row[2]]
        yield from whom or [self.say("nobody")]

    def _line(self, what: str, before: str, after: str) -> str:
        return f"- **{what}**{self.say('colon')}{before} → {after}"

    def _changes(self) -> Iterator[tuple[str, str, str]]:
        """What each policy says of one thing after another."""
        lang, none = self.lang, self.say("none")
        pair = (self.a, self.b)
        yield (self.say("bands"), *_two(band_words(p.bands, lang) for p in pair))
        yield (self.say("either"), *_two(f"{p.either_tier_below:g}" for p in pair))
        yield (self.say("initial"), *_two(self.initial(p.initial_period) for p in pair))
        for tier in _DOWN:
            name = tier.label[lang]
            terms = [p.tiers[tier] for p in pair]
            yield (
                self.say("stay", tier=name),
                *_two(period_words(t.minimum_stay, STAY_SHARE, lang) for t in terms),
            )
            yield (
                self.say("review", tier=name),
                *_two(period_words(t.review, REVIEW_SHARE, lang) for t in terms),
            )
            if tier is Tier.STRICT:
                yield (
                    self.say("longest"),
                    *_two(
                        period_words(t.longest or LONGEST_STRICT, STAY_SHARE, lang) for t in terms
                    ),
                )
            yield (
                self.say("minutes", tier=name),
                *_two(str(t.officer_minutes_per_month) for t in terms),
            )
            contacts = [{c.kind: c for c in t.contacts} for t in terms]
            for kind in dict.fromkeys([*contacts[0], *contacts[1]]):
                one = contacts[0].get(kind) or contacts[1][kind]
                yield (
                    self.say("contact", tier=name, label=one.label[lang]),
                    *_two(self._often(c.get(kind)) for c in contacts),
                )
        steps = [p.steps for p in pair]
        yield (self.say("steps"), *_two(none if s is None else str(s.down) for s in steps))
        yield (
            self.say("clean"),
            *_two(
                period_words(s.without_sanction_for if s else None, STAY_SHARE, lang)
                for s in steps
            ),
        )
        conditions = [{c.id: c for c in (s.conditions if s else ())} for s in steps]
        for name in dict.fromkeys([*conditions[0], *conditions[1]]):
            step = conditions[0].get(name) or conditions[1][name]
            yield (
                self.say("step_only", title=step.title[lang]),
                *_two(
                    condition_words(c[name].when, self.instrument, lang) if name in c else none
                    for c in conditions
                ),
            )
        yield from self._rules()
        triggers = [{t.event: t.review_within_days for t in p.triggers} for p in pair]
        for event in dict.fromkeys([*triggers[0], *triggers[1]]):
            yield (
                self.say("trigger", event=EVENT_LABELS[event][lang]),
                *_two(str(t.get(event, none)) for t in triggers),
            )

    def _often(self, contact: Contact | None) -> str:
        if contact is None:
            return self.say("none")
        return self.say("often", times=contact.times, days=contact.per_days)

    def _rules(self) -> Iterator[tuple[str, str, str]]:
        rules = [{r.id: r for r in p.rules} for p in (self.a, self.b)]
        for name in dict.fromkeys([*rules[0], *rules[1]]):
            one, other = rules[0].get(name), rules[1].get(name)
            title = (one or other or next(iter(self.a.rules))).title[self.lang]
            if one is None or other is None:
                yield (
                    self.say("rule_only", title=title),
                    *_two(self._whole(r) for r in (one, other)),
                )
                continue
            for key, told in (
                ("rule_when", [self._when(r) for r in (one, other)]),
                ("rule_then", [effect_words(r.effect, self.lang) for r in (one, other)]),
                ("rule_lasts", [self._lasts(r) for r in (one, other)]),
            ):
                yield (self.say(key, title=title), *_two(iter(told)))

    def _when(self, rule: Rule) -> str:
        return condition_words(rule.when, self.instrument, self.lang)

    def _lasts(self, rule: Rule) -> str:
        if rule.lasts is None:
            return self.say("none")
        return period_words(rule.lasts.period, STAY_SHARE, self.lang)

    def _whole(self, rule: Rule | None) -> str:
        if rule is None:
            return self.say("none")
        return f"{self._when(rule)} – {effect_words(rule.effect, self.lang)}"

    def _for_whom(self) -> Iterator[tuple[str, str, str]]:
        """Cases of every rule of both at every band, and how fast the best course goes."""
        seen: set[str] = set()
        for policy in self.policies:
            for rule in policy.document.rules:
                example = example_of(policy, rule)
                if example is None:
                    continue
                for band in Tier:
                    told = {k: v for k, v in example.told.items() if k != "band"}
                    name = self._told(told, band)
                    if name in seen:
                        continue
                    seen.add(name)
                    results = [run_case(p, told, band, day_in_force(p)) for p in self.policies]
                    if all(results):
                        yield (
                            name,
                            *_two(
                                r.ruling.tier.label[self.lang] for r in results if r is not None
                            ),
                        )
        if "start_date" not in self.instrument.by_id:
            return
        for months in TERMS_MONTHS:
            courses = [
                {m.tier: m.day for m in best_course(p, self.instrument, months)}
                for p in (self.a, self.b)
            ]
            for tier in (Tier.ORDINARY, Tier.RELAXED):
                yield (
                    self.say("reach", months=months, tier=tier.label[self.lang]),
                    *_two(self._day(course, tier) for course in courses),
                )

    def _told(self, told: dict[str, object], band: Tier) -> str:
        parts = [
            f"{label(name, self.instrument, self.lang)}{self.say('colon')}"
            f"{value_words(name, value, self.instrument, self.lang)}"
            for name, value in told.items()
            if ">" not in name
        ]
        parts.append(self.say("score_in", tier=band.label[self.lang]))
        return self.say("list").join(parts)

    def _day(self, course: dict[Tier, int], tier: Tier) -> str:
        day = min((d for t, d in course.items() if t.rank <= tier.rank), default=None)
        return self.say("never") if day is None else self.say("from_day", day=day)


def _two(words: Iterator[str]) -> tuple[str, str]:
    before, after = words
    return before, after


def policy_diff(
    a: PolicyDocument, b: PolicyDocument, instrument: Instrument, lang: Language
) -> str:
    """Say in words what changed between two policies, and for whom; in Markdown."""
    return "\n".join(Difference(a, b, instrument, lang).lines()).rstrip() + "\n"
