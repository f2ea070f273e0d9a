"""The slow way to what is not known and what would change it: try everything.

Nothing of `riskengine.explanation.missing`, `completions` or `changes` is used here. Whether
answers can stand together is asked of the instrument's own input check; the score comes from
`tests.support.naive`; law and rules are asked one person at a time.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any

from riskengine import Engine
from riskengine.errors import AssessmentError
from riskengine.explanation.judgement import legal_view
from riskengine.instrument.assessment import Assessment
from riskengine.policy.alerts import alert_hold, alert_states
from riskengine.policy.history import PastTier
from riskengine.policy.ruling import rule_on
from riskengine.policy.statutory import Case
from riskengine.policy.tiers import Tier
from tests.support import naive

CODES = ("not_asked", "refused", "unknown", "not_applicable")
CN_POOL = (
    "prior_convictions_n", "prior_supervision_failure", "employment_status", "offence_type",
    "antisocial_companions", "drug_use", "alcohol_problem", "impulsivity_anger", "age_at_start",
    "warnings_n", "ps_penalties_n", "admonitions_n", "last_appraisal", "special_category",
    "recidivist", "prior_custody", "schooling", "work_season", "work_attitude",
    "domestic_violence", "self_harm_flag",
)  # fmt: skip
"""What the shipped scorecard, the default policy and their cross-field rules look at."""


@dataclass(frozen=True)
class Outcome:
    """Score and tier as one pass gives them; ``tier`` is ``None`` without a policy."""

    score: int
    tier: Tier | None


class Slow:
    """One engine, asked about one set of answers at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.model = json.loads(engine.scorecard.document.model_dump_json(by_alias=True))

    def outcome(self, assessment: Assessment, on: date, history: list[PastTier]) -> Outcome | None:
        """Score and tier, or ``None`` where the law stops the engine."""
        engine = self.engine
        admitted = engine.checked(assessment, on)
        if legal_view(engine.law, admitted, on).stop is not None:
            return None
        score = naive.score(self.model, dict(admitted.complete))
        if engine.policy is None:
            return Outcome(score, None)
        assert engine.law is not None
        states = alert_states(
            engine.law.raised(Case(admitted, on)), (),
            known=[alert.id for alert in engine.law.alerts],
            assessed_on=admitted.assessed_on, on=on,
        )  # fmt: skip
        labels = {alert.id: alert.label for alert in engine.law.alerts}
        holds = alert_hold([labels[state.alert] for state in states if state.open])
        ruling = rule_on(engine.policy, admitted, score=score, on=on, history=history, holds=holds)
        return Outcome(score, ruling.tier)

    # ------------------------------------------------------------ what is not known

    def every_answer(self, item_id: str) -> list[object]:
        """Every answer that the instrument offers for an item."""
        item = self.engine.instrument.by_id[item_id]
        if item.type == "boolean":
            return [True, False]
        if item.type == "integer":
            return list(range(int(item.minimum), int(item.maximum) + 1))
        return list(item.level_ids)

    def size(self, items: list[str]) -> int:
        """Joint answers to some items, valid or not."""
        n = 1
        for item in items:
            n *= len(self.every_answer(item))
        return n

    def completions(
        self, raw: Mapping[str, Any], items: list[str]
    ) -> Iterator[tuple[Mapping[str, object], Assessment]]:
        """Every valid completion: not applicable only where no answer is accepted."""
        free = [item for item in items if self.engine.instrument.by_id[item].applicable is None]
        bound = [item for item in items if item not in free]
        for chosen in product(*(self.every_answer(item) for item in free)):
            given = dict(zip(free, chosen, strict=True))
            options = []
            for item in bound:
                others = dict.fromkeys(bound, "not_applicable")
                accepted = [
                    answer
                    for answer in self.every_answer(item)
                    if self._accepted(raw, {**given, **others, item: answer}) is not None
                ]
                options.append(accepted or ["not_applicable"])
            for rest in product(*options):
                answers = {**given, **dict(zip(bound, rest, strict=True))}
                found = self._accepted(raw, answers)
                if found is not None:
                    yield answers, found

    def _accepted(
        self, raw: Mapping[str, Any], answers: Mapping[str, object]
    ) -> Assessment | None:
        whole = {**raw, "answers": {**raw["answers"], **answers}}
        try:
            return Assessment.from_dict(whole, self.engine.instrument)
        except AssessmentError:
            return None

    # ------------------------------------------------------------ what would change it

    def lower(
        self, raw: Mapping[str, Any], answers: Mapping[str, object], on: date,
        history: list[PastTier], than: Tier,
    ) -> Outcome | None:  # fmt: skip
        """What comes of other answers on a day, where it is a lower tier."""
        found = self._accepted(raw, answers)
        if found is None:
            return None
        outcome = self.outcome(found, on, history)
        if outcome is None or outcome.tier is None or outcome.tier.rank >= than.rank:
            return None
        return outcome


