"""What the gate asks: thresholds in a file that an agency edits, each with its reason.

Format ``riskengine/gate-rules/1``. An agency may ask for more; what the design fixes cannot be
edited away.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from riskengine.canonical import content_hash
from riskengine.documents import load_document
from riskengine.errors import NotFoundError
from riskengine.instrument.items import Identifier, Version
from riskengine.store.lookup import edited_file
from riskengine.text import FROZEN, Text

CATALOGUE = "registry"
"""Folder under ``data_schema``."""

_UP = float("inf")
ACCEPTED: dict[str, tuple[float, float]] = {
    "interval_level": (0.90, 0.999),
    "least_events": (50, _UP),
    "brier_margin": (0, 0.05),
    "net_benefit_margin": (0, 0.2),
    "ranking_margin": (0, 0.05),
    "calibration_bound": (0.05, 0.5),
    "slope_low": (0.5, 1),
    "slope_high": (1, 2),
    "group_people": (20, 1000),
    "group_events": (10, _UP),
    "group_calibration_bound": (0.05, 0.7),
    "group_brier_margin": (0, 0.1),
    "group_net_benefit_margin": (0, 0.3),
    "group_false_positive_margin": (0, 0.15),
    "group_false_negative_margin": (0, 0.25),
    "too_good": (0.7, 0.97),
    "validation_days": (30, 1100),
    "silent_days": (90, _UP),
    "silent_people": (1, _UP),
    "trained_users": (1, _UP),
}
"""Smallest and largest accepted value of every threshold; a file has exactly these keys."""


class Threshold(BaseModel):
    """One number with why it is that number."""

    model_config = FROZEN
    value: float
    reason: Text


class GateRules(BaseModel):
    """A complete file of thresholds."""

    model_config = FROZEN
    format: Literal["riskengine/gate-rules/1"]
    id: Identifier
    version: Version
    title: Text
    thresholds: dict[str, Threshold]
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _accepted(self) -> Self:
        missing = sorted(ACCEPTED.keys() - self.thresholds.keys())
        unknown = sorted(self.thresholds.keys() - ACCEPTED.keys())
        if missing or unknown:
            raise ValueError(
                f"[thresholds]: missing {missing or 'none'}, not known {unknown or 'none'}"
            )
        for name, (low, high) in ACCEPTED.items():
            value = self.thresholds[name].value
            if not low <= value <= high:
                raise ValueError(f"[{name}] is {value:g}; accepted: {low:g} to {high:g}")
        return self

    @cached_property
    def values(self) -> dict[str, float]:
        """The numbers by name."""
        return {name: one.value for name, one in self.thresholds.items()}

    @property
    def name(self) -> str:
        """Name and version."""
        return f"{self.id}@{self.version}"

    @property
    def sha256(self) -> str:
        """Hash of the content."""
        return content_hash(self.model_dump(mode="json"))


def find_gate_rules(name: str = "default") -> GateRules:
    """Load the thresholds; the agency's own copy wins, whatever its version.

    Raises
    ------
    NotFoundError
        Where there are none of that name.
    """
    path = edited_file(CATALOGUE, name)
    if path is None:
        raise NotFoundError(f"no thresholds of the gate [{name}]: run `riskengine schema build`")
    return load_document(GateRules, path.read_bytes(), source=path.name)
