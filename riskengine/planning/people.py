"""A caseload as a policy sees it: everybody's score, and the tier that follows from each band."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from riskengine.engine import Engine
from riskengine.errors import UseError
from riskengine.explanation.judgement import legal_view
from riskengine.instrument.assessment import Assessment
from riskengine.planning.register import Registered
from riskengine.planning.variants import steady, undated
from riskengine.policy.compiled import Policy
from riskengine.policy.facts import END_ITEM
from riskengine.policy.history import PastTier
from riskengine.policy.ruling import review_on, rule_on
from riskengine.policy.tiers import Tier
from riskengine.recommendation import Status

Integers = NDArray[np.int64]

NO_OFFICE = "?"
"""People whose office is not known stand under this name, never under another office."""
OFFICE_ITEM = "delegation_office"
_NO_SCORE = ("refuse", "separate_profile")


@dataclass(frozen=True)
class Person:
    """One person of a caseload under one policy.

    Attributes
    ----------
    tiers
        What is recommended: one tier, two defensible ones, or none.
    ruled
        The tier that score and rules give on the day, also where two are defensible.
    by_band
        Rank of the tier on the day for each band of the score (relaxed, ordinary, strict).
    band
        Rank of the band in which the score lies.
    steady
        The same without the initial period.
    past
        The tier that a named person decided, where the register tells.
    next_review
        Day of the next review of the tier in force, where the register tells one.
    fresh_until
        Last day on which the assessment is recent enough for a recommendation: when a review at
        the tier in force would have been due; at the tier that is reviewed least, where none is
        in force. It never depends on the score, so that no cut-off makes an assessment stale.
    """

    id: str
    office: str
    assessment: Assessment
    status: Status
    tiers: tuple[Tier, ...]
    ruled: Tier | None
    binding: str | None
    score: int | None
    band: int | None
    by_band: tuple[int, int, int] | None
    steady: tuple[int, int, int] | None
    past: PastTier | None
    next_review: date | None
    fresh_until: date
    term_end: date | None
    alerts: tuple[str, ...]

    def stale(self, on: date) -> bool:
        """Whether the assessment is too old to say anything about the person today."""
        return self.fresh_until < on and not self.over(on)

    def over(self, on: date) -> bool:
        """Whether the person's term has ended."""
        return self.term_end is not None and self.term_end < on

    def open_to(self, on: date) -> bool:
        """Whether a policy can say anything about the person today."""
        return not self.over(on) and not self.stale(on)


@dataclass(frozen=True)
class Caseload:
    """Everybody, under one policy, on one day."""

    engine: Engine
    on: date
    people: tuple[Person, ...]

    @property
    def policy(self) -> Policy:
        """The policy."""
        assert self.engine.policy is not None
        return self.engine.policy

    @cached_property
    def placed(self) -> tuple[Person, ...]:
        """People under supervision for whom there is a tier on an assessment not too old."""
        return tuple(
            one for one in self.people if one.by_band is not None and one.open_to(self.on)
        )

    @cached_property
    def scores(self) -> Integers:
        """Scores of `placed`."""
        return np.array([one.score for one in self.placed], dtype=np.int64)

    @cached_property
    def by_band(self) -> Integers:
        """Ranks of `placed` for each band; shape (people, 3)."""
        return np.array([one.by_band for one in self.placed], dtype=np.int64).reshape(-1, 3)

    @cached_property
    def steady(self) -> Integers:
        """The same without the initial period."""
        return np.array([one.steady for one in self.placed], dtype=np.int64).reshape(-1, 3)


