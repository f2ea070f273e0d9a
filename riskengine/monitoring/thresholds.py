"""When a change is an alarm: numbers with their reasons, in a file that an agency edits.

Format ``riskengine/monitoring-thresholds/1``.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.documents import load_document
from riskengine.errors import ArtefactError, NotFoundError
from riskengine.evaluation.suppression import SMALLEST_INSIDE
from riskengine.instrument.items import Identifier, Version
from riskengine.store.lookup import find_catalogue
from riskengine.text import FROZEN, Text

FORMAT = "riskengine/monitoring-thresholds/1"
LEAST_PSI_PEOPLE = 500
"""Below so many people a population stability index says more about chance than about change."""


class Share(BaseModel):
    """A share between 0 and 1, with the reason."""

    model_config = FROZEN
    value: Annotated[float, Field(gt=0, lt=1)]
    reason: Text


class Count(BaseModel):
    """A number of people, events or days, with the reason."""

    model_config = FROZEN
    value: Annotated[int, Field(ge=1)]
    reason: Text


class Ratio(BaseModel):
    """A ratio above one, with the reason."""

    model_config = FROZEN
    value: Annotated[float, Field(gt=1)]
    reason: Text


class Procedure(BaseModel):
    """How the false discovery rate is controlled, with the reason."""

    model_config = FROZEN
    value: Literal["benjamini_hochberg", "benjamini_yekutieli"]
    reason: Text


class Thresholds(BaseModel):
    """All of them; ``data_schema/monitoring/default.yaml`` says what each is for."""

    model_config = FROZEN

    format: Literal["riskengine/monitoring-thresholds/1"]
    id: Identifier
    version: Version
    title: Text
    procedure: Procedure
    false_discovery_rate: Share
    window_days: Count
    window_people: Count
    longest_window_days: Count
    fewest_people: Count
    fewest_reference: Count
    psi_people: Count
    smallest_cell: Count
    item_floor: Share
    unknown_floor: Share
    score_floor: Share
    override_floor: Share
    group_floor: Share
    observed_expected_floor: Ratio
    slope_floor: Share
    fewest_events: Count
    fewest_events_slope: Count
    validation_days: Count
    source_sha256: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.psi_people.value < LEAST_PSI_PEOPLE:
            raise ValueError(
                f"[psi_people] is [{self.psi_people.value}]; accepted: {LEAST_PSI_PEOPLE} or more"
            )
        if self.smallest_cell.value < SMALLEST_INSIDE:
            raise ValueError(
                f"[smallest_cell] is [{self.smallest_cell.value}]; accepted: {SMALLEST_INSIDE} or "
                f"more, since fewer people may be recognised"
            )
        if self.longest_window_days.value < self.window_days.value:
            raise ValueError(
                f"[longest_window_days] is [{self.longest_window_days.value}]; accepted: "
                f"[window_days], which is {self.window_days.value}, or more"
            )
        return self


def find_thresholds(name: str = "default") -> Thresholds:
    """Load built thresholds; the agency's own win.

    Raises
    ------
    NotFoundError
        Where they were not built.
    """
    raw = find_catalogue("monitoring", name)
    if raw is None:
        raise NotFoundError(f"no thresholds [{name}]: run `riskengine schema build`")
    return Thresholds.model_validate_json(json.dumps(raw))


def read_thresholds(path: Path) -> Thresholds:
    """Read a file: YAML as people edit it, or JSON.

    Raises
    ------
    ArtefactError
        With file, line, key, value and what is accepted.
    """
    if not path.is_file():
        raise ArtefactError(f"{path.name}: no such file")
    if path.suffix.lower() in (".yaml", ".yml"):
        from riskengine.authoring.sources import build_value

        data = json.dumps(build_value(path, Thresholds)).encode()
    else:
        data = path.read_bytes()
    return load_document(Thresholds, data, source=path.name)
