"""What would change the tier: what is looked at on the way to a lower one. Never a promise.

Of the answers that a person could plausibly give by a day, the smallest sets are sought with which
the engine would recommend a lower tier on that day, the present recommendation having been
followed in between: one step at a time, after the minimum stay. Every set is confirmed by scoring
and ruling on it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations

from riskengine.explanation.answers import answer_words, written_day
from riskengine.explanation.compose import Composer
from riskengine.explanation.document import Change, ChangeSet, WhatWouldChange
from riskengine.explanation.missing import with_answers
from riskengine.explanation.plausible import Another, Plausible
from riskengine.explanation.questions import Space, space_of
from riskengine.explanation.rules import citation_words
from riskengine.explanation.scores import tier_view
from riskengine.instrument.assessment import Assessment
from riskengine.policy.alerts import AlertTask
from riskengine.policy.compiled import BAND_RULE, Policy
from riskengine.policy.facts import END_ITEM
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.ruling import (
    Hold,
    Ruling,
    Situation,
    known,
    rule_in,
    runs_out,
    sanction_state,
    situation,
    stay_until,
)
from riskengine.policy.statutory import Case
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Recommendation

MOST_CHANGES = 3
"""Changes in one set; more at once would describe another person."""
_HORIZON = timedelta(days=3 * 366)

Set = tuple[Another, ...]


def what_would_change(
    composer: Composer,
    assessment: Assessment,
    recommendation: Recommendation,
    ruling: Ruling | None,
    *,
    on: date,
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
    tasks: Sequence[AlertTask] = (),
) -> WhatWouldChange:
    """Find all smallest sets of at most three changes that lead to a lower tier, and when.

    A set is smallest where no part of it does, and no nearer answer to one of its items does. Its
    day is the first, from the next scheduled review on, on which every answer of the set could
    hold and rules, minimum stay and sanctions let the tier go down. Where time alone does it,
    there is one set without a change.

    Parameters
    ----------
    recommendation, ruling
        What the engine said of this assessment with the same arguments.
    """
    say, policy = composer.say, composer.policy
    if ruling is None or policy is None or recommendation.score is None:
        return _nothing("no_tier", say("changes_no_tier"))
    if ruling.tier is Tier.RELAXED:
        return _nothing("lowest", say("changes_lowest"))
    alerting = {item for alert in recommendation.alerts for item in alert.items}
    ahead = Ahead(
        composer=composer,
        policy=policy,
        assessment=assessment,
        score=recommendation.score.value,
        ruling=ruling,
        on=on,
        after=(*history, PastTier(ruling.tier, on)),
        events=events,
        tasks=tasks,
        space=space_of(composer.scorecard, policy, standing=True),
    )
    binds = ruling.binding.id != BAND_RULE
    rule = ""
    if binds:
        rule = say(
            "changes_rule_binds",
            title=ruling.binding.title[say.lang],
            citation=citation_words(ruling.binding.citation, say),
        )
    by_time = ahead.confirmed(())
    if by_time is not None:
        day, score, tier = by_time
        label = tier.label[say.lang]
        words = _said(say("changes_time", day=written_day(day, say), tier=label), rule)
        alone = ChangeSet(changes=(), score=score, tier=tier_view(tier, say), earliest=day)
        return WhatWouldChange(state="rule", largest=MOST_CHANGES, sets=(alone,), words=words)
    others = ahead.others(composer.plausible or Plausible(assessment.instrument), alerting)
    sets = [_view(composer, assessment, chosen, found) for chosen, found in ahead.smallest(others)]
    sets.sort(key=lambda one: (len(one.changes), one.earliest))
    if sets:
        words = _said(say("changes_sets"), rule)
        return WhatWouldChange(state="sets", largest=MOST_CHANGES, sets=tuple(sets), words=words)
    if binds and not ahead.score_could():
        return _nothing("rule", _said(say("changes_rule"), rule))
    return _nothing("none", _said(say("changes_none"), rule))


def _nothing(state: str, words: str) -> WhatWouldChange:
    return WhatWouldChange.model_validate(
        {"state": state, "largest": MOST_CHANGES, "sets": (), "words": words}
    )


def _said(first: str, second: str) -> str:
    if not second:
        return first
    return first + second if first.endswith("。") else f"{first} {second}"


Found = tuple[date, int, Tier]


def _view(composer: Composer, assessment: Assessment, chosen: Set, found: Found) -> ChangeSet:
    say, by_id = composer.say, assessment.instrument.by_id
    day, score, tier = found
    return ChangeSet(
        changes=tuple(
            Change(
                item=one.item,
                label=by_id[one.item].label[say.lang],
                now=answer_words(by_id[one.item], assessment.answers[one.item], say),
                then=answer_words(by_id[one.item], one.answer, say),
                earliest=one.earliest,
            )
            for one in chosen
        ),
        score=score,
        tier=tier_view(tier, say),
        earliest=day,
    )


@dataclass
class Ahead:
    """The days ahead of one person, and what rules make of a band on each of them."""

    composer: Composer
    policy: Policy
    assessment: Assessment
    score: int
    ruling: Ruling
    on: date
    after: tuple[PastTier, ...]
    events: Sequence[PastEvent] | None
    tasks: Sequence[AlertTask]
    space: Space
    _bands: dict[tuple[Set, date], tuple[Tier, ...]] = field(default_factory=dict)
    _situations: dict[date, Situation] = field(default_factory=dict)
    _held: dict[date, Sequence[Hold]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.review_days = self.policy.review_days(self.ruling.tier, self.ruling.situation.term)
        self.review = self.on + timedelta(days=self.review_days)
        end = self.assessment.known.get(END_ITEM)
        self.last = self.on + _HORIZON
        if isinstance(end, date) and end >= self.on:
            self.last = end
        self.days = tuple(self._days())
        self.entangled = frozenset(item for items in self.space.shared for item in items)
        cuts = self.policy.cut_offs
        self.possible = [band for band in Tier if band.rank <= cuts.band(self.score).rank]

    # ---------------------------------------------------------------- days

    def _days(self) -> Iterator[date]:
        """The next review, and the later days on which a rule, a stay or a sanction runs out."""
        if self.review > self.last:
            return
        yield self.review
        here = self._situation(self.review)
        later: list[date | None] = [
            here.initial_until,
            stay_until(self.policy, here, self.ruling.tier),
            sanction_state(self.policy, here).until,
        ]
        for one in self.policy.rules:
            later.append(runs_out(one.rule.lasts, here))
            if one.rule.valid_to is not None:
                later.append(one.rule.valid_to + timedelta(days=1))
        facts = known(here, None)
        for fact, bound in self.space.fact_bounds:
            value = facts.get(fact)
            if isinstance(value, int):
                # the days to the end grow fewer, every other count of days grows
                left = value - bound if fact == "days_to_end" else bound - value
                later += [self._after(left), self._after(left + 1)]
        yield from sorted(
            {day for day in later if day is not None and self.review < day <= self.last}
        )

    def _after(self, days: int) -> date | None:
        """So many days after the review, where that is ahead."""
        near = 0 < days <= (self.last - self.review).days
        return self.review + timedelta(days=days) if near else None

    def _situation(self, day: date) -> Situation:
        found = self._situations.get(day)
        if found is None:
            found = self._situations[day] = situation(
                self.policy, self.assessment, on=day, history=self.after, events=self.events
            )
        return found

    def _holds(self, day: date) -> Sequence[Hold]:
        found = self._held.get(day)
        if found is None:
            found = self._held[day] = self.composer.holds(self.assessment, self.tasks, day)
        return found

    # ---------------------------------------------------------------- what rules make of it

    def bands(self, ruled: Set, day: date) -> tuple[Tier, ...]:
        """Bands with which the tier would be lower on a day, by answers that rules read."""
        found = self._bands.get((ruled, day))
        if found is None:
            here, held = self._situation(day), self._holds(day)
            if ruled:
                here = replace(here, assessment=self._with(ruled))
            now = self.ruling.tier.rank
            found = self._bands[ruled, day] = tuple(
                band
                for band in self.possible
                if rule_in(self.policy, here, band, held).tier.rank < now
            )
        return found

    def score_could(self) -> bool:
        """Whether any score could lower the tier on one of the days, answers being the same."""
        return any(self.bands((), day) for day in self.days)

    def first_day(self, chosen: Set, score: int) -> date | None:
        """First day on which a set and its score lead to a lower tier."""
        ruled = tuple(one for one in chosen if one.item in self.space.moving)
        band = self.policy.cut_offs.band(score)
        begins = max((one.earliest for one in chosen), default=self.review)
        begins = max(begins, self.review)
        if begins > self.last:
            return None
        for day in (begins, *(day for day in self.days if day > begins)):
            if band in self.bands(ruled, day):
                return day
        return None

    def _with(self, chosen: Set) -> Assessment:
        return with_answers(self.assessment, tuple((one.item, one.answer) for one in chosen))

    # ---------------------------------------------------------------- the search

    def others(self, plausible: Plausible, leave: set[str]) -> list[tuple[Another, int]]:
        """Other answers that could matter by the end of the term, with what they do to the score.

        Parameters
        ----------
        leave
            Items behind a safety alert: a danger is dealt with, and is no way to a lower tier.
        """
        found = []
        for item in self.space.sources:
            if item in leave or item not in self.assessment.known:
                continue
            for one in plausible.others(
                item,
                self.assessment.known[item],
                on=self.on,
                assessed_on=self.assessment.assessed_on,
                review_days=self.review_days,
            ):
                if one.earliest > self.last:
                    continue
                change = self._change(one)
                if change < 0 or item in self.space.moving or item in self.entangled:
                    found.append((one, change))
        return found

    def _change(self, one: Another) -> int:
        """What one answer does to the score, the others being the same."""
        if one.item in self.entangled or one.item not in self.space.single:
            return self.scored((one,)) - self.score
        answers = self.assessment.complete
        return sum(
            int(cells[encode(one.answer)]) - int(cells[encode(answers[one.item])])
            for encode, cells in self.space.single[one.item]
        )

    def scored(self, chosen: Set) -> int:
        """Score with a set of changes, by the scorecard itself."""
        card = self.composer.scorecard
        parts = card.term_parts(card.encode([self._with(chosen).complete]))
        return int(card.scores(parts)[0])

    def smallest(self, others: Sequence[tuple[Another, int]]) -> Iterator[tuple[Set, Found]]:
        """All smallest sets, each confirmed whole."""
        found: list[Set] = []
        for size in range(1, MOST_CHANGES + 1):
            for chosen, score in self._candidates(others, size):
                if any(_within(smaller, chosen) for smaller in found):
                    continue
                whole = self._confirm(chosen, score)
                if whole is not None:
                    found.append(chosen)
                    yield chosen, whole

    def _candidates(
        self, others: Sequence[tuple[Another, int]], size: int
    ) -> list[tuple[Set, int]]:
        """Sets of a size that may lead to a lower tier, the nearest answers first."""
        moving, entangled = self.space.moving, self.entangled
        reachable = {band for day in self.days for band in self.bands((), day)}
        band = self.policy.cut_offs.band
        kept = []
        for some in combinations(others, size):
            items = {one.item for one, _ in some}
            if len(items) < size:
                continue
            if not entangled.isdisjoint(items) and len(items) > 1:
                score = self.scored(tuple(one for one, _ in some))
            else:
                score = self.score + sum(change for _, change in some)
            # a score that no rule-free day lets through needs a change that rules read
            if band(score) in reachable or not moving.isdisjoint(items):
                kept.append((tuple(one for one, _ in some), score))
        kept.sort(key=lambda one: sum(other.step for other in one[0]))
        return kept

    def _confirm(self, chosen: Set, score: int) -> Found | None:
        """The set scored and ruled on whole, where it is a valid answer to the instrument."""
        if self.first_day(chosen, score) is None or not self._valid(chosen):
            return None
        return self.confirmed(chosen)

    def confirmed(self, chosen: Set) -> Found | None:
        """Day, score and tier of a set, by scoring and ruling on it whole."""
        score = self.scored(chosen) if chosen else self.score
        day = self.first_day(chosen, score)
        if day is None:
            return None
        here = situation(
            self.policy, self._with(chosen), on=day, history=self.after, events=self.events
        )
        band = self.policy.cut_offs.band(score)
        tier = rule_in(self.policy, here, band, self._holds(day)).tier
        return (day, score, tier) if tier.rank < self.ruling.tier.rank else None

    def _valid(self, chosen: Set) -> bool:
        """Whether the instrument accepts the answers and the law lets a score stand with them."""
        changed = self._with(chosen)
        answers: Mapping[str, object] = changed.known
        for one in chosen:
            for rule in self.space.constraints_of.get(one.item, ()):
                truth = rule.test(answers)
                if rule.applies_to is None:
                    if truth is True:
                        return False
                elif truth is False and rule.applies_to in answers:
                    return False
        law = self.composer.law
        return law is None or not law.stops(Case(changed, self.on))


def _within(smaller: Set, larger: Set) -> bool:
    """Whether a set asks for no more than another one."""
    by_item = {one.item: one for one in larger}
    return all(
        (other := by_item.get(one.item)) is not None
        and (other.answer == one.answer or one.step < other.step)
        for one in smaller
    )
