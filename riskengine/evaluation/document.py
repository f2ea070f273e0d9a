"""The shape of ``evaluation.json``, format ``riskengine/evaluation/1``.

An evaluation says how well one model did on one cohort: on whom, when and where, and how the
figures were obtained. Pages, the promotion gate and the monitor read it; nothing is computed here.

A figure that cannot be had stands there with the reason and without a number. A group that is too
small to be shown holds no count and no figure, so that a reader of the file cannot see more than
a reader of the page.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.items import Identifier, Version
from riskengine.scorecard.document import InstrumentReference, Sha256
from riskengine.text import FROZEN, Text

FORMAT = "riskengine/evaluation/1"

Kind = Literal["apparent", "same_source", "temporal", "geographic", "not_stated"]
"""How the cohort stands to the people that the model was learned from.

``apparent``: the same file, so that nothing was validated. ``same_source``: other people of the
same place and time, such as a random split. ``temporal``: the same place, later. ``geographic``:
another place. ``not_stated``: nobody said and nothing could be told from the files; a gate has to
treat it as ``apparent``.
"""

WhyNot = Literal[
    "no_probability",
    "no_events",
    "only_events",
    "few_events",
    "few_people",
    "nobody",
    "no_spread",
    "separated",
    "no_reference",
]
"""Why a figure has no value.

``no_probability``: the scale is relative. ``no_events``, ``only_events``: all had the same
outcome. ``few_events``, ``few_people``: fewer than are needed. ``nobody``: the share is of nobody.
``no_spread``: all scores are equal. ``separated``: scores tell events apart completely, so that no
slope is finite. ``no_reference``: there is nobody to compare with.
"""

FigureName = Literal[
    "event_share",
    "mean_risk",
    "auc",
    "brier",
    "brier_reference",
    "brier_skill",
    "log_score",
    "observed_expected",
    "calibration_in_the_large",
    "calibration_slope",
    "ici",
    "e50",
    "e90",
    "share_flagged",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "false_positive_rate",
    "false_negative_rate",
    "lift",
    "net_benefit",
    "contacts",
    "events_per_100_contacts",
]
"""Names of figures; `riskengine.evaluation.words.figure_label` gives them in both languages.

