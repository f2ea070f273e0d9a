"""The rules by which published effects become a score, ``riskengine/evidence-rules/1``.

One file for every instrument: what an analyst could be tempted to turn until a benchmark looks
good stands in one place, has a hash, and is recorded in every model that follows from it.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from riskengine.errors import TrainingError
from riskengine.instrument.items import Identifier, Version
from riskengine.store.lookup import find_catalogue
from riskengine.text import FROZEN, Text

LEAST_TAU = 0.3
"""Least standard deviation, in log-odds, by which an effect differs from place to place."""
CATALOGUE = "evidence_rules"
"""Folder under ``data_schema``."""


class UnknownPrevalence(BaseModel):
    """What a correlation gets whose study does not state how many had the outcome."""

    model_config = FROZEN

    prevalence: Annotated[float, Field(gt=0, lt=1)]
    variance_factor: Annotated[float, Field(ge=1)]


class CountRules(BaseModel):
    """How counts in classes and ages in bands stand for the pace of a record.

    Attributes
    ----------
    years_offset
        Years added to those since the first sanction, as published.
    first_age
        Assumed age at the first sanction.
    open_class_factor
        An open class of a count stands for its lower edge times this.
    open_age_years
        Whole years in an open top band of ages.
    """

    model_config = FROZEN

    years_offset: Annotated[float, Field(gt=0)]
    first_age: int = Field(ge=10)
    open_class_factor: Annotated[float, Field(ge=1)]
    open_age_years: int = Field(ge=1)
    basis: Text

    def count_of(self, ends: Sequence[int]) -> float:
        """The number that a class stands for, by its two ends, or its lower one where open."""
        return (ends[0] + ends[1]) / 2 if len(ends) == 2 else ends[0] * self.open_class_factor

    def ages_of(self, ends: Sequence[int]) -> range:
        """The whole years of a band of ages, by its two ends, or its lower one where open."""
        return range(ends[0], ends[1] + 1 if len(ends) == 2 else ends[0] + self.open_age_years)

    def log_years(self, age: int) -> float:
        """Logarithm of the years that divide the pace of a record, at an age."""
        return math.log(self.years_offset + max(age - self.first_age, 0))


class EvidenceRules(BaseModel):
    """A complete file of rules.

    Attributes
    ----------
    order_of_choice
        Which published effect stands for a construct.
    correlation_factor
        Every effect is multiplied by it where it is not known how the items go together.
    tau
        Standard deviation of an effect from place to place, in log-odds; each reason to widen adds
        its square to the variance once more.
    keep_signs
        Whether a joint coefficient may not turn against the sign of its published effect.
    log_odds_per_point, rater_kappa
        What a point is worth; the agreement of two raters, assumed.
    age_weights, offence_weights
        Published log-odds: by lowest age, and by class of offence.
    """

    model_config = FROZEN

    format: Literal["riskengine/evidence-rules/1"]
    id: Identifier
    version: Version
    title: Text
    order_of_choice: tuple[Text, ...] = Field(min_length=1)
    unknown_prevalence: UnknownPrevalence
    correlation_factor: Annotated[float, Field(gt=0, le=1)]
    tau: Annotated[float, Field(ge=LEAST_TAU)]
    keep_signs: bool
    counts: CountRules
    log_odds_per_point: Annotated[float, Field(gt=0, le=1)]
    rater_kappa: Annotated[float, Field(gt=0, le=1)]
    source: str = Field(min_length=1)
    age_weights: dict[str, float] = Field(min_length=1)
    offence_weights: dict[Identifier, float] = Field(min_length=1)
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def name(self) -> str:
        """Name with version."""
        return f"{self.id}@{self.version}"

    @model_validator(mode="after")
    def _check(self) -> EvidenceRules:
        if not all(edge.isdigit() for edge in self.age_weights):
            raise ValueError("[age_weights] names ages in whole years")
        return self

    def age_weight(self, age: float) -> float:
        """Published log-odds of an age; below the first band that of the first."""
        edges = sorted(self.age_weights, key=int)
        place = max(bisect_right([int(edge) for edge in edges], age) - 1, 0)
        return self.age_weights[edges[place]]

    def offence_weight(self, classes: tuple[str, ...]) -> float:
        """Plain mean of the published log-odds of classes of offence.

        Raises
        ------
        TrainingError
            Listing the classes that there are.
        """
        for name in classes:
            if name not in self.offence_weights:
                raise TrainingError(
                    f"evidence rules [{self.name}]: no class of offence [{name}]; there are: "
                    f"{', '.join(self.offence_weights)}"
                )
        return sum(self.offence_weights[name] for name in classes) / len(classes)


def find_rules(name: str) -> EvidenceRules:
    """Find built rules by ``name`` or ``name@version``.

    Raises
    ------
    TrainingError
        Where there are none.
    """
    raw = find_catalogue(CATALOGUE, name)
    if raw is None:
        raise TrainingError(
            f"there are no evidence rules [{name}]; write data_schema/{CATALOGUE}/{name}.yaml "
            f"and run `riskengine schema build`"
        )
    return EvidenceRules.model_validate_json(json.dumps(raw))


def build_rules(path: Path) -> EvidenceRules:
    """Read a file of rules from its YAML source.

    Raises
    ------
    ArtefactError
        One line a mistake, with file and line.
    """
    # building knows this shape in turn, and a case system never needs a YAML reader
    from riskengine.authoring.sources import build_value

    return EvidenceRules.model_validate_json(json.dumps(build_value(path, EvidenceRules)))
