"""The shape of ``model.json``, format ``riskengine/scorecard/1``.

A scorecard is additive: a score is an integer intercept plus one integer cell of every table, plus
one rounded product for every linear term. The unit is 2^-40 log-odds (form ``full``) or one point
(form ``points``), so that a score is the same integer in Python, SQL and on paper.

Everything here is checked when a file is read; nothing is computed and nothing is run.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text
# at import, and the officer waits for that.

import math
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.conditions import NOT_KNOWN, NotKnownCode, Scalar
from riskengine.instrument.items import Identifier, Version
from riskengine.text import FROZEN, Text

FORMAT = "riskengine/scorecard/1"

LOG_ODDS_BITS = 40
"""A log-odds is held as an integer number of 2^-40."""
REFERENCE_TOTAL = 2**30
"""Reference weights of an axis or a pair are integers that sum to this."""
FACTOR_BITS = 20
"""An entry of the uncertainty factor is an integer number of 2^-20 score units in log-odds."""
LARGEST_CELL = 2**52

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Cell = Annotated[int, Field(ge=-LARGEST_CELL, le=LARGEST_CELL)]
Weight = Annotated[int, Field(ge=0, le=REFERENCE_TOTAL)]


class InstrumentReference(BaseModel):
    """The instrument that a scorecard belongs to, by content."""

    model_config = FROZEN
    id: Identifier
    version: Version
    sha256: Sha256


class Axis(BaseModel):
    """How one item's answers become the states of a table.

    Known states come first, in order: groups of levels (``groups``) or the bands between rising
    edges (``cuts``: the first band lies below the first edge, an edge belongs to the band above
    it). Then one state for each group of not-known codes. Each list is a partition, so no answer
    is without a cell.
    """

    model_config = FROZEN

    id: Identifier
    item: Identifier
    groups: tuple[tuple[str, ...], ...] = ()
    cuts: tuple[int | float, ...] = ()
    not_known: tuple[tuple[NotKnownCode, ...], ...] = Field(min_length=1)
    reference: tuple[Weight, ...]

    @property
    def known_states(self) -> int:
        """Number of states that stand for an answer."""
        return len(self.groups) if self.groups else len(self.cuts) + 1

    @property
    def states(self) -> int:
        """Number of all states."""
        return self.known_states + len(self.not_known)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.groups and self.cuts:
            raise ValueError(f"axis [{self.id}]: give [groups] or [cuts], not both")
        levels = [level for group in self.groups for level in group]
        if len(set(levels)) != len(levels) or any(not group for group in self.groups):
            raise ValueError(f"axis [{self.id}]: [groups] must be a partition of the levels")
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError(f"axis [{self.id}]: [cuts] must rise")
        if not all(math.isfinite(cut) for cut in self.cuts):
            raise ValueError(f"axis [{self.id}]: [cuts] must be finite")
        codes = sorted(code for group in self.not_known for code in group)
        if codes != sorted(NOT_KNOWN):
            raise ValueError(f"axis [{self.id}]: [not_known] must be a partition of {NOT_KNOWN}")
        if len(self.reference) != self.states or sum(self.reference) != REFERENCE_TOTAL:
            raise ValueError(
                f"axis [{self.id}]: [reference] needs {self.states} weights with sum 2^30"
            )
        return self


class TableTerm(BaseModel):
    """One table over one axis or a pair of axes, cells in row-major order.

    ``reference`` holds the joint weights of a pair; ``factor`` the rows of the uncertainty factor.
    """

    model_config = FROZEN

    kind: Literal["table"]
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$")]
    axes: tuple[Identifier, ...] = Field(min_length=1, max_length=2)
    cells: tuple[Cell, ...]
    standard_errors: tuple[Annotated[float, Field(ge=0)], ...] = ()
    reference: tuple[Weight, ...] = ()
    factor: tuple[tuple[int, ...], ...] = ()
    evidence: tuple[Identifier, ...] = ()


class LinearTerm(BaseModel):
    """Slope times a number, rounded once to whole score units.

    A value outside ``valid`` is moved to its nearer end, with a caution. An unknown value stands
    at ``reference_mean``.
    """

    model_config = FROZEN

    kind: Literal["linear"]
    id: Identifier
    item: Identifier
    slope: Cell
    valid: tuple[float, float]
    reference_mean: float
    standard_error: Annotated[float, Field(ge=0)] | None = None
    evidence: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        low, high = self.valid
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(f"linear term [{self.id}]: [valid] must be a finite rising range")
        if not low <= self.reference_mean <= high:
            raise ValueError(f"linear term [{self.id}]: [reference_mean] lies outside [valid]")
        return self


Term = Annotated[TableTerm | LinearTerm, Field(discriminator="kind")]


class LogOdds(BaseModel):
    """How a score becomes log-odds: ``(offset + unit * score) / 2^40``."""

    model_config = FROZEN
    unit: int = Field(ge=1, le=2**46)
    offset: Cell = 0


class ReferencePopulation(BaseModel):
    """The people that contributions are measured against.

    ``score_quantiles`` are the scores at 0, 1/n, ... 1 of that population.
    """

    model_config = FROZEN

    id: Identifier
    label: Text
    people: int | None = Field(default=None, ge=1)
    illustrative: bool
    score_quantiles: tuple[int, ...] = Field(min_length=2, max_length=1001)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if list(self.score_quantiles) != sorted(self.score_quantiles):
            raise ValueError("[score_quantiles] must rise")
        return self


class Uncertainty(BaseModel):
    """What the intervals rest on.

    The variance of a person's log-odds is the sum over the rows of the factor of the squared sum
    of the person's entries. ``rater_kappa`` is the agreement assumed or measured for rated items.
    """

    model_config = FROZEN

    method: Literal["bootstrap", "posterior", "evidence", "published", "none"]
    replicates: int = Field(ge=0)
    rank: int = Field(ge=0, le=256)
    level: Annotated[float, Field(gt=0, lt=1)] = 0.9
    intercept_factor: tuple[int, ...] = ()
    rater_kappa: Annotated[float, Field(gt=0, le=1)] | None = None
    rater_kappa_assumed: bool = True
    rated_items: tuple[Identifier, ...] = ()
    note: Text


class Calibration(BaseModel):
    """On what a calibrated scale rests: at least 50 events of the model's own outcome.

    Only a published scale may leave ``events`` out, where its publication does not state them.
    """

    model_config = FROZEN

    population: Text
    events: int | None = Field(default=None, ge=50)
    people: int = Field(ge=50)
    slope: float
    intercept: float
    method: str


class Training(BaseModel):
    """Where the numbers come from; people, weight and events are three different things."""

    model_config = FROZEN

    learner: str
    people: int = Field(ge=0)
    weight: float = Field(ge=0)
    events: int | None = Field(default=None, ge=0)
    first: str | None = None
    last: str | None = None
    data_sha256: Sha256 | None = None
    seed: int | None = None
    versions: dict[str, str] = {}
    options: dict[str, Scalar | tuple[Scalar, ...]] = {}
    protected_used: tuple[Identifier, ...] = ()
    population: Text


class Metric(BaseModel):
    """One measured figure, with its interval and how it was obtained."""

    model_config = FROZEN

    name: Identifier
    value: float
    low: float | None = None
    high: float | None = None
    method: str


class EvidenceSource(BaseModel):
    """A published effect that a term rests on."""

    model_config = FROZEN

    id: Identifier
    citation: str
    effect: str
    certainty: Literal["high", "medium", "low", "assumed"]


class Golden(BaseModel):
    """Made-up answers with the score that they must give; recomputed whenever a file is loaded."""

    model_config = FROZEN

    answers: dict[str, Scalar]
    score: int
    probability: str | None = None


class ScorecardDocument(BaseModel):
    """A complete ``model.json``. Who, when and run times are in the manifest, never here."""

    model_config = FROZEN

    format: Literal["riskengine/scorecard/1"]
    id: Identifier
    version: Version
    title: Text
    purpose: Literal["operational", "template", "historical", "benchmark"]
    published: bool = False
    instrument: InstrumentReference
    outcome: Identifier
    horizon_days: int = Field(ge=1)
    estimand: Literal["by_horizon", "by_horizon_or_end_of_term"]
    scale: Literal["relative", "calibrated"]
    form: Literal["points", "full"]
    validation: Literal[
        "literature_only", "ranks_checked_locally", "calibrated_in_pool", "calibrated_here"
    ]
    log_odds: LogOdds
    intercept: Cell
    axes: tuple[Axis, ...]
    terms: tuple[Term, ...] = Field(min_length=1, max_length=2000)
    reference: ReferencePopulation
    uncertainty: Uncertainty
    calibration: Calibration | None = None
    training: Training
    evaluation: tuple[Metric, ...] = ()
    evidence: tuple[EvidenceSource, ...] = ()
    not_for: tuple[Text, ...] = Field(min_length=1)
    golden: tuple[Golden, ...] = Field(min_length=1)

    def __hash__(self) -> int:
        """Identity: what is compiled from a scorecard is kept beside it."""
        return id(self)

    @cached_property
    def axes_by_id(self) -> dict[str, Axis]:
        """Axes by id."""
        return {axis.id: axis for axis in self.axes}

    @cached_property
    def items(self) -> tuple[str, ...]:
        """Every item that can move the score, in the order of the terms."""
        seen: dict[str, None] = {}
        for term in self.terms:
            if term.kind == "linear":
                seen[term.item] = None
            else:
                for axis in term.axes:
                    seen[self.axes_by_id[axis].item] = None
        return tuple(seen)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for kind, ids in (
            ("axis", [axis.id for axis in self.axes]),
            ("term", [term.id for term in self.terms]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{kind} [{twice[0]}] is declared twice")
        for term in self.terms:
            if term.kind == "table":
                self._check_table(term)
        if self.form == "full" and (self.log_odds.unit, self.log_odds.offset) != (1, 0):
            raise ValueError("the full form is in log-odds itself: unit 1, offset 0")
        if (self.scale == "calibrated") != (self.calibration is not None):
            raise ValueError("a calibrated scale needs [calibration], a relative one has none")
        if self.calibration and self.calibration.events is None and not self.published:
            raise ValueError("a calibrated scale states its [events]")
        if self.scale == "relative" and any(g.probability is not None for g in self.golden):
            raise ValueError("a relative scale has no probability")
        if len(self.uncertainty.intercept_factor) not in (0, self.uncertainty.rank):
            raise ValueError("[intercept_factor] needs one entry a rank")
        return self

    def _check_table(self, term: TableTerm) -> None:
        unknown = [axis for axis in term.axes if axis not in self.axes_by_id]
        if unknown:
            raise ValueError(f"term [{term.id}]: unknown axis [{unknown[0]}]")
        axes = [self.axes_by_id[axis] for axis in term.axes]
        if len({axis.item for axis in axes}) != len(axes):
            raise ValueError(f"term [{term.id}]: a pair needs two items")
        size = math.prod(axis.states for axis in axes)
        if len(term.cells) != size:
            raise ValueError(f"term [{term.id}]: {len(term.cells)} cells where {size} are needed")
        if term.standard_errors and len(term.standard_errors) != size:
            raise ValueError(f"term [{term.id}]: [standard_errors] needs {size} entries")
        if len(axes) == 2:
            if len(term.reference) != size or sum(term.reference) != REFERENCE_TOTAL:
                raise ValueError(f"term [{term.id}]: a pair needs {size} weights with sum 2^30")
        elif term.reference:
            raise ValueError(f"term [{term.id}]: a single table takes its axis's reference")
        if term.factor and (
            len(term.factor) != self.uncertainty.rank
            or any(len(row) != size for row in term.factor)
        ):
            raise ValueError(f"term [{term.id}]: [factor] needs {self.uncertainty.rank} rows")
