"""Everything behind one recommendation, for the three people who read it.

Format ``riskengine/explanation/1``. The recommendation is in it as the engine gave it; what stands
beside it is derived from the same score and the same rules, and adds no opinion.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

from datetime import date
from typing import Literal

from pydantic import BaseModel

from riskengine.errors import Language
from riskengine.recommendation import AnswerView, Nanos, Need, Recommendation, TierView
from riskengine.text import FROZEN

FORMAT = "riskengine/explanation/1"


class Reason(BaseModel):
    """What one item did to this score, against the reference population.

    Attributes
    ----------
    direction
        Which way it moved the score; ``none`` for a question without an answer, whatever its
        number: an open question is neither good nor bad.
    contribution
        Exact Shapley value in units of the item view (`ItemView.denominator` make one of score).
    points
        The same in points to nine decimals, where the scorecard is in points.
    log_odds
        The same in log-odds to six decimals.
    percentage_points
        The same in points of risk, where the scale is calibrated.
    words
        One plain sentence for the officer, with no number that the officer cannot check.
    told
        The same for the person: no number, no label, no source.
    """

    model_config = FROZEN
    item: str
    label: str
    domain: str
    answer: AnswerView
    direction: Literal["raises", "lowers", "none"]
    changeable: bool
    contribution: int
    points: Nanos | None
    log_odds: float
    percentage_points: Nanos | None
    words: str
    told: str


class DomainReasons(BaseModel):
    """The reasons of one domain and their sum; the domain that moves most comes first."""

    model_config = FROZEN
    domain: str
    label: str
    contribution: int
    reasons: tuple[Reason, ...]


class Reasons(BaseModel):
    """What moved the score, and what the rules then did.

    In every view the baseline and the reasons add up to the score exactly: in units of the item
    view, in points to nine decimals, in log-odds to six, in points of risk to nine.

    Attributes
    ----------
    reference
        Who the score is compared with, in words.
    denominator, baseline
        As in `ItemView`; the baseline is the mean score of the reference population.
    baseline_points, baseline_log_odds, baseline_risk
        The baseline in the other views, where the scorecard has them.
    score_said, rules_did
        "The score says ordinary." and "The first weeks make it strict (rule, article); without
        it: ordinary from DATE." The second is empty where no rule had a say.
    """

    model_config = FROZEN
    reference: str
    denominator: int
    baseline: int
    baseline_points: Nanos | None
    baseline_log_odds: float
    baseline_risk: Nanos | None
    domains: tuple[DomainReasons, ...]
    score_said: str
    rules_did: str


class Change(BaseModel):
    """Another answer to one changeable item.

    Attributes
    ----------
    earliest
        First day on which that answer could hold.
    """

    model_config = FROZEN
    item: str
    label: str
    now: str
    then: str
    earliest: date


class ChangeSet(BaseModel):
    """A smallest set of changes after which the engine would recommend a lower tier."""

    model_config = FROZEN
    changes: tuple[Change, ...]
    score: int
    tier: TierView
    earliest: date


class WhatWouldChange(BaseModel):
    """What is looked at on the way to a lower tier. Never a promise.

    Attributes
    ----------
    state
        ``sets``: there are some. ``lowest``: already the lowest tier. ``rule``: a rule binds and
        no answer of the person alone lifts it. ``none``: no plausible change of at most
        ``largest`` items does. ``no_tier``: nothing was recommended.
    words
        The sentence that belongs before the sets: conditions that are looked at, associations.
    """

    model_config = FROZEN
    state: Literal["sets", "lowest", "rule", "none", "no_tier"]
    largest: int
    sets: tuple[ChangeSet, ...]
    words: str


class RareAnswer(BaseModel):
    """An answer that few people, or nobody, gave where the numbers come from."""

    model_config = FROZEN
    item: str
    label: str
    answer: str
    share: float | None
    words: str


class HowSure(BaseModel):
    """How much the recommendation can carry, in words and in the numbers behind them.

    Attributes
    ----------
    to_lower, to_higher
        Score units to the nearest score of the band below and above.
    people_like
        People of the cohort near this score; ``None`` without a cohort or below 20 of them.
    """

    model_config = FROZEN
    stability: str
    edge: str
    to_lower: int | None
    to_higher: int | None
    people_like: int | None
    like_words: str
    rare: tuple[RareAnswer, ...]
    validation: str
    frequency: str | None
    both_tiers: str | None


class Withheld(BaseModel):
    """One answer that some readers are not shown, with the ground; for the record, not for them.

    Attributes
    ----------
    readers
        Outputs that it was kept from.
    """

    model_config = FROZEN
    item: str
    label: str
    disclosure: Literal["confidential", "third_party"]
    ground: str
    citation: str
    readers: tuple[Literal["person", "referral", "export"], ...]


class PersonReason(BaseModel):
    """One reason as the person reads it."""

    model_config = FROZEN
    label: str
    told: str
    changeable: bool


class OpenView(BaseModel):
    """What may leave the office: everything here stands on open answers alone.

    It is what would have been said had nobody asked the questions behind ``closed``; the person's
    notice and a referral are made of this, so that neither can give such an answer away.

    Attributes
    ----------
    closed
        Items, answered or not, whose answers some readers are not shown.
    rules_did
        As in `Reasons`, or a neutral sentence where the rule rests on a closed answer.
    held
        That information is held and a review can be asked for; ``None`` where none is held.
    unanswered
        Labels of open scored questions without an answer.
    looked_at
        What can change and is looked at at the next review.
    """

    model_config = FROZEN
    closed: tuple[str, ...]
    headline: str
    about: str
    rules_did: str
    raises: tuple[PersonReason, ...]
    lowers: tuple[PersonReason, ...]
    held: str | None
    unanswered: tuple[str, ...]
    looked_at: tuple[str, ...]
    how_sure: str
    needs: tuple[Need, ...]
    rights: tuple[str, ...]
    cautions: tuple[str, ...]


class Explanation(BaseModel):
    """A recommendation and everything behind it."""

    model_config = FROZEN
    format: Literal["riskengine/explanation/1"]
    lang: Language
    recommendation: Recommendation
    reasons: Reasons | None
    changes: WhatWouldChange
    how_sure: HowSure | None
    withheld: tuple[Withheld, ...]
    open_view: OpenView


class PersonNotice(BaseModel):
    """What the person is told: read aloud in two minutes, contestable, without a label.

    Made by `riskengine.explanation.disclosure.for_person` and by nothing else: whatever is
    ``third_party`` or ``confidential`` is not in it, in no field.
    """

    model_config = FROZEN
    format: Literal["riskengine/person-notice/1"]
    lang: Language
    person: str
    assessed_on: date
    on: date
    headline: str
    about: str
    what_rules_did: str
    raises: tuple[PersonReason, ...]
    lowers: tuple[PersonReason, ...]
    held: str | None
    not_answered: tuple[str, ...]
    looked_at: tuple[str, ...]
    how_sure: str
    help_offered: tuple[str, ...]
    review_on: date | None
    rights: tuple[str, ...]
    cautions: tuple[str, ...]