Smaller is better for ``brier``, ``log_score`` (minus the mean log-likelihood, in nats), ``ici``,
``e50``, ``e90``. Ideal are 1 for ``observed_expected`` and ``calibration_slope``, 0 for
``calibration_in_the_large`` (in log-odds).
"""

Share = Annotated[float, Field(ge=0, le=1)]


class Figure(BaseModel):
    """One measured number with its interval, or the reason why there is none.

    Attributes
    ----------
    low, high
        Ends of the percentile interval at the level of `Method`; both or neither.
    """

    model_config = FROZEN

    name: FigureName
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why_not: WhyNot | None = None

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if (self.value is None) == (self.why_not is None):
            raise ValueError(f"figure [{self.name}]: either a value or a reason")
        if (self.low is None) != (self.high is None) or (self.value is None and self.low):
            raise ValueError(f"figure [{self.name}]: an interval needs a value and two ends")
        return self


class Difference(BaseModel):
    """A difference of two figures, with its interval from the same draws.

    Attributes
    ----------
    value
        First minus second.
    p
        Two-sided, from the bootstrap standard error (normal approximation).
    stands_out
        Whether it is still there when the false discovery rate of all differences that were
        looked at together is kept at 5 % (Benjamini and Hochberg 1995); ``None`` where it was
        looked at alone.
    """

    model_config = FROZEN

    name: FigureName
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: Share | None = None
    stands_out: bool | None = None
    why_not: WhyNot | None = None

    @model_validator(mode="after")
    def _value_or_reason(self) -> Self:
        if (self.value is None) == (self.why_not is None):
            raise ValueError(f"difference [{self.name}]: either a value or a reason")
        return self


# --- What was evaluated, on whom, how -----------------------------------------------------------


class EvaluatedModel(BaseModel):
    """The model, by content, and what it was learned from."""

    model_config = FROZEN

    id: Identifier
    version: Version
    sha256: Sha256
    title: Text
    instrument: InstrumentReference
    outcome: Identifier
    outcome_label: Text
    horizon_days: int = Field(ge=1)
    scale: Literal["relative", "calibrated"]
    form: Literal["points", "full"]
    purpose: Literal["operational", "template", "historical", "benchmark"]
    validation: str
    trained_on: Text
    training_people: int = Field(ge=0)
    training_events: int | None = None
    training_first: str | None = None
    training_last: str | None = None
    training_sha256: Sha256 | None = None


class EvaluatedCohort(BaseModel):
    """The people, and how they were followed.

    Attributes
    ----------
    population
        Where, when and on whom, in words; as the analyst stated it, or what the files tell.
    effective
        Effective sample size of the follow-up weights; the number of people where all count
        alike.
    rejected, unlabelled, outside
        Rows that could not be read, had no outcome, or lay outside the outcome's risk set.
    by_discretion
        Events that rest on nothing but an officer's discretion, where the file tells.
    first, last
        First and last day of assessment, where a column of days was named.
    """

    model_config = FROZEN

    source: str
    sha256: Sha256
    population: Text
    rows: int = Field(ge=0)
    people: int = Field(ge=0)
    events: int = Field(ge=0)
    effective: float = Field(ge=0)
    weighted: bool
    rejected: int = Field(ge=0)
    unlabelled: int = Field(ge=0)
    outside: int = Field(ge=0)
    not_yet: int = Field(default=0, ge=0)
    censored: dict[str, int] = {}
    competing: dict[str, int] = {}
    median_follow_up_days: float | None = None
    by_discretion: int | None = None
    first: date | None = None
    last: date | None = None


class EvaluatedPolicy(BaseModel):
    """Whose bands the cuts are."""

    model_config = FROZEN

    id: Identifier
    version: Version
    sha256: Sha256
    title: Text
    relaxed_below: int
    strict_from: int


class Method(BaseModel):
    """How figures and intervals were obtained.

    Attributes
    ----------
    draws, seed, level
        Of the bootstrap over people: percentile intervals, the same draws for every figure.
    smallest
        Fewest people whose figures are shown.
    smoother
        How the smooth calibration curve was fitted.
    """

    model_config = FROZEN

    draws: int = Field(ge=0)
    seed: int
    level: Annotated[float, Field(gt=0, lt=1)]
    smallest: int = Field(ge=1)
    fewest_events: int = Field(ge=1)
    smoother: Text
    versions: dict[str, str]


class Notice(BaseModel):
    """Something a reader has to know before believing a figure.

    ``stop``: the figures are no validation. ``warning``: they are weaker than they look.
    ``note``: how to read them.
    """

    model_config = FROZEN

    code: Identifier
    severity: Literal["stop", "warning", "note"]
    text: Text


# --- Ranking, calibration, cuts -----------------------------------------------------------------


class CalibrationBin(BaseModel):
    """People of similar predicted risk: about equal weight each."""

    model_config = FROZEN

    people: int = Field(ge=0)
    weight: float = Field(ge=0)
    predicted: float
    observed: Figure


class CurvePoint(BaseModel):
    """One point of the smooth curve of observed against predicted risk."""

    model_config = FROZEN

    predicted: float
    observed: float
    low: float | None = None
    high: float | None = None


class CalibrationPlot(BaseModel):
    """What a calibration plot draws.

    Attributes
    ----------
    bins
        Ten, or fewer, so that each holds the smallest number of people that is shown.
    edges, without_event, with_event
        Histogram of predicted risks: one more edge than counts (weights). Bars with few people are
        joined to their neighbours, so that widths differ.
    """

    model_config = FROZEN

    bins: tuple[CalibrationBin, ...]
    curve: tuple[CurvePoint, ...]
    edges: tuple[float, ...]
    without_event: tuple[float, ...]
    with_event: tuple[float, ...]


class ScoreSpread(BaseModel):
    """How scores are spread, in score units; the start for watching drift.

    Attributes
    ----------
    quantiles
        Weighted quantiles at 0, 1/n ... 1.
    edges, without_event, with_event
        Histogram: weights of scores in [edge, next edge), the last including its end; bars with
        few people are joined to their neighbours, so that widths differ.
    """

    model_config = FROZEN

    quantiles: tuple[int, ...] = Field(min_length=2)
    edges: tuple[float, ...]
    without_event: tuple[float, ...]
    with_event: tuple[float, ...]


CutKind = Literal["tier", "top_share"]


class Cut(BaseModel):
    """Somebody counts as flagged from a score on.

    Attributes
    ----------
    id
        ``strict`` (strict tier or nothing), ``not_relaxed`` (ordinary or strict), or
        ``top_NN``, the share of people for whom there are officers.
    score
        Flagged are people with this score or more, in score units.
    risk
        Calibrated risk at that score, where the scale has one; it is the threshold at which net
        benefit is taken. A cut whose figures were reached with ties holds what was reached in
        ``share_flagged``.
    """

    model_config = FROZEN

    id: Identifier
    kind: CutKind
    label: Text
    score: int
    risk: Share | None = None
    figures: tuple[Figure, ...]


class Strategy(BaseModel):
    """One line of a decision curve.

    Attributes
    ----------
    net_benefit, low, high
        One a threshold; ``low`` and ``high`` empty where there is no interval (nobody).
    note
        What flatters or burdens it, such as a calibration on this very cohort.
    """

    model_config = FROZEN

    id: Literal["model", "all", "none", "incumbent", "against"]
    label: Text
    net_benefit: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    note: Text | None = None


class DecisionCurve(BaseModel):
    """Net benefit over thresholds (Vickers and Elkin 2006), per person.

    Net benefit = share flagged with the event - share flagged without it x t / (1 - t). ``people``
    are those who have every score that is drawn.
    """

    model_config = FROZEN

    people: int = Field(ge=0)
    thresholds: tuple[float, ...]
    strategies: tuple[Strategy, ...]

    @model_validator(mode="after")
    def _one_a_threshold(self) -> Self:
        wanted = len(self.thresholds)
        for one in self.strategies:
            if {len(one.net_benefit), len(one.low) or wanted, len(one.high) or wanted} != {wanted}:
                raise ValueError(f"strategy [{one.id}]: needs {wanted} values")
        return self


# --- Two scores on the same people --------------------------------------------------------------


class NetBenefitDifference(BaseModel):
    """Difference of net benefit at one stated threshold."""

    model_config = FROZEN

    threshold: Share
    cut: Identifier | None = None
    difference: Difference


class GroupComparison(BaseModel):
    """Differences between two scores among the people of one group; hidden where too few.

    Among them false-positive and false-negative rates where both have an operating tier.
    """

    model_config = FROZEN

    item: str
    group: str
    label: Text
    suppressed: bool = False
    people: int | None = None
    events: int | None = None
    first: tuple[Figure, ...] = ()
    second: tuple[Figure, ...] = ()
    differences: tuple[Difference, ...] = ()
    net_benefit: tuple[NetBenefitDifference, ...] = ()

    @model_validator(mode="after")
    def _hidden_is_empty(self) -> Self:
        _check_hidden(self, self.first, self.second, self.differences, self.net_benefit)
        return self


class Comparison(BaseModel):
    """Two scores on the same people; every difference is first minus second, same draws.

    Attributes
    ----------
    against
        ``incumbent`` (a column of the file) or ``model``.
    probabilities
        Whether both gave probabilities; otherwise only rankings are compared.
    first, second
        Figures of each.
    """

    model_config = FROZEN

    against: Literal["incumbent", "model"]
    label: Text
    name: str
    sha256: Sha256 | None = None
    people: int = Field(ge=0)
    events: int = Field(ge=0)
    probabilities: bool
    first: tuple[Figure, ...]
    second: tuple[Figure, ...]
    differences: tuple[Difference, ...]
    net_benefit: tuple[NetBenefitDifference, ...] = ()
    groups: tuple[GroupComparison, ...] = ()
    note: Text | None = None


# --- Groups -------------------------------------------------------------------------------------


class CutFigures(BaseModel):
    """A group's figures at one cut, and how they differ from those of the reference group."""

    model_config = FROZEN

    cut: Identifier
    figures: tuple[Figure, ...]
    gaps: tuple[Difference, ...] = ()


