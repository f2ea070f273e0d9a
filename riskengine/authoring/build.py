"""Building the JSON that runs from the YAML that people write, and checking that it is current."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from riskengine.authoring.assistance import build_assistance
from riskengine.authoring.policies import build_policy
from riskengine.authoring.sources import build_value
from riskengine.casebook.rules import CasebookRules
from riskengine.explanation.assistance import AssistanceCatalogue
from riskengine.explanation.plausible import ChangeCatalogue
from riskengine.explanation.texts import TextCatalogue
from riskengine.instrument.model import Instrument
from riskengine.instrument.schema import assessment_schema
from riskengine.monitoring.thresholds import Thresholds
from riskengine.policy.document import PolicyDocument
from riskengine.policy.law_provisions import LawDocument
from riskengine.registry.rules import CATALOGUE as GATE
from riskengine.registry.rules import GateRules
from riskengine.reports.checklists.document import Checklist
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_rules import CATALOGUE, EvidenceRules


@dataclass(frozen=True)
class Built:
    """One built file: where it belongs and what it holds."""

    path: Path
    content: str


def pretty(value: Any) -> str:
    """Write JSON with sorted keys, a line a value, so that a change reads well in a diff."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


SHAPES: dict[str, type[BaseModel]] = {
    "instruments": Instrument,
    "policies": PolicyDocument,
    "texts": TextCatalogue,
    "assistance": AssistanceCatalogue,
    "changes": ChangeCatalogue,
    CATALOGUE: EvidenceRules,
    "evidence": EvidenceDocument,
    "law": LawDocument,
    "casebook": CasebookRules,
    GATE: GateRules,
    "checklists": Checklist,
    "monitoring": Thresholds,
}
"""Folders under ``data_schema`` and the shape of what they hold."""

BUILDERS: dict[type[BaseModel], Callable[[Path], dict[str, Any]]] = {
    PolicyDocument: build_policy,
    AssistanceCatalogue: build_assistance,
}
"""Shapes that are checked against an instrument as well."""


def build_instrument(path: Path) -> tuple[str, Any]:
    """Build one instrument; return its file name and its JSON value."""
    value = build_value(path, Instrument)
    return f"{value['id']}@{value['version']}.json", value


def build_all(data_schema: Path) -> list[Built]:
    """Build every artefact under ``data_schema``, writing nothing."""
    built = []
    # instruments come first in the table: a policy is checked against the one that it names
    for kind, shape in SHAPES.items():
        for path in sorted((data_schema / kind).glob("*.yaml")):
            value = BUILDERS[shape](path) if shape in BUILDERS else build_value(path, shape)
            target = data_schema / "built" / kind / f"{value['id']}@{value['version']}.json"
            built.append(Built(target, pretty(value)))
            if shape is Instrument:
                schema = assessment_schema(Instrument.model_validate_json(json.dumps(value)))
                target = data_schema / "built" / "assessments" / f"{target.stem}.schema.json"
                built.append(Built(target, pretty(schema)))
    return built


def write_all(data_schema: Path) -> list[Path]:
    """Build and write everything; return the files that changed."""
    changed = []
    for item in build_all(data_schema):
        if not item.path.exists() or item.path.read_text(encoding="utf-8") != item.content:
            item.path.parent.mkdir(parents=True, exist_ok=True)
            item.path.write_text(item.content, encoding="utf-8")
            changed.append(item.path)
    return changed


def stale(data_schema: Path) -> list[Path]:
    """Built files that are missing or do not match their sources."""
    return [
        item.path
        for item in build_all(data_schema)
        if not item.path.exists() or item.path.read_text(encoding="utf-8") != item.content
    ]
