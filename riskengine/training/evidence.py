"""The shape of an evidence file, format ``riskengine/evidence/1``: what a scorecard rests on.

Such a file holds either the whole table of a published scale (``published``), or published effects
of risk factors, one a construct, with how the answers to an item stand for it (``effects``). Every
number names its source. What is known and deliberately not used stands there too, with the reason.

Answers are named by level (``"false"`` and ``"true"`` for yes or no); a band of a number by its
lower edge, the first band by the item's minimum.

How effects become a score stands in a file of its own (`riskengine.training.evidence_rules`),
which an evidence file only names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from riskengine.instrument.conditions import Scalar
from riskengine.instrument.items import Identifier, Version
from riskengine.text import FROZEN, Text

Share = Annotated[int, Field(ge=0, le=1_000_000)]
Levels = dict[str, float]
Range = Annotated[tuple[int, ...], Field(min_length=1, max_length=2)]
Shape = Literal["copas_rate", "any_sanction", "age"]


class Source(BaseModel):
    """A publication, and the people that its figures are about."""

    model_config = FROZEN

    id: Identifier
    citation: str = Field(min_length=1)
    licence: str | None = None
    population: Text


class ItemShares(BaseModel):
    """How the answers to one item are distributed; whole numbers in proportion.

    ``typical`` is the answer that is worth nothing on a points card.
    """

    model_config = FROZEN

    item: Identifier
    typical: str | None = None
    shares: dict[str, Share] = Field(min_length=1)
    basis: Text


class Profile(BaseModel):
    """Answers that go together, and their share."""

    model_config = FROZEN

    answers: dict[str, Scalar] = Field(min_length=1)
    share: Share


class JointShares(BaseModel):
    """The distribution of items that depend on one another."""

    model_config = FROZEN

    items: tuple[Identifier, ...] = Field(min_length=2)
    profiles: tuple[Profile, ...] = Field(min_length=1)
    basis: Text

    @model_validator(mode="after")
    def _check(self) -> JointShares:
        for profile in self.profiles:
            if set(profile.answers) != set(self.items):
                raise ValueError(f"a profile answers {sorted(profile.answers)}, not [items]")
        return self


class Reference(BaseModel):
    """The reference population: parts that are independent of one another."""

    model_config = FROZEN

    id: Identifier
    label: Text
    illustrative: bool
    items: tuple[ItemShares, ...] = ()
    joint: tuple[JointShares, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Reference:
        named = [part.item for part in self.items]
        named += [item for part in self.joint for item in part.items]
        _once("reference item", named)
        for part in self.items:
            if sum(part.shares.values()) == 0:
                raise ValueError(f"reference item [{part.item}]: nobody has any answer")
            if part.typical is not None and part.typical not in part.shares:
                raise ValueError(f"reference item [{part.item}]: no answer [{part.typical}]")
        return self


NEEDED: dict[Shape | None, set[str]] = {
    "copas_rate": {"count", "age"},
    "any_sanction": {"count"},
    "age": {"age"},
}
"""What numbers a published curve is over."""


class Numbers(BaseModel):
    """What numbers the answers to an item stand for, where they are classes.

    Attributes
    ----------
    stands_for
        ``count`` of earlier sanctions, or ``age`` in years. Several items may hold counts that add
        up; one holds the age.
    ranges
        For every answer the lowest and the highest whole number, or the lowest alone where the
        class is open.
    """

    model_config = FROZEN

    item: Identifier
    stands_for: Literal["count", "age"]
    ranges: dict[str, Range] = Field(min_length=1)
    basis: Text

    @model_validator(mode="after")
    def _check(self) -> Numbers:
        # by their lower ends, since a built file has its keys in another order
        ends = [end for ends in sorted(self.ranges.values()) for end in ends]
        if ends != sorted(ends):
            raise ValueError(f"numbers [{self.item}]: [ranges] overlap or run backwards")
        return self


class Effect(BaseModel):
    """One published effect for one construct.

    Attributes
    ----------
    about
        The construct, in words.
    value, interval, standard_error
        In units of ``measure``; the interval is a 95 % one. A publication without an interval gets
        a ``standard_error``, marked as assumed.
    worked
        How the value follows from printed figures, where it is not printed itself.
    prevalence
        Share of people with the outcome in the study, for correlations; .5 where it is not given.
    chosen
        Why this effect, by the written order: adjusted over unadjusted, the same population over
        another, more studies over fewer.
    widened
        Why it is taken to differ from place to place by more than the least: it is about another
        outcome, its construct is not quite the item's, or its certainty is medium.
    share
        Part of the effect that this item may carry, where one construct is asked in several items.
    given
        Effects of this file that the source adjusted for. Without any, an adjusted effect is taken
        as its own joint coefficient.
    exposure
        For every answer, how much of the construct is there: 0 none, 1 all.
    standardised
        The exposures are places on a scale, and the effect is for one standard deviation of it.
    shape
        Instead of exposures, a published curve over `Numbers`: ``copas_rate`` is
        ln((1 + n) / (10 + years since the first)), ``any_sanction`` whether n is above zero, and
        ``age`` the published weights by age, as a share of the largest difference.
    classes, reference_level
        Instead of exposures, the published classes of offence that each answer takes in. Every
        answer but the reference gets a coefficient of its own; ``value`` is 1, the table as
        printed, and ``standard_error`` that of one weight.
    """

    model_config = FROZEN

    id: Identifier
    item: Identifier
    about: Text
    source: Identifier
    measure: Literal["odds_ratio", "log_odds", "correlation", "mean_difference"]
    value: float
    interval: tuple[float, float] | None = None
    standard_error: Annotated[float, Field(gt=0)] | None = None
    worked: str | None = None
    prevalence: Annotated[float, Field(gt=0, lt=1)] | None = None
    adjusted: bool
    chosen: Text
    certainty: Literal["high", "medium"]
    widened: tuple[Literal["outcome", "construct", "certainty"], ...] = ()
    transport: Text
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    given: tuple[Identifier, ...] = ()
    exposure: Levels = {}
    standardised: bool = False
    shape: Shape | None = None
    classes: dict[str, tuple[Identifier, ...]] = {}
    reference_level: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Effect:
        def fail(what: str) -> None:
            raise ValueError(f"effect [{self.id}]: {what}")

        if sum((bool(self.exposure), self.shape is not None, bool(self.classes))) != 1:
            fail("give one of [exposure], [shape] and [classes]")
        if self.standardised and not self.exposure:
            fail("[standardised] belongs to [exposure]")
        if bool(self.classes) != (self.reference_level is not None):
            fail("[reference_level] belongs to [classes]")
        if self.classes and self.reference_level not in self.classes:
            fail(f"[reference_level] is one of {sorted(self.classes)}")
        if self.classes and (self.measure, self.value) != ("log_odds", 1):
            fail("[classes] are log-odds as printed: [value] is 1")
        if any(not classes for classes in self.classes.values()):
            fail("every answer takes in at least one class")
        if self.given and not self.adjusted:
            fail("[given] is for an adjusted effect")

        if (self.interval is None) == (self.standard_error is None):
            fail("give [interval], or an assumed [standard_error]")
        if self.interval is not None and not self.interval[0] < self.value < self.interval[1]:
            fail("[value] must lie inside [interval]")
        if self.measure == "odds_ratio" and min((self.value, *(self.interval or ()))) <= 0:
            fail("an odds ratio is above zero")
        if self.measure == "correlation" and not -1 < self.value < 1:
            fail("a correlation lies between -1 and 1")
        if self.prevalence is not None and self.measure != "correlation":
            fail("[prevalence] is for correlations")
        if self.certainty == "medium" and "certainty" not in self.widened:
            fail("an effect of medium certainty enters widened by [certainty] only")
        if not self.standardised and any(not 0 <= x <= 1 for x in self.exposure.values()):
            fail("an exposure lies between 0 and 1")
        return self


class NotUsed(BaseModel):
    """A published effect that is known and enters nothing."""

    model_config = FROZEN

    about: Text
    item: Identifier | None = None
    source: Identifier
    effect: Text
    why: Text


class PublishedCell(BaseModel):
    """One weight of a published table, in log-odds."""

    model_config = FROZEN

    at: tuple[str, ...] = Field(min_length=1, max_length=2)
    weight: float


class PublishedTable(BaseModel):
    """A published table over one item or a pair."""

    model_config = FROZEN

    items: tuple[Identifier, ...] = Field(min_length=1, max_length=2)
    cells: tuple[PublishedCell, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> PublishedTable:
        if any(len(cell.at) != len(self.items) for cell in self.cells):
            raise ValueError(f"table {list(self.items)}: a cell names one answer for each item")
        _once(f"table {list(self.items)}: cell", [":".join(cell.at) for cell in self.cells])
        return self


class PublishedLinear(BaseModel):
    """A published coefficient of a number, and the range for which it is taken to hold."""

    model_config = FROZEN

    item: Identifier
    slope: float
    valid: tuple[float, float]


class Development(BaseModel):
    """The people on whom a published scale was developed.

    ``people_note`` says where the figure comes from, and what is not stated.
    """

    model_config = FROZEN

    population: Text
    people: int = Field(ge=50)
    people_note: Text


class Published(BaseModel):
    """The whole table of a published scale."""

    model_config = FROZEN

    source: Identifier
    tables: tuple[PublishedTable, ...] = Field(min_length=1)
    linear: tuple[PublishedLinear, ...] = ()
    development: Development


class Model(BaseModel):
    """A scorecard that is built from the file.

    ``intercept`` (in log-odds) is for published scales. ``form`` is for effects: points that a
    person adds up, or log-odds. ``shipped`` models are rebuilt with the package; the others are
    built when somebody asks for them.
    """

    model_config = FROZEN

    id: Identifier
    version: Version
    title: Text
    purpose: Literal["template", "benchmark"]
    outcome: Identifier
    horizon_days: int = Field(ge=1)
    intercept: float | None = None
    form: Literal["points", "full"] = "points"
    shipped: bool = True


class EvidenceDocument(BaseModel):
    """A complete evidence file."""

    model_config = FROZEN

    format: Literal["riskengine/evidence/1"]
    id: Identifier
    version: Version
    title: Text
    description: Text
    instrument: Identifier
    models: tuple[Model, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    reference: Reference
    published: Published | None = None
    rules: str | None = None
    numbers: tuple[Numbers, ...] = ()
    effects: tuple[Effect, ...] = ()
    not_used: tuple[NotUsed, ...] = ()
    uncertainty_note: Text
    not_for: tuple[Text, ...] = Field(min_length=1)
    golden: tuple[dict[str, Scalar], ...] = Field(min_length=1)
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def source(self, source_id: str) -> Source:
        """Return one source."""
        return next(source for source in self.sources if source.id == source_id)

    def effect(self, effect_id: str) -> Effect:
        """Return one effect."""
        return next(effect for effect in self.effects if effect.id == effect_id)

    def model(self, model_id: str) -> Model:
        """Return one of the models that are built from the file."""
        return next(model for model in self.models if model.id == model_id)

    @model_validator(mode="after")
    def _check(self) -> EvidenceDocument:
        if (self.published is None) == (not self.effects):
            raise ValueError("give [published] or [effects]")
        if bool(self.effects) != (self.rules is not None):
            raise ValueError("[rules] belong to [effects]")
        _once("source", [source.id for source in self.sources])
        _once("model", [model.id for model in self.models])
        _once("effect", [effect.id for effect in self.effects])
        _once("numbers of item", [numbers.item for numbers in self.numbers])
        if sum(numbers.stands_for == "age" for numbers in self.numbers) > 1:
            raise ValueError("[numbers]: one item holds the age")
        have = {numbers.stands_for for numbers in self.numbers}
        named = {effect.id for effect in self.effects}
        for effect in self.effects:
            lacking = NEEDED.get(effect.shape, set()) - have
            if lacking:
                raise ValueError(f"effect [{effect.id}]: no [numbers] for {sorted(lacking)}")
            strange = sorted(set(effect.given) - named)
            if strange:
                raise ValueError(f"effect [{effect.id}]: [given] unknown effect [{strange[0]}]")
        known = {source.id for source in self.sources}
        used = [effect.source for effect in self.effects]
        used += [entry.source for entry in self.not_used]
        used += [self.published.source] if self.published else []
        for source in used:
            if source not in known:
                raise ValueError(f"unknown source [{source}]")
        for model in self.models:
            if (model.intercept is not None) != (self.published is not None):
                raise ValueError(f"model [{model.id}]: [intercept] belongs to a published scale")
        return self


def _once(kind: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{kind} [{twice[0]}] is declared twice")


def build_evidence(path: Path) -> EvidenceDocument:
    """Read one evidence file from its YAML source.

    Raises
    ------
    ArtefactError
        One line a mistake, with file and line.
    """
    # building knows this shape in turn, and a case system never needs a YAML reader
    from riskengine.authoring.sources import build_value
    from riskengine.canonical import canonical_json
    from riskengine.documents import load_document

    value = build_value(path, EvidenceDocument)
    return load_document(EvidenceDocument, canonical_json(value).encode("utf-8"), source=path.name)