class GroupCell(BaseModel):
    """The people with one answer to an item.

    Attributes
    ----------
    suppressed
        Too few, or held back because a small one could be worked out; nothing else is told.
    gaps
        The group's figure minus that of the reference group.
    """

    model_config = FROZEN

    group: str
    label: Text
    suppressed: bool = False
    people: int | None = None
    events: int | None = None
    figures: tuple[Figure, ...] = ()
    gaps: tuple[Difference, ...] = ()
    at: tuple[CutFigures, ...] = ()

    @model_validator(mode="after")
    def _hidden_is_empty(self) -> Self:
        _check_hidden(self, self.figures, self.gaps, self.at)
        return self


def _check_hidden(cell: GroupCell | GroupComparison, *held: tuple[object, ...]) -> None:
    if cell.suppressed and (cell.people is not None or cell.events is not None or any(held)):
        raise ValueError(f"group [{cell.group}]: a hidden group tells nothing")
    if not cell.suppressed and cell.people is None:
        raise ValueError(f"group [{cell.group}]: a group that is shown has people")


class Groups(BaseModel):
    """One way of grouping people, among everybody or within one stratum.

    Attributes
    ----------
    item
        Id of an item of the instrument, or of a column of the file (``column`` is then true).
    reference
        The largest group, from whose figures gaps are taken.
    within
        Stratum within which the groups stand: item and level; nothing for everybody.
    trade_off
        What equal error rates and equal calibration would each ask, in words with the figures.
    """

    model_config = FROZEN

    item: str
    label: Text
    column: bool = False
    reference: str | None = None
    within: tuple[str, str] | None = None
    within_label: Text | None = None
    cells: tuple[GroupCell, ...]
    trade_off: Text | None = None


class Multiplicity(BaseModel):
    """How many differences between groups were looked at, and what chance alone would give."""

    model_config = FROZEN

    looked_at: int = Field(ge=0)
    by_chance: float = Field(ge=0)
    outside: int = Field(ge=0)
    stand_out: int = Field(ge=0)


