"""The shape of a paper form, format ``riskengine/paper-form/1``: all that is printed, as data.

The page is rendered from this and from nothing else, and so is the evaluator that adds a filled-in
form up (`riskengine.reports.paper.by_hand`). Words are in the language of the form.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from riskengine.errors import Language
from riskengine.policy.tiers import Tier
from riskengine.text import FROZEN

FORMAT = "riskengine/paper-form/1"

Stop = Literal["refuse", "separate_profile", "hold"]


class Answers(BaseModel):
    """Answers that stand beside one box, or at the head of a row or column of a pair.

    Attributes
    ----------
    codes
        Levels, ``true`` or ``false``, or not-known codes; empty for numbers.
    low, high
        The numbers of the box; an end that is not given is open. Both ends belong to it where
        numbers are whole; otherwise the upper end belongs to the next box.
    """

    model_config = FROZEN
    label: str
    codes: tuple[str, ...] = ()
    low: int | float | None = None
    high: int | float | None = None


class Box(Answers):
    """A box to tick, with the points that are printed in it."""

    id: str
    points: int
    anchor: str | None = None


class ItemRow(BaseModel):
    """One question that counts.

    Attributes
    ----------
    whole
        Whether its numbers are whole; ``None`` where it takes no numbers.
    unanswered
        Boxes for what is not known.
    lowest, highest
        Least and greatest points of an answer.
    only_if
        When it applies at all; otherwise "not applicable" is ticked and nothing is open.
    steps
        How a number is worked out where it is not asked.
    """

    model_config = FROZEN
    number: int
    item: str
    label: str
    question: str
    help: str | None
    whole: bool | None
    boxes: tuple[Box, ...]
    unanswered: tuple[Box, ...]
    lowest: int
    highest: int
    only_if: str | None = None
    steps: tuple[str, ...] = ()
    counted_in_pairs_only: bool = False


class Pair(BaseModel):
    """Two questions that are read together: one cell of a table."""

    model_config = FROZEN
    letter: str
    row_item: str
    column_item: str
    label: str
    row_whole: bool | None
    column_whole: bool | None
    rows: tuple[Answers, ...]
    columns: tuple[Answers, ...]
    points: tuple[tuple[int, ...], ...]


class Band(BaseModel):
    """Scores of one band, both ends included; an end that is not given is open."""

    model_config = FROZEN
    tier: Tier
    label: str
    low: int | None
    high: int | None


class Record(BaseModel):
    """A fact of the file that a stop or a rule asks for; it brings no points."""

    model_config = FROZEN
    item: str
    label: str
    kind: Literal["choice", "several", "yes_no", "number", "date", "text"]
    options: tuple[Answers, ...] = ()
    newest: bool = False


class StopRow(BaseModel):
    """A provision of the law that stops everything where it applies."""

    model_config = FROZEN
    number: int
    id: str
    title: str
    says: str
    citation: str
    stop: Stop


class Length(BaseModel):
    """The lesser of days and a share of the term, rounded down; days alone without a share."""

    model_config = FROZEN
    days: int
    numerator: int | None = None
    denominator: int | None = None
    words: str

    def of(self, term: int | None) -> int:
        """Days for a term; the days alone where the term is not known."""
        if term is None or self.numerator is None or self.denominator is None:
            return self.days
        return min(self.days, term * self.numerator // self.denominator)


class RuleRow(BaseModel):
    """A local rule with its boxes.

    Attributes
    ----------
    condition
        What the words were made from.
    lasts, since
        How long it holds, and after the newest of which events.
    yields_to
        Numbers of the rules that go before it.
    """

    model_config = FROZEN
    number: int
    id: str
    title: str
    condition: Any
    condition_words: str
    effect: Literal["cap", "floor", "set", "none"]
    effect_words: str
    tier: Tier | None
    citation: str
    lasts: Length | None = None
    since: tuple[str, ...] = ()
    since_words: str = ""
    yields_to: tuple[int, ...] = ()


class Initial(BaseModel):
    """The initial period."""

    model_config = FROZEN
    tier: Tier
    label: str
    length: Length
    reason: str
    citation: str


class StepRow(BaseModel):
    """Something that must be true before a tier goes down."""

    model_config = FROZEN
    id: str
    title: str
    condition: Any
    condition_words: str
    citation: str


class WayDown(BaseModel):
    """What is asked for before a tier goes down, and how far it goes at once."""

    model_config = FROZEN
    most: int
    stays: dict[Tier, Length]
    clean: Length | None
    sanctions: tuple[str, ...]
    sanction_words: str
    conditions: tuple[StepRow, ...]
    reason: str
    citation: str


class AlertRow(BaseModel):
    """A danger that is dealt with on the same day and moves no tier.

    Attributes
    ----------
    signs
        Answers that raise it: item, code and words.
    """

    model_config = FROZEN
    id: str
    label: str
    task: str
    signs: tuple[tuple[str, str, str], ...]


class PaperForm(BaseModel):
    """A complete form for one scorecard and one policy, in one language, as of one day.

    Attributes
    ----------
    id
        Number of the form: it names its content, so two forms with one number are the same.
    as_of, first, last
        Day for which the form was made, and the first and the last day of assessment for which
        law and policy are as printed; open where not given.
    start
        Points before anything is ticked.
    lowest, highest
        Least and greatest sum that can be reached (an outer bound where there are pairs).
    rules
        In the order in which they are applied: caps, floors, what fixes a tier, what moves none.
    initial, way_down
        As in the policy; ``None`` where it has none.
    """

    model_config = FROZEN
    format: Literal["riskengine/paper-form/1"]
    id: str
    lang: Language
    as_of: date
    first: date | None
    last: date | None
    title: str
    about: str
    purpose: Literal["operational", "template"]
    model: str
    model_sha256: str
    policy: str
    policy_sha256: str
    policy_title: str
    instrument: str
    statutory_set: str | None
    proposes: str
    approves: str
    start: int
    items: tuple[ItemRow, ...]
    pairs: tuple[Pair, ...]
    lowest: int
    highest: int
    bands: tuple[Band, ...]
    band_citation: str
    records: tuple[Record, ...]
    stops: tuple[StopRow, ...]
    rules: tuple[RuleRow, ...]
    initial: Initial | None
    way_down: WayDown | None
    alerts: tuple[AlertRow, ...]
    either: str
    not_for: tuple[str, ...]
    cautions: tuple[str, ...]
    validation: str