def blanked(
    slow: Slow, raw: Mapping[str, Any], pool: tuple[str, ...], rng: random.Random, most: int
) -> tuple[dict[str, Any], list[str]]:
    """Take 0 to 6 answers out, with every code for it, so few that all can be tried."""
    answers = dict(raw["answers"])
    # what was open from the start stays open with its code
    already = [
        item for item in pool
        if _is_code(given := answers.get(item, "not_asked"))
        and (given != "not_applicable" or _always_applies(slow, item))
    ]  # fmt: skip
    # a quick form leaves more open than can be tried: the widest questions get an answer
    while slow.size(already) > most:
        widest = max(already, key=lambda item: len(slow.every_answer(item)))
        already.remove(widest)
        answers[widest] = rng.choice(slow.every_answer(widest))
    asked = [item for item in pool if not _is_code(answers.get(item, "not_asked"))]
    items = rng.sample(asked, rng.randint(0, 6))
    while items and slow.size([*items, *already]) > most:
        items.remove(max(items, key=lambda item: len(slow.every_answer(item))))
    for item in items:
        code = rng.choice(CODES)
        if code == "not_asked" and rng.random() < 0.5:
            answers.pop(item, None)
        else:
            answers[item] = code
    return {**raw, "answers": answers}, [*items, *already]


def _is_code(answer: object) -> bool:
    return isinstance(answer, str) and answer in CODES


def _always_applies(slow: Slow, item: str) -> bool:
    return slow.engine.instrument.by_id[item].applicable is None


@dataclass
class Tally:
    """What was compared, and what differed."""

    people: int = 0
    compared: int = 0
    exact: int = 0
    completions: int = 0
    settling: int = 0
    wrong: list[str] | None = None

    def __post_init__(self) -> None:
        self.wrong = []


def check_range(
    slow: Slow, raw: Mapping[str, Any], items: list[str], on: date, history: list[PastTier],
    tally: Tally,
) -> None:  # fmt: skip
    """Compare the range of one person with all valid completions."""
    engine = slow.engine
    assert tally.wrong is not None
    tally.people += 1
    try:
        assessment = engine.assessment(raw)
    except AssessmentError:
        return  # what was left does not stand together without what was taken out
    found = engine.recommend(assessment, on=on, history=history)
    if found.score is None:
        return
    outcomes = []
    by_answer: dict[tuple[str, object], set[Tier | None]] = {}
    for answers, completed in slow.completions(raw, items):
        outcome = slow.outcome(completed, on, history)
        tally.completions += 1
        if outcome is None:
            continue
        outcomes.append(outcome)
        for item, answer in answers.items():
            by_answer.setdefault((item, answer), set()).add(outcome.tier)
    if not outcomes:
        return
    tally.compared += 1
    scores = [one.score for one in outcomes]
    ranks = [one.tier.rank for one in outcomes if one.tier is not None]
    truth = (
        min(scores), max(scores),
        Tier.at(min(ranks)) if ranks else None, Tier.at(max(ranks)) if ranks else None,
    )  # fmt: skip
    missing = found.missing
    if missing is None:
        tier = slow.outcome(assessment, on, history).tier
        told = (found.score.value, found.score.value, tier, tier)
        exact = True
    else:
        told = (missing.score_low, missing.score_high, missing.tier_low, missing.tier_high)
        exact = missing.exact
    tally.exact += exact
    if exact and told != truth:
        tally.wrong.append(f"{raw['person']} {items}: {told} is not {truth}")
    if not exact and not (
        told[0] <= truth[0] and told[1] >= truth[1]
        and (not ranks or (told[2].rank <= min(ranks) and told[3].rank >= max(ranks)))
    ):  # fmt: skip
        tally.wrong.append(f"{raw['person']} {items}: {told} does not hold {truth}")
    if missing is not None and exact and ranks and missing.next_item is not None:
        left = [len(tiers) for (item, _), tiers in by_answer.items() if item == missing.next_item]
        if not left:
            tally.wrong.append(f"{raw['person']} {items}: asks for {missing.next_item}")
            return
        settles = truth[2] is not truth[3] and max(left) == 1
        tally.settling += settles
        if settles is not missing.settles:
            tally.wrong.append(f"{raw['person']} {items}: settles is {missing.settles}")


@dataclass
class Changes:
    """What was tried of the sets of changes, and what differed."""

    people: int = 0
    sets: int = 0
    tried: int = 0
    states: dict[str, int] | None = None
    wrong: list[str] | None = None

    def __post_init__(self) -> None:
        self.states, self.wrong = {}, []