# --- Stability and surveillance -----------------------------------------------------------------


class TierStability(BaseModel):
    """How sure the band is for people whose score lies in it.

    ``mean`` is the mean chance of the same band, had another person rated and another model been
    learned; ``either`` the share of people for whom it lies below the policy's bound.
    """

    model_config = FROZEN

    tier: Literal["relaxed", "ordinary", "strict"]
    people: int = Field(ge=0)
    mean: Share
    either: Share


class Stability(BaseModel):
    """Stability of the tier by score; ``model_share`` is the share due to the model."""

    model_config = FROZEN

    people: int = Field(ge=0)
    bound: Share
    mean: Share
    either: Share
    model_share: Share
    tiers: tuple[TierStability, ...]


class Trend(BaseModel):
    """Change in log-odds of the event for a doubling of (contacts + 1), at equal score."""

    model_config = FROZEN

    value: float
    low: float
    high: float


class ContactBand(BaseModel):
    """People of one tier with similarly many contacts in follow-up; hidden where too few."""

    model_config = FROZEN

    low: float | None = None
    high: float | None = None
    suppressed: bool = False
    people: int | None = None
    events: int | None = None
    figures: tuple[Figure, ...] = ()


class TierExposure(BaseModel):
    """One tier: contacts, events, and how they go together.

    Attributes
    ----------
    tier
        Level of the column that tells the tier people were really in, or the band of the score.
    figures
        ``event_share``, ``auc`` within the tier, mean ``contacts``, ``events_per_100_contacts``.
    trend
        See `Trend`; within this tier.
    """

    model_config = FROZEN

    tier: str
    label: Text
    suppressed: bool = False
    people: int | None = None
    events: int | None = None
    figures: tuple[Figure, ...] = ()
    bands: tuple[ContactBand, ...] = ()
    trend: Trend | None = None


class Surveillance(BaseModel):
    """Whether the outcome may be found by supervision itself. Nothing is corrected here.

    Attributes
    ----------
    by_discretion
        Share of events that rest on an officer's discretion alone, where the file tells.
    outcome_by_discretion
        Whether the instrument marks the outcome as made by an officer's discretion.
    contacts_column, tier_column
        Columns of the file that were used; ``tiers_are`` says what the tiers are.
    per_month
        Whether contacts are a rate per month followed, or a plain count.
    trend
        Within tiers, all tiers together.
    words
        What each finding means.
    """

    model_config = FROZEN

    outcome_by_discretion: bool
    by_discretion: Share | None = None
    contacts_column: str | None = None
    tier_column: str | None = None
    tiers_are: Literal["recorded", "by_score"] | None = None
    per_month: bool = False
    tiers: tuple[TierExposure, ...] = ()
    trend: Trend | None = None
    mostly_found_by_supervision: bool
    words: tuple[Text, ...]


# --- The whole ----------------------------------------------------------------------------------


class Evaluation(BaseModel):
    """A complete ``evaluation.json``.

    Attributes
    ----------
    kind_by
        Whether the kind was found from the files or stated by the analyst.
    on
        Day of the evaluation; given, never read from a clock.
    operating_cut
        Id of the cut at which groups are compared first.
    """

    model_config = FROZEN

    format: Literal["riskengine/evaluation/1"]
    kind: Kind
    kind_by: Literal["files", "stated"]
    kind_words: Text
    on: date
    model: EvaluatedModel
    cohort: EvaluatedCohort
    policy: EvaluatedPolicy | None = None
    method: Method
    notices: tuple[Notice, ...] = ()
    figures: tuple[Figure, ...]
    spread: ScoreSpread
    calibration: CalibrationPlot | None = None
    cuts: tuple[Cut, ...] = ()
    operating_cut: Identifier | None = None
    decision_curve: DecisionCurve | None = None
    comparisons: tuple[Comparison, ...] = ()
    groups: tuple[Groups, ...] = ()
    multiplicity: Multiplicity | None = None
    stability: Stability | None = None
    surveillance: Surveillance

    def figure(self, name: FigureName) -> Figure:
        """Give one overall figure."""
        return next(one for one in self.figures if one.name == name)

    @property
    def validates(self) -> bool:
        """Whether the figures validate at all; apparent ones never do."""
        return self.kind in ("same_source", "temporal", "geographic")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        cuts = [one.id for one in self.cuts]
        if len(set(cuts)) != len(cuts):
            raise ValueError("two cuts share an id")
        if self.operating_cut is not None and self.operating_cut not in cuts:
            raise ValueError(f"operating cut [{self.operating_cut}]: there is no such cut")
        if self.model.scale == "relative" and self.calibration is not None:
            raise ValueError("a relative scale has no calibration")
        return self