def caseload(
    engine: Engine,
    assessments: Iterable[Assessment],
    *,
    on: date,
    register: Mapping[str, Registered] | None = None,
) -> Caseload:
    """Ask the engine about everybody.

    Parameters
    ----------
    assessments
        One a person, the newest.
    register
        Offices and decided tiers; without it the office is the item ``delegation_office``.

    Raises
    ------
    UseError
        Where a person stands there twice, or the engine has no policy.
    """
    if engine.policy is None:
        raise UseError("a plan needs a policy; research mode has none")
    settled = steady(engine.policy, engine)
    people: list[Person] = []
    seen: set[str] = set()
    for assessment in assessments:
        if assessment.person in seen:
            raise UseError(
                f"person [{assessment.person}] has two assessments in the caseload: give the "
                "newest alone"
            )
        seen.add(assessment.person)
        line = (register or {}).get(assessment.person)
        people.append(_person(engine, engine.policy, settled, assessment, on, line))
    return Caseload(engine, on, tuple(people))


def _person(
    engine: Engine,
    policy: Policy,
    settled: Policy,
    assessment: Assessment,
    on: date,
    line: Registered | None,
) -> Person:
    past = None if line is None else line.past
    history = () if past is None else (past,)
    found = engine.recommend(assessment, on=on, history=history)
    office = assessment.known.get(OFFICE_ITEM)
    end = assessment.known.get(END_ITEM)
    ruled = by_band = later = None
    if found.score is not None and found.tiers:
        score = found.score.value
        ruled = rule_on(policy, assessment, score=score, on=on, history=history).tier
        by_band = _by_band(policy, assessment, on, history)
        later = _by_band(settled, assessment, on, history)
    return Person(
        id=assessment.person,
        office=line.office if line is not None else (str(office) if office else NO_OFFICE),
        assessment=assessment,
        status=found.status,
        tiers=tuple(view.tier for view in found.tiers),
        ruled=ruled,
        binding=found.binding_rule.id if found.binding_rule else None,
        score=None if found.score is None else found.score.value,
        band=None if found.score is None else policy.cut_offs.band(found.score.value).rank,
        by_band=by_band,
        steady=later,
        past=past,
        next_review=None
        if past is None or line is None or line.reviewed is None
        else review_on(policy, assessment, past.tier, on=line.reviewed),
        fresh_until=max(
            review_on(policy, assessment, tier, on=assessment.assessed_on)
            for tier in (Tier if past is None else (past.tier,))
        ),
        term_end=end if isinstance(end, date) else None,
        alerts=tuple(alert.id for alert in found.alerts),
    )


def _by_band(
    policy: Policy, assessment: Assessment, on: date, history: Sequence[PastTier]
) -> tuple[int, int, int]:
    """Rank of the tier, were the score in each of the bands."""
    low, middle, high = (
        rule_on(
            policy, assessment, score=policy.cut_offs.score_in(band), on=on, history=history
        ).tier.rank
        for band in Tier
    )
    if not low <= middle <= high:
        raise UseError(
            f"policy [{policy.document.id}] gives [{assessment.person}] a lower tier for a higher "
            "band: no cut-off can be planned with it"
        )
    return low, middle, high


@dataclass(frozen=True)
class Scored:
    """People of the past as a policy would see them at their assessment.

    Attributes
    ----------
    at
        Places in what was given, of those whom the law lets the engine score.
    steady
        Ranks of their tiers for each band, past the initial period and with no history.
    """

    at: tuple[int, ...]
    scores: Integers
    steady: Integers


def score_past(engine: Engine, assessments: Sequence[Assessment], *, on: date) -> Scored:
    """Score people of the past under the policy of a planning day."""
    assert engine.policy is not None
    policy = undated(engine.policy, engine, on)
    at = tuple(
        n
        for n, one in enumerate(assessments)
        if not any(
            finding.consequence in _NO_SCORE
            for finding in legal_view(engine.law, one, one.assessed_on).findings
        )
    )
    chosen = [engine.checked(assessments[n], assessments[n].assessed_on) for n in at]
    card = engine.scorecard
    scores = card.scores(card.term_parts(card.encode(one.complete for one in chosen)))
    bands = [_by_band(policy, one, one.assessed_on, ()) for one in chosen]
    return Scored(at, scores, np.array(bands, dtype=np.int64).reshape(-1, 3))