def check_changes(
    slow: Slow, raw: Mapping[str, Any], on: date, history: list[PastTier], tally: Changes,
    *, smaller: bool,
) -> None:  # fmt: skip
    """Run the engine on every set; with ``smaller``, also on all sets that were not given."""
    engine = slow.engine
    assert tally.wrong is not None and tally.states is not None
    assessment = engine.checked(engine.assessment(raw), on)
    explained = engine.explain(assessment, on=on, history=history)
    found = explained.changes
    tally.people += 1
    tally.states[found.state] = tally.states.get(found.state, 0) + 1
    outcome = slow.outcome(assessment, on, history)
    if outcome is None or outcome.tier is None:
        if found.state != "no_tier":
            tally.wrong.append(f"{raw['person']}: {found.state} without a tier")
        return
    after = [*history, PastTier(outcome.tier, on)]
    items = engine.instrument.by_id
    policy = engine.policy
    assert policy is not None
    end, start = assessment.known.get("end_date"), assessment.known.get("start_date")
    term = (end - start).days if isinstance(end, date) and isinstance(start, date) else None
    review_days = policy.review_days(outcome.tier, term)
    others = {
        item: list(
            engine._plausible.others(
                item, answer, on=on, assessed_on=assessment.assessed_on, review_days=review_days
            )
        )
        for item, answer in assessment.known.items()
        if item in items
    }
    given: list[dict[str, Any]] = []
    for one in found.sets:
        tally.sets += 1
        chosen = {}
        for change in one.changes:
            chosen[change.item] = next(
                other for other in others[change.item] if other.earliest == change.earliest
                and change.then in str(_label(items[change.item], other.answer))
            )  # fmt: skip
        given.append(chosen)
        answers = {item: other.answer for item, other in chosen.items()}
        whole = {**raw, "answers": {**raw["answers"], **answers}}
        again = engine.recommend(engine.assessment(whole), on=one.earliest, history=after)
        tiers = [view.tier for view in again.tiers]
        if not tiers or one.tier.tier not in tiers or one.tier.tier.rank >= outcome.tier.rank:
            tally.wrong.append(f"{raw['person']}: {answers} on {one.earliest} gives {tiers}")
        if again.score is None or again.score.value != one.score:
            tally.wrong.append(f"{raw['person']}: {answers} has another score")
        if any(one.earliest < other.earliest for other in chosen.values()):
            tally.wrong.append(f"{raw['person']}: {answers} too early")
    if not smaller or outcome.tier is Tier.RELAXED:
        return
    review = on + timedelta(days=review_days)
    last = end if isinstance(end, date) and end >= on else on + timedelta(days=1098)
    alerting = {item for alert in explained.recommendation.alerts for item in alert.items}
    reads = set(engine.scorecard.document.items) | {"last_appraisal"}
    flat = [
        other for item, some in others.items() if item in reads - alerting
        for other in some if other.earliest <= last
    ]  # fmt: skip
    for size in range(4):
        for some in combinations(flat, size):
            chosen = {other.item: other for other in some}
            if len(chosen) < size or any(_no_more(small, chosen) for small in given):
                continue
            begins = max([review, *(other.earliest for other in some)])
            answers = {other.item: other.answer for other in some}
            day = begins
            while day <= last:
                tally.tried += 1
                if slow.lower(raw, answers, day, after, outcome.tier) is not None:
                    tally.wrong.append(f"{raw['person']}: {answers} on {day} was not given")
                    break
                day += timedelta(days=45)
    for one, chosen in zip(found.sets, given, strict=True):
        begins = max([review, *(other.earliest for other in chosen.values())])
        answers = {item: other.answer for item, other in chosen.items()}
        before = one.earliest - timedelta(days=1)
        if before >= begins and slow.lower(raw, answers, before, after, outcome.tier):
            tally.wrong.append(f"{raw['person']}: {answers} holds before {one.earliest}")
        for item in chosen:
            rest = {i: other for i, other in answers.items() if i != item}
            if slow.lower(raw, rest, one.earliest, after, outcome.tier) is not None:
                tally.wrong.append(f"{raw['person']}: {answers} is more than needed")


def _no_more(small: Mapping[str, Any], large: Mapping[str, Any]) -> bool:
    return all(
        item in large and (large[item].answer == one.answer or one.step < large[item].step)
        for item, one in small.items()
    )


def _label(item: Any, answer: object) -> str:
    if isinstance(answer, bool):
        return "是" if answer else "否"
    return item.level(str(answer)).label.zh if item.levels else f"{answer:g}"


def cn_person(
    assessment: Assessment, rng: random.Random
) -> tuple[dict[str, Any], date, list[PastTier]]:
    """A synthetic person some days after the assessment, half of them with an earlier tier."""
    on = assessment.assessed_on + timedelta(days=rng.randint(0, 150))
    history = []
    if rng.random() < 0.5:
        days = rng.randint(0, (on - assessment.assessed_on).days)
        history.append(PastTier(rng.choice(list(Tier)), on - timedelta(days=days)))
    return assessment.to_dict(), on, history
